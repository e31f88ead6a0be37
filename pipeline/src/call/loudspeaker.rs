//! What the caseworker's loudspeaker has just played: the far track, kept for as long as an echo of it may be heard.
//!
//! In: the far track's chunks. Out: for a stretch of the near track, the far sound that it can be an echo of, and then the
//! verdict of [`crate::echo`].
//!
//! Promises:
//!   L1  At most [`KEPT`] samples are kept, whatever comes.
//!   L2  Where the far sound has a hole, or has not come yet, nothing is compared, so nothing is marked.
//!
//! Not done here: no marking of grey text; it goes away with its final.

use crate::echo::{self, LONGEST_DELAY};
use referent_proto::{Pcm, SampleOffset, SampleSpan};
use std::collections::VecDeque;

/// The longest utterance, what may lie before it in the far track, and as much again for tracks that do not come in step.
const KEPT: usize = 12 * 16_000 + 2 * LONGEST_DELAY + 2 * 16_000;

/// The last far sound of a call.
#[derive(Default)]
pub(super) struct Loudspeaker {
    /// Where `sound` begins.
    first: SampleOffset,
    sound: VecDeque<i16>,
}

impl Loudspeaker {
    /// The far track goes on, or comes a second time. After a hole nothing of before is worth keeping (L2).
    pub(super) fn plays(&mut self, first: SampleOffset, pcm: &[i16]) {
        let end = self.first + self.sound.len() as u64;
        if first > end || self.sound.is_empty() {
            self.sound.clear();
            self.first = first;
        }
        let known = usize::try_from((self.first + self.sound.len() as u64).0.saturating_sub(first.0));
        self.sound.extend(pcm.iter().skip(known.unwrap_or(usize::MAX)));
        let surplus = self.sound.len().saturating_sub(KEPT);
        self.sound.drain(..surplus);
        self.first = self.first + surplus as u64;
    }

    /// Both sounds of this stretch of the near track, of which `pcm` is heard from `heard_from` on; nothing if there is not
    /// all of the far one (L2), or nothing in it.
    pub(super) fn beside(&self, speech: SampleSpan, heard_from: SampleOffset, pcm: &Pcm) -> Option<Both> {
        let far = SampleSpan::new(speech.start().back(LONGEST_DELAY as u64).max(self.first), speech.end())?;
        let lead = usize::try_from(speech.start().0.checked_sub(far.start().0)?).ok()?;
        let within = |span: SampleSpan, from: SampleOffset| {
            let start = usize::try_from(span.start().0.checked_sub(from.0)?).ok()?;
            Some(start..start + usize::try_from(span.samples()).ok()?)
        };
        let near = pcm.0.get(within(speech, heard_from)?)?.to_vec();
        let far_at = within(far, self.first)?;
        if far_at.end > self.sound.len() {
            return None;
        }
        let far: Vec<i16> = self.sound.range(far_at).copied().collect();
        far.iter().any(|sample| sample.unsigned_abs() > SILENT).then_some(Both { speech, near, far, lead })
    }
}

/// Below this nobody hears anything from a loudspeaker: −60 dB of full scale.
const SILENT: u16 = 32;

/// A stretch of the near track, and the far sound that it can be an echo of.
pub(super) struct Both {
    speech: SampleSpan,
    near: Vec<i16>,
    far: Vec<i16>,
    lead: usize,
}

impl Both {
    /// Where on the far track the sound begins that this repeats, if it does. Takes some 10 ms a second of sound, on a
    /// thread of its own.
    pub(super) async fn echo_of(self) -> Option<SampleOffset> {
        let compared = tokio::task::spawn_blocking(move || {
            let echo = echo::echo_of(&self.near, &self.far, self.lead)?;
            Some(self.speech.start().back(echo.delay_samples as u64))
        });
        compared.await.unwrap_or_else(|error| {
            tracing::error!(%error, "comparing with the far track failed; nothing is marked");
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u64, end: u64) -> SampleSpan {
        SampleSpan::new(SampleOffset(start), SampleOffset(end)).unwrap()
    }

    /// A far track of which each sample says where it is.
    fn ramp(first: u64, end: u64) -> Vec<i16> {
        (first..end).map(|at| i16::try_from(at % 30_000).unwrap() + 100).collect()
    }

    #[track_caller]
    fn check(played: &[(u64, u64)], speech: SampleSpan, expected: Option<(u64, usize)>) {
        let mut loudspeaker = Loudspeaker::default();
        for &(first, end) in played {
            loudspeaker.plays(SampleOffset(first), &ramp(first, end));
        }
        assert!(loudspeaker.sound.len() <= KEPT);
        let pcm = Pcm(vec![1; usize::try_from(speech.samples()).unwrap() + 800]);
        let both = loudspeaker.beside(speech, speech.start().back(400), &pcm);
        let found = both.map(|both| {
            let from = speech.start().0 - both.lead as u64;
            assert_eq!(both.far, ramp(from, speech.end().0));
            assert_eq!(both.near.len() as u64, speech.samples());
            (from, both.lead)
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn the_far_sound_of_the_same_time_and_half_a_second_before() {
        check(&[(0, 50_000)], span(20_000, 40_000), Some((12_000, 8_000)));
        check(
            &[(0, 10_000), (10_000, 30_000), (25_000, 50_000), (0, 1_000)],
            span(20_000, 40_000),
            Some((12_000, 8_000)),
        );
        // The call begins with it: only shorter delays can be told.
        check(&[(0, 50_000)], span(3_000, 40_000), Some((0, 3_000)));
        check(&[(18_000, 50_000)], span(20_000, 40_000), Some((18_000, 2_000)));
        // What is kept is the end.
        check(&[(0, 400_000)], span(380_000, 400_000), Some((372_000, 8_000)));
    }

    #[test]
    fn without_all_of_the_far_sound_nothing_is_compared() {
        check(&[], span(20_000, 40_000), None);
        check(&[(0, 39_999)], span(20_000, 40_000), None);
        check(&[(20_001, 50_000)], span(20_000, 40_000), None);
        check(&[(0, 25_000), (25_100, 50_000)], span(20_000, 40_000), None);
        check(&[(0, 400_000)], span(20_000, 40_000), None);
        let mut silent = Loudspeaker::default();
        silent.plays(SampleOffset(0), &vec![3; 50_000]);
        assert!(silent.beside(span(20_000, 40_000), SampleOffset(20_000), &Pcm(vec![1; 20_000])).is_none());
    }
}
