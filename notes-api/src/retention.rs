//! For how long what a call left behind is kept, and what keeps it longer. Pure; what erases is below.
//!
//! ```text
//! areas' terms ─┐
//! what is left ─┼─▶ fates ─▶ store::retention ─▶ store::forget ─▶ receipts, audit
//! holds ────────┘      ▲ sweeper, every hour
//! ```
//!
//! In: the terms of the versions that count for a call, and how the call stands. Out: of each kind of content when it falls
//! due, by which version, and what it still waits for.
//! Promises:
//!   E1  Of several versions the shortest term counts; none makes it longer.
//!   E2  What a hold is on is not erased: not by time, not by an administrator.
//!   E3  What is due and still there says what it waits for.
//!   E4  What was erased leaves a receipt, and an entry in the audit, in the transaction that erased it.
//!   E5  The figures of managers are the same before and after: they rest on rows that have no content.
//!
//! Not done here: no SQL, no clock; and nothing about sound, which is only on PCs.

pub mod command;
pub mod sweeper;

use referent_proto::Retention;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A day, in milliseconds.
pub const DAY_MS: i64 = 24 * 3_600_000;
/// Days for which what was said is kept where the area does not say.
pub const TRANSCRIPT_DAYS: u32 = 30;
/// Days for which it is kept when somebody was at a draft: an area may say fewer, never more (docs/decisions/0037).
pub const ACTIVITY_DAYS: u32 = 30;
/// A version of an area counts for older calls when it has held for so long: a slip of the pen can be taken back before.
pub const HELD_FOR_MS: i64 = DAY_MS;

/// A kind of what a call leaves behind. The list only grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What was said: utterances, texts that are not believed, gaps.
    Transcript,
    /// What the machine wrote, with its evidence and doubts, and what a person wished of it. That there was a draft, by which
    /// model and how fast, stays.
    Drafts,
    /// What a person typed and did not save.
    Edit,
    /// The text of every version of the note. That it was saved, when and by whom, stays.
    Note,
    /// When somebody was at the call.
    Activity,
    /// The numbers of the case and of the telephone system.
    Identifiers,
    /// What pages were told: it repeats all of these, and goes with the first that goes.
    Events,
    /// What figures are made of. Only a call to which the citizen objected loses it.
    Figures,
}

impl Kind {
    /// The word in SQL, JSON and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transcript => "transcript",
            Self::Drafts => "drafts",
            Self::Edit => "edit",
            Self::Note => "note",
            Self::Activity => "activity",
            Self::Identifiers => "identifiers",
            Self::Events => "events",
            Self::Figures => "figures",
        }
    }

    /// All that has content.
    pub const CONTENT: [Self; 7] =
        [Self::Transcript, Self::Drafts, Self::Edit, Self::Note, Self::Activity, Self::Identifiers, Self::Events];
}

/// Why something was erased.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its time was over.
    Retention,
    /// The citizen objected.
    Discard,
    /// An administrator erased the call.
    Erasure,
}

/// A number of days, and the version of an area that says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    /// Days.
    pub days: u32,
    /// `None`: no area says it; it is this program's own.
    pub area_version: Option<String>,
}

impl Term {
    fn own(days: u32) -> Self {
        Self { days, area_version: None }
    }

    fn after(&self, since_ms: i64) -> i64 {
        since_ms.saturating_add(i64::from(self.days) * DAY_MS)
    }
}

/// What counts for one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// From when the call was over.
    pub transcript: Term,
    /// From when the call was over; `None`: with the note, and where the note stays, with the transcript.
    pub drafts: Option<Term>,
    /// From the last save; `None`: the note stays.
    pub note: Option<Term>,
    /// From when the first of it came in.
    pub activity: Term,
}

impl Terms {
    /// E1: of these versions of areas.
    pub fn of(versions: &[(String, Retention)]) -> Self {
        let shortest = |days: fn(&Retention) -> Option<u32>| {
            let said = versions.iter().filter_map(|(version, says)| Some((days(says)?, version)));
            said.min().map(|(days, version)| Term { days, area_version: Some(version.clone()) })
        };
        let is_silent = versions.iter().any(|(_, says)| says.transcript_days.is_none());
        Self {
            // A version that says nothing means our own.
            transcript: shortest(|says| says.transcript_days)
                .filter(|term| !is_silent || term.days <= TRANSCRIPT_DAYS)
                .unwrap_or_else(|| Term::own(TRANSCRIPT_DAYS)),
            drafts: shortest(|says| says.drafts_days),
            note: shortest(|says| says.note_days),
            activity: shortest(|says| says.activity_log_days)
                .filter(|term| term.days <= ACTIVITY_DAYS)
                .unwrap_or_else(|| Term::own(ACTIVITY_DAYS)),
        }
    }
}

/// How a call stands, as far as its erasing depends on it.
#[expect(clippy::struct_excessive_bools, reason = "facts that may hold all at once")]
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Standing {
    /// When the hang-up came in; of a call that never did, when the server first heard of it.
    pub over_ms: i64,
    /// Sound or text may come in at this moment.
    pub is_live: bool,
    /// A draft is waited for, or being written.
    pub is_drafting: bool,
    /// A hold is on it.
    pub is_held: bool,
    /// A destination of the configuration still has to get its note.
    pub is_undelivered: bool,
    /// When a person typed last what they have not saved.
    pub typed_ms: Option<i64>,
    /// The last save.
    pub saved_ms: Option<i64>,
    /// When the first activity came in that is still there.
    pub active_ms: Option<i64>,
    /// What there is of it.
    pub left: Vec<Kind>,
}

/// Why something that is due is still there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// A legal hold is on the call.
    Held,
    /// The call goes on, or its sound comes in.
    Live,
    /// A draft is waited for, or being written.
    Drafting,
    /// A person typed not long ago, and has not saved.
    Typed,
    /// A destination does not have the note yet, and there may be no other copy.
    Undelivered,
}

impl Waits {
    /// All, and their words.
    pub const ALL: [(Self, &str); 5] = [
        (Self::Held, "held"),
        (Self::Live, "live"),
        (Self::Drafting, "drafting"),
        (Self::Typed, "typed"),
        (Self::Undelivered, "undelivered"),
    ];
}

/// What becomes of one kind of content that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fate {
    /// Which.
    pub kind: Kind,
    /// `None`: it stays until somebody erases the call.
    pub due_ms: Option<i64>,
    /// What says so.
    pub term: Option<Term>,
    /// What it waits for when it is due.
    pub waits: Option<Waits>,
}

impl Fate {
    /// It is due, and nothing keeps it.
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.is_due(now_ms) && self.waits.is_none()
    }

    /// Its time is over.
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.due_ms.is_some_and(|due_ms| due_ms <= now_ms)
    }
}

/// What becomes of all that is left of a call.
pub fn fates(standing: &Standing, terms: &Terms, now_ms: i64, unsaved_edit_days: u32) -> Vec<Fate> {
    let transcript = (Some(terms.transcript.after(standing.over_ms)), Some(&terms.transcript));
    let note = match (&terms.note, standing.saved_ms) {
        (Some(term), Some(saved_ms)) => (Some(term.after(saved_ms)), Some(term)),
        _ => (None, None),
    };
    let drafts = match &terms.drafts {
        Some(term) => (Some(term.after(standing.over_ms)), Some(term)),
        None if note.0.is_some() => note,
        None => transcript,
    };
    let activity = (standing.active_ms.map(|since_ms| terms.activity.after(since_ms)), Some(&terms.activity));
    // As long as anything is there it is known whose it is.
    let last = [transcript, drafts].into_iter().max_by_key(|(due_ms, _)| *due_ms).unwrap_or(drafts);
    let note_is_last = standing.left.contains(&Kind::Note) && note.0.is_none_or(|due_ms| Some(due_ms) > last.0);
    let identifiers = if note_is_last { note } else { last };
    let keeps = |kind| match kind {
        _ if standing.is_held => Some(Waits::Held),
        _ if standing.is_live => Some(Waits::Live),
        Kind::Activity => None,
        Kind::Note | Kind::Identifiers if standing.is_undelivered => Some(Waits::Undelivered),
        _ if standing.is_drafting => Some(Waits::Drafting),
        _ => standing
            .typed_ms
            .is_some_and(|typed_ms| now_ms < typed_ms.saturating_add(i64::from(unsaved_edit_days) * DAY_MS))
            .then_some(Waits::Typed),
    };
    let fate = |kind: Kind| {
        let (due_ms, term) = match kind {
            Kind::Transcript => transcript,
            Kind::Drafts | Kind::Edit => drafts,
            Kind::Note => note,
            Kind::Activity => activity,
            Kind::Identifiers => identifiers,
            Kind::Events | Kind::Figures => return None,
        };
        Some(Fate { kind, due_ms, term: term.cloned(), waits: keeps(kind) })
    };
    standing.left.iter().copied().filter_map(fate).collect()
}

/// When to look at the call again: when the next falls due, or at the next sweep where something due has to wait.
pub fn next_look<'a>(left: impl IntoIterator<Item = &'a Fate>, now_ms: i64) -> Option<i64> {
    left.into_iter().filter_map(|fate| Some(fate.due_ms?.max(now_ms))).min()
}

#[cfg(test)]
mod tests;
