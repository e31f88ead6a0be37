//! `calls.v1` to domain types and back.

use super::{BadMessage, need};
use crate::audio::{Chunk, Gap, GapReason, Pcm, SampleOffset, SampleSpan, SealedChunk};
use crate::call::{AgentState, AgentStateKind, Command, CommandKind, Direction, HangUp, HangUpReason, Hello, Mode};
use crate::call::{Started, Urgency};
use crate::ids::{CallId, CommandId, KeyId, PerTrack, Track};
use crate::settle::Settled;
use crate::{PROTOCOL, calls as wire};

impl CallId {
    /// The call with these bytes on the wire.
    pub fn from_wire(field: &'static str, bytes: &[u8]) -> Result<Self, BadMessage> {
        Self::from_bytes(bytes)
            .ok_or_else(|| BadMessage::impossible(field, "16 bytes", format_args!("{} bytes", bytes.len())))
    }
}

impl TryFrom<wire::Hello> for Hello {
    type Error = BadMessage;
    fn try_from(hello: wire::Hello) -> Result<Self, BadMessage> {
        if hello.protocol > PROTOCOL {
            return Err(BadMessage::FutureProtocol { theirs: hello.protocol, ours: PROTOCOL });
        }
        if hello.protocol == 0 {
            return Err(BadMessage::Missing("hello.protocol"));
        }
        let mut tracks = Vec::new();
        for track in hello.tracks {
            let track = Track::from_wire(track)?;
            if tracks.contains(&track) {
                return Err(BadMessage::impossible("hello.tracks", "each track once", track));
            }
            tracks.push(track);
        }
        if tracks.is_empty() {
            return Err(BadMessage::Missing("hello.tracks"));
        }
        Ok(Self {
            agent_version: hello.agent_version,
            call: CallId::from_wire("hello.call", &hello.call)?,
            continues: hello.continues.map(|id| CallId::from_wire("hello.continues", &id)).transpose()?,
            external_id: hello.external_id,
            case_id: hello.case_id,
            area: hello.area,
            mode: Mode::from_wire(hello.mode)?,
            direction: Direction::from_wire(hello.direction)?,
            started: need("hello.started", hello.started)?.into(),
            urgency: Urgency::from_wire(hello.urgency)?,
            attempts_without_progress: hello.attempts_without_progress,
            tracks,
        })
    }
}

impl From<Hello> for wire::Hello {
    fn from(hello: Hello) -> Self {
        Self {
            protocol: PROTOCOL,
            agent_version: hello.agent_version,
            capabilities: Vec::new(),
            call: hello.call.bytes().to_vec(),
            continues: hello.continues.map(|id| id.bytes().to_vec()),
            external_id: hello.external_id,
            case_id: hello.case_id,
            area: hello.area,
            mode: hello.mode.into(),
            consent: None,
            direction: hello.direction.into(),
            started: Some(hello.started.into()),
            urgency: hello.urgency.into(),
            attempts_without_progress: hello.attempts_without_progress,
            tracks: hello.tracks.into_iter().map(i32::from).collect(),
        }
    }
}

impl From<wire::Started> for Started {
    fn from(started: wire::Started) -> Self {
        Self { utc_ms: started.utc_ms, utc_offset_s: started.utc_offset_s }
    }
}

impl From<Started> for wire::Started {
    fn from(started: Started) -> Self {
        Self { utc_ms: started.utc_ms, utc_offset_s: started.utc_offset_s }
    }
}

impl KeyId {
    /// The key of this id on the wire.
    pub fn from_wire(field: &'static str, text: &str) -> Result<Self, BadMessage> {
        let no_id = |_| BadMessage::impossible(field, "16 hex digits", format_args!("{} characters", text.len()));
        text.parse().map_err(no_id)
    }
}

impl wire::Chunk {
    /// Only the server's key opens it.
    pub fn is_sealed(&self) -> bool {
        matches!(self.sound, Some(wire::chunk::Sound::Sealed(_)))
    }
}

impl TryFrom<wire::Chunk> for Chunk {
    type Error = BadMessage;
    fn try_from(chunk: wire::Chunk) -> Result<Self, BadMessage> {
        let bytes = match need("chunk.sound", chunk.sound)? {
            wire::chunk::Sound::Pcm(bytes) => bytes,
            wire::chunk::Sound::Sealed(_) => return Err(BadMessage::UnknownKind("chunk.sound (sealed)")),
        };
        let pcm = Pcm::from_le_bytes(&bytes)
            .filter(|pcm| pcm.0.len() as u64 == u64::from(chunk.samples))
            .ok_or_else(|| BadMessage::impossible("chunk.samples", "half the number of its bytes", chunk.samples))?;
        if pcm.0.is_empty() || pcm.0.len() > Self::MAX_SAMPLES {
            return Err(BadMessage::impossible("chunk.samples", "1 to 16000", chunk.samples));
        }
        let first = offset("chunk.first_sample", chunk.first_sample)?;
        Ok(Self { track: Track::from_wire(chunk.track)?, first, pcm })
    }
}

impl From<Chunk> for wire::Chunk {
    fn from(chunk: Chunk) -> Self {
        Self {
            track: chunk.track.into(),
            first_sample: chunk.first.0,
            samples: u32::try_from(chunk.pcm.0.len()).unwrap_or(u32::MAX),
            sound: Some(wire::chunk::Sound::Pcm(chunk.pcm.to_le_bytes())),
        }
    }
}

/// How long the sealed bytes are is not looked at: what does not open becomes a gap, and the call goes on.
impl TryFrom<wire::Chunk> for SealedChunk {
    type Error = BadMessage;
    fn try_from(chunk: wire::Chunk) -> Result<Self, BadMessage> {
        let sealed = match need("chunk.sound", chunk.sound)? {
            wire::chunk::Sound::Sealed(sealed) => sealed,
            wire::chunk::Sound::Pcm(_) => return Err(BadMessage::UnknownKind("chunk.sound (not sealed)")),
        };
        if chunk.samples == 0 || chunk.samples as usize > Chunk::MAX_SAMPLES {
            return Err(BadMessage::impossible("chunk.samples", "1 to 16000", chunk.samples));
        }
        let enc: &[u8] = &sealed.enc;
        let enc = enc.try_into().map_err(|_| {
            BadMessage::impossible("chunk.sealed.enc", "32 bytes", format_args!("{} bytes", sealed.enc.len()))
        })?;
        Ok(Self {
            track: Track::from_wire(chunk.track)?,
            first: offset("chunk.first_sample", chunk.first_sample)?,
            samples: chunk.samples,
            key: KeyId::from_wire("chunk.sealed.key_id", &sealed.key_id)?,
            run: sealed.run,
            enc,
            number: sealed.record_number,
            bytes: sealed.bytes,
        })
    }
}

impl From<SealedChunk> for wire::Chunk {
    fn from(chunk: SealedChunk) -> Self {
        let sealed = wire::Sealed {
            key_id: chunk.key.to_string(),
            run: chunk.run,
            enc: chunk.enc.to_vec(),
            record_number: chunk.number,
            bytes: chunk.bytes,
        };
        Self {
            track: chunk.track.into(),
            first_sample: chunk.first.0,
            samples: chunk.samples,
            sound: Some(wire::chunk::Sound::Sealed(sealed)),
        }
    }
}

/// A year of call time: far beyond any call, and far below where sums of offsets could overflow.
const LAST_OFFSET: u64 = 16_000 * 86_400 * 366;

pub(super) fn offset(field: &'static str, value: u64) -> Result<SampleOffset, BadMessage> {
    if value > LAST_OFFSET {
        return Err(BadMessage::impossible(field, "within a year of call time", value));
    }
    Ok(SampleOffset(value))
}

pub(super) fn filled_span(field: &'static str, start: u64, end: u64) -> Result<SampleSpan, BadMessage> {
    SampleSpan::new(offset(field, start)?, offset(field, end)?).filter(|span| !span.is_empty()).ok_or_else(|| {
        BadMessage::impossible(field, "a span that ends after it starts", format_args!("{start}..{end}"))
    })
}

impl TryFrom<wire::Gap> for Gap {
    type Error = BadMessage;
    fn try_from(gap: wire::Gap) -> Result<Self, BadMessage> {
        Ok(Self {
            track: Track::from_wire(gap.track)?,
            span: filled_span("gap", gap.first_sample, gap.end_sample)?,
            reason: GapReason::from_wire(gap.reason),
        })
    }
}

impl From<Gap> for wire::Gap {
    fn from(gap: Gap) -> Self {
        Self {
            track: gap.track.into(),
            first_sample: gap.span.start().0,
            end_sample: gap.span.end().0,
            reason: gap.reason.into(),
        }
    }
}

impl TryFrom<wire::AgentState> for AgentState {
    type Error = BadMessage;
    fn try_from(state: wire::AgentState) -> Result<Self, BadMessage> {
        let level = |value: u32| u16::try_from(value.min(1000)).unwrap_or(1000);
        Ok(Self {
            kind: AgentStateKind::from_wire(state.state)?,
            since_ms: state.since_ms,
            level_permille: PerTrack { near: level(state.near_level_permille), far: level(state.far_level_permille) },
        })
    }
}

impl From<AgentState> for wire::AgentState {
    fn from(state: AgentState) -> Self {
        Self {
            state: state.kind.into(),
            since_ms: state.since_ms,
            near_level_permille: state.level_permille.near.into(),
            far_level_permille: state.level_permille.far.into(),
        }
    }
}

impl TryFrom<wire::HangUp> for HangUp {
    type Error = BadMessage;
    fn try_from(hang_up: wire::HangUp) -> Result<Self, BadMessage> {
        Ok(Self {
            ends: PerTrack {
                near: offset("hang_up.near_end", hang_up.near_end)?,
                far: offset("hang_up.far_end", hang_up.far_end)?,
            },
            reason: HangUpReason::from_wire(hang_up.reason)?,
            age_ms: hang_up.age_ms,
        })
    }
}

impl From<HangUp> for wire::HangUp {
    fn from(hang_up: HangUp) -> Self {
        Self {
            near_end: hang_up.ends.near.0,
            far_end: hang_up.ends.far.0,
            reason: hang_up.reason.into(),
            age_ms: hang_up.age_ms,
        }
    }
}

impl TryFrom<wire::Command> for Command {
    type Error = BadMessage;
    fn try_from(command: wire::Command) -> Result<Self, BadMessage> {
        Ok(Self { id: command_id("command.id", &command.id)?, kind: CommandKind::from_wire(command.kind)? })
    }
}

impl From<Command> for wire::Command {
    fn from(command: Command) -> Self {
        Self { id: command.id.to_string(), kind: command.kind.into() }
    }
}

impl wire::Done {
    /// Which command is done.
    pub fn command_id(&self) -> Result<CommandId, BadMessage> {
        command_id("done.command", &self.command)
    }

    /// "This command is done."
    pub fn of(command: CommandId) -> Self {
        Self { command: command.to_string() }
    }
}

fn command_id(field: &'static str, text: &str) -> Result<CommandId, BadMessage> {
    text.parse().map_err(|_| BadMessage::impossible(field, "a UUID", format_args!("{} characters", text.len())))
}

impl TryFrom<wire::Settled> for Settled {
    type Error = BadMessage;
    fn try_from(settled: wire::Settled) -> Result<Self, BadMessage> {
        Ok(Self { track: Track::from_wire(settled.track)?, offset: offset("settled.offset", settled.offset)? })
    }
}

impl From<Settled> for wire::Settled {
    fn from(settled: Settled) -> Self {
        Self { track: settled.track.into(), offset: settled.offset.0 }
    }
}
