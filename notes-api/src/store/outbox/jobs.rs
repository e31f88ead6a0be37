//! Leased rows: which delivery is sent next, by whom, and what became of it.
//!
//! In: what a sender may do, and how an attempt ended. Out: one delivery at a time, with what its body is made of.
//! Promises:
//!   Q1  A destination gets the versions of a note in their order: none is sent while an earlier one waits or is under way.
//!   Q2  Of several senders, in one process or in many, one has a delivery; whoever dies with it loses it to another when the
//!       lease is over, and the other sends it under the same id.
//!   Q3  What was delivered stays so, whatever a late or repeated report says.
//!   Q4  A destination that is in trouble is asked by one delivery at a time, ever more seldom, however many wait.
//!
//! On PostgreSQL everybody takes locks in this order, so that nobody waits for good: call, destination, chain of the audit,
//! deliveries, and last the count of changes. Whoever tells of a delivery therefore holds the chain before its row.

use super::super::audit::{Act, Deed, hold, tell};
use super::super::{Store, StoreError, Stored, Tx, from_word, word};
use super::{Change, ChangeColumns, NoteEvent, text_of};
use crate::shown::outbox::SectionText;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::ToSchema;

/// Who it is told by that a destination is disabled because it said so.
const SENDER: &str = "delivery";
/// Deliveries of erased notes that one look puts away.
const PUT_AWAY: usize = 64;

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is under way.
    Sending,
    /// 2xx: the receiver has it.
    Delivered,
    /// Another answer.
    Refused,
    /// 3xx; nobody follows it.
    Redirected,
    /// 410: the receiver wants no more of it.
    Gone,
    /// No answer in time.
    Timeout,
    /// No connection, or no TLS that holds.
    NoConnection,
    /// The connection ended without an answer.
    Broken,
    /// The sender went away; the receiver may have it.
    Unknown,
}

/// What a sender may do with one destination.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Its name.
    pub destination: String,
    /// Attempts under way at once, over all processes.
    pub at_once: i64,
    /// After so long without a report the delivery is somebody else's.
    pub lease_ms: i64,
    /// The text goes along: whose words leave is told in the audit.
    pub with_text: bool,
}

/// A delivery to be sent.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its id, the same at every attempt.
    pub delivery: String,
    /// Which attempt this is; with the id it is the lease.
    pub attempt: i64,
    /// What happened.
    pub change: Change,
    /// What is written, if it goes along.
    pub sections: Option<Vec<SectionText>>,
}

/// What is known of an attempt when it is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// How long it took.
    pub took_ms: i64,
    /// When the receiver wants to be asked again, if it said so.
    pub retry_after_ms: Option<i64>,
    /// It is the message that was refused, not the destination that is in trouble.
    pub of_message: bool,
}

/// How long to go on, and how long to wait: times for the next failure of a delivery and of a destination.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A delivery that fails later than this after it came in is dead.
    pub give_up_ms: i64,
    /// Chance for both waits.
    pub random: [u64; 2],
}

#[derive(FromRow)]
struct DestinationColumns {
    disabled_ms: Option<i64>,
    failures: i64,
    resume_ms: i64,
}

impl DestinationColumns {
    fn is_asked(&self, now_ms: i64) -> bool {
        self.disabled_ms.is_none() && self.resume_ms <= now_ms
    }
}

/// Of all transactions that have to do with a destination one goes on at a time.
async fn lock(tx: &mut Tx, destination: &str) -> Stored<Option<DestinationColumns>> {
    row!(
        tx,
        DestinationColumns,
        "UPDATE destinations SET failures = failures WHERE destination = $1 \
         RETURNING disabled_ms, failures, resume_ms",
        destination
    )
}

impl Store {
    /// Whether a sender should try to claim, without waiting for anybody.
    pub async fn is_delivery_due(&self, destination: String, now_ms: i64) -> Stored<bool> {
        self.read(move |tx| {
            Box::pin(async move {
                let state = row!(
                    tx,
                    DestinationColumns,
                    "SELECT disabled_ms, failures, resume_ms FROM destinations WHERE destination = $1",
                    destination.as_str()
                )?;
                let is_asked = state.is_some_and(|state| state.is_asked(now_ms));
                Ok(is_asked && next(tx, &destination, now_ms).await?.is_some())
            })
        })
        .await
    }

    /// Leases what is to be sent next.
    pub async fn claim_delivery(&self, terms: Terms, now_ms: i64) -> Stored<Option<Claimed>> {
        self.write(move |tx| Box::pin(claim_in(tx, terms, now_ms))).await
    }

    /// An attempt is over.
    pub async fn delivery_ended(
        &self,
        destination: String,
        delivery: String,
        attempt: i64,
        ended: Ended,
        patience: Patience,
        now_ms: i64,
    ) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                let attempt = About { destination, delivery, attempt };
                ended_in(tx, attempt, ended, patience, now_ms).await
            })
        })
        .await
    }
}

#[derive(FromRow)]
struct NextColumns {
    delivery: String,
    number: i64,
    attempts: i64,
}

/// Q1. Two questions, because with an OR between them neither database uses an index, and each looks at all that was ever
/// delivered.
async fn next(tx: &mut Tx, destination: &str, now_ms: i64) -> Stored<Option<NextColumns>> {
    macro_rules! first_of {
        ($which:literal, $order:literal) => {
            concat!(
                "SELECT o.delivery, o.number, o.attempts FROM outbox o WHERE o.destination = $1 AND ",
                $which,
                " AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.note = o.note AND e.destination = o.destination \
                 AND e.number < o.number AND e.state IN ('waiting', 'sending')) ORDER BY ",
                $order,
                " LIMIT 1"
            )
        };
    }
    let abandoned = first_of!("o.state = 'sending' AND o.lease_until_ms < $2", "o.number");
    if let Some(row) = row!(tx, NextColumns, abandoned, destination, now_ms)? {
        return Ok(Some(row));
    }
    let due = first_of!("o.state = 'waiting' AND o.due_ms <= $2", "o.due_ms, o.number");
    row!(tx, NextColumns, due, destination, now_ms)
}

async fn claim_in(tx: &mut Tx, terms: Terms, now_ms: i64) -> Stored<Option<Claimed>> {
    let destination = terms.destination.as_str();
    let Some(state) = lock(tx, destination).await? else { return Ok(None) };
    if !state.is_asked(now_ms) {
        return Ok(None);
    }
    let under_way = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM outbox WHERE destination = $1 AND state = 'sending' AND lease_until_ms >= $2",
        destination,
        now_ms
    )?;
    // Q4.
    let most = if state.failures > 0 { 1 } else { terms.at_once };
    if under_way.is_some_and(|(count,)| count >= most) {
        return Ok(None);
    }
    for _ in 0..PUT_AWAY {
        let Some(next) = next(tx, destination, now_ms).await? else { return Ok(None) };
        let change = row!(tx, ChangeColumns, changes!("WHERE number = $1"), next.number)?
            .ok_or(StoreError::Corrupt { column: "outbox.number" })?;
        let change = Change::try_from(change)?;
        let deed = Deed::with_call(&format!("destination/{destination}"), Act::NoteSent, change.call);
        if terms.with_text {
            hold(tx, &deed).await?;
        }
        if !take(tx, &next, now_ms + terms.lease_ms).await? {
            continue;
        }
        // Only now, when no erasure can come in between.
        let text = text_of(tx, &change).await?;
        if change.event == NoteEvent::Saved && text.is_none() {
            put_away(tx, &next, now_ms).await?;
            continue;
        }
        let sections = text.filter(|_| terms.with_text);
        if sections.is_some() {
            tell(tx, &deed, now_ms).await?;
        }
        return begin(tx, next, change, sections, now_ms).await.map(Some);
    }
    Ok(None)
}

/// `false` if somebody erased its note since it was looked at.
async fn take(tx: &mut Tx, row: &NextColumns, lease_until_ms: i64) -> Stored<bool> {
    let taken = run!(
        tx,
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, lease_until_ms = $3 \
         WHERE delivery = $1 AND attempts = $2 AND state IN ('waiting', 'sending')",
        row.delivery.as_str(),
        row.attempts,
        lease_until_ms
    )?;
    Ok(taken > 0)
}

/// The note was erased while this was under way, or waited.
async fn put_away(tx: &mut Tx, row: &NextColumns, now_ms: i64) -> Stored<()> {
    nobody_knows(tx, &row.delivery).await?;
    run!(
        tx,
        "UPDATE outbox SET state = 'withdrawn', attempts = $2, done_ms = $3 WHERE delivery = $1",
        row.delivery.as_str(),
        row.attempts,
        now_ms
    )
    .map(drop)
}

/// Whoever began an attempt that has no end is gone.
async fn nobody_knows(tx: &mut Tx, delivery: &str) -> Stored<()> {
    run!(tx, "UPDATE delivery_attempts SET outcome = 'unknown' WHERE delivery = $1 AND outcome = 'sending'", delivery)
        .map(drop)
}

/// Q2.
async fn begin(
    tx: &mut Tx,
    row: NextColumns,
    change: Change,
    sections: Option<Vec<SectionText>>,
    now_ms: i64,
) -> Stored<Claimed> {
    let attempt = row.attempts + 1;
    nobody_knows(tx, &row.delivery).await?;
    run!(
        tx,
        "INSERT INTO delivery_attempts (delivery, attempt, at_ms, outcome) VALUES ($1, $2, $3, 'sending')",
        row.delivery.as_str(),
        attempt,
        now_ms
    )?;
    Ok(Claimed { delivery: row.delivery, attempt, change, sections })
}

/// Which attempt a report is about.
struct About {
    destination: String,
    delivery: String,
    attempt: i64,
}

async fn ended_in(tx: &mut Tx, of: About, ended: Ended, patience: Patience, now_ms: i64) -> Stored<()> {
    let Some(destination) = lock(tx, &of.destination).await? else { return Ok(()) };
    run!(
        tx,
        "UPDATE delivery_attempts SET outcome = $3, status = $4, took_ms = $5 WHERE delivery = $1 AND attempt = $2",
        of.delivery.as_str(),
        of.attempt,
        word(&ended.outcome),
        ended.status.map(i64::from),
        ended.took_ms
    )?;
    if ended.outcome == Outcome::Delivered {
        // Q3: the receiver has it, whoever was given it since.
        run!(
            tx,
            "UPDATE outbox SET state = 'delivered', done_ms = $2 WHERE delivery = $1 AND state <> 'delivered'",
            of.delivery.as_str(),
            now_ms
        )?;
        return well(tx, &of.destination).await;
    }
    if ended.outcome == Outcome::Gone {
        disable(tx, &of.destination, now_ms).await?;
    }
    let is_ours = failed(tx, &of, ended, patience, now_ms).await?;
    if is_ours && !ended.of_message && ended.outcome != Outcome::Gone {
        let wait_ms = crate::delivery::retry::of_destination(destination.failures, patience.random[1]);
        run!(
            tx,
            "UPDATE destinations SET failures = failures + 1, resume_ms = $2 WHERE destination = $1",
            of.destination.as_str(),
            now_ms + wait_ms.max(ended.retry_after_ms.unwrap_or_default())
        )?;
    }
    Ok(())
}

async fn well(tx: &mut Tx, destination: &str) -> Stored<()> {
    run!(tx, "UPDATE destinations SET failures = 0, resume_ms = 0 WHERE destination = $1", destination).map(drop)
}

/// `false` if the delivery is no longer this attempt's to report on.
async fn failed(tx: &mut Tx, of: &About, ended: Ended, patience: Patience, now_ms: i64) -> Stored<bool> {
    let found = row!(
        tx,
        (i64, i64),
        "SELECT failures, since_ms FROM outbox WHERE delivery = $1 AND attempts = $2 AND state = 'sending'",
        of.delivery.as_str(),
        of.attempt
    )?;
    let Some((failures, since_ms)) = found else { return Ok(false) };
    // A destination that wants no more is not a reason to give up: what waits is sent when it is enabled again.
    let is_dead = ended.outcome != Outcome::Gone && now_ms - since_ms >= patience.give_up_ms;
    let wait_ms = crate::delivery::retry::of_delivery(failures, patience.random[0]);
    run!(
        tx,
        "UPDATE outbox SET state = $2, failures = failures + 1, due_ms = $3, done_ms = $4 WHERE delivery = $1",
        of.delivery.as_str(),
        if is_dead { "dead" } else { "waiting" },
        now_ms + wait_ms.max(ended.retry_after_ms.unwrap_or_default()),
        is_dead.then_some(now_ms)
    )?;
    if is_dead {
        tracing::error!(destination = of.destination, delivery = of.delivery, "a delivery is given up; replay it");
    }
    Ok(true)
}

async fn disable(tx: &mut Tx, destination: &str, now_ms: i64) -> Stored<()> {
    let newly = run!(
        tx,
        "UPDATE destinations SET disabled_ms = $2, disabled_why = 'gone' WHERE destination = $1 AND disabled_ms IS NULL",
        destination,
        now_ms
    )? > 0;
    if newly {
        tracing::error!(destination, "the destination answered 410 and is disabled; an administrator enables it again");
        tell(tx, &Deed::with(SENDER, Act::DestinationDisabled, format!("destination/{destination}")), now_ms).await?;
    }
    Ok(())
}

/// An outcome from a column.
pub(super) fn outcome(text: &str) -> Stored<Outcome> {
    from_word("delivery_attempts.outcome", text)
}
