//! The life of one call on this worker: from where it was settled to a draft job that `jobs` has.
//!
//! In: what the agent says, what notes-api says, texts. Out: links of two chains to notes-api; credit, settled offsets and
//! commands to the agent. Everything that can happen is an `Event`; [`run`] says what follows from each.
//!
//! Promises:
//!   K1  Sound is read only while there is room: at most `IN_FLIGHT` segments without text and `UNSAID` messages to
//!       notes-api. With the credit, this bounds what a call holds.
//!   K2  The agent hears `settled` only after notes-api has said it, and `complete` only when both tracks are settled
//!       to their ends and the hang-up is durable.
//!   K3  A hang-up is passed on at once, before the last texts are there.
//!   K4  Whatever goes wrong ends this worker's part with an error and holds nothing back: another goes on from the
//!       settled offsets.
//!   K5  A call with which earlier workers made no progress is heard with care, and in the end what may have killed them
//!       is settled without text: it does not go round (docs/decisions/0011).
//!
//!   K6  Grey text is passed on while somebody speaks, and costs nothing that matters: it is never settled, and dropped
//!       wherever there is something better to do.
//!   K7  Sealed sound that this worker has no key for ends its part with `KeyGone`, and nothing of it is settled; a record
//!       that does not open, though the key is there, is a gap `damaged` (docs/decisions/0017).
//!   K8  Where the area says that its language model is local, its server reads along (`draft::warm`), until the hang-up.
//!
//! Not done here: no wire type, no status code (`receive`), no judgement about the chain (notes-api).

mod agent;
mod hearing;
mod glimpse;
mod ends;
mod loudspeaker;
mod steps;

use crate::config::Context;
use crate::draft::warm::{Warmer, Warming, Warmth};
use crate::jobs::Jobs;
use crate::join::Seams;
use crate::notes::{Begun, Caller, FromNotes, Known, Line, Notes, NotesError, ToNotes};
use crate::open::{KeyGone, Keys, Opener};
use crate::partial::Partials;
use crate::receive::{Agent, AgentGone, Says, Tell, Tells, Turnstile};
use crate::segment::Rules;
use crate::settle::Broken;
use crate::track::{Dishonest, TrackWork};
use crate::transcribe::doubt::Judges;
use crate::transcribe::glossary::Glossary;
use crate::transcribe::language::{self, TrackLanguage};
use crate::transcribe::{Class, Transcriber};
use crate::vad::{Detector, Vad};
use ends::discarded;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use glimpse::Glimpse;
use hearing::Text;
use loudspeaker::Loudspeaker;
use referent_identity::Credentials;
use referent_proto::ids::PerTrack;
use referent_proto::{BadMessage, Command, CommandKind, Epoch, HangUp, Hello, Settled, Track, Urgency};
use referent_telemetry::Place;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use steps::Steps;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// Segments of a call that have no text yet; then its sound has to wait.
const IN_FLIGHT: usize = 8;
/// After so many connections on which nothing was settled, a call is heard one segment at a time: what kills workers is
/// then alone.
const SUSPECT: u32 = 3;
/// After so many, the first segment of each track is given up: it must not go round killing workers.
const POISON: u32 = 5;
/// Messages to notes-api that it has not taken; then the sound has to wait.
const UNSAID: usize = 32;
/// An agent says something every 2 s. One that is alive and silent for so long is broken.
const AGENT_SILENT: Duration = Duration::from_mins(1);
/// notes-api answers a settle within some hundredths of a second.
const NOTES_SILENT: Duration = Duration::from_secs(30);
/// What is being heard may be finished after the process was asked to stop.
const LAST_TEXTS: Duration = Duration::from_secs(5);
/// Whoever hung up longer ago does not look at the screen for the draft.
const JUST_NOW_MS: u64 = 30_000;

/// What all calls of this process share.
pub struct Shared {
    /// The way to notes-api.
    pub notes: Notes,
    /// What this worker shows of itself; without it everybody is on this machine.
    pub tls: Option<Arc<Credentials>>,
    /// What hears.
    pub transcriber: Transcriber,
    /// Who else may come.
    pub turnstile: Arc<Turnstile>,
    /// What drafts.
    pub jobs: Jobs,
    /// What lets the language model's server read along.
    pub warmer: Arc<Warmer>,
    /// What opens sealed sound.
    pub keys: Keys,
    /// What is spoken, unless the area says otherwise.
    pub language: String,
    /// How much the encoder looks at.
    pub context: Context,
    /// What tells speech from noise.
    pub detector: Detector,
    /// What doubts texts.
    pub judges: Judges,
    /// When speech begins and ends.
    pub rules: Rules,
    /// Whether text is shown while it is being said.
    pub partials: bool,
    /// The process has to stop.
    pub shutdown: CancellationToken,
}

/// Why this worker's part of a call ended before the call was complete.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Give the call back.
    #[error(transparent)]
    Notes(#[from] NotesError),
    /// Nobody to tell.
    #[error("the agent is gone")]
    AgentGone(#[source] Option<AgentGone>),
    /// Tell the agent what was wrong.
    #[error(transparent)]
    Bad(#[from] BadMessage),
    /// Tell the agent what was wrong.
    #[error(transparent)]
    Dishonest(#[from] Dishonest),
    /// Tell the agent what was wrong.
    #[error("there is sound of the {0} track, which the hello does not name")]
    NoSuchTrack(Track),
    /// Tell the agent to keep it.
    #[error(transparent)]
    KeyGone(#[from] KeyGone),
    /// Drop the call.
    #[error("another worker has the call")]
    Stale,
    /// Let the agent connect anew.
    #[error("nothing was heard of the agent for {AGENT_SILENT:?}")]
    AgentSilent,
    /// Let the agent go elsewhere.
    #[error("this worker is being stopped")]
    Stopping,
    /// A bug; another worker goes on.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// The one kind of thing that happens next.
enum Event {
    /// The agent said something; `None`: it has no more to say.
    Agent(Result<Option<Says>, AgentGone>),
    /// notes-api said something.
    Notes(FromNotes),
    /// A segment has become something.
    Text(Text),
    /// What is being said was heard so far.
    Glimpse(Glimpse),
    /// The language model's server may read along, or has.
    Warmth(Warmth),
    /// A message left.
    Sent,
    /// The agent does not take messages any more.
    NobodyListens,
    /// Something should have happened by now.
    Late,
    /// The process has to stop.
    Stop,
}

/// Holds one call until it is complete, or until something ends this worker's part. `take_over` is the step of its trace
/// that ends when the call is taken.
pub async fn run(
    hello: Hello,
    caller: Caller,
    take_over: Span,
    agent: &mut Agent,
    tell: &Tell,
    shared: &Shared,
) -> Result<(), CallError> {
    let begun = shared.notes.begin(&hello, caller, &Place::below(&take_over)).await;
    let steps = Steps::taken(&hello, take_over, begun.as_ref().ok().map(|(begun, _)| begun));
    let (begun, mut notes) = begun?;
    let known = match begun {
        Begun::Ours(known) => *known,
        Begun::Discarded(commands) => return discarded(hello.call, commands, agent, tell, notes).await,
    };
    let mut call = Call::resume(hello, known, shared, steps);
    while !call.is_complete() {
        match call.next(agent, tell, &mut notes).await? {
            Event::Agent(Ok(Some(says))) => call.agent_says(says)?,
            Event::Agent(Ok(None)) | Event::NobodyListens => call.agent_left(None)?,
            Event::Agent(Err(AgentGone::Bad(bad))) => return Err(bad.into()),
            Event::Agent(Err(gone)) => call.agent_left(Some(gone))?,
            Event::Notes(FromNotes::Discarded) => {
                let commands = std::mem::take(&mut call.untold_commands);
                return discarded(call.hello.call, commands, agent, tell, notes).await;
            }
            Event::Notes(says) => call.notes_says(says)?,
            Event::Text(text) => call.text(text),
            Event::Glimpse(glimpse) => call.glimpsed(glimpse),
            Event::Warmth(Warmth::Due) => call.warm(),
            Event::Late => call.is_late()?,
            Event::Stop => call.stop(),
            Event::Warmth(Warmth::Ended) | Event::Sent => {}
        }
        call.has_stopped()?;
    }
    call.conclude(tell, notes).await;
    ends::farewell(agent).await;
    Ok(())
}

/// What happens next to the server that reads along; nothing without one.
async fn warmth(warming: &mut Option<Warming>) -> Warmth {
    match warming {
        Some(warming) => warming.next().await,
        None => std::future::pending().await,
    }
}

type Texts = FuturesUnordered<BoxFuture<'static, Text>>;
type Glimpses = FuturesUnordered<BoxFuture<'static, Glimpse>>;

/// Where a call stands on this worker.
struct Call<'a> {
    hello: Hello,
    shared: &'a Shared,
    epoch: Epoch,
    /// In what each track is heard: the caseworker may speak one language and the citizen another.
    languages: PerTrack<TrackLanguage>,
    glossary: Glossary,
    class: Class,
    opener: Opener,
    tracks: Vec<TrackWork<Box<dyn Vad>>>,
    /// K5: how many segments may be without text.
    in_flight: usize,
    /// K5: tracks whose next segment is given up.
    given_up: Vec<Track>,
    texts: Texts,
    /// Where cuts may have gone through words.
    seams: PerTrack<Seams>,
    /// K8: the language model's server, which reads along.
    warming: Option<Warming>,
    glimpses: Glimpses,
    partials: PerTrack<Partials>,
    /// What the microphone may catch of the citizen.
    loudspeaker: Loudspeaker,
    /// Ends a glimpse whose utterance is over.
    over: PerTrack<CancellationToken>,
    to_notes: VecDeque<ToNotes>,
    to_agent: VecDeque<Tells>,
    /// Settles and hang-ups that notes-api has not answered.
    unanswered: usize,
    hang_up: Option<HangUp>,
    hang_up_is_durable: bool,
    job_is_given: bool,
    agent_is_there: bool,
    untold_commands: Vec<Command>,
    heard_of_agent: Instant,
    heard_of_notes: Instant,
    stop_at: Option<Instant>,
    steps: Steps,
}

impl<'a> Call<'a> {
    fn resume(hello: Hello, known: Known, shared: &'a Shared, steps: Steps) -> Self {
        let Known { epoch, settled, utterances, state, area, commands } = known;
        let last_of = |track: Track| utterances.iter().rev().find(|said| said.track == track).cloned();
        let seams = PerTrack { near: Seams::resume(last_of(Track::Near)), far: Seams::resume(last_of(Track::Far)) };
        let tracks: Vec<_> = hello
            .tracks
            .iter()
            .map(|&track| TrackWork::resume(track, epoch, settled[track], shared.detector.detector(), shared.rules))
            .collect();
        tracing::info!(epoch = epoch.0, near = %settled.near, far = %settled.far, %state, "the call goes on here");
        let mut to_agent = VecDeque::from([Tells::Welcome { mode: hello.mode, area_version: area.version.clone() }]);
        to_agent.extend(tracks.iter().map(|track| Tells::ResumeFrom(track.track(), track.resume_from())));
        to_agent.extend(tracks.iter().map(|track| Tells::Credit(track.track(), track.credit())));
        to_agent.extend(commands.iter().copied().map(Tells::Command));
        let class = match hello.urgency {
            Urgency::Live => Class::Live,
            Urgency::Backlog => Class::Backlog,
        };
        let attempts = hello.attempts_without_progress;
        let in_flight = if attempts >= SUSPECT { 1 } else { IN_FLIGHT };
        let given_up = if attempts >= POISON { hello.tracks.clone() } else { Vec::new() };
        if attempts >= SUSPECT {
            tracing::warn!(attempts, "earlier workers settled nothing of this call; it is heard with care");
        }
        let warming = shared.warmer.for_call(&area, hello.started, hello.direction, utterances);
        let warming = warming.filter(|_| hello.urgency == Urgency::Live);
        let language = TrackLanguage::among(language::spoken(&area, &shared.language));
        let now = Instant::now();
        Self {
            opener: Opener::new(hello.call),
            hello,
            shared,
            epoch,
            languages: PerTrack { near: language.clone(), far: language },
            glossary: Glossary { area: area.area, version: area.version, words: area.glossary },
            class,
            tracks,
            in_flight,
            given_up,
            texts: Texts::new(),
            seams,
            warming,
            glimpses: Glimpses::new(),
            partials: PerTrack::default(),
            loudspeaker: Loudspeaker::default(),
            over: PerTrack::default(),
            to_notes: VecDeque::new(),
            to_agent,
            unanswered: 0,
            hang_up: None,
            hang_up_is_durable: false,
            job_is_given: false,
            agent_is_there: true,
            untold_commands: Vec::new(),
            heard_of_agent: now,
            heard_of_notes: now,
            stop_at: None,
            steps,
        }
    }

    /// Cancelling loses nothing: each arm takes only what it returns.
    async fn next(&mut self, agent: &mut Agent, tell: &Tell, notes: &mut Line) -> Result<Event, CallError> {
        let listens = self.listens();
        if !listens {
            self.heard_of_agent = Instant::now();
        }
        let late = self.late_at();
        let (up, mut down) = notes.split();
        // What is there is finished before more is taken in.
        tokio::select! {
            biased;
            Some(text) = self.texts.next() => Ok(Event::Text(text)),
            Some(glimpse) = self.glimpses.next() => Ok(Event::Glimpse(glimpse)),
            message = down.next() => Ok(Event::Notes(message?)),
            place = up.reserve(), if !self.to_notes.is_empty() => {
                if let (Ok(place), Some(message)) = (place, self.to_notes.pop_front()) {
                    place.send(message.into());
                }
                Ok(Event::Sent)
            }
            place = tell.reserve(), if !self.to_agent.is_empty() && self.agent_is_there => {
                let Ok(place) = place else { return Ok(Event::NobodyListens) };
                if let Some(tells) = self.to_agent.pop_front() {
                    place.send(Ok(tells));
                }
                Ok(Event::Sent)
            }
            () = self.shared.shutdown.cancelled(), if self.stop_at.is_none() => Ok(Event::Stop),
            warmth = warmth(&mut self.warming), if self.warming.is_some() => Ok(Event::Warmth(warmth)),
            says = agent.next(), if listens => Ok(Event::Agent(says)),
            () = sleep_until(late.unwrap_or_else(Instant::now)), if late.is_some() => Ok(Event::Late),
        }
    }

    /// K1: more is taken in only while there is room for what it becomes.
    fn listens(&self) -> bool {
        let has_room = self.texts.len() < self.in_flight && self.to_notes.len() < UNSAID;
        self.agent_is_there && self.stop_at.is_none() && has_room
    }

    /// Says something that notes-api answers.
    fn say(&mut self, message: ToNotes) {
        if self.unanswered == 0 {
            self.heard_of_notes = Instant::now();
        }
        self.unanswered += 1;
        self.to_notes.push_back(message);
    }

    fn notes_says(&mut self, says: FromNotes) -> Result<(), CallError> {
        self.heard_of_notes = Instant::now();
        match says {
            FromNotes::Settled(settled) => self.is_settled(settled)?,
            FromNotes::Stale => return Err(CallError::Stale),
            FromNotes::Command(command) => {
                if command.kind == CommandKind::Discard {
                    // Told with the end of the call, which follows.
                    self.untold_commands.push(command);
                } else {
                    self.to_agent.push_back(Tells::Command(command));
                }
            }
            FromNotes::EndedKnown => {
                self.unanswered = self.unanswered.saturating_sub(1);
                self.hang_up_is_durable = true;
            }
            FromNotes::Job(job) => {
                if !self.hang_up_is_durable {
                    self.unanswered = self.unanswered.saturating_sub(1);
                }
                (self.hang_up_is_durable, self.job_is_given) = (true, true);
                self.shared.jobs.give(*job);
            }
            FromNotes::Discarded => {}
        }
        Ok(())
    }

    /// K2.
    fn is_settled(&mut self, settled: Settled) -> Result<(), CallError> {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.steps.settled(settled);
        let track = self.track(settled.track)?;
        let before = track.settled();
        track.is_settled(settled.offset);
        let (name, settled, credit) = (track.track(), track.settled(), track.credit());
        if self.hello.urgency == Urgency::Live {
            self.shared.turnstile.has_become_text(settled.0.saturating_sub(before.0) / 16);
        }
        // Both are absolute: what has not left yet is replaced, so that an agent that does not read costs nothing.
        self.to_agent.retain(|tells| !matches!(tells, Tells::Settled(of) if of.track == name));
        self.to_agent.retain(|tells| !matches!(tells, Tells::Credit(of, _) if *of == name));
        self.to_agent.push_back(Tells::Settled(Settled { track: name, offset: settled }));
        self.to_agent.push_back(Tells::Credit(name, credit));
        Ok(())
    }

    /// The agent is gone. If all its sound is here, the call needs it no more.
    fn agent_left(&mut self, gone: Option<AgentGone>) -> Result<(), CallError> {
        if !self.all_has_come() {
            return Err(CallError::AgentGone(gone));
        }
        tracing::info!("the agent left after the hang-up; the rest is settled without it");
        self.agent_is_there = false;
        Ok(())
    }

    fn all_has_come(&self) -> bool {
        self.tracks.iter().all(TrackWork::has_come)
    }

    fn is_complete(&self) -> bool {
        self.hang_up_is_durable && self.tracks.iter().all(TrackWork::is_whole)
    }

    fn late_at(&self) -> Option<Instant> {
        let agent = (self.listens() && !self.all_has_come()).then(|| self.heard_of_agent + AGENT_SILENT);
        let notes = (self.unanswered > 0).then(|| self.heard_of_notes + NOTES_SILENT);
        [agent, notes, self.stop_at].into_iter().flatten().min()
    }

    fn is_late(&self) -> Result<(), CallError> {
        let now = Instant::now();
        if self.stop_at.is_some_and(|at| now >= at) {
            Err(CallError::Stopping)
        } else if self.unanswered > 0 && now >= self.heard_of_notes + NOTES_SILENT {
            Err(NotesError::Unreachable(format!("it has answered nothing for {NOTES_SILENT:?}")).into())
        } else if self.late_at().is_some_and(|at| now >= at) {
            Err(CallError::AgentSilent)
        } else {
            Ok(())
        }
    }

    /// Takes no more sound; what is being heard is finished, within a limit.
    fn stop(&mut self) {
        self.warming = None;
        self.stop_at = Some(Instant::now() + LAST_TEXTS);
    }

    fn has_stopped(&self) -> Result<(), CallError> {
        let is_idle = self.texts.is_empty() && self.to_notes.is_empty() && self.unanswered == 0;
        // A call whose sound has all come is about to be complete.
        if self.stop_at.is_some() && is_idle && !self.all_has_come() { Err(CallError::Stopping) } else { Ok(()) }
    }

    /// K8.
    fn warm(&mut self) {
        let watermark = self.tracks.iter().map(TrackWork::settled).min().unwrap_or_default();
        if let Some(warming) = &mut self.warming {
            warming.begin(watermark, self.class == Class::Live && self.shared.turnstile.is_open());
        }
    }

    fn track(&mut self, track: Track) -> Result<&mut TrackWork<Box<dyn Vad>>, CallError> {
        self.tracks.iter_mut().find(|work| work.track() == track).ok_or(CallError::NoSuchTrack(track))
    }
}
