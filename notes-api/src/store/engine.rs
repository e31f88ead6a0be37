//! Opens the database, refuses one that forgets, and commits.
//!
//! SQLite has one writer: a task that takes what is queued, runs each piece of work in a savepoint of one transaction,
//! commits once and only then answers. While a commit waits for the disk the next works gather, so a busy server
//! syncs once for many calls and an idle one at once; nobody waits longer than for the commit before theirs.
//! PostgreSQL commits each piece of work by itself (it groups commits on its own) and tells the other notes-api by
//! NOTIFY, which carries call and sequence, never speech.

use super::audit::Chains;
use super::{Conn, Engine, Job, Store, StoreError, Stored, Tx, forget};
use crate::clock::Chance;
use crate::live::Live;
use futures_util::FutureExt;
use referent_audit::ChainId;
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::panic::AssertUnwindSafe;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Works that may wait for the writer; beyond it whoever writes waits.
const QUEUE: usize = 1024;
/// Works in one commit: at some 0.2 ms each the transaction stays below the 20 ms that a settle may wait.
const BATCH: usize = 64;
const BUSY: Duration = Duration::from_secs(5);
/// Chains of the audit on PostgreSQL, whose writers would wait for each other at one; SQLite has one writer.
const CHAINS: usize = 8;
const CHANNEL: &str = "referent_changes";
/// What is said of PCs: that there is something to read.
const PRESENCES: &str = "presences";

/// Why the database cannot be used. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of ours.
    #[error("config: database = \"{0}\" is neither sqlite:///path/to/notes.db nor postgres://user@host:port/name")]
    Address(String),
    /// It could not be reached or prepared.
    #[error("the database {address} cannot be opened: {source}; check that the path or server is there and writable")]
    Unreachable {
        /// Without a password.
        address: String,
        /// What it said.
        source: sqlx::Error,
    },
    /// A table is not as it should be.
    #[error("the tables of the database cannot be brought up to date: {0}; restore a backup or use the newer program")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// It would forget what it has confirmed.
    #[error("PostgreSQL runs with {setting} = off and could lose confirmed words; set {setting} = on and start again")]
    Forgetful {
        /// The setting.
        setting: &'static str,
    },
}

impl Store {
    /// Opens the database at `address`, creates or updates its tables, and starts what commits need on `tracker`.
    ///
    /// On `shutdown` the listener of PostgreSQL stops; SQLite's writer stops when the last `Store` is dropped.
    pub async fn open(
        address: &str,
        live: Arc<Live>,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Self, OpenError> {
        if address.starts_with("sqlite:") {
            Self::open_sqlite(address, live, tracker).await
        } else if address.starts_with("postgres:") || address.starts_with("postgresql:") {
            Self::open_postgres(address, live, tracker, shutdown).await
        } else {
            Err(OpenError::Address(address.to_owned()))
        }
    }

    async fn open_sqlite(address: &str, live: Arc<Live>, tracker: &TaskTracker) -> Result<Self, OpenError> {
        let unreachable = |source| OpenError::Unreachable { address: address.to_owned(), source };
        let options = SqliteConnectOptions::from_str(address)
            .map_err(unreachable)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            // What is erased is overwritten, not only unlinked, and no sorting leaves a file of it.
            .pragma("secure_delete", "ON")
            .pragma("temp_store", "MEMORY");
        let writer_pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await
            .map_err(unreachable)?;
        MIGRATIONS.run(&writer_pool).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(8)
            .connect_with(options.read_only(false).pragma("query_only", "ON"))
            .await
            .map_err(unreachable)?;
        let (writer, jobs) = mpsc::channel(QUEUE);
        let chains = new_chains(1);
        tracker.spawn(write_in_groups(writer_pool, jobs, Arc::clone(&live), chains.clone()));
        Ok(Self { engine: Engine::Sqlite { writer, readers }, live, tracker: tracker.clone(), chains })
    }

    async fn open_postgres(
        address: &str,
        live: Arc<Live>,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(address)
            .map_err(|_| OpenError::Address("postgres:… (not shown)".to_owned()))?
            .application_name("referent-notes-api");
        let shown = format!("postgres://{}:{}", options.get_host(), options.get_port());
        let unreachable = |source| OpenError::Unreachable { address: shown.clone(), source };
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(BUSY)
            .connect_with(options)
            .await
            .map_err(unreachable)?;
        for (setting, sql) in [
            ("fsync", "SELECT current_setting('fsync')"),
            ("synchronous_commit", "SELECT current_setting('synchronous_commit')"),
        ] {
            let value: String = sqlx::query_scalar(sql).fetch_one(&pool).await.map_err(unreachable)?;
            if value == "off" {
                return Err(OpenError::Forgetful { setting });
            }
        }
        MIGRATIONS.run(&pool).await?;
        let mut listener = PgListener::connect_with(&pool).await.map_err(unreachable)?;
        listener.listen(CHANNEL).await.map_err(unreachable)?;
        tracker.spawn(listen(listener, Arc::clone(&live), shutdown.clone()));
        Ok(Self { engine: Engine::Postgres(pool), live, tracker: tracker.clone(), chains: new_chains(CHAINS) })
    }

    /// Overwrites what SQLite's log still holds of erased rows. PostgreSQL's is aged out by whoever runs it.
    pub(super) async fn wipe_log(&self) -> bool {
        let Engine::Sqlite { readers, .. } = &self.engine else { return true };
        let busy = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(readers).await;
        let is_wiped = matches!(busy, Ok(0));
        if !is_wiped {
            tracing::warn!(?busy, "erased rows stay in the log of the database until the next sweep");
        }
        is_wiped
    }

    /// The same, and on PostgreSQL the space of erased rows is given free, to be written over.
    pub(super) async fn wipe_files(&self) -> Stored<bool> {
        if let Engine::Postgres(pool) = &self.engine {
            // It can be in no transaction, and waits for nobody's.
            sqlx::query(forget::VACUUM).execute(pool).await?;
        }
        Ok(self.wipe_log().await)
    }

    /// "sqlite" or "postgresql".
    pub fn engine_name(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite { .. } => "sqlite",
            Engine::Postgres(_) => "postgresql",
        }
    }

    /// Closes the connections; writes that are queued are refused.
    pub async fn close(self) {
        match self.engine {
            Engine::Sqlite { writer, readers } => {
                drop(writer);
                readers.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

fn new_chains(how_many: usize) -> Chains {
    let chance = Chance::from_system();
    Chains::new((0..how_many).map(|_| ChainId(uuid::Builder::from_random_bytes(chance.bytes()).into_uuid())))
}

async fn write_in_groups(pool: SqlitePool, mut jobs: mpsc::Receiver<Job>, live: Arc<Live>, chains: Chains) {
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        metrics::histogram!("referent_commit_works").record(f64::from(u32::try_from(batch.len()).unwrap_or(u32::MAX)));
        let began = tokio::time::Instant::now();
        match pool.begin_with("BEGIN IMMEDIATE").await {
            Ok(transaction) => write_group(Tx::new(Conn::Sqlite(transaction), chains.clone()), &mut batch, &live).await,
            Err(error) => {
                // Dropping a work answers its writer with `Closing`: try again later.
                tracing::error!(%error, works = batch.len(), "the database cannot be written");
                batch.clear();
            }
        }
        metrics::histogram!("referent_commit_seconds").record(began.elapsed().as_secs_f64());
    }
    pool.close().await;
}

async fn write_group(mut tx: Tx, batch: &mut Vec<Job>, live: &Live) {
    let mut answers = Vec::with_capacity(batch.len());
    for job in batch.drain(..) {
        if let Err(error) = savepoint(&mut tx, "SAVEPOINT work").await {
            tracing::error!(%error, "a savepoint was refused");
            continue;
        }
        let (changed, jobs_changed) = (tx.changed.clone(), tx.jobs_changed);
        let done = AssertUnwindSafe(job(&mut tx)).catch_unwind().await;
        let end = if let Ok(Ok(answer)) = done {
            answers.push(answer);
            savepoint(&mut tx, "RELEASE work").await
        } else {
            (tx.changed, tx.jobs_changed) = (changed, jobs_changed);
            match savepoint(&mut tx, "ROLLBACK TO work").await {
                Ok(()) => savepoint(&mut tx, "RELEASE work").await,
                Err(error) => Err(error),
            }
        };
        if let Err(error) = end {
            tracing::error!(%error, "a savepoint could not be ended");
            for answer in answers {
                answer(Err(error.clone()));
            }
            return; // Dropping the transaction rolls it back.
        }
    }
    let (changed, jobs_changed) = (std::mem::take(&mut tx.changed), tx.jobs_changed);
    let Conn::Sqlite(transaction) = tx.conn else { return };
    let committed = transaction.commit().await.map_err(StoreError::from);
    if let Err(error) = &committed {
        tracing::error!(%error, works = answers.len(), "a commit failed");
    }
    for answer in answers {
        answer(committed.clone());
    }
    if committed.is_ok() {
        for (call, _) in changed {
            live.changed(call);
        }
        if jobs_changed {
            live.jobs_changed();
        }
    }
}

async fn savepoint(tx: &mut Tx, sql: &'static str) -> Stored<()> {
    run!(tx, sql).map(drop)
}

/// Commits on PostgreSQL. Every process, this one too, hears of it when it is durable, through LISTEN.
pub(super) async fn commit_and_notify(mut tx: Tx) -> Stored<()> {
    for (call, sequence) in std::mem::take(&mut tx.changed) {
        run!(tx, "SELECT pg_notify($1, $2)", CHANNEL, format!("{call} {sequence}"))?;
    }
    if tx.jobs_changed {
        run!(tx, "SELECT pg_notify($1, $2)", CHANNEL, "jobs")?;
    }
    if tx.presences_changed {
        run!(tx, "SELECT pg_notify($1, $2)", CHANNEL, PRESENCES)?;
    }
    match tx.conn {
        Conn::Postgres(transaction) => Ok(transaction.commit().await?),
        Conn::Sqlite(_) => unreachable!("only PostgreSQL commits here"),
    }
}

async fn listen(mut listener: PgListener, live: Arc<Live>, shutdown: CancellationToken) {
    loop {
        let heard = tokio::select! {
            heard = listener.try_recv() => heard,
            () = shutdown.cancelled() => return,
        };
        match heard {
            Ok(Some(notification)) => {
                let payload = notification.payload();
                if payload == PRESENCES {
                    live.others_changed();
                    continue;
                }
                match payload.split_once(' ').and_then(|(call, _)| call.parse().ok()) {
                    Some(call) => live.changed(call),
                    None => live.jobs_changed(),
                }
            }
            // The connection was lost and made anew: what was said meanwhile is unknown.
            Ok(None) => live.everything_changed(),
            Err(error) => {
                tracing::warn!(%error, "the database's notifications cannot be heard; trying again");
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => live.everything_changed(),
                    () = shutdown.cancelled() => return,
                }
            }
        }
    }
}
