//! Why the control port refuses something, as RFC 9457 has it.
//!
//! In: errors of the desk, and of requests. Out: a status and `application/problem+json`. This is the only file that knows
//! HTTP codes of failures.
//! Promised: every detail says what to do.

use crate::call::{CannotBegin, CannotDecide};
use crate::desk::{CannotChange, CannotDiscard, CannotGiveUp, CannotHangUp};
use crate::spool::SpoolError;
use axum::extract::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was refused, named after what the caller can do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
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
    #[error("there is nothing here; GET /v1/openapi.json lists what there is")]
    NotFound,
    /// See there.
    #[error("this is not asked for in this way; GET /v1/openapi.json says how")]
    WrongMethod,
    /// Send less.
    #[error("the request is larger than 64 kB")]
    TooLarge,
    /// Close another.
    #[error("too many programs watch the state already; close one of them")]
    TooManyWatch,
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

/// A problem as RFC 9457 has it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// `urn:referent:problem:…`
    #[serde(rename = "type")]
    kind: String,
    /// What it is, in short.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What to do.
    pub(super) detail: String,
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::TooLarge;
        }
        Self::Malformed(rejection.body_text())
    }
}

impl Problem {
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::WrongToken => (StatusCode::UNAUTHORIZED, "wrong-token", "Wrong token"),
            Self::ForeignHost => (StatusCode::FORBIDDEN, "foreign-host", "Wrong host name"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign-origin", "Wrong origin"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "Wrong method"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Self::TooManyWatch => (StatusCode::SERVICE_UNAVAILABLE, "too-many-watch", "Too many watch"),
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
