//! The server sees the PC as long as the agent runs, whether or not a call goes on, and reaches calls that have no connection
//! of their own.

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;
#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;

use agent::{Running, config, limits, wav};
use pipeline::{Heard, Instead, Manner, Pipeline, Presences};
use referent_agent::clock::Clock;
use referent_agent::send::{KeepAlive, Limits};
use referent_proto::{AgentId, AgentStateKind as K, CallId, Command, CommandId, CommandKind, PresenceCommand, Track};
use std::path::Path;
use std::time::{Duration, Instant};
use tonic::Status;

async fn there(manner: Manner) -> Pipeline {
    let pipeline = Pipeline::there(manner).await;
    pipeline.presences(Presences::Taken);
    pipeline
}

async fn start(folder: &Path, pipeline: &Pipeline) -> Running {
    Running::start(config(folder, &pipeline.url(), "credit"), &Clock::system()).await
}

fn agents(pipeline: &Pipeline) -> Vec<AgentId> {
    let there = |heard| if let Heard::There(agent) = heard { Some(agent) } else { None };
    pipeline.heard().into_iter().filter_map(there).collect()
}

fn command(number: u8, call: CallId, kind: CommandKind) -> PresenceCommand {
    let id = CommandId::from_bytes(&[number; 16]).expect("16 bytes");
    PresenceCommand { call, command: Command { id, kind } }
}

fn is_done(pipeline: &Pipeline, command: PresenceCommand) -> bool {
    pipeline.heard().contains(&Heard::Done(command.command.id.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_said_before_during_and_after_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = wav(folder.path(), "call.wav", 2);
    let pipeline = there(Manner::default()).await;
    let began = Instant::now();
    let as_spoken = config(folder.path(), &pipeline.url(), "real_time");
    let agent = Running::start(as_spoken, &Clock::system()).await;
    pipeline.until("idle, without a call", |p| p.done_there().first() == Some(&K::Idle)).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    pipeline.until("ten heartbeats", |p| p.done_there().len() > 10).await;
    assert!(pipeline.done_there().iter().all(|kind| *kind == K::Idle));

    let before = pipeline.done_there().len();
    let call = agent.begin(&path).await;
    pipeline.until("it listens", |p| p.done_there()[before..].contains(&K::Listening)).await;
    agent.until_spool_is_empty().await;
    pipeline.until("idle again", |p| p.done_there().last() == Some(&K::Idle)).await;
    assert_eq!(pipeline.sound(call, Track::Near).len(), 32_000, "the call was sent as ever");
    assert_eq!(agents(&pipeline).len(), 1, "on one stream for all of it");
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presence_that_ends_is_begun_again_by_the_same_agent() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = there(Manner::default()).await;
    let agent = start(folder.path(), &pipeline).await;
    for (number, status) in
        [Status::unavailable("stopping"), Status::internal("a bug"), Status::resource_exhausted("full")]
            .into_iter()
            .enumerate()
    {
        pipeline.until("it is there", |p| agents(p).len() == number + 1 && p.done_there().len() > number).await;
        pipeline.end_presences(status);
    }
    pipeline.until("it is there again", |p| agents(p).len() == 4).await;
    let all = agents(&pipeline);
    assert!(all.iter().all(|agent| *agent == all[0]), "{all:?}");
    agent.stop().await;
    let again = start(folder.path(), &pipeline).await;
    pipeline.until("the next start", |p| agents(p).len() == 5).await;
    assert_ne!(agents(&pipeline)[4], all[0], "is another agent");
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_comes_late_or_refuses_is_asked_until_it_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = Pipeline::away(Manner::default()).await;
    pipeline.presences(Presences::Refused(Status::resource_exhausted("full")));
    let agent = start(folder.path(), &pipeline).await;
    pipeline.up().await;
    pipeline.until("two tries", |p| p.presences_tried() >= 2).await;
    pipeline.presences(Presences::Taken);
    pipeline.until("it is there", |p| p.done_there().first() == Some(&K::Idle)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_pipeline_is_not_asked_again_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = Pipeline::there(Manner::default()).await;
    let seldom = Limits { presence_unknown: Duration::from_secs(4), ..limits() };
    let configured = config(folder.path(), &pipeline.url(), "credit");
    let agent = Running::start_with(configured, &Clock::system(), seldom).await.expect("it starts");
    pipeline.until("the first try", |p| p.presences_tried() == 1).await;
    let (first, path) = (Instant::now(), wav(folder.path(), "call.wav", 2).0);
    // Calls do not mind.
    agent.begin(&path).await;
    agent.until_spool_is_empty().await;
    pipeline.presences(Presences::Taken);
    pipeline.until("the second try", |p| p.presences_tried() == 2).await;
    assert!(first.elapsed() >= Duration::from_secs(2), "asked again after {:?}", first.elapsed());
    pipeline.until("it is there", |p| p.done_there().first() == Some(&K::Idle)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    // Accepts, and says nothing for ever.
    let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", dead.local_addr().unwrap());
    let short = Duration::from_millis(300);
    let brisk = Limits { keep_alive: KeepAlive { after: short, within: short }, ..limits() };
    let agent =
        Running::start_with(config(folder.path(), &url, "credit"), &Clock::system(), brisk).await.expect("it starts");
    let tries = async {
        let mut held = Vec::new();
        while held.len() < 3 {
            held.push(dead.accept().await.unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(20), tries).await.expect("it tries again");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_reaches_a_call_that_has_no_connection() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = wav(folder.path(), "call.wav", 60);
    let pipeline = there(Manner::default()).await;
    pipeline.next(Instead::Elsewhere(60_000));
    let agent = start(folder.path(), &pipeline).await;
    let call = agent.begin(&path).await;
    pipeline.until("the call is sent elsewhere", |p| p.hellos().len() == 1).await;

    let pause = command(1, call, CommandKind::Pause);
    pipeline.order(pause);
    pipeline.until("the pause is done", |p| is_done(p, pause)).await;
    agent.until("paused", |status| status["call"]["is_paused"] == true).await;
    pipeline.until("the server sees it", |p| p.done_there().last() == Some(&K::Paused)).await;
    // Repeated, as the server does when the answer was lost.
    let (again, resume) = (command(2, call, CommandKind::Pause), command(3, call, CommandKind::Resume));
    pipeline.order(again);
    pipeline.order(resume);
    pipeline.until("both are done", |p| is_done(p, again) && is_done(p, resume)).await;
    agent.until("going on", |status| status["call"]["is_paused"] == false).await;

    let (strange, discard) = (CallId::from_bytes(&[9; 16]).expect("16 bytes"), command(5, call, CommandKind::Discard));
    let not_ours = command(4, strange, CommandKind::Discard);
    pipeline.order(not_ours);
    pipeline.order(discard);
    pipeline.until("the discard is done", |p| is_done(p, discard)).await;
    assert!(!is_done(&pipeline, not_ours), "of a call that it never had it says nothing");
    let sound = |folder| {
        let names = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
        names.filter(|name| name.to_string_lossy().ends_with(".segment")).count()
    };
    assert_eq!(sound(agent.folder_of(call)), 0, "its sound is erased");
    let status = agent.until("no call", |status| status["call"].is_null()).await;
    assert_eq!(status["spool"]["waiting"][0]["is_discarded"], true, "{status}");
    assert_eq!(pipeline.hellos().len(), 1, "all of it without a connection of the call's own");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_call_that_it_has_let_go_of_there_is_nothing_left_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = wav(folder.path(), "call.wav", 2);
    let pipeline = there(Manner::default()).await;
    let agent = start(folder.path(), &pipeline).await;
    let call = agent.begin(&path).await;
    agent.until_spool_is_empty().await;
    agent.until("nothing waits", |status| status["spool"]["waiting"].as_array().is_some_and(Vec::is_empty)).await;
    let discard = command(1, call, CommandKind::Discard);
    pipeline.order(discard);
    pipeline.until("it is done", |p| is_done(p, discard)).await;
    agent.stop().await;
}
