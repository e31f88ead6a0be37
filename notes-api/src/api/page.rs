//! The pages, which are part of the binary: the caseworker's, the same in a case system's frame, that of the areas and that of
//! correction times. No session: they hold nothing of anybody.

use super::App;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header;
use axum::response::{IntoResponse, Response};

const INDEX: &str = include_str!("../../pane/dist/index.html");
const SCRIPT: &str = include_str!("../../pane/dist/pane.js");
const MORE_SCRIPT: &str = include_str!("../../pane/dist/more.js");
const PERSON_SCRIPT: &str = include_str!("../../pane/dist/person.js");
const ENGLISH: &str = include_str!("../../pane/dist/en.js");
const EMBED: &str = include_str!("../../pane/dist/embed.html");
const EMBED_SCRIPT: &str = include_str!("../../pane/dist/embed.js");
const HOST_SCRIPT: &str = include_str!("../../pane/dist/referent-pane.js");
const AREAS: &str = include_str!("../../pane/dist/areas.html");
const AREAS_SCRIPT: &str = include_str!("../../pane/dist/areas.js");
const MANAGER: &str = include_str!("../../pane/dist/manager.html");
const MANAGER_SCRIPT: &str = include_str!("../../pane/dist/manager.js");

/// The page may run its own script and speak to this server, and nothing else. No text becomes markup or script: there is no
/// Trusted Types policy that could make it one.
macro_rules! policy {
    ($ancestors:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; ",
            "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; ",
            "frame-ancestors ",
            $ancestors
        )
    };
}
const POLICY: &str = policy!("'none'");

/// The one page that may stand in a frame, and only in one of a case system's own origins.
pub(super) const FRAMED: &str = "/embed";

pub(super) async fn index() -> Response {
    page(INDEX)
}

pub(super) async fn script() -> Response {
    javascript(SCRIPT)
}

pub(super) async fn more_script() -> Response {
    javascript(MORE_SCRIPT)
}

pub(super) async fn person_script() -> Response {
    javascript(PERSON_SCRIPT)
}

pub(super) async fn english() -> Response {
    javascript(ENGLISH)
}

pub(super) async fn embed(State(app): State<App>) -> Response {
    let origins: Vec<&str> = app.auth.case_systems.origins().collect();
    if origins.is_empty() {
        return page(EMBED);
    }
    let policy = policy!("").to_owned() + &origins.join(" ");
    let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned());
    ([kind, (header::CONTENT_SECURITY_POLICY, policy)], EMBED).into_response()
}

pub(super) async fn embed_script() -> Response {
    javascript(EMBED_SCRIPT)
}

/// Runs in the case system's page, which is another site.
pub(super) async fn host_script() -> Response {
    let shared = [(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin")];
    (shared, javascript(HOST_SCRIPT)).into_response()
}

pub(super) async fn areas() -> Response {
    page(AREAS)
}

pub(super) async fn areas_script() -> Response {
    javascript(AREAS_SCRIPT)
}

pub(super) async fn manager() -> Response {
    page(MANAGER)
}

pub(super) async fn manager_script() -> Response {
    javascript(MANAGER_SCRIPT)
}

fn page(html: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, html).into_response()
}

fn javascript(script: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}
