//! The areas: how each stands, and what one makes of the sample call.

use super::App;
use crate::auth::Person;
use crate::error::{ApiError, Problem};
use crate::shown::areas::{AreaList, AreaPreview};
use axum::Json;
use axum::extract::{Path, State};

/// Every area: what is in force since when, and what is wrong with its file on disk.
#[utoipa::path(get, path = "/v1/areas", tag = "areas", responses(
    (status = 200, body = AreaList), (status = 401, body = Problem),
))]
pub(super) async fn all(_: Person, State(app): State<App>) -> Json<AreaList> {
    Json(AreaList::of(app.areas.all()))
}

/// The sample call, and which of the area's must-note facts it speaks of. Makes no draft.
#[utoipa::path(get, path = "/v1/areas/{id}/preview", tag = "areas",
    params(("id" = String, Path, description = "name of the area")),
    responses((status = 200, body = AreaPreview), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn preview(
    _: Person,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<AreaPreview>, ApiError> {
    let area = app.areas.all().remove(&id).and_then(|area| area.in_force).ok_or(ApiError::NotFound("area"))?;
    Ok(Json(AreaPreview::of(&area.settings)))
}
