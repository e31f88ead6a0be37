//! Who said it: "the citizen states" has to rest on the citizen's track, "the caseworker promises" on the other.
//!
//! The two tracks are apart from the microphone to the end, so who spoke is known; what is asked is whether the sentence says
//! the same. Three ways to be wrong: nobody of that side is cited; that side only asked or only said "yes" where the other
//! told; or the first person of the cited turn is not who the sentence says does it.

use crate::call::{Call, Claim, Said, Speaker, other_than};
use crate::clause::clauses;
use crate::{Flag, Kind, Reason};
use std::ops::Range;

/// So far behind the one who speaks stands the verb that says so: "the citizen, who …, states".
const FAR: usize = 4;

/// How a sentence says that somebody said something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    States,
    Asks,
    /// It may rest on a bare yes.
    Accepts,
    /// Does something, has something: who said so may be either.
    Acts,
}

struct Attribution {
    speaker: Speaker,
    manner: Manner,
    span: Range<usize>,
}

pub(crate) fn check(call: &Call, claim: &Claim<'_>, flags: &mut Vec<Flag>) {
    let named = attribution(call, claim);
    if let Some(named) = &named
        && let Some(evidence) = contradiction(call, claim, named)
    {
        let said = evidence.first().map(|at| call.turns[*at].text.clone()).unwrap_or_default();
        flags.push(Flag {
            kind: Kind::Speaker,
            reason: Reason::OtherSpeaker,
            span: named.span.clone(),
            said,
            evidence,
        });
        return;
    }
    let told_by_citizen = named.is_some_and(|named| named.speaker == Speaker::Citizen && named.manner != Manner::Acts);
    let only_citizen = claim.cited_turns(call).all(|(_, said)| said.speaker == Speaker::Citizen);
    if only_citizen
        && !told_by_citizen
        && let Some(span) = call.note.speakers.authority.find(&claim.lower).into_iter().next()
    {
        let whole = claim.whole(Kind::Speaker, Reason::NotTheirs);
        let span = if claim.lower.len() == claim.text.len() { span } else { whole.span.clone() };
        flags.push(Flag { span, evidence: claim.cited.clone(), ..whole });
    }
}

/// Who says it, by the sentence itself.
fn attribution(call: &Call, claim: &Claim<'_>) -> Option<Attribution> {
    let cues = &call.note.speakers;
    let at = claim.words.iter().position(|word| speaker_of(call, &word.lower).is_some())?;
    let word = &claim.words[at];
    let speaker = speaker_of(call, &word.lower)?;
    // Somebody's own words under their name, as the embedded drafter writes them.
    if claim.text[word.span.end..].starts_with(": »") || claim.text[word.span.end..].starts_with(": “") {
        return None;
    }
    // "The citizen's husband" is somebody else.
    if word.lower.ends_with('s') && word.lower != "sagsbehandlers" && !word.lower.ends_with("ss") {
        return None;
    }
    // "The citizen, Poul Erik Hansen of Skive, calls because …"
    let behind = claim.words[at + 1..].iter().filter(|word| !word.is_capital).take(FAR);
    let before = claim.words[..at].iter().rev().take(1);
    let manner = behind
        .chain(before)
        .find_map(|word| {
            if cues.asks.contains(&word.lower) {
                Some(Manner::Asks)
            } else if cues.accepts.contains(&word.lower) {
                Some(Manner::Accepts)
            } else if cues.states.contains(&word.lower) {
                Some(Manner::States)
            } else {
                None
            }
        })
        .unwrap_or(Manner::Acts);
    Some(Attribution { speaker, manner, span: word.span.clone() })
}

fn speaker_of(call: &Call, word: &str) -> Option<Speaker> {
    let cues = &call.note.speakers;
    if cues.citizen.contains(word) {
        Some(Speaker::Citizen)
    } else if cues.caseworker.contains(word) {
        Some(Speaker::Caseworker)
    } else {
        None
    }
}

/// The cited turns that say that it was the other one; `None` if nothing does.
fn contradiction(call: &Call, claim: &Claim<'_>, named: &Attribution) -> Option<Vec<usize>> {
    let content: Vec<&str> = claim.content(call).map(|word| word.stem.as_str()).collect();
    let of = |speaker| move |(_, said): &(usize, &Said)| said.speaker == speaker;
    let own: Vec<(usize, &Said)> = claim.cited_turns(call).filter(of(named.speaker)).collect();
    let others: Vec<(usize, &Said)> = claim.cited_turns(call).filter(of(other_than(named.speaker))).collect();
    let all_others = || others.iter().map(|(at, _)| *at).collect::<Vec<_>>();
    if named.manner == Manner::Acts {
        return match actors(call, claim, &content) {
            Actors { this: false, other: Some(at) } => Some(vec![at]),
            // Only the other one speaks, and not of this one.
            Actors { this: false, other: None }
                if own.is_empty() && !others.is_empty() && !others.iter().any(|(_, said)| addresses(call, said)) =>
            {
                Some(all_others())
            }
            _ => None,
        };
    }
    if others.is_empty() {
        let by_caseworker = named.speaker == Speaker::Caseworker && call.about.spoken == Some(call.about.note);
        return if by_caseworker { only_beside(call, claim, &own) } else { None };
    }
    if own.is_empty() {
        return Some(all_others());
    }
    let tells = |said: &Said| !said.is_question && !said.is_backchannel;
    match named.manner {
        Manner::Asks => {
            let asked = own.iter().any(|(_, said)| said.is_question || !said.is_backchannel);
            (!asked && others.iter().any(|(_, said)| said.is_question)).then(all_others)
        }
        Manner::Accepts | Manner::Acts => None,
        Manner::States => {
            let overlap = |turns: &[(usize, &Said)]| {
                let shared = |said: &Said| content.iter().filter(|stem| said.has(stem)).count();
                turns.iter().filter(|(_, said)| tells(said)).map(|(_, said)| shared(said)).max()
            };
            match (overlap(&own), overlap(&others)) {
                (None, Some(_)) => Some(all_others()),
                // It asked, and the other one answered with a word: the answer tells.
                (None, None) if own.iter().all(|(_, said)| said.is_question) => Some(all_others()),
                (Some(own), Some(other)) if other >= own + 2 && own * 2 < other => Some(all_others()),
                _ => None,
            }
        }
    }
}

/// The turns beside those of the caseworker that say what the caseworker, who says nothing of it, is said to have said.
fn only_beside(call: &Call, claim: &Claim<'_>, own: &[(usize, &Said)]) -> Option<Vec<usize>> {
    let content: Vec<&str> = claim.content(call).map(|word| word.stem.as_str()).collect();
    let shares = |said: &Said| content.iter().any(|stem| said.has(stem));
    let says_value = claim.values.iter().any(|value| value.is_said_in(own.iter().map(|(_, said)| *said)));
    if content.len() < 2 || says_value || own.iter().any(|(_, said)| shares(said) || said.is_backchannel) {
        return None;
    }
    let beside = own.iter().flat_map(|(at, _)| [at.wrapping_sub(1), at + 1]);
    let beside: Vec<usize> = beside
        .filter(|at| call.turns.get(*at).is_some_and(|said| said.speaker == Speaker::Citizen && shares(said)))
        .collect();
    (!beside.is_empty()).then_some(beside)
}

/// Who does it, by the pronouns of the cited clauses that are about it.
struct Actors {
    /// The one that the sentence names.
    this: bool,
    /// A turn by which it is the other one.
    other: Option<usize>,
}

fn actors(call: &Call, claim: &Claim<'_>, content: &[&str]) -> Actors {
    let Some(named) = attribution(call, claim) else { return Actors { this: false, other: None } };
    let mut actors = Actors { this: false, other: None };
    let mut most = 0;
    for (at, said) in claim.cited_turns(call) {
        for clause in clauses(&said.words) {
            let Some(actor) = subject(call, said, &clause) else { continue };
            let shared = clause.shares(content);
            actors.this |= actor == named.speaker;
            if actor != named.speaker && shared > most {
                actors.other = Some(at);
                most = shared;
            }
        }
    }
    actors
}

/// Who the clause is about, by the first pronoun that can only be a subject.
fn subject(call: &Call, said: &Said, clause: &crate::clause::Clause<'_>) -> Option<Speaker> {
    let cues = &call.spoken.speakers;
    clause.words.iter().find_map(|word| {
        if cues.first_person.contains(&word.lower) {
            Some(said.speaker)
        } else if cues.second_person.contains(&word.lower) {
            Some(other_than(said.speaker))
        } else {
            None
        }
    })
}

/// Whether a turn says what the other one does.
fn addresses(call: &Call, said: &Said) -> bool {
    said.words.iter().any(|word| call.spoken.speakers.second_person.contains(&word.lower))
}
