//! Finds places smaller than a municipality: villages, quarters, homes.
//!
//! In: tokens and the place of one. Out: the [`Found`] place that begins there.

use crate::find::Found;
use crate::lists;
use crate::tokens::Tokens;
use crate::{Confidence, Kind};

/// Whether a word stands where a place does.
pub(super) fn follows_preposition(tokens: &Tokens<'_>, at: usize) -> bool {
    matches!(tokens.word_before(at), "i" | "på" | "omkring" | "nær" | "udenfor")
}

fn is_small_town(tokens: &Tokens<'_>, at: usize) -> bool {
    let word = tokens.word(at);
    let town = lists::is_town(word) || lists::is_town(&format!("{word} {}", tokens.word(at + 1)));
    town && !lists::is_large_place(word)
}

/// Whether the word at `at` is a town here and no family name: "i Borup", "fra Hammel".
pub(super) fn is_place_here(tokens: &Tokens<'_>, at: usize) -> bool {
    matches!(tokens.word_before(at), "i" | "fra" | "nær") && lists::is_town(tokens.word(at))
}

pub(super) fn find(tokens: &Tokens<'_>, at: usize) -> Option<Found> {
    let word = tokens.word(at);
    let before = tokens.word_before(at);
    let there = matches!(before, "i" | "fra" | "til" | "nær" | "omkring" | "ved" | "udenfor" | "på");
    let there = there || is_small_town(tokens, at) && tokens.stands_out(at);
    if word.chars().count() < 2
        || !there
        || lists::is_organisation(word)
        || lists::is_large_place(word)
        || tokens.get(at)?.opens
    {
        return None;
    }
    let everyday = lists::is_common(word);
    let town = is_small_town(tokens, at)
        && (tokens.capital(at) || !everyday && !lists::is_ambiguous(word) && word.chars().count() > 3);
    let acronym = tokens.get(at).is_some_and(|token| token.text.chars().all(char::is_uppercase));
    let unknown = tokens.capital(at) && !everyday && !acronym;
    if !town && !unknown {
        return None;
    }
    let pair = lists::is_town(&format!("{word} {}", tokens.word(at + 1)));
    let mut to = if pair { at + 2 } else { at + 1 };
    while tokens.same_turn(at, to) && tokens.stands_out(to) && !lists::is_common(tokens.word(to)) && to < at + 4 {
        to += 1;
    }
    let words: Vec<&str> = (at..to).filter_map(|at| tokens.get(at)).map(|token| token.text).collect();
    let mut value = words.join(" ");
    if let Some(first) = value.chars().next() {
        value.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
    }
    Some(Found::new(Kind::Location, at, to, value, if town { Confidence::Likely } else { Confidence::Possible }))
}
