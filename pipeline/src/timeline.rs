//! Puts the sound of one track into order: what is known twice is dropped, what is missing is named.
//!
//! In: chunks and gaps of one track, as the agent sends them after a (re)connection. Out: [`Piece`]s that follow on
//! each other without hole or overlap, from the place the worker asked for.
//!
//! Promises:
//!   T1  The pieces of a track tile: each begins where the one before ended.
//!   T2  A hole that no gap explains becomes a gap: `server_lost` where the agent's sound begins beyond what is settled
//!       (the database was set back), `other` in the middle of a stream. Both are warned of, neither is closed up.
//!   T3  Repeats change nothing.
//!
//! Not done here: no buffer (the agent sends a track in order), no clock, no other track.

use referent_proto::{Chunk, Gap, GapReason, Pcm, SampleOffset, SampleSpan};

/// A stretch of one track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// There is sound.
    Sound {
        /// Where it begins.
        first: SampleOffset,
        /// The samples; never empty.
        pcm: Pcm,
    },
    /// There is none, and why. Never empty.
    Gap {
        /// Which stretch.
        span: SampleSpan,
        /// Why.
        reason: GapReason,
    },
}

/// The order of one track.
#[derive(Debug)]
pub struct Timeline {
    next: SampleOffset,
    settled: SampleOffset,
    has_begun: bool,
}

impl Timeline {
    /// Sound is asked for from `from`; what is missing before `settled` was only lead-in, and no hole.
    pub fn resume(from: SampleOffset, settled: SampleOffset) -> Self {
        Self { next: from, settled, has_begun: false }
    }

    /// Everything before is known, as sound or as a gap.
    pub fn known(&self) -> SampleOffset {
        self.next
    }

    /// Takes a chunk: perhaps the gap before it, then what is new of it.
    pub fn sound(&mut self, chunk: Chunk) -> Vec<Piece> {
        let span = chunk.span();
        let mut pieces: Vec<Piece> = self.hole_before(span.start()).into_iter().collect();
        if span.end() > self.next {
            let mut samples = chunk.pcm.0;
            let known = usize::try_from(self.next.0.saturating_sub(span.start().0)).unwrap_or(usize::MAX);
            samples.drain(..known.min(samples.len()));
            pieces.push(Piece::Sound { first: self.next, pcm: Pcm(samples) });
            self.next = span.end();
        }
        pieces
    }

    /// Takes a gap: perhaps an unexplained one before it, then what is new of it.
    pub fn gap(&mut self, gap: Gap) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = self.hole_before(gap.span.start()).into_iter().collect();
        if let Some(span) = SampleSpan::new(self.next, gap.span.end()).filter(|span| !span.is_empty()) {
            pieces.push(Piece::Gap { span, reason: gap.reason });
            self.next = span.end();
        }
        pieces
    }

    /// T2, for what begins at `start`.
    fn hole_before(&mut self, start: SampleOffset) -> Option<Piece> {
        let has_begun = std::mem::replace(&mut self.has_begun, true);
        let from = if has_begun { self.next } else { self.next.max(self.settled.min(start)) };
        self.next = from;
        let span = SampleSpan::new(from, start).filter(|span| !span.is_empty())?;
        let reason = if has_begun { GapReason::Other } else { GapReason::ServerLost };
        tracing::warn!(from = %span.start(), to = %span.end(), %reason, "sound is missing and no gap explains it");
        self.next = start;
        Some(Piece::Gap { span, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use referent_proto::Track;

    fn chunk(first: u64, samples: usize) -> Chunk {
        Chunk { track: Track::Near, first: SampleOffset(first), pcm: Pcm(vec![1; samples]) }
    }

    fn gap(first: u64, end: u64) -> Gap {
        let span = SampleSpan::new(SampleOffset(first), SampleOffset(end)).unwrap();
        Gap { track: Track::Near, span, reason: GapReason::Paused }
    }

    /// Pieces as text: `s100+50` is sound, `g150+50 paused` a gap.
    fn shown(pieces: &[Piece]) -> String {
        let one = |piece: &Piece| match piece {
            Piece::Sound { first, pcm } => format!("s{}+{}", first.0, pcm.0.len()),
            Piece::Gap { span, reason } => format!("g{}+{} {reason}", span.start().0, span.samples()),
        };
        pieces.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    #[track_caller]
    fn check(from: u64, settled: u64, come: &[(u64, u64, bool)], expected: &str) {
        let mut timeline = Timeline::resume(SampleOffset(from), SampleOffset(settled));
        let pieces: Vec<Piece> = come
            .iter()
            .flat_map(|&(first, end, is_gap)| {
                if is_gap {
                    timeline.gap(gap(first, end))
                } else {
                    timeline.sound(chunk(first, usize::try_from(end - first).unwrap()))
                }
            })
            .collect();
        assert_eq!(shown(&pieces), expected);
    }

    #[test]
    fn holes_are_named_and_repeats_dropped() {
        check(0, 0, &[(0, 100, false), (100, 200, false)], "s0+100, s100+100");
        check(0, 0, &[(0, 100, false), (0, 100, false), (50, 150, false)], "s0+100, s100+50");
        check(0, 0, &[(0, 100, false), (300, 400, false)], "s0+100, g100+200 other, s300+100");
        check(0, 0, &[(0, 100, true), (100, 200, false)], "g0+100 paused, s100+100");
        check(0, 0, &[(0, 100, false), (50, 200, true)], "s0+100, g100+100 paused");
        // Lead-in that the agent no longer has is no hole; sound beyond what is settled is.
        check(1000, 3000, &[(2500, 3500, false)], "s2500+1000");
        check(1000, 3000, &[(2900, 2950, false), (2970, 3100, false)], "s2900+50, g2950+20 other, s2970+130");
        check(1000, 3000, &[(5000, 5100, false)], "g3000+2000 server_lost, s5000+100");
        check(0, 0, &[(5000, 5100, false)], "g0+5000 server_lost, s5000+100");
        check(1000, 3000, &[(0, 6000, true)], "g1000+5000 paused");
    }

    proptest! {
        #[test]
        fn pieces_tile(settled in 0u64..5000, come in prop::collection::vec((0u64..9000, 1u64..800, any::<bool>()), 1..40)) {
            let mut timeline = Timeline::resume(SampleOffset(settled).back(2000), SampleOffset(settled));
            let mut next = None;
            for (first, length, is_gap) in come {
                let pieces = if is_gap {
                    timeline.gap(gap(first, first + length))
                } else {
                    timeline.sound(chunk(first, usize::try_from(length).unwrap()))
                };
                for piece in pieces {
                    let (start, end) = match &piece {
                        Piece::Sound { first, pcm } => (*first, *first + pcm.0.len() as u64),
                        Piece::Gap { span, .. } => (span.start(), span.end()),
                    };
                    prop_assert!(start < end);
                    if let Some(next) = next {
                        prop_assert_eq!(start, next);
                    } else {
                        prop_assert!(start <= SampleOffset(settled), "nothing beyond settled is skipped");
                    }
                    next = Some(end);
                }
                prop_assert_eq!(next.unwrap_or(timeline.known()), timeline.known());
            }
        }
    }
}
