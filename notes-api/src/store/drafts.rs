//! Drafts: when one is due, and what came of it. Who may write it is `jobs`.
//!
//! A draft never touches an edit or a note: they are other tables.

mod jobs;

pub(crate) use jobs::lease_of_call;
pub use jobs::{Held, Lease};

use super::audit::{Act, Deed, tell};
use super::calls::{self, CallRow, lock_call, settled_of};
use super::events::{self, EventKind};
use super::{Store, Stored, Tx, areas, from_json, from_word, settles, sql_int, without_nul, word};
use crate::call::{self, TrackStanding, Watched};
use crate::config::Timing;
use crate::shown::export::ExportedDraft;
use crate::shown::{
    DraftFailedView, DraftStarted, DraftState, DraftView, EvidenceView, FlagView, LateText, MissingView, OriginView,
    SectionView, SentenceView, UncertainView,
};
use referent_proto::{
    AreaSettings, CallId, CallState, DraftFailure, DraftSentence, Evidence, Flag, Missing, Origin, Spoken, Track,
    UncertainWord,
};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// What comes with the end of a draft.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Who wrote it.
    pub origin: Origin,
    /// Lines of the language model's answer that were not shown.
    pub lines_not_parsed: u32,
    /// What may be missing.
    pub missing: Vec<Missing>,
    /// Words that were perhaps misheard.
    pub uncertain: Vec<UncertainWord>,
}

/// Why a draft was asked for. Only those made because of the hang-up count as seconds after hang-up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The call is complete.
    HangUp,
    /// The call has been out of contact for a while.
    Provisional,
    /// A person asked.
    Again,
}

/// What a person wants of another draft.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Wanted {
    /// Under the settings of this area, if not those that the last one was written under.
    pub area: Option<AreaSettings>,
    /// In the person's own words; empty: nothing special.
    pub wish: Spoken,
    /// Who asks.
    pub by: String,
}

impl Wanted {
    fn is_special(&self) -> bool {
        self.area.is_some() || !self.wish.is_blank()
    }
}

#[derive(FromRow)]
struct DraftColumns {
    draft: i64,
    attempt: i64,
    state: String,
    failure: Option<String>,
    cause: String,
    provisional: i64,
    origin: Option<String>,
    covers_near: i64,
    covers_far: i64,
    first_sentence_ms: Option<i64>,
    whole_ms: Option<i64>,
    missing: String,
    uncertain: String,
    area_version: Option<String>,
    wish: Option<String>,
}

/// The newest draft of a call.
#[derive(Clone, Debug)]
pub(crate) struct DraftRow {
    pub(crate) draft: i64,
    pub(crate) attempt: i64,
    pub(crate) state: DraftState,
    pub(crate) failure: Option<DraftFailure>,
    pub(crate) cause: Cause,
    pub(crate) provisional: bool,
    pub(crate) origin: Option<Origin>,
    pub(crate) covers: (i64, i64),
    pub(crate) first_sentence_ms: Option<i64>,
    pub(crate) whole_ms: Option<i64>,
    pub(crate) missing: Vec<Missing>,
    pub(crate) uncertain: Vec<UncertainWord>,
    /// Of another area than the call's.
    pub(crate) area_version: Option<String>,
    pub(crate) wish: Option<String>,
}

impl TryFrom<DraftColumns> for DraftRow {
    type Error = super::StoreError;
    fn try_from(row: DraftColumns) -> Stored<Self> {
        Ok(Self {
            draft: row.draft,
            attempt: row.attempt,
            state: from_word("drafts.state", &row.state)?,
            failure: row.failure.map(|failure| from_word("drafts.failure", &failure)).transpose()?,
            cause: from_word("drafts.cause", &row.cause)?,
            provisional: row.provisional != 0,
            origin: row.origin.map(|origin| from_json("drafts.origin", &origin)).transpose()?,
            covers: (row.covers_near, row.covers_far),
            first_sentence_ms: row.first_sentence_ms,
            whole_ms: row.whole_ms,
            missing: from_json("drafts.missing", &row.missing)?,
            uncertain: from_json("drafts.uncertain", &row.uncertain)?,
            area_version: row.area_version,
            wish: row.wish,
        })
    }
}

impl DraftRow {
    /// For a pane. Durations only for a draft that the hang-up asked for.
    fn view(&self, hang_up_ms: Option<i64>, sentences: Option<Vec<SentenceView>>) -> DraftView {
        let hang_up_ms = hang_up_ms.filter(|_| self.cause == Cause::HangUp);
        let after_hang_up = |at: Option<i64>| Some((at? - hang_up_ms?).max(0));
        DraftView {
            number: self.draft,
            attempt: self.attempt,
            state: self.state,
            failure: self.failure,
            provisional: self.provisional,
            origin: self.origin.clone().map(OriginView::from),
            sentences,
            first_sentence_ms: after_hang_up(self.first_sentence_ms),
            whole_ms: after_hang_up(self.whole_ms),
            missing: self.missing.iter().cloned().map(MissingView::from).collect(),
            uncertain: self.uncertain.iter().copied().map(UncertainView::from).collect(),
        }
    }
}

pub(crate) async fn newest(tx: &mut Tx, call: CallId) -> Stored<Option<DraftRow>> {
    row!(
        tx,
        DraftColumns,
        "SELECT draft, attempt, state, failure, cause, provisional, origin, covers_near, covers_far, \
         first_sentence_ms, whole_ms, missing, uncertain, area_version, wish FROM drafts WHERE call = $1 ORDER BY draft DESC LIMIT 1",
        call.to_string()
    )?
    .map(DraftRow::try_from)
    .transpose()
}

/// The newest draft with its sentences, as a pane sees it.
pub(crate) async fn shown(tx: &mut Tx, call: CallId, hang_up_ms: Option<i64>) -> Stored<Option<DraftView>> {
    let Some(draft) = newest(tx, call).await? else { return Ok(None) };
    let sentences = sentences(tx, call, &draft).await?;
    Ok(Some(draft.view(hang_up_ms, Some(sentences))))
}

/// The sentences of the attempt that counts.
async fn sentences(tx: &mut Tx, call: CallId, draft: &DraftRow) -> Stored<Vec<SentenceView>> {
    rows!(
        tx,
        SentenceColumns,
        "SELECT sentence, section, text, evidence, flags, confirm FROM draft_sentences \
         WHERE call = $1 AND draft = $2 AND attempt = $3 ORDER BY sentence",
        call.to_string(),
        draft.draft,
        draft.attempt
    )?
    .into_iter()
    .map(SentenceView::try_from)
    .collect()
}

/// Every draft with its sentences, the oldest first, as somebody's right of access asks.
pub(crate) async fn all(tx: &mut Tx, call: CallId, hang_up_ms: Option<i64>) -> Stored<Vec<ExportedDraft>> {
    let found = rows!(
        tx,
        DraftColumns,
        "SELECT draft, attempt, state, failure, cause, provisional, origin, covers_near, covers_far, \
         first_sentence_ms, whole_ms, missing, uncertain, area_version, wish FROM drafts WHERE call = $1 ORDER BY draft",
        call.to_string()
    )?;
    let mut drafts = Vec::with_capacity(found.len());
    for row in found {
        let draft = DraftRow::try_from(row)?;
        let times = row!(
            tx,
            (i64, Option<i64>),
            "SELECT created_ms, (SELECT MIN(s.shown_ms) FROM draft_shown s WHERE s.call = d.call AND s.draft = d.draft) \
             FROM drafts d WHERE d.call = $1 AND d.draft = $2",
            call.to_string(),
            draft.draft
        )?;
        let (ordered_ms, shown_ms) = times.unwrap_or_default();
        let sentences = sentences(tx, call, &draft).await?;
        drafts.push(ExportedDraft {
            draft: draft.view(hang_up_ms, Some(sentences)),
            cause: word(&draft.cause),
            asked_area_version: draft.area_version,
            wish: draft.wish.map(Spoken::new),
            ordered_ms,
            shown_ms,
        });
    }
    Ok(drafts)
}

#[derive(FromRow)]
struct SentenceColumns {
    sentence: i64,
    section: String,
    text: String,
    evidence: String,
    flags: String,
    confirm: Option<String>,
}

impl TryFrom<SentenceColumns> for SentenceView {
    type Error = super::StoreError;
    fn try_from(row: SentenceColumns) -> Stored<Self> {
        let evidence: Vec<Evidence> = from_json("draft_sentences.evidence", &row.evidence)?;
        let flags: Vec<Flag> = from_json("draft_sentences.flags", &row.flags)?;
        Ok(Self {
            index: row.sentence,
            section: row.section,
            text: Spoken::new(row.text),
            evidence: evidence.into_iter().map(EvidenceView::from).collect(),
            flags: flags.into_iter().map(FlagView::from).collect(),
            confirm: row.confirm.map(|confirm| from_word("draft_sentences.confirm", &confirm)).transpose()?,
        })
    }
}

impl From<Evidence> for EvidenceView {
    fn from(evidence: Evidence) -> Self {
        Self { track: evidence.track, start: sql_int(evidence.start.0) }
    }
}

impl From<Flag> for FlagView {
    fn from(flag: Flag) -> Self {
        Self {
            kind: flag.kind,
            start: flag.start,
            end: flag.end,
            said: flag.said,
            reason: flag.reason,
            evidence: flag.evidence.into_iter().map(EvidenceView::from).collect(),
        }
    }
}

impl From<Missing> for MissingView {
    fn from(missing: Missing) -> Self {
        Self { kind: missing.kind, fact: missing.fact, said: missing.said, evidence: missing.evidence.into() }
    }
}

impl From<UncertainWord> for UncertainView {
    fn from(uncertain: UncertainWord) -> Self {
        Self { utterance: uncertain.utterance.into(), word: uncertain.word }
    }
}

impl From<DraftSentence> for SentenceView {
    fn from(sentence: DraftSentence) -> Self {
        Self {
            index: sentence.index.into(),
            section: sentence.section,
            text: sentence.text,
            evidence: sentence.evidence.into_iter().map(EvidenceView::from).collect(),
            flags: sentence.flags.into_iter().map(FlagView::from).collect(),
            confirm: sentence.confirm,
        }
    }
}

/// Orders draft n+1 over everything settled; an unfinished older one is void. The area that a person chose stays until they
/// choose another. A wish counts for one draft, and for those that late sound makes of it.
pub(crate) async fn order(
    tx: &mut Tx,
    row: &CallRow,
    tracks: &[(Track, TrackStanding)],
    (cause, wanted): (Cause, Wanted),
    now_ms: i64,
    no_contact_ms: i64,
) -> Stored<i64> {
    let call = row.id.to_string();
    let before = newest(tx, row.id).await?;
    let number = before.as_ref().map_or(1, |draft| draft.draft + 1);
    let (area_before, wish_before) = before.map_or((None, None), |draft| (draft.area_version, draft.wish));
    let area_version = match wanted.area {
        Some(area) => {
            areas::keep(tx, &area, now_ms).await?;
            Some(area.version)
        }
        None => area_before,
    };
    let wish = match cause {
        Cause::Again => Some(without_nul(wanted.wish.reveal()).into_owned()).filter(|wish| !wish.trim().is_empty()),
        Cause::HangUp | Cause::Provisional => wish_before,
    };
    run!(tx, "UPDATE drafts SET state = 'superseded' WHERE call = $1 AND state = 'streaming'", call.as_str())?;
    run!(tx, "UPDATE draft_jobs SET state = 'done' WHERE call = $1 AND state <> 'done'", call.as_str())?;
    let covers = settled_of(tracks);
    let provisional = row.state != CallState::Complete;
    run!(
        tx,
        "INSERT INTO drafts (call, draft, attempt, state, cause, provisional, covers_near, covers_far, created_ms, \
         area_version, wish) VALUES ($1, $2, 1, 'streaming', $3, $4, $5, $6, $7, $8, $9)",
        call.as_str(),
        number,
        word(&cause),
        i64::from(provisional),
        sql_int(covers.near.0),
        sql_int(covers.far.0),
        now_ms,
        area_version.as_deref(),
        wish.as_deref()
    )?;
    run!(
        tx,
        "INSERT INTO draft_jobs (call, draft, attempt, state, free_since_ms) VALUES ($1, $2, 1, 'free', $3)",
        call.as_str(),
        number,
        now_ms
    )?;
    if row.state == CallState::Complete {
        run!(tx, "UPDATE calls SET timer_ms = $2 WHERE call = $1", call.as_str(), now_ms + no_contact_ms)?;
    }
    let sections = sections_of(tx, row, area_version.as_deref()).await?;
    let started = DraftStarted { number, attempt: 1, provisional, sections };
    events::append(tx, row.id, EventKind::DraftStarted, &started).await?;
    tx.jobs_changed();
    Ok(number)
}

/// Versions of areas under which a person asked for drafts.
pub(crate) async fn areas_asked_for(tx: &mut Tx, call: CallId) -> Stored<Vec<String>> {
    let found = rows!(
        tx,
        (String,),
        "SELECT area_version FROM drafts WHERE call = $1 AND area_version IS NOT NULL GROUP BY area_version",
        call.to_string()
    )?;
    Ok(found.into_iter().map(|(version,)| version).collect())
}

/// The sections under which a draft of this version of an area stands; of the call's where it has none of its own.
pub(crate) async fn sections_of(tx: &mut Tx, row: &CallRow, version: Option<&str>) -> Stored<Vec<SectionView>> {
    let area = areas::of_version(tx, version.unwrap_or(&row.area_version)).await?;
    Ok(area.sections.into_iter().map(SectionView::from).collect())
}

/// How far a person has come with a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Touched {
    No,
    Typed,
    Saved,
}

async fn touched(tx: &mut Tx, call: CallId) -> Stored<Touched> {
    let found = row!(
        tx,
        (i64, i64),
        "SELECT (SELECT COUNT(*) FROM edits WHERE call = $1), (SELECT COUNT(*) FROM notes WHERE call = $1)",
        call.to_string()
    )?;
    Ok(match found {
        Some((_, notes)) if notes > 0 => Touched::Saved,
        Some((edits, _)) if edits > 0 => Touched::Typed,
        _ => Touched::No,
    })
}

/// The call became complete: its draft is due. A person who has begun to type over an earlier one is told how much
/// text came in late, and is offered the new draft beside theirs; one who has saved is only told.
pub(crate) async fn due_at_completion(
    tx: &mut Tx,
    row: &CallRow,
    tracks: &[(Track, TrackStanding)],
    now_ms: i64,
    lease: Lease,
) -> Stored<()> {
    let touched = touched(tx, row.id).await?;
    if let Some(earlier) = newest(tx, row.id).await?
        && touched > Touched::No
    {
        let (near, far) = earlier.covers;
        let utterances = settles::utterances_beyond(tx, row.id, near, far).await?;
        if utterances > 0 {
            events::append(tx, row.id, EventKind::Late, &LateText { utterances }).await?;
        }
        if touched == Touched::Saved {
            return Ok(());
        }
    }
    order(tx, row, tracks, (Cause::HangUp, Wanted::default()), now_ms, lease.no_contact_ms).await.map(drop)
}

impl Store {
    /// A person wants another draft: its number, or `None` if there is no such call. One that is being written serves, unless
    /// they want something special of theirs.
    pub async fn draft_again(&self, call: CallId, wanted: Wanted, now_ms: i64, lease: Lease) -> Stored<Option<i64>> {
        self.write(move |tx| {
            Box::pin(async move {
                let Some(row) = lock_call(tx, call).await?.filter(|row| row.state != CallState::Discarded) else {
                    return Ok(None);
                };
                if let Some(draft) = newest(tx, call).await?
                    && draft.state == DraftState::Streaming
                    && !wanted.is_special()
                {
                    return Ok(Some(draft.draft));
                }
                let tracks = calls::tracks(tx, call).await?;
                let deed = Deed::with_call(&wanted.by, Act::DraftAsked, call);
                let number = order(tx, &row, &tracks, (Cause::Again, wanted), now_ms, lease.no_contact_ms).await?;
                tell(tx, &deed, now_ms).await?;
                calls::state_event(tx, call).await?;
                Ok(Some(number))
            })
        })
        .await
    }

    /// Calls at which the timer has to look now.
    pub async fn due_calls(&self, now_ms: i64) -> Stored<Vec<CallId>> {
        self.read(move |tx| {
            Box::pin(async move {
                rows!(tx, (String,), "SELECT call FROM calls WHERE timer_ms <= $1 LIMIT 1000", now_ms)?
                    .into_iter()
                    .map(|(call,)| super::call_id(&call))
                    .collect()
            })
        })
        .await
    }

    /// The timer looks at a call: says what is the matter, orders a provisional draft if one is due.
    pub async fn look_at(&self, call: CallId, now_ms: i64, timing: Timing) -> Stored<()> {
        self.write(move |tx| Box::pin(look_at_in(tx, call, now_ms, timing))).await
    }
}

async fn look_at_in(tx: &mut Tx, call: CallId, now_ms: i64, timing: Timing) -> Stored<()> {
    let Some(row) = lock_call(tx, call).await? else { return Ok(()) };
    let free =
        row!(tx, (i64,), "SELECT free_since_ms FROM draft_jobs WHERE call = $1 AND state = 'free'", call.to_string())?;
    let watched = Watched {
        state: row.state,
        contact_lost_ms: row.contact_lost_ms,
        job_free_since_ms: free.map(|(since,)| since),
    };
    let due = call::due(watched, now_ms, &timing);
    run!(
        tx,
        "UPDATE calls SET trouble = $2, timer_ms = $3 WHERE call = $1",
        call.to_string(),
        due.trouble.map(|trouble| word(&trouble)),
        due.next_ms
    )?;
    if due.provisional && provisional_is_wanted(tx, &row).await? {
        let tracks = calls::tracks(tx, call).await?;
        order(tx, &row, &tracks, (Cause::Provisional, Wanted::default()), now_ms, timing.no_contact_ms()).await?;
    }
    if due.trouble != row.trouble {
        calls::state_event(tx, call).await?;
    }
    Ok(())
}

/// Something was said that no draft covers, and nobody has begun to type.
async fn provisional_is_wanted(tx: &mut Tx, row: &CallRow) -> Stored<bool> {
    let (near, far) = newest(tx, row.id).await?.map_or((0, 0), |draft| draft.covers);
    Ok(settles::utterances_beyond(tx, row.id, near, far).await? > 0 && touched(tx, row.id).await? == Touched::No)
}

/// Tells panes that a draft is whole.
async fn finished_event(tx: &mut Tx, row: &CallRow) -> Stored<()> {
    if let Some(draft) = newest(tx, row.id).await? {
        events::append(tx, row.id, EventKind::DraftFinished, &draft.view(row.hang_up_ms, None)).await?;
    }
    Ok(())
}

/// Tells panes that there is no draft.
async fn failed_event(tx: &mut Tx, call: CallId, number: i64, failure: DraftFailure) -> Stored<()> {
    events::append(tx, call, EventKind::DraftFailed, &DraftFailedView { number, failure }).await
}

/// Stored whole; a pane sees a part of it.
fn origin_json(origin: &Origin) -> String {
    super::json(origin)
}
