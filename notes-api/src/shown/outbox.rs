//! What leaves: changes of notes as case systems get them, and deliveries as administrators see them.

use crate::store::outbox::{Change, NoteEvent, Outcome};
use referent_proto::{CallId, Spoken};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A section of a note, with what stands over it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct SectionText {
    /// What the area calls it.
    pub id: String,
    /// What stands over it.
    pub heading: String,
    /// What the person saved.
    #[schema(value_type = String)]
    pub text: Spoken,
}

/// A change of a note, for whoever keeps notes elsewhere. The same when it is pulled and when it is sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// saved, withdrawn
    pub event: NoteEvent,
    /// UUID of the note.
    pub note: String,
    /// UUID of the call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// 1; more when a call is about more than one case.
    pub part: i64,
    /// 1, 2, …: of two versions the higher one holds. Of a note that was withdrawn, the last.
    pub version: i64,
    /// The case it was saved to.
    pub case_id: Option<String>,
    /// UTC milliseconds.
    pub occurred_ms: i64,
    /// Where the version is to be had with its text, relative to this server; none of a note that was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What is written, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sections: Option<Vec<SectionText>>,
}

impl ChangeView {
    /// Of a change, with the text or without.
    pub fn new(change: Change, sections: Option<Vec<SectionText>>) -> Self {
        let link = format!("/v1/notes/{}/versions/{}", change.note, change.version);
        Self {
            link: (change.event == NoteEvent::Saved).then_some(link),
            event: change.event,
            note: change.note,
            call: change.call,
            part: change.part,
            version: change.version,
            case_id: change.case_id,
            occurred_ms: change.occurred_ms,
            sections,
        }
    }
}

/// One answer to a pull.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeList {
    /// In the order in which they became visible.
    pub changes: Vec<ChangeView>,
    /// The `since` of the next pull; always there, also when nothing is new.
    pub next: String,
    /// There is more behind `next` already.
    pub more: bool,
}

/// Where a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be sent, now or later.
    Waiting,
    /// Under way.
    Sending,
    /// The receiver has it.
    Delivered,
    /// Given up; it can be replayed.
    Dead,
    /// Its note was erased before it could be delivered.
    Withdrawn,
}

/// A delivery in the list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The `webhook-id`.
    pub id: String,
    /// Its name in the configuration.
    pub destination: String,
    /// waiting, sending, delivered, dead, withdrawn
    pub state: DeliveryState,
    /// saved, withdrawn
    pub event: NoteEvent,
    /// UUID of the call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// UUID of the note.
    pub note: String,
    /// Which of the call's notes.
    pub part: i64,
    /// Which version.
    pub version: i64,
    /// When it happened, UTC milliseconds.
    pub occurred_ms: i64,
    /// Attempts that were begun.
    pub attempts: i64,
    /// How the last one ended.
    pub last_outcome: Option<Outcome>,
    /// The HTTP status of the last one.
    pub last_status: Option<i64>,
    /// Not sent before, UTC milliseconds; only while it waits.
    pub due_ms: Option<i64>,
    /// When it was delivered, given up or withdrawn.
    pub done_ms: Option<i64>,
}

/// Deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryList {
    /// The newest first.
    pub deliveries: Vec<DeliveryView>,
    /// The `after` of the next page, if there may be one.
    pub next: Option<String>,
}

/// One attempt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttemptView {
    /// 1, 2, …
    pub attempt: i64,
    /// When it began, UTC milliseconds.
    pub at_ms: i64,
    /// How long it took.
    pub took_ms: Option<i64>,
    /// The HTTP status, if there was an answer.
    pub status: Option<i64>,
    /// How it ended.
    pub outcome: Outcome,
}

/// One delivery and what became of each attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// The oldest first.
    pub log: Vec<AttemptView>,
}

/// Why nothing is sent to a destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledWhy {
    /// It answered 410.
    Gone,
    /// An administrator disabled it.
    Administrator,
}

/// How a destination stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DestinationView {
    /// Its name in the configuration.
    pub name: String,
    /// The configuration names it. Nothing is sent to one that was taken out of it.
    pub configured: bool,
    /// Something is sent to it.
    pub enabled: bool,
    /// Since when not.
    pub disabled_ms: Option<i64>,
    /// And why.
    pub disabled_why: Option<DisabledWhy>,
    /// Attempts in a row that the destination as a whole failed at.
    pub failures: i64,
    /// When it is asked again, while it fails.
    pub resume_ms: Option<i64>,
    /// Deliveries that it has not had.
    pub waiting: i64,
    /// Deliveries that were given up.
    pub dead: i64,
    /// When the oldest of those that wait happened, UTC milliseconds.
    pub oldest_ms: Option<i64>,
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct DestinationList {
    /// By name.
    pub destinations: Vec<DestinationView>,
}
