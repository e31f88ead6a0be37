//! Shows readings in a few signs, so that a table of texts stays a table.
//!
//! `75` a number, `12.5kr` with its unit, `3.` an ordinal, `--05-03` a date, `14:30` a time, `2:30|` one that may be
//! twelve hours later, `14Day` a duration, `#1234|12304` digits, `~` before what is weak.

use jiff::civil::Date;
use referent_itn::dates::{Day, Offset, When};
use referent_itn::units::Unit;
use referent_itn::{Language, Value, read};

pub(crate) fn shown(text: &str, language: Language, anchor: Option<Date>) -> String {
    let readings = read(text, language, anchor);
    let mut strong_end = 0;
    for reading in &readings {
        assert!(
            reading.span.start < reading.span.end && text.get(reading.span.clone()).is_some(),
            "{text}: {reading:?}"
        );
        if !reading.weak {
            assert!(reading.span.start >= strong_end, "{text}: readings overlap");
            strong_end = reading.span.end;
        }
    }
    let all: Vec<String> = readings
        .iter()
        .map(|reading| format!("{}{}", if reading.weak { "~" } else { "" }, value(&reading.value)))
        .collect();
    all.join(" ")
}

fn value(value: &Value) -> String {
    match value {
        Value::Number { number, unit } => {
            let unit = match unit {
                None => String::new(),
                Some(Unit::Kroner) => "kr".into(),
                Some(Unit::Percent) => "%".into(),
                Some(Unit::Fold) => "x".into(),
                Some(unit) => format!("{unit:?}"),
            };
            format!("{number}{unit}")
        }
        Value::Ordinal(nth) => format!("{nth}."),
        Value::Date(when) => date(when),
        Value::Time(clock) => {
            format!("{}:{:02}{}", clock.minute / 60, clock.minute % 60, if clock.either_half { "|" } else { "" })
        }
        Value::Duration { amount, unit } => format!("{amount}{unit:?}"),
        Value::Digits(digits) => format!("#{}", digits.join("|")),
    }
}

fn date(when: &When) -> String {
    let mut all: Vec<String> = when.any.iter().map(day).collect();
    match when.offset {
        Some(Offset::Days(days)) => all.push(format!("{days:+}d")),
        Some(Offset::Months(months)) => all.push(format!("{months:+}m")),
        None => (),
    }
    all.join("|")
}

fn day(day: &Day) -> String {
    let two = |value: Option<u8>| value.map_or("-".into(), |value| format!("{value:02}"));
    let year = day.year.map_or("-".into(), |year| if day.short { format!("'{year:02}") } else { year.to_string() });
    let mut shown = if day.month.is_some() || day.day.is_some() {
        format!("{year}-{}-{}", two(day.month), two(day.day))
    } else {
        day.year.map(|_| year).unwrap_or_default()
    };
    for (sign, value) in [("h", day.half), ("q", day.quarter), ("w", day.week), ("d", day.weekday)] {
        if let Some(value) = value {
            shown = format!("{shown}{sign}{value}");
        }
    }
    if let Some(part) = day.part {
        shown = format!("{shown}{part:?}");
    }
    shown
}
