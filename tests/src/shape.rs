//! Shapes: models with the true proportions of Whisper's, and made-up weights. For figures of speed.
//!
//! In: which one. Out: a file of whisper.cpp's format that any recogniser here loads, and its sum beside it. It says the
//! same words whatever it hears, and every matrix of the real model is multiplied for it.
//!
//! How it comes to say them: the decoder adds the embedding of a position to what it knows. Here that of position `p`
//! points along the embedding of the token that is due there, ten times as long as all that the layers add, so that this
//! token is the likeliest whatever they add; after the last comes end-of-text. The other weights are random numbers, small
//! enough to keep the layers' part about as long as one.
//!
//! Promises:
//!   H1  The same shape is the same bytes every time.
//!   H2  Dimensions, tensors, types and the ids of special tokens are those of the published model, so its speed is too.
//!   H3  It says [`words::WORDS`] words and [`words::TOKENS`] tokens, each with a probability near 1.
//!
//! Not done here: nothing is heard by it; what a real model would write is not known, and how long that would be is an
//! assumption ([`words`]).

pub mod mel;
pub mod numbers;
pub mod words;

use anyhow::{Context as _, Result};
use numbers::{Chance, Halves};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What every file of whisper.cpp begins with.
const MAGIC: u32 = 0x6767_6d6c;
/// Tokens of a multilingual model; the special ones among them are named by whisper.cpp itself.
pub const VOCABULARY: usize = 51_865;
/// Positions that the encoder sees, 50 a second.
const AUDIO_POSITIONS: usize = 1_500;
/// Positions of text.
const TEXT_POSITIONS: usize = 448;
/// Start of transcript, language, task, no time stamps: the token after these is the first that is said.
const PROMPT: usize = 4;
/// Length of the embedding of a token.
const TOKEN_LENGTH: f32 = 2.0;
/// Length of the embedding of a position at which a token is due.
const DUE_LENGTH: f32 = 30.0;
/// Standard deviation of weights that nothing is said about below.
const WEIGHT: f32 = 0.02;

/// A model whose proportions are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// 39 million weights.
    Tiny,
    /// 74 million.
    Base,
    /// 244 million.
    Small,
}

impl Shape {
    /// As the published model is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Base => "base",
            Self::Small => "small",
        }
    }

    /// Width, heads, and layers of encoder and decoder each, from the paper's first table.
    fn proportions(self) -> (usize, usize, usize) {
        match self {
            Self::Tiny => (384, 6, 4),
            Self::Base => (512, 8, 6),
            Self::Small => (768, 12, 12),
        }
    }

    /// Writes the file to this folder, and its sum beside it; gives the file.
    pub fn write_to(self, folder: &Path) -> Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("ggml-shape-{}.bin", self.name()));
        self.write(&path)?;
        Ok(path)
    }

    /// Writes the file, and its sum beside it.
    pub fn write(self, path: &Path) -> Result<()> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        let mut out = Out { file: BufWriter::with_capacity(1 << 20, file), sum: Sha256::new() };
        let (width, heads, layers) = self.proportions();
        header(&mut out, width, heads, layers)?;
        for tensor in tensors(width, layers) {
            tensor.write(&mut out)?;
        }
        out.file.flush()?;
        let sum: Vec<String> = out.sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let name = path.file_name().context("a model is a file")?.to_string_lossy().into_owned();
        let beside = PathBuf::from(format!("{}.sha256", path.display()));
        std::fs::write(&beside, format!("{}  {name}\n", sum.concat())).with_context(|| beside.display().to_string())
    }
}

/// The file, summed while it is written.
struct Out {
    file: BufWriter<File>,
    sum: Sha256,
}

impl Out {
    fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.sum.update(bytes);
        Ok(self.file.write_all(bytes)?)
    }

    fn number(&mut self, number: usize) -> Result<()> {
        self.bytes(&u32::try_from(number)?.to_le_bytes())
    }
}

fn header(out: &mut Out, width: usize, heads: usize, layers: usize) -> Result<()> {
    out.bytes(&MAGIC.to_le_bytes())?;
    out.number(VOCABULARY)?;
    for positions in [AUDIO_POSITIONS, TEXT_POSITIONS] {
        for number in [positions, width, heads, layers] {
            out.number(number)?;
        }
    }
    out.number(mel::BANDS)?;
    out.number(1)?; // Matrices in 16 bits.
    out.number(mel::BANDS)?;
    out.number(mel::LINES)?;
    for band in mel::filters() {
        for weight in band {
            out.bytes(&weight.to_le_bytes())?;
        }
    }
    out.number(words::SPELLED)?;
    for token in 0..words::SPELLED {
        let text = words::text(token);
        out.number(text.len())?;
        out.bytes(text.as_bytes())?;
    }
    Ok(())
}

/// What is in a tensor.
#[derive(Debug, Clone, Copy)]
enum Filling {
    /// Random numbers with this standard deviation.
    Random(f32),
    /// Ones.
    Ones,
    /// What makes the decoder say its words; the number is the standard deviation of the tokens' embedding.
    Due(f32),
}

/// One tensor of the file. Outermost dimension first, as in the paper; the file has them the other way round.
#[derive(Debug)]
struct Tensor {
    name: String,
    shape: Vec<usize>,
    half: bool,
    filling: Filling,
}

const TOKENS: &str = "decoder.token_embedding.weight";

impl Tensor {
    fn write(&self, out: &mut Out) -> Result<()> {
        out.number(self.shape.len())?;
        out.number(self.name.len())?;
        out.number(usize::from(self.half))?;
        for dimension in self.shape.iter().rev() {
            out.number(*dimension)?;
        }
        out.bytes(self.name.as_bytes())?;
        let count = self.shape.iter().product();
        let mut chance = Chance::of(&self.name);
        match self.filling {
            Filling::Ones => {
                for _ in 0..count {
                    out.bytes(&1.0_f32.to_le_bytes())?;
                }
            }
            Filling::Random(deviation) if self.half => {
                let halves = Halves::with_deviation(deviation);
                let mut row = Vec::with_capacity(2 << 16);
                for from in (0..count).step_by(1 << 16) {
                    row.clear();
                    for _ in from..count.min(from + (1 << 16)) {
                        row.extend_from_slice(&halves.bits(chance.number()).to_le_bytes());
                    }
                    out.bytes(&row)?;
                }
            }
            Filling::Random(deviation) => {
                let halves = Halves::with_deviation(deviation);
                for _ in 0..count {
                    out.bytes(&halves.value(chance.number()).to_le_bytes())?;
                }
            }
            Filling::Due(deviation) => {
                let width = *self.shape.last().context("a matrix has a width")?;
                for position in 0..self.shape[0] {
                    for value in due_at(position, width, deviation) {
                        out.bytes(&value.to_le_bytes())?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The embedding of a text position: along that of the token that is due there, and nothing before the first.
fn due_at(position: usize, width: usize, deviation: f32) -> Vec<f32> {
    let Some(said) = (position + 1).checked_sub(PROMPT) else { return vec![0.0; width] };
    let token = words::due(said);
    let halves = Halves::with_deviation(deviation);
    let mut chance = Chance::of(TOKENS);
    chance.skip(token * width);
    let row: Vec<f32> = (0..width).map(|_| halves.value(chance.number())).collect();
    let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
    row.iter().map(|value| value * DUE_LENGTH / length).collect()
}

/// All of them, in the order of the published files.
fn tensors(width: usize, layers: usize) -> Vec<Tensor> {
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let of_width = width as f32;
    let token = TOKEN_LENGTH / of_width.sqrt();
    let mut all = List { width, small: 45.0 / of_width.powf(1.5), tensors: Vec::new() };
    all.add("encoder.positional_embedding", &[AUDIO_POSITIONS, width], false, Filling::Random(WEIGHT));
    all.add("encoder.conv1.weight", &[width, mel::BANDS, 3], true, Filling::Random(WEIGHT));
    all.add("encoder.conv1.bias", &[width, 1], false, Filling::Random(WEIGHT));
    all.add("encoder.conv2.weight", &[width, width, 3], true, Filling::Random(WEIGHT));
    all.add("encoder.conv2.bias", &[width, 1], false, Filling::Random(WEIGHT));
    for layer in 0..layers {
        let block = format!("encoder.blocks.{layer}");
        all.attention(&format!("{block}.attn"));
        all.perceptron(&block);
    }
    all.norm("encoder.ln_post");
    all.add("decoder.positional_embedding", &[TEXT_POSITIONS, width], false, Filling::Due(token));
    all.add(TOKENS, &[VOCABULARY, width], true, Filling::Random(token));
    for layer in 0..layers {
        let block = format!("decoder.blocks.{layer}");
        all.attention(&format!("{block}.attn"));
        all.attention(&format!("{block}.cross_attn"));
        all.perceptron(&block);
    }
    all.norm("decoder.ln");
    all.tensors
}

struct List {
    width: usize,
    /// Deviation of the matrices by which a layer adds to what is known: what it adds is about as long as one.
    small: f32,
    tensors: Vec<Tensor>,
}

impl List {
    fn add(&mut self, name: &str, shape: &[usize], half: bool, filling: Filling) {
        self.tensors.push(Tensor { name: name.to_owned(), shape: shape.to_vec(), half, filling });
    }

    fn matrix(&mut self, name: &str, out: usize, into: usize, deviation: f32) {
        self.add(&format!("{name}.weight"), &[out, into], true, Filling::Random(deviation));
    }

    fn bias(&mut self, name: &str, size: usize) {
        self.add(&format!("{name}.bias"), &[size], false, Filling::Random(self.small));
    }

    fn norm(&mut self, name: &str) {
        self.add(&format!("{name}.weight"), &[self.width], false, Filling::Ones);
        self.bias(name, self.width);
    }

    /// With the norm before it. Keys have no bias.
    fn attention(&mut self, name: &str) {
        let width = self.width;
        for part in ["query", "key", "value"] {
            self.matrix(&format!("{name}.{part}"), width, width, WEIGHT);
            if part != "key" {
                self.bias(&format!("{name}.{part}"), width);
            }
        }
        self.matrix(&format!("{name}.out"), width, width, self.small);
        self.bias(&format!("{name}.out"), width);
        self.norm(&format!("{name}_ln"));
    }

    /// With the norm before it: four times as wide inside.
    fn perceptron(&mut self, block: &str) {
        let width = self.width;
        self.matrix(&format!("{block}.mlp.0"), 4 * width, width, WEIGHT);
        self.bias(&format!("{block}.mlp.0"), 4 * width);
        self.matrix(&format!("{block}.mlp.2"), width, 4 * width, self.small);
        self.bias(&format!("{block}.mlp.2"), width);
        self.norm(&format!("{block}.mlp_ln"));
    }
}
