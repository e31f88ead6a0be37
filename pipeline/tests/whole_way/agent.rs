//! An agent, played: it has a whole call, sends what the worker asks for within its credit, and connects again for as
//! long as it takes.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use referent_pipeline::segment::LEAD_IN;
use referent_pipeline::vad::{Detector, FRAME, Vad as _};
use referent_proto::calls::{self as wire, calls_client::CallsClient, from_agent, to_agent};
use referent_proto::ids::PerTrack;
use referent_proto::{
    AgentState, AgentStateKind, CallId, Chunk, Direction, Gap, HangUp, HangUpReason, Hello, Mode, Pcm, SampleOffset,
    SealedChunk, Started, Track, Urgency,
};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

/// So many seconds of a clean sample call.
fn sample(seconds: usize) -> PerTrack<Vec<i16>> {
    let wav = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/demo-da/calls/boligstoette-flytning.wav");
    let mut reader = hound::WavReader::open(wav).unwrap();
    assert_eq!(reader.spec().sample_rate, 16_000);
    let samples: Vec<i16> = reader.samples::<i16>().take(seconds * 32_000).map(Result::unwrap).collect();
    let track = |channel: usize| samples.iter().skip(channel).step_by(2).copied().collect();
    PerTrack { near: track(0), far: track(1) }
}

/// What an agent has of a call: sound and gaps of each track, in order.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) items: PerTrack<Vec<Item>>,
    /// Connections on which nothing was settled.
    pub(crate) attempts: u32,
}

#[derive(Clone)]
pub(crate) enum Item {
    Sound(Chunk),
    Sealed(SealedChunk),
    Missing(Gap),
}

impl Item {
    fn start(&self) -> SampleOffset {
        match self {
            Self::Sound(chunk) => chunk.first,
            Self::Sealed(chunk) => chunk.first,
            Self::Missing(gap) => gap.span.start(),
        }
    }

    fn end(&self) -> SampleOffset {
        match self {
            Self::Sound(chunk) => chunk.span().end(),
            Self::Sealed(chunk) => chunk.span().end(),
            Self::Missing(gap) => gap.span.end(),
        }
    }

    fn message(&self) -> from_agent::Kind {
        match self.clone() {
            Self::Sound(chunk) => from_agent::Kind::Chunk(chunk.into()),
            Self::Sealed(chunk) => from_agent::Kind::Chunk(chunk.into()),
            Self::Missing(gap) => from_agent::Kind::Gap(gap.into()),
        }
    }
}

impl Call {
    /// So many seconds of a clean sample call, in chunks of so many samples.
    pub(crate) fn sample(seconds: usize, chunk: usize) -> Self {
        Self::of(&sample(seconds), chunk)
    }

    /// Nobody ever draws breath: on each track the most voiced half of a second of a sample call, over and over.
    pub(crate) fn breathless(seconds: usize) -> Self {
        const FRAMES: usize = 32;
        let over_and_over = |sound: &[i16]| {
            let mut vad = Detector::Embedded.detector();
            let frames = sound.as_chunks::<FRAME>().0;
            let scores: Vec<f32> = frames.iter().map(|frame| vad.score(frame)).collect();
            let least = |from: usize| scores[from..from + FRAMES].iter().copied().fold(1.0, f32::min);
            let voiced = (0..scores.len() - FRAMES).max_by(|&a, &b| least(a).total_cmp(&least(b))).unwrap();
            let sound = frames[voiced..voiced + FRAMES].as_flattened();
            sound.iter().copied().cycle().take(seconds * 16_000).collect()
        };
        let PerTrack { near, far } = sample(40);
        Self::of(&PerTrack { near: over_and_over(&near), far: over_and_over(&far) }, 1600)
    }

    fn of(sound: &PerTrack<Vec<i16>>, chunk: usize) -> Self {
        let items = |track: Track, sound: &[i16]| {
            let item = |(number, pcm): (usize, &[i16])| {
                Item::Sound(Chunk { track, first: SampleOffset((number * chunk) as u64), pcm: Pcm(pcm.to_vec()) })
            };
            sound.chunks(chunk).enumerate().map(item).collect()
        };
        let items = PerTrack { near: items(Track::Near, &sound.near), far: items(Track::Far, &sound.far) };
        Self { id: CallId::from_bytes(&[9; 16]).unwrap(), items, attempts: 0 }
    }

    pub(crate) fn hello(&self) -> Hello {
        Hello {
            agent_version: "played".into(),
            call: self.id,
            continues: None,
            external_id: None,
            case_id: Some("2026-1".into()),
            area: None,
            mode: Mode::Notice,
            direction: Direction::Incoming,
            started: Started { utc_ms: 1_790_000_000_000, utc_offset_s: 7200 },
            urgency: Urgency::Live,
            attempts_without_progress: self.attempts,
            tracks: Track::BOTH.to_vec(),
        }
    }

    pub(crate) fn hang_up(&self) -> HangUp {
        let end = |track: Track| self.items[track].last().map_or(SampleOffset::ZERO, Item::end);
        let ends = PerTrack { near: end(Track::Near), far: end(Track::Far) };
        HangUp { ends, reason: HangUpReason::Person, age_ms: 5 }
    }

    /// Sends the call to whatever worker is there, until one says that it is complete. Gives how often it connected.
    pub(crate) async fn deliver(&self, mut worker: impl FnMut() -> Option<SocketAddr>) -> usize {
        let mut connections = 0;
        let delivering = async {
            loop {
                if let Some(address) = worker()
                    && let Ok(mut line) = Line::open(address, self).await
                {
                    connections += 1;
                    if line.send_all(self).await.is_ok() {
                        return;
                    }
                }
                // What comes back is a process: it takes its time, and there is nothing to wait for but time.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(90), delivering).await.expect("the call is complete in the end");
        connections
    }
}

/// One connection.
pub(crate) struct Line {
    up: mpsc::Sender<wire::FromAgent>,
    down: Streaming<wire::ToAgent>,
    pub(crate) resume: PerTrack<SampleOffset>,
    pub(crate) credit: PerTrack<SampleOffset>,
    pub(crate) settled: PerTrack<SampleOffset>,
    pub(crate) is_complete: bool,
    pub(crate) commands: Vec<wire::Command>,
    pub(crate) retry_after_ms: Option<u32>,
    pub(crate) key_gone: Option<String>,
    next: PerTrack<usize>,
    has_hung_up: bool,
}

impl Line {
    /// Connects and waits to be welcome.
    pub(crate) async fn open(address: SocketAddr, call: &Call) -> Result<Self, Status> {
        let mut line = Self::connect(address).await?;
        line.say(from_agent::Kind::Hello(call.hello().into())).await?;
        let mut greetings = 0;
        // Welcome, and for each track from where and up to where.
        while greetings < 5 {
            line.hear().await?;
            greetings += 1;
        }
        for track in Track::BOTH {
            let at = |item: &Item| item.end() > line.resume[track];
            line.next[track] = call.items[track].iter().position(at).unwrap_or(call.items[track].len());
        }
        Ok(line)
    }

    /// Connects and says nothing.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Status> {
        let unreachable = |error: tonic::transport::Error| Status::unavailable(error.to_string());
        let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).map_err(unreachable)?;
        let channel = endpoint.connect_timeout(Duration::from_secs(5)).connect().await.map_err(unreachable)?;
        let (up, messages) = mpsc::channel(16);
        let down = CallsClient::new(channel).stream(ReceiverStream::new(messages)).await?.into_inner();
        let (resume, credit, settled) = Default::default();
        let (is_complete, commands, retry_after_ms, key_gone, next, has_hung_up) = Default::default();
        Ok(Self {
            up,
            down,
            resume,
            credit,
            settled,
            is_complete,
            commands,
            retry_after_ms,
            key_gone,
            next,
            has_hung_up,
        })
    }

    pub(crate) async fn say(&self, kind: from_agent::Kind) -> Result<(), Status> {
        let message = wire::FromAgent { kind: Some(kind) };
        self.up.send(message).await.map_err(|_| Status::cancelled("the stream is closed"))
    }

    /// Takes the next message.
    pub(crate) async fn hear(&mut self) -> Result<(), Status> {
        let message = tokio::time::timeout(Duration::from_secs(30), self.down.message());
        let message = message.await.map_err(|_| Status::deadline_exceeded("the worker says nothing"))??;
        let kind = message.and_then(|message| message.kind).ok_or_else(|| Status::ok("the worker ended the stream"))?;
        let track = |track: i32| Track::from_wire(track).unwrap();
        match kind {
            to_agent::Kind::ResumeFrom(from) => self.resume[track(from.track)] = SampleOffset(from.offset),
            to_agent::Kind::Credit(credit) => {
                let (track, up_to) = (track(credit.track), SampleOffset(credit.up_to));
                assert!(up_to >= self.credit[track], "credit never shrinks");
                self.credit[track] = up_to;
            }
            to_agent::Kind::Settled(settled) => {
                let (track, offset) = (track(settled.track), SampleOffset(settled.offset));
                assert!(offset >= self.settled[track], "settled never shrinks");
                self.settled[track] = offset;
            }
            to_agent::Kind::Complete(_) => self.is_complete = true,
            to_agent::Kind::Command(command) => self.commands.push(command),
            to_agent::Kind::Elsewhere(elsewhere) => self.retry_after_ms = Some(elsewhere.retry_after_ms),
            to_agent::Kind::KeyGone(gone) => self.key_gone = Some(gone.key_id),
            to_agent::Kind::Welcome(welcome) => assert_eq!(welcome.area_version, "v"),
            to_agent::Kind::NotYours(_) => panic!("a worker said that the call is another's"),
        }
        Ok(())
    }

    /// Sends what there is credit for, both tracks in step; then hangs up. Gives whether there was anything.
    pub(crate) async fn send_some(&mut self, call: &Call) -> Result<bool, Status> {
        let next =
            |line: &Self, track: Track| call.items[track].get(line.next[track]).map(|item| (item.start(), track));
        let Some((_, track)) = Track::BOTH.iter().filter_map(|&track| next(self, track)).min() else {
            let is_first = !std::mem::replace(&mut self.has_hung_up, true);
            if is_first {
                self.say(from_agent::Kind::HangUp(call.hang_up().into())).await?;
            }
            return Ok(is_first);
        };
        let item = &call.items[track][self.next[track]];
        let has_credit = match item {
            Item::Sound(_) | Item::Sealed(_) => item.end() <= self.credit[track],
            Item::Missing(_) => item.start() <= self.credit[track],
        };
        if has_credit {
            self.say(item.message()).await?;
            self.next[track] += 1;
        }
        Ok(has_credit)
    }

    /// Sends and listens until the call is complete.
    pub(crate) async fn send_all(&mut self, call: &Call) -> Result<(), Status> {
        self.say(from_agent::Kind::AgentState(state().into())).await?;
        while !self.is_complete {
            if !self.send_some(call).await? {
                self.hear().await?;
            }
        }
        for track in Track::BOTH {
            let end = call.hang_up().ends[track];
            let is_settled = self.settled[track] == end || self.resume[track] == end.back(LEAD_IN);
            assert!(is_settled, "settled to the ends before it is complete: {track} {:?}", self.settled[track]);
        }
        Ok(())
    }

    /// Sends until so much of both tracks is sent or there is no credit.
    pub(crate) async fn send_until(&mut self, call: &Call, offset: SampleOffset) -> Result<(), Status> {
        let sent = |line: &Self, track: Track| call.items[track].get(line.next[track]).map(Item::start);
        while Track::BOTH.iter().any(|&track| sent(self, track).is_some_and(|next| next < offset)) {
            if !self.send_some(call).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Listens until the worker ends the stream; gives its last word.
    pub(crate) async fn last_word(&mut self) -> Status {
        loop {
            if let Err(status) = self.hear().await {
                return status;
            }
        }
    }
}

pub(crate) fn state() -> AgentState {
    AgentState { kind: AgentStateKind::Listening, since_ms: 10, level_permille: PerTrack { near: 100, far: 200 } }
}

/// A status that makes an agent try again.
pub(crate) fn asks_for_another_try(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::Aborted | Code::Cancelled)
}
