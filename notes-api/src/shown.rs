//! What a pane is shown: the JSON of calls, drafts, edits and notes.
//!
//! In: rows that `store` has read. Out: JSON by serde, its schema by utoipa. The same types are the payload of the
//! durable events, so that a replay and a fresh page cannot differ. Milliseconds here are for people; offsets are
//! samples of call time. Not done here: no reading, no deciding (`call::status` decides).

pub mod areas;
mod drafts;
pub mod retention;
pub mod export;
pub mod outbox;

pub use drafts::{
    DraftState, DraftView, EvidenceView, FlagView, MissingView, OriginView, RecordView, SentenceView, UncertainView,
};

use crate::call::Status;
use referent_proto::{AgentStateKind, CallId, CallState, Direction, DraftFailure, Section, Spoken, Track};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The text of a note or an edit: section id to text. Typed by a person.
pub type SectionTexts = BTreeMap<String, Spoken>;

/// A call in the list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallSummary {
    /// UUID of the call.
    #[schema(value_type = String)]
    pub id: CallId,
    /// The case the note belongs to.
    pub case_id: Option<String>,
    /// The department.
    pub area: String,
    /// incoming, outgoing, unknown
    #[schema(value_type = String)]
    pub direction: Direction,
    /// live, `out_of_contact`, ended, complete, discarded
    #[schema(value_type = String)]
    pub state: CallState,
    /// What to tell the person.
    pub status: Status,
    /// Why, as a word; for `text_behind` the seconds of speech without text.
    pub status_reason: Option<String>,
    /// UTC milliseconds on the PC.
    pub started_ms: i64,
    /// Seconds east of UTC on the PC.
    pub started_utc_offset_s: i64,
    /// UTC milliseconds of the hang-up, on the server's clock.
    pub ended_ms: Option<i64>,
    /// Length in call time.
    pub duration_ms: Option<i64>,
    /// When what was said was erased, with its gaps; null: it was not.
    pub transcript_erased_ms: Option<i64>,
    /// When the text of the note was erased here, UTC milliseconds.
    pub note_erased_ms: Option<i64>,
    /// The last event of the call that this summary knows.
    pub sequence: i64,
}

/// The list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallList {
    /// Newest first.
    pub calls: Vec<CallSummary>,
}

/// Everything about a call.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub summary: CallSummary,
    /// "da" or "en": the language of the note.
    pub language: String,
    /// The sections of a note, in order.
    pub sections: Vec<SectionView>,
    /// What was said, in order of start.
    pub utterances: Vec<UtteranceView>,
    /// Sound that is missing.
    pub gaps: Vec<HoleView>,
    /// Speech without text.
    pub not_transcribed: Vec<HoleView>,
    /// Texts that are not believed.
    pub suppressed_count: i64,
    /// The newest draft.
    pub draft: Option<DraftView>,
    /// What a person typed and has not saved.
    pub edit: Option<EditView>,
    /// The newest version of the saved note.
    pub note: Option<NoteView>,
    /// The last heartbeat of the agent.
    pub agent: Option<AgentView>,
}

/// A section of a note.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SectionView {
    /// What edits and notes are keyed by.
    pub id: String,
    /// What stands over it.
    pub heading: String,
}

impl From<Section> for SectionView {
    fn from(section: Section) -> Self {
        Self { id: section.id, heading: section.heading }
    }
}

/// What somebody said.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UtteranceView {
    /// near or far
    #[schema(value_type = String)]
    pub track: Track,
    /// Offset of the speech in samples: evidence points to it.
    pub start: i64,
    /// The same, in milliseconds.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// The words.
    #[schema(value_type = String)]
    pub text: Spoken,
    /// 0 to 1.
    pub probability: f64,
    /// Left out, unless this is the citizen's voice from a loudspeaker, which the microphone caught: then where on the far
    /// track it begins. Such words are shown with a mark, and no draft rests on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo_of_ms: Option<i64>,
    /// The same, word by word.
    pub words: Vec<WordView>,
}

/// One word.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WordView {
    /// With its punctuation.
    #[schema(value_type = String)]
    pub text: Spoken,
    /// When it was said.
    pub start_ms: i64,
    /// 0 to 1.
    pub probability: f64,
}

/// A stretch without text, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HoleView {
    /// near or far
    #[schema(value_type = String)]
    pub track: Track,
    /// From.
    pub start_ms: i64,
    /// To.
    pub end_ms: i64,
    /// A gap's, a failure's or a suppression's reason.
    pub reason: String,
}

/// A text that is not believed; only on demand.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressedView {
    /// Where and why.
    #[serde(flatten)]
    pub hole: HoleView,
    /// What the recogniser wrote.
    #[schema(value_type = String)]
    pub text: Spoken,
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressedList {
    /// In order of start.
    pub suppressed: Vec<SuppressedView>,
}

/// Grey text that will be replaced.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PartialView {
    /// near or far
    #[schema(value_type = String)]
    pub track: Track,
    /// Where it starts.
    pub start_ms: i64,
    /// How far it was heard.
    pub end_ms: i64,
    /// The words so far.
    #[schema(value_type = String)]
    pub text: Spoken,
}

/// The agent's heartbeat.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgentView {
    /// listening, paused, `catching_up`, …
    #[schema(value_type = String)]
    pub state: AgentStateKind,
    /// For how long.
    pub since_ms: u64,
    /// 0 to 1000 of full scale.
    pub near_level: u16,
    /// 0 to 1000 of full scale.
    pub far_level: u16,
}

/// Payload of `agent` on the stream of all calls: the PCs that are there, whether or not a call goes on. As long as there is
/// no login a page belongs to nobody in particular, so it is told no names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct PresenceView {
    /// PCs that were heard of within 5 s.
    pub in_contact: usize,
    /// PCs that were in contact within the last ten minutes, and are not.
    pub lost: usize,
    /// Of those in contact, PCs that cannot record what they should: a full disk, a silent microphone or citizen.
    pub in_trouble: usize,
    /// What the PC does, where there is one and no other is lost: idle, listening, paused, …
    #[schema(value_type = Option<String>)]
    pub state: Option<AgentStateKind>,
    /// For how long.
    pub since_ms: Option<u64>,
}

/// What a person typed and has not saved.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EditView {
    /// The number for `If-Match`.
    pub revision: i64,
    /// The draft it began from.
    pub draft: Option<i64>,
    /// Section id to text.
    #[schema(value_type = BTreeMap<String, String>)]
    pub sections: SectionTexts,
}

/// A saved note.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoteView {
    /// UUID of the note.
    pub id: String,
    /// 1; more when a call is about more than one case.
    pub part: i64,
    /// The number for `If-Match`.
    pub version: i64,
    /// Section id to text.
    #[schema(value_type = BTreeMap<String, String>)]
    pub sections: SectionTexts,
    /// UTC milliseconds.
    pub saved_ms: i64,
    /// From the draft being shown to the first save.
    pub correction_ms: Option<i64>,
}

/// Every version of a call's note.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteVersions {
    /// Oldest first.
    pub versions: Vec<NoteView>,
}

/// What a discard has done and what is outstanding.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscardReceipt {
    /// When the words were erased here.
    pub discarded_ms: i64,
    /// A saved note stays.
    pub note_kept: bool,
    /// Whether the agent has erased the sound.
    pub agent_done: bool,
}

/// Something is asked of the agent; its state says when it has done it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandPending {
    /// UUID of the command.
    pub command: String,
}

/// Payload of `draft_started`.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftStarted {
    /// Which draft.
    pub number: i64,
    /// Which try; sentences of an older one are void.
    pub attempt: i64,
    /// The call was out of contact, not ended.
    pub provisional: bool,
    /// The sections that it is written under, in order: those of another area where a person asked for it.
    pub sections: Vec<SectionView>,
}

/// Payload of `draft_sentence`.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftSentenceAdded {
    /// Which draft.
    pub number: i64,
    /// Which try.
    pub attempt: i64,
    /// The sentence.
    pub sentence: SentenceView,
}

/// Payload of `draft_failed`.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftFailedView {
    /// Which draft.
    pub number: i64,
    /// Why.
    #[schema(value_type = String)]
    pub failure: DraftFailure,
}

/// Payload of `edit_saved`, and the answer to an edit.
#[derive(Debug, Serialize, ToSchema)]
pub struct EditSaved {
    /// The number for the next `If-Match`.
    pub revision: i64,
}

/// Payload of `late`: text came in after a person had begun to type.
#[derive(Debug, Serialize, ToSchema)]
pub struct LateText {
    /// How many utterances the newest draft does not cover.
    pub utterances: i64,
}
