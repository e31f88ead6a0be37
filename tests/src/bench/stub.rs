//! From hang-up to the whole draft with a language model that answers at once: what is left is our own time, and that of
//! the last words.
//!
//! Calls of a third of a minute, which are the ends of the sample calls, are sent in real time, a few at once, each
//! followed by the next; first alone, then beside others that go on and with them make 90 % of what the engine alone
//! could carry, or as much of that as the worker lets in: while it is full, one after the other of those beside leaves
//! before the next call begins. Grey text is shown, as it is by default. The clock is notes-api's: from its receipt of the hang-up to the
//! stored end of the draft.

use super::load::{Ceiling, Ways, busy_seconds, cores, is_let_in_at_once};
use super::model::{Model, Name, sounds};
use crate::SampleCall;
use crate::caseworker::Caseworker;
use crate::crowd::{Manner, Sound, send};
use crate::figures::{Extent, Figures, percentile};
use crate::language_server::LanguageServer;
use crate::world::{World, http_client};
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use referent_pipeline::config::Context;
use referent_pipeline::transcribe::Class;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Of what the engine alone could carry.
const LOAD: f64 = 0.9;
/// As little of it, or one call.
const IDLE: f64 = 0.1;
/// Calls that hang up, while nothing else goes on and beside others.
const CALLS: usize = 20;
/// At once, at most.
const AT_ONCE: usize = 4;
/// One after the other, at most.
const ROUNDS: usize = 10;
/// They last so long, in seconds.
const SECONDS: usize = 20;
const TRIAL_SECONDS: usize = 10;
/// What comes between two calls: the draft, and looking for it.
const BETWEEN: usize = 4;
/// Until everybody beside them is let in and speaks.
const SETTLED_IN: Duration = Duration::from_secs(15);
/// A worker that is full for so long will not have room by itself.
const FULL_FOR: Duration = Duration::from_secs(3);
/// How long a draft may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// What is not grey; no call of the backlog is sent here.
const FINALS: &[Class] = &[Class::HungUp, Class::Live, Class::Behind];

/// What is tried.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// Calls that hang up.
    calls: usize,
    /// Of them, at once.
    at_once: usize,
    /// Calls that go on beside them.
    beside: usize,
}

/// Measures one model.
pub async fn stub(name: Name, extent: Extent) -> Result<()> {
    let model = Model::prepare(name, Context::Fitted)?;
    let (mut samples, mut seconds, mut calls) = (SampleCall::all()?, SECONDS, CALLS);
    if extent == Extent::Trial {
        samples.truncate(2);
        (seconds, calls) = (TRIAL_SECONDS, 4);
    }
    // Every second of them says enough of the ceiling.
    let few: Vec<SampleCall> = samples.iter().step_by(2).cloned().collect();
    let ceiling = Ceiling::measure(&model, &few, 70.0, Ways::Open).await?;
    let plan = |at_once: usize, all: usize| Plan { calls: calls.min(ROUNDS * at_once), at_once, beside: all - at_once };
    let idle = ceiling.calls_at(IDLE).min(AT_ONCE);
    let all = ceiling.calls_at(LOAD);
    let (idle, loaded) = (plan(idle, idle), plan((all / 2).clamp(1, AT_ONCE), all));
    let figures = Figures::of_extent(&format!("make bench-stub-{}", model.key), extent)?;
    for (name, plan) in [("idle", idle), ("load90", loaded)] {
        tracing::info!(model = model.key, name, ?plan, "playing");
        let measured = Measured::take(&model, &sounds(&samples)?, plan, seconds).await?;
        let of_model = if model.key == "embedded" { String::new() } else { format!("{}.", model.key) };
        let more = json!({ "at_once": plan.at_once, "beside": measured.beside, "beside_at_first": plan.beside, "recognisers_busy": measured.busy,
            "sent_elsewhere": measured.elsewhere, "max": percentile(&measured.whole, 100.0) });
        for (share, per_cent) in [("p50", 50.0), ("p95", 95.0)] {
            let key = format!("hangup_to_draft_s.stub.{of_model}{name}.{share}");
            figures.write(&key, percentile(&measured.whole, per_cent), "s", measured.whole.len(), &more)?;
        }
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Measured {
    /// Hang-up to whole draft, of the calls that were let in at once.
    whole: Vec<f64>,
    /// Calls that were not, and are not counted: their sound came late by themselves.
    elsewhere: usize,
    /// Calls that went on beside them to the end.
    beside: usize,
    /// Share of their time that the recognisers were busy with what is not grey.
    busy: f64,
}

impl Measured {
    async fn take(model: &Model, sounds: &[Sound], plan: Plan, seconds: usize) -> Result<Self> {
        let server = LanguageServer::quick().await?;
        let folder = tempfile::tempdir()?;
        let world = World::builder(folder.path())
            .recogniser_table(model.table(true))
            .drafter(&server.drafter())
            .start()
            .await?;
        let caseworker = world.caseworker().await?;
        let rounds = plan.calls.div_ceil(plan.at_once) + 1;
        let lasts = 2 * usize::try_from(SETTLED_IN.as_secs())? + rounds * (seconds + BETWEEN);
        let beside = Beside::of(plan.beside);
        let hanging_up = async {
            if plan.beside > 0 {
                tokio::time::sleep(SETTLED_IN).await; // The load is what is tried.
            }
            Self::hang_up(&world, &caseworker, sounds, plan, seconds, &beside).await
        };
        let measured = tokio::select! {
            measured = hanging_up => measured?,
            ended = beside.go_on(&world, sounds, lasts) => {
                ended?;
                bail!("the calls beside ended before those that are measured; the machine is too slow for this many")
            }
        };
        world.stop().await?;
        ensure!(!measured.whole.is_empty(), "no call was let in at once: {measured:?}");
        Ok(measured)
    }

    async fn hang_up(
        world: &World,
        caseworker: &Caseworker,
        sounds: &[Sound],
        plan: Plan,
        seconds: usize,
        beside: &Beside,
    ) -> Result<Self> {
        let grpc = world.pipeline_grpc();
        let (begun, busy) = (Instant::now(), busy_seconds(world, FINALS).await?);
        let calls: Vec<(bool, f64)> = stream::iter(0..plan.calls)
            .map(|number| {
                let sound = sounds[number % sounds.len()].ending(seconds * 16_000);
                let grpc = grpc.clone();
                async move {
                    if number < plan.at_once {
                        // The first ones begin apart, so that all end apart.
                        let apart = 1000 * seconds * number / plan.at_once;
                        tokio::time::sleep(Duration::from_millis(apart as u64)).await;
                    }
                    beside.make_room(world).await?;
                    let sent = send(&grpc, &sound, 1_000 + number as u64, Manner::LIVE).await?;
                    let call = caseworker.wait_for_draft(&sent.id, PATIENCE).await?;
                    let draft = &call["draft"];
                    let whole = draft["whole_ms"].as_f64().context("a whole draft has a time")? / 1000.0;
                    let origin = &draft["origin"];
                    ensure!(
                        origin["kind"] == "llm" && origin["trouble"].is_null(),
                        "the language model did not write it: {origin}"
                    );
                    tracing::info!(number, whole, "drafted");
                    anyhow::Ok((is_let_in_at_once(&sent), whole))
                }
            })
            .buffer_unordered(plan.at_once)
            .try_collect()
            .await?;
        let used = busy_seconds(world, FINALS).await? - busy;
        let whole: Vec<f64> = calls.iter().filter(|(at_once, _)| *at_once).map(|(_, whole)| *whole).collect();
        let elsewhere = calls.len() - whole.len();
        let busy = used / (begun.elapsed().as_secs_f64() * cores()?);
        Ok(Self { whole, elsewhere, beside: beside.left().await, busy })
    }
}

/// Calls that go on beside those that are measured, each until it is asked to leave.
struct Beside(Mutex<Vec<CancellationToken>>);

impl Beside {
    fn of(calls: usize) -> Self {
        Self(Mutex::new((0..calls).map(|_| CancellationToken::new()).collect()))
    }

    async fn left(&self) -> usize {
        self.0.lock().await.len()
    }

    /// Sends them for so many seconds. For ever, if there are none.
    async fn go_on(&self, world: &World, sounds: &[Sound], seconds: usize) -> Result<()> {
        let calls = self.0.lock().await.clone();
        if calls.is_empty() {
            return std::future::pending().await;
        }
        let at_once = calls.len();
        let sounds: Vec<Sound> = sounds.iter().take(at_once).map(|sound| sound.repeated(seconds * 16_000)).collect();
        let grpc = world.pipeline_grpc();
        let mut going = stream::iter(calls.into_iter().enumerate())
            .map(|(number, leaves)| {
                let (grpc, sound) = (grpc.clone(), sounds[number % sounds.len()].clone());
                let call = async move {
                    tokio::time::sleep(Duration::from_millis(137 * (number as u64 % 73))).await;
                    send(&grpc, &sound, number as u64, Manner::LIVE).await
                };
                async move { leaves.run_until_cancelled(call).await }
            })
            .buffer_unordered(at_once);
        while let Some(ended) = going.next().await {
            match ended {
                None => tracing::info!("a call beside leaves, to make room"),
                Some(ended) => return ended.map(drop),
            }
        }
        std::future::pending().await
    }

    /// Waits until the worker lets a call in; makes one leave whenever it has not for [`FULL_FOR`].
    async fn make_room(&self, world: &World) -> Result<()> {
        let (http, address) = (http_client()?, format!("{}/ready", world.pipeline_url()));
        let mut beside = self.0.lock().await;
        loop {
            let begun = Instant::now();
            while begun.elapsed() < FULL_FOR {
                if http.get(&address).send().await?.status().is_success() {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            let leaves = beside.pop().context("the worker is full of the calls that are measured")?;
            leaves.cancel();
        }
    }
}
