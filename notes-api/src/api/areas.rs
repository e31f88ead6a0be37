//! The areas: how each stands, and what one makes of the sample call, with a draft if it is asked for.

use super::App;
use super::access::Asking;
use crate::auth::Person;
use crate::auth::rights::Role;
use crate::error::{ApiError, Problem};
use crate::shown::DraftView;
use crate::shown::areas::{AreaList, AreaPreview, sample_job};
use axum::Json;
use axum::extract::{Path, State};
use referent_proto::{AreaSettings, CallId, DraftKey};

/// Every area: what is in force since when, and what is wrong with its file on disk.
#[utoipa::path(get, path = "/v1/areas", tag = "areas", responses(
    (status = 200, body = AreaList), (status = 401, body = Problem),
))]
pub(super) async fn all(_: Person, State(app): State<App>) -> Json<AreaList> {
    Json(AreaList::of(app.areas.all()))
}

/// The sample call, and which of the area's must-note facts it speaks of. Makes no draft, that is the next one.
#[utoipa::path(get, path = "/v1/areas/{id}/preview", tag = "areas",
    params(("id" = String, Path, description = "name of the area")),
    responses((status = 200, body = AreaPreview), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn preview(
    _: Person,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<AreaPreview>, ApiError> {
    Ok(Json(AreaPreview::of(&in_force(&app, &id)?)))
}

/// A draft of the sample call under the area's settings, by a pipeline and its language model. Stored nowhere. Takes as long
/// as a draft does.
#[utoipa::path(post, path = "/v1/areas/{id}/preview/draft", tag = "areas",
    params(("id" = String, Path, description = "name of the area")),
    responses((status = 200, body = DraftView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 429, body = Problem, description = "too many at once"),
        (status = 503, body = Problem, description = "no pipeline is connected"),
        (status = 504, body = Problem, description = "no draft in time")),
)]
pub(super) async fn draft(
    Asking(session): Asking,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<DraftView>, ApiError> {
    if !session.rights.holds(Role::TeamLead, &id) && !session.is(Role::Administrator) {
        return Err(ApiError::NotAllowed("a team lead of this area, or an administrator"));
    }
    let area = in_force(&app, &id)?;
    let call = CallId::new(u64::try_from(app.clock.now_ms()).unwrap_or_default(), app.chance.bytes());
    let job = sample_job(&area, DraftKey { call, draft: 1, attempt: 1 });
    Ok(Json(app.previews.draft(job).await?))
}

/// The settings that hold in the area of that name.
pub(super) fn in_force(app: &App, name: &str) -> Result<AreaSettings, ApiError> {
    let area = app.areas.all().remove(name).and_then(|area| area.in_force);
    area.map(|held| held.settings).ok_or(ApiError::NotFound("area"))
}
