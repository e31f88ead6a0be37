//! What identifies people stays in the house: placeholders before the prompt, originals back in each sentence.
//!
//! In: a job, and what its area wants hidden. Out: the same job with placeholders in its utterances, for a language model, and
//! [`Hidden`], which puts the originals back.
//!
//! Promises:
//!   H1  Fails closed: where something may be left that identifies somebody, there is no job for the model, and nothing is
//!       sent.
//!   H2  Utterances keep their number, place and speaker, so that evidence means the same.
//!   H3  The table of placeholders lives as long as the draft is made, in memory, and is sent nowhere.
//!
//! Not done here: what an identifier is (`referent-dk-identifiers`). The embedded drafter and the guards see the call as it is.

use referent_dk_identifiers::pseudonyms::{Doubtful, Mode, Pseudonyms};
use referent_dk_identifiers::{Speaker, Turn};
use referent_proto::draft::DraftJob;
use referent_proto::ids::Track;
use referent_proto::speech::Spoken;

/// The way back from placeholders to what was said.
pub struct Hidden(Pseudonyms);

/// A sentence with a placeholder that the call does not have: the model made it up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invented;

impl Hidden {
    /// The sentence as it was meant.
    pub fn restore(&self, text: &Spoken) -> Result<Spoken, Invented> {
        let restored = self.0.restore(text.reveal());
        if restored.unknown.is_empty() { Ok(Spoken::new(restored.text)) } else { Err(Invented) }
    }
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
        .collect();
    let mut pseudonyms = Pseudonyms::new(mode);
    let redacted: Vec<String> = pseudonyms.redact(&turns, turns.len())?.to_vec();
    let mut hidden = job.clone();
    for (at, text) in order.into_iter().zip(redacted) {
        hidden.utterances[at].text = Spoken::new(text);
        // What the recogniser heard word by word is what was said.
        hidden.utterances[at].words.clear();
    }
    Ok((hidden, Hidden(pseudonyms)))
}
