//! The control port: how the command line, and later a tray and a telephony, reach the running agent.
//!
//! In: HTTP on loopback. Out: JSON, or a problem as RFC 9457 has it. This is the only file that knows HTTP codes.
//! Promised: whoever cannot read `control-token` can do nothing; a web page can do nothing even with it, because Host and
//! Origin are checked, so that a foreign name that points here does not help.
//! Not done here: no decision; `desk` takes them.

pub mod client;

use crate::call::{CannotBegin, CannotDecide, Wanted};
use crate::desk::{CannotChange, CannotDiscard, CannotGiveUp, CannotHangUp, Desk};
use crate::permit::Decision;
use crate::spool::SpoolError;
use crate::state_dir::Token;
use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Json, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use referent_proto::{CallId, Direction, KeyId};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The longest body: a path and some ids.
const MAX_BODY: usize = 64 * 1024;
/// The names by which this machine calls itself.
const OWN_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

#[derive(Debug, Clone)]
struct Doors {
    desk: Desk,
    token: Token,
    metrics: PrometheusHandle,
}

/// The whole HTTP interface.
pub fn router(desk: Desk, token: Token, metrics: PrometheusHandle) -> Router {
    let doors = Doors { desk, token, metrics };
    let with_token = Router::new()
        .route("/v1/calls", post(begin))
        .route("/v1/calls/current/hang-up", post(hang_up))
        .route("/v1/calls/current/pause", post(async |doors| decide(doors, Decision::Pause).await))
        .route("/v1/calls/current/resume", post(async |doors| decide(doors, Decision::Resume).await))
        .route("/v1/calls/current/consent", post(consent))
        .route("/v1/calls/current/discard", post(discard_current))
        .route("/v1/calls/{call}/discard", post(discard))
        .route("/v1/calls/{call}/give-up", post(give_up))
        .route("/v1/status", get(status))
        .route_layer(from_fn_with_state(doors.clone(), needs_token));
    Router::new()
        .route("/metrics", get(metrics_text))
        .merge(with_token)
        .fallback(async || Problem::NotFound)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn(needs_own_name))
        .with_state(doors)
}

/// The body of `POST /v1/calls`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeginBody {
    /// The file to play.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wav: Option<PathBuf>,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_id: Option<String>,
    /// The department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// Who called whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The telephony's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The call that ended too early, and that this one goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<CallId>,
    /// A call that goes on is ended first; without this, it is in the way (409).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
}

/// The body of `POST /v1/calls/current/consent`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    /// The citizen said yes; false: no, or takes it back.
    pub given: bool,
}

/// What was given up.
#[derive(Debug, Serialize, Deserialize)]
pub struct GivenUpBody {
    /// The key it was sealed for.
    pub key: KeyId,
}

/// A call, by its id.
#[derive(Debug, Serialize, Deserialize)]
pub struct CallBody {
    /// Its id.
    pub call: CallId,
}

async fn begin(
    State(doors): State<Doors>,
    body: Result<Json<BeginBody>, JsonRejection>,
) -> Result<(StatusCode, Json<CallBody>), Problem> {
    let Json(body) = body.map_err(|rejection| Problem::Malformed(rejection.body_text()))?;
    let BeginBody { wav, case_id, area, direction, external_id, continues, replace } = body;
    if replace {
        doors.desk.hang_up_if_any().await?;
    }
    let call = doors.desk.begin(Wanted { wav, case_id, area, direction, external_id, continues }).await?;
    Ok((StatusCode::CREATED, Json(CallBody { call })))
}

async fn hang_up(State(doors): State<Doors>) -> Result<Json<CallBody>, Problem> {
    Ok(Json(CallBody { call: doors.desk.hang_up().await? }))
}

async fn decide(State(doors): State<Doors>, decision: Decision) -> Result<Json<CallBody>, Problem> {
    Ok(Json(CallBody { call: doors.desk.decide(decision).await? }))
}

async fn consent(
    doors: State<Doors>,
    body: Result<Json<ConsentBody>, JsonRejection>,
) -> Result<Json<CallBody>, Problem> {
    let Json(ConsentBody { given }) = body.map_err(|rejection| Problem::Malformed(rejection.body_text()))?;
    decide(doors, if given { Decision::ConsentGiven } else { Decision::ConsentRefused }).await
}

async fn discard_current(State(doors): State<Doors>) -> Result<Json<CallBody>, Problem> {
    Ok(Json(CallBody { call: doors.desk.discard(None).await? }))
}

async fn discard(State(doors): State<Doors>, Path(call): Path<String>) -> Result<Json<CallBody>, Problem> {
    Ok(Json(CallBody { call: doors.desk.discard(Some(call_of(&call)?)).await? }))
}

async fn give_up(State(doors): State<Doors>, Path(call): Path<String>) -> Result<Json<GivenUpBody>, Problem> {
    Ok(Json(GivenUpBody { key: doors.desk.give_up(call_of(&call)?).await? }))
}

fn call_of(text: &str) -> Result<CallId, Problem> {
    text.parse().map_err(|_| Problem::Malformed("the call is not a UUID".into()))
}

async fn status(State(doors): State<Doors>) -> impl IntoResponse {
    Json(doors.desk.report().await)
}

async fn metrics_text(State(doors): State<Doors>) -> String {
    let report = doors.desk.report().await;
    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    let (calls, bytes) = (report.spool.calls as f64, report.spool.bytes as f64);
    metrics::gauge!("referent_agent_spool_calls").set(calls);
    metrics::gauge!("referent_agent_spool_bytes").set(bytes);
    doors.metrics.run_upkeep();
    doors.metrics.render()
}

async fn needs_token(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let shown = text(request.headers(), &header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    if shown.is_some_and(|shown| doors.token.is(shown.trim())) {
        next.run(request).await
    } else {
        Problem::WrongToken.into_response()
    }
}

async fn needs_own_name(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !text(headers, &header::HOST).is_some_and(is_own_name) {
        return Problem::ForeignHost.into_response();
    }
    let is_foreign = |origin: &str| !origin.strip_prefix("http://").is_some_and(is_own_name);
    if headers.contains_key(header::ORIGIN) && text(headers, &header::ORIGIN).is_none_or(is_foreign) {
        return Problem::ForeignOrigin.into_response();
    }
    next.run(request).await
}

fn is_own_name(host: &str) -> bool {
    let is_port =
        |rest: &str| rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    OWN_NAMES.iter().any(|name| host.strip_prefix(name).is_some_and(is_port))
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Why a request was refused, named after what the caller can do.
#[derive(Debug, thiserror::Error)]
enum Problem {
    /// Show the token in `control-token`.
    #[error("the token is missing or wrong; it is in the file control-token of state_dir, anew with each start")]
    WrongToken,
    /// Not a name of this machine.
    #[error("this agent answers only to 127.0.0.1, [::1] and localhost")]
    ForeignHost,
    /// A web page asks.
    #[error("web pages may not control the agent")]
    ForeignOrigin,
    /// There is no such place.
    #[error(
        "there is nothing here; there are POST /v1/calls, POST /v1/calls/current/hang-up, /pause, /resume, /consent and /discard, \
         POST /v1/calls/CALL/discard and /give-up, \
         GET /v1/status, GET /metrics"
    )]
    NotFound,
    /// Correct the request.
    #[error("{0}")]
    Malformed(String),
    /// See there.
    #[error(transparent)]
    Begin(#[from] CannotBegin),
    /// See there.
    #[error(transparent)]
    HangUp(#[from] CannotHangUp),
    /// See there.
    #[error(transparent)]
    Change(#[from] CannotChange),
    /// See there.
    #[error(transparent)]
    Discard(#[from] CannotDiscard),
    /// See there.
    #[error(transparent)]
    GiveUp(#[from] CannotGiveUp),
}

#[derive(Debug, Serialize, Deserialize)]
struct ProblemBody {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
}

impl Problem {
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::WrongToken => (StatusCode::UNAUTHORIZED, "wrong-token", "Wrong token"),
            Self::ForeignHost => (StatusCode::FORBIDDEN, "foreign-host", "Wrong host name"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign-origin", "Wrong origin"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed", "Malformed request"),
            Self::Begin(error) => match error {
                CannotBegin::Busy(_) => (StatusCode::CONFLICT, "call-goes-on", "A call goes on"),
                CannotBegin::NoWav => (StatusCode::UNPROCESSABLE_ENTITY, "no-file", "A file is needed"),
                CannotBegin::NotFromFiles => (StatusCode::UNPROCESSABLE_ENTITY, "not-from-files", "Not from a file"),
                CannotBegin::Wav(_) | CannotBegin::Rate(_) => {
                    (StatusCode::UNPROCESSABLE_ENTITY, "bad-file", "The file cannot be played")
                }
                CannotBegin::Spool(SpoolError::Full) => {
                    (StatusCode::INSUFFICIENT_STORAGE, "disk-full", "The disk is full")
                }
                CannotBegin::Spool(_) => (StatusCode::INTERNAL_SERVER_ERROR, "disk", "The disk does not work"),
                CannotBegin::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping", "The agent is stopping"),
            },
            Self::Change(CannotChange::Decide(CannotDecide::Not(_))) => {
                (StatusCode::CONFLICT, "not-to-decide", "Nothing to decide")
            }
            Self::Change(CannotChange::Decide(CannotDecide::NotKept(_) | CannotDecide::InForceNotKept(_))) => {
                (StatusCode::INSUFFICIENT_STORAGE, "not-kept", "It cannot be kept")
            }
            Self::Discard(CannotDiscard::NotHere(_)) | Self::GiveUp(CannotGiveUp::NotHere(_)) => {
                (StatusCode::NOT_FOUND, "not-here", "The call is not here")
            }
            Self::GiveUp(CannotGiveUp::GoesOn(_)) => (StatusCode::CONFLICT, "call-goes-on", "A call goes on"),
            Self::GiveUp(CannotGiveUp::NotWithoutKey(_)) => {
                (StatusCode::CONFLICT, "not-without-key", "The key is not missing")
            }
            Self::Discard(CannotDiscard::Disk(_)) | Self::GiveUp(CannotGiveUp::Disk(_)) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "disk", "The disk does not work")
            }
            Self::HangUp(CannotHangUp::NoCall)
            | Self::Change(CannotChange::NoCall)
            | Self::Discard(CannotDiscard::NoCall) => (StatusCode::NOT_FOUND, "no-call", "No call"),
            Self::HangUp(CannotHangUp::DiskIsSlow) => {
                (StatusCode::SERVICE_UNAVAILABLE, "disk-slow", "The disk does not follow")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, title) = self.kind();
        let body = ProblemBody {
            kind: format!("urn:referent:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.to_string(),
        };
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_s_own_names_are_answered() {
        for own in ["127.0.0.1", "127.0.0.1:80", "localhost:8080", "[::1]:1", "[::1]"] {
            assert!(is_own_name(own), "{own}");
        }
        for foreign in ["127.0.0.1.example.org", "localhost.example.org", "example.org", "", "127.0.0.1:x", "[::1"] {
            assert!(!is_own_name(foreign), "{foreign}");
        }
    }
}
