//! Reads a number with what it counts: amounts of money, per cent, measures, durations.
//!
//! In: tokens and a place. Out: the number that begins there and its unit, if one was said.
//!
//! "12 kroner og 50 øre" is one amount; "en time og tre kvarter" is one duration. In "to til tre uger" both numbers
//! have the unit.

use crate::decimals::{self, Quantity};
use crate::number::Number;
use crate::reading::Value;
use crate::tokens::{Kind, Tokens};
use crate::units::{TimeUnit, Unit, behind_dot, danish, time_unit_at, unit_at};
use crate::{Form, Language};

/// A number with its unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Measure {
    pub(crate) value: Value,
    pub(crate) end: usize,
    pub(crate) form: Form,
    pub(crate) weak: bool,
}

/// What a number counts, whether money, a measure or time.
#[derive(Clone, Copy)]
enum Counted {
    Thing(Unit),
    Time(TimeUnit),
}

/// The number, with its unit, that begins at token `at`.
pub(crate) fn at(tokens: &Tokens<'_>, at: usize) -> Option<Measure> {
    if let Some(read) = in_one_word(tokens, at).or_else(|| doubled(tokens, at)).or_else(|| money_first(tokens, at)) {
        return Some(read);
    }
    if let Some(read) = an_hour(tokens, at) {
        return Some(read);
    }
    let read = decimals::at(tokens, at)?;
    let (counted, end) = match counted_at(tokens, behind_article(tokens, read)) {
        Some((counted, end)) => (Some(counted), end),
        None => (shared_unit(tokens, read.end), read.end),
    };
    let (value, end, form) = match counted {
        None => (Value::Number { number: read.number, unit: None }, end, read.form),
        Some(Counted::Thing(Unit::Oere)) => {
            let number = read.number.times(Number::ratio(1, 100)?)?;
            (Value::Number { number, unit: Some(Unit::Kroner) }, end, read.form)
        }
        Some(Counted::Thing(unit)) => {
            let (number, end, form) = with_oere(tokens, read, unit, end);
            (Value::Number { number, unit: Some(unit) }, end, form)
        }
        Some(Counted::Time(unit)) => {
            let (amount, unit, end) = with_smaller(tokens, read, unit, end);
            (Value::Duration { amount, unit }, end, read.form)
        }
    };
    // "en krone og fem øre" is no article any more.
    let alone = counted_at(tokens, behind_article(tokens, read)).is_none_or(|(_, unit_end)| unit_end == end);
    Some(Measure { value, end, form, weak: read.weak && alone })
}

/// "half an hour": the article behind a part of a whole.
fn behind_article(tokens: &Tokens<'_>, read: Quantity) -> usize {
    let part = tokens.language() == Language::English && read.number.as_whole().is_none();
    if part && matches!(tokens.word(read.end), "a" | "an") { read.end + 1 } else { read.end }
}

/// "an hour and a half", "a week": in English the article counts units of time, weakly.
fn an_hour(tokens: &Tokens<'_>, at: usize) -> Option<Measure> {
    if tokens.language() != Language::English || !matches!(tokens.word(at), "a" | "an" | "one") {
        return None;
    }
    let (unit, end) = time_unit_at(tokens, at + 1)?;
    let half = [(0, "and"), (1, "a"), (2, "half")].iter().all(|(next, word)| tokens.word(end + next) == *word);
    let one = Number::whole(1);
    let (amount, end) = if half { (one.plus(Number::ratio(1, 2)?)?, end + 3) } else { (one, end) };
    Some(Measure { value: Value::Duration { amount, unit }, end, form: Form::Spoken, weak: !half })
}

fn counted_at(tokens: &Tokens<'_>, at: usize) -> Option<(Counted, usize)> {
    if let Some((unit, end)) = time_unit_at(tokens, at) {
        return Some((Counted::Time(unit), end));
    }
    let (unit, end) = unit_at(tokens, at)?;
    Some((Counted::Thing(unit), end))
}

/// "to til tre uger", "500-600 kr.": the unit of the number behind.
fn shared_unit(tokens: &Tokens<'_>, at: usize) -> Option<Counted> {
    let between =
        matches!(tokens.mark(at), Some('-' | '–')) || matches!(tokens.word(at), "til" | "eller" | "to" | "or");
    if !between {
        return None;
    }
    let second = decimals::at(tokens, at + 1)?;
    counted_at(tokens, second.end).map(|(counted, _)| counted)
}

/// "og 50 øre" behind kroner, or "50" alone in words' way: "12 kroner og halvtreds".
fn with_oere(tokens: &Tokens<'_>, read: Quantity, unit: Unit, end: usize) -> (Number, usize, Form) {
    let plain = (read.number, end, read.form);
    if unit != Unit::Kroner || read.number.as_whole().is_none() {
        return plain;
    }
    let from = behind_dot(tokens, end);
    let from = if matches!(tokens.word(from), "og" | "and") { from + 1 } else { from };
    let Some(small) = decimals::at(tokens, from) else { return plain };
    let Some(oere) = small.number.as_whole().filter(|oere| *oere < 100) else { return plain };
    let Some((Unit::Oere, end)) = unit_at(tokens, small.end) else { return plain };
    match Number::ratio(oere, 100).and_then(|part| read.number.plus(part)) {
        Some(number) => (number, end, read.form.and(small.form)),
        None => plain,
    }
}

/// "og tre kvarter" behind an hour, "og 30 minutter", "og to måneder" behind a year.
fn with_smaller(tokens: &Tokens<'_>, read: Quantity, unit: TimeUnit, end: usize) -> (Number, TimeUnit, usize) {
    let plain = (read.number, unit, end);
    let and = tokens.word(end);
    if !matches!(and, "og" | "and") && !matches!(unit, TimeUnit::Hour) {
        return plain;
    }
    let from = if matches!(and, "og" | "and") { end + 1 } else { end };
    let sum = || {
        let small = decimals::at(tokens, from)?;
        let (smaller, end) = time_unit_at(tokens, small.end)?;
        let ((class, large), (other, little)) = (unit.basis(), smaller.basis());
        if class != other || little >= large || unit == TimeUnit::HalfYear {
            return None;
        }
        let factor = Number::ratio(little, large)?;
        Some((read.number.plus(small.number.times(factor)?)?, unit, end))
    };
    sum().unwrap_or(plain)
}

/// "kr. 500", "DKK 12.500", "€ 50".
fn money_first(tokens: &Tokens<'_>, at: usize) -> Option<Measure> {
    let unit = match (tokens.mark(at), tokens.word(at)) {
        (Some('€'), _) | (_, "eur") => Unit::Euro,
        (Some('$'), _) | (_, "usd") => Unit::Dollars,
        (Some('£'), _) | (_, "gbp") => Unit::Pounds,
        (_, "kr" | "dkk") => Unit::Kroner,
        _ => return None,
    };
    let from = behind_dot(tokens, at + 1);
    if tokens.kind(from) != Some(Kind::Digits) {
        return None;
    }
    let read = decimals::at(tokens, from)?;
    let end = match unit_at(tokens, read.end) {
        Some((same, end)) if same == unit => end,
        Some((Unit::Percent, _)) => return None,
        _ => read.end,
    };
    time_unit_at(tokens, read.end).is_none().then_some(())?;
    Some(Measure { value: Value::Number { number: read.number, unit: Some(unit) }, end, form: read.form, weak: false })
}

/// "dobbelt", "det dobbelte", "twice": a comparison, and weak.
fn doubled(tokens: &Tokens<'_>, at: usize) -> Option<Measure> {
    let times = match tokens.word(at) {
        "dobbelt" | "dobbelte" | "twice" | "double" => 2,
        "tredobbelt" | "tredobbelte" | "triple" => 3,
        _ => return None,
    };
    let value = Value::Number { number: Number::whole(times), unit: Some(Unit::Fold) };
    Some(Measure { value, end: at + 1, form: Form::Spoken, weak: true })
}

/// What a number and its unit in one word may end in; longer ends first.
const ENDS: [&str; 12] =
    ["dages", "ugers", "måneders", "årige", "årig", "års", "timers", "minutters", "dage", "uger", "timer", "kroners"];

/// "fjortendages", "treårig", "halvår", "fortnight": the number and the unit are one word, or the unit has none.
fn in_one_word(tokens: &Tokens<'_>, at: usize) -> Option<Measure> {
    let word = tokens.word(at);
    let spoken = |amount: Number, unit| Measure {
        value: Value::Duration { amount, unit },
        end: at + 1,
        form: Form::Spoken,
        weak: false,
    };
    if !tokens.atoms(at).is_empty() || word.len() < 5 {
        return None;
    }
    if tokens.language() != Language::Danish {
        return None;
    }
    let (stem, end) = ENDS.iter().find_map(|end| Some((word.strip_suffix(end)?, *end)))?;
    let amount = match stem {
        "halv" => Number::ratio(1, 2)?,
        "halvanden" => Number::ratio(3, 2)?,
        stem => {
            let inner = Tokens::new(stem, tokens.language());
            let read = crate::cardinals::at(&inner, 0).filter(|read| read.end == inner.len())?;
            Number::whole(read.value)
        }
    };
    if end == "kroners" {
        let value = Value::Number { number: amount, unit: Some(Unit::Kroner) };
        return Some(Measure { value, end: at + 1, form: Form::Spoken, weak: false });
    }
    Some(spoken(amount, danish(end)?))
}
