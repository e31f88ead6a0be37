//! `make demo`: one sample call becomes one note before your eyes.
//!
//! Starts the three real programs on loopback, prints one address with a one-time token, and plays a two-channel WAV
//! through the agent in real time once the page is open. `--headless` plays at once and prints transcript, draft and
//! timings instead.

use anyhow::{Context as _, Result};
use clap::Parser;
use referent_tests::SampleCall;
use referent_tests::caseworker::sentences;
use referent_tests::world::{Pace, World};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How long the call waits for somebody to open the page before it begins all the same.
const PAGE_WITHIN: Duration = Duration::from_mins(2);

/// One sample call becomes one note.
#[derive(Parser)]
struct Arguments {
    /// A WAV with two channels: the caseworker first, the citizen second.
    #[arg(long)]
    call: Option<PathBuf>,
    /// Play at once, print transcript, draft and timings, and end.
    #[arg(long)]
    headless: bool,
    /// With --headless: print one JSON object.
    #[arg(long, requires = "headless")]
    json: bool,
    /// Port of the page.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where the programs keep their things; an empty folder of its own unless given.
    #[arg(long)]
    folder: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let wav = match &arguments.call {
        Some(path) => path.canonicalize().with_context(|| format!("CALL={} cannot be played", path.display()))?,
        None => SampleCall::named("boligstoette-flytning")?.wav,
    };
    let own_folder = tempfile::Builder::new().prefix("referent-demo-").tempdir()?;
    let folder = arguments.folder.as_deref().unwrap_or(own_folder.path());
    let port = if arguments.headless { 0 } else { arguments.port };
    std::net::TcpListener::bind(("127.0.0.1", port))
        .with_context(|| format!("port {port} cannot be had; choose another: make demo PORT=9000"))?;
    let world = World::builder(folder).pace(Pace::RealTime).http_port(port).start().await?;
    let result = tokio::select! {
        result = show(&world, &arguments, &wav) => result,
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    world.stop().await?;
    result
}

async fn show(world: &World, arguments: &Arguments, wav: &std::path::Path) -> Result<()> {
    if arguments.headless {
        return headless(world, arguments, wav).await;
    }
    let token = world.token().context("notes-api gave no token")?;
    say(&format!(
        "\n  Open this page; the call begins when you do:\n\n      {}/#token={token}\n\n  Ctrl-C stops everything.\n",
        world.notes_url()
    ));
    if !world.page_is_opened(PAGE_WITHIN).await {
        say("  Nobody has opened the page yet; the call begins now.");
    }
    let call = world.begin_call(wav).await?;
    say(&format!("  The call {call} plays: {}", wav.display()));
    std::future::pending().await
}

async fn headless(world: &World, arguments: &Arguments, wav: &std::path::Path) -> Result<()> {
    let caseworker = world.caseworker().await?;
    let call = world.begin_call(wav).await?;
    let patience = Duration::from_mins(1) + wav_length(wav)?;
    let call = caseworker.wait_for_draft(&call, patience).await?;
    say(&if arguments.json { as_json(&call).to_string() } else { as_text(&call)? });
    Ok(())
}

fn wav_length(wav: &std::path::Path) -> Result<Duration> {
    let reader = hound::WavReader::open(wav)
        .with_context(|| format!("{} is not a WAV file; give one with two channels", wav.display()))?;
    Ok(Duration::from_secs_f64(f64::from(reader.duration()) / f64::from(reader.spec().sample_rate.max(1))))
}

fn as_json(call: &Value) -> Value {
    json!({
        "call": call["id"],
        "utterances": call["utterances"],
        "gaps": call["gaps"],
        "draft": call["draft"],
        "hang_up_to_first_sentence_ms": call["draft"]["first_sentence_ms"],
        "hang_up_to_whole_draft_ms": call["draft"]["whole_ms"],
    })
}

fn as_text(call: &Value) -> Result<String> {
    use std::fmt::Write as _;
    let mut text = String::from("\nSamtalen\n");
    for said in call["utterances"].as_array().into_iter().flatten() {
        let seconds = said["start_ms"].as_u64().unwrap_or_default() / 1000;
        let who = if said["track"] == "near" { "Sagsbehandler" } else { "Borger" };
        writeln!(text, "  {:02}:{:02} {who:<14}{}", seconds / 60, seconds % 60, plain(&said["text"]))?;
    }
    text += "\nUdkast\n";
    for section in call["sections"].as_array().into_iter().flatten() {
        writeln!(text, "  {}", plain(&section["heading"]))?;
        for sentence in sentences(call).filter(|sentence| sentence["section"] == section["id"]) {
            let evidence = sentence["evidence"].as_array().map_or(0, Vec::len);
            writeln!(text, "    - {} [{evidence}]", plain(&sentence["text"]))?;
        }
    }
    let seconds = |value: &Value| value.as_f64().unwrap_or(f64::NAN) / 1000.0;
    writeln!(
        text,
        "\nHang-up to first sentence {:.2} s, to whole draft {:.2} s; drafter: {}",
        seconds(&call["draft"]["first_sentence_ms"]),
        seconds(&call["draft"]["whole_ms"]),
        plain(&call["draft"]["origin"]["kind"]),
    )?;
    Ok(text)
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn say(text: &str) {
    // A closed terminal is no reason to stop the call.
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn say_error(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
