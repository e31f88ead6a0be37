//! One connection of one call, from its hello to its end.
//!
//! In: the call's spool, and the server's messages. Out: the call's messages, in order within a track.
//! The queue to the transport holds 32 messages; when it is full, the spool is read no further. Of a heartbeat that finds
//! it full nothing is kept: the next one says it better.

use super::asked::is_decided;
use super::pulse::Pulse;
use super::{Broken, Ending, Line, Manner, erase};
use crate::call::Call;
use crate::permit::Decision;
use crate::spool::{Item, Reader};
use crate::status::BEHIND;
use referent_proto::calls::{self as wire, from_agent, to_agent};
use referent_proto::ids::PerTrack;
use referent_proto::{BadMessage, Command, CommandKind, HangUp, KeyId, SampleOffset, Settled, Track};
use referent_telemetry::{Place, carry, step};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Streaming};
use tracing::Span;
use tracing::field::Empty;

/// Messages on their way to the transport.
const UP_QUEUE: usize = 32;
/// How long a `Done` may take to leave before the stream is closed.
const DONE_WITHIN: Duration = Duration::from_secs(5);

/// How a connection went.
pub(super) struct Connection {
    /// How it ended.
    pub(super) ending: Result<Ending, Broken>,
    /// The server had said from where it wanted sound: from then on it may be the sound that ends a connection.
    pub(super) was_heard: bool,
    /// How long it lasted, once somebody had accepted it.
    lasted: Option<Duration>,
}

impl Connection {
    /// How the next one is treated.
    pub(super) fn manner_after(&self) -> Manner {
        Manner::after(self.ending.as_ref().is_err_and(Broken::is_unreached), self.lasted)
    }
}

/// Connects, and sends until something ends the stream.
pub(super) async fn run(call: &Arc<Call>, line: &Line, manner: Manner, attempts_without_progress: u32) -> Connection {
    // Until the server says from where it wants sound, or the connection ends without.
    let connect = step!("connect", attempt = attempts_without_progress, outcome = Empty);
    let connect = Place::of(call.id()).begin(connect);
    let mut accepted = None;
    match open(call, line, (manner, &mut accepted), attempts_without_progress, &connect).await {
        Ok((up, down)) => {
            let mut stream = Stream::new(call, connect);
            let ending = converse(call, line, &mut stream, up, down).await;
            if let Some(connect) = stream.connect.take() {
                connect.record("outcome", ending.as_ref().map_or_else(Broken::outcome, Ending::outcome));
            }
            let lasted = accepted.map(|accepted: Instant| accepted.elapsed());
            Connection { ending, was_heard: stream.reader.is_some(), lasted }
        }
        Err(broken) => {
            connect.record("outcome", broken.outcome());
            let lasted = accepted.map(|accepted| accepted.elapsed());
            Connection { ending: Err(broken), was_heard: false, lasted }
        }
    }
}

async fn converse(
    call: &Arc<Call>,
    line: &Line,
    stream: &mut Stream<'_>,
    up: Up,
    mut down: Streaming<wire::ToAgent>,
) -> Result<Ending, Broken> {
    let mut durable = call.spool().durable();
    let mut pulse = Pulse::new(line.limits.heartbeat);
    let (mut patience, mut heard) = (line.limits.greeting, Instant::now());
    let (mut is_leaving, mut is_up_open) = (false, true);
    let discarded = loop {
        stream.object();
        stream.read_more().await?;
        stream.tell_how_it_stands(line);
        if is_leaving && stream.is_all_sent() && call.spool().ended().is_none() {
            return Ok(Ending::Left);
        }
        tokio::select! {
            message = down.message() => {
                heard = Instant::now();
                let message = message?.ok_or(Broken::Closed)?;
                match stream.take(message)? {
                    Answer::Nothing => {}
                    Answer::Ends(ending) => return Ok(ending),
                    Answer::Decide(command, decision) => stream.decide(call, command, decision).await,
                    Answer::Discard(command) => break command,
                }
                if stream.reader.is_some() {
                    patience = line.limits.silence;
                }
            }
            permit = up.reserve(), if is_up_open && stream.may_send() => match permit {
                Ok(permit) => {
                    if let Some(kind) = stream.next_message() {
                        permit.send(wire::FromAgent { kind: Some(kind) });
                    }
                }
                // The server takes no more; why not, it says at the end of what it has sent.
                Err(_) => is_up_open = false,
            },
            _ = durable.changed() => stream.is_more_durable = true,
            _ = pulse.beat(|| call.state_kind()) => {
                let state = from_agent::Kind::AgentState(call.heartbeat().into());
                up.try_send(wire::FromAgent { kind: Some(state) }).ok();
            }
            () = sleep_until(heard + patience) => return Err(Broken::Silent(patience)),
            () = line.leaving.cancelled(), if !is_leaving => is_leaving = true,
        }
    };
    discard(call, discarded, up, down).await
}

type Up = mpsc::Sender<wire::FromAgent>;

async fn open(
    call: &Call,
    line: &Line,
    (manner, accepted): (Manner, &mut Option<Instant>),
    attempts: u32,
    connect: &Span,
) -> Result<(Up, Streaming<wire::ToAgent>), Broken> {
    let opening = async {
        let channel = line.dial(manner).connect().await.map_err(Broken::NoConnection)?;
        *accepted = Some(Instant::now());
        let (up, queue) = mpsc::channel(UP_QUEUE);
        let hello = from_agent::Kind::Hello(call.hello(attempts).into());
        up.try_send(wire::FromAgent { kind: Some(hello) }).map_err(|_| Broken::Closed)?;
        let mut client = wire::calls_client::CallsClient::new(channel);
        let request = carry(Request::new(ReceiverStream::new(queue)), &Place::below(connect));
        let down = client.stream(request).await?.into_inner();
        Ok((up, down))
    };
    let patience = line.limits.connect + line.limits.greeting;
    let opened = line.leaving.run_until_cancelled(timeout(patience, opening)).await;
    opened.ok_or(Broken::Closed)?.map_err(|_| Broken::Silent(patience))?
}

/// Erases the call and says so; never that it did if it could not: the server then asks again. The answer is given what time it needs to leave; if it is lost, the receipt stays open.
async fn discard(call: &Call, command: Command, up: Up, mut down: Streaming<wire::ToAgent>) -> Result<Ending, Broken> {
    erase(call).await?;
    tracing::info!("the call was discarded; its sound is erased");
    let done = from_agent::Kind::Done(wire::Done::of(command.id));
    let say = async {
        up.send(wire::FromAgent { kind: Some(done) }).await.ok();
        drop(up);
        while let Ok(Some(_)) = down.message().await {}
    };
    timeout(DONE_WITHIN, say).await.ok();
    Ok(Ending::Discarded)
}

/// What a message of the server's asks for.
#[derive(Debug)]
enum Answer {
    Nothing,
    Ends(Ending),
    Decide(Command, Decision),
    Discard(Command),
}

/// Whether the server has been told on this connection that the citizen objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Objection {
    Unsaid,
    Said,
}

/// Where the stream stands.
struct Stream<'a> {
    call: &'a Call,
    is_welcome: bool,
    resume: PerTrack<Option<SampleOffset>>,
    credit: PerTrack<SampleOffset>,
    sent: PerTrack<SampleOffset>,
    reader: Option<Reader>,
    is_more_durable: bool,
    pending: VecDeque<Item>,
    /// Answers to commands and the citizen's objection, which need no credit and go first.
    answers: VecDeque<from_agent::Kind>,
    objection: Objection,
    is_hung_up: bool,
    /// The step of the trace, while it lasts.
    connect: Option<Span>,
}

impl<'a> Stream<'a> {
    fn new(call: &'a Call, connect: Span) -> Self {
        Self {
            call,
            is_welcome: false,
            resume: PerTrack::default(),
            credit: PerTrack::default(),
            sent: PerTrack::default(),
            reader: None,
            is_more_durable: true,
            pending: VecDeque::new(),
            answers: VecDeque::new(),
            objection: Objection::Unsaid,
            is_hung_up: false,
            connect: Some(connect),
        }
    }

    fn tracks(&self) -> &[Track] {
        &self.call.spool().begin().tracks
    }

    fn take(&mut self, message: wire::ToAgent) -> Result<Answer, Broken> {
        match message.kind.ok_or(BadMessage::UnknownKind("to_agent"))? {
            to_agent::Kind::Welcome(welcome) => {
                tracing::debug!(area_version = welcome.area_version, "the call is taken");
                self.is_welcome = true;
                self.begin_to_read();
            }
            to_agent::Kind::ResumeFrom(resume) => {
                if self.reader.is_some() {
                    return Err(Broken::Untimely("resume_from"));
                }
                self.resume[Track::from_wire(resume.track)?] = Some(SampleOffset(resume.offset));
                self.begin_to_read();
            }
            to_agent::Kind::Credit(credit) => {
                let (track, up_to) = (Track::from_wire(credit.track)?, SampleOffset(credit.up_to));
                self.credit[track] = self.credit[track].max(up_to);
                self.call.grant(track, up_to);
            }
            to_agent::Kind::Settled(settled) => {
                self.call.is_without_key(None);
                // Deletes a file every half minute or so; short enough to be done here.
                self.call.spool().release(Settled::try_from(settled)?)?;
            }
            to_agent::Kind::Complete(_) => {
                // Only what has ended can be complete; anything else would erase sound that was never sent, or the word that
                // the citizen objects.
                if self.call.spool().ended().is_none() || self.call.spool().is_discarded() {
                    return Err(Broken::Untimely("complete"));
                }
                return Ok(Answer::Ends(Ending::Complete));
            }
            to_agent::Kind::Command(command) => {
                let command = Command::try_from(command)?;
                match command.kind {
                    CommandKind::Discard => return Ok(Answer::Discard(command)),
                    CommandKind::Pause => return Ok(Answer::Decide(command, Decision::Pause)),
                    CommandKind::Resume => return Ok(Answer::Decide(command, Decision::Resume)),
                }
            }
            to_agent::Kind::Elsewhere(elsewhere) => {
                let wait = Duration::from_millis(elsewhere.retry_after_ms.into());
                return Ok(Answer::Ends(Ending::Elsewhere(wait)));
            }
            to_agent::Kind::NotYours(_) => {
                tracing::error!("the server says that this call is another caseworker's; it stays in the spool");
                return Ok(Answer::Ends(Ending::Refused));
            }
            to_agent::Kind::KeyGone(gone) => {
                let key = KeyId::from_wire("key_gone.key_id", &gone.key_id)?;
                return Ok(Answer::Ends(Ending::KeyGone(key)));
            }
        }
        Ok(Answer::Nothing)
    }

    /// Does what a person asked for elsewhere.
    async fn decide(&mut self, call: &Arc<Call>, command: Command, decision: Decision) {
        if is_decided(call, decision).await {
            self.answers.push_back(from_agent::Kind::Done(wire::Done::of(command.id)));
        }
    }

    /// Once the server has said from where it wants each track.
    fn begin_to_read(&mut self) {
        if !self.is_welcome || self.tracks().iter().any(|track| self.resume[*track].is_none()) {
            return;
        }
        let from = PerTrack { near: self.resume.near.unwrap_or_default(), far: self.resume.far.unwrap_or_default() };
        tracing::info!(near = %from.near, far = %from.far, "sending from here");
        self.sent = from;
        self.reader = Some(self.call.spool().read_from(from));
        if let Some(connect) = self.connect.take() {
            connect.record("outcome", "taken");
        }
    }

    /// The citizen objects: nothing of the call is sent any more but that.
    fn object(&mut self) {
        if self.is_welcome && self.objection == Objection::Unsaid && self.call.spool().is_discarded() {
            self.objection = Objection::Said;
            self.pending.clear();
            self.answers.push_back(from_agent::Kind::Discard(wire::Discard {}));
        }
    }

    async fn read_more(&mut self) -> Result<(), Broken> {
        while self.pending.is_empty() && self.is_more_durable && !self.is_hung_up {
            let Some(mut reader) = self.reader.take() else { return Ok(()) };
            let read = tokio::task::spawn_blocking(move || {
                let items = reader.read();
                (reader, items)
            });
            let (reader, items) = read.await.map_err(std::io::Error::other)?;
            self.reader = Some(reader);
            let items = items?;
            self.is_more_durable = !items.is_empty();
            self.pending.extend(items);
        }
        Ok(())
    }

    /// Sound is sent within credit; what is known to be missing needs none beyond its beginning.
    fn may_send(&self) -> bool {
        !self.answers.is_empty()
            || match self.pending.front() {
                Some(Item::Chunk(chunk)) => chunk.span().end() <= self.credit[chunk.track],
                Some(Item::Sealed(chunk)) => chunk.span().end() <= self.credit[chunk.track],
                Some(Item::Gap(gap)) => gap.span.start() <= self.credit[gap.track],
                Some(Item::HangUp(_)) => true,
                None => false,
            }
    }

    fn next_message(&mut self) -> Option<from_agent::Kind> {
        if let Some(answer) = self.answers.pop_front() {
            return Some(answer);
        }
        let item = self.pending.pop_front()?;
        if let Some((track, span)) = item.place() {
            self.sent[track] = span.end();
        }
        Some(match item {
            Item::Chunk(chunk) => {
                metrics::counter!("referent_agent_chunks_sent_total").increment(1);
                from_agent::Kind::Chunk(chunk.into())
            }
            Item::Sealed(chunk) => {
                metrics::counter!("referent_agent_chunks_sent_total").increment(1);
                from_agent::Kind::Chunk(chunk.into())
            }
            Item::Gap(gap) => from_agent::Kind::Gap(gap.into()),
            Item::HangUp(ended) => {
                self.is_hung_up = true;
                let age_ms = self.call.age_ms(&ended);
                from_agent::Kind::HangUp(HangUp { ends: ended.ends, reason: ended.reason, age_ms }.into())
            }
        })
    }

    fn is_all_sent(&self) -> bool {
        self.reader.is_some() && self.pending.is_empty() && !self.is_more_durable
    }

    fn tell_how_it_stands(&self, line: &Line) {
        if self.reader.is_none() {
            return;
        }
        let ends = self.call.spool().ends();
        let behind = self.tracks().iter().map(|track| ends[*track].0.saturating_sub(self.sent[*track].0));
        let behind = behind.max().unwrap_or(0);
        self.call.is_connected(behind);
        line.turns.is_served(self.call, behind <= BEHIND);
    }
}
