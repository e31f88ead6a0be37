//! How long to wait after a failure. Pure: chance comes in.
//!
//! Exponential back-off with full jitter: a wait between nothing and a ceiling that doubles with each failure, so that what
//! failed together is not tried again together. A delivery and its destination wait each for itself: one message that a receiver
//! cannot take holds up no other, and a receiver that is down is asked seldom, however much waits for it.

/// Of a delivery: the ceilings of its waits.
const DELIVERY: Ceiling = Ceiling { first_ms: 5_000, last_ms: 3_600_000 };
/// Of a destination.
const DESTINATION: Ceiling = Ceiling { first_ms: 1_000, last_ms: 600_000 };
/// What a receiver asks for is heeded within these bounds.
const SHORTEST_MS: i64 = 1_000;
const LONGEST_MS: i64 = 6 * 3_600_000;

struct Ceiling {
    first_ms: i64,
    last_ms: i64,
}

impl Ceiling {
    fn after(&self, failures: i64) -> i64 {
        let doublings = u32::try_from(failures.clamp(0, 30)).unwrap_or(0);
        self.first_ms.saturating_mul(1 << doublings).min(self.last_ms)
    }
}

/// After so many failures of a delivery before this one.
pub(crate) fn of_delivery(failures: i64, random: u64) -> i64 {
    between_nothing_and(DELIVERY.after(failures), random)
}

/// After so many failures of a destination before this one.
pub(crate) fn of_destination(failures: i64, random: u64) -> i64 {
    between_nothing_and(DESTINATION.after(failures), random)
}

fn between_nothing_and(ceiling_ms: i64, random: u64) -> i64 {
    let choices = u64::try_from(ceiling_ms).unwrap_or(0) + 1;
    i64::try_from(random % choices).unwrap_or(ceiling_ms)
}

/// What `Retry-After` asks for: seconds, or a date of HTTP (RFC 9110, 10.2.3). `None` if it is neither.
pub(crate) fn retry_after(header: &str, now_ms: i64) -> Option<i64> {
    let header = header.trim();
    let wait_ms = if header.bytes().all(|byte| byte.is_ascii_digit()) && !header.is_empty() {
        header.parse::<i64>().map_or(LONGEST_MS, |seconds| seconds.saturating_mul(1000))
    } else {
        let at = jiff::fmt::rfc2822::parse(header).ok()?;
        at.timestamp().as_millisecond().saturating_sub(now_ms)
    };
    Some(wait_ms.clamp(SHORTEST_MS, LONGEST_MS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ceilings_double_and_end() {
        let of = |failures| (DELIVERY.after(failures), DESTINATION.after(failures));
        assert_eq!(of(0), (5_000, 1_000));
        assert_eq!(of(1), (10_000, 2_000));
        assert_eq!(of(9), (2_560_000, 512_000));
        assert_eq!(of(10), (3_600_000, 600_000));
        assert_eq!(of(i64::MAX), (3_600_000, 600_000));
    }

    proptest! {
        #[test]
        fn a_wait_is_anywhere_below_its_ceiling(failures in 0_i64..100, random: u64) {
            let wait = of_delivery(failures, random);
            prop_assert!((0..=DELIVERY.after(failures)).contains(&wait));
            prop_assert_eq!(of_delivery(failures, 0), 0);
            let ceiling = DELIVERY.after(failures);
            prop_assert_eq!(of_delivery(failures, u64::try_from(ceiling).unwrap()), ceiling);
        }
    }

    #[test]
    fn what_a_receiver_asks_for_is_bounded() {
        let now = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT
        let check = |header: &str, expected: Option<i64>| assert_eq!(retry_after(header, now), expected, "{header}");
        check("120", Some(120_000));
        check(" 7 ", Some(7_000));
        check("0", Some(1_000));
        check("86400", Some(LONGEST_MS));
        check("99999999999999999999999", Some(LONGEST_MS));
        check("Sun, 06 Nov 1994 08:50:37 GMT", Some(60_000));
        check("Sun, 06 Nov 1994 08:00:00 GMT", Some(1_000));
        check("Mon, 07 Nov 1994 08:49:37 GMT", Some(LONGEST_MS));
        check("soon", None);
        check("", None);
        check("-5", None);
    }
}
