//! One agent's presence on its way to notes-api: its state and what it has done go up, commands come down.
//!
//! Nothing waits here: what the connection does not take is not kept. The next heartbeat says it better, and a command whose
//! `Done` was lost comes again.

use super::{BEGINNING, Caller, Notes, NotesError, ON_THE_WAY, refused};
use referent_proto::ingest::ingest_client::IngestClient;
use referent_proto::ingest::{self as wire, from_presence, to_presence};
use referent_proto::{AgentState, BadMessage, CommandId, PresenceCommand, PresenceHello};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

/// What goes up.
#[derive(Debug, Clone, Copy)]
pub enum Says {
    /// The agent's heartbeat.
    State(AgentState),
    /// The agent has done a command.
    Done(CommandId),
}

/// The stream of one agent.
#[derive(Debug)]
pub struct Presence {
    up: mpsc::Sender<wire::FromPresence>,
    down: Streaming<wire::ToPresence>,
}

impl Notes {
    /// Tells notes-api that an agent is there, and who it is.
    pub async fn is_there(&self, hello: PresenceHello, caller: Caller) -> Result<Presence, NotesError> {
        let (up, messages) = mpsc::channel(ON_THE_WAY);
        let Caller { identity, certificate } = caller;
        let began = wire::PresenceBegan { identity, hello: Some(hello.into()), certificate };
        send(&up, from_presence::Kind::Began(began));
        let mut client = IngestClient::new(self.presences.clone());
        let beginning = client.presence(ReceiverStream::new(messages));
        let late = |_| NotesError::Unreachable(format!("no answer within {BEGINNING:?}"));
        let down = tokio::time::timeout(BEGINNING, beginning).await.map_err(late)?;
        Ok(Presence { up, down: down.map_err(|status| refused(&status))?.into_inner() })
    }
}

impl Presence {
    /// Says it, if the connection takes it now.
    pub fn say(&self, says: Says) {
        let kind = match says {
            Says::State(state) => from_presence::Kind::AgentState(state.into()),
            Says::Done(command) => from_presence::Kind::Done(referent_proto::calls::Done::of(command)),
        };
        send(&self.up, kind);
    }

    /// The next command. Waiting may be given up and begun again: nothing is lost by it.
    pub async fn next(&mut self) -> Result<PresenceCommand, NotesError> {
        let message = self.down.message().await.map_err(|status| refused(&status))?;
        let message = message.ok_or_else(|| NotesError::Unreachable("it ended the stream".into()))?;
        let to_presence::Kind::Command(command) = message.kind.ok_or(BadMessage::UnknownKind("to_presence"))?;
        Ok(command.try_into()?)
    }
}

fn send(up: &mpsc::Sender<wire::FromPresence>, kind: from_presence::Kind) {
    // Full: see above. Closed: the next message that is waited for says so.
    drop(up.try_send(wire::FromPresence { kind: Some(kind) }));
}
