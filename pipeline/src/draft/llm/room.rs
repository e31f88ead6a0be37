//! How much an answer may exceed what its area asks for, and still be shown.
//!
//! In: the area's limits, and in how many parts the call is read. Out: how many sentences of a part are shown, and how long
//! each may be. A model that counts badly has not written badly: a little more than was asked for is shown as it is. What goes
//! beyond is not (docs/areas.md, "Limits").
//!
//! Pure.

use crate::draft::prompt::share;
use referent_proto::Limits;

/// What is shown of one part's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Room {
    /// Sentences.
    pub(super) sentences: Option<usize>,
    /// Words of a sentence.
    pub(super) words: Option<usize>,
    /// Words that the area asks for, to say it once more.
    pub(super) asked_words: u32,
}

impl Room {
    pub(super) fn of(limits: Limits, parts: usize) -> Self {
        let sentences = limits.most_sentences.map(|most| {
            let most = most as usize;
            share(most + (most / 4).max(2), parts)
        });
        let words = limits.longest_sentence_words.map(|most| {
            let most = most as usize;
            most + (most / 2).max(10)
        });
        Self { sentences, words, asked_words: limits.longest_sentence_words.unwrap_or_default() }
    }

    /// Whether a sentence with so many words is shown.
    pub(super) fn has_words(&self, words: usize) -> bool {
        self.words.is_none_or(|most| words <= most)
    }

    /// Whether one more is shown behind so many.
    pub(super) fn has_place_behind(&self, sentences: usize) -> bool {
        self.sentences.is_none_or(|most| sentences < most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_more_than_was_asked_for_is_shown() {
        let check = |most_sentences, parts, expected| {
            let limits = Limits { most_sentences, ..Limits::default() };
            assert_eq!(Room::of(limits, parts).sentences, expected, "{most_sentences:?} in {parts}");
        };
        check(None, 1, None);
        check(Some(3), 1, Some(5));
        check(Some(8), 1, Some(10));
        check(Some(25), 1, Some(31));
        check(Some(100), 1, Some(125));
        check(Some(25), 4, Some(8));
        check(Some(3), 9, Some(1));
        let check = |longest_sentence_words, expected| {
            let limits = Limits { longest_sentence_words, ..Limits::default() };
            assert_eq!(Room::of(limits, 1).words, expected, "{longest_sentence_words:?}");
        };
        check(None, None);
        check(Some(8), Some(18));
        check(Some(20), Some(30));
        check(Some(35), Some(52));
        check(Some(60), Some(90));
    }
}
