//! What the sound itself says about an utterance: how sure the voice detector was, and how loud it was.
//!
//! In: the samples that a recogniser heard, and where in them somebody spoke. Out: [`Sound`], some numbers.
//!
//! Promised: the numbers depend on these samples alone. The detector warms up on what was heard before the speech, as
//! `segment` lets it. Not done here: no decision (`doubt`), no word.

use super::steady::Steadiness;
use crate::transcribe::Request;
use crate::vad::{Earshot, FRAME, Vad as _};
use std::ops::Range;

/// Below this mean of the detector, the sound is weak evidence that anybody spoke. Of the segments of the twelve sample
/// calls, which all hold speech, none is below 0.61 (`tests/doubt/stays.rs` prints it).
pub const WEAK_VAD: f32 = 0.5;
/// Below this level, in dB of full scale, the same: 6 dB above the floor under which the detector hears nothing. The
/// quietest segment of the sample calls has −27.6 dB.
pub const WEAK_LEVEL_DB: f32 = -50.0;
/// Beyond, a sound stands still as no voice does.
pub const STILL: f32 = 0.3;
/// What moves for so long, in seconds, may be somebody who speaks beside the tones.
pub const A_WORD: f32 = 0.6;
/// What moves for less, in seconds, is not even a syllable. Of the segments of the sample calls the one that moves for the
/// shortest time, with what lies around it, moves for 0.18 s; the piece of a chord that a detector takes for speech, for
/// 0.10 s at most.
pub const A_SYLLABLE: f32 = 0.15;
/// The level of digital silence, in dB of full scale; quieter than one bit of 16.
const SILENCE_DB: f32 = -99.0;

/// Evidence of the sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sound {
    /// Mean speech probability of the voice detector over the speech, 0 to 1.
    pub vad: f32,
    /// Root mean square over the speech, in dB of full scale: −99 to 0.
    pub level_db: f32,
    /// All that the recogniser heard, with the little before and after the speech, in seconds.
    pub seconds: f32,
    /// How much of the speech stands still, as tones do.
    pub steady: Steadiness,
    /// The same of all that the recogniser heard: of a speech of some frames alone it cannot be told.
    pub around: Steadiness,
}

impl Sound {
    /// Of samples at 16 kHz, in which `speech` (indices of samples) is where somebody spoke. A range that reaches beyond
    /// the samples is cut to them.
    pub fn of(pcm: &[i16], speech: Range<usize>) -> Self {
        let end = speech.end.min(pcm.len());
        let begin = speech.start.min(end);
        let mut vad = Earshot::default();
        let (mut sum, mut count) = (0.0_f32, 0.0_f32);
        for (number, frame) in pcm.as_chunks::<FRAME>().0.iter().enumerate() {
            let score = vad.score(frame);
            // A frame belongs to the speech if its middle does.
            if (begin..end).contains(&(number * FRAME + FRAME / 2)) {
                sum += score;
                count += 1.0;
            }
        }
        Self {
            vad: if count == 0.0 { 0.0 } else { sum / count },
            level_db: level_db(&pcm[begin..end]),
            steady: Steadiness::of(&pcm[begin..end]),
            around: Steadiness::of(pcm),
            seconds: seconds(pcm.len()),
        }
    }

    /// Of what a recogniser is asked to hear.
    pub fn of_request(request: &Request) -> Self {
        let at = |offset: u64| usize::try_from(offset.saturating_sub(request.heard_from.0)).unwrap_or(usize::MAX);
        Self::of(&request.pcm.0, at(request.speech.start().0)..at(request.speech.end().0))
    }

    /// True where the sound is tones and nobody's voice: much of the speech stands still, and nothing moves for as long as
    /// a word; or much around it does, and nothing moves for as long as a syllable.
    pub fn is_tones(self) -> bool {
        let stands_still = |steady: Steadiness, moves: f32| steady.share > STILL && steady.moves_for < moves;
        stands_still(self.steady, A_WORD) || stands_still(self.around, A_SYLLABLE)
    }

    /// True where the sound is so faint, or so unlike a voice, that a sentence may well have come from the model alone.
    pub fn is_weak(self) -> bool {
        self.vad < WEAK_VAD || self.level_db < WEAK_LEVEL_DB
    }
}

/// Root mean square in dB of full scale.
fn level_db(samples: &[i16]) -> f32 {
    let sum: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    if sum == 0.0 {
        return SILENCE_DB;
    }
    #[expect(clippy::cast_precision_loss, reason = "a level needs few digits")]
    let mean = sum / samples.len() as f64;
    #[expect(clippy::cast_possible_truncation, reason = "a level needs few digits")]
    let level = (10.0 * (mean / 32768.0_f64.powi(2)).log10()) as f32;
    level.max(SILENCE_DB)
}

#[expect(clippy::cast_precision_loss, reason = "minutes at most")]
fn seconds(samples: usize) -> f32 {
    samples as f32 / 16_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_weak() {
        let sound = Sound::of(&vec![0; 16_000], 4_000..12_000);
        assert_eq!(
            sound,
            Sound {
                vad: 0.0,
                level_db: SILENCE_DB,
                seconds: 1.0,
                steady: Steadiness::default(),
                around: Steadiness::default()
            }
        );
        assert!(sound.is_weak());
    }

    #[test]
    fn a_square_at_half_of_full_scale_has_six_decibels_less() {
        let samples: Vec<i16> = (0..16_000).map(|at| if at % 40 < 20 { 16_384 } else { -16_384 }).collect();
        let sound = Sound::of(&samples, 0..16_000);
        assert!((sound.level_db + 6.02).abs() < 0.01, "{}", sound.level_db);
    }

    #[test]
    fn ranges_that_reach_beyond_the_sound_are_cut() {
        for speech in [0..0, 90..1_000, 5_000..9_000] {
            let sound = Sound::of(&[100; 100], speech);
            assert!(sound.vad <= 0.0);
            assert!(sound.level_db <= 0.0);
        }
        assert!(Sound::of(&[], 0..10).level_db <= SILENCE_DB);
    }

    #[test]
    fn either_sign_makes_it_weak() {
        let strong = Sound {
            vad: 0.9,
            level_db: -25.0,
            seconds: 2.0,
            steady: Steadiness::default(),
            around: Steadiness::default(),
        };
        assert!(!strong.is_weak());
        assert!(Sound { vad: 0.3, ..strong }.is_weak());
        assert!(Sound { level_db: -54.0, ..strong }.is_weak());
    }
}
