//! Numbers, amounts, dates, times and sequences of digits: each in the draft has to be said in the cited turns.
//!
//! Read by `referent-itn`, written or spoken, and compared by value: "12.500 kr." is "tolv tusind fem hundrede kroner". What a
//! speaker takes back ("the second, no, sorry, the twelfth") does not count; what the draft resolves from the day of the call
//! ("tomorrow") does. Where a recogniser garbled a number word, what it may have been counts as well (`referent_itn::mended`);
//! what was not heard at all does not.
//!
//! Not done here: no sums. What nobody said in so many words is flagged, however right the arithmetic.

mod dates;

use crate::call::{Call, Claim, Said};
use crate::lexicon::Lexicon;
use crate::{Flag, Kind, Reason};
use jiff::civil::Date;
use referent_itn::{Language, read, sequences};
use std::ops::Range;

/// Bytes between a value and the one that takes its place: "…, nej, undskyld, jeg mener …".
const CORRECTION: usize = 60;

/// Bytes within which a turn that corrects says so.
const EARLY: usize = 16;

/// A value of a text.
#[derive(Clone)]
pub(crate) struct Value {
    /// Bytes of the text.
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
    read: referent_itn::Value,
    /// May well be no number at all.
    weak: bool,
    /// The speaker took it back.
    pub(crate) taken_back: bool,
}

impl Value {
    /// All values of a text; what is counted from the call's day is resolved by it.
    pub(crate) fn all_of(text: &str, language: Language, date: Option<Date>) -> Vec<Self> {
        let mut values: Vec<Self> = read(text, language, date)
            .into_iter()
            .map(|reading| Self {
                kind: match reading.value {
                    referent_itn::Value::Date(_)
                    | referent_itn::Value::Time(_)
                    | referent_itn::Value::Duration { .. } => Kind::Date,
                    _ => Kind::Number,
                },
                span: reading.span,
                read: reading.value,
                weak: reading.weak,
                taken_back: false,
            })
            .collect();
        let lower = text.to_lowercase();
        if lower.len() == text.len() {
            let marks = Lexicon::of(language).takes_back.find(&lower);
            for at in 1..values.len() {
                let (end, start) = (values[at - 1].span.end, values[at].span.start);
                let corrects = marks.iter().any(|mark| end <= mark.start && mark.end <= start);
                if corrects && start.saturating_sub(end) <= CORRECTION && values[at - 1].is_like(&values[at]) {
                    values[at - 1].taken_back = true;
                }
            }
        }
        values
    }

    /// Whether one may stand where the other stood.
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(&self.read) == std::mem::discriminant(&other.read)
            || self.kind == other.kind && self.kind == Kind::Number
    }

    /// Whether both say the same.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.read.agrees(&other.read)
    }

    /// Whether one of these turns says it, and does not take it back.
    pub(crate) fn is_said_in<'s>(&self, turns: impl Iterator<Item = &'s Said>) -> bool {
        turns.flat_map(Said::readings).any(|said| !said.taken_back && self.read.is_said_by(&said.read))
    }

    /// Whether it may well be no number.
    pub(crate) fn is_weak(&self) -> bool {
        self.weak
    }

    /// Whether a word of the text belongs to it.
    pub(crate) fn covers(&self, word: &Range<usize>) -> bool {
        !self.weak && self.span.start <= word.start && word.end <= self.span.end
    }

    /// Of the kind that notes are about.
    pub(crate) fn is_worth_noting(&self) -> bool {
        use referent_itn::Value as V;
        !self.weak
            && match &self.read {
                V::Number { unit, .. } => unit.is_some(),
                V::Digits(digits) => digits.iter().any(|digits| digits.len() >= 4),
                V::Date(_) => true,
                V::Ordinal(_) | V::Time(_) | V::Duration { .. } => false,
            }
    }
}

/// A turn that begins by taking back takes back the last value that its speaker said.
pub(crate) fn take_back_over_turns(turns: &mut [Said], lexicon: &Lexicon) {
    for at in 1..turns.len() {
        let begins = lexicon.corrects.find(&turns[at].lower).first().is_some_and(|mark| mark.start < EARLY);
        let Some(new) = turns[at].values.first().cloned() else { continue };
        let speaker = turns[at].speaker;
        let own = turns[..at].iter_mut().rev().take(2).find(|said| said.speaker == speaker);
        let Some(own) = own.filter(|_| begins) else { continue };
        for old in [own.values.last_mut(), own.values_mended.last_mut()].into_iter().flatten() {
            old.taken_back |= old.is_like(&new);
        }
    }
}

pub(crate) fn check(call: &Call, claim: &Claim<'_>, flags: &mut Vec<Flag>) {
    let texts = texts(call, claim);
    let language = call.about.spoken.unwrap_or(call.about.note);
    let joined: Vec<Value> = texts.iter().flat_map(|text| Value::all_of(text, language, call.about.date)).collect();
    let cited = || claim.cited.iter().map(|at| &call.turns[*at]);
    let everywhere = || call.turns.iter();
    for value in claim.values.iter().filter(|value| !value.weak) {
        let read = &value.read;
        let in_one =
            value.is_said_in(cited()) || joined.iter().any(|said| !said.taken_back && read.is_said_by(&said.read));
        let said = in_one
            || value.taken_back && is_taken_back(call, claim, value)
            || dates::is_said_in_pieces(read, &cited()) && !dates::is_of_another(call, claim, read)
            || dates::only_year(read)
                .is_some_and(|year| cited().flat_map(Said::readings).any(|said| dates::says_year(&said.read, year)))
            || is_spelled(read, &texts, language)
            || is_said_beside(call, claim, value);
        if !said {
            flags.push(flag(call, claim, value));
        } else if value.is_day()
            && (!dates::year_is_meant(read, call.about.date, everywhere())
                || dates::contradicts_calendar(read, call.about.date, everywhere()))
        {
            let whole = claim.whole(value.kind, Reason::NotSaid);
            flags.push(Flag { span: value.span.clone(), ..whole });
        }
    }
}

/// Whether the cited turns say it too, and take it back: a sentence that quotes "the third, no, the fourth" is right.
fn is_taken_back(call: &Call, claim: &Claim<'_>, value: &Value) -> bool {
    let mut readings = claim.cited_turns(call).flat_map(|(_, said)| said.readings());
    readings.any(|said| said.taken_back && value.read.is_said_by(&said.read))
}

/// Whether it is a date with its month that a turn beside a cited one says, and the cited ones say nothing else that could be meant: what
/// one of the two says the other repeats, and a recogniser may get one of both wrong. Numbers are too many for that.
fn is_said_beside(call: &Call, claim: &Claim<'_>, value: &Value) -> bool {
    if !dates::has_month(&value.read) {
        return false;
    }
    let beside = claim.cited.iter().flat_map(|at| [at.wrapping_sub(1), at + 1]);
    let beside = beside.filter_map(|at| call.turns.get(at)).filter(|said| !said.is_addressed);
    value.is_said_in(beside) && !is_said_otherwise(call, claim, value)
}

/// Whether a cited turn has a value that could stand in this one's place, and that the sentence does not have.
fn is_said_otherwise(call: &Call, claim: &Claim<'_>, value: &Value) -> bool {
    let own = |said: &Value| claim.values.iter().any(|value| value.read.is_said_by(&said.read));
    // "In October" is no other day than the twentieth of October.
    let is_coarser = |said: &Value| said.read.is_said_by(&value.read);
    let values = claim.cited_turns(call).flat_map(|(_, said)| &said.values);
    let is_day = |said: &Value| said.kind == value.kind || matches!(said.read, referent_itn::Value::Ordinal(_));
    let mut others = values.filter(|said| !said.weak && !said.taken_back && is_day(said));
    others.any(|said| !own(said) && !is_coarser(said))
}

/// Digits below which a sequence says nothing.
const FEWEST_DIGITS: usize = 4;

/// Whether a sequence of digits is said in pieces, digit by digit or in pairs, over several turns.
fn is_spelled(value: &referent_itn::Value, said: &[String], language: Language) -> bool {
    let is_said = |wanted: &str| {
        let length = wanted.len();
        length >= FEWEST_DIGITS
            && said.iter().any(|text| {
                let mut found = false;
                for stretch in sequences::stretches(text, language) {
                    stretch.each(length..=length, |one| found |= one.digits == wanted);
                }
                found
            })
    };
    match value {
        referent_itn::Value::Digits(all) => all.iter().any(|wanted| is_said(wanted)),
        referent_itn::Value::Number { number, unit: None } => {
            number.as_whole().is_some_and(|whole| is_said(&whole.to_string()))
        }
        _ => false,
    }
}

/// What each of them said in the cited turns, in one: a number may be told in pieces. As it was heard, and mended.
fn texts(call: &Call, claim: &Claim<'_>) -> Vec<String> {
    let of = |speaker, text: fn(&Said) -> &str| {
        let own = claim.cited_turns(call).filter(move |(_, said)| said.speaker == speaker);
        own.map(|(_, said)| text(said).trim_end_matches(['.', ',', ' ', '…'])).collect::<Vec<_>>().join(" ")
    };
    let speakers = [crate::Speaker::Caseworker, crate::Speaker::Citizen];
    let mut texts: Vec<String> = speakers.map(|speaker| of(speaker, |said| &said.text)).into();
    if claim.cited_turns(call).any(|(_, said)| said.mended.is_some()) {
        texts.extend(speakers.map(|speaker| of(speaker, |said| said.mended.as_deref().unwrap_or(&said.text))));
    }
    texts
}

fn flag(call: &Call, claim: &Claim<'_>, value: &Value) -> Flag {
    let flag =
        |reason, said: String, evidence| Flag { kind: value.kind, reason, span: value.span.clone(), said, evidence };
    let cited =
        || claim.cited_turns(call).flat_map(|(at, said)| said.values.iter().map(move |value| (at, said, value)));
    let words = |said: &Said, value: &Value| said.text[value.span.clone()].to_owned();
    if cited().any(|(_, _, said)| said.taken_back && value.read.is_said_by(&said.read)) {
        let instead = cited().filter(|(_, _, said)| !said.taken_back && said.is_like(value)).last();
        let (said, evidence) =
            instead.map_or((String::new(), Vec::new()), |(at, said, of)| (words(said, of), vec![at]));
        return flag(Reason::TakenBack, said, evidence);
    }
    let elsewhere: Vec<usize> =
        (0..call.turns.len()).filter(|at| value.is_said_in(std::iter::once(&call.turns[*at]))).collect();
    if let Some(first) = elsewhere.first() {
        return flag(Reason::SaidElsewhere, call.turns[*first].text.clone(), elsewhere);
    }
    let alike = cited().find(|(_, _, said)| said.is_like(value) && !said.weak && !said.taken_back);
    match alike.or_else(|| cited().find(|(_, _, said)| said.kind == value.kind && !said.weak)) {
        Some((at, said, of)) => flag(Reason::OtherValue, words(said, of), vec![at]),
        None => flag(Reason::NotSaid, String::new(), Vec::new()),
    }
}
