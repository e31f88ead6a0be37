//! The caseworker's page, that of the areas and that of correction times, which are part of the binary. No session: they hold nothing of anybody.

use axum::http::header;
use axum::response::{IntoResponse, Response};

const INDEX: &str = include_str!("../../pane/dist/index.html");
const SCRIPT: &str = include_str!("../../pane/dist/pane.js");
const MORE_SCRIPT: &str = include_str!("../../pane/dist/more.js");
const ENGLISH: &str = include_str!("../../pane/dist/en.js");
const AREAS: &str = include_str!("../../pane/dist/areas.html");
const AREAS_SCRIPT: &str = include_str!("../../pane/dist/areas.js");
const MANAGER: &str = include_str!("../../pane/dist/manager.html");
const MANAGER_SCRIPT: &str = include_str!("../../pane/dist/manager.js");

/// The page may run its own script and speak to this server, and nothing else. No text becomes markup or script: there is no
/// Trusted Types policy that could make it one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

pub(super) async fn index() -> Response {
    page(INDEX)
}

pub(super) async fn script() -> Response {
    javascript(SCRIPT)
}

pub(super) async fn more_script() -> Response {
    javascript(MORE_SCRIPT)
}

pub(super) async fn english() -> Response {
    javascript(ENGLISH)
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
