//! What identifies people stays in the house: placeholders before the prompt, originals back in each sentence.
//!
//! In: a job, and what its area wants hidden. Out: the same job with placeholders in its utterances and its wish, for a language model, and
//! [`Hidden`], which puts the originals back.
//!
//! Promises:
//!   H1  Fails closed: where something may be left that identifies somebody, there is no job for the model, and nothing is
//!       sent.
//!   H2  Utterances keep their number, place and speaker, so that evidence means the same.
//!   H3  The table of placeholders lives as long as the draft is made, in memory, and is sent nowhere.
//!   H4  What is put back where the sentence's own evidence does not say it is told ([`Hidden::elsewhere`]): a model that
//!       mixes up two placeholders writes about somebody else, and may do it in a sentence that is right in all else.
//!
//! Not done here: what an identifier is (`referent-dk-identifiers`). The embedded drafter and the guards see the call as it is.

use crate::draft::evidence_of;
use referent_dk_identifiers::pseudonyms::{Doubtful, Mode, Pseudonyms};
use referent_dk_identifiers::{Speaker, Turn};
use referent_proto::draft::{DraftJob, Evidence, Flag, FlagKind, FlagReason};
use referent_proto::ids::Track;
use referent_proto::speech::Spoken;
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// As the model gets them.
static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[(\p{Lu}+)-\d+\]").expect("a pattern that is right"));

/// The way back from placeholders to what was said.
pub struct Hidden {
    table: Pseudonyms,
    /// Of each placeholder.
    originals: BTreeMap<String, Original>,
}

/// What a placeholder stands for, and where it was said, in the order of the call.
struct Original {
    kind: FlagKind,
    text: String,
    said: Vec<(Evidence, Spoken)>,
}

/// A sentence with a placeholder that the call does not have: the model made it up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invented;

impl Hidden {
    /// The sentence as it was meant.
    pub fn restore(&self, text: &Spoken) -> Result<Spoken, Invented> {
        let restored = self.table.restore(text.reveal());
        if restored.unknown.is_empty() { Ok(Spoken::new(restored.text)) } else { Err(Invented) }
    }

    /// Doubts about what was put back into `restored`, which was `text`, and that none of the cited utterances says.
    pub fn elsewhere(&self, text: &Spoken, restored: &Spoken, cited: &[Evidence]) -> Vec<Flag> {
        let (text, restored) = (text.reveal(), restored.reveal());
        let put_back = self.originals.values().filter(|original| !text.contains(&original.text));
        put_back
            .filter(|original| original.said.iter().all(|(place, _)| !cited.contains(place)))
            .filter_map(|original| {
                let begins = restored.find(&original.text)?;
                let utf16 = |end: usize| u32::try_from(restored[..end].encode_utf16().count()).unwrap_or(u32::MAX);
                let (place, said) = original.said.first()?;
                Some(Flag {
                    kind: original.kind,
                    start: utf16(begins),
                    end: utf16(begins + original.text.len()),
                    said: said.clone(),
                    reason: Some(FlagReason::SaidElsewhere),
                    evidence: vec![*place],
                })
            })
            .collect()
    }
}

fn originals(table: &Pseudonyms, shown: &DraftJob, job: &DraftJob) -> BTreeMap<String, Original> {
    let mut originals: BTreeMap<String, Original> = BTreeMap::new();
    for (hidden, said) in shown.utterances.iter().zip(&job.utterances) {
        for found in PLACEHOLDER.captures_iter(hidden.text.reveal()) {
            let kind = match &found[1] {
                "PERSON" | "STED" | "ADRESSE" => FlagKind::Name,
                "FØDSELSDATO" => FlagKind::Date,
                _ => FlagKind::Number,
            };
            let new = || Original { kind, text: table.restore(&found[0]).text, said: Vec::new() };
            let original = originals.entry(found[0].to_owned()).or_insert_with(new);
            original.said.push((evidence_of(said), said.text.clone()));
        }
    }
    originals
}

/// The job as a language model may see it.
pub fn hide(job: &DraftJob, mode: Mode) -> Result<(DraftJob, Hidden), Doubtful> {
    let mut order: Vec<usize> = (0..job.utterances.len()).collect();
    order.sort_by_key(|at| (job.utterances[*at].span.start(), job.utterances[*at].track));
    let turns: Vec<Turn<'_>> = order
        .iter()
        .map(|at| &job.utterances[*at])
        .map(|said| Turn {
            speaker: match said.track {
                Track::Near => Speaker::Caseworker,
                Track::Far => Speaker::Citizen,
            },
            text: said.text.reveal(),
        })
        // What the caseworker wishes goes out as well, and may name whom the call is about.
        .chain((!job.wish.is_blank()).then(|| Turn { speaker: Speaker::Caseworker, text: job.wish.reveal() }))
        .collect();
    let mut pseudonyms = Pseudonyms::new(mode);
    let mut redacted: Vec<String> = pseudonyms.redact(&turns, turns.len())?.to_vec();
    let mut hidden = job.clone();
    if redacted.len() > order.len() {
        hidden.wish = Spoken::new(redacted.pop().unwrap_or_default());
    }
    for (at, text) in order.into_iter().zip(redacted) {
        hidden.utterances[at].text = Spoken::new(text);
        // What the recogniser heard word by word is what was said.
        hidden.utterances[at].words.clear();
    }
    let originals = originals(&pseudonyms, &hidden, job);
    Ok((hidden, Hidden { table: pseudonyms, originals }))
}
