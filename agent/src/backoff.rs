//! How long to wait before the next connection.
//!
//! In: that an attempt failed or that something moved, and chance. Out: a wait between half and the whole of a step that
//! doubles from 250 ms to 10 s, so that a thousand agents do not knock at once when a server comes back. Where nobody was
//! reached the steps end at 2 s: nobody is burdened, and a call goes on soon after the network does.

use rand::{Rng, RngExt as _};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LAST: Duration = Duration::from_secs(10);
const LAST_UNREACHED: Duration = Duration::from_secs(2);

/// Failed attempts since something moved.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    last: Duration,
    attempts: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::between(FIRST, LAST)
    }
}

impl Backoff {
    /// With other steps: for what does not come back by itself.
    pub fn between(first: Duration, last: Duration) -> Self {
        Self { first, last, attempts: 0 }
    }

    /// The wait after one more failure.
    pub fn next(&mut self, rng: &mut impl Rng) -> Duration {
        self.next_within(self.last, rng)
    }

    /// The same when nobody was reached.
    pub fn next_unreached(&mut self, rng: &mut impl Rng) -> Duration {
        self.next_within(self.last.min(LAST_UNREACHED), rng)
    }

    fn next_within(&mut self, last: Duration, rng: &mut impl Rng) -> Duration {
        let step = self.first.saturating_mul(1 << self.attempts.min(10)).min(last);
        self.attempts = self.attempts.saturating_add(1);
        step / 2 + (step / 2).mul_f64(rng.random::<f64>())
    }

    /// Something moved: the next wait is short again.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }

    /// Failed attempts since something moved.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    #[test]
    fn waits_double_up_to_ten_seconds_and_begin_again_after_progress() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut backoff = Backoff::default();
        for step_ms in [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000] {
            let wait = backoff.next(&mut rng).as_millis();
            assert!((step_ms / 2..=step_ms).contains(&wait), "{wait} ms at a step of {step_ms} ms");
        }
        assert_eq!(backoff.attempts(), 9);
        assert!(backoff.next_unreached(&mut rng) <= LAST_UNREACHED);
        backoff.reset();
        assert!(backoff.next(&mut rng) <= FIRST);
    }
}
