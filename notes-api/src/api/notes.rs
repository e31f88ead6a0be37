//! Notes: saved over the version that the person saw, once for each `save_id`; and what is told about drafts.

use super::App;
use super::access::{Asking, InPath};
use super::body::{Body, IfMatch};
use crate::auth::Person;
use crate::auth::rights::Role;
use crate::error::{ApiError, Problem};
use crate::shown::{NoteVersions, NoteView, SectionTexts};
use crate::store::audit::{Act, Deed};
use crate::store::drafts::{Lease, Wanted};
use crate::store::notes::{NewVersion, Over};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use referent_proto::Spoken;
use referent_proto::ids::NoteId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What the page sends.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewNote {
    /// UUID made by the page for this save; a repeat returns the same result.
    #[schema(value_type = String)]
    save_id: Uuid,
    /// The edit it was saved from.
    edit_revision: Option<i64>,
    /// The draft it began from.
    draft: Option<i64>,
    /// Section id to text.
    #[schema(value_type = BTreeMap<String, String>)]
    sections: SectionTexts,
    /// Indices of the draft's sentences that the person confirmed, of those with a `confirm`.
    #[serde(default)]
    confirmed: Vec<i64>,
}

/// Saves a version of the call's note.
#[utoipa::path(post, path = "/v1/calls/{id}/notes", tag = "notes", request_body = NewNote,
    params(
        ("id" = String, Path, description = "UUID of the call"),
        ("If-Match" = String, Header, description = "the version that the person saw, in quotes; \"0\" if none"),
    ),
    responses(
        (status = 201, body = NoteView, description = "saved; the same answer for a repeat of the same save_id"),
        (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the save_id belongs to another call"),
        (status = 410, body = Problem, description = "the call was discarded"),
        (status = 412, body = Problem, description = "somebody saved in between; `current` is the note that stands there"),
        (status = 428, body = Problem, description = "If-Match is missing"),
    ),
)]
pub(super) async fn save(
    Person(by): Person,
    State(app): State<App>,
    InPath(call): InPath,
    IfMatch(over): IfMatch,
    Body(NewNote { save_id, edit_revision, draft, sections, confirmed }): Body<NewNote>,
) -> Result<Response, ApiError> {
    let now_ms = app.clock.now_ms();
    let note = NoteId::new(u64::try_from(now_ms).unwrap_or_default(), app.chance.bytes()).to_string();
    let save_id = save_id.hyphenated().to_string();
    let version = NewVersion { over, save_id, note, edit_revision, draft, sections, confirmed, by };
    match app.store.save_note(call, version, now_ms).await? {
        Over::Written(note) => {
            metrics::counter!("referent_notes_saved_total").increment(1);
            if note.version == 1 {
                crate::prometheus::seconds("referent_correction_seconds", note.correction_ms);
                if let Some(correction) = app.store.correction(call).await? {
                    crate::prometheus::correction(correction);
                }
            }
            tracing::info!(%call, version = note.version, correction_ms = note.correction_ms, "a note was saved");
            Ok(created(note))
        }
        Over::Repeated(note) => Ok(created(note)),
        Over::Conflict(current) => {
            let nothing = || serde_json::json!({ "version": 0, "sections": {}, "saved_ms": 0, "correction_ms": null });
            let current = current.map_or_else(nothing, |current| serde_json::json!(current));
            Err(ApiError::Changed { current })
        }
        Over::Unknown => Err(ApiError::NotFound("call")),
        Over::Discarded => Err(ApiError::Discarded),
        Over::Taken => Err(ApiError::SaveIdTaken),
    }
}

fn created(note: NoteView) -> Response {
    (StatusCode::CREATED, [(header::ETAG, format!("\"{}\"", note.version))], Json(note)).into_response()
}

/// Every version of the call's note.
#[utoipa::path(get, path = "/v1/calls/{id}/notes", tag = "notes",
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 200, body = NoteVersions), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn versions(
    Person(by): Person,
    State(app): State<App>,
    InPath(call): InPath,
) -> Result<Json<NoteVersions>, ApiError> {
    let versions = app.store.note_versions(call).await?.ok_or(ApiError::NotFound("call"))?;
    app.tell(Deed::with_call(&by, Act::NoteRead, call)).await?;
    Ok(Json(NoteVersions { versions }))
}

/// Which draft.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct DraftNumber {
    /// 1, 2, …
    number: i64,
}

/// A person sees the draft: from the first time on its correction time runs.
#[utoipa::path(post, path = "/v1/calls/{id}/draft/shown", tag = "drafts", request_body = DraftNumber,
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn draft_shown(
    _: Person,
    State(app): State<App>,
    InPath(call): InPath,
    Body(DraftNumber { number }): Body<DraftNumber>,
) -> Result<StatusCode, ApiError> {
    if app.store.draft_shown(call, number, app.clock.now_ms()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::NotFound("draft"))
    }
}

/// Characters of a wish.
const LONGEST_WISH: usize = 500;

/// What a person wants of another draft; `{}`: the same again.
#[derive(Deserialize, ToSchema)]
pub(super) struct DraftAgain {
    /// Name of an area in force, under whose settings it is written; without one, as the last draft was.
    area: Option<String>,
    /// What the caseworker wants of it, at most 500 characters; a language model is told, and the rules hold all the same.
    #[schema(value_type = Option<String>)]
    wish: Option<Spoken>,
}

/// A person wants another draft, as it was or under another area or with a wish. It is a job like any other, and what comes of
/// it never takes the place of what a person typed. A draft that is being written serves, unless something special is wanted.
#[utoipa::path(post, path = "/v1/calls/{id}/draft/again", tag = "drafts", request_body = DraftAgain,
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 202, body = DraftNumber), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem, description = "the area is none of whoever asks"),
        (status = 404, body = Problem, description = "no such call, or no such area")),
)]
pub(super) async fn draft_again(
    Asking(session): Asking,
    State(app): State<App>,
    InPath(call): InPath,
    Body(DraftAgain { area, wish }): Body<DraftAgain>,
) -> Result<(StatusCode, Json<DraftNumber>), ApiError> {
    let wish = wish.unwrap_or_default();
    if wish.reveal().chars().count() > LONGEST_WISH {
        return Err(ApiError::Malformed(format!("the wish is longer than {LONGEST_WISH} characters; say it shorter")));
    }
    let foreign = |name: &String| !session.rights.holds(Role::Caseworker, name);
    if area.as_ref().is_some_and(foreign) {
        return Err(ApiError::NotAllowed("a caseworker of this area"));
    }
    let by = session.person.clone();
    let area = area.map(|name| super::areas::in_force(&app, &name)).transpose()?;
    let wanted = Wanted { area, wish, by };
    let lease = Lease { lease_ms: app.timing.lease_ms, no_contact_ms: app.timing.no_contact_ms() };
    let number =
        app.store.draft_again(call, wanted, app.clock.now_ms(), lease).await?.ok_or(ApiError::NotFound("call"))?;
    Ok((StatusCode::ACCEPTED, Json(DraftNumber { number })))
}
