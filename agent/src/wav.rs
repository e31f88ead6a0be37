//! A two-channel WAV file in the place of microphone and loopback: channel 0 is near, channel 1 is far.
//!
//! In: a path. Out: frames of both channels, from any offset. Whatever is wrong with the file is found when it is opened
//! (rate, channels, format, length), so that a call does not begin on a file that cannot carry it to its end.
//! Not done here: no pace, no resampling.

use crate::resample::RATES;
use hound::{SampleFormat, WavReader};
use referent_proto::{SAMPLE_RATE, SampleOffset};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

/// What is wrong with the file. Tell the user; another file is needed.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// It cannot be opened or read.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no WAV file, or of a kind that is not read.
    #[error("{path} is not a WAV file that can be played ({what}); it must be 8 to 32 bit PCM or 32 bit float")]
    NotPlayable {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        what: String,
    },
    /// Not two channels.
    #[error("{path} has {channels} channel(s); it must have two, first the caseworker's and then the citizen's")]
    Channels {
        /// The file.
        path: PathBuf,
        /// How many it has.
        channels: u16,
    },
    /// A rate that no sound has.
    #[error("{path} says that it has {rate} samples a second; it must be 4000 to 384000")]
    Rate {
        /// The file.
        path: PathBuf,
        /// What it says.
        rate: u32,
    },
    /// No sound in it.
    #[error("{path} holds no sound")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Shorter than it says.
    #[error("{path} is shorter than it says it is; it was cut off when it was copied or written")]
    Truncated {
        /// The file.
        path: PathBuf,
    },
}

/// An open file.
pub struct Wav {
    path: PathBuf,
    reader: WavReader<BufReader<File>>,
    frames_left: u32,
}

impl std::fmt::Debug for Wav {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wav({}, {} frames left)", self.path.display(), self.frames_left)
    }
}

impl Wav {
    /// Opens the file and looks at all that can be wrong with it.
    pub fn open(path: &Path) -> Result<Self, WavError> {
        let path = path.to_owned();
        let mut reader = WavReader::open(&path).map_err(|error| named(&path, error))?;
        let spec = reader.spec();
        if spec.channels != 2 {
            return Err(WavError::Channels { path, channels: spec.channels });
        }
        if !RATES.contains(&spec.sample_rate) {
            return Err(WavError::Rate { path, rate: spec.sample_rate });
        }
        let frames = reader.duration();
        if frames == 0 {
            return Err(WavError::Empty { path });
        }
        // The last frame must be there; the header alone promises anything.
        reader.seek(frames - 1).map_err(|error| WavError::Unreadable { path: path.clone(), error })?;
        let mut wav = Self { path, reader, frames_left: 1 };
        if wav.read(1)?.0.len() != 1 {
            return Err(WavError::Truncated { path: wav.path });
        }
        wav.seek(SampleOffset::ZERO)?;
        Ok(wav)
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.reader.spec().sample_rate
    }

    /// Where it ends, in call time.
    pub fn end(&self) -> SampleOffset {
        let rate = u64::from(self.rate());
        SampleOffset((u64::from(self.reader.duration()) * SAMPLE_RATE + rate / 2) / rate)
    }

    /// Goes on from this offset; at the end if it lies beyond.
    pub fn seek(&mut self, to: SampleOffset) -> Result<(), WavError> {
        let all = self.reader.duration();
        let frame = u32::try_from(to.0 * u64::from(self.rate()) / SAMPLE_RATE).unwrap_or(all).min(all);
        self.reader.seek(frame).map_err(|error| WavError::Unreadable { path: self.path.clone(), error })?;
        self.frames_left = all - frame;
        Ok(())
    }

    /// The next frames of near and far, at most so many; fewer only at the end.
    pub fn read(&mut self, frames: u32) -> Result<(Vec<f32>, Vec<f32>), WavError> {
        let wanted = frames.min(self.frames_left) as usize;
        let spec = self.reader.spec();
        let samples = match spec.sample_format {
            SampleFormat::Float => self.reader.samples::<f32>().take(wanted * 2).collect(),
            SampleFormat::Int => {
                let full = 2.0_f64.powi(i32::from(spec.bits_per_sample) - 1);
                #[expect(clippy::cast_possible_truncation, reason = "f32 holds 24 bits, which is more than is kept")]
                let scaled = |sample: i32| (f64::from(sample) / full) as f32;
                self.reader.samples::<i32>().take(wanted * 2).map(|sample| sample.map(scaled)).collect()
            }
        };
        let samples: Vec<f32> = Result::map_err(samples, |error: hound::Error| named(&self.path, error))?;
        self.frames_left -= u32::try_from(wanted).unwrap_or(0);
        let (frames, _) = samples.as_chunks::<2>();
        Ok(frames.iter().map(|[near, far]| (*near, *far)).unzip())
    }
}

fn named(path: &Path, error: hound::Error) -> WavError {
    let path = path.to_owned();
    match error {
        // hound reports the end of the file within a sample as an error without a kind of its own.
        hound::Error::IoError(error)
            if error.kind() == io::ErrorKind::UnexpectedEof || error.to_string().contains("enough bytes") =>
        {
            WavError::Truncated { path }
        }
        hound::Error::IoError(error) => WavError::Unreadable { path, error },
        other => WavError::NotPlayable { path, what: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hound::{WavSpec, WavWriter};

    /// A tenth of a second in which near rises and far falls, in every form that is read.
    #[test]
    fn every_form_of_sample_is_read_alike_from_any_place() {
        let folder = tempfile::tempdir().unwrap();
        for (bits_per_sample, sample_format) in [
            (8, SampleFormat::Int),
            (16, SampleFormat::Int),
            (24, SampleFormat::Int),
            (32, SampleFormat::Int),
            (32, SampleFormat::Float),
        ] {
            let path = folder.path().join(format!("{bits_per_sample}-{sample_format:?}.wav"));
            let spec = WavSpec { channels: 2, sample_rate: 8_000, bits_per_sample, sample_format };
            let mut writer = WavWriter::create(&path, spec).unwrap();
            for n in 0..800_i16 {
                for value in [f32::from(n) / 800.0, -f32::from(n) / 800.0] {
                    let full = 2_f64.powi(i32::from(bits_per_sample) - 1);
                    #[expect(clippy::cast_possible_truncation, reason = "below full scale")]
                    let written = match sample_format {
                        SampleFormat::Float => writer.write_sample(value),
                        SampleFormat::Int => writer.write_sample((f64::from(value) * full) as i32),
                    };
                    written.unwrap();
                }
            }
            writer.finalize().unwrap();

            let mut wav = Wav::open(&path).unwrap();
            assert_eq!((wav.rate(), wav.end()), (8_000, SampleOffset(1600)));
            for start in [0_u16, 1, 400, 799, 800] {
                wav.seek(SampleOffset(u64::from(start) * 2)).unwrap();
                let (near, far) = wav.read(1000).unwrap();
                assert_eq!((near.len(), far.len()), (800 - usize::from(start), 800 - usize::from(start)));
                for (n, (near, far)) in (start..).zip(near.iter().zip(&far)) {
                    let expected = f32::from(n) / 800.0;
                    assert!((near - expected).abs() < 0.01 && (far + expected).abs() < 0.01, "{n}: {near} {far}");
                }
                assert_eq!(wav.read(10).unwrap().0.len(), 0, "nothing follows the end");
            }
            wav.seek(SampleOffset(1_000_000)).unwrap();
            assert_eq!(wav.read(10).unwrap().0.len(), 0, "nothing lies beyond the end");
        }
    }
}
