//! Finds what identifies people in calls in Danish, and puts placeholders in its place.
//!
//! In: the turns of a call, or one text. Out: [`Identifier`]s, each with its passages, its kind, its value and how sure
//! it is; and, from [`pseudonyms`], turns that name nobody, with the table that puts the names back into a draft.
//!
//! ```text
//! turns -> tokens -> atoms -> dictation -> numbers ─┐
//!               └──> mail, plates, streets, people ─┴─> find -> pseudonyms
//! ```
//!
//! Promises:
//!   D1  Every text is read, none makes it panic; passages lie in their turns, on borders of characters, and never overlap.
//!   D2  The time is linear in the length of the call.
//!   D3  Sums, dates, times, durations and counts are nobody's number: they stay.
//!
//! Not done here: the meaning of amounts and dates (`referent-itn`), what an authority wants hidden (its area says so),
//! and any certainty: what is found is found by rules and lists, and `docs/drafting.md` says how often they miss.

mod ear;
mod lists;
mod tokens;
mod digits;
mod dates;
mod atoms;
mod cues;
mod dictation;
mod numbers;
mod mail;
mod plates;
mod streets;
mod people;
mod find;
pub mod pseudonyms;

use std::fmt;

pub use find::{find, find_in_text};

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Speaker {
    /// The near track.
    Caseworker,
    /// The far track.
    Citizen,
}

/// What one party said before the other did. Its `Debug` shows no word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Turn<'t> {
    /// Who said it.
    pub speaker: Speaker,
    /// What was said.
    pub text: &'t str,
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turn({:?}, {} characters)", self.speaker, self.text.chars().count())
    }
}

/// What an identifier is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A number of the civil registry, or part of one.
    Cpr,
    /// A number of the business register.
    Cvr,
    /// A telephone number.
    Phone,
    /// A registration and account number, or an IBAN.
    Account,
    /// An e-mail address.
    Email,
    /// A car's number plate.
    Plate,
    /// The number of a case.
    Case,
    /// A long number of another kind.
    Number,
    /// The day somebody was born.
    BirthDate,
    /// Street and number, with floor, post code and town where they were said.
    Address,
    /// A person's name.
    Person,
    /// A place smaller than a municipality.
    Location,
}

/// How sure a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// Only the context or only the shape says so.
    Possible,
    /// Context and shape, or a shape that hardly anything else has.
    Likely,
    /// All that can be checked agrees.
    Sure,
}

/// A stretch of a turn's text, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Passage {
    /// Which turn, from 0.
    pub turn: usize,
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

/// Something that identifies somebody. Its `Debug` does not show the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    /// What it is.
    pub kind: Kind,
    /// Where it was said, in order; more than one passage where it was split or read back.
    pub passages: Vec<Passage>,
    /// As it is written in a note: "610564-1234", "12 34 56 78", "Mette Sørensen".
    pub value: String,
    /// Whether `value` was understood; otherwise it is the words that were said.
    pub understood: bool,
    /// How sure it is.
    pub confidence: Confidence,
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, passages, value, confidence, .. } = self;
        write!(f, "Identifier({kind:?}, {confidence:?}, {} characters, {passages:?})", value.chars().count())
    }
}
