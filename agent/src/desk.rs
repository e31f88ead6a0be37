//! Who holds the calls: at most one goes on, any number wait in the spool to be sent.
//!
//! In: begin, hang up, decisions, discard, give up, status, close, from `control`, `presence` and `run`. Out: a `feed` for the call that goes on, a `deliver` task
//! for every call in the spool. At start it takes over what an earlier run left: a call that goes on is captured on, one
//! that nobody ended in time is ended, all are sent.
//! Promised: one call at a time; nothing waits here but for the disk.
//! Not done here: no HTTP, no sound, no messages; what a user is told of it all is in `report`.

pub mod report;

use crate::call::{Call, CannotBegin, CannotDecide, Leftover, Wanted, begin};
use crate::clock::Clock;
use crate::config::Config;
use crate::feed::{Feed, Finished, StartAt};
use crate::permit::Decision;
use crate::send::asked::is_decided;
use crate::send::{Delivered, Line, deliver};
use crate::spool::{Left, Spool, SpoolError};
use crate::status::{KEY_GONE, KEY_GONE_NEXT, next_step, reason};
use rand::rngs::StdRng;
use referent_proto::{AgentStateKind, CallId, Chunk, CommandKind, GapReason, HangUpReason, KeyId};
use report::{LiveReport, Now, Report, SpoolReport, WaitingReport, millis};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a hang-up may take until the end is on the disk.
const HANG_UP_WITHIN: Duration = Duration::from_secs(5);
/// Calls that are remembered when they are gone from here: more than a day's.
const GONE: usize = 256;
/// How long calls may still be sent when the agent is being stopped.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Holds the calls. Clones are the same desk.
#[derive(Debug, Clone)]
pub struct Desk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: Config,
    clock: Clock,
    spool: Spool,
    line: Arc<Line>,
    chance: Mutex<StdRng>,
    tracker: TaskTracker,
    /// What still runs is ended.
    ends_now: CancellationToken,
    live: tokio::sync::Mutex<Option<Live>>,
    waiting: Mutex<BTreeMap<CallId, Waiting>>,
    /// Calls that this run had and that are all gone from here, the newest last.
    gone: Mutex<VecDeque<CallId>>,
}

#[derive(Debug)]
struct Live {
    call: Arc<Call>,
    feed: Feed,
}

#[derive(Debug, Clone)]
struct Waiting {
    call: Arc<Call>,
    is_refused: bool,
}

/// There is no call to hang up.
#[derive(Debug, thiserror::Error)]
pub enum CannotHangUp {
    /// Nothing to do.
    #[error("no call goes on")]
    NoCall,
    /// The end could not be written in time; it will be. Look at the status.
    #[error("the end of the call cannot be written to the disk yet; see `referent-agent status`")]
    DiskIsSlow,
}

/// There is no call, or it cannot be decided.
#[derive(Debug, thiserror::Error)]
pub enum CannotChange {
    /// Nothing to do.
    #[error("no call goes on")]
    NoCall,
    /// See there.
    #[error(transparent)]
    Decide(#[from] CannotDecide),
}

/// Nothing is erased.
#[derive(Debug, thiserror::Error)]
pub enum CannotDiscard {
    /// Name one.
    #[error("no call goes on; name the call that is meant")]
    NoCall,
    /// It is elsewhere.
    #[error("call {0} is not on this PC (any more); discard it on the pane")]
    NotHere(CallId),
    /// Mend the disk, and say it again.
    #[error("the sound of the call cannot be erased from state_dir: {0}; say it again")]
    Disk(#[from] io::Error),
}

/// Nothing is given up.
#[derive(Debug, thiserror::Error)]
pub enum CannotGiveUp {
    /// Look at the status.
    #[error("call {0} does not wait on this PC; `referent-agent status --json` lists those that do")]
    NotHere(CallId),
    /// Hang up first.
    #[error("call {0} goes on; hang up first (`referent-agent stop`)")]
    GoesOn(CallId),
    /// Sound that can still be read is not given up.
    #[error(
        "the server has not said that it lacks the key of call {0} since this agent started; it is sent, or it waits for the server"
    )]
    NotWithoutKey(CallId),
    /// Mend the disk, and say it again.
    #[error("this cannot be kept in state_dir: {0}; say it again")]
    Disk(#[from] io::Error),
}

impl Desk {
    /// A desk with what an earlier run left. Blocks on the disk.
    pub fn open(config: Config, clock: Clock, spool: Spool, line: Arc<Line>, chance: StdRng) -> io::Result<Self> {
        let left = spool.left()?;
        let desk = Self(Arc::new(Shared {
            config,
            clock,
            spool,
            line,
            chance: Mutex::new(chance),
            tracker: TaskTracker::new(),
            ends_now: CancellationToken::new(),
            live: tokio::sync::Mutex::default(),
            waiting: Mutex::default(),
            gone: Mutex::default(),
        }));
        desk.take_over(left);
        Ok(desk)
    }

    /// Begins a call; durable when this returns.
    pub async fn begin(&self, wanted: Wanted) -> Result<CallId, CannotBegin> {
        let mut live = self.0.live.lock().await;
        if let Some(live) = live.as_ref() {
            return Err(CannotBegin::Busy(live.call.id()));
        }
        if self.0.line.leaving.is_cancelled() {
            return Err(CannotBegin::Stopping);
        }
        let desk = self.clone();
        let begun = tokio::task::spawn_blocking(move || {
            let shared = &desk.0;
            let begin = begin(wanted, &shared.config, &shared.clock, &mut *lock(&shared.chance))?;
            let spool = shared.spool.begin(begin)?;
            Ok::<_, CannotBegin>(Arc::new(Call::new(spool, shared.clock.clone())))
        });
        let call = begun.await.map_err(|error| SpoolError::Disk(io::Error::other(error)))??;
        let id = call.id();
        *live = Some(self.go_on(&call, StartAt::Beginning).map_err(SpoolError::Disk)?);
        metrics::counter!("referent_agent_calls_begun_total").increment(1);
        tracing::info!(call = %id, "a call begins");
        self.send(call);
        Ok(id)
    }

    /// Ends the call that goes on; its end is durable when this returns.
    pub async fn hang_up(&self) -> Result<CallId, CannotHangUp> {
        let (id, mut finished) = {
            let live = self.0.live.lock().await;
            let live = live.as_ref().ok_or(CannotHangUp::NoCall)?;
            live.feed.hang_up(HangUpReason::Person);
            (live.call.id(), live.feed.finished())
        };
        if tokio::time::timeout(HANG_UP_WITHIN, finished.wait_for(Option::is_some)).await.is_err() {
            return Err(CannotHangUp::DiskIsSlow);
        }
        self.clear(id).await;
        Ok(id)
    }

    /// Ends the call that goes on, if one does.
    pub async fn hang_up_if_any(&self) -> Result<(), CannotHangUp> {
        match self.hang_up().await {
            Ok(_) | Err(CannotHangUp::NoCall) => Ok(()),
            Err(slow @ CannotHangUp::DiskIsSlow) => Err(slow),
        }
    }

    /// Whether the call that goes on may be recorded from now on; in force when this returns well (`Call::decide`).
    pub async fn decide(&self, decision: Decision) -> Result<CallId, CannotChange> {
        let live = self.0.live.lock().await.as_ref().map(|live| Arc::clone(&live.call));
        decide(live.ok_or(CannotChange::NoCall)?, decision).await
    }

    /// Pauses a call that is not paused, and goes on with one that is: what a hot key asks for, which sees no state. Gives
    /// what was decided. (The desk is held meanwhile, so that two presses are a pause and its end.)
    pub async fn toggle_pause(&self) -> Result<(CallId, Decision), CannotChange> {
        let live = self.0.live.lock().await;
        let call = live.as_ref().map(|live| Arc::clone(&live.call)).ok_or(CannotChange::NoCall)?;
        let decision = if call.is_paused() { Decision::Resume } else { Decision::Pause };
        let id = decide(call, decision).await?;
        drop(live);
        Ok((id, decision))
    }

    /// The citizen objects: everything of the call is deleted here at once, and on the server as soon as it is reached.
    /// Without an id, the call that goes on.
    pub async fn discard(&self, id: Option<CallId>) -> Result<CallId, CannotDiscard> {
        let (live, finished) = {
            let live = self.0.live.lock().await;
            let live = live.as_ref().filter(|live| id.is_none_or(|id| live.call.id() == id));
            (live.map(|live| Arc::clone(&live.call)), live.map(|live| live.feed.finished()))
        };
        let call = match (live, id) {
            (Some(call), _) => call,
            (None, None) => return Err(CannotDiscard::NoCall),
            (None, Some(id)) => {
                let waiting = lock(&self.0.waiting).get(&id).map(|waiting| Arc::clone(&waiting.call));
                waiting.ok_or(CannotDiscard::NotHere(id))?
            }
        };
        let (id, spool) = (call.id(), call.spool().clone());
        let discarding = tokio::task::spawn_blocking(move || spool.discard());
        discarding.await.map_err(io::Error::other)??;
        metrics::counter!("referent_agent_calls_discarded_total").increment(1);
        tracing::info!(call = %id, "the citizen objects; the sound of the call is erased");
        if let Some(mut finished) = finished {
            tokio::time::timeout(HANG_UP_WITHIN, finished.wait_for(Option::is_some)).await.ok();
            self.clear(id).await;
        }
        Ok(id)
    }

    /// Does what a person asks for elsewhere, of a call that may have no connection of its own now; true when it is done, and
    /// durable. Of a call that this run never had nothing is said: another PC of the same person may have it.
    pub(crate) async fn carry_out(&self, id: CallId, kind: CommandKind) -> bool {
        let call = lock(&self.0.waiting).get(&id).map(|waiting| Arc::clone(&waiting.call));
        let Some(call) = call else { return lock(&self.0.gone).contains(&id) };
        match kind {
            CommandKind::Pause => is_decided(&call, Decision::Pause).await,
            CommandKind::Resume => is_decided(&call, Decision::Resume).await,
            CommandKind::Discard => match self.discard(Some(id)).await {
                Ok(_) | Err(CannotDiscard::NoCall | CannotDiscard::NotHere(_)) => true,
                Err(error @ CannotDiscard::Disk(_)) => {
                    tracing::error!(%error, call = %id, "asked for on the pane");
                    false
                }
            },
        }
    }

    /// What of an ended call is sealed for the key that the server no longer has is given up: it becomes a gap `key_gone`,
    /// and the rest of the call is sent. Gives that key.
    pub async fn give_up(&self, id: CallId) -> Result<KeyId, CannotGiveUp> {
        let call = lock(&self.0.waiting).get(&id).map(|waiting| Arc::clone(&waiting.call));
        let call = call.ok_or(CannotGiveUp::NotHere(id))?;
        if call.spool().ended().is_none() {
            return Err(CannotGiveUp::GoesOn(id));
        }
        let key = call.missing_key().ok_or(CannotGiveUp::NotWithoutKey(id))?;
        let spool = call.spool().clone();
        tokio::task::spawn_blocking(move || spool.give_up(key)).await.map_err(io::Error::other)??;
        metrics::counter!("referent_agent_calls_given_up_total").increment(1);
        tracing::warn!(call = %id, %key, "given up: what is sealed for this key becomes a gap on the note");
        call.is_without_key(None);
        call.wake();
        Ok(key)
    }

    /// What the agent truly does; `None` while something about the call that goes on is being written.
    pub(crate) fn state_kind(&self) -> Option<AgentStateKind> {
        let live = self.0.live.try_lock().ok()?;
        Some(live.as_ref().map_or(AgentStateKind::Idle, |live| live.call.state_kind()))
    }

    /// What the agent does now, without a look at the disk.
    pub async fn now(&self) -> Now {
        use AgentStateKind as K;
        let live = self.0.live.lock().await.as_ref().map(|live| Arc::clone(&live.call));
        let (state, since) = live.as_ref().map_or((AgentStateKind::Idle, Duration::ZERO), |call| call.state());
        // Only where nothing hurts more: a disk that is full, or a microphone that is off, comes first.
        let is_recorded = matches!(state, K::Listening | K::OfflineKeeping | K::CatchingUp);
        let is_without_key = is_recorded && live.as_ref().is_some_and(|call| call.missing_key().is_some());
        let trouble = self.0.line.identity().and_then(|identity| identity.problem);
        let trouble = trouble.filter(|_| state == K::OfflineKeeping);
        Now {
            state,
            since_ms: millis(since),
            reason: if is_without_key { KEY_GONE } else { trouble.unwrap_or_else(|| reason(state)) },
            next_step: if is_without_key { Some(KEY_GONE_NEXT) } else { next_step(state) },
            call: live.map(|call| LiveReport::of(&call)),
        }
    }

    /// What a user wants to know.
    pub async fn report(&self) -> Report {
        let now = self.now().await;
        let waiting: Vec<Waiting> = lock(&self.0.waiting).values().cloned().collect();
        let spool = self.0.spool.clone();
        let (calls, bytes) = tokio::task::spawn_blocking(move || spool.usage()).await.unwrap_or_default();
        let waiting = waiting.iter().map(WaitingReport::of).collect();
        Report { now, spool: SpoolReport { calls, bytes, waiting }, identity: self.0.line.identity() }
    }

    /// Stops along the flow: first the sound, then what is on its way. A call that goes on is left to the next start.
    pub async fn close(&self) {
        let finished = self.0.live.lock().await.as_ref().map(|live| {
            live.feed.leave();
            live.feed.finished()
        });
        if let Some(mut finished) = finished {
            tokio::time::timeout(HANG_UP_WITHIN, finished.wait_for(Option::is_some)).await.ok();
        }
        self.0.line.leaving.cancel();
        self.0.tracker.close();
        if tokio::time::timeout(CLOSE_WITHIN, self.0.tracker.wait()).await.is_err() {
            self.0.ends_now.cancel();
            self.0.tracker.wait().await;
        }
    }

    fn take_over(&self, left: Vec<Left>) {
        let calls: Vec<_> =
            left.into_iter().map(|left| (Arc::new(Call::new(left.spool, self.0.clock.clone())), left.torn)).collect();
        let goes_on = calls.iter().rposition(|(call, _)| call.leftover() == Leftover::GoesOn);
        for (at, (call, is_torn)) in calls.into_iter().enumerate() {
            tracing::info!(call = %call.id(), leftover = ?call.leftover(), "an earlier run left this call");
            if Some(at) == goes_on {
                match self.go_on(&call, StartAt::LeftOff) {
                    Ok(live) => {
                        // Nobody else has the desk yet, so the lock is free.
                        if let Ok(mut now) = self.0.live.try_lock() {
                            *now = Some(live);
                        }
                    }
                    Err(error) => tracing::error!(%error, "the call cannot be captured on; it is ended"),
                }
            } else if call.leftover() == Leftover::Crashed || call.leftover() == Leftover::GoesOn {
                end_crashed(&call, is_torn);
            }
            self.send(call);
        }
    }

    fn go_on(&self, call: &Arc<Call>, at: StartAt) -> io::Result<Live> {
        self.0.line.turns.is_served(call, false);
        let feed = Feed::start(Arc::clone(call), self.0.config.sound.clone(), self.0.config.ends, at)?;
        let (desk, id, mut finished) = (self.clone(), call.id(), feed.finished());
        self.0.tracker.spawn(self.0.ends_now.clone().run_until_cancelled_owned(async move {
            let how = finished.wait_for(Option::is_some).await.map_or(None, |how| *how);
            if how != Some(Finished::Left) {
                desk.clear(id).await;
            }
        }));
        Ok(Live { call: Arc::clone(call), feed })
    }

    fn send(&self, call: Arc<Call>) {
        let desk = self.clone();
        lock(&self.0.waiting).insert(call.id(), Waiting { call: Arc::clone(&call), is_refused: false });
        self.0.tracker.spawn(self.0.ends_now.clone().run_until_cancelled_owned(async move {
            match deliver(&call, &desk.0.line).await {
                Delivered::Complete | Delivered::Discarded => desk.is_gone(call.id()),
                // Not said to be gone to whoever discards it now.
                Delivered::NotErased => drop(lock(&desk.0.waiting).remove(&call.id())),
                Delivered::Refused => {
                    lock(&desk.0.waiting).entry(call.id()).and_modify(|waiting| waiting.is_refused = true);
                }
                Delivered::Left => {}
            }
        }));
    }

    fn is_gone(&self, id: CallId) {
        let mut gone = lock(&self.0.gone);
        gone.push_back(id);
        if gone.len() > GONE {
            gone.pop_front();
        }
        drop(gone);
        lock(&self.0.waiting).remove(&id);
    }

    async fn clear(&self, id: CallId) {
        let mut live = self.0.live.lock().await;
        if live.as_ref().is_some_and(|live| live.call.id() == id) {
            *live = None;
        }
    }
}

async fn decide(call: Arc<Call>, decision: Decision) -> Result<CallId, CannotChange> {
    let id = call.id();
    let deciding = tokio::task::spawn_blocking(move || call.decide(decision));
    deciding.await.map_err(|error| CannotDecide::NotKept(SpoolError::Disk(io::Error::other(error))))??;
    tracing::info!(call = %id, ?decision, "decided");
    Ok(id)
}

/// Ends a call that nobody ended. A record that was torn is a gap of one chunk: longer ones are not written (S4).
fn end_crashed(call: &Call, is_torn: bool) {
    let (spool, boot_ms) = (call.spool(), call.clock().boot_ms());
    let mut result = Ok(());
    if is_torn {
        for track in &spool.begin().tracks {
            let end = spool.ends()[*track] + Chunk::SAMPLES as u64;
            result = result.and_then(|()| spool.append_gap(*track, end, GapReason::Damaged, boot_ms));
        }
    }
    let ended = result.and_then(|()| spool.hang_up(|ends| call.end_now(ends, HangUpReason::Crash)));
    if let Err(error) = ended {
        tracing::error!(%error, call = %call.id(), "the call cannot be ended now; the next start tries again");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
