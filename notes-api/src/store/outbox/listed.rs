//! What administrators see of deliveries and destinations, and what they change.

use super::super::audit::{Act, Deed, tell};
use super::super::{Store, Stored, Tx, call_id, from_word, word};
use super::jobs::outcome;
use crate::shown::outbox::{
    AttemptView, DeliveryDetail, DeliveryList, DeliveryState, DeliveryView, DestinationView, DisabledWhy,
};
use sqlx::FromRow;

/// Rows that one transaction removes.
const REMOVED_AT_ONCE: i64 = 500;

/// Which deliveries are listed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// To this destination.
    pub destination: Option<String>,
    /// Behind this place; from the newest unless given.
    pub after: Option<(i64, String)>,
}

/// What came of asking for a delivery once more.
#[derive(Clone, Debug)]
pub enum Replayed {
    /// It waits to be sent, under the same id.
    Waits(Box<DeliveryView>),
    /// It is under way just now.
    Busy,
    /// Its note was erased.
    Withdrawn,
}

macro_rules! deliveries {
    ($which:literal) => {
        concat!(
            "SELECT o.delivery, o.destination, o.number, o.state, o.attempts, o.due_ms, o.done_ms, c.event, c.call, c.note, \
             c.part, c.version, c.occurred_ms, a.outcome, a.status \
             FROM outbox o JOIN note_changes c ON c.number = o.number \
             LEFT JOIN delivery_attempts a ON a.delivery = o.delivery AND a.attempt = o.attempts ",
            $which
        )
    };
}

#[derive(FromRow)]
struct DeliveryColumns {
    delivery: String,
    destination: String,
    number: i64,
    state: String,
    attempts: i64,
    due_ms: i64,
    done_ms: Option<i64>,
    event: String,
    call: String,
    note: String,
    part: i64,
    version: i64,
    occurred_ms: i64,
    outcome: Option<String>,
    status: Option<i64>,
}

impl DeliveryColumns {
    fn view(self) -> Stored<DeliveryView> {
        let state: DeliveryState = from_word("outbox.state", &self.state)?;
        Ok(DeliveryView {
            due_ms: (state == DeliveryState::Waiting).then_some(self.due_ms),
            id: self.delivery,
            destination: self.destination,
            state,
            event: from_word("note_changes.event", &self.event)?,
            call: call_id(&self.call)?,
            note: self.note,
            part: self.part,
            version: self.version,
            occurred_ms: self.occurred_ms,
            attempts: self.attempts,
            last_outcome: self.outcome.map(|word| outcome(&word)).transpose()?,
            last_status: self.status,
            done_ms: self.done_ms,
        })
    }
}

async fn delivery(tx: &mut Tx, id: &str) -> Stored<Option<DeliveryView>> {
    row!(tx, DeliveryColumns, deliveries!("WHERE o.delivery = $1"), id)?.map(DeliveryColumns::view).transpose()
}

#[derive(FromRow)]
struct DestinationColumns {
    destination: String,
    removed_ms: Option<i64>,
    disabled_ms: Option<i64>,
    disabled_why: Option<String>,
    failures: i64,
    resume_ms: i64,
    waiting: i64,
    dead: i64,
    oldest_ms: Option<i64>,
}

impl DestinationColumns {
    fn view(self) -> Stored<DestinationView> {
        let why: Option<DisabledWhy> =
            self.disabled_why.map(|word| from_word("destinations.disabled_why", &word)).transpose()?;
        Ok(DestinationView {
            name: self.destination,
            configured: self.removed_ms.is_none(),
            enabled: self.disabled_ms.is_none(),
            disabled_ms: self.disabled_ms,
            disabled_why: why.filter(|_| self.disabled_ms.is_some()),
            failures: self.failures,
            resume_ms: (self.failures > 0).then_some(self.resume_ms),
            waiting: self.waiting,
            dead: self.dead,
            oldest_ms: self.oldest_ms,
        })
    }
}

macro_rules! destinations {
    ($which:literal) => {
        concat!(
            "SELECT d.destination, d.removed_ms, d.disabled_ms, d.disabled_why, d.failures, d.resume_ms, \
             (SELECT COUNT(*) FROM outbox o WHERE o.destination = d.destination AND o.state IN ('waiting', 'sending')) \
             AS waiting, \
             (SELECT COUNT(*) FROM outbox o WHERE o.destination = d.destination AND o.state = 'dead') AS dead, \
             (SELECT MIN(c.occurred_ms) FROM outbox o JOIN note_changes c ON c.number = o.number \
             WHERE o.destination = d.destination AND o.state IN ('waiting', 'sending')) AS oldest_ms FROM destinations d ",
            $which
        )
    };
}

async fn destination(tx: &mut Tx, name: &str) -> Stored<Option<DestinationView>> {
    row!(tx, DestinationColumns, destinations!("WHERE d.destination = $1"), name)?
        .map(DestinationColumns::view)
        .transpose()
}

impl Store {
    /// Deliveries, the newest first, at most so many.
    pub async fn deliveries(&self, filter: Filter, most: i64) -> Stored<DeliveryList> {
        self.read(move |tx| Box::pin(list(tx, filter, most))).await
    }

    /// One delivery with all its attempts. `None` if there is no such.
    pub async fn delivery(&self, id: String) -> Stored<Option<DeliveryDetail>> {
        self.read(move |tx| {
            Box::pin(async move {
                let Some(delivery) = delivery(tx, &id).await? else { return Ok(None) };
                let log = rows!(
                    tx,
                    (i64, i64, Option<i64>, Option<i64>, String),
                    "SELECT attempt, at_ms, took_ms, status, outcome FROM delivery_attempts WHERE delivery = $1 \
                     ORDER BY attempt",
                    id.as_str()
                )?
                .into_iter()
                .map(|(attempt, at_ms, took_ms, status, word)| {
                    Ok(AttemptView { attempt, at_ms, took_ms, status, outcome: outcome(&word)? })
                })
                .collect::<Stored<_>>()?;
                Ok(Some(DeliveryDetail { delivery, log }))
            })
        })
        .await
    }

    /// Sends a delivery once more, or at once instead of later, under the same id. `None` if there is no such.
    pub async fn replay_delivery(&self, id: String, by: String, now_ms: i64) -> Stored<Option<Replayed>> {
        self.write(move |tx| Box::pin(replay(tx, id, by, now_ms))).await
    }

    /// How every destination stands, by name.
    pub async fn destinations(&self) -> Stored<Vec<DestinationView>> {
        self.read(|tx| {
            Box::pin(async move {
                rows!(tx, DestinationColumns, destinations!("ORDER BY d.destination"))?
                    .into_iter()
                    .map(DestinationColumns::view)
                    .collect()
            })
        })
        .await
    }

    /// Sends to a destination again, and at once; what waits has all its days before it. `None` if there is no such.
    pub async fn enable_destination(&self, name: String, by: String, now_ms: i64) -> Stored<Option<DestinationView>> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(
                    tx,
                    "UPDATE destinations SET disabled_ms = NULL, disabled_why = NULL, failures = 0, resume_ms = 0 \
                     WHERE destination = $1",
                    name.as_str()
                )?;
                let Some(_) = destination(tx, &name).await? else { return Ok(None) };
                tell(tx, &Deed::with(&by, Act::DestinationEnabled, format!("destination/{name}")), now_ms).await?;
                run!(
                    tx,
                    "UPDATE outbox SET since_ms = $2, due_ms = $2, failures = 0 \
                     WHERE destination = $1 AND state = 'waiting'",
                    name.as_str(),
                    now_ms
                )?;
                destination(tx, &name).await
            })
        })
        .await
    }

    /// Sends nothing more to a destination; what is saved meanwhile waits. `None` if there is no such.
    pub async fn disable_destination(&self, name: String, by: String, now_ms: i64) -> Stored<Option<DestinationView>> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(
                    tx,
                    "UPDATE destinations SET disabled_ms = $2, disabled_why = 'administrator' \
                     WHERE destination = $1 AND disabled_ms IS NULL",
                    name.as_str(),
                    now_ms
                )?;
                let Some(view) = destination(tx, &name).await? else { return Ok(None) };
                tell(tx, &Deed::with(&by, Act::DestinationDisabled, format!("destination/{name}")), now_ms).await?;
                Ok(Some(view))
            })
        })
        .await
    }

    /// Removes what a destination has had, or what was withdrawn, before then, with the log of it. How many.
    pub async fn forget_deliveries(&self, destination: String, before_ms: i64) -> Stored<u64> {
        self.write(move |tx| {
            Box::pin(async move {
                let old = rows!(
                    tx,
                    (String,),
                    "SELECT delivery FROM outbox WHERE destination = $1 AND done_ms < $2 \
                     AND state IN ('delivered', 'withdrawn') LIMIT $3",
                    destination.as_str(),
                    before_ms,
                    REMOVED_AT_ONCE
                )?;
                let mut removed = 0;
                for (delivery,) in old {
                    run!(tx, "DELETE FROM delivery_attempts WHERE delivery = $1", delivery.as_str())?;
                    removed += run!(tx, "DELETE FROM outbox WHERE delivery = $1", delivery.as_str())?;
                }
                Ok(removed)
            })
        })
        .await
    }
}

async fn list(tx: &mut Tx, filter: Filter, most: i64) -> Stored<DeliveryList> {
    let (number, name) = filter.after.unwrap_or((i64::MAX, String::new()));
    // An empty word stands for any: no state and no destination is called so.
    let rows = rows!(
        tx,
        DeliveryColumns,
        deliveries!(
            "WHERE (o.number < $1 OR (o.number = $1 AND o.destination > $2)) AND ($3 = '' OR o.state = $3) \
             AND ($4 = '' OR o.destination = $4) ORDER BY o.number DESC, o.destination LIMIT $5"
        ),
        number,
        name.as_str(),
        filter.state.as_ref().map(word).unwrap_or_default(),
        filter.destination.unwrap_or_default(),
        most
    )?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= most);
    let next = rows.last().filter(|_| is_full).map(|last| format!("{}.{}", last.number, last.destination));
    let deliveries = rows.into_iter().map(DeliveryColumns::view).collect::<Stored<_>>()?;
    Ok(DeliveryList { deliveries, next })
}

async fn replay(tx: &mut Tx, id: String, by: String, now_ms: i64) -> Stored<Option<Replayed>> {
    // Whoever claims it holds the destination: so does this, and then looks.
    run!(
        tx,
        "UPDATE destinations SET failures = failures WHERE destination = \
         (SELECT destination FROM outbox WHERE delivery = $1)",
        id.as_str()
    )?;
    let Some(before) = delivery(tx, &id).await? else { return Ok(None) };
    match before.state {
        DeliveryState::Sending => return Ok(Some(Replayed::Busy)),
        DeliveryState::Withdrawn => return Ok(Some(Replayed::Withdrawn)),
        DeliveryState::Waiting | DeliveryState::Delivered | DeliveryState::Dead => {}
    }
    tell(tx, &Deed::with(&by, Act::DeliveryReplayed, format!("delivery/{id}")), now_ms).await?;
    run!(
        tx,
        "UPDATE outbox SET state = 'waiting', failures = 0, since_ms = $2, due_ms = $2, done_ms = NULL WHERE delivery = $1",
        id.as_str(),
        now_ms
    )?;
    Ok(delivery(tx, &id).await?.map(|view| Replayed::Waits(Box::new(view))))
}
