//! Many calls at once, sent as agents send them, from one program: what the figures of load are taken with.
//!
//! In: sound at 16 kHz, a pace, perhaps a seed of disturbances. Out: when which sample was sent and when it was settled,
//! on one clock. A disturbed call comes in pieces of random lengths, pauses, breaks off and goes on where it was settled,
//! as after a bad network; sent again is only what is not settled, as a spool would.
//!
//! The [`Way`] to the worker is in the clear, or as an enrolled agent goes that seals what it keeps.
//!
//! Not done here: no spool and no device; the agent itself is measured by its own figures.

use crate::SampleCall;
use crate::bench::engine::pcm_of;
use crate::replay::{Event, Timed};
use anyhow::{Context as _, Result, bail};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_agent::clock::Clock;
use referent_agent::config::Config;
use referent_agent::identity::now_of;
use referent_identity::{Credentials, Dial};
use referent_proto::calls::calls_client::CallsClient;
use referent_proto::calls::{self as wire, from_agent, to_agent};
use referent_proto::ids::PerTrack;
use referent_proto::{
    AgentState, AgentStateKind, CallId, Chunk, Direction, HangUp, HangUpReason, Hello, Mode, Pcm, SampleOffset,
    Started, Track, Urgency,
};
use referent_seal::{PublicKey, Sealer};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

/// What agents send at once.
const CHUNK: usize = 1_600;
/// A worker that says nothing for so long is broken.
const PATIENCE: Duration = Duration::from_mins(3);
/// So long ago a call of the backlog hung up: nobody waits for its draft.
const BACKLOG_AGE: Duration = Duration::from_hours(1);

/// Both sides of a call at 16 kHz.
#[derive(Debug, Clone)]
pub struct Sound {
    once: Arc<PerTrack<Vec<i16>>>,
    samples: usize,
}

impl Sound {
    /// These samples; the shorter side is filled up with silence.
    pub fn new(mut near: Vec<i16>, mut far: Vec<i16>) -> Self {
        let samples = near.len().max(far.len());
        near.resize(samples, 0);
        far.resize(samples, 0);
        Self { once: Arc::new(PerTrack { near, far }), samples }
    }

    /// Both sides of a sample call.
    pub fn of(call: &SampleCall) -> Result<Self> {
        Ok(Self::new(pcm_of(&call.wav, Track::Near)?, pcm_of(&call.wav, Track::Far)?))
    }

    /// As long as this, said over and over; held in memory once.
    #[must_use]
    pub fn repeated(&self, samples: usize) -> Self {
        Self { once: Arc::clone(&self.once), samples: if self.once.near.is_empty() { 0 } else { samples } }
    }

    /// A copy from one millisecond to another, as far as it reaches.
    #[must_use]
    pub fn stretch(&self, from_ms: u64, to_ms: u64) -> Self {
        let at = |ms: u64| usize::try_from(ms.saturating_mul(16)).unwrap_or(usize::MAX).min(self.samples);
        let side = |track| self.chunk(track, at(from_ms), at(to_ms).saturating_sub(at(from_ms))).pcm.0;
        Self::new(side(Track::Near), side(Track::Far))
    }

    /// The last so many samples of it.
    #[must_use]
    pub fn ending(&self, samples: usize) -> Self {
        let side = |track| self.chunk(track, self.len().saturating_sub(samples), samples).pcm.0;
        Self::new(side(Track::Near), side(Track::Far))
    }

    /// So many samples of a track from `first` on, as far as it reaches.
    pub fn chunk(&self, track: Track, first: usize, samples: usize) -> Chunk {
        let side = &self.once[track];
        let end = (first + samples).min(self.samples);
        let pcm = (first..end).map(|at| side[at % side.len()]).collect();
        Chunk { track, first: SampleOffset(first as u64), pcm: Pcm(pcm) }
    }

    /// Samples of a side.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Seconds of the call.
    #[expect(clippy::cast_precision_loss, reason = "seconds of a call")]
    pub fn seconds(&self) -> f64 {
        self.len() as f64 / 16_000.0
    }
}

/// The way to a worker. Each call has a connection of its own on it, as each PC has.
#[derive(Debug, Clone)]
pub struct Way {
    dial: Dial,
    seal: Option<PublicKey>,
}

impl Way {
    /// As an agent of this configuration goes: over TLS with its certificate, and with its sound sealed, where it says so.
    pub fn of(agent: &Config) -> Result<Self> {
        let now = now_of(&Clock::system());
        let tls = agent.tls.clone().map(|place| Credentials::open(place, now)).transpose()?;
        Ok(Self { dial: Dial::to(&agent.pipeline, tls, |endpoint| endpoint)?, seal: agent.seal.clone() })
    }

    /// In the clear, to `host:port`.
    pub fn plain(grpc: &str) -> Result<Self> {
        Ok(Self { dial: Dial::to(&format!("http://{grpc}"), None, |endpoint| endpoint)?, seal: None })
    }
}

/// How a call is sent.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Sample by sample as time goes on, or as fast as credit allows.
    pub real_time: bool,
    /// How many times faster than it was spoken time goes on.
    pub speed: u32,
    /// Live, or sent afterwards.
    pub urgency: Urgency,
    /// Pieces, pauses and breaks by this seed.
    pub disturbed: Option<u64>,
}

impl Manner {
    /// A call that goes on now, and nothing disturbs it.
    pub const LIVE: Self = Self { real_time: true, speed: 1, urgency: Urgency::Live, disturbed: None };
    /// As fast as it goes.
    pub const FAST: Self = Self { real_time: false, speed: 1, urgency: Urgency::Live, disturbed: None };
    /// A call that ended long before, as fast as it goes.
    pub const BACKLOG: Self = Self { real_time: false, speed: 1, urgency: Urgency::Backlog, disturbed: None };

    /// How long ago what is sent now was over already.
    fn age(self) -> Duration {
        if self.urgency == Urgency::Backlog { BACKLOG_AGE } else { Duration::ZERO }
    }
}

/// A call that was sent.
#[derive(Debug)]
pub struct Sent {
    /// Its id, as the API shows it.
    pub id: String,
    /// When its first sample was "captured".
    pub began: Instant,
    /// How many times faster than it was spoken it was sent.
    pub speed: u32,
    /// When a worker first took it.
    pub let_in: Instant,
    /// When it became known that a track is settled up to there.
    pub settled: PerTrack<Vec<(SampleOffset, Instant)>>,
    /// When it was said to be complete.
    pub complete: Instant,
    /// When the hang-up was sent.
    pub hung_up: Instant,
    /// How often it connected.
    pub connections: usize,
}

impl Sent {
    /// Seconds from the last sample of this stretch, as if captured as time went on, to its being settled.
    pub fn lag_s(&self, track: Track, end_ms: u64) -> Option<f64> {
        let captured = self.began + Duration::from_millis(end_ms) / self.speed;
        let end = SampleOffset(end_ms * 16);
        let (_, at) = self.settled[track].iter().find(|(offset, _)| *offset >= end)?;
        Some(at.saturating_duration_since(captured).as_secs_f64())
    }
}

/// Sends one call in the clear to the worker at `grpc` (`host:port`) until it is complete.
pub async fn send(grpc: &str, sound: &Sound, number: u64, manner: Manner) -> Result<Sent> {
    send_by(&Way::plain(grpc)?, sound, number, manner).await
}

/// The same by any way.
pub async fn send_by(way: &Way, sound: &Sound, number: u64, manner: Manner) -> Result<Sent> {
    send_recorded(way, sound, number, manner, &mut Vec::new()).await
}

/// As [`send_by`]; what the network did is in `record`, whether the call got through or not, and can be replayed.
pub async fn send_recorded(
    way: &Way,
    sound: &Sound,
    number: u64,
    manner: Manner,
    record: &mut Vec<Timed>,
) -> Result<Sent> {
    let mut chance = StdRng::seed_from_u64(manner.disturbed.unwrap_or(0) ^ number);
    let id = CallId::new(now_ms(), StdRng::seed_from_u64(number ^ now_ms()).random());
    let channel = way.dial.connect().await?;
    let mut sealer = way.seal.as_ref().map(|key| Sealer::new(key, id, 1)).transpose()?;
    let began = Instant::now();
    let (mut settled, mut hung_up, mut connections): (PerTrack<Vec<_>>, _, _) = (PerTrack::default(), None, 0);
    let (mut first_let_in, mut refused, mut broken) = (None, 0, 0);
    loop {
        let mut line = match Line::open(&channel, id, began, manner).await? {
            Opened::Line(line) => line,
            Opened::Elsewhere(after) => {
                refused += 1;
                anyhow::ensure!(refused < 2_000, "the call is never let in");
                tokio::time::sleep(after).await;
                continue;
            }
        };
        first_let_in.get_or_insert_with(Instant::now);
        connections += 1;
        line.record = std::mem::take(record);
        line.sealer = sealer.take();
        line.has_happened(began, Event::Connect { worker: 0 });
        let broken_at = manner.disturbed.filter(|_| connections < 6).map(|_| {
            let seconds = sound.seconds() * chance.random_range(0.05..0.6);
            line.sent.near.0 + u64::try_from(Duration::from_secs_f64(seconds).as_millis()).unwrap_or(0) * 16
        });
        let done = line.send_all(sound, began, manner, &mut chance, broken_at, &mut hung_up).await;
        if !matches!(done, Ok(true)) {
            line.has_happened(began, Event::Break);
        }
        *record = std::mem::take(&mut line.record);
        sealer = line.sealer.take();
        for track in Track::BOTH {
            settled[track].append(&mut line.settled[track]);
        }
        match done {
            Ok(true) => {
                let (complete, id) = (Instant::now(), id.to_string());
                let hung_up = hung_up.context("it hung up")?;
                let let_in = first_let_in.context("it was let in")?;
                let speed = manner.speed;
                return Ok(Sent { id, began, speed, let_in, settled, complete, hung_up, connections });
            }
            Ok(false) => {}
            Err(error) => {
                broken += 1;
                tracing::info!(%id, error = format!("{error:#}"), "the connection broke");
                anyhow::ensure!(broken < 20, "the call does not get through: {error:#}");
                tokio::time::sleep(Duration::from_millis(200)).await; // As an agent's backoff does.
            }
        }
    }
}

/// What becomes of an attempt.
pub(crate) enum Opened {
    Line(Box<Line>),
    Elsewhere(Duration),
}

/// One connection.
pub(crate) struct Line {
    up: mpsc::Sender<wire::FromAgent>,
    down: Streaming<wire::ToAgent>,
    /// Up to where sound was sent; at first, from where it is asked for.
    pub(crate) sent: PerTrack<SampleOffset>,
    /// Up to where it may be sent.
    pub(crate) credit: PerTrack<SampleOffset>,
    settled: PerTrack<Vec<(SampleOffset, Instant)>>,
    /// Nothing more is needed.
    pub(crate) complete: bool,
    record: Vec<Timed>,
    sealer: Option<Sealer>,
}

impl Line {
    /// Says hello, and hears from where and up to where.
    pub(crate) async fn open(channel: &Channel, call: CallId, began: Instant, manner: Manner) -> Result<Opened> {
        let (up, messages) = mpsc::channel(32);
        let hello = Hello {
            agent_version: "crowd".into(),
            call,
            continues: None,
            external_id: None,
            case_id: None,
            area: None,
            mode: Mode::Notice,
            direction: Direction::Incoming,
            started: Started {
                utc_ms: i64::try_from(now_ms()).unwrap_or(0)
                    - i64::try_from((began.elapsed() + manner.age()).as_millis()).unwrap_or(0),
                utc_offset_s: 0,
            },
            urgency: manner.urgency,
            attempts_without_progress: 0,
            tracks: Track::BOTH.to_vec(),
        };
        up.send(wire::FromAgent { kind: Some(from_agent::Kind::Hello(hello.into())) }).await?;
        let down = CallsClient::new(channel.clone()).stream(ReceiverStream::new(messages)).await?.into_inner();
        let zero = PerTrack::default();
        let (settled, record) = (PerTrack::default(), Vec::new());
        let mut line = Self { up, down, sent: zero, credit: zero, settled, complete: false, record, sealer: None };
        // Welcome, and for each track from where and up to where.
        for _ in 0..5 {
            match Self::next(&mut line.down).await? {
                to_agent::Kind::Elsewhere(elsewhere) => {
                    return Ok(Opened::Elsewhere(Duration::from_millis(elsewhere.retry_after_ms.into())));
                }
                message => line.take(message)?,
            }
        }
        Ok(Opened::Line(Box::new(line)))
    }

    /// True when the call is complete, false when it was broken off on purpose.
    async fn send_all(
        &mut self,
        sound: &Sound,
        began: Instant,
        manner: Manner,
        chance: &mut StdRng,
        broken_at: Option<u64>,
        hung_up: &mut Option<Instant>,
    ) -> Result<bool> {
        let end = SampleOffset(sound.len() as u64);
        let mut said_so = false;
        let (mut heartbeat, mut told) = (Instant::now(), AgentStateKind::Starting);
        while !self.complete {
            if broken_at.is_some_and(|at| self.sent.near.0 >= at) {
                return Ok(false);
            }
            let state = self.state(end, began, manner);
            if Instant::now() >= heartbeat || state != told {
                (heartbeat, told) = (Instant::now() + Duration::from_secs(2), state);
                self.say(from_agent::Kind::AgentState(AgentState { kind: state, ..listening() }.into())).await?;
                continue; // The last word may have come while it was said.
            }
            let track = if self.sent.near <= self.sent.far { Track::Near } else { Track::Far };
            let at = self.sent[track];
            if at >= end {
                if !std::mem::replace(&mut said_so, true) {
                    let last_word = began + Duration::from_millis(end.millis()) / manner.speed;
                    let over = if manner.real_time { last_word } else { Instant::now() };
                    let over = *hung_up.get_or_insert(over);
                    let age_ms = u64::try_from((over.elapsed() + manner.age()).as_millis()).unwrap_or(0);
                    let ends = PerTrack { near: end, far: end };
                    let reason = HangUpReason::Person;
                    self.has_happened(began, Event::HangUp { ends: PerTrack { near: end.0, far: end.0 }, reason });
                    self.say(from_agent::Kind::HangUp(HangUp { ends, reason, age_ms }.into())).await?;
                }
                self.hear().await?;
                continue;
            }
            let length = if manner.disturbed.is_some() { chance.random_range(160..6_400) } else { CHUNK };
            let first = usize::try_from(at.0)?;
            let chunk = sound.chunk(track, first, length);
            let captured = began + Duration::from_millis(chunk.span().end().millis()) / manner.speed;
            if chunk.span().end() > self.credit[track] {
                self.hear().await?;
                continue;
            }
            if manner.real_time && captured > Instant::now() {
                tokio::select! {
                    () = sleep_until(captured) => {}
                    heard = Self::next(&mut self.down) => { let message = heard?; self.take(message)?; continue }
                }
            }
            if manner.disturbed.is_some() && chance.random_bool(0.02) {
                tokio::time::sleep(Duration::from_millis(chance.random_range(1..300))).await; // A bad network.
            }
            self.sent[track] = chunk.span().end();
            self.has_happened(began, Event::Chunk { track, first: at.0, samples: chunk.pcm.0.len() });
            let chunk = match &mut self.sealer {
                Some(sealer) => sealer.seal(&chunk)?.into(),
                None => chunk.into(),
            };
            self.say(from_agent::Kind::Chunk(chunk)).await?;
        }
        Ok(true)
    }

    /// As the agent's own rule has it: more than 5 s are captured and not sent.
    fn state(&self, end: SampleOffset, began: Instant, manner: Manner) -> AgentStateKind {
        let captured =
            SampleOffset(u64::try_from((began.elapsed() * manner.speed).as_millis()).unwrap_or(u64::MAX) * 16);
        let behind = captured.min(end).0.saturating_sub(self.sent.near.min(self.sent.far).0);
        let catches_up = manner.real_time && behind > referent_agent::status::BEHIND;
        if catches_up { AgentStateKind::CatchingUp } else { AgentStateKind::Listening }
    }

    fn has_happened(&mut self, began: Instant, what: Event) {
        let at_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.record.push(Timed { at_ms, line: 0, what });
    }

    /// Says it, and hears meanwhile what the worker says.
    pub(crate) async fn say(&mut self, kind: from_agent::Kind) -> Result<()> {
        let message = wire::FromAgent { kind: Some(kind) };
        loop {
            // Whoever does not listen while it speaks may wait for ever.
            let heard = tokio::select! {
                place = self.up.reserve() => {
                    place.context("the worker takes no more")?.send(message);
                    return Ok(());
                }
                heard = Self::next(&mut self.down) => heard?,
            };
            self.take(heard)?;
        }
    }

    /// Waits for what the worker says next.
    pub(crate) async fn hear(&mut self) -> Result<()> {
        let message = Self::next(&mut self.down).await?;
        self.take(message)
    }

    /// Hears what the worker says until then.
    pub(crate) async fn hear_until(&mut self, then: Instant) -> Result<()> {
        loop {
            let heard = tokio::select! {
                () = sleep_until(then) => return Ok(()),
                heard = Self::next(&mut self.down) => heard?,
            };
            self.take(heard)?;
        }
    }

    async fn next(down: &mut Streaming<wire::ToAgent>) -> Result<to_agent::Kind> {
        let message = tokio::time::timeout(PATIENCE, down.message()).await.context("the worker says nothing")??;
        message.and_then(|message| message.kind).context("the worker ended the stream")
    }

    fn take(&mut self, kind: to_agent::Kind) -> Result<()> {
        match kind {
            to_agent::Kind::ResumeFrom(from) => self.sent[Track::from_wire(from.track)?] = SampleOffset(from.offset),
            to_agent::Kind::Credit(credit) => self.credit[Track::from_wire(credit.track)?] = SampleOffset(credit.up_to),
            to_agent::Kind::Settled(settled) => {
                let track = Track::from_wire(settled.track)?;
                self.settled[track].push((SampleOffset(settled.offset), Instant::now()));
            }
            to_agent::Kind::Complete(_) => self.complete = true,
            to_agent::Kind::Welcome(_) => {}
            other => bail!("the worker said {other:?}"),
        }
        Ok(())
    }
}

pub(crate) fn listening() -> AgentState {
    AgentState { kind: AgentStateKind::Listening, since_ms: 10, level_permille: PerTrack { near: 100, far: 100 } }
}

#[expect(clippy::disallowed_methods, reason = "when a call began, on the wall clock, is part of its hello")]
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
