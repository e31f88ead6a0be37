//! The way to notes-api: one stream a call, on which the chain goes up and what is durable comes down.
//!
//! In: [`Hello`], then [`ToNotes`]. Out: [`Known`], then [`FromNotes`]. All calls share one connection, which is opened
//! when it is needed and opened again when it breaks; a notes-api that does not answer pings is gone after 10 s. Presences
//! share another, so that however many agents are there, no call waits for a place on the connection of the calls.
//!
//! Wire types of `ingest.v1` end here. Not done here: no retry. A call whose stream breaks is given back to its agent,
//! which comes again; nothing is lost, because nothing was held.

pub mod presence;

use futures_util::StreamExt as _;
use referent_identity::dial::BadAddress;
use referent_identity::{Credentials, Dial};
use referent_proto::ids::PerTrack;
use referent_proto::ingest::{self as wire, FromWorker, ToWorker, from_worker, ingest_client::IngestClient, to_worker};
use referent_proto::{
    AgentState, AreaSettings, BadMessage, CallState, Command, CommandId, DraftJob, Epoch, HangUp, Hello,
    MAX_MESSAGE_BYTES, SampleOffset, SampleSpan, Settle, Settled, Spoken, Track, Utterance, WorkerId,
};
use referent_telemetry::{Place, carry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Streaming};

/// Messages of a call on their way into the connection; the rest waits in the call, which then reads no more sound.
const ON_THE_WAY: usize = 16;
/// From the first byte to the answer of `Began`.
const BEGINNING: Duration = Duration::from_secs(10);
/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(2);
/// A peer that is gone is noticed within twice this time.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Why a call cannot be brought to notes-api.
#[derive(Debug, thiserror::Error)]
pub enum NotesError {
    /// Give the call back; the agent comes again, and perhaps notes-api has too.
    #[error("notes-api cannot be reached: {0}")]
    Unreachable(String),
    /// Tell the agent that the call is another caseworker's.
    #[error("the call belongs to another caseworker")]
    NotYours,
    /// Tell the agent what is wrong with its certificate.
    #[error("the agent's certificate is refused: {0}")]
    CertificateRefused(String),
    /// The versions do not fit. Give the call back, loudly.
    #[error("notes-api said what this version does not understand: {0}")]
    Bad(#[from] BadMessage),
}

/// What goes up.
#[derive(Debug)]
pub enum ToNotes {
    /// A link of a chain.
    Settle(Settle),
    /// Grey text; what is empty takes away what is shown.
    Partial(Partial),
    /// The agent hung up.
    Ended(Epoch, HangUp),
    /// The agent's heartbeat.
    State(AgentState),
    /// The agent has done a command.
    Done(CommandId),
    /// The citizen objects, said on the PC. Answered with the command, and that the call is erased.
    Discard,
}

/// Text that will be replaced.
#[derive(Debug)]
pub struct Partial {
    /// This worker's turn.
    pub epoch: Epoch,
    /// Who speaks.
    pub track: Track,
    /// The speech so far.
    pub speech: SampleSpan,
    /// Its words so far.
    pub text: Spoken,
}

/// What comes down.
#[derive(Debug)]
pub enum FromNotes {
    /// Durable up to there.
    Settled(Settled),
    /// Another worker has the call now.
    Stale,
    /// A person asks something of the agent.
    Command(Command),
    /// The call is erased.
    Discarded,
    /// The call is whole, and its draft is ours. The hang-up is durable.
    Job(Box<DraftJob>),
    /// The hang-up is durable.
    EndedKnown,
}

/// Where a call stands when a worker takes it over.
#[derive(Debug)]
pub struct Known {
    /// This worker's turn.
    pub epoch: Epoch,
    /// From where to go on.
    pub settled: PerTrack<SampleOffset>,
    /// What was said so far, in order of start.
    pub utterances: Vec<Utterance>,
    /// Where the call stands.
    pub state: CallState,
    /// The department's settings.
    pub area: AreaSettings,
    /// What the agent has not done yet.
    pub commands: Vec<Command>,
}

/// The answer to `Began`.
#[derive(Debug)]
pub enum Begun {
    /// It is ours.
    Ours(Box<Known>),
    /// It is erased; the agent has perhaps to be told by these.
    Discarded(Vec<Command>),
}

/// The connection of this process.
#[derive(Debug, Clone)]
pub struct Notes {
    channel: Channel,
    presences: Channel,
    worker: WorkerId,
}

/// Who brings a call, as the pipeline has verified it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The caseworker.
    pub identity: String,
    /// The serial number of the certificate that says so; empty where there is no TLS.
    pub certificate: String,
}

/// How notes-api is reached: shared with `jobs`.
pub fn way(address: &str, tls: Option<Arc<Credentials>>) -> Result<Dial, BadAddress> {
    Dial::to(address, tls, |endpoint| {
        endpoint
            .connect_timeout(CONNECTING)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .keep_alive_while_idle(true)
    })
}

impl Notes {
    /// Connects when it is first needed, for calls and for presences.
    pub fn new(way: &Dial, worker: WorkerId) -> Self {
        Self { channel: way.connect_lazy(), presences: way.connect_lazy(), worker }
    }

    /// Takes a call over; what notes-api does for it belongs at `place` of its trace.
    pub async fn begin(&self, hello: &Hello, caller: Caller, place: &Place) -> Result<(Begun, Line), NotesError> {
        let (up, messages) = mpsc::channel(ON_THE_WAY);
        let began = wire::Began {
            hello: Some(hello.clone().into()),
            identity: caller.identity,
            worker: self.worker.bytes().to_vec(),
            certificate: caller.certificate,
        };
        let beginning = async {
            let began = FromWorker { kind: Some(from_worker::Kind::Began(began)) };
            up.send(began).await.map_err(|_| NotesError::Unreachable("the stream closed".into()))?;
            let mut client = IngestClient::new(self.channel.clone())
                .max_decoding_message_size(MAX_MESSAGE_BYTES)
                .max_encoding_message_size(MAX_MESSAGE_BYTES);
            let request = carry(Request::new(ReceiverStream::new(messages)), place);
            let down = client.call(request).await.map_err(|status| refused(&status))?;
            let mut line = Line { up, down: down.into_inner() };
            Ok((line.begun().await?, line))
        };
        let late = || NotesError::Unreachable(format!("no answer within {BEGINNING:?}"));
        tokio::time::timeout(BEGINNING, beginning).await.map_err(|_| late())?
    }
}

/// The stream of one call.
#[derive(Debug)]
pub struct Line {
    up: mpsc::Sender<FromWorker>,
    down: Streaming<ToWorker>,
}

impl Line {
    async fn begun(&mut self) -> Result<Begun, NotesError> {
        let mut commands = Vec::new();
        loop {
            match self.message().await? {
                to_worker::Kind::Known(known) => return Ok(Begun::Ours(Box::new(known.try_into()?))),
                to_worker::Kind::Command(command) => commands.push(command.try_into()?),
                to_worker::Kind::Discarded(_) => return Ok(Begun::Discarded(commands)),
                _ => return Err(BadMessage::Missing("known").into()),
            }
        }
    }

    /// The two directions, to be waited for side by side.
    pub fn split(&mut self) -> (&mpsc::Sender<FromWorker>, Down<'_>) {
        (&self.up, Down(&mut self.down))
    }

    /// Nothing more goes up; notes-api ends the stream when it has said what it still had to say.
    pub fn close(self) -> Closing {
        Closing(self.down)
    }

    async fn message(&mut self) -> Result<to_worker::Kind, NotesError> {
        Down(&mut self.down).message().await
    }
}

/// What comes down. Waiting may be given up and begun again: nothing is lost by it.
#[derive(Debug)]
pub struct Down<'a>(&'a mut Streaming<ToWorker>);

impl Down<'_> {
    /// The next message.
    pub async fn next(&mut self) -> Result<FromNotes, NotesError> {
        parse(self.message().await?)
    }

    async fn message(&mut self) -> Result<to_worker::Kind, NotesError> {
        let message = self.0.message().await.map_err(|status| refused(&status))?;
        let message = message.ok_or_else(|| NotesError::Unreachable("it ended the stream".into()))?;
        Ok(message.kind.ok_or(BadMessage::UnknownKind("to_worker"))?)
    }
}

/// A stream on which nothing more goes up.
#[derive(Debug)]
pub struct Closing(Streaming<ToWorker>);

impl Closing {
    /// What it still has to say; ends with the stream.
    pub async fn next(&mut self) -> Option<FromNotes> {
        parse(self.0.next().await?.ok()?.kind?).ok()
    }
}

fn refused(status: &tonic::Status) -> NotesError {
    match status.code() {
        Code::PermissionDenied if status.message().starts_with("not yours") => NotesError::NotYours,
        Code::PermissionDenied => NotesError::CertificateRefused(status.message().to_owned()),
        // Only what notes-api itself says, and what the transport says of it.
        _ => NotesError::Unreachable(format!("{:?}, {}", status.code(), status.message())),
    }
}

fn parse(kind: to_worker::Kind) -> Result<FromNotes, NotesError> {
    Ok(match kind {
        to_worker::Kind::Settled(settled) => FromNotes::Settled(settled.try_into()?),
        to_worker::Kind::Stale(_) => FromNotes::Stale,
        to_worker::Kind::Command(command) => FromNotes::Command(command.try_into()?),
        to_worker::Kind::Discarded(_) => FromNotes::Discarded,
        to_worker::Kind::DraftJob(job) => FromNotes::Job(Box::new(job.try_into()?)),
        to_worker::Kind::EndedKnown(_) => FromNotes::EndedKnown,
        to_worker::Kind::Known(_) => return Err(BadMessage::UnknownKind("to_worker (a second known)").into()),
    })
}

impl From<ToNotes> for FromWorker {
    fn from(message: ToNotes) -> Self {
        let kind = match message {
            ToNotes::Settle(settle) => from_worker::Kind::Settle(settle.into()),
            ToNotes::Ended(epoch, hang_up) => {
                from_worker::Kind::Ended(wire::Ended { epoch: epoch.0, hang_up: Some(hang_up.into()) })
            }
            ToNotes::Partial(Partial { epoch, track, speech, text }) => from_worker::Kind::Partial(wire::Partial {
                epoch: epoch.0,
                track: track.into(),
                start: speech.start().0,
                end: speech.end().0,
                text: text.into_revealed(),
            }),
            ToNotes::State(state) => from_worker::Kind::AgentState(state.into()),
            ToNotes::Discard => from_worker::Kind::Discard(referent_proto::calls::Discard {}),
            ToNotes::Done(command) => from_worker::Kind::Done(referent_proto::calls::Done::of(command)),
        };
        Self { kind: Some(kind) }
    }
}

impl TryFrom<wire::Known> for Known {
    type Error = BadMessage;
    fn try_from(known: wire::Known) -> Result<Self, BadMessage> {
        let near = Settled::try_from(wire::Settled { track: 1, offset: known.near_settled })?;
        let far = Settled::try_from(wire::Settled { track: 2, offset: known.far_settled })?;
        Ok(Self {
            epoch: Epoch(known.epoch),
            settled: PerTrack { near: near.offset, far: far.offset },
            utterances: known.utterances.into_iter().map(Utterance::try_from).collect::<Result<_, _>>()?,
            state: CallState::from_wire(known.state)?,
            area: known.area.ok_or(BadMessage::Missing("known.area"))?.try_into()?,
            commands: known.commands.into_iter().map(Command::try_from).collect::<Result<_, _>>()?,
        })
    }
}
