//! Whether the sixtieth minute of a call is like its second: how old its text is, how long its draft takes, and what it
//! holds in memory.
//!
//! An hour would take an hour, so calls are sent faster than they were spoken, and a lag is in seconds of the clock, not of
//! the call. At ten times the speed such a call is ten calls of load; four are sent at once, for memory is measured by the
//! process and four calls are more than its noise. The speed is so that all together are half of what the engine alone
//! would carry here, measured in the same run, and ten at most: nobody waits for the machine, so what the hour costs is
//! seen, and not the queue. Where somebody waits all the same, nothing is written.
//!
//! Sample calls are said over and over, whole: the last minutes are made of the same words as the first, and every call
//! ends with the same ones. Calls of two rounds, which are two to three minutes, hang up before those of an hour and
//! after them, equally many at once and equally far apart, so that as many others go on at the moment of the hang-up.

use super::load::{Ceiling, Ways, lags_within};
use super::model::{Model, Name, sounds};
use crate::SampleCall;
use crate::caseworker::Caseworker;
use crate::crowd::{Manner, Sent, Sound, send};
use crate::figures::{Extent, Figures, percentile};
use crate::world::{Part, World};
use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use referent_pipeline::config::Context;
use serde_json::json;
use std::ops::Range;
use std::time::Duration;
use tokio::time::Instant;

/// Of what the engine alone could carry.
const LOAD: f64 = 0.5;
/// Times faster than it was spoken.
const SPEEDS: std::ops::RangeInclusive<usize> = 2..=10;
/// Who waits longer than this for the text of the first minutes waits for the machine, in seconds.
const NOBODY_WAITS: f64 = 1.0;
/// At once.
const CALLS: usize = 4;
/// One begins so long after the other, and so hangs up: the draft of one is written before the next is asked for.
const APART: Duration = Duration::from_secs(4);
/// The draft is looked for only then, because looking at an hour of text is work for the same cores.
const UNDISTURBED: Duration = Duration::from_secs(3);
/// How long a draft may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What is tried, in seconds of a call.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// A long call lasts so long, or a little longer.
    long: u64,
    /// A short one says its sample call so often.
    short: usize,
    /// The first minutes that are looked at.
    early: (u64, u64),
    /// The last ones: so many seconds before the end.
    late: u64,
}

const WHOLE: Plan = Plan { long: 3_600, short: 2, early: (120, 300), late: 300 };
const TRIAL: Plan = Plan { long: 300, short: 1, early: (60, 120), late: 60 };

/// A call whose draft is there.
struct Drafted {
    sent: Sent,
    /// Hang-up to whole draft, in seconds.
    whole: f64,
    seconds: f64,
}

/// The last minutes of long calls against their first, and against short ones.
pub async fn long(extent: Extent) -> Result<()> {
    let plan = if extent == Extent::Whole { WHOLE } else { TRIAL };
    let calls = SampleCall::all()?;
    let samples = sounds(&calls)?;
    let few: Vec<SampleCall> = calls.iter().step_by(4).cloned().collect();
    let ceiling = Ceiling::measure(&Model::prepare(Name::Embedded, Context::Fitted)?, &few, 70.0, Ways::Open).await?;
    let speed = (ceiling.calls_at(LOAD) / CALLS).clamp(*SPEEDS.start(), *SPEEDS.end());
    let manner = Manner { speed: u32::try_from(speed)?, ..Manner::LIVE };
    tracing::info!(speed, "times as fast as it was spoken");
    let long: Vec<Sound> = samples.iter().take(CALLS).map(|sound| rounds(sound, rounds_of(sound, plan.long))).collect();
    let short: Vec<Sound> = samples.iter().take(CALLS).map(|sound| rounds(sound, plan.short)).collect();
    let folder = tempfile::tempdir()?;
    let mut world = World::builder(folder.path()).without_agent().start().await?;
    let caseworker = world.caseworker().await?;
    let grpc = world.pipeline_grpc();
    let mut short_drafts = drafts(&play(&grpc, &caseworker, &short, manner).await?);
    let before = rss(&mut world)?;
    let (calls, memory) = watched(&mut world, play(&grpc, &caseworker, &long, manner)).await?;
    short_drafts.extend(drafts(&play(&grpc, &caseworker, &short, manner).await?));
    let (mut early, mut late) = (Vec::new(), Vec::new());
    for call in &calls {
        let (first, last) = windows(plan, call.seconds);
        early.extend(lags_within(&caseworker, &call.sent, first).await?);
        late.extend(lags_within(&caseworker, &call.sent, last).await?);
    }
    world.stop().await?;
    ensure!(!early.is_empty() && !late.is_empty(), "nothing was said in the first minutes or in the last");
    let waited = percentile(&early, 95.0);
    ensure!(waited < NOBODY_WAITS, "the machine is busy: text of the first minutes came {waited:.1} s late; try again");
    let figures = Figures::of_extent("make bench-long", extent)?;
    let p95 = (percentile(&early, 95.0), percentile(&late, 95.0));
    let more = json!({ "calls": CALLS, "speed": manner.speed, "lag_p95_early_s": p95.0, "lag_p95_late_s": p95.1,
        "lag_p50_early_s": percentile(&early, 50.0), "lag_p50_late_s": percentile(&late, 50.0) });
    figures.write("long.lag_ratio", p95.1 / p95.0, "ratio", late.len(), &more)?;
    let long_drafts = drafts(&calls);
    let medians = (percentile(&short_drafts, 50.0), percentile(&long_drafts, 50.0));
    let more = json!({ "draft_p50_short_s": medians.0, "draft_p50_long_s": medians.1,
        "draft_max_short_s": percentile(&short_drafts, 100.0), "draft_max_long_s": percentile(&long_drafts, 100.0),
        "short_calls": short_drafts.len(), "speed": manner.speed });
    figures.write("long.draft_ratio", medians.1 / medians.0, "ratio", long_drafts.len(), &more)?;
    let first_hang_up = calls.iter().map(|call| call.sent.hung_up).min().context("there are calls")?;
    let last_minute = first_hang_up - Duration::from_mins(1) / manner.speed;
    #[expect(clippy::cast_precision_loss, reason = "four")]
    let each = |mib: f64| (mib - before) / CALLS as f64;
    let more = json!({ "calls": CALLS, "rss_before_mb": before,
        "mb_per_call_most": each(most(&memory, memory.first().context("memory was looked at")?.0..Instant::now())) });
    figures.write("long.mb_per_call", each(most(&memory, last_minute..first_hang_up)), "MiB", CALLS, &more)
}

/// This sample call, whole, so often.
fn rounds(sound: &Sound, times: usize) -> Sound {
    sound.repeated(sound.len() * times)
}

/// How often it has to be said to last so many seconds.
fn rounds_of(sound: &Sound, seconds: u64) -> usize {
    usize::try_from(seconds * 16_000).unwrap_or(usize::MAX).div_ceil(sound.len().max(1))
}

/// The first and the last minutes of a call of so many seconds, in its milliseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an hour or so")]
fn windows(plan: Plan, seconds: f64) -> (Range<u64>, Range<u64>) {
    let end = (seconds * 1000.0) as u64;
    (plan.early.0 * 1000..plan.early.1 * 1000, end.saturating_sub(plan.late * 1000)..u64::MAX)
}

fn drafts(calls: &[Drafted]) -> Vec<f64> {
    calls.iter().map(|call| call.whole).collect()
}

/// Sends these calls, one a little after the other, and waits for their drafts.
async fn play(grpc: &str, caseworker: &Caseworker, sounds: &[Sound], manner: Manner) -> Result<Vec<Drafted>> {
    tracing::info!(calls = sounds.len(), seconds = sounds.first().map(Sound::seconds), "playing");
    let calls: Vec<Drafted> = stream::iter(sounds.iter().zip(0..))
        .map(|(sound, number)| async move {
            tokio::time::sleep(APART * number).await;
            let sent = send(grpc, sound, number.into(), manner).await?;
            tokio::time::sleep(UNDISTURBED).await;
            let call = caseworker.wait_for_draft(&sent.id, PATIENCE).await?;
            let whole = call["draft"]["whole_ms"].as_f64().context("a whole draft has a time")? / 1000.0;
            let utterances = call["utterances"].as_array().map_or(0, Vec::len);
            tracing::info!(number, utterances, whole, connections = sent.connections, "drafted");
            anyhow::Ok(Drafted { sent, whole, seconds: sound.seconds() })
        })
        .buffer_unordered(sounds.len().max(1))
        .try_collect()
        .await?;
    Ok(calls)
}

/// When the pipeline, with its recogniser, held how many MiB.
type Memory = Vec<(Instant, f64)>;

async fn watched<T>(world: &mut World, playing: impl Future<Output = Result<T>>) -> Result<(T, Memory)> {
    let mut memory = Memory::new();
    let mut looks = tokio::time::interval(LOOK);
    tokio::pin!(playing);
    loop {
        tokio::select! {
            played = &mut playing => return Ok((played?, memory)),
            now = looks.tick() => memory.push((now, rss(world)?)),
        }
    }
}

fn rss(world: &mut World) -> Result<f64> {
    Ok(world.program(Part::Pipeline).as_ref().context("it runs")?.usage()?.rss_mib)
}

/// The most of the memory that was seen between these moments.
fn most(memory: &Memory, between: Range<Instant>) -> f64 {
    memory.iter().filter(|(at, _)| between.contains(at)).map(|(_, mib)| *mib).fold(f64::NAN, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_call_is_whole_sample_calls_and_an_hour_at_least() {
        let sound = Sound::new(vec![0; 85 * 16_000], vec![0; 80 * 16_000]);
        let long = rounds(&sound, rounds_of(&sound, 3_600));
        assert_eq!(long.len(), 43 * 85 * 16_000);
        assert_eq!(rounds_of(&sound, 85), 1);
    }

    #[test]
    fn the_last_minutes_are_counted_from_the_end() {
        let (first, last) = windows(WHOLE, 3_655.0);
        assert_eq!(first, 120_000..300_000);
        assert_eq!(last.start, 3_355_000);
        assert!(last.contains(&3_655_000), "what ends with the call belongs to it");
    }

    #[test]
    fn memory_is_the_most_of_its_minute() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let memory = vec![(at(0), 90.0), (at(1), 70.0), (at(2), 80.0), (at(3), 95.0)];
        assert!((most(&memory, at(1)..at(3)) - 80.0).abs() < 1e-9);
        assert!(most(&memory, at(4)..at(5)).is_nan(), "no look, no figure");
    }
}
