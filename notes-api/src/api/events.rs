//! Server-sent events: what happens to one call, and that something happens to any.
//!
//! In: events in the database, and the wake-ups and fleeting things of `live`. Out: SSE, whose ids are the call's own
//! sequence. Promised: a page that says what it saw last misses no durable event and gets none twice; partials and
//! heartbeats carry no id and may be lost. A reader that does not read costs nothing but its place: the stream is
//! pulled, not pushed. Something is sent at least every 10 s, so that silence means a broken line.

use super::App;
use super::access::{Asking, InPath};
use super::body::Asked;
use crate::auth::Session;
use crate::error::{ApiError, Problem};
use crate::live::{LiveEvent, PresenceChanges};
use crate::store::audit::{Act, Deed};
use crate::store::events::{PAGE, StoredEvent};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use referent_proto::CallId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use utoipa::IntoParams;

const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How often a stream looks whether its session is over.
const STANDING: Duration = Duration::from_secs(10);

/// What the page saw last.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct After {
    /// Sequence; `Last-Event-ID` does as well. From the first event on unless given.
    after: Option<i64>,
}

type Answer<S> = Sse<axum::response::sse::KeepAliveStream<S>>;

/// The events of one call after a sequence, then those to come.
#[utoipa::path(get, path = "/v1/calls/{id}/events", tag = "events",
    params(("id" = String, Path, description = "UUID of the call"), After),
    responses(
        (status = 200, content_type = "text/event-stream", description = "utterance, gap, not_transcribed, suppressed, \
            state, draft_started, draft_sentence, draft_finished, draft_failed, edit_saved, note_saved, late, each with \
            its sequence as id; partial and agent without id"),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn of_call(
    Asking(session): Asking,
    State(app): State<App>,
    InPath(call): InPath,
    Asked(After { after }): Asked<After>,
    headers: HeaderMap,
) -> Result<Answer<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    // Before the first look, so that nothing falls between the look and the wait.
    let live = app.store.live().call(call);
    if app.store.summary(call).await?.is_none() {
        return Err(ApiError::NotFound("call"));
    }
    app.tell(Deed::with_call(&session.person, Act::TranscriptRead, call)).await?;
    let after = after.or(last).unwrap_or(0);
    let standing = Standing::of(session);
    let follower =
        Follower { app, standing, call, after, live, read: VecDeque::new(), behind: true, _open: Open::new() };
    Ok(sse(futures_util::stream::unfold(follower, Follower::next)))
}

/// Any change of any call that whoever asks sees, from now on: its summary. After `calls` the list has to be read anew. At once, and at every
/// change of theirs, `agent`: the PCs that are there, also between calls.
#[utoipa::path(get, path = "/v1/events", tag = "events", responses(
    (status = 200, content_type = "text/event-stream", description = "call: a summary; calls: some were missed; agent: \
        a `PresenceView`"),
    (status = 401, body = Problem),
))]
pub(super) async fn of_all(
    Asking(session): Asking,
    State(app): State<App>,
) -> Answer<impl Stream<Item = Result<Event, Infallible>>> {
    let (live, presence) = (app.store.live().list(), app.store.live().presence_changes(session.only()));
    let standing = Standing::of(session);
    let follower = ListFollower { app, standing, live, presence, changed: BTreeSet::new(), _open: Open::new() };
    sse(futures_util::stream::unfold(follower, ListFollower::next))
}

fn sse<S: Stream<Item = Result<Event, Infallible>> + Send + 'static>(stream: S) -> Answer<S> {
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

struct Follower {
    app: App,
    standing: Standing,
    call: CallId,
    after: i64,
    live: Receiver<LiveEvent>,
    read: VecDeque<StoredEvent>,
    /// There may be more in the database than was read.
    behind: bool,
    _open: Open,
}

impl Follower {
    /// The next event; `None` on shutdown, or when the database does not answer: the page comes again.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.read.pop_front() {
                self.after = event.sequence;
                let event = Event::default().id(event.sequence.to_string()).event(event.kind).data(event.json);
                return Some((Ok(event), self));
            }
            if std::mem::take(&mut self.behind) {
                let page = self.app.store.events_after(self.call, self.after).await.ok()?;
                self.behind = i64::try_from(page.len()).is_ok_and(|length| length >= PAGE);
                self.read = page.into();
                continue;
            }
            let heard = tokio::select! {
                heard = self.live.recv() => heard,
                () = self.standing.is_over(&self.app) => return None,
                () = self.app.shutdown.cancelled() => return None,
            };
            match heard {
                Ok(LiveEvent::Changed) | Err(RecvError::Lagged(_)) => self.behind = true,
                Ok(LiveEvent::Partial(partial)) => return Some((Ok(fleeting("partial", &partial)), self)),
                Ok(LiveEvent::Agent(agent)) => return Some((Ok(fleeting("agent", &agent)), self)),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

struct ListFollower {
    app: App,
    standing: Standing,
    live: Receiver<CallId>,
    presence: PresenceChanges,
    changed: BTreeSet<CallId>,
    _open: Open,
}

impl ListFollower {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(call) = self.changed.pop_first() {
                if !self.standing.sees(&self.app, call).await? {
                    continue;
                }
                let Some(summary) = self.app.store.summary(call).await.ok()? else { continue };
                return Some((Ok(fleeting("call", &summary)), self));
            }
            let heard = tokio::select! {
                presence = self.presence.next() => return Some((Ok(fleeting("agent", &presence)), self)),
                heard = self.live.recv() => heard,
                () = self.standing.is_over(&self.app) => return None,
                () = self.app.shutdown.cancelled() => return None,
            };
            match heard {
                Ok(call) => {
                    self.changed.insert(call);
                    // A burst of changes of one call is one event.
                    while let Ok(call) = self.live.try_recv() {
                        self.changed.insert(call);
                    }
                }
                Err(RecvError::Lagged(_)) => return Some((Ok(Event::default().event("calls").data("{}")), self)),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

fn fleeting<T: Serialize>(kind: &str, payload: &T) -> Event {
    Event::default().event(kind).data(crate::store::json(payload))
}

/// Whose stream it is, and that they may still have it.
struct Standing {
    session: Arc<Session>,
    look: Interval,
}

impl Standing {
    fn of(session: Arc<Session>) -> Self {
        let mut look = interval_at(Instant::now() + STANDING, STANDING);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { session, look }
    }

    /// Comes back when their session is over. A database that does not answer is no reason.
    async fn is_over(&mut self, app: &App) {
        loop {
            self.look.tick().await;
            if matches!(app.auth.is_still_good(&self.session, &app.store, &app.clock).await, Ok(false)) {
                return;
            }
        }
    }

    async fn sees(&self, app: &App, call: CallId) -> Option<bool> {
        match self.session.only() {
            None => Some(true),
            Some(person) => app.store.sees(call, person).await.ok(),
        }
    }
}

/// Counts an open stream for as long as it lives.
struct Open;

impl Open {
    fn new() -> Self {
        metrics::gauge!("referent_pane_streams").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("referent_pane_streams").decrement(1.0);
    }
}
