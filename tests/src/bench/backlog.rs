//! Whether calls that are sent afterwards make the text of those late that go on.
//!
//! Some calls of a minute go on in real time, alone and then beside a backlog that was over long before: forty agents that
//! come back at once and send all they have kept, each call as fast as credit allows, the next when the last is complete.
//! Both are played in turn, twice, with the same sound at the same moments. The calls that go on are so few that the
//! machine carries them easily: what they lose they lose to the backlog.
//!
//! It counts only if the recognisers were busy with the backlog as long as somebody spoke; otherwise nothing is written.

use super::load::{busy_seconds, is_let_in_at_once, lags, live};
use super::model::sounds;
use crate::SampleCall;
use crate::crowd::{Manner, Sent, Sound, send};
use crate::figures::{Extent, Figures, percentile};
use crate::world::World;
use anyhow::{Result, bail, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use referent_pipeline::transcribe::Class;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Calls that go on.
const LIVE: usize = 6;
/// Calls of the backlog, each time.
const BACKLOG: usize = 300;
/// Of them, at once: so many agents.
const AGENTS: usize = 40;
/// So long is each of them, in seconds.
const BACKLOG_SECONDS: usize = 20;
/// Until the first of them are at work.
const SETTLED_IN: Duration = Duration::from_secs(5);
/// Within this time some of the backlog is heard, or it stands still.
const LOOK: Duration = Duration::from_secs(5);

/// What is tried.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// Alone and beside, so often.
    rounds: usize,
    /// Calls that go on last so long, in seconds.
    seconds: usize,
}

/// What was measured, all rounds together.
#[derive(Debug, Default)]
struct Side {
    lags: Vec<f64>,
    /// Calls that go on and were not let in at once.
    elsewhere: usize,
    /// Calls of the backlog that came through while others went on, round by round.
    through: Vec<usize>,
}

impl Side {
    fn p95(&self) -> f64 {
        percentile(&self.lags, 95.0)
    }
}

/// The lag beside the backlog, over that without.
pub async fn backlog(extent: Extent) -> Result<()> {
    let plan = match extent {
        Extent::Whole => Plan { rounds: 2, seconds: 60 },
        Extent::Trial => Plan { rounds: 1, seconds: 20 },
    };
    let sounds = sounds(&SampleCall::all()?)?;
    let (mut alone, mut beside) = (Side::default(), Side::default());
    for round in 0..plan.rounds {
        for (side, calls) in [(&mut alone, 0), (&mut beside, BACKLOG)] {
            tracing::info!(round, calls, "playing");
            side.play(&sounds, plan, calls).await?;
        }
    }
    ensure!(!alone.lags.is_empty() && !beside.lags.is_empty(), "nothing was said");
    let more = json!({ "lag_p95_alone_s": alone.p95(), "lag_p95_beside_s": beside.p95(),
        "lag_p50_alone_s": percentile(&alone.lags, 50.0), "lag_p50_beside_s": percentile(&beside.lags, 50.0),
        "live_calls": LIVE, "sent_elsewhere": beside.elsewhere,
        "backlog_calls": BACKLOG, "backlog_at_once": AGENTS, "backlog_through": beside.through });
    let figures = Figures::of_extent("make bench-backlog", extent)?;
    let increase = increase(alone.p95(), beside.p95());
    figures.write("backlog.live_lag_increase", increase, "share", beside.lags.len(), &more)
}

/// By which share of what it was alone it is longer.
pub(super) fn increase(alone: f64, beside: f64) -> f64 {
    beside / alone - 1.0
}

impl Side {
    /// One round, with so many calls behind.
    async fn play(&mut self, sounds: &[Sound], plan: Plan, backlog: usize) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let world = World::builder(folder.path()).without_agent().start().await?;
        let caseworker = world.caseworker().await?;
        let through = AtomicUsize::new(0);
        let going_on = async {
            if backlog > 0 {
                tokio::time::sleep(SETTLED_IN).await;
            }
            let sounds: Vec<Sound> =
                sounds.iter().take(LIVE).map(|sound| sound.repeated(plan.seconds * 16_000)).collect();
            let before = through.load(Ordering::Relaxed);
            let sent = live(&world, &sounds, LIVE).await?;
            anyhow::Ok((sent, through.load(Ordering::Relaxed) - before))
        };
        let (sent, came_through): (Vec<Sent>, usize) = tokio::select! {
            played = going_on => played?,
            sent = send_all(&world, sounds, backlog, &through) => {
                sent?;
                bail!("all {backlog} calls of the backlog came through while others went on; there have to be more")
            }
            stands_still = is_worked_on(&world, backlog) => return stands_still,
        };
        self.lags.extend(lags(&caseworker, sent.iter()).await?);
        self.elsewhere += sent.iter().filter(|sent| !is_let_in_at_once(sent)).count();
        self.through.push(came_through);
        tracing::info!(backlog, came_through, p95 = self.p95(), elsewhere = self.elsewhere, "played");
        world.stop().await
    }
}

/// Sends the backlog. For ever, if there is none.
async fn send_all(world: &World, sounds: &[Sound], backlog: usize, through: &AtomicUsize) -> Result<()> {
    if backlog == 0 {
        return std::future::pending().await;
    }
    let sounds: Vec<Sound> = sounds.iter().map(|sound| sound.ending(BACKLOG_SECONDS * 16_000)).collect();
    let grpc = world.pipeline_grpc();
    stream::iter(0..backlog)
        .map(|number| {
            let (grpc, sound) = (grpc.clone(), sounds[number % sounds.len()].clone());
            async move { send(&grpc, &sound, 1_000 + number as u64, Manner::BACKLOG).await }
        })
        .buffer_unordered(AGENTS)
        .try_for_each(|_| {
            through.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok(()))
        })
        .await
}

/// Looks whether the recognisers go on with the backlog; ends when they do not. For ever, if there is none.
async fn is_worked_on(world: &World, backlog: usize) -> Result<()> {
    if backlog == 0 {
        return std::future::pending().await;
    }
    let mut before = 0.0;
    loop {
        tokio::time::sleep(LOOK).await;
        let busy = busy_seconds(world, &[Class::Backlog]).await?;
        ensure!(busy > before, "the backlog stood still for {LOOK:?}: nothing was measured beside it");
        before = busy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_increase_is_a_share_of_the_lag_alone() {
        assert!((increase(0.8, 0.88) - 0.1).abs() < 1e-9);
        assert!(increase(0.8, 0.8).abs() < 1e-9);
    }

    #[test]
    fn rounds_are_one_measurement() {
        let side = Side { lags: [vec![0.5; 90], vec![0.9; 10]].concat(), ..Side::default() };
        assert!((side.p95() - 0.9).abs() < 1e-9);
    }
}
