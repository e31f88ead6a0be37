//! A list of cues, looked for in one pass (Aho and Corasick, 1975).
//!
//! A cue is whole words in small letters; `^` ties it to the beginning of the text, `*` leaves an end of it open.

use aho_corasick::{AhoCorasick, BuildError};
use serde::Deserialize;
use std::ops::Range;

/// The list.
#[derive(Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct Cues {
    finder: AhoCorasick,
    ties: Vec<Ties>,
}

struct Ties {
    to_the_beginning: bool,
    open_left: bool,
    open_right: bool,
}

/// Why a list of cues is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadCues {
    #[error("the cue {0:?} can never occur: write it in small letters, with single blanks")]
    NeverOccurs(String),
    #[error(transparent)]
    TooMany(#[from] BuildError),
}

impl Cues {
    /// Where the cues stand in the text, which is in small letters.
    pub(crate) fn find(&self, lower: &str) -> Vec<Range<usize>> {
        let holds = |pattern: usize, start: usize, end: usize| {
            let ties = &self.ties[pattern];
            let before = lower[..start].chars().next_back();
            let behind = lower[end..].chars().next();
            let apart = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
            (ties.open_left || apart(before))
                && (ties.open_right || apart(behind))
                && (!ties.to_the_beginning || !lower[..start].contains(char::is_alphanumeric))
        };
        let found = self.finder.find_overlapping_iter(lower);
        found.filter(|one| holds(one.pattern().as_usize(), one.start(), one.end())).map(|one| one.range()).collect()
    }

    /// Whether one of them does.
    pub(crate) fn occur_in(&self, lower: &str) -> bool {
        !self.find(lower).is_empty()
    }
}

impl TryFrom<Vec<String>> for Cues {
    type Error = BadCues;

    fn try_from(cues: Vec<String>) -> Result<Self, BadCues> {
        let taken_apart = cues.iter().map(|cue| {
            let (to_the_beginning, cue) = cue.strip_prefix('^').map_or((false, &**cue), |cue| (true, cue));
            let (open_left, cue) = cue.strip_prefix('*').map_or((false, cue), |cue| (true, cue));
            let (open_right, cue) = cue.strip_suffix('*').map_or((false, cue), |cue| (true, cue));
            (Ties { to_the_beginning, open_left, open_right }, cue)
        });
        let (ties, words): (Vec<Ties>, Vec<&str>) = taken_apart.unzip();
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
        check(&[], "og", false);
    }

    #[test]
    fn a_cue_that_can_never_occur_is_refused() {
        for cue in ["Har du", " har", "^", "*"] {
            assert!(Cues::try_from(vec![cue.to_owned()]).is_err(), "{cue:?}");
        }
    }
}
