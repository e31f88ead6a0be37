//! Live before backlog: which call may connect now.
//!
//! In: who wants to connect, and how the live call is served. Out: a turn. A live call, and one that has just hung up,
//! has its turn at once. Of the backlog one call at a time is sent, and none of it begins while a live call is without
//! connection or lies behind.
//! Not done here: nobody is interrupted; the pipeline weighs live against backlog itself.

use crate::call::Call;
use referent_proto::{CallId, Urgency};
use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// Who may connect.
#[derive(Debug)]
pub struct Turns {
    backlog: Semaphore,
    /// The live call that is not served.
    unserved: watch::Sender<Option<CallId>>,
}

/// The right to connect, until it is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    _backlog: Option<SemaphorePermit<'a>>,
}

impl Turns {
    /// Nobody is live.
    pub fn new() -> Self {
        Self { backlog: Semaphore::new(1), unserved: watch::Sender::new(None) }
    }

    /// Waits for the call's turn.
    pub async fn take(&self, call: &Call) -> Turn<'_> {
        let mut unserved = self.unserved.subscribe();
        while call.urgency() == Urgency::Backlog {
            if unserved.wait_for(Option::is_none).await.is_err() {
                break; // Cannot be: the sender lives in `self`.
            }
            let Ok(permit) = self.backlog.acquire().await else { break };
            if unserved.borrow().is_none() {
                return Turn { _backlog: Some(permit) };
            }
        }
        Turn { _backlog: None }
    }

    /// The live call is served, or is not. A call that has ended is not live any more.
    pub fn is_served(&self, call: &Call, is_served: bool) {
        if call.spool().ended().is_some() {
            return self.is_over(call);
        }
        let unserved = (!is_served).then(|| call.id());
        self.unserved.send_if_modified(|now| std::mem::replace(now, unserved) != unserved);
    }

    /// The call needs no turn any more.
    pub fn is_over(&self, call: &Call) {
        let id = Some(call.id());
        self.unserved.send_if_modified(|now| *now == id && now.take().is_some());
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self::new()
    }
}
