//! A call that its own PC cannot read becomes a note: the three real programs, the embedded model.

use anyhow::{Context as _, Result};
use referent_agent::control::client::Agent;
use referent_proto::Track;
use referent_tests::caseworker::sentences;
use referent_tests::word_errors::WordErrors;
use referent_tests::{Part, SampleCall, World};
use serde_json::Value;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_sample_call_becomes_a_note() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).sealed().start().await?;
    let caseworker = world.caseworker().await?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let id = world.begin_call(&sample.wav).await?;
    let call = caseworker.wait_for_draft(&id, PATIENCE).await?;
    for what in ["gaps", "not_transcribed"] {
        assert_eq!(call[what].as_array().map(Vec::len), Some(0), "{what}");
    }
    let errors: WordErrors =
        Track::BOTH.map(|track| WordErrors::between(&sample.text_of(track), &text_of(&call, track))).into_iter().sum();
    assert!(errors.percent() <= 12.0, "{:.1} %", errors.percent());
    assert!(sentences(&call).count() >= 3);
    let note = caseworker.save_draft(&call).await?;
    assert_eq!(note["version"], 1);
    let metrics = reqwest_text(&format!("{}/metrics", world.pipeline_url())).await?;
    let opened = metrics.lines().find(|line| line.starts_with("referent_sealed_chunks_total{outcome=\"opened\"}"));
    assert!(opened.is_some_and(|line| !line.ends_with(" 0")), "it came sealed");
    assert!(!metrics.contains("outcome=\"damaged\""), "and whole");
    assert_eq!(std::fs::read_dir(world.spool())?.count(), 0, "and the spool has let go of it");
    world.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_key_is_gone_waits_for_it_and_becomes_a_note() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut world = World::builder(folder.path()).sealed().start().await?;
    let (keys, away) = (world.seal_keys(), folder.path().join("away"));
    std::fs::rename(&keys, &away)?;
    world.new_seal_key()?; // Of somebody else.
    world.kill(Part::Pipeline).await?;
    world.start(Part::Pipeline).await?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let id = world.begin_call(&sample.excerpt(0.0, 12.0, folder.path())?).await?;
    let agent = Agent::of(&world.agent_state())?;
    let waiting = async {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            tick.tick().await;
            let status = agent.status().await?;
            if status["spool"]["waiting"][0]["missing_key"].is_string() && status["call"].is_null() {
                return anyhow::Ok(status);
            }
        }
    };
    let status = tokio::time::timeout(PATIENCE, waiting).await.context("the agent says that the key is gone")??;
    assert_eq!(status["spool"]["waiting"][0]["settled_ms"]["far"], 0, "nothing of it is settled");

    // The key is mounted beside the other; the worker finds it, and a restart of the agent asks at once.
    for file in std::fs::read_dir(&away)? {
        let file = file?;
        std::fs::copy(file.path(), keys.join(file.file_name()))?;
    }
    world.kill(Part::Agent).await?;
    world.start(Part::Agent).await?;
    let caseworker = world.caseworker().await?;
    let call = caseworker.wait_for_draft(&id, PATIENCE).await?;
    assert!(!text_of(&call, Track::Near).is_empty());
    assert_eq!(call["gaps"].as_array().map(Vec::len), Some(0));
    world.stop().await
}

fn text_of(call: &Value, track: Track) -> String {
    let said = call["utterances"].as_array().into_iter().flatten();
    let texts: Vec<&str> =
        said.filter(|said| said["track"] == track.name()).filter_map(|said| said["text"].as_str()).collect();
    texts.join(" ")
}

async fn reqwest_text(url: &str) -> Result<String> {
    Ok(referent_tests::world::http_client()?.get(url).send().await?.text().await?)
}
