//! What a draft may be missing: facts the area wants noted, and values that were said and stand in no sentence.
//!
//! A list to look through, no flags: much that is said belongs in no note. Values are kept only if they are of the kind that
//! notes are about (amounts, dates, shares, long numbers), were told rather than asked, and were not taken back; each once,
//! at most [`MOST`].

use crate::call::Call;
use crate::values::Value;
use crate::{Hidden, Kind, Line};
use referent_areas::cues::{Cues, Words};
use serde::{Deserialize, Serialize};
use std::fmt;

/// So many values are listed; more would not be read.
pub const MOST: usize = 8;

/// A fact that the area wants noted.
#[derive(Clone, Debug)]
pub struct MustNote {
    /// Of the area's file.
    pub id: String,
    /// Words by which it is recognised, in the call and in the draft.
    pub cues: Cues,
}

/// Something that may be missing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Id of the area's fact; `None` for a value.
    pub fact: Option<String>,
    /// What kind of thing it is.
    pub kind: Kind,
    /// As it was said.
    pub said: String,
    /// The turn that said it first.
    pub turn: usize,
}

impl fmt::Debug for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fact, kind, said, turn } = self;
        f.debug_struct("Missing")
            .field("fact", fact)
            .field("kind", kind)
            .field("said", &Hidden(said))
            .field("turn", turn)
            .finish()
    }
}

pub(crate) fn of(call: &Call, lines: &[Line<'_>], must: &[MustNote]) -> Vec<Missing> {
    let mut missing = Vec::new();
    let none = must.is_empty();
    let turns: Vec<Words> = call.turns.iter().filter(|_| !none).map(|turn| Words::of(&turn.text)).collect();
    let drafted: Vec<Words> = lines.iter().filter(|_| !none).map(|line| Words::of(line.text)).collect();
    for fact in must {
        let told: Vec<usize> = (0..turns.len()).filter(|at| fact.cues.occur_in(&turns[*at])).collect();
        let Some(first) = told.first().copied() else { continue };
        let noted = drafted.iter().any(|line| fact.cues.occur_in(line))
            || lines.iter().any(|line| line.evidence.iter().any(|at| told.contains(at)));
        if !noted {
            let said = call.turns[first].text.clone();
            missing.push(Missing { fact: Some(fact.id.clone()), kind: Kind::Unsupported, said, turn: first });
        }
    }
    let noted: Vec<Value> =
        lines.iter().flat_map(|line| Value::all_of(line.text, call.about.note, call.about.date)).collect();
    let mut listed: Vec<&Value> = Vec::new();
    for (at, turn) in call.turns.iter().enumerate().filter(|(_, turn)| !turn.is_question) {
        for value in turn.values.iter().filter(|value| value.is_worth_noting() && !value.taken_back) {
            let known = noted.iter().any(|note| note.agrees(value)) || listed.iter().any(|old| old.agrees(value));
            if !known && listed.len() < MOST {
                let said = turn.text[value.span.clone()].to_owned();
                missing.push(Missing { fact: None, kind: value.kind, said, turn: at });
                listed.push(value);
            }
        }
    }
    missing
}
