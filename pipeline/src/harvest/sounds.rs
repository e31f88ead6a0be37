//! Makes the sounds of a line on which nobody speaks.
//!
//! In: a kind, a length, chance. Out: samples at 16 kHz. Promised: the same chance makes the same sound. Not done here:
//! nothing is recorded and no file is read; a real office has sounds that these are not.

use rand::RngExt as _;
use rand::rngs::StdRng;
use std::f32::consts::TAU;
use std::fmt;

/// Samples in a second.
const RATE: f32 = 16_000.0;

/// A kind of sound without a word in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing at all.
    Silence,
    /// Noise alike at all frequencies, −60 to −30 dB of full scale.
    Hiss,
    /// Noise with more of the low frequencies, as in a room.
    Rumble,
    /// Chords one after another, as when a caller waits.
    Music,
    /// Noise in the shape of vowels, four syllables a second: many voices far away.
    Babble,
    /// The Danish ringing tone: 425 Hz, one second in five.
    Ringing,
    /// Dialling tones of random digits.
    Dialling,
}

impl Kind {
    /// Every kind, from the quietest on.
    pub const ALL: [Self; 7] =
        [Self::Silence, Self::Hiss, Self::Rumble, Self::Music, Self::Babble, Self::Ringing, Self::Dialling];

    /// So many samples of it.
    pub fn make(self, samples: usize, chance: &mut StdRng) -> Vec<i16> {
        let mut sound = match self {
            Self::Silence => vec![0.0; samples],
            Self::Hiss => hiss(samples, chance),
            Self::Rumble => rumble(samples, chance),
            Self::Music => music(samples, chance),
            Self::Babble => babble(samples, chance),
            Self::Ringing => ringing(samples, chance),
            Self::Dialling => dialling(samples, chance),
        };
        let db: f32 = match self {
            Self::Hiss | Self::Rumble => chance.random_range(-60.0..-30.0),
            _ => chance.random_range(-40.0..-15.0),
        };
        let power = sound.iter().map(|sample| sample * sample).sum::<f32>() / count(samples.max(1));
        let gain = 32_768.0 * 10_f32.powf(db / 20.0) / power.sqrt().max(1e-9);
        sound.iter_mut().map(|sample| clipped(*sample * gain)).collect()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silence => "silence",
            Self::Hiss => "hiss",
            Self::Rumble => "rumble",
            Self::Music => "music",
            Self::Babble => "babble",
            Self::Ringing => "ringing",
            Self::Dialling => "dialling",
        })
    }
}

fn hiss(samples: usize, chance: &mut StdRng) -> Vec<f32> {
    (0..samples).map(|_| chance.random_range(-1.0..1.0)).collect()
}

/// White noise through three slow means, which falls with frequency about as pink noise does.
fn rumble(samples: usize, chance: &mut StdRng) -> Vec<f32> {
    let mut means = [0.0_f32; 3];
    let white = hiss(samples, chance);
    let pink = white.into_iter().map(|sample| {
        for (mean, pace) in means.iter_mut().zip([0.3, 0.03, 0.003]) {
            *mean += pace * (sample - *mean);
        }
        means[0] + 3.0 * means[1] + 9.0 * means[2] + 0.1 * sample
    });
    pink.collect()
}

fn music(samples: usize, chance: &mut StdRng) -> Vec<f32> {
    let mut sound = vec![0.0; samples];
    let beat = chance.random_range(4_000..12_000);
    for begin in (0..samples).step_by(beat) {
        let root = 130.8 * 2_f32.powf(f32::from(chance.random_range(0..24_u8)) / 12.0);
        let third = if chance.random_bool(0.5) { 1.26 } else { 1.189 };
        let end = (begin + 2 * beat).min(samples);
        for (at, sample) in sound[begin..end].iter_mut().enumerate() {
            let time = count(at) / RATE;
            let struck = (-3.0 * time).exp() * (time * 200.0).min(1.0);
            for (number, step) in [1.0, third, 1.498, 2.0].into_iter().enumerate() {
                // The tones of a broken chord begin one after another.
                if at > number * beat / 4 {
                    let tone = TAU * root * step * time;
                    *sample += struck * (tone.sin() + 0.4 * (2.0 * tone).sin() + 0.2 * (3.0 * tone).sin());
                }
            }
        }
    }
    sound
}

/// Six voices without words: a buzz at a pitch through two resonances that move, loud and quiet as syllables are.
fn babble(samples: usize, chance: &mut StdRng) -> Vec<f32> {
    let mut sound = vec![0.0; samples];
    for _ in 0..6 {
        let pitch = chance.random_range(90.0..240.0_f32);
        let pace = chance.random_range(3.0..5.0_f32);
        let turn = chance.random_range(0.0..TAU);
        let mut resonances = [Resonance::default(), Resonance::default()];
        let mut phase = 0.0_f32;
        for (at, sample) in sound.iter_mut().enumerate() {
            let time = count(at) / RATE;
            phase += pitch * (1.0 + 0.1 * (1.3 * time + turn).sin()) / RATE;
            let buzz = phase.fract() - 0.5 + 0.2 * chance.random_range(-1.0..1.0_f32);
            let loud = (0.5 + 0.5 * (TAU * pace * time + turn).sin()).powi(2);
            let first = 500.0 + 250.0 * (TAU * pace * 0.37 * time + turn).sin();
            let second = 1_500.0 + 600.0 * (TAU * pace * 0.23 * time + 2.0 * turn).sin();
            *sample += loud * (resonances[0].through(buzz, first) + 0.5 * resonances[1].through(buzz, second));
        }
    }
    sound
}

/// One resonance of a mouth, 80 Hz wide.
#[derive(Default)]
struct Resonance {
    before: [f32; 2],
}

impl Resonance {
    fn through(&mut self, sample: f32, frequency: f32) -> f32 {
        let radius = (-std::f32::consts::PI * 80.0 / RATE).exp();
        let out = (1.0 - radius) * sample + 2.0 * radius * (TAU * frequency / RATE).cos() * self.before[0]
            - radius * radius * self.before[1];
        self.before = [out, self.before[0]];
        out
    }
}

fn ringing(samples: usize, chance: &mut StdRng) -> Vec<f32> {
    let begin = chance.random_range(0.0..5.0_f32);
    let sample = |at: usize| {
        let time = begin + count(at) / RATE;
        if time % 5.0 < 1.0 { (TAU * 425.0 * (time % 5.0)).sin() } else { 0.0 }
    };
    (0..samples).map(sample).collect()
}

fn dialling(samples: usize, chance: &mut StdRng) -> Vec<f32> {
    const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f32; 3] = [1_209.0, 1_336.0, 1_477.0];
    let mut sound = vec![0.0; samples];
    // A tone of 0.12 s every 0.25 s.
    for begin in (0..samples).step_by(4_000) {
        let (row, column) = (ROWS[chance.random_range(0..4)], COLUMNS[chance.random_range(0..3)]);
        let end = (begin + 1_920).min(samples);
        for (at, sample) in sound[begin..end].iter_mut().enumerate() {
            let time = count(at) / RATE;
            *sample = (TAU * row * time).sin() + (TAU * column * time).sin();
        }
    }
    sound
}

#[expect(clippy::cast_possible_truncation, reason = "clipped")]
fn clipped(sample: f32) -> i16 {
    sample.clamp(-32_768.0, 32_767.0) as i16
}

#[expect(clippy::cast_precision_loss, reason = "12 s at most")]
fn count(of: usize) -> f32 {
    of as f32
}
