//! Agents that are there between calls, over real gRPC: what a page is told of them, and what reaches them.

use crate::given::{House, Place, a_call, a_worker};
use crate::http::{Browser, Stream};
use crate::say;
use crate::wire::{Line, a_complete_call, client};
use referent_proto::ingest::{self as wire, from_presence, from_worker, to_presence, to_worker};
use referent_proto::{AgentId, AgentStateKind, PresenceCommand, PresenceHello, Track, calls};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tonic::{Code, Status, Streaming};

const PATIENCE: Duration = Duration::from_secs(20);

/// One agent's presence, as a worker brings it.
struct Presence {
    up: mpsc::Sender<wire::FromPresence>,
    down: Streaming<wire::ToPresence>,
}

impl Presence {
    async fn open(house: &House) -> Self {
        let (up, messages) = mpsc::channel(64);
        let down = client(house).await.presence(ReceiverStream::new(messages)).await.expect("a stream").into_inner();
        Self { up, down }
    }

    async fn of(house: &House, identity: &str, agent: u8) -> Self {
        let presence = Self::open(house).await;
        presence.say(began(identity, agent)).await;
        presence
    }

    async fn say(&self, kind: from_presence::Kind) {
        self.up.send(wire::FromPresence { kind: Some(kind) }).await.expect("the stream is open");
    }

    async fn state(&self, kind: AgentStateKind) {
        let state = calls::AgentState { state: kind.into(), since_ms: 7_000, ..calls::AgentState::default() };
        self.say(from_presence::Kind::AgentState(state)).await;
    }

    async fn done(&self, command: PresenceCommand) {
        self.say(from_presence::Kind::Done(calls::Done::of(command.command.id))).await;
    }

    async fn next(&mut self) -> Result<PresenceCommand, Status> {
        let message = tokio::time::timeout(PATIENCE, self.down.message()).await.expect("an answer");
        let kind = message?.and_then(|message| message.kind).ok_or_else(|| Status::ok("the stream has ended"))?;
        let to_presence::Kind::Command(command) = kind;
        Ok(command.try_into().expect("a command"))
    }

    async fn status(mut self) -> Code {
        self.next().await.expect_err("the stream ends").code()
    }
}

fn began(identity: &str, agent: u8) -> from_presence::Kind {
    let agent = AgentId::from_bytes(&[agent; 16]).expect("16 bytes");
    let hello = PresenceHello { agent_version: "test".into(), agent };
    from_presence::Kind::Began(wire::PresenceBegan {
        identity: identity.into(),
        hello: Some(hello.into()),
        certificate: String::new(),
    })
}

/// Waits until the page is told this: in contact, lost, in trouble, state.
async fn told(stream: &mut Stream, expected: (u64, u64, u64, Value)) -> Value {
    let (in_contact, lost, in_trouble, state) = expected;
    loop {
        let data = stream.of_kind("agent").await.data;
        let is_it = data["in_contact"] == in_contact && data["lost"] == lost && data["in_trouble"] == in_trouble;
        if is_it && data["state"] == state {
            return data;
        }
    }
}

pub(crate) async fn a_page_is_told_who_is_there_between_calls(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let mut page = browser.listen("/v1/events").await;
    let first = page.of_kind("agent").await.data;
    assert_eq!(first, json!({ "in_contact": 0, "lost": 0, "in_trouble": 0, "state": null, "since_ms": null }));

    let annas = Presence::of(&house, "anna", 1).await;
    annas.state(AgentStateKind::Idle).await;
    let one = told(&mut page, (1, 0, 0, "idle".into())).await;
    assert!(one["since_ms"].as_u64().is_some_and(|ms| (7_000..27_000).contains(&ms)), "{one}");
    annas.state(AgentStateKind::DiskFull).await;
    told(&mut page, (1, 0, 1, "disk_full".into())).await;

    // Of two, no page takes the state of one for its own; a page that comes later hears the same at once.
    let bos = Presence::of(&house, "bo", 2).await;
    bos.state(AgentStateKind::Idle).await;
    told(&mut page, (2, 0, 1, Value::Null)).await;
    let mut later = browser.listen("/v1/events").await;
    assert_eq!(later.of_kind("agent").await.data["in_contact"], 2);
    drop(bos);
    told(&mut page, (1, 1, 1, Value::Null)).await;
    drop(annas);
    told(&mut page, (0, 2, 0, Value::Null)).await;

    // Anna's agent comes again, by another stream and then by another start of it; Bo's by another start.
    let again = Presence::of(&house, "anna", 1).await;
    again.state(AgentStateKind::Idle).await;
    told(&mut page, (1, 1, 0, Value::Null)).await;
    let restarted = Presence::of(&house, "bo", 3).await;
    restarted.state(AgentStateKind::Paused).await;
    told(&mut page, (2, 0, 0, Value::Null)).await;
    house.stop().await;
}

/// An agent that speaks every now and then, as a real one does.
struct Alive {
    does: watch::Sender<AgentStateKind>,
    _speaking: AbortOnDropHandle<()>,
}

impl Alive {
    async fn of(house: &House, identity: &str, agent: u8, kind: AgentStateKind) -> Self {
        let presence = Presence::of(house, identity, agent).await;
        let (does, mut changes) = watch::channel(kind);
        let speaking = TaskTracker::new().spawn(async move {
            loop {
                let kind = *changes.borrow_and_update();
                presence.state(kind).await;
                tokio::time::timeout(Duration::from_secs(1), changes.changed()).await.ok();
            }
        });
        Self { does, _speaking: AbortOnDropHandle::new(speaking) }
    }

    fn does(&self, kind: AgentStateKind) {
        self.does.send_replace(kind);
    }
}

/// On PostgreSQL alone: two programs, one database.
pub(crate) async fn a_page_is_told_of_pcs_that_are_there_through_another_notes_api(place: Place) {
    let (a, b) = (place.another_house(21).await, place.another_house(22).await);
    let mut page_of_a = Browser::log_in(&a).await.listen("/v1/events").await;
    let mut page_of_b = Browser::log_in(&b).await.listen("/v1/events").await;

    let annas = Alive::of(&a, "anna", 1, AgentStateKind::Idle).await;
    let one = told(&mut page_of_b, (1, 0, 0, "idle".into())).await;
    assert!(one["since_ms"].as_u64().is_some_and(|ms| (6_000..27_000).contains(&ms)), "{one}");
    let changed = std::time::Instant::now();
    annas.does(AgentStateKind::DiskFull);
    told(&mut page_of_b, (1, 0, 1, "disk_full".into())).await;
    say(&format!("the other notes-api's page follows a PC after {} ms", changed.elapsed().as_millis()));
    assert!(changed.elapsed() < Duration::from_secs(1), "{:?}", changed.elapsed());
    // Both count both, and neither takes one for the other.
    let bos = Alive::of(&b, "bo", 2, AgentStateKind::Idle).await;
    for page in [&mut page_of_a, &mut page_of_b] {
        told(page, (2, 0, 1, Value::Null)).await;
    }

    // Anna's agent comes again, through the other: it is one.
    let moved = Alive::of(&b, "anna", 1, AgentStateKind::Idle).await;
    told(&mut page_of_b, (2, 0, 0, Value::Null)).await;
    drop(annas);
    moved.does(AgentStateKind::DiskFull);
    for page in [&mut page_of_a, &mut page_of_b] {
        told(page, (2, 0, 1, Value::Null)).await;
    }
    drop(moved);
    for page in [&mut page_of_a, &mut page_of_b] {
        told(page, (1, 1, 0, Value::Null)).await;
    }
    let again = Alive::of(&a, "anna", 1, AgentStateKind::Paused).await;
    for page in [&mut page_of_a, &mut page_of_b] {
        told(page, (2, 0, 0, Value::Null)).await;
    }

    // A process that says nothing more takes its PCs along: for the other, more time has gone by than it may be silent.
    b.clock.advance_ms(7_000);
    told(&mut page_of_b, (1, 1, 0, Value::Null)).await;
    a.clock.advance_ms(7_000);
    told(&mut page_of_b, (2, 0, 0, Value::Null)).await;
    // One that goes says so.
    a.stop().await;
    told(&mut page_of_b, (1, 1, 0, Value::Null)).await;
    drop((again, bos));
    b.stop().await;
}

pub(crate) async fn what_no_honest_pipeline_says_ends_a_presence(place: Place) {
    let house = place.house().await;
    let state = || from_presence::Kind::AgentState(calls::AgentState { state: 10, ..calls::AgentState::default() });
    let check = async |kinds: Vec<from_presence::Kind>, expected: Code| {
        let presence = Presence::open(&house).await;
        for kind in kinds {
            presence.say(kind).await;
        }
        assert_eq!(presence.status().await, expected);
    };
    check(vec![state()], Code::InvalidArgument).await;
    check(vec![began("anna", 1), began("anna", 1)], Code::InvalidArgument).await;
    check(vec![began("anna", 1), from_presence::Kind::AgentState(calls::AgentState::default())], Code::InvalidArgument)
        .await;
    let nobody = wire::PresenceBegan { identity: "anna".into(), hello: None, certificate: String::new() };
    check(vec![from_presence::Kind::Began(nobody)], Code::InvalidArgument).await;
    let stranger = from_presence::Kind::Done(calls::Done { command: "not an id".into() });
    check(vec![began("anna", 1), stranger], Code::InvalidArgument).await;
    house.stop().await;
}

pub(crate) async fn a_pause_reaches_a_call_that_no_worker_has(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let (call, nothing) = (a_call(), json!({}));
    let path = format!("/v1/calls/{call}");
    let mut annas = Presence::of(&house, "anna", 1).await;
    annas.state(AgentStateKind::Listening).await;
    let mut bos = Presence::of(&house, "bo", 2).await;
    bos.state(AgentStateKind::Idle).await;

    // While a worker has the call, the call's own stream tells it.
    let (mut line, known) = Line::begin(&house, call, a_worker()).await;
    browser.post(&format!("{path}/pause"), &nothing).await;
    let Ok(to_worker::Kind::Command(pause)) = line.next().await else { panic!("the worker is told") };
    line.say(from_worker::Kind::Done(calls::Done { command: pause.id })).await;
    // A line answers in order: what comes after it is settled, so the pause is done.
    line.said(known.epoch, Track::Far, 0, 1).await;
    while !matches!(line.next().await.expect("an answer"), to_worker::Kind::Settled(_)) {}
    drop(line);
    browser.wait_for(&path, |call| call["state"] == "out_of_contact").await;

    let (status, asked) = browser.post(&format!("{path}/resume"), &nothing).await;
    assert_eq!(status, 202);
    let told = annas.next().await.expect("a command");
    assert_eq!((told.call, &asked["command"]), (call, &told.command.id.to_string().into()));
    assert_eq!(told.command.kind, referent_proto::CommandKind::Resume);

    // Not done, so a stream that begins anew is told again; a `Done` of what this stream was never told counts for nothing.
    drop(annas);
    let mut again = Presence::of(&house, "anna", 1).await;
    bos.done(told).await;
    assert_eq!(again.next().await.expect("the same command"), told);
    again.done(told).await;
    // The worker that takes the call over is told it until it is done, and then no more.
    let is_done = async {
        loop {
            let (line, known) = Line::begin(&house, call, a_worker()).await;
            drop(line);
            if known.commands.is_empty() {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, is_done).await.expect("it is done");
    assert!(tokio::time::timeout(Duration::from_millis(100), bos.down.message()).await.is_err(), "nothing is Bo's");
    house.stop().await;
}

pub(crate) async fn a_discard_reaches_the_pc_of_its_caseworker_alone(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let (line, job) = a_complete_call(&house, a_worker()).await;
    let path = format!("/v1/calls/{}/discard", job.key.call);
    drop(line);
    let mut annas = Presence::of(&house, "anna", 1).await;
    let mut bos = Presence::of(&house, "bo", 2).await;
    let (status, receipt) = browser.post(&path, &json!({})).await;
    assert_eq!((status, &receipt["agent_done"]), (200, &false.into()));
    // Nothing comes as long as the call's own stream may still bring it.
    assert!(tokio::time::timeout(Duration::from_millis(600), annas.down.message()).await.is_err(), "too early");
    house.clock.advance_ms(2_000);
    let told = annas.next().await.expect("a command");
    assert_eq!((told.call, told.command.kind), (job.key.call, referent_proto::CommandKind::Discard));
    annas.done(told).await;
    let done = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            let (_, receipt) = browser.post(&path, &json!({})).await;
            if receipt["agent_done"] == true {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("the receipt says so");
    assert!(tokio::time::timeout(Duration::from_millis(100), bos.down.message()).await.is_err(), "nothing is Bo's");
    house.stop().await;
}
