//! Finds out what a model writes where nobody speaks, and writes it down for `transcribe::doubt`.
//!
//! In: a recogniser. Out: for every kind of sound that an open telephone line carries without a voice, the texts that
//! came and how often; and the list that lies beside the model. All sound is made here, by arithmetic and a seeded source
//! of chance: silence, hiss, music, babble without words, the Danish ringing tone, dialling tones.
//!
//! Promised: the same seed, recogniser and seconds give the same list, in order of how often a sentence came. A piece
//! has 2 to 12 s, as a segment has. Not done here: nothing is suppressed, and nothing is judged: a text that is no text
//! (`...`) is left out of the list, everything else stands in it.

pub mod sounds;

use crate::config::Context;
use crate::transcribe::doubt::inventions::words;
use crate::transcribe::{Cancel, NotHeard, Recognizer, Request};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_proto::Pcm;
use sounds::Kind;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The shortest piece, in samples at 16 kHz: 2 s.
const SHORTEST: usize = 32_000;
/// The longest, as long as a segment may be: 12 s.
const LONGEST: usize = 192_000;

/// How the model is listened to.
#[derive(Debug, Clone)]
pub struct Plan {
    /// "da" or "en".
    pub language: String,
    /// How much the encoder looks at: as in the calls that the list is for.
    pub context: Context,
    /// So much of each kind of sound, in seconds; at least one piece.
    pub seconds_each: u32,
    /// Where chance begins.
    pub seed: u64,
}

/// A text that came out of a sound without words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Harvested {
    /// Out of which.
    pub sound: Kind,
    /// As the model wrote it the first time. It is no speech of a person, so it is no secret.
    pub text: String,
    /// So many pieces gave it.
    pub times: u32,
}

/// The list cannot be written. For a person to mend.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be written: {error}; make its folder writable, or write the list elsewhere")]
pub struct NotWritten {
    path: PathBuf,
    error: std::io::Error,
}

/// Plays every kind of sound to the recogniser. Blocks for as long as that takes it.
pub fn harvest(recogniser: &mut dyn Recognizer, plan: &Plan) -> Result<Vec<Harvested>, NotHeard> {
    let mut chance = StdRng::seed_from_u64(plan.seed);
    let mut harvested = Vec::new();
    for sound in Kind::ALL {
        let mut found: HashMap<Vec<String>, (String, u32)> = HashMap::new();
        let mut left = usize::try_from(plan.seconds_each).unwrap_or(usize::MAX).saturating_mul(16_000).max(1);
        while left > 0 {
            let samples = chance.random_range(SHORTEST..=LONGEST);
            left = left.saturating_sub(samples);
            let pcm = sound.make(samples, &mut chance);
            let heard =
                recogniser.hear(&Request::of_sound(Pcm(pcm), &plan.language, plan.context), &Cancel::default())?;
            let text = heard.text.into_revealed();
            let key = words(&text);
            if !key.is_empty() {
                found.entry(key).or_insert((text, 0)).1 += 1;
            }
        }
        let found = found.into_values().map(|(text, times)| Harvested { sound, text, times });
        harvested.extend(found);
    }
    harvested.sort_by(|a, b| (b.times, a.sound, &a.text).cmp(&(a.times, b.sound, &b.text)));
    Ok(harvested)
}

/// The list as `Inventions` reads it: each sentence once, with what it came from before it.
pub fn list(harvested: &[Harvested], model: &str) -> String {
    let mut text = format!(
        "# What {model} writes where nobody speaks, found by `referent-pipeline harvest`. One sentence a line; a line\n\
         # that begins with # says what gave it and how often. Take away what people do say on a faint line.\n"
    );
    let mut seen = std::collections::HashSet::new();
    for one in harvested.iter().filter(|one| seen.insert(words(&one.text))) {
        let same = harvested.iter().filter(|other| words(&other.text) == words(&one.text));
        let sounds: Vec<String> = same.map(|other| format!("{} {}", other.sound, other.times)).collect();
        // A text has no line ends of its own; if one has, they would make two sentences of it.
        let sentence = one.text.split_whitespace().collect::<Vec<_>>().join(" ");
        // A sentence that began with # would be taken for a comment.
        let sentence = sentence.trim_start_matches(['#', ' ']);
        // Writing to a string cannot fail.
        let _written = write!(text, "\n# {}\n{sentence}\n", sounds.join(", "));
    }
    text
}

/// Writes the list.
pub fn write_list(path: &Path, harvested: &[Harvested], model: &str) -> Result<(), NotWritten> {
    std::fs::write(path, list(harvested, model)).map_err(|error| NotWritten { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests;
