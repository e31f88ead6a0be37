//! How far a device's clock has run away from the call's (pure).
//!
//! In: at each look, how far the sound lies behind the call's clock. Out: by how much it is to be made longer or shorter.
//! Sound can be held up on its way but cannot come early, so the least lag of a window is the device's own delay and the
//! drift, without the waiting. What the first window gave is the delay; what it has become since is the drift.
//! Not done here: nothing is stretched (`resample`), and a device that stood still is no drift (`call_time`).

/// How long a window is: on a busy PC there is a moment within it in which nothing waits.
const WINDOW_US: u64 = 10_000_000;

/// Less than this is left alone: nobody needs it, and sound whose clock is right passes untouched.
const ENOUGH_US: i64 = 5_000;

/// A device's drift. Times are microseconds.
#[derive(Debug, Default)]
pub struct Drift {
    window: Option<Window>,
    delay_us: Option<i64>,
}

#[derive(Debug)]
struct Window {
    since_us: u64,
    least_us: i64,
}

impl Drift {
    /// Takes a look, at the moment when the newest sample was handed over. At the end of a window gives how far the sound has
    /// fallen behind since the first; below zero it has run ahead.
    pub fn look(&mut self, now_us: u64, lag_us: i64) -> Option<i64> {
        let window = self.window.get_or_insert(Window { since_us: now_us, least_us: lag_us });
        window.least_us = window.least_us.min(lag_us);
        if now_us < window.since_us + WINDOW_US {
            return None;
        }
        let least_us = window.least_us;
        self.window = None;
        let drift_us = least_us - *self.delay_us.get_or_insert(least_us);
        Some(if drift_us.abs() < ENOUGH_US { 0 } else { drift_us })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_no_drift_and_what_stays_is() {
        let mut drift = Drift::default();
        let mut last = None;
        for look in 0..1_000_u64 {
            // 40 ms of delay, waits of up to 300 ms in nine looks of ten, and from the middle on 7 ms that stay.
            let (wait, stays) =
                (if look % 10 == 0 { 0 } else { i64::try_from(look % 7).unwrap() * 50_000 }, look / 500);
            let lag = 40_000 + wait + 7_000 * i64::try_from(stays).unwrap();
            last = drift.look(look * 100_000, lag).or(last);
            if look < 500 {
                assert!(last.is_none_or(|drift| drift == 0), "{last:?} at {look}");
            }
        }
        assert_eq!(last, Some(7_000));
    }
}
