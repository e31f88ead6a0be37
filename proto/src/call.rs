//! A call as everyone speaks of it: how it began, how it may be recorded, how it ended, where it stands.

pub use crate::area::{AreaSettings, Section};
use crate::audio::SampleOffset;
use crate::ids::{AgentId, CallId, CommandId, PerTrack, Track};
use serde::{Deserialize, Serialize};

/// How a call may be recorded. The first thing the spool keeps, so that a restart does not change it. Each mode is also
/// read by the name it had in version 0.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No sound at all.
    #[serde(alias = "not_allowed")]
    Off,
    /// Both tracks from the beginning; the citizen is told.
    #[serde(alias = "record")]
    Notice,
    /// Nothing before the citizen has agreed. Holds where no mode is known.
    #[serde(alias = "after_consent")]
    Consent,
    /// Both tracks from the beginning, because a law asks for it; the area names which.
    Documentation,
}

/// Who called whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The citizen called.
    Incoming,
    /// The caseworker called.
    Outgoing,
    /// Nobody said.
    Unknown,
}

/// Whether the call goes on now, or is sent afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Urgency {
    /// People are speaking.
    Live,
    /// It ended, or lies far behind.
    Backlog,
}

/// When the call began, on the PC's wall clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Started {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub utc_ms: i64,
    /// Seconds east of UTC on the PC.
    pub utc_offset_s: i32,
}

/// How an agent introduces a call.
#[derive(Clone, PartialEq, Debug)]
pub struct Hello {
    /// Version of the agent's program.
    pub agent_version: String,
    /// The call.
    pub call: CallId,
    /// The call that a false stop ended.
    pub continues: Option<CallId>,
    /// The telephony's id.
    pub external_id: Option<String>,
    /// The case the note belongs to.
    pub case_id: Option<String>,
    /// The department whose settings hold.
    pub area: Option<String>,
    /// How it may be recorded.
    pub mode: Mode,
    /// Who called whom.
    pub direction: Direction,
    /// When it began.
    pub started: Started,
    /// Live or sent afterwards.
    pub urgency: Urgency,
    /// Connections since `settled` last moved on which sound was asked for: when they are many, the sound itself may be
    /// what ends them.
    pub attempts_without_progress: u32,
    /// The tracks it has; a call without a far track says so here.
    pub tracks: Vec<Track>,
}

/// Why a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HangUpReason {
    /// Somebody said so.
    Person,
    /// The telephony said so.
    Telephony,
    /// A rule of the agent said so.
    Rule,
    /// The agent found the call unended when it started.
    Crash,
}

/// The end of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HangUp {
    /// Where each track ends; zero for a track that the call does not have.
    pub ends: PerTrack<SampleOffset>,
    /// Why.
    pub reason: HangUpReason,
    /// How long ago, on the agent's clock, when this was sent.
    pub age_ms: u64,
}

/// Where a call stands in the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Sound comes in.
    Live,
    /// No worker holds it.
    OutOfContact,
    /// Hung up; sound or text still missing.
    Ended,
    /// Hung up, and every sample is settled.
    Complete,
    /// Erased.
    Discarded,
}

/// What the agent is doing, truly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentStateKind {
    /// Sound may be recorded, and none has been written yet: the devices are being opened.
    Starting,
    /// Sound arrives and is written.
    Listening,
    /// A person paused.
    Paused,
    /// Waiting for the citizen's yes.
    AwaitingConsent,
    /// No server; sound is kept on disk.
    OfflineKeeping,
    /// Connected again; older sound is on its way.
    CatchingUp,
    /// The microphone gives nothing.
    NoSoundNear,
    /// The citizen's side gives nothing.
    NoSoundFar,
    /// Nothing is being recorded.
    DiskFull,
    /// The mode allows no recording.
    NotAllowed,
    /// No call.
    Idle,
}

/// The agent's heartbeat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AgentState {
    /// What it is doing.
    pub kind: AgentStateKind,
    /// For how long.
    pub since_ms: u64,
    /// Peak level since the last heartbeat, 0 to 1000 of full scale.
    pub level_permille: PerTrack<u16>,
}

/// What a person asks of the agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// Stop recording for a while.
    Pause,
    /// Go on.
    Resume,
    /// Erase the call.
    Discard,
}

/// A command, repeated until the agent's `Done`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Command {
    /// Its id.
    pub id: CommandId,
    /// What is asked.
    pub kind: CommandKind,
}

/// How an agent introduces itself, whatever calls it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PresenceHello {
    /// Its version.
    pub agent_version: String,
    /// Which one it is.
    pub agent: AgentId,
}

/// A command that does not come on its call's own stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PresenceCommand {
    /// Of which call.
    pub call: CallId,
    /// What is asked.
    pub command: Command,
}
