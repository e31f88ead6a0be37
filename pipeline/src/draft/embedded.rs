//! Picks and orders what was said into a draft, without a language model.

use crate::draft::{Drafter, Ending, Gone, Sentences, Written, evidence_of, origin_of};
use referent_proto::call::AreaSettings;
use referent_proto::draft::{DraftJob, Evidence, Origin, OriginKind};
use referent_proto::speech::Spoken;

/// The drafter that is always there.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedDrafter;

/// A sentence of the draft.
pub struct Pick {
    /// Index into the area's sections.
    pub section: usize,
    /// The sentence.
    pub text: Spoken,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Whether something was agreed or promised in it.
    pub is_agreed: bool,
}

/// Whether anything was said that a note could be about.
pub fn says_anything(job: &DraftJob) -> bool {
    !pick(job).is_empty()
}

/// Whether one of the area's sections is one that this drafter knows.
pub fn can_write_for(_area: &AreaSettings) -> bool {
    true
}

/// The sentences of the draft, in the order of the area's sections.
pub fn pick(job: &DraftJob) -> Vec<Pick> {
    job.utterances
        .iter()
        .map(|said| Pick { section: 0, text: said.text.clone(), evidence: vec![evidence_of(said)], is_agreed: false })
        .collect()
}

impl Drafter for EmbeddedDrafter {
    fn origin(&self, job: &DraftJob) -> Origin {
        origin_of(OriginKind::Embedded, "extractive-1", job)
    }

    async fn write(&self, job: &DraftJob, out: &mut Sentences<'_>) -> Result<Written, Gone> {
        for pick in pick(job) {
            out.put(pick.section, pick.text, pick.evidence).await?;
        }
        Ok(Written { ending: Ending::Whole, lines_not_parsed: 0 })
    }
}
