//! A pipeline that does what it is told: takes calls, writes down every message, settles, completes, breaks off. Sealed
//! sound it opens with the keys that it has; what of it repeats, it drops.

#![expect(dead_code, reason = "each test program uses a part of it")]

use futures_util::Stream;
use referent_proto::calls::calls_server::{Calls, CallsServer};
use referent_proto::calls::{self as wire, from_agent, from_presence, to_agent, to_presence};
use referent_proto::ids::PerTrack;
use referent_proto::{
    AgentId, AgentState, AgentStateKind, CallId, Chunk, Command, CommandId, Gap, HangUp, Hello, Pcm, PresenceCommand,
    PresenceHello, SampleOffset, SealedChunk, Settled, Track,
};
use referent_seal::open::PrivateKey;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status, Streaming};

/// What was heard, in order, over all connections.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    Hello(Hello),
    Chunk(CallId, Chunk),
    Gap(CallId, Gap),
    HangUp(CallId, HangUp),
    State(CallId),
    Done(String),
    Discard(CallId),
    /// An agent is there, whatever calls it has.
    There(AgentId),
    /// What it says it does.
    Does(AgentStateKind),
}

/// What it does with the next connection, instead of what is usual.
#[derive(Debug, Clone)]
pub(crate) enum Instead {
    Elsewhere(u32),
    NotYours,
    Refuse(String),
    /// Nothing at all.
    Silence,
    /// Says that a call is complete that goes on.
    CompleteAtOnce,
    Command(Command),
    /// Breaks the stream after so many chunks.
    BreakAfter(usize),
}

/// What it does with presences.
#[derive(Debug, Clone, Default)]
pub(crate) enum Presences {
    /// It is older than they are.
    #[default]
    Unknown,
    Taken,
    Refused(Status),
}

/// How it behaves.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    /// How far beyond settled it takes sound.
    pub(crate) window: u64,
    /// It settles what it hears, in steps of a second.
    pub(crate) settles: bool,
    /// It says `Complete` when it has all.
    pub(crate) completes: bool,
    /// It writes down sound, gaps and heartbeats, too.
    pub(crate) remembers: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { window: 60 * 16_000, settles: true, completes: true, remembers: true }
    }
}

#[derive(Debug, Default)]
struct State {
    manner: Manner,
    instead: VecDeque<Instead>,
    heard: Vec<Heard>,
    settled: BTreeMap<CallId, PerTrack<SampleOffset>>,
    wrong: Vec<String>,
    breaks: bool,
    keys: Vec<PrivateKey>,
    /// Chunks that came sealed.
    sealed: Vec<SealedChunk>,
    presences: Presences,
    /// How often one was tried.
    presences_tried: usize,
}

/// The server. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    state: Arc<Mutex<State>>,
    changed: watch::Sender<u64>,
    /// What presences are told.
    orders: broadcast::Sender<Result<PresenceCommand, Status>>,
    address: SocketAddr,
    down: CancellationToken,
    tracker: TaskTracker,
}

impl Pipeline {
    /// An address that nobody answers at, until `up`.
    pub(crate) async fn away(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State { manner, ..State::default() };
        Self {
            state: Arc::new(Mutex::new(state)),
            changed: watch::Sender::new(0),
            orders: broadcast::Sender::new(64),
            address: listener.local_addr().unwrap(),
            down: CancellationToken::new(),
            tracker: TaskTracker::new(),
        }
    }

    /// One that answers.
    pub(crate) async fn there(manner: Manner) -> Self {
        let pipeline = Self::away(manner).await;
        pipeline.up().await;
        pipeline
    }

    /// Answers from now on.
    pub(crate) async fn up(&self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(CallsServer::new(self.clone()))
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), self.down.clone().cancelled_owned());
        self.tracker.spawn(server);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Does this with the next connection.
    pub(crate) fn next(&self, instead: Instead) {
        self.state().instead.push_back(instead);
    }

    /// Breaks the connection that goes on, with its next message.
    pub(crate) fn break_all(&self) {
        self.state().breaks = true;
    }

    /// What it does with the next presence.
    pub(crate) fn presences(&self, presences: Presences) {
        self.state().presences = presences;
    }

    /// Asks something of whoever is there.
    pub(crate) fn order(&self, command: PresenceCommand) {
        self.orders.send(Ok(command)).unwrap();
    }

    /// Ends the presences that there are.
    pub(crate) fn end_presences(&self, status: Status) {
        self.orders.send(Err(status)).unwrap();
    }

    pub(crate) fn presences_tried(&self) -> usize {
        self.state().presences_tried
    }

    /// What agents said they do, in order.
    pub(crate) fn done_there(&self) -> Vec<AgentStateKind> {
        let does = |heard| if let Heard::Does(kind) = heard { Some(kind) } else { None };
        self.heard().into_iter().filter_map(does).collect()
    }

    /// It has these keys from now on, and no others.
    pub(crate) fn has_keys(&self, keys: &[&PrivateKey]) {
        self.state().keys = keys.iter().copied().cloned().collect();
    }

    /// What came sealed, in order, over all connections.
    pub(crate) fn sealed(&self) -> Vec<SealedChunk> {
        self.state().sealed.clone()
    }

    /// The sound of a chunk, from where it is expected on if it was sealed; or the key that is not here.
    fn open(&self, call: CallId, chunk: wire::Chunk, expected: SampleOffset) -> Result<Chunk, String> {
        if !chunk.is_sealed() {
            return Ok(Chunk::try_from(chunk).unwrap());
        }
        let sealed = SealedChunk::try_from(chunk).unwrap();
        let mut state = self.state();
        let key = state.keys.iter().find(|key| key.id() == sealed.key).cloned();
        let key = key.ok_or_else(|| sealed.key.to_string())?;
        state.sealed.push(sealed.clone());
        let Chunk { track, first, pcm } = key.run(call, sealed.run, &sealed.enc).unwrap().open(sealed).unwrap();
        let known = expected.0.saturating_sub(first.0);
        let pcm = pcm.0[usize::try_from(known).unwrap()..].to_vec();
        Ok(Chunk { track, first: first + known, pcm: Pcm(pcm) })
    }

    /// Behaves otherwise from now on; a connection notices with its next message.
    pub(crate) fn behave(&self, manner: Manner) {
        self.state().manner = manner;
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.state().heard.clone()
    }

    pub(crate) fn hellos(&self) -> Vec<Hello> {
        self.heard()
            .into_iter()
            .filter_map(|heard| if let Heard::Hello(hello) = heard { Some(hello) } else { None })
            .collect()
    }

    /// Sound of a track by offset; what came twice is compared.
    pub(crate) fn sound(&self, call: CallId, track: Track) -> BTreeMap<u64, i16> {
        let mut sound = BTreeMap::new();
        for heard in self.heard() {
            let Heard::Chunk(of, chunk) = heard else { continue };
            if of == call && chunk.track == track {
                for (at, sample) in chunk.pcm.0.iter().enumerate() {
                    let before = sound.insert(chunk.first.0 + at as u64, *sample);
                    assert!(before.is_none_or(|before| before == *sample), "an offset was given twice");
                }
            }
        }
        sound
    }

    pub(crate) fn gaps(&self, call: CallId) -> Vec<Gap> {
        let gap = |heard| if let Heard::Gap(of, gap) = heard { (of == call).then_some(gap) } else { None };
        self.heard().into_iter().filter_map(gap).collect()
    }

    pub(crate) fn hang_up(&self, call: CallId) -> Option<HangUp> {
        let end = |heard| if let Heard::HangUp(of, end) = heard { (of == call).then_some(end) } else { None };
        self.heard().into_iter().find_map(end)
    }

    /// What no honest agent does.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.state().wrong.clone()
    }

    /// Waits until what was heard fits.
    pub(crate) async fn until(&self, what: &str, fits: impl Fn(&Self) -> bool) {
        self.until_within(what, Duration::from_secs(20), fits).await;
    }

    /// The same, for what takes longer.
    pub(crate) async fn until_within(&self, what: &str, patience: Duration, fits: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            while !fits(self) {
                changed.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(patience, waiting).await;
        assert!(waited.is_ok(), "{what} did not happen; wrong: {:?}", self.wrong());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, heard: Heard) {
        let mut state = self.state();
        let is_news = !matches!(heard, Heard::Chunk(..) | Heard::Gap(..) | Heard::State(_) | Heard::Does(_));
        if state.manner.remembers || is_news {
            state.heard.push(heard);
        }
        drop(state);
        self.changed.send_modify(|count| *count += 1);
    }

    fn complain(&self, what: String) {
        self.state().wrong.push(what);
    }

    async fn serve(self, mut up: Streaming<wire::FromAgent>, down: Down) -> Result<(), Status> {
        let hello = match next(&mut up).await? {
            Some(from_agent::Kind::Hello(hello)) => {
                Hello::try_from(hello).map_err(|bad| Status::invalid_argument(bad.to_string()))?
            }
            other => return Err(Status::invalid_argument(format!("{other:?} is no hello"))),
        };
        let instead = self.state().instead.pop_front();
        let call = hello.call;
        self.note(Heard::Hello(hello.clone()));
        let mut break_after = usize::MAX;
        match instead {
            Some(Instead::Elsewhere(retry_after_ms)) => {
                down.say(to_agent::Kind::Elsewhere(wire::Elsewhere { retry_after_ms })).await;
                return Ok(());
            }
            Some(Instead::NotYours) => {
                down.say(to_agent::Kind::NotYours(wire::NotYours {})).await;
                return Ok(());
            }
            Some(Instead::Refuse(why)) => return Err(Status::unavailable(why)),
            Some(Instead::Silence) => {
                while next(&mut up).await?.is_some() {}
                return Ok(());
            }
            Some(Instead::CompleteAtOnce) => {
                down.say(to_agent::Kind::Complete(wire::Complete {})).await;
                while next(&mut up).await?.is_some() {}
                return Ok(());
            }
            Some(Instead::Command(command)) => down.say(to_agent::Kind::Command(command.into())).await,
            Some(Instead::BreakAfter(chunks)) => break_after = chunks,
            None => {}
        }
        let mut at = self.state().settled.entry(call).or_default().to_owned();
        down.say(to_agent::Kind::Welcome(wire::Welcome { mode: hello.mode.into(), area_version: "v".into() })).await;
        let mut expected = PerTrack::default();
        for track in &hello.tracks {
            expected[*track] = at[*track].back(32_000);
            let offset = expected[*track].0;
            down.say(to_agent::Kind::ResumeFrom(wire::ResumeFrom { track: (*track).into(), offset })).await;
            // Nothing is settled anew, so only credit.
            self.credit(&down, *track, at[*track]).await;
        }
        while let Some(kind) = next(&mut up).await? {
            if std::mem::take(&mut self.state().breaks) {
                return Err(Status::unavailable("broken off"));
            }
            match kind {
                from_agent::Kind::Chunk(chunk) => {
                    let track = Track::from_wire(chunk.track).unwrap();
                    let chunk = match self.open(call, chunk, expected[track]) {
                        Ok(chunk) => chunk,
                        Err(key_id) => {
                            down.say(to_agent::Kind::KeyGone(wire::KeyGone { key_id })).await;
                            return Ok(());
                        }
                    };
                    let (track, span) = (chunk.track, chunk.span());
                    if span.start() != expected[track] {
                        self.complain(format!("{track} {:?} does not follow {:?}", span, expected[track]));
                    }
                    if span.end().0 > at[track].0 + self.state().manner.window {
                        self.complain(format!("{track} {span:?} lies beyond its credit"));
                    }
                    expected[track] = span.end();
                    self.note(Heard::Chunk(call, chunk));
                    break_after -= 1;
                    if break_after == 0 {
                        return Err(Status::unavailable("broken off"));
                    }
                }
                from_agent::Kind::Gap(gap) => {
                    let gap = Gap::try_from(gap).unwrap();
                    if gap.span.start() != expected[gap.track] {
                        self.complain(format!("{gap:?} does not follow {:?}", expected[gap.track]));
                    }
                    expected[gap.track] = gap.span.end();
                    self.note(Heard::Gap(call, gap));
                }
                from_agent::Kind::HangUp(hang_up) => {
                    let hang_up = HangUp::try_from(hang_up).unwrap();
                    if hang_up.ends != expected {
                        self.complain(format!("{hang_up:?} at {expected:?}"));
                    }
                    self.note(Heard::HangUp(call, hang_up));
                    if self.state().manner.completes {
                        for track in &hello.tracks {
                            at[*track] = expected[*track];
                            self.allow(&down, *track, at[*track]).await;
                        }
                        self.state().settled.insert(call, at);
                        down.say(to_agent::Kind::Complete(wire::Complete {})).await;
                    }
                    continue;
                }
                from_agent::Kind::AgentState(_) => self.note(Heard::State(call)),
                from_agent::Kind::Done(done) => self.note(Heard::Done(done.command)),
                from_agent::Kind::Discard(_) => {
                    self.note(Heard::Discard(call));
                    let command = wire::Command {
                        id: CommandId::from_bytes(&call.bytes()).unwrap().to_string(),
                        kind: wire::CommandKind::Discard.into(),
                    };
                    down.say(to_agent::Kind::Command(command)).await;
                }
                from_agent::Kind::Hello(_) => self.complain("a second hello".into()),
            }
            if self.state().manner.settles {
                for track in &hello.tracks {
                    let second = SampleOffset(expected[*track].0 / 16_000 * 16_000);
                    if second > at[*track] {
                        at[*track] = second;
                        self.state().settled.insert(call, at);
                        self.allow(&down, *track, second).await;
                    }
                }
            } else if !self.state().manner.completes {
                // Credit that was opened meanwhile.
                for track in &hello.tracks {
                    self.allow(&down, *track, at[*track]).await;
                }
            }
        }
        Ok(())
    }

    async fn heed(
        self,
        mut up: Streaming<wire::FromPresence>,
        down: mpsc::Sender<Result<wire::ToPresence, Status>>,
    ) -> Result<(), Status> {
        let mut orders = self.orders.subscribe();
        let mut is_first = true;
        loop {
            let kind = tokio::select! {
                message = up.message() => match message? {
                    Some(message) => message.kind.unwrap(),
                    None => return Ok(()),
                },
                order = orders.recv() => {
                    let kind = Some(to_presence::Kind::Command(order.unwrap()?.into()));
                    down.send(Ok(wire::ToPresence { kind })).await.ok();
                    continue;
                }
            };
            match kind {
                from_presence::Kind::Hello(hello) if is_first => {
                    self.note(Heard::There(PresenceHello::try_from(hello).unwrap().agent));
                }
                from_presence::Kind::AgentState(state) if !is_first => {
                    self.note(Heard::Does(AgentState::try_from(state).unwrap().kind));
                }
                from_presence::Kind::Done(done) if !is_first => self.note(Heard::Done(done.command)),
                other => self.complain(format!("{other:?} on a presence")),
            }
            is_first = false;
        }
    }

    async fn allow(&self, down: &Down, track: Track, settled: SampleOffset) {
        down.say(to_agent::Kind::Settled(Settled { track, offset: settled }.into())).await;
        self.credit(down, track, settled).await;
    }

    async fn credit(&self, down: &Down, track: Track, settled: SampleOffset) {
        let up_to = settled.0 + self.state().manner.window;
        down.say(to_agent::Kind::Credit(wire::Credit { track: track.into(), up_to })).await;
    }
}

async fn next(up: &mut Streaming<wire::FromAgent>) -> Result<Option<from_agent::Kind>, Status> {
    Ok(up.message().await?.map(|message| message.kind.unwrap()))
}

/// The way down.
#[derive(Debug)]
struct Down(mpsc::Sender<Result<wire::ToAgent, Status>>);

impl Down {
    async fn say(&self, kind: to_agent::Kind) {
        self.0.send(Ok(wire::ToAgent { kind: Some(kind) })).await.ok();
    }
}

#[tonic::async_trait]
impl Calls for Pipeline {
    type StreamStream = Pin<Box<dyn Stream<Item = Result<wire::ToAgent, Status>> + Send>>;
    type PresenceStream = Pin<Box<dyn Stream<Item = Result<wire::ToPresence, Status>> + Send>>;

    async fn stream(
        &self,
        request: Request<Streaming<wire::FromAgent>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let (down, answers) = mpsc::channel(64);
        let (pipeline, ends) = (self.clone(), down.clone());
        self.tracker.spawn(async move {
            if let Err(status) = pipeline.serve(request.into_inner(), Down(down)).await {
                ends.send(Err(status)).await.ok();
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }

    async fn presence(
        &self,
        request: Request<Streaming<wire::FromPresence>>,
    ) -> Result<Response<Self::PresenceStream>, Status> {
        let presences = {
            let mut state = self.state();
            state.presences_tried += 1;
            state.presences.clone()
        };
        self.changed.send_modify(|count| *count += 1);
        match presences {
            Presences::Unknown => return Err(Status::unimplemented("older than presences")),
            Presences::Refused(status) => return Err(status),
            Presences::Taken => {}
        }
        let (down, answers) = mpsc::channel(64);
        let (pipeline, ends) = (self.clone(), down.clone());
        self.tracker.spawn(async move {
            if let Err(status) = pipeline.heed(request.into_inner(), down).await {
                ends.send(Err(status)).await.ok();
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }
}

/// Every sample of the file arrived, under its own offset.
pub(crate) fn all_arrived(pipeline: &Pipeline, call: CallId, frames: &[[i16; 2]]) {
    for (track, channel) in [(Track::Near, 0), (Track::Far, 1)] {
        let sound = pipeline.sound(call, track);
        assert_eq!(sound.len(), frames.len(), "{track}");
        assert!(
            sound.into_iter().all(|(at, sample)| frames[usize::try_from(at).unwrap()][channel] == sample),
            "{track}"
        );
    }
}
