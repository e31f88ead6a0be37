//! Reads any number: digits with their separators, words, words with decimals, and both before "tusind" and "mio.".
//!
//! In: tokens and a place. Out: the [`Quantity`] that begins there.
//!
//! A point between groups of three digits parts thousands in Danish, a comma in English; the other one begins the
//! decimals. What would be a wrong group of thousands is read as decimals, since recognisers write "3.5" in any language.
//!
//! Not done here: what is counted.

use crate::cardinals::{self, Part, Place, below_hundred};
use crate::number::Number;
use crate::tokens::{Atom, Kind, Tokens};
use crate::units::{behind_dot, unit_at};
use crate::{Form, Language, fractions};

/// Digits of a number that is read as one.
const MOST_DIGITS: usize = 15;
/// Decimals that are read.
const MOST_DECIMALS: usize = 6;

/// A number that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quantity {
    /// Its value.
    pub number: Number,
    /// The token behind it.
    pub end: usize,
    /// Digits, words or both.
    pub form: Form,
    /// A lone article.
    pub weak: bool,
}

/// The number that begins at token `at`.
pub fn at(tokens: &Tokens<'_>, at: usize) -> Option<Quantity> {
    if let Some(fraction) = fractions::at(tokens, at) {
        return Some(scaled(tokens, fraction));
    }
    // The longer one: "12 tusind" is more than "12", and "12.500" more than "12".
    let words = cardinals::at(tokens, at).map(|read| Quantity {
        number: Number::whole(read.value),
        end: read.end,
        form: read.form,
        weak: read.weak,
    });
    let digits = written(tokens, at);
    let read = match (words, digits) {
        (Some(words), Some(digits)) if digits.end >= words.end => digits,
        (Some(words), _) => words,
        (None, digits) => digits?,
    };
    let read = with_decimals(tokens, read).unwrap_or(read);
    let read = fractions::with_half(tokens, read).unwrap_or(read);
    Some(scaled(tokens, read))
}

/// Digits, with separators.
pub(crate) fn written(tokens: &Tokens<'_>, at: usize) -> Option<Quantity> {
    let first = tokens.digits(at);
    if first.is_empty()
        || at > 0 && tokens.glued(at) && tokens.kind(at - 1) == Some(Kind::Word) && !prefix(tokens, at - 1)
    {
        return None;
    }
    if matches!(tokens.mark(at + 1), Some('\'' | '’')) && tokens.glued(at + 1) && tokens.glued_word(at + 2) {
        return None; // "1960'erne", "2'eren"
    }
    let (thousands, decimals) = match tokens.language() {
        Language::Danish => ('.', ','),
        Language::English => (',', '.'),
    };
    let mut value: u64 = bounded(first, MOST_DIGITS)?;
    let (mut end, mut length) = (at + 1, first.len());
    let groups = first.len() <= 3 && !first.starts_with('0');
    while groups && length <= MOST_DIGITS - 3 {
        let Some(group) = behind(tokens, end, thousands).filter(|group| group.len() == 3) else { break };
        value = value * 1000 + bounded(group, 3)?;
        (end, length) = (end + 2, length + 3);
    }
    // "12 500 kr": a space parts thousands only where what is counted follows.
    let spaced = (end..end + 3).take_while(|at| tokens.digits(*at).len() == 3).count();
    if groups && end == at + 1 && spaced > 0 && unit_at(tokens, end + spaced).is_some() {
        for group in end..end + spaced {
            value = value * 1000 + bounded(tokens.digits(group), 3)?;
        }
        end += spaced;
    }
    let whole = Quantity { number: Number::whole(value), end, form: Form::Written, weak: false };
    let rest = behind(tokens, end, decimals).or_else(|| {
        let rest = behind(tokens, end, thousands).filter(|_| end == at + 1)?;
        (rest.len() != 3 || !groups).then_some(rest)
    });
    let Some(rest) = rest.filter(|rest| rest.len() <= MOST_DECIMALS) else { return Some(whole) };
    let part = Number::ratio(bounded(rest, MOST_DECIMALS)?, 10u64.pow(u32::try_from(rest.len()).ok()?))?;
    Some(Quantity { number: whole.number.plus(part)?, end: end + 2, ..whole })
}

fn prefix(tokens: &Tokens<'_>, at: usize) -> bool {
    matches!(tokens.word(at), "kr" | "kl" | "dkk" | "uge" | "nr" | "ca" | "d" | "eur")
}

/// The digits close behind `mark`, if that stands close behind what was read.
fn behind<'t>(tokens: &Tokens<'t>, at: usize, mark: char) -> Option<&'t str> {
    let close = tokens.mark(at) == Some(mark) && tokens.glued(at) && tokens.glued(at + 1);
    Some(tokens.digits(at + 1)).filter(|digits| close && !digits.is_empty())
}

fn bounded(digits: &str, most: usize) -> Option<u64> {
    if digits.len() > most { None } else { digits.parse().ok() }
}

/// "tre komma fem", "three point two five": what follows the word is digits, said one by one or as one number.
fn with_decimals(tokens: &Tokens<'_>, read: Quantity) -> Option<Quantity> {
    let comma = match tokens.language() {
        Language::Danish => matches!(tokens.word(read.end), "komma"),
        Language::English => matches!(tokens.word(read.end), "point"),
    };
    if !comma {
        return None;
    }
    let (mut digits, mut length, mut place) = (0u64, 0usize, Place::at(read.end + 1));
    let mut form = Form::Spoken;
    while length < MOST_DECIMALS {
        let (part, next) = match place.next(tokens) {
            Some((Part::Atom(Atom::Zero), next)) => (0, next),
            Some((Part::Atom(_), _)) => match below_hundred(tokens, place) {
                // "tre komma fem og tyve" is 3.25; "tre komma syv fem" is 3.75, two digits said one by one.
                Some((value, next)) if value < 10 || length == 0 || length == 1 && digits == 0 => (value, next),
                _ => break,
            },
            _ => {
                let written = tokens.digits(place.token);
                if written.is_empty() || length > 0 {
                    break;
                }
                (digits, length) = (bounded(written, MOST_DECIMALS)?, written.len());
                form = Form::Written;
                place = Place { end: place.token + 1, ..Place::at(place.token + 1) };
                break;
            }
        };
        let width = if part < 10 { 1 } else { 2 };
        digits = digits * 10u64.pow(width) + part;
        length += width as usize;
        place = next;
        if width == 2 {
            break;
        }
    }
    if length == 0 {
        return None;
    }
    let part = Number::ratio(digits, 10u64.pow(u32::try_from(length).ok()?))?;
    let form = if read.form == form { Form::and(read.form, form) } else { Form::Mixed };
    Some(Quantity { number: read.number.plus(part)?, end: place.end, form, weak: false })
}

/// "12,5 mio.", "halvanden million", "tre komma fem tusind".
fn scaled(tokens: &Tokens<'_>, read: Quantity) -> Quantity {
    // "half a million", "en kvart million"
    let at = match (tokens.word(read.end), tokens.word(read.end + 1)) {
        ("a", _) if read.number.as_whole().is_none() => read.end + 1,
        ("of", "a") if read.number.as_whole().is_none() => read.end + 2,
        _ => read.end,
    };
    let [Atom::Scale(scale)] = tokens.atoms(at) else { return read };
    let Some(number) = read.number.times(Number::whole(*scale)) else { return read };
    let short = matches!(tokens.word(at), "mio" | "mia");
    let behind = behind_dot(tokens, at + 1);
    let end = if short && !tokens.word(behind).is_empty() { behind } else { at + 1 };
    Quantity { number, end, form: read.form.and(Form::Spoken), weak: false }
}
