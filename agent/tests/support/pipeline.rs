//! A pipeline that does what it is told: takes calls, writes down every message, settles, completes, breaks off. Sealed
//! sound it opens with the keys that it has; what of it repeats, it drops.

#![expect(dead_code, reason = "each test program uses a part of it")]

#[path = "pipeline/talk.rs"]
mod talk;

use referent_proto::calls as wire;
use referent_proto::calls::calls_server::CallsServer;
use referent_proto::ids::PerTrack;
use referent_proto::{
    AgentId, AgentStateKind, CallId, Chunk, Command, Gap, HangUp, Hello, Pcm, PresenceCommand, SampleOffset,
    SealedChunk, Track,
};
use referent_seal::open::PrivateKey;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::Status;

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
    /// How many streams each call has had; only the newest one settles, as with notes-api's epochs.
    streams: BTreeMap<CallId, u64>,
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
