//! What an answer without a draft means: who is at fault, and whether to ask once more.
//!
//! In: a status, its `Retry-After`, the first bytes of its body. Out: a [`Fault`]. Of the body only the words that name an
//! error are looked at; it goes nowhere else, because it may hold what was said.
//!
//! Servers differ in what they call an error, and agree on the numbers: 429 is a limit, 5xx is theirs, other 4xx is ours.
//! Pure.

use referent_proto::draft::DrafterTrouble;
use std::time::Duration;

/// How long a server may ask us to wait; longer, and the embedded drafter is the better answer.
const SHORT: Duration = Duration::from_secs(3);
/// Before a server in trouble is asked again.
pub(super) const PAUSE: Duration = Duration::from_millis(300);

/// What is wrong, and after how long it may be gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    pub(super) trouble: DrafterTrouble,
    pub(super) again_after: Option<Duration>,
}

impl Fault {
    pub(super) fn lasting(trouble: DrafterTrouble) -> Self {
        Self { trouble, again_after: None }
    }

    pub(super) fn passing(trouble: DrafterTrouble) -> Self {
        Self { trouble, again_after: Some(PAUSE) }
    }

    /// Of a status that is not 200.
    pub(super) fn of_status(status: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        use DrafterTrouble as T;
        // A date instead of seconds is nothing that a draft waits for.
        let wait = retry_after.map(seconds);
        let again = |otherwise: Option<Duration>| match wait {
            Some(Some(wait)) if wait <= SHORT => Some(wait),
            Some(_) => None,
            None => otherwise,
        };
        match status {
            429 if is_out_of_credit(body) => Self::lasting(T::Quota),
            402 => Self::lasting(T::Quota),
            429 => Self { trouble: T::Quota, again_after: again(None) },
            408 | 504 => Self::lasting(T::LlmTimeout),
            500.. => Self { trouble: T::LlmUnavailable, again_after: again(Some(PAUSE)) },
            _ => Self::lasting(T::LlmRefused),
        }
    }

    /// Of an error that comes in place of an answer, or in the middle of it, with status 200.
    pub(super) fn of_error(error: &serde_json::Value) -> Self {
        use DrafterTrouble as T;
        let word = |key: &str| match &error[key] {
            serde_json::Value::String(word) => word.to_lowercase(),
            serde_json::Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let (code, kind) = (word("code"), word("type"));
        let any = |parts: &[&str]| parts.iter().any(|part| code.contains(part) || kind.contains(part));
        if any(&["quota", "rate_limit", "429"]) {
            Self::lasting(T::Quota)
        } else if any(&["server_error", "internal", "unavailable", "overloaded", "500", "502", "503"]) {
            Self::passing(T::LlmUnavailable)
        } else if any(&["timeout", "408", "504"]) {
            Self::lasting(T::LlmTimeout)
        } else {
            Self::lasting(T::LlmRefused)
        }
    }
}

/// Paying helps, waiting does not.
fn is_out_of_credit(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body);
    ["insufficient_quota", "billing_hard_limit_reached"].iter().any(|word| body.contains(word))
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f32(text.trim().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_status_says_whose_fault_it_is() {
        use DrafterTrouble as T;
        let check = |status, retry_after, body: &str, expected| {
            let fault = Fault::of_status(status, retry_after, body.as_bytes());
            assert_eq!((fault.trouble, fault.again_after.map(|wait| wait.as_millis())), expected, "{status} {body}");
        };
        for status in [301, 307, 400, 401, 403, 404, 413, 422] {
            check(status, None, "", (T::LlmRefused, None));
        }
        check(402, None, "", (T::Quota, None));
        check(408, None, "", (T::LlmTimeout, None));
        check(504, None, "", (T::LlmTimeout, None));
        check(429, None, "", (T::Quota, None));
        check(429, Some("2"), "", (T::Quota, Some(2000)));
        check(429, Some("30"), "", (T::Quota, None));
        check(429, Some("Wed, 21 Oct 2026 07:28:00 GMT"), "", (T::Quota, None));
        check(429, Some("1"), "{\"error\":{\"code\":\"insufficient_quota\"}}", (T::Quota, None));
        for status in [500, 502, 503, 529] {
            check(status, None, "", (T::LlmUnavailable, Some(300)));
        }
        check(503, Some("1"), "", (T::LlmUnavailable, Some(1000)));
        check(503, Some("120"), "", (T::LlmUnavailable, None));
        check(503, Some("-1"), "", (T::LlmUnavailable, None));
    }

    #[test]
    fn an_error_in_the_answer_is_read_by_its_code() {
        use DrafterTrouble as T;
        let check = |error: serde_json::Value, expected| {
            assert_eq!(Fault::of_error(&error).trouble, expected, "{error}");
        };
        check(json!({ "code": "rate_limit_exceeded", "message": "x" }), T::Quota);
        check(json!({ "code": 400, "type": "exceed_context_size_error" }), T::LlmRefused);
        check(json!({ "code": 500, "type": "server_error" }), T::LlmUnavailable);
        check(json!({ "type": "InternalServerError", "code": 500 }), T::LlmUnavailable);
        check(json!({ "code": "content_filter" }), T::LlmRefused);
        check(json!("out of memory"), T::LlmRefused);
    }
}
