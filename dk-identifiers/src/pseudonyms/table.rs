//! Which placeholder stands for what, in one call.
//!
//! In: identifiers in the order they were said. Out: the entry of each: the one that stands for the same person, number
//! or address, or a new one.
//!
//! Not done here: finding, and writing placeholders into a text.

use crate::numbers::shapes::digits_of;
use crate::{Identifier, Kind};

/// Words of names that are looked for in every turn: the latest.
const MOST_NAMES: usize = 120;

/// One original and its placeholder.
struct Entry {
    label: Label,
    /// Counted within its label, from 1.
    number: usize,
    /// What a draft gets.
    original: String,
    /// What tells one original from another.
    key: Vec<String>,
    understood: bool,
}

/// The word in a placeholder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Label(Kind);

impl Label {
    pub(super) fn word(self) -> &'static str {
        match self.0 {
            Kind::Cpr => "CPR",
            Kind::Cvr => "CVR",
            Kind::Phone => "TELEFON",
            Kind::Account => "KONTO",
            Kind::Email => "MAIL",
            Kind::Plate => "NUMMERPLADE",
            Kind::Case => "SAG",
            Kind::Number => "NUMMER",
            Kind::BirthDate => "FØDSELSDATO",
            Kind::Address => "ADRESSE",
            Kind::Person => "PERSON",
            Kind::Location => "STED",
        }
    }

    /// The label that a model may have meant: its own word, or a translation.
    pub(super) fn read(word: &str) -> Option<Self> {
        let kind = match word {
            "cpr" | "cprnummer" | "cpr-nummer" | "cprno" | "cprnr" => Kind::Cpr,
            "cvr" | "cvrnummer" | "cvr-nummer" => Kind::Cvr,
            "telefon" | "telefonnummer" | "tlf" | "phone" | "telephone" | "mobil" => Kind::Phone,
            "konto" | "kontonummer" | "account" | "bank" => Kind::Account,
            "mail" | "e-mail" | "email" | "emailadresse" | "mailadresse" => Kind::Email,
            "nummerplade" | "plade" | "plate" | "license" | "numberplate" => Kind::Plate,
            "sag" | "sagsnummer" | "case" => Kind::Case,
            "nummer" | "number" => Kind::Number,
            "fødselsdato" | "foedselsdato" | "fodselsdato" | "fødselsdag" | "birthdate" | "birth-date" | "dob"
            | "date-of-birth" => Kind::BirthDate,
            "adresse" | "address" | "adressen" => Kind::Address,
            "person" | "personen" | "navn" | "name" | "borger" | "persona" => Kind::Person,
            "sted" | "place" | "location" | "by" => Kind::Location,
            _ => return None,
        };
        Some(Self(kind))
    }

    pub(super) fn is_person(self) -> bool {
        self.0 == Kind::Person
    }
}

/// The placeholders of one call.
#[derive(Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
}

impl Table {
    /// Enters what is known before anybody speaks.
    pub(super) fn seed(&mut self, kind: Kind, value: &str) {
        let identifier = Identifier {
            kind,
            passages: Vec::new(),
            value: value.to_owned(),
            understood: true,
            confidence: crate::Confidence::Sure,
        };
        self.enter(&identifier);
    }

    /// The entry that stands for what was found.
    pub(super) fn enter(&mut self, found: &Identifier) -> usize {
        if let Some(entry) = self.same(found) {
            return self.complete(entry, found);
        }
        let number = self.entries.iter().filter(|entry| entry.label.0 == found.kind).count() + 1;
        self.entries.push(Entry {
            label: Label(found.kind),
            number,
            original: found.value.clone(),
            key: key(found.kind, &found.value),
            understood: found.understood,
        });
        self.entries.len() - 1
    }

    /// Gives an entry the fuller of what it has and what was found.
    pub(super) fn complete(&mut self, at: usize, found: &Identifier) -> usize {
        let key = key(found.kind, &found.value);
        if let Some(entry) = self.entries.get_mut(at).filter(|entry| entry.label.0 == found.kind) {
            let fuller = match found.kind {
                Kind::Person => key.len() > entry.key.len(),
                Kind::Address => key.join(" ").len() > entry.key.join(" ").len(),
                _ => (found.understood, key.concat().len()) > (entry.understood, entry.key.concat().len()),
            };
            if fuller {
                entry.original.clone_from(&found.value);
                entry.key = key;
                entry.understood = found.understood;
            }
        }
        at
    }

    fn same(&self, found: &Identifier) -> Option<usize> {
        let key = key(found.kind, &found.value);
        let of_kind = || self.entries.iter().enumerate().filter(|(_, entry)| entry.label.0 == found.kind);
        if let Some((at, _)) = of_kind().find(|(_, entry)| entry.key == key) {
            return Some(at);
        }
        match found.kind {
            Kind::Person => {
                let fits: Vec<usize> =
                    of_kind().filter(|(_, entry)| one_person(&entry.key, &key)).map(|(at, _)| at).collect();
                // "Mette", where there is a Mette Hansen and a Mette Friis, is neither: it comes back as it was said.
                if fits.len() == 1 { fits.first().copied() } else { None }
            }
            Kind::Address => of_kind().find(|(_, entry)| begins(&entry.key, &key)).map(|(at, _)| at),
            Kind::Cpr => {
                let (digits, known) = (key.concat(), |entry: &Entry| entry.key.concat());
                let part = |a: &str, b: &str| {
                    a.len() >= 4 && a.len() < b.len() && (b.ends_with(a) || b.starts_with(a) && a.len() >= 6)
                };
                of_kind()
                    .find(|(_, entry)| part(&digits, &known(entry)) || part(&known(entry), &digits))
                    .map(|(at, _)| at)
            }
            _ => None,
        }
    }

    /// The placeholder of an entry.
    pub(super) fn placeholder(&self, at: usize) -> String {
        self.entries.get(at).map_or_else(String::new, |entry| format!("[{}-{}]", entry.label.word(), entry.number))
    }

    /// The original behind a placeholder.
    pub(super) fn original(&self, label: Label, number: usize) -> Option<&str> {
        self.entries
            .iter()
            .find(|entry| entry.label == label && entry.number == number)
            .map(|entry| entry.original.as_str())
    }

    /// The numbers that are known, with their kind.
    pub(super) fn numbers(&self) -> Vec<(Kind, String)> {
        let numbers = self
            .entries
            .iter()
            .filter(|entry| matches!(entry.label.0, Kind::Cpr | Kind::Phone | Kind::Account) && entry.understood);
        numbers.map(|entry| (entry.label.0, entry.original.clone())).collect()
    }

    /// The words of the names that are known, folded.
    pub(super) fn names(&self) -> Vec<String> {
        let people = self.entries.iter().filter(|entry| entry.label.0 == Kind::Person);
        let words = people.rev().flat_map(|entry| entry.key.iter().filter(|word| word.chars().count() > 1).cloned());
        words.take(MOST_NAMES).collect()
    }

    /// Every row of digits that is hidden and long enough to be known again.
    pub(super) fn digits(&self) -> impl Iterator<Item = String> + '_ {
        self.entries
            .iter()
            .filter(|entry| !matches!(entry.label.0, Kind::Address | Kind::BirthDate))
            .map(|entry| digits_of(&entry.original))
            .filter(|digits| digits.len() >= 6)
    }
}

/// What tells one original from another: its digits, or its words without case.
fn key(kind: Kind, value: &str) -> Vec<String> {
    let words = || -> Vec<String> {
        let words = value.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    match kind {
        Kind::Address | Kind::Location => words().iter().map(|word: &String| word.replace("aa", "å")).collect(),
        Kind::Person | Kind::BirthDate => words(),
        Kind::Email | Kind::Plate => vec![value.to_lowercase().replace(' ', "")],
        _ => match digits_of(value) {
            digits if digits.is_empty() => words(),
            digits => vec![digits],
        },
    }
}

/// "Mette" and "Mette Sørensen", "Sørensen" and "Mette Sørensen", "M. Sørensen".
fn one_person(a: &[String], b: &[String]) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let same = |a: &String, b: &String| a == b || a.chars().count() == 1 && b.starts_with(a.as_str());
    if short.is_empty() || long.len() == short.len() && long.len() < 2 {
        return false;
    }
    let mut rest = long.iter();
    short.iter().all(|word| rest.any(|known| same(word, known)))
}

/// Whether one address begins as the other: street and number agree.
fn begins(a: &[String], b: &[String]) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    short.len() >= 2 && long.starts_with(short)
}
