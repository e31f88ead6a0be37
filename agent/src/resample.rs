//! Sound of any rate becomes 16 kHz mono chunks with offsets.
//!
//! In: mono samples of one unbroken run, and the offset at which the run begins. Out: chunks of 100 ms whose offsets are
//! true to one sample (60 µs): the delay of the filter is cut off at the beginning and fed out at the end, so that a run of
//! n samples at rate r gives exactly round(n * 16000 / r).
//!
//! Where a device's clock runs faster or slower than the call's (`drift`), a chunk is made of a sample more or less than it
//! has, by interpolation between neighbours: 625 parts in a million at most, which nobody hears.
//!
//! Promised: what lies above 8 kHz does not fold down into speech (tested). 16 kHz 16-bit sound without drift passes bit
//! for bit.
//! Not done here: a hole in the sound ends the run; whoever sees the hole writes the gap and begins a new run.

use referent_proto::{Chunk, Pcm, SAMPLE_RATE, SampleOffset, Track};
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Async, Fft, FixedAsync, FixedSync, Indexing, Resampler, SincInterpolationParameters, WindowFunction};

/// Rates that sound cards and sound files have.
pub const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
/// Input frames for one step: long enough for a steep filter, short enough for 11 ms of delay at 48 kHz.
const STEP: usize = 1024;

/// The rate is none that sound has. Tell the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate of {0} Hz cannot be; it must be 4000 to 384000")]
pub struct ImpossibleRate(pub u32);

/// One unbroken run of one track.
pub struct Run {
    track: Track,
    rate: u32,
    filter: Option<Filter>,
    pending: Vec<i16>,
    next: SampleOffset,
    frames_in: u64,
    samples_out: u64,
    /// By so many samples the sound is still to be made longer; below zero, shorter.
    to_stretch: i64,
    /// By so many it was.
    stretched: i64,
}

struct Filter {
    resampler: Box<dyn Resampler<f32>>,
    input: Vec<f32>,
    output: Vec<f32>,
    to_skip: usize,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Run({} at {} Hz, next {})", self.track, self.rate, self.next)
    }
}

impl Run {
    /// A run that begins at this offset.
    pub fn begin(track: Track, rate: u32, first: SampleOffset) -> Result<Self, ImpossibleRate> {
        if !RATES.contains(&rate) {
            return Err(ImpossibleRate(rate));
        }
        let filter = if u64::from(rate) == SAMPLE_RATE { None } else { Some(Filter::new(rate)?) };
        Ok(Self {
            track,
            rate,
            filter,
            pending: Vec::new(),
            next: first,
            frames_in: 0,
            samples_out: 0,
            to_stretch: 0,
            stretched: 0,
        })
    }

    /// Takes sound; gives the chunks that are full.
    pub fn push(&mut self, mono: &[f32]) -> Vec<Chunk> {
        self.frames_in += mono.len() as u64;
        match &mut self.filter {
            None => {
                self.samples_out += mono.len() as u64;
                self.pending.extend(mono.iter().copied().map(to_i16));
            }
            Some(filter) => {
                filter.input.extend_from_slice(mono);
                while filter.input.len() >= filter.resampler.input_frames_next() {
                    let made = filter.step(None);
                    self.samples_out += made.len() as u64;
                    self.pending.extend(made.iter().copied().map(to_i16));
                }
            }
        }
        self.cut_full()
    }

    /// From now on the sound is made longer by so many samples in all, or shorter, a sample a chunk.
    pub fn stretch(&mut self, samples: i64) {
        self.to_stretch = samples;
    }

    /// By so many samples it is longer than what was pushed.
    pub fn stretched(&self) -> i64 {
        self.stretched
    }

    /// Ends the run: gives what is left, to the last sample.
    pub fn finish(mut self) -> Vec<Chunk> {
        let owed = (self.frames_in * SAMPLE_RATE + u64::from(self.rate) / 2) / u64::from(self.rate);
        if let Some(filter) = &mut self.filter {
            while self.samples_out < owed {
                let rest = filter.input.len();
                let made = filter.step(Some(rest));
                let wanted = usize::try_from(owed - self.samples_out).unwrap_or(usize::MAX).min(made.len());
                self.samples_out += wanted as u64;
                self.pending.extend(made[..wanted].iter().copied().map(to_i16));
            }
        }
        let mut chunks = self.cut_full();
        if !self.pending.is_empty() {
            let rest = std::mem::take(&mut self.pending);
            chunks.push(self.chunk(rest));
        }
        chunks
    }

    /// Where the next sample goes.
    pub fn next_offset(&self) -> SampleOffset {
        self.next + self.pending.len() as u64
    }

    fn cut_full(&mut self) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        loop {
            let longer = self.to_stretch.signum();
            let samples = match longer {
                1 => Chunk::SAMPLES - 1,
                -1 => Chunk::SAMPLES + 1,
                _ => Chunk::SAMPLES,
            };
            if self.pending.len() < samples {
                return chunks;
            }
            let sound: Vec<i16> = self.pending.drain(..samples).collect();
            self.to_stretch -= longer;
            self.stretched += longer;
            let sound = if longer == 0 { sound } else { spread(&sound, Chunk::SAMPLES) };
            let chunk = self.chunk(sound);
            chunks.push(chunk);
        }
    }

    fn chunk(&mut self, sound: Vec<i16>) -> Chunk {
        let chunk = Chunk { track: self.track, first: self.next, pcm: Pcm(sound) };
        self.next = chunk.span().end();
        chunk
    }
}

impl Filter {
    fn new(rate: u32) -> Result<Self, ImpossibleRate> {
        let refused = |_| ImpossibleRate(rate);
        let target = usize::try_from(SAMPLE_RATE).unwrap_or(16_000);
        let input = rate as usize;
        let resampler: Box<dyn Resampler<f32>> = if input / gcd(input, target) <= STEP {
            let window = WindowFunction::BlackmanHarris2;
            Box::new(Fft::new_custom(input, target, STEP, 1, 1, window, FixedSync::Input).map_err(refused)?)
        } else {
            // A rate with no common measure: the FFT would need a step of a second.
            let ratio = f64::from(u32::try_from(SAMPLE_RATE).unwrap_or(16_000)) / f64::from(rate);
            let sinc = SincInterpolationParameters::new(256, WindowFunction::BlackmanHarris2);
            Box::new(Async::new_sinc(ratio, 1.1, &sinc, STEP, 1, FixedAsync::Input).map_err(refused)?)
        };
        let to_skip = resampler.output_delay();
        let output = vec![0.0; resampler.output_frames_max()];
        Ok(Self { resampler, input: Vec::new(), output, to_skip })
    }

    /// One step; with `Some(n)` only n frames of input are left, and silence follows.
    fn step(&mut self, left: Option<usize>) -> &[f32] {
        let wanted = self.resampler.input_frames_next();
        let valid = left.unwrap_or(wanted).min(wanted);
        let mut padded = self.input[..valid.min(self.input.len())].to_vec();
        padded.resize(wanted, 0.0);
        self.input.drain(..valid.min(self.input.len()));
        let room = self.output.len();
        let made = SequentialSlice::new(&padded, 1, wanted).ok().and_then(|input| {
            let mut output = SequentialSlice::new_mut(&mut self.output, 1, room).ok()?;
            self.resampler.process_into_buffer(&input, &mut output, Some(&Indexing::new())).ok()
        });
        // The sizes are the resampler's own, so it cannot refuse; if it did, `finish` would otherwise wait for ever.
        let made = made.map_or_else(
            || {
                self.output.fill(0.0);
                room
            },
            |(_, made)| made,
        );
        let skipped = self.to_skip.min(made);
        self.to_skip -= skipped;
        &self.output[skipped..made]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of i16")]
fn to_i16(sample: f32) -> i16 {
    (sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16
}

/// The same sound in so many samples, the first and the last unchanged.
fn spread(sound: &[i16], samples: usize) -> Vec<i16> {
    let (from, to) = (sound.len() - 1, samples - 1);
    (0..samples)
        .map(|at| {
            let (left, part) = (at * from / to, at * from % to);
            let (a, b) = (i64::from(sound[left]), i64::from(sound[(left + 1).min(from)]));
            let (part, to) = (i64::try_from(part).unwrap_or(0), i64::try_from(to).unwrap_or(1));
            i16::try_from(a + (b - a) * part / to).unwrap_or(0)
        })
        .collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// A second and a bit of a tone, through a run that is given it in uneven pieces.
    fn tone_through(rate: u32, hertz: f64, frames: usize) -> Vec<f64> {
        let step = TAU * hertz / f64::from(rate);
        #[expect(clippy::cast_possible_truncation, reason = "f32 is what devices give")]
        let tone: Vec<f32> =
            (0..u32::try_from(frames).unwrap()).map(|n| (0.5 * (step * f64::from(n)).sin()) as f32).collect();
        let mut run = Run::begin(Track::Near, rate, SampleOffset(7)).unwrap();
        let mut chunks = Vec::new();
        let mut at = 0;
        for piece in [1, 479, 4800, 3, 2222].into_iter().cycle() {
            let end = (at + piece).min(tone.len());
            chunks.extend(run.push(&tone[at..end]));
            at = end;
            if at == tone.len() {
                break;
            }
        }
        chunks.extend(run.finish());
        let mut next = SampleOffset(7);
        let mut sound = Vec::new();
        for chunk in chunks {
            assert_eq!(chunk.first, next, "chunks follow one another");
            assert!(chunk.pcm.0.len() <= Chunk::SAMPLES && !chunk.pcm.0.is_empty());
            next = chunk.span().end();
            sound.extend(chunk.pcm.0.into_iter().map(|sample| f64::from(sample) / 32_768.0));
        }
        sound
    }

    /// Loudness, the edges left out, where the filter swings in.
    fn rms(sound: &[f64]) -> f64 {
        let middle = &sound[1600..sound.len() - 1600];
        let frames = f64::from(u32::try_from(middle.len()).unwrap());
        (middle.iter().map(|sample| sample * sample).sum::<f64>() / frames).sqrt()
    }

    #[test]
    fn speech_passes_in_its_place_and_what_lies_above_does_not_fold_down() {
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 47_999, 48_000, 96_000] {
            let frames = rate as usize + 1234;
            let sound = tone_through(rate, 1_000.0, frames);
            let owed = (frames as u64 * SAMPLE_RATE + u64::from(rate) / 2) / u64::from(rate);
            assert_eq!(sound.len() as u64, owed, "{rate} Hz: as long as it was");
            let worst = (1600..sound.len() - 1600)
                .map(|n| {
                    let expected = 0.5 * (TAU * 1_000.0 * f64::from(u32::try_from(n).unwrap()) / 16_000.0).sin();
                    (sound[n] - expected).abs()
                })
                .fold(0.0, f64::max);
            // One sample at 1 kHz is 0.2 of this tone's swing.
            assert!(worst < 0.2, "{rate} Hz: off by {worst}");
            if rate >= 44_100 {
                for hertz in [9_500.0, 12_000.0, 15_500.0] {
                    let folded = rms(&tone_through(rate, hertz, frames));
                    assert!(folded < 0.002, "{rate} Hz: {hertz} Hz comes through with {folded}");
                }
            }
        }
    }

    #[test]
    fn sound_that_has_the_rate_already_passes_bit_for_bit() {
        let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        let floats: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        let mut run = Run::begin(Track::Far, 16_000, SampleOffset::ZERO).unwrap();
        let mut chunks = run.push(&floats);
        chunks.extend(run.finish());
        let passed: Vec<i16> = chunks.into_iter().flat_map(|chunk| chunk.pcm.0).collect();
        assert_eq!(passed, samples);
    }

    #[test]
    fn a_rate_that_no_sound_has_is_refused() {
        for rate in [0, 1, 3_999, 384_001, u32::MAX] {
            assert_eq!(Run::begin(Track::Near, rate, SampleOffset::ZERO).err(), Some(ImpossibleRate(rate)));
        }
    }
}
