//! What is said between calls, to domain types and back: the same on both hops.

use super::{BadMessage, need};
use crate::call::{PresenceCommand, PresenceHello};
use crate::ids::{AgentId, CallId};
use crate::{PROTOCOL, calls as wire};

impl AgentId {
    /// The agent with these bytes on the wire.
    pub fn from_wire(field: &'static str, bytes: &[u8]) -> Result<Self, BadMessage> {
        Self::from_bytes(bytes)
            .ok_or_else(|| BadMessage::impossible(field, "16 bytes", format_args!("{} bytes", bytes.len())))
    }
}

impl TryFrom<wire::PresenceHello> for PresenceHello {
    type Error = BadMessage;
    fn try_from(hello: wire::PresenceHello) -> Result<Self, BadMessage> {
        if hello.protocol > PROTOCOL {
            return Err(BadMessage::FutureProtocol { theirs: hello.protocol, ours: PROTOCOL });
        }
        if hello.protocol == 0 {
            return Err(BadMessage::Missing("presence_hello.protocol"));
        }
        let agent = AgentId::from_wire("presence_hello.agent", &hello.agent)?;
        Ok(Self { agent_version: hello.agent_version, agent })
    }
}

impl From<PresenceHello> for wire::PresenceHello {
    fn from(hello: PresenceHello) -> Self {
        Self {
            protocol: PROTOCOL,
            agent_version: hello.agent_version,
            capabilities: Vec::new(),
            agent: hello.agent.bytes().to_vec(),
        }
    }
}

impl TryFrom<wire::PresenceCommand> for PresenceCommand {
    type Error = BadMessage;
    fn try_from(command: wire::PresenceCommand) -> Result<Self, BadMessage> {
        Ok(Self {
            call: CallId::from_wire("presence_command.call", &command.call)?,
            command: need("presence_command.command", command.command)?.try_into()?,
        })
    }
}

impl From<PresenceCommand> for wire::PresenceCommand {
    fn from(command: PresenceCommand) -> Self {
        Self { call: command.call.bytes().to_vec(), command: Some(command.command.into()) }
    }
}
