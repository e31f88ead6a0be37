//! An agent that is there, whatever calls it has: what it says is passed on to notes-api, and what is asked of it comes back.
//!
//! In: an agent's presence stream, and who it is. Out: the same messages on a stream of `ingest.v1`, and its commands on this
//! one. Promised: either side ends when the other does, or when the process has to stop; at most [`PRESENCES`] are held, and
//! the next is told to come again; what one side does not take now is not kept, because both repeat what counts.
//! Not done here: nothing is kept, and no state is judged.

use super::{Door, HELLO_WITHIN, LAST_WORD_WITHIN};
use crate::notes::presence::{Presence, Says};
use crate::notes::{Caller, NotesError};
use referent_proto::calls::{self as wire, from_presence, to_presence};
use referent_proto::{BadMessage, PresenceHello};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tonic::{Status, Streaming};

/// Agents whose presence one worker holds: the PCs of all its calls, and those of three times as many people who do not
/// speak just now. Fewer than notes-api lets through one connection.
pub(super) const PRESENCES: usize = 1000;
/// Commands that an agent has not taken; what does not fit comes again.
pub(super) const COMMANDS: usize = 16;
/// An agent says something every 2 s. One that is connected and silent for so long is broken.
const AGENT_SILENT: Duration = Duration::from_mins(1);

/// The way to an agent.
type Tell = mpsc::Sender<Result<wire::ToPresence, Status>>;

impl Door {
    /// From the hello to the end.
    pub(super) async fn mirror(self, mut agent: Streaming<wire::FromPresence>, caller: Caller, tell: Tell) {
        let Ok(_place) = self.presences.try_acquire() else {
            let full = Status::resource_exhausted("this worker holds all the presences it can; connect again");
            return say(&tell, full).await;
        };
        metrics::gauge!("referent_presences").increment(1.0);
        let reflecting = self.reflect(&mut agent, caller, &tell);
        let end = self.shared.shutdown.run_until_cancelled(reflecting).await;
        metrics::gauge!("referent_presences").decrement(1.0);
        let stopping = || Err(Status::unavailable("this worker is being stopped; connect again"));
        if let Err(status) = end.unwrap_or_else(stopping) {
            tracing::debug!(code = ?status.code(), "a presence ends");
            say(&tell, status).await;
        }
    }

    async fn reflect(
        &self,
        agent: &mut Streaming<wire::FromPresence>,
        caller: Caller,
        tell: &Tell,
    ) -> Result<(), Status> {
        let hello = timeout(HELLO_WITHIN, hello(agent)).await;
        let hello = hello.map_err(|_| Status::deadline_exceeded("the stream began without a hello"))??;
        let mut notes = self.shared.notes.is_there(hello, caller).await.map_err(|error| status_of(&error))?;
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                said = agent.message() => {
                    let Some(message) = said? else { return Ok(()) };
                    heard = Instant::now();
                    pass_on(message, &notes).map_err(|bad| Status::invalid_argument(bad.to_string()))?;
                }
                asked = notes.next() => {
                    let kind = to_presence::Kind::Command(asked.map_err(|error| status_of(&error))?.into());
                    drop(tell.try_send(Ok(wire::ToPresence { kind: Some(kind) })));
                }
                () = tell.closed() => return Ok(()),
                () = sleep_until(heard + AGENT_SILENT) => {
                    return Err(Status::deadline_exceeded(format!("nothing was heard of the agent for {AGENT_SILENT:?}")));
                }
            }
        }
    }
}

async fn hello(agent: &mut Streaming<wire::FromPresence>) -> Result<PresenceHello, Status> {
    let bad = |bad: BadMessage| match bad {
        BadMessage::FutureProtocol { .. } => Status::failed_precondition(bad.to_string()),
        _ => Status::invalid_argument(bad.to_string()),
    };
    match agent.message().await?.and_then(|message| message.kind) {
        Some(from_presence::Kind::Hello(hello)) => hello.try_into().map_err(bad),
        _ => Err(bad(BadMessage::Missing("hello (the first message of a presence)"))),
    }
}

fn pass_on(message: wire::FromPresence, notes: &Presence) -> Result<(), BadMessage> {
    match message.kind.ok_or(BadMessage::UnknownKind("from_presence"))? {
        from_presence::Kind::AgentState(state) => notes.say(Says::State(state.try_into()?)),
        from_presence::Kind::Done(done) => notes.say(Says::Done(done.command_id()?)),
        from_presence::Kind::Hello(_) => return Err(BadMessage::UnknownKind("from_presence (a second hello)")),
    }
    Ok(())
}

fn status_of(error: &NotesError) -> Status {
    match error {
        NotesError::CertificateRefused(why) => Status::unauthenticated(why),
        NotesError::Unreachable(_) | NotesError::NotYours => {
            Status::unavailable("the server cannot reach its database; connect again")
        }
        NotesError::Bad(_) => {
            tracing::error!(%error, "a presence ends");
            Status::internal("something is wrong on the server; see its log")
        }
    }
}

async fn say(tell: &Tell, last: Status) {
    // An agent that has gone, or that does not read, comes again anyway.
    drop(tell.send_timeout(Err(last), LAST_WORD_WITHIN).await);
}
