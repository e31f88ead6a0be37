//! The queue before the recognisers: who is heard next.
//!
//! In: tasks, in any order. Out: the most urgent one, to whichever thread asks. Within a class the order of arrival
//! holds; every fifth task that is taken is one of the backlog, if there is one, so that sound which is sent afterwards
//! does not wait for a quiet day. Its length is bounded by the places that [`super::Transcriber`] gives out.

use super::{Class, RequestId, Task};
use referent_proto::CallId;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The backlog gets at least one of so many turns: 20 % of the time.
const BACKLOG_TURN: u64 = 5;

/// Tasks that wait.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// In order of arrival: at most some dozens, so a search is cheaper than a structure.
    tasks: Vec<Task>,
    turns: u64,
    is_closed: bool,
}

impl Queue {
    /// Adds a task.
    pub fn push(&self, task: Task) {
        let mut waiting = self.lock();
        waiting.tasks.push(task);
        tell_length(&waiting);
        drop(waiting);
        self.changed.notify_one();
    }

    /// The next task; blocks until there is one. `None` after [`Queue::close`].
    pub fn pop(&self) -> Option<Task> {
        let mut waiting = self.lock();
        loop {
            if waiting.is_closed {
                return None;
            }
            let classes: Vec<Class> = waiting.tasks.iter().map(|task| task.request.class).collect();
            if let Some(at) = next(&classes, waiting.turns + 1) {
                waiting.turns += 1;
                let task = waiting.tasks.remove(at);
                tell_length(&waiting);
                return Some(task);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nobody waits for this one any more.
    pub fn forget(&self, id: RequestId) {
        let mut waiting = self.lock();
        waiting.tasks.retain(|task| task.request.id != id);
        tell_length(&waiting);
    }

    /// Everything of this call comes first.
    pub fn hurry(&self, call: CallId) {
        for task in self.lock().tasks.iter_mut().filter(|task| task.request.call == call) {
            task.request.class = Class::HungUp;
        }
    }

    /// Nothing is taken any more.
    pub fn close(&self) {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        waiting.tasks.clear();
        drop(waiting);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_length(waiting: &Waiting) {
    #[expect(clippy::cast_precision_loss, reason = "some dozens")]
    metrics::gauge!("referent_recogniser_queue").set(waiting.tasks.len() as f64);
}

/// Which of the waiting tasks is next, at this turn.
fn next(classes: &[Class], turn: u64) -> Option<usize> {
    let backlog = turn.is_multiple_of(BACKLOG_TURN).then(|| classes.iter().position(|class| *class == Class::Backlog));
    let first = || (0..classes.len()).min_by_key(|&at| (classes[at], at));
    backlog.flatten().or_else(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(turn: u64, classes: &str, expected: Option<usize>) {
        let classes: Vec<Class> = classes
            .chars()
            .map(|class| match class {
                'h' => Class::HungUp,
                'l' => Class::Live,
                _ => Class::Backlog,
            })
            .collect();
        assert_eq!(next(&classes, turn), expected);
    }

    #[test]
    fn who_hung_up_comes_first_and_the_backlog_gets_its_turn() {
        check(1, "", None);
        check(5, "", None);
        check(1, "bllhh", Some(3));
        check(1, "bll", Some(1));
        check(1, "bb", Some(0));
        check(5, "llhbb", Some(3));
        check(5, "llh", Some(2));
        check(6, "llhbb", Some(2));
    }
}
