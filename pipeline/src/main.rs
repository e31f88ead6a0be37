//! `referent-pipeline`: arguments, configuration, log, `run`, exit code.

mod enrol_command;
mod eval_command;
mod harvest_command;
mod models_command;
mod preview_command;
mod seal_key_command;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use harvest_command::Harvest;
use models_command::{Models, say};
use preview_command::Preview;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use referent_identity::Now;
use referent_pipeline::config::Config;
use referent_pipeline::{Surroundings, metric, run};
use referent_proto::WorkerId;
use referent_telemetry::{Program, core_dumps};
use seal_key_command::SealKey;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Turns the sound of calls into text and drafts; keeps nothing.
#[derive(Parser)]
#[command(name = "referent-pipeline", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve agents until stopped.
    Serve {
        /// The configuration file (TOML), see docs/operating.md.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Comes by a certificate with a one-time code (`referent-notes-api enrol --kind pipeline`).
    Enrol {
        /// The configuration file (TOML), whose `tls.identity` is filled.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Where notes-api enrols: `https://host:port` of its `tls.enrol`.
        #[arg(long, value_name = "URL")]
        server: String,
        /// The code; without it, it is asked for, so that no list of processes shows it.
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
    /// Which speech models there are, how to come by them, and whether they are what they should be.
    #[command(subcommand)]
    Models(Models),
    /// Shows what an area makes of a written call: the prompt, and the draft with its evidence.
    Preview(Preview),
    /// Finds out what a model writes where nobody speaks, and lists it beside the model.
    Harvest(Harvest),
    /// How a drafter and the guards do on dialogues whose truth is known.
    Eval(eval_command::Eval),
    /// The keys that agents seal sound for, and workers open it with.
    #[command(subcommand)]
    SealKey(SealKey),
    /// Hears for one worker, which starts this itself.
    #[command(hide = true)]
    Recognise,
}

fn main() -> ExitCode {
    let no_cores = core_dumps::forbid();
    let result = no_cores.context("core dumps cannot be switched off").and_then(|()| act(Arguments::parse().command));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever closed stderr does not want to know.
            drop(writeln!(std::io::stderr(), "referent-pipeline: {}", format!("{error:#}").replace('\n', " ")));
            ExitCode::FAILURE
        }
    }
}

fn act(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { config } => {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(2).enable_all().build().context("while starting the runtime")?;
            runtime.block_on(serve(&config))
        }
        Command::Enrol { config, server, code } => enrol_command::act(&config, &server, code.as_deref()),
        Command::Harvest(command) => harvest_command::act(command),
        Command::Preview(command) => preview_command::act(&command, now_ms()),
        Command::Eval(command) => eval_command::act(&command),
        Command::Recognise => referent_pipeline::recogniser::child::run(),
        Command::Models(command) => models_command::act(command),
        Command::SealKey(command) => seal_key_command::act(&command),
    }
}

async fn serve(file: &Path) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    let mut chance = chance();
    let worker = WorkerId::new(now_ms(), chance.random());
    let program =
        Program { name: "referent-pipeline", version: env!("CARGO_PKG_VERSION"), instance: Some(worker.to_string()) };
    let telemetry = referent_telemetry::start(program, &config.log, config.telemetry.as_ref())
        .with_context(|| file.display().to_string())?;
    drop(rustls::crypto::ring::default_provider().install_default());
    let recorder = metric::recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("a second recorder of metrics")?;
    let shutdown = CancellationToken::new();
    let surroundings = Surroundings { worker, chance, now: Now::system(), metrics: handle, shutdown: shutdown.clone() };
    let mut said = Ok(());
    let running = run(config, surroundings, |addresses| {
        let ready = serde_json::json!({
            "ready": true, "http": addresses.http.to_string(), "grpc": addresses.grpc.to_string()
        });
        said = say(&ready.to_string());
    });
    let signals = async {
        let mut terminate = signal(SignalKind::terminate()).context("while listening for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("while listening for SIGINT")?;
        asked_to_stop(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping; what is being heard and drafted is finished, a second signal ends it at once");
        shutdown.cancel();
        asked_to_stop(&mut terminate, &mut interrupt).await;
        anyhow::Ok(())
    };
    let ran = tokio::select! {
        result = running => result.with_context(|| file.display().to_string()),
        result = signals => {
            result?;
            std::process::exit(130);
        }
    };
    telemetry.stop().await;
    ran.and(said)
}

async fn asked_to_stop(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where chance comes from")]
fn chance() -> StdRng {
    let mut seed = [0; 32];
    rand::rng().fill_bytes(&mut seed);
    StdRng::from_seed(seed)
}

/// For the name of this process, and the day of a preview that names none; no word and no offset of a call depends on it.
#[expect(clippy::disallowed_methods, reason = "the worker's name is made where the process begins")]
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
