//! The Silero network, version 6.2, computed here: the better detector in noise, for a worker that has its file.
//!
//! In: frames; two make a step of the network, which also sees the 64 samples before them. Out: the probability of the
//! newest complete step, so a score may be one frame (16 ms) old. A step is a short-time spectrum of four windows, four
//! convolutions over time, one LSTM cell whose state is carried to the next step, and a sigmoid.
//!
//! Promised: after `reset` a score depends on nothing but the frames since; no allocation after `new`; the same numbers
//! on the same processor. Not done here: no reading of the file (`weights`), no arithmetic (`layer`), no decision.

mod layer;
mod weights;

pub use weights::{BadWeights, Weights};

use super::{FRAME, Vad};
use std::sync::Arc;

/// Samples of a step.
const STEP: usize = 512;
/// Samples that a step sees from before it, and that are mirrored behind it.
const EDGE: usize = 64;
/// Windows of a step's spectrum, and samples from one to the next.
const WINDOWS: usize = 4;
const HOP: usize = 128;
/// Frequencies of a window.
const BINS: usize = 129;
/// The same, filled up with silent ones to a multiple of 8.
const BINS_PADDED: usize = 136;
/// Numbers that the LSTM cell takes, gives and remembers.
const CELL: usize = 128;

/// The network with what it remembers of one track.
pub struct Silero {
    weights: Arc<Weights>,
    /// What a step sees: the edge, the step, the edge mirrored.
    sound: [f32; EDGE + STEP + EDGE],
    /// True when the first half of a step is in `sound`.
    half: bool,
    score: f32,
    /// The cell's input and what it gave before, side by side, as its weights are.
    cell_input: [f32; 2 * CELL],
    cell: [f32; CELL],
    scratch: Box<Scratch>,
}

/// What lies between the layers. Each input has a silent column before and behind it in time, for the convolutions.
struct Scratch {
    wave: [f32; 2 * BINS + 2],
    spectrum: [[f32; BINS_PADDED]; WINDOWS + 2],
    first: [[f32; 128]; WINDOWS + 2],
    second: [[f32; 64]; 4],
    third: [[f32; 64]; 3],
    gates: [f32; 4 * CELL],
}

impl Silero {
    /// A detector that has heard nothing.
    pub fn new(weights: Arc<Weights>) -> Self {
        Self {
            weights,
            sound: [0.0; EDGE + STEP + EDGE],
            half: false,
            score: 0.0,
            cell_input: [0.0; 2 * CELL],
            cell: [0.0; CELL],
            scratch: Box::new(Scratch {
                wave: [0.0; 2 * BINS + 2],
                spectrum: [[0.0; BINS_PADDED]; WINDOWS + 2],
                first: [[0.0; 128]; WINDOWS + 2],
                second: [[0.0; 64]; 4],
                third: [[0.0; 64]; 3],
                gates: [0.0; 4 * CELL],
            }),
        }
    }

    /// Takes the step that `sound` holds.
    fn step(&mut self) {
        for at in 0..EDGE {
            self.sound[EDGE + STEP + at] = self.sound[EDGE + STEP - 2 - at];
        }
        let (weights, scratch) = (&*self.weights, &mut *self.scratch);
        for window in 0..WINDOWS {
            weights.spectrum.apply(&self.sound[window * HOP..], &mut scratch.wave);
            let (real, imaginary) = scratch.wave.split_at(BINS);
            for (bin, (re, im)) in scratch.spectrum[window + 1].iter_mut().zip(real.iter().zip(imaginary)).take(BINS) {
                *bin = (re * re + im * im).sqrt();
            }
        }
        for at in 0..WINDOWS {
            weights.encoder[0].apply_relu(scratch.spectrum[at..].as_flattened(), &mut scratch.first[at + 1]);
        }
        for at in 0..2 {
            weights.encoder[1].apply_relu(scratch.first[2 * at..].as_flattened(), &mut scratch.second[at + 1]);
        }
        weights.encoder[2].apply_relu(scratch.second.as_flattened(), &mut scratch.third[1]);
        weights.encoder[3].apply_relu(scratch.third.as_flattened(), &mut self.cell_input[..CELL]);
        weights.cell.apply(&self.cell_input, &mut scratch.gates);
        let mut logit = weights.last_bias;
        for at in 0..CELL {
            let gate = |number: usize| scratch.gates[number * CELL + at];
            let kept = sigmoid(gate(1)) * self.cell[at] + sigmoid(gate(0)) * gate(2).tanh();
            let given = sigmoid(gate(3)) * kept.tanh();
            self.cell[at] = kept;
            self.cell_input[CELL + at] = given;
            logit += weights.last[at] * given.max(0.0);
        }
        self.score = sigmoid(logit);
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

impl Vad for Silero {
    fn reset(&mut self) {
        self.sound.fill(0.0);
        self.half = false;
        self.score = 0.0;
        self.cell_input.fill(0.0);
        self.cell.fill(0.0);
    }

    fn score(&mut self, frame: &[i16; FRAME]) -> f32 {
        let from = if self.half { EDGE + FRAME } else { EDGE };
        for (to, &sample) in self.sound[from..from + FRAME].iter_mut().zip(frame) {
            *to = f32::from(sample) / 32768.0;
        }
        self.half = !self.half;
        if !self.half {
            self.step();
            self.sound.copy_within(STEP..STEP + EDGE, 0);
        }
        self.score
    }
}

#[cfg(test)]
mod tests;
