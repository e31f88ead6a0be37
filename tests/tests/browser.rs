//! A caseworker's browser: headless Chromium at the real pane, while a real call plays.
//!
//! The steps stand in `notes-api/pane/e2e/real.mjs`; its screenshots lie in `target/screenshots` of the tests' folder.

use anyhow::{Context as _, Result, ensure};
use referent_tests::language_server::LanguageServer;
use referent_tests::world::Pace;
use referent_tests::{SampleCall, World};
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;
use tokio::process::{Child, Command};

/// What the language model writes of the call, a line at a time, so that the pane is seen filling.
const DRAFT: &[&str] = &[
    "## Årsag til henvendelse",
    "- Borgeren er flyttet til en mindre lejlighed i Odense, og boligstøtten er stoppet. [2]",
    "## Oplysninger",
    "- Borgeren flyttede den 15. april og har meldt flytning til kommunen. [7]",
    "- Den nye husleje er 6.450 kroner uden varme. [12]",
    "- Lejligheden er på 58 kvadratmeter, og borgeren bor alene. [12]",
    "## Aftalt",
    "- Borgeren uploader lejekontrakten på borger.dk med MitID senest den 20. maj. [14]",
    "- Behandlingstiden er omkring fire uger. [17]",
];

/// Whether stories can be told here; where CI is, they must be.
#[expect(clippy::disallowed_methods, reason = "a test has no config.rs")]
fn has_chromium() -> Result<bool> {
    let chromium = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];
    let is_there = chromium.iter().any(|path| Path::new(path).exists());
    if !is_there {
        ensure!(std::env::var("CI").is_err(), "Chromium is not installed: apt-get install chromium");
        tracing::warn!("skipped: Chromium is not installed (apt-get install chromium)");
    }
    Ok(is_there)
}

/// A story of `notes-api/pane/e2e`; its screenshots lie beside those of the others.
fn told(script: &str, about: &OsStr) -> Result<Child> {
    let screenshots = referent_tests::program::binaries()?.join("screenshots");
    std::fs::create_dir_all(&screenshots)?;
    let pane = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notes-api/pane");
    let mut node = Command::new("node");
    node.arg(script).arg(about).env("SCREENSHOTS", &screenshots).current_dir(pane).kill_on_drop(true);
    node.spawn().with_context(|| format!("node runs {script}"))
}

async fn ended_well(mut story: Child, within: Duration) -> Result<()> {
    let status = tokio::time::timeout(within, story.wait()).await.context("the browser ends")??;
    ensure!(status.success(), "the story ended with {status}; its screenshots lie beside the binaries");
    Ok(())
}

/// npm's `oidc-provider` needs a Node.js that is newer than the pane does.
async fn node_has_a_provider() -> Result<bool> {
    let said = Command::new("node").arg("--version").output().await.context("node --version")?;
    let version = String::from_utf8_lossy(&said.stdout);
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    let is_new_enough = major.is_some_and(|major| major >= 20);
    if !is_new_enough {
        tracing::warn!(version = version.trim(), "skipped: the provider of this story needs Node.js 20 or newer");
    }
    Ok(is_new_enough)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_logs_in_at_a_real_provider_and_who_may_not_reads_why() -> Result<()> {
    if !has_chromium()? || !node_has_a_provider().await? {
        return Ok(());
    }
    let notes_api = referent_tests::program::binaries()?.join("referent-notes-api");
    ended_well(told("e2e/login.mjs", notes_api.as_os_str())?, Duration::from_mins(3)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caseworker_sees_the_words_come_corrects_the_draft_and_saves_it() -> Result<()> {
    if !has_chromium()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let model = LanguageServer::slow(DRAFT).await?;
    let world = World::builder(folder.path()).pace(Pace::RealTime).drafter(&model.drafter()).start().await?;
    let url = format!("{}/#token={}", world.notes_url(), world.token().context("a token")?);
    let story = told("e2e/real.mjs", OsStr::new(&url))?;
    ensure!(world.page_is_opened(Duration::from_mins(1)).await, "the browser did not open the pane");
    world.begin_call(&sample.wav).await?;
    ended_well(story, Duration::from_mins(4)).await?;
    world.stop().await
}
