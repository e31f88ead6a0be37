//! What happens because time passes: troubles become visible, provisional drafts fall due, leases run out.
//!
//! In: the clock. Out: rows through `store`. Promised (L1 in `call`): within 15 s of a hang-up or a loss of contact the
//! call says what is the matter, whoever is down, because this needs nobody but this process and the database.
//! Every process does this for all calls; the rows decide who was first. Not done here: no decision (`call::due`).

use crate::auth::SESSION_MS;
use crate::clock::Clock;
use crate::config::Timing;
use crate::store::drafts::Lease;
use crate::store::shared::Holders;
use crate::store::{Store, Stored};
use metrics_exporter_prometheus::PrometheusHandle;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often it looks.
const TICK: Duration = Duration::from_secs(1);
/// A process that did not say for so long that it is alive is gone: three words missed.
pub(crate) const GONE_AFTER_MS: i64 = 6_000;
/// It says so every second look.
const SAY_EVERY: u64 = 2;

/// The timer of one process.
pub(crate) struct Timer {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) timing: Timing,
    pub(crate) holder: String,
    pub(crate) metrics: PrometheusHandle,
}

impl Timer {
    /// Before anybody is let in: this process is alive, and on SQLite, which has one process, nobody else is.
    pub(crate) async fn start(&self) -> Stored<()> {
        if self.store.engine_name() == "sqlite" {
            self.store.forget_holders(Holders::All).await?;
        }
        self.here().await?;
        self.look().await
    }

    /// Until shutdown.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for count in 0u64.. {
            tokio::select! {
                _ = tick.tick() => {}
                () = shutdown.cancelled() => break,
            }
            let done = async {
                if count.is_multiple_of(SAY_EVERY) {
                    self.here().await?;
                }
                self.look().await
            };
            if let Err(error) = done.await {
                // The next look makes up for this one.
                tracing::error!(%error, "the timer could not look");
            }
            self.metrics.run_upkeep();
        }
        if let Err(error) = self.store.forget_holders(Holders::One(self.holder.clone())).await {
            tracing::warn!(%error, "this process could not say that it goes; others notice by its silence");
        }
    }

    async fn here(&self) -> Stored<()> {
        let now_ms = self.clock.now_ms();
        self.store.still_here(self.holder.clone(), now_ms, now_ms - SESSION_MS).await
    }

    /// Everything that is due now.
    pub(crate) async fn look(&self) -> Stored<()> {
        self.store.live().forget_missed();
        let now_ms = self.clock.now_ms();
        let no_contact_ms = self.timing.no_contact_ms();
        let orphans = self.store.orphans_lose_contact(now_ms - GONE_AFTER_MS, now_ms, no_contact_ms).await?;
        if orphans > 0 {
            tracing::warn!(orphans, "calls of a process that is gone have lost contact");
        }
        let lease = Lease { lease_ms: self.timing.lease_ms, no_contact_ms };
        let expired = self.store.expire_leases(now_ms, lease).await?;
        metrics::counter!("referent_leases_expired_total").increment(u64::try_from(expired).unwrap_or(u64::MAX));
        for call in self.store.due_calls(now_ms).await? {
            self.store.look_at(call, now_ms, self.timing).await?;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of jobs are far below 2^52")]
        metrics::gauge!("referent_draft_jobs_waiting").set(self.store.free_jobs().await? as f64);
        Ok(())
    }
}
