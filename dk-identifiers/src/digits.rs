//! Reads the digits that one word stands for, also when it was misheard or run together with the next.
//!
//! In: a folded word. Out: its [`Heard`] digits: "nul" is 0, "fireogtres" is 64, "femtre" is 53, "halvfjers" is 70.
//!
//! Not done here: numbers of a hundred and more; they are amounts, not digits that somebody dictates. Whether a word is
//! meant as a number: "en", "to" and words that are only nearly numbers need others beside them.

use crate::dates;
use crate::ear::Near;
use crate::lists;
use std::collections::HashMap;
use std::sync::LazyLock;

/// How sure it is that a word is these digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Sure {
    /// An everyday word that is one slip of the ear away.
    Hardly,
    /// One slip of the ear away.
    Nearly,
    /// So it is spelled, or often heard.
    Quite,
}

/// The digits of a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Heard {
    pub(crate) digits: String,
    pub(crate) sure: Sure,
}

const UNITS: [(&str, &[&str]); 10] = [
    ("0", &["nul", "null", "nulle"]),
    ("1", &["en", "et", "één", "én", "ét", "een"]),
    ("2", &["to", "too"]),
    ("3", &["tre", "tree"]),
    ("4", &["fire", "fir", "firer"]),
    ("5", &["fem", "fæm"]),
    ("6", &["seks", "sex", "sæks", "sejs"]),
    ("7", &["syv", "syw", "syvv"]),
    ("8", &["otte", "åtte", "ote"]),
    ("9", &["ni", "nii"]),
];
const TEENS: [(&str, &[&str]); 10] = [
    ("10", &["ti", "tie"]),
    ("11", &["elleve", "elve", "ellve"]),
    ("12", &["tolv", "tol", "tolw"]),
    ("13", &["tretten", "trætten"]),
    ("14", &["fjorten", "fjorden"]),
    ("15", &["femten"]),
    ("16", &["seksten", "sejsten", "sexten"]),
    ("17", &["sytten"]),
    ("18", &["atten"]),
    ("19", &["nitten"]),
];
const TENS: [(&str, &[&str]); 8] = [
    ("2", &["tyve"]),
    ("3", &["tredive", "tredve", "træve"]),
    ("4", &["fyrre", "fyrretyve", "førre", "fyre"]),
    ("5", &["halvtreds", "halvtres", "halvtredsindstyve"]),
    ("6", &["tres", "tresindstyve", "treds"]),
    ("7", &["halvfjerds", "halvfjers", "halvfjerdsindstyve", "halvfjærs"]),
    ("8", &["firs", "firsindstyve", "fires"]),
    ("9", &["halvfems", "halvfemsindstyve"]),
];

static SPELLED: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    for (digits, words) in UNITS.iter().chain(&TEENS) {
        all.extend(words.iter().map(|word| ((*word).to_owned(), (*digits).to_owned())));
    }
    for (ten, words) in &TENS {
        for word in *words {
            all.insert((*word).to_owned(), format!("{ten}0"));
            for (unit, units) in &UNITS[1..] {
                for before in *units {
                    for and in ["og", "å", "o"] {
                        all.insert(format!("{before}{and}{word}"), format!("{ten}{unit}"));
                    }
                }
            }
        }
    }
    all
});

static NEAR: LazyLock<Near> = LazyLock::new(|| Near::to(SPELLED.keys().map(String::as_str), 3));

/// The digits of a word that is spelled as a number is.
pub(crate) fn spelled(word: &str) -> Option<&'static str> {
    SPELLED.get(word).map(String::as_str)
}

/// The digit of "to" in "toog", of which the rest comes in the next word.
pub(crate) fn begun(word: &str) -> Option<&'static str> {
    word.strip_suffix("og").or_else(|| word.strip_suffix('å')).and_then(spelled).filter(|digits| digits.len() == 1)
}

/// The ten of "tres" in "ogtres", of which the unit came in the word before.
pub(crate) fn ended(word: &str) -> Option<&'static str> {
    let ten = word.strip_prefix("og").or_else(|| word.strip_prefix('å')).and_then(spelled)?;
    (ten.len() == 2 && ten.ends_with('0') && ten != "10").then_some(ten)
}

/// Everyday words that a number is mistaken for.
const MISTAKEN: [&str; 12] = ["nu", "hul", "syd", "syn", "fyr", "fine", "tro", "træ", "fed", "ny", "ord", "syg"];

/// What a word may be, if it stands among numbers.
pub(crate) fn heard(word: &str) -> Option<Heard> {
    if let Some(digits) = spelled(word) {
        return Some(Heard { digits: digits.to_owned(), sure: Sure::Quite });
    }
    let length = word.chars().count();
    if !(2..=40).contains(&length) {
        return None;
    }
    if lists::is_given(word) || lists::is_family(word) {
        return None;
    }
    let common = lists::is_common(word);
    if !common && let Some(digits) = run_together(word) {
        return Some(Heard { digits, sure: near(length) });
    }
    if common && !MISTAKEN.contains(&word) {
        return None;
    }
    let nearest = NEAR.nearest(word).and_then(spelled)?;
    Some(Heard { digits: nearest.to_owned(), sure: if common { Sure::Hardly } else { near(length) } })
}

/// A long word that is nearly a number is one.
fn near(length: usize) -> Sure {
    if length >= 8 { Sure::Quite } else { Sure::Nearly }
}

/// The digits of a word that is nothing but numbers without a space: "femtre", "nulfire".
fn run_together(word: &str) -> Option<String> {
    // For each place, the digits of the fewest numbers that end there.
    let mut best: Vec<Option<(usize, String)>> = vec![None; word.len() + 1];
    best[0] = Some((0, String::new()));
    for start in 0..word.len() {
        let Some((count, digits)) = best[start].clone() else { continue };
        for (end, known) in best.iter_mut().enumerate().take(start + 25).skip(start + 2) {
            let Some(part) = word.get(start..end).and_then(spelled) else { continue };
            if known.as_ref().is_none_or(|(known, _)| *known > count + 1) {
                *known = Some((count + 1, format!("{digits}{part}")));
            }
        }
    }
    best.pop().flatten().filter(|(count, _)| *count >= 2).map(|(_, digits)| digits)
}

/// Words beside numbers that recognisers write together with them.
const BESIDE: [&str; 12] = ["den", "de", "det", "er", "sidste", "nummer", "cifre", "tal", "på", "og", "i", "ja"];

/// Ends of streets that recognisers write a number to.
const STREET_ENDS: [&str; 14] = [
    "vej",
    "vejen",
    "gade",
    "gaden",
    "allé",
    "stræde",
    "vænget",
    "parken",
    "boulevard",
    "stien",
    "bakken",
    "marken",
    "haven",
    "toften",
];

/// Where the second word begins in a word made of two, of which at least one is a number, an ordinal or a month.
pub(crate) fn run_on(word: &str) -> Option<usize> {
    if !(5..=40).contains(&word.len())
        || spelled(word).is_some()
        || lists::is_common(word)
        || dates::ordinal(word).is_some()
    {
        return None;
    }
    let scale = |part: &str| matches!(part, "hundrede" | "tusind" | "tusinde");
    let named =
        |part: &str| part.len() > 2 && (dates::ordinal_spelled(part) || dates::month_spelled(part) || scale(part));
    let number = |part: &str| spelled(part).is_some() || part.len() > 4 && run_together(part).is_some();
    word.char_indices().skip(1).map(|(at, _)| at).find(|at| {
        let (a, b) = word.split_at(*at);
        named(a) && (number(b) || named(b) || BESIDE.contains(&b))
            || number(a) && named(b)
            || BESIDE.contains(&a)
                && (named(b)
                    || a.len() > 1 && b.len() > 2 && number(b)
                    || matches!(
                        (a, b),
                        ("de" | "fire", "sidste") | ("sidste", "tal" | "cifre" | "fire") | ("nummer", "den" | "er")
                    ))
            || a.len() > 5
                && number(b)
                && !matches!(b, "en" | "et" | "ni")
                && STREET_ENDS.iter().any(|end| a.ends_with(end))
            || number(a) && matches!(b, "sidste" | "tal" | "cifre" | "sidstetal")
            || a == "sidste" && number(b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expected: Option<(&str, Sure)>) {
        let heard = heard(word);
        assert_eq!(heard.as_ref().map(|heard| (heard.digits.as_str(), heard.sure)), expected, "{word}");
    }

    #[test]
    fn numbers_are_read_as_they_are_spelled_and_heard() {
        check("nul", Some(("0", Sure::Quite)));
        check("fireogtres", Some(("64", Sure::Quite)));
        check("fireåtres", Some(("64", Sure::Quite)));
        check("halvfjers", Some(("70", Sure::Quite)));
        check("syvoghalvfems", Some(("97", Sure::Quite)));
        check("femtre", Some(("53", Sure::Nearly)));
        check("nulfireogtres", Some(("064", Sure::Quite)));
        check("fjortn", Some(("14", Sure::Nearly)));
        check("syvohalvfems", Some(("97", Sure::Quite)));
        check("kommunen", None);
        check("", None);
    }
}
