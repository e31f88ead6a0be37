//! notes-api, played: the chain by the rule itself (`referent_proto::judge`), in memory; it can be stopped and started
//! again on its port, as after a crash that loses nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use referent_proto::calls as calls_wire;
use referent_proto::ids::PerTrack;
use referent_proto::ingest::ingest_server::{Ingest, IngestServer};
use referent_proto::ingest::{
    self as wire, from_drafter, from_presence, from_worker, to_drafter, to_presence, to_worker,
};
use referent_proto::{
    CallId, Command, CommandId, CommandKind, Epoch, HangUp, Hello, PresenceCommand, SampleOffset, SampleSpan, Settle,
    Settled, Track, Verdict, What, judge,
};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

/// What has been written down.
#[derive(Debug, Default)]
pub(crate) struct Database {
    pub(crate) began: usize,
    epoch: Epoch,
    settled: PerTrack<SampleOffset>,
    pub(crate) chain: Vec<Settle>,
    pub(crate) hello: Option<Hello>,
    pub(crate) hang_up: Option<HangUp>,
    /// Settles that were there when the hang-up came.
    pub(crate) settled_at_hang_up: usize,
    pub(crate) heartbeats: usize,
    /// Grey text as it came, with what was settled of its track then.
    pub(crate) partials: Vec<(Track, SampleSpan, String, SampleOffset)>,
    pub(crate) stale: usize,
    pub(crate) jobs: usize,
    pub(crate) drafts_finished: usize,
    pub(crate) done: Vec<CommandId>,
    /// The call was discarded.
    discard: Option<CommandId>,
    /// What was heard of agents that are there, and how many are.
    pub(crate) presences: Vec<from_presence::Kind>,
    pub(crate) there: usize,
}

impl Database {
    fn is_whole(&self) -> bool {
        self.hang_up.is_some_and(|end| Track::BOTH.iter().all(|&track| self.settled[track] >= end.ends[track]))
    }

    /// The utterances of both tracks, in order of their start.
    fn said(&self) -> Vec<wire::Utterance> {
        let utterance = |settle: &Settle| match &settle.what {
            What::Utterance(said) => Some(said.clone().into()),
            _ => None,
        };
        let mut said: Vec<wire::Utterance> = self.chain.iter().filter_map(utterance).collect();
        said.sort_by_key(|said| said.start);
        said
    }

    /// One track as text: `0..80000 quiet`, an utterance with its words.
    pub(crate) fn track(&self, track: Track) -> Vec<String> {
        self.chain
            .iter()
            .filter(|settle| settle.track == track)
            .map(|settle| {
                let what = match &settle.what {
                    What::Utterance(said) => format!(
                        "{}..{} \"{}\" ({} words)",
                        said.span.start().0,
                        said.span.end().0,
                        said.text.reveal(),
                        said.words.len()
                    ),
                    What::Gap(reason) => format!("gap {reason}"),
                    What::NotTranscribed(reason) => format!("not transcribed {reason}"),
                    other => other.kind().to_owned(),
                };
                format!("{}..{} {what}", settle.span.start().0, settle.span.end().0)
            })
            .collect()
    }
}

/// A notes-api with its database.
#[derive(Clone)]
pub(crate) struct NotesApi {
    database: Arc<Mutex<Database>>,
    changes: watch::Sender<usize>,
    broken: Arc<Mutex<CancellationToken>>,
    area: wire::AreaSettings,
    orders: broadcast::Sender<PresenceCommand>,
}

impl NotesApi {
    pub(crate) fn new() -> Self {
        Self::speaking(&[], &[])
    }

    /// With an area in which these languages are spoken and these words are expected.
    pub(crate) fn speaking(languages: &[&str], glossary: &[&str]) -> Self {
        let broken = Arc::new(Mutex::new(CancellationToken::new()));
        let all = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let area = wire::AreaSettings { spoken_languages: all(languages), glossary: all(glossary), ..area() };
        let (changes, orders) = (watch::Sender::new(0), broadcast::Sender::new(64));
        Self { database: Arc::default(), changes, broken, area, orders }
    }

    /// With an area whose language model is local, or is not.
    pub(crate) fn with_a_language_model(is_local: bool) -> Self {
        let mut notes_api = Self::new();
        notes_api.area.llm_is_local = is_local;
        notes_api
    }

    /// Serves on this address until it is broken off.
    pub(crate) async fn serve(&self, address: &str) -> SocketAddr {
        let listener = loop {
            // The port of the one before is free again in a moment.
            match tokio::net::TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let address = listener.local_addr().unwrap();
        let broken = CancellationToken::new();
        *self.broken.lock().unwrap() = broken.clone();
        let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = tonic::transport::Server::builder()
            .max_concurrent_streams(Some(1024))
            .add_service(IngestServer::new(self.clone()));
        #[expect(clippy::disallowed_methods, reason = "it ends when it is broken off, or with the test")]
        tokio::spawn(async move {
            tokio::select! {
                _ = server.serve_with_incoming(incoming) => {}
                () = broken.cancelled() => {}
            }
        });
        address
    }

    /// The process dies; its database does not.
    pub(crate) fn break_off(&self) {
        self.broken.lock().unwrap().cancel();
    }

    pub(crate) fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap()
    }

    /// Waits until this holds of the database.
    pub(crate) async fn wait_for(&self, what: &str, holds: impl Fn(&Database) -> bool) {
        let mut changes = self.changes.subscribe();
        let waiting = async {
            while !holds(&self.database()) {
                changes.changed().await.unwrap();
            }
        };
        let patience = std::time::Duration::from_mins(1);
        let held = tokio::time::timeout(patience, waiting).await;
        assert!(held.is_ok(), "{what} did not come: {:?}", self.database());
    }

    /// Asks something of every agent that is there.
    pub(crate) fn order(&self, command: PresenceCommand) {
        self.orders.send(command).unwrap();
    }

    async fn is_there(
        &self,
        mut up: Streaming<wire::FromPresence>,
        down: mpsc::Sender<Result<wire::ToPresence, Status>>,
    ) {
        let (broken, mut orders) = (self.broken.lock().unwrap().clone(), self.orders.subscribe());
        self.write(|database| database.there += 1);
        loop {
            tokio::select! {
                message = up.next() => {
                    let Some(Ok(message)) = message else { break };
                    self.write(|database| database.presences.push(message.kind.unwrap()));
                }
                order = orders.recv() => {
                    let kind = Some(to_presence::Kind::Command(order.unwrap().into()));
                    drop(down.send(Ok(wire::ToPresence { kind })).await);
                }
                () = broken.cancelled() => break,
            }
        }
        self.write(|database| database.there -= 1);
    }

    /// A person discards the call.
    pub(crate) fn discard(&self) {
        self.write(|database| database.discard = CommandId::from_bytes(&[7; 16]));
    }

    fn write<T>(&self, change: impl FnOnce(&mut Database) -> T) -> T {
        let result = change(&mut self.database());
        self.changes.send_modify(|number| *number += 1);
        result
    }

    async fn talk(&self, mut up: Streaming<wire::FromWorker>, down: Down) -> Option<()> {
        let began = match up.next().await?.ok()?.kind? {
            from_worker::Kind::Began(began) => began,
            other => panic!("a call began with {other:?}"),
        };
        assert_eq!(began.worker.len(), 16);
        assert_eq!(began.identity, "local");
        let hello = Hello::try_from(began.hello?).unwrap();
        let call = hello.call;
        let known = self.write(|database| {
            database.began += 1;
            database.epoch.0 += 1;
            database.hello = Some(hello);
            wire::Known {
                epoch: database.epoch.0,
                near_settled: database.settled.near.0,
                far_settled: database.settled.far.0,
                utterances: database.said(),
                state: wire::CallState::Live as i32,
                area: Some(self.area.clone()),
                commands: Vec::new(),
            }
        });
        let epoch = Epoch(known.epoch);
        let broken = self.broken.lock().unwrap().clone();
        down.say(to_worker::Kind::Known(known)).await?;
        let mut changes = self.changes.subscribe();
        let mut is_told = false;
        loop {
            let discard = self.database().discard;
            if let Some(id) = discard
                && !std::mem::replace(&mut is_told, true)
            {
                down.say(to_worker::Kind::Command(Command { id, kind: CommandKind::Discard }.into())).await?;
                down.say(to_worker::Kind::Discarded(wire::Discarded {})).await?;
            }
            let message = tokio::select! {
                message = up.next() => message?.ok()?.kind?,
                news = changes.changed(), if !is_told => {
                    news.ok()?;
                    continue;
                }
                () = broken.cancelled() => return None,
            };
            match message {
                from_worker::Kind::Settle(settle) => {
                    self.settle(call, Settle::try_from(settle).unwrap(), &down).await?;
                }
                from_worker::Kind::Ended(ended) => {
                    assert_eq!(Epoch(ended.epoch), epoch);
                    let hang_up = HangUp::try_from(ended.hang_up?).unwrap();
                    let is_whole = self.write(|database| {
                        database.hang_up = Some(hang_up);
                        database.settled_at_hang_up = database.chain.len();
                        database.is_whole()
                    });
                    if is_whole {
                        self.job(call, &down).await?;
                    } else {
                        down.say(to_worker::Kind::EndedKnown(wire::EndedKnown {})).await?;
                    }
                }
                from_worker::Kind::AgentState(_) => self.write(|database| database.heartbeats += 1),
                from_worker::Kind::Partial(partial) => {
                    assert_eq!(Epoch(partial.epoch), epoch);
                    let track = Track::from_wire(partial.track).unwrap();
                    let span = SampleSpan::new(SampleOffset(partial.start), SampleOffset(partial.end)).unwrap();
                    self.write(|database| {
                        let settled = database.settled[track];
                        database.partials.push((track, span, partial.text, settled));
                    });
                }
                from_worker::Kind::Done(done) => self.write(|database| database.done.push(done.command_id().unwrap())),
                from_worker::Kind::Discard(_) => self.discard(),
                other @ from_worker::Kind::Began(_) => panic!("a worker said {other:?}"),
            }
        }
    }

    async fn settle(&self, call: CallId, settle: Settle, down: &Down) -> Option<()> {
        let track = settle.track;
        let (verdict, became_whole) = self.write(|database| {
            let verdict = judge(database.epoch, database.settled[track], settle.epoch, settle.span);
            let was_whole = database.is_whole();
            match verdict {
                Verdict::Commit(offset) => {
                    database.settled[track] = offset;
                    database.chain.push(settle);
                }
                Verdict::Already(_) => {}
                Verdict::Stale => database.stale += 1,
            }
            (verdict, !was_whole && database.is_whole())
        });
        match verdict {
            Verdict::Commit(offset) | Verdict::Already(offset) => {
                down.say(to_worker::Kind::Settled(Settled { track, offset }.into())).await?;
            }
            Verdict::Stale => {
                down.say(to_worker::Kind::Stale(wire::Stale { epoch: 0 })).await?;
                return None;
            }
        }
        if became_whole { self.job(call, down).await } else { Some(()) }
    }

    async fn job(&self, call: CallId, down: &Down) -> Option<()> {
        let (utterances, covers, started) = self.write(|database| {
            database.jobs += 1;
            let started = database.hello.as_ref().map(|hello| hello.started.into()).unwrap_or_default();
            (database.said(), database.settled, started)
        });
        let job = wire::DraftJob {
            key: Some(wire::DraftKey { call: call.bytes().to_vec(), draft: 1, attempt: 1 }),
            lease_ms: 10_000,
            provisional: false,
            area: Some(self.area.clone()),
            covers: Some(covers.into()),
            utterances,
            started: Some(started),
            direction: calls_wire::Direction::Incoming as i32,
            wish: String::new(),
        };
        down.say(to_worker::Kind::DraftJob(job)).await
    }
}

fn area() -> wire::AreaSettings {
    let section = |id: &str| wire::Section { id: id.into(), heading: id.into(), belongs: String::new() };
    wire::AreaSettings {
        area: "standard".into(),
        version: "v".into(),
        language: "da".into(),
        sections: ["reason", "information", "agreed"].map(section).to_vec(),
        ..Default::default()
    }
}

struct Down(mpsc::Sender<Result<wire::ToWorker, Status>>);

impl Down {
    async fn say(&self, kind: to_worker::Kind) -> Option<()> {
        self.0.send(Ok(wire::ToWorker { kind: Some(kind) })).await.ok()
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Ingest for NotesApi {
    type CallStream = Answers<wire::ToWorker>;

    #[expect(clippy::disallowed_methods, reason = "it ends with its stream, or with the test")]
    async fn call(&self, request: Request<Streaming<wire::FromWorker>>) -> Result<Response<Self::CallStream>, Status> {
        let (down, answers) = mpsc::channel(16);
        let this = self.clone();
        tokio::spawn(async move { this.talk(request.into_inner(), Down(down)).await });
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }

    type DraftJobsStream = Answers<wire::ToDrafter>;

    #[expect(clippy::disallowed_methods, reason = "it ends with its stream, or with the test")]
    async fn draft_jobs(
        &self,
        request: Request<Streaming<wire::FromDrafter>>,
    ) -> Result<Response<Self::DraftJobsStream>, Status> {
        let (down, answers) = mpsc::channel(16);
        let (this, mut up) = (self.clone(), request.into_inner());
        tokio::spawn(async move {
            while let Some(Ok(message)) = up.next().await {
                if let Some(from_drafter::Kind::Finished(finished)) = message.kind {
                    this.write(|database| database.drafts_finished += 1);
                    let stored = wire::DraftStored { key: finished.key };
                    drop(down.send(Ok(wire::ToDrafter { kind: Some(to_drafter::Kind::Stored(stored)) })).await);
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }

    type PresenceStream = Answers<wire::ToPresence>;

    #[expect(clippy::disallowed_methods, reason = "it ends with its stream, or with the test")]
    async fn presence(
        &self,
        request: Request<Streaming<wire::FromPresence>>,
    ) -> Result<Response<Self::PresenceStream>, Status> {
        let (down, answers) = mpsc::channel(16);
        let this = self.clone();
        tokio::spawn(async move { this.is_there(request.into_inner(), down).await });
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }
}
