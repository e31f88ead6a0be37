//! The door for agents: gRPC streams of `calls.v1` become calls, and their ends become statuses.
//!
//! In: connections, and anything at all on them. Out: one task for each call, which runs `call::run` from its hello to
//! its end. Wire types of `calls.v1` end here, and this is the only maker of a `Status`.
//!
//! Promised: where there are certificates, nobody but a caseworker's agent is heard, and whose call it is stands in its
//! certificate; what no honest agent sends ends its stream with a status that names it, and nothing else; a message is at
//! most [`MAX_MESSAGE_BYTES`] long; at most [`CALLS`] calls are held, and of live ones as many as keep their text in time
//! (`admission`); the next is sent elsewhere and goes on spooling. Agents that are there between calls: `presence`.

mod presence;
mod turnstile;

pub use turnstile::Turnstile;

use crate::call::{self, CallError, Shared};
use crate::notes::{Caller, NotesError};
use crate::open::KeyGone;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use referent_identity::incoming::{Ask, incoming};
use referent_identity::{Admission, Guest, Role};
use referent_proto::calls::{self as wire, calls_server, from_agent, to_agent};
use referent_proto::{
    AgentState, BadMessage, Chunk, Command, CommandId, Gap, HangUp, Hello, KeyId, MAX_MESSAGE_BYTES, Mode,
    SampleOffset, SealedChunk, Settled, Track, Urgency,
};
use referent_telemetry::{Place, step};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::TaskTracker;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument as _;
use tracing::field::Empty;

/// Calls on one worker: 250 are a gigabyte of sound at most, and more than the recognisers of one machine carry.
pub const CALLS: usize = 250;
/// Of these, calls that are sent afterwards.
const BACKLOG: usize = CALLS / 2;
/// Messages to an agent that it has not taken; the call replaces absolute ones rather than pile them up.
const ANSWERS: usize = 32;
/// A stream has to say what it is within this time.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// An agent that does not take its last message goes without.
const LAST_WORD_WITHIN: Duration = Duration::from_secs(2);
/// A full worker is asked again after this time.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// However a call stands, it ends within this time after the process was asked to stop: `call` takes up to 5 s for what
/// is being heard, and whoever started this program waits 15 s for calls and drafts together.
const ENDS_WITHIN: Duration = Duration::from_secs(7);
/// With certificates no connection is older than this and an hour; the call goes on over a new one.
const CONNECTION_AGE: Duration = Duration::from_hours(12);
/// How long a call may go on after that.
const CALLS_GO_ON_FOR: Duration = Duration::from_hours(1);
/// A dead peer is noticed within twice this time.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// What an agent says after its hello.
#[derive(Debug)]
pub enum Says {
    /// Sound.
    Chunk(Chunk),
    /// Sound that has to be opened.
    Sealed(SealedChunk),
    /// Sound that is missing.
    Gap(Gap),
    /// Its heartbeat.
    State(AgentState),
    /// It has done a command.
    Done(CommandId),
    /// The call ended.
    HangUp(HangUp),
    /// The citizen objects: erase it.
    Discard,
}

/// What an agent is told.
#[derive(Debug)]
pub enum Tells {
    /// The call is taken.
    Welcome {
        /// How it may be recorded.
        mode: Mode,
        /// Under which settings.
        area_version: String,
    },
    /// Send from here.
    ResumeFrom(Track, SampleOffset),
    /// Send up to there.
    Credit(Track, SampleOffset),
    /// Forget up to there.
    Settled(Settled),
    /// A person asks for this.
    Command(Command),
    /// Come again after this time; this worker is full.
    Elsewhere(Duration),
    /// The call is another caseworker's.
    NotYours,
    /// There is no key for its sound: keep it.
    KeyGone(KeyId),
    /// Forget the call.
    Complete,
}

/// The way to an agent.
pub type Tell = mpsc::Sender<Result<Tells, Status>>;

/// Why an agent says nothing more.
#[derive(Debug, thiserror::Error)]
pub enum AgentGone {
    /// It said what no honest agent says.
    #[error(transparent)]
    Bad(#[from] BadMessage),
    /// The stream broke, or held what is no message.
    #[error("the stream broke: {:?}", .0.code())]
    Broke(Box<Status>),
}

/// What an agent says, as it comes.
#[derive(Debug)]
pub struct Agent(Streaming<wire::FromAgent>);

impl Agent {
    /// The next message; `None` at the end. Waiting may be given up and begun again.
    pub async fn next(&mut self) -> Result<Option<Says>, AgentGone> {
        Ok(match self.kind().await? {
            None => None,
            Some(kind) => Some(match kind {
                from_agent::Kind::Hello(_) => return Err(BadMessage::UnknownKind("from_agent (a second hello)").into()),
                from_agent::Kind::Chunk(chunk) if chunk.is_sealed() => Says::Sealed(chunk.try_into()?),
                from_agent::Kind::Chunk(chunk) => Says::Chunk(chunk.try_into()?),
                from_agent::Kind::Gap(gap) => Says::Gap(gap.try_into()?),
                from_agent::Kind::AgentState(state) => Says::State(state.try_into()?),
                from_agent::Kind::Done(done) => Says::Done(done.command_id()?),
                from_agent::Kind::HangUp(hang_up) => Says::HangUp(hang_up.try_into()?),
                from_agent::Kind::Discard(_) => Says::Discard,
            }),
        })
    }

    async fn hello(&mut self) -> Result<Hello, AgentGone> {
        match self.kind().await? {
            Some(from_agent::Kind::Hello(hello)) => Ok(hello.try_into()?),
            Some(_) => Err(BadMessage::Missing("hello (the first message of a call)").into()),
            None => Err(BadMessage::Missing("hello").into()),
        }
    }

    async fn kind(&mut self) -> Result<Option<from_agent::Kind>, AgentGone> {
        let message = self.0.message().await.map_err(|status| AgentGone::Broke(Box::new(status)))?;
        Ok(message.map(|message| message.kind.ok_or(BadMessage::UnknownKind("from_agent"))).transpose()?)
    }
}

/// Serves agents until shutdown, and then until their calls have ended.
pub async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    tracker: TaskTracker,
) -> Result<(), tonic::transport::Error> {
    let shutdown = shared.shutdown.clone();
    let (places, backlog) = (Arc::new(Semaphore::new(CALLS)), Arc::new(Semaphore::new(BACKLOG)));
    let tls = shared.tls.clone();
    let admission = match &tls {
        None => Admission::ThisMachine,
        Some(tls) => Admission::Only(Role::Caseworker, tls.now().clone()),
    };
    let presences = Arc::new(Semaphore::new(presence::PRESENCES));
    let door = Door { shared, places, backlog, presences, tracker };
    let service = calls_server::CallsServer::new(door)
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let mut server = tonic::transport::Server::builder();
    if tls.is_some() {
        server = server.max_connection_age(CONNECTION_AGE).max_connection_age_grace(CALLS_GO_ON_FOR);
    }
    server
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE))
        .add_service(InterceptedService::new(service, admission))
        .serve_with_incoming_shutdown(incoming(listener, tls.map(|tls| (tls, Ask::Always))), shutdown.cancelled_owned())
        .await
}

#[derive(Clone)]
struct Door {
    shared: Arc<Shared>,
    places: Arc<Semaphore>,
    backlog: Arc<Semaphore>,
    presences: Arc<Semaphore>,
    tracker: TaskTracker,
}

#[tonic::async_trait]
impl calls_server::Calls for Door {
    type StreamStream = BoxStream<'static, Result<wire::ToAgent, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<wire::FromAgent>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let (tell, told) = mpsc::channel(ANSWERS);
        let traceparent = referent_telemetry::carried(&request);
        let (identity, certificate) = Guest::identity(&request);
        let caller = Caller { identity, certificate };
        let (door, agent) = (self.clone(), Agent(request.into_inner()));
        self.tracker.spawn(async move { door.stream_call(agent, caller, tell, traceparent).await });
        Ok(Response::new(ReceiverStream::new(told).map(|tells| tells.map(wire::ToAgent::from)).boxed()))
    }

    type PresenceStream = ReceiverStream<Result<wire::ToPresence, Status>>;

    async fn presence(
        &self,
        request: Request<Streaming<wire::FromPresence>>,
    ) -> Result<Response<Self::PresenceStream>, Status> {
        let (tell, told) = mpsc::channel(presence::COMMANDS);
        let (identity, certificate) = Guest::identity(&request);
        let caller = Caller { identity, certificate };
        self.tracker.spawn(self.clone().mirror(request.into_inner(), caller, tell));
        Ok(Response::new(ReceiverStream::new(told)))
    }
}

impl Door {
    async fn stream_call(self, mut agent: Agent, caller: Caller, tell: Tell, traceparent: Option<String>) {
        let shutdown = &self.shared.shutdown;
        let hello = tokio::time::timeout(HELLO_WITHIN, agent.hello());
        let hello = match shutdown.run_until_cancelled(hello).await {
            Some(Ok(Ok(hello))) => hello,
            Some(Ok(Err(AgentGone::Bad(bad)))) => return refuse(&tell, &CallError::Bad(bad)).await,
            Some(Ok(Err(AgentGone::Broke(status)))) => return say(&tell, Err(*status)).await,
            Some(Err(_)) => {
                return say(&tell, Err(Status::deadline_exceeded("the stream began without a hello"))).await;
            }
            None => return refuse(&tell, &CallError::Stopping).await,
        };
        let take_over = Place::told(hello.call, traceparent.as_deref()).begin(step!(
            "take_over",
            class = hello.urgency.name(),
            attempt = hello.attempts_without_progress,
            epoch = Empty,
            outcome = Empty
        ));
        let place = self.places.try_acquire().ok();
        let (inside, behind_others) = match hello.urgency {
            Urgency::Live => (self.shared.turnstile.enter(), None),
            Urgency::Backlog => (None, self.backlog.try_acquire().ok()),
        };
        if place.is_none() || (inside.is_none() && behind_others.is_none()) {
            tracing::warn!(call = %hello.call, urgency = ?hello.urgency, "this worker is full");
            metrics::counter!("referent_calls_sent_elsewhere_total").increment(1);
            take_over.record("outcome", "elsewhere");
            return say(&tell, Ok(Tells::Elsewhere(RETRY_AFTER))).await;
        }
        let span = tracing::info_span!("call", call = %hello.call);
        async {
            metrics::gauge!("referent_calls").increment(1.0);
            let out_of_time = async {
                shutdown.cancelled().await;
                tokio::time::sleep(ENDS_WITHIN).await;
            };
            let end = tokio::select! {
                end = call::run(hello, caller, take_over, &mut agent, &tell, &self.shared) => end,
                () = out_of_time => Err(CallError::Stopping),
            };
            metrics::gauge!("referent_calls").decrement(1.0);
            if let Err(error) = end {
                refuse(&tell, &error).await;
            }
        }
        .instrument(span)
        .await;
    }
}

/// Tells the agent why its stream ends. What the log says and what the agent hears are two texts.
async fn refuse(tell: &Tell, error: &CallError) {
    let last = match error {
        CallError::AgentGone(Some(AgentGone::Broke(status))) => Err(Status::clone(status)),
        CallError::AgentGone(_) => Err(Status::cancelled("the stream ended before the call did; connect again")),
        CallError::Notes(NotesError::NotYours) => Ok(Tells::NotYours),
        CallError::Notes(NotesError::CertificateRefused(why)) => Err(Status::unauthenticated(why)),
        CallError::KeyGone(KeyGone(key)) => Ok(Tells::KeyGone(*key)),
        CallError::Notes(NotesError::Unreachable(_)) => {
            Err(Status::unavailable("the server cannot reach its database; nothing was lost, connect again"))
        }
        CallError::Notes(NotesError::Bad(_)) | CallError::Broken(_) => {
            Err(Status::internal("something is wrong on the server; see its log"))
        }
        // A code of its own: whoever asks whether this version can be spoken with (the agent's doctor) need not read.
        CallError::Bad(BadMessage::FutureProtocol { .. }) => Err(Status::failed_precondition(error.to_string())),
        CallError::Bad(_) | CallError::Dishonest(_) | CallError::NoSuchTrack(_) => {
            Err(Status::invalid_argument(error.to_string()))
        }
        CallError::Stale => Err(Status::aborted("another worker has this call; connect again if you have it")),
        CallError::AgentSilent => Err(Status::deadline_exceeded(error.to_string())),
        CallError::Stopping => Err(Status::unavailable("this worker is being stopped; connect again")),
    };
    match error {
        CallError::AgentGone(_) | CallError::Stopping => tracing::info!(%error, "the call leaves this worker"),
        CallError::Broken(_) | CallError::KeyGone(_) => tracing::error!(%error, "the call leaves this worker"),
        _ => tracing::warn!(%error, "the call leaves this worker"),
    }
    match error {
        CallError::Stale => metrics::counter!("referent_stale_total").increment(1),
        CallError::KeyGone(_) => metrics::counter!("referent_keys_gone_total").increment(1),
        _ => {}
    }
    if let Err(status) = &last {
        metrics::counter!("referent_refused_total", "code" => format!("{:?}", status.code())).increment(1);
    }
    say(tell, last).await;
}

async fn say(tell: &Tell, last: Result<Tells, Status>) {
    // An agent that has gone, or that does not read, comes again anyway.
    drop(tell.send_timeout(last, LAST_WORD_WITHIN).await);
}

impl From<Tells> for wire::ToAgent {
    fn from(tells: Tells) -> Self {
        let kind = match tells {
            Tells::Welcome { mode, area_version } => {
                to_agent::Kind::Welcome(wire::Welcome { mode: mode.into(), area_version })
            }
            Tells::ResumeFrom(track, offset) => {
                to_agent::Kind::ResumeFrom(wire::ResumeFrom { track: track.into(), offset: offset.0 })
            }
            Tells::Credit(track, up_to) => to_agent::Kind::Credit(wire::Credit { track: track.into(), up_to: up_to.0 }),
            Tells::Settled(settled) => to_agent::Kind::Settled(settled.into()),
            Tells::Command(command) => to_agent::Kind::Command(command.into()),
            Tells::Elsewhere(after) => {
                let retry_after_ms = u32::try_from(after.as_millis()).unwrap_or(u32::MAX);
                to_agent::Kind::Elsewhere(wire::Elsewhere { retry_after_ms })
            }
            Tells::NotYours => to_agent::Kind::NotYours(wire::NotYours {}),
            Tells::KeyGone(key) => to_agent::Kind::KeyGone(wire::KeyGone { key_id: key.to_string() }),
            Tells::Complete => to_agent::Kind::Complete(wire::Complete {}),
        };
        Self { kind: Some(kind) }
    }
}
