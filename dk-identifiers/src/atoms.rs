//! Reads the numbers of a turn as the parts that somebody may dictate: digits, pairs, dates; and sets amounts aside.
//!
//! In: the tokens of a turn. Out: [`Atom`]s in order. "31.500 kroner", "femogtyve procent", "klokken 14.30" and "to
//! tusind" are amounts: they are no part of anybody's number, and nothing is dictated across them.
//!
//! Not done here: which atoms belong together.

use crate::dates::{self, Date};
use crate::digits::{self, Sure};
use crate::ear::one_slip;
use crate::tokens::Tokens;

/// What a number may be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Sort {
    Digits,
    Date(Date),
    Amount,
}

/// One number.
#[derive(Clone, Debug)]
pub(crate) struct Atom {
    pub(crate) from: usize,
    /// The token behind it.
    pub(crate) to: usize,
    pub(crate) digits: String,
    pub(crate) sure: Sure,
    pub(crate) sort: Sort,
    /// In figures, not in words.
    pub(crate) written: bool,
    /// Letters or figures of its first word.
    pub(crate) letters: usize,
}

/// Words that are counted: a number before one of these counts something.
pub(crate) fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "kr" | "kroner"
            | "krone"
            | "øre"
            | "procent"
            | "pct"
            | "promille"
            | "euro"
            | "dollar"
            | "år"
            | "årige"
            | "måned"
            | "måneder"
            | "måneders"
            | "uge"
            | "uger"
            | "ugers"
            | "dag"
            | "dage"
            | "dages"
            | "døgn"
            | "time"
            | "timer"
            | "timers"
            | "minut"
            | "minutter"
            | "min"
            | "sekunder"
            | "gang"
            | "gange"
            | "kvadratmeter"
            | "kvm"
            | "kilometer"
            | "km"
            | "kilo"
            | "kg"
            | "gram"
            | "milligram"
            | "mg"
            | "meter"
            | "liter"
            | "stk"
            | "stykker"
            | "børn"
            | "børnebørn"
            | "personer"
            | "mennesker"
            | "værelser"
            | "rater"
            | "sider"
            | "breve"
            | "trin"
            | "grader"
            | "point"
            | "tusind"
            | "millioner"
            | "million"
            | "mio"
            | "milliarder"
            | "tommer"
            | "voksne"
            | "søskende"
            | "feriedage"
            | "arbejdsdage"
            | "krner"
            | "kronr"
            | "koner"
            | "kroer"
            | "kronor"
            | "klonel"
            | "kronel"
            | "kloner"
    )
}

/// Words before a number that make it a time, a place in a text, or a count.
fn counts_on(word: &str) -> bool {
    matches!(
        word,
        "klokken"
            | "kl"
            | "kvart"
            | "halv"
            | "paragraf"
            | "stykke"
            | "stk"
            | "side"
            | "punkt"
            | "bilag"
            | "uge"
            | "årgang"
            | "omkring"
            | "cirka"
            | "ca"
    )
}

fn is_scale(word: &str) -> bool {
    dates::is_hundred(word)
        || dates::is_thousand(word)
        || matches!(word, "million" | "millioner" | "mio" | "milliard" | "milliarder")
}

/// The numbers of a turn.
pub(crate) fn read(tokens: &Tokens<'_>, turn: usize) -> Vec<Atom> {
    let range = tokens.of_turn(turn);
    let mut atoms = Vec::new();
    let mut at = range.start;
    while at < range.end {
        if let Some(end) = last_four(tokens, at) {
            at = end;
        } else if let Some(atom) = one(tokens, at, range.end) {
            at = atom.to.max(at + 1);
            atoms.push(atom);
        } else {
            at += 1;
        }
    }
    atoms
}

/// Where "de sidste fire cifre" ends, of which the "fire" is no digit of anything.
pub(crate) fn last_four(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    if !tokens.same_turn(at, at + 1) {
        return None;
    }
    let last = |at: usize| {
        let word = tokens.word(at);
        matches!(word, "sidste" | "siste" | "sidst") || word.len() > 4 && one_slip(word, "sidste")
    };
    let four = |at: usize| {
        tokens.digits(at) == "4"
            || matches!(tokens.word(at), "fie" | "file" | "fine")
            || digits::heard(tokens.word(at)).is_some_and(|heard| heard.digits == "4")
    };
    let digits = |at: usize| {
        let word = tokens.word(at);
        matches!(word, "cifre" | "ciffer" | "tal" | "numre" | "cifrer" | "tallene")
            || word.len() > 3 && one_slip(word, "cifre")
    };
    if last(at) && four(at + 1) || four(at) && last(at + 1) {
        return Some(if digits(at + 2) { at + 3 } else { at + 2 });
    }
    if (last(at) || four(at) && tokens.word(at.wrapping_sub(1)) == "de") && digits(at + 1) {
        return Some(at + 2);
    }
    // "De sidste er 2606": the "fire" was not heard.
    let article = matches!(tokens.word(at.wrapping_sub(1)), "de" | "og") && last(at);
    let mut next = at + 1;
    while matches!(tokens.word(next), "de" | "det" | "er" | "ær" | "var") {
        next += 1;
    }
    let number = next > at + 1
        && (tokens.digits(next).len() >= 2
            || digits::heard(tokens.word(next)).is_some_and(|heard| heard.sure > Sure::Hardly));
    (article && number && tokens.same_turn(at, next)).then_some(at + 1)
}

fn one(tokens: &Tokens<'_>, at: usize, end: usize) -> Option<Atom> {
    if let Some(date) = dates::read(tokens, at).filter(|date| date.end <= end) {
        let year = date.year.as_deref().map_or("", |year| &year[year.len() - 2..]);
        let digits = format!("{:02}{:02}{year}", date.day, date.month);
        let written = !tokens.digits(at).is_empty();
        return Some(Atom {
            from: at,
            to: date.end,
            digits,
            sure: Sure::Quite,
            sort: Sort::Date(date),
            written,
            letters: 9,
        });
    }
    let mut atom = if tokens.digits(at).is_empty() { in_words(tokens, at, end)? } else { in_figures(tokens, at, end) };
    if atom.sort == Sort::Digits && is_amount(tokens, &atom, end) {
        atom.sort = Sort::Amount;
        atom.to = behind_amount(tokens, atom.to, end);
    }
    Some(atom)
}

fn is_amount(tokens: &Tokens<'_>, atom: &Atom, end: usize) -> bool {
    let behind = if atom.to < end { tokens.word(atom.to) } else { "" };
    let dictated = atom.digits.len() >= 6;
    is_scale(behind)
        || !dictated && is_unit(behind)
        || behind == "komma"
            && atom.to + 1 < end
            && (digits::spelled(tokens.word(atom.to + 1)).is_some() || !tokens.digits(atom.to + 1).is_empty())
        || atom.to < end && tokens.mark(atom.to) == "%"
        || atom.digits.len() <= 4
            && counts_on(tokens.word_before(atom.from))
            && tokens.mark(atom.from.wrapping_sub(1)) != ":"
        || atom.written
            && (5..8).contains(&atom.digits.len())
            && atom.digits.ends_with("000")
            && !beside_digits(tokens, atom)
}

/// Whether other digits stand right before or behind, with a stroke or nothing between.
fn beside_digits(tokens: &Tokens<'_>, atom: &Atom) -> bool {
    let stroke = |at: usize| matches!(tokens.mark(at), "-" | "–");
    let behind = if stroke(atom.to) { atom.to + 1 } else { atom.to };
    let before = if stroke(atom.from.wrapping_sub(1)) { atom.from.wrapping_sub(2) } else { atom.from.wrapping_sub(1) };
    !tokens.digits(behind).is_empty() && tokens.same_turn(atom.from, behind)
        || !tokens.digits(before).is_empty() && tokens.same_turn(atom.from, before)
}

/// An amount goes on over the words it is made of: "to tusind fem hundrede og fyrre".
fn behind_amount(tokens: &Tokens<'_>, from: usize, end: usize) -> usize {
    let mut at = from;
    let mut scaled = false;
    while at < end {
        let word = tokens.word(at);
        if is_scale(word) || word == "komma" && at == from {
            scaled = true;
        } else if !(scaled
            && (matches!(word, "og" | "å") || digits::spelled(word).is_some() || !tokens.digits(at).is_empty()))
        {
            break;
        }
        at += 1;
    }
    if tokens.word(at) == "kroner" { at + 1 } else { at }
}

/// Digits, and what is glued to them: points between thousands, decimals, times.
fn in_figures(tokens: &Tokens<'_>, at: usize, end: usize) -> Atom {
    let figures = tokens.digits(at);
    let mut atom = Atom {
        from: at,
        to: at + 1,
        digits: figures.to_owned(),
        sure: Sure::Quite,
        sort: Sort::Digits,
        written: true,
        letters: figures.len(),
    };
    let glued = |place: usize, mark: &str| {
        place + 1 < end
            && tokens.mark(place) == mark
            && tokens.glued(place)
            && tokens.glued(place + 1)
            && !tokens.digits(place + 1).is_empty()
    };
    let mut groups = vec![figures.len()];
    let mut to = at + 1;
    while glued(to, ".") && groups.len() < 8 {
        groups.push(tokens.digits(to + 1).len());
        to += 2;
    }
    let thousands = groups.len() > 1 && groups[0] <= 3 && groups[1..].iter().all(|group| *group == 3);
    let time = groups.len() == 2 && groups[0] <= 2 && groups[1] == 2;
    if thousands || time {
        atom.to = to;
        atom.sort = Sort::Amount;
    }
    for mark in [",", ":"] {
        if glued(atom.to, mark) && tokens.digits(atom.to + 1).len() <= 2 && groups[0] <= 7 {
            atom.to += 2;
            atom.sort = Sort::Amount;
        }
    }
    // "5 og tyve" is how a recogniser hears 25.
    if atom.sort == Sort::Digits
        && figures.len() == 1
        && let Some((ten, to)) = ten_behind(tokens, at + 1)
    {
        atom.digits = format!("{}{figures}", &ten[..1]);
        atom.to = to;
        atom.written = false;
    }
    atom
}

/// "og tyve" or "ogtyve" behind a unit.
fn ten_behind<'t>(tokens: &'t Tokens<'_>, at: usize) -> Option<(&'t str, usize)> {
    if !tokens.same_turn(at.wrapping_sub(1), at) {
        return None;
    }
    if matches!(tokens.word(at), "og" | "å") && tokens.same_turn(at, at + 1) {
        let ten =
            digits::heard(tokens.word(at + 1)).filter(|heard| heard.sure > Sure::Hardly).map(|heard| heard.digits)?;
        let ten = TENS.iter().find(|known| **known == ten)?;
        return Some((ten, at + 2));
    }
    digits::ended(tokens.word(at)).map(|ten| (ten, at + 1))
}

const TENS: [&str; 8] = ["20", "30", "40", "50", "60", "70", "80", "90"];

fn in_words(tokens: &Tokens<'_>, at: usize, end: usize) -> Option<Atom> {
    let word = tokens.word(at);
    let atom = |to: usize, digits: String, sure: Sure| Atom {
        from: at,
        to,
        digits,
        sure,
        sort: Sort::Digits,
        written: false,
        letters: word.chars().count(),
    };
    if word == "dobbelt"
        && let Some(digit) = digits::spelled(tokens.word(at + 1)).filter(|digit| digit.len() == 1)
    {
        return Some(atom(at + 2, digit.repeat(2), Sure::Quite));
    }
    if is_scale(word) {
        let mut amount = atom(at + 1, String::new(), Sure::Quite);
        amount.sort = Sort::Amount;
        amount.to = behind_amount(tokens, at, end);
        return Some(amount);
    }
    if let Some(unit) = digits::begun(word)
        && let Some(ten) = digits::spelled(tokens.word(at + 1)).filter(|ten| TENS.contains(ten))
        && tokens.same_turn(at, at + 1)
    {
        return Some(atom(at + 2, format!("{}{unit}", &ten[..1]), Sure::Quite));
    }
    let heard = digits::heard(word)?;
    if heard.digits.len() == 1
        && heard.digits != "0"
        && heard.sure > Sure::Hardly
        && let Some((ten, to)) = ten_behind(tokens, at + 1)
    {
        return Some(atom(to, format!("{}{}", &ten[..1], heard.digits), heard.sure));
    }
    Some(atom(at + 1, heard.digits, heard.sure))
}
