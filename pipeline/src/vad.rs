//! Says of every 16 ms of one track how likely it is that somebody speaks.
//!
//! In: frames of 256 samples, in order. Out: a score from 0 to 1. A worker picks a [`Detector`]: the one that is built in,
//! or the Silero network where its file is installed. What is hardly louder than the noise is never speech, whatever a
//! network thinks (`gated`), and so is what is below a floor, so that the hiss of an open line costs nothing.
//!
//! Promised: after `reset` a score depends on nothing but the frames since. Not done here: no decision where speech
//! begins or ends (`segment`).

pub mod gated;
pub mod silero;
mod gate;

use std::sync::Arc;

/// Samples in a frame: 16 ms.
pub const FRAME: usize = 256;

/// Scores frames of one track.
pub trait Vad: Send {
    /// Forgets everything heard.
    fn reset(&mut self);
    /// How likely it is that somebody speaks in this frame, 0 to 1.
    fn score(&mut self, frame: &[i16; FRAME]) -> f32;
}

impl<V: Vad + ?Sized> Vad for Box<V> {
    fn reset(&mut self) {
        (**self).reset();
    }

    fn score(&mut self, frame: &[i16; FRAME]) -> f32 {
        (**self).score(frame)
    }
}

/// What a worker listens with: chosen once, when it starts, for all its calls.
#[derive(Debug, Clone, Default)]
pub enum Detector {
    /// The earshot network, which is built in and needs no file.
    #[default]
    Embedded,
    /// The Silero network, whose weights all tracks share.
    Silero(Arc<silero::Weights>),
}

impl Detector {
    /// A detector for one track, which has heard nothing.
    pub fn detector(&self) -> Box<dyn Vad> {
        match self {
            Self::Embedded => Box::new(gated::Gated::new(Earshot::default())),
            Self::Silero(weights) => Box::new(gated::Gated::new(silero::Silero::new(Arc::clone(weights)))),
        }
    }
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
