//! Danish, as it is said and spelt.

/// How the words of a number are put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spelling {
    /// All in one word: "tohundredeogfemoghalvfjerds".
    Joined,
    /// Every part a word: "to hundrede og fem og halvfjerds".
    Apart,
    /// As the dictionary has it, what is below a hundred in one word: "to hundrede femoghalvfjerds".
    Dictionary,
    /// The same with the long forms: "to hundrede femoghalvfjerdsindstyve".
    Long,
}

const SMALL: [&str; 20] = [
    "nul", "en", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni", "ti", "elleve", "tolv", "tretten", "fjorten",
    "femten", "seksten", "sytten", "atten", "nitten",
];
const TENS: [&str; 10] = ["", "", "tyve", "tredive", "fyrre", "halvtreds", "tres", "halvfjerds", "firs", "halvfems"];
const LONG_TENS: [&str; 10] = [
    "",
    "",
    "tyve",
    "tredive",
    "fyrretyve",
    "halvtredsindstyve",
    "tresindstyve",
    "halvfjerdsindstyve",
    "firsindstyve",
    "halvfemsindstyve",
];
const NTH: [&str; 20] = [
    "nulte",
    "første",
    "anden",
    "tredje",
    "fjerde",
    "femte",
    "sjette",
    "syvende",
    "ottende",
    "niende",
    "tiende",
    "ellevte",
    "tolvte",
    "trettende",
    "fjortende",
    "femtende",
    "sekstende",
    "syttende",
    "attende",
    "nittende",
];
/// The months, January first.
pub const MONTHS: [&str; 12] = [
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
];

/// A whole number below a milliard.
pub fn cardinal(value: u64, spelling: Spelling) -> String {
    if value == 0 {
        return SMALL[0].into();
    }
    let mut words: Vec<String> = Vec::new();
    let (millions, thousands, rest) = (value / 1_000_000, value / 1_000 % 1_000, value % 1_000);
    if millions > 0 {
        words.extend(below_thousand(millions, spelling, false));
        words.push(if millions == 1 { "million".into() } else { "millioner".into() });
    }
    if thousands > 0 {
        words.extend(below_thousand(thousands, spelling, true));
        words.push(if spelling == Spelling::Joined { "tusinde".into() } else { "tusind".into() });
    }
    if rest > 0 {
        if !words.is_empty() && rest < 100 && matches!(spelling, Spelling::Apart | Spelling::Long) {
            words.push("og".into());
        }
        words.extend(below_thousand(rest, spelling, false));
    }
    // A million stays a word of its own, however the rest is joined.
    if spelling == Spelling::Joined && millions == 0 { words.concat() } else { words.join(" ") }
}

fn below_thousand(value: u64, spelling: Spelling, counts: bool) -> Vec<String> {
    let mut words = Vec::new();
    let (hundreds, rest) = (value / 100, value % 100);
    if hundreds > 0 {
        words.push(if hundreds == 1 { "et".into() } else { small(hundreds) });
        words.push("hundrede".into());
        if rest > 0 && spelling != Spelling::Dictionary {
            words.push("og".into());
        }
    }
    if rest == 1 && counts {
        words.push("et".into());
    } else if rest > 0 {
        words.extend(below_hundred(rest, spelling));
    }
    words
}

fn small(value: u64) -> String {
    usize::try_from(value).ok().and_then(|value| SMALL.get(value)).map_or_else(String::new, |word| (*word).to_owned())
}

fn below_hundred(value: u64, spelling: Spelling) -> Vec<String> {
    if value < 20 {
        return vec![small(value)];
    }
    let place = usize::try_from(value / 10 % 10).unwrap_or(0);
    let ten = if spelling == Spelling::Long { LONG_TENS[place] } else { TENS[place] };
    match (value % 10, spelling) {
        (0, _) => vec![ten.into()],
        (unit, Spelling::Apart) => vec![small(unit), "og".into(), ten.into()],
        (unit, _) => vec![format!("{}og{ten}", small(unit))],
    }
}

/// First to thirty-first.
pub fn ordinal(value: u8, spelling: Spelling) -> String {
    let (ten, unit) = (value / 10, value % 10);
    let last = match ten {
        2 => "tyvende",
        3 => "tredivte",
        _ => return NTH[usize::from(value.min(19))].into(),
    };
    match (unit, spelling) {
        (0, _) => last.into(),
        (_, Spelling::Apart) => format!("{} og {last}", SMALL[usize::from(unit)]),
        _ => format!("{}og{last}", SMALL[usize::from(unit)]),
    }
}

/// How a date is put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DateStyle {
    /// "den tredje maj"
    Month,
    /// "den tredje i femte"
    Ordinals,
    /// "3. maj"
    Written,
    /// "den 3. i femte", as recognisers mix.
    Mixed,
    /// "3/5"
    Slash,
    /// "03.05.2026", only with a year.
    Points,
}

/// A date, with its year if given.
pub fn date(year: Option<i16>, month: u8, day: u8, style: DateStyle, spelling: Spelling) -> String {
    let name = MONTHS[usize::from(month.clamp(1, 12)) - 1];
    let (nth, nth_month) = (ordinal(day, spelling), ordinal(month, spelling));
    let with = |text: String, between: &str, year: Option<String>| match year {
        Some(year) => format!("{text}{between}{year}"),
        None => text,
    };
    let said = year.map(|year| self::year(year, spelling));
    let digits = year.map(|year| year.to_string());
    match style {
        DateStyle::Month => with(format!("den {nth} {name}"), " ", said),
        DateStyle::Ordinals => with(format!("den {nth} i {nth_month}"), " ", said),
        DateStyle::Written => with(format!("{day}. {name}"), " ", digits),
        DateStyle::Mixed => with(format!("den {day}. i {nth_month}"), " ", digits),
        DateStyle::Slash => with(format!("{day}/{month}"), "-", digits),
        DateStyle::Points => format!("{day:02}.{month:02}.{}", year.unwrap_or(2026)),
    }
}

/// A year as it is said: "nitten hundrede femogfirs", "to tusind og seksogtyve", or short, "nitten femogfirs".
pub fn year(year: i16, spelling: Spelling) -> String {
    let value = u64::try_from(year).unwrap_or(0);
    let (century, rest) = (value / 100, value % 100);
    match (century, spelling) {
        (20, Spelling::Long) if rest >= 10 => format!("tyve {}", cardinal(rest, Spelling::Dictionary)),
        (19, Spelling::Long) if rest >= 10 => format!("nitten {}", cardinal(rest, Spelling::Dictionary)),
        (19, Spelling::Joined) => format!("nittenhundredeog{}", cardinal(rest, spelling)),
        (19, _) if rest > 0 => format!("nitten hundrede og {}", cardinal(rest, spelling)),
        _ => cardinal(value, spelling),
    }
}

/// How a time of day is put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeStyle {
    /// "kl. 14.30"
    Written,
    /// "klokken fjorten tredive"
    Hours,
    /// "halv tre om eftermiddagen", on the face of a clock.
    Face,
    /// The same without the part of the day.
    FaceOnly,
}

/// A time of day. On the face of a clock, `minute` is said to the last one.
pub fn time(hour: u8, minute: u8, style: TimeStyle, spelling: Spelling) -> String {
    let say = |value: u8| cardinal(value.into(), spelling);
    match style {
        TimeStyle::Written => format!("kl. {hour}.{minute:02}"),
        TimeStyle::Hours => match minute {
            0 => format!("klokken {}", say(hour)),
            1..10 => format!("klokken {} nul {}", say(hour), say(minute)),
            _ => format!("klokken {} {}", say(hour), say(minute)),
        },
        TimeStyle::FaceOnly => face(hour, minute, spelling),
        TimeStyle::Face => {
            let part = match hour {
                0..6 => "om natten",
                6..12 => "om formiddagen",
                12..18 => "om eftermiddagen",
                _ => "om aftenen",
            };
            format!("{} {part}", face(hour, minute, spelling))
        }
    }
}

fn face(hour: u8, minute: u8, spelling: Spelling) -> String {
    let name = |hour: u8| match hour % 12 {
        0 => "tolv".to_owned(),
        1 => "et".to_owned(),
        hour => cardinal(hour.into(), spelling),
    };
    let minutes = |count: u8| match count {
        1 => "et minut".to_owned(),
        5 | 10 => cardinal(count.into(), spelling),
        count => format!("{} minutter", cardinal(count.into(), spelling)),
    };
    match minute {
        0 => format!("klokken {}", name(hour)),
        15 => format!("kvart over {}", name(hour)),
        1..=20 => format!("{} over {}", minutes(minute), name(hour)),
        30 => format!("halv {}", name(hour + 1)),
        21..30 => format!("{} i halv {}", minutes(30 - minute), name(hour + 1)),
        31..40 => format!("{} over halv {}", minutes(minute - 30), name(hour + 1)),
        45 => format!("kvart i {}", name(hour + 1)),
        _ => format!("{} i {}", minutes(60 - minute), name(hour + 1)),
    }
}

/// How an amount is put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AmountStyle {
    /// "12.500,50 kr."
    Written,
    /// "kr. 12.500,50"
    UnitFirst,
    /// "tolv tusind fem hundrede kroner og halvtreds øre"
    Spoken,
    /// "12500 kroner og 50 øre", as recognisers write.
    Mixed,
}

/// An amount of kroner and øre.
pub fn amount(kroner: u64, oere: u8, style: AmountStyle, spelling: Spelling) -> String {
    let crowns = if kroner == 1 && style == AmountStyle::Spoken { "krone" } else { "kroner" };
    match (style, oere) {
        (AmountStyle::Written, 0) => format!("{} kr.", thousands(kroner)),
        (AmountStyle::Written, _) => format!("{},{oere:02} kr.", thousands(kroner)),
        (AmountStyle::UnitFirst, _) => format!("kr. {},{oere:02}", thousands(kroner)),
        (AmountStyle::Spoken, 0) => format!("{} {crowns}", cardinal(kroner, spelling)),
        (AmountStyle::Spoken, _) => {
            format!("{} {crowns} og {} øre", cardinal(kroner, spelling), cardinal(oere.into(), spelling))
        }
        (AmountStyle::Mixed, 0) => format!("{kroner} kroner"),
        (AmountStyle::Mixed, _) => format!("{kroner} kroner og {oere} øre"),
    }
}

fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    grouped
}
