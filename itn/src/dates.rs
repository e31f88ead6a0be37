//! Reads dates: of the calendar, by weekday, by week and quarter, and counted from the day of the call.
//!
//! In: tokens, a place, and the day of the call (the anchor) if it is known. Out: the [`When`] that begins there.
//!
//! A date keeps what was said: "3. maj" has no year, "maj" no day. What is counted from the day of the call is resolved
//! if that day is known, to every day it can mean: "næste torsdag" is this week's or next week's. Without the anchor
//! the distance stays, so that "om 14 dage" is still "om to uger".
//!
//! Not done here: whether two dates are the same ([`crate::Value::agrees`]).

mod calendar;
mod relative;

use jiff::civil::{Date, Weekday};

use crate::Form;
use crate::tokens::Tokens;

/// A date, as far as it was said: what it can be, and how far it is from the call.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct When {
    /// What it can be; one of them is meant. Empty if only the distance is known.
    pub any: Vec<Day>,
    /// The distance from the day of the call, where it was said.
    pub offset: Option<Offset>,
}

/// What is known of a day, week, month, quarter or year.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Day {
    /// The year; only its last two digits if `short`.
    pub year: Option<i16>,
    /// The year was said in two digits.
    pub short: bool,
    /// The half of the year, 1 or 2.
    pub half: Option<u8>,
    /// The quarter, 1 to 4.
    pub quarter: Option<u8>,
    /// The month, 1 to 12.
    pub month: Option<u8>,
    /// The part of the month: its beginning, middle or end.
    pub part: Option<Part>,
    /// The week of the year.
    pub week: Option<u8>,
    /// The weekday, 1 is Monday.
    pub weekday: Option<u8>,
    /// The day of the month.
    pub day: Option<u8>,
}

/// A part of a month: primo, medio, ultimo.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// Primo.
    Beginning,
    /// Medio.
    Middle,
    /// Ultimo.
    End,
}

/// How far from the day of the call; before it where negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Offset {
    /// Days; a week is seven.
    Days(i32),
    /// Months; a year is twelve.
    Months(i32),
}

/// A date that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) when: When,
    pub(crate) end: usize,
    pub(crate) form: Form,
    pub(crate) weak: bool,
}

impl When {
    /// The calendar's date, whole or in part.
    pub fn day(day: Day) -> Self {
        Self { any: vec![day], offset: None }
    }
}

impl Day {
    /// All that is known of a date.
    pub fn of(date: Date) -> Self {
        Self {
            year: Some(date.year()),
            month: u8::try_from(date.month()).ok(),
            day: u8::try_from(date.day()).ok(),
            ..Self::default()
        }
    }

    /// The same day with what follows from it: the weekday of a whole date, the quarter of a month.
    #[must_use]
    pub fn whole(mut self) -> Self {
        if let (Some(year), false, Some(month), Some(day)) = (self.year, self.short, self.month, self.day)
            && let Some(date) = i8::try_from(month)
                .ok()
                .zip(i8::try_from(day).ok())
                .and_then(|(month, day)| Date::new(year, month, day).ok())
        {
            self.weekday = Some(number_of(date.weekday()));
            self.week = u8::try_from(date.iso_week_date().week()).ok();
        }
        if let (None, Some(day)) = (self.part, self.day) {
            self.part = Some(match day {
                ..=10 => Part::Beginning,
                11..=20 => Part::Middle,
                _ => Part::End,
            });
        }
        if let Some(month) = self.month {
            self.quarter = Some(month.div_ceil(3));
        }
        if let Some(quarter) = self.quarter {
            self.half = Some(quarter.div_ceil(2));
        }
        self
    }
}

pub(crate) fn number_of(weekday: Weekday) -> u8 {
    weekday.to_monday_one_offset().unsigned_abs()
}

/// The date that begins at token `at`.
pub(crate) fn at(tokens: &Tokens<'_>, at: usize, anchor: Option<Date>) -> Option<Found> {
    let relative = relative::at(tokens, at, anchor);
    let calendar = calendar::at(tokens, at);
    match (relative, calendar) {
        (Some(relative), Some(calendar)) if relative.end > calendar.end => Some(relative),
        (relative, calendar) => calendar.or(relative),
    }
}
