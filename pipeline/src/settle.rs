//! Puts what became of one track into order, so that it can be settled as a chain.
//!
//! In: links in the order of the sound, some with what they are, some whose text is still on its way; then the texts, in
//! any order. Out: [`Settle`]s in the order of the sound.
//!
//! Promises:
//!   L1  Settles come out gapless and in order from where the track was settled, whatever the order of the texts.
//!   L2  Nothing comes out before everything earlier on the track has.
//!
//! Not done here: no judgement of a text (`transcribe::doubt`), no sending, no other track.

use referent_proto::{Epoch, SampleOffset, SampleSpan, Settle, Track, What};
use std::collections::VecDeque;

/// A link whose text is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkId(u64);

/// A link did not begin where the one before ended. The worker has a bug: it drops the call, and another takes it over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a link of the {track} track begins at {begins:?}, not at {next:?}")]
pub struct Broken {
    track: Track,
    begins: SampleOffset,
    next: SampleOffset,
}

/// What is not settled yet of one track.
#[derive(Debug)]
pub struct Line {
    epoch: Epoch,
    track: Track,
    next: SampleOffset,
    /// Number of the first link in `links`.
    first: u64,
    links: VecDeque<(SampleSpan, Option<What>)>,
}

impl Line {
    /// Begins where the track is settled.
    pub fn resume(epoch: Epoch, track: Track, settled: SampleOffset) -> Self {
        Self { epoch, track, next: settled, first: 0, links: VecDeque::new() }
    }

    /// Adds a link that is known.
    pub fn add(&mut self, span: SampleSpan, what: What) -> Result<(), Broken> {
        self.push(span, Some(what)).map(drop)
    }

    /// Adds a link whose text comes later, by [`Line::answer`].
    pub fn wait_for(&mut self, span: SampleSpan) -> Result<LinkId, Broken> {
        self.push(span, None)
    }

    /// The text of a link has come.
    pub fn answer(&mut self, id: LinkId, what: What) {
        let at = id.0.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some((_, place)) = at.and_then(|at| self.links.get_mut(at)) {
            place.get_or_insert(what);
        }
    }

    /// The next settle, if it is known.
    pub fn ready(&mut self) -> Option<Settle> {
        let (span, what) = match self.links.pop_front()? {
            (span, Some(what)) => (span, what),
            waiting => {
                self.links.push_front(waiting);
                return None;
            }
        };
        self.first += 1;
        Some(Settle { epoch: self.epoch, track: self.track, span, what })
    }

    fn push(&mut self, span: SampleSpan, what: Option<What>) -> Result<LinkId, Broken> {
        if span.start() != self.next {
            return Err(Broken { track: self.track, begins: span.start(), next: self.next });
        }
        self.next = span.end();
        self.links.push_back((span, what));
        Ok(LinkId(self.first + self.links.len() as u64 - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use referent_proto::SuppressedReason;

    fn what(number: usize) -> What {
        let text = referent_proto::Spoken::new(number.to_string());
        What::Suppressed { reason: SuppressedReason::Empty, text }
    }

    proptest! {
        /// L1, L2: links of random lengths, some waiting, answered in a random order.
        #[test]
        fn settles_come_in_order_whatever_the_order_of_the_texts(
            settled in 0u64..100_000,
            lengths in prop::collection::vec((1u64..50_000, any::<bool>()), 1..60),
            seed in any::<u64>(),
        ) {
            use rand::{RngExt as _, SeedableRng as _};
            let mut chance = rand::rngs::StdRng::seed_from_u64(seed);
            let mut line = Line::resume(Epoch(7), Track::Far, SampleOffset(settled));
            let (mut next, mut waiting, mut out) = (SampleOffset(settled), Vec::new(), Vec::new());
            for (number, (length, waits)) in lengths.iter().enumerate() {
                let span = SampleSpan::of(next, *length);
                next = span.end();
                if *waits {
                    waiting.push((line.wait_for(span).unwrap(), number));
                } else {
                    line.add(span, what(number)).unwrap();
                }
                while !waiting.is_empty() && chance.random_bool(0.4) {
                    let (id, number) = waiting.swap_remove(chance.random_range(0..waiting.len()));
                    line.answer(id, what(number));
                    line.answer(id, what(9999));
                }
                out.extend(std::iter::from_fn(|| line.ready()));
            }
            while !waiting.is_empty() {
                let (id, number) = waiting.swap_remove(chance.random_range(0..waiting.len()));
                line.answer(id, what(number));
                out.extend(std::iter::from_fn(|| line.ready()));
            }
            prop_assert_eq!(out.len(), lengths.len());
            let mut expected = SampleOffset(settled);
            for (number, settle) in out.iter().enumerate() {
                prop_assert_eq!(settle.span.start(), expected);
                prop_assert_eq!(&settle.what, &what(number));
                expected = settle.span.end();
            }
            prop_assert_eq!(expected, next);
        }
    }

    #[test]
    fn a_link_that_does_not_follow_is_refused() {
        let mut line = Line::resume(Epoch(1), Track::Near, SampleOffset(100));
        assert!(line.add(SampleSpan::of(SampleOffset(101), 5), What::Quiet).is_err());
        assert!(line.add(SampleSpan::of(SampleOffset(100), 5), What::Quiet).is_ok());
        assert!(line.wait_for(SampleSpan::of(SampleOffset(100), 5)).is_err());
    }
}
