//! Wakes those who wait for something: panes, ingest streams, drafters.
//!
//! In: "this call has changed" after a commit, and what is too fleeting for the database (partials, heartbeats, which PCs
//! are there). Out: bounded in-process broadcasts. Promised: a reader that is too slow loses only fleeting things: it is told
//! that it lagged, and reads everything durable from the database by sequence; of the PCs only the newest is told, those of
//! another notes-api too (`ingest::elsewhere` brings them).
//! Not done here: nothing is stored. Between processes PostgreSQL's NOTIFY carries call and sequence, never speech.

mod presences;

use crate::shown::{AgentView, PartialView, PresenceView};
pub use presences::{Known, Since};
use presences::{Place, Presences, Sum};
use referent_proto::{AgentId, AgentStateKind, CallId, PresenceCommand};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

/// Fleeting things that a slow reader of one call may lag behind before it loses some.
const PER_CALL: usize = 128;
/// Changes that a slow reader of the call list may lag behind before it has to read the list anew.
const LIST: usize = 1024;

/// Something happened to a call.
#[derive(Clone, Debug)]
pub enum LiveEvent {
    /// There is something new in the database.
    Changed,
    /// Grey text.
    Partial(PartialView),
    /// The agent's heartbeat.
    Agent(AgentView),
}

/// The broadcasts of this process.
#[derive(Debug)]
pub struct Live {
    calls: Mutex<HashMap<CallId, broadcast::Sender<LiveEvent>>>,
    agents: Mutex<HashMap<CallId, AgentView>>,
    list: broadcast::Sender<CallId>,
    jobs: watch::Sender<u64>,
    presences: Mutex<Presences>,
    presence: watch::Sender<u64>,
    own: watch::Sender<u64>,
    others: watch::Sender<u64>,
    orders: watch::Sender<Orders>,
}

/// What agents have to hear over their presence, oldest first, by caseworker.
pub type Orders = Arc<HashMap<String, Vec<PresenceCommand>>>;

impl Default for Live {
    fn default() -> Self {
        Self {
            calls: Mutex::default(),
            agents: Mutex::default(),
            list: broadcast::Sender::new(LIST),
            jobs: watch::Sender::new(0),
            presences: Mutex::default(),
            presence: watch::Sender::new(0),
            own: watch::Sender::new(0),
            others: watch::Sender::new(0),
            orders: watch::Sender::default(),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    /// Everything that happens to `call` from now on.
    pub fn call(&self, call: CallId) -> broadcast::Receiver<LiveEvent> {
        locked(&self.calls).entry(call).or_insert_with(|| broadcast::Sender::new(PER_CALL)).subscribe()
    }

    /// The name of each call that changes from now on.
    pub fn list(&self) -> broadcast::Receiver<CallId> {
        self.list.subscribe()
    }

    /// Changes whenever a draft job may have become free.
    pub fn jobs(&self) -> watch::Receiver<u64> {
        self.jobs.subscribe()
    }

    /// The last heartbeat of the call's agent, if its stream is here.
    pub fn agent(&self, call: CallId) -> Option<AgentView> {
        locked(&self.agents).get(&call).cloned()
    }

    /// Something about `call` was committed.
    pub fn changed(&self, call: CallId) {
        self.tell(call, LiveEvent::Changed);
        // An error means that nobody looks at the list.
        drop(self.list.send(call));
    }

    /// Something was committed that nobody told us of in detail: everybody reads again.
    pub fn everything_changed(&self) {
        let calls: Vec<CallId> = locked(&self.calls).keys().copied().collect();
        for call in calls {
            self.changed(call);
        }
        self.jobs_changed();
        self.others_changed();
    }

    /// A draft job may have become free.
    pub fn jobs_changed(&self) {
        self.jobs.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Grey text came in.
    pub fn partial(&self, call: CallId, partial: PartialView) {
        self.tell(call, LiveEvent::Partial(partial));
    }

    /// A heartbeat came in.
    pub fn heartbeat(&self, call: CallId, agent: AgentView) {
        locked(&self.agents).insert(call, agent.clone());
        self.tell(call, LiveEvent::Agent(agent));
    }

    /// The call's stream is gone, and with it what we knew of its agent.
    pub fn forget_agent(&self, call: CallId) {
        locked(&self.agents).remove(&call);
    }

    /// An agent's presence began; it lasts until what this gives is dropped.
    pub fn comes(self: &Arc<Self>, identity: String, agent: AgentId) -> There {
        let place = self.presence_is(|presences| presences.comes(identity, agent));
        There { live: Arc::clone(self), place }
    }

    /// Nobody is there, through this process, who could be asked for anything.
    pub fn is_nobody_there(&self) -> bool {
        locked(&self.presences).has_none_of_its_own()
    }

    /// The PCs that are there through this process, for the others.
    pub fn own_presences(&self, now_ms: i64) -> Vec<Known> {
        locked(&self.presences).own(Instant::now(), now_ms)
    }

    /// Changes whenever [`Live::own_presences`] may say something else.
    pub fn own_changes(&self) -> watch::Receiver<u64> {
        self.own.subscribe()
    }

    /// Another process, or this one, has written down that its PCs changed.
    pub fn others_changed(&self) {
        self.others.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Changes whenever the PCs of another process may have changed.
    pub fn others_changes(&self) -> watch::Receiver<u64> {
        self.others.subscribe()
    }

    /// These are there through other processes, and nobody else is.
    pub fn others_are(&self, others: Vec<(String, Known)>, now_ms: i64) {
        self.tell_presence(|presences| presences.elsewhere(others, Instant::now(), now_ms));
    }

    /// When what is said of the PCs of one caseworker, or of all, changes.
    pub fn presence_changes(self: &Arc<Self>, whose: Option<String>) -> PresenceChanges {
        PresenceChanges { any: self.presence.subscribe(), live: Arc::clone(self), whose, told: None }
    }

    /// Time passes: who is missed for long is missed no more.
    pub fn forget_missed(&self) {
        self.tell_presence(|presences| presences.forget(Instant::now()));
    }

    /// What agents have to hear over their presence.
    pub fn orders(&self) -> watch::Receiver<Orders> {
        self.orders.subscribe()
    }

    /// These commands are to be told over a presence of their call's owner; newest first.
    pub fn ordered(&self, newest_first: Vec<(String, PresenceCommand)>) {
        let mut orders: HashMap<String, Vec<PresenceCommand>> = HashMap::new();
        for (owner, command) in newest_first.into_iter().rev() {
            orders.entry(owner).or_default().push(command);
        }
        self.orders.send_if_modified(|now| {
            let is_news = **now != orders;
            if is_news {
                *now = Arc::new(orders);
            }
            is_news
        });
    }

    fn presence_is<T>(&self, change: impl FnOnce(&mut Presences) -> T) -> T {
        let changed = self.tell_presence(change);
        self.own.send_modify(|count| *count = count.wrapping_add(1));
        changed
    }

    fn tell_presence<T>(&self, change: impl FnOnce(&mut Presences) -> T) -> T {
        let mut presences = locked(&self.presences);
        let changed = change(&mut presences);
        drop(presences);
        self.presence.send_modify(|count| *count = count.wrapping_add(1));
        changed
    }

    fn tell(&self, call: CallId, event: LiveEvent) {
        let mut calls = locked(&self.calls);
        if calls.get(&call).is_some_and(|sender| sender.send(event).is_err()) {
            calls.remove(&call);
        }
    }
}

/// An agent that is there, until this is dropped.
#[derive(Debug)]
pub struct There {
    live: Arc<Live>,
    place: Place,
}

impl There {
    /// It does this, for so long.
    pub fn says(&self, kind: AgentStateKind, so_long: Duration) {
        let now = Instant::now();
        let since = now.checked_sub(so_long).unwrap_or(now);
        // Most heartbeats say what the last one said.
        if !locked(&self.live.presences).has_said(self.place, kind) {
            self.live.presence_is(|presences| presences.says(self.place, kind, since));
        }
    }

    /// Nothing was heard of it for too long.
    pub fn is_silent(&self) {
        self.live.presence_is(|presences| presences.is_silent(self.place));
    }
}

impl Drop for There {
    fn drop(&mut self) {
        self.live.presence_is(|presences| presences.leaves(self.place, Instant::now()));
    }
}

/// When the PCs that are there changed, for one who is told of them.
#[derive(Clone, Debug)]
pub struct PresenceChanges {
    live: Arc<Live>,
    any: watch::Receiver<u64>,
    whose: Option<String>,
    told: Option<Sum>,
}

impl PresenceChanges {
    /// Waits until there is something else to tell, but for the time that has gone by, and at first not at all.
    pub async fn next(&mut self) -> PresenceView {
        loop {
            // First of all, so that a change after the look is another.
            self.any.borrow_and_update();
            let sum = locked(&self.live.presences).sum(self.whose.as_deref());
            if self.told.replace(sum) != Some(sum) {
                return sum.shown(Instant::now());
            }
            if self.any.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
