//! A caseworker's browser: headless Chromium at the real pane, while a real call plays.
//!
//! The steps stand in `notes-api/pane/e2e/real.mjs`; its screenshots lie in `target/screenshots` of the tests' folder.

use anyhow::{Context as _, Result, ensure};
use referent_tests::language_server::LanguageServer;
use referent_tests::world::Pace;
use referent_tests::{SampleCall, World};
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;

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

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "a test has no config.rs")]
async fn a_caseworker_sees_the_words_come_corrects_the_draft_and_saves_it() -> Result<()> {
    let chromium = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];
    if !chromium.iter().any(|path| Path::new(path).exists()) {
        ensure!(std::env::var("CI").is_err(), "Chromium is not installed: apt-get install chromium");
        tracing::warn!("skipped: Chromium is not installed (apt-get install chromium)");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let model = LanguageServer::slow(DRAFT).await?;
    let world = World::builder(folder.path()).pace(Pace::RealTime).drafter(&model.drafter()).start().await?;
    let url = format!("{}/#token={}", world.notes_url(), world.token().context("a token")?);
    let screenshots = referent_tests::program::binaries()?.join("screenshots");
    std::fs::create_dir_all(&screenshots)?;
    let pane = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notes-api/pane");
    let mut browser = Command::new("node")
        .arg("e2e/real.mjs")
        .arg(&url)
        .env("SCREENSHOTS", &screenshots)
        .current_dir(pane)
        .kill_on_drop(true)
        .spawn()
        .context("node runs e2e/real.mjs")?;
    ensure!(world.page_is_opened(Duration::from_mins(1)).await, "the browser did not open the pane");
    world.begin_call(&sample.wav).await?;
    let status = tokio::time::timeout(Duration::from_mins(4), browser.wait()).await.context("the browser ends")??;
    ensure!(status.success(), "e2e/real.mjs ended with {status}; screenshots in {}", screenshots.display());
    world.stop().await
}
