//! What a call may record: nothing before consent, nothing in a pause, nothing where it is not allowed, whoever says so.

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;
#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;

use agent::{Running, config, wav};
use pipeline::{Heard, Instead, Manner, Pipeline};
use referent_agent::clock::Clock;
use referent_agent::spool::{CallSpool, Item};
use referent_proto::ids::PerTrack;
use referent_proto::{CallId, Command, CommandId, CommandKind, GapReason, SampleSpan, Track};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Nobody listens there: what is begun stays in the spool.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A call of a minute that goes on in real time, recorded under this mode.
async fn going_on(folder: &Path, mode: &str) -> (Running, CallId) {
    let (path, _) = wav(folder, "call.wav", 60);
    let agent = agent_in(folder, mode).await;
    let call = agent.begin(&path).await;
    (agent, call)
}

async fn agent_in(folder: &Path, mode: &str) -> Running {
    let mut config = config(folder, NOWHERE, "real_time");
    config.rule.mode = serde_json::from_value(mode.into()).expect("a mode");
    Running::start(config, &Clock::system()).await
}

async fn recorded(agent: &Running, more_than_ms: u64) {
    agent.until("sound", |status| status["call"]["recorded_ms"]["far"].as_u64() > Some(more_than_ms)).await;
}

async fn state(agent: &Running) -> String {
    agent.control.status().await.expect("it answers")["state"].as_str().expect("a word").to_owned()
}

/// Sound and gaps of a track, in milliseconds, neighbours of a kind joined.
fn spooled(folder: &Path, track: Track) -> Vec<(Option<GapReason>, u64)> {
    let spool = CallSpool::open(folder).expect("the disk works").expect("the spool names a call").spool;
    let mut reader = spool.read_from(PerTrack::default());
    let mut stretches: Vec<(Option<GapReason>, u64)> = Vec::new();
    let mut add = |kind, span: SampleSpan| match stretches.last_mut() {
        Some((last, samples)) if *last == kind => *samples += span.samples(),
        _ => stretches.push((kind, span.samples())),
    };
    loop {
        let items = reader.read().expect("the disk works");
        if items.is_empty() {
            break;
        }
        for item in items {
            match item {
                Item::Chunk(chunk) if chunk.track == track => add(None, chunk.span()),
                Item::Gap(gap) if gap.track == track => add(Some(gap.reason), gap.span),
                Item::Chunk(_) | Item::Sealed(_) | Item::Gap(_) | Item::HangUp(_) => {}
            }
        }
    }
    stretches.into_iter().map(|(kind, samples)| (kind, samples / 16)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_a_gap_and_holds_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, call) = going_on(folder.path(), "notice").await;
    recorded(&agent, 500).await;
    assert_eq!(agent.control.pause().await.unwrap(), call);
    assert_eq!(state(&agent).await, "paused");
    assert_eq!(agent.control.pause().await.unwrap(), call, "a second time changes nothing");
    // A pause takes time; there is nothing else to wait for.
    tokio::time::sleep(Duration::from_millis(700)).await;
    agent.stop().await;

    let agent = agent_in(folder.path(), "notice").await;
    assert_eq!(state(&agent).await, "paused", "a restart keeps the pause");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(agent.control.resume().await.unwrap(), call);
    assert_ne!(state(&agent).await, "paused");
    let resumed = agent.control.status().await.unwrap()["call"]["recorded_ms"]["far"].as_u64().unwrap();
    recorded(&agent, resumed + 1_500).await;
    agent.control.stop().await.unwrap();
    let spool = agent.folder_of(call);
    agent.stop().await;
    for track in Track::BOTH {
        let stretches = spooled(&spool, track);
        let sound: Vec<u64> = stretches.iter().filter(|(gap, _)| gap.is_none()).map(|(_, ms)| *ms).collect();
        assert_eq!(sound.len(), 2, "sound before and after: {stretches:?}");
        let missing: u64 = stretches.iter().filter(|(gap, _)| gap.is_some()).map(|(_, ms)| ms).sum();
        assert!(missing >= 1_000, "{stretches:?}");
        assert!(stretches.iter().any(|(gap, ms)| *gap == Some(GapReason::Paused) && *ms >= 500), "{stretches:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_before_the_citizen_agrees_nor_after_taking_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, call) = going_on(folder.path(), "consent").await;
    assert_eq!(state(&agent).await, "awaiting_consent");
    tokio::time::sleep(Duration::from_millis(600)).await;
    agent.control.consent(true).await.unwrap();
    assert_ne!(state(&agent).await, "awaiting_consent");
    recorded(&agent, 1_500).await;
    agent.control.consent(false).await.unwrap();
    assert_eq!(state(&agent).await, "awaiting_consent");
    tokio::time::sleep(Duration::from_millis(600)).await;
    agent.control.stop().await.unwrap();
    let spool = agent.folder_of(call);
    agent.stop().await;
    for track in Track::BOTH {
        let stretches = spooled(&spool, track);
        let [(before, early), (None, sound), rest @ ..] = stretches.as_slice() else { panic!("{stretches:?}") };
        assert_eq!(*before, Some(GapReason::BeforeConsent));
        assert!(*early >= 600 && *sound >= 500, "{stretches:?}");
        assert!(rest.iter().all(|(gap, _)| *gap == Some(GapReason::BeforeConsent)), "{stretches:?}");
        let after: u64 = rest.iter().map(|(_, ms)| ms).sum();
        assert!(after >= 500, "the call ends when it was hung up: {stretches:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decided_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent_in(folder.path(), "notice").await;
    assert!(agent.control.pause().await.unwrap_err().to_string().contains("no call goes on"));
    agent.stop().await;
    for (mode, says) in [("off", "may not be recorded"), ("documentation", "needs no consent")] {
        let folder = tempfile::tempdir().unwrap();
        let (agent, _) = going_on(folder.path(), mode).await;
        let refused = agent.control.consent(true).await.unwrap_err().to_string();
        assert!(refused.contains(says), "{mode}: {refused}");
        agent.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_may_take_the_place_of_one_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, first) = going_on(folder.path(), "notice").await;
    let wav = Some(folder.path().join("call.wav"));
    let body = referent_agent::control::BeginBody { wav, replace: true, ..Default::default() };
    let second = agent.control.start(&body).await.unwrap();
    assert_ne!(first, second);
    let status = agent.control.status().await.unwrap();
    assert_eq!(status["call"]["id"], Value::from(second.to_string()));
    let ended = status["spool"]["waiting"].as_array().unwrap().iter().find(|call| call["id"] == first.to_string());
    assert_eq!(ended.unwrap()["is_ended"], true);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pane_pauses_and_resumes_and_is_told_when_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = wav(folder.path(), "call.wav", 20);
    let pipeline = Pipeline::there(Manner::default()).await;
    let (pause, resume) = (CommandId::new(1, [7; 10]), CommandId::new(2, [7; 10]));
    pipeline.next(Instead::Command(Command { id: pause, kind: CommandKind::Pause }));
    let agent = Running::start(config(folder.path(), &pipeline.url(), "real_time"), &Clock::system()).await;
    let call = agent.begin(&path).await;
    pipeline.until("the pause", |p| p.heard().contains(&Heard::Done(pause.to_string()))).await;
    assert_eq!(state(&agent).await, "paused");
    let at_pause = pipeline.sound(call, Track::Near).len();
    tokio::time::sleep(Duration::from_millis(800)).await;
    let in_pause = pipeline.sound(call, Track::Near).len();
    assert!(in_pause <= at_pause + 8_000, "at most what was on its way: {at_pause} {in_pause}");
    // It is told again with the next connection, which breaks after the first sound.
    pipeline.next(Instead::Command(Command { id: resume, kind: CommandKind::Resume }));
    pipeline.break_all();
    pipeline.until("the end of the pause", |p| p.heard().contains(&Heard::Done(resume.to_string()))).await;
    pipeline.until("sound", |p| p.sound(call, Track::Near).len() > in_pause + 16_000).await;
    agent.control.stop().await.unwrap();
    agent.until_spool_is_empty().await;
    assert!(pipeline.gaps(call).iter().any(|gap| gap.reason == GapReason::Paused && gap.span.samples() > 8_000));
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_which_the_citizen_objects_is_erased_here_at_once_and_there_when_it_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = wav(folder.path(), "call.wav", 60);
    let pipeline = Pipeline::away(Manner { completes: false, ..Manner::default() }).await;
    let configured = config(folder.path(), &pipeline.url(), "real_time");
    let agent = Running::start(configured.clone(), &Clock::system()).await;
    assert!(agent.control.discard(None).await.unwrap_err().to_string().contains("no call goes on"));
    let call = agent.begin(&path).await;
    recorded(&agent, 1_000).await;
    assert_eq!(agent.control.discard(None).await.unwrap(), call);
    let status = agent.control.status().await.unwrap();
    assert_eq!((&status["state"], &status["call"]), (&Value::from("idle"), &Value::Null));
    assert_eq!(status["spool"]["waiting"][0]["is_discarded"], true, "{status}");
    let names: Vec<_> =
        std::fs::read_dir(agent.folder_of(call)).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["discarded"], "no sound is left");
    let left = std::fs::read(agent.folder_of(call).join("discarded")).unwrap();
    assert!(!String::from_utf8_lossy(&left).contains("2026-1"), "nor the case");
    // A restart does not forget that the server has to be told.
    agent.stop().await;
    let agent = Running::start(configured, &Clock::system()).await;
    assert_eq!(agent.control.status().await.unwrap()["spool"]["waiting"][0]["is_discarded"], true);
    pipeline.up().await;
    agent.until_spool_is_empty().await;
    let heard = pipeline.heard();
    assert!(heard.contains(&Heard::Discard(call)), "{heard:?}");
    let done = CommandId::from_bytes(&call.bytes()).unwrap().to_string();
    pipeline.until("the receipt", |p| p.heard().contains(&Heard::Done(done.clone()))).await;
    assert!(pipeline.sound(call, Track::Near).is_empty(), "no sound ever left");
    let unknown = agent.control.discard(Some(call)).await.unwrap_err().to_string();
    assert!(unknown.contains("not on this PC"), "{unknown}");
    agent.stop().await;
}
