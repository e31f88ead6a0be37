//! Whether the cited turns are about what the sentence is about at all.
//!
//! A sentence none of whose words of content is in the cited turns, nor a value of it, is flagged; the turns beside them count
//! for a sentence that decides nothing, because an answer leans on its question. Set for few false alarms: a good draft says
//! things in its own words, and a recogniser changes them.

use crate::call::{Call, Claim};
use crate::{Flag, Kind, Reason};

/// Words of content below which nothing is said.
const FEWEST: usize = 2;

pub(crate) fn check(call: &Call, claim: &Claim<'_>, flags: &mut Vec<Flag>) {
    // Across languages words cannot be compared.
    if call.about.spoken != Some(call.about.note) {
        return;
    }
    let content: Vec<&str> = claim
        .content(call)
        .filter(|word| !claim.values.iter().any(|value| value.covers(&word.span)))
        .map(|word| word.stem.as_str())
        .collect();
    if content.len() < FEWEST {
        return;
    }
    let note = call.note;
    let decides = [&note.confirm.decisions, &note.speakers.authority, &note.negation.assents]
        .iter()
        .any(|cues| cues.occur_in(&claim.lower));
    let last = call.turns.len().saturating_sub(1);
    let mut near: Vec<usize> = if decides {
        claim.cited.clone()
    } else {
        claim.cited.iter().flat_map(|at| at.saturating_sub(1)..=(at + 1).min(last)).collect()
    };
    near.dedup();
    let found = content.iter().any(|stem| near.iter().any(|at| call.turns[*at].has(stem)));
    let values_agree =
        !decides && claim.values.iter().any(|value| value.is_said_in(near.iter().map(|at| &call.turns[*at])));
    if !found && !values_agree {
        flags.push(claim.whole(Kind::Unsupported, Reason::NotSaid));
    }
}
