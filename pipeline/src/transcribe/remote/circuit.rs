//! How one address is doing: how many requests it has, and whether it is worth asking. Pure: time comes in.

use std::time::Duration;
use tokio::time::Instant;

/// Failures in a row after which an address is left alone.
const FAILURES: u32 = 3;
/// For how long, the first time.
const SHORTEST: Duration = Duration::from_secs(1);
/// And at most.
const LONGEST: Duration = Duration::from_secs(30);

/// One address.
#[derive(Debug, Clone)]
pub(super) struct Circuit {
    most: usize,
    busy: usize,
    failures: u32,
    /// Left alone until then; after it one request tries.
    alone_until: Option<Instant>,
    heard: Option<Instant>,
}

impl Circuit {
    /// An address that may have so many requests at once.
    pub(super) fn new(most: usize) -> Self {
        Self { most, busy: 0, failures: 0, alone_until: None, heard: None }
    }

    pub(super) fn busy(&self) -> usize {
        self.busy
    }

    /// It has a place, and is not left alone; after that time only one request tries it.
    pub(super) fn may_be_asked(&self, now: Instant) -> bool {
        match self.alone_until {
            Some(until) => now >= until && self.busy == 0,
            None => self.busy < self.most,
        }
    }

    pub(super) fn begin(&mut self) {
        self.busy += 1;
    }

    pub(super) fn end(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    pub(super) fn heard(&mut self, now: Instant) {
        (self.failures, self.alone_until, self.heard) = (0, None, Some(now));
    }

    pub(super) fn heard_since(&self, then: Instant) -> bool {
        self.heard.is_some_and(|heard| heard > then)
    }

    /// A failure; `wait`: the server's own wish. True if it is left alone from now on.
    pub(super) fn failed(&mut self, now: Instant, wait: Option<Duration>) -> bool {
        self.failures += 1;
        let own = (self.failures >= FAILURES)
            .then(|| SHORTEST.saturating_mul(1 << (self.failures - FAILURES).min(10)).min(LONGEST));
        let Some(wait) = own.max(wait.map(|wait| wait.min(LONGEST))) else { return false };
        self.alone_until = Some(now + wait);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fails_is_left_alone_longer_and_longer_and_then_tried_once() {
        let (start, mut circuit) = (Instant::now(), Circuit::new(2));
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(!circuit.failed(start, None) && !circuit.failed(start, None));
        assert!(circuit.may_be_asked(start));
        assert!(circuit.failed(start, None));
        assert!(!circuit.may_be_asked(start));
        assert!(circuit.may_be_asked(at(1)));
        circuit.begin();
        assert!(!circuit.may_be_asked(at(1)), "one tries");
        circuit.end();
        for (failure, wait) in [(4, 2), (5, 4), (6, 8), (7, 16), (8, 30), (60, 30)] {
            circuit.failures = failure - 1;
            circuit.failed(start, None);
            assert!(!circuit.may_be_asked(at(wait - 1)) && circuit.may_be_asked(at(wait)), "{failure}");
        }
        circuit.heard(at(60));
        circuit.begin();
        assert!(circuit.may_be_asked(at(60)) && circuit.heard_since(at(59)) && !circuit.heard_since(at(60)));
        circuit.begin();
        assert!(!circuit.may_be_asked(at(60)), "it has no place");
    }

    #[test]
    fn a_server_that_asks_for_time_gets_it() {
        let (start, mut circuit) = (Instant::now(), Circuit::new(2));
        assert!(circuit.failed(start, Some(Duration::from_secs(7))));
        assert!(!circuit.may_be_asked(start + Duration::from_secs(6)));
        assert!(circuit.may_be_asked(start + Duration::from_secs(7)));
        circuit.heard(start);
        assert!(circuit.failed(start, Some(Duration::from_hours(2))));
        assert!(circuit.may_be_asked(start + LONGEST), "but not for ever");
    }
}
