//! The words that an area tells its recognisers to expect, as the text that goes before what they hear.
//!
//! In: a [`Glossary`]. Out: an initial prompt, made once for each version of an area: the entries with ", " between them,
//! as many whole ones as the recogniser takes. Models keep the last part of a prompt that is too long, so it is cut here, at
//! its end: an area writes its most important words first.
//!
//! Promised: what was left out is said in the log, once, by the area's name and as a number, and never with a call; no
//! more than 64 prompts are kept. Not done here: what a model makes of it (`doubt::glossary` finds the one that
//! says it back).

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Prompts that are kept. Areas change seldom, and one of an older version can be made anew.
const VERSIONS: usize = 64;

/// What an area wants recognisers to expect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glossary {
    /// Whose it is.
    pub area: String,
    /// The version of the area's settings: the same one, the same words.
    pub version: String,
    /// Words and names, the most important first; none: nothing is told.
    pub words: Vec<String>,
}

/// The prompts that were made, in the form `P` that a recogniser takes.
#[derive(Debug)]
pub struct Prompts<P> {
    made: Mutex<HashMap<String, Arc<P>>>,
}

impl<P> Default for Prompts<P> {
    fn default() -> Self {
        Self { made: Mutex::default() }
    }
}

impl<P> Prompts<P> {
    /// The prompt of this version; `None` without words. `build` gives it, and how many entries are in it.
    pub fn of(&self, glossary: &Glossary, build: impl FnOnce(&[String]) -> (P, usize)) -> Option<Arc<P>> {
        if glossary.words.is_empty() {
            return None;
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prompt) = made.get(&glossary.version) {
            return Some(Arc::clone(prompt));
        }
        let (prompt, taken) = build(&glossary.words);
        let (area, left_out) = (glossary.area.as_str(), glossary.words.len() - taken.min(glossary.words.len()));
        if left_out > 0 {
            tracing::warn!(
                area,
                taken,
                left_out,
                "the glossary is longer than this recogniser takes; its end is left out"
            );
        } else {
            tracing::info!(area, taken, "the recogniser is told the glossary");
        }
        if made.len() >= VERSIONS {
            made.clear();
        }
        Some(Arc::clone(made.entry(glossary.version.clone()).or_insert(Arc::new(prompt))))
    }
}

/// The pieces that make the prompt's text when put together.
pub fn pieces(words: &[String]) -> impl Iterator<Item = String> {
    words.iter().enumerate().map(|(at, word)| if at == 0 { word.clone() } else { format!(", {word}") })
}

/// The text of at most so many characters, and how many entries are in it.
pub fn text(words: &[String], most: usize) -> (String, usize) {
    let (mut text, mut taken) = (String::new(), 0);
    for piece in pieces(words) {
        if text.chars().count() + piece.chars().count() > most {
            break;
        }
        text.push_str(&piece);
        taken += 1;
    }
    (text, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glossary(version: &str, words: &[&str]) -> Glossary {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Glossary { area: "barsel".into(), version: version.into(), words }
    }

    #[test]
    fn whole_words_are_taken_as_long_as_they_fit() {
        let words = glossary("1", &["barselsdagpenge", "Udbetaling Danmark", "ægtefælletillæg"]).words;
        assert_eq!(text(&words, 100), ("barselsdagpenge, Udbetaling Danmark, ægtefælletillæg".into(), 3));
        assert_eq!(text(&words, 52), ("barselsdagpenge, Udbetaling Danmark, ægtefælletillæg".into(), 3));
        assert_eq!(text(&words, 51), ("barselsdagpenge, Udbetaling Danmark".into(), 2));
        assert_eq!(text(&words, 14), (String::new(), 0));
        assert_eq!(text(&[], 14), (String::new(), 0));
    }

    #[test]
    fn a_prompt_is_made_once_for_each_version() {
        let prompts = Prompts::default();
        let made = |version: &str, words: &[&str]| {
            let mut times = 0;
            let prompt = prompts.of(&glossary(version, words), |words| {
                times += 1;
                text(words, 20)
            });
            (prompt.map(|prompt| prompt.as_str().to_owned()), times)
        };
        assert_eq!(made("1", &["barsel"]), (Some("barsel".into()), 1));
        assert_eq!(made("1", &["barsel"]), (Some("barsel".into()), 0));
        assert_eq!(made("2", &["pension"]), (Some("pension".into()), 1));
        assert_eq!(made("3", &[]), (None, 0));
        for version in 0..2 * VERSIONS {
            made(&format!("again {version}"), &["barsel"]);
        }
        assert!(prompts.made.lock().unwrap().len() <= VERSIONS);
    }
}
