//! What belongs to no single call: sessions of browsers, processes that are alive.

use super::{Store, Stored};

impl Store {
    /// Remembers the hash of a session.
    pub async fn keep_session(&self, hash: String, person: String, now_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(
                    tx,
                    "INSERT INTO sessions (session, person, created_ms) VALUES ($1, $2, $3)",
                    hash.as_str(),
                    person.as_str(),
                    now_ms
                )
                .map(drop)
            })
        })
        .await
    }

    /// Who the session with this hash belongs to, if it was made after `since_ms`.
    pub async fn session(&self, hash: String, since_ms: i64) -> Stored<Option<String>> {
        self.read(move |tx| {
            Box::pin(async move {
                let found = row!(
                    tx,
                    (String,),
                    "SELECT person FROM sessions WHERE session = $1 AND created_ms > $2",
                    hash.as_str(),
                    since_ms
                )?;
                Ok(found.map(|(person,)| person))
            })
        })
        .await
    }

    /// "This process is alive." Forgets sessions that are over.
    pub async fn still_here(&self, holder: String, now_ms: i64, sessions_since_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(
                    tx,
                    "INSERT INTO holders (holder, seen_ms) VALUES ($1, $2) \
                     ON CONFLICT (holder) DO UPDATE SET seen_ms = excluded.seen_ms",
                    holder.as_str(),
                    now_ms
                )?;
                run!(tx, "DELETE FROM sessions WHERE created_ms <= $1", sessions_since_ms).map(drop)
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
