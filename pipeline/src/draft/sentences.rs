//! The way out for the sentences of one draft, whoever writes it.
//!
//! In: claims in the order of the note. Out: sentences with their index, as a person may see them (`legible`), with the
//! originals put back (`hidden`) and what the guards say (`check`); at the end what became of the draft, or why there is none.

use super::check::Guards;
use super::hidden::{Hidden, Invented};
use super::legible::legible;
use super::lines::LONGEST_SENTENCE;
use super::{Basis, Claim, DraftOut, Ending, Gone, Written, ms};
use referent_proto::draft::{DraftFailure, DraftJob, DraftSentence, Evidence, Origin, Record};
use referent_proto::speech::Spoken;
use referent_telemetry::step;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::Span;

/// Where a sentence went that is out.
pub(super) struct Place {
    pub(super) section: usize,
    pub(super) text: Spoken,
    pub(super) evidence: Vec<Evidence>,
}

/// The way out for the sentences of one draft: gives each its index, looks it over, and remembers what was written.
pub struct Sentences<'a> {
    job: &'a DraftJob,
    out: &'a mpsc::Sender<DraftOut>,
    guards: Guards,
    /// What the language model that writes does not see.
    pub(super) hidden: Option<Hidden>,
    /// Sentences about somebody whom the model made up, or that names have made too long; not shown.
    pub(super) refused: u32,
    pub(super) written: Vec<Place>,
    began: Instant,
    first_sentence: Option<Instant>,
    repaired: u32,
    /// Of the trace: until the first sentence is out.
    first: Option<Span>,
}

impl<'a> Sentences<'a> {
    pub(super) fn new(job: &'a DraftJob, out: &'a mpsc::Sender<DraftOut>) -> Self {
        Self {
            job,
            out,
            guards: Guards::of(job),
            hidden: None,
            refused: 0,
            written: Vec::new(),
            began: Instant::now(),
            first_sentence: None,
            repaired: 0,
            first: Some(step!("first_sentence")),
        }
    }

    /// Sends the next sentence; waits while the caller is busy. Every sentence of every drafter comes through here.
    pub async fn put(&mut self, claim: Claim) -> Result<(), Gone> {
        let Claim { section, text, evidence, basis } = claim;
        let mut put_back = Vec::new();
        let text = match self.hidden.as_ref().map(|hidden| (hidden, hidden.restore(&text))) {
            None => Spoken::new(legible(text.reveal())),
            Some((hidden, Ok(restored))) if restored.reveal().chars().count() <= LONGEST_SENTENCE => {
                let restored = Spoken::new(legible(restored.reveal()));
                put_back = hidden.elsewhere(&text, &restored, &evidence);
                restored
            }
            Some((_, Ok(_) | Err(Invented))) => {
                self.refused += 1;
                return Ok(());
            }
        };
        let (mut flags, confirm) = self.guards.check(text.reveal(), &evidence);
        // What a guard says of the same words says more.
        put_back.retain(|one| !flags.iter().any(|flag| flag.start < one.end && one.start < flag.end));
        flags.append(&mut put_back);
        for flag in &flags {
            metrics::counter!("referent_draft_flags_total", "kind" => flag.kind.name()).increment(1);
        }
        self.repaired += u32::from(basis == Basis::Repaired);
        let sentence = DraftSentence {
            key: self.job.key,
            index: self.count(),
            section: self.job.area.sections[section].id.clone(),
            text: text.clone(),
            evidence: evidence.clone(),
            flags,
            confirm,
        };
        self.written.push(Place { section, text, evidence });
        self.send(DraftOut::Sentence(sentence)).await?;
        self.first_sentence.get_or_insert_with(Instant::now);
        self.first = None;
        Ok(())
    }

    /// How many sentences went out.
    pub fn count(&self) -> u32 {
        u32::try_from(self.written.len()).unwrap_or(u32::MAX)
    }

    pub(super) async fn conclude(self, written: Written, origin: Origin) -> Result<(), Gone> {
        match (written.ending, self.count()) {
            (Ending::Stopped(_) | Ending::Unable, 0) => {
                return self.fail(origin.trouble.map_or(DraftFailure::DrafterFailed, DraftFailure::from)).await;
            }
            (Ending::Whole | Ending::Full | Ending::Nothing, 0) => {
                return self.fail(DraftFailure::InsufficientContent).await;
            }
            _ => {}
        }
        tracing::info!(
            origin = ?origin.kind,
            trouble = ?origin.trouble,
            sentences = self.count(),
            lines_not_parsed = written.lines_not_parsed,
            "the draft is written"
        );
        let since = |at: Instant| ms(at - self.began);
        let record = Record {
            first_sentence_ms: self.first_sentence.map(since),
            whole_ms: Some(since(Instant::now())),
            repaired: self.repaired,
            guards_version: referent_guards::VERSION.to_owned(),
            ..written.record
        };
        let finished = DraftOut::Finished {
            key: self.job.key,
            origin: Origin { record, ..origin },
            covers: self.job.covers,
            sentences: self.count(),
            lines_not_parsed: written.lines_not_parsed,
            missing: self.guards.missing(self.written.iter().map(|one| (one.text.reveal(), one.evidence.as_slice()))),
            uncertain: self.guards.uncertain(),
        };
        self.send(finished).await
    }

    pub(super) async fn fail(self, failure: DraftFailure) -> Result<(), Gone> {
        tracing::info!(?failure, "there is no draft");
        self.send(DraftOut::Failed { key: self.job.key, failure, covers: self.job.covers }).await
    }

    async fn send(&self, what: DraftOut) -> Result<(), Gone> {
        self.out.send(what).await.map_err(|_| Gone)
    }
}
