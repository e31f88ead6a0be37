//! `referent-agent`: arguments, log, `run`, exit code.

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use referent_agent::clock::Clock;
use referent_agent::config::BadConfig;
use referent_agent::control::BeginBody;
use referent_agent::control::client::Agent;
use referent_agent::doctor::{self, Language, Question};
use referent_agent::identity::now_of;
use referent_agent::link::Link;
use referent_agent::policy::{self, Loaded};
use referent_agent::send::Limits;
use referent_agent::system::{Stops, usual_place};
use referent_agent::{Surroundings, capture};
use referent_identity::{Code, Place, enrol};
use referent_proto::{CallId, Direction, Track};
use referent_telemetry::{Program, core_dumps};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// Captures calls on this PC, keeps them safe, sends them.
#[derive(Parser)]
#[command(name = "referent-agent", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct ConfigFile {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE", default_value_os_t = usual_place())]
    config: PathBuf,
    /// A policy to try out; only on a machine that has none of its own.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl ConfigFile {
    fn load(&self) -> Result<Loaded, BadConfig> {
        policy::load(&self.config, self.policy.as_deref())
    }
}

#[derive(Subcommand)]
enum Command {
    /// Run until stopped.
    Run(ConfigFile),
    /// A call begins: tell the running agent.
    Start {
        #[command(flatten)]
        file: ConfigFile,
        /// The file to play, where the configuration says that sound comes from files.
        #[arg(long, value_name = "FILE")]
        wav: Option<PathBuf>,
        /// The case that the note belongs to.
        #[arg(long, value_name = "ID")]
        case: Option<String>,
        /// The department, if not the configured one.
        #[arg(long)]
        area: Option<String>,
        /// Who called whom.
        #[arg(long)]
        direction: Option<Called>,
        /// The telephony's id of the call.
        #[arg(long, value_name = "ID")]
        external_id: Option<String>,
        /// The call that ended too early, and that this one goes on with.
        #[arg(long, value_name = "ID")]
        continues: Option<CallId>,
        /// End a call that still goes on, instead of refusing.
        #[arg(long)]
        replace: bool,
    },
    /// Record nothing until `resume`: tell the running agent.
    Pause(ConfigFile),
    /// Go on after a pause: tell the running agent.
    Resume(ConfigFile),
    /// Pause, or go on after a pause: what a hot key is bound to.
    TogglePause(ConfigFile),
    /// The citizen agreed to be recorded, or did not: tell the running agent.
    Consent {
        #[command(flatten)]
        file: ConfigFile,
        /// What the citizen said.
        answer: Answer,
    },
    /// The citizen objects: erase everything of a call, here at once and on the server as soon as it is reached.
    Discard {
        #[command(flatten)]
        file: ConfigFile,
        /// The call, if it is not the one that goes on.
        #[arg(long, value_name = "ID")]
        call: Option<CallId>,
    },
    /// The key that opens a call's sound is gone for good: what is sealed for it becomes a gap on the note, and the rest
    /// is sent.
    GiveUp {
        #[command(flatten)]
        file: ConfigFile,
        /// The call, which has ended.
        #[arg(value_name = "CALL")]
        call: CallId,
    },
    /// They hung up: tell the running agent.
    Stop(ConfigFile),
    /// Follow a link: `referent://begin?case=ID`, `referent://hang-up`.
    Open {
        #[command(flatten)]
        file: ConfigFile,
        /// The link.
        link: String,
    },
    /// What the running agent does.
    Status {
        #[command(flatten)]
        file: ConfigFile,
        /// Everything, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Which sound devices there are.
    Devices(ConfigFile),
    /// Is everything there that a call needs? Each fault with its remedy; ends with 1 if there is one. Records nothing.
    Doctor {
        #[command(flatten)]
        file: ConfigFile,
        /// In which language.
        #[arg(long, default_value = "da")]
        lang: Lang,
        /// Both languages, as JSON.
        #[arg(long)]
        json: bool,
        /// For how many hours without a server there shall be room on the disk.
        #[arg(long, default_value_t = 8)]
        hours: u32,
    },
    /// Comes by this PC's certificate with a one-time code; the key is made here and stays here.
    Enrol {
        #[command(flatten)]
        file: ConfigFile,
        /// Where the server enrols, `https://host:port`: whoever made the code says it.
        #[arg(long, value_name = "URL")]
        server: String,
        /// The code; without it, it is asked for, so that no list of processes shows it.
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
    /// The configuration, as `run` reads it.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Is it in order? Shows every value, and whether it is the file's, the policy's or the default.
    Check(ConfigFile),
}

#[derive(Clone, Copy, ValueEnum)]
enum Lang {
    /// Danish.
    Da,
    /// English.
    En,
}

#[derive(Clone, Copy, ValueEnum)]
enum Called {
    /// The citizen called.
    Incoming,
    /// The caseworker called.
    Outgoing,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Answer {
    /// Record from now on.
    Yes,
    /// Record nothing, or nothing more.
    No,
}

fn main() -> ExitCode {
    let result = core_dumps::forbid().context("core dumps cannot be switched off").and_then(|()| {
        let arguments = Arguments::parse();
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().context("while starting the runtime")?;
        runtime.block_on(act(arguments.command))
    });
    match result {
        Ok(code) => code,
        Err(error) => {
            writeln!(std::io::stderr(), "{error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn act(command: Command) -> anyhow::Result<ExitCode> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let done = match command {
        Command::Doctor { file, lang, json, hours } => return examine(&file, lang, json, hours).await,
        Command::Enrol { file, server, code } => enrol_this_pc(&file, &server, code).await,
        Command::Config(ConfigCommand::Check(file)) => say(&file.load()?.in_words()),
        Command::Run(file) => run(&file).await,
        Command::Start { file, wav, case, area, direction, external_id, continues, replace } => {
            // The agent has a working directory of its own.
            let absolute = |wav: PathBuf| std::path::absolute(&wav).unwrap_or(wav);
            let direction = direction.map(|direction| match direction {
                Called::Incoming => Direction::Incoming,
                Called::Outgoing => Direction::Outgoing,
            });
            let body =
                BeginBody { wav: wav.map(absolute), case_id: case, area, direction, external_id, continues, replace };
            say(&running(&file)?.start(&body).await?.to_string())
        }
        Command::Pause(file) => say(&running(&file)?.pause().await?.to_string()),
        Command::Resume(file) => say(&running(&file)?.resume().await?.to_string()),
        Command::TogglePause(file) => {
            let (call, is_paused) = running(&file)?.toggle_pause().await?;
            say(&format!("{call}: {}", if is_paused { "paused" } else { "goes on" }))
        }
        Command::Consent { file, answer } => say(&running(&file)?.consent(answer == Answer::Yes).await?.to_string()),
        Command::Discard { file, call } => say(&running(&file)?.discard(call).await?.to_string()),
        Command::Open { file, link } => {
            let agent = running(&file)?;
            let call = match Link::parse(&link)? {
                Link::Begin(body) => agent.start(&body).await?,
                Link::HangUp => agent.stop().await?,
            };
            say(&call.to_string())
        }
        Command::GiveUp { file, call } => {
            let key = running(&file)?.give_up(call).await?;
            say(&format!("{call}: what is sealed for the key {key} becomes a gap, and the rest is sent"))
        }
        Command::Stop(file) => say(&running(&file)?.stop().await?.to_string()),
        Command::Status { file, json } => {
            let status = running(&file)?.status().await?;
            say(&if json { serde_json::to_string_pretty(&status)? } else { in_words(&status) })
        }
        Command::Devices(file) => {
            file.load()?;
            say(&devices())
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

async fn enrol_this_pc(file: &ConfigFile, server: &str, code: Option<String>) -> anyhow::Result<()> {
    let config = file.load()?.config;
    let folder = match config.tls {
        Some(Place::Folder(folder)) => folder,
        Some(Place::Files { .. }) => bail!("[tls] names files of an authority elsewhere; certificates are made there"),
        None => bail!("pipeline = \"{}\" needs no certificate; write https:// first", config.pipeline),
    };
    let code: Code = code.map_or_else(asked_for, Ok)?.parse()?;
    let peer = enrol::enrol(server, &code, &folder, &now_of(&Clock::system())).await?;
    say(&format!("Pc'en er tilmeldt som {0}. / This PC is enrolled as {0}.", peer.subject))
}

fn asked_for() -> anyhow::Result<String> {
    say("Koden / the code:")?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("the code cannot be read")?;
    Ok(line)
}

async fn examine(file: &ConfigFile, lang: Lang, json: bool, hours: u32) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let question = Question { config: &file.config, policy: file.policy.as_deref(), hours, clock: &clock };
    let diagnosis = doctor::examine(&question).await;
    let language = match lang {
        Lang::Da => Language::Danish,
        Lang::En => Language::English,
    };
    say(&if json { serde_json::to_string_pretty(&diagnosis)? } else { diagnosis.in_words(language) })?;
    Ok(if diagnosis.is_healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(file: &ConfigFile) -> anyhow::Result<()> {
    let loaded = file.load()?;
    let policy = loaded.policy().map(std::path::Path::to_owned);
    let Loaded { config, overruled, .. } = loaded;
    // No instance: it would name the caseworker's PC.
    let program = Program { name: "referent-agent", version: env!("CARGO_PKG_VERSION"), instance: None };
    // It calls every device that is closed an error; what is one is said by `capture`.
    let log = format!("pulseaudio=off,{}", config.log);
    let telemetry = referent_telemetry::start(program, &log, config.telemetry.as_ref())
        .with_context(|| file.config.display().to_string())?;
    if let Some(policy) = policy {
        tracing::info!(policy = %policy.display(), "this policy stands above the file");
    }
    for key in overruled {
        tracing::warn!(
            key = key.key,
            line = key.line,
            "the machine's policy decides this key; the file's value does not hold"
        );
    }
    let shutdown = CancellationToken::new();
    let mut stops = Stops::listen().context("while listening for the system's signals")?;
    let surroundings = Surroundings {
        clock: Clock::system(),
        chance: chance(),
        limits: Limits::default(),
        shutdown: shutdown.clone(),
    };
    let mut said = Ok(());
    let agent = referent_agent::run(config, surroundings, |http| {
        said = say(&serde_json::json!({ "ready": true, "http": http.to_string() }).to_string());
    });
    let signals = async {
        for times in 0.. {
            stops.next().await;
            if times > 0 {
                return;
            }
            tracing::info!("stopping; what is on its way is sent first, a second signal ends it at once");
            shutdown.cancel();
        }
    };
    let ran = tokio::select! {
        result = agent => result.with_context(|| file.config.display().to_string()),
        () = signals => std::process::exit(130),
    };
    telemetry.stop().await;
    ran.and(said)
}

#[expect(clippy::disallowed_methods, reason = "this is where chance comes from")]
fn chance() -> rand::rngs::ThreadRng {
    rand::rng()
}

fn running(file: &ConfigFile) -> anyhow::Result<Agent> {
    Ok(Agent::of(&file.load()?.config.state_dir)?)
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).context("while writing to stdout")
}

fn in_words(status: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let seconds = status["since_ms"].as_u64().unwrap_or(0) / 1000;
    let mut lines = vec![format!("{} for {seconds} s: {}", text(&status["state"]), text(&status["reason"]["en"]))];
    if let Some(step) = status["next_step"]["en"].as_str() {
        lines.push(step.to_owned());
    }
    if let Some(call) = status["call"]["id"].as_str() {
        let recorded = &status["call"]["recorded_ms"];
        let part = |track: &str| recorded[track].as_u64().unwrap_or(0) / 1000;
        lines.push(format!("call {call}: {} s near, {} s far", part("near"), part("far")));
        for track in Track::BOTH {
            if let Some(problem) = status["call"]["problem"][track.name()].as_str() {
                lines.push(problem.to_owned());
            }
        }
    }
    if let Some(problem) = status["identity"]["problem"]["en"].as_str() {
        lines.push(problem.to_owned());
    }
    let waiting = status["spool"]["waiting"].as_array();
    for call in waiting.into_iter().flatten() {
        if let (Some(id), Some(problem)) = (call["id"].as_str(), call["problem"]["en"].as_str()) {
            lines.push(format!("call {id} (key {}): {problem}", text(&call["missing_key"])));
        }
    }
    let waiting = waiting.map_or(0, Vec::len);
    let bytes = status["spool"]["bytes"].as_u64().unwrap_or(0);
    lines.push(format!("spool: {waiting} call(s) not complete, {} kB", bytes / 1000));
    lines.join("\n")
}

fn devices() -> String {
    let lines = capture::devices().into_iter().map(|device| {
        let tracks: Vec<&str> = device.tracks.iter().map(|track| track.name()).collect();
        let fits = if tracks.is_empty() { "-".to_owned() } else { tracks.join(", ") };
        format!("{fits:<10} {}   {}", device.id, device.name)
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { "no sound devices; is a sound server running?".to_owned() } else { lines.join("\n") }
}
