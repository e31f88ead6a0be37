//! What a user is told of the desk: the state in words, the call that goes on, what waits.
//!
//! In: calls. Out: JSON by serde, its schema by utoipa; `control` serves both, `control::client` reads the first.
//! Not done here: no decision, and no state that is not the call's own.

use super::Waiting;
use crate::call::Call;
use crate::identity;
use crate::status::{KEY_GONE, KINDS, Words};
use referent_proto::ids::PerTrack;
use referent_proto::{AgentStateKind, CallId, KeyId, SampleOffset, Track};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// What the agent does now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Now {
    /// What the agent does.
    #[schema(schema_with = every_state)]
    pub state: AgentStateKind,
    /// For how long, milliseconds.
    pub since_ms: u64,
    /// In words.
    pub reason: Words,
    /// What the user can do.
    pub next_step: Option<Words>,
    /// The call that goes on.
    pub call: Option<LiveReport>,
}

/// `referent-agent status`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Report {
    /// What it does.
    #[serde(flatten)]
    pub now: Now,
    /// What is kept.
    pub spool: SpoolReport,
    /// Who this agent is to the server; nobody in particular without TLS.
    pub identity: Option<identity::Report>,
}

/// The call that goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveReport {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: CallId,
    /// When it began, UTC.
    pub started_utc_ms: i64,
    /// The case.
    pub case_id: Option<String>,
    /// The department.
    pub area: Option<String>,
    /// A person paused it, whatever the state says that hurts more.
    pub is_paused: bool,
    /// How long its sound is, a track, gaps included.
    #[schema(value_type = Milliseconds)]
    pub recorded_ms: PerTrack<u64>,
    /// What is wrong with a device.
    #[schema(value_type = Problems)]
    pub problem: PerTrack<Option<String>>,
}

/// What is kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpoolReport {
    /// Calls.
    pub calls: u64,
    /// Bytes.
    pub bytes: u64,
    /// Calls that are not complete.
    pub waiting: Vec<WaitingReport>,
}

/// A call that is not complete.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingReport {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: CallId,
    /// It has ended.
    pub is_ended: bool,
    /// Another caseworker's, says the server.
    pub is_refused: bool,
    /// The citizen objected: it is erased here, and the server has yet to be told.
    pub is_discarded: bool,
    /// The key of its sound that the server does not have.
    #[schema(value_type = Option<String>)]
    pub missing_key: Option<KeyId>,
    /// What keeps it here, where a person has to do something.
    pub problem: Option<Words>,
    /// How far it is recorded.
    #[schema(value_type = Milliseconds)]
    pub recorded_ms: PerTrack<u64>,
    /// How far it is text.
    #[schema(value_type = Milliseconds)]
    pub settled_ms: PerTrack<u64>,
}

/// Milliseconds of each track: `PerTrack` as the schema has it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Milliseconds {
    /// The caseworker's.
    near: u64,
    /// The citizen's.
    far: u64,
}

/// What is wrong with the device of each track: `PerTrack` as the schema has it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problems {
    /// The microphone.
    near: Option<String>,
    /// What the PC plays.
    far: Option<String>,
}

/// The closed list of states, for the schema.
fn every_state() -> Object {
    let names = KINDS.iter().filter_map(|kind| serde_json::to_value(kind).ok());
    let description = "What the agent truly does.";
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).description(Some(description)).build()
}

impl LiveReport {
    pub(super) fn of(call: &Call) -> Self {
        let begin = call.spool().begin();
        Self {
            id: begin.call,
            started_utc_ms: begin.started.utc_ms,
            case_id: begin.case_id.clone(),
            area: begin.area.clone(),
            is_paused: call.is_paused(),
            recorded_ms: in_millis(call.spool().ends()),
            problem: PerTrack { near: call.problem(Track::Near), far: call.problem(Track::Far) },
        }
    }
}

impl WaitingReport {
    pub(super) fn of(waiting: &Waiting) -> Self {
        let spool = waiting.call.spool();
        Self {
            id: waiting.call.id(),
            is_ended: spool.ended().is_some(),
            is_discarded: spool.is_discarded(),
            is_refused: waiting.is_refused,
            missing_key: waiting.call.missing_key(),
            problem: waiting.call.missing_key().map(|_| KEY_GONE),
            recorded_ms: in_millis(spool.ends()),
            settled_ms: in_millis(*spool.settled().borrow()),
        }
    }
}

fn in_millis(ends: PerTrack<SampleOffset>) -> PerTrack<u64> {
    PerTrack { near: ends.near.millis(), far: ends.far.millis() }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
