//! A list of cues, looked for in one pass (Aho and Corasick, 1975).
//!
//! A cue is whole words in small letters; `^` ties it to the beginning of the text, `*` leaves an end of it open. What ends a
//! word is for whoever asks to say: to the guards "mail" stands in "e-mail", to the embedded drafter it does not.

use aho_corasick::{AhoCorasick, BuildError};
use serde::Deserialize;
use std::ops::Range;

/// The list.
#[derive(Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Cues {
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

/// Why a list of cues is none.
#[derive(Debug, thiserror::Error)]
pub enum BadCues {
    /// What is looked through is small letters.
    #[error(
        "the cue {0:?} can never occur: write it in small letters, with single blanks and, for a drafter, without punctuation"
    )]
    NeverOccurs(String),
    /// More than an automaton can hold.
    #[error(transparent)]
    TooMany(#[from] BuildError),
}

impl Cues {
    /// Where the cues stand in the text, which is in small letters.
    pub(crate) fn find(&self, lower: &str) -> Vec<Range<usize>> {
        self.stand_in(lower, char::is_alphanumeric).collect()
    }

    /// Whether one of them does.
    pub(crate) fn occur_in(&self, lower: &str) -> bool {
        self.stand_in(lower, char::is_alphanumeric).next().is_some()
    }

    /// Whether one of them stands in a text of words that only blanks part: "e-mail" is one.
    pub fn occur_in_words(&self, words: &str) -> bool {
        self.stand_in(words, |letter| letter != ' ').next().is_some()
    }

    fn stand_in<'a>(
        &'a self,
        text: &'a str,
        is_of_word: impl Fn(char) -> bool + Copy + 'a,
    ) -> impl Iterator<Item = Range<usize>> + 'a {
        let apart = move |letter: Option<char>| !letter.is_some_and(is_of_word);
        let holds = move |pattern: usize, start: usize, end: usize| {
            let ties = &self.ties[pattern];
            (ties.open_left || apart(text[..start].chars().next_back()))
                && (ties.open_right || apart(text[end..].chars().next()))
                && (!ties.to_the_beginning || !text[..start].contains(is_of_word))
        };
        let found = self.finder.find_overlapping_iter(text);
        found.filter(move |one| holds(one.pattern().as_usize(), one.start(), one.end())).map(|one| one.range())
    }

    /// The words of a cue, without what ties it.
    pub fn bare(cue: &str) -> &str {
        Ties::taken_off(cue).1
    }
}

impl Ties {
    fn taken_off(cue: &str) -> (Self, &str) {
        let (to_the_beginning, cue) = cue.strip_prefix('^').map_or((false, cue), |cue| (true, cue));
        let (open_left, cue) = cue.strip_prefix('*').map_or((false, cue), |cue| (true, cue));
        let (open_right, cue) = cue.strip_suffix('*').map_or((false, cue), |cue| (true, cue));
        (Self { to_the_beginning, open_left, open_right }, cue)
    }
}

impl TryFrom<Vec<String>> for Cues {
    type Error = BadCues;

    fn try_from(cues: Vec<String>) -> Result<Self, BadCues> {
        let (ties, words): (Vec<Ties>, Vec<&str>) = cues.iter().map(|cue| Ties::taken_off(cue)).unzip();
        let can_occur = |word: &&&str| !word.is_empty() && word.trim() == **word && word.to_lowercase() == **word;
        if let Some(word) = words.iter().find(|word| !can_occur(word)) {
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
            let cues = Cues::try_from(cues.iter().map(|&cue| cue.to_owned()).collect::<Vec<_>>()).unwrap();
            assert_eq!(cues.occur_in(text), expected, "{text:?}");
        };
        check(&["min pension"], "jeg ringer om min pension.", true);
        check(&["min pension"], "jeg ringer om min pensionsalder.", false);
        check(&["min pension*"], "jeg ringer om min pensionsalder.", true);
        check(&["*pension"], "jeg får førtidspension, tak.", true);
        check(&["^har du"], "»har du den?", true);
        check(&["^har du"], "og har du den?", false);
        check(&["mail"], "min e-mail", true);
        // One within another, one that ends where another begins.
        check(&["har du", "du den i", "har du den"], "og har du den?", true);
        check(&["har d", "u den i", "du den"], "og har du den?", true);
        check(&[], "og", false);
    }

    #[test]
    fn only_blanks_part_words_where_that_is_asked_for() {
        let check = |cue: &str, words: &str, expected: bool| {
            let cues = Cues::try_from(vec![cue.to_owned()]).unwrap();
            assert_eq!(cues.occur_in_words(words), expected, "{cue:?} in {words:?}");
        };
        check("mail", " min e-mail ", false);
        check("*mail", " min e-mail ", true);
        check("e-mail", " min e-mail ", true);
        check("^min", " min e-mail ", true);
        check("^e-mail", " min e-mail ", false);
    }

    #[test]
    fn a_cue_that_can_never_occur_is_refused() {
        for cue in ["Har du", " har", "^", "*"] {
            assert!(Cues::try_from(vec![cue.to_owned()]).is_err(), "{cue:?}");
        }
    }
}
