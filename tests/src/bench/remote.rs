//! Figures with a recogniser elsewhere: what the network and a queue before a GPU add to the age of text and to the draft.
//!
//! No GPU is at hand, so the servers are doubles that say little and take the time that Whisper's large-v3 takes on two
//! cards (`CARD`). Calls are sent in real time, a few and then about half of what the cards carry; grey text is shown,
//! as it is by default, and takes its turns at the cards too.

use super::load::lags;
use super::model::sounds;
use crate::SampleCall;
use crate::crowd::{Manner, Sent, Sound, send};
use crate::figures::{Figures, percentile};
use crate::speech_server::{Charge, SpeechServer};
use crate::world::World;
use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use std::time::Duration;

/// large-v3 on one RTX 2080 Ti, one request after the other. 13 minutes of speech take 52 s there with beams of five
/// (github.com/SYSTRAN/faster-whisper/issues/1030), 2 s for each window of 30 s. Whisper looks at a whole window however
/// short the sound is: the encoder's 0.15 s, which is our estimate, are paid by every request, with 0.05 s for the network.
const CARD: Charge = Charge { each: Duration::from_millis(200), second: Duration::from_millis(62), at_once: 1 };
const CARDS: usize = 2;
/// Calls at once, and how many in all.
const POINTS: [(&str, usize, usize); 2] = [("idle", 2, 12), ("loaded", 12, 36)];
/// They last so long, in seconds: the ends of the sample calls.
const SECONDS: usize = 40;
/// How long a draft may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Lag, and hang-up to draft by the embedded drafter.
pub async fn remote() -> Result<()> {
    let sounds: Vec<Sound> = sounds(&SampleCall::all()?)?.iter().map(|sound| sound.ending(SECONDS * 16_000)).collect();
    let figures = Figures::of("make bench-remote")?;
    for (name, at_once, calls) in POINTS {
        let (lags, drafts) = measure(&sounds, at_once, calls).await?;
        let spread = |values: &[f64]| json!({ "calls_at_once": at_once, "servers": CARDS, "p50": percentile(values, 50.0), "max": percentile(values, 100.0) });
        figures.write(&format!("remote.lag_s.{name}.p95"), percentile(&lags, 95.0), "s", lags.len(), &spread(&lags))?;
        let key = format!("remote.hangup_to_draft_s.{name}.p95");
        figures.write(&key, percentile(&drafts, 95.0), "s", drafts.len(), &spread(&drafts))?;
    }
    Ok(())
}

async fn measure(sounds: &[Sound], at_once: usize, calls: usize) -> Result<(Vec<f64>, Vec<f64>)> {
    let mut servers = Vec::new();
    for _ in 0..CARDS {
        servers.push(SpeechServer::charging(CARD).await?);
    }
    let urls: Vec<String> = servers.iter().map(SpeechServer::url).collect();
    let table = format!(
        "kind = \"remote\"\n[recogniser.remote]\nurls = {urls:?}\nmodel = \"large-v3\"\nconcurrency = {}",
        CARD.at_once
    );
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).without_agent().recogniser_table(table).start().await?;
    let (grpc, caseworker) = (world.pipeline_grpc(), world.caseworker().await?);
    let done: Vec<(Sent, f64)> = stream::iter(0..calls)
        .map(|number| {
            let (grpc, sound, caseworker) = (grpc.clone(), sounds[number % sounds.len()].clone(), &caseworker);
            async move {
                if number < at_once {
                    // The first ones begin apart, so that all end apart.
                    let apart = 1000 * SECONDS * number / at_once;
                    tokio::time::sleep(Duration::from_millis(apart as u64)).await;
                }
                let sent = send(&grpc, &sound, number as u64, Manner::LIVE).await?;
                let call = caseworker.wait_for_draft(&sent.id, PATIENCE).await?;
                let whole = call["draft"]["whole_ms"].as_f64().context("a whole draft has a time")? / 1000.0;
                anyhow::Ok((sent, whole))
            }
        })
        .buffer_unordered(at_once)
        .try_collect()
        .await?;
    let lags = lags(&caseworker, done.iter().map(|(sent, _)| sent)).await?;
    world.stop().await?;
    let heard: usize = servers.iter().map(SpeechServer::heard).sum();
    ensure!(heard >= lags.len() && !lags.is_empty(), "the servers heard {heard} segments of {}", lags.len());
    tracing::info!(at_once, heard, utterances = lags.len(), "heard elsewhere");
    Ok((lags, done.into_iter().map(|(_, whole)| whole).collect()))
}
