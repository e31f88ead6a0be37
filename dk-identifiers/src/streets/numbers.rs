//! What follows a street: the house number, the floor, the post code and the town.
//!
//! In: tokens and a place. Out: the place behind what was read there.

use crate::atoms;
use crate::dates;
use crate::digits::{self, Sure};
use crate::lists;
use crate::tokens::Tokens;

/// The word at a place that is spelled or heard as a number below a hundred.
fn number_word(tokens: &Tokens<'_>, at: usize) -> Option<String> {
    let word = tokens.word(at);
    digits::begun(word)
        .map(str::to_owned)
        .or_else(|| digits::heard(word).filter(|heard| heard.sure > Sure::Hardly).map(|heard| heard.digits))
}

/// Whether the house number that ends at `to` ends with a letter.
pub(super) fn has_letter(tokens: &Tokens<'_>, to: usize) -> bool {
    tokens.word(to.saturating_sub(1)).len() == 1
}

pub(super) fn is_number(tokens: &Tokens<'_>, at: usize) -> bool {
    !tokens.digits(at).is_empty() || digits::spelled(tokens.word(at)).is_some()
}

fn here(tokens: &Tokens<'_>, from: usize, at: usize) -> bool {
    tokens.same_turn(from.saturating_sub(1), at)
}

/// Behind the house number at `from`: "12", "12 B", "nummer tolv", "hundrede og tolv b".
pub(super) fn house(tokens: &Tokens<'_>, from: usize) -> Option<usize> {
    let mut at = from;
    if tokens.mark(at) == "," && !tokens.word(at + 1).starts_with("num") {
        return None;
    }
    if tokens.mark(at) == "," || tokens.mark(at) == "-" && !tokens.glued(at) {
        at += 1;
    }
    if matches!(tokens.word(at), "nummer" | "nr" | "numer" | "nummr") {
        at += 1;
        if tokens.mark(at) == "." {
            at += 1;
        }
    }
    if !here(tokens, from, at) {
        return None;
    }
    let to = match tokens.digits(at).len() {
        1 if dates::is_hundred(tokens.word(at + 1)) && tokens.same_turn(at, at + 1) => said(tokens, at)?,
        1..=3 => at + 1,
        0 => said(tokens, at)?,
        _ => return None,
    };
    let behind = if here(tokens, from, to) { tokens.word(to) } else { "" };
    let decimals = matches!(tokens.mark(to), "." | ",")
        && tokens.glued(to + 1)
        && tokens.glued(to)
        && !tokens.digits(to + 1).is_empty()
        && here(tokens, from, to + 1);
    let month = tokens.mark(to) == "." && dates::month_named(tokens.word(to + 1)).is_some()
        || dates::month_named(behind).is_some();
    if atoms::is_unit(behind) && behind != "øre" || tokens.mark(to) == "%" || decimals || month {
        return None;
    }
    Some(letter(tokens, from, to))
}

/// "12 B", "tolv b", "12b".
fn letter(tokens: &Tokens<'_>, from: usize, at: usize) -> usize {
    let word = tokens.word(at);
    let one = word.len() == 1 && matches!(word, "a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "k" | "l" | "m");
    if one && here(tokens, from, at) { at + 1 } else { at }
}

/// A number in words: "tolv", "fem og tyve", "hundrede og tolv", "to hundrede fyrre".
fn said(tokens: &Tokens<'_>, from: usize) -> Option<usize> {
    let mut at = from;
    let article = matches!(tokens.word(at), "et" | "en");
    let unit = number_word(tokens, at).or_else(|| (tokens.digits(at).len() == 1).then(|| tokens.digits(at).to_owned()));
    let hundred = |at: usize| dates::is_hundred(tokens.word(at)) && tokens.same_turn(from, at);
    if hundred(at) {
        at += 1;
    } else if let Some(digits) = &unit {
        if hundred(at + 1) && digits.len() == 1 {
            at += 2;
        } else if article && digits::spelled(tokens.word(at)).is_none() {
            return None;
        } else {
            return Some(below_a_hundred(tokens, at));
        }
    } else {
        return None;
    }
    let rest = if matches!(tokens.word(at), "og" | "å") { at + 1 } else { at };
    let more = number_word(tokens, rest).is_some() || (1..=2).contains(&tokens.digits(rest).len());
    Some(if more && tokens.same_turn(from, rest) { below_a_hundred(tokens, rest) } else { at })
}

/// Behind "tolv", "12", "fem og tyve", "femog tyve".
fn below_a_hundred(tokens: &Tokens<'_>, at: usize) -> usize {
    let ten = |place: usize| {
        tokens.same_turn(at, place)
            && digits::spelled(tokens.word(place))
                .is_some_and(|digits| digits.len() == 2 && digits.ends_with('0') && digits != "10")
    };
    let unit = number_word(tokens, at).is_some_and(|digits| digits.len() == 1) || tokens.digits(at).len() == 1;
    if unit && matches!(tokens.word(at + 1), "og" | "å") && ten(at + 2) {
        at + 3
    } else if unit && tokens.same_turn(at, at + 1) && digits::ended(tokens.word(at + 1)).is_some()
        || digits::begun(tokens.word(at)).is_some() && ten(at + 1)
    {
        at + 2
    } else {
        at + 1
    }
}

fn is_side(word: &str) -> bool {
    matches!(word, "tv" | "th" | "mf" | "venstre" | "højre" | "dør" | "lejlighed" | "værelse" | "midtfor")
        || word.len() > 4 && (crate::ear::one_slip(word, "venstre") || crate::ear::one_slip(word, "højre"))
}

/// Behind the floor, if one follows: ", 2. tv", "anden sal til venstre", "st. th", "stuen".
pub(super) fn floor(tokens: &Tokens<'_>, from: usize) -> usize {
    let mut at = from;
    if tokens.mark(at) == "," && here(tokens, from, at) {
        at += 1;
    }
    if !here(tokens, from, at) {
        return from;
    }
    let start = at;
    let word = tokens.word(at);
    let storey = |at: usize| {
        let word = tokens.word(at);
        matches!(word, "sal" | "etage") || word.len() == 3 && word.starts_with("sa")
    };
    if (1..=2).contains(&tokens.digits(at).len()) || dates::ordinal(word).is_some() {
        at += 1;
        if tokens.mark(at) == "." {
            at += 1;
        }
        let ended = !here(tokens, from, at);
        if ended && !(tokens.mark(at - 1) == "." && tokens.mark(start.wrapping_sub(1)) == ",") {
            return from;
        }
        if !ended && storey(at) {
            at += 1;
        } else if tokens.mark(at - 1) == "." && tokens.mark(start - 1) == "," && !here(tokens, from, at) {
            // "Ryesgade 19, 3."
            return at;
        } else if !(is_side(tokens.word(at)) || tokens.word(at) == "til" && is_side(tokens.word(at + 1))) {
            return from;
        }
    } else if matches!(word, "st" | "stuen" | "stue" | "kld" | "kælder" | "kælderen" | "stuetagen" | "stueetagen")
        || word.len() > 4 && (word.starts_with("stue") || crate::ear::one_slip(word, "stuen"))
    {
        at += 1;
        if tokens.mark(at) == "." && here(tokens, from, at) {
            at += 1;
        }
    } else if is_side(word) && start > from {
        at = start;
    } else {
        return from;
    }
    side(tokens, from, at)
}

/// Behind "tv.", "til højre", "dør 4".
fn side(tokens: &Tokens<'_>, from: usize, at: usize) -> usize {
    let mut next = at;
    if tokens.mark(next) == "," {
        next += 1;
    }
    if tokens.word(next) == "til" {
        next += 1;
    }
    if !here(tokens, from, next) || !is_side(tokens.word(next)) {
        return at;
    }
    next += 1;
    if matches!(tokens.word(next - 1), "dør" | "lejlighed" | "værelse")
        && here(tokens, from, next)
        && is_number(tokens, next)
    {
        next += 1;
    }
    next
}

/// Behind the post code and town that follow an address: ", 8600 Silkeborg", "i Silkeborg", "otte tusind Aarhus C".
pub(super) fn post_code_and_town(tokens: &Tokens<'_>, from: usize) -> Option<usize> {
    let mut at = from;
    while matches!(tokens.mark(at), "," | ".") || matches!(tokens.word(at), "i" | "og") {
        at += 1;
    }
    if !here(tokens, from, at) {
        return None;
    }
    if let Some(to) = post_code(tokens, at).or_else(|| loose_code(tokens, at)) {
        return Some(to);
    }
    let word = tokens.word(at);
    let long = word.chars().count() > 3;
    let led = tokens.word(at.wrapping_sub(1)) == "i" && at > from;
    let named = led
        || (at > from || long)
            && (tokens.capital(at) && !tokens.get(at)?.opens || !lists::is_common(word) && !lists::is_ambiguous(word));
    (lists::is_near_town(word) && (named || tokens.stands_out(at))).then(|| behind_town(tokens, at))
}

/// Behind numbers and the town they lead to, when the numbers are no post code as they were heard.
fn loose_code(tokens: &Tokens<'_>, from: usize) -> Option<usize> {
    let number = |at: usize| {
        let word = tokens.word(at);
        tokens.same_turn(from, at)
            && (matches!(tokens.digits(at).len(), 1..=4)
                || number_word(tokens, at).is_some()
                || dates::is_hundred(word)
                || dates::is_thousand(word)
                || matches!(word, "og" | "å"))
    };
    let mut at = from;
    while at < from + 8 && number(at) {
        at += 1;
    }
    let word = tokens.word(at);
    let town = tokens.same_turn(from, at)
        && lists::is_near_town(word)
        && !lists::is_common(word)
        && (word.len() > 2 || tokens.stands_out(at));
    (at > from && town).then(|| behind_town(tokens, at))
}

/// Behind a post code and its town at `at`.
pub(super) fn post_code(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    let (code, to) = code(tokens, at)?;
    if !lists::is_post_code(code) || !tokens.same_turn(at, to) {
        return None;
    }
    let word = tokens.word(to);
    let town = lists::town_of(code).and_then(|town| town.split(' ').next()).unwrap_or_default();
    let same = crate::ear::one_slip(town, word) || town.replace("aa", "å") == word.replace("aa", "å");
    (same || tokens.digits(at).len() == 4 && lists::is_near_town(word) && !lists::is_common(word))
        .then(|| behind_town(tokens, to))
}

/// The four digits at `at`, in figures or in words, and the place behind them.
fn code(tokens: &Tokens<'_>, at: usize) -> Option<(u16, usize)> {
    if tokens.digits(at).len() == 4 {
        return Some((tokens.digits(at).parse().ok()?, at + 1));
    }
    // Thousands: "otte tusind seks hundrede", "fem tusind".
    let thousands = match tokens.digits(at).len() {
        1 => tokens.digits(at).to_owned(),
        _ => number_word(tokens, at)?,
    };
    if thousands.len() == 1 && dates::is_thousand(tokens.word(at + 1)) {
        let (rest, to) = below_a_thousand(tokens, at + 2);
        return Some((thousands.parse::<u16>().ok()? * 1000 + rest, to));
    }
    // Hundreds: "seksogfirs hundrede".
    if let Some((digits, to)) = digits_at(tokens, at).filter(|(digits, _)| digits.len() == 2)
        && dates::is_hundred(tokens.word(to))
    {
        return Some((digits.parse::<u16>().ok()? * 100, to + 1));
    }
    let mut digits = String::new();
    let mut to = at;
    while digits.len() < 4 && tokens.same_turn(at, to) {
        let (more, next) = digits_at(tokens, to)?;
        digits.push_str(&more);
        to = next;
    }
    (digits.len() == 4).then(|| digits.parse().ok().map(|code| (code, to))).flatten()
}

/// Up to two digits at `at`, also "fem og tyve".
fn digits_at(tokens: &Tokens<'_>, at: usize) -> Option<(String, usize)> {
    if (1..=2).contains(&tokens.digits(at).len()) {
        return Some((tokens.digits(at).to_owned(), at + 1));
    }
    let to = below_a_hundred(tokens, at);
    if to == at + 1 {
        return number_word(tokens, at).map(|digits| (digits, to));
    }
    let unit = digits::begun(tokens.word(at)).map(str::to_owned).or_else(|| number_word(tokens, at))?;
    let last = tokens.word(to - 1);
    let ten = digits::ended(last).or_else(|| digits::spelled(last))?;
    Some((format!("{}{unit}", &ten[..1]), to))
}

fn below_a_thousand(tokens: &Tokens<'_>, from: usize) -> (u16, usize) {
    let skip = |at: usize| if matches!(tokens.word(at), "og" | "å") { at + 1 } else { at };
    let mut at = skip(from);
    let mut value = 0;
    if dates::is_hundred(tokens.word(at)) {
        value = 100;
        at += 1;
    } else if let Some((digits, to)) = digits_at(tokens, at).filter(|(digits, _)| digits.len() == 1)
        && dates::is_hundred(tokens.word(to))
    {
        value = digits.parse::<u16>().unwrap_or(0) * 100;
        at = to + 1;
    }
    if tokens.digits(at).len() == 3 && value == 0 {
        return (tokens.digits(at).parse().unwrap_or(0), at + 1);
    }
    match digits_at(tokens, skip(at)) {
        Some((digits, to)) => (value + digits.parse::<u16>().unwrap_or(0), to),
        None if value > 0 => (value, at),
        None => (0, from),
    }
}

/// Behind the town at `at`, with its second word and the letters of its quarter.
fn behind_town(tokens: &Tokens<'_>, at: usize) -> usize {
    let mut to = at + 1;
    let second = tokens.word(to);
    if tokens.same_turn(at, to) {
        let pair = format!("{} {second}", tokens.word(at));
        let quarter = matches!(second, "c" | "k" | "n" | "s" | "v" | "m" | "ø" | "nv" | "sv" | "nø" | "sø" | "centrum");
        let known = matches!(
            second,
            "mors"
                | "falster"
                | "sjælland"
                | "thy"
                | "djurs"
                | "strand"
                | "kyst"
                | "by"
                | "lyngby"
                | "heddinge"
                | "snede"
                | "alslev"
        );
        if lists::is_town(&pair)
            || quarter
            || known
            || crate::ear::one_slip(second, "lyngby")
            || crate::ear::one_slip(second, "falster")
            || crate::ear::one_slip(second, "sjælland")
        {
            to += 1;
        }
    }
    to
}
