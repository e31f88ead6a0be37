//! How a call ends on this worker: complete, or erased.
//!
//! The agent is told, its draft job goes to `jobs`, and the stream to notes-api is closed in order. Every wait has a limit:
//! what it was for happens anyway, later or elsewhere.

use super::Call;
use crate::call::CallError;
use crate::notes::{FromNotes, Line, ToNotes};
use crate::receive::{Agent, Says, Tell, Tells};
use referent_proto::{BadMessage, CallId, Command, CommandId, CommandKind};
use std::time::Duration;
use tokio::time::timeout;

/// The draft job follows the last settle at once, or has gone to somebody else.
const JOB_WITHIN: Duration = Duration::from_secs(2);
/// How long an agent may take to erase a call.
const ERASED_WITHIN: Duration = Duration::from_secs(15);

impl Call<'_> {
    /// Everything is durable: the agent may forget the call, and its draft begins, if it falls to this worker.
    pub(super) async fn conclude(mut self, tell: &Tell, mut notes: Line) {
        self.to_agent.push_back(Tells::Complete);
        let telling = async {
            for tells in self.to_agent.drain(..) {
                if self.agent_is_there && tell.send(Ok(tells)).await.is_err() {
                    break;
                }
            }
        };
        drop(timeout(JOB_WITHIN, telling).await);
        tracing::info!("the call is complete");
        let lease = self.steps.lease();
        if !self.job_is_given {
            let job = async {
                let (_, mut down) = notes.split();
                while let Ok(says) = down.next().await {
                    if let FromNotes::Job(job) = says {
                        return self.shared.jobs.give(*job);
                    }
                }
            };
            drop(timeout(JOB_WITHIN, job).await);
        }
        drop(lease);
        self.steps.concluded();
        let mut closing = notes.close();
        drop(timeout(JOB_WITHIN, async { while closing.next().await.is_some() {} }).await);
    }
}

/// Waits for the agent to close its side, as it does when it has read that the call is complete. A server that drops a
/// stream which the other side has not ended resets it, and a reset may overtake the last word.
pub(super) async fn farewell(agent: &mut Agent) {
    let closing = async { while let Ok(Some(_)) = agent.next().await {} };
    drop(timeout(JOB_WITHIN, closing).await);
}

/// The call is erased: the agent is told, and what it has done is passed on.
pub(super) async fn discarded(
    call: CallId,
    mut commands: Vec<Command>,
    agent: &mut Agent,
    tell: &Tell,
    mut notes: Line,
) -> Result<(), CallError> {
    tracing::info!("the call was discarded");
    if !commands.iter().any(|command| command.kind == CommandKind::Discard) {
        // notes-api no longer waits for an answer, but the agent still has the sound. Any id will do.
        let id = CommandId::from_bytes(&call.bytes()).ok_or(BadMessage::Missing("command.id"))?;
        commands.push(Command { id, kind: CommandKind::Discard });
    }
    let erasing = async {
        for command in commands {
            if tell.send(Ok(Tells::Command(command))).await.is_err() {
                return;
            }
        }
        while let Ok(Some(says)) = agent.next().await {
            if let Says::Done(command) = says {
                drop(notes.split().0.send(ToNotes::Done(command).into()).await);
                return;
            }
        }
    };
    if timeout(ERASED_WITHIN, erasing).await.is_err() {
        tracing::warn!("the agent has not said that it erased the call; it is told again when it comes back");
    }
    let mut closing = notes.close();
    drop(timeout(JOB_WITHIN, async { while closing.next().await.is_some() {} }).await);
    Ok(())
}
