//! Sends saved notes to the systems that keep them: once each, signed, for as long as it takes.
//!
//! ```text
//! store::notes ─▶ store::outbox ─lease─▶ delivery ─HTTPS, signed─▶ destination
//!                      ▲                    │
//!                      └───── how it ended ─┘
//! ```
//!
//! In: leased deliveries, and what the configuration says of their destination. Out: HTTP requests (Standard Webhooks 1.0.0 that
//! carry `CloudEvents` 1.0), and how each attempt ended.
//! Promises (docs/decisions/0041):
//!   D1  What was saved is sent until the receiver says 2xx, a number of days has passed, or it was erased; never twice under
//!       different ids, and at least once where a sender died (Q1 to Q4 in `store::outbox::jobs`).
//!   D2  Only the configured address is asked: no redirect is followed, no proxy of the environment used, and of an answer no
//!       more than its status, its `Retry-After` and some bytes that are thrown away are read.
//!   D3  Without `content = "full"` no word of a note leaves. No text, no secret and no answer is ever logged.
//!   D4  A destination that hangs, is slow or gone holds up nobody but itself.
//!
//! Not done here: what is saved, and in which order (`store::outbox`); nobody is asked whether they may have it but the
//! configuration.

mod attempt;
pub mod command;
mod cursor;
mod event;
pub(crate) mod retry;
mod secret;

pub use attempt::{Answered, Unusable};
pub use cursor::Cursor;
pub use secret::{BadSecret, Secret};

use crate::clock::{Chance, Clock};
use crate::config::delivery::{Content, Destination};
use crate::store::outbox::{Claimed, Ended, Patience, Terms, Wants};
use crate::store::{Store, Stored};
use attempt::Address;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How often it looks for what is due.
const TICK: Duration = Duration::from_millis(250);
/// How often it tells figures and removes what is old.
const TEND: Duration = Duration::from_secs(10);
/// What a lease is longer than the longest attempt: the clocks of two servers differ by less.
const LEASE_BEYOND_MS: i64 = 30_000;
/// How long attempts under way may take to end after a shutdown. What is cut off is sent again, under the same id.
const LEAVES_WITHIN: Duration = Duration::from_secs(3);
const DAY_MS: i64 = 86_400_000;

/// What sends, for all destinations of the configuration.
pub struct Sender(Vec<Outlet>);

/// What sends to one destination.
struct Outlet {
    store: Store,
    clock: Clock,
    chance: Chance,
    config: Destination,
    address: Address,
}

impl Sender {
    /// Reads secrets and certificates, and tells the database which destinations there are.
    ///
    /// # Errors
    /// If a file cannot be used: one sentence with the remedy. Or if the database does not answer.
    pub async fn open(
        configured: &[Destination],
        store: &Store,
        clock: &Clock,
        chance: &Chance,
    ) -> anyhow::Result<Self> {
        let mut outlets = Vec::new();
        for config in configured {
            outlets.push(Outlet {
                store: store.clone(),
                clock: clock.clone(),
                chance: chance.clone(),
                address: Address::new(config)?,
                config: config.clone(),
            });
        }
        let wants = |config: &Destination| Wants {
            destination: config.name.clone(),
            saved: config.saved,
            withdrawn: config.withdrawn,
        };
        store.keep_destinations(configured.iter().map(wants).collect(), clock.now_ms()).await?;
        Ok(Self(outlets))
    }

    /// Until shutdown; then what is under way may end.
    pub async fn run(self, shutdown: CancellationToken) {
        join_all(self.0.into_iter().map(|outlet| outlet.run(shutdown.clone()))).await;
    }
}

impl Outlet {
    async fn run(self, shutdown: CancellationToken) {
        let mut under_way = FuturesUnordered::new();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tended = None::<Instant>;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(()) = under_way.next() => {}
                _ = tick.tick() => {}
            }
            while under_way.len() < self.config.concurrency {
                match self.claim().await {
                    Ok(Some(claimed)) => under_way.push(self.deliver(claimed)),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::error!(%error, destination = self.config.name, "nothing can be claimed; trying again");
                        break;
                    }
                }
            }
            if tended.is_none_or(|tended| tended.elapsed() >= TEND) {
                tended = Some(Instant::now());
                if let Err(error) = self.tend().await {
                    tracing::warn!(%error, destination = self.config.name, "the outbox cannot be looked after");
                }
            }
        }
        let ending = async { while under_way.next().await.is_some() {} };
        if tokio::time::timeout(LEAVES_WITHIN, ending).await.is_err() {
            tracing::warn!(destination = self.config.name, "deliveries under way are cut off; they are sent again");
        }
    }

    async fn claim(&self) -> Stored<Option<Claimed>> {
        let now_ms = self.clock.now_ms();
        if !self.store.is_delivery_due(self.config.name.clone(), now_ms).await? {
            return Ok(None);
        }
        let terms = Terms {
            destination: self.config.name.clone(),
            at_once: i64::try_from(self.config.concurrency).unwrap_or(i64::MAX),
            lease_ms: i64::try_from(self.config.timeout.as_millis()).unwrap_or(i64::MAX) + LEASE_BEYOND_MS,
            with_text: self.config.content == Content::Full,
        };
        self.store.claim_delivery(terms, now_ms).await
    }

    /// One attempt, from the lease to how it ended.
    async fn deliver(&self, claimed: Claimed) {
        let Claimed { delivery, attempt, change, sections } = claimed;
        let body = event::body(&self.config.source, &delivery, change, sections);
        let began = Instant::now();
        let now_ms = self.clock.now_ms();
        let answered = self.address.post(&delivery, now_ms, body).await;
        let took = began.elapsed();
        let ended = answered.ended(took, now_ms);
        metrics::counter!("referent_outbox_attempts_total", "destination" => self.config.name.clone(),
            "outcome" => crate::store::word(&ended.outcome))
        .increment(1);
        metrics::histogram!("referent_outbox_attempt_seconds").record(took.as_secs_f64());
        tracing::info!(destination = self.config.name, delivery, attempt, outcome = ?ended.outcome, status = ended.status,
            took_ms = ended.took_ms, "delivery");
        if let Err(error) = self.told(&delivery, attempt, ended).await {
            // When the lease is over it is sent again, under the same id.
            tracing::error!(%error, destination = self.config.name, delivery, "what became of a delivery is not kept");
        }
    }

    async fn told(&self, delivery: &str, attempt: i64, ended: Ended) -> Stored<()> {
        let random = || u64::from_be_bytes(self.chance.bytes());
        let patience =
            Patience { give_up_ms: i64::from(self.config.give_up_days) * DAY_MS, random: [random(), random()] };
        let (name, now_ms) = (self.config.name.clone(), self.clock.now_ms());
        self.store.delivery_ended(name, delivery.to_owned(), attempt, ended, patience, now_ms).await
    }

    /// Figures, and the end of what was delivered long ago.
    async fn tend(&self) -> Stored<()> {
        let now_ms = self.clock.now_ms();
        let before_ms = now_ms - i64::from(self.config.keep_days) * DAY_MS;
        self.store.forget_deliveries(self.config.name.clone(), before_ms).await?;
        let all = self.store.destinations().await?;
        let Some(state) = all.into_iter().find(|one| one.name == self.config.name) else { return Ok(()) };
        let gauge = |name: &'static str, value: i64| {
            #[expect(clippy::cast_precision_loss, reason = "counts and ages are far below 2^52")]
            metrics::gauge!(name, "destination" => self.config.name.clone()).set(value as f64);
        };
        gauge("referent_outbox_waiting", state.waiting);
        gauge("referent_outbox_dead", state.dead);
        gauge("referent_outbox_disabled", i64::from(!state.enabled));
        gauge(
            "referent_outbox_oldest_seconds",
            state.oldest_ms.map_or(0, |oldest_ms| (now_ms - oldest_ms).max(0) / 1000),
        );
        Ok(())
    }
}
