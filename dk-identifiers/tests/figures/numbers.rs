//! Numbers as people say and write them.

use crate::chance::Chance;

const UNITS: [&str; 20] = [
    "nul", "en", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni", "ti", "elleve", "tolv", "tretten", "fjorten",
    "femten", "seksten", "sytten", "atten", "nitten",
];
const TENS: [&str; 10] = ["", "ti", "tyve", "tredive", "fyrre", "halvtreds", "tres", "halvfjerds", "firs", "halvfems"];

/// A number below a hundred in one word.
pub fn word(value: usize) -> String {
    match value {
        0..20 => UNITS[value].to_owned(),
        _ if value.is_multiple_of(10) => TENS[value / 10].to_owned(),
        _ => format!("{}og{}", if value % 10 == 1 { "en" } else { UNITS[value % 10] }, TENS[value / 10]),
    }
}

/// A number below a thousand, as a house number is said.
pub fn small(value: usize, chance: &mut Chance) -> String {
    if value < 100 {
        return word(value);
    }
    let hundreds = if value < 200 {
        (*chance.pick(&["hundrede", "et hundrede"])).to_owned()
    } else {
        word(value / 100) + " hundrede"
    };
    match value % 100 {
        0 => hundreds,
        rest => format!("{hundreds} {}{}", if chance.percent(70) { "og " } else { "" }, word(rest)),
    }
}

/// How a row of digits is said: one by one, in pairs, or a mixture; a pair with a leading nought is said in two words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Singles,
    Pairs,
    Mixed,
}

/// The words of a row of digits, group by group.
pub fn say(digits: &str, manner: Manner, chance: &mut Chance) -> Vec<String> {
    let digits: Vec<usize> = digits.bytes().map(|digit| usize::from(digit - b'0')).collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < digits.len() {
        let pair = at + 1 < digits.len()
            && digits[at] != 0
            && match manner {
                Manner::Singles => false,
                Manner::Pairs => true,
                Manner::Mixed => chance.percent(50),
            };
        if pair {
            words.push(word(digits[at] * 10 + digits[at + 1]));
            at += 2;
        } else if manner == Manner::Pairs && at + 1 < digits.len() {
            words.push(format!("{} {}", word(digits[at]), word(digits[at + 1])));
            at += 2;
        } else {
            let one = if digits[at] == 1 { *chance.pick(&["en", "et", "en", "én"]) } else { UNITS[digits[at]] };
            words.push(one.to_owned());
            at += 1;
        }
    }
    words
}

pub fn manner(chance: &mut Chance) -> Manner {
    *chance.pick(&[Manner::Singles, Manner::Pairs, Manner::Pairs, Manner::Mixed])
}

/// `count` digits, the first from `first`.
pub fn digits(first: &[u8], count: usize, chance: &mut Chance) -> String {
    let mut all = String::from(char::from(*chance.pick(first)));
    while all.len() < count {
        all.push(char::from(b'0' + u8::try_from(chance.below(10)).expect("a digit")));
    }
    all
}

const ORDINALS: [&str; 32] = [
    "",
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
    "tyvende",
    "enogtyvende",
    "toogtyvende",
    "treogtyvende",
    "fireogtyvende",
    "femogtyvende",
    "seksogtyvende",
    "syvogtyvende",
    "otteogtyvende",
    "niogtyvende",
    "tredivte",
    "enogtredivte",
];
pub const MONTHS: [&str; 13] = [
    "",
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

pub fn ordinal(value: usize) -> &'static str {
    ORDINALS[value]
}

/// A year as it is said.
pub fn year(value: usize, chance: &mut Chance) -> String {
    let (century, rest) = (value / 100, value % 100);
    match (century, rest) {
        (19, rest) if chance.percent(50) => {
            format!("nitten hundrede {}{}", if chance.percent(60) { "og " } else { "" }, word(rest))
        }
        (19, rest) => format!("nitten {}", word(rest)),
        (_, 0) => "to tusind".to_owned(),
        (_, rest) if rest < 10 || chance.percent(50) => format!("to tusind og {}", word(rest)),
        (_, rest) => format!("tyve {}", word(rest)),
    }
}
