//! When a person was at a call: what the correction time is counted from.

use super::App;
use super::access::InPath;
use super::body::Body;
use crate::activity::{Batch, Stretch};
use crate::auth::Person;
use crate::error::{ApiError, Problem};
use crate::store::activity::Counted;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A page sends what came together in some ten seconds; a night without a network is longer.
const MOST_STRETCHES: usize = 600;
/// No page is open for longer.
const LONGEST_MS: i64 = 30 * 24 * 3_600_000;

/// What a page sends of its person's activity. When, never what.
#[derive(Deserialize, ToSchema)]
pub(super) struct Activity {
    /// UUID of the page, made when it was loaded.
    #[schema(value_type = String)]
    page: Uuid,
    /// 1, 2, …; a repeat changes nothing.
    number: i64,
    /// The page's clock now, milliseconds since it was loaded.
    clock_ms: i64,
    /// In order.
    stretches: Vec<Stretch>,
}

/// Keeps when a person was at a call. Never what they did.
#[utoipa::path(post, path = "/v1/calls/{id}/activity", tag = "figures", request_body = Activity,
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem)),
)]
pub(super) async fn add(
    _: Person,
    State(app): State<App>,
    InPath(call): InPath,
    Body(Activity { page, number, clock_ms, stretches }): Body<Activity>,
) -> Result<StatusCode, ApiError> {
    let came_ms = app.clock.now_ms();
    let is_in_order = stretches.iter().all(|one| 0 <= one.from_ms && one.from_ms <= one.to_ms && one.to_ms <= clock_ms);
    if number < 1 || !(0..=LONGEST_MS).contains(&clock_ms) || !is_in_order || stretches.len() > MOST_STRETCHES {
        return Err(ApiError::Malformed(format!(
            "activity is at most {MOST_STRETCHES} stretches with 0 <= from_ms <= to_ms <= clock_ms, numbered from 1"
        )));
    }
    let batch = Batch { page: page.hyphenated().to_string(), clock_ms, came_ms, stretches };
    match app.store.add_activity(call, number, batch).await? {
        Counted::Yes | Counted::Full => Ok(StatusCode::NO_CONTENT),
        Counted::NoCall => Err(ApiError::NotFound("call")),
    }
}
