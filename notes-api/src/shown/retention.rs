//! What is kept of a call and until when, what keeps it longer, and what was erased. No content.

use crate::retention::{Cause, Fate, Kind, Waits};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

/// Retention of one call.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct RetentionView {
    /// Nothing is erased as long as a hold is on the call.
    pub on_hold: bool,
    /// What is still there.
    pub kept: Vec<KeptView>,
    /// Legal holds, the released ones too.
    pub holds: Vec<HoldView>,
    /// What was erased, the oldest first.
    pub receipts: Vec<ReceiptView>,
    /// After so many days what was erased is in no log and no backup of the database either, as those who run it say
    /// (`retention.backup_days`); null: they do not say.
    pub backup_days: Option<u32>,
}

/// A kind of content that is there.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct KeptView {
    /// transcript, drafts, edit, note, activity, identifiers
    pub kind: Kind,
    /// When it is erased, UTC milliseconds; null: not before somebody erases the call.
    pub due_ms: Option<i64>,
    /// The term, days.
    pub days: Option<u32>,
    /// The version of an area that says so; null with `days`: no area does.
    pub area_version: Option<String>,
    /// held, live, drafting, typed: why it is still there though it is due.
    pub waits: Option<Waits>,
}

impl KeptView {
    /// As it stands now.
    pub fn of(fate: Fate, now_ms: i64) -> Self {
        let waits = fate.waits.filter(|_| fate.is_due(now_ms));
        let (days, area_version) = fate.term.map_or((None, None), |term| (Some(term.days), term.area_version));
        Self { kind: fate.kind, due_ms: fate.due_ms, days, area_version, waits }
    }
}

/// A legal hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, FromRow, ToSchema)]
pub struct HoldView {
    /// 1, 2, … of the call.
    pub number: i64,
    /// Why.
    pub reason: String,
    /// By whom.
    pub set_by: String,
    /// UTC milliseconds.
    pub set_ms: i64,
    /// Why it is over.
    pub release_reason: Option<String>,
    /// By whom.
    pub released_by: Option<String>,
    /// UTC milliseconds; null: it is on the call.
    pub released_ms: Option<i64>,
}

/// Something was erased.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct ReceiptView {
    /// 1, 2, … of the call.
    pub number: i64,
    /// transcript, drafts, edit, note, activity, identifiers, events, figures
    pub kind: Kind,
    /// retention, discard, erasure
    pub cause: Cause,
    /// UTC milliseconds.
    pub erased_ms: i64,
    /// `retention`, or who did it.
    pub erased_by: String,
    /// Rows of the database that were taken out or emptied.
    pub rows: i64,
    /// When it was due by its term; null: no term was asked.
    pub due_ms: Option<i64>,
    /// The term, days.
    pub days: Option<i64>,
    /// The version of an area that says so; null with `days`: no area does.
    pub area_version: Option<String>,
    /// An administrator's.
    pub reason: Option<String>,
}

/// A call is erased.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct ErasureView {
    /// What went, with what went before.
    pub receipts: Vec<ReceiptView>,
    /// As in `RetentionView`.
    pub backup_days: Option<u32>,
}
