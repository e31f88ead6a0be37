//! `referent-notes-api --config FILE [COMMAND]`: arguments, configuration, log, run, exit code.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use referent_notes_api::audit::command::{self as audit, Audit};
use referent_notes_api::ca::command as ca;
use referent_notes_api::clock::{Chance, Clock};
use referent_notes_api::config::Config;
use referent_notes_api::delivery::command::{self as delivery, Deliveries};
use referent_notes_api::retention::command as retention;
use referent_notes_api::{Ready, Surroundings, prometheus, run};
use referent_telemetry::{Program, core_dumps};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Keeps the words, drafts, edits and notes of every call, and serves the pane.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration, see docs/operating.md.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Without one, it serves.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Identity(ca::Command),
    #[command(flatten)]
    Retention(retention::Command),
    /// Who read and changed what, in chains that show whether somebody altered them.
    #[command(subcommand)]
    Audit(Audit),
    /// What was sent to other systems, and what was not.
    #[command(subcommand)]
    Deliveries(Deliveries),
}

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(start(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let sentence = format!("{error}").replace('\n', " ");
            // Whoever closed stderr does not want to know.
            drop(writeln!(std::io::stderr(), "referent-notes-api: {sentence}"));
            ExitCode::FAILURE
        }
    }
}

async fn start(arguments: Arguments) -> anyhow::Result<()> {
    core_dumps::forbid().context("core dumps cannot be switched off")?;
    let file = arguments.config.context("--config FILE is missing: the configuration, see docs/operating.md")?;
    let config = Config::read(&file)?;
    if let Some(command) = arguments.command {
        let said = match command {
            Command::Identity(command) => ca::act(command, &config, &Clock::System, &Chance::from_system()).await?,
            Command::Retention(command) => {
                retention::act(command, &config, &Clock::System, &Chance::from_system()).await?
            }
            Command::Audit(command) => audit::act(command, &config).await?,
            Command::Deliveries(command) => {
                delivery::act(command, &config, &Clock::System, &Chance::from_system()).await?
            }
        };
        return say(&said).context("stdout is closed");
    }
    let program = Program { name: "referent-notes-api", version: env!("CARGO_PKG_VERSION"), instance: None };
    let telemetry = referent_telemetry::start(program, &config.log, config.telemetry.as_ref())
        .map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    drop(rustls::crypto::ring::default_provider().install_default());
    let recorder = prometheus::recorder();
    let around = Surroundings { clock: Clock::System, chance: Chance::from_system(), metrics: recorder.handle() };
    metrics::set_global_recorder(recorder).context("a second recorder of metrics")?;

    let shutdown = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = run(config, around, say_ready, shutdown.clone());
    tokio::pin!(running);
    let ended = tokio::select! {
        ended = &mut running => ended,
        () = asked_to_stop(&mut terminate, &mut interrupt) => {
            shutdown.cancel();
            tokio::select! {
                ended = running => ended,
                () = asked_to_stop(&mut terminate, &mut interrupt) => std::process::exit(130),
            }
        }
    };
    telemetry.stop().await;
    ended
}

async fn asked_to_stop(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn say_ready(ready: &Ready) {
    let line = serde_json::to_string(ready).expect("addresses and a token are JSON");
    // A closed stdout is no reason to stop.
    drop(say(&line));
}

fn say(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush())
}
