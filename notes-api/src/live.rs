//! Wakes those who wait for something: panes, ingest streams, drafters.
//!
//! In: "this call has changed" after a commit, and what is too fleeting for the database (partials, heartbeats).
//! Out: bounded in-process broadcasts. Promised: a reader that is too slow loses only fleeting things: it is told that
//! it lagged, and reads everything durable from the database by sequence.
//! Not done here: nothing is stored. Between processes PostgreSQL's NOTIFY carries call and sequence, never speech.

use crate::shown::{AgentView, PartialView};
use referent_proto::CallId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};

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
}

impl Default for Live {
    fn default() -> Self {
        Self {
            calls: Mutex::default(),
            agents: Mutex::default(),
            list: broadcast::Sender::new(LIST),
            jobs: watch::Sender::new(0),
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

    fn tell(&self, call: CallId, event: LiveEvent) {
        let mut calls = locked(&self.calls);
        if calls.get(&call).is_some_and(|sender| sender.send(event).is_err()) {
            calls.remove(&call);
        }
    }
}
