//! What belongs to no single call: processes that are alive.

use super::{Store, Stored};

impl Store {
    /// "This process is alive." Forgets sessions that are over.
    pub async fn still_here(&self, holder: String, now_ms: i64, without_until_since_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(
                    tx,
                    "INSERT INTO holders (holder, seen_ms) VALUES ($1, $2) \
                     ON CONFLICT (holder) DO UPDATE SET seen_ms = excluded.seen_ms",
                    holder.as_str(),
                    now_ms
                )?;
                run!(
                    tx,
                    "DELETE FROM sessions WHERE CASE WHEN until_ms = 0 THEN created_ms <= $1 ELSE until_ms <= $2 END",
                    without_until_since_ms,
                    now_ms
                )
                .map(drop)
            })
        })
        .await
    }

    /// "This process goes", or, on SQLite, where there can be only one, "those before me are gone".
    pub async fn forget_holders(&self, which: Holders) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                match which {
                    Holders::All => run!(tx, "DELETE FROM holders"),
                    Holders::One(holder) => run!(tx, "DELETE FROM holders WHERE holder = $1", holder.as_str()),
                }
                .map(drop)
            })
        })
        .await
    }

    /// True when the database answers.
    pub async fn answers(&self) -> bool {
        self.read(|tx| Box::pin(async move { run!(tx, "SELECT 1") })).await.is_ok()
    }
}

/// Which processes are gone.
#[derive(Clone, Debug)]
pub enum Holders {
    /// Every one.
    All,
    /// This one.
    One(String),
}
