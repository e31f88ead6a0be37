//! Dates that are counted from the day of the call: "i morgen", "på torsdag", "om tre uger", "sidste år".
//!
//! In: tokens, a place, and the day of the call. Out: the date that begins there, resolved if that day is known.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::calendar::weekday_at;
use super::{Day, Found, Offset, When, number_of};
use crate::tokens::Tokens;
use crate::units::{TimeUnit, time_unit_at};
use crate::{Form, Language, decimals};

pub(super) fn at(tokens: &Tokens<'_>, at: usize, anchor: Option<Date>) -> Option<Found> {
    let danish = tokens.language() == Language::Danish;
    named_day(tokens, at, danish)
        .map(|(days, length, weak)| {
            let offset = Offset::Days(days);
            Found { when: distant(offset, anchor), end: at + length, form: Form::Spoken, weak }
        })
        .or_else(|| counted(tokens, at, anchor))
        .or_else(|| period(tokens, at, anchor))
        .or_else(|| weekday(tokens, at, anchor))
}

/// "i dag", "overmorgen", "yesterday": the days from the call, how many tokens, and whether it is a part of the day only.
fn named_day(tokens: &Tokens<'_>, at: usize, danish: bool) -> Option<(i32, usize, bool)> {
    if danish {
        let (word, length) = match tokens.word(at) {
            "i" => (tokens.word(at + 1), 2),
            word => (word.strip_prefix('i').filter(|rest| rest.len() > 2).unwrap_or(word), 1),
        };
        let apart = length == 2 || tokens.word(at).starts_with('i');
        return Some(match word {
            "dag" if apart => (0, length, false),
            "morgen" if apart => (1, length, false),
            "går" if apart => (-1, length, false),
            "overmorgen" => (2, length, false),
            "forgårs" => (-2, length, false),
            "aften" | "eftermiddag" | "formiddag" | "nat" | "morges" if length == 2 => (0, length, true),
            "aftes" if length == 2 => (-1, length, true),
            _ => return None,
        });
    }
    let the = usize::from(tokens.word(at) == "the");
    if tokens.word(at + the) == "day" {
        return match (tokens.word(at + the + 1), tokens.word(at + the + 2)) {
            ("after", "tomorrow") => Some((2, the + 3, false)),
            ("before", "yesterday") => Some((-2, the + 3, false)),
            _ => None,
        };
    }
    match tokens.word(at) {
        "today" => Some((0, 1, false)),
        "tonight" => Some((0, 1, true)),
        "tomorrow" => Some((1, 1, false)),
        "yesterday" => Some((-1, 1, false)),
        _ => None,
    }
}

/// "om 14 dage", "for to år siden", "two weeks ago".
fn counted(tokens: &Tokens<'_>, at: usize, anchor: Option<Date>) -> Option<Found> {
    let (from, ahead) = match tokens.word(at) {
        "om" | "in" => (at + 1, true),
        "for" => (at + 1, false),
        _ => (at, false),
    };
    let from = if matches!(tokens.word(from), "ca" | "cirka" | "about" | "omkring") {
        crate::units::behind_dot(tokens, from + 1)
    } else {
        from
    };
    let read = decimals::at(tokens, from)?;
    let (unit, end) = time_unit_at(tokens, read.end)?;
    let behind = matches!(tokens.word(end), "siden" | "ago");
    if ahead == behind || from == at && !behind {
        return None;
    }
    let (class, size) = unit.basis();
    let amount = i32::try_from(read.number.times(crate::number::Number::whole(size))?.as_whole()?).ok()?;
    let amount = if behind { -amount } else { amount };
    let offset = match class {
        1 => Offset::Days(amount),
        2 => Offset::Months(amount),
        _ => return None,
    };
    let mut when = distant(offset, anchor);
    if let Some(date) = when.any.first().copied() {
        // In weeks the week is meant as well as the day, in years the year.
        let whole = date.whole();
        let loose = match unit {
            TimeUnit::Week | TimeUnit::Fortnight => Some(Day { week: whole.week, ..Day::default() }),
            TimeUnit::Month | TimeUnit::HalfYear => Some(Day { year: date.year, month: date.month, ..Day::default() }),
            TimeUnit::Year => Some(Day { year: date.year, ..Day::default() }),
            _ => None,
        };
        when.any.extend(loose);
        if unit == TimeUnit::Year {
            when.any.push(Day { year: date.year, month: date.month, ..Day::default() });
        }
    }
    let end = if behind { end + 1 } else { end };
    Some(Found { when, end, form: read.form, weak: false })
}

fn distant(offset: Offset, anchor: Option<Date>) -> When {
    let span: Option<Span> = match offset {
        Offset::Days(days) => Span::new().try_days(days).ok(),
        Offset::Months(months) => Span::new().try_months(months).ok(),
    };
    let date = anchor.zip(span).and_then(|(anchor, span)| anchor.checked_add(span).ok());
    When { any: date.map(Day::of).into_iter().collect(), offset: Some(offset) }
}

/// "næste uge", "sidste måned", "i år", "last year".
fn period(tokens: &Tokens<'_>, at: usize, anchor: Option<Date>) -> Option<Found> {
    if tokens.word(at) == "i" && matches!(tokens.word(at + 1), "år" | "fjor" | "forfjor") {
        let years = match tokens.word(at + 1) {
            "år" => 0,
            "fjor" => -1,
            _ => -2,
        };
        return Some(spanning(TimeUnit::Year, years, at + 2, anchor));
    }
    let distance = which(tokens, at)?;
    let (unit, end) = match tokens.word(at + 1) {
        "kvartal" | "quarter" => return None,
        _ => time_unit_at(tokens, at + 1)?,
    };
    match unit {
        TimeUnit::Week | TimeUnit::Month | TimeUnit::Year => Some(spanning(unit, distance, end, anchor)),
        _ => None,
    }
}

/// How far "næste", "denne" and "sidste" are.
fn which(tokens: &Tokens<'_>, at: usize) -> Option<i32> {
    Some(match tokens.word(at) {
        "næste" | "kommende" | "next" | "coming" => 1,
        "denne" | "dette" | "indeværende" | "this" => 0,
        "sidste" | "forrige" | "last" | "previous" => -1,
        _ => return None,
    })
}

fn spanning(unit: TimeUnit, distance: i32, end: usize, anchor: Option<Date>) -> Found {
    let offset = match unit {
        TimeUnit::Week => Offset::Days(7 * distance),
        TimeUnit::Month => Offset::Months(distance),
        _ => Offset::Months(12 * distance),
    };
    let mut when = distant(offset, anchor);
    for day in &mut when.any {
        let whole = day.whole();
        *day = match unit {
            TimeUnit::Week => Day { week: whole.week, ..Day::default() },
            TimeUnit::Month => Day { year: day.year, month: day.month, ..Day::default() },
            _ => Day { year: day.year, ..Day::default() },
        };
    }
    Found { when, end, form: Form::Spoken, weak: false }
}

/// "på torsdag", "næste mandag", "i fredags", "torsdag".
fn weekday(tokens: &Tokens<'_>, at: usize, anchor: Option<Date>) -> Option<Found> {
    let (day_at, distance) = match tokens.word(at) {
        "på" | "on" => (at + 1, Some(1)),
        "i" => (at + 1, Some(-1)),
        _ => match which(tokens, at) {
            Some(distance) => (at + 1, Some(distance * 2)),
            None => (at, None),
        },
    };
    let weekday = weekday_at(tokens, day_at)?;
    let past = tokens.word(day_at).ends_with("gs") || tokens.word(at) == "i";
    let distance = if past { Some(-1) } else { distance };
    let day = |days: i64| {
        let date = anchor.and_then(|anchor| anchor.checked_add(days.days()).ok());
        date.map(Day::of)
    };
    // Days from the call to that weekday, 1 to 7.
    let ahead = anchor.map(|anchor| (i64::from(weekday) + 6 - i64::from(number_of(anchor.weekday()))) % 7 + 1);
    let any = ahead.map(|ahead| match distance {
        // "næste" is the coming one or the one after, "sidste" the last one or the one before.
        Some(2) => vec![day(ahead), day(ahead + 7)],
        Some(-2) => vec![day(ahead - 7), day(ahead - 14)],
        Some(1) => vec![day(ahead), day(ahead - 7).filter(|_| ahead == 7)],
        Some(-1) if ahead == 7 => vec![day(-7)],
        Some(-1) => vec![day(ahead - 7)],
        _ => vec![day(ahead), day(ahead - 7)],
    });
    let any: Vec<Day> = any.into_iter().flatten().flatten().collect();
    let any = if any.is_empty() { vec![Day { weekday: Some(weekday), ..Day::default() }] } else { any };
    Some(Found { when: When { any, offset: None }, end: day_at + 1, form: Form::Spoken, weak: distance.is_none() })
}
