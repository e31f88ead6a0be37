//! Reads the numbers of a text, however they are written or said: inverse text normalisation.
//!
//! In: a text in Danish or English, written by a language model or transcribed from speech. Out: what its numbers,
//! amounts, dates, times and digit sequences are, each with its place in the text. What a recogniser garbled is mended only
//! for those who ask (`mended`, N3 and N4 in its doc).
//!
//! Promises:
//!   N1  Every text is read, none makes it panic; spans lie in the text, on borders of characters.
//!   N2  The time is linear in the length of the text.
//!
//! Not done here: whether two texts tell the same story (the draft's guards ask that), and which digit sequence is
//! somebody's number (that is for `dk-identifiers`). Signs are not read: minus five is five.

pub mod sound;
pub mod mended;
pub mod tokens;
pub mod number;
pub mod cardinals;
mod ordinals;
pub mod decimals;
mod fractions;
pub mod units;
mod measures;
mod months;
pub mod dates;
mod times;
pub mod sequences;
mod runs;
pub mod reading;
mod read;
mod agree;
#[cfg(feature = "say")]
pub mod say;

pub use mended::mended;
pub use read::read;
pub use reading::{Reading, Value};

/// The languages whose number words are known. Digits of any language can be read as either.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Language {
    /// Comma before decimals, point between thousands, twenties.
    Danish,
    /// Point before decimals, comma between thousands.
    English,
}

impl Language {
    /// The language that an area calls by this tag: "da", "da-DK", "en", …
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.get(..2)?.to_ascii_lowercase().as_str() {
            "da" => Some(Self::Danish),
            "en" => Some(Self::English),
            _ => None,
        }
    }
}

/// How a reading stood in the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Form {
    /// In digits.
    Written,
    /// In words.
    Spoken,
    /// In both, as recognisers do: "12 tusind".
    Mixed,
}

impl Form {
    /// The form of two parts together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Mixed }
    }
}
