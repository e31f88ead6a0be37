//! A PC that was without a server for eight hours, and what the calls it sends afterwards cost those that go on.
//!
//! Its spool is written first, as fast as the disk takes it. Then calls go on in real time, alone and beside the real agent
//! that sends what it has, in turn, twice, in one world and with the same sound; the agent is stopped in between. At last it
//! sends the rest, and what of the eight hours is not there is counted.
//!
//! It counts only if the recognisers were busy with the backlog as long as somebody spoke; otherwise nothing is written.

use super::backlog::increase;
use super::load::{busy_seconds, is_let_in_at_once, lags, live};
use super::model::sounds;
use crate::SampleCall;
use crate::caseworker::Caseworker;
use crate::crowd::Sound;
use crate::figures::{Extent, Figures, percentile};
use crate::offline::{Day, is_drained, lost_s, written};
use crate::world::{Part, World};
use anyhow::{Result, ensure};
use referent_pipeline::transcribe::Class;
use serde_json::json;
use std::time::{Duration, Instant};

/// Calls that go on.
const LIVE: usize = 6;
/// Until the agent is at work.
const SETTLED_IN: Duration = Duration::from_secs(5);
/// The rest has to be through by then.
const PATIENCE: Duration = Duration::from_mins(30);

#[derive(Debug, Default)]
struct Side {
    lags: Vec<f64>,
    elsewhere: usize,
}

/// Seconds of the day that were lost, and the lag beside it over that without.
pub async fn offline(extent: Extent) -> Result<()> {
    let (day, rounds, seconds) = match extent {
        Extent::Whole => (Day { calls: 16, minutes: 30 }, 2, 60),
        Extent::Trial => (Day { calls: 4, minutes: 10 }, 1, 20),
    };
    let folder = tempfile::tempdir()?;
    let mut world = World::builder(folder.path()).without_agent().start().await?;
    let caseworker = world.caseworker().await?;
    let sounds = sounds(&SampleCall::all()?)?;
    tracing::info!(?day, "writing the spool");
    let (spool, of_day) = (world.spool(), sounds.clone());
    let calls = tokio::task::spawn_blocking(move || written(&spool, &of_day, day)).await??;
    let live_sounds: Vec<Sound> = sounds.iter().take(LIVE).map(|sound| sound.repeated(seconds * 16_000)).collect();
    let (mut alone, mut beside, mut beside_s) = (Side::default(), Side::default(), 0.0);
    for round in 0..rounds {
        tracing::info!(round, "alone");
        alone.play(&world, &caseworker, &live_sounds).await?;
        tracing::info!(round, "beside");
        let begin = Instant::now();
        world.start(Part::Agent).await?;
        tokio::time::sleep(SETTLED_IN).await;
        let before = busy_seconds(&world, &[Class::Backlog]).await?;
        beside.play(&world, &caseworker, &live_sounds).await?;
        let busy = busy_seconds(&world, &[Class::Backlog]).await? - before;
        let left = std::fs::read_dir(world.spool())?.count();
        ensure!(left > 0, "all of the day came through while others went on; there has to be more of it");
        #[expect(clippy::cast_precision_loss, reason = "a minute")]
        let least = seconds as f64 / 10.0;
        ensure!(busy > least, "the backlog stood still: {busy} s of it were heard");
        if let Some(mut agent) = world.agent.take() {
            agent.stop().await?;
        }
        beside_s += begin.elapsed().as_secs_f64();
        tracing::info!(round, busy, left, alone = alone.p95(), beside = beside.p95(), "played");
    }
    let begin = Instant::now();
    world.start(Part::Agent).await?;
    is_drained(&world.spool(), PATIENCE).await?;
    let drained_s = begin.elapsed().as_secs_f64();
    let lost = lost_s(&caseworker, &calls, day).await?;
    world.stop().await?;
    let figures = Figures::of_extent("make bench-offline", extent)?;
    let hours = day.seconds() / 3600;
    let more =
        json!({ "hours": hours, "calls": day.calls, "drained_alone_s": drained_s, "drained_beside_s": beside_s });
    figures.write("offline8h.lost_s", lost, "s", day.calls, &more)?;
    let more = json!({ "lag_p95_alone_s": alone.p95(), "lag_p95_beside_s": beside.p95(),
        "lag_p50_alone_s": percentile(&alone.lags, 50.0), "lag_p50_beside_s": percentile(&beside.lags, 50.0),
        "live_calls": LIVE, "rounds": rounds, "sent_elsewhere": beside.elsewhere });
    let increase = increase(alone.p95(), beside.p95());
    figures.write("offline8h.live_lag_increase", increase, "share", beside.lags.len(), &more)
}

impl Side {
    async fn play(&mut self, world: &World, caseworker: &Caseworker, sounds: &[Sound]) -> Result<()> {
        let sent = live(world, sounds, LIVE).await?;
        self.elsewhere += sent.iter().filter(|sent| !is_let_in_at_once(sent)).count();
        self.lags.extend(lags(caseworker, sent.iter()).await?);
        Ok(())
    }

    fn p95(&self) -> f64 {
        percentile(&self.lags, 95.0)
    }
}
