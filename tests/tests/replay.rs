//! Each file of `tests/replays` over its sample call: every word of the undisturbed call in order, and none doubled. A
//! network that costs a word leaves its file here (docs/replay.md). And what a disturbed call writes can be replayed.

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use referent_tests::SampleCall;
use referent_tests::World;
use referent_tests::crowd::{Manner, Way, send_recorded};
use referent_tests::replay::{Event, Head, Held, Replay, events, hold, sound_of};
use std::path::{Path, PathBuf};

/// Times faster than the events were.
const SPEED: f64 = 4.0;
/// Beside each other.
const AT_ONCE: usize = 8;

/// What a file is there for, besides the words.
struct Wanted {
    name: &'static str,
    connections: u32,
    /// The file leaves something to be sent again.
    fills: bool,
    /// Track, reason, first and last millisecond.
    gaps: &'static [(&'static str, &'static str, u64, u64)],
    /// Somebody is heard until then.
    heard_until_ms: u64,
}

const WANTED: [Wanted; 8] = [
    Wanted { name: "odd-boundaries", connections: 1, fills: false, gaps: &[], heard_until_ms: 20_000 },
    Wanted { name: "late-and-bunched", connections: 1, fills: false, gaps: &[], heard_until_ms: 20_000 },
    Wanted { name: "resume-with-repeats", connections: 4, fills: true, gaps: &[], heard_until_ms: 22_000 },
    Wanted { name: "broken-in-a-word", connections: 4, fills: true, gaps: &[], heard_until_ms: 21_000 },
    Wanted {
        name: "gap",
        connections: 2,
        fills: true,
        gaps: &[("near", "device_lost", 6_500, 9_500), ("far", "overrun", 13_000, 14_500)],
        heard_until_ms: 23_000,
    },
    Wanted { name: "out-of-step", connections: 1, fills: false, gaps: &[], heard_until_ms: 22_000 },
    Wanted { name: "hang-up-after-speech", connections: 1, fills: false, gaps: &[], heard_until_ms: 13_000 },
    Wanted { name: "takeover", connections: 3, fills: true, gaps: &[], heard_until_ms: 23_000 },
];

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_did_costs_and_doubles_no_word() -> Result<()> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(replays())?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let wanted = |path: &Path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        WANTED.iter().find(|wanted| wanted.name == name).with_context(|| format!("{name} stands in no row of WANTED"))
    };
    assert_eq!(files.len(), WANTED.len(), "each row of WANTED has its file");
    stream::iter(files)
        .map(|path| async move {
            let wanted = wanted(&path)?;
            check(&path, wanted).await.with_context(|| path.display().to_string())
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

async fn check(path: &Path, wanted: &Wanted) -> Result<()> {
    let replay = Replay::load(path)?;
    let audio = referent_tests::world::models_dir().join("demo-da/calls").join(&replay.head.audio);
    let folder = tempfile::tempdir()?;
    let held = hold(&replay, &sound_of(&replay.head, &audio)?, SPEED, folder.path()).await?;
    words_are_the_same(&held)?;
    ensure!(held.played.connections == wanted.connections, "{:?}", held.played);
    ensure!((held.played.filled > 0) == wanted.fills, "{:?}", held.played);
    let heard_until = held.said.iter().map(|said| said.end_ms).max().unwrap_or(0);
    ensure!(heard_until >= wanted.heard_until_ms, "heard until {heard_until} ms");
    let gaps = held.call["gaps"].as_array().context("gaps")?;
    ensure!(gaps.len() == wanted.gaps.len(), "gaps: {gaps:?}");
    for (track, reason, start_ms, end_ms) in wanted.gaps {
        let found = gaps.iter().any(|gap| {
            gap["track"] == *track
                && gap["reason"] == *reason
                && gap["start_ms"] == *start_ms
                && gap["end_ms"] == *end_ms
        });
        ensure!(found, "no gap {reason} on {track} from {start_ms} to {end_ms} ms: {gaps:?}");
    }
    ensure!(held.call["draft"]["number"] == 1 && held.call["draft"]["state"] == "ready", "{}", held.call["draft"]);
    Ok(())
}

fn words_are_the_same(held: &Held) -> Result<()> {
    let differences = held.differences();
    ensure!(held.words() >= 20, "the undisturbed call has only {} words", held.words());
    ensure!(differences.is_empty(), "of {} words differ: {differences:?}; {:?}", held.words(), held.played);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disturbed_call_leaves_a_file_that_can_be_replayed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("foertidspension-ingen-aftale")?;
    let head = Head {
        version: events::VERSION,
        audio: format!("{}.wav", sample.name),
        from_ms: 4_500,
        to_ms: Some(17_000),
        why: "disturbed by seed 7".into(),
    };
    let sound = sound_of(&head, &sample.wav)?;
    let world = World::builder(&folder.path().join("disturbed")).without_agent().start().await?;
    let mut record = Vec::new();
    let manner = Manner { disturbed: Some(7), ..Manner::FAST };
    let sent = send_recorded(&Way::plain(&world.pipeline_grpc())?, &sound, 1, manner, &mut record).await?;
    world.stop().await?;
    let path = folder.path().join("kept/seed-7.jsonl");
    Replay { head, events: record }.save(&path)?;

    let replay = Replay::load(&path)?;
    let connects = replay.events.iter().filter(|timed| matches!(timed.what, Event::Connect { .. })).count();
    assert!(connects > 1, "the seed breaks no connection");
    assert_eq!(connects, sent.connections);
    let again = hold(&replay, &sound, 1.0, &folder.path().join("replayed")).await?;
    words_are_the_same(&again)?;
    assert!(usize::try_from(again.played.connections)? >= connects, "{:?}", again.played);
    Ok(())
}

fn replays() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("replays")
}
