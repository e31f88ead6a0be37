//! The queue before the recognisers: [`Schedule`] behind a lock, so that threads can wait for their turn.
//!
//! In: tasks, in any order. Out: the next one, to whichever thread asks. Its length is bounded by what each call may
//! have in flight.

use super::schedule::{Schedule, Turn, Wish};
use super::{Class, RequestId, Task};
use referent_proto::CallId;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Tasks that wait.
#[derive(Debug)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    begun: Instant,
}

#[derive(Debug)]
struct Waiting {
    schedule: Schedule<Task>,
    is_closed: bool,
}

impl Queue {
    /// For so many threads.
    pub fn new(workers: usize) -> Self {
        let waiting = Mutex::new(Waiting { schedule: Schedule::new(workers), is_closed: false });
        Self { waiting, changed: Condvar::new(), begun: Instant::now() }
    }

    /// Adds a task. A partial that it replaces is dropped, and whoever waits for it is told.
    pub fn push(&self, task: Task) {
        let wish = Wish {
            id: task.request.id,
            call: task.request.call,
            track: task.request.track,
            class: task.request.class,
            samples: task.request.pcm.0.len(),
        };
        let mut waiting = self.lock();
        if !waiting.is_closed {
            drop(waiting.schedule.add(wish, task, self.now()));
        }
        tell_length(&waiting);
        drop(waiting);
        self.changed.notify_one();
    }

    /// The next task; blocks until there is one. `None` after [`Queue::close`].
    pub fn pop(&self) -> Option<(Turn, Task)> {
        let mut waiting = self.lock();
        loop {
            if waiting.is_closed {
                return None;
            }
            if let Some(next) = waiting.schedule.next(self.now()) {
                tell_length(&waiting);
                return Some(next);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A turn is over: what had to leave a recogniser free may go on.
    pub fn done(&self, turn: Turn, took: Duration) {
        self.lock().schedule.done(turn, took);
        self.changed.notify_one();
    }

    /// Nobody waits for this one any more.
    pub fn forget(&self, id: RequestId) {
        let mut waiting = self.lock();
        drop(waiting.schedule.forget(id));
        tell_length(&waiting);
    }

    /// Everything of this call comes first.
    pub fn hurry(&self, call: CallId) {
        self.lock().schedule.hurry(call);
    }

    /// Nothing of this call is old any more.
    pub fn catches_up(&self, call: CallId) {
        self.lock().schedule.catches_up(call);
        self.changed.notify_one();
    }

    /// Seconds that one recogniser would need for what a live call has to wait for.
    pub fn ahead(&self) -> f64 {
        self.lock().schedule.ahead()
    }

    /// Nothing is taken any more.
    pub fn close(&self) {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        waiting.schedule.clear();
        drop(waiting);
        self.changed.notify_all();
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_length(waiting: &Waiting) {
    for class in Class::ALL {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let length = waiting.schedule.waiting(class) as f64;
        metrics::gauge!("referent_recogniser_queue", "class" => class.name()).set(length);
    }
}
