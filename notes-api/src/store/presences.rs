//! The PCs that are there, for the other notes-api of this database.
//!
//! A row is one agent, held by the process that has its newest stream. Who comes takes the row, whoever had it; who only
//! changes it, or goes, has to hold it still.

use super::{Store, Stored, from_word, word};
use crate::live::{Known, Since};
use referent_proto::AgentId;

/// What one process writes down of its own PCs.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Their stream is here now.
    pub came: Vec<Known>,
    /// They say something else.
    pub changed: Vec<Known>,
    /// Their stream is not here any more.
    pub left: Vec<(String, AgentId)>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The process.
    pub holder: String,
    /// Its PC.
    pub known: Known,
}

impl Store {
    /// Writes down what changed at this process, and tells the others.
    pub async fn keep_presences(&self, holder: String, change: Change) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                for known in &change.came {
                    run!(
                        tx,
                        "INSERT INTO presences (identity, agent, holder, state, since_ms, is_silent) \
                         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (identity, agent) DO UPDATE \
                         SET holder = excluded.holder, state = excluded.state, \
                         since_ms = excluded.since_ms, is_silent = excluded.is_silent",
                        known.identity.as_str(),
                        known.agent.to_string(),
                        holder.as_str(),
                        known.says.map(|says| word(&says.kind)),
                        known.says.map_or(0, |says| says.since_ms),
                        i64::from(known.is_silent)
                    )?;
                }
                for known in &change.changed {
                    run!(
                        tx,
                        "UPDATE presences SET state = $4, since_ms = $5, is_silent = $6 \
                         WHERE identity = $1 AND agent = $2 AND holder = $3",
                        known.identity.as_str(),
                        known.agent.to_string(),
                        holder.as_str(),
                        known.says.map(|says| word(&says.kind)),
                        known.says.map_or(0, |says| says.since_ms),
                        i64::from(known.is_silent)
                    )?;
                }
                for (identity, agent) in &change.left {
                    run!(
                        tx,
                        "DELETE FROM presences WHERE identity = $1 AND agent = $2 AND holder = $3",
                        identity.as_str(),
                        agent.to_string(),
                        holder.as_str()
                    )?;
                }
                tx.presences_changed();
                Ok(())
            })
        })
        .await
    }

    /// The PCs of all processes that were alive at `since_ms`.
    pub async fn presences(&self, since_ms: i64) -> Stored<Vec<Held>> {
        self.read(move |tx| {
            Box::pin(async move {
                let found = rows!(
                    tx,
                    (String, String, String, Option<String>, i64, i64),
                    "SELECT p.identity, p.agent, p.holder, p.state, p.since_ms, p.is_silent FROM presences p \
                     JOIN holders h ON h.holder = p.holder WHERE h.seen_ms >= $1 ORDER BY p.identity, p.agent",
                    since_ms
                )?;
                let held = found.into_iter().map(|(identity, agent, holder, state, since_ms, is_silent)| {
                    let agent = agent.parse().map_err(|_| super::StoreError::Corrupt { column: "presences.agent" })?;
                    let kind = state.map(|state| from_word("presences.state", &state)).transpose()?;
                    let says = kind.map(|kind| Since { kind, since_ms });
                    Ok(Held { holder, known: Known { identity, agent, says, is_silent: is_silent != 0 } })
                });
                held.collect()
            })
        })
        .await
    }

    /// Forgets the PCs of a process that goes, and of all that were not alive at `since_ms`.
    pub async fn forget_presences(&self, goes: Option<String>, since_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                let gone = run!(
                    tx,
                    "DELETE FROM presences WHERE holder = $1 \
                     OR holder NOT IN (SELECT holder FROM holders WHERE seen_ms >= $2)",
                    goes.unwrap_or_default(),
                    since_ms
                )?;
                if gone > 0 {
                    tx.presences_changed();
                }
                Ok(())
            })
        })
        .await
    }
}
