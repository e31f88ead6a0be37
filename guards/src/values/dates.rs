//! Dates as a draft writes them out of what was said in pieces: "the eleventh of May, and again the nineteenth".
//!
//! A draft gives day, month and year, and often the weekday; a call gives each where it is needed. So a date is held against
//! the cited turns part by part, the year against the day of the call, and the weekday against the calendar.

use super::Value;
use crate::call::{Call, Claim, Said};
use crate::clause::clauses;
use crate::words::Word;
use jiff::civil::Date;
use referent_itn::Value as V;
use referent_itn::dates::{Day, When};

/// Days from the call beyond which a year that nobody said is not meant: a little over half a year.
const NEAR: i32 = 200;

/// The one day that a value means, if it is a date.
fn day_of(value: &V) -> Option<&Day> {
    match value {
        V::Date(When { any, .. }) if any.len() == 1 => any.first(),
        _ => None,
    }
}

/// Whether it is a date of which the month is known.
pub(super) fn has_month(value: &V) -> bool {
    day_of(value).is_some_and(|day| day.month.is_some())
}

/// Whether day, month and weekday are each said in these turns, though not in one go.
pub(super) fn is_said_in_pieces<'s>(value: &V, turns: &(impl Iterator<Item = &'s Said> + Clone)) -> bool {
    let Some(day) = day_of(value) else { return false };
    let Some(number) = day.day else { return false };
    let values = || turns.clone().flat_map(Said::readings).filter(|value| !value.taken_back);
    let dates = || {
        values().filter_map(|value| match &value.read {
            V::Date(when) => Some(&when.any),
            _ => None,
        })
    };
    let says = |fits: &dyn Fn(&Day) -> bool| dates().flatten().any(|said| fits(&said.whole()));
    // "The nineteenth": the day without its month.
    let alone = values().any(|value| match &value.read {
        V::Ordinal(nth) => *nth == u64::from(number),
        V::Date(when) => when.any.iter().any(|said| said.day == Some(number) && said.month.is_none()),
        _ => false,
    });
    alone
        && day.month.is_none_or(|month| says(&|said| said.month == Some(month)))
        && day.weekday.is_none_or(|weekday| says(&|said| said.weekday == Some(weekday)) || calendar_agrees(day))
}

/// Whether the day that stands alone belongs to something else: "It arrived on the ninth of March. The deadline was the
/// second." The clause with another day shares words with the sentence, and the clause with this one none.
pub(super) fn is_of_another(call: &Call, claim: &Claim<'_>, value: &V) -> bool {
    // With its weekday it was said as a whole day.
    let Some(number) = day_of(value).filter(|day| day.weekday.is_none()).and_then(|day| day.day) else { return false };
    let stems: Vec<&str> = claim
        .content(call)
        .filter(|word| !claim.values.iter().any(|value| value.covers(&word.span)))
        .map(|word| word.stem.as_str())
        .collect();
    let (mut this, mut other) = (None, None);
    for (_, said) in claim.cited_turns(call) {
        for clause in clauses(&said.words) {
            let span = clause.span();
            let shared = clause.shares(&stems);
            let inside = |word: &&Word| said.values.iter().any(|value| value.covers(&word.span));
            let has_matter = clause.content(call.spoken).any(|word| !inside(&word));
            for value in said.values.iter().filter(|value| span.start <= value.span.start && value.span.end <= span.end)
            {
                let most = match &value.read {
                    V::Ordinal(nth) if *nth == u64::from(number) && has_matter => &mut this,
                    V::Date(when) if has_matter && when.any.iter().any(|day| day.day == Some(number)) => &mut this,
                    V::Ordinal(_) => &mut other,
                    V::Date(when) if when.any.iter().any(|day| day.day.is_some()) => &mut other,
                    _ => continue,
                };
                *most = (*most).max(Some(shared));
            }
        }
    }
    matches!((this, other), (Some(0), Some(other)) if other > 0)
}

/// Whether the weekday is that of the date, as far as both are known.
fn calendar_agrees(day: &Day) -> bool {
    let without = Day { weekday: None, ..*day };
    match (day.weekday, without.whole().weekday) {
        (Some(said), Some(is)) => said == is,
        _ => true,
    }
}

/// Whether date and weekday cannot both be right, and nobody said that weekday.
pub(super) fn contradicts_calendar<'s>(value: &V, date: Option<Date>, turns: impl Iterator<Item = &'s Said>) -> bool {
    let Some(day) = day_of(value) else { return false };
    let Some(weekday) = day.weekday else { return false };
    let mut day = *day;
    if day.year.is_none()
        && let (Some(month), Some(number), Some(date)) = (day.month, day.day, date)
    {
        day.year = nearest_year(month, number, date);
    }
    let mut values = turns.flat_map(Said::readings);
    !calendar_agrees(&day)
        && !values.any(|value| match &value.read {
            V::Date(when) => when.any.iter().any(|said| said.weekday == Some(weekday) && said.day.is_none()),
            _ => false,
        })
}

/// Whether the year is that of the call, the one that makes the date nearest to it, or one that was said.
pub(super) fn year_is_meant<'s>(value: &V, date: Option<Date>, turns: impl Iterator<Item = &'s Said>) -> bool {
    let (Some(day), Some(date)) = (day_of(value), date) else { return true };
    let (Some(year), false, Some(month), Some(number)) = (day.year, day.short, day.month, day.day) else { return true };
    year == date.year()
        || nearest_year(month, number, date) == Some(year)
        || turns.flat_map(Said::readings).any(|value| says_year(&value.read, year))
}

/// Whether a year is said, in four digits or two, or by its distance.
pub(super) fn says_year(value: &V, year: i16) -> bool {
    let short = u64::from((year % 100).unsigned_abs());
    match value {
        V::Date(when) => when.any.iter().any(|day| {
            day.year.is_some_and(|said| said == year || (day.short || said < 100) && said % 100 == year % 100)
        }),
        V::Number { number, .. } => {
            let whole = number.as_whole();
            whole == Some(short) || whole == u64::try_from(year).ok()
        }
        V::Digits(digits) => digits.iter().any(|digits| digits.parse() == Ok(year)),
        _ => false,
    }
}

/// The year that a value is, if it is one and nothing more.
pub(super) fn only_year(value: &V) -> Option<i16> {
    match value {
        V::Date(_) => {
            let day = day_of(value)?;
            let bare = day.month.is_none() && day.day.is_none() && day.week.is_none() && day.quarter.is_none();
            day.year.filter(|_| bare && !day.short)
        }
        V::Number { number, unit: None } => {
            let whole = number.as_whole().filter(|whole| (1900..2100).contains(whole))?;
            i16::try_from(whole).ok()
        }
        _ => None,
    }
}

fn nearest_year(month: u8, day: u8, date: Date) -> Option<i16> {
    let at = |year: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    [date.year() - 1, date.year(), date.year() + 1].into_iter().find(|year| {
        at(*year).and_then(|other| other.since(date).ok()).is_some_and(|away| away.get_days().abs() <= NEAR)
    })
}

impl Value {
    /// Whether it is a day of the calendar.
    pub(super) fn is_day(&self) -> bool {
        day_of(&self.read).is_some_and(|day| day.day.is_some())
    }
}
