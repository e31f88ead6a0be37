//! Says of every 16 ms of one track how likely it is that somebody speaks.
//!
//! In: frames of 256 samples, in order. Out: a score from 0 to 1. What is quieter than the floor is never speech,
//! whatever the network thinks, so that the hiss of an open line costs nothing.
//!
//! Promised: after `reset` a score depends on nothing but the frames since. Not done here: no decision where speech
//! begins or ends (`segment`).

pub mod silero;

/// Samples in a frame: 16 ms.
pub const FRAME: usize = 256;

/// Scores frames of one track. The second implementation is the tests' own, which follows loudness alone.
pub trait Vad: Send {
    /// Forgets everything heard.
    fn reset(&mut self);
    /// How likely it is that somebody speaks in this frame, 0 to 1.
    fn score(&mut self, frame: &[i16; FRAME]) -> f32;
}

/// The earshot network (40 kB of weights, half a millisecond for a second of sound) behind a floor of loudness.
pub struct Earshot {
    network: Box<earshot::Detector>,
    floor: f32,
}

/// Mean square of a frame at −56 dB of full scale: below, a telephone line carries no speech.
const FLOOR_DB: f32 = -56.0;

impl Default for Earshot {
    fn default() -> Self {
        Self::with_floor(FLOOR_DB)
    }
}

impl Earshot {
    /// A detector that takes frames below `floor_db` of full scale for quiet.
    pub fn with_floor(floor_db: f32) -> Self {
        let full_scale = 32768.0_f32.powi(2);
        Self { network: earshot::Detector::default_boxed(), floor: full_scale * 10_f32.powf(floor_db / 10.0) }
    }
}

impl Vad for Earshot {
    fn reset(&mut self) {
        self.network.reset();
    }

    fn score(&mut self, frame: &[i16; FRAME]) -> f32 {
        let score = self.network.predict_i16(frame);
        if power(frame) < self.floor { 0.0 } else { score }
    }
}

/// Mean square of the samples.
pub fn power(frame: &[i16; FRAME]) -> f32 {
    let sum: i64 = frame.iter().map(|&sample| i64::from(sample).pow(2)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a score needs no more than 24 bits")]
    let mean = sum as f32 / FRAME as f32;
    mean
}
