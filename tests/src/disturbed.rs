//! A call in which a part is killed with -9 and started again, against the same call undisturbed.
//!
//! In: what is killed, when, what hears. Out: what is missing, what stands there twice, how many drafts there are, and
//! what the spool still holds. The kill stories and `make bench-kill` both count with it.

use crate::caseworker::{Caseworker, Said};
use crate::word_errors::WordErrors;
use crate::world::{Pace, Part, Recogniser, World};
use anyhow::{Context as _, Result};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a call may take beyond its own length until its draft is whole, restart and backoff included.
const PATIENCE: Duration = Duration::from_secs(75);
/// Speech that a gap of the agent's cut into, or that a pause no longer separates from it, may differ this far away.
const NEAR_A_GAP_MS: u64 = 1500;

/// The sound of a story, and what is truly said in it.
#[derive(Debug, Clone)]
pub struct Sound {
    /// Two channels.
    pub wav: PathBuf,
    /// Its length.
    pub length: Duration,
}

/// A finished call.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Everything that the API says of it.
    pub call: Value,
    /// What was said.
    pub said: Vec<Said>,
    /// Calls that the spool still holds.
    pub left_in_spool: usize,
}

/// What a kill did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Damage {
    /// Utterances of the undisturbed call that are not there.
    pub missing: u32,
    /// Utterances that stand there twice, or over one another.
    pub doubled: u32,
    /// Utterances whose text differs.
    pub different: u32,
    /// Drafts beyond the one.
    pub more_drafts: u32,
    /// Gaps beyond the one, a track, that a killed agent leaves.
    pub more_gaps: u32,
    /// Calls that the spool still holds.
    pub left_in_spool: u32,
}

impl Damage {
    /// Nothing was lost, nothing doubled.
    pub fn none(self) -> bool {
        self == Self::default()
    }
}

/// The moments of a run of kills: seeded, over the whole call and two seconds beyond.
pub fn moments(seed: u64, count: usize, length: Duration) -> Vec<Duration> {
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    (0..count).map(|_| Duration::from_secs_f64(rng.random_range(0.3..length.as_secs_f64() + 2.0))).collect()
}

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// One of the three programs, which is started again at once.
    Program(Part),
    /// The process in which the pipeline hears; the pipeline starts another.
    Recogniser,
}

/// Plays the call in a world of its own; at `kill`'s moment that part is killed and at once started again.
pub async fn play(
    folder: &Path,
    recogniser: Recogniser,
    sound: &Sound,
    kill: Option<(Victim, Duration)>,
) -> Result<Finished> {
    let mut world = World::builder(folder).recogniser(recogniser).pace(Pace::RealTime).start().await?;
    let mut caseworker = world.caseworker().await?;
    let id = world.begin_call(&sound.wav).await?;
    if let Some((victim, moment)) = kill {
        tokio::time::sleep(moment).await; // The moment is the thing waited for.
        match victim {
            Victim::Program(part) => {
                world.kill(part).await?;
                world.start(part).await?;
                if part == Part::NotesApi {
                    caseworker = world.caseworker().await?;
                }
            }
            Victim::Recogniser => world.kill_recogniser()?,
        }
    }
    finish(world, &caseworker, &id, sound)
        .await
        .with_context(|| format!("killed: {kill:?}; logs in {}", folder.display()))
}

/// Waits until the call is complete and drafted and the spool is empty; then stops everything.
pub async fn finish(world: World, caseworker: &Caseworker, id: &str, sound: &Sound) -> Result<Finished> {
    let call = caseworker
        .wait_for(id, sound.length + PATIENCE, "a complete call with a draft", |call| {
            call["state"] == "complete" && call["draft"]["state"] == "ready"
        })
        .await?;
    let left_in_spool = spool_is_empty_soon(&world).await?;
    let said = serde_json::from_value(call["utterances"].clone())?;
    world.stop().await?;
    Ok(Finished { call, said, left_in_spool })
}

/// The agent erases a call when it hears that it is complete; that may be a moment after the draft.
async fn spool_is_empty_soon(world: &World) -> Result<usize> {
    let mut left = usize::MAX;
    for _ in 0..200 {
        left = std::fs::read_dir(world.spool()).map_or(0, Iterator::count);
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(left)
}

/// Holds a disturbed call against the undisturbed one. Texts count only where they are a function of the sound's place.
pub fn compare(undisturbed: &Finished, disturbed: &Finished, victim: Victim, recogniser: Recogniser) -> Damage {
    let gaps = gaps(&disturbed.call);
    let near_a_gap = |said: &Said| {
        gaps.iter().any(|(track, start, end)| {
            *track == said.track
                && said.start_ms < end + NEAR_A_GAP_MS
                && start.saturating_sub(NEAR_A_GAP_MS) < said.end_ms
        })
    };
    let mut damage = Damage { doubled: doubled(&disturbed.said), ..Damage::default() };
    for expected in undisturbed.said.iter().filter(|said| !near_a_gap(said)) {
        let found = disturbed.said.iter().find(|said| overlap(said, expected));
        match found {
            None => damage.missing += 1,
            Some(found) => {
                let same =
                    recogniser == Recogniser::Whisper || victim == Victim::Program(Part::Agent) || found == expected;
                damage.different += u32::from(!same);
            }
        }
    }
    for said in disturbed.said.iter().filter(|said| !near_a_gap(said)) {
        damage.doubled += u32::from(!undisturbed.said.iter().any(|expected| overlap(said, expected)));
    }
    let number = disturbed.call["draft"]["number"].as_u64().unwrap_or(0);
    damage.more_drafts = u32::try_from(number.abs_diff(1)).unwrap_or(u32::MAX);
    let allowed = usize::from(victim == Victim::Program(Part::Agent));
    for track in ["near", "far"] {
        let count = gaps.iter().filter(|gap| gap.0 == track).count();
        damage.more_gaps += u32::try_from(count.saturating_sub(allowed)).unwrap_or(u32::MAX);
    }
    damage.left_in_spool = u32::try_from(disturbed.left_in_spool).unwrap_or(u32::MAX);
    damage
}

/// Everything that was heard, on both tracks, against what was said, outside the gaps of `disturbed`; so that the
/// undisturbed call can be held against the same turns.
pub fn word_errors(sample: &crate::SampleCall, until_s: f64, finished: &Finished, disturbed: &Finished) -> WordErrors {
    let gaps = gaps(&disturbed.call);
    referent_proto::Track::BOTH
        .into_iter()
        .map(|track| {
            let in_a_gap = |start: f64, end: f64| {
                gaps.iter().any(|(gap_track, gap_start, gap_end)| {
                    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a call")]
                    let (gap_start, gap_end) = (*gap_start as f64 / 1000.0, *gap_end as f64 / 1000.0);
                    *gap_track == track.name() && start < gap_end + 1.5 && gap_start - 1.5 < end
                })
            };
            let turns: Vec<_> = sample
                .turns
                .iter()
                .filter(|turn| turn.track() == track && turn.end_s < until_s && !in_a_gap(turn.start_s, turn.end_s))
                .collect();
            let said: Vec<&str> = turns.iter().map(|turn| turn.text.as_str()).collect();
            let heard: Vec<&str> = finished
                .said
                .iter()
                .filter(|said| said.track == track.name())
                .filter(|said| {
                    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a call")]
                    let middle = (said.start_ms + said.end_ms) as f64 / 2000.0;
                    turns.iter().any(|turn| (turn.start_s - 0.4..turn.end_s + 0.4).contains(&middle))
                })
                .map(|said| said.text.as_str())
                .collect();
            WordErrors::between(&said.join(" "), &heard.join(" "))
        })
        .sum()
}

fn overlap(a: &Said, b: &Said) -> bool {
    a.track == b.track && a.start_ms < b.end_ms && b.start_ms < a.end_ms
}

fn doubled(said: &[Said]) -> u32 {
    let pairs = said.iter().enumerate().flat_map(|(at, one)| said[at + 1..].iter().map(move |other| (one, other)));
    u32::try_from(pairs.filter(|(one, other)| overlap(one, other)).count()).unwrap_or(u32::MAX)
}

fn gaps(call: &Value) -> Vec<(String, u64, u64)> {
    call["gaps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|gap| Some((gap["track"].as_str()?.to_owned(), gap["start_ms"].as_u64()?, gap["end_ms"].as_u64()?)))
        .collect()
}
