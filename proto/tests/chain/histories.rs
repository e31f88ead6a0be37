//! Random histories of one call: workers that come and go, freeze and wake up, repeat, lose and reorder messages.
//!
//! In: chance. Out: [`History`], a list of steps that any keeper of the chain can be put through (the pure rule here, each
//! database in notes-api's suite), and [`check_chain`], which says what a committed track must look like.
//! Not done here: nothing knows how a step is judged.

use referent_proto::{Epoch, SampleOffset, SampleSpan, Track};

/// Worker processes that fight over the call.
const WORKERS: usize = 3;

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A worker begins the call: a new epoch, and it hears where each track stands.
    Begin { worker: usize },
    /// A worker settles the next samples of a track, as far as it knows; the message may be lost on its way.
    Settle { worker: usize, track: Track, samples: u64, arrives: bool },
    /// A message that was sent before, lost or not, arrives now.
    Again { message: u64 },
    /// A worker that has gone mad settles anything.
    Garbage { worker: usize, track: Track, from: u64, samples: u64 },
}

/// A course of events.
#[derive(Clone, Debug)]
pub(crate) struct History(pub(crate) Vec<Step>);

impl History {
    /// The history of this seed, the same in every run. Made by hand, not by proptest, because 100,000 of them are to
    /// take a second in a build without optimisation.
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance(seed);
        // Without a begin nothing can be settled at all: the first worker is there from the start.
        let mut steps = vec![Step::Begin { worker: 0 }];
        for _ in 0..=chance.below(40) {
            steps.push(any_step(&mut chance));
        }
        Self(steps)
    }
}

fn any_step(chance: &mut Chance) -> Step {
    let kind = chance.below(10);
    let worker = usize::try_from(chance.below(WORKERS as u64)).unwrap_or_default();
    let track = Track::BOTH[usize::from(chance.below(2) == 1)];
    match kind {
        0 => Step::Begin { worker },
        1..=6 => Step::Settle { worker, track, samples: 1 + chance.below(4), arrives: chance.below(5) > 0 },
        7 | 8 => Step::Again { message: chance.below(1 << 16) },
        _ => Step::Garbage { worker, track, from: chance.below(30), samples: 1 + chance.below(7) },
    }
}

/// Numbers from a seed (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// A settle on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    /// The sender's turn.
    pub(crate) epoch: Epoch,
    /// Which track.
    pub(crate) track: Track,
    /// Which stretch.
    pub(crate) span: SampleSpan,
}

/// What a worker believes.
#[derive(Clone, Copy, Debug, Default)]
struct Belief {
    epoch: Option<Epoch>,
    cursor: [u64; 2],
}

/// The workers, and every message that was ever sent.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    beliefs: [Belief; WORKERS],
    sent: Vec<Message>,
}

impl Workers {
    /// A worker has been told its epoch and where the tracks stand.
    pub(crate) fn told(&mut self, worker: usize, epoch: Epoch, near: SampleOffset, far: SampleOffset) {
        self.beliefs[worker] = Belief { epoch: Some(epoch), cursor: [near.0, far.0] };
    }

    /// The message that arrives by this step, if one does.
    pub(crate) fn message(&mut self, step: &Step) -> Option<Message> {
        match *step {
            Step::Begin { .. } => None,
            Step::Settle { worker, track, samples, arrives } => {
                let belief = &mut self.beliefs[worker];
                let cursor = &mut belief.cursor[usize::from(track == Track::Far)];
                let message =
                    Message { epoch: belief.epoch?, track, span: SampleSpan::of(SampleOffset(*cursor), samples) };
                *cursor += samples;
                self.sent.push(message);
                arrives.then_some(message)
            }
            Step::Again { message } => {
                let count = self.sent.len() as u64;
                let at = message.checked_rem(count)?;
                self.sent.get(usize::try_from(at).ok()?).copied()
            }
            Step::Garbage { worker, track, from, samples } => {
                let epoch = self.beliefs[worker].epoch?;
                let message = Message { epoch, track, span: SampleSpan::of(SampleOffset(from), samples) };
                self.sent.push(message);
                Some(message)
            }
        }
    }
}

/// C1: one sequence from zero to where the track stands, without hole or overlap, in the order it was committed.
pub(crate) fn check_chain(links: &[(u64, u64)], settled: u64) -> Result<(), String> {
    let mut at = 0;
    for (from, to) in links {
        if *from != at || to <= from {
            return Err(format!("a link {from}..{to} follows {at}: {links:?}"));
        }
        at = *to;
    }
    if at == settled { Ok(()) } else { Err(format!("the links end at {at}, settled says {settled}: {links:?}")) }
}
