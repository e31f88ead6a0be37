//! Certain in the draft, uncertain in the call: a "perhaps" or an "if" that was lost on the way.

use crate::call::{Call, Claim};
use crate::clause::clauses;
use crate::lexicon::Modality;
use crate::{Flag, Kind, Reason};

/// Words of content that a clause must share with the sentence to be what it is about.
const ENOUGH: usize = 2;

pub(crate) fn check(call: &Call, claim: &Claim<'_>, flags: &mut Vec<Flag>) {
    if call.about.spoken.is_none() {
        return;
    }
    let own = &call.note.modality;
    let hedged =
        |modality: &Modality, lower: &str| modality.unsure.occur_in(lower) || modality.conditional.occur_in(lower);
    if let Some(span) = own.certain.find(&claim.lower).into_iter().next()
        && !claim.cited_turns(call).any(|(_, said)| call.spoken.modality.certain.occur_in(&said.lower))
        && claim.cited_turns(call).any(|(_, said)| hedged(&call.spoken.modality, &said.lower))
    {
        let whole = claim.whole(Kind::Modality, Reason::Uncertain);
        let span = if claim.lower.len() == claim.text.len() { span } else { whole.span.clone() };
        flags.push(Flag { span, evidence: claim.cited.clone(), ..whole });
        return;
    }
    if hedged(own, &claim.lower) {
        return;
    }
    let stems: Vec<&str> = claim.content(call).map(|word| word.stem.as_str()).collect();
    let best = claim
        .cited_turns(call)
        .flat_map(|(at, said)| clauses(&said.words).into_iter().map(move |clause| (at, said, clause)))
        .map(|(at, said, clause)| (clause.shares(&stems), at, said, clause))
        .max_by_key(|(shared, at, ..)| (*shared, std::cmp::Reverse(*at)));
    let Some((shared, at, said, clause)) = best else { return };
    let span = clause.span();
    let lower = said.lower.get(span).unwrap_or_default();
    // "Then I need your consent": what was only a condition is done in the draft.
    let required = call.note.confirm.commitments.occur_in(&claim.lower)
        && call.spoken.modality.required.find(&said.lower).iter().any(|cue| cue.start < clause.span().start);
    let unsure = call.spoken.modality.unsure.occur_in(lower) || required;
    if shared >= ENOUGH && unsure {
        flags.push(Flag {
            said: said.text.clone(),
            evidence: vec![at],
            ..claim.whole(Kind::Modality, Reason::Uncertain)
        });
    }
}
