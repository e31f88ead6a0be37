//! Turns the sound of a call into text while it goes on, and into a draft when it ends; keeps nothing.
//!
//! ```text
//! agent ──▶ receive ──▶ call ──▶ timeline ──▶ vad, segment ──▶ transcribe ──▶ settle ──▶ notes ──▶ notes-api
//!              ▲          │                                                                ▲
//!              └─ credit ─┘            at hang-up: jobs ──▶ draft ──────────────────────────┘
//! ```
//!
//! The modules stand in the order of the data. Nothing is kept: any worker may die at any instant.

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
pub mod metric;

use anyhow::Context as _;
use call::Shared;
use config::{Config, RecogniserConfig, RecogniserKind};
use draft::Drafters;
use jobs::Jobs;
use metrics_exporter_prometheus::PrometheusHandle;
use notes::Notes;
use rand::rngs::StdRng;
use referent_models::Manifest;
use referent_proto::WorkerId;
use segment::Rules;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use transcribe::scripted::Scripted;
use transcribe::whisper::Whisper;
use transcribe::{Recognizer, Transcriber};

/// What a worker is run with, beside its configuration.
#[derive(Debug)]
pub struct Surroundings {
    /// The name of this process to notes-api.
    pub worker: WorkerId,
    /// Where the chance of the backoff comes from.
    pub chance: StdRng,
    /// What `/metrics` says.
    pub metrics: PrometheusHandle,
    /// Ends the worker.
    pub shutdown: CancellationToken,
}

/// Where a worker can be reached.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Metrics.
    pub http: SocketAddr,
    /// Agents.
    pub grpc: SocketAddr,
}

/// Runs a worker until `shutdown`: calls finish what they hold, then drafts, then the recognisers.
pub async fn run(config: Config, surroundings: Surroundings, on_ready: impl FnOnce(Addresses)) -> anyhow::Result<()> {
    let recognisers = recognisers(&config.recogniser).await?;
    run_with(config, recognisers, surroundings, on_ready).await
}

/// As [`run`], with recognisers that are there already.
pub async fn run_with(
    config: Config,
    recognisers: Vec<Box<dyn Recognizer>>,
    surroundings: Surroundings,
    on_ready: impl FnOnce(Addresses),
) -> anyhow::Result<()> {
    let Surroundings { worker, chance, metrics, shutdown } = surroundings;
    metric::describe();
    let http = listen("http", config.http).await?;
    let grpc = listen("grpc", config.grpc).await?;
    let endpoint =
        notes::endpoint(&config.notes_api).with_context(|| format!("notes_api = \"{}\"", config.notes_api))?;
    let drafters = Arc::new(Drafters::new(&config.drafter)?);
    let transcriber = Transcriber::start(recognisers).context("starting the recognisers")?;
    let (jobs, given) = Jobs::channel();
    let shared = Arc::new(Shared {
        notes: Notes::new(&endpoint, worker),
        transcriber: transcriber.clone(),
        jobs,
        language: config.language,
        context: config.recogniser.context,
        rules: Rules::default(),
        shutdown: shutdown.clone(),
    });

    let tracker = TaskTracker::new();
    let calls_are_over = CancellationToken::new();
    let drafting = tracker.spawn(jobs::run(endpoint, worker, drafters, given, chance, calls_are_over.clone()));
    let metrics_server = axum::serve(http.listener, metric::router(metrics));
    tracker.spawn(metrics_server.with_graceful_shutdown(calls_are_over.clone().cancelled_owned()).into_future());
    on_ready(Addresses { http: http.address, grpc: grpc.address });

    let calls = TaskTracker::new();
    let served = receive::serve(shared, grpc.listener, calls.clone()).await;
    calls.close();
    calls.wait().await; // Each ends within the limit of `receive`.
    calls_are_over.cancel();
    drafting.await.context("while drafting")?;
    tracker.close();
    tracker.wait().await;
    transcriber.stop().await;
    served.context("while serving agents")
}

struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

async fn listen(key: &str, address: SocketAddr) -> anyhow::Result<Listening> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("{key} = \"{address}\" cannot be listened on; choose another port, or 0"))?;
    let address = listener.local_addr().context("asking for the port")?;
    Ok(Listening { listener, address })
}

/// Loads the model off the runtime's threads: its sum is taken first, which reads the whole file.
async fn recognisers(config: &RecogniserConfig) -> anyhow::Result<Vec<Box<dyn Recognizer>>> {
    let config = config.clone();
    let loading = tokio::task::spawn_blocking(move || match config.kind {
        RecogniserKind::Whisper => {
            let model = Manifest::load(&config.models_dir)?.verify(&config.model)?;
            anyhow::Ok(Whisper::open(&model, config.workers)?)
        }
        RecogniserKind::Scripted => {
            Ok((0..config.workers).map(|_| Box::new(Scripted) as Box<dyn Recognizer>).collect())
        }
    });
    loading.await.context("while loading the model")?
}
