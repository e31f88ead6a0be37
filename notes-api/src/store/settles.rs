//! The chain: what is committed of each track.

use super::calls::{self, CallRow, lock_call};
use super::events::{self, EventKind};
use super::{Store, Stored, Tx, drafts, from_json, from_sql_int, json, sql_int, word};
use crate::call::{TrackStanding, is_whole};
use crate::shown::{HoleView, UtteranceView, WordView};
use referent_proto::{
    CallId, CallState, DraftJob, Epoch, SampleOffset, SampleSpan, Settle, Settled, Spoken, Track, Utterance, Verdict,
    What, Word, WorkerId, judge,
};
use sqlx::FromRow;

/// The answer to one settle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettleAnswer {
    /// Written; durable up to here.
    Settled(Settled),
    /// Was there before; durable up to here.
    Already(Settled),
    /// Drop the call; the current epoch.
    Stale(Epoch),
}

/// The answer to several settles of one call, in one transaction.
#[derive(Clone, PartialEq, Debug)]
pub enum Settlement {
    /// One for each, up to the first `Stale`; and the draft job, if the last of them made the call complete.
    Answers(Vec<SettleAnswer>, Option<Box<DraftJob>>),
    /// The call is erased.
    Discarded,
}

impl Store {
    /// Settles, in order, as far as the chain allows. A draft that falls due by it is leased to `worker` at once.
    pub async fn settle(
        &self,
        call: CallId,
        worker: WorkerId,
        settles: Vec<Settle>,
        now_ms: i64,
        lease: drafts::Lease,
    ) -> Stored<Settlement> {
        self.write(move |tx| Box::pin(settle_in(tx, call, worker, settles, now_ms, lease))).await
    }

    /// The committed chain of a track: from, to, kind; for tests and export.
    pub async fn chain(&self, call: CallId, track: Track) -> Stored<Vec<(i64, i64, String)>> {
        self.read(move |tx| {
            Box::pin(async move {
                rows!(
                    tx,
                    (i64, i64, String),
                    "SELECT from_offset, to_offset, kind FROM settles WHERE call = $1 AND track = $2 \
                     ORDER BY from_offset",
                    call.to_string(),
                    track.name()
                )
            })
        })
        .await
    }
}

async fn settle_in(
    tx: &mut Tx,
    call: CallId,
    worker: WorkerId,
    settles: Vec<Settle>,
    now_ms: i64,
    lease: drafts::Lease,
) -> Stored<Settlement> {
    let Some(mut row) = lock_call(tx, call).await? else {
        return Ok(Settlement::Answers(vec![SettleAnswer::Stale(Epoch::default())], None));
    };
    if row.state == CallState::Discarded {
        return Ok(Settlement::Discarded);
    }
    let mut tracks = calls::tracks(tx, call).await?;
    let mut answers = Vec::with_capacity(settles.len());
    let (mut grown, mut job) = (false, None);
    for settle in settles {
        let Some((_, standing)) = tracks.iter_mut().find(|(track, _)| *track == settle.track) else {
            answers.push(SettleAnswer::Stale(row.epoch));
            break;
        };
        let settled = SampleOffset(from_sql_int("tracks.settled", standing.settled)?);
        match judge(row.epoch, settled, settle.epoch, settle.span) {
            Verdict::Commit(offset) => {
                insert(tx, call, &settle).await?;
                standing.settled = sql_int(offset.0);
                grown = true;
                answers.push(SettleAnswer::Settled(Settled { track: settle.track, offset }));
            }
            Verdict::Already(offset) => {
                answers.push(SettleAnswer::Already(Settled { track: settle.track, offset }));
            }
            Verdict::Stale => {
                answers.push(SettleAnswer::Stale(row.epoch));
                break;
            }
        }
    }
    if grown {
        for (track, TrackStanding { settled, .. }) in &tracks {
            run!(
                tx,
                "UPDATE tracks SET settled = $3 WHERE call = $1 AND track = $2",
                call.to_string(),
                track.name(),
                *settled
            )?;
        }
        if complete_if_whole(tx, &mut row, now_ms, lease).await? {
            job = drafts::lease_of_call(tx, &row, worker, now_ms, lease).await?;
        }
    }
    Ok(Settlement::Answers(answers, job.map(Box::new)))
}

/// An ended call whose tracks are all settled to their ends is complete, and its draft is due. True if it became so.
pub(crate) async fn complete_if_whole(
    tx: &mut Tx,
    row: &mut CallRow,
    now_ms: i64,
    lease: drafts::Lease,
) -> Stored<bool> {
    let tracks = calls::tracks(tx, row.id).await?;
    let standings: Vec<_> = tracks.iter().map(|(_, standing)| *standing).collect();
    if row.state != CallState::Ended || !is_whole(&standings) {
        return Ok(false);
    }
    row.state = CallState::Complete;
    row.trouble = None;
    run!(
        tx,
        "UPDATE calls SET state = 'complete', trouble = NULL, timer_ms = NULL WHERE call = $1",
        row.id.to_string()
    )?;
    drafts::due_at_completion(tx, row, &tracks, now_ms, lease).await?;
    calls::state_event(tx, row.id).await?;
    Ok(true)
}

async fn insert(tx: &mut Tx, call: CallId, settle: &Settle) -> Stored<()> {
    let (reason, text, utterance) = match &settle.what {
        What::Utterance(utterance) => (None, Some(utterance.text.reveal()), Some(utterance)),
        What::Quiet => (None, None, None),
        What::Suppressed { reason, text } => (Some(word(reason)), Some(text.reveal()), None),
        What::Gap(reason) => (Some(word(reason)), None, None),
        What::NotTranscribed(reason) => (Some(word(reason)), None, None),
    };
    let (from, to) = (sql_int(settle.span.start().0), sql_int(settle.span.end().0));
    run!(
        tx,
        "INSERT INTO settles (call, track, from_offset, to_offset, kind, reason, speech_start, speech_end, text, \
         words, probability, echo_of) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        call.to_string(),
        settle.track.name(),
        from,
        to,
        settle.what.kind(),
        reason.as_deref(),
        utterance.map(|utterance| sql_int(utterance.span.start().0)),
        utterance.map(|utterance| sql_int(utterance.span.end().0)),
        text.map(super::without_nul).as_deref(),
        utterance.map(|utterance| json(&utterance.words)),
        utterance.map(|utterance| rounded(utterance.probability)),
        utterance.and_then(|utterance| utterance.echo_of).map(|from| sql_int(from.0))
    )?;
    let hole = |reason: Option<String>| HoleView {
        track: settle.track,
        start_ms: millis(from),
        end_ms: millis(to),
        reason: reason.unwrap_or_default(),
    };
    match &settle.what {
        What::Utterance(utterance) => {
            let mut view = UtteranceView::from(utterance);
            view.track = settle.track;
            events::append(tx, call, EventKind::Utterance, &view).await
        }
        What::Quiet => Ok(()),
        What::Suppressed { .. } => events::append(tx, call, EventKind::Suppressed, &hole(reason)).await,
        What::Gap(_) => events::append(tx, call, EventKind::Gap, &hole(reason)).await,
        What::NotTranscribed(_) => events::append(tx, call, EventKind::NotTranscribed, &hole(reason)).await,
    }
}

/// Milliseconds of an offset from a column; for people.
pub(crate) fn millis(offset: i64) -> i64 {
    offset / 16
}

fn rounded(probability: f32) -> f64 {
    (f64::from(probability) * 10_000.0).round() / 10_000.0
}

impl From<&Utterance> for UtteranceView {
    fn from(utterance: &Utterance) -> Self {
        Self {
            track: utterance.track,
            start: sql_int(utterance.span.start().0),
            start_ms: sql_int(utterance.span.start().millis()),
            end_ms: sql_int(utterance.span.end().millis()),
            text: utterance.text.clone(),
            probability: rounded(utterance.probability),
            echo_of_ms: utterance.echo_of.map(|from| sql_int(from.millis())),
            words: utterance
                .words
                .iter()
                .map(|word| WordView {
                    text: word.text.clone(),
                    start_ms: sql_int(word.span.start().millis()),
                    probability: rounded(word.probability),
                })
                .collect(),
        }
    }
}

#[derive(FromRow)]
struct UtteranceColumns {
    track: String,
    speech_start: Option<i64>,
    speech_end: Option<i64>,
    text: Option<String>,
    words: Option<String>,
    probability: Option<f64>,
    echo_of: Option<i64>,
}

impl TryFrom<UtteranceColumns> for Utterance {
    type Error = super::StoreError;
    fn try_from(row: UtteranceColumns) -> Stored<Self> {
        let offset = |value: Option<i64>| from_sql_int("settles.speech_start", value.unwrap_or(-1)).map(SampleOffset);
        let span = SampleSpan::new(offset(row.speech_start)?, offset(row.speech_end)?)
            .ok_or(super::StoreError::Corrupt { column: "settles.speech_end" })?;
        let words: Vec<Word> = from_json("settles.words", row.words.as_deref().unwrap_or("[]"))?;
        #[expect(clippy::cast_possible_truncation, reason = "a probability with four decimals fits")]
        let probability = row.probability.unwrap_or_default() as f32;
        Ok(Self {
            track: super::from_word("settles.track", &row.track)?,
            span,
            text: Spoken::new(row.text.unwrap_or_default()),
            words,
            probability,
            echo_of: row.echo_of.map(|from| offset(Some(from))).transpose()?,
        })
    }
}

/// Everything that was said, in order of start.
pub(crate) async fn utterances(tx: &mut Tx, call: CallId) -> Stored<Vec<Utterance>> {
    rows!(
        tx,
        UtteranceColumns,
        "SELECT track, speech_start, speech_end, text, words, probability, echo_of FROM settles \
         WHERE call = $1 AND kind = 'utterance' ORDER BY speech_start, from_offset, track DESC",
        call.to_string()
    )?
    .into_iter()
    .map(Utterance::try_from)
    .collect()
}

impl Store {
    /// What was said in a call, in the order of its start.
    pub async fn utterances(&self, call: CallId) -> Stored<Vec<Utterance>> {
        self.read(move |tx| Box::pin(utterances(tx, call))).await
    }
}

/// How many utterances lie at or beyond these offsets.
pub(crate) async fn utterances_beyond(tx: &mut Tx, call: CallId, near: i64, far: i64) -> Stored<i64> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM settles WHERE call = $1 AND kind = 'utterance' \
         AND from_offset >= CASE WHEN track = 'near' THEN $2 ELSE $3 END",
        call.to_string(),
        near,
        far
    )?;
    Ok(found.map_or(0, |(count,)| count))
}

/// Stretches without believed text, with their kind and text.
#[derive(FromRow)]
pub(crate) struct HoleColumns {
    pub(crate) track: String,
    pub(crate) from_offset: i64,
    pub(crate) to_offset: i64,
    pub(crate) kind: String,
    pub(crate) reason: Option<String>,
    pub(crate) text: Option<String>,
}

impl HoleColumns {
    /// For a pane.
    pub(crate) fn view(&self) -> Stored<HoleView> {
        Ok(HoleView {
            track: super::from_word("settles.track", &self.track)?,
            start_ms: millis(self.from_offset),
            end_ms: millis(self.to_offset),
            reason: self.reason.clone().unwrap_or_default(),
        })
    }
}

/// Every stretch that is neither text nor quiet, in order of start.
pub(crate) async fn holes(tx: &mut Tx, call: CallId) -> Stored<Vec<HoleColumns>> {
    rows!(
        tx,
        HoleColumns,
        "SELECT track, from_offset, to_offset, kind, reason, text FROM settles \
         WHERE call = $1 AND kind IN ('gap', 'suppressed', 'not_transcribed') ORDER BY from_offset, track DESC",
        call.to_string()
    )
}
