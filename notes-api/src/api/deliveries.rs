//! What was sent to other systems, for administrators: look, send once more, stop and go on.

use super::App;
use super::body::Asked;
use crate::auth::Administrator;
use crate::error::{ApiError, Problem};
use crate::shown::outbox::{
    DeliveryDetail, DeliveryList, DeliveryState, DeliveryView, DestinationList, DestinationView,
};
use crate::store::audit::{Act, Deed};
use crate::store::outbox::{Filter, Replayed};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

/// Deliveries in a list that does not say how many.
const USUAL: i64 = 50;
/// The longest list.
const MOST: i64 = 200;

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// waiting, sending, delivered, dead or withdrawn; any unless given.
    state: Option<DeliveryState>,
    /// To this destination; to any unless given.
    destination: Option<String>,
    /// `next` of the page before; from the newest unless given.
    after: Option<String>,
    /// 1 to 200; 50 unless given.
    limit: Option<i64>,
}

/// Deliveries, the newest first.
#[utoipa::path(get, path = "/v1/deliveries", tag = "delivery", params(Which), responses(
    (status = 200, body = DeliveryList), (status = 400, body = Problem), (status = 401, body = Problem),
))]
pub(super) async fn list(
    Administrator(by): Administrator,
    State(app): State<App>,
    Asked(Which { state, destination, after, limit }): Asked<Which>,
) -> Result<Json<DeliveryList>, ApiError> {
    let after = after.map(|text| {
        let (number, name) = text.split_once('.')?;
        Some((number.parse().ok()?, name.to_owned()))
    });
    let after = match after {
        Some(None) => {
            return Err(ApiError::Malformed("`after` is not what this server gave out; take `next`".to_owned()));
        }
        Some(place) => place,
        None => None,
    };
    let limit = limit.unwrap_or(USUAL).clamp(1, MOST);
    let found = app.store.deliveries(Filter { state, destination, after }, limit).await?;
    app.tell(Deed::with(&by, Act::DeliveriesRead, "deliveries")).await?;
    Ok(Json(found))
}

/// One delivery and its attempts.
#[utoipa::path(get, path = "/v1/deliveries/{id}", tag = "delivery",
    params(("id" = String, Path, description = "the webhook-id")),
    responses((status = 200, body = DeliveryDetail), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn one(
    Administrator(by): Administrator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<DeliveryDetail>, ApiError> {
    let found = app.store.delivery(id).await?.ok_or(ApiError::NotFound("delivery"))?;
    app.tell(Deed::with(&by, Act::DeliveriesRead, format!("delivery/{}", found.delivery.id))).await?;
    Ok(Json(found))
}

/// Sends a delivery once more, or at once instead of later: under the same id, with all its days before it.
#[utoipa::path(post, path = "/v1/deliveries/{id}/replay", tag = "delivery",
    params(("id" = String, Path, description = "the webhook-id")),
    responses((status = 202, body = DeliveryView), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "it is under way"),
        (status = 410, body = Problem, description = "its note was erased")),
)]
pub(super) async fn replay(
    Administrator(by): Administrator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<DeliveryView>), ApiError> {
    match app.store.replay_delivery(id, by, app.clock.now_ms()).await?.ok_or(ApiError::NotFound("delivery"))? {
        Replayed::Waits(view) => Ok((StatusCode::ACCEPTED, Json(*view))),
        Replayed::Busy => Err(ApiError::UnderWay),
        Replayed::Withdrawn => Err(ApiError::Withdrawn),
    }
}

/// How every destination stands.
#[utoipa::path(get, path = "/v1/destinations", tag = "delivery", responses(
    (status = 200, body = DestinationList), (status = 401, body = Problem),
))]
pub(super) async fn destinations(
    Administrator(by): Administrator,
    State(app): State<App>,
) -> Result<Json<DestinationList>, ApiError> {
    let destinations = app.store.destinations().await?;
    app.tell(Deed::with(&by, Act::DeliveriesRead, "destinations")).await?;
    Ok(Json(DestinationList { destinations }))
}

/// Sends to a destination again, and at once; what waits has all its days before it.
#[utoipa::path(post, path = "/v1/destinations/{name}/enable", tag = "delivery",
    params(("name" = String, Path, description = "its name in the configuration")),
    responses((status = 200, body = DestinationView), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn enable(
    Administrator(by): Administrator,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<DestinationView>, ApiError> {
    let view = app.store.enable_destination(name, by, app.clock.now_ms()).await?;
    view.map(Json).ok_or(ApiError::NotFound("destination"))
}

/// Sends nothing more to a destination; what is saved meanwhile waits.
#[utoipa::path(post, path = "/v1/destinations/{name}/disable", tag = "delivery",
    params(("name" = String, Path, description = "its name in the configuration")),
    responses((status = 200, body = DestinationView), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn disable(
    Administrator(by): Administrator,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<DestinationView>, ApiError> {
    let view = app.store.disable_destination(name, by, app.clock.now_ms()).await?;
    view.map(Json).ok_or(ApiError::NotFound("destination"))
}
