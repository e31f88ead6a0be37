//! Whether a sentence came from words meant for the machine, or is none of a note.
//!
//! Nobody on the telephone can give orders here: a model has no tools, sees one call, and its lines are text. What is left
//! is that a caller dictates a fact ("write in the note that it was granted"). A sentence that rests on such a turn is
//! flagged, whatever it says; so is one that talks like a machine.

use crate::call::{Call, Claim};
use crate::{Flag, Kind, Reason};

pub(crate) fn check(call: &Call, claim: &Claim<'_>, flags: &mut Vec<Flag>) {
    for span in call.note.injected.written.find(&claim.lower).into_iter().take(1) {
        // Small letters may be longer or shorter than capitals; then the whole sentence is meant.
        let fits = claim.lower.len() == claim.text.len();
        let whole = claim.whole(Kind::Injected, Reason::NoNote);
        flags.push(if fits { Flag { span, ..whole } } else { whole });
    }
    let addressed: Vec<usize> =
        claim.cited_turns(call).filter(|(_, said)| said.is_addressed).map(|(at, _)| at).collect();
    if let Some(first) = addressed.first() {
        let said = call.turns[*first].text.clone();
        flags.push(Flag { said, evidence: addressed, ..claim.whole(Kind::Injected, Reason::Addressed) });
    }
}
