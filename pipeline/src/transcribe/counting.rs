//! Counts what another recogniser is asked, for tests and figures.

use super::{Cancel, Heard, NotHeard, Recognizer, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What was asked, by all recognisers that share it.
#[derive(Debug, Clone, Default)]
pub struct Count(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    requests: AtomicU64,
    samples: AtomicU64,
}

impl Count {
    /// How many segments.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// How many samples, with what lies before and after the speech.
    pub fn samples(&self) -> u64 {
        self.0.samples.load(Ordering::Relaxed)
    }
}

/// Another recogniser, counted.
#[derive(Debug)]
pub struct Counting<R> {
    inner: R,
    count: Count,
}

impl<R> Counting<R> {
    /// Counts `inner` in `count`.
    pub fn new(inner: R, count: Count) -> Self {
        Self { inner, count }
    }
}

impl<R: Recognizer> Recognizer for Counting<R> {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        self.count.0.requests.fetch_add(1, Ordering::Relaxed);
        self.count.0.samples.fetch_add(request.pcm.0.len() as u64, Ordering::Relaxed);
        self.inner.hear(request, cancel)
    }
}
