//! The network events of a call, kept in a file beside its sound, and played again against real programs.
//!
//! In: a file of events (`events`, docs/replay.md) and a WAV. Out: what a caseworker would read, held against the same
//! sound sent to the same programs undisturbed. So a network that once cost a word is a small file that is tried for good.
//!
//! Promises:
//!   R1  An event happens at its recorded time divided by the speed, or later where the worker gives no credit; by how
//!       much the latest was late is told.
//!   R2  What a worker asks for and the file no longer sends is sent first, as a spool would: a replay on a slower machine
//!       has no holes of its own.
//!   R3  A file that no honest agent could have lived through is refused by line number before anything is sent.
//!
//! Not done here: nothing is recorded in production. Files are written by hand, or by the disturbed calls of the tests
//! (`crowd`), over sample calls; they hold times and offsets, and no sound.

pub mod events;
pub mod play;

pub use events::{Event, Head, Replay, Timed};
pub use play::{Played, Stage};

use crate::bench::engine::pcm_of;
use crate::caseworker::{Caseworker, Said};
use crate::crowd::{Manner, Sound, send};
use crate::word_errors::{Difference, differences, words};
use crate::world::World;
use anyhow::{Context as _, Result, ensure};
use referent_proto::Track;
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;

/// A replayed call beside the undisturbed one.
#[derive(Debug)]
pub struct Held {
    /// How the replay went.
    pub played: Played,
    /// What was said, as the page shows it.
    pub said: Vec<Said>,
    /// What the same sound says undisturbed.
    pub undisturbed: Vec<Said>,
    /// The call as the API shows it.
    pub call: Value,
}

impl Held {
    /// Words that only one of the two has, in order: near, then far.
    pub fn differences(&self) -> Vec<Difference> {
        let of = |said: &[Said], track| words_of(said, track);
        Track::BOTH
            .into_iter()
            .flat_map(|track| differences(&of(&self.undisturbed, track), &of(&self.said, track)))
            .collect()
    }

    /// How many words the undisturbed call has.
    pub fn words(&self) -> usize {
        Track::BOTH.into_iter().map(|track| words_of(&self.undisturbed, track).len()).sum()
    }
}

/// Replays `replay` over `sound` at `speed` times its own, in a world of its own in `folder`, after the same sound
/// undisturbed.
pub async fn hold(replay: &Replay, sound: &Sound, speed: f64, folder: &Path) -> Result<Held> {
    replay.fits(sound)?;
    let world = World::builder(folder).without_agent().start().await?;
    let caseworker = world.caseworker().await?;
    let sent = send(&world.pipeline_grpc(), sound, 0, Manner::FAST).await.context("the undisturbed call")?;
    let undisturbed = caseworker.transcript(&sent.id).await?;
    let mut stage = Stage::of(world, replay.workers()).await?;
    let played = play::play(replay, sound, speed, &mut stage).await?;
    let call = whole(&caseworker, &played.id).await?;
    let said = serde_json::from_value(call["utterances"].clone())?;
    stage.stop().await?;
    Ok(Held { played, said, undisturbed, call })
}

/// The call when it is complete and drafted.
async fn whole(caseworker: &Caseworker, id: &str) -> Result<Value> {
    let patience = std::time::Duration::from_secs(30);
    caseworker
        .wait_for(id, patience, "a complete call with a draft", |call| {
            call["state"] == "complete" && (call["draft"]["state"] == "ready" || call["draft"]["state"] == "failed")
        })
        .await
}

fn words_of(said: &[Said], track: Track) -> Vec<String> {
    said.iter().filter(|said| said.track == track.name()).flat_map(|said| words(&said.text)).collect()
}

/// The stretch of a WAV that a file is about, at 16 kHz.
pub fn sound_of(head: &Head, audio: &Path) -> Result<Sound> {
    let side = |track| pcm_of(audio, track).with_context(|| format!("{} cannot be read as a WAV", audio.display()));
    let whole = Sound::new(side(Track::Near)?, side(Track::Far)?);
    Ok(whole.stretch(head.from_ms, head.to_ms.unwrap_or(u64::MAX / 16)))
}

/// `referent-bench replay`: plays a file, prints the words, and fails if they are not those of the undisturbed call.
pub async fn show(events: &Path, audio: &Path, speed: f64) -> Result<()> {
    let replay = Replay::load(events)?;
    let folder = tempfile::tempdir()?;
    let held = hold(&replay, &sound_of(&replay.head, audio)?, speed, folder.path()).await?;
    let (words, differences) = (held.words(), held.differences());
    let Held { played, said, .. } = held;
    let mut out = std::io::stdout().lock();
    for said in said {
        writeln!(out, "{:>7.1} s  {:4}  {}", seconds(said.start_ms), said.track, said.text)?;
    }
    writeln!(
        out,
        "{} connections; the latest event was {} ms late; {} ms of sound were sent besides the file's",
        played.connections,
        played.latest.as_millis(),
        played.filled / 16
    )?;
    for difference in &differences {
        match difference {
            Difference::Missing(word) => writeln!(out, "- {word}")?,
            Difference::More(word) => writeln!(out, "+ {word}")?,
        }
    }
    ensure!(differences.is_empty(), "{} words differ from the {words} of the undisturbed call", differences.len());
    writeln!(out, "all {words} words of the undisturbed call, in order, and no other")?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a call")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
