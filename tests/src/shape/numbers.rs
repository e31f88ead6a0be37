//! Made-up numbers: always the same ones, and cheap, because there are hundreds of millions of them.
//!
//! In: a name and a standard deviation. Out: numbers spread evenly around zero, as 32 and as 16 bits. Each is one of 4096
//! values, which are computed once.
//!
//! Not done here: nothing for which chance must be good.

/// Random bits a number is made of.
const BITS: u32 = 12;
/// Numbers made of one draw.
const A_DRAW: u32 = 64 / BITS;

/// A sequence of random numbers that a name determines (splitmix64, begun at the FNV-1a sum of the name).
#[derive(Debug)]
pub struct Chance {
    begin: u64,
    drawn: u64,
    bits: u64,
    left: u32,
}

impl Chance {
    /// That of this name.
    pub fn of(name: &str) -> Self {
        let sum = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        let begin = name.bytes().fold(0xcbf2_9ce4_8422_2325, sum);
        Self { begin, drawn: 0, bits: 0, left: 0 }
    }

    /// The next one, below 4096.
    pub fn number(&mut self) -> usize {
        if self.left == 0 {
            self.bits = self.draw();
            self.left = A_DRAW;
        }
        self.left -= 1;
        let number = self.bits & ((1 << BITS) - 1);
        self.bits >>= BITS;
        usize::try_from(number).unwrap_or(0)
    }

    /// Leaves so many out. Only before the first.
    pub fn skip(&mut self, count: usize) {
        self.drawn = count as u64 / u64::from(A_DRAW);
        self.left = 0;
        for _ in 0..count as u64 % u64::from(A_DRAW) {
            self.number();
        }
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        let mut mixed = self.begin.wrapping_add(self.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// 4096 values, evenly around zero.
#[derive(Debug)]
pub struct Halves {
    values: Vec<f32>,
    bits: Vec<u16>,
}

impl Halves {
    /// Whose standard deviation is this: evenly spread numbers reach the root of three times as far.
    pub fn with_deviation(deviation: f32) -> Self {
        let reach = deviation * 3.0_f32.sqrt();
        let values: Vec<f32> =
            (0..1_u16 << BITS).map(|number| reach * ((f32::from(number) + 0.5) / 2_048.0 - 1.0)).collect();
        let bits = values.iter().map(|value| half(*value)).collect();
        Self { values, bits }
    }

    /// As 32 bits.
    pub fn value(&self, number: usize) -> f32 {
        self.values[number]
    }

    /// As 16 bits.
    pub fn bits(&self, number: usize) -> u16 {
        self.bits[number]
    }
}

/// A number in 16 bits (IEEE 754, rounded to the nearest). What is too small for a normal one becomes zero, and what is
/// too large the largest.
pub fn half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) & 0x8000;
    let magnitude = (bits & 0x7fff_ffff) + 0x1000; // Half of what is cut off below.
    let exponent = magnitude >> 23;
    let small = match exponent {
        0..=112 => 0,
        113..=142 => (magnitude >> 13) - (112 << 10),
        _ => 0x7bff,
    };
    u16::try_from(sign | small).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_sixteen_bits() {
        for (value, bits) in [
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (0.333_333_34, 0x3555),
            (0.02, 0x251f),
            (65_504.0, 0x7bff),
            (1e9, 0x7bff),
            (6.104e-5, 0x0400),
            (1e-7, 0),
            (0.0, 0),
        ] {
            assert_eq!(half(value), bits, "{value}: {:04x}", half(value));
        }
    }

    #[test]
    fn what_is_left_out_is_what_would_have_come() {
        for count in [0, 1, 4, 5, 384, 7_003] {
            let (mut one, mut other) = (Chance::of("a"), Chance::of("a"));
            one.skip(count);
            for _ in 0..count {
                other.number();
            }
            let next: Vec<usize> = (0..9).map(|_| one.number()).collect();
            assert_eq!(next, (0..9).map(|_| other.number()).collect::<Vec<_>>(), "{count}");
        }
        assert_ne!(Chance::of("a").number(), Chance::of("b").number());
    }

    #[test]
    fn they_deviate_as_they_are_told_to() {
        let halves = Halves::with_deviation(0.02);
        let mut chance = Chance::of("decoder");
        let numbers: Vec<f32> = (0..100_000).map(|_| halves.value(chance.number())).collect();
        let mean = numbers.iter().sum::<f32>() / 1e5;
        let deviation = (numbers.iter().map(|number| (number - mean).powi(2)).sum::<f32>() / 1e5).sqrt();
        assert!(mean.abs() < 3e-4 && (deviation - 0.02).abs() < 2e-4, "{mean} {deviation}");
    }
}
