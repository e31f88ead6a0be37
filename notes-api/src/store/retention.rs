//! What is kept of a call and for how long: looked at, erased, held, and told.
//!
//! In: a call, the time. Out: receipts. Whatever is erased here goes through `forget::forget_call`, with its receipts and its
//! entries in the audit in one transaction. Not done here: which term counts (`retention`), when to look (`sweeps`).

use super::audit::{Act, Deed, tell};
use super::calls::{self, lock_call};
use super::forget::forget_call;
use super::{Store, Stored, Tx, areas, drafts, from_word, outbox, word};
use crate::retention::{self, Cause, Fate, HELD_FOR_MS, Kind, Standing, Terms, Waits};
use crate::shown::retention::{HoldView, KeptView, ReceiptView, RetentionView};
use referent_proto::{CallId, CallState, CommandId, CommandKind};
use sqlx::FromRow;

/// Who erases because the time is over.
pub const RETENTION: &str = "retention";

/// What came of an administrator's wish to erase a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Erasing {
    /// It is erased, now or before.
    Done(Vec<ReceiptView>),
    /// A hold is on it: release that first.
    Held,
    /// It goes on: the citizen may object, or it is waited for.
    Live,
    /// There is none.
    Unknown,
}

/// What one look at a call found.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Looked {
    /// What went, and how many rows.
    pub erased: Vec<(Kind, i64)>,
    /// Why something that is due is still there.
    pub waits: Option<Waits>,
}

#[derive(FromRow)]
struct StandingColumns {
    area: String,
    area_version: String,
    state: String,
    has_worker: i64,
    over_ms: i64,
    transcript: i64,
    drafts: i64,
    edits: i64,
    notes: i64,
    activity: i64,
    identifiers: i64,
    jobs: i64,
    holds: i64,
    typed_ms: Option<i64>,
    saved_ms: Option<i64>,
    active_ms: Option<i64>,
}

impl StandingColumns {
    fn standing(&self) -> Stored<Standing> {
        let state: CallState = from_word("calls.state", &self.state)?;
        let is_there = [
            (Kind::Transcript, self.transcript),
            (Kind::Drafts, self.drafts),
            (Kind::Edit, self.edits),
            (Kind::Note, self.notes),
            (Kind::Activity, self.activity),
            (Kind::Identifiers, self.identifiers),
        ];
        Ok(Standing {
            over_ms: self.over_ms,
            is_live: state == CallState::Live || (state == CallState::Ended && self.has_worker > 0),
            is_drafting: self.jobs > 0,
            is_held: self.holds > 0,
            typed_ms: self.typed_ms.filter(|typed_ms| self.saved_ms.is_none_or(|saved_ms| saved_ms < *typed_ms)),
            saved_ms: self.saved_ms,
            active_ms: self.active_ms,
            is_undelivered: false,
            left: is_there.into_iter().filter(|(_, rows)| *rows > 0).map(|(kind, _)| kind).collect(),
        })
    }
}

async fn columns(tx: &mut Tx, call: CallId) -> Stored<Option<StandingColumns>> {
    row!(
        tx,
        StandingColumns,
        "SELECT c.area, c.area_version, c.state, COALESCE(c.ended_ms, c.first_ms, c.began_ms) AS over_ms, \
         CAST(CASE WHEN c.holder IS NOT NULL AND c.contact_lost_ms IS NULL THEN 1 ELSE 0 END AS BIGINT) AS has_worker, \
         CAST(CASE WHEN c.case_id IS NOT NULL OR c.external_id IS NOT NULL THEN 1 ELSE 0 END AS BIGINT) AS identifiers, \
         (SELECT COUNT(*) FROM settles s WHERE s.call = c.call) AS transcript, \
         (SELECT COUNT(*) FROM draft_sentences s WHERE s.call = c.call) + (SELECT COUNT(*) FROM drafts d \
         WHERE d.call = c.call AND (d.missing <> '[]' OR d.uncertain <> '[]' OR d.wish IS NOT NULL)) AS drafts, \
         (SELECT COUNT(*) FROM edits e WHERE e.call = c.call) AS edits, \
         (SELECT COUNT(*) FROM note_versions v JOIN notes n ON n.note = v.note \
         WHERE n.call = c.call AND v.sections <> '{}') AS notes, \
         (SELECT COUNT(*) FROM activity a WHERE a.call = c.call) AS activity, \
         (SELECT COUNT(*) FROM draft_jobs j WHERE j.call = c.call AND j.state <> 'done') AS jobs, \
         (SELECT COUNT(*) FROM holds h WHERE h.call = c.call AND h.released_ms IS NULL) AS holds, \
         (SELECT MAX(e.edited_ms) FROM edits e WHERE e.call = c.call) AS typed_ms, \
         (SELECT MAX(v.saved_ms) FROM note_versions v JOIN notes n ON n.note = v.note WHERE n.call = c.call) AS saved_ms, \
         (SELECT MIN(a.came_ms) FROM activity a WHERE a.call = c.call) AS active_ms FROM calls c WHERE c.call = $1",
        call.to_string()
    )
}

/// E1: of the version that the call began under, of those that drafts were asked for under, and of the one that holds now.
async fn terms(tx: &mut Tx, call: CallId, columns: &StandingColumns, now_ms: i64) -> Stored<Terms> {
    let mut versions = drafts::areas_asked_for(tx, call).await?;
    versions.push(columns.area_version.clone());
    let in_force = rows!(
        tx,
        (String,),
        "SELECT version FROM areas_in_force WHERE area = $1 AND since_ms <= $2",
        columns.area.as_str(),
        now_ms - HELD_FOR_MS
    )?;
    versions.extend(in_force.into_iter().map(|(version,)| version));
    versions.sort_unstable();
    versions.dedup();
    let mut terms = Vec::with_capacity(versions.len());
    for version in versions {
        let says = areas::of_version(tx, &version).await?.retention;
        terms.push((version, says));
    }
    Ok(Terms::of(&terms))
}

async fn fates(tx: &mut Tx, call: CallId, now_ms: i64, unsaved_edit_days: u32) -> Stored<Vec<Fate>> {
    let Some(columns) = columns(tx, call).await? else { return Ok(Vec::new()) };
    let terms = terms(tx, call, &columns, now_ms).await?;
    let standing = Standing { is_undelivered: outbox::is_outstanding(tx, call).await?, ..columns.standing()? };
    Ok(retention::fates(&standing, &terms, now_ms, unsaved_edit_days))
}

/// How something is erased.
pub(super) struct How<'a> {
    pub(super) cause: Cause,
    pub(super) by: &'a str,
    pub(super) reason: Option<&'a str>,
    /// Where a term says so: which.
    pub(super) fates: &'a [Fate],
}

/// E4: erases these kinds of a locked call, and writes down what went.
pub(super) async fn erase_kinds(
    tx: &mut Tx,
    call: CallId,
    kinds: &[Kind],
    how: &How<'_>,
    now_ms: i64,
) -> Stored<Vec<(Kind, i64)>> {
    let gone = forget_call(tx, call, kinds).await?;
    for (kind, rows) in &gone {
        let fate = how.fates.iter().find(|fate| fate.kind == *kind);
        let term = fate.and_then(|fate| fate.term.as_ref());
        run!(
            tx,
            "INSERT INTO receipts (call, receipt, kind, cause, erased_ms, erased_by, erased_rows, due_ms, days, \
             area_version, reason) VALUES ($1, (SELECT COALESCE(MAX(r.receipt), 0) + 1 FROM receipts r WHERE r.call = $1), \
             $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            call.to_string(),
            word(kind),
            word(&how.cause),
            now_ms,
            how.by,
            *rows,
            fate.and_then(|fate| fate.due_ms),
            term.map(|term| i64::from(term.days)),
            term.and_then(|term| term.area_version.as_deref()),
            how.reason
        )?;
        tell(tx, &Deed::with_call(how.by, Act::Erased(*kind), call), now_ms).await?;
    }
    Ok(gone)
}

pub(super) async fn look_in(tx: &mut Tx, call: CallId, now_ms: i64, unsaved_edit_days: u32) -> Stored<Looked> {
    if lock_call(tx, call).await?.is_none() {
        return Ok(Looked::default());
    }
    let fates = fates(tx, call, now_ms, unsaved_edit_days).await?;
    let (over, left): (Vec<Fate>, Vec<Fate>) = fates.into_iter().partition(|fate| fate.is_over(now_ms));
    let mut kinds: Vec<Kind> = over.iter().map(|fate| fate.kind).collect();
    let pages_knew = kinds.iter().any(|kind| *kind != Kind::Activity);
    if pages_knew {
        kinds.push(Kind::Events);
    }
    let how = How { cause: Cause::Retention, by: RETENTION, reason: None, fates: &over };
    let erased = erase_kinds(tx, call, &kinds, &how, now_ms).await?;
    if kinds.contains(&Kind::Note) {
        outbox::forget(tx, call, now_ms).await?;
    }
    if pages_knew {
        calls::state_event(tx, call).await?;
    }
    // Behind the event, which says that there is something to look at.
    let next_ms = retention::next_look(&left, now_ms);
    run!(tx, "UPDATE calls SET retention_ms = $2 WHERE call = $1", call.to_string(), next_ms)?;
    let waits = left.iter().filter(|fate| fate.is_due(now_ms)).find_map(|fate| fate.waits);
    Ok(Looked { erased, waits })
}

/// Whether a hold is on the call.
pub(super) async fn is_held(tx: &mut Tx, call: CallId) -> Stored<bool> {
    let found =
        row!(tx, (i64,), "SELECT COUNT(*) FROM holds WHERE call = $1 AND released_ms IS NULL", call.to_string())?;
    Ok(found.is_some_and(|(holds,)| holds > 0))
}

impl Store {
    /// What is kept of a call and until when, its holds and its receipts. `None` if there is no such call.
    pub async fn retention(&self, call: CallId, now_ms: i64, unsaved_edit_days: u32) -> Stored<Option<RetentionView>> {
        self.read(move |tx| Box::pin(view(tx, call, now_ms, unsaved_edit_days))).await
    }

    /// E2: nothing of the call is erased until this hold is released. `None` if there is no such call.
    pub async fn set_hold(&self, call: CallId, reason: String, by: String, now_ms: i64) -> Stored<Option<HoldView>> {
        self.write(move |tx| {
            Box::pin(async move {
                if lock_call(tx, call).await?.is_none() {
                    return Ok(None);
                }
                let number = row!(
                    tx,
                    (i64,),
                    "INSERT INTO holds (call, hold, reason, set_by, set_ms) \
                     VALUES ($1, (SELECT COALESCE(MAX(h.hold), 0) + 1 FROM holds h WHERE h.call = $1), $2, $3, $4) \
                     RETURNING hold",
                    call.to_string(),
                    reason.as_str(),
                    by.as_str(),
                    now_ms
                )?;
                tell(tx, &Deed::with_call(&by, Act::HoldSet, call), now_ms).await?;
                hold(tx, call, number.map_or(0, |(number,)| number)).await
            })
        })
        .await
    }

    /// The hold is on the call no more. A repeat changes nothing. `None` if there is no such hold.
    pub async fn release_hold(
        &self,
        call: CallId,
        number: i64,
        reason: String,
        by: String,
        now_ms: i64,
    ) -> Stored<Option<HoldView>> {
        self.write(move |tx| {
            Box::pin(async move {
                if lock_call(tx, call).await?.is_none() {
                    return Ok(None);
                }
                let released = run!(
                    tx,
                    "UPDATE holds SET release_reason = $3, released_by = $4, released_ms = $5 \
                     WHERE call = $1 AND hold = $2 AND released_ms IS NULL",
                    call.to_string(),
                    number,
                    reason.as_str(),
                    by.as_str(),
                    now_ms
                )? > 0;
                if released {
                    run!(tx, "UPDATE calls SET retention_ms = 0 WHERE call = $1", call.to_string())?;
                    tell(tx, &Deed::with_call(&by, Act::HoldReleased, call), now_ms).await?;
                }
                hold(tx, call, number).await
            })
        })
        .await
    }

    /// Erases a call: all that has content, its note and whose it was. What stays is the receipts, the audit, and the numbers
    /// that figures rest on. Sound that an agent still has of it is erased by `command` when it comes.
    pub async fn erase(
        &self,
        call: CallId,
        command: CommandId,
        reason: String,
        by: String,
        now_ms: i64,
    ) -> Stored<Erasing> {
        let erasing = self.write(move |tx| Box::pin(erase_in(tx, call, command, reason, by, now_ms))).await?;
        if matches!(erasing, Erasing::Done(_)) {
            // Where somebody reads at this moment, the next sweep does it.
            self.wipe_log().await;
        }
        Ok(erasing)
    }
}

async fn erase_in(
    tx: &mut Tx,
    call: CallId,
    command: CommandId,
    reason: String,
    by: String,
    now_ms: i64,
) -> Stored<Erasing> {
    let Some(row) = lock_call(tx, call).await? else { return Ok(Erasing::Unknown) };
    if row.state == CallState::Live {
        return Ok(Erasing::Live);
    }
    if is_held(tx, call).await? {
        return Ok(Erasing::Held);
    }
    let how = How { cause: Cause::Erasure, by: &by, reason: Some(&reason), fates: &[] };
    let id = call.to_string();
    let known = row!(tx, (i64,), "SELECT note_kept FROM tombstones WHERE call = $1", id.as_str())?;
    let is_erased = known.is_some_and(|(note_kept,)| note_kept == 0) && row.state == CallState::Discarded;
    if !is_erased {
        erase_kinds(tx, call, &Kind::CONTENT, &how, now_ms).await?;
        run!(
            tx,
            "INSERT INTO tombstones (call, discarded_ms, discarded_by, note_kept, cause) VALUES ($1, $2, $3, 0, 'erasure') \
             ON CONFLICT (call) DO UPDATE SET note_kept = 0",
            id.as_str(),
            now_ms,
            by.as_str()
        )?;
        // A complete call is on no PC any more, and one that was discarded has its command.
        if !matches!(row.state, CallState::Complete | CallState::Discarded) {
            run!(
                tx,
                "INSERT INTO commands (command, call, kind, created_ms) VALUES ($1, $2, $3, $4)",
                command.to_string(),
                id.as_str(),
                word(&CommandKind::Discard),
                now_ms
            )?;
        }
        bury(tx, call).await?;
        tell(tx, &Deed::with_call(&by, Act::CallErased, call), now_ms).await?;
        tx.jobs_changed();
        // Last, since it takes the next number of all changes.
        outbox::withdraw(tx, call, now_ms).await?;
    }
    Ok(Erasing::Done(receipts(tx, call).await?))
}

/// What is left of a call refuses every later write.
pub(super) async fn bury(tx: &mut Tx, call: CallId) -> Stored<()> {
    run!(
        tx,
        "UPDATE calls SET state = 'discarded', trouble = NULL, timer_ms = NULL, holder = NULL, epoch = epoch + 1 \
         WHERE call = $1",
        call.to_string()
    )?;
    calls::state_event(tx, call).await
}

pub(super) async fn view(
    tx: &mut Tx,
    call: CallId,
    now_ms: i64,
    unsaved_edit_days: u32,
) -> Stored<Option<RetentionView>> {
    if calls::summary(tx, call).await?.is_none() {
        return Ok(None);
    }
    let kept = fates(tx, call, now_ms, unsaved_edit_days).await?;
    let kept = kept.into_iter().map(|fate| KeptView::of(fate, now_ms)).collect();
    Ok(Some(RetentionView {
        on_hold: is_held(tx, call).await?,
        kept,
        holds: holds(tx, call).await?,
        receipts: receipts(tx, call).await?,
        backup_days: None,
    }))
}

#[derive(FromRow)]
struct ReceiptColumns {
    receipt: i64,
    kind: String,
    cause: String,
    erased_ms: i64,
    erased_by: String,
    erased_rows: i64,
    due_ms: Option<i64>,
    days: Option<i64>,
    area_version: Option<String>,
    reason: Option<String>,
}

impl TryFrom<ReceiptColumns> for ReceiptView {
    type Error = super::StoreError;
    fn try_from(row: ReceiptColumns) -> Stored<Self> {
        Ok(Self {
            number: row.receipt,
            kind: from_word("receipts.kind", &row.kind)?,
            cause: from_word("receipts.cause", &row.cause)?,
            erased_ms: row.erased_ms,
            erased_by: row.erased_by,
            rows: row.erased_rows,
            due_ms: row.due_ms,
            days: row.days,
            area_version: row.area_version,
            reason: row.reason,
        })
    }
}

/// What was erased of a call, the oldest first.
pub(super) async fn receipts(tx: &mut Tx, call: CallId) -> Stored<Vec<ReceiptView>> {
    rows!(
        tx,
        ReceiptColumns,
        "SELECT receipt, kind, cause, erased_ms, erased_by, erased_rows, due_ms, days, area_version, reason \
         FROM receipts WHERE call = $1 ORDER BY receipt",
        call.to_string()
    )?
    .into_iter()
    .map(ReceiptView::try_from)
    .collect()
}

/// Whether something of a kind was erased.
pub(super) async fn was_erased(tx: &mut Tx, call: CallId, kind: Kind) -> Stored<bool> {
    let found =
        row!(tx, (i64,), "SELECT COUNT(*) FROM receipts WHERE call = $1 AND kind = $2", call.to_string(), word(&kind))?;
    Ok(found.is_some_and(|(receipts,)| receipts > 0))
}

macro_rules! holds {
    ($which:literal) => {
        concat!(
            "SELECT hold AS number, reason, set_by, set_ms, release_reason, released_by, released_ms FROM holds ",
            $which
        )
    };
}

async fn holds(tx: &mut Tx, call: CallId) -> Stored<Vec<HoldView>> {
    rows!(tx, HoldView, holds!("WHERE call = $1 ORDER BY hold"), call.to_string())
}

async fn hold(tx: &mut Tx, call: CallId, number: i64) -> Stored<Option<HoldView>> {
    row!(tx, HoldView, holds!("WHERE call = $1 AND hold = $2"), call.to_string(), number)
}
