//! A disk that fills up in mid-call: at no moment does the agent say that it records while it does not, what could not be
//! written is a gap, and when there is room again it goes on by itself.
//!
//! Prints one line of JSON: for how long it claimed to record what it lost, beyond the time that a chunk takes.
//! Needs a small disk of its own, which only root can mount; where it may not it says so and passes, but not in CI.

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;
#[cfg(test)]
#[path = "support/disk.rs"]
mod disk;
#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;

use agent::{Running, config, wav};
use disk::Disk;
use pipeline::{Manner, Pipeline};
use referent_agent::clock::Clock;
use referent_proto::{GapReason, Track};
use std::io::Write as _;
use std::time::Duration;
use tokio::time::Instant;

/// From the first sample of a chunk until it is written: its own 100 ms, the wait for the next look, and a busy PC.
const A_CHUNK_TAKES: Duration = Duration::from_millis(300);
/// States in which somebody would believe that what is said is kept.
const CLAIMS: [&str; 3] = ["listening", "offline_keeping", "catching_up"];

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_at_once_and_costs_what_was_said_meanwhile_only() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mounted(folder.path()) else {
        writeln!(std::io::stdout(), "skipped: only root can mount a small disk").unwrap();
        return;
    };
    // It settles nothing, so that the spool keeps all.
    let pipeline = Pipeline::there(Manner { settles: false, ..Manner::default() }).await;
    let (path, _) = wav(folder.path(), "call.wav", 60);
    let agent = Running::start(config(folder.path(), &pipeline.url(), "real_time"), &Clock::system()).await;
    let (begin, call) = (Instant::now(), agent.begin(&path).await);
    agent.until("sound", |status| status["call"]["recorded_ms"]["far"].as_u64() > Some(500)).await;

    disk.fill(100_000);
    let mut observed = Vec::new();
    let mut observe = async |until: &str| {
        let observing = async {
            loop {
                let status = agent.control.status().await.expect("it answers");
                let state = status["state"].as_str().expect("a word").to_owned();
                let is_reached = state == until;
                observed.push((begin.elapsed(), state));
                if is_reached {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(20), observing).await.is_ok(), "never {until}");
    };
    observe("disk_full").await;
    observe_for(&agent, Duration::from_secs(2), "disk_full").await;
    disk.make_room();
    observe("listening").await;
    let recorded = |status: &serde_json::Value| status["call"]["recorded_ms"]["near"].as_u64();
    let before = recorded(&agent.control.status().await.unwrap());
    agent.until("sound behind the gap", |status| recorded(status) > before).await;
    agent.control.stop().await.unwrap();
    pipeline.until("hang-up", |p| p.hang_up(call).is_some()).await;

    let gaps = pipeline.gaps(call);
    let lost: Vec<_> = gaps.iter().filter(|gap| gap.reason == GapReason::DiskFull).collect();
    for track in Track::BOTH {
        let of_track: u64 = lost.iter().filter(|gap| gap.track == track).map(|gap| gap.span.samples() / 16).sum();
        assert!((1_500..10_000).contains(&of_track), "{track}: {of_track} ms of {gaps:?}");
    }
    let at = |offset: u64| Duration::from_millis(offset / 16);
    let is_lost = |when: Duration| {
        lost.iter().any(|gap| at(gap.span.start().0) + A_CHUNK_TAKES < when && when < at(gap.span.end().0))
    };
    let falsely: Vec<_> =
        observed.iter().filter(|(when, state)| CLAIMS.contains(&state.as_str()) && is_lost(*when)).collect();
    let seconds = f64::from(u32::try_from(falsely.len()).unwrap()) * 0.02;
    let row = serde_json::json!({ "false_listening_s": seconds, "observations": observed.len() });
    writeln!(std::io::stdout(), "\n{row}").unwrap();
    assert!(falsely.is_empty(), "{falsely:?} in {lost:?}");
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    agent.stop().await;
}

/// It stays so.
async fn observe_for(agent: &Running, duration: Duration, expected: &str) {
    let begin = Instant::now();
    while begin.elapsed() < duration {
        assert_eq!(agent.control.status().await.expect("it answers")["state"], expected);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_begins_on_a_full_disk_and_the_next_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mounted(folder.path()) else {
        writeln!(std::io::stdout(), "skipped: only root can mount a small disk").unwrap();
        return;
    };
    let pipeline = Pipeline::there(Manner::default()).await;
    let (path, _) = wav(folder.path(), "call.wav", 3);
    let agent = Running::start(config(folder.path(), &pipeline.url(), "credit"), &Clock::system()).await;
    disk.fill(0);
    let refused = agent.try_begin(&path).await.unwrap_err().to_string();
    assert!(refused.contains("the disk is full"), "{refused}");
    agent.until_spool_is_empty().await;
    disk.make_room();
    let call = agent.begin(&path).await;
    pipeline.until("hang-up", |p| p.hang_up(call).is_some()).await;
    agent.until_spool_is_empty().await;
    agent.stop().await;
}
