//! Erases what is due, every so often.
//!
//! In: the clock. Out: rows through `store`, counts for `/metrics`, a line in the log. Promised: a sweep looks at each call once
//! and ends; of several processes on one database one sweeps, and when it dies another does after `LEASE_MS`. What could
//! not be done is done by the next. Not done here: no decision (`retention::fates`).

use super::{Kind, Waits};
use crate::clock::Clock;
use crate::config::RetentionConfig;
use crate::store::{Store, Stored};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// A process that says nothing for so long has died, or stands still.
const LEASE_MS: i64 = 10 * 60_000;
/// Calls that are looked at beside each other: SQLite writes them in one commit, and they leave room for others.
const AT_ONCE: usize = 8;

/// One process's.
pub struct Sweeper {
    /// The database.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
    /// How often, and what keeps an edit.
    pub config: RetentionConfig,
    /// This process.
    pub holder: String,
    /// When it goes.
    pub shutdown: CancellationToken,
}

/// What a sweep did.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Swept {
    /// Calls that were looked at.
    pub looked_at: usize,
    /// Calls of which something went.
    pub calls: usize,
    /// How many rows went of each kind.
    pub erased: BTreeMap<Kind, i64>,
    /// Calls of which something is due and waits.
    pub waiting: BTreeMap<Waits, usize>,
    /// What was erased is no longer in the database's files, as far as the engine does that.
    pub is_wiped: bool,
}

impl Sweeper {
    /// Until shutdown.
    pub async fn run(self) {
        let mut tick = tokio::time::interval(Duration::from_secs(self.config.every_s.into()));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.shutdown.run_until_cancelled(tick.tick()).await.is_some() {
            match self.sweep().await {
                Ok(Some(swept)) => self.tell(&swept),
                Ok(None) => {}
                Err(error) => {
                    metrics::counter!("referent_retention_failed_total").increment(1);
                    tracing::error!(%error, "what is due could not be erased; the next sweep tries again");
                }
            }
        }
    }

    /// Looks at every call at which there is something to look. `None`: another process does, or did.
    pub async fn sweep(&self) -> Stored<Option<Swept>> {
        let now_ms = self.clock.now_ms();
        let every_ms = i64::from(self.config.every_s) * 1000;
        // A little earlier than the period, or each second sweep would fall to nobody.
        let done_since_ms = now_ms - every_ms + every_ms / 10;
        if !self.store.begin_sweep(self.holder.clone(), now_ms + LEASE_MS, now_ms, done_since_ms).await? {
            return Ok(None);
        }
        self.store.areas_that_changed(now_ms).await?;
        let (mut swept, mut last) = (Swept::default(), None);
        loop {
            let calls = self.store.calls_to_look_at(last, now_ms).await?;
            let Some(end) = calls.last().copied() else { break };
            last = Some(end);
            let looks = stream::iter(calls)
                .map(|call| self.store.look_at_retention(call, now_ms, self.config.unsaved_edit_days))
                .buffer_unordered(AT_ONCE);
            let looked: Vec<_> = looks.try_collect().await?;
            swept.looked_at += looked.len();
            for look in looked {
                swept.calls += usize::from(!look.erased.is_empty());
                for (kind, rows) in look.erased {
                    *swept.erased.entry(kind).or_default() += rows;
                }
                if let Some(waits) = look.waits {
                    *swept.waiting.entry(waits).or_default() += 1;
                }
            }
            // Whoever goes leaves the rest to another, at once.
            let goes = self.shutdown.is_cancelled();
            let until_ms = self.clock.now_ms() + if goes { 0 } else { LEASE_MS };
            if !self.store.go_on_sweeping(self.holder.clone(), until_ms).await? || goes {
                return Ok(None);
            }
        }
        swept.is_wiped = self.store.wipe(self.clock.now_ms()).await?;
        self.store.end_sweep(self.holder.clone(), self.clock.now_ms()).await?;
        Ok(Some(swept))
    }

    fn tell(&self, swept: &Swept) {
        for (kind, rows) in &swept.erased {
            metrics::counter!("referent_retention_erased_rows_total", "kind" => kind.name())
                .increment(u64::try_from(*rows).unwrap_or_default());
        }
        for (waits, word) in Waits::ALL {
            let calls = u32::try_from(swept.waiting.get(&waits).copied().unwrap_or_default()).unwrap_or(u32::MAX);
            metrics::gauge!("referent_retention_waiting", "for" => word).set(f64::from(calls));
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
        metrics::gauge!("referent_retention_swept_seconds").set((self.clock.now_ms() / 1000) as f64);
        if swept.calls > 0 {
            let rows: i64 = swept.erased.values().sum();
            tracing::info!(calls = swept.calls, rows, "what was due is erased");
        }
        if !swept.is_wiped {
            tracing::warn!("what was erased is still in the database's files; the next sweep tries again");
        }
    }
}
