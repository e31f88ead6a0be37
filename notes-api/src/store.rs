//! All SQL of this program: what is in the database, and what is durable before anybody hears of it.
//!
//! In: closures over a [`Tx`], from every stage. Out: rows as domain types; anything else in a row is `Corrupt`.
//! Promises:
//!   T1  What [`Store::write`] returned is on disk: SQLite with `synchronous=FULL`, PostgreSQL with `fsync` and
//!       `synchronous_commit` on, else the program does not start.
//!   T2  Writers of one call follow one another (SQLite: one writer; PostgreSQL: `lock_call` first of all), so the
//!       events of a call are numbered without a hole, and become visible in that order.
//!   T3  Readers see one moment: [`Store::read`] is a snapshot over all its statements.
//!   T4  Who asked may go away: a transaction runs to its end all the same, in a task of its own. One that is dropped
//!       while it begins would leave its connection in the pool with a transaction open, and the next would be part of it.
//!
//! A struct around an enum of two typed pools, and one text of SQL for both in the common subset: `$1`, TEXT, BIGINT,
//! DOUBLE PRECISION. To add a table: a new file in `migrations/`, a file in `store/`, a test in `tests/`, which run on
//! both. Not done here: no decision about calls (`call`), no JSON for panes beyond filling it in.

use crate::live::Live;
use futures_util::future::BoxFuture;
use referent_proto::CallId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use std::borrow::Cow;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

/// Runs SQL on whichever engine this is: `run!(tx, "SQL", bind, …)` gives the number of rows touched.
macro_rules! run {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match &mut $tx.conn {
            $crate::store::Conn::Sqlite(conn) => sqlx::query::<sqlx::Sqlite>($sql)$(.bind($bind))*
                .execute(&mut **conn).await.map(|done| done.rows_affected()),
            $crate::store::Conn::Postgres(conn) => sqlx::query::<sqlx::Postgres>($sql)$(.bind($bind))*
                .execute(&mut **conn).await.map(|done| done.rows_affected()),
        }
        .map_err($crate::store::StoreError::from)
    };
}

/// `rows!(tx, Row, "SQL", bind, …)` gives every row.
macro_rules! rows {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match &mut $tx.conn {
            $crate::store::Conn::Sqlite(conn) => sqlx::query_as::<sqlx::Sqlite, $row>($sql)$(.bind($bind))*
                .fetch_all(&mut **conn).await,
            $crate::store::Conn::Postgres(conn) => sqlx::query_as::<sqlx::Postgres, $row>($sql)$(.bind($bind))*
                .fetch_all(&mut **conn).await,
        }
        .map_err($crate::store::StoreError::from)
    };
}

/// `row!(tx, Row, "SQL", bind, …)` gives the row, if there is one.
macro_rules! row {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match &mut $tx.conn {
            $crate::store::Conn::Sqlite(conn) => sqlx::query_as::<sqlx::Sqlite, $row>($sql)$(.bind($bind))*
                .fetch_optional(&mut **conn).await,
            $crate::store::Conn::Postgres(conn) => sqlx::query_as::<sqlx::Postgres, $row>($sql)$(.bind($bind))*
                .fetch_optional(&mut **conn).await,
        }
        .map_err($crate::store::StoreError::from)
    };
}

mod engine;
pub mod calls;
pub mod settles;
pub mod events;
pub mod drafts;
pub mod notes;
pub mod outbox;
mod flags;
pub mod commands;
mod forget;
pub mod retention;
pub mod sweeps;
pub mod export;
pub mod presences;
pub mod figures;
pub mod activity;
pub mod areas;
pub mod shared;
pub mod sessions;
pub mod identity;
pub mod audit;

pub use engine::OpenError;

/// The database did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not answer, or refused; nothing was written. Try again later.
    #[error("the database does not answer: {0}")]
    Unavailable(Arc<sqlx::Error>),
    /// This process is going down; nothing was written. Try again later.
    #[error("the database is being closed")]
    Closing,
    /// A row that this program did not write. Tell the people who run it.
    #[error("{column} in the database is not what this program writes")]
    Corrupt {
        /// `table.column`
        column: &'static str,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}

/// What a statement returns.
pub type Stored<T> = Result<T, StoreError>;

pub(crate) enum Conn {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A transaction, and who has to hear of it when it is committed.
pub struct Tx {
    pub(crate) conn: Conn,
    changed: Vec<(CallId, i64)>,
    jobs_changed: bool,
    presences_changed: bool,
    pub(crate) chains: audit::Chains,
}

impl Tx {
    fn new(conn: Conn, chains: audit::Chains) -> Self {
        Self { conn, changed: Vec::new(), jobs_changed: false, presences_changed: false, chains }
    }

    /// Whoever waits for a draft job looks again after the commit.
    pub(crate) fn jobs_changed(&mut self) {
        self.jobs_changed = true;
    }

    /// The other processes look again which PCs are there after the commit.
    pub(crate) fn presences_changed(&mut self) {
        self.presences_changed = true;
    }

    /// Whoever looks at this call looks again after the commit.
    pub(crate) fn changed(&mut self, call: CallId, sequence: i64) {
        self.changed.retain(|(changed, _)| *changed != call);
        self.changed.push((call, sequence));
    }
}

type Answer = Box<dyn FnOnce(Stored<()>) + Send>;
type Job = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<Answer, ()>> + Send>;

#[derive(Clone)]
enum Engine {
    Sqlite { writer: mpsc::Sender<Job>, readers: SqlitePool },
    Postgres(PgPool),
}

/// The database.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    live: Arc<Live>,
    tracker: TaskTracker,
    chains: audit::Chains,
}

impl Store {
    /// Runs `work` in a transaction. When this returns `Ok`, what it wrote is durable; when `Err`, nothing is.
    pub async fn write<T, F>(&self, work: F) -> Stored<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Stored<T>> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { writer, .. } => {
                let (done, answer) = oneshot::channel::<Stored<T>>();
                let job: Job = Box::new(move |tx| {
                    let work = work(tx);
                    Box::pin(async move {
                        match work.await {
                            Ok(value) => {
                                let answer: Answer = Box::new(move |committed: Stored<()>| {
                                    // Whoever asked may be gone; what was written stays written.
                                    drop(done.send(committed.map(|()| value)));
                                });
                                Ok(answer)
                            }
                            Err(error) => {
                                drop(done.send(Err(error)));
                                Err(())
                            }
                        }
                    })
                });
                writer.send(job).await.map_err(|_| StoreError::Closing)?;
                answer.await.map_err(|_| StoreError::Closing)?
            }
            Engine::Postgres(pool) => {
                let (pool, chains) = (pool.clone(), self.chains.clone());
                self.to_its_end(async move {
                    let mut tx = Tx::new(Conn::Postgres(pool.begin().await?), chains);
                    let value = work(&mut tx).await?;
                    engine::commit_and_notify(tx).await?;
                    Ok(value)
                })
                .await
            }
        }
    }

    /// Runs `work` on one moment of the database; what it writes is lost.
    pub async fn read<T, F>(&self, work: F) -> Stored<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Stored<T>> + Send + 'static,
    {
        let (engine, chains) = (self.engine.clone(), self.chains.clone());
        self.to_its_end(async move {
            let conn = match &engine {
                Engine::Sqlite { readers, .. } => Conn::Sqlite(readers.begin().await?),
                Engine::Postgres(pool) => {
                    Conn::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
                }
            };
            let mut tx = Tx::new(conn, chains);
            let value = work(&mut tx).await?;
            match tx.conn {
                Conn::Sqlite(conn) => conn.rollback().await?,
                Conn::Postgres(conn) => conn.rollback().await?,
            }
            Ok(value)
        })
        .await
    }

    /// T4.
    async fn to_its_end<T: Send + 'static>(
        &self,
        transaction: impl Future<Output = Stored<T>> + Send + 'static,
    ) -> Stored<T> {
        match self.tracker.spawn(transaction).await {
            Ok(ended) => ended,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(StoreError::Closing),
        }
    }

    /// Who is woken by commits.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }
}

/// The word of an enum, as SQL and JSON have it.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("only enums without fields are stored as words"),
    }
}

/// The enum of a word.
pub(crate) fn from_word<T: DeserializeOwned>(column: &'static str, word: &str) -> Stored<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).map_err(|_| StoreError::Corrupt { column })
}

/// JSON for a TEXT column.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types have string keys and no failing serializer")
}

/// A value from a TEXT column with JSON.
pub(crate) fn from_json<T: DeserializeOwned>(column: &'static str, text: &str) -> Stored<T> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { column })
}

/// Words as one text, each between two bars, so that SQL finds one by `REPLACE`; of none that are said, the empty text.
pub(crate) fn set(words: Option<&std::collections::BTreeSet<String>>) -> String {
    words.map_or_else(String::new, |words| words.iter().fold("|".to_owned(), |text, word| text + word + "|"))
}

/// Text from a peer for a TEXT column. PostgreSQL takes no NUL there, and one in a text would stop a call for good.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// An offset or an epoch as SQL's only integer.
pub(crate) fn sql_int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// And back.
pub(crate) fn from_sql_int(column: &'static str, value: i64) -> Stored<u64> {
    u64::try_from(value).map_err(|_| StoreError::Corrupt { column })
}

/// A call's id from a column.
pub(crate) fn call_id(text: &str) -> Stored<CallId> {
    text.parse().map_err(|_| StoreError::Corrupt { column: "calls.call" })
}
