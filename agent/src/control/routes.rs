//! What can be asked of the agent, one function a route; each is described for OpenAPI where it stands.
//!
//! In: bodies and paths, checked here. Out: what the desk said, as JSON.
//! Promised: a field that is not known is refused, because it would be a wish that is not heard.

use super::Doors;
use super::problem::{Problem, ProblemBody};
use crate::call::Wanted;
use crate::desk::report::Report;
use crate::permit::Decision;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use referent_proto::{CallId, Direction, KeyId};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use utoipa::ToSchema;

/// The body of `POST /v1/calls`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginBody {
    /// The file to play; only where the configuration says that sound comes from files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub wav: Option<PathBuf>,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_id: Option<String>,
    /// The department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// Who called whom: `incoming` or `outgoing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub direction: Option<Direction>,
    /// The telephony's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The call that ended too early, and that this one goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub continues: Option<CallId>,
    /// A call that goes on is ended first; without this, it is in the way (409).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub replace: bool,
}

/// The body of `POST /v1/calls/current/consent`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    /// The citizen said yes; false: no, or takes it back.
    pub given: bool,
}

/// What was given up.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GivenUpBody {
    /// The key it was sealed for.
    #[schema(value_type = String)]
    pub key: KeyId,
}

/// A call, by its id.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CallBody {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub call: CallId,
}

/// What a press of the hot key did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ToggledBody {
    /// The call's id.
    #[schema(value_type = String, format = "uuid")]
    pub call: CallId,
    /// Whether it is paused now.
    pub is_paused: bool,
}

/// A call begins. Its first record is durable when this is answered.
#[utoipa::path(post, path = "/v1/calls", tag = "calls", request_body = BeginBody, responses(
    (status = 201, body = CallBody),
    (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 409, body = ProblemBody, description = "another call goes on"),
    (status = 422, body = ProblemBody, description = "the file cannot be played"),
    (status = 507, body = ProblemBody, description = "the disk is full"),
))]
pub(super) async fn begin(
    State(doors): State<Doors>,
    body: Result<Json<BeginBody>, JsonRejection>,
) -> Result<(StatusCode, Json<CallBody>), Problem> {
    let Json(body) = body?;
    let BeginBody { wav, case_id, area, direction, external_id, continues, replace } = body;
    if replace {
        doors.desk.hang_up_if_any().await?;
    }
    let call = doors.desk.begin(Wanted { wav, case_id, area, direction, external_id, continues }).await?;
    Ok((StatusCode::CREATED, Json(CallBody { call })))
}

/// They hung up. The end is durable when this is answered.
#[utoipa::path(post, path = "/v1/calls/current/hang-up", tag = "calls", responses(
    (status = 200, body = CallBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody, description = "no call goes on"),
    (status = 503, body = ProblemBody, description = "the end is not on the disk yet"),
))]
pub(super) async fn hang_up(State(doors): State<Doors>) -> Result<Json<CallBody>, Problem> {
    Ok(Json(CallBody { call: doors.desk.hang_up().await? }))
}

/// Nothing is recorded from now on. In force when this is answered.
#[utoipa::path(post, path = "/v1/calls/current/pause", tag = "calls", responses(
    (status = 200, body = CallBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody, description = "no call goes on"),
    (status = 409, body = ProblemBody, description = "nothing may be recorded anyway"),
    (status = 507, body = ProblemBody, description = "it is not on the disk; a pause is in force all the same"),
))]
pub(super) async fn pause(doors: State<Doors>) -> Result<Json<CallBody>, Problem> {
    decide(doors, Decision::Pause).await
}

/// Goes on after a pause.
#[utoipa::path(post, path = "/v1/calls/current/resume", tag = "calls", responses(
    (status = 200, body = CallBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody, description = "no call goes on"),
    (status = 409, body = ProblemBody, description = "nothing may be recorded anyway"),
    (status = 507, body = ProblemBody, description = "it is not on the disk; the pause goes on"),
))]
pub(super) async fn resume(doors: State<Doors>) -> Result<Json<CallBody>, Problem> {
    decide(doors, Decision::Resume).await
}

/// Pauses, or goes on: what a hot key asks for.
#[utoipa::path(post, path = "/v1/calls/current/toggle-pause", tag = "calls", responses(
    (status = 200, body = ToggledBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody, description = "no call goes on"),
    (status = 409, body = ProblemBody, description = "nothing may be recorded anyway"),
    (status = 507, body = ProblemBody, description = "it is not on the disk; a pause is in force all the same"),
))]
pub(super) async fn toggle_pause(State(doors): State<Doors>) -> Result<Json<ToggledBody>, Problem> {
    let (call, decision) = doors.desk.toggle_pause().await?;
    Ok(Json(ToggledBody { call, is_paused: decision == Decision::Pause }))
}

async fn decide(State(doors): State<Doors>, decision: Decision) -> Result<Json<CallBody>, Problem> {
    Ok(Json(CallBody { call: doors.desk.decide(decision).await? }))
}

/// The citizen agreed to be recorded, or did not.
#[utoipa::path(post, path = "/v1/calls/current/consent", tag = "calls", request_body = ConsentBody, responses(
    (status = 200, body = CallBody), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody, description = "no call goes on"),
    (status = 409, body = ProblemBody, description = "the call needs no consent, or may not be recorded"),
    (status = 507, body = ProblemBody, description = "it is not on the disk; a no is in force all the same"),
))]
pub(super) async fn consent(
    doors: State<Doors>,
    body: Result<Json<ConsentBody>, JsonRejection>,
) -> Result<Json<CallBody>, Problem> {
    let Json(ConsentBody { given }) = body?;
    decide(doors, if given { Decision::ConsentGiven } else { Decision::ConsentRefused }).await
}

/// The citizen objects: the call that goes on is erased, here at once and on the server as soon as it is reached.
#[utoipa::path(post, path = "/v1/calls/current/discard", tag = "calls", responses(
    (status = 200, body = CallBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody, description = "no call goes on"),
    (status = 500, body = ProblemBody, description = "the disk does not work"),
))]
pub(super) async fn discard_current(State(doors): State<Doors>) -> Result<Json<CallBody>, Problem> {
    Ok(Json(CallBody { call: doors.desk.discard(None).await? }))
}

/// The citizen objects: this call is erased, here at once and on the server as soon as it is reached.
#[utoipa::path(post, path = "/v1/calls/{call}/discard", tag = "calls",
    params(("call" = String, Path, description = "UUID of the call")),
    responses(
        (status = 200, body = CallBody), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody, description = "the call is not on this PC"),
        (status = 500, body = ProblemBody, description = "the disk does not work"),
    ),
)]
pub(super) async fn discard(
    State(doors): State<Doors>,
    call: Result<Path<String>, PathRejection>,
) -> Result<Json<CallBody>, Problem> {
    Ok(Json(CallBody { call: doors.desk.discard(Some(call_of(call)?)).await? }))
}

/// What of a call is sealed for a key that is gone for good becomes a gap.
#[utoipa::path(post, path = "/v1/calls/{call}/give-up", tag = "calls",
    params(("call" = String, Path, description = "UUID of the call, which has ended")),
    responses(
        (status = 200, body = GivenUpBody), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody, description = "the call does not wait on this PC"),
        (status = 409, body = ProblemBody, description = "it goes on, or its key is not missing"),
        (status = 500, body = ProblemBody, description = "the disk does not work"),
    ),
)]
pub(super) async fn give_up(
    State(doors): State<Doors>,
    call: Result<Path<String>, PathRejection>,
) -> Result<Json<GivenUpBody>, Problem> {
    Ok(Json(GivenUpBody { key: doors.desk.give_up(call_of(call)?).await? }))
}

fn call_of(path: Result<Path<String>, PathRejection>) -> Result<CallId, Problem> {
    let Path(text) = path.map_err(|rejection| Problem::Malformed(rejection.body_text()))?;
    text.parse().map_err(|_| Problem::Malformed("the call is not a UUID".into()))
}

/// What the agent does, and what it keeps.
#[utoipa::path(get, path = "/v1/status", tag = "status", responses(
    (status = 200, body = Report), (status = 401, body = ProblemBody),
))]
pub(super) async fn status(State(doors): State<Doors>) -> impl IntoResponse {
    Json(doors.desk.report().await)
}
