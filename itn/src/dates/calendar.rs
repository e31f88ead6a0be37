//! Dates of the calendar: "den 3. maj 2026", "den tredje i femte", "3/5", "2026-05-03", "uge 32", "ultimo maj".
//!
//! In: tokens and a place. Out: the date that begins there.

use super::{Day, Found, Part, When};
use crate::tokens::{Atom, Kind, Tokens};
use crate::units::{behind_dot, time_unit_at, unit_at};
use crate::{Form, Language, cardinals, fractions, months, ordinals};

/// A part of a date: its value, the token behind it, and its form.
type Piece = (u8, usize, Form);

pub(super) fn at(tokens: &Tokens<'_>, at: usize) -> Option<Found> {
    let led = matches!(tokens.word(at), "på" | "næste" | "on" | "next") && weekday_at(tokens, at + 1).is_some();
    let at = if led { at + 1 } else { at };
    let weekday = weekday_at(tokens, at);
    let from = weekday.map_or(at, |_| if tokens.mark(at + 1) == Some(',') { at + 2 } else { at + 1 });
    let (from, told) = match tokens.word(from) {
        "den" | "the" if tokens.language() == Language::English || tokens.word(from) == "den" => (from + 1, true),
        "d" if !tokens.digits(behind_dot(tokens, from + 1)).is_empty() => (behind_dot(tokens, from + 1), true),
        _ => (from, false),
    };
    let dated = digits_only(tokens, from, told)
        .or_else(|| day_and_month(tokens, from, told))
        .or_else(|| month_first(tokens, from).filter(|_| !told));
    if let Some((mut day, end, form)) = dated {
        day.weekday = weekday;
        let part = tokens.mark(at + 1) == Some('/') && end == at + 3 && fractions::at(tokens, at).is_some();
        return Some(Found { weak: part, ..found(day, end, form) });
    }
    if weekday.is_some() || told && from > at + 2 {
        return None; // A weekday alone is counted from the call.
    }
    if told {
        return lone_day(tokens, from);
    }
    period(tokens, at)
}

fn found(day: Day, end: usize, form: Form) -> Found {
    Found { when: When::day(day), end, form, weak: false }
}

pub(super) fn weekday_at(tokens: &Tokens<'_>, at: usize) -> Option<u8> {
    let word = tokens.word(at);
    let plain = word.strip_suffix('s').unwrap_or(word);
    (1..).zip(months::weekdays(tokens.language())).find(|(_, day)| *day == plain).map(|(number, _)| number)
}

/// "2026-05-03", "3.5.2026", "3/5", "3/5-26", "3. 5. 2026".
fn digits_only(tokens: &Tokens<'_>, at: usize, told: bool) -> Option<(Day, usize, Form)> {
    let first = tokens.digits(at);
    let close = |at: usize| tokens.glued(at);
    if first.len() == 4 && close(at + 1) && tokens.mark(at + 1) == Some('-') {
        let (month, day) = (small(tokens.digits(at + 2))?, small(tokens.digits(at + 4))?);
        let sound = tokens.mark(at + 3) == Some('-') && [2, 3, 4].iter().all(|next| close(at + next));
        let day = checked(Some((first.parse().ok()?, false)), month, day)?;
        return sound.then_some((day, at + 5, Form::Written));
    }
    let (a, b) = (small(first)?, small(tokens.digits(at + 2)).or_else(|| small(tokens.digits(at + 3)))?);
    let mark = tokens.mark(at + 1).filter(|mark| close(at + 1) && matches!(mark, '.' | '/' | '-'))?;
    let spaced = small(tokens.digits(at + 2)).is_none();
    // "3. 5." has a space behind the point, as some write it; nothing else has.
    if spaced || mark == '.' && !close(at + 2) {
        let at_month = at + 2;
        let month = small(tokens.digits(at_month))?;
        let point = mark == '.' && tokens.mark(at_month + 1) == Some('.') && close(at_month + 1);
        let year = numeric_year(tokens, at_month + 2);
        if !point || year.is_none() && !told {
            return None;
        }
        let end = year.map_or(at_month + 2, |(_, _, end)| end);
        return Some((checked(year.map(|(year, short, _)| (year, short)), month, a)?, end, Form::Written));
    }
    if !close(at + 2) {
        return None;
    }
    let end = at + 3;
    let next = tokens.mark(end).filter(|next| close(end) && close(end + 1) && matches!(next, '.' | '/' | '-'));
    let year = match next {
        Some(next) if next == mark || next == '-' => numeric_year(tokens, end + 1),
        Some(_) => return None,
        None if mark == '/' || told => {
            let from = if tokens.mark(end) == Some('.') { end + 1 } else { end };
            numeric_year(tokens, from).filter(|(year, short, _)| !short && (1900..2100).contains(year))
        }
        None => None,
    };
    // "3-5" is a range, "3.5" a number and "24/7" is always.
    let plain = year.is_none();
    if plain
        && (mark == '-'
            || mark == '.' && !(told && tokens.language() == Language::Danish)
            || (a, b) == (24, 7) && !told)
    {
        return None;
    }
    if mark == '-' && year.is_some_and(|(_, short, _)| short) && !told || plain && next.is_some() {
        return None;
    }
    let end = year.map_or(end, |(_, _, end)| end);
    let year = year.map(|(year, short, _)| (year, short));
    let month_first = tokens.language() == Language::English && b > 12;
    let day = if month_first { checked(year, a, b) } else { checked(year, b, a) }?;
    Some((day, end, Form::Written))
}

fn small(digits: &str) -> Option<u8> {
    if digits.len() <= 2 { digits.parse().ok() } else { None }
}

/// A year in four digits or two.
fn numeric_year(tokens: &Tokens<'_>, at: usize) -> Option<(i16, bool, usize)> {
    let digits = tokens.digits(at);
    let year: i16 = match digits.len() {
        2 | 4 => digits.parse().ok()?,
        _ => return None,
    };
    let short = digits.len() == 2;
    (short || (1800..2200).contains(&year)).then_some((year, short, at + 1))
}

fn checked(year: Option<(i16, bool)>, month: u8, day: u8) -> Option<Day> {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=longest).contains(&day).then_some(Day {
        year: year.map(|(year, _)| year),
        short: year.is_some_and(|(_, short)| short),
        month: Some(month),
        day: Some(day),
        ..Day::default()
    })
}

/// "3. maj", "tredje maj toogtyve", "den tredje i femte", "3rd of May 2026".
fn day_and_month(tokens: &Tokens<'_>, at: usize, told: bool) -> Option<(Day, usize, Form)> {
    let (day, from, form, ranked) = day_at(tokens, at)?;
    let (month, from, month_form) = month_behind(tokens, from, ranked, told)?;
    let year = year_at(tokens, from, true);
    let end = year.map_or(from, |(_, _, end, _)| end);
    let form = year.map_or(form.and(month_form), |(.., year)| form.and(month_form).and(year));
    // The month's name is the same in digits and in words, so that "3. maj" is written and "tredje maj" spoken.
    Some((checked(year.map(|(year, short, ..)| (year, short)), month, day)?, end, form))
}

/// A day of the month, and whether it was said as an ordinal.
fn day_at(tokens: &Tokens<'_>, at: usize) -> Option<(u8, usize, Form, bool)> {
    if let Some(nth) = ordinals::written(tokens, at).or_else(|| ordinals::at(tokens, at)) {
        return Some((u8::try_from(nth.value).ok().filter(|day| *day <= 31)?, nth.end, nth.form, true));
    }
    if let Some(day) = small(tokens.digits(at)) {
        let alone = !(tokens.glued(at) && at > 0 && tokens.mark(at - 1).is_some_and(|mark| matches!(mark, ',' | '.')));
        return (alone && (1..=31).contains(&day)).then_some((day, at + 1, Form::Written, false));
    }
    let number = cardinals::at(tokens, at).filter(|number| (1..=31).contains(&number.value) && !number.weak)?;
    Some((u8::try_from(number.value).ok()?, number.end, number.form, false))
}

fn month_behind(tokens: &Tokens<'_>, at: usize, ranked: bool, told: bool) -> Option<Piece> {
    let from = match tokens.word(at) {
        "i" | "of" if ranked => at + 1,
        _ => at,
    };
    if let Some(month) = months::named(tokens.word(from), tokens.language()) {
        // A point behind "jan." belongs to it where the sentence goes on with a year.
        let short = tokens.word(from).len() <= 4 && tokens.word(from) != "maj" && tokens.word(from) != "may";
        let end = behind_dot(tokens, from + 1);
        let goes_on = short && (!tokens.digits(end).is_empty() || !tokens.word(end).is_empty() && !tokens.capital(end));
        return Some((month, if goes_on { end } else { from + 1 }, neutral(tokens, at)));
    }
    if tokens.language() == Language::English || !ranked {
        return None;
    }
    // "den tredje i femte", "den 3. i 5.", and "den tredje femte" if "den" stood before.
    let with_i = from > at;
    let from = if tokens.word(from) == "den" { from + 1 } else { from };
    let nth = ordinals::written(tokens, from).or_else(|| ordinals::at(tokens, from))?;
    let month = u8::try_from(nth.value).ok().filter(|month| *month <= 12)?;
    let sound = with_i || told && nth.form == Form::Spoken;
    sound.then_some((month, nth.end, nth.form))
}

/// A month's name takes the form of the day before it.
fn neutral(tokens: &Tokens<'_>, at: usize) -> Form {
    let written =
        at > 0 && (tokens.kind(at - 1) == Some(Kind::Digits) || at > 1 && tokens.kind(at - 2) == Some(Kind::Digits));
    if written { Form::Written } else { Form::Spoken }
}

/// A year: in digits, in words, or in two digits where `short_too`.
pub(super) fn year_at(tokens: &Tokens<'_>, at: usize, short_too: bool) -> Option<(i16, bool, usize, Form)> {
    let at = if tokens.mark(at) == Some(',') && tokens.digits(at + 1).len() == 4 { at + 1 } else { at };
    let (year, short, end, form) =
        written_year(tokens, at, short_too).or_else(|| spoken_year(tokens, at, short_too))?;
    let counted = unit_at(tokens, end).is_some() || time_unit_at(tokens, end).is_some();
    let clock = matches!(tokens.word(end), "over" | "past" | "o'clock") || short && tokens.word(end) == "i";
    (!counted && !clock).then_some((year, short, end, form))
}

fn written_year(tokens: &Tokens<'_>, at: usize, short_too: bool) -> Option<(i16, bool, usize, Form)> {
    if matches!(tokens.mark(at), Some('\'' | '’')) && tokens.glued(at + 1) {
        let year = small(tokens.digits(at + 1)).filter(|_| tokens.digits(at + 1).len() == 2)?;
        return Some((year.into(), true, at + 2, Form::Written));
    }
    let (year, short, end) = numeric_year(tokens, at)?;
    let inside = tokens.glued(end) && matches!(tokens.mark(end), Some('.' | ',' | ':')) && tokens.glued(end + 1);
    let longer = inside && !tokens.digits(end + 1).is_empty();
    ((short_too || !short) && !longer).then_some((year, short, end, Form::Written))
}

fn spoken_year(tokens: &Tokens<'_>, at: usize, short_too: bool) -> Option<(i16, bool, usize, Form)> {
    let number = cardinals::at(tokens, at)?;
    let value = i16::try_from(number.value).ok()?;
    if (1800..2200).contains(&value) {
        return Some((value, false, number.end, number.form));
    }
    // "nitten femogfirs", "tyve seksogtyve", "twenty twenty-six", "nitten nul fem"
    let century = match tokens.atoms(at) {
        [Atom::Teen(18)] => Some(18),
        [Atom::Teen(19)] => Some(19),
        [Atom::Ten(20)] => Some(20),
        _ => None,
    };
    if let Some(century) = century {
        let zero = matches!(tokens.word(at + 1), "nul" | "oh" | "o" | "zero");
        let rest = cardinals::at(tokens, if zero { at + 2 } else { at + 1 });
        let rest = rest.filter(|rest| if zero { rest.value < 10 } else { (10..100).contains(&rest.value) });
        if let Some(rest) = rest {
            return Some((
                century * 100 + i16::try_from(rest.value).ok()?,
                false,
                rest.end,
                number.form.and(rest.form),
            ));
        }
    }
    (short_too && (10..100).contains(&value)).then_some((value, true, number.end, number.form))
}

/// "May 3rd, 2026", "May 3", "maj 2026", "maj måned", "maj".
fn month_first(tokens: &Tokens<'_>, at: usize) -> Option<(Day, usize, Form)> {
    let month = months::named(tokens.word(at), tokens.language())?;
    let short = tokens.word(at).len() == 3 && tokens.word(at) != "maj" && tokens.word(at) != "may";
    if tokens.language() == Language::English {
        let from = if tokens.word(at + 1) == "the" { at + 2 } else { at + 1 };
        if let Some((day, end, form, ranked)) = day_at(tokens, from)
            && (ranked || tokens.digits(from).len() <= 2 && !tokens.digits(from).is_empty())
        {
            let year = year_at(tokens, end, ranked && form == Form::Spoken);
            let end = year.map_or(end, |(_, _, end, _)| end);
            return Some((checked(year.map(|(year, short, ..)| (year, short)), month, day)?, end, form));
        }
        // "may" and "march" are months only where a small word says so.
        let doubtful = matches!(tokens.word(at), "may" | "march" | "mar" | "sep" | "dec" | "jan" | "jun" | "jul");
        let led = at > 0
            && matches!(
                tokens.word(at - 1),
                "in" | "of"
                    | "by"
                    | "since"
                    | "until"
                    | "from"
                    | "during"
                    | "last"
                    | "next"
                    | "this"
                    | "early"
                    | "late"
            );
        let year = year_at(tokens, at + 1, false);
        if doubtful && !led && year.is_none() {
            return None;
        }
    } else if short && year_at(tokens, behind_dot(tokens, at + 1), false).is_none() {
        return None; // "mar" and "sep" alone are hardly months.
    }
    let from = if matches!(tokens.word(at + 1), "måned") { at + 2 } else { at + 1 };
    let year = year_at(tokens, from, false);
    let day = Day {
        month: Some(month),
        year: year.map(|(year, ..)| year),
        short: year.is_some_and(|(_, short, ..)| short),
        ..Day::default()
    };
    let form = year.map_or(Form::Spoken, |(.., form)| form);
    Some((day, year.map_or(from, |(_, _, end, _)| end), form))
}

/// "den 3." and nothing of a month behind it.
fn lone_day(tokens: &Tokens<'_>, at: usize) -> Option<Found> {
    let nth = ordinals::written(tokens, at).filter(|nth| nth.value <= 31)?;
    // "den 3. ansøgning" ranks what follows.
    if ordinals::at(tokens, at).is_some() && !matches!(tokens.word(nth.end), "og" | "eller" | "til" | "and" | "or") {
        return None;
    }
    Some(found(Day { day: u8::try_from(nth.value).ok(), ..Day::default() }, nth.end, nth.form))
}

/// "uge 32", "1. kvartal", "ultimo maj", "år 2026", "i 2026".
fn period(tokens: &Tokens<'_>, at: usize) -> Option<Found> {
    match tokens.word(at) {
        "uge" | "week" => {
            let from = if tokens.word(at + 1) == "nummer" { at + 2 } else { at + 1 };
            let number = small(tokens.digits(from)).map(|week| (week, from + 1, Form::Written)).or_else(|| {
                let read = cardinals::at(tokens, from)?;
                Some((u8::try_from(read.value).ok()?, read.end, read.form))
            });
            let (week, end, form) = number.filter(|(week, ..)| (1..=53).contains(week))?;
            Some(found(Day { week: Some(week), ..Day::default() }, end, form))
        }
        "primo" | "starten" | "begyndelsen" | "start" | "beginning" | "early" => {
            in_part(tokens, at + 1, Part::Beginning)
        }
        "medio" | "midt" | "midten" | "mid" | "middle" => in_part(tokens, at + 1, Part::Middle),
        "ultimo" | "slutningen" | "udgangen" | "end" | "late" => in_part(tokens, at + 1, Part::End),
        "år" | "i" | "siden" | "årgang" | "in" | "since" | "year" => {
            let (year, short, end, form) = year_at(tokens, at + 1, false)?;
            Some(found(Day { year: Some(year), short, ..Day::default() }, end, form))
        }
        _ => ranked_period(tokens, at),
    }
}

/// The month behind "ultimo", "slutningen af" or "the end of".
fn in_part(tokens: &Tokens<'_>, at: usize, part: Part) -> Option<Found> {
    let at = if matches!(tokens.word(at), "af" | "i" | "of" | "in") { at + 1 } else { at };
    let (day, end, form) = month_first(tokens, at)?;
    if day.day.is_some() {
        return None;
    }
    Some(found(Day { part: Some(part), ..day }, end, form))
}

/// "1. kvartal", "første kvartal 2026", "andet halvår".
fn ranked_period(tokens: &Tokens<'_>, at: usize) -> Option<Found> {
    if tokens.digits(at).is_empty() && tokens.atoms(at).is_empty() {
        return None;
    }
    let nth = ordinals::written(tokens, at).or_else(|| ordinals::at(tokens, at))?;
    let rank = u8::try_from(nth.value).ok()?;
    let year = year_at(tokens, nth.end + 1, false);
    let mut day = Day { year: year.map(|(year, ..)| year), ..Day::default() };
    match tokens.word(nth.end) {
        "kvartal" | "quarter" if rank <= 4 => day.quarter = Some(rank),
        "halvår" if rank <= 2 => day.half = Some(rank),
        _ => return None,
    }
    Some(found(day, year.map_or(nth.end + 1, |(_, _, end, _)| end), nth.form))
}
