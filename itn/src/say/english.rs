//! English, as it is said and spelt.

/// How the words of a number are put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spelling {
    /// "two hundred and twenty-five"
    British,
    /// "two hundred twenty five", as recognisers write.
    Plain,
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const NTH: [&str; 20] = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];
/// The months, January first.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A whole number below a billion.
pub fn cardinal(value: u64, spelling: Spelling) -> String {
    let mut words: Vec<String> = Vec::new();
    for (size, name) in [(1_000_000, "million"), (1_000, "thousand")] {
        let count = value / size % 1_000;
        if count > 0 {
            words.push(below_thousand(count, spelling));
            words.push(name.into());
        }
    }
    let rest = value % 1_000;
    if rest > 0 || words.is_empty() {
        if !words.is_empty() && rest < 100 && spelling == Spelling::British {
            words.push("and".into());
        }
        words.push(below_thousand(rest, spelling));
    }
    words.join(" ")
}

fn below_thousand(value: u64, spelling: Spelling) -> String {
    let small = |value: u64| SMALL[usize::try_from(value % 20).unwrap_or(0)];
    let (hundreds, rest) = (value / 100, value % 100);
    let ten = TENS[usize::try_from(rest / 10).unwrap_or(0)];
    let tail = match (rest % 10, spelling) {
        _ if rest < 20 => small(rest).to_owned(),
        (0, _) => ten.to_owned(),
        (unit, Spelling::British) => format!("{ten}-{}", small(unit)),
        (unit, Spelling::Plain) => format!("{ten} {}", small(unit)),
    };
    match (hundreds, rest, spelling) {
        (0, ..) => tail,
        (_, 0, _) => format!("{} hundred", small(hundreds)),
        (_, _, Spelling::British) => format!("{} hundred and {tail}", small(hundreds)),
        (_, _, Spelling::Plain) => format!("{} hundred {tail}", small(hundreds)),
    }
}

/// First to thirty-first.
pub fn ordinal(value: u8, spelling: Spelling) -> String {
    let join = if spelling == Spelling::British { "-" } else { " " };
    match (value / 10, value % 10) {
        (2, 0) => "twentieth".into(),
        (3, 0) => "thirtieth".into(),
        (ten @ 2.., unit) => format!("{}{join}{}", TENS[usize::from(ten.min(9))], NTH[usize::from(unit)]),
        _ => NTH[usize::from(value.min(19))].into(),
    }
}

/// How a date is put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DateStyle {
    /// "the third of May"
    Of,
    /// "May third"
    MonthFirst,
    /// "3 May"
    Written,
    /// "May 3rd"
    Ranked,
    /// "2026-05-03", only with a year.
    Iso,
}

/// A date, with its year if given.
pub fn date(year: Option<i16>, month: u8, day: u8, style: DateStyle, spelling: Spelling) -> String {
    let name = MONTHS[usize::from(month.clamp(1, 12)) - 1];
    let nth = ordinal(day, spelling);
    let ending = match (day / 10, day % 10) {
        (1, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    let said = year.map_or(String::new(), |year| format!(" {}", self::year(year, spelling)));
    let digits = year.map_or(String::new(), |year| format!(" {year}"));
    match style {
        DateStyle::Of => format!("the {nth} of {name}{said}"),
        DateStyle::MonthFirst => format!("{name} {nth}{said}"),
        DateStyle::Written => format!("{day} {name}{digits}"),
        DateStyle::Ranked => format!("{name} {day}{ending}{}", digits.replacen(' ', ", ", 1)),
        DateStyle::Iso => format!("{}-{month:02}-{day:02}", year.unwrap_or(2026)),
    }
}

/// A year as it is said: "nineteen eighty-five", "two thousand and six".
pub fn year(year: i16, spelling: Spelling) -> String {
    let value = u64::try_from(year).unwrap_or(0);
    match (value / 100, value % 100) {
        (20, 0..10) => cardinal(value, spelling),
        (century, 0) => format!("{} hundred", cardinal(century, spelling)),
        (century, rest @ 1..10) => format!("{} oh {}", cardinal(century, spelling), cardinal(rest, spelling)),
        (century, rest) => format!("{} {}", cardinal(century, spelling), cardinal(rest, spelling)),
    }
}

/// How a time of day is put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeStyle {
    /// "14:30"
    Written,
    /// "2:30 pm"
    Half,
    /// "two thirty pm"
    Spoken,
    /// "half past two in the afternoon"
    Face,
}

/// A time of day.
pub fn time(hour: u8, minute: u8, style: TimeStyle, spelling: Spelling) -> String {
    let face = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
    let half = if hour < 12 { "am" } else { "pm" };
    let say = |value: u8| cardinal(value.into(), spelling);
    match style {
        TimeStyle::Written => format!("{hour}:{minute:02}"),
        TimeStyle::Half => format!("{face}:{minute:02} {half}"),
        TimeStyle::Spoken => match minute {
            0 => format!("{} {half}", say(face)),
            1..10 => format!("{} oh {} {half}", say(face), say(minute)),
            _ => format!("{} {} {half}", say(face), say(minute)),
        },
        TimeStyle::Face => {
            let part = match hour {
                0..12 => "in the morning",
                12..18 => "in the afternoon",
                _ => "in the evening",
            };
            let minutes = |count: u8| match count {
                5 | 10 | 20 => say(count),
                count => format!("{} minutes", say(count)),
            };
            let next = say(face % 12 + 1);
            let (said, of) = match minute {
                0 => (format!("{} o'clock", say(face)), hour),
                15 => (format!("quarter past {}", say(face)), hour),
                30 => (format!("half past {}", say(face)), hour),
                45 => (format!("quarter to {next}"), hour + 1),
                1..30 => (format!("{} past {}", minutes(minute), say(face)), hour),
                _ => (format!("{} to {next}", minutes(60 - minute)), hour + 1),
            };
            // Before noon and midnight the part of the day would say the wrong half of the hour that is named.
            if of.is_multiple_of(12) { said } else { format!("{said} {part}") }
        }
    }
}

/// How an amount is put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AmountStyle {
    /// "12,500.50 kroner"
    Written,
    /// "DKK 12,500.50"
    UnitFirst,
    /// "twelve thousand five hundred kroner"
    Spoken,
}

/// An amount of kroner; hundredths only where they are written.
pub fn amount(kroner: u64, hundredths: u8, style: AmountStyle, spelling: Spelling) -> String {
    let digits = kroner.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match style {
        AmountStyle::Written if hundredths == 0 => format!("{grouped} kroner"),
        AmountStyle::Written => format!("{grouped}.{hundredths:02} kroner"),
        AmountStyle::UnitFirst => format!("DKK {grouped}.{hundredths:02}"),
        AmountStyle::Spoken => format!("{} kroner", cardinal(kroner, spelling)),
    }
}
