//! Finds addresses: a street with its number, and the floor, the post code and the town that follow it.
//!
//! In: tokens. Out: [`Found`] addresses. A street is known by how its name ends ("-vej", "-gade", "-vænget") or by where
//! it stands ("bor på …", "adressen er …", before a post code); a town with its post code is an address as well.
//!
//! Not done here: whether the street exists. Roads that belong to nobody ("motorvejen", "forvejen") are everyday words.

mod names;
mod numbers;

use crate::find::{Found, Taken};
use crate::tokens::Tokens;
use crate::{Confidence, Kind};

pub(crate) fn find(tokens: &Tokens<'_>, taken: &Taken) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let mut at = 0;
    let mut free = 0;
    while at < tokens.len() {
        let found = if taken.is(at) { None } else { address(tokens, at, free).or_else(|| town(tokens, at)) };
        match found.filter(|found| found.runs.iter().all(|(from, to)| !taken.any(*from, *to))) {
            Some(found) => {
                free = found.runs.last().map_or(at + 1, |(_, to)| *to);
                at = free.max(at + 1);
                all.push(found);
            }
            None => at += 1,
        }
    }
    all
}

/// The address whose street ends at `at`; it begins at `free` or later.
fn address(tokens: &Tokens<'_>, at: usize, free: usize) -> Option<Found> {
    let street = names::street(tokens, at, free)?;
    let number = numbers::house(tokens, street.to);
    let (to, confidence) = match number {
        Some(to) => (to, if street.certain { Confidence::Sure } else { Confidence::Likely }),
        None if street.certain => (street.to, Confidence::Possible),
        None => return None,
    };
    let to = if number.is_some() { numbers::floor(tokens, to) } else { to };
    let to = numbers::post_code_and_town(tokens, to).unwrap_or(to);
    let value = spelled(tokens, street.from, to);
    Some(Found::new(Kind::Address, street.from, to, value, confidence))
}

/// A post code with its town, without a street.
fn town(tokens: &Tokens<'_>, at: usize) -> Option<Found> {
    if !numbers::is_number(tokens, at) {
        return None;
    }
    let to = numbers::post_code(tokens, at)?;
    Some(Found::new(Kind::Address, at, to, spelled(tokens, at, to), Confidence::Likely))
}

/// The words as they were said, with the capital of a name.
fn spelled(tokens: &Tokens<'_>, from: usize, to: usize) -> String {
    let text = tokens.text(from, to);
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}
