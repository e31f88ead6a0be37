//! Asks a network only about sound that rises out of the noise.
//!
//! In: frames. Out: the network's score, or less where the sound is hardly louder than the noise of the last seconds.
//! A network knows hiss from speech, but other people in the room do speak. What tells the person at the telephone from
//! them is that they are louder.
//!
//! Promised: a score depends on nothing but the frames since `reset`. No allocation. Not done here: no removal of noise;
//! what is heard of an utterance is the sound as it came (`segment`).

use super::gate::Gate;
use super::{FRAME, Vad};

/// A network behind a gate that follows the noise.
#[derive(Default)]
pub struct Gated<V> {
    network: V,
    gate: Gate,
}

impl<V: Vad> Gated<V> {
    /// Puts a gate before a network that has heard nothing.
    pub fn new(network: V) -> Self {
        Self { network, gate: Gate::default() }
    }
}

impl<V: Vad> Vad for Gated<V> {
    fn reset(&mut self) {
        self.network.reset();
        self.gate.reset();
    }

    fn score(&mut self, frame: &[i16; FRAME]) -> f32 {
        // The network hears every frame, because it carries a state; and so does the gate.
        let score = self.network.score(frame);
        score.min(self.gate.open(frame))
    }
}
