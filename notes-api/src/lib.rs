//! Holds the words, drafts, edits and notes of every call, and shows them to the caseworker.
//!
//! ```text
//! PC, pipeline ─gRPC─▶ ca ─────┐
//! pipeline ──gRPC──▶ ingest ──▶ store ──▶ live ──▶ api ──HTTP, SSE──▶ pane
//!                      ▲          │ ▲                │
//!                      └ settled ─┘ └── edits, notes ┘
//! ```
//!
//! In: what became of the sound, from `ingest`; what people type, from `api`. Out: what is durable of it.
//! Promised: nothing is acknowledged before it is on disk (`store`), nothing that a person typed is overwritten
//! (`store::notes`), and within 15 s a call says what is the matter with it (`timer`).
//! Not done here: no sound, no recogniser, no language model.

pub mod config;
pub mod clock;
pub mod areas;
pub mod audit;
pub mod ca;
pub mod ingest;
pub mod call;
pub mod store;
pub mod live;
pub mod previews;
mod timer;
pub mod delivery;
pub mod activity;
pub mod effort;
pub mod corrections;
pub mod case_check;
pub mod retention;
pub mod shown;
pub mod auth;
pub mod error;
pub mod api;
pub mod prometheus;

use anyhow::Context as _;
use areas::Areas;
use auth::Auth;
use auth::launch::CaseSystems;
use auth::login::Login;
use ca::Trust;
use clock::{Chance, Clock};
use config::Config;
use config::tls::TlsConfig;
use futures_util::future::OptionFuture;
use live::Live;
use metrics_exporter_prometheus::PrometheusHandle;
use retention::sweeper::Sweeper;
use serde::Serialize;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long streams and requests may take to end after a shutdown; then they are cut off.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// What the program stands in: time, chance, and where its figures go.
#[derive(Clone)]
pub struct Surroundings {
    /// What time it is.
    pub clock: Clock,
    /// Where random bytes come from.
    pub chance: Chance,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
}

/// The first line on stdout.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// Always true.
    pub ready: bool,
    /// Where panes connect.
    pub http: SocketAddr,
    /// Where pipelines connect.
    pub grpc: SocketAddr,
    /// Where programs enrol and renew, if anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrol: Option<SocketAddr>,
    /// The one-time token, unless there is a login or a file was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Runs until `shutdown`, then lets what is going on end. `ready` is called once, when both doors are open.
pub async fn run(
    config: Config,
    around: Surroundings,
    ready: impl FnOnce(&Ready),
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let Surroundings { clock, chance, metrics } = around;
    prometheus::describe();
    let http = listen("http", config.http).await?;
    let grpc = listen("grpc", config.grpc).await?;
    let trust = config.tls.as_ref().map(|tls| Trust::open(tls, &clock, &chance)).transpose()?;
    let enrolment = match &config.tls {
        Some(TlsConfig::Authority { enrol: Some(address), days, .. }) => {
            Some((listen("tls.enrol", *address).await?, *days))
        }
        _ => None,
    };
    let login = config.login.clone().map(Login::open).transpose()?;
    let case_systems = CaseSystems::open(&config.case_systems)?;
    let tracker = TaskTracker::new();
    let store = Store::open(&config.database, Arc::new(Live::default()), &tracker, &shutdown).await?;
    let (areas, keeper) = Areas::open(config.areas.as_deref(), &store, &clock).await?;
    let holder = uuid::Uuid::from_bytes(chance.bytes()).simple().to_string();

    let timer = timer::Timer {
        store: store.clone(),
        clock: clock.clone(),
        timing: config.timing,
        holder: holder.clone(),
        metrics: metrics.clone(),
    };
    timer.start().await?;
    let sender = delivery::Sender::open(&config.deliveries, &store, &clock, &chance).await?;

    let token = chance.secret();
    let mut line = Ready { ready: true, http: http.local_addr()?, grpc: grpc.local_addr()?, enrol: None, token: None };
    if let Some((listener, _)) = &enrolment {
        line.enrol = Some(listener.local_addr()?);
    }
    match &config.access_token_file {
        _ if login.is_some() => {}
        Some(file) => write_token(file, &token)?,
        None => line.token = Some(token.clone()),
    }
    tracing::info!(http = %line.http, grpc = %line.grpc, database = store.engine_name(), "ready");
    ready(&line);

    let sweeper = Sweeper {
        store: store.clone(),
        clock: clock.clone(),
        config: config.retention,
        holder: holder.clone(),
        shutdown: shutdown.clone(),
    };
    let previews = previews::Previews::default();
    let ingest = ingest::serve(
        ingest::Door {
            store: store.clone(),
            clock: clock.clone(),
            timing: config.timing,
            areas: areas.clone(),
            previews: previews.clone(),
            holder,
            trust: trust.clone(),
            tracker: tracker.clone(),
            shutdown: shutdown.clone(),
        },
        grpc,
    );
    let checkpoints = if let Some(audit) = &config.audit {
        let checkpoints = audit::Checkpoints::open(audit, &store, &clock).await?;
        Some(tracker.spawn(checkpoints.keep(shutdown.clone())))
    } else {
        tracing::warn!("there is no [audit]: nobody would see that the end of the audit was cut off");
        None
    };
    let enrolling = enrol(enrolment, trust.as_ref(), &store, &clock, &chance, &shutdown);
    if let Some(keeper) = keeper {
        tracker.spawn(keeper.keep(Duration::from_millis(config.timing.areas_ms.into()), shutdown.clone()));
    }
    let sweeping = tracker.spawn(sweeper.run());
    if let Some(trust) = trust.clone() {
        tracker.spawn(trust.keep_fresh(clock.clone(), chance.clone(), shutdown.clone()));
    }
    let app = api::App {
        store: store.clone(),
        areas,
        previews,
        clock: clock.clone(),
        chance: chance.clone(),
        timing: config.timing,
        retention: config.retention,
        zone: config.time_zone.clone(),
        pin: trust.as_ref().and_then(|trust| trust.authority.as_ref()).map(|authority| authority.pin()),
        auth: Arc::new(Auth::new(&token, login, case_systems)),
        metrics,
        shutdown: shutdown.clone(),
    };
    let pages = axum::serve(http, api::router(app)).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let doors = async {
        let (ingest, pages, enrolling, (), ()) = tokio::join!(
            async { ending(ingest.await, &shutdown) },
            async { ending(pages.await, &shutdown) },
            async { ending(enrolling.await, &shutdown) },
            timer.run(shutdown.clone()),
            sender.run(shutdown.clone())
        );
        enrolling.context("the door for those who enrol failed")?;
        ingest.context("the door for pipelines failed")?;
        pages.context("the door for panes failed")
    };
    let ended = tokio::select! {
        ended = doors => ended,
        () = late(&shutdown) => {
            tracing::warn!("some streams did not end in time and are cut off");
            Ok(())
        }
    };
    drop(tokio::time::timeout(ENDS_WITHIN, sweeping).await);
    if let Some(Ok(mut checkpoints)) = OptionFuture::from(checkpoints).await {
        // Nobody writes any more: this one covers all that was done.
        checkpoints.take().await;
    }
    store.close().await;
    tracker.close();
    if tokio::time::timeout(ENDS_WITHIN, tracker.wait()).await.is_err() {
        tracing::warn!("some tasks did not end in time");
    }
    tracing::info!("stopped");
    ended
}

/// The door for those who enrol, if there is one; it stays open until shutdown.
async fn enrol(
    door: Option<(TcpListener, u32)>,
    trust: Option<&Trust>,
    store: &Store,
    clock: &Clock,
    chance: &Chance,
    shutdown: &CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let authority =
        trust.and_then(|trust| Some((Arc::clone(trust.authority.as_ref()?), Arc::clone(&trust.credentials))));
    let (Some((listener, days)), Some((authority, credentials))) = (door, authority) else {
        shutdown.cancelled().await;
        return Ok(());
    };
    let door = ca::enrolment::Door {
        store: store.clone(),
        clock: clock.clone(),
        chance: chance.clone(),
        authority,
        days,
        wrong: Arc::default(),
    };
    ca::enrolment::serve(door, listener, credentials, shutdown.clone()).await
}

/// A door that fails closes the other as well.
fn ending<E>(result: Result<(), E>, shutdown: &CancellationToken) -> Result<(), E> {
    shutdown.cancel();
    result
}

async fn late(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(ENDS_WITHIN).await;
}

async fn listen(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            let port = address.port();
            anyhow::anyhow!(
                "config: {key} = \"{address}\": address in use: another program has port {port}; choose another port, \
                 or 0 for a free one"
            )
        } else {
            anyhow::anyhow!("config: {key} = \"{address}\" cannot be listened on: {error}; choose another address")
        }
    })
}

/// Writes the token where only its owner can read it.
fn write_token(file: &Path, token: &str) -> anyhow::Result<()> {
    let written = match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)
            .and_then(|mut file| writeln!(file, "{token}")),
    };
    written.map_err(|error| {
        anyhow::anyhow!(
            "config: access_token_file = \"{}\" cannot be written: {error}; choose a place that can",
            file.display()
        )
    })
}
