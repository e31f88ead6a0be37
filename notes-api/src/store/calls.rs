//! Calls: begin, lose contact, hang up, list.
//!
//! The order of locks is always the call first; everything else about a call hangs on that row.

use super::{Conn, Store, Stored, Tx, areas, call_id, commands, drafts, events, from_sql_int, from_word, settles};
use super::{sql_int, without_nul, word};
use crate::call::{self, DraftStanding, TrackStanding, Trouble};
use crate::shown::{CallSummary, DraftState};
use referent_proto::ids::PerTrack;
use referent_proto::{
    AreaSettings, CallId, CallState, Command, DraftJob, Epoch, HangUp, Hello, SampleOffset, Started, Track, Utterance,
    WorkerId,
};
use sqlx::FromRow;
use std::collections::BTreeSet;

/// What decisions about a call rest on.
#[derive(Clone, Debug)]
pub(crate) struct CallRow {
    pub(crate) id: CallId,
    pub(crate) owner: String,
    pub(crate) area_version: String,
    pub(crate) direction: referent_proto::Direction,
    pub(crate) started: Started,
    pub(crate) state: CallState,
    pub(crate) epoch: Epoch,
    pub(crate) began_ms: i64,
    pub(crate) contact_lost_ms: Option<i64>,
    pub(crate) hang_up_ms: Option<i64>,
    pub(crate) trouble: Option<Trouble>,
}

#[derive(FromRow)]
struct CallColumns {
    call: String,
    owner: String,
    area_version: String,
    direction: String,
    started_ms: i64,
    started_utc_offset_s: i64,
    state: String,
    epoch: i64,
    began_ms: i64,
    contact_lost_ms: Option<i64>,
    hang_up_ms: Option<i64>,
    trouble: Option<String>,
}

impl TryFrom<CallColumns> for CallRow {
    type Error = super::StoreError;
    fn try_from(row: CallColumns) -> Stored<Self> {
        Ok(Self {
            id: call_id(&row.call)?,
            owner: row.owner,
            area_version: row.area_version,
            direction: from_word("calls.direction", &row.direction)?,
            started: Started {
                utc_ms: row.started_ms,
                utc_offset_s: i32::try_from(row.started_utc_offset_s).unwrap_or_default(),
            },
            state: from_word("calls.state", &row.state)?,
            epoch: Epoch(from_sql_int("calls.epoch", row.epoch)?),
            began_ms: row.began_ms,
            contact_lost_ms: row.contact_lost_ms,
            hang_up_ms: row.hang_up_ms,
            trouble: row.trouble.map(|trouble| from_word("calls.trouble", &trouble)).transpose()?,
        })
    }
}

/// The call, locked until the end of the transaction. SQLite's one writer is the lock there.
pub(crate) async fn lock_call(tx: &mut Tx, call: CallId) -> Stored<Option<CallRow>> {
    if matches!(tx.conn, Conn::Postgres(_)) {
        run!(tx, "SELECT 1 FROM calls WHERE call = $1 FOR UPDATE", call.to_string())?;
    }
    row!(
        tx,
        CallColumns,
        "SELECT call, owner, area_version, direction, started_ms, started_utc_offset_s, state, epoch, began_ms, \
         contact_lost_ms, hang_up_ms, trouble FROM calls WHERE call = $1",
        call.to_string()
    )?
    .map(CallRow::try_from)
    .transpose()
}

/// Settled and end of each track that the call has.
pub(crate) async fn tracks(tx: &mut Tx, call: CallId) -> Stored<Vec<(Track, TrackStanding)>> {
    rows!(
        tx,
        (String, i64, Option<i64>),
        "SELECT track, settled, end_offset FROM tracks WHERE call = $1",
        call.to_string()
    )?
    .into_iter()
    .map(|(track, settled, end)| Ok((from_word("tracks.track", &track)?, TrackStanding { settled, end })))
    .collect()
}

/// What is settled, zero for a track that the call does not have.
pub(crate) fn settled_of(tracks: &[(Track, TrackStanding)]) -> PerTrack<SampleOffset> {
    let mut settled = PerTrack::default();
    for (track, standing) in tracks {
        settled[*track] = SampleOffset(u64::try_from(standing.settled).unwrap_or_default());
    }
    settled
}

#[derive(FromRow)]
struct SummaryColumns {
    call: String,
    case_id: Option<String>,
    area: String,
    direction: String,
    state: String,
    trouble: Option<String>,
    started_ms: i64,
    started_utc_offset_s: i64,
    hang_up_ms: Option<i64>,
    sequence: i64,
    notes: i64,
    end_offset: Option<i64>,
    behind: Option<i64>,
    draft_state: Option<String>,
    draft_failure: Option<String>,
    transcript_erased_ms: Option<i64>,
    note_erased_ms: Option<i64>,
}

impl TryFrom<SummaryColumns> for CallSummary {
    type Error = super::StoreError;
    fn try_from(row: SummaryColumns) -> Stored<Self> {
        let state = from_word("calls.state", &row.state)?;
        let trouble = row.trouble.map(|trouble| from_word("calls.trouble", &trouble)).transpose()?;
        let draft = match row.draft_state.map(|state| from_word("drafts.state", &state)).transpose()? {
            None | Some(DraftState::Superseded) => DraftStanding::None,
            Some(DraftState::Streaming) => DraftStanding::Streaming,
            Some(DraftState::Ready) => DraftStanding::Ready,
            Some(DraftState::Failed) => DraftStanding::Failed(row.draft_failure.as_deref().unwrap_or("drafter_failed")),
        };
        let seconds_behind = (row.behind.unwrap_or_default().max(0) + 15_999) / 16_000;
        let (status, status_reason) = call::status(state, trouble, draft, row.notes, seconds_behind);
        Ok(Self {
            id: call_id(&row.call)?,
            case_id: row.case_id,
            area: row.area,
            direction: from_word("calls.direction", &row.direction)?,
            state,
            status,
            status_reason,
            started_ms: row.started_ms,
            started_utc_offset_s: row.started_utc_offset_s,
            ended_ms: row.hang_up_ms,
            duration_ms: row.end_offset.map(settles::millis),
            transcript_erased_ms: row.transcript_erased_ms,
            note_erased_ms: row.note_erased_ms,
            sequence: row.sequence,
        })
    }
}

macro_rules! summaries {
    ($which:literal) => {
        concat!(
            "SELECT c.call, c.case_id, c.area, c.direction, c.state, c.trouble, c.started_ms, c.started_utc_offset_s, \
             c.hang_up_ms, c.sequence, (SELECT COUNT(*) FROM notes n WHERE n.call = c.call) AS notes, \
             (SELECT MAX(t.end_offset) FROM tracks t WHERE t.call = c.call) AS end_offset, \
             (SELECT MAX(t.end_offset - t.settled) FROM tracks t WHERE t.call = c.call) AS behind, \
             (SELECT MAX(r.erased_ms) FROM receipts r WHERE r.call = c.call AND r.kind = 'transcript') AS transcript_erased_ms, \
             (SELECT MAX(r.erased_ms) FROM receipts r WHERE r.call = c.call AND r.kind = 'note') AS note_erased_ms, \
             d.state AS draft_state, d.failure AS draft_failure \
             FROM calls c LEFT JOIN drafts d ON d.call = c.call \
             AND d.draft = (SELECT MAX(x.draft) FROM drafts x WHERE x.call = c.call) ",
            $which
        )
    };
}

/// The line of a call in the list.
pub(crate) async fn summary(tx: &mut Tx, call: CallId) -> Stored<Option<CallSummary>> {
    row!(tx, SummaryColumns, summaries!("WHERE c.call = $1"), call.to_string())?.map(CallSummary::try_from).transpose()
}

/// Tells everybody how the call stands now.
pub(crate) async fn state_event(tx: &mut Tx, call: CallId) -> Stored<()> {
    let sequence = events::next_sequence(tx, call).await?;
    match summary(tx, call).await? {
        Some(summary) => events::insert(tx, call, sequence, events::EventKind::State, &summary).await,
        None => Ok(()),
    }
}

/// Which calls a list has.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listed {
    /// At most so many, the newest.
    pub limit: i64,
    /// Of this person, or handed over to them.
    pub person: Option<String>,
    /// Of this case.
    pub case_id: Option<String>,
    /// In these areas.
    pub areas: Option<BTreeSet<String>>,
}

/// A worker's introduction, and who vouches for it.
#[derive(Clone, Debug)]
pub struct Begin {
    /// What the agent said.
    pub hello: Hello,
    /// The caseworker.
    pub identity: String,
    /// The worker process.
    pub worker: WorkerId,
    /// This notes-api process.
    pub holder: String,
    /// The area's settings, if the call is new.
    pub area: AreaSettings,
}

/// What a worker has to know to continue a call.
#[derive(Clone, Debug)]
pub struct Known {
    /// The worker's turn.
    pub epoch: Epoch,
    /// Where each track stands.
    pub settled: PerTrack<SampleOffset>,
    /// What was said so far, in order of start.
    pub utterances: Vec<Utterance>,
    /// Where the call stands.
    pub state: CallState,
    /// Settings of the call's area, as they were when it began.
    pub area: AreaSettings,
    /// What the agent has not done yet.
    pub commands: Vec<Command>,
}

/// The answer to `Began`.
#[derive(Clone, Debug)]
pub enum Begun {
    /// Go on from here.
    Known(Box<Known>),
    /// Somebody else owns the call.
    NotYours,
    /// The call is erased; these commands are not done yet.
    Discarded(Vec<Command>),
}

/// The answer to `Ended`.
#[derive(Clone, Debug)]
pub enum EndedAnswer {
    /// Durable, and the draft is yours.
    Job(Box<DraftJob>),
    /// Durable.
    Known,
    /// Another worker has the call.
    Stale(Epoch),
    /// The call is erased.
    Discarded,
}

impl Store {
    /// A worker begins a call, or continues it.
    pub async fn begin(&self, begin: Begin, now_ms: i64) -> Stored<Begun> {
        self.write(move |tx| Box::pin(begin_in(tx, begin, now_ms))).await
    }

    /// The stream of the worker with this epoch is gone.
    pub async fn contact_lost(&self, call: CallId, epoch: Epoch, now_ms: i64, no_contact_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                match lock_call(tx, call).await? {
                    Some(row) if row.epoch == epoch => lose_contact(tx, &row, now_ms, no_contact_ms).await,
                    _ => Ok(()),
                }
            })
        })
        .await
    }

    /// Calls whose process has not been seen since `seen_since_ms` lose contact, from when it was seen last.
    pub async fn orphans_lose_contact(&self, seen_since_ms: i64, now_ms: i64, no_contact_ms: i64) -> Stored<usize> {
        let orphans = self
            .read(move |tx| {
                Box::pin(async move {
                    rows!(
                        tx,
                        (String, i64, Option<i64>),
                        "SELECT c.call, c.epoch, h.seen_ms FROM calls c LEFT JOIN holders h ON h.holder = c.holder \
                         WHERE c.holder IS NOT NULL AND c.contact_lost_ms IS NULL \
                         AND c.state IN ('live', 'ended') AND (h.seen_ms IS NULL OR h.seen_ms <= $1)",
                        seen_since_ms
                    )
                })
            })
            .await?;
        for (call, epoch, seen_ms) in &orphans {
            let epoch = Epoch(from_sql_int("calls.epoch", *epoch)?);
            self.contact_lost(call_id(call)?, epoch, seen_ms.unwrap_or(now_ms), no_contact_ms).await?;
        }
        Ok(orphans.len())
    }

    /// The call was hung up.
    pub async fn ended(
        &self,
        call: CallId,
        epoch: Epoch,
        worker: WorkerId,
        hang_up: HangUp,
        now_ms: i64,
        lease: drafts::Lease,
    ) -> Stored<EndedAnswer> {
        self.write(move |tx| Box::pin(ended_in(tx, call, epoch, worker, hang_up, now_ms, lease))).await
    }

    /// The newest calls.
    pub async fn summaries(&self, which: Listed) -> Stored<Vec<CallSummary>> {
        self.read(move |tx| {
            Box::pin(async move {
                let Listed { limit, person, case_id, areas } = which;
                rows!(
                    tx,
                    SummaryColumns,
                    summaries!(
                        "WHERE ($2 = '' OR c.owner = $2 \
                         OR EXISTS (SELECT 1 FROM handovers h WHERE h.call = c.call AND h.person = $2)) \
                         AND ($3 = '' OR c.case_id = $3) \
                         AND ($4 = '' OR REPLACE($4, '|' || c.area || '|', '') <> $4) \
                         ORDER BY c.started_ms DESC, c.call DESC LIMIT $1"
                    ),
                    limit,
                    person.as_deref().unwrap_or(""),
                    case_id.as_deref().unwrap_or(""),
                    super::set(areas.as_ref())
                )?
                .into_iter()
                .map(CallSummary::try_from)
                .collect()
            })
        })
        .await
    }

    /// The line of one call in the list.
    pub async fn summary(&self, call: CallId) -> Stored<Option<CallSummary>> {
        self.read(move |tx| Box::pin(summary(tx, call))).await
    }
}

async fn begin_in(tx: &mut Tx, begin: Begin, now_ms: i64) -> Stored<Begun> {
    let Begin { hello, identity, worker, holder, area } = begin;
    let call = hello.call;
    areas::keep(tx, &area, now_ms).await?;
    let new = run!(
        tx,
        "INSERT INTO calls (call, owner, area, area_version, external_id, case_id, continues, direction, mode, \
         started_ms, started_utc_offset_s, state, epoch, worker, began_ms, first_ms, sequence) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'live', 0, $12, $13, $13, 0) ON CONFLICT (call) DO NOTHING",
        call.to_string(),
        without_nul(&identity).as_ref(),
        area.area.as_str(),
        area.version.as_str(),
        hello.external_id.as_deref().map(without_nul).as_deref(),
        hello.case_id.as_deref().map(without_nul).as_deref(),
        hello.continues.map(|continues| continues.to_string()),
        word(&hello.direction),
        word(&hello.mode),
        hello.started.utc_ms,
        i64::from(hello.started.utc_offset_s),
        worker.to_string(),
        now_ms
    )? > 0;
    let Some(row) = lock_call(tx, call).await? else {
        return Err(super::StoreError::Corrupt { column: "calls.call" });
    };
    if row.owner != without_nul(&identity) {
        return Ok(Begun::NotYours);
    }
    let pending = commands::pending(tx, call).await?;
    let Ok(state) = call::began(row.state) else { return Ok(Begun::Discarded(pending)) };
    let epoch = Epoch(row.epoch.0 + 1);
    let troubled_by_silence = matches!(row.trouble, Some(Trouble::NoContact | Trouble::NoWorker));
    let trouble = row.trouble.filter(|_| !troubled_by_silence);
    run!(
        tx,
        "UPDATE calls SET epoch = $2, worker = $3, holder = $4, began_ms = $5, contact_lost_ms = NULL, state = $6, \
         trouble = $7, timer_ms = CASE WHEN state = 'complete' THEN timer_ms ELSE NULL END, \
         case_id = COALESCE(case_id, $8), retention_ms = 0 WHERE call = $1",
        call.to_string(),
        sql_int(epoch.0),
        worker.to_string(),
        holder.as_str(),
        now_ms,
        word(&state),
        trouble.map(|trouble| word(&trouble)),
        hello.case_id.as_deref().map(without_nul).as_deref()
    )?;
    for track in &hello.tracks {
        run!(
            tx,
            "INSERT INTO tracks (call, track, settled) VALUES ($1, $2, 0) ON CONFLICT (call, track) DO NOTHING",
            call.to_string(),
            track.name()
        )?;
    }
    if new || state != row.state || troubled_by_silence {
        state_event(tx, call).await?;
    }
    let tracks = tracks(tx, call).await?;
    Ok(Begun::Known(Box::new(Known {
        epoch,
        settled: settled_of(&tracks),
        utterances: settles::utterances(tx, call).await?,
        state,
        area: areas::of_version(tx, &row.area_version).await?,
        commands: pending,
    })))
}

async fn lose_contact(tx: &mut Tx, row: &CallRow, now_ms: i64, no_contact_ms: i64) -> Stored<()> {
    if row.contact_lost_ms.is_some() || !matches!(row.state, CallState::Live | CallState::Ended) {
        return Ok(());
    }
    let state = call::contact_lost(row.state);
    run!(
        tx,
        "UPDATE calls SET state = $2, contact_lost_ms = $3, timer_ms = $4, holder = NULL WHERE call = $1",
        row.id.to_string(),
        word(&state),
        now_ms,
        now_ms + no_contact_ms
    )?;
    if state != row.state {
        state_event(tx, row.id).await?;
    }
    Ok(())
}

async fn ended_in(
    tx: &mut Tx,
    call: CallId,
    epoch: Epoch,
    worker: WorkerId,
    hang_up: HangUp,
    now_ms: i64,
    lease: drafts::Lease,
) -> Stored<EndedAnswer> {
    let Some(mut row) = lock_call(tx, call).await? else { return Ok(EndedAnswer::Stale(Epoch::default())) };
    let Ok(state) = call::ended(row.state) else { return Ok(EndedAnswer::Discarded) };
    if row.epoch != epoch {
        return Ok(EndedAnswer::Stale(row.epoch));
    }
    if row.hang_up_ms.is_none() {
        let hang_up_ms = now_ms.saturating_sub(i64::try_from(hang_up.age_ms).unwrap_or(i64::MAX));
        run!(
            tx,
            "UPDATE calls SET state = $2, ended_ms = $3, hang_up_ms = $4, hang_up_reason = $5, \
             offline_at_hang_up = $6 WHERE call = $1",
            call.to_string(),
            word(&state),
            now_ms,
            hang_up_ms,
            word(&hang_up.reason),
            i64::from(hang_up_ms < row.began_ms)
        )?;
        for track in Track::BOTH {
            run!(
                tx,
                "UPDATE tracks SET end_offset = $3 WHERE call = $1 AND track = $2",
                call.to_string(),
                track.name(),
                sql_int(hang_up.ends[track].0)
            )?;
        }
        (row.state, row.hang_up_ms) = (state, Some(hang_up_ms));
        if !settles::complete_if_whole(tx, &mut row, now_ms, lease).await? {
            state_event(tx, call).await?;
        }
    }
    if row.state != CallState::Complete {
        return Ok(EndedAnswer::Known); // A provisional draft that waits is no answer to a hang-up.
    }
    let job = drafts::lease_of_call(tx, &row, worker, now_ms, lease).await?;
    Ok(job.map_or(EndedAnswer::Known, |job| EndedAnswer::Job(Box::new(job))))
}
