//! Pull: what changed of all notes since a place, and one version with its text. For systems that keep notes elsewhere.

use super::App;
use super::access::CaseSystem;
use super::body::Asked;

use crate::delivery::Cursor;
use crate::error::{ApiError, Problem};
use crate::shown::outbox::{ChangeList, ChangeView};
use crate::store::audit::{Act, Deed};
use crate::store::outbox::Texts;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::IntoParams;

/// Changes in an answer that does not say how many.
const USUAL: i64 = 50;
/// The most.
const MOST: i64 = 200;

/// From where, how many, and with what.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// `next` of the last answer; from the first change unless given.
    since: Option<String>,
    /// 1 to 200; 50 unless given. There may be fewer, whether or not there are more.
    limit: Option<i64>,
    /// With what is written; each note is then told in the audit as read.
    #[serde(default)]
    sections: bool,
}

/// What changed of all notes since a place, in the order in which it became visible. `next` is always there: whoever pulls with it
/// until nothing is new misses nothing, and gets nothing twice.
#[utoipa::path(get, path = "/v1/notes", tag = "case systems", params(Place), responses(
    (status = 200, body = ChangeList), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 409, body = Problem, description = "the place is none of this database"),
))]
pub(super) async fn since(
    CaseSystem(by): CaseSystem,
    State(app): State<App>,
    Asked(Place { since, limit, sections }): Asked<Place>,
) -> Result<Json<ChangeList>, ApiError> {
    let since = since.map_or(Ok(Cursor::BEGIN), |text| text.parse()).map_err(|_| {
        ApiError::Malformed("`since` is not what this server gave out; take `next` of the last answer".to_owned())
    })?;
    let limit = limit.unwrap_or(USUAL).clamp(1, MOST);
    let texts = if sections { Texts::With } else { Texts::Without };
    let page = app.store.changes_since(since, limit, texts).await?.ok_or(ApiError::NoSuchPlace)?;
    let deeds = told(&by, &page.changes);
    if !deeds.is_empty() {
        app.store.tell_all(deeds, app.clock.now_ms()).await?;
    }
    Ok(Json(ChangeList { changes: page.changes, next: page.next.to_string(), more: page.more }))
}

/// Whose notes are read by this answer; a poll that brings nothing is not worth a word.
fn told(by: &str, changes: &[ChangeView]) -> Vec<Deed> {
    let read: BTreeSet<_> = changes.iter().filter(|it| it.sections.is_some()).map(|it| it.call.to_string()).collect();
    let mut deeds: Vec<Deed> = read.iter().map(|call| Deed::with(by, Act::NoteRead, format!("call/{call}"))).collect();
    if !changes.is_empty() {
        deeds.push(Deed::with(by, Act::ChangesRead, "notes"));
    }
    deeds
}

/// One version of a note, with its text.
#[utoipa::path(get, path = "/v1/notes/{note}/versions/{version}", tag = "case systems",
    params(("note" = String, Path, description = "UUID of the note"), ("version" = i64, Path, description = "1, 2, …")),
    responses((status = 200, body = ChangeView), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn version(
    CaseSystem(by): CaseSystem,
    State(app): State<App>,
    Path((note, version)): Path<(String, String)>,
) -> Result<Json<ChangeView>, ApiError> {
    let version = version.parse().map_err(|_| ApiError::NotFound("version"))?;
    let found = app.store.note_version(note, version).await?.ok_or(ApiError::NotFound("version"))?;
    app.tell(Deed::with_call(&by, Act::NoteRead, found.call)).await?;
    Ok(Json(found))
}
