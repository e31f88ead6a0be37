//! Tells tones from voices: ringing, hum, music on hold.
//!
//! In: samples. Out: how much of the sound stands still, and the longest stretch that does not. A tone has the same
//! spectrum 64 ms later, line by line; a voice never has, because its pitch moves by some per cent even where a sentence
//! is sung flat. A detector of voices takes music for speech all the same, and a recogniser writes words to it.
//!
//! Measured on the 49 turns of the sample calls at 16 kHz: at most 12 % of the energy stands still, on a recorded voice
//! 3 %; of broken chords 53 %, of a ringing tone and of mains hum all.

use realfft::{RealFftPlanner, RealToComplex};
use std::f32::consts::TAU;
use std::sync::{Arc, LazyLock};

/// Samples of a frame: 64 ms, so lines lie 15.6 Hz apart.
const FRAME: usize = 1024;
/// From one frame to the next: 16 ms.
const HOP: usize = 256;
/// Frames until the next that shares no sample.
const APART: usize = FRAME / HOP;
/// Two spectra whose cosine is beyond stand still.
const SAME: f32 = 0.97;
/// Frames below this share of the loudest do not count.
const LOUD: f32 = 0.02;

/// What stands still of a sound.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Steadiness {
    /// Of the energy, 0 to 1; 0 where there is too little sound to tell.
    pub share: f32,
    /// The longest loud stretch that moves, in seconds.
    pub moves_for: f32,
}

impl Steadiness {
    /// Of samples at 16 kHz.
    pub fn of(pcm: &[i16]) -> Self {
        let spectra = spectra(pcm);
        let pairs: Vec<(f32, f32)> = spectra.iter().zip(spectra.iter().skip(APART)).map(|(a, b)| alike(a, b)).collect();
        let loudest = pairs.iter().map(|(_, energy)| *energy).fold(0.0, f32::max);
        let (mut still, mut all, mut moving, mut longest) = (0.0, 0.0, 0_u16, 0_u16);
        for &(cosine, energy) in &pairs {
            if energy <= loudest * LOUD {
                moving = 0;
                continue;
            }
            all += energy;
            if cosine > SAME {
                still += energy;
                moving = 0;
            } else {
                moving += 1;
                longest = longest.max(moving);
            }
        }
        let share = if all > 0.0 { still / all } else { 0.0 };
        Self { share, moves_for: f32::from(longest) * 0.016 }
    }
}

/// Cosine of two spectra, and their energy.
fn alike(a: &[f32], b: &[f32]) -> (f32, f32) {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let energy = (product(a, a) * product(b, b)).sqrt();
    (product(a, b) / energy.max(1e-9), energy)
}

/// Made once: planning a transform costs more than a segment of it.
static TRANSFORM: LazyLock<Arc<dyn RealToComplex<f32>>> =
    LazyLock::new(|| RealFftPlanner::<f32>::new().plan_fft_forward(FRAME));

/// Hann's window, and full scale as 1.
static WINDOW: LazyLock<Vec<f32>> = LazyLock::new(|| {
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
    let at = |number: usize| (0.5 - 0.5 * (TAU * number as f32 / FRAME as f32).cos()) / 32_768.0;
    (0..FRAME).map(at).collect()
});

fn spectra(pcm: &[i16]) -> Vec<Vec<f32>> {
    let (mut frame, mut lines) = (TRANSFORM.make_input_vec(), TRANSFORM.make_output_vec());
    let mut scratch = TRANSFORM.make_scratch_vec();
    let mut spectra = Vec::new();
    for samples in pcm.windows(FRAME).step_by(HOP) {
        for ((to, &sample), window) in frame.iter_mut().zip(samples).zip(WINDOW.iter()) {
            *to = f32::from(sample) * window;
        }
        // The lengths are the plan's own.
        if TRANSFORM.process_with_scratch(&mut frame, &mut lines, &mut scratch).is_ok() {
            spectra.push(lines.iter().map(|line| line.norm_sqr().sqrt()).collect());
        }
    }
    spectra
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f32, at: impl Fn(f32) -> f32) -> Vec<i16> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "samples of a test")]
        let count = (seconds * 16_000.0) as usize;
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "samples of a test")]
        let samples = (0..count).map(|number| (8_000.0 * at(number as f32 / 16_000.0)) as i16);
        samples.collect()
    }

    #[test]
    fn tones_stand_still_and_what_glides_does_not() {
        let ringing = Steadiness::of(&tone(1.0, |second| (TAU * 425.0 * second).sin()));
        assert!(ringing.share > 0.95 && ringing.moves_for < 0.1, "{ringing:?}");
        // A voice's pitch with its harmonics, gliding by a tenth in half a second, as speech does.
        let voice = |second: f32| {
            let pitch = 120.0 + 12.0 * (TAU * second).sin();
            (1..20_u8).map(|n| (TAU * pitch * f32::from(n) * second).sin()).sum::<f32>() / 8.0
        };
        let voice = Steadiness::of(&tone(2.0, voice));
        assert!(voice.share < 0.2 && voice.moves_for > 0.6, "{voice:?}");
        assert_eq!(Steadiness::of(&[5; 900]), Steadiness::default());
        assert!(Steadiness::of(&vec![0; 16_000]).share <= 0.0);
    }
}
