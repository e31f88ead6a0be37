//! `referent-pipeline serve --config FILE`, `referent-pipeline models list`: arguments, log, run, exit code.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use referent_models::{Kind, Manifest, Model, ModelError};
use referent_pipeline::config::Config;
use referent_pipeline::{Ready, Surroundings, prometheus, run};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Turns the sound of calls into text and drafts.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Serves agents until it is asked to stop.
    Serve {
        /// The configuration, see docs/operating.md.
        #[arg(long)]
        config: PathBuf,
    },
    /// The speech models that this version knows.
    Models {
        /// Where they are.
        #[arg(long, default_value = "models", global = true)]
        models_dir: PathBuf,
        #[command(subcommand)]
        what: Models,
    },
}

#[derive(Subcommand)]
enum Models {
    /// Which there are, and which are here.
    List,
    /// Whether the files that are here are what they must be.
    Verify {
        /// A name, or the path of a file; all that are here if none is given.
        name: Option<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Serve { config } => serve(&config).await,
        What::Models { models_dir, what } => models(&models_dir, what),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let sentence = format!("{error:#}").replace('\n', " ");
            // Whoever closed stderr does not want to know.
            drop(writeln!(std::io::stderr(), "referent-pipeline: {sentence}"));
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: &Path) -> anyhow::Result<()> {
    forget_speech_on_a_crash()?;
    let config = Config::load(config)?;
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)
        .with_context(|| format!("log = \"{}\" is not understood; write for example log = \"info\"", config.log))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    drop(rustls::crypto::ring::default_provider().install_default());
    let recorder = prometheus::recorder();
    let around = Surroundings { chance: chance(), metrics: recorder.handle() };
    metrics::set_global_recorder(recorder).context("a second recorder of metrics")?;

    let shutdown = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = run(config, around, say_ready, shutdown.clone());
    tokio::pin!(running);
    tokio::select! {
        ended = &mut running => return ended,
        () = asked_to_stop(&mut terminate, &mut interrupt) => shutdown.cancel(),
    }
    tokio::select! {
        ended = running => ended,
        () = asked_to_stop(&mut terminate, &mut interrupt) => std::process::exit(130),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where chance comes in")]
fn chance() -> StdRng {
    StdRng::from_rng(&mut rand::rng())
}

async fn asked_to_stop(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn say_ready(ready: &Ready) {
    let line = serde_json::to_string(ready).expect("addresses are JSON");
    say(&line);
}

/// A closed stdout is no reason to stop.
fn say(line: &str) {
    let mut stdout = std::io::stdout();
    drop(writeln!(stdout, "{line}").and_then(|()| stdout.flush()));
}

/// No core dumps: they would hold what was said.
fn forget_speech_on_a_crash() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).context("core dumps cannot be switched off")
}

fn models(dir: &Path, what: Models) -> anyhow::Result<()> {
    let manifest = Manifest::load(dir)?;
    match what {
        Models::List => {
            manifest.models().iter().for_each(|model| say(&line_of(&manifest, model)));
            Ok(())
        }
        Models::Verify { name: Some(name) } => {
            let path = manifest.verify(&name)?;
            say(&format!("{}: whole, SHA-256 {}", path.name(), path.sha256()));
            Ok(())
        }
        Models::Verify { name: None } => {
            let mut wrong = 0;
            for model in manifest.models() {
                match manifest.verify(&model.name) {
                    Ok(path) => say(&format!("{}: whole, SHA-256 {}", model.name, path.sha256())),
                    Err(ModelError::Missing { .. }) => {}
                    Err(error) => {
                        wrong += 1;
                        say(&format!("{}: {error}", model.name));
                    }
                }
            }
            anyhow::ensure!(wrong == 0, "{wrong} of the models that are here must not be loaded; see above");
            Ok(())
        }
    }
}

fn line_of(manifest: &Manifest, model: &Model) -> String {
    let kind = match model.kind {
        Kind::Speech => "speech",
        Kind::Vad => "vad",
    };
    let here = if manifest.path_of(model).exists() { "here".into() } else { manifest.how_to_get(model) };
    let mut line = format!(
        "{:<20} {kind:<7} {:>5} MB  {:<8} {:<9}",
        model.name,
        model.bytes / 1_000_000,
        model.languages.join(","),
        model.licence
    );
    line.extend(model.published_wer.iter().map(|wer| format!("  {} % on {}", wer.percent, wer.dataset)));
    format!("{line}  {here}")
}
