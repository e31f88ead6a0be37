//! Looks once more, with broader patterns, at text that is about to be sent.
//!
//! In: what is left of a turn beside its placeholders. Out: what it may still hold, or nothing. It shares no rule with the finders: it
//! counts digits, written or spoken, that no amount, date or time explains, looks for the sign of e-mail addresses, and
//! for what the table says must be hidden.
//!
//! Not done here: names that nobody knows. No pattern shows them.

use super::table::Table;
use crate::dates;
use crate::digits;
use crate::tokens::{Made, Tokens};
use crate::{Speaker, Turn, atoms};
use std::fmt;

/// What was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// Six digits or more in a row.
    Digits,
    /// A sign that e-mail addresses have.
    Email,
    /// A name or number that is hidden elsewhere.
    Known,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digits => "a long row of digits",
            Self::Email => "the sign of an e-mail address",
            Self::Known => "something that is hidden elsewhere",
        })
    }
}

/// Digits in a row that may be somebody's number.
const MOST_DIGITS: usize = 5;

/// What a turn may still hold.
pub(super) fn doubt(text: &str, table: &Table) -> Option<Doubt> {
    let turns = [Turn { speaker: Speaker::Citizen, text }];
    let tokens = Tokens::cut(&turns);
    let marked = (0..tokens.len()).any(|at| tokens.mark(at) == "@" || tokens.word(at).starts_with("snabel"));
    if marked {
        return Some(Doubt::Email);
    }
    let rows = rows(&tokens);
    if rows.iter().any(|digits| digits.len() > MOST_DIGITS) {
        return Some(Doubt::Digits);
    }
    let names = table.names();
    let known = |at: usize| {
        tokens.stands_out(at)
            && !crate::lists::is_common(tokens.word(at))
            && names.iter().any(|name| name == tokens.word(at))
    };
    if (0..tokens.len()).any(known) {
        return Some(Doubt::Known);
    }
    let hidden: Vec<String> = table.digits().collect();
    let plain: String = text.chars().filter(char::is_ascii_digit).collect();
    (plain.len() > MOST_DIGITS && hidden.iter().any(|digits| plain.contains(digits.as_str()))).then_some(Doubt::Known)
}

/// The rows of digits that nothing explains.
fn rows(tokens: &Tokens<'_>) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut at = 0;
    let mut years = true;
    while at < tokens.len() {
        if let Some(to) = explained(tokens, at) {
            rows.push(String::new());
            years = true;
            at = to;
            continue;
        }
        let word = tokens.word(at);
        let figures = tokens.digits(at);
        let spoken = digits::spelled(word);
        let counted = atoms::is_unit(tokens.word(at + 1)) && tokens.same_turn(at, at + 1) || tokens.mark(at + 1) == "%";
        let row = rows.len() - 1;
        if !figures.is_empty() || spoken.is_some() {
            years &= dates::is_year(figures);
            if !counted {
                rows[row].push_str(if figures.is_empty() { spoken.unwrap_or_default() } else { figures });
            }
            if years {
                rows[row].clear();
            }
        } else if !(matches!(tokens.get(at).map(|token| token.made), Some(Made::Mark))
            && !matches!(tokens.mark(at), "." | "?" | "!" | ";" | ",")
            || tokens.mark(at) == "," && spoken_before(tokens, at)
            || matches!(word, "øh" | "bindestreg" | "streg"))
        {
            // A word between ends the row; so does a mark between figures.
            let inner = tokens.mark(at) == "." && tokens.glued(at) && tokens.glued(at + 1);
            if !inner {
                rows.push(String::new());
                years = true;
            }
        }
        at += 1;
    }
    rows
}

fn spoken_before(tokens: &Tokens<'_>, at: usize) -> bool {
    digits::spelled(tokens.word(at.wrapping_sub(1))).is_some()
}

/// Behind a date, a time or an amount that begins at `at`.
fn explained(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    if let Some(date) = dates::read(tokens, at) {
        return Some(date.end);
    }
    let figures = tokens.digits(at);
    if figures.is_empty() {
        let word = tokens.word(at);
        return (dates::is_hundred(word) || dates::is_thousand(word)).then_some(at + 1);
    }
    let part = |place: usize, mark: &str| {
        tokens.mark(place) == mark
            && tokens.glued(place)
            && tokens.glued(place + 1)
            && !tokens.digits(place + 1).is_empty()
    };
    let mut to = at + 1;
    let mut groups = vec![figures.len()];
    while part(to, ".") && groups.len() < 8 {
        groups.push(tokens.digits(to + 1).len());
        to += 2;
    }
    let thousands = groups.len() > 1 && groups[0] <= 3 && groups[1..].iter().all(|group| *group == 3);
    let time = groups.len() == 2 && groups[0] <= 2 && groups[1] == 2 || part(at + 1, ":");
    let decimals = part(to, ",") && tokens.digits(to + 1).len() <= 2;
    let unit = atoms::is_unit(tokens.word(to)) && tokens.same_turn(at, to);
    let round = groups.len() == 1 && (5..8).contains(&figures.len()) && figures.ends_with("000");
    if decimals || time && part(at + 1, ":") {
        return Some(to.max(at + 1) + if decimals { 2 } else { 2 * usize::from(to == at + 1) });
    }
    (thousands || time || unit && groups.len() == 1 || round).then_some(to)
}
