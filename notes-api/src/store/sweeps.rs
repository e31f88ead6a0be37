//! Which calls retention has to look at, who does it, and that what is erased is no longer in the database's files.
//!
//! In: the time. Out: calls. `calls.retention_ms` says when to look at a call next; whatever adds content to one sets it to 0
//! (`events::next_sequence`). Several processes may sweep at once without harm, since each call is looked at under its lock;
//! the lease is there so that they need not.

use super::retention::{Looked, look_in};
use super::{Store, Stored, call_id};
use crate::retention::HELD_FOR_MS;
use referent_proto::CallId;

/// Calls in one read.
const PAGE: i64 = 200;
/// Calls of an area whose next look is brought forward in one transaction.
const AT_ONCE: i64 = 1_000;

impl Store {
    /// True if this process is the one that sweeps now; at the latest at `until_ms` another may. A sweep that ended after
    /// `done_since_ms` is not done again.
    pub async fn begin_sweep(&self, holder: String, until_ms: i64, now_ms: i64, done_since_ms: i64) -> Stored<bool> {
        self.write(move |tx| {
            Box::pin(async move {
                let taken = run!(
                    tx,
                    "INSERT INTO sweeps (sweep, holder, until_ms) VALUES ('retention', $1, $2) \
                     ON CONFLICT (sweep) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms \
                     WHERE sweeps.until_ms <= $3 AND (sweeps.ended_ms IS NULL OR sweeps.ended_ms <= $4)",
                    holder.as_str(),
                    until_ms,
                    now_ms,
                    done_since_ms
                )?;
                Ok(taken > 0)
            })
        })
        .await
    }

    /// The sweep goes on: the lease is longer. False if another process has it by now.
    pub async fn go_on_sweeping(&self, holder: String, until_ms: i64) -> Stored<bool> {
        self.write(move |tx| {
            Box::pin(async move {
                let held = run!(
                    tx,
                    "UPDATE sweeps SET until_ms = $2 WHERE sweep = 'retention' AND holder = $1",
                    holder.as_str(),
                    until_ms
                )?;
                Ok(held > 0)
            })
        })
        .await
    }

    /// The sweep is done, and the lease is over.
    pub async fn end_sweep(&self, holder: String, now_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(
                    tx,
                    "UPDATE sweeps SET until_ms = $2, ended_ms = $2 WHERE sweep = 'retention' AND holder = $1",
                    holder.as_str(),
                    now_ms
                )
                .map(drop)
            })
        })
        .await
    }

    /// When the last whole sweep ended.
    pub async fn last_sweep(&self) -> Stored<Option<i64>> {
        self.read(|tx| {
            Box::pin(async move {
                let found = row!(tx, (Option<i64>,), "SELECT ended_ms FROM sweeps WHERE sweep = 'retention'")?;
                Ok(found.and_then(|(ended_ms,)| ended_ms))
            })
        })
        .await
    }

    /// Calls at which to look, behind this one in order of their ids, at most a page of them.
    pub async fn calls_to_look_at(&self, after: Option<CallId>, now_ms: i64) -> Stored<Vec<CallId>> {
        let after = after.map_or_else(String::new, |call| call.to_string());
        self.read(move |tx| {
            Box::pin(async move {
                rows!(
                    tx,
                    (String,),
                    "SELECT call FROM calls WHERE retention_ms < $1 AND call > $2 ORDER BY call LIMIT $3",
                    now_ms,
                    after.as_str(),
                    PAGE
                )?
                .into_iter()
                .map(|(call,)| call_id(&call))
                .collect()
            })
        })
        .await
    }

    /// Erases what is due of one call and nothing keeps. A call a transaction: nobody waits for longer than that.
    pub async fn look_at_retention(&self, call: CallId, now_ms: i64, unsaved_edit_days: u32) -> Stored<Looked> {
        self.write(move |tx| Box::pin(look_in(tx, call, now_ms, unsaved_edit_days))).await
    }

    /// An area whose newest version has come to count brings forward the next look at each of its calls: how many.
    pub async fn areas_that_changed(&self, now_ms: i64) -> Stored<u64> {
        let changed = self
            .read(move |tx| {
                Box::pin(async move {
                    rows!(
                        tx,
                        (String, String),
                        "SELECT area, version FROM areas_in_force WHERE since_ms <= $1 \
                         AND (retention_version IS NULL OR retention_version <> version)",
                        now_ms - HELD_FOR_MS
                    )
                })
            })
            .await?;
        let mut calls = 0;
        for (area, version) in changed {
            loop {
                let area = area.clone();
                let brought = self.write(move |tx| {
                    Box::pin(async move {
                        run!(
                            tx,
                            "UPDATE calls SET retention_ms = 0 WHERE call IN (SELECT call FROM calls WHERE area = $1 \
                         AND retention_ms >= $2 ORDER BY call LIMIT $3)",
                            area.as_str(),
                            now_ms,
                            AT_ONCE
                        )
                    })
                });
                match brought.await? {
                    0 => break,
                    some => calls += some,
                }
            }
            self.write(move |tx| {
                Box::pin(async move {
                    run!(
                        tx,
                        "UPDATE areas_in_force SET retention_version = $2 WHERE area = $1 AND version = $2",
                        area.as_str(),
                        version.as_str()
                    )
                    .map(drop)
                })
            })
            .await?;
        }
        Ok(calls)
    }

    /// What was erased since the last time goes from the database's files too, as far as the engine does that. False if
    /// somebody's reading was in the way: the next sweep does it.
    pub async fn wipe(&self, now_ms: i64) -> Stored<bool> {
        let is_due = self
            .read(|tx| {
                Box::pin(async move {
                    let found = row!(
                        tx,
                        (Option<i64>, Option<i64>),
                        "SELECT (SELECT MAX(erased_ms) FROM receipts), \
                         (SELECT wiped_ms FROM sweeps WHERE sweep = 'retention')"
                    )?;
                    Ok(matches!(found, Some((Some(erased), wiped)) if wiped.is_none_or(|wiped| wiped <= erased)))
                })
            })
            .await?;
        if !is_due {
            return Ok(true);
        }
        if !self.wipe_files().await? {
            return Ok(false);
        }
        self.write(move |tx| {
            Box::pin(
                async move { run!(tx, "UPDATE sweeps SET wiped_ms = $1 WHERE sweep = 'retention'", now_ms).map(drop) },
            )
        })
        .await?;
        Ok(true)
    }
}
