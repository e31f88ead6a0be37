//! Before a note is saved beside a case: is the call about it?

use super::App;
use super::access::InPath;
use super::body::Body;
use crate::auth::Person;
use crate::case_check::{Named, OfCase, foreign};
use crate::error::{ApiError, Problem};
use crate::shown::EvidenceView;
use crate::store::audit::{Act, Deed};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More than a case has.
const MOST: usize = 50;

/// What the case system says of its case. Nothing of it is kept.
#[derive(Deserialize, ToSchema)]
pub(super) struct Case {
    /// Its people and businesses; at most 50.
    identifiers: Vec<OfCase>,
}

/// A number that was said and that the case does not have.
#[derive(Serialize, ToSchema)]
pub(super) struct ForeignView {
    /// What it names.
    kind: Named,
    /// As it is written in a note.
    said: String,
    /// Where it was said.
    evidence: EvidenceView,
    /// In how many digits it differs from the nearest of the case: one may be misheard.
    differs_in: usize,
}

/// What speaks against the case.
#[derive(Serialize, ToSchema)]
pub(super) struct CaseChecked {
    /// In the order of the call; empty: nothing speaks against it.
    foreign: Vec<ForeignView>,
}

/// Holds the numbers that were said in a call against those of the case that stands open.
#[utoipa::path(post, path = "/v1/calls/{id}/case-check", tag = "calls", request_body = Case,
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 200, body = CaseChecked), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem)),
)]
pub(super) async fn check(
    Person(by): Person,
    InPath(call): InPath,
    State(app): State<App>,
    Body(Case { identifiers }): Body<Case>,
) -> Result<Json<CaseChecked>, ApiError> {
    if identifiers.len() > MOST {
        return Err(ApiError::Malformed(format!("a case has at most {MOST} identifiers here")));
    }
    let utterances = app.store.utterances(call).await?;
    app.tell(Deed::with_call(&by, Act::TranscriptRead, call)).await?;
    let foreign = foreign(&utterances, &identifiers)
        .into_iter()
        .map(|one| {
            let evidence = one.at.into();
            ForeignView { kind: one.kind, said: one.said, evidence, differs_in: one.differs_in }
        })
        .collect();
    Ok(Json(CaseChecked { foreign }))
}
