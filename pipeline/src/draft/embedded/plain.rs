//! Text as cues are looked up in it, and lists of cues.

use aho_corasick::{AhoCorasick, BuildError};
use serde::Deserialize;
use thiserror::Error;

/// Lower case, one blank between words and at both ends, no punctuation but inside numbers.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub(super) struct Plain(String);

impl From<String> for Plain {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl Plain {
    pub(super) fn of(text: &str) -> Self {
        let mut plain = String::with_capacity(text.len() + 2);
        plain.push(' ');
        for word in text.split(|c: char| c.is_whitespace() || "/()»«\"“”„[]".contains(c)) {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '%');
            if !word.is_empty() {
                plain.extend(word.chars().flat_map(char::to_lowercase));
                plain.push(' ');
            }
        }
        Self(plain)
    }

    /// Whether one of the cues occurs.
    pub(super) fn has_any(&self, cues: &Phrases) -> bool {
        let found = cues.finder.find_overlapping_iter(&self.0);
        found.into_iter().any(|found| cues.ties[found.pattern()].hold(&self.0, found.start(), found.end()))
    }

    pub(super) fn words(&self) -> usize {
        self.iter().count()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| !word.is_empty())
    }

    /// The first word, and what is behind it.
    pub(super) fn without_first(&self) -> Option<(&str, Self)> {
        let (first, rest) = self.0.trim_start().split_once(' ')?;
        Some((first, Self(format!(" {rest}"))))
    }

    /// The words with a digit.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &str> {
        self.iter().filter(|word| word.contains(|c: char| c.is_ascii_digit()))
    }
}

/// A list of cues: whole words each; `^` ties one to the beginning of the sentence, `*` leaves an end of it open.
///
/// All of them are looked for in one pass (Aho and Corasick, 1975): a sentence is held against some hundreds, and an hour
/// of talk has more than a thousand sentences.
#[derive(Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(super) struct Phrases {
    finder: AhoCorasick,
    /// Of each cue.
    ties: Vec<Ties>,
}

/// What has to stand around a cue.
struct Ties {
    to_the_beginning: bool,
    open_left: bool,
    open_right: bool,
}

impl Ties {
    fn hold(&self, plain: &str, start: usize, end: usize) -> bool {
        let left = self.open_left || plain[..start].ends_with(' ');
        let right = self.open_right || plain[end..].starts_with(' ');
        left && right && (!self.to_the_beginning || start == 1)
    }
}

/// Why a list of cues is none.
#[derive(Debug, Error)]
pub(super) enum BadCues {
    /// What is looked through is small letters without punctuation.
    #[error("the cue {0:?} can never occur: write it in small letters and without punctuation")]
    NeverOccurs(String),
    /// More than an automaton can hold.
    #[error(transparent)]
    TooMany(#[from] BuildError),
}

impl TryFrom<Vec<String>> for Phrases {
    type Error = BadCues;

    fn try_from(cues: Vec<String>) -> Result<Self, BadCues> {
        let taken_apart = cues.iter().map(|cue| {
            let (to_the_beginning, cue) = cue.strip_prefix('^').map_or((false, &**cue), |cue| (true, cue));
            let (open_left, cue) = cue.strip_prefix('*').map_or((false, cue), |cue| (true, cue));
            let (open_right, cue) = cue.strip_suffix('*').map_or((false, cue), |cue| (true, cue));
            (Ties { to_the_beginning, open_left, open_right }, cue)
        });
        let (ties, words): (Vec<Ties>, Vec<&str>) = taken_apart.unzip();
        if let Some(word) = words.iter().find(|word| Plain::of(word).0.trim() != **word) {
            return Err(BadCues::NeverOccurs((*word).to_owned()));
        }
        Ok(Self { finder: AhoCorasick::new(words)?, ties })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cue_is_whole_words() {
        let check = |cues: &[&str], text: &str, expected: bool| {
            let phrases = Phrases::try_from(cues.iter().map(|&cue| cue.to_owned()).collect::<Vec<_>>());
            assert_eq!(Plain::of(text).has_any(&phrases.expect("cues")), expected, "{cues:?} in {text:?}");
        };
        check(&["min pension"], "Jeg ringer om min pension.", true);
        check(&["min pension"], "Jeg ringer om min pensionsalder.", false);
        check(&["min pension*"], "Jeg ringer om min pensionsalder.", true);
        check(&["*pension"], "Jeg får førtidspension, tak.", true);
        check(&["pension"], "Jeg får førtidspension, tak.", false);
        check(&["^har du"], "Har du den?", true);
        check(&["^har du"], "Og har du den?", false);
        // One within another, one that ends where another begins.
        check(&["har du", "du den i", "har du den"], "Og har du den?", true);
        check(&["har d", "u den i", "du den"], "Og har du den?", true);
        check(&[], "Og har du den?", false);
    }

    #[test]
    fn a_cue_that_can_never_occur_is_refused() {
        for cue in ["Har du", "har du?", "har  du", "^ *"] {
            let refused = Phrases::try_from(vec!["tak".to_owned(), cue.to_owned()]);
            assert!(matches!(refused, Err(BadCues::NeverOccurs(_))), "{cue:?}");
        }
    }
}
