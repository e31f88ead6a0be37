//! Decides whether what the caseworker's microphone caught is the citizen's voice come back through a loudspeaker.
//!
//! In: the sound of a near utterance, and of the far track over the same time and half a second before. Out: [`Echo`],
//! or nothing. The two sounds are compared, never their words: a caseworker who reads a number back says the same words
//! with another voice.
//!
//! A room turns one sound into another by a linear filter, different for each frequency. So for each band of 16 Hz the
//! near sound is predicted from the last frames of the far sound, with the filter that fits best; and what counts is
//! only how well a filter found in one half of the frames predicts the other half. A filter can be made to fit anything
//! where it was found, but not where it was not.
//!
//! Promises:
//!   E1  Marked is only an utterance of which every quarter of a second is explained. Whoever says so much as a word over
//!       an echo, or before or after it, as loud as the echo, is not echo.
//!   E2  The level does not matter, and neither does a delay up to [`LONGEST_DELAY`].
//!   E3  Where there is too little sound to tell, nothing is marked.
//!
//! Not done here: nothing is removed from the sound or the text. A mark is for a person to see.

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};
use std::f32::consts::PI;
use std::ops::Range;
use std::sync::Arc;

/// An echo comes at most so much later, in samples at 16 kHz: half a second of sound card, room and network.
pub const LONGEST_DELAY: usize = 8_000;

/// Samples of a frame: 64 ms. Shorter ones cut the room's answer to pieces that no filter puts together again.
const FRAME: usize = 1024;
/// Samples from one frame to the next.
const HOP: usize = 256;
/// The bands of a telephone, 300 to 3400 Hz, in steps of 15.6 Hz. Loudspeakers and lines pass them all.
const BANDS: Range<usize> = 20..218;
/// Lags that are tried: 0 to [`LONGEST_DELAY`].
const LAGS: usize = LONGEST_DELAY / HOP + 1;
/// A filter is as long as so many frames at most: 240 ms of the room.
const TAPS: usize = 12;
/// A filter is fitted to about so many frames, 4.8 s: two sound cards drift apart over longer ones.
const BLOCK: usize = 300;
/// So many frames in a row belong to one half or the other: 64 ms.
const RUN: usize = 4;
/// With fewer frames, 0.4 s, nothing can be told.
const FEWEST_FRAMES: usize = 24;
/// A moment of [`RUN`] frames is voiced if it has more than so much of the energy of the loudest: −17 dB.
const VOICED: f32 = 0.02;
/// Quieter than this nothing is voiced: some bits of 16, after the high frequencies are raised.
const FLOOR: f32 = 16.0;
/// So many voiced moments in a row, a quarter of a second, are about as short as a word.
const WORD: usize = 4;
/// Of each quarter of a second so much of the energy must be predicted. Echoes in rooms up to 0.6 s, with noise 20 dB
/// below them, have 0.86 at the least; a word of the caseworker as loud as the echo leaves 0.79 at the most.
const EXPLAINED: f32 = 0.85;

/// The near sound is the far sound come back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Echo {
    /// How much later than the far sound it is, in samples at 16 kHz, to about 16 ms.
    pub delay_samples: usize,
    /// How much of its energy the far sound explains, 0 to 1.
    pub share: f32,
}

/// What comparing the two sounds gave, before anything is decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The delay under which the two are most alike, in samples.
    pub delay_samples: usize,
    /// The share of energy that is predicted, at most 1; below 0 where the prediction only does harm.
    pub share: f32,
    /// The least share of energy that is predicted in any quarter of a second of voice.
    pub worst: f32,
}

/// Echo, or nothing. `far` begins `lead` samples before `near` and should be as much longer; a lead of
/// [`LONGEST_DELAY`] allows every delay, and a shorter one only shorter delays.
pub fn echo_of(near: &[i16], far: &[i16], lead: usize) -> Option<Echo> {
    let evidence = compare(near, far, lead)?;
    (evidence.worst >= EXPLAINED)
        .then_some(Echo { delay_samples: evidence.delay_samples, share: evidence.share.min(1.0) })
}

/// How much of `near` is explained by `far`; nothing where there is too little of either (E3).
pub fn compare(near: &[i16], far: &[i16], lead: usize) -> Option<Evidence> {
    let mut frames = Frames::new();
    let near = frames.of(near);
    if near.len() < FEWEST_FRAMES {
        return None;
    }
    // Whole frames of lead, so that a lag is a number of frames.
    let lags = (lead / HOP).min(LAGS - 1) + 1;
    let far = frames.of(far.get(lead.saturating_sub((lags - 1) * HOP)..)?);
    let sounds = Sounds { near: &near, far: &far, lead: lags - 1 };
    let voiced = Moments::of(near.iter().map(|frame| energy(frame)).collect());
    if voiced.is_empty() || far.iter().all(|frame| energy(frame) < FLOOR) {
        return None;
    }
    let lag = sounds.most_alike();
    let residuals = sounds.residuals(lag);
    let (share, worst) = voiced.explained(&residuals);
    Some(Evidence { delay_samples: lag * HOP, share, worst })
}

/// One frame: its bands.
type Bands = Vec<Complex32>;

/// Cuts sound into frames of bands.
struct Frames {
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
}

impl Frames {
    fn new() -> Self {
        let window = (0..FRAME).map(|at| 0.5 - 0.5 * (2.0 * PI * count(at) / count(FRAME)).cos()).collect();
        Self { transform: RealFftPlanner::new().plan_fft_forward(FRAME), window }
    }

    /// Frames that lie wholly in the sound. High frequencies are raised, because voices have little there and rooms
    /// show most.
    fn of(&mut self, sound: &[i16]) -> Vec<Bands> {
        let mut raised = Vec::with_capacity(sound.len());
        let mut before = 0.0;
        for &sample in sound {
            let sample = f32::from(sample);
            raised.push(sample - 0.95 * before);
            before = sample;
        }
        let mut spectrum = self.transform.make_output_vec();
        let mut scratch = self.transform.make_scratch_vec();
        let scale = (1.0 / count(FRAME)).sqrt();
        let mut frames = Vec::new();
        for begin in (0..).step_by(HOP).take_while(|begin| begin + FRAME <= raised.len()) {
            let mut frame: Vec<f32> =
                raised[begin..begin + FRAME].iter().zip(&self.window).map(|(sample, weight)| sample * weight).collect();
            // The lengths are those that were planned, so there is no error.
            if self.transform.process_with_scratch(&mut frame, &mut spectrum, &mut scratch).is_ok() {
                frames.push(spectrum[BANDS].iter().map(|band| band * scale).collect());
            }
        }
        frames
    }
}

fn energy(bands: &[Complex32]) -> f32 {
    bands.iter().map(Complex32::norm_sqr).sum::<f32>() / count(BANDS.len())
}

/// The two sounds side by side.
struct Sounds<'a> {
    near: &'a [Bands],
    far: &'a [Bands],
    /// Frames that `far` begins earlier.
    lead: usize,
}

impl Sounds<'_> {
    /// The far frame that is so many frames older than a near one.
    fn far(&self, near: usize, lag: usize) -> Option<&Bands> {
        self.far.get((near + self.lead).checked_sub(lag)?)
    }

    /// The lag, in frames, under which the two are most coherent, over all bands alike.
    fn most_alike(&self) -> usize {
        let coherence = |lag: usize| -> f32 {
            let mut sums = vec![(Complex32::default(), 1e-9_f32, 1e-9_f32); BANDS.len()];
            for (at, near) in self.near.iter().enumerate() {
                let Some(far) = self.far(at, lag) else { continue };
                for ((near, far), sum) in near.iter().zip(far).zip(&mut sums) {
                    sum.0 += near * far.conj();
                    sum.1 += near.norm_sqr();
                    sum.2 += far.norm_sqr();
                }
            }
            sums.iter().map(|(cross, near, far)| cross.norm_sqr() / near / far).sum()
        };
        let coherences: Vec<f32> = (0..=self.lead).map(coherence).collect();
        (0..coherences.len()).max_by(|&a, &b| coherences[a].total_cmp(&coherences[b])).unwrap_or(0)
    }

    /// What of each near frame's energy is left when it is predicted with filters found in other frames.
    fn residuals(&self, lag: usize) -> Vec<f32> {
        let blocks = ((self.near.len() + BLOCK / 2) / BLOCK).max(1);
        let size = self.near.len().div_ceil(blocks);
        let mut left = vec![0.0; self.near.len()];
        for begin in (0..self.near.len()).step_by(size) {
            let block = begin..(begin + size).min(self.near.len());
            let taps = (block.len() / 8).clamp(2, TAPS);
            // The frame before the likeliest lag as well: the delay lies between two frames.
            let first = lag.saturating_sub(1);
            for band in 0..BANDS.len() {
                for half in 0..2 {
                    let is_found_in = |at: &usize| (at / RUN) % 2 != half;
                    let filter = self.fit(band, first, taps, block.clone().filter(is_found_in));
                    for at in block.clone().filter(|at| !is_found_in(at)) {
                        let left_over = self.near[at][band] - self.predict(&filter, band, first, at);
                        left[at] += left_over.norm_sqr() / count(BANDS.len());
                    }
                }
            }
        }
        left
    }

    fn value(&self, band: usize, at: usize, lag: usize) -> Complex32 {
        self.far(at, lag).map_or(Complex32::default(), |far| far[band])
    }

    fn predict(&self, filter: &[Complex32], band: usize, first: usize, at: usize) -> Complex32 {
        filter.iter().enumerate().map(|(tap, weight)| weight * self.value(band, at, first + tap)).sum()
    }

    /// The filter of one band that predicts these frames best, by least squares.
    fn fit(&self, band: usize, first: usize, taps: usize, frames: impl Iterator<Item = usize>) -> Vec<Complex32> {
        let mut squares = [[Complex32::default(); TAPS]; TAPS];
        let mut products = [Complex32::default(); TAPS];
        for at in frames {
            let mut far = [Complex32::default(); TAPS];
            for (tap, value) in far.iter_mut().enumerate().take(taps) {
                *value = self.value(band, at, first + tap);
            }
            let near = self.near[at][band];
            for row in 0..taps {
                let conj = far[row].conj();
                products[row] += conj * near;
                for column in 0..=row {
                    squares[row][column] += conj * far[column];
                }
            }
        }
        solve(&mut squares, &products, taps)
    }
}

/// Solves the Hermitian equations by Cholesky, of which the lower half is given. The diagonal is raised a little, so
/// that there always is a solution, and so that little sound makes a small filter.
fn solve(squares: &mut [[Complex32; TAPS]; TAPS], products: &[Complex32; TAPS], taps: usize) -> Vec<Complex32> {
    let trace: f32 = (0..taps).map(|at| squares[at][at].re).sum();
    let raise = 0.01 * trace / count(taps) + 1e-3;
    for row in 0..taps {
        squares[row][row] += raise;
        for column in 0..=row {
            let both = squares[row][..column].iter().zip(&squares[column][..column]);
            let known: Complex32 = both.map(|(value, other)| value * other.conj()).sum();
            let sum = squares[row][column] - known;
            squares[row][column] = if row == column {
                Complex32::new(sum.re.max(1e-6).sqrt(), 0.0)
            } else {
                sum / squares[column][column].re
            };
        }
    }
    let mut filter = products[..taps].to_vec();
    for row in 0..taps {
        for at in 0..row {
            let known = filter[at];
            filter[row] -= squares[row][at] * known;
        }
        filter[row] /= squares[row][row].re;
    }
    for row in (0..taps).rev() {
        for at in row + 1..taps {
            let known = filter[at];
            filter[row] -= squares[at][row].conj() * known;
        }
        filter[row] /= squares[row][row].re;
    }
    filter
}

/// The near sound in moments of [`RUN`] frames, and which of them are voiced.
struct Moments {
    energies: Vec<f32>,
    /// What the quietest tenth of the frames has: no filter can predict that.
    noise: f32,
    /// Energy from which on a moment is voiced.
    least: f32,
}

impl Moments {
    fn of(energies: Vec<f32>) -> Self {
        let mut sorted = energies.clone();
        sorted.sort_by(f32::total_cmp);
        let noise = mean(&sorted[..sorted.len().div_ceil(10)]);
        let loudest = energies.chunks(RUN).map(mean).fold(0.0, f32::max);
        Self { energies, noise, least: (VOICED * loudest).max(FLOOR).max(2.0 * noise) }
    }

    fn is_empty(&self) -> bool {
        self.energies.chunks(RUN).all(|moment| mean(moment) < self.least)
    }

    /// The share of energy that is predicted, of all voiced moments and of the worst few in a row, where so much is left.
    fn explained(&self, left: &[f32]) -> (f32, f32) {
        let moments = self.energies.chunks(RUN).zip(left.chunks(RUN)).map(|(energy, left)| (mean(energy), mean(left)));
        let voiced: Vec<(f32, f32)> = moments
            .filter(|(energy, _)| *energy >= self.least)
            .map(|(energy, left)| (energy - self.noise, (left - self.noise).max(0.0)))
            .collect();
        let share = |part: &[(f32, f32)]| {
            let (energy, left) = part.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            1.0 - left / energy
        };
        let worst = voiced.windows(WORD.min(voiced.len())).map(share).fold(1.0, f32::min);
        (share(&voiced), worst)
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / count(values.len().max(1))
}

#[expect(clippy::cast_precision_loss, reason = "frames, bands and taps are few")]
fn count(of: usize) -> f32 {
    of as f32
}
