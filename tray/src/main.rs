//! `referent-tray`: arguments, log, `run`, exit code.

// No console window beside the icon.
#![cfg_attr(windows, windows_subsystem = "windows")]

use clap::{Parser, ValueEnum};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Shows in the tray what the agent does.
#[derive(Parser)]
#[command(name = "referent-tray", version)]
#[cfg_attr(not(any(target_os = "linux", windows)), expect(dead_code, reason = "there is no tray here yet"))]
struct Arguments {
    /// The agent's configuration file (TOML).
    #[arg(long, value_name = "FILE", default_value_os_t = referent_agent::system::usual_place())]
    config: PathBuf,
    /// A policy to try out; only on a machine that has none of its own.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// In which language.
    #[arg(long, default_value = "da")]
    lang: Lang,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lang {
    /// Danish.
    Da,
    /// English.
    En,
}

fn main() -> ExitCode {
    match start(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "{error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(any(target_os = "linux", windows)))]
fn start(_: &Arguments) -> anyhow::Result<()> {
    anyhow::bail!("there is no tray for this system yet; `referent-agent status` says what the agent does")
}

#[cfg(any(target_os = "linux", windows))]
fn start(arguments: &Arguments) -> anyhow::Result<()> {
    use anyhow::Context as _;
    use referent_agent::doctor::Language;
    use referent_agent::system::Stops;
    use referent_tray::run::{Setting, run};
    use tokio_util::sync::CancellationToken;

    referent_telemetry::core_dumps::forbid().context("core dumps cannot be switched off")?; // It knows the agent's token.
    let loaded = referent_agent::policy::load(&arguments.config, arguments.policy.as_deref())?;
    referent_telemetry::log(&loaded.config.log)?;
    rustls::crypto::ring::default_provider().install_default().ok();
    let language = match arguments.lang {
        Lang::Da => Language::Danish,
        Lang::En => Language::English,
    };
    let setting = Setting { state_dir: loaded.config.state_dir, pane: loaded.config.pane, language };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("while starting the runtime")?.block_on(async {
        let mut stops = Stops::listen().context("while listening for the system's signals")?;
        let shutdown = CancellationToken::new();
        let mut said = Ok(());
        let ran = run(setting, shutdown.clone(), || said = say_ready());
        let stop = async {
            stops.next().await;
            shutdown.cancel();
            std::future::pending::<()>().await;
        };
        let ran = tokio::select! {
            ran = ran => ran,
            () = stop => Ok(()),
        };
        ran.and(said.context("while writing to stdout"))
    })
}

#[cfg(any(target_os = "linux", windows))]
fn say_ready() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::json!({ "ready": true }))?;
    out.flush()
}
