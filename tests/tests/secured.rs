//! A call over two secured ways: the three real programs, each enrolled by its own command.

use anyhow::{Context as _, Result, ensure};
use referent_agent::control::client::Agent;
use referent_tests::program::binaries;
use referent_tests::{Part, Recogniser, SampleCall, World};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);

async fn owner_of(world: &World, call: &str) -> Result<String> {
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", world.database_file().display())).await?;
    let owner = sqlx::query_scalar("SELECT owner FROM calls WHERE call = $1").bind(call).fetch_one(&pool).await?;
    pool.close().await;
    Ok(owner)
}

async fn examined(folder: &Path) -> Result<Value> {
    let mut doctor = tokio::process::Command::new(binaries()?.join("referent-agent"));
    let output = doctor.args(["doctor", "--json", "--config"]).arg(folder.join("agent.toml")).output().await?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn until(agent: &Agent, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Value> {
    let asking = async {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            tick.tick().await;
            let status = agent.status().await?;
            if fits(&status) {
                return anyhow::Ok(status);
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.with_context(|| what.to_owned())?
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_belongs_to_whoever_the_certificate_names() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).recogniser(Recogniser::Scripted).secured().start().await?;
    let caseworker = world.caseworker().await?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let id = world.begin_call(&sample.excerpt(0.0, 12.0, folder.path())?).await?;
    caseworker.wait_for_draft(&id, PATIENCE).await?;
    assert_eq!(owner_of(&world, &id).await?, "anna");

    let status = Agent::of(&world.agent_state())?.status().await?;
    assert_eq!((&status["identity"]["subject"], &status["identity"]["trouble"]), (&"anna".into(), &Value::Null));
    let diagnosis = examined(folder.path()).await?;
    for check in ["server", "protocol", "tls", "certificate"] {
        let findings = diagnosis["findings"].as_array().into_iter().flatten();
        let found = findings.into_iter().find(|finding| finding["check"] == check).context("a finding")?;
        assert_eq!(found["outcome"], "ok", "{diagnosis:#}");
    }
    for key in ["agent/identity/identity.pem", "pipeline-identity/identity.pem", "ca/ca.key"] {
        let mode = std::fs::metadata(folder.path().join(key))?.permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{key}");
    }
    world.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pc_that_is_revoked_keeps_its_sound_until_it_is_enrolled_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).recogniser(Recogniser::Scripted).secured().start().await?;
    let caseworker = world.caseworker().await?;
    let said = world.revoke("anna").await?;
    ensure!(said.starts_with("anna: 1 certificate"), "{said}");
    let sample = SampleCall::named("boligstoette-flytning")?;
    let id = world.begin_call(&sample.excerpt(0.0, 12.0, folder.path())?).await?;
    let agent = Agent::of(&world.agent_state())?;
    let status =
        until(&agent, "the agent says that it is refused", |status| status["identity"]["trouble"] == "refused").await?;
    assert!(status["identity"]["problem"]["da"].as_str().is_some_and(|words| words.contains("afviser")), "{status:#}");
    assert_eq!(std::fs::read_dir(world.spool())?.count(), 1, "its sound is kept");

    // With the agent running on: it takes the new certificate up by itself.
    world.enrol(Part::Agent, "anna").await?;
    caseworker.wait_for_draft(&id, PATIENCE).await?;
    until(&agent, "nothing is wrong any more", |status| status["identity"]["trouble"].is_null()).await?;
    until(&agent, "the spool lets go of it", |status| status["spool"]["calls"] == 0).await?;
    world.stop().await
}
