//! Tells whether two readings say the same, as a person would who hears one and reads the other.
//!
//! In: two values. Out: yes where they are equal, and where only language parts them:
//! - numbers by value; units count where both have one, so that "500" agrees with "500 kr.";
//! - dates where all that both say is equal and both say it as finely: "3. maj" agrees with "3. maj 2026", not with
//!   "maj"; what is counted from the call agrees with the day it comes to;
//! - times with the one twelve hours later, where the half of the day was not said;
//! - durations over their units: 14 days are two weeks, and eight days are a week in Danish;
//! - digit strings without their separators, with or without +45.
//!
//! [`Value::is_said_by`] is the question of a guard: what is said may be finer than what is written ("maj" after "3.
//! maj"), never coarser.

use crate::dates::{Day, Offset, When};
use crate::number::Number;
use crate::reading::{Clock, Value};
use crate::units::TimeUnit;

impl Value {
    /// Whether both say the same.
    pub fn agrees(&self, other: &Self) -> bool {
        one_way(self, other) || one_way(other, self)
    }

    /// Whether `said` says this, or something finer.
    pub fn is_said_by(&self, said: &Self) -> bool {
        if let (Self::Date(written), Self::Date(said)) = (self, said) {
            return dates(written, said, |written, said| fineness(written) <= fineness(said));
        }
        self.agrees(said)
    }
}

fn one_way(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number { number: a, unit: Some(b) }, Value::Number { number: c, unit: Some(d) }) => a == c && b == d,
        (Value::Number { number: a, .. }, Value::Number { number: b, .. }) => a == b,
        (Value::Number { number, unit: None }, other) => plain(*number, other),
        (Value::Ordinal(a), Value::Ordinal(b)) => a == b,
        (Value::Ordinal(nth), Value::Date(when)) => when.any.iter().any(|day| only_day(day) == Some(*nth)),
        (Value::Date(a), Value::Date(b)) => dates(a, b, |a, b| fineness(a) == fineness(b)),
        (Value::Duration { amount, unit }, Value::Date(when)) => {
            when.offset.is_some_and(|offset| same_distance(*amount, *unit, offset))
        }
        (Value::Time(a), Value::Time(b)) => same_time(*a, *b),
        (Value::Digits(digits), Value::Time(clock)) => digits.iter().any(|digits| reads_as(digits, *clock)),
        (Value::Digits(digits), Value::Date(when)) => digits.iter().any(|digits| {
            digits.len() == 4 && digits.parse().is_ok_and(|year: u64| when.any.iter().any(|day| is_year(day, year)))
        }),
        (Value::Duration { amount: a, unit: u }, Value::Duration { amount: b, unit: v }) => {
            same_length((*a, *u), (*b, *v))
        }
        (Value::Digits(a), Value::Digits(b)) => a.iter().any(|a| b.iter().any(|b| same_digits(a, b))),
        _ => false,
    }
}

/// A number whose unit was not said: it may count anything.
fn plain(number: Number, other: &Value) -> bool {
    let whole = number.as_whole();
    match other {
        Value::Ordinal(nth) => whole == Some(*nth),
        Value::Duration { amount, .. } => *amount == number,
        Value::Digits(digits) => whole.is_some_and(|whole| {
            let whole = whole.to_string();
            digits.contains(&whole)
        }),
        Value::Time(clock) => {
            let minute = clock.minute % 60;
            let hour = |hour: u64| {
                let spoken = Number::ratio(hour * 100 + u64::from(minute), 100);
                spoken == Some(number)
            };
            let said = u64::from(clock.minute / 60);
            hour(said) || hour((said + 12) % 24) && (clock.either_half || said >= 12) || said == 0 && hour(24)
        }
        Value::Date(when) => {
            whole.is_some_and(|whole| when.any.iter().any(|day| is_year(day, whole) || only_day(day) == Some(whole)))
        }
        Value::Number { .. } => false,
    }
}

/// Whether `day` is a year and nothing finer, and this one.
fn is_year(day: &Day, year: u64) -> bool {
    let known = |year: i16| u64::try_from(year).is_ok_and(|year| year > 99 || day.short).then_some(year);
    fineness(day) == 1
        && day
            .year
            .and_then(known)
            .and_then(|known| u64::try_from(known).ok())
            .is_some_and(|known| known == year || (day.short || year < 100) && known % 100 == year % 100)
}

fn only_day(day: &Day) -> Option<u64> {
    let alone = day.month.is_none() && day.year.is_none() && day.week.is_none();
    day.day.filter(|_| alone).map(u64::from)
}

/// How fine a date is: from a year, 1, to a day, 5.
fn fineness(day: &Day) -> u8 {
    match day {
        Day { day: Some(_), .. } | Day { weekday: Some(_), .. } => 5,
        Day { week: Some(_), .. } => 4,
        Day { month: Some(_), .. } => 3,
        Day { quarter: Some(_), .. } | Day { half: Some(_), .. } => 2,
        _ => 1,
    }
}

fn dates(a: &When, b: &When, fine: impl Fn(&Day, &Day) -> bool) -> bool {
    if let (Some(a), Some(b)) = (a.offset, b.offset)
        && same_offset(a, b)
    {
        return true;
    }
    a.any.iter().any(|a| b.any.iter().any(|b| fine(a, b) && same_day(&a.whole(), &b.whole())))
}

/// All that both say is equal, and there is something that both say.
fn same_day(a: &Day, b: &Day) -> bool {
    let year = a.year.zip(b.year).map(|(x, y)| if a.short || b.short { x % 100 == y % 100 } else { x == y });
    // A weekday and a date that is not whole, or a week and a month, share nothing that could be compared.
    let same = [
        year,
        a.half.zip(b.half).map(|(x, y)| x == y),
        a.quarter.zip(b.quarter).map(|(x, y)| x == y),
        a.month.zip(b.month).map(|(x, y)| x == y),
        a.part.zip(b.part).map(|(x, y)| x == y),
        a.week.zip(b.week).map(|(x, y)| x == y),
        a.weekday.zip(b.weekday).map(|(x, y)| x == y),
        a.day.zip(b.day).map(|(x, y)| x == y),
    ];
    same.iter().flatten().next().is_some() && same.iter().flatten().all(|same| *same)
}

fn same_offset(a: Offset, b: Offset) -> bool {
    match (a, b) {
        (Offset::Days(a), Offset::Days(b)) => same_days(a.unsigned_abs(), b.unsigned_abs()) && a.signum() == b.signum(),
        (Offset::Months(a), Offset::Months(b)) => a == b,
        _ => false,
    }
}

/// "Om otte dage" is in a week.
fn same_days(a: u32, b: u32) -> bool {
    a == b || matches!((a, b), (7, 8) | (8, 7))
}

fn same_distance(amount: Number, unit: TimeUnit, offset: Offset) -> bool {
    let (class, size) = unit.basis();
    let Some(length) = amount.times(Number::whole(size)).and_then(Number::as_whole) else { return false };
    match offset {
        Offset::Days(days) => {
            class == 1 && u32::try_from(length).is_ok_and(|length| same_days(length, days.unsigned_abs()))
        }
        Offset::Months(months) => class == 2 && length == u64::from(months.unsigned_abs()),
    }
}

fn same_length(one: (Number, TimeUnit), other: (Number, TimeUnit)) -> bool {
    let length = |(amount, unit): (Number, TimeUnit)| {
        let (class, size) = unit.basis();
        amount.times(Number::whole(size)).map(|length| (class, length))
    };
    let (Some((class, length)), Some((other_class, other))) = (length(one), length(other)) else { return false };
    let seconds =
        |class: u8, length: Number| if class == 1 { length.times(Number::whole(86_400)) } else { Some(length) };
    let days = |length: Number| length.as_whole().and_then(|days| u32::try_from(days).ok());
    match (class, other_class) {
        (1, 1) => length == other || days(length).zip(days(other)).is_some_and(|(a, b)| same_days(a, b)),
        (2, 2) => length == other,
        (2, _) | (_, 2) => false,
        _ => seconds(class, length) == seconds(other_class, other),
    }
}

fn same_time(a: Clock, b: Clock) -> bool {
    a.minute == b.minute || (a.either_half || b.either_half) && a.minute % 720 == b.minute % 720
}

/// "fjorten tredive" is 14:30.
fn reads_as(digits: &str, clock: Clock) -> bool {
    let said = match digits.len() {
        3 | 4 => digits.parse::<u16>().ok(),
        _ => None,
    };
    said.is_some_and(|said| {
        let minute = said / 100 * 60 + said % 100;
        said % 100 < 60 && (minute == clock.minute || clock.either_half && minute % 720 == clock.minute % 720)
    })
}

fn same_digits(a: &str, b: &str) -> bool {
    let local = |digits: &'_ str| -> String {
        let bare = digits.strip_prefix("0045").or_else(|| digits.strip_prefix("45").filter(|_| digits.len() == 10));
        bare.unwrap_or(digits).to_owned()
    };
    a == b || a.len() != b.len() && local(a) == local(b)
}
