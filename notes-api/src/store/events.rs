//! The course of a call, numbered without a hole: what panes replay.

use super::{Store, Stored, Tx, json};
use referent_proto::CallId;
use serde::Serialize;
use sqlx::FromRow;

/// Events that one read takes; a reader that is further behind reads again.
pub(crate) const PAGE: i64 = 200;

/// What kind of event; the name that SSE gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKind {
    /// Somebody said something.
    Utterance,
    /// Sound is missing.
    Gap,
    /// Speech without text.
    NotTranscribed,
    /// Text that is not believed; without the text.
    Suppressed,
    /// The summary has changed.
    State,
    /// A draft is on its way.
    DraftStarted,
    /// One sentence more.
    DraftSentence,
    /// The draft is whole.
    DraftFinished,
    /// There is no draft.
    DraftFailed,
    /// Typed text is safe.
    EditSaved,
    /// A note is saved.
    NoteSaved,
    /// Text came in after a person had begun to type.
    Late,
}

impl EventKind {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utterance => "utterance",
            Self::Gap => "gap",
            Self::NotTranscribed => "not_transcribed",
            Self::Suppressed => "suppressed",
            Self::State => "state",
            Self::DraftStarted => "draft_started",
            Self::DraftSentence => "draft_sentence",
            Self::DraftFinished => "draft_finished",
            Self::DraftFailed => "draft_failed",
            Self::EditSaved => "edit_saved",
            Self::NoteSaved => "note_saved",
            Self::Late => "late",
        }
    }
}

/// A durable event as it goes to a pane.
#[derive(Clone, Debug, FromRow)]
pub struct StoredEvent {
    /// 1, 2, … without a hole.
    pub sequence: i64,
    /// [`EventKind::name`].
    pub kind: String,
    /// The payload.
    pub json: String,
}

/// The next number of the call. Whoever calls this has the call locked. What is told of may be content: retention looks.
pub(crate) async fn next_sequence(tx: &mut Tx, call: CallId) -> Stored<i64> {
    let next = row!(
        tx,
        (i64,),
        "UPDATE calls SET sequence = sequence + 1, retention_ms = 0 WHERE call = $1 RETURNING sequence",
        call.to_string()
    )?;
    Ok(next.map_or(0, |(sequence,)| sequence))
}

/// Writes an event under a number from [`next_sequence`].
pub(crate) async fn insert<T: Serialize>(
    tx: &mut Tx,
    call: CallId,
    sequence: i64,
    kind: EventKind,
    payload: &T,
) -> Stored<()> {
    run!(
        tx,
        "INSERT INTO events (call, sequence, kind, json) VALUES ($1, $2, $3, $4)",
        call.to_string(),
        sequence,
        kind.name(),
        json(payload)
    )?;
    tx.changed(call, sequence);
    Ok(())
}

/// Writes an event. Whoever calls this has the call locked.
pub(crate) async fn append<T: Serialize>(tx: &mut Tx, call: CallId, kind: EventKind, payload: &T) -> Stored<()> {
    let sequence = next_sequence(tx, call).await?;
    insert(tx, call, sequence, kind, payload).await
}

impl Store {
    /// The next events of a call after `after`, at most a page of them.
    pub async fn events_after(&self, call: CallId, after: i64) -> Stored<Vec<StoredEvent>> {
        self.read(move |tx| {
            Box::pin(async move {
                rows!(
                    tx,
                    StoredEvent,
                    "SELECT sequence, kind, json FROM events WHERE call = $1 AND sequence > $2 \
                     ORDER BY sequence LIMIT $3",
                    call.to_string(),
                    after,
                    PAGE
                )
            })
        })
        .await
    }
}
