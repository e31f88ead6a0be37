//! All that is known of one call, for somebody's right of access: heard, drafted, changed by whom, read by whom, kept until when.
//!
//! Left out is what is not about the citizen: when a caseworker was at the page (`activity`), and what is counted of it.

use super::retention::RetentionView;
use super::{CallSummary, DraftView, HoleView, SectionTexts, SuppressedView, UtteranceView};
use referent_proto::Spoken;
use serde::Serialize;
use utoipa::ToSchema;

/// The whole call at one moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallExport {
    /// When it was given out, UTC milliseconds.
    pub exported_ms: i64,
    /// As the list shows it.
    pub call: CallSummary,
    /// The caseworker whose call it was.
    pub owner: String,
    /// The number that the telephone system gave it.
    pub external_id: Option<String>,
    /// off, notice, consent, documentation: how it might be recorded.
    pub mode: String,
    /// Version of the area's settings that it began under.
    pub area_version: String,
    /// What was said, in order of start.
    pub heard: Vec<UtteranceView>,
    /// Sound that is missing.
    pub gaps: Vec<HoleView>,
    /// Speech without text.
    pub not_transcribed: Vec<HoleView>,
    /// Texts that are not believed.
    pub suppressed: Vec<SuppressedView>,
    /// Every draft, the oldest first.
    pub drafts: Vec<ExportedDraft>,
    /// What a person typed and has not saved.
    pub edit: Option<ExportedEdit>,
    /// Every version of the note, the oldest first.
    pub notes: Vec<ExportedVersion>,
    /// Who read or changed it, the oldest first.
    pub deeds: Vec<ExportedDeed>,
    /// Until when what is kept, and what was erased when.
    pub retention: RetentionView,
}

/// A draft, and how it came about.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedDraft {
    /// Number, model, versions, record, sentences with their evidence and doubts.
    #[serde(flatten)]
    pub draft: DraftView,
    /// `hang_up`, `provisional`, `again`
    pub cause: String,
    /// Version of the area that a person asked for; null: the call's.
    pub asked_area_version: Option<String>,
    /// What a person wished of it.
    #[schema(value_type = Option<String>)]
    pub wish: Option<Spoken>,
    /// UTC milliseconds.
    pub ordered_ms: i64,
    /// When a person saw it first.
    pub shown_ms: Option<i64>,
}

/// What a person typed and has not saved.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedEdit {
    /// 1, 2, …
    pub revision: i64,
    /// UTC milliseconds.
    pub edited_ms: i64,
    /// Section id to text.
    #[schema(value_type = BTreeMap<String, String>)]
    pub sections: SectionTexts,
}

/// A version of the note.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedVersion {
    /// UUID of the note.
    pub note: String,
    /// 1; more when a call is about more than one case.
    pub part: i64,
    /// 1, 2, …
    pub version: i64,
    /// The draft that it began from.
    pub draft: Option<i64>,
    /// UTC milliseconds.
    pub saved_ms: i64,
    /// By whom.
    pub saved_by: String,
    /// Section id to text; empty once it is erased.
    #[schema(value_type = BTreeMap<String, String>)]
    pub sections: SectionTexts,
}

/// Somebody read or changed something.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedDeed {
    /// UTC milliseconds.
    pub at_ms: i64,
    /// Who.
    pub who: String,
    /// Which kind of act, as in the audit.
    pub what: String,
}
