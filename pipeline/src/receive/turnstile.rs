//! Lets live calls in one by one, and knows how many are inside: `admission` with its measurements, behind a lock.
//!
//! In: what the recognisers did, how much sound has become text, who comes and goes. Out: yes or no, for the next call and
//! for `GET /ready`.

use crate::admission::{Admission, Done};
use crate::transcribe::Transcriber;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Whether live calls are let in, and how many there are.
#[derive(Debug)]
pub struct Turnstile {
    transcriber: Transcriber,
    admission: Mutex<Admission>,
    /// Milliseconds of sound of live calls, both tracks together.
    settled_ms: AtomicU64,
}

impl Turnstile {
    /// One call is thought to keep `prior` recognisers busy, until that is measured.
    pub fn new(transcriber: Transcriber, prior: f64) -> Self {
        let admission = Mutex::new(Admission::new(transcriber.workers(), prior));
        Self { transcriber, admission, settled_ms: AtomicU64::new(0) }
    }

    /// One more may come.
    pub fn is_open(&self) -> bool {
        self.look().1
    }

    /// So much sound of a track of a live call is settled.
    pub fn has_become_text(&self, ms: u64) {
        self.settled_ms.fetch_add(ms, Ordering::Relaxed);
    }

    fn look(&self) -> (MutexGuard<'_, Admission>, bool) {
        let mut admission = self.admission.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = self.transcriber.behind();
        let calls = Duration::from_millis(self.settled_ms.load(Ordering::Relaxed) / 2);
        let admits = admission.admits(behind, Done { busy: self.transcriber.busy_with_calls(), calls });
        metrics::gauge!("referent_recognisers_per_call").set(admission.per_call());
        metrics::gauge!("referent_recognisers_behind_seconds").set(behind);
        (admission, admits)
    }

    pub(super) fn enter(self: &Arc<Self>) -> Option<Inside> {
        let (mut admission, admits) = self.look();
        admits.then(|| {
            admission.begins();
            Inside(Arc::clone(self))
        })
    }
}

/// A live call that was let in.
pub(super) struct Inside(Arc<Turnstile>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.admission.lock().unwrap_or_else(PoisonError::into_inner).ends();
    }
}
