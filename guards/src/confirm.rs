//! What a person has to say yes to: commitments and decisions, however right the sentence is.

use crate::Confirm;
use crate::call::{Call, Claim};

pub(crate) fn of(call: &Call, claim: &Claim<'_>) -> Option<Confirm> {
    let cues = &call.note.confirm;
    if cues.decisions.occur_in(&claim.lower) {
        Some(Confirm::Decision)
    } else if cues.commitments.occur_in(&claim.lower) {
        Some(Confirm::Commitment)
    } else {
        None
    }
}
