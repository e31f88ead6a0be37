//! For how long what is kept of a call, legal holds, erasure, and all of a call for somebody's right of access.

use super::App;
use super::access::{Administered, Overseen};
use super::body::Body;
use crate::error::{ApiError, Problem};
use crate::retention::command::checked;
use crate::shown::export::CallExport;
use crate::shown::retention::{ErasureView, HoldView, RetentionView};
use crate::store::audit::{Act, Deed};
use crate::store::retention::Erasing;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use referent_proto::CommandId;
use serde::Deserialize;
use utoipa::ToSchema;

/// Why something is done.
#[derive(Deserialize, ToSchema)]
pub(super) struct Reason {
    /// At most 200 characters, without what was said and without names: it is kept for good.
    reason: String,
}

impl Reason {
    fn checked(&self) -> Result<String, ApiError> {
        checked(&self.reason).map_err(|error| ApiError::Malformed(error.to_string()))
    }
}

/// What is kept of a call and until when, what keeps it longer, its holds, and the receipts of what was erased.
#[utoipa::path(get, path = "/v1/calls/{id}/retention", tag = "retention",
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 200, body = RetentionView), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn kept(Overseen(call): Overseen, State(app): State<App>) -> Result<Json<RetentionView>, ApiError> {
    let days = app.retention.unsaved_edit_days;
    let kept = app.store.retention(call, app.clock.now_ms(), days).await?.ok_or(ApiError::NotFound("call"))?;
    Ok(Json(RetentionView { backup_days: app.retention.backup_days, ..kept }))
}

/// Puts a legal hold on a call: nothing of it is erased until every hold is released.
#[utoipa::path(post, path = "/v1/calls/{id}/holds", tag = "retention", request_body = Reason,
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 201, body = HoldView), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)),
)]
pub(super) async fn hold(
    Administered { by, call }: Administered,
    State(app): State<App>,
    Body(reason): Body<Reason>,
) -> Result<(StatusCode, Json<HoldView>), ApiError> {
    let hold = app.store.set_hold(call, reason.checked()?, by, app.clock.now_ms()).await?;
    let hold = hold.ok_or(ApiError::NotFound("call"))?;
    tracing::info!(%call, hold = hold.number, "a legal hold is on a call");
    Ok((StatusCode::CREATED, Json(hold)))
}

/// Takes a legal hold off a call. A repeat changes nothing.
#[utoipa::path(post, path = "/v1/calls/{id}/holds/{hold}/release", tag = "retention", request_body = Reason,
    params(
        ("id" = String, Path, description = "UUID of the call"),
        ("hold" = i64, Path, description = "number of the hold"),
    ),
    responses((status = 200, body = HoldView), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)),
)]
pub(super) async fn release(
    Administered { by, call }: Administered,
    State(app): State<App>,
    Path(path): Path<(String, String)>,
    Body(reason): Body<Reason>,
) -> Result<Json<HoldView>, ApiError> {
    let number: i64 = path.1.parse().map_err(|_| ApiError::NotFound("hold"))?;
    let hold = app.store.release_hold(call, number, reason.checked()?, by, app.clock.now_ms()).await?;
    let hold = hold.ok_or(ApiError::NotFound("hold"))?;
    tracing::info!(%call, hold = number, "a legal hold is released");
    Ok(Json(hold))
}

/// Erases a call with its note and whose it was. What stays is the receipts, the audit, and numbers without content, from which
/// figures are made. A repeat returns the receipts anew.
#[utoipa::path(post, path = "/v1/calls/{id}/erase", tag = "retention", request_body = Reason,
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 200, body = ErasureView), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "the call goes on, or a hold is on it")),
)]
pub(super) async fn erase(
    Administered { by, call }: Administered,
    State(app): State<App>,
    Body(reason): Body<Reason>,
) -> Result<Json<ErasureView>, ApiError> {
    let now_ms = app.clock.now_ms();
    let command = CommandId::new(u64::try_from(now_ms).unwrap_or_default(), app.chance.bytes());
    match app.store.erase(call, command, reason.checked()?, by, now_ms).await? {
        Erasing::Done(receipts) => {
            tracing::info!(%call, "a call was erased");
            Ok(Json(ErasureView { receipts, backup_days: app.retention.backup_days }))
        }
        Erasing::Held => Err(ApiError::Held),
        Erasing::Live => Err(ApiError::GoesOn),
        Erasing::Unknown => Err(ApiError::NotFound("call")),
    }
}

/// All that is known of a call: heard, drafted and by which model, changed by whom, read by whom, and until when it is kept.
#[utoipa::path(get, path = "/v1/calls/{id}/export", tag = "retention",
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 200, body = CallExport), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn export(
    Administered { by, call }: Administered,
    State(app): State<App>,
) -> Result<Json<CallExport>, ApiError> {
    let (now_ms, days) = (app.clock.now_ms(), app.retention.unsaved_edit_days);
    let mut export = app.store.export(call, now_ms, days).await?.ok_or(ApiError::NotFound("call"))?;
    export.retention.backup_days = app.retention.backup_days;
    app.tell(Deed::with_call(&by, Act::CallExported, call)).await?;
    Ok(Json(export))
}
