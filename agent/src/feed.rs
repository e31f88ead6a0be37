//! Brings a call's sound into its spool, from its beginning or from where an earlier run left it, to its end.
//!
//! In: the devices, or a file in their place. Out: chunks and gaps in the spool, at last the hang-up. One thread of its
//! own writes; a second one makes durable what was written, so that a slow disk does not hold up the devices.
//!
//! Promised: what could not be written becomes a gap; the end of the call is durable as soon as its last sound is; a file
//! that is played as fast as it is taken runs no further ahead than credit, or 10 s where there is none yet.
//! A file that ends hangs up by itself, with the reason `rule`.
//! Not done here: no network, no decision about what is recorded: the mode was decided when the call began.

use crate::call::Call;
use crate::call_time::{DeviceTrack, Piece, Poured};
use crate::capture::{CaptureError, Pick, Tap};
use crate::config::SoundConfig;
use crate::resample::{ImpossibleRate, Run};
use crate::spool::SpoolError;
use crate::spool::record::{Pace, Source};
use crate::wav::{Wav, WavError};
use referent_proto::ids::PerTrack;
use referent_proto::{GapReason, HangUpReason, Mode, SAMPLE_RATE, SampleOffset, Track};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often the devices are looked at: a chunk's length.
const TICK: Duration = Duration::from_millis(100);
/// How often what was written is made durable; half of what is promised.
const SYNC_EVERY: Duration = Duration::from_millis(250);
/// How long a file that has no credit waits before it looks again.
const NO_CREDIT: Duration = Duration::from_millis(20);
/// How far a file runs ahead while nobody has given credit.
const AHEAD_WITHOUT_CREDIT: u64 = 10 * SAMPLE_RATE;
/// How much of a file is read, written and made durable in one go when it is played as fast as it is taken.
const STRIDE: u64 = 4 * SAMPLE_RATE;
/// How long a device that did not open is left alone.
const REOPEN_AFTER_US: u64 = 2_000_000;
/// How often a gap is written down while nothing may be recorded.
const WITHHELD_EVERY: u64 = 5 * SAMPLE_RATE;
/// How long a hang-up that could not be written waits before the next try; as long as the disk is full, the call stays.
const HANG_UP_AGAIN: Duration = Duration::from_secs(1);
/// The PC slept when the boot clock ran so much further than the clock that stands still meanwhile.
const SLEPT: Duration = Duration::from_secs(1);

/// What ends a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The call ends.
    HangUp(HangUpReason),
    /// The agent ends; the next one goes on with the call.
    Leave,
}

/// How a feed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// The call has ended, durably.
    HungUp,
    /// The call goes on; this agent does not.
    Left,
    /// The call was discarded.
    Erased,
}

/// The thread that writes a call.
#[derive(Debug)]
pub struct Feed {
    stop: SyncSender<Stop>,
    finished: watch::Receiver<Option<Finished>>,
}

/// Where a feed begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// The call's zero.
    Beginning,
    /// Where an earlier run of the agent left it.
    LeftOff,
}

impl Feed {
    /// Lets a call's sound flow.
    pub fn start(call: Arc<Call>, sound: SoundConfig, at: StartAt) -> io::Result<Self> {
        let (stop, stops) = sync_channel(1);
        let (tell, finished) = watch::channel(None);
        let span = tracing::info_span!("call", call = %call.id());
        std::thread::Builder::new().name("feed".into()).spawn(move || {
            let finished = span.in_scope(|| run(&call, &sound, at, &stops));
            tell.send_replace(Some(finished));
        })?;
        Ok(Self { stop, finished })
    }

    /// Ends the call. A second time, or beside `leave`, the first one counts.
    pub fn hang_up(&self, reason: HangUpReason) {
        self.stop.try_send(Stop::HangUp(reason)).ok();
    }

    /// Ends the feed but not the call.
    pub fn leave(&self) {
        self.stop.try_send(Stop::Leave).ok();
    }

    /// How it ended; `None` while it goes on.
    pub fn finished(&self) -> watch::Receiver<Option<Finished>> {
        self.finished.clone()
    }
}

/// The call was erased under the writer's hands.
#[derive(Debug)]
struct Erased;

fn run(call: &Call, sound: &SoundConfig, at: StartAt, stops: &Receiver<Stop>) -> Finished {
    let mut writer = Writer { call, is_failing: PerTrack::default() };
    let mut source = Sound::open(call, sound, at);
    let finished = std::thread::scope(|scope| {
        let (end_sync, sync_ends) = sync_channel::<()>(1);
        if !source.syncs_itself() {
            let syncer = std::thread::Builder::new().name("spool-sync".into());
            let span = tracing::Span::current();
            let spawned = syncer.spawn_scoped(scope, move || span.in_scope(|| sync_until(call, &sync_ends)));
            if let Err(error) = spawned {
                tracing::error!(%error, "no thread for the disk; sound is made durable only at the end");
            }
        }
        let finished = pour_until_stopped(&mut source, &mut writer, stops);
        drop(end_sync);
        finished
    });
    let Ok(stop) = finished else { return Finished::Erased };
    match stop {
        Stop::Leave => {
            sync(call);
            Finished::Left
        }
        Stop::HangUp(reason) => hang_up(call, reason, stops),
    }
}

/// Pours sound until somebody stops it, or it ends by itself; then what is left.
fn pour_until_stopped(sound: &mut Sound, writer: &mut Writer<'_>, stops: &Receiver<Stop>) -> Result<Stop, Erased> {
    let mut wait = Duration::ZERO;
    let mut awake = Awake::now(writer.call);
    loop {
        let stop = match stops.recv_timeout(wait) {
            Ok(stop) => Some(stop),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Stop::Leave),
        };
        if writer.call.spool().is_erased() {
            return Err(Erased);
        }
        if awake.slept(writer.call) {
            sound.slept(writer)?;
        }
        let next = sound.pour(writer)?;
        writer.call.state(); // So that its `since` is true, although nobody asks.
        let stop = stop.or((next == Next::End).then_some(Stop::HangUp(HangUpReason::Rule)));
        if let Some(stop) = stop {
            sound.finish(writer)?;
            return Ok(stop);
        }
        if let Next::After(duration) = next {
            wait = duration;
        }
    }
}

fn hang_up(call: &Call, reason: HangUpReason, stops: &Receiver<Stop>) -> Finished {
    loop {
        match call.spool().hang_up(|ends| call.end_now(ends, reason)) {
            Ok(ended) => {
                tracing::info!(near_end = %ended.ends.near, far_end = %ended.ends.far, ?reason, "the call has ended");
                return Finished::HungUp;
            }
            Err(SpoolError::Ended) => return Finished::Erased,
            Err(error) => {
                if call.set_write_failing(true) {
                    tracing::error!(%error, "the end of the call cannot be written; free space on the disk");
                }
            }
        }
        if matches!(stops.recv_timeout(HANG_UP_AGAIN), Ok(Stop::Leave) | Err(RecvTimeoutError::Disconnected)) {
            return Finished::Left;
        }
    }
}

/// The second thread: makes durable what was written, until the first one is done.
fn sync_until(call: &Call, ends: &Receiver<()>) {
    while ends.recv_timeout(SYNC_EVERY) == Err(RecvTimeoutError::Timeout) {
        sync(call);
    }
}

fn sync(call: &Call) {
    let begin = Instant::now();
    let result = call.spool().sync();
    metrics::histogram!("referent_agent_sync_seconds").record(begin.elapsed().as_secs_f64());
    let is_news = call.set_sync_failing(result.is_err());
    if let (Err(error), true) = (result, is_news) {
        tracing::error!(%error, "sound cannot be made durable; see to the disk of state_dir");
    }
}

/// When to pour again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    After(Duration),
    End,
}

/// Where the sound of a call comes from.
enum Sound {
    Devices(Vec<Device>),
    Wav(Box<Player>),
    /// Nothing may be recorded, or there is nothing left to record.
    Withheld {
        reason: GapReason,
        until: Option<SampleOffset>,
        pace: Pace,
    },
}

impl Sound {
    fn open(call: &Call, sound: &SoundConfig, at: StartAt) -> Self {
        let begin = call.spool().begin();
        let withheld = match begin.mode {
            Mode::Record => None,
            Mode::AfterConsent => Some(GapReason::BeforeConsent),
            Mode::NotAllowed => Some(GapReason::NotAllowed),
        };
        let without_end = |reason| Self::Withheld { reason, until: None, pace: Pace::RealTime };
        match (&begin.source, sound, withheld) {
            (Source::Wav { path, pace }, _, withheld) => Self::open_wav(call, path, *pace, at, withheld),
            (Source::Devices, _, Some(reason)) => without_end(reason),
            (Source::Devices, SoundConfig::Devices { near, far }, None) => {
                let picks = [(Track::Near, Some(near)), (Track::Far, far.as_ref())];
                let wanted = picks.into_iter().filter(|(track, _)| begin.tracks.contains(track));
                Self::Devices(wanted.map(|(track, pick)| Device::new(call, track, pick.cloned(), at)).collect())
            }
            // The configuration was changed to files while the call was left.
            (Source::Devices, SoundConfig::Wav { .. }, None) => without_end(GapReason::NoSource),
        }
    }

    fn open_wav(call: &Call, path: &Path, pace: Pace, at: StartAt, withheld: Option<GapReason>) -> Self {
        let nothing = Self::Withheld { reason: GapReason::AgentDown, until: Some(SampleOffset::ZERO), pace };
        match (Player::open(call, path, pace, at), withheld) {
            (Ok(player), Some(reason)) => Self::Withheld { reason, until: Some(player.wav.end()), pace },
            (Ok(player), None) => Self::Wav(Box::new(player)),
            (Err(error), _) => {
                tracing::error!(%error, "the file cannot be played on; the call ends where its sound ends");
                nothing
            }
        }
    }

    /// A file that is played as fast as it is taken waits for the disk anyway.
    fn syncs_itself(&self) -> bool {
        matches!(self, Self::Wav(player) if player.pace == Pace::Credit)
    }

    fn pour(&mut self, writer: &mut Writer<'_>) -> Result<Next, Erased> {
        match self {
            Self::Devices(devices) => {
                for device in devices {
                    device.pour(writer)?;
                }
                Ok(Next::After(TICK))
            }
            Self::Wav(player) => player.pour(writer),
            Self::Withheld { reason, until, pace } => {
                let now = SampleOffset(writer.call.now_us() * 16 / 1000);
                let end = if *pace == Pace::Credit { *until } else { until.filter(|until| *until <= now) };
                withhold(writer, end.unwrap_or(now), *reason, if end.is_some() { 0 } else { WITHHELD_EVERY })?;
                Ok(if end.is_some() { Next::End } else { Next::After(TICK) })
            }
        }
    }

    fn slept(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        tracing::info!("the PC slept");
        let Self::Devices(devices) = self else { return Ok(()) };
        devices.iter_mut().flat_map(|device| device.timeline.slept()).try_for_each(|piece| writer.write(piece))
    }

    fn finish(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        match self {
            Self::Devices(devices) => devices.drain(..).try_for_each(|device| device.finish(writer)),
            Self::Wav(player) => player.finish(writer),
            Self::Withheld { reason, until, .. } => {
                let now = SampleOffset(writer.call.now_us() * 16 / 1000);
                withhold(writer, until.map_or(now, |until| until.min(now)), *reason, 0)
            }
        }
    }
}

fn withhold(writer: &mut Writer<'_>, end: SampleOffset, reason: GapReason, at_least: u64) -> Result<(), Erased> {
    let ends = writer.call.spool().ends();
    for track in &writer.call.spool().begin().tracks {
        if end.0 >= ends[*track].0 + at_least {
            writer.write(Piece::GapUpTo(*track, end, reason))?;
        }
    }
    Ok(())
}

/// A device on a track; opened again when it goes away.
struct Device {
    track: Track,
    pick: Option<Pick>,
    opening: Option<JoinHandle<Result<Tap, CaptureError>>>,
    tap: Option<Tap>,
    timeline: DeviceTrack,
    open_at_us: u64,
    has_been_open: bool,
}

impl Device {
    fn new(call: &Call, track: Track, pick: Option<Pick>, at: StartAt) -> Self {
        let missing = match (at, &pick) {
            (_, None) => GapReason::NoSource,
            (StartAt::LeftOff, _) => GapReason::AgentDown,
            (StartAt::Beginning, _) => GapReason::NotStarted,
        };
        // The rate of a device is known once it is open; nothing is poured before.
        let timeline = DeviceTrack::new(track, 48_000, call.spool().earliest(track), missing);
        Self { track, pick, opening: None, tap: None, timeline, open_at_us: 0, has_been_open: false }
    }

    fn pour(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        let call = writer.call;
        if self.tap.as_ref().is_some_and(Tap::is_broken) {
            tracing::warn!(track = %self.track, "the sound device went away");
            self.tap = None;
            self.timeline.lost().into_iter().try_for_each(|piece| writer.write(piece))?;
        }
        if self.tap.is_none() {
            self.open(call);
        }
        let drained = self.tap.as_mut().map(Tap::drain).unwrap_or_default();
        if drained.dropped > 0 {
            tracing::warn!(track = %self.track, frames = drained.dropped, "the PC was too busy to take all sound");
            metrics::counter!("referent_agent_dropped_frames_total", "track" => self.track.name())
                .increment(drained.dropped);
        }
        let poured = Poured {
            now_us: call.now_us(),
            first_us: drained.first_us.map(|boot_us| call.call_time_us(boot_us)),
            dropped: drained.dropped,
            mono: &drained.mono,
        };
        match self.timeline.accept(poured) {
            Ok(pieces) => pieces.into_iter().try_for_each(|piece| writer.write(piece)),
            Err(error) => {
                call.set_problem(self.track, Some(error.to_string()));
                self.tap = None;
                Ok(())
            }
        }
    }

    /// Takes a tap that has opened; begins to open one when it is time to.
    fn open(&mut self, call: &Call) {
        let now_us = call.clock().boot_us();
        if self.opening.as_ref().is_some_and(JoinHandle::is_finished) {
            match self.opening.take().map(JoinHandle::join) {
                Some(Ok(Ok(tap))) => self.opened(call, tap),
                Some(Ok(Err(error))) => self.not_opened(call, error.to_string(), now_us),
                Some(Err(_)) => self.not_opened(call, "the sound system broke down".into(), now_us),
                None => {}
            }
        } else if let (None, Some(pick), true) = (&self.opening, &self.pick, now_us >= self.open_at_us) {
            // On a thread of its own: a device may take seconds, and the other one's ring must not run over meanwhile.
            let (track, pick, clock) = (self.track, pick.clone(), call.clock().clone());
            let opening = std::thread::Builder::new().name(format!("open-{track}"));
            match opening.spawn(move || Tap::open(track, &pick, &clock)) {
                Ok(opening) => self.opening = Some(opening),
                Err(error) => self.not_opened(call, error.to_string(), now_us),
            }
        }
    }

    fn opened(&mut self, call: &Call, tap: Tap) {
        tracing::info!(track = %self.track, device = tap.name(), rate = tap.rate(), "the sound device is open");
        call.set_problem(self.track, None);
        self.timeline.reopened(tap.rate());
        self.tap = Some(tap);
        self.has_been_open = true;
    }

    fn not_opened(&mut self, call: &Call, problem: String, now_us: u64) {
        if call.problem(self.track).as_deref() != Some(&problem) {
            tracing::warn!(track = %self.track, %problem, "no sound");
        }
        call.set_problem(self.track, Some(problem));
        self.open_at_us = now_us + REOPEN_AFTER_US;
        if !self.has_been_open && self.timeline.missing() == GapReason::NotStarted {
            let earliest = call.spool().earliest(self.track);
            self.timeline = DeviceTrack::new(self.track, 48_000, earliest, GapReason::NoSource);
        }
    }

    fn finish(self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        let missing = self.timeline.missing();
        self.timeline.finish().into_iter().try_for_each(|piece| writer.write(piece))?;
        // A track that had no sound at the end still ends with the call.
        let now = SampleOffset(writer.call.now_us() * 16 / 1000);
        if now.0 > writer.call.spool().ends()[self.track].0 + SAMPLE_RATE {
            writer.write(Piece::GapUpTo(self.track, now, missing))?;
        }
        Ok(())
    }
}

/// A file in the place of the devices.
struct Player {
    wav: Wav,
    pace: Pace,
    start: SampleOffset,
    frames_read: u64,
    runs: Option<PerTrack<Run>>,
    is_left_off: bool,
}

/// The file cannot be played.
#[derive(Debug, thiserror::Error)]
enum NoPlayer {
    #[error(transparent)]
    Wav(#[from] WavError),
    #[error(transparent)]
    Rate(#[from] ImpossibleRate),
}

impl Player {
    fn open(call: &Call, path: &Path, pace: Pace, at: StartAt) -> Result<Self, NoPlayer> {
        let mut wav = Wav::open(path)?;
        let start = match at {
            StartAt::Beginning => SampleOffset::ZERO,
            StartAt::LeftOff => {
                let earliest = Track::BOTH.map(|track| call.spool().earliest(track)).into_iter().max();
                let wall = if pace == Pace::RealTime { call.now_us() * 16 / 1000 } else { 0 };
                earliest.unwrap_or_default().max(SampleOffset(wall)).min(wav.end())
            }
        };
        wav.seek(start)?;
        let run = |track| Run::begin(track, wav.rate(), start);
        let runs = Some(PerTrack { near: run(Track::Near)?, far: run(Track::Far)? });
        Ok(Self { wav, pace, start, frames_read: 0, runs, is_left_off: at == StartAt::LeftOff })
    }

    fn pour(&mut self, writer: &mut Writer<'_>) -> Result<Next, Erased> {
        if std::mem::take(&mut self.is_left_off) {
            for track in Track::BOTH {
                writer.write(Piece::GapUpTo(track, self.start, GapReason::AgentDown))?;
            }
        }
        let now = SampleOffset(writer.call.now_us() * 16 / 1000);
        let position = self.start + self.frames_read * SAMPLE_RATE / u64::from(self.wav.rate());
        let (until, wait) = match self.pace {
            Pace::RealTime => (now, TICK),
            Pace::Credit => {
                let limit = writer.call.granted().max(self.start + AHEAD_WITHOUT_CREDIT);
                if limit <= position { (position, NO_CREDIT) } else { (limit.min(position + STRIDE), Duration::ZERO) }
            }
        };
        let more = self.read_until(until, writer)?;
        if self.pace == Pace::Credit {
            sync(writer.call);
        }
        Ok(if more { Next::After(wait) } else { Next::End })
    }

    /// Reads and writes up to this offset; false at the end of the file.
    fn read_until(&mut self, until: SampleOffset, writer: &mut Writer<'_>) -> Result<bool, Erased> {
        let target = until.0.saturating_sub(self.start.0) * u64::from(self.wav.rate()) / SAMPLE_RATE;
        let wanted = u32::try_from(target.saturating_sub(self.frames_read)).unwrap_or(u32::MAX);
        let (near, far) = match self.wav.read(wanted) {
            Ok(frames) => frames,
            Err(error) => {
                tracing::error!(%error, "the file broke off; the call ends here");
                return Ok(false);
            }
        };
        self.frames_read += near.len() as u64;
        let Some(runs) = &mut self.runs else { return Ok(false) };
        // Both tracks side by side, so that neither lies far behind in the spool.
        let (near_chunks, far_chunks) = (runs.near.push(&near), runs.far.push(&far));
        let mut far_chunks = far_chunks.into_iter();
        for chunk in near_chunks {
            writer.write(Piece::Chunk(chunk))?;
            far_chunks.next().map_or(Ok(()), |chunk| writer.write(Piece::Chunk(chunk)))?;
        }
        far_chunks.try_for_each(|chunk| writer.write(Piece::Chunk(chunk)))?;
        Ok(near.len() == wanted as usize)
    }

    fn finish(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        let Some(PerTrack { near, far }) = self.runs.take() else { return Ok(()) };
        near.finish().into_iter().chain(far.finish()).try_for_each(|chunk| writer.write(Piece::Chunk(chunk)))
    }
}

/// Writes pieces into the spool, and remembers what could not be written.
struct Writer<'a> {
    call: &'a Call,
    is_failing: PerTrack<bool>,
}

impl Writer<'_> {
    fn write(&mut self, piece: Piece) -> Result<(), Erased> {
        let (spool, boot_ms) = (self.call.spool(), self.call.clock().boot_ms());
        let (track, written) = match piece {
            Piece::GapUpTo(track, end, reason) => (track, self.write_gap(track, end, reason)),
            Piece::Chunk(chunk) => {
                let (track, first) = (chunk.track, chunk.first);
                let hole =
                    if self.is_failing[track] { self.write_gap(track, first, GapReason::DiskFull) } else { Ok(()) };
                let peak = chunk.pcm.0.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
                let written = hole.and_then(|()| spool.append(chunk, boot_ms));
                if written.is_ok() {
                    self.call.heard(track, peak);
                }
                (track, written)
            }
        };
        match written {
            Ok(()) => {
                self.is_failing[track] = false;
                self.call.set_write_failing(self.is_failing.near || self.is_failing.far);
            }
            Err(SpoolError::Ended) => return Err(Erased),
            Err(error @ SpoolError::TooEarly { .. }) => tracing::error!(%error, "sound was not kept"),
            Err(error) => {
                self.is_failing[track] = true;
                metrics::counter!("referent_agent_write_failures_total").increment(1);
                if self.call.set_write_failing(true) {
                    tracing::error!(%error, "nothing is being recorded; free space on the disk of state_dir");
                }
            }
        }
        Ok(())
    }

    fn write_gap(&self, track: Track, end: SampleOffset, reason: GapReason) -> Result<(), SpoolError> {
        let before = self.call.spool().ends()[track];
        self.call.spool().append_gap(track, end, reason, self.call.clock().boot_ms())?;
        if end > before {
            tracing::info!(%track, from = %before, to = %end, ?reason, "no sound");
            count_gap(track, reason, end - before);
        }
        Ok(())
    }
}

fn count_gap(track: Track, reason: GapReason, samples: u64) {
    let reason = serde_json::to_value(reason).ok().and_then(|reason| reason.as_str().map(str::to_owned));
    let reason = reason.unwrap_or_default();
    metrics::counter!("referent_agent_gap_samples_total", "track" => track.name(), "reason" => reason)
        .increment(samples);
}

/// Tells sleep from a slow PC: the boot clock runs on, the process's own does not.
struct Awake {
    boot_us: u64,
    own: Instant,
}

impl Awake {
    fn now(call: &Call) -> Self {
        Self { boot_us: call.clock().boot_us(), own: Instant::now() }
    }

    fn slept(&mut self, call: &Call) -> bool {
        let now = Self::now(call);
        let boot = Duration::from_micros(now.boot_us.saturating_sub(self.boot_us));
        let slept = boot > (now.own - self.own) + SLEPT;
        *self = now;
        slept
    }
}
