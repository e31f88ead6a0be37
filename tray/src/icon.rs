//! The icons, drawn here: no theme has them all, and each has to be told from the others without colour.
//!
//! In: a kind. Out: pixels in two sizes. A full disc records; two bars do not; a triangle is trouble; a ring with a
//! stroke through it is not known.

use crate::view::Kind;

/// In pixels, for usual and for fine screens.
const SIZES: [u8; 2] = [24, 48];
/// Points looked at in each pixel, along a side: edges are smooth.
const POINTS: u8 = 4;

/// A square of pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels on a side.
    pub size: u8,
    /// Four bytes a pixel: red, green, blue, and how much it covers; row by row from the top.
    pub rgba: Vec<u8>,
}

/// The pictures of a kind, small ones first.
pub fn pictures(kind: Kind) -> impl Iterator<Item = Picture> {
    SIZES.into_iter().map(move |size| draw(kind, size))
}

fn draw(kind: Kind, size: u8) -> Picture {
    let [red, green, blue] = match kind {
        Kind::Recording => [0xd3, 0x2f, 0x2f],
        Kind::NotRecording => [0x8a, 0x93, 0x9c],
        Kind::Trouble => [0xf5, 0x9e, 0x0b],
        Kind::Unknown => [0x9c, 0x6a, 0xde],
    };
    let mut rgba = Vec::new();
    for y in 0..size {
        for x in 0..size {
            rgba.extend([red, green, blue, opacity(kind, size, x, y)]);
        }
    }
    Picture { size, rgba }
}

/// How much of the pixel the shape covers, 0 to 255.
fn opacity(kind: Kind, size: u8, x: u8, y: u8) -> u8 {
    let place = |pixel: u8, point: u8| {
        let point = (f32::from(point) + 0.5) / f32::from(POINTS);
        (f32::from(pixel) + point) / f32::from(size) * 2.0 - 1.0
    };
    let points = (0..POINTS).flat_map(|down| (0..POINTS).map(move |right| (right, down)));
    let covered = points.filter(|(right, down)| is_inside(kind, place(x, *right), place(y, *down))).count();
    u8::try_from(covered * 255 / usize::from(POINTS * POINTS)).unwrap_or(u8::MAX)
}

/// Whether a point belongs to the shape; both coordinates from -1 to 1, down and right.
fn is_inside(kind: Kind, x: f32, y: f32) -> bool {
    let radius = x.hypot(y);
    match kind {
        Kind::Recording => radius < 0.8,
        Kind::NotRecording => y.abs() < 0.75 && (0.2..0.6).contains(&x.abs()),
        Kind::Trouble => {
            let is_triangle = y < 0.8 && y > -0.9 && x.abs() < (y + 0.9) * 0.52;
            let is_mark = x.abs() < 0.11 && ((-0.35..0.3).contains(&y) || (0.42..0.62).contains(&y));
            is_triangle && !is_mark
        }
        Kind::Unknown => (0.6..0.85).contains(&radius) || (radius < 0.6 && (x - y).abs() < 0.2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_looks_different_without_its_colour() {
        let shape = |kind| -> Vec<u8> { draw(kind, 24).rgba.iter().skip(3).step_by(4).copied().collect() };
        let kinds = [Kind::Recording, Kind::NotRecording, Kind::Trouble, Kind::Unknown];
        for one in kinds {
            for other in kinds.into_iter().filter(|other| *other != one) {
                let pairs = shape(one).into_iter().zip(shape(other));
                let different = pairs.filter(|(one, other)| one.abs_diff(*other) > 128).count();
                assert!(different > 24 * 24 / 10, "{one:?} and {other:?} differ in {different} pixels");
            }
        }
    }

    #[test]
    fn a_picture_has_as_many_bytes_as_it_says() {
        for picture in pictures(Kind::Trouble) {
            assert_eq!(picture.rgba.len(), usize::from(picture.size) * usize::from(picture.size) * 4);
        }
    }
}
