//! Brings a call's sound into its spool, from its beginning or from where an earlier run left it, to its end.
//!
//! In: the devices, or a file in their place. Out: chunks and gaps in the spool, at last the hang-up. One thread of its
//! own writes; a second one makes durable what was written, so that a slow disk does not hold up the devices.
//!
//! Promised: what could not be written becomes a gap; the end of the call is durable as soon as its last sound is; a file
//! that is played as fast as it is taken runs no further ahead than credit, or 10 s where there is none yet.
//! A file that ends hangs up by itself, and so does a call that was forgotten (`forgotten`), with the reason `rule`.
//! Not done here: no network, no decision about what may be recorded: `permit` knows, and `writer` lets nothing else by.

mod device;
mod player;
mod sound;
pub mod writer;

use crate::call::Call;
use crate::config::SoundConfig;
use crate::forgotten::EndRules;
use crate::spool::SpoolError;
use referent_proto::HangUpReason;
use sound::{Next, Sound};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use writer::{Erased, Writer};

/// How often what was written is made durable; half of what is promised.
const SYNC_EVERY: Duration = Duration::from_millis(250);
/// How long a hang-up that could not be written waits before the next try; as long as the disk is full, the call stays.
const HANG_UP_AGAIN: Duration = Duration::from_secs(1);
/// How often a decision that could not be written is tried again.
const KEEP_AGAIN: Duration = Duration::from_secs(1);
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
    pub fn start(call: Arc<Call>, sound: SoundConfig, ends: EndRules, at: StartAt) -> io::Result<Self> {
        let (stop, stops) = sync_channel(1);
        let (tell, finished) = watch::channel(None);
        let span = tracing::info_span!("call", call = %call.id());
        std::thread::Builder::new().name("feed".into()).spawn(move || {
            let finished = span.in_scope(|| run(&call, &sound, ends, at, &stops));
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

fn run(call: &Call, sound: &SoundConfig, ends: EndRules, at: StartAt, stops: &Receiver<Stop>) -> Finished {
    let mut writer = Writer::new(call);
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
        let finished = pour_until_stopped(&mut source, &mut writer, ends, stops);
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
fn pour_until_stopped(
    sound: &mut Sound,
    writer: &mut Writer<'_>,
    ends: EndRules,
    stops: &Receiver<Stop>,
) -> Result<Stop, Erased> {
    let mut wait = Duration::ZERO;
    let mut keep_again = Instant::now();
    let mut awake = Awake::now(writer.call());
    loop {
        let stop = match stops.recv_timeout(wait) {
            Ok(stop) => Some(stop),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Stop::Leave),
        };
        if writer.call().spool().is_erased() {
            return Err(Erased);
        }
        if keep_again.elapsed() > KEEP_AGAIN {
            writer.call().keep_what_was_decided();
            keep_again = Instant::now();
        }
        if awake.slept(writer.call()) {
            sound.slept(writer)?;
        }
        let next = sound.pour(writer)?;
        writer.call().state(); // So that its `since` is true, although nobody asks.
        let is_forgotten = writer.call().is_forgotten(ends);
        if is_forgotten {
            tracing::warn!("nobody has ended this call for long; it is ended by rule");
        }
        let stop = stop.or((is_forgotten || next == Next::End).then_some(Stop::HangUp(HangUpReason::Rule)));
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
