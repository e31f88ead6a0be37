//! The filters by which a spectrum becomes 80 bands: triangles, evenly spaced on the mel scale of M. Slaney's Auditory
//! Toolbox (1998), each with an area of one. Whisper's are these (`tests/shapes.rs` compares them).
//!
//! Out: for each band the weights of the 201 lines of a spectrum of 400 samples at 16 kHz.

/// Bands.
pub const BANDS: usize = 80;
/// Lines of the spectrum, 0 to 8 kHz.
pub const LINES: usize = 201;
/// Hz between two lines.
const APART: f64 = 40.0;
/// Up to here, in Hz, the scale is even; beyond, it grows as the logarithm does.
const KNEE: f64 = 1_000.0;
/// Hz in a mel below the knee.
const EVEN: f64 = 200.0 / 3.0;
/// Mels in which the frequency grows 6.4 times, beyond.
const STEPS: f64 = 27.0;

/// Weights, band by band.
pub fn filters() -> Vec<Vec<f32>> {
    let highest = mel_of(8_000.0);
    #[expect(clippy::cast_precision_loss, reason = "at most 82")]
    let edges: Vec<f64> = (0..BANDS + 2).map(|edge| hz_of(highest * edge as f64 / (BANDS + 1) as f64)).collect();
    edges.windows(3).map(|edges| triangle(edges[0], edges[1], edges[2])).collect()
}

fn triangle(low: f64, top: f64, high: f64) -> Vec<f32> {
    let area = (high - low) / 2.0;
    (0..LINES)
        .map(|line| {
            #[expect(clippy::cast_precision_loss, reason = "at most 200")]
            let hz = line as f64 * APART;
            let rising = (hz - low) / (top - low);
            let falling = (high - hz) / (high - top);
            #[expect(clippy::cast_possible_truncation, reason = "a weight needs few digits")]
            let weight = (rising.min(falling).max(0.0) / area) as f32;
            weight
        })
        .collect()
}

fn mel_of(hz: f64) -> f64 {
    if hz < KNEE { hz / EVEN } else { KNEE / EVEN + (hz / KNEE).ln() * STEPS / 6.4_f64.ln() }
}

fn hz_of(mel: f64) -> f64 {
    let knee = KNEE / EVEN;
    if mel < knee { mel * EVEN } else { KNEE * ((mel - knee) * 6.4_f64.ln() / STEPS).exp() }
}
