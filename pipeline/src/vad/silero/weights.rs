//! Reads the file of the Silero network, and lays its numbers out as they are used.
//!
//! In: the bytes of `silero-v6.2.0-ggml.bin`. Out: [`Weights`], or which doubt there is about the file. This is where
//! doubt ends: every tensor is there once, has the shape the code is written for, and holds finite numbers only.
//!
//! ```text
//! magic  kind  version  step, edge  sizes of the layers  then tensors: dimensions, name, numbers (f16 or f32)
//! ```
//!
//! Promised: no panic and no large allocation, whatever the bytes are. Not done here: no check of a sum; whoever fetched
//! the file has made that (`referent_models`).

use super::layer::Layer;
use super::{BINS, BINS_PADDED, CELL, EDGE, STEP};
use std::collections::HashMap;
use std::path::Path;

/// The true file has 0.9 MB; what is longer is another.
const LONGEST: u64 = 4_000_000;
const MAGIC: u32 = 0x6767_6d6c;
const KIND: &[u8] = b"silero-16k";
/// The longest name and the most dimensions of a tensor that are believed.
const LONGEST_NAME: usize = 128;
const MOST_DIMENSIONS: usize = 4;

/// In channels, out channels, and width of the four convolutions.
const ENCODER: [[usize; 3]; 4] = [[BINS, 128, 3], [128, 64, 3], [64, 64, 3], [64, 128, 3]];

/// The numbers of the network, shared by all tracks.
pub struct Weights {
    pub(super) spectrum: Layer,
    pub(super) encoder: [Layer; 4],
    pub(super) cell: Layer,
    pub(super) last: Vec<f32>,
    pub(super) last_bias: f32,
}

impl std::fmt::Debug for Weights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Weights(silero 6.2)")
    }
}

/// Why a file cannot be used. The caller fetches it anew, or goes on with the embedded detector.
#[derive(Debug, thiserror::Error)]
pub enum BadWeights {
    /// It could not be read.
    #[error("the voice detector's file could not be read ({0}); check the path and the rights of its folder")]
    Unreadable(#[from] std::io::Error),
    /// It does not begin as a ggml file does.
    #[error("the voice detector's file is no ggml file; fetch silero-v6.2.0-ggml.bin again")]
    BadMagic,
    /// It ends too early.
    #[error("the voice detector's file ends in the middle of {0}; fetch it again")]
    Truncated(&'static str),
    /// It holds another network, or another version.
    #[error("the voice detector's file is not of Silero 6.2 for 16 kHz ({0} differs); fetch silero-v6.2.0-ggml.bin")]
    OtherModel(&'static str),
    /// A tensor is not as the network needs it.
    #[error("the voice detector's file has a wrong shape in {0}; fetch it again")]
    WrongShape(String),
    /// A tensor holds what is no finite number.
    #[error("the voice detector's file has damaged numbers in {0}; fetch it again")]
    NotFinite(String),
    /// A tensor is twice there, or is not one of the network's.
    #[error("the voice detector's file has an unexpected part {0}; fetch it again")]
    Unexpected(String),
    /// A tensor is not there.
    #[error("the voice detector's file lacks {0}; fetch it again")]
    Missing(String),
}

impl Weights {
    /// Reads a file; no more than 4 MB of it.
    pub fn open(path: &Path) -> Result<Self, BadWeights> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LONGEST {
            return Err(BadWeights::OtherModel("its length"));
        }
        Self::parse(&bytes)
    }

    /// Reads the bytes of a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadWeights> {
        let mut rest = Bytes(bytes);
        header(&mut rest)?;
        let mut tensors = Tensors::read(&mut rest)?;
        let spectrum = tensors.take("_model.stft.forward_basis_buffer", &[256, 1, 2 * BINS])?;
        let [first, second, third, fourth] = [0, 1, 2, 3].map(|number| tensors.convolution(number));
        let cell = tensors.cell()?;
        let last = tensors.take("_model.decoder.decoder.2.weight", &[CELL])?;
        let last_bias = tensors.take("_model.decoder.decoder.2.bias", &[])?;
        if let Some(name) = tensors.0.into_keys().next() {
            return Err(BadWeights::Unexpected(name));
        }
        Ok(Self {
            spectrum: Layer::new(spectrum, vec![0.0; 2 * BINS], 256),
            encoder: [first?, second?, third?, fourth?],
            cell,
            last,
            last_bias: last_bias.first().copied().unwrap_or_default(),
        })
    }
}

/// Everything before the tensors must be as in version 6.2, whose third number says nothing of the network.
fn header(rest: &mut Bytes<'_>) -> Result<(), BadWeights> {
    if rest.number("the magic number")? != MAGIC {
        return Err(BadWeights::BadMagic);
    }
    rest.expect(&[KIND.len()], "its kind")?;
    if rest.take(KIND.len(), "its kind")? != KIND {
        return Err(BadWeights::OtherModel("its kind"));
    }
    rest.expect(&[6, 2], "its version")?;
    rest.number("its version")?;
    rest.expect(&[STEP, EDGE], "its step")?;
    rest.expect(&[ENCODER.len()], "its encoder")?;
    rest.expect(ENCODER.as_flattened(), "its encoder")?;
    rest.expect(&[CELL, CELL, CELL, 1], "its cell")
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], BadWeights> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(BadWeights::Truncated(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, what: &'static str) -> Result<u32, BadWeights> {
        let (four, rest) = self.0.split_first_chunk().ok_or(BadWeights::Truncated(what))?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*four))
    }

    fn expect(&mut self, expected: &[usize], what: &'static str) -> Result<(), BadWeights> {
        for &number in expected {
            if self.number(what)? as usize != number {
                return Err(BadWeights::OtherModel(what));
            }
        }
        Ok(())
    }
}

/// The tensors of a file that were not taken yet: shape, the fastest dimension first, and numbers.
struct Tensors(HashMap<String, (Vec<usize>, Vec<f32>)>);

impl Tensors {
    fn read(rest: &mut Bytes<'_>) -> Result<Self, BadWeights> {
        let mut tensors = HashMap::new();
        while !rest.0.is_empty() {
            let dimensions = rest.number("a part's head")? as usize;
            let name = rest.number("a part's head")? as usize;
            let format = rest.number("a part's head")?;
            if dimensions > MOST_DIMENSIONS || name > LONGEST_NAME {
                return Err(BadWeights::Unexpected("without a believable head".into()));
            }
            let mut shape = Vec::with_capacity(dimensions);
            for _ in 0..dimensions {
                shape.push(rest.number("a part's shape")? as usize);
            }
            let name = String::from_utf8_lossy(rest.take(name, "a part's name")?).into_owned();
            let count = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
            let length = match (count, format) {
                (Some(count), 0) => count.checked_mul(4),
                (Some(count), 1) => count.checked_mul(2),
                _ => None,
            };
            let length = length.ok_or_else(|| BadWeights::WrongShape(printable(&name)))?;
            // Only what is really there is copied, so a lying shape costs nothing.
            let bytes = rest.take(length, "a part's numbers")?;
            let numbers: Vec<f32> = if format == 0 {
                bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
            } else {
                bytes.as_chunks().0.iter().map(|two| half(u16::from_le_bytes(*two))).collect()
            };
            if !numbers.iter().all(|number| number.is_finite()) {
                return Err(BadWeights::NotFinite(printable(&name)));
            }
            if tensors.contains_key(&name) {
                return Err(BadWeights::Unexpected(printable(&name)));
            }
            tensors.insert(name, (shape, numbers));
        }
        Ok(Self(tensors))
    }

    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, BadWeights> {
        let (found, numbers) = self.0.remove(name).ok_or_else(|| BadWeights::Missing(name.to_owned()))?;
        if found == shape { Ok(numbers) } else { Err(BadWeights::WrongShape(name.to_owned())) }
    }

    /// A convolution, whose rows lie as its input does: for each moment all channels, filled up where they are 129.
    fn convolution(&mut self, number: usize) -> Result<Layer, BadWeights> {
        let [inputs, outputs, width] = ENCODER[number];
        let weights = self.take(&format!("_model.encoder.{number}.reparam_conv.weight"), &[width, inputs, outputs])?;
        let biases = self.take(&format!("_model.encoder.{number}.reparam_conv.bias"), &[outputs])?;
        let padded = if inputs == BINS { BINS_PADDED } else { inputs };
        let mut rows = vec![0.0; outputs * width * padded];
        for (row, weights) in rows.chunks_exact_mut(width * padded).zip(weights.chunks_exact(width * inputs)) {
            for (channel, taps) in weights.chunks_exact(width).enumerate() {
                for (moment, &tap) in taps.iter().enumerate() {
                    row[moment * padded + channel] = tap;
                }
            }
        }
        Ok(Layer::new(rows, biases, width * padded))
    }

    /// The four gates of the LSTM cell, each row with the weights of the input and then those of what was given before.
    fn cell(&mut self) -> Result<Layer, BadWeights> {
        let gates = 4 * CELL;
        let input = self.take("_model.decoder.rnn.weight_ih", &[CELL, gates])?;
        let given = self.take("_model.decoder.rnn.weight_hh", &[CELL, gates])?;
        let mut biases = self.take("_model.decoder.rnn.bias_ih", &[gates])?;
        let more = self.take("_model.decoder.rnn.bias_hh", &[gates])?;
        biases.iter_mut().zip(more).for_each(|(bias, more)| *bias += more);
        let rows = input.chunks_exact(CELL).zip(given.chunks_exact(CELL));
        let rows = rows.flat_map(|(input, given)| [input, given].concat()).collect();
        Ok(Layer::new(rows, biases, 2 * CELL))
    }
}

/// A name from a file that nobody checked, fit for a log line.
fn printable(name: &str) -> String {
    name.escape_debug().take(LONGEST_NAME).collect()
}

/// A half-precision number (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    let size = match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2.0_f32.powi(exponent - 25),
    };
    sign * size
}

#[cfg(test)]
mod tests;
