//! One call as one worker tells it: `Began`, then settles, the hang-up and heartbeats until the stream ends.
//!
//! Settles that are queued together are one transaction, and that transaction shares its commit with other calls'. A
//! discarded call is refused at the next settle, or at the next look when the worker is silent.

use super::{BATCH, Door, Down, End, RECHECK, first, going_down};
use crate::shown::{AgentView, PartialView};
use crate::store::calls::{Begin, Begun, EndedAnswer, Known};
use crate::store::identity::Shown;
use crate::store::settles::{SettleAnswer, Settlement};
use futures_util::StreamExt as _;
use referent_identity::Role;
use referent_proto::ingest::{self as wire, FromWorker, ToWorker, from_worker, to_worker};
use referent_proto::{
    AgentState, BadMessage, CallId, CallState, Command, CommandId, DraftJob, Epoch, HangUp, Hello, SampleOffset,
    Settle, Spoken, Track, What, WorkerId,
};
use referent_telemetry::{Place, step};
use std::time::Duration;
use tonic::{Status, Streaming};
use tracing::Instrument as _;

/// How often a stream looks for commands, if its call has changed.
const LOOK: Duration = Duration::from_millis(500);
/// How long a discarded call's stream stays open for the agent's `Done`.
const DONE_WITHIN: Duration = Duration::from_secs(30);

/// The stream from its first message to its last.
pub(super) async fn run(
    door: Door,
    mut up: Streaming<FromWorker>,
    down: Down<ToWorker>,
    traceparent: Option<String>,
    through: Option<Shown>,
) {
    metrics::gauge!("referent_ingest_streams").increment(1.0);
    if let Err(end) = begin(&door, &mut up, &down, traceparent, through).await {
        down.end(end);
    }
    metrics::gauge!("referent_ingest_streams").decrement(1.0);
}

async fn begin(
    door: &Door,
    up: &mut Streaming<FromWorker>,
    down: &Down<ToWorker>,
    traceparent: Option<String>,
    through: Option<Shown>,
) -> Result<(), End> {
    let message = tokio::select! {
        message = first(up) => message?,
        () = door.shutdown.cancelled() => return Err(going_down()),
    };
    let Some(from_worker::Kind::Began(began)) = message.kind else {
        return Err(End::Status(Status::invalid_argument("the first message of a call must be began")));
    };
    let hello = Hello::try_from(began.hello.ok_or(BadMessage::Missing("began.hello"))?)?;
    let worker = WorkerId::from_wire("began.worker", &began.worker)?;
    let call = hello.call;
    let place = Place::told(call, traceparent.as_deref());
    let span = tracing::info_span!("call", %call, %worker);
    let shown = match through {
        Some(through) => {
            let caseworker =
                Shown { role: Role::Caseworker, subject: began.identity.clone(), serial: began.certificate };
            vec![through, caseworker]
        }
        None => Vec::new(),
    };
    let who = Who { identity: began.identity, worker, shown };
    talk(door, hello, who, place, up, down).instrument(span).await
}

/// Who begins a call, by which worker, and the certificates that say so.
struct Who {
    identity: String,
    worker: WorkerId,
    shown: Vec<Shown>,
}

async fn talk(
    door: &Door,
    hello: Hello,
    Who { identity, worker, shown }: Who,
    place: Place,
    up: &mut Streaming<FromWorker>,
    down: &Down<ToWorker>,
) -> Result<(), End> {
    door.check(&shown).await?;
    let call = hello.call;
    let area = door.areas.named(hello.area.as_deref());
    // Before `Began` is answered, so that no command is missed between the answer and the first look.
    let changes = door.store.live().call(call);
    let by = identity.clone();
    let begin = Begin { hello, identity, worker, holder: door.holder.clone(), area };
    let talk = Talk { door, call, by, worker, shown, epoch: Epoch::default(), down, told: Vec::new(), changes, place };
    match talk.commits("began", 1, door.store.begin(begin, door.clock.now_ms())).await? {
        Begun::NotYours => {
            tracing::warn!("a worker asked for a call of another caseworker");
            Err(End::Status(Status::permission_denied("not yours: this call belongs to another caseworker")))
        }
        Begun::Discarded(commands) => talk.discarded(commands, up).await,
        Begun::Known(known) => {
            let mut talk = Talk { epoch: known.epoch, ..talk };
            tracing::info!(epoch = known.epoch.0, state = ?known.state, "a worker has the call");
            let end = talk.known(*known, up).await;
            let now_ms = door.clock.now_ms();
            door.store.live().forget_agent(call);
            door.store.contact_lost(call, talk.epoch, now_ms, door.timing.no_contact_ms()).await?;
            tracing::info!(epoch = talk.epoch.0, "the worker's stream has ended");
            end
        }
    }
}

struct Talk<'a> {
    door: &'a Door,
    call: CallId,
    /// Whose call it is.
    by: String,
    worker: WorkerId,
    /// The certificates that vouch for it.
    shown: Vec<Shown>,
    epoch: Epoch,
    down: &'a Down<ToWorker>,
    /// Commands that went out on this stream.
    told: Vec<CommandId>,
    changes: tokio::sync::broadcast::Receiver<crate::live::LiveEvent>,
    /// Where commits belong in the call's trace.
    place: Place,
}

impl Talk<'_> {
    /// So many works of one kind on their way into the database: a step of the call's trace.
    async fn commits<T>(&self, work: &'static str, works: usize, commit: impl Future<Output = T>) -> T {
        commit.instrument(self.place.begin(step!("commit", work, works))).await
    }

    async fn say(&self, kind: to_worker::Kind) -> Result<(), End> {
        self.down.send(ToWorker { kind: Some(kind) }).await
    }

    async fn known(&mut self, known: Known, up: &mut Streaming<FromWorker>) -> Result<(), End> {
        self.told.extend(known.commands.iter().map(|command| command.id));
        self.say(to_worker::Kind::Known(known.into())).await?;
        let mut batches = up.ready_chunks(BATCH);
        let mut look = tokio::time::interval(LOOK);
        let mut recheck = tokio::time::interval_at(tokio::time::Instant::now() + RECHECK, RECHECK);
        loop {
            tokio::select! {
                _ = recheck.tick() => self.door.check(&self.shown).await?,
                batch = batches.next() => self.heard(batch.ok_or(End::PeerGone)?).await?,
                _ = look.tick() => self.look(batches.get_mut()).await?,
                () = self.door.shutdown.cancelled() => return Err(going_down()),
            }
        }
    }

    async fn heard(&mut self, batch: Vec<Result<FromWorker, Status>>) -> Result<(), End> {
        use from_worker::Kind;
        let mut settles = Vec::new();
        let mut broken = None;
        for message in batch {
            let Ok(FromWorker { kind }) = message else {
                broken = Some(End::PeerGone); // tonic has told the peer why, if it still listens.
                break;
            };
            match kind.ok_or(BadMessage::UnknownKind("from_worker"))? {
                Kind::Settle(settle) => settles.push(Settle::try_from(settle)?),
                Kind::Ended(ended) => {
                    self.settle(std::mem::take(&mut settles)).await?;
                    self.ended(ended).await?;
                }
                Kind::Partial(partial) => self.partial(partial)?,
                Kind::AgentState(state) => {
                    let state = AgentState::try_from(state)?;
                    self.door.store.live().heartbeat(self.call, AgentView::from(state));
                }
                Kind::Done(done) => {
                    let command = done.command_id()?;
                    self.door.store.command_done(self.call, command, self.door.clock.now_ms()).await?;
                }
                Kind::Discard(_) => {
                    self.settle(std::mem::take(&mut settles)).await?;
                    self.objected().await?;
                }
                Kind::Began(_) => {
                    return Err(End::Status(Status::invalid_argument("began comes once, at the beginning")));
                }
            }
        }
        self.settle(settles).await?;
        broken.map_or(Ok(()), Err)
    }

    async fn settle(&mut self, settles: Vec<Settle>) -> Result<(), End> {
        if settles.is_empty() {
            return Ok(());
        }
        let kinds: Vec<_> = settles.iter().map(counted).collect();
        let (now_ms, lease) = (self.door.clock.now_ms(), self.door.lease());
        let settling = self.door.store.settle(self.call, self.worker, settles, now_ms, lease);
        match self.commits("settles", kinds.len(), settling).await? {
            Settlement::Discarded => Err(self.erased().await),
            Settlement::Answers(answers, job) => {
                for (answer, (kind, reason)) in answers.into_iter().zip(kinds) {
                    match answer {
                        SettleAnswer::Settled(settled) => {
                            metrics::counter!("referent_settles_total", "kind" => kind, "reason" => reason)
                                .increment(1);
                            self.say(to_worker::Kind::Settled(settled.into())).await?;
                        }
                        SettleAnswer::Already(settled) => self.say(to_worker::Kind::Settled(settled.into())).await?,
                        SettleAnswer::Stale(epoch) => return Err(self.stale(epoch).await),
                    }
                }
                match job {
                    Some(job) => self.job(*job).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn ended(&mut self, ended: wire::Ended) -> Result<(), End> {
        let hang_up = HangUp::try_from(ended.hang_up.ok_or(BadMessage::Missing("ended.hang_up"))?)?;
        let epoch = Epoch(ended.epoch);
        let (now_ms, lease) = (self.door.clock.now_ms(), self.door.lease());
        let ending = self.door.store.ended(self.call, epoch, self.worker, hang_up, now_ms, lease);
        match self.commits("ended", 1, ending).await? {
            EndedAnswer::Job(job) => self.job(*job).await,
            EndedAnswer::Known => self.say(to_worker::Kind::EndedKnown(wire::EndedKnown {})).await,
            EndedAnswer::Stale(epoch) => Err(self.stale(epoch).await),
            EndedAnswer::Discarded => Err(self.erased().await),
        }
    }

    /// The citizen objects, said on the PC. What follows is the same as when it is said on the pane: the next look finds
    /// the call erased, and tells.
    async fn objected(&mut self) -> Result<(), End> {
        let command = CommandId::from_bytes(&self.call.bytes()).ok_or(BadMessage::Missing("began.hello.call"))?;
        let (by, now_ms) = (self.by.clone(), self.door.clock.now_ms());
        let discarding = self.door.store.discard(self.call, command, by, now_ms);
        self.commits("discard", 1, discarding).await?;
        tracing::info!("a call was discarded on the caseworker's PC");
        Ok(())
    }

    async fn job(&self, job: DraftJob) -> Result<(), End> {
        tracing::info!(draft = job.key.draft, attempt = job.key.attempt, "the draft is this worker's");
        self.say(to_worker::Kind::DraftJob(job.into())).await
    }

    fn partial(&self, partial: wire::Partial) -> Result<(), End> {
        if Epoch(partial.epoch) == self.epoch {
            let view = PartialView {
                track: Track::from_wire(partial.track)?,
                start_ms: i64::try_from(SampleOffset(partial.start).millis()).unwrap_or(i64::MAX),
                end_ms: i64::try_from(SampleOffset(partial.end).millis()).unwrap_or(i64::MAX),
                text: Spoken::new(partial.text),
            };
            self.door.store.live().partial(self.call, view);
        }
        Ok(())
    }

    /// Commands that came since the last look, if the call has changed at all.
    async fn look(&mut self, up: &mut Streaming<FromWorker>) -> Result<(), End> {
        if !self.has_changed() {
            return Ok(());
        }
        let (state, commands) = self.door.store.orders(self.call).await?;
        if state == Some(CallState::Discarded) {
            return self.discarded(commands, up).await;
        }
        for command in commands {
            if !self.told.contains(&command.id) {
                self.told.push(command.id);
                self.say(to_worker::Kind::Command(command.into())).await?;
            }
        }
        Ok(())
    }

    fn has_changed(&mut self) -> bool {
        use crate::live::LiveEvent;
        use tokio::sync::broadcast::error::TryRecvError;
        let mut changed = false;
        loop {
            match self.changes.try_recv() {
                Ok(LiveEvent::Changed) | Err(TryRecvError::Lagged(_)) => changed = true,
                Ok(LiveEvent::Partial(_) | LiveEvent::Agent(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return changed,
            }
        }
    }

    async fn stale(&self, epoch: Epoch) -> End {
        metrics::counter!("referent_stale_total").increment(1);
        tracing::warn!(current = epoch.0, "the worker is stale and drops the call");
        match self.say(to_worker::Kind::Stale(wire::Stale { epoch: epoch.0 })).await {
            Ok(()) => End::Said,
            Err(end) => end,
        }
    }

    async fn erased(&self) -> End {
        match self.say(to_worker::Kind::Discarded(wire::Discarded {})).await {
            Ok(()) => End::Said,
            Err(end) => end,
        }
    }

    /// Tells the worker that the call is erased, with the command for the agent, and waits for the agent's `Done`.
    async fn discarded(&self, commands: Vec<Command>, up: &mut Streaming<FromWorker>) -> Result<(), End> {
        let waits = !commands.is_empty();
        for command in commands {
            self.say(to_worker::Kind::Command(command.into())).await?;
        }
        self.say(to_worker::Kind::Discarded(wire::Discarded {})).await?;
        if !waits {
            return Err(End::Said);
        }
        let done = async {
            while let Ok(Some(message)) = up.message().await {
                if let Some(from_worker::Kind::Done(done)) = message.kind {
                    let command = done.command_id()?;
                    self.door.store.command_done(self.call, command, self.door.clock.now_ms()).await?;
                    return Err(End::Said);
                }
            }
            Err(End::PeerGone)
        };
        tokio::select! {
            end = tokio::time::timeout(DONE_WITHIN, done) => end.unwrap_or(Err(End::Said)),
            () = self.door.shutdown.cancelled() => Err(going_down()),
        }
    }
}

/// What `/metrics` counts of a settle.
fn counted(settle: &Settle) -> (&'static str, String) {
    use crate::store::word;
    let reason = match &settle.what {
        What::Utterance(_) | What::Quiet => String::new(),
        What::Suppressed { reason, .. } => word(reason),
        What::Gap(reason) => word(reason),
        What::NotTranscribed(reason) => word(reason),
    };
    (settle.what.kind(), reason)
}

impl From<AgentState> for AgentView {
    fn from(state: AgentState) -> Self {
        Self {
            state: state.kind,
            since_ms: state.since_ms,
            near_level: state.level_permille.near,
            far_level: state.level_permille.far,
        }
    }
}

impl From<Known> for wire::Known {
    fn from(known: Known) -> Self {
        Self {
            epoch: known.epoch.0,
            near_settled: known.settled.near.0,
            far_settled: known.settled.far.0,
            utterances: known.utterances.into_iter().map(Into::into).collect(),
            state: known.state.into(),
            area: Some(known.area.into()),
            commands: known.commands.into_iter().map(Into::into).collect(),
        }
    }
}
