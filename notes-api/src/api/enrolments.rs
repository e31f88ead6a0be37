//! A caseworker connects their own PC: a code for its agent, under the name that they are logged in by.

use super::App;
use super::access::Asking;
use crate::auth::rights::Role;
use crate::error::{ApiError, Problem};
use crate::store::sessions::How;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use referent_identity::code::{Code, GOOD_FOR_MS};
use referent_identity::who::Subject;
use serde::Serialize;
use utoipa::ToSchema;

/// What is typed on the PC.
#[derive(Serialize, ToSchema)]
pub(super) struct Enrolment {
    /// Ten groups of letters and digits; good once.
    code: String,
    /// Until when, UTC milliseconds.
    expires_ms: i64,
    /// Whose the PC's calls will be.
    subject: String,
}

/// A one-time code for the agent on one's own PC. Only for somebody who logged in: a frame's session is too little.
#[utoipa::path(post, path = "/v1/enrolments", tag = "session", responses(
    (status = 201, body = Enrolment), (status = 401, body = Problem),
    (status = 403, body = Problem, description = "not a caseworker, or not logged in at the provider"),
    (status = 404, body = Problem, description = "this server has no authority of its own"),
    (status = 409, body = Problem, description = "an administrator refused all their PCs"),
))]
pub(super) async fn own(
    Asking(session): Asking,
    State(app): State<App>,
) -> Result<(StatusCode, Json<Enrolment>), ApiError> {
    if session.how != How::Login || !session.is(Role::Caseworker) {
        return Err(ApiError::NotAllowed("a caseworker who logged in"));
    }
    let pin = app.pin.clone().ok_or(ApiError::NotFound("authority"))?;
    let subject: Subject =
        session.person.parse().map_err(|_| ApiError::NotAllowed("a name that a certificate can have"))?;
    let (code, now_ms) = (Code::new(app.chance.bytes(), pin), app.clock.now_ms());
    let expires_ms = now_ms + GOOD_FOR_MS;
    if !app.store.keep_own_code(code.hash(), subject.clone(), now_ms, expires_ms).await? {
        return Err(ApiError::Revoked);
    }
    let enrolment = Enrolment { code: code.reveal(), expires_ms, subject: subject.to_string() };
    Ok((StatusCode::CREATED, Json(enrolment)))
}
