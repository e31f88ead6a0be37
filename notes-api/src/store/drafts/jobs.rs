//! Leased rows: who may write which draft, and until when.
//!
//! Promises:
//!   J1  One attempt has one worker. When its lease runs out the attempt's number grows, and the old one's sentences
//!       are refused from then on.
//!   J2  A repeat of a sentence, a finish or a failure changes nothing and gets the same answer.
//!   J3  After `MAX_ATTEMPTS` the draft has failed, and says so.

use super::super::calls::{self, CallRow, lock_call};
use super::super::events::{self, EventKind};
use super::super::{Store, Stored, Tx, areas, call_id, json, settles, without_nul, word};
use super::Whole;
use crate::shown::{DraftSentenceAdded, DraftStarted, SentenceView};
use referent_proto::ids::PerTrack;
use referent_proto::{
    CallId, CallState, Covers, DraftFailure, DraftJob, DraftKey, DraftSentence, SampleOffset, Spoken, WorkerId,
};
use sqlx::FromRow;

/// Leases of one draft that may run out before it has failed.
const MAX_ATTEMPTS: i64 = 5;

/// How long a lease is, and when a waiting job becomes visible.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// Without a renewal for so long the job is somebody else's.
    pub lease_ms: u32,
    /// A job that nobody takes is told to people after so long.
    pub no_contact_ms: i64,
}

/// Whether a worker still has its job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// Yes, and it is written.
    Yes,
    /// It was done before: a repeat.
    Already,
    /// No: stop, abort the request.
    Lost,
}

#[derive(FromRow)]
struct JobColumns {
    attempt: i64,
    state: String,
    provisional: i64,
    covers_near: i64,
    covers_far: i64,
    area_version: Option<String>,
    wish: Option<String>,
}

async fn job(tx: &mut Tx, call: CallId, draft: i64) -> Stored<Option<JobColumns>> {
    row!(
        tx,
        JobColumns,
        "SELECT j.attempt, j.state, d.provisional, d.covers_near, d.covers_far, d.area_version, d.wish \
         FROM draft_jobs j JOIN drafts d ON d.call = j.call AND d.draft = j.draft \
         WHERE j.call = $1 AND j.draft = $2",
        call.to_string(),
        draft
    )
}

/// What a write under a lease finds.
enum Standing {
    Leased(Box<CallRow>),
    Done,
    Lost,
}

async fn standing(tx: &mut Tx, key: DraftKey) -> Stored<Standing> {
    let Some(row) = lock_call(tx, key.call).await? else { return Ok(Standing::Lost) };
    let Some(job) = job(tx, key.call, key.draft.into()).await? else { return Ok(Standing::Lost) };
    if job.attempt != i64::from(key.attempt) || row.state == CallState::Discarded {
        return Ok(Standing::Lost);
    }
    Ok(match job.state.as_str() {
        "leased" => Standing::Leased(Box::new(row)),
        "done" => match draft_state(tx, key).await?.as_deref() {
            Some("ready" | "failed") => Standing::Done,
            _ => Standing::Lost, // Superseded by a newer draft.
        },
        _ => Standing::Lost,
    })
}

async fn draft_state(tx: &mut Tx, key: DraftKey) -> Stored<Option<String>> {
    let found = row!(
        tx,
        (String,),
        "SELECT state FROM drafts WHERE call = $1 AND draft = $2",
        key.call.to_string(),
        i64::from(key.draft)
    )?;
    Ok(found.map(|(state,)| state))
}

/// Gives the free job of a locked call to a worker, if it has one.
pub(crate) async fn lease_of_call(
    tx: &mut Tx,
    row: &CallRow,
    worker: WorkerId,
    now_ms: i64,
    lease: Lease,
) -> Stored<Option<DraftJob>> {
    let call = row.id.to_string();
    let leased = row!(
        tx,
        (i64,),
        "UPDATE draft_jobs SET state = 'leased', worker = $2, lease_until_ms = $3 \
         WHERE call = $1 AND state = 'free' RETURNING draft",
        call.as_str(),
        worker.to_string(),
        now_ms + i64::from(lease.lease_ms)
    )?;
    let Some((draft,)) = leased else { return Ok(None) };
    let Some(job) = job(tx, row.id, draft).await? else { return Ok(None) };
    if row.state == CallState::Complete {
        run!(tx, "UPDATE calls SET trouble = NULL, timer_ms = NULL WHERE call = $1", call.as_str())?;
        if row.trouble.is_some() {
            calls::state_event(tx, row.id).await?;
        }
    }
    let offset = |value: i64| SampleOffset(u64::try_from(value).unwrap_or_default());
    let covers: Covers = PerTrack { near: offset(job.covers_near), far: offset(job.covers_far) };
    let mut utterances = settles::utterances(tx, row.id).await?;
    utterances.retain(|utterance| utterance.span.start() < covers[utterance.track]);
    Ok(Some(DraftJob {
        key: DraftKey {
            call: row.id,
            draft: u32::try_from(draft).unwrap_or_default(),
            attempt: u32::try_from(job.attempt).unwrap_or_default(),
        },
        lease_ms: lease.lease_ms,
        provisional: job.provisional != 0,
        area: areas::of_version(tx, job.area_version.as_deref().unwrap_or(&row.area_version)).await?,
        covers,
        utterances,
        started: row.started,
        direction: row.direction,
        wish: Spoken::new(job.wish.unwrap_or_default()),
    }))
}

impl Store {
    /// Takes the oldest free job for a worker.
    pub async fn claim(&self, worker: WorkerId, now_ms: i64, lease: Lease) -> Stored<Option<DraftJob>> {
        let free = self
            .read(|tx| {
                Box::pin(async move {
                    rows!(
                        tx,
                        (String,),
                        "SELECT call FROM draft_jobs WHERE state = 'free' ORDER BY free_since_ms LIMIT 16"
                    )
                })
            })
            .await?;
        for (call,) in free {
            let call = call_id(&call)?;
            let job = self
                .write(move |tx| {
                    Box::pin(async move {
                        match lock_call(tx, call).await? {
                            Some(row) => lease_of_call(tx, &row, worker, now_ms, lease).await,
                            None => Ok(None),
                        }
                    })
                })
                .await?;
            if job.is_some() {
                return Ok(job);
            }
        }
        Ok(None)
    }

    /// The worker is still at it.
    pub async fn renew(&self, key: DraftKey, now_ms: i64, lease: Lease) -> Stored<Held> {
        self.write(move |tx| {
            Box::pin(async move {
                let Standing::Leased(_) = standing(tx, key).await? else { return Ok(Held::Lost) };
                run!(
                    tx,
                    "UPDATE draft_jobs SET lease_until_ms = $3 WHERE call = $1 AND draft = $2",
                    key.call.to_string(),
                    i64::from(key.draft),
                    now_ms + i64::from(lease.lease_ms)
                )?;
                Ok(Held::Yes)
            })
        })
        .await
    }

    /// Sentences of one draft, in order, in one transaction.
    pub async fn add_sentences(&self, sentences: Vec<DraftSentence>, now_ms: i64) -> Stored<Held> {
        self.write(move |tx| {
            Box::pin(async move {
                let mut held = Held::Yes;
                for sentence in sentences {
                    held = add_sentence_in(tx, sentence, now_ms).await?;
                }
                Ok(held)
            })
        })
        .await
    }

    /// Whether a worker still has its job, without renewing the lease.
    pub async fn still_held(&self, key: DraftKey) -> Stored<Held> {
        self.write(move |tx| {
            Box::pin(async move {
                Ok(match standing(tx, key).await? {
                    Standing::Leased(_) => Held::Yes,
                    Standing::Done => Held::Already,
                    Standing::Lost => Held::Lost,
                })
            })
        })
        .await
    }

    /// How many draft jobs wait for a worker.
    pub async fn free_jobs(&self) -> Stored<i64> {
        self.read(|tx| {
            Box::pin(async move {
                let found = row!(tx, (i64,), "SELECT COUNT(*) FROM draft_jobs WHERE state = 'free'")?;
                Ok(found.map_or(0, |(count,)| count))
            })
        })
        .await
    }

    /// The draft is whole.
    pub async fn draft_finished(&self, key: DraftKey, whole: Whole, now_ms: i64) -> Stored<Held> {
        self.write(move |tx| {
            Box::pin(async move {
                let row = match standing(tx, key).await? {
                    Standing::Leased(row) => row,
                    Standing::Done => return Ok(Held::Already),
                    Standing::Lost => return Ok(Held::Lost),
                };
                close_job(tx, key).await?;
                run!(
                    tx,
                    "UPDATE drafts SET state = 'ready', origin = $3, lines_not_parsed = $4, whole_ms = $5, missing = $6, \
                     uncertain = $7 WHERE call = $1 AND draft = $2",
                    key.call.to_string(),
                    i64::from(key.draft),
                    super::origin_json(&whole.origin),
                    i64::from(whole.lines_not_parsed),
                    now_ms,
                    json(&whole.missing),
                    json(&whole.uncertain)
                )?;
                super::finished_event(tx, &row).await?;
                calls::state_event(tx, key.call).await?;
                Ok(Held::Yes)
            })
        })
        .await
    }

    /// There will be no draft.
    pub async fn draft_failed(&self, key: DraftKey, failure: DraftFailure) -> Stored<Held> {
        self.write(move |tx| {
            Box::pin(async move {
                match standing(tx, key).await? {
                    Standing::Leased(_) => {
                        close_job(tx, key).await?;
                        fail(tx, key.call, key.draft.into(), failure).await?;
                        Ok(Held::Yes)
                    }
                    Standing::Done => Ok(Held::Already),
                    Standing::Lost => Ok(Held::Lost),
                }
            })
        })
        .await
    }

    /// Leases that have run out: their jobs are free again, under a new attempt. How many.
    pub async fn expire_leases(&self, now_ms: i64, lease: Lease) -> Stored<usize> {
        let expired = self
            .read(move |tx| {
                Box::pin(async move {
                    rows!(
                        tx,
                        (String, i64, i64),
                        "SELECT call, draft, attempt FROM draft_jobs WHERE state = 'leased' AND lease_until_ms < $1",
                        now_ms
                    )
                })
            })
            .await?;
        let count = expired.len();
        for (call, draft, attempt) in expired {
            let call = call_id(&call)?;
            self.write(move |tx| Box::pin(expire_in(tx, call, draft, attempt, now_ms, lease))).await?;
        }
        Ok(count)
    }
}

async fn close_job(tx: &mut Tx, key: DraftKey) -> Stored<()> {
    run!(
        tx,
        "UPDATE draft_jobs SET state = 'done' WHERE call = $1 AND draft = $2",
        key.call.to_string(),
        i64::from(key.draft)
    )
    .map(drop)
}

async fn fail(tx: &mut Tx, call: CallId, draft: i64, failure: DraftFailure) -> Stored<()> {
    run!(
        tx,
        "UPDATE drafts SET state = 'failed', failure = $3 WHERE call = $1 AND draft = $2",
        call.to_string(),
        draft,
        word(&failure)
    )?;
    super::failed_event(tx, call, draft, failure).await?;
    calls::state_event(tx, call).await
}

async fn add_sentence_in(tx: &mut Tx, sentence: DraftSentence, now_ms: i64) -> Stored<Held> {
    let key = sentence.key;
    match standing(tx, key).await? {
        Standing::Leased(_) => {}
        Standing::Done => return Ok(Held::Already),
        Standing::Lost => return Ok(Held::Lost),
    }
    let call = key.call.to_string();
    let (draft, attempt) = (i64::from(key.draft), i64::from(key.attempt));
    let new = run!(
        tx,
        "INSERT INTO draft_sentences (call, draft, attempt, sentence, section, text, evidence, flags, confirm) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (call, draft, attempt, sentence) DO NOTHING",
        call.as_str(),
        draft,
        attempt,
        i64::from(sentence.index),
        without_nul(&sentence.section).as_ref(),
        without_nul(sentence.text.reveal()).as_ref(),
        json(&sentence.evidence),
        json(&sentence.flags),
        sentence.confirm.map(referent_proto::Confirm::name)
    )? > 0;
    if new {
        run!(
            tx,
            "UPDATE drafts SET first_sentence_ms = COALESCE(first_sentence_ms, $3) WHERE call = $1 AND draft = $2",
            call.as_str(),
            draft,
            now_ms
        )?;
        let added = DraftSentenceAdded { number: draft, attempt, sentence: SentenceView::from(sentence) };
        events::append(tx, key.call, EventKind::DraftSentence, &added).await?;
    }
    Ok(Held::Yes)
}

async fn expire_in(tx: &mut Tx, call: CallId, draft: i64, attempt: i64, now_ms: i64, lease: Lease) -> Stored<()> {
    let Some(row) = lock_call(tx, call).await? else { return Ok(()) };
    let next = attempt + 1;
    let freed = run!(
        tx,
        "UPDATE draft_jobs SET state = $5, worker = NULL, lease_until_ms = NULL, attempt = $4, free_since_ms = $6 \
         WHERE call = $1 AND draft = $2 AND attempt = $3 AND state = 'leased' AND lease_until_ms < $6",
        call.to_string(),
        draft,
        attempt,
        next,
        if attempt >= MAX_ATTEMPTS { "done" } else { "free" },
        now_ms
    )? > 0;
    if !freed {
        return Ok(());
    }
    tracing::warn!(call = %call, draft, attempt, "the lease of a draft ran out");
    if attempt >= MAX_ATTEMPTS {
        return fail(tx, call, draft, DraftFailure::DrafterFailed).await;
    }
    run!(
        tx,
        "DELETE FROM draft_sentences WHERE call = $1 AND draft = $2 AND attempt < $3",
        call.to_string(),
        draft,
        next
    )?;
    run!(
        tx,
        "UPDATE drafts SET attempt = $3, first_sentence_ms = NULL WHERE call = $1 AND draft = $2",
        call.to_string(),
        draft,
        next
    )?;
    if row.state == CallState::Complete {
        run!(tx, "UPDATE calls SET timer_ms = $2 WHERE call = $1", call.to_string(), now_ms + lease.no_contact_ms)?;
    }
    let provisional = row.state != CallState::Complete;
    let version = super::newest(tx, call).await?.and_then(|draft| draft.area_version);
    let sections = super::sections_of(tx, &row, version.as_deref()).await?;
    let started = DraftStarted { number: draft, attempt: next, provisional, sections };
    events::append(tx, call, EventKind::DraftStarted, &started).await?;
    tx.jobs_changed();
    Ok(())
}

impl Store {
    /// What `/metrics` wants to know of a draft that was just written: seconds after hang-up, if the hang-up asked.
    pub async fn draft_after_hang_up(&self, key: DraftKey) -> Stored<(Option<i64>, Option<i64>)> {
        self.read(move |tx| {
            Box::pin(async move {
                let found = row!(
                    tx,
                    (Option<i64>, Option<i64>),
                    "SELECT d.first_sentence_ms - c.hang_up_ms, d.whole_ms - c.hang_up_ms \
                     FROM drafts d JOIN calls c ON c.call = d.call \
                     WHERE d.call = $1 AND d.draft = $2 AND d.cause = 'hang_up'",
                    key.call.to_string(),
                    i64::from(key.draft)
                )?;
                Ok(found.unwrap_or((None, None)))
            })
        })
        .await
    }
}
