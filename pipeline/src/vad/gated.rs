//! Asks a network only about sound that rises out of the noise.
//!
//! In: frames. Out: the network's score, or less where the sound is hardly louder than the noise of the last seconds.
//! A network knows hiss from speech, but other people in the room do speak. What tells the person at the telephone from
//! them is that they are louder.
//!
//! Most of a track is quiet, because the other one speaks; so the network sleeps while the gate has been shut for half a
//! second, and is told the last half second when it opens again.
//!
//! Promised: a score depends on nothing but the frames since `reset`. Not done here: no removal of noise; what is heard of
//! an utterance is the sound as it came (`segment`).

use super::gate::Gate;
use super::{FRAME, Vad};
use std::collections::VecDeque;

/// Frames that a network is told before the gate opens, and for which it listens on after it has shut: half a second.
const BEFORE: usize = 32;

/// A network behind a gate that follows the noise.
pub struct Gated<V> {
    network: V,
    gate: Gate,
    /// The newest frames that the gate was shut for.
    shut: VecDeque<[i16; FRAME]>,
    /// For how many frames the gate has been shut, up to [`BEFORE`].
    shut_for: usize,
    sleeps: bool,
}

impl<V: Vad> Gated<V> {
    /// Puts a gate before a network that has heard nothing.
    pub fn new(network: V) -> Self {
        Self { network, gate: Gate::default(), shut: VecDeque::with_capacity(BEFORE), shut_for: 0, sleeps: true }
    }

    fn wake(&mut self) {
        if std::mem::take(&mut self.sleeps) {
            self.network.reset();
            for frame in &self.shut {
                self.network.score(frame);
            }
        }
        self.shut.clear();
        self.shut_for = 0;
    }
}

impl<V: Vad> Vad for Gated<V> {
    fn reset(&mut self) {
        self.network.reset();
        self.gate.reset();
        self.shut.clear();
        (self.shut_for, self.sleeps) = (0, true);
    }

    fn score(&mut self, frame: &[i16; FRAME]) -> f32 {
        let open = self.gate.open(frame);
        if open > 0.0 {
            self.wake();
            return self.network.score(frame).min(open);
        }
        if self.shut_for < BEFORE {
            self.shut_for += 1;
        } else {
            self.sleeps = true;
        }
        if !self.sleeps {
            self.network.score(frame);
        }
        if self.shut.len() == BEFORE {
            self.shut.pop_front();
        }
        self.shut.push_back(*frame);
        0.0
    }
}
