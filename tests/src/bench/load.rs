//! Calls beside each other, and what they leave of the machine: what figures of load are made of.
//!
//! In: a world, sound, a number of calls. Out: how old their text was, and which share of the cores the sender and
//! notes-api used, which on a server of its own would be the pipeline's.

use super::engine;
use super::model::Model;
use crate::SampleCall;
use crate::caseworker::{Caseworker, Said};
use crate::crowd::{Manner, Sent, Sound, send_by};
use crate::figures::percentile;
use crate::world::{Builder, Part, World, http_client};
use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use referent_pipeline::transcribe::Class;
use referent_proto::Track;
use serde_json::{Value, json};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Who is let in later than this was sent elsewhere before.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How the programs reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// In the clear, as on loopback.
    Open,
    /// Over TLS with certificates at both ends, and with sealed sound.
    Secured,
}

impl Ways {
    /// A world whose programs do so.
    pub(super) fn of(self, world: Builder) -> Builder {
        match self {
            Self::Open => world,
            Self::Secured => world.secured().sealed(),
        }
    }
}

/// What the engine alone could carry here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ceiling {
    /// Calls that a core carries which does nothing else.
    pub(super) per_core: f64,
    cores: f64,
    /// Cores that the sender and notes-api use for a call.
    others: f64,
}

impl Ceiling {
    /// Measures the engine, and the others with a few calls that play for a quarter of a minute.
    pub(super) async fn measure(model: &Model, calls: &[SampleCall], seconds: f64, ways: Ways) -> Result<Self> {
        const FEW: f64 = 8.0;
        let per_core = model.ceiling(calls, seconds)?;
        let cores = cores()?;
        let sounds: Vec<Sound> = super::model::sounds(calls)?.iter().map(|sound| sound.repeated(15 * 16_000)).collect();
        let folder = tempfile::tempdir()?;
        let world = ways.of(World::builder(folder.path()).recogniser_table(model.table(false))).start().await?;
        let few = whole(FEW.min(per_core * cores / 2.0));
        let point = point_in(world, &sounds, few).await?;
        tracing::info!(?point, "the others");
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let others = (cores - point.cores) / few as f64;
        Ok(Self { per_core, cores, others })
    }

    /// How many calls make this share of what the engine could carry on the cores that the others leave.
    pub(super) fn calls_at(&self, share: f64) -> usize {
        let alone = share * self.per_core;
        whole(alone * self.cores / (1.0 + alone * self.others))
    }
}

/// The nearest number of calls, one at least.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some dozens of calls")]
fn whole(calls: f64) -> usize {
    calls.round().max(1.0) as usize
}

pub(super) fn cores() -> Result<f64> {
    Ok(f64::from(u32::try_from(std::thread::available_parallelism()?.get())?))
}

/// One point of the curve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) calls: usize,
    pub(super) p50: f64,
    pub(super) p95: f64,
    /// Cores that were there for the pipeline: all, less what the sender and notes-api used.
    pub(super) cores: f64,
    pub(super) utterances: usize,
    /// Calls that the worker did not let in at once.
    pub(super) elsewhere: usize,
}

impl Point {
    /// As the file of figures has it.
    pub(super) fn row(&self) -> Value {
        json!({ "calls": self.calls, "lag_p50_s": self.p50, "lag_p95_s": self.p95, "cores": self.cores,
            "sent_elsewhere": self.elsewhere })
    }
}

/// Plays so many calls at once. Lets the world end.
pub(super) async fn point_in(mut world: World, sounds: &[Sound], calls: usize) -> Result<Point> {
    let caseworker = world.caseworker().await?;
    let (wall, own) = (Instant::now(), engine::cpu_seconds()?);
    let notes_before = super::used(&mut world, Part::NotesApi)?;
    let sent = live(&world, sounds, calls).await?;
    let seconds = wall.elapsed().as_secs_f64();
    let others = engine::cpu_seconds()? - own + super::used(&mut world, Part::NotesApi)? - notes_before;
    let lags = lags(&caseworker, sent.iter()).await?;
    world.stop().await?;
    Ok(Point {
        calls,
        p50: percentile(&lags, 50.0),
        p95: percentile(&lags, 95.0),
        cores: cores()? - others / seconds,
        utterances: lags.len(),
        elsewhere: sent.iter().filter(|sent| !is_let_in_at_once(sent)).count(),
    })
}

/// So many calls in real time, all at once, until they are complete.
pub(super) async fn live(world: &World, sounds: &[Sound], calls: usize) -> Result<Vec<Sent>> {
    let way = world.way()?;
    stream::iter(0..calls)
        .map(|number| {
            let (way, sound) = (way.clone(), sounds[number % sounds.len()].clone());
            async move {
                people_do_not_begin_in_step(number).await;
                send_by(&way, &sound, number as u64, Manner::LIVE).await
            }
        })
        .buffer_unordered(calls)
        .try_collect()
        .await
}

/// Waits up to ten seconds, by the number of a call.
pub(super) async fn people_do_not_begin_in_step(number: usize) {
    tokio::time::sleep(Duration::from_millis(137 * (number as u64 % 73))).await;
}

pub(super) fn is_let_in_at_once(sent: &Sent) -> bool {
    sent.let_in.duration_since(sent.began) < AT_ONCE
}

/// How old the text of these calls was when it was settled, utterance by utterance, in seconds.
pub(super) async fn lags(caseworker: &Caseworker, sent: impl Iterator<Item = &Sent>) -> Result<Vec<f64>> {
    let mut all = Vec::new();
    for call in sent {
        all.extend(lags_within(caseworker, call, 0..u64::MAX).await?);
    }
    Ok(all)
}

/// Of the utterances of one call that end within these milliseconds of it.
pub(super) async fn lags_within(caseworker: &Caseworker, call: &Sent, ms: Range<u64>) -> Result<Vec<f64>> {
    let said = caseworker.transcript(&call.id).await?;
    let lag = |said: &Said| {
        let track = if said.track == "far" { Track::Far } else { Track::Near };
        call.lag_s(track, said.end_ms).context("every utterance is settled")
    };
    said.iter().filter(|said| ms.contains(&said.end_ms)).map(lag).collect()
}

/// How long the recognisers have been busy with what is of these classes, all together.
pub(super) async fn busy_seconds(world: &World, classes: &[Class]) -> Result<f64> {
    let text = http_client()?.get(format!("{}/metrics", world.pipeline_url())).send().await?.text().await?;
    let of_class = |line: &str, class: &Class| {
        let name = class.name();
        let value = line.strip_prefix(&format!("referent_recogniser_seconds_sum{{class=\"{name}\"}} "))?;
        value.parse::<f64>().ok()
    };
    Ok(text.lines().filter_map(|line| classes.iter().find_map(|class| of_class(line, class))).sum())
}
