//! When a call is over although nobody says so (pure).
//!
//! In: where the call stands, and where somebody was last heard. Out: yes or no. A forgotten call is ended with the reason
//! `rule`, so that everybody can see that no person did it, and can be continued by a new one (`continues`).
//! While nothing may be recorded nobody can be heard, so only the whole length counts then.
//! Not done here: no sound is judged; loud is what is louder than a quiet room (`LOUD`).

use referent_proto::{SAMPLE_RATE, SampleOffset};

/// A peak from which on somebody may be speaking: 30 dB below full scale. Of 32,768.
pub const LOUD: u16 = 1_036;

/// After how long a call ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndRules {
    /// After so many seconds in which neither side was loud; 0 for never.
    pub quiet_s: u32,
    /// After so many seconds in all; 0 for never.
    pub longest_s: u32,
}

impl Default for EndRules {
    fn default() -> Self {
        Self { quiet_s: 1_800, longest_s: 14_400 }
    }
}

impl EndRules {
    /// Is a call over that stands at `here` and was last loud at `loud`?
    pub fn is_over(self, here: SampleOffset, loud: SampleOffset) -> bool {
        let lasts = |seconds: u32, since: SampleOffset| {
            seconds > 0 && here.0.saturating_sub(since.0) >= u64::from(seconds) * SAMPLE_RATE
        };
        lasts(self.quiet_s, loud) || lasts(self.longest_s, SampleOffset::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_over_when_it_was_quiet_for_long_or_goes_on_for_ever() {
        let at = |seconds: u64| SampleOffset(seconds * SAMPLE_RATE);
        let rules = EndRules { quiet_s: 600, longest_s: 7_200 };
        assert!(!rules.is_over(at(599), at(0)));
        assert!(rules.is_over(at(600), at(0)));
        assert!(!rules.is_over(at(7_199), at(7_000)));
        assert!(rules.is_over(at(7_200), at(7_199)));
        let never = EndRules { quiet_s: 0, longest_s: 0 };
        assert!(!never.is_over(at(1_000_000), at(0)));
    }
}
