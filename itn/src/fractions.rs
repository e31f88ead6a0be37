//! Reads parts of a whole: halves, quarters, thirds, and one and a half.
//!
//! In: tokens and a place. Out: the fraction that begins there, or the half that follows a number.

use crate::cardinals;
use crate::cardinals::da;
use crate::decimals::Quantity;
use crate::number::Number;
use crate::tokens::{Atom, Tokens};
use crate::{Form, Language};

/// The fraction that begins at token `at`.
pub(crate) fn at(tokens: &Tokens<'_>, at: usize) -> Option<Quantity> {
    signs(tokens, at).or_else(|| match tokens.language() {
        Language::Danish => danish(tokens, at),
        Language::English => english(tokens, at),
    })
}

fn quantity(numerator: u64, denominator: u64, end: usize, form: Form) -> Option<Quantity> {
    Some(Quantity { number: Number::ratio(numerator, denominator)?, end, form, weak: false })
}

/// "½", and the few that are hardly ever a date: "1/2", "3/4".
fn signs(tokens: &Tokens<'_>, at: usize) -> Option<Quantity> {
    match tokens.mark(at) {
        Some('½') => return quantity(1, 2, at + 1, Form::Written),
        Some('¼') => return quantity(1, 4, at + 1, Form::Written),
        Some('¾') => return quantity(3, 4, at + 1, Form::Written),
        _ => (),
    }
    let slash = tokens.mark(at + 1) == Some('/') && tokens.glued(at + 1) && tokens.glued(at + 2);
    let more = tokens.glued(at + 3) && matches!(tokens.mark(at + 3), Some('-' | '/' | '.')) && tokens.glued(at + 4);
    match (tokens.digits(at), tokens.digits(at + 2)) {
        _ if !slash || more && !tokens.digits(at + 4).is_empty() => None,
        ("1", "2") => quantity(1, 2, at + 3, Form::Written),
        ("1", "3") => quantity(1, 3, at + 3, Form::Written),
        ("2", "3") => quantity(2, 3, at + 3, Form::Written),
        ("1", "4") => quantity(1, 4, at + 3, Form::Written),
        ("3", "4") => quantity(3, 4, at + 3, Form::Written),
        _ => None,
    }
}

fn danish(tokens: &Tokens<'_>, at: usize) -> Option<Quantity> {
    match tokens.word(at) {
        "halvanden" | "halvandet" => return quantity(3, 2, at + 1, Form::Spoken),
        "halvdelen" | "halvdel" | "halvparten" => return quantity(1, 2, at + 1, Form::Spoken),
        "en" | "et" | "den" | "det" if danish_half(tokens.word(at + 1)) && !is_split_ten(tokens, at + 1) => {
            let weak = matches!(tokens.word(at), "den" | "det");
            return quantity(1, 2, at + 2, Form::Spoken).map(|read| Quantity { weak, ..read });
        }
        "en" if tokens.word(at + 1) == "kvart" => return quantity(1, 4, at + 2, Form::Spoken),
        "trekvart" => return quantity(3, 4, at + 1, Form::Spoken),
        _ => (),
    }
    if let Some(part) = danish_part(tokens.word(at)) {
        return quantity(1, part, at + 1, Form::Spoken);
    }
    let (count, end, form) = count(tokens, at)?;
    match tokens.word(end) {
        "halve" => quantity(count, 2, end + 1, form),
        word => quantity(count, danish_part(word)?, end + 1, form),
    }
}

fn count(tokens: &Tokens<'_>, at: usize) -> Option<(u64, usize, Form)> {
    if let Ok(count @ 1..=99) = tokens.digits(at).parse() {
        return Some((count, at + 1, Form::Mixed));
    }
    // No more than a hundred parts, so what is longer need not be read.
    if !matches!(tokens.atoms(at), [Atom::Unit(_) | Atom::Teen(_)]) {
        return None;
    }
    cardinals::at(tokens, at).filter(|read| read.value < 100).map(|read| (read.value, read.end, Form::Spoken))
}

fn danish_half(word: &str) -> bool {
    matches!(word, "halv" | "halvt" | "halve")
}

/// "halv fems": not a half, but ninety.
fn is_split_ten(tokens: &Tokens<'_>, at: usize) -> bool {
    matches!(tokens.atoms(at + 1), [Atom::Stump(_) | Atom::Ten(60)])
}

/// Which part "tredjedel" is.
fn danish_part(word: &str) -> Option<u64> {
    let stem = ["delene", "delen", "dele", "dels", "del"].iter().find_map(|end| word.strip_suffix(end))?;
    let mut atoms = Vec::new();
    da::atoms(stem, &mut atoms);
    match atoms[..] {
        [Atom::NthUnit(part @ 3..) | Atom::NthTen(part)] => Some(part.into()),
        [Atom::Hundred] => Some(100),
        [Atom::Scale(1_000)] => Some(1_000),
        _ => None,
    }
}

fn english(tokens: &Tokens<'_>, at: usize) -> Option<Quantity> {
    match (tokens.word(at), tokens.word(at + 1)) {
        ("half", "past") => return None,
        ("half", _) if matches!(tokens.atoms(at + 1), [Atom::Unit(_) | Atom::Teen(_)]) => return None, // half two
        ("half", _) => return quantity(1, 2, at + 1, Form::Spoken),
        ("a" | "one", "half") => return quantity(1, 2, at + 2, Form::Spoken),
        ("a" | "one", "quarter") if !on_the_clock(tokens.word(at + 2)) => return quantity(1, 4, at + 2, Form::Spoken),
        ("a" | "one", part) => {
            let part = english_part(part).filter(|_| tokens.word(at) == "one" || tokens.word(at + 2) == "of")?;
            return quantity(1, part, at + 2, Form::Spoken);
        }
        _ => (),
    }
    let (count, end, form) = count(tokens, at)?;
    let end = if tokens.mark(end) == Some('-') && tokens.glued(end + 1) { end + 1 } else { end };
    let part = tokens.word(end).strip_suffix('s').and_then(english_part)?;
    if tokens.word(end) == "seconds" { None } else { quantity(count, part, end + 1, form) }
}

fn on_the_clock(word: &str) -> bool {
    matches!(word, "past" | "to" | "before" | "after")
}

fn english_part(word: &str) -> Option<u64> {
    Some(match word {
        "half" => 2,
        "third" => 3,
        "quarter" | "fourth" => 4,
        "fifth" => 5,
        "sixth" => 6,
        "seventh" => 7,
        "eighth" => 8,
        "ninth" => 9,
        "tenth" => 10,
        "hundredth" => 100,
        _ => return None,
    })
}

/// "to en halv", "2 og en halv", "two and a half", "2½".
pub(crate) fn with_half(tokens: &Tokens<'_>, read: Quantity) -> Option<Quantity> {
    let (part, end, form) = match tokens.language() {
        _ if tokens.mark(read.end).is_some() => {
            let sign = signs(tokens, read.end)?;
            (sign.number, sign.end, Form::Written)
        }
        Language::Danish => {
            let at = if tokens.word(read.end) == "og" { read.end + 1 } else { read.end };
            let article = matches!(tokens.word(at), "en" | "et");
            let part = match tokens.word(at + 1) {
                half if danish_half(half) && !is_split_ten(tokens, at + 1) => Number::ratio(1, 2)?,
                "kvart" if at > read.end => Number::ratio(1, 4)?,
                _ => return None,
            };
            if !article || on_a_clock(tokens, at + 2) && at == read.end {
                return None;
            }
            (part, at + 2, Form::Spoken)
        }
        Language::English => {
            let article = tokens.word(read.end) == "and" && tokens.word(read.end + 1) == "a";
            let three = tokens.word(read.end) == "and" && tokens.word(read.end + 1) == "three";
            let part = match tokens.word(read.end + 2) {
                "half" if article => Number::ratio(1, 2)?,
                "quarter" if article => Number::ratio(1, 4)?,
                "quarters" if three => Number::ratio(3, 4)?,
                _ => return None,
            };
            (part, read.end + 3, Form::Spoken)
        }
    };
    let number = read.number.as_whole().and_then(|_| read.number.plus(part))?;
    Some(Quantity { number, end, form: read.form.and(form), weak: false })
}

/// "en halv fire": the half belongs to the hour.
fn on_a_clock(tokens: &Tokens<'_>, at: usize) -> bool {
    matches!(tokens.atoms(at), [Atom::Unit(_) | Atom::Teen(10..=12)])
}
