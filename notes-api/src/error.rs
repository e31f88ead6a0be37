//! What a pane or case system is told when something does not work: RFC 9457 problems.
//!
//! In: [`ApiError`] from the stages. Out: a status and `application/problem+json`. This is the only file that knows
//! HTTP codes of failures. Promised: the answer never holds speech or an address of the database, except `current` in a
//! 412, which is what the person may see anyway. The log's text and the caller's text are two.

use crate::previews::NoPreview;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was refused, named after what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Log in.
    #[error("no session")]
    NoSession,
    /// The token is not the one that was printed, or was used.
    #[error("this token is not valid, or was used before")]
    WrongToken,
    /// Not with this right; ask for another role.
    #[error("this is for {0}")]
    NotAllowed(&'static str),
    /// Ask an administrator: `referent-notes-api enrol --subject …` makes a code that counts again.
    #[error("your PCs were all refused by an administrator; ask one for a code")]
    Revoked,
    /// Send the case system's key.
    #[error("this is for case systems: send its key as Authorization: Bearer")]
    NoKey,
    /// Not a name of this machine: somebody's web page may be behind it.
    #[error("this server answers only to its own name, and on this machine to 127.0.0.1, [::1] and localhost")]
    ForeignHost,
    /// Another web page asks.
    #[error("a change may only come from this server's own page")]
    ForeignOrigin,
    /// There is no such call or draft.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The call was discarded.
    #[error("the call was discarded")]
    Discarded,
    /// Too late.
    #[error("the call has ended; there is nothing to pause")]
    Over,
    /// Release the hold first.
    #[error("a legal hold is on the call, so it is not erased; release it first")]
    Held,
    /// Wait for its end, or discard it.
    #[error("the call goes on; wait for its end, or discard it if the citizen objects")]
    GoesOn,
    /// Correct the request.
    #[error("{0}")]
    Malformed(String),
    /// Send less.
    #[error("the request is larger than 1 MB")]
    TooLarge,
    /// Say which revision the person saw.
    #[error("If-Match is missing: send the revision that the person saw, \"0\" if there was none")]
    MustMatch,
    /// Somebody wrote in between; look at `current`.
    #[error("somebody wrote in between")]
    Changed {
        /// What stands there now.
        current: serde_json::Value,
    },
    /// Make a new `save_id`.
    #[error("this save_id belongs to another call")]
    SaveIdTaken,
    /// Begin without it.
    #[error(
        "`since` is no place of this database, which may have been set back to an earlier day; pull once more without it"
    )]
    NoSuchPlace,
    /// Wait for it to end.
    #[error("the delivery is under way; look again in a minute")]
    UnderWay,
    /// There is nothing left of it.
    #[error("the note was erased; there is nothing to send")]
    Withdrawn,
    /// What to do stands in the reason.
    #[error(transparent)]
    NoPreview(#[from] NoPreview),
    /// Try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A problem as RFC 9457 has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Which problem: panes choose their words by it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for people who read logs.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// What stands there now; only with 412.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub current: Option<serde_json::Value>,
}

impl ApiError {
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoSession => (StatusCode::UNAUTHORIZED, "no-session", "Log in"),
            Self::WrongToken => (StatusCode::UNAUTHORIZED, "wrong-token", "Wrong token"),
            Self::NotAllowed(_) => (StatusCode::FORBIDDEN, "not-allowed", "Not allowed"),
            Self::Revoked => (StatusCode::CONFLICT, "revoked", "Refused by an administrator"),
            Self::NoKey => (StatusCode::UNAUTHORIZED, "no-key", "No case system's key"),
            Self::ForeignHost => (StatusCode::FORBIDDEN, "foreign-host", "Wrong host name"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign-origin", "Wrong origin"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::Discarded => (StatusCode::GONE, "discarded", "Discarded"),
            Self::Over => (StatusCode::CONFLICT, "call-over", "The call has ended"),
            Self::Held => (StatusCode::CONFLICT, "on-hold", "On legal hold"),
            Self::GoesOn => (StatusCode::CONFLICT, "call-goes-on", "The call goes on"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed", "Malformed request"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Self::MustMatch => (StatusCode::PRECONDITION_REQUIRED, "must-match", "If-Match is missing"),
            Self::Changed { .. } => (StatusCode::PRECONDITION_FAILED, "changed", "Changed in between"),
            Self::SaveIdTaken => (StatusCode::CONFLICT, "save-id-taken", "Another call's save_id"),
            Self::NoSuchPlace => (StatusCode::CONFLICT, "no-such-place", "No place of this database"),
            Self::UnderWay => (StatusCode::CONFLICT, "under-way", "Under way"),
            Self::Withdrawn => (StatusCode::GONE, "withdrawn", "The note was erased"),
            Self::NoPreview(NoPreview::Busy) => (StatusCode::TOO_MANY_REQUESTS, "busy", "Busy"),
            Self::NoPreview(NoPreview::NoPipeline) => {
                (StatusCode::SERVICE_UNAVAILABLE, "no-pipeline", "No pipeline is connected")
            }
            Self::NoPreview(NoPreview::Late) => (StatusCode::GATEWAY_TIMEOUT, "late", "No draft in time"),
            Self::Store(StoreError::Unavailable(_) | StoreError::Closing) => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The database does not answer")
            }
            Self::Store(StoreError::Corrupt { .. }) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something is wrong on the server")
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, kind, title) = self.kind();
        let detail = match &self {
            Self::Store(error) => {
                tracing::error!(%error, "a request failed");
                "Nothing was lost or changed. Try again in a moment.".to_owned()
            }
            other => other.to_string(),
        };
        let current = match self {
            Self::Changed { current } => Some(current),
            _ => None,
        };
        let problem = Problem {
            kind: format!("urn:referent:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            current,
        };
        let mut response = (status, axum::Json(problem)).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}
