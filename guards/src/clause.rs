//! Clauses: the stretch in which a "not" or a "perhaps" counts.
//!
//! Cut at commas, full stops and the words that join clauses; no grammar. What is compared is the words of content they have
//! in common.

use crate::lexicon::Lexicon;
use crate::words::{Word, akin};
use std::ops::Range;

/// Some words of a text that belong together.
pub(crate) struct Clause<'a> {
    pub(crate) words: &'a [Word],
}

/// The clauses of a text, in order, none of them empty.
pub(crate) fn clauses(words: &[Word]) -> Vec<Clause<'_>> {
    let mut clauses = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let end = rest[1..].iter().position(|word| word.begins_clause).map_or(rest.len(), |at| at + 1);
        let (clause, behind) = rest.split_at(end);
        clauses.push(Clause { words: clause });
        rest = behind;
    }
    clauses
}

impl<'a> Clause<'a> {
    /// Bytes of the text.
    pub(crate) fn span(&self) -> Range<usize> {
        self.words[0].span.start..self.words[self.words.len() - 1].span.end
    }

    /// Its words of content.
    pub(crate) fn content(&self, lexicon: &'a Lexicon) -> impl Iterator<Item = &'a Word> {
        self.words.iter().filter(|word| word.is_content(lexicon))
    }

    /// How many words of content it has.
    pub(crate) fn weight(&self, lexicon: &'a Lexicon) -> usize {
        self.content(lexicon).count()
    }

    /// How many of these stems it has.
    pub(crate) fn shares(&self, stems: &[&str]) -> usize {
        stems.iter().filter(|stem| self.words.iter().any(|word| akin(&word.stem, stem))).count()
    }
}
