//! The twelve sample calls, with what is truly said in them.

use crate::world::models_dir;
use anyhow::{Context as _, Result, ensure};
use referent_proto::Track;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A two-channel WAV and its text.
#[derive(Debug, Clone)]
pub struct SampleCall {
    /// Its file's stem.
    pub name: String,
    /// The sound.
    pub wav: PathBuf,
    /// What is said, in order.
    pub turns: Vec<Turn>,
    /// Length in seconds.
    pub duration_s: f64,
}

/// What one speaker says without being interrupted.
#[derive(Debug, Clone, Deserialize)]
pub struct Turn {
    channel: u8,
    /// Where it starts, seconds.
    pub start_s: f64,
    /// Where it ends, seconds.
    pub end_s: f64,
    /// What is said.
    pub text: String,
}

impl Turn {
    /// Who speaks: channel 0 is the caseworker.
    pub fn track(&self) -> Track {
        if self.channel == 0 { Track::Near } else { Track::Far }
    }
}

#[derive(Deserialize)]
struct Script {
    duration_s: f64,
    turns: Vec<Turn>,
}

impl SampleCall {
    /// All of them, by name.
    pub fn all() -> Result<Vec<Self>> {
        let folder = models_dir().join("demo-da/calls");
        let mut wavs: Vec<PathBuf> = std::fs::read_dir(&folder)
            .with_context(|| folder.display().to_string())?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "wav"))
            .collect();
        wavs.sort();
        ensure!(wavs.len() == 12, "{} holds {} calls, not 12", folder.display(), wavs.len());
        wavs.iter().map(|wav| Self::open(wav)).collect()
    }

    /// The one of that name.
    pub fn named(name: &str) -> Result<Self> {
        Self::open(&models_dir().join(format!("demo-da/calls/{name}.wav")))
    }

    fn open(wav: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(wav.with_extension("json")).with_context(|| wav.display().to_string())?;
        let Script { duration_s, turns } = serde_json::from_str(&text)?;
        let name = wav.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, wav: wav.to_owned(), turns, duration_s })
    }

    /// Everything that one side says.
    pub fn text_of(&self, track: Track) -> String {
        let said: Vec<&str> =
            self.turns.iter().filter(|turn| turn.track() == track).map(|turn| turn.text.as_str()).collect();
        said.join(" ")
    }

    /// A copy of seconds `from_s` to `to_s` in `folder`, for stories that cannot wait for a whole call.
    pub fn excerpt(&self, from_s: f64, to_s: f64, folder: &Path) -> Result<PathBuf> {
        let mut reader = hound::WavReader::open(&self.wav)?;
        let spec = reader.spec();
        let frames = |seconds: f64| (seconds * f64::from(spec.sample_rate)).round();
        let path = folder.join(format!("{}-{from_s}-{to_s}.wav", self.name));
        let mut writer = hound::WavWriter::create(&path, spec)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a short file, from 0")]
        let (first, last) = (frames(from_s) as u32, frames(to_s) as u32);
        reader.seek(first)?;
        let channels = usize::from(spec.channels);
        for sample in reader.samples::<i16>().take((last - first) as usize * channels) {
            writer.write_sample(sample?)?;
        }
        writer.finalize()?;
        Ok(path)
    }
}
