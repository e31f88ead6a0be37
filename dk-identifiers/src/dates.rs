//! Reads a date where one begins: "3. maj 1964", "03.05.64", "den tredje i femte fireogtres".
//!
//! In: tokens and the place of one. Out: the [`Date`] that begins there, if one does, and where it ends. Days 61 to 91
//! count as days: test numbers have them.
//!
//! Not done here: whose date it is, and whether it is one that may be seen.

use crate::digits::{self, Sure};
use crate::ear::{Near, one_slip};
use crate::tokens::Tokens;
use std::sync::LazyLock;

/// A date in the calendar, as far as it was said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Date {
    pub(crate) day: u8,
    pub(crate) month: u8,
    /// Two digits or four.
    pub(crate) year: Option<String>,
    /// The token behind it.
    pub(crate) end: usize,
}

const MONTHS: [&[&str]; 12] = [
    &["januar", "jan"],
    &["februar", "feb"],
    &["marts", "mar"],
    &["april", "apr"],
    &["maj"],
    &["juni", "jun"],
    &["juli", "jul"],
    &["august", "aug"],
    &["september", "sept", "sep"],
    &["oktober", "okt"],
    &["november", "nov"],
    &["december", "dec"],
];
const COMPOUND: [&str; 12] = [
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
    "tredevte",
];
const ORDINALS: [&[&str]; 20] = [
    &["første", "fyrste", "først"],
    &["anden", "andet", "annen"],
    &["tredje", "tredie", "tredj"],
    &["fjerde", "fjere"],
    &["femte"],
    &["sjette", "sjete"],
    &["syvende"],
    &["ottende", "åttende"],
    &["niende"],
    &["tiende"],
    &["ellevte", "ellefte", "elfte"],
    &["tolvte", "tolfte"],
    &["trettende"],
    &["fjortende"],
    &["femtende"],
    &["sekstende", "sejstende"],
    &["syttende"],
    &["attende"],
    &["nittende"],
    &["tyvende"],
];

pub(crate) fn month_named(word: &str) -> Option<u8> {
    let exact = MONTHS.iter().position(|names| names.contains(&word));
    // Misheard names are taken only where they are long enough to be nothing else.
    let near = || MONTHS.iter().position(|names| names[0].len() > 4 && word.len() > 4 && one_slip(names[0], word));
    exact.or_else(near).and_then(|at| u8::try_from(at + 1).ok())
}

static COMPOUNDS: LazyLock<Near> = LazyLock::new(|| Near::to(COMPOUND.iter().copied(), 8));

/// A month with all its letters.
pub(crate) fn month_spelled(word: &str) -> bool {
    MONTHS.iter().any(|names| names[0] == word)
}

/// An ordinal with all its letters.
pub(crate) fn ordinal_spelled(word: &str) -> bool {
    ORDINALS.iter().any(|names| names[0] == word) || word.ends_with("ogtyvende") && ordinal(word).is_some()
}

/// "femte", "enogtyvende"; a slip of the ear is allowed in long words.
pub(crate) fn ordinal(word: &str) -> Option<u8> {
    if let Some(at) = ORDINALS.iter().position(|names| names.contains(&word)) {
        return u8::try_from(at + 1).ok();
    }
    if digits::spelled(word).is_some() {
        return None;
    }
    for and in ["ogtyvende", "åtyvende", "og tyvende"] {
        if let Some(unit) = word.strip_suffix(and).and_then(digits::spelled).filter(|unit| unit.len() == 1) {
            return unit.parse::<u8>().ok().map(|unit| 20 + unit);
        }
    }
    match word {
        "tredivte" | "tredvte" | "tredevte" => return Some(30),
        "enogtredivte" | "enogtredvte" | "enåtredivte" => return Some(31),
        _ => {}
    }
    if let Some(known) = COMPOUNDS.nearest(word) {
        return ordinal(known);
    }
    let at = ORDINALS.iter().position(|names| names[0].len() > 4 && word.len() > 3 && one_slip(names[0], word))?;
    u8::try_from(at + 1).ok()
}

fn is_day(day: u8) -> bool {
    matches!(day, 1..=31 | 61..=91)
}

fn small(text: &str) -> Option<u8> {
    if text.len() > 2 { None } else { text.parse().ok() }
}

/// The date that begins at `at`.
pub(crate) fn read(tokens: &Tokens<'_>, at: usize) -> Option<Date> {
    in_figures(tokens, at).or_else(|| with_a_month(tokens, at))
}

/// "03.05.1964", "3/5-64", "3/5 1964", "3/5".
fn in_figures(tokens: &Tokens<'_>, at: usize) -> Option<Date> {
    let day = small(tokens.digits(at)).filter(|day| is_day(*day))?;
    let mark = tokens.mark(at + 1);
    let within = tokens.glued(at)
        && matches!(tokens.mark(at.wrapping_sub(1)), "-" | "." | "/")
        && !tokens.digits(at.wrapping_sub(2)).is_empty();
    if within || !matches!(mark, "." | "/" | "-") || !tokens.glued(at + 1) || !tokens.same_turn(at, at + 2) {
        return None;
    }
    let month = small(tokens.digits(at + 2)).filter(|month| (1..=12).contains(month))?;
    if mark != "." && !tokens.glued(at + 2) {
        return None;
    }
    let next = tokens.mark(at + 3);
    if matches!(next, "." | "/" | "-") && tokens.glued(at + 3) && tokens.same_turn(at, at + 4) {
        let year = tokens.digits(at + 4);
        let another =
            matches!(tokens.mark(at + 5), "." | "-" | "/") && tokens.glued(at + 5) && tokens.digits(at + 6).len() == 2;
        if matches!(year.len(), 2 | 4) && !another {
            return Some(Date { day, month, year: Some(year.to_owned()), end: at + 5 });
        }
        return None;
    }
    let year = tokens.digits(at + 3);
    if tokens.same_turn(at, at + 3) && mark == "/" && is_year(year) {
        return Some(Date { day, month, year: Some(year.to_owned()), end: at + 4 });
    }
    (mark == "/").then_some(Date { day, month, year: None, end: at + 3 })
}

/// "3. maj 1964", "tredje maj fireogtres", "tredje i femte nitten hundrede fireogtres".
fn with_a_month(tokens: &Tokens<'_>, at: usize) -> Option<Date> {
    let (day, mut next, said) = if let Some(day) = small(tokens.digits(at)) {
        (day, at + 1, false)
    } else {
        // "fem og tyvende" is cut in three by some recognisers.
        let unit = digits::spelled(tokens.word(at)).filter(|unit| unit.len() == 1);
        let cut = unit.filter(|_| matches!(tokens.word(at + 1), "og" | "å") && tokens.word(at + 2) == "tyvende");
        match cut {
            Some(unit) => (20 + unit.parse::<u8>().ok()?, at + 3, true),
            None => (ordinal(tokens.word(at))?, at + 1, true),
        }
    };
    if !is_day(day) {
        return None;
    }
    if tokens.mark(next) == "." {
        next += 1;
    }
    if matches!(tokens.word(next), "i" | "den") {
        next += 1;
    }
    if !tokens.same_turn(at, next) {
        return None;
    }
    let month = match month_named(tokens.word(next)) {
        Some(month) => month,
        None if said => ordinal(tokens.word(next))
            .or_else(|| small(tokens.digits(next)).filter(|_| tokens.mark(next + 1) == "."))?,
        None => {
            // "3. 5. 1964": only with both points.
            let month =
                small(tokens.digits(next)).filter(|_| tokens.mark(next - 1) == "." && tokens.mark(next + 1) == ".")?;
            is_year(tokens.digits(next + 2)).then_some(month)?
        }
    };
    if !(1..=12).contains(&month) {
        return None;
    }
    next += 1;
    if tokens.mark(next) == "." && !tokens.digits(next + 1).is_empty() {
        next += 1;
    }
    let year = if tokens.same_turn(at, next) { year(tokens, next) } else { None };
    let end = year.as_ref().map_or(next, |(_, end)| *end);
    Some(Date { day, month, year: year.map(|(year, _)| year), end })
}

pub(crate) fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}

/// The year at `at`: "1964", "64", "nitten hundrede og fireogtres", "to tusind og fem", "fireogtres", "nul fem".
pub(crate) fn year(tokens: &Tokens<'_>, at: usize) -> Option<(String, usize)> {
    let figures = tokens.digits(at);
    if matches!(figures, "19" | "20")
        && let Some((rest, end)) = two_digits(tokens, at + 1).filter(|(_, end)| !is_followed_by_a_unit(tokens, *end))
    {
        return Some((format!("{figures}{rest}"), end));
    }
    if is_year(figures) || figures.len() == 2 && !is_followed_by_a_unit(tokens, at + 1) {
        return Some((figures.to_owned(), at + 1));
    }
    let word = tokens.word(at);
    if let Some(heard) = digits::heard(word).filter(|heard| is_year(&heard.digits)) {
        return Some((heard.digits, at + 1));
    }
    let skip_and = |at: usize| if matches!(tokens.word(at), "og" | "å") { at + 1 } else { at };
    if matches!(word, "nitten" | "tyve") || figures == "19" {
        let century = if word == "tyve" { "20" } else { "19" };
        if is_hundred(tokens.word(at + 1)) {
            let rest = skip_and(at + 2);
            return match two_digits(tokens, rest) {
                Some((rest, end)) => Some((format!("{century}{rest}"), end)),
                None => Some((format!("{century}00"), at + 2)),
            };
        }
        if let Some((rest, end)) = two_digits(tokens, at + 1) {
            return Some((format!("{century}{rest}"), end));
        }
    }
    if matches!(word, "to" | "totusind") || figures == "2" {
        let behind = if word == "totusind" { at + 1 } else { at + 2 };
        if word == "totusind" || is_thousand(tokens.word(at + 1)) {
            let rest = skip_and(behind);
            return match two_digits(tokens, rest).or_else(|| one_digit(tokens, rest)) {
                Some((rest, end)) => Some((format!("20{rest:0>2}"), end)),
                None => Some(("2000".to_owned(), behind)),
            };
        }
    }
    two_digits(tokens, at).filter(|(_, end)| !is_followed_by_a_unit(tokens, *end))
}

pub(crate) fn is_hundred(word: &str) -> bool {
    matches!(
        word,
        "hundrede"
            | "hundred"
            | "hundret"
            | "hundre"
            | "hundreder"
            | "hunrede"
            | "hunderede"
            | "hundrde"
            | "hundede"
            | "undrede"
    ) || word.len() > 5 && one_slip("hundrede", word)
}

pub(crate) fn is_thousand(word: &str) -> bool {
    matches!(word, "tusind" | "tusinde" | "tusin" | "tusen" | "tusinder" | "tusnd" | "tusid")
        || word.len() > 4 && one_slip("tusind", word)
}

fn one_digit(tokens: &Tokens<'_>, at: usize) -> Option<(String, usize)> {
    let digits = match tokens.digits(at) {
        "" => digits::spelled(tokens.word(at))?,
        figures => figures,
    };
    (digits.len() == 1).then(|| (digits.to_owned(), at + 1))
}

/// A number from 10 to 99, or a nought and a digit.
fn two_digits(tokens: &Tokens<'_>, at: usize) -> Option<(String, usize)> {
    let figures = tokens.digits(at);
    if figures.len() == 2 {
        return Some((figures.to_owned(), at + 1));
    }
    let word = tokens.word(at);
    if let Some(unit) = digits::begun(word) {
        let ten =
            digits::spelled(tokens.word(at + 1)).filter(|ten| ten.len() == 2 && ten.ends_with('0') && *ten != "10")?;
        return Some((format!("{}{unit}", &ten[..1]), at + 2));
    }
    let first = match figures {
        "" => digits::heard(word).filter(|heard| heard.sure > Sure::Hardly).map(|heard| heard.digits)?,
        figures => figures.to_owned(),
    };
    match first.len() {
        2 => Some((first, at + 1)),
        1 if first == "0" => one_digit(tokens, at + 1).map(|(unit, end)| (format!("0{unit}"), end)),
        1 if matches!(tokens.word(at + 1), "og" | "å") => {
            let ten = digits::spelled(tokens.word(at + 2))
                .filter(|ten| ten.len() == 2 && ten.ends_with('0') && *ten != "10")?;
            Some((format!("{}{first}", &ten[..1]), at + 3))
        }
        _ => None,
    }
}

fn is_followed_by_a_unit(tokens: &Tokens<'_>, at: usize) -> bool {
    crate::atoms::is_unit(tokens.word(at))
        || tokens.mark(at) == "%"
        || is_hundred(tokens.word(at))
        || is_thousand(tokens.word(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Speaker, Turn};

    fn check(text: &str, expected: Option<(u8, u8, Option<&str>)>) {
        let turns = [Turn { speaker: Speaker::Citizen, text }];
        let tokens = Tokens::cut(&turns);
        let date = read(&tokens, 0);
        assert_eq!(date.as_ref().map(|date| (date.day, date.month, date.year.as_deref())), expected, "{text}");
    }

    #[test]
    fn a_date_is_read_however_it_is_written() {
        check("3. maj 1964", Some((3, 5, Some("1964"))));
        check("03.05.1964", Some((3, 5, Some("1964"))));
        check("3/5 1964", Some((3, 5, Some("1964"))));
        check("3/5", Some((3, 5, None)));
        check("63-05-64", Some((63, 5, Some("64"))));
        check("22-11-33-44", None);
        check("3. 5. 1964", Some((3, 5, Some("1964"))));
        check("31. maj, og så", Some((31, 5, None)));
        check("45. maj", None);
        check("3.500 kroner", None);
    }

    #[test]
    fn a_date_is_read_however_it_is_said() {
        check("tredje maj fireogtres", Some((3, 5, Some("64"))));
        check("tredje i femte nitten hundrede og fireogtres", Some((3, 5, Some("1964"))));
        check("enogtyvende i tolvte to tusind og fem", Some((21, 12, Some("2005"))));
        check("enogtyvende december tyve femten", Some((21, 12, Some("2015"))));
        check("femte i fjerde nul syv", Some((5, 4, Some("07"))));
        check("femte april fireogtyve timer", Some((5, 4, None)));
        check("anden sal", None);
    }
}
