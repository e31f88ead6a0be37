//! Which facts a draft leaves out, and what it says that it must not.
//!
//! A fact is noted if the sentences that cite a turn of it say all its values and a third of its words of content. That is
//! cautious in both directions: a paraphrase with other words counts as left out, a sentence about the same values as noted.

use super::{Dialogue, Fact};
use crate::lexicon::Lexicon;
use crate::values::Value;
use crate::words::{akin, words};
use crate::{Call, Line};

/// Of a fact's words of content this share has to stand in the draft.
const ENOUGH: f64 = 1.0 / 3.0;

/// The facts of the dialogue that none of these lines holds.
pub fn omitted<'d>(dialogue: &'d Dialogue, call: &Call, lines: &[Line<'_>]) -> Vec<&'d Fact> {
    dialogue.must_note.iter().filter(|fact| !is_noted(fact, call, lines)).collect()
}

fn is_noted(fact: &Fact, call: &Call, lines: &[Line<'_>]) -> bool {
    let about: Vec<&str> = lines
        .iter()
        .filter(|line| fact.evidence.is_empty() || line.evidence.iter().any(|at| fact.evidence.contains(at)))
        .map(|line| line.text)
        .collect();
    says(&about.join(" "), &fact.fact, call, ENOUGH)
}

/// The texts that must not stand in a draft and do, each within one sentence.
pub fn forbidden<'d>(dialogue: &'d Dialogue, call: &Call, lines: &[Line<'_>]) -> Vec<&'d str> {
    let negators = |text: &str| {
        words(text, call.note).iter().filter(|word| call.note.negation.negators.contains(&word.lower)).count() % 2
    };
    let stands =
        |text: &str| lines.iter().any(|line| says(line.text, text, call, 1.0) && negators(line.text) == negators(text));
    dialogue.must_not.iter().map(String::as_str).filter(|text| stands(text)).collect()
}

/// Whether a text says all values of another, and this share of what it is about.
fn says(text: &str, wanted: &str, call: &Call, share: f64) -> bool {
    let lexicon: &Lexicon = call.note;
    let values = |text: &str| Value::all_of(text, call.about.note, call.about.date);
    let (have, want) = (values(text), values(wanted));
    if !want.iter().filter(|value| !value.is_weak()).all(|value| have.iter().any(|other| other.agrees(value))) {
        return false;
    }
    let said = words(text, lexicon);
    let wanted = words(wanted, lexicon);
    let content: Vec<&str> = wanted
        .iter()
        .filter(|word| word.is_content(lexicon) && !want.iter().any(|value| value.covers(&word.span)))
        .map(|word| word.stem.as_str())
        .collect();
    let found = content.iter().filter(|stem| said.iter().any(|word| akin(&word.stem, stem))).count();
    #[expect(clippy::cast_precision_loss, reason = "words of a sentence")]
    let (found, all) = (found as f64, content.len() as f64);
    !text.is_empty() && found >= all * share
}
