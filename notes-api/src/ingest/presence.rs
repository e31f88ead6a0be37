//! Between calls: is the agent there?
//!
//! This version keeps the stream, so that a newer pipeline finds it, and has nothing to say on it yet: commands outside
//! a call come with a later one.

use super::{Door, Down, End, first, going_down};
use crate::store::identity::Shown;
use referent_proto::calls::PresenceHello;
use referent_proto::ingest::{FromPresence, ToPresence, from_presence};
use referent_proto::{AgentState, BadMessage, PROTOCOL};
use tonic::{Status, Streaming};

/// The stream from its first message to its last.
pub(super) async fn run(door: Door, mut up: Streaming<FromPresence>, down: Down<ToPresence>, through: Option<Shown>) {
    metrics::gauge!("referent_presence_streams").increment(1.0);
    let listening = async {
        door.check(through.as_slice()).await?;
        listen(&mut up).await
    };
    let end = tokio::select! {
        end = listening => end,
        () = door.shutdown.cancelled() => Err(going_down()),
    };
    if let Err(end) = end {
        down.end(end);
    }
    metrics::gauge!("referent_presence_streams").decrement(1.0);
}

async fn listen(up: &mut Streaming<FromPresence>) -> Result<(), End> {
    let Some(from_presence::Kind::Began(began)) = first(up).await?.kind else {
        return Err(End::Status(Status::invalid_argument("the first message of a presence must be began")));
    };
    let PresenceHello { protocol, .. } = began.hello.ok_or(BadMessage::Missing("presence.hello"))?;
    if protocol > PROTOCOL {
        return Err(BadMessage::FutureProtocol { theirs: protocol, ours: PROTOCOL }.into());
    }
    while let Some(message) = up.message().await.map_err(|_| End::PeerGone)? {
        match message.kind.ok_or(BadMessage::UnknownKind("from_presence"))? {
            from_presence::Kind::AgentState(state) => drop(AgentState::try_from(state)?),
            from_presence::Kind::Done(done) => drop(done.command_id()?),
            from_presence::Kind::Began(_) => {
                return Err(End::Status(Status::invalid_argument("began comes once, at the beginning")));
            }
        }
    }
    Err(End::PeerGone)
}
