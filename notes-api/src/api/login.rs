//! To the provider and back.
//!
//! The way back is a page of its own and no redirect: a `SameSite=Strict` cookie does not travel on a redirect that another
//! site began, so the page goes on by itself. What went wrong is a word in the address, for which the page has a sentence.

use super::App;
use super::body::Asked;
use crate::auth::cookie_in;
use crate::auth::login::{Login, NotLoggedIn};
use crate::error::ApiError;
use crate::store::sessions::{How, NewSession};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// The cookie of the way there and back. `Lax`: the way back begins at the provider.
const COOKIE: &str = "referent_login";
const WAY_S: i64 = 600;

/// Sends the browser to the provider.
#[utoipa::path(get, path = "/v1/login", tag = "session", responses(
    (status = 302, description = "to the provider"), (status = 404, description = "there is no login here"),
))]
pub(super) async fn begin(State(app): State<App>) -> Result<Response, ApiError> {
    let login = login(&app)?;
    match login.begin(&app.store, &app.clock, &app.chance).await {
        Ok(begun) => {
            let secure = if app.auth.is_https() { "; Secure" } else { "" };
            let cookie =
                format!("{COOKIE}={}; HttpOnly; SameSite=Lax; Path=/v1/login; Max-Age={WAY_S}{secure}", begun.state);
            Ok((StatusCode::FOUND, [(header::LOCATION, begun.to.to_string()), (header::SET_COOKIE, cookie)])
                .into_response())
        }
        Err(error) => Ok(not_in(&error)),
    }
}

/// What the provider says (OpenID Connect Core 1.0, 3.1.2.5 and 3.1.2.6; RFC 9207).
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Back {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Takes the browser back from the provider, with a session if all is well.
#[utoipa::path(get, path = "/v1/login/callback", tag = "session", params(Back), responses(
    (status = 200, content_type = "text/html", description = "a page that goes on to the pane, logged in or with the reason \
        why not"),
    (status = 404, description = "there is no login here"),
))]
pub(super) async fn back(
    State(app): State<App>,
    Asked(back): Asked<Back>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let login = login(&app)?;
    match proven(&app, login, back, cookie_in(&headers, COOKIE)).await {
        Ok(session) => {
            let cookie = app.auth.cookie(&session, login.config().session_ms);
            Ok((AppendHeaders([(header::SET_COOKIE, cookie), (header::SET_COOKIE, forgotten())]), on_to("/"))
                .into_response())
        }
        Err(error) => Ok(not_in(&error)),
    }
}

async fn proven(app: &App, login: &Login, back: Back, kept: Option<String>) -> Result<String, NotLoggedIn> {
    let state = back.state.filter(|state| kept.as_ref() == Some(state)).ok_or(NotLoggedIn::NotUnderWay)?;
    if back.iss.is_some_and(|issuer| issuer != login.config().issuer) {
        return Err(NotLoggedIn::BadToken("another provider answers".to_owned()));
    }
    let code = back.code.ok_or_else(|| NotLoggedIn::Refused(back.error.unwrap_or_default()))?;
    let proven = login.end(code, &state, &app.store, &app.clock).await?;
    let now_ms = app.clock.now_ms();
    let until_ms = now_ms + login.config().session_ms;
    let new = NewSession { person: proven.subject.to_string(), how: How::Login, rights: proven.rights, until_ms };
    app.auth.opened(new, &app.store, now_ms, &app.chance).await.map_err(|error| match error {
        ApiError::Store(error) => NotLoggedIn::Store(error),
        other => NotLoggedIn::Provider(other.to_string()),
    })
}

fn login(app: &App) -> Result<&Login, ApiError> {
    app.auth.login.as_ref().ok_or(ApiError::NotFound("login"))
}

fn not_in(error: &NotLoggedIn) -> Response {
    tracing::warn!(%error, "somebody was not let in");
    metrics::counter!("referent_logins_refused_total", "why" => error.word()).increment(1);
    ([(header::SET_COOKIE, forgotten())], on_to(&format!("/#login={}", error.word()))).into_response()
}

fn forgotten() -> String {
    format!("{COOKIE}=; HttpOnly; SameSite=Lax; Path=/v1/login; Max-Age=0")
}

/// A page that goes on by itself. `to` is one of ours.
fn on_to(to: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"da\"><meta charset=\"utf-8\"><title>Referent</title>\
         <meta http-equiv=\"refresh\" content=\"0; url={to}\"><p><a href=\"{to}\">Referent</a>"
    );
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}
