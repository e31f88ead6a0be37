//! A token, or a case system's code, becomes a session; who has one hears what they may do; a session is ended.

use super::App;
use super::access::{Asking, CaseSystem};
use super::body::Body;
use crate::auth::SESSION_MS;
use crate::auth::rights::Role;
use crate::error::{ApiError, Problem};
use crate::store::sessions::Launched;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use referent_identity::who::Subject;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Where a browser begins to log in.
const LOGIN: &str = "/v1/login";
/// The longest case reference.
const LONGEST_CASE: usize = 200;

/// What opens a session.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Opening {
    /// At a server without a login.
    Token {
        /// As it was printed at start.
        token: String,
    },
    /// In a frame of a case system.
    Launch {
        /// The code from `POST /v1/launch`.
        launch: String,
        /// Origin of the page that holds the frame, as the browser says it.
        origin: String,
    },
}

/// What a frame gets.
#[derive(Serialize, ToSchema)]
pub(super) struct FrameSession {
    /// For `Authorization: Bearer`. To be kept in memory alone.
    bearer: String,
    /// Until when it is good, UTC milliseconds.
    expires_ms: i64,
    /// The case that the pane stands beside.
    case_id: String,
}

/// Exchanges the one-time token, or a case system's code, for a session.
#[utoipa::path(post, path = "/v1/session", tag = "session", request_body = Opening, responses(
    (status = 201, body = FrameSession, description = "a code was brought: the session is here"),
    (status = 204, description = "a token was brought: the session is in a cookie"),
    (status = 401, body = Problem, description = "the token or code is wrong, late or was used"),
    (status = 403, body = Problem, description = "the page is none of the case system's; its code is void"),
))]
pub(super) async fn open(State(app): State<App>, Body(opening): Body<Opening>) -> Result<Response, ApiError> {
    let App { auth, store, clock, chance, .. } = &app;
    match opening {
        Opening::Token { token } => {
            let session = auth.with_token(&token, store, clock, chance).await?;
            let cookie = auth.cookie(&session, SESSION_MS);
            Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
        }
        Opening::Launch { launch, origin } => {
            let opened = auth.with_launch(&launch, &origin, store, clock, chance).await?;
            let crate::auth::launch::Opened { bearer, expires_ms, case_id } = opened;
            Ok((StatusCode::CREATED, Json(FrameSession { bearer, expires_ms, case_id })).into_response())
        }
    }
}

/// Who is asking.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionView {
    /// Their name; none: nobody is logged in.
    person: Option<String>,
    /// Their roles.
    roles: BTreeSet<Role>,
    /// The areas that the roles hold in; none: all.
    areas: Option<BTreeSet<String>>,
    /// Until when, UTC milliseconds.
    until_ms: Option<i64>,
    /// Where a browser logs in; none: with the link that the program printed.
    login: Option<&'static str>,
}

/// Who is asking, and where to log in.
#[utoipa::path(get, path = "/v1/session", tag = "session", responses((status = 200, body = SessionView)))]
pub(super) async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Json<SessionView>, ApiError> {
    let login = app.auth.login.is_some().then_some(LOGIN);
    match app.auth.session(&headers, &app.store, &app.clock).await {
        Ok(session) => {
            let rights = session.rights;
            let (person, until_ms) = (Some(session.person), Some(session.until_ms));
            Ok(Json(SessionView { person, roles: rights.roles, areas: rights.areas, until_ms, login }))
        }
        Err(ApiError::NoSession) => {
            Ok(Json(SessionView { person: None, roles: BTreeSet::new(), areas: None, until_ms: None, login }))
        }
        Err(error) => Err(error),
    }
}

/// Where to go after logging out.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedOut {
    /// The provider's page that ends its session as well; none: nowhere.
    farewell: Option<String>,
}

/// Ends the session.
#[utoipa::path(delete, path = "/v1/session", tag = "session", responses(
    (status = 200, body = LoggedOut), (status = 401, body = Problem),
))]
pub(super) async fn end(Asking(session): Asking, State(app): State<App>) -> Result<Response, ApiError> {
    app.store.end_session((*session).clone(), app.clock.now_ms()).await?;
    let farewell = match &app.auth.login {
        Some(login) => login.farewell(&app.clock).await.map(String::from),
        None => None,
    };
    Ok(([(header::SET_COOKIE, app.auth.no_cookie())], Json(LoggedOut { farewell })).into_response())
}

/// What a case system asks for.
#[derive(Deserialize, ToSchema)]
pub(super) struct Launch {
    /// Who sits before it, by the name that their agent's certificate has.
    user: String,
    /// The open case, as the journal calls it.
    case_id: String,
}

/// What it gets.
#[derive(Serialize, ToSchema)]
pub(super) struct LaunchCode {
    /// For the frame; good once.
    code: String,
    /// Until when, UTC milliseconds.
    expires_ms: i64,
}

/// A case system, with its key as bearer, lets whoever sits before it open the pane beside a case.
#[utoipa::path(post, path = "/v1/launch", tag = "session", request_body = Launch, responses(
    (status = 201, body = LaunchCode), (status = 400, body = Problem),
    (status = 401, body = Problem, description = "this is no case system's key"),
))]
pub(super) async fn launch(
    CaseSystem(case_system): CaseSystem,
    State(app): State<App>,
    Body(Launch { user, case_id }): Body<Launch>,
) -> Result<Response, ApiError> {
    let person: Subject = user.parse().map_err(|error| ApiError::Malformed(format!("`user`: {error}")))?;
    let is_good = |text: &str| (1..=LONGEST_CASE).contains(&text.len()) && !text.chars().any(char::is_control);
    if !is_good(&case_id) {
        let said = format!("`case_id` is 1 to {LONGEST_CASE} bytes without control characters");
        return Err(ApiError::Malformed(said));
    }
    let launched = Launched { case_system, person: person.to_string(), case_id };
    let (code, expires_ms) = app.auth.launch(launched, &app.store, &app.clock, &app.chance).await?;
    Ok((StatusCode::CREATED, Json(LaunchCode { code, expires_ms })).into_response())
}
