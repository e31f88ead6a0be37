//! What the trace of a call says of one of its drafts (docs/decisions/0015).
//!
//! ```text
//! call ─ draft ┬─ waiting                                     for one of the places
//!              ├─ writing ─ llm, embedded, first_sentence     see `draft`
//!              └─ stored                                      the end of it is in notes-api's database
//! ```
//!
//! The step `draft` has an id that notes-api knows as well, so that its commits stand below it.

use crate::draft::DraftOut;
use referent_proto::DraftJob;
use referent_telemetry::{Place, end, step};
use tracing::Span;
use tracing::field::Empty;

/// The steps of a draft that have not ended. They end with the job.
#[derive(Debug)]
pub(super) struct Steps {
    waiting: Option<Span>,
    stored: Option<Span>,
    /// Last, because it is dropped last.
    draft: Span,
}

impl Steps {
    /// The job has come.
    pub(super) fn begin(job: &DraftJob) -> Self {
        let draft = step!(
            "draft",
            draft = job.key.draft,
            attempt = job.key.attempt,
            utterances = job.utterances.len(),
            outcome = Empty,
            origin = Empty,
            trouble = Empty,
            reason = Empty,
            sentences = Empty,
            lines_not_parsed = Empty
        );
        let draft = Place::begin_draft(job.key, draft);
        Self { waiting: Some(draft.in_scope(|| step!("waiting"))), stored: None, draft }
    }

    /// It is being written; the step that lasts as long.
    pub(super) fn writing(&mut self) -> Span {
        self.waiting.take().into_iter().for_each(end);
        self.draft.in_scope(|| step!("writing"))
    }

    /// What came of it.
    pub(super) fn said(&mut self, output: &DraftOut) {
        match output {
            DraftOut::Sentence(_) => return,
            DraftOut::Finished { origin, sentences, lines_not_parsed, .. } => {
                self.draft.record("outcome", "finished").record("origin", origin.kind.name());
                self.draft.record("sentences", sentences).record("lines_not_parsed", lines_not_parsed);
                if let Some(trouble) = origin.trouble {
                    self.draft.record("trouble", trouble.name());
                }
            }
            DraftOut::Failed { failure, .. } => {
                self.draft.record("outcome", "failed").record("reason", failure.name());
            }
        }
        self.stored = Some(self.draft.in_scope(|| step!("stored")));
    }

    /// It is somebody else's.
    pub(super) fn lost(&self) {
        self.draft.record("outcome", "lost");
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.waiting.take().into_iter().chain(self.stored.take()).for_each(end);
        end(std::mem::replace(&mut self.draft, Span::none()));
    }
}
