//! Calls: the list, one of them, what is not believed of it, discarding it; and figures over many.

use super::App;
use super::access::{Asking, InPath};
use super::body::Asked as InQuery;
use crate::auth::rights::Role;
use crate::auth::{Person, Session};
use crate::corrections::{By, Corrections, of_one, of_team, whole_weeks};
use crate::error::{ApiError, Problem};
use crate::shown::{CallDetail, CallList, CommandPending, DiscardReceipt, SuppressedList};
use crate::store::audit::{Act, Deed};
use crate::store::calls::Listed;
use crate::store::commands::{Asked, Discarding};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use referent_proto::{CallId, Command, CommandId, CommandKind};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::IntoParams;

/// Calls in a list that does not say how many.
const USUAL: i64 = 50;
/// The longest list.
const MOST: i64 = 200;

/// Which calls, and how many.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// 1 to 200; 50 unless given.
    limit: Option<i64>,
    /// Only those of this case.
    case_id: Option<String>,
    /// Those of the team that whoever asks leads, whose words they do not see; without it their own.
    #[serde(default)]
    team: bool,
}

/// The newest calls: one's own and those handed over, or a team's. Without a login everybody's.
#[utoipa::path(get, path = "/v1/calls", tag = "calls", params(Wanted), responses(
    (status = 200, body = CallList), (status = 401, body = Problem),
    (status = 403, body = Problem, description = "a team's, for somebody who leads none"),
))]
pub(super) async fn list(
    Asking(session): Asking,
    State(app): State<App>,
    InQuery(Wanted { limit, case_id, team }): InQuery<Wanted>,
) -> Result<Json<CallList>, ApiError> {
    let limit = limit.unwrap_or(USUAL).clamp(1, MOST);
    let which = if team {
        Listed { limit, case_id, areas: areas_led(&session, None)?, ..Listed::default() }
    } else {
        Listed { limit, case_id, person: session.only(), ..Listed::default() }
    };
    Ok(Json(CallList { calls: app.store.summaries(which).await? }))
}

/// Everything about a call, at one moment; its events go on from `sequence`.
#[utoipa::path(get, path = "/v1/calls/{id}", tag = "calls",
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 200, body = CallDetail), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn one(
    Person(by): Person,
    State(app): State<App>,
    InPath(call): InPath,
) -> Result<Json<CallDetail>, ApiError> {
    let mut detail = app.store.detail(call).await?.ok_or(ApiError::NotFound("call"))?;
    app.tell(Deed::with_call(&by, Act::TranscriptRead, call)).await?;
    detail.agent = app.store.live().agent(call);
    Ok(Json(detail))
}

/// The texts that are not believed, with the reasons.
#[utoipa::path(get, path = "/v1/calls/{id}/suppressed", tag = "calls",
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 200, body = SuppressedList), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn suppressed(
    Person(by): Person,
    State(app): State<App>,
    InPath(call): InPath,
) -> Result<Json<SuppressedList>, ApiError> {
    let suppressed = app.store.suppressed(call).await?.ok_or(ApiError::NotFound("call"))?;
    app.tell(Deed::with_call(&by, Act::SuppressedRead, call)).await?;
    Ok(Json(SuppressedList { suppressed }))
}

/// Erases a call to which the citizen objects: every word, draft and typed text, but not a saved note. A repeat returns the
/// receipt anew.
#[utoipa::path(post, path = "/v1/calls/{id}/discard", tag = "calls",
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 200, body = DiscardReceipt), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the call is over, and a legal hold is on it")),
)]
pub(super) async fn discard(
    Person(by): Person,
    State(app): State<App>,
    InPath(call): InPath,
) -> Result<Json<DiscardReceipt>, ApiError> {
    let now_ms = app.clock.now_ms();
    let command = CommandId::new(u64::try_from(now_ms).unwrap_or_default(), app.chance.bytes());
    let receipt = match app.store.discard_unless_held(call, command, by, now_ms).await? {
        Discarding::Done(receipt) => receipt,
        Discarding::Held => return Err(ApiError::Held),
        Discarding::Unknown => return Err(ApiError::NotFound("call")),
    };
    tracing::info!(%call, note_kept = receipt.note_kept, "a call was discarded");
    Ok(Json(receipt))
}

/// Asks the agent to record nothing until it is asked to go on. Its state tells when it does: within a second while it is
/// in contact, else when it comes back.
#[utoipa::path(post, path = "/v1/calls/{id}/pause", tag = "calls",
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 202, body = CommandPending), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the call has ended")),
)]
pub(super) async fn pause(
    person: Person,
    State(app): State<App>,
    InPath(call): InPath,
) -> Result<(StatusCode, Json<CommandPending>), ApiError> {
    ask(&app, call, CommandKind::Pause, person).await
}

/// Asks the agent to go on after a pause.
#[utoipa::path(post, path = "/v1/calls/{id}/resume", tag = "calls",
    params(("id" = String, Path, description = "UUID of the call")),
    responses((status = 202, body = CommandPending), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the call has ended")),
)]
pub(super) async fn resume(
    person: Person,
    State(app): State<App>,
    InPath(call): InPath,
) -> Result<(StatusCode, Json<CommandPending>), ApiError> {
    ask(&app, call, CommandKind::Resume, person).await
}

async fn ask(
    app: &App,
    call: CallId,
    kind: CommandKind,
    Person(by): Person,
) -> Result<(StatusCode, Json<CommandPending>), ApiError> {
    let now_ms = app.clock.now_ms();
    let id = CommandId::new(u64::try_from(now_ms).unwrap_or_default(), app.chance.bytes());
    match app.store.ask(call, Command { id, kind }, by, now_ms).await?.ok_or(ApiError::NotFound("call"))? {
        Asked::Over => Err(ApiError::Over),
        Asked::Pending(command) => {
            tracing::info!(%call, %kind, "the agent is asked");
            Ok((StatusCode::ACCEPTED, Json(CommandPending { command: command.to_string() })))
        }
    }
}

/// Which calls.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Hung up at or after, UTC milliseconds; from the first unless given.
    from_ms: Option<i64>,
    /// Hung up before, UTC milliseconds; to the last unless given.
    to_ms: Option<i64>,
    /// Only this area.
    area: Option<String>,
    /// Divided by this; of a team only.
    group_by: Option<By>,
    /// Only calls of whoever asks, all of them. Without it those of everybody, where there are enough.
    #[serde(default)]
    mine: bool,
}

/// Correction times with their definition: a team's, or one's own.
#[utoipa::path(get, path = "/v1/metrics/corrections", tag = "figures", params(Which),
    responses((status = 200, body = Corrections), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem, description = "a team's, for somebody who does not lead it")),
)]
pub(super) async fn corrections(
    Asking(session): Asking,
    State(app): State<App>,
    InQuery(Which { from_ms, to_ms, area, group_by, mine }): InQuery<Which>,
) -> Result<Json<Corrections>, ApiError> {
    let areas = if mine { area.map(|area| [area].into()) } else { areas_led(&session, area)? };
    app.tell(Deed::with(&session.person, Act::FiguresRead, "figures/corrections")).await?;
    let now_ms = app.clock.now_ms();
    let asked = (from_ms.unwrap_or(0), to_ms.unwrap_or(now_ms));
    if mine {
        let rows = app.store.figures(asked, areas, session.only()).await?;
        return Ok(Json(of_one(&rows)));
    }
    let rows = app.store.figures(whole_weeks(asked, &app.zone), areas, None).await?;
    Ok(Json(of_team(&rows, group_by, &app.zone, now_ms)))
}

/// The areas that somebody leads, of these or of all; all there are (`None`) where their role holds everywhere.
fn areas_led(session: &Session, area: Option<String>) -> Result<Option<BTreeSet<String>>, ApiError> {
    if !session.is(Role::TeamLead) {
        return Err(ApiError::NotAllowed("a team lead"));
    }
    match area {
        Some(area) if !session.rights.holds(Role::TeamLead, &area) => {
            Err(ApiError::NotAllowed("a team lead of this area"))
        }
        Some(area) => Ok(Some([area].into())),
        None => Ok(session.rights.areas.clone()),
    }
}
