//! The agent's side of a call: how it begins, what is known of it while it goes on, what becomes of one that was left.
//!
//! In: what a person asked for, the configuration, a clock and chance. Out: a [`Begin`], the spool's first record, and a
//! [`Call`], which `feed` writes to and `send` reads from. The mode and what people decide stand in the spool, so that a
//! restart keeps them; `permit` says what follows from them.
//! Not done here: no sound, no network.

mod wanted;
mod meter;

pub use wanted::{CannotBegin, Wanted, begin};

use crate::clock::Clock;
use crate::forgotten::{EndRules, LOUD};
use crate::permit::{Decision, NotToDecide, Permit};
use crate::spool::record::{Begin, Ended, Pace, Source, Taken};
use crate::spool::{CallSpool, SpoolError};
use crate::status::{Facts, Link, Since, judge};
use meter::Meter;
use referent_proto::ids::PerTrack;
use referent_proto::{
    AgentState, AgentStateKind, CallId, GapReason, HangUpReason, Hello, KeyId, SampleOffset, SampleSpan, Track, Urgency,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// An unended call is captured on when the agent was away for less than this.
const CAPTURED_ON_WITHIN_US: u64 = 600_000_000;
/// A call that ended less than this ago is sent as if it were live: somebody waits for its draft.
const STILL_LIVE_MS: u64 = 30_000;

/// Why a decision about the recording does not stand.
#[derive(Debug, thiserror::Error)]
pub enum CannotDecide {
    /// It is none for this call.
    #[error(transparent)]
    Not(#[from] NotToDecide),
    /// It would permit, and cannot be kept: nothing has changed. Make room on the disk.
    #[error("this cannot be kept in state_dir, so nothing has changed: {0}")]
    NotKept(#[source] SpoolError),
    /// It forbids and is in force, but cannot be kept yet. Make room on the disk.
    #[error("nothing is recorded from now on, but a restart of the agent would not know it: {0}")]
    InForceNotKept(#[source] SpoolError),
}

/// What becomes of a call that an earlier run left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftover {
    /// It had ended: it is sent.
    Ended,
    /// It goes on: it is captured on, after a gap.
    GoesOn,
    /// Nobody knows when it ended: it is ended where its sound ends.
    Crashed,
    /// The citizen objected: the server is told.
    Discarded,
}

/// A call that the agent still has something to do for. Shared by `feed`, `send` and `desk`.
#[derive(Debug)]
pub struct Call {
    spool: CallSpool,
    clock: Clock,
    /// The call's zero on the boot clock of this boot, microseconds; negative when that lay before this boot.
    zero_us: i64,
    meters: PerTrack<Meter>,
    permit: Mutex<Permit>,
    /// One decision after the other; holds those that forbid and could not be written yet, in their order.
    unkept: Mutex<Vec<Taken>>,
    is_write_failing: AtomicBool,
    is_sync_failing: AtomicBool,
    /// Where somebody was last heard, or could have been: samples of call time.
    last_loud: AtomicU64,
    link: Mutex<Link>,
    since: Mutex<Since>,
    credit: watch::Sender<PerTrack<SampleOffset>>,
    /// The key of its sound that the server says it no longer has.
    missing_key: Mutex<Option<KeyId>>,
    wake: Notify,
}

impl Call {
    /// The call in this spool.
    pub fn new(spool: CallSpool, clock: Clock) -> Self {
        let (now, now_us) = (Instant::now(), clock.boot_us());
        let begin = spool.begin();
        let newest = begin.tracks.iter().map(|track| spool.earliest(*track)).min().unwrap_or_default();
        let permit = Permit::new(begin.mode, spool.decided(), newest);
        Self {
            zero_us: zero_us(begin, &clock),
            permit: Mutex::new(permit),
            unkept: Mutex::new(Vec::new()),
            spool,
            clock,
            meters: PerTrack { near: Meter::new(now_us), far: Meter::new(now_us) },
            is_write_failing: AtomicBool::new(false),
            is_sync_failing: AtomicBool::new(false),
            last_loud: AtomicU64::new(newest.0),
            link: Mutex::new(Link::Away(now)),
            since: Mutex::new(Since::new(now)),
            credit: watch::Sender::new(PerTrack::default()),
            missing_key: Mutex::new(None),
            wake: Notify::new(),
        }
    }

    /// Its id.
    pub fn id(&self) -> CallId {
        self.spool.call()
    }

    /// Where its sound is kept.
    pub fn spool(&self) -> &CallSpool {
        &self.spool
    }

    /// The clock it is measured by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A moment of the boot clock, in call time, microseconds.
    pub fn call_time_us(&self, boot_us: u64) -> u64 {
        u64::try_from(i64::try_from(boot_us).unwrap_or(i64::MAX) - self.zero_us).unwrap_or(0)
    }

    /// Now, in call time, microseconds.
    pub fn now_us(&self) -> u64 {
        self.call_time_us(self.clock.boot_us())
    }

    /// What a start does with it.
    pub fn leftover(&self) -> Leftover {
        if self.spool.is_discarded() {
            return Leftover::Discarded;
        }
        if self.spool.ended().is_some() {
            return Leftover::Ended;
        }
        let ends = self.spool.ends();
        let away_us = self.now_us().saturating_sub(ends.near.max(ends.far).millis() * 1000);
        if away_us < CAPTURED_ON_WITHIN_US { Leftover::GoesOn } else { Leftover::Crashed }
    }

    /// The end of the call, as of now.
    pub fn end_now(&self, ends: PerTrack<SampleOffset>, reason: HangUpReason) -> Ended {
        let boot = self.clock.boot().to_owned();
        Ended { ends, reason, boot, boot_ms: self.clock.boot_ms(), utc_ms: self.clock.wall().utc_ms }
    }

    /// How long ago the call ended; by the boot clock, but after a reboot by the wall clock.
    pub fn age_ms(&self, ended: &Ended) -> u64 {
        if is_this_boot(&ended.boot, &self.clock) {
            return self.clock.boot_ms().saturating_sub(ended.boot_ms);
        }
        u64::try_from(self.clock.wall().utc_ms - ended.utc_ms).unwrap_or(0)
    }

    /// Live while people speak, and as long as somebody waits for the draft.
    pub fn urgency(&self) -> Urgency {
        match self.spool.ended() {
            Some(ended) if ended.reason == HangUpReason::Crash || self.age_ms(&ended) > STILL_LIVE_MS => {
                Urgency::Backlog
            }
            _ => Urgency::Live,
        }
    }

    /// How the call introduces itself.
    pub fn hello(&self, attempts_without_progress: u32) -> Hello {
        let begin = self.spool.begin().clone();
        Hello {
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            call: begin.call,
            continues: begin.continues,
            external_id: begin.external_id,
            case_id: begin.case_id,
            area: begin.area,
            mode: begin.mode,
            direction: begin.direction,
            started: begin.started,
            urgency: self.urgency(),
            attempts_without_progress,
            tracks: begin.tracks,
        }
    }

    /// Somebody decides whether the call may be recorded. What permits is in force when this returns well, what forbids
    /// at once, whatever the disk does (`permit`, M2). Blocks on the disk.
    pub fn decide(&self, decision: Decision) -> Result<(), CannotDecide> {
        let mut unkept = lock(&self.unkept);
        if !lock(&self.permit).changes(decision)? {
            return Ok(());
        }
        let at = self.here();
        let taken = Taken { decision, at, boot_ms: self.clock.boot_ms(), utc_ms: self.clock.wall().utc_ms };
        if decision.forbids() {
            lock(&self.permit).decide(decision, at);
            return self.spool.decide(taken.clone()).map_err(|error| {
                unkept.push(taken);
                CannotDecide::InForceNotKept(error)
            });
        }
        // What forbade before it goes first: a restart must not know the yes and not the no.
        self.keep(&mut unkept).map_err(CannotDecide::NotKept)?;
        if let Err(error) = self.spool.decide(taken.clone()) {
            // Half of it may be on the disk: what takes it back goes behind it as soon as that can be written.
            let back = if decision == Decision::Resume { Decision::Pause } else { Decision::ConsentRefused };
            unkept.push(Taken { decision: back, ..taken });
            return Err(CannotDecide::NotKept(error));
        }
        let now_us = self.clock.boot_us();
        for track in Track::BOTH {
            // The silence was wanted, and is over; the devices are opened only now.
            self.meters[track].begins(now_us);
        }
        lock(&self.permit).decide(decision, self.here());
        Ok(())
    }

    /// Tries again to write down what could not be. Blocks on the disk.
    pub fn keep_what_was_decided(&self) {
        let Ok(mut unkept) = self.unkept.try_lock() else { return };
        self.keep(&mut unkept).ok(); // The next try is a second away.
    }

    fn keep(&self, unkept: &mut Vec<Taken>) -> Result<(), SpoolError> {
        while let Some(taken) = unkept.first() {
            self.spool.decide(taken.clone())?;
            unkept.remove(0);
        }
        Ok(())
    }

    /// Why nothing of the call may be recorded now, if nothing may.
    pub fn withheld(&self) -> Option<GapReason> {
        lock(&self.permit).withheld()
    }

    /// A person paused it, whatever else there is to say.
    pub fn is_paused(&self) -> bool {
        lock(&self.permit).is_paused()
    }

    /// What of the newest sound may be kept; and the place before which nothing was to be kept, and why.
    pub fn kept(&self, heard: SampleSpan) -> (Option<SampleSpan>, Option<(SampleOffset, GapReason)>) {
        let permit = lock(&self.permit);
        (permit.kept(heard), permit.nothing_before())
    }

    /// Where the call stands now: by the clock, or where a file is that is played as fast as it is taken.
    fn here(&self) -> SampleOffset {
        let ends = self.spool.ends();
        match self.spool.begin().source {
            Source::Wav { pace: Pace::Credit, .. } => ends.near.max(ends.far),
            Source::Wav { pace: Pace::RealTime, .. } | Source::Devices => SampleOffset(self.now_us() * 16 / 1000),
        }
    }

    /// Sound with this peak was written.
    pub fn heard(&self, track: Track, peak: u16) {
        self.meters[track].wrote(peak, self.clock.boot_us());
        if peak >= LOUD {
            self.last_loud.store(self.here().0, Ordering::Relaxed);
        }
    }

    /// Nobody has ended it, and it is over all the same.
    pub fn is_forgotten(&self, rules: EndRules) -> bool {
        let here = self.here();
        if self.withheld().is_some() {
            self.last_loud.store(here.0, Ordering::Relaxed);
        }
        rules.is_over(here, SampleOffset(self.last_loud.load(Ordering::Relaxed)))
    }

    /// A file has nothing to give now because nobody takes it: no sound is missed.
    pub fn waits_for_credit(&self) {
        for track in Track::BOTH {
            self.meters[track].misses_nothing(self.clock.boot_us());
        }
    }

    /// The track's device is switched off in the system's settings, or not.
    pub fn set_muted(&self, track: Track, is_muted: bool) {
        self.meters[track].set_muted(is_muted);
    }

    /// The track's device has gone away and none has taken its place, or one has.
    pub fn set_gone(&self, track: Track, is_gone: bool) {
        self.meters[track].set_gone(is_gone);
    }

    /// The last write into the spool failed, or went well again; true when that is news.
    pub fn set_write_failing(&self, is_failing: bool) -> bool {
        self.is_write_failing.swap(is_failing, Ordering::Relaxed) != is_failing
    }

    /// The last `sync` of the spool failed, or went well again; true when that is news.
    pub fn set_sync_failing(&self, is_failing: bool) -> bool {
        self.is_sync_failing.swap(is_failing, Ordering::Relaxed) != is_failing
    }

    /// What is wrong with a track's device, for the person who asks for the status.
    pub fn set_problem(&self, track: Track, problem: Option<String>) {
        self.meters[track].set_problem(problem);
    }

    /// What is wrong with a track's device.
    pub fn problem(&self, track: Track) -> Option<String> {
        self.meters[track].problem()
    }

    /// How the connection stands.
    pub fn link(&self) -> Link {
        *lock(&self.link)
    }

    /// The connection carries, and so many samples are still to be sent.
    pub fn is_connected(&self, behind: u64) {
        *lock(&self.link) = Link::There { behind };
    }

    /// There is no connection.
    pub fn is_away(&self) {
        let mut link = lock(&self.link);
        if matches!(*link, Link::There { .. }) {
            *link = Link::Away(Instant::now());
        }
    }

    /// The server has no key for its sound, or has it again.
    pub fn is_without_key(&self, key: Option<KeyId>) {
        *lock(&self.missing_key) = key;
    }

    /// The key that the server says it no longer has.
    pub fn missing_key(&self) -> Option<KeyId> {
        *lock(&self.missing_key)
    }

    /// It is to be sent now, however long it was to wait.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits for [`Call::wake`].
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// The other end takes sound of this track up to here.
    pub fn grant(&self, track: Track, up_to: SampleOffset) {
        self.credit.send_if_modified(|credit| {
            let is_more = up_to > credit[track];
            credit[track] = credit[track].max(up_to);
            is_more
        });
    }

    /// Up to where every track may be sent.
    pub fn granted(&self) -> SampleOffset {
        let credit = *self.credit.borrow();
        self.spool.begin().tracks.iter().map(|track| credit[*track]).min().unwrap_or_default()
    }

    /// What the agent truly does for this call.
    pub fn state_kind(&self) -> AgentStateKind {
        let link = self.link();
        if self.spool.ended().is_some() {
            return match link {
                Link::There { behind: 0 } => AgentStateKind::Idle,
                Link::There { .. } => AgentStateKind::CatchingUp,
                Link::Away(_) => AgentStateKind::OfflineKeeping,
            };
        }
        let now_us = self.clock.boot_us();
        let begin = self.spool.begin();
        let facts = Facts {
            withheld: self.withheld(),
            tracks: begin.tracks.clone(),
            is_disk_failing: self.is_write_failing.load(Ordering::Relaxed)
                || self.is_sync_failing.load(Ordering::Relaxed),
            heard: PerTrack { near: self.meters.near.heard(now_us), far: self.meters.far.heard(now_us) },
            is_gone: PerTrack { near: self.meters.near.is_gone(), far: self.meters.far.is_gone() },
            is_muted: self.meters.near.is_muted(),
            all_zero: self.meters.near.all_zero(now_us),
            link,
        };
        judge(&facts, Instant::now())
    }

    /// What the agent truly does, and for how long.
    pub fn state(&self) -> (AgentStateKind, Duration) {
        let kind = self.state_kind();
        (kind, lock(&self.since).is(kind, Instant::now()))
    }

    /// The heartbeat; peaks begin anew with each.
    pub fn heartbeat(&self) -> AgentState {
        let (kind, since) = self.state();
        let peak = |track: Track| self.meters[track].take_peak();
        AgentState {
            kind,
            since_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            level_permille: PerTrack { near: peak(Track::Near), far: peak(Track::Far) },
        }
    }
}

/// The call's zero on this boot's clock; after a reboot the wall clock tells how long the PC was away.
fn zero_us(begin: &Begin, clock: &Clock) -> i64 {
    if is_this_boot(&begin.boot, clock) {
        return i64::try_from(begin.boot_ms).unwrap_or(i64::MAX / 1000) * 1000;
    }
    let since_began_ms = (clock.wall().utc_ms - begin.started.utc_ms).max(0);
    i64::try_from(clock.boot_us()).unwrap_or(i64::MAX) - since_began_ms.saturating_mul(1000)
}

fn is_this_boot(boot: &str, clock: &Clock) -> bool {
    !boot.is_empty() && boot == clock.boot()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
