//! A drafter for tests: one sentence for each section, made of what was said, the same every time.
//!
//! In: a job. Out: for section `n` a sentence that repeats an utterance, spread over the call, with that utterance as
//! its evidence; or, if the script says so, silence after so many sentences. It behaves like the others: it needs
//! something said, waits while nobody takes its sentences, and stops when it is cancelled.

use crate::draft::support::Basis;
use crate::draft::{Claim, Drafter, Ending, Gone, Sentences, Written, evidence_of, origin_of};
use referent_proto::draft::{DraftJob, DrafterTrouble, Origin, OriginKind};
use referent_proto::speech::Utterance;
use std::time::Duration;

/// What the script does.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptedDrafter {
    /// How long it thinks before each sentence.
    pub pause: Duration,
    /// After how many sentences it stops, and with which trouble.
    pub stops: Option<(u32, DrafterTrouble)>,
}

impl Drafter for ScriptedDrafter {
    fn origin(&self, job: &DraftJob) -> Origin {
        origin_of(OriginKind::Scripted, "scripted", job)
    }

    async fn write(&self, job: &DraftJob, out: &mut Sentences<'_>) -> Result<Written, Gone> {
        let said: Vec<&Utterance> = job.utterances.iter().filter(|said| !said.text.is_blank()).collect();
        if said.is_empty() {
            return Ok(Written::of(Ending::Nothing));
        }
        let sections = job.area.sections.len();
        for section in 0..sections {
            if let Some((after, trouble)) = self.stops
                && out.count() >= after
            {
                return Ok(Written::of(Ending::Stopped(trouble)));
            }
            tokio::time::sleep(self.pause).await;
            let rests = said[section * said.len() / sections];
            let evidence = vec![evidence_of(rests)];
            out.put(Claim { section, text: rests.text.clone(), evidence, basis: Basis::Cited }).await?;
        }
        Ok(Written::of(Ending::Whole))
    }
}
