//! The one-time token becomes a cookie.

use super::App;
use super::body::Body;
use crate::auth::cookie;
use crate::error::{ApiError, Problem};
use crate::store::audit::{Act, Deed};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

/// What the page sends.
#[derive(Deserialize, ToSchema)]
pub(super) struct Token {
    /// As it was printed at start.
    token: String,
}

/// Exchanges the one-time token for a session.
#[utoipa::path(post, path = "/v1/session", tag = "session", request_body = Token, responses(
    (status = 204, description = "the session is in a cookie"),
    (status = 401, body = Problem, description = "the token is wrong or was used"),
))]
pub(super) async fn open(State(app): State<App>, Body(Token { token }): Body<Token>) -> Result<Response, ApiError> {
    let session = app.auth.log_in(&token, &app.store, &app.clock, &app.chance).await?;
    app.tell(Deed::with("local", Act::SessionOpened, "session")).await?;
    metrics::counter!("referent_sessions_opened_total").increment(1);
    tracing::info!("a session was opened");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&session))]).into_response())
}
