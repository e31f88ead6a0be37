//! An agent that is there between calls, through a worker: both ways, until either side ends; and never more than it holds.

use crate::notes_api::NotesApi;
use crate::worker::Worker;
use referent_proto::calls::calls_client::CallsClient;
use referent_proto::calls::{self as wire, from_presence, to_presence};
use referent_proto::ids::PerTrack;
use referent_proto::ingest::from_presence::Kind as Heard;
use referent_proto::{
    AgentId, AgentState, AgentStateKind, CallId, Command, CommandId, CommandKind, PresenceCommand, PresenceHello,
};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

const PATIENCE: Duration = Duration::from_secs(20);
/// As many as `receive::presence` says.
const PRESENCES: usize = 1000;

struct Agent {
    up: mpsc::Sender<wire::FromPresence>,
    down: Streaming<wire::ToPresence>,
}

async fn connect(worker: SocketAddr) -> CallsClient<Channel> {
    CallsClient::connect(format!("http://{worker}")).await.expect("the worker is there")
}

impl Agent {
    async fn over(client: &mut CallsClient<Channel>) -> Self {
        let (up, messages) = mpsc::channel(16);
        let down = client.presence(ReceiverStream::new(messages)).await.expect("a stream").into_inner();
        Self { up, down }
    }

    async fn come(worker: SocketAddr) -> Self {
        let agent = Self::over(&mut connect(worker).await).await;
        for kind in [hello(1), state(AgentStateKind::Idle)] {
            // A stream that is refused may have ended by now; why, it says below.
            drop(agent.up.send(wire::FromPresence { kind: Some(kind) }).await);
        }
        agent
    }

    async fn say(&self, kind: from_presence::Kind) {
        self.up.send(wire::FromPresence { kind: Some(kind) }).await.expect("the stream is open");
    }

    async fn next(&mut self) -> Result<PresenceCommand, Status> {
        let message = tokio::time::timeout(PATIENCE, self.down.message()).await.expect("something is said");
        let kind = message?.and_then(|message| message.kind).ok_or_else(|| Status::ok("the stream has ended"))?;
        let to_presence::Kind::Command(command) = kind;
        Ok(command.try_into().expect("a command"))
    }

    async fn status(mut self) -> Code {
        self.next().await.expect_err("the stream ends").code()
    }
}

fn hello(agent: u8) -> from_presence::Kind {
    let agent = AgentId::from_bytes(&[agent; 16]).expect("16 bytes");
    from_presence::Kind::Hello(PresenceHello { agent_version: "test".into(), agent }.into())
}

fn state(kind: AgentStateKind) -> from_presence::Kind {
    let state = AgentState { kind, since_ms: 40, level_permille: PerTrack::default() };
    from_presence::Kind::AgentState(state.into())
}

fn pause() -> PresenceCommand {
    let id = CommandId::from_bytes(&[3; 16]).expect("16 bytes");
    let call = CallId::from_bytes(&[7; 16]).expect("16 bytes");
    PresenceCommand { call, command: Command { id, kind: CommandKind::Pause } }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_either_side_says_reaches_the_other() {
    let notes = NotesApi::new();
    let worker = Worker::start(notes.serve("127.0.0.1:0").await).await;
    let mut agent = Agent::come(worker.address).await;
    notes.wait_for("the state", |database| database.presences.len() >= 2).await;
    agent.say(state(AgentStateKind::Paused)).await;
    notes.order(pause());
    assert_eq!(agent.next().await.expect("the command"), pause());
    agent.say(from_presence::Kind::Done(wire::Done::of(pause().command.id))).await;
    notes.wait_for("the answer", |database| database.presences.len() >= 4).await;
    let heard = notes.database().presences.clone();
    let Heard::Began(began) = &heard[0] else { panic!("{:?} is no beginning", heard[0]) };
    assert_eq!((began.identity.as_str(), began.certificate.as_str()), ("local", ""));
    assert_eq!(began.hello.as_ref().map(|hello| hello.agent.clone()), Some(vec![1; 16]));
    let kinds: Vec<i32> = heard
        .iter()
        .filter_map(|heard| if let Heard::AgentState(state) = heard { Some(state.state) } else { None })
        .collect();
    assert_eq!(kinds, [AgentStateKind::Idle, AgentStateKind::Paused].map(i32::from));
    assert_eq!(heard[3], Heard::Done(wire::Done::of(pause().command.id)));

    drop(agent);
    notes.wait_for("that it has gone", |database| database.there == 0).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_either_side_and_begins_again() {
    let notes = NotesApi::new();
    let address = notes.serve("127.0.0.1:0").await;
    let worker = Worker::start(address).await;
    let agent = Agent::come(worker.address).await;
    notes.wait_for("the state", |database| database.presences.len() >= 2).await;
    notes.break_off();
    assert_eq!(agent.status().await, Code::Unavailable, "without notes-api nobody sees the agent");
    assert_eq!(Agent::come(worker.address).await.status().await, Code::Unavailable);
    notes.serve(&address.to_string()).await;
    let comes = async {
        loop {
            let mut agent = Agent::come(worker.address).await;
            // A stream that is refused ends at once.
            if tokio::time::timeout(Duration::from_millis(500), agent.down.message()).await.is_err() {
                return agent;
            }
        }
    };
    let agent = tokio::time::timeout(PATIENCE, comes).await.expect("it is there again");
    notes.wait_for("the state", |database| database.there == 1).await;

    let stopping = Instant::now();
    let (status, ()) = tokio::join!(agent.status(), worker.stop());
    assert_eq!(status, Code::Unavailable);
    assert!(stopping.elapsed() < Duration::from_secs(5), "a presence holds up no stop: {:?}", stopping.elapsed());
    notes.wait_for("that it has gone", |database| database.there == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_honest_agent_says_is_refused_by_name() {
    let notes = NotesApi::new();
    let worker = Worker::start(notes.serve("127.0.0.1:0").await).await;
    let check = async |kinds: Vec<from_presence::Kind>, expected: Code| {
        let agent = Agent::over(&mut connect(worker.address).await).await;
        for kind in kinds {
            agent.say(kind).await;
        }
        assert_eq!(agent.status().await, expected);
    };
    let changed = |change: fn(&mut wire::PresenceHello)| {
        let from_presence::Kind::Hello(mut hello) = hello(1) else { panic!("a hello") };
        change(&mut hello);
        from_presence::Kind::Hello(hello)
    };
    check(vec![state(AgentStateKind::Idle)], Code::InvalidArgument).await;
    check(vec![changed(|hello| hello.agent.clear())], Code::InvalidArgument).await;
    check(vec![changed(|hello| hello.protocol = 2)], Code::FailedPrecondition).await;
    check(vec![hello(1), hello(1)], Code::InvalidArgument).await;
    check(vec![hello(1), from_presence::Kind::AgentState(wire::AgentState::default())], Code::InvalidArgument).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_are_held_than_are_let_through() {
    let notes = NotesApi::new();
    let worker = Worker::start(notes.serve("127.0.0.1:0").await).await;
    let mut held = Vec::new();
    while held.len() < PRESENCES {
        // One connection carries two hundred streams.
        let mut client = connect(worker.address).await;
        for _ in 0..100 {
            let agent = Agent::over(&mut client).await;
            agent.say(hello(u8::try_from(held.len() % 250).expect("below 250"))).await;
            held.push(agent);
        }
    }
    notes.wait_for("all of them", |database| database.there == PRESENCES).await;
    assert_eq!(Agent::come(worker.address).await.status().await, Code::ResourceExhausted);
    held.pop();
    notes.wait_for("one less", |database| database.there == PRESENCES - 1).await;
    let mut one_more = Agent::come(worker.address).await;
    notes.wait_for("one more", |database| database.there == PRESENCES).await;
    notes.order(pause());
    assert_eq!(one_more.next().await.expect("it is held"), pause());
    worker.stop().await;
}
