//! Asks a network only about sound that rises out of the noise.
//!
//! In: frames. Out: the network's score, or less where the sound is hardly louder than the noise of the last seconds; while
//! the gate is shut, how far it is open, which is below a half.
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

/// The gate is open from here on.
const OPEN: f32 = 0.5;

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
        if open >= OPEN {
            self.wake();
            return self.network.score(frame).min(open);
        }
        self.sleeps |= self.shut_for == BEFORE;
        self.shut_for = (self.shut_for + 1).min(BEFORE);
        if !self.sleeps {
            self.network.score(frame);
        }
        if self.shut.len() == BEFORE {
            self.shut.pop_front();
        }
        self.shut.push_back(*frame);
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Takes everything for speech, and counts what it is asked.
    struct Counting(Arc<AtomicUsize>);

    impl Vad for Counting {
        fn reset(&mut self) {}
        fn score(&mut self, _: &[i16; FRAME]) -> f32 {
            self.0.fetch_add(1, Ordering::Relaxed);
            1.0
        }
    }

    /// A tone in the voice band, of this loudness.
    fn frame(level: f32) -> [i16; FRAME] {
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "samples of a test")]
        std::array::from_fn(|at| (level * (at as f32 * std::f32::consts::TAU * 500.0 / 16_000.0).sin()) as i16)
    }

    #[test]
    fn the_network_sleeps_while_nobody_speaks_and_wakes_half_a_second_before() {
        let asked = Arc::new(AtomicUsize::new(0));
        let mut gated = Gated::new(Counting(Arc::clone(&asked)));
        let mut hear = |level: f32, frames: usize| {
            let scores: Vec<f32> = (0..frames).map(|_| gated.score(&frame(level))).collect();
            (scores, asked.swap(0, Ordering::Relaxed))
        };
        hear(30.0, 100); // Until the gate knows the room.
        let (scores, asked) = hear(30.0, 300);
        assert_eq!(asked, 0, "it listens to the room");
        assert!(scores.iter().all(|score| *score < OPEN));
        let (scores, asked) = hear(6_000.0, 20);
        let voiced = scores.iter().filter(|score| **score >= OPEN).count();
        assert!(voiced >= 18, "{scores:?}");
        assert_eq!(asked, voiced + BEFORE, "it is told what came before");
        // Half a second on, and the frames that the loudness is smoothed over; then it sleeps again.
        let (_, asked) = hear(30.0, 300);
        assert!((BEFORE..BEFORE + 10).contains(&asked), "{asked}");
    }
}
