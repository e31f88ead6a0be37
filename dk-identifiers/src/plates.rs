//! Finds number plates: two letters and five digits, "AB 12 345" or "a b tolv tre hundrede femogfyrre".
//!
//! In: tokens. Out: [`Found`] plates.
//!
//! Not done here: plates of a person's choice, which can be any word.

use crate::cues::{self, Topic};
use crate::dates;
use crate::digits::{self, Sure};
use crate::find::Found;
use crate::tokens::Tokens;
use crate::{Confidence, Kind};

pub(crate) fn find(tokens: &Tokens<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let found = plate(tokens, at);
        at = found.as_ref().and_then(|found| found.runs.last()).map_or(at + 1, |(_, to)| *to);
        all.extend(found);
    }
    all
}

/// Two-letter words in capitals that stand before numbers and are no plates.
const NOT_PLATES: [&str; 8] = ["dk", "nr", "kr", "kl", "tv", "eu", "ca", "st"];

fn plate(tokens: &Tokens<'_>, at: usize) -> Option<Found> {
    let letters = |at: usize| tokens.get(at).filter(|token| token.folded.chars().all(|c| c.is_ascii_lowercase()));
    let first = letters(at)?;
    let named = cues::named_before(tokens, at, 10, Topic::Plate)
        || (at.saturating_sub(10)..at)
            .any(|before| matches!(tokens.word(before), "bil" | "bilen" | "bilens") && tokens.same_turn(before, at))
        || cues::named_lately(tokens, at, 1, Topic::Plate);
    let (plate, from) = match first.folded.len() {
        2 if named || !NOT_PLATES.contains(&&*first.folded) && first.text.chars().all(char::is_uppercase) => {
            (first.folded.to_uppercase(), at + 1)
        }
        1 => {
            let second = letters(at + 1).filter(|second| second.folded.len() == 1 && second.turn == first.turn)?;
            let pair = format!("{}{}", first.folded, second.folded).to_uppercase();
            if pair == "DK" && !named {
                return None;
            }
            (pair, at + 2)
        }
        _ => return None,
    };
    let (digits, to) = five(tokens, from)?;
    let exact = digits.len() == 5;
    if !exact && !named || !tokens.same_turn(at, to - 1) {
        return None;
    }
    let value = if exact { format!("{plate} {} {}", &digits[..2], &digits[2..]) } else { format!("{plate} {digits}") };
    Some(Found::new(Kind::Plate, at, to, value, if exact { Confidence::Sure } else { Confidence::Possible }))
}

/// Five digits, or as many as are said.
fn five(tokens: &Tokens<'_>, from: usize) -> Option<(String, usize)> {
    let mut digits = String::new();
    let mut at = from;
    while digits.len() < 5 && tokens.same_turn(from, at) {
        let word = tokens.word(at);
        if matches!(tokens.mark(at), "-" | "," | ".") || matches!(word, "og" | "øh") {
            at += 1;
            continue;
        }
        let (number, next) = match tokens.digits(at) {
            "" if dates::is_hundred(word) => ("1".to_owned(), at),
            "" => {
                let Some(heard) = digits::heard(word).filter(|heard| heard.sure > Sure::Hardly) else { break };
                (heard.digits, at + 1)
            }
            figures => (figures.to_owned(), at + 1),
        };
        if number.len() == 1 && dates::is_hundred(tokens.word(next)) && tokens.same_turn(from, next) {
            let (rest, to) = below_a_hundred(tokens, next + 1);
            digits.push_str(&number);
            digits.extend(std::iter::repeat_n('0', 2usize.saturating_sub(rest.len())));
            digits.push_str(&rest);
            at = to;
        } else {
            digits.push_str(&number);
            at = next;
        }
    }
    (3..=6).contains(&digits.len()).then_some((digits, at))
}

fn below_a_hundred(tokens: &Tokens<'_>, at: usize) -> (String, usize) {
    let at = if matches!(tokens.word(at), "og" | "å") { at + 1 } else { at };
    let number = match tokens.digits(at) {
        "" => digits::heard(tokens.word(at)).filter(|heard| heard.sure > Sure::Hardly).map(|heard| heard.digits),
        figures => Some(figures.to_owned()),
    };
    match number.filter(|digits| digits.len() <= 2) {
        Some(digits) => (digits, at + 1),
        None => ("00".to_owned(), at),
    }
}
