//! Turns the sound of a call into text while it goes on, and into a draft when it ends; keeps nothing.
//!
//! ```text
//! agent ──▶ receive ──▶ call ──▶ timeline ──▶ vad, segment ──▶ transcribe ──▶ join, settle ──▶ notes ──▶ notes-api
//!              ▲          │                          │          ▲    │                      ▲
//!              └─ credit ─┘                          └ partial ─┘    └─▶ recogniser         │
//!                                      at hang-up: jobs ──▶ draft ──────────────────────────┘
//! ```
//!
//! The modules stand in the order of the data. Nothing is kept: any worker may die at any instant. `transcribe` asks a
//! process of its own (`recogniser`) or servers elsewhere; `admission` says how many calls may come. `echo` compares the two
//! tracks, before a near utterance is settled. `open` opens what agents have sealed, before `call` looks at it.

pub mod config;
pub mod openai;
pub mod admission;
pub mod receive;
pub mod open;
pub mod call;
pub mod track;
pub mod timeline;
pub mod vad;
pub mod segment;
pub mod partial;
pub mod transcribe;
pub mod recogniser;
pub mod echo;
pub mod harvest;
pub mod join;
pub mod settle;
pub mod notes;
pub mod draft;
pub mod eval;
pub mod jobs;
pub mod preview;
pub mod metric;

use anyhow::Context as _;
use call::Shared;
use config::{Config, Context, RecogniserConfig, RecogniserKind};
use draft::Drafters;
use draft::warm::Warmer;
use jobs::Jobs;
use metrics_exporter_prometheus::PrometheusHandle;
use notes::Notes;
use open::Keys;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use receive::Turnstile;
use recogniser::Recognisers;
use recogniser::child::this_program;
use recogniser::message::{Engine, Faults, Setup};
use referent_identity::{Credentials, Now, renew};
use referent_models::Manifest;
use referent_proto::WorkerId;
use segment::Rules;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use transcribe::doubt::Judges;
use transcribe::remote::Remote;
use transcribe::{Recognizer, Transcriber};
use vad::Detector;
use vad::silero::Weights;

/// Utterances a second of a call, both sides together: people speak for three fifths of the time, four seconds at once.
const UTTERANCES: f64 = 0.15;
/// What an utterance costs of the whole window, where the encoder's is fitted to it.
const FITTED: f64 = 0.25;
/// Requests that a call keeps under way at a server elsewhere, before that is measured.
const A_CALL_ELSEWHERE: f64 = 0.1;

/// What a worker is run with, beside its configuration.
#[derive(Debug)]
pub struct Surroundings {
    /// The name of this process to notes-api.
    pub worker: WorkerId,
    /// Where the chance of the backoff comes from.
    pub chance: StdRng,
    /// What time it is, for certificates; nothing else looks.
    pub now: Now,
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
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let Some(setup) = process(&config) else {
        let remote = config.recogniser.remote.as_ref().context("recogniser.remote")?;
        let recognisers = Remote::open(remote)?;
        return run_with(config, recognisers, A_CALL_ELSEWHERE, surroundings, on_ready).await;
    };
    let program = this_program().to_owned();
    let Recognisers { slots, warming, supervising } =
        recogniser::start(program, setup, recogniser::Limits::default(), &tracker, stop.clone()).await?;
    let window = match config.recogniser.context {
        Context::Full => 1.0,
        Context::Fitted => FITTED,
    };
    let prior = UTTERANCES * warming.as_secs_f64() * window;
    let shutdown = surroundings.shutdown.clone();
    let serving = async {
        let served = run_with(config, slots, prior, surroundings, on_ready).await;
        stop.cancel();
        served
    };
    let supervising = async {
        let supervised = supervising.await.context("while watching the recogniser process");
        shutdown.cancel(); // Either the worker has ended, or it can hear nothing any more.
        supervised?
    };
    let (served, supervised) = tokio::join!(serving, supervising);
    tracker.close();
    tracker.wait().await;
    supervised.and(served)
}

/// As [`run`], with recognisers that are there already; one call is thought to keep `prior` of them busy, until that is
/// measured.
pub async fn run_with(
    config: Config,
    recognisers: Vec<Box<dyn Recognizer>>,
    prior: f64,
    surroundings: Surroundings,
    on_ready: impl FnOnce(Addresses),
) -> anyhow::Result<()> {
    let Surroundings { worker, mut chance, now, metrics, shutdown } = surroundings;
    metric::describe();
    let http = listen("http", config.http).await?;
    let grpc = listen("grpc", config.grpc).await?;
    let tls = config.tls.clone().map(|place| Credentials::open(place, now)).transpose().context("tls")?;
    let way =
        notes::way(&config.notes_api, tls.clone()).with_context(|| format!("notes_api = \"{}\"", config.notes_api))?;
    let drafters = Arc::new(Drafters::new(&config.drafter)?.with_models(&config.models)?);
    let warm_every = config.drafter.llm.as_ref().and_then(|llm| llm.warm_every);
    let warmer = Warmer::new(Arc::clone(&drafters), warm_every);
    let transcriber = Transcriber::start(recognisers).context("starting the recognisers")?;
    let (jobs, given) = Jobs::channel();
    let turnstile = Arc::new(Turnstile::new(transcriber.clone(), prior));
    let shared = Arc::new(Shared {
        notes: Notes::new(&way, worker),
        tls: tls.clone(),
        transcriber: transcriber.clone(),
        turnstile: Arc::clone(&turnstile),
        jobs,
        warmer,
        keys: Keys::load(config.seal_keys.as_deref())?,
        language: config.language,
        context: config.recogniser.context,
        detector: detector(&config.recogniser)?,
        judges: judges(&config.recogniser)?,
        rules: Rules::default(),
        partials: config.recogniser.partials,
        shutdown: shutdown.clone(),
    });

    let tracker = TaskTracker::new();
    let calls_are_over = CancellationToken::new();
    if let Some(tls) = tls {
        let chance = StdRng::from_rng(&mut chance);
        tracker.spawn(renew::keep_fresh(tls, chance, renew::LOOK_EVERY, calls_are_over.clone()));
    }
    let drafting = tracker.spawn(jobs::run(way, worker, drafters, given, chance, calls_are_over.clone()));
    let metrics_server = axum::serve(http.listener, metric::router(metrics, move || turnstile.is_open()));
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

/// What tells speech from noise; small enough to be read here.
fn detector(config: &RecogniserConfig) -> anyhow::Result<Detector> {
    let Some(name) = &config.vad else { return Ok(Detector::Embedded) };
    let path = Manifest::load(&config.models_dir)?.verify(name)?;
    let weights = Weights::open(path.as_path()).context("recogniser.vad")?;
    tracing::info!(model = path.name(), "speech is told from noise by the Silero network");
    Ok(Detector::Silero(Arc::new(weights)))
}

/// What doubts texts, with the list and the table that lie beside the model.
fn judges(config: &RecogniserConfig) -> anyhow::Result<Judges> {
    let model = match config.kind {
        RecogniserKind::Whisper => Some(Manifest::load(&config.models_dir)?.file_of(&config.model)),
        RecogniserKind::Remote | RecogniserKind::Scripted => None,
    };
    Ok(Judges::load(model.as_deref())?)
}

/// What the recogniser process shall be; `None` where servers elsewhere hear.
fn process(config: &Config) -> Option<Setup> {
    let RecogniserConfig { kind, model, models_dir, workers, .. } = &config.recogniser;
    let engine = match kind {
        RecogniserKind::Whisper => Engine::Whisper { model: model.clone(), models_dir: models_dir.clone() },
        RecogniserKind::Scripted => Engine::Scripted(Faults::default()),
        RecogniserKind::Remote => return None,
    };
    Some(Setup { engine, workers: *workers, log: config.log.clone() })
}
