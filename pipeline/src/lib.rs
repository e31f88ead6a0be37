//! Turns the sound of a call into text while it goes on, and into a draft when it ends; keeps nothing.
//!
//!     agent ──▶ receive ──▶ call ──▶ track: timeline ──▶ segment (vad) ──▶ settle ──▶ notes ──▶ notes-api
//!                 ▲           │                              │                ▲         │
//!                 └─ credit, ─┘                              └─ transcribe ───┘         ▼
//!                    settled                                    (queue, doubt)   jobs ──▶ draft
//!
//! One task holds one call (`call::run`). Whatever ends it, another worker goes on from what is settled.

pub mod config;
pub mod receive;
pub mod call;
pub mod track;
pub mod timeline;
pub mod vad;
pub mod segment;
pub mod transcribe;
pub mod settle;
pub mod notes;
pub mod draft;
pub mod jobs;
pub mod prometheus;

use crate::call::Shared;
use crate::config::{Config, RecogniserConfig, RecogniserKind};
use crate::draft::Drafters;
use crate::jobs::Jobs;
use crate::notes::Notes;
use crate::segment::Rules;
use crate::transcribe::scripted::Scripted;
use crate::transcribe::whisper::Whisper;
use crate::transcribe::{Recognizer, Transcriber};
use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_models::Manifest;
use referent_proto::WorkerId;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long calls may take to end after the process was asked to stop; a little more than `call` gives them.
const CALLS_END_WITHIN: Duration = Duration::from_secs(7);

/// What this program takes from the world around it.
pub struct Surroundings {
    /// Where ids and jitter come from.
    pub chance: StdRng,
    /// Where the metrics are.
    pub metrics: PrometheusHandle,
}

/// Where this program listens.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Ready {
    /// Always true: the line that says so is the first one.
    pub ready: bool,
    /// Metrics.
    pub http: SocketAddr,
    /// Agents.
    pub grpc: SocketAddr,
}

/// Runs until `shutdown`, then lets calls and drafts finish what they hold.
pub async fn run(
    config: Config,
    around: Surroundings,
    ready: impl FnOnce(&Ready),
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let recogniser = config.recogniser.clone();
    let recognisers =
        tokio::task::spawn_blocking(move || open(&recogniser)).await.context("the model was not loaded")??;
    run_with(config, recognisers, around, ready, shutdown).await
}

/// The recognisers that the configuration asks for.
pub fn open(config: &RecogniserConfig) -> anyhow::Result<Vec<Box<dyn Recognizer>>> {
    match config.kind {
        RecogniserKind::Whisper => {
            let model = Manifest::load(&config.models_dir)?.verify(&config.model)?;
            Ok(Whisper::open(&model, config.workers)?)
        }
        RecogniserKind::Scripted => {
            Ok((0..config.workers).map(|_| Box::new(Scripted) as Box<dyn Recognizer>).collect())
        }
    }
}

/// As [`run`], with recognisers that are there already.
pub async fn run_with(
    config: Config,
    recognisers: Vec<Box<dyn Recognizer>>,
    around: Surroundings,
    ready: impl FnOnce(&Ready),
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    prometheus::describe();
    let Surroundings { mut chance, metrics } = around;
    let worker = WorkerId::from_bytes(&chance.random::<[u8; 16]>()).context("an id has 16 bytes")?;
    let (http, agents) = (listen("http", config.http).await?, listen("grpc", config.grpc).await?);
    let endpoint =
        notes::endpoint(&config.notes_api).with_context(|| format!("notes_api = \"{}\"", config.notes_api))?;
    let transcriber = Transcriber::start(recognisers).context("no thread for a recogniser")?;
    let drafters = Arc::new(Drafters::new(&config.drafter)?);
    let (jobs, given) = Jobs::channel();

    let (calls, rest) = (TaskTracker::new(), TaskTracker::new());
    let (stop_drafting, stop_http) = (CancellationToken::new(), CancellationToken::new());
    let drafting =
        jobs::run(endpoint.clone(), worker, drafters, given, StdRng::from_rng(&mut chance), stop_drafting.clone());
    rest.spawn(drafting);
    let addresses = Ready { ready: true, http: http.local_addr()?, grpc: agents.local_addr()? };
    let served =
        axum::serve(http, prometheus::router(metrics)).with_graceful_shutdown(stop_http.clone().cancelled_owned());
    rest.spawn(async move { drop(served.await) });
    let shared = Arc::new(Shared {
        notes: Notes::new(&endpoint, worker),
        transcriber: transcriber.clone(),
        jobs,
        language: config.language,
        context: config.recogniser.context,
        rules: Rules::default(),
        shutdown: shutdown.clone(),
    });
    let receiving = receive::serve(shared, agents, calls.clone());
    tracing::info!(%worker, http = %addresses.http, grpc = %addresses.grpc, notes_api = config.notes_api, "ready");
    ready(&addresses);

    // Along the flow: agents, calls, drafts; then what only serves them.
    let ended = tokio::select! {
        ended = receiving => ended.context("the gRPC server ended"),
        () = async { shutdown.cancelled().await; tokio::time::sleep(CALLS_END_WITHIN).await } => Ok(()),
    };
    calls.close();
    if tokio::time::timeout(CALLS_END_WITHIN, calls.wait()).await.is_err() {
        tracing::warn!(calls = calls.len(), "stopped before every call had ended; other workers go on with them");
    }
    stop_drafting.cancel();
    stop_http.cancel();
    transcriber.stop().await;
    rest.close();
    if tokio::time::timeout(CALLS_END_WITHIN, rest.wait()).await.is_err() {
        tracing::warn!("stopped before everything had ended");
    }
    tracing::info!("stopped");
    ended
}

async fn listen(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        anyhow::anyhow!(
            "{key} = \"{address}\" cannot be listened on ({error}); choose another port, or port 0 for a free one"
        )
    })
}
