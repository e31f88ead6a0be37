//! An agent that is there, whatever calls it has: its state is known in `live`, and commands of its caseworker's calls that
//! no worker has go down to it, repeated until its `Done`.
//!
//! Nothing of it is stored but that a command is done. An agent that says nothing for [`SILENT`] is out of contact though
//! its stream lasts. A `Done` counts for a command that went down on this stream; any other agent's or time's does not, and
//! its command comes again.

use super::{Door, Down, End, first, going_down};
use crate::live::There;
use crate::store::identity::Shown;
use referent_identity::Role;
use referent_proto::ingest::{FromPresence, ToPresence, from_presence, to_presence};
use referent_proto::{AgentState, BadMessage, CallId, CommandId, PresenceCommand, PresenceHello};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, interval_at, sleep_until};
use tonic::{Status, Streaming};

/// An agent speaks every 2 s; one that has missed two heartbeats is out of contact.
const SILENT: Duration = Duration::from_millis(4_500);
/// How often a command is said again that is not done.
const AGAIN: Duration = Duration::from_secs(10);
/// How often it is looked whether the certificates still stand. Less often than a call's: of a call nothing is said here.
const RECHECK: Duration = Duration::from_secs(30);

/// The stream from its first message to its last.
pub(super) async fn run(door: Door, mut up: Streaming<FromPresence>, down: Down<ToPresence>, through: Option<Shown>) {
    metrics::gauge!("referent_presence_streams").increment(1.0);
    let end = tokio::select! {
        end = begin(&door, &mut up, &down, through) => end,
        () = door.shutdown.cancelled() => Err(going_down()),
    };
    if let Err(end) = end {
        down.end(end);
    }
    metrics::gauge!("referent_presence_streams").decrement(1.0);
}

async fn begin(
    door: &Door,
    up: &mut Streaming<FromPresence>,
    down: &Down<ToPresence>,
    through: Option<Shown>,
) -> Result<(), End> {
    let Some(from_presence::Kind::Began(began)) = first(up).await?.kind else {
        return Err(End::Status(Status::invalid_argument("the first message of a presence must be began")));
    };
    let hello = PresenceHello::try_from(began.hello.ok_or(BadMessage::Missing("presence.hello"))?)?;
    let shown: Vec<Shown> = through.map_or_else(Vec::new, |through| {
        let subject = began.identity.clone();
        vec![through, Shown { role: Role::Caseworker, subject, serial: began.certificate }]
    });
    door.check(&shown).await?;
    let there = door.store.live().comes(began.identity.clone(), hello.agent);
    tracing::debug!(version = hello.agent_version, "an agent is there");
    Presence { door, down, there, identity: began.identity, told: HashMap::new() }.hear(up, &shown).await
}

struct Presence<'a> {
    door: &'a Door,
    down: &'a Down<ToPresence>,
    there: There,
    identity: String,
    /// Commands that went down, of which call, and when last.
    told: HashMap<CommandId, (CallId, Instant)>,
}

impl Presence<'_> {
    async fn hear(mut self, up: &mut Streaming<FromPresence>, shown: &[Shown]) -> Result<(), End> {
        let mut orders = self.door.store.live().orders();
        orders.mark_changed();
        let (now, mut silent_at) = (Instant::now(), Some(Instant::now() + SILENT));
        let (mut again, mut recheck) = (interval_at(now + AGAIN, AGAIN), interval_at(now + RECHECK, RECHECK));
        loop {
            tokio::select! {
                message = up.message() => {
                    let message = message.map_err(|_| End::PeerGone)?.ok_or(End::PeerGone)?;
                    silent_at = Some(Instant::now() + SILENT);
                    self.heard(message).await?;
                }
                () = sleep_until(silent_at.unwrap_or(now)), if silent_at.is_some() => {
                    silent_at = None;
                    self.there.is_silent();
                }
                Ok(()) = orders.changed() => {}
                _ = again.tick() => {}
                _ = recheck.tick() => self.door.check(shown).await?,
            }
            let all = orders.borrow_and_update().clone();
            self.tell(all.get(&self.identity).map(Vec::as_slice).unwrap_or_default()).await?;
        }
    }

    async fn heard(&mut self, message: FromPresence) -> Result<(), End> {
        match message.kind.ok_or(BadMessage::UnknownKind("from_presence"))? {
            from_presence::Kind::AgentState(state) => {
                let AgentState { kind, since_ms, .. } = AgentState::try_from(state)?;
                self.there.says(kind, Duration::from_millis(since_ms));
            }
            from_presence::Kind::Done(done) => {
                let command = done.command_id()?;
                if let Some((call, _)) = self.told.get(&command) {
                    self.door.store.command_done(*call, command, self.door.clock.now_ms()).await?;
                    tracing::info!(%call, %command, "an agent has done what was asked of it over its presence");
                }
            }
            from_presence::Kind::Began(_) => {
                return Err(End::Status(Status::invalid_argument("began comes once, at the beginning")));
            }
        }
        Ok(())
    }

    /// What is ordered now, if it was not said just now; what is not any more is forgotten.
    async fn tell(&mut self, ordered: &[PresenceCommand]) -> Result<(), End> {
        let now = Instant::now();
        self.told.retain(|id, _| ordered.iter().any(|ordered| ordered.command.id == *id));
        for ordered in ordered {
            let id = ordered.command.id;
            if self.told.get(&id).is_none_or(|(_, at)| now.duration_since(*at) >= AGAIN) {
                self.told.insert(id, (ordered.call, now));
                let kind = Some(to_presence::Kind::Command((*ordered).into()));
                self.down.send(ToPresence { kind }).await?;
            }
        }
        Ok(())
    }
}
