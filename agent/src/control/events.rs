//! What the agent does, told as it changes: how a tray stays true without asking.
//!
//! In: the desk, looked at ten times a second, because a state follows what did *not* arrive as much as what did. Out:
//! server-sent events `state`, each a whole [`Now`], at every change and at least every [`TELLS_EVERY`].
//! Promised: whoever heard nothing for [`COUNTS_FOR`] knows nothing, and says so; an agent that hangs tells nothing.
//! Not done here: no ids, no history; what was missed is not told again, because only now counts.

use super::Doors;
use super::problem::{Problem, ProblemBody};
use crate::desk::Desk;
use crate::desk::report::Now;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use futures_util::stream::{Stream, unfold};
use referent_proto::{AgentStateKind, CallId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often is looked.
const LOOKS_EVERY: Duration = Duration::from_millis(100);
/// Nothing new is told so often.
pub const TELLS_EVERY: Duration = Duration::from_millis(300);
/// For so long what was told may be shown: with the way to the screen, under a second.
pub const COUNTS_FOR: Duration = Duration::from_millis(800);

/// The state of the agent, at every change and at least every 0.3 s.
#[utoipa::path(get, path = "/v1/status/events", tag = "status", responses(
    (status = 200, content_type = "text/event-stream", body = Now, description = "events `state`, each with one of these"),
    (status = 401, body = ProblemBody),
    (status = 503, body = ProblemBody, description = "too many watch already"),
))]
pub(super) async fn of_status(State(doors): State<Doors>) -> Result<impl IntoResponse, Problem> {
    let permit = Arc::clone(&doors.watchers).try_acquire_owned().map_err(|_| Problem::TooManyWatch)?;
    Ok(Sse::new(changes(doors.desk, doors.shutdown, permit)))
}

/// One who watches.
struct Watcher {
    desk: Desk,
    shutdown: CancellationToken,
    looks: Interval,
    told: Option<(Told, Instant)>,
    _place: OwnedSemaphorePermit,
}

/// What makes two states different to a person.
#[derive(PartialEq)]
struct Told {
    state: AgentStateKind,
    reason: &'static str,
    call: Option<(CallId, bool)>,
}

impl Told {
    fn of(now: &Now) -> Self {
        let call = now.call.as_ref().map(|call| (call.id, call.is_paused));
        Self { state: now.state, reason: now.reason.en, call }
    }
}

fn changes(
    desk: Desk,
    shutdown: CancellationToken,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, axum::Error>> {
    let mut looks = interval(LOOKS_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watcher = Watcher { desk, shutdown, looks, told: None, _place: place };
    unfold(watcher, async |mut watcher| {
        let shutdown = watcher.shutdown.clone();
        let now = shutdown.run_until_cancelled(watcher.next()).await?;
        Some((Event::default().event("state").json_data(&now), watcher))
    })
}

impl Watcher {
    /// The state, when it is to be told.
    async fn next(&mut self) -> Now {
        loop {
            let at = self.looks.tick().await;
            let now = self.desk.now().await;
            let found = Told::of(&now);
            if self.told.as_ref().is_none_or(|(told, when)| *told != found || at - *when >= TELLS_EVERY) {
                self.told = Some((found, at));
                return now;
            }
        }
    }
}
