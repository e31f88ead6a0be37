//! Text as cues are looked up in it, and lists of cues.

use referent_guards::{BadCues, Cues};
use serde::Deserialize;

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
        cues.0.occur_in_words(&self.0)
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

/// Cues as they stand in a [`Plain`]: also without punctuation, or they can never occur.
///
/// All of them are looked for in one pass: a sentence is held against some hundreds, and an hour of talk has more than a
/// thousand sentences.
#[derive(Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(super) struct Phrases(Cues);

impl TryFrom<Vec<String>> for Phrases {
    type Error = BadCues;

    fn try_from(cues: Vec<String>) -> Result<Self, BadCues> {
        let can_occur = |cue: &&String| Plain::of(Cues::bare(cue)).0.trim() == Cues::bare(cue);
        if let Some(cue) = cues.iter().find(|cue| !can_occur(cue)) {
            return Err(BadCues::NeverOccurs(cue.clone()));
        }
        Cues::try_from(cues).map(Self)
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
