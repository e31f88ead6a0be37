//! Finds digit sequences that a text says as such: phone, account and case numbers.
//!
//! In: tokens and a place. Out: the [`Run`] of digits that begins there.
//!
//! Three numbers or more that nothing parts are one sequence: "tyve fyrre tres firs". Two are one perhaps, and the run
//! is weak; so are numbers with commas between, which may as well be a list. Written digits are a sequence when they
//! are long, begin with 0, or are joined with hyphens as no range is: "24-1234".
//!
//! Not done here: all that the words could mean; [`crate::sequences`] does that, from the same words.

use crate::tokens::{Atom, Kind, Tokens};
use crate::units::{time_unit_at, unit_at};
use crate::{Form, Language, cardinals, sequences};

/// Digits in an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    pub(crate) digits: Vec<String>,
    pub(crate) end: usize,
    pub(crate) form: Form,
    pub(crate) weak: bool,
}

/// One number of a run.
struct Item {
    end: usize,
    length: usize,
    form: Form,
    article: bool,
}

/// Items that are looked at from one place.
const LONGEST: usize = 40;
/// Alternatives that are kept.
const MOST_READINGS: usize = 8;
/// Alternatives that are looked at.
const MOST_WAYS: usize = 32;

/// The digit sequence that begins at token `at`.
pub(crate) fn at(tokens: &Tokens<'_>, at: usize) -> Option<Run> {
    joined(tokens, at).or_else(|| said(tokens, at))
}

/// Written without a space: "24-1234", "010185-1234", "29384756".
fn joined(tokens: &Tokens<'_>, at: usize) -> Option<Run> {
    let first = tokens.digits(at);
    if first.is_empty() || at > 0 && tokens.glued(at) && tokens.kind(at - 1) == Some(Kind::Digits) {
        return None;
    }
    let (mut end, mut digits, mut widths) = (at + 1, first.to_owned(), vec![first.len()]);
    let slash = tokens.mark(at + 1) == Some('/');
    while widths.len() < LONGEST
        && tokens.glued(end)
        && matches!(tokens.mark(end), Some('-' | '–' | '/'))
        && tokens.glued(end + 1)
        && !tokens.digits(end + 1).is_empty()
    {
        digits.push_str(tokens.digits(end + 1));
        widths.push(tokens.digits(end + 1).len());
        end += 2;
    }
    let goes_on = tokens.glued(end)
        && matches!(tokens.mark(end), Some('.' | ','))
        && tokens.glued(end + 1)
        && !tokens.digits(end + 1).is_empty();
    let range = !slash && widths.len() == 2 && widths[0].abs_diff(widths[1]) <= 1 && digits.len() <= 8;
    let long = match widths.len() {
        1 => digits.len() >= 7 || first.starts_with('0') && digits.len() >= 3,
        _ => !range && digits.len() >= 5,
    };
    if !long || goes_on || counted(tokens, end) {
        return None;
    }
    Some(Run { digits: vec![digits], end, form: Form::Written, weak: false })
}

fn said(tokens: &Tokens<'_>, at: usize) -> Option<Run> {
    let plus = tokens.mark(at) == Some('+') && tokens.glued(at + 1);
    let start = if plus { at + 1 } else { at };
    let first = item(tokens, start)?;
    let (mut end, mut count, mut length, mut commas) = (first.end, 1, first.length, false);
    let (mut form, mut widths) = (first.form, vec![first.length]);
    let leading = first.article;
    while count < LONGEST {
        let (from, comma) = behind_break(tokens, end);
        let Some(next) = item(tokens, from) else { break };
        // A number that counts something does not belong to the run.
        if counted(tokens, next.end) || next.article && item(tokens, behind_break(tokens, next.end).0).is_none() {
            break;
        }
        (end, count, length, commas) = (next.end, count + 1, length + next.length, commas || comma);
        form = form.and(next.form);
        widths.push(next.length);
    }
    let singles = widths.iter().all(|width| *width == 1);
    // "en 29 38": the article is none of the digits.
    if count < 2 || leading && !(singles && count >= 3) || counted(tokens, end) {
        return None;
    }
    let pairs = widths.iter().all(|width| *width == 2);
    let written = form == Form::Written;
    let sequence = if commas { length >= 6 && (singles || pairs || length >= 8) } else { true };
    if !sequence || written && count == 2 && length < 6 {
        return None;
    }
    let stretch = sequences::between(tokens, start, end);
    let digits: Vec<String> = stretch
        .whole(MOST_WAYS)
        .into_iter()
        .filter(|(_, doubt)| *doubt <= 1)
        .take(MOST_READINGS)
        .map(|(digits, _)| digits)
        .collect();
    let weak = commas && length < 8 || count == 2 && !(written && length >= 8);
    (!digits.is_empty()).then_some(Run { digits, end, form, weak })
}

fn item(tokens: &Tokens<'_>, at: usize) -> Option<Item> {
    let digits = tokens.digits(at);
    if !digits.is_empty() {
        let inside = tokens.glued(at + 1)
            && matches!(tokens.mark(at + 1), Some('.' | ',' | ':' | '/' | '%'))
            && (tokens.glued(at + 2) && !tokens.digits(at + 2).is_empty() || tokens.mark(at + 1) == Some('%'));
        let glued = at > 0 && tokens.glued(at) && tokens.kind(at - 1) == Some(Kind::Word);
        let mixed = cardinals::at(tokens, at);
        if let Some(mixed) = mixed {
            return (mixed.value < 100).then_some(Item {
                end: mixed.end,
                length: 2,
                form: Form::Mixed,
                article: false,
            });
        }
        return (!inside && !glued && digits.len() <= 10 && !tokens.glued_word(at + 1)).then_some(Item {
            end: at + 1,
            length: digits.len(),
            form: Form::Written,
            article: false,
        });
    }
    match tokens.word(at) {
        "oh" | "o" if tokens.language() == Language::English => {
            return Some(Item { end: at + 1, length: 1, form: Form::Spoken, article: false });
        }
        "dobbelt" | "double" => {
            let digit = matches!(tokens.atoms(at + 1), [Atom::Unit(_) | Atom::Zero]);
            return digit.then_some(Item { end: at + 2, length: 2, form: Form::Spoken, article: false });
        }
        _ => (),
    }
    let number = cardinals::at(tokens, at).filter(|number| number.value < 100)?;
    let length = if number.value < 10 { 1 } else { 2 };
    Some(Item { end: number.end, length, form: number.form, article: number.weak })
}

/// Behind what may part two digits of one number, and whether a comma did.
fn behind_break(tokens: &Tokens<'_>, at: usize) -> (usize, bool) {
    let (mut at, mut comma) = (at, false);
    for _ in 0..3 {
        match (tokens.mark(at), tokens.word(at)) {
            (Some(','), _) => comma = true,
            (Some('-' | '–' | '…'), _) | (None, "bindestreg" | "streg" | "dash" | "hyphen") => (),
            _ => break,
        }
        at += 1;
    }
    (at, comma)
}

fn counted(tokens: &Tokens<'_>, at: usize) -> bool {
    unit_at(tokens, at).is_some() || time_unit_at(tokens, at).is_some()
}
