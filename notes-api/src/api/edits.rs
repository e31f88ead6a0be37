//! Autosave: what a person typed is safe before they save it.

use super::App;
use super::access::InPath;
use super::body::{Body, IfMatch};
use crate::auth::Person;
use crate::error::{ApiError, Problem};
use crate::shown::{EditSaved, EditView, SectionTexts};
use crate::store::notes::{NewEdit, Over};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

/// What the page sends.
#[derive(Deserialize, ToSchema)]
pub(super) struct Edit {
    /// The draft it began from.
    draft: Option<i64>,
    /// Section id to text.
    #[schema(value_type = BTreeMap<String, String>)]
    sections: SectionTexts,
}

/// Keeps what a person typed, over the revision that they saw.
#[utoipa::path(put, path = "/v1/calls/{id}/edit", tag = "notes", request_body = Edit,
    params(
        ("id" = String, Path, description = "UUID of the call"),
        ("If-Match" = String, Header, description = "the revision that the person saw, in quotes; \"0\" if none"),
    ),
    responses(
        (status = 200, body = EditSaved), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 410, body = Problem, description = "the call was discarded"),
        (status = 412, body = Problem, description = "somebody wrote in between; `current` is the edit that stands there"),
        (status = 428, body = Problem, description = "If-Match is missing"),
    ),
)]
pub(super) async fn put(
    Person(by): Person,
    State(app): State<App>,
    InPath(call): InPath,
    IfMatch(over): IfMatch,
    Body(Edit { draft, sections }): Body<Edit>,
) -> Result<Response, ApiError> {
    let edit = NewEdit { over, draft, sections, by };
    match app.store.put_edit(call, edit, app.clock.now_ms()).await? {
        Over::Written(revision) | Over::Repeated(revision) => {
            let etag = [(header::ETAG, format!("\"{revision}\""))];
            Ok((etag, Json(EditSaved { revision })).into_response())
        }
        Over::Conflict(current) => {
            // Where nothing stands, an empty one does: whoever merges needs no case of its own for it.
            let current = current.unwrap_or(EditView { revision: 0, draft: None, sections: SectionTexts::new() });
            Err(ApiError::Changed { current: serde_json::json!(current) })
        }
        Over::Unknown => Err(ApiError::NotFound("call")),
        Over::Discarded => Err(ApiError::Discarded),
        Over::Taken => Err(ApiError::SaveIdTaken),
    }
}
