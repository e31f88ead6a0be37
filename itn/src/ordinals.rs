//! Reads ordinals: "3.", "3rd", "tredje", "en og tyvende", "hundrede og femte".
//!
//! In: tokens and a place. Out: the [`Nth`] that begins there.
//!
//! "3." is an ordinal only if a small letter follows in the sentence: a full stop behind a number that ends a sentence
//! is a full stop.

use crate::cardinals::{Part, Place, below_hundred};
use crate::tokens::{Atom, Kind, Tokens};
use crate::{Form, Language};

/// An ordinal that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Nth {
    pub(crate) value: u64,
    pub(crate) end: usize,
    pub(crate) form: Form,
    /// "første", "anden", "second": mostly no number.
    pub(crate) weak: bool,
}

/// The ordinal that begins at token `at`.
pub(crate) fn at(tokens: &Tokens<'_>, at: usize) -> Option<Nth> {
    if tokens.kind(at) == Some(Kind::Digits) {
        return written(tokens, at).filter(|read| tokens.language() == Language::English || goes_on(tokens, read.end));
    }
    spoken(tokens, at)
}

/// "3." or "3rd", whatever follows.
pub(crate) fn written(tokens: &Tokens<'_>, at: usize) -> Option<Nth> {
    let digits = tokens.digits(at);
    let value = if (1..=3).contains(&digits.len()) { digits.parse().ok()? } else { return None };
    let marked = match tokens.language() {
        Language::Danish => tokens.mark(at + 1) == Some('.') && tokens.kind(at + 2) != Some(Kind::Mark),
        Language::English => matches!(tokens.word(at + 1), "st" | "nd" | "rd" | "th"),
    };
    let decimal = tokens.language() == Language::Danish && tokens.glued(at + 2) && !tokens.digits(at + 2).is_empty();
    let sound = marked && tokens.glued(at + 1) && !decimal && value > 0;
    sound.then_some(Nth { value, end: at + 2, form: Form::Written, weak: false })
}

fn goes_on(tokens: &Tokens<'_>, at: usize) -> bool {
    !tokens.word(at).is_empty() && !tokens.capital(at) && !tokens.glued(at)
}

fn spoken(tokens: &Tokens<'_>, at: usize) -> Option<Nth> {
    if tokens.atoms(at).is_empty() {
        return None;
    }
    let start = Place::at(at);
    let (value, place) = whole(tokens, start)?;
    let (weak, none) = match tokens.word(at) {
        "første" | "anden" | "andet" | "first" | "second" => (place.end == at + 1, false),
        // Idioms: "min syvende sans", "i syvende himmel".
        "syvende" => (false, matches!(tokens.word(at + 1), "sans" | "himmel")),
        _ => (false, false),
    };
    // Hundredths and thirds are parts, not ranks; "second" may be a unit of time.
    let form = if place.mixed { Form::Mixed } else { Form::Spoken };
    (place.atom == 0 && !none).then_some(Nth { value, end: place.end, form, weak })
}

/// Hundreds and thousands, then what is below a hundred and ends in an ordinal.
fn whole(tokens: &Tokens<'_>, start: Place) -> Option<(u64, Place)> {
    let (mut total, mut place) = (0u64, start);
    for base in [1_000, 100] {
        if let Some((more, next)) = hundreds(tokens, place, base) {
            total += more;
            place = next;
        }
    }
    let from = if total == 0 { place } else { skip(tokens, place, Atom::And) };
    if let Some((value, place)) = last(tokens, from) {
        return Some((total + value, place));
    }
    let count = below_hundred(tokens, from).unwrap_or((1, from));
    match count.1.next(tokens)? {
        (Part::Atom(Atom::NthScale(scale)), next) => Some((total + count.0 * scale, next)),
        _ => None,
    }
}

fn hundreds(tokens: &Tokens<'_>, place: Place, base: u64) -> Option<(u64, Place)> {
    let (count, behind) = below_hundred(tokens, place).unwrap_or((1, place));
    match behind.next(tokens)? {
        (Part::Atom(Atom::Hundred), next) if base == 100 => Some((count * 100, next)),
        (Part::Atom(Atom::Scale(1_000)), next) if base == 1_000 => Some((count * 1_000, next)),
        _ => None,
    }
}

fn skip(tokens: &Tokens<'_>, place: Place, atom: Atom) -> Place {
    place.next(tokens).filter(|(part, _)| *part == Part::Atom(atom)).map_or(place, |(_, next)| next)
}

fn last(tokens: &Tokens<'_>, place: Place) -> Option<(u64, Place)> {
    match place.next(tokens)? {
        (Part::Atom(Atom::NthUnit(value) | Atom::NthTen(value)), next) => Some((value.into(), next)),
        (Part::Atom(Atom::Unit(unit)), next) => {
            let and = skip(tokens, next, Atom::And);
            match and.next(tokens)? {
                (Part::Atom(Atom::NthTen(ten)), behind) if and.end > next.end || and.atom != next.atom => {
                    Some((u64::from(unit + ten), behind))
                }
                _ => None,
            }
        }
        (Part::Atom(Atom::Ten(ten)), next) => match next.next(tokens)? {
            (Part::Atom(Atom::NthUnit(unit @ 1..=9)), behind) => Some((u64::from(ten + unit), behind)),
            _ => None,
        },
        _ => None,
    }
}
