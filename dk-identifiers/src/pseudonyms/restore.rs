//! Puts the originals back into a draft, however the model spelled the placeholders.
//!
//! In: a draft. Out: the draft with originals, and the placeholders that stand for nothing.
//!
//! "[PERSON-1]", "[Person 1]", "PERSON-1", `PERSON_1`, "[NAME-1]", "[PERSON-1]s" and "(TELEFON-2)" are all understood. A
//! word and a number without bracket and hyphen ("telefon 2", "konto 1") are text; only "person 1" is not.

use super::table::{Label, Table};

/// A draft with its originals.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// The text.
    pub text: String,
    /// Placeholders that the call does not have, as they were spelled; they stand in the text still.
    pub unknown: Vec<String>,
}

impl std::fmt::Debug for Restored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Restored({} characters, unknown {:?})", self.text.chars().count(), self.unknown)
    }
}

/// Letters that a label has at most.
const LONGEST_LABEL: usize = 16;

pub(super) fn restore(table: &Table, draft: &str) -> Restored {
    let mut unknown: Vec<String> = Vec::new();
    let text = replaced(draft, |text, spelled, found, rest| {
        if let Some(original) = table.original(found.label, found.number) {
            text.push_str(original);
            return genitive(text, original, rest);
        }
        text.push_str(spelled);
        if !unknown.iter().any(|known| known == spelled) {
            unknown.push(spelled.to_owned());
        }
        rest
    });
    Restored { text, unknown }
}

/// A text in which nothing is taken for a placeholder: what somebody said is none.
pub(super) fn defused(text: &str) -> String {
    let text = replaced(text, |text, spelled, found, rest| {
        text.extend(spelled.chars().filter(|c| c.is_alphabetic()));
        text.push_str(" nr. ");
        text.push_str(&found.number.to_string());
        rest
    });
    text.replace('[', "(").replace(']', ")")
}

/// The text with each placeholder replaced by what `write` writes for it; it gets the placeholder as it is spelled and
/// what follows, and returns what is left of that.
fn replaced<'t>(text: &'t str, mut write: impl FnMut(&mut String, &'t str, &Found, &'t str) -> &'t str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        if let Some(found) = placeholder(rest, before) {
            let (spelled, behind) = rest.split_at(found.end);
            rest = write(&mut out, spelled, &found, behind);
            before = ']';
        } else {
            out.push(first);
            before = first;
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// A name that ends with s takes an apostrophe where others take an s.
fn genitive<'r>(text: &mut String, original: &str, rest: &'r str) -> &'r str {
    let Some(behind) = rest.strip_prefix('s') else { return rest };
    if behind.chars().next().is_some_and(char::is_alphanumeric) {
        return rest;
    }
    text.push(if original.ends_with(['s', 'x', 'z', 'S']) { '\'' } else { 's' });
    behind
}

struct Found {
    label: Label,
    number: usize,
    /// Bytes of it.
    end: usize,
}

/// The placeholder that `text` begins with.
fn placeholder(text: &str, before: char) -> Option<Found> {
    let open = text.chars().next().filter(|c| matches!(c, '[' | '(' | '{' | '<' | '«'));
    if open.is_none() && before.is_alphanumeric() {
        return None;
    }
    let mut at = open.map_or(0, char::len_utf8);
    let squared = open == Some('[');
    if open.is_some() {
        at += spaces(&text[at..]);
    }
    // Markdown may make a placeholder bold.
    let stars = text[at..].chars().take_while(|c| *c == '*').count();
    if open.is_some() {
        at += stars;
    }
    let letters = text[at..]
        .char_indices()
        .take_while(|(_, c)| c.is_alphabetic() || matches!(c, '-' | '_'))
        .take(LONGEST_LABEL + 1);
    let length = letters.last().map_or(0, |(at, c)| at + c.len_utf8());
    let joined = &text[at..at + length];
    let word = joined.trim_end_matches(['-', '_']);
    let label = Label::read(&word.to_lowercase().replace('_', "-"))?;
    let mut hyphened = joined.len() > word.len();
    at += length;
    let gap = spaces(&text[at..]);
    at += gap;
    if let Some(mark) = text[at..].chars().next().filter(|c| matches!(c, '-' | '–' | '—' | '#' | ':' | '‑' | '_'))
    {
        hyphened |= mark != ':' && mark != '#';
        at += mark.len_utf8();
        at += spaces(&text[at..]);
    }
    let figures = text[at..].bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=3).contains(&figures) {
        return None;
    }
    let number = text[at..at + figures].parse().ok()?;
    at += figures;
    let loud = word.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    let sure = squared || loud && (hyphened || label.is_person() || open.is_some()) || hyphened || label.is_person();
    if !sure {
        return None;
    }
    let close = at + spaces(&text[at..]);
    let shut = match open {
        Some('[') => ']',
        Some('(') => ')',
        Some('{') => '}',
        Some('<') => '>',
        Some(_) => '»',
        None => '\0',
    };
    if open.is_some() {
        let close = close + text[close..].chars().take_while(|c| *c == '*').count();
        if text[close..].starts_with(shut) {
            return Some(Found { label, number, end: close + shut.len_utf8() });
        }
        if !squared {
            // "(person 1 og …)": the bracket is the draft's.
            return None;
        }
    }
    if text[at..].chars().next().is_some_and(|c| c.is_alphanumeric() && c != 's')
        || text[at..].starts_with(['.', ',']) && text[at + 1..].starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    Some(Found { label, number, end: at })
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\u{a0}']).len()
}
