//! The control port: how the command line, the tray, and a telephony reach the running agent.
//!
//! In: HTTP on loopback. Out: JSON, or a problem as RFC 9457 has it.
//! Promised: whoever cannot read `control-token` can do nothing; a web page can do nothing even with it, because Host and
//! Origin are checked, so that a foreign name that points here does not help.
//! Each route is described for OpenAPI 3.1 where it stands (`routes`); `/v1/openapi.json` is made of that.
//! Not done here: no decision; `desk` takes them.

pub mod routes;
pub mod events;
pub mod client;
mod problem;

pub use routes::BeginBody;

use crate::desk::Desk;
use crate::state_dir::Token;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use problem::{Problem, ProblemBody};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The longest body: a path and some ids.
const MAX_BODY: usize = 64 * 1024;
/// Programs that watch the state at once: a tray, and a few of a person who looks closely.
const WATCHERS: usize = 8;
/// The names by which this machine calls itself.
const OWN_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

#[derive(Debug, Clone)]
struct Doors {
    desk: Desk,
    token: Token,
    metrics: PrometheusHandle,
    watchers: Arc<Semaphore>,
    shutdown: CancellationToken,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Referent agent",
        description = "The agent on a caseworker's PC. On loopback only; the token is in the file control-token of state_dir, \
                       anew with each start. Requests of web pages are refused."
    ),
    components(schemas(ProblemBody)),
    security(("token" = []))
)]
struct Described;

fn described() -> OpenApiRouter<Doors> {
    let mut document = Described::openapi();
    let token = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    document.components.get_or_insert_default().add_security_scheme("token", token);
    OpenApiRouter::with_openapi(document)
        .routes(routes!(routes::begin))
        .routes(routes!(routes::hang_up))
        .routes(routes!(routes::pause))
        .routes(routes!(routes::resume))
        .routes(routes!(routes::toggle_pause))
        .routes(routes!(routes::consent))
        .routes(routes!(routes::discard_current))
        .routes(routes!(routes::discard))
        .routes(routes!(routes::give_up))
        .routes(routes!(routes::status))
        .routes(routes!(events::of_status))
}

/// The OpenAPI 3.1 document, as JSON.
///
/// # Panics
/// Never: the document has string keys only.
pub fn openapi_json() -> String {
    let (_, document) = described().split_for_parts();
    document.to_pretty_json().expect("the document has string keys only")
}

/// The whole HTTP interface; who watches is told no more after `shutdown`.
pub fn router(desk: Desk, token: Token, metrics: PrometheusHandle, shutdown: CancellationToken) -> Router {
    let doors = Doors { desk, token, metrics, watchers: Arc::new(Semaphore::new(WATCHERS)), shutdown };
    let (with_token, _) = described().split_for_parts();
    Router::new()
        .route("/metrics", get(metrics_text))
        .route("/v1/openapi.json", get(openapi))
        .merge(with_token.route_layer(from_fn_with_state(doors.clone(), needs_token)))
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::WrongMethod)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn(needs_own_name))
        .with_state(doors)
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi_json()).into_response()
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
