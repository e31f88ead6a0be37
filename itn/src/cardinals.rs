//! Reads whole numbers in words, and words mixed with digits.
//!
//! In: tokens and the place of one. Out: the longest [`Cardinal`] that begins there, if one does.
//!
//! The grammar is the same for both languages: what is below a hundred, hundreds of that, and thousands and more of
//! those, each with or without "og". Only what is below a hundred differs: "femogtyve" there, "twenty-five" here. Words
//! may be joined or apart, since writers and recognisers do both; a hyphen between words is glue. Digits take part
//! only beside words: "5 og tyve", "12 tusind".
//!
//! Not done here: digits alone ([`crate::decimals`]), ordinals, and numbers that are said in pieces
//! ([`crate::sequences`]).

pub mod da;
pub mod en;

use crate::tokens::{Atom, Kind, Tokens};
use crate::{Form, Language};

/// A whole number that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cardinal {
    /// Its value.
    pub value: u64,
    /// The token behind it.
    pub end: usize,
    /// In words, or mixed with digits.
    pub form: Form,
    /// A lone "en", "et" or "one", which mostly is no number.
    pub weak: bool,
}

/// A place between atoms: the next one, and the token behind the last one that was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) token: usize,
    pub(crate) atom: usize,
    pub(crate) end: usize,
    pub(crate) mixed: bool,
}

/// What stands at a place: part of a number word, or digits beside one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Atom(Atom),
    Digits(u64),
}

impl Place {
    pub(crate) fn at(token: usize) -> Self {
        Self { token, atom: 0, end: token, mixed: false }
    }

    /// What stands here, and the place behind it.
    pub(crate) fn next(self, tokens: &Tokens<'_>) -> Option<(Part, Self)> {
        let atoms = tokens.atoms(self.token);
        let token = self.token;
        if let Some(atom) = atoms.get(self.atom) {
            let mut next = Self { atom: self.atom + 1, end: token + 1, ..self };
            if next.atom == atoms.len() {
                next = Self { token: behind_glue(tokens, token + 1), atom: 0, ..next };
            }
            return Some((Part::Atom(*atom), next));
        }
        let value = small_digits(tokens, token)?;
        Some((Part::Digits(value), Self { token: token + 1, atom: 0, end: token + 1, mixed: true }))
    }

    /// The place behind `atom`, if that stands here.
    fn take(self, tokens: &Tokens<'_>, atom: Atom) -> Option<Self> {
        self.next(tokens).filter(|(part, _)| *part == Part::Atom(atom)).map(|(_, next)| next)
    }

    /// Whether a reading may end here: not inside a word.
    fn is_border(self) -> bool {
        self.atom == 0
    }
}

/// A hyphen with words close on both sides is no border.
fn behind_glue(tokens: &Tokens<'_>, at: usize) -> usize {
    let glue = matches!(tokens.mark(at), Some('-' | '‐' | '‑'))
        && tokens.glued(at)
        && tokens.glued(at + 1)
        && !tokens.atoms(at + 1).is_empty();
    if glue { at + 1 } else { at }
}

/// Digits from 1 to 999 that are no part of a longer written number.
fn small_digits(tokens: &Tokens<'_>, at: usize) -> Option<u64> {
    let digits = tokens.digits(at);
    let joins =
        |at: usize| matches!(tokens.mark(at), Some('.' | ',' | ':' | '/')) && tokens.glued(at) && tokens.glued(at + 1);
    let before = at >= 1 && tokens.glued(at) && (tokens.kind(at - 1) == Some(Kind::Word) || joins(at - 1));
    let behind = joins(at + 1) && tokens.kind(at + 2) == Some(Kind::Digits);
    if digits.is_empty() || digits.len() > 3 || digits.starts_with('0') || before || behind {
        return None;
    }
    digits.parse().ok()
}

/// The longest whole number in words that begins at token `at`.
pub fn at(tokens: &Tokens<'_>, at: usize) -> Option<Cardinal> {
    tokens.cardinal(at)
}

/// Reads what [`at`] tells.
pub(crate) fn parsed(tokens: &Tokens<'_>, at: usize) -> Option<Cardinal> {
    let start = Place::at(at);
    if let Some((Part::Atom(Atom::Zero), next)) = start.next(tokens) {
        return next.is_border().then_some(Cardinal { value: 0, end: next.end, form: Form::Spoken, weak: false });
    }
    if article(tokens, at) && matches!(tokens.word(at + 1), "par" | "eller") {
        return None; // "et par", "en eller anden"
    }
    let (value, place) = whole(tokens, start)?;
    if !place.is_border() || thanks(tokens, at, place.end) {
        return None;
    }
    // Digits alone are no words, and digits that only end in a plain word belong to `decimals`.
    if (at..place.end).all(|token| tokens.atoms(token).is_empty()) {
        return None;
    }
    let form = if place.mixed { Form::Mixed } else { Form::Spoken };
    let weak = value == 1 && place.end == at + 1 && article(tokens, at);
    Some(Cardinal { value, end: place.end, form, weak })
}

/// "tusind tak" is no number.
fn thanks(tokens: &Tokens<'_>, at: usize, end: usize) -> bool {
    end == at + 1
        && matches!(tokens.atoms(at), [Atom::Scale(_) | Atom::Hundred])
        && match tokens.language() {
            Language::Danish => tokens.word(end) == "tak",
            Language::English => matches!(tokens.word(end), "thanks" | "apologies"),
        }
}

fn article(tokens: &Tokens<'_>, at: usize) -> bool {
    !tokens.accented(at) && matches!(tokens.word(at), "en" | "et" | "one")
}

fn whole(tokens: &Tokens<'_>, start: Place) -> Option<(u64, Place)> {
    let (mut total, mut limit, mut place, mut read) = (0u64, u64::MAX, start, None);
    loop {
        let from = match read {
            Some(_) => place.take(tokens, Atom::And).unwrap_or(place),
            None => place,
        };
        let alone = match read {
            None => u64::MAX, // Digits alone are for `decimals`.
            Some(_) if from.end == place.end && from.atom == place.atom => 100,
            Some(_) => 1,
        };
        let counted = below_thousand(tokens, from, alone).or_else(|| {
            // "tusind" is one thousand; "millioner" is not one million.
            let (part, _) = from.next(tokens)?;
            (part == Part::Atom(Atom::Scale(1_000)) && read.is_none()).then_some((1, from))
        });
        let Some((count, behind)) = counted else { return read };
        match behind.next(tokens) {
            Some((Part::Atom(Atom::Scale(scale)), next)) if scale < limit => {
                total = total.checked_add(count.checked_mul(scale)?)?;
                (limit, place) = (scale, next);
                read = next_border(total, next, read);
            }
            // What follows a scale is below it; anything else begins a number of its own.
            _ if count < limit && behind.is_border() && !counts_a_scale(tokens, behind) => {
                return Some((total.checked_add(count)?, behind));
            }
            _ => return read,
        }
    }
}

/// Inside a word a number cannot end, but it can go on.
fn next_border(total: u64, next: Place, read: Option<(u64, Place)>) -> Option<(u64, Place)> {
    if next.is_border() { Some((total, next)) } else { read.or(Some((total, next))) }
}

fn counts_a_scale(tokens: &Tokens<'_>, place: Place) -> bool {
    matches!(place.next(tokens), Some((Part::Atom(Atom::Scale(_) | Atom::Hundred), _)))
}

/// What is below a thousand, or hundreds up to 9,900. Digits from `alone` on need no word behind them.
fn below_thousand(tokens: &Tokens<'_>, start: Place, alone: u64) -> Option<(u64, Place)> {
    let count = below_hundred(tokens, start).or_else(|| written(tokens, start, alone));
    let (hundreds, place) = if let Some((count, place)) = count {
        match place.take(tokens, Atom::Hundred) {
            Some(next) if (1..100).contains(&count) && !count.is_multiple_of(10) => (count * 100, next),
            _ => return Some((count, place)),
        }
    } else {
        let from = start.take(tokens, Atom::Article).unwrap_or(start);
        match from.take(tokens, Atom::Hundred) {
            Some(next) => (100, next),
            // "a thousand": the article is one.
            None if from.token != start.token => {
                return matches!(from.next(tokens), Some((Part::Atom(Atom::Scale(_)), _))).then_some((1, from));
            }
            None => return None,
        }
    };
    let from = place.take(tokens, Atom::And).unwrap_or(place);
    match below_hundred(tokens, from) {
        Some((rest, next)) if next.take(tokens, Atom::Hundred).is_none() => Some((hundreds + rest, next)),
        _ => match digits_behind_and(tokens, place, from) {
            Some((rest, next)) => Some((hundreds + rest, next)),
            None => Some((hundreds, place)),
        },
    }
}

/// "hundrede og 5": digits below a hundred, behind an "og" only.
fn digits_behind_and(tokens: &Tokens<'_>, place: Place, from: Place) -> Option<(u64, Place)> {
    if from.token == place.token && from.atom == place.atom {
        return None;
    }
    match from.next(tokens)? {
        (Part::Digits(value), next) if value < 100 => Some((value, next)),
        _ => None,
    }
}

/// Digits that count the word behind them, or that are long enough to stand alone.
fn written(tokens: &Tokens<'_>, start: Place, alone: u64) -> Option<(u64, Place)> {
    let (Part::Digits(value), next) = start.next(tokens)? else { return None };
    match next.next(tokens) {
        Some((Part::Atom(Atom::Hundred), _)) if value < 100 => Some((value, next)),
        Some((Part::Atom(Atom::Scale(_)), _)) => Some((value, next)),
        _ => (value >= alone).then_some((value, next)),
    }
}

pub(crate) fn below_hundred(tokens: &Tokens<'_>, start: Place) -> Option<(u64, Place)> {
    match tokens.language() {
        Language::Danish => da::below_hundred(tokens, start),
        Language::English => en::below_hundred(tokens, start),
    }
}

#[cfg(test)]
mod tests;
