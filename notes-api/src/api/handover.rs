//! A call is handed over: by whoever sees it, or by the team lead of its area.

use super::App;
use super::access::{Asking, call_in_path};
use super::body::Body;
use crate::auth::rights::Role;
use crate::error::{ApiError, Problem};
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use referent_identity::who::Subject;
use referent_proto::CallId;
use serde::Deserialize;
use utoipa::ToSchema;

/// To whom.
#[derive(Deserialize, ToSchema)]
pub(super) struct Handover {
    /// Their name, as they log in.
    to: String,
}

/// A call that whoever asks may hand over, though a team lead does not see its words.
pub(super) struct Handed {
    call: CallId,
    by: String,
}

impl FromRequestParts<App> for Handed {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Asking(session) = Asking::from_request_parts(parts, app).await?;
        let call = call_in_path(parts, app).await?;
        let area = app.store.area_of(call).await?.ok_or(ApiError::NotFound("call"))?;
        let may = match session.only() {
            None => true,
            Some(_) if session.rights.holds(Role::TeamLead, &area) => true,
            Some(person) => app.store.sees(call, person).await?,
        };
        if may { Ok(Self { call, by: session.person.clone() }) } else { Err(ApiError::NotFound("call")) }
    }
}

/// Lets somebody else see the call and write its note, as if it were theirs. It stays with whoever had it as well.
#[utoipa::path(post, path = "/v1/calls/{id}/handover", tag = "calls", request_body = Handover,
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem)),
)]
pub(super) async fn hand_over(
    Handed { call, by }: Handed,
    State(app): State<App>,
    Body(Handover { to }): Body<Handover>,
) -> Result<StatusCode, ApiError> {
    let to: Subject = to.parse().map_err(|error| ApiError::Malformed(format!("`to`: {error}")))?;
    app.store.hand_over(call, to.to_string(), by, app.clock.now_ms()).await?;
    // Whoever has the list open sees it there.
    app.store.live().changed(call);
    Ok(StatusCode::NO_CONTENT)
}
