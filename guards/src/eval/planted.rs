//! Errors planted in sentences that are right: how many of them do the guards see?
//!
//! In: a sentence of a draft that is known to be good, and the call. Out: the same sentence with one error of a [`Kind`],
//! made as a language model makes them: another number, another day, another name, the other speaker, a "not" too many
//! or too few, or a sentence that belongs elsewhere.
//!
//! The planting looks for digits, weekdays, months, capitals and auxiliary verbs by itself. It shares no reader with the
//! guards, so that what they cannot read can still be planted.

mod swaps;
mod noise;

pub use noise::noisy;

use crate::Kind;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use std::ops::Range;

/// Kinds of errors that are planted.
pub const KINDS: [Kind; 6] = [Kind::Number, Kind::Date, Kind::Name, Kind::Speaker, Kind::Negation, Kind::Unsupported];

/// The sentence with one error of this kind, or `None` if there is no place for one. `others` are sentences of other calls.
pub fn plant(
    kind: Kind,
    sentence: &str,
    language: crate::Language,
    others: &[&str],
    chance: &mut StdRng,
) -> Option<String> {
    let wrong = match kind {
        Kind::Number => swaps::number(sentence, chance)?,
        Kind::Date => swaps::date(sentence, language, chance)?,
        Kind::Name => swaps::name(sentence, language, chance)?,
        Kind::Speaker => swaps::speaker(sentence, language)?,
        Kind::Negation => swaps::negation(sentence, language, chance)?,
        Kind::Unsupported => (*others.choose(chance)?).to_owned(),
        Kind::Modality | Kind::Injected => return None,
    };
    (wrong != sentence).then_some(wrong)
}

/// The text with another text in this place.
fn replaced(text: &str, place: &Range<usize>, by: &str) -> String {
    [&text[..place.start], by, &text[place.end..]].concat()
}
