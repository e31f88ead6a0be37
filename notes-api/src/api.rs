//! The HTTP side: what panes and case systems ask for, and what they may change.
//!
//! In: HTTP/JSON. Out: JSON of [`crate::shown`], RFC 9457 problems, server-sent events, the page, `/metrics`.
//! Promises:
//!   A1  A request by another host name, or a change from another page, is refused before anything else happens.
//!   A2  Every answer carries the headers that keep a browser from guessing, framing or storing it.
//!   A3  What is not public needs a session.
//!   A4  No word of a call is given before it is written down who read it (`store::audit`).
//! Each route is described for OpenAPI 3.1 where it stands; `/v1/openapi.json` is made of that.
//! Not done here: no SQL, no decision about calls.

mod access;
mod activity;
mod areas;
mod body;
mod calls;
mod case_check;
mod changes;
mod deliveries;
mod edits;
mod enrolments;
mod events;
mod handover;
mod login;
mod notes;
mod page;
mod retention;
mod session;

use crate::areas::Areas;
use crate::auth::Auth;
use crate::auth::source::is_loopback_name;
use crate::clock::{Chance, Clock};
use crate::config::{RetentionConfig, Timing};
use crate::error::{ApiError, Problem};
use crate::previews::Previews;
use crate::shown::PresenceView;
use crate::store::Store;
use crate::store::audit::Deed;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::tz::TimeZone;
use metrics_exporter_prometheus::PrometheusHandle;
use referent_identity::code::Pin;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The largest request: an hour of typing is far below.
const BODY_BYTES: usize = 1_000_000;

/// What the routes need.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) areas: Areas,
    pub(crate) previews: Previews,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) timing: Timing,
    pub(crate) retention: RetentionConfig,
    pub(crate) zone: TimeZone,
    pub(crate) auth: Arc<Auth>,
    /// What codes carry of this server's authority, if it has one.
    pub(crate) pin: Option<Pin>,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) shutdown: CancellationToken,
}

impl App {
    /// A4.
    async fn tell(&self, deed: Deed) -> Result<(), ApiError> {
        Ok(self.store.tell(deed, self.clock.now_ms()).await?)
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Referent notes-api",
        description = "Calls, their transcripts, drafts, edits and notes. Times are UTC milliseconds; offsets are samples of call time."
    ),
    components(schemas(Problem, PresenceView))
)]
struct Described;

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(session::open, session::show, session::end))
        .routes(routes!(session::launch))
        .routes(routes!(enrolments::own))
        .routes(routes!(login::begin))
        .routes(routes!(login::back))
        .routes(routes!(calls::list))
        .routes(routes!(calls::one))
        .routes(routes!(calls::suppressed))
        .routes(routes!(calls::pause))
        .routes(routes!(calls::resume))
        .routes(routes!(calls::discard))
        .routes(routes!(handover::hand_over))
        .routes(routes!(case_check::check))
        .routes(routes!(events::of_call))
        .routes(routes!(events::of_all))
        .routes(routes!(edits::put))
        .routes(routes!(notes::save))
        .routes(routes!(notes::versions))
        .routes(routes!(notes::draft_shown))
        .routes(routes!(notes::draft_again))
        .routes(routes!(calls::corrections))
        .routes(routes!(activity::add))
        .routes(routes!(areas::all))
        .routes(routes!(areas::preview))
        .routes(routes!(areas::draft))
        .routes(routes!(retention::kept))
        .routes(routes!(retention::hold))
        .routes(routes!(retention::release))
        .routes(routes!(retention::erase))
        .routes(routes!(retention::export))
        .routes(routes!(changes::since))
        .routes(routes!(changes::version))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::one))
        .routes(routes!(deliveries::replay))
        .routes(routes!(deliveries::destinations))
        .routes(routes!(deliveries::enable))
        .routes(routes!(deliveries::disable))
}

/// The OpenAPI 3.1 document, as JSON.
///
/// # Panics
/// Never: the document has string keys only.
pub fn openapi_json() -> String {
    let (_, document) = described().split_for_parts();
    document.to_pretty_json().expect("the document has string keys only")
}

/// Every route.
pub(crate) fn router(app: App) -> Router {
    let (routes, _) = described().split_for_parts();
    routes
        .route("/", get(page::index))
        .route("/pane.js", get(page::script))
        .route("/more.js", get(page::more_script))
        .route("/en.js", get(page::english))
        .route("/person.js", get(page::person_script))
        .route(page::FRAMED, get(page::embed))
        .route("/embed.js", get(page::embed_script))
        .route("/referent-pane.js", get(page::host_script))
        .route("/areas", get(page::areas))
        .route("/areas.js", get(page::areas_script))
        .route("/manager", get(page::manager))
        .route("/manager.js", get(page::manager_script))
        .route("/metrics", get(metrics))
        .route("/v1/openapi.json", get(openapi))
        .fallback(nothing_here)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), from_here_only))
        .layer(from_fn_with_state(app.clone(), watched))
        .with_state(app)
}

async fn nothing_here() -> ApiError {
    ApiError::NotFound("page")
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi_json()).into_response()
}

/// For Prometheus, without a session: counts and durations, no words.
async fn metrics(State(app): State<App>, headers: HeaderMap) -> Response {
    // Through a proxy that serves the page they would be everybody's.
    let is_here = headers.get(header::HOST).and_then(|host| host.to_str().ok()).is_some_and(is_loopback_name);
    if !is_here {
        return ApiError::NotFound("page").into_response();
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render()).into_response()
}

/// A1.
async fn from_here_only(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.auth.names.check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// A2, and the count for `/metrics`.
async fn watched(State(app): State<App>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let began = app.clock.now_ms();
    let mut response = next.run(request).await;
    let status = response.status();
    tracing::debug!(%method, path, status = status.as_u16(), ms = app.clock.now_ms() - began, "request");
    metrics::counter!("referent_http_requests_total", "class" => class(status)).increment(1);
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if path == page::FRAMED {
        // Older than `frame-ancestors`, and knows no list.
        headers.remove(header::X_FRAME_OPTIONS);
    }
    if app.auth.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        0..400 => "ok",
        400..500 => "refused",
        _ => "failed",
    }
}

const HEADERS: [(HeaderName, &str); 8] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];
