//! The words for what is counted: money, per cent, measures, and time.
//!
//! In: tokens and a place. Out: the unit that is named there, and the token behind it.

use crate::Language;
use crate::tokens::Tokens;

/// What a number counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unit {
    /// Danish kroner.
    Kroner,
    /// Hundredths of a krone; amounts are given in kroner, so this is seen only while reading.
    Oere,
    /// Euro.
    Euro,
    /// Dollars.
    Dollars,
    /// Pounds, of money.
    Pounds,
    /// Hundredths of a whole.
    Percent,
    /// Times: "tre gange", "dobbelt".
    Fold,
    /// Square metres.
    SquareMetres,
    /// Kilometres.
    Kilometres,
    /// Metres.
    Metres,
    /// Kilograms.
    Kilos,
    /// Litres.
    Litres,
}

/// Units of time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TimeUnit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Quarters of an hour.
    QuarterHour,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Fourteen days.
    Fortnight,
    /// Months.
    Month,
    /// Half years.
    HalfYear,
    /// Years.
    Year,
}

impl TimeUnit {
    /// Whether it is counted in seconds (0), days (1) or months (2), and how many of them it is.
    pub(crate) fn basis(self) -> (u8, u64) {
        match self {
            Self::Second => (0, 1),
            Self::Minute => (0, 60),
            Self::QuarterHour => (0, 900),
            Self::Hour => (0, 3600),
            Self::Day => (1, 1),
            Self::Week => (1, 7),
            Self::Fortnight => (1, 14),
            Self::Month => (2, 1),
            Self::HalfYear => (2, 6),
            Self::Year => (2, 12),
        }
    }
}

/// The unit that token `at` begins to name.
pub(crate) fn unit_at(tokens: &Tokens<'_>, at: usize) -> Option<(Unit, usize)> {
    let at = behind_hyphen(tokens, at);
    if let Some(mark) = tokens.mark(at) {
        let unit = match mark {
            '%' => Unit::Percent,
            '€' => Unit::Euro,
            '$' => Unit::Dollars,
            '£' => Unit::Pounds,
            // "500,-" and "500.-"
            ',' | '.' if tokens.glued(at) && matches!(tokens.mark(at + 1), Some('-' | '–')) && tokens.glued(at + 1) =>
            {
                return Some((Unit::Kroner, at + 2));
            }
            _ => return None,
        };
        return Some((unit, at + 1));
    }
    let danish = tokens.language() == Language::Danish;
    let unit = match tokens.word(at) {
        "danske" | "danish" if matches!(tokens.word(at + 1), "kroner" | "kr") => return Some((Unit::Kroner, at + 2)),
        "kr" | "kroner" | "krone" | "kroners" | "kronerne" | "kronor" | "dkk" => Unit::Kroner,
        "øre" | "ører" if danish => Unit::Oere,
        "euro" | "euros" | "eur" | "euroen" => Unit::Euro,
        "dollar" | "dollars" | "usd" => Unit::Dollars,
        "pund" | "gbp" | "pounds" | "pound" => Unit::Pounds,
        "procent" | "procents" | "pct" | "procentpoint" | "percent" | "procenter" => Unit::Percent,
        "per" | "pro" if !danish && tokens.word(at + 1) == "cent" => return Some((Unit::Percent, at + 2)),
        "gange" if danish => Unit::Fold,
        "times" if !danish => Unit::Fold,
        "kvadratmeter" | "kvm" | "kvadrat" => Unit::SquareMetres,
        "m" if tokens.glued(at + 1) && (tokens.digits(at + 1) == "2" || tokens.mark(at + 1) == Some('²')) => {
            return Some((Unit::SquareMetres, at + 2));
        }
        "square" if matches!(tokens.word(at + 1), "metres" | "meters") => return Some((Unit::SquareMetres, at + 2)),
        "km" | "kilometer" | "kilometers" | "kilometres" | "kilometre" => Unit::Kilometres,
        "m" | "meter" | "meters" | "metres" | "metre" => Unit::Metres,
        "kg" | "kilo" | "kilogram" | "kilos" => Unit::Kilos,
        "liter" | "liters" | "litres" | "litre" => Unit::Litres,
        _ => return None,
    };
    Some((unit, at + 1))
}

/// The unit of time that token `at` names.
pub(crate) fn time_unit_at(tokens: &Tokens<'_>, at: usize) -> Option<(TimeUnit, usize)> {
    let at = behind_hyphen(tokens, at);
    let unit = match tokens.language() {
        Language::Danish => danish(tokens.word(at))?,
        Language::English => match tokens.word(at) {
            "second" | "seconds" | "sec" => TimeUnit::Second,
            "minute" | "minutes" | "min" | "mins" => TimeUnit::Minute,
            "hour" | "hours" | "hrs" | "hr" => TimeUnit::Hour,
            "day" | "days" | "day's" | "days'" => TimeUnit::Day,
            "week" | "weeks" | "week's" | "weeks'" => TimeUnit::Week,
            "fortnight" | "fortnights" => TimeUnit::Fortnight,
            "month" | "months" | "month's" | "months'" => TimeUnit::Month,
            "year" | "years" | "year's" | "yrs" => TimeUnit::Year,
            _ => return None,
        },
    };
    Some((unit, at + 1))
}

/// The Danish unit of time that `word` names, or that it ends in: "ugers", "årig".
pub(crate) fn danish(word: &str) -> Option<TimeUnit> {
    Some(match word {
        "sekund" | "sekunder" | "sekunders" | "sek" => TimeUnit::Second,
        "minut" | "minutter" | "minutters" | "min" | "minuts" => TimeUnit::Minute,
        "kvarter" | "kvarters" => TimeUnit::QuarterHour,
        "time" | "timer" | "times" | "timers" => TimeUnit::Hour,
        "dag" | "dage" | "dages" | "dags" | "døgn" | "døgns" | "hverdage" | "arbejdsdage" | "bankdage" => {
            TimeUnit::Day
        }
        "uge" | "uger" | "ugers" | "uges" => TimeUnit::Week,
        "måned" | "måneder" | "måneders" | "måneds" | "mdr" | "md" | "mdr's" => TimeUnit::Month,
        "halvår" | "halvårs" => TimeUnit::HalfYear,
        "år" | "års" | "årig" | "årige" | "årigt" => TimeUnit::Year,
        _ => return None,
    })
}

/// "14-dages": the hyphen joins the number to its unit.
pub(crate) fn behind_hyphen(tokens: &Tokens<'_>, at: usize) -> usize {
    let joins = matches!(tokens.mark(at), Some('-' | '‐' | '‑'))
        && tokens.glued(at)
        && tokens.glued(at + 1)
        && !tokens.word(at + 1).is_empty();
    if joins { at + 1 } else { at }
}

/// The full stop of an abbreviation is no end: behind "kr." and "mio.".
pub(crate) fn behind_dot(tokens: &Tokens<'_>, at: usize) -> usize {
    if tokens.mark(at) == Some('.') && tokens.glued(at) { at + 1 } else { at }
}
