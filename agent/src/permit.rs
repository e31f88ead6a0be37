//! What of a call may be recorded, and why the rest may not (pure).
//!
//! In: how the call may be recorded, and what people decided since, each decision at a place in call time. Out: of any
//! stretch of sound, the part that may be kept.
//!
//! Promises:
//!   M1  Sound is kept only between a decision that permits it and the next that forbids it. Where a call needs consent,
//!       none is kept before the citizen's yes; where it may not be recorded, none at all.
//!   M2  What forbids holds from the moment it is said, written down or not; what permits, only from where it is durable
//!       (`call` sees to the order).
//!   M3  What was decided survives a restart: it stands in the spool, and at the head of each of its files.
//!
//! Not done here: no disk, no device, no clock.

use referent_proto::{GapReason, Mode, SampleOffset, SampleSpan};
use serde::{Deserialize, Serialize};

/// What somebody decides while a call goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The citizen said yes.
    ConsentGiven,
    /// The citizen said no, or takes the yes back.
    ConsentRefused,
    /// Not now.
    Pause,
    /// Go on.
    Resume,
}

impl Decision {
    /// It can only forbid: it holds from the moment it is said (M2).
    pub fn forbids(self) -> bool {
        matches!(self, Self::ConsentRefused | Self::Pause)
    }
}

/// What stands decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The citizen has agreed.
    pub has_consent: bool,
    /// A person paused.
    pub is_paused: bool,
}

impl Decided {
    /// What stands when this is decided too.
    #[must_use]
    pub fn and(self, decision: Decision) -> Self {
        match decision {
            Decision::ConsentGiven => Self { has_consent: true, ..self },
            Decision::ConsentRefused => Self { has_consent: false, ..self },
            Decision::Pause => Self { is_paused: true, ..self },
            Decision::Resume => Self { is_paused: false, ..self },
        }
    }

    /// Why nothing may be recorded under this mode, if it may not.
    pub fn withheld(self, mode: Mode) -> Option<GapReason> {
        match mode {
            Mode::Off => Some(GapReason::NotAllowed),
            Mode::Consent if !self.has_consent => Some(GapReason::BeforeConsent),
            Mode::Consent | Mode::Notice | Mode::Documentation => self.is_paused.then_some(GapReason::Paused),
        }
    }
}

/// Why a decision cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotToDecide {
    /// There is nothing to decide.
    #[error("calls of this area may not be recorded; there is nothing to pause, and nothing to agree to")]
    Off,
    /// Consent is not asked for.
    #[error("this call needs no consent; pause it, or discard it if the citizen objects")]
    NoConsentNeeded,
}

/// What may be kept of one call, as it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    mode: Mode,
    decided: Decided,
    newest: Newest,
}

/// The newest stretch of which sound may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Newest {
    /// It goes on. Before it nothing was to be kept, for this reason, if it did not begin with the call.
    Open { from: SampleOffset, before: Option<GapReason> },
    /// It is over: what was heard in it and lies in the device still may be kept.
    Closed(SampleSpan),
}

impl Permit {
    /// The permit of a call whose newest sound would begin here.
    pub fn new(mode: Mode, decided: Decided, from: SampleOffset) -> Self {
        let newest = match decided.withheld(mode) {
            None => Newest::Open { from, before: None },
            Some(_) => Newest::Closed(SampleSpan::of(from, 0)),
        };
        Self { mode, decided, newest }
    }

    /// Why nothing may be recorded now, if it may not.
    pub fn withheld(&self) -> Option<GapReason> {
        self.decided.withheld(self.mode)
    }

    /// A person paused, whatever else forbids.
    pub fn is_paused(&self) -> bool {
        self.decided.is_paused
    }

    /// Whether the decision changes anything; an error if it is none that this call knows.
    pub fn changes(&self, decision: Decision) -> Result<bool, NotToDecide> {
        let is_about_consent = matches!(decision, Decision::ConsentGiven | Decision::ConsentRefused);
        match self.mode {
            Mode::Off => return Err(NotToDecide::Off),
            Mode::Notice | Mode::Documentation if is_about_consent => return Err(NotToDecide::NoConsentNeeded),
            Mode::Consent | Mode::Notice | Mode::Documentation => {}
        }
        Ok(self.decided.and(decision) != self.decided)
    }

    /// It is decided, and holds from here.
    pub fn decide(&mut self, decision: Decision, at: SampleOffset) {
        let was = self.withheld();
        self.decided = self.decided.and(decision);
        self.newest = match (self.newest, self.withheld()) {
            (Newest::Open { from, .. }, Some(_)) => {
                Newest::Closed(SampleSpan::new(from, at.max(from)).unwrap_or(SampleSpan::of(from, 0)))
            }
            (Newest::Closed(span), None) => Newest::Open { from: at.max(span.end()), before: was },
            (newest, _) => newest,
        };
    }

    /// Of the newest sound, what may be kept. Sound comes in order, so that only the newest stretch matters.
    pub fn kept(&self, heard: SampleSpan) -> Option<SampleSpan> {
        let (from, to) = match self.newest {
            Newest::Open { from, .. } => (from, heard.end()),
            Newest::Closed(span) => (span.start(), span.end()),
        };
        let kept = SampleSpan::new(heard.start().max(from), heard.end().min(to));
        kept.filter(|kept| !kept.is_empty())
    }

    /// Before this place nothing was to be kept, and why; `None` if the newest stretch began with the call.
    pub fn nothing_before(&self) -> Option<(SampleOffset, GapReason)> {
        match self.newest {
            Newest::Open { from, before } => before.map(|reason| (from, reason)),
            Newest::Closed(_) => self.withheld().map(|reason| (SampleOffset(u64::MAX), reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SampleOffset {
        SampleOffset(seconds * 16_000)
    }

    fn span(from: u64, to: u64) -> SampleSpan {
        SampleSpan::new(at(from), at(to)).unwrap()
    }

    fn permit(mode: Mode, decisions: &[(Decision, u64)]) -> Permit {
        let mut permit = Permit::new(mode, Decided::default(), SampleOffset::ZERO);
        for &(decision, second) in decisions {
            permit.decide(decision, at(second));
        }
        permit
    }

    #[test]
    fn only_what_is_permitted_is_kept() {
        use Decision::{ConsentGiven, ConsentRefused, Pause, Resume};
        use GapReason::{BeforeConsent, NotAllowed, Paused};
        for (mode, decisions, heard, kept, withheld) in [
            (Mode::Notice, &[][..], (0, 9), Some((0, 9)), None),
            (Mode::Documentation, &[], (0, 9), Some((0, 9)), None),
            (Mode::Off, &[], (0, 9), None, Some(NotAllowed)),
            (Mode::Off, &[(ConsentGiven, 1)], (2, 9), None, Some(NotAllowed)),
            (Mode::Consent, &[], (0, 9), None, Some(BeforeConsent)),
            (Mode::Consent, &[(ConsentGiven, 5)], (0, 9), Some((5, 9)), None),
            (Mode::Consent, &[(ConsentGiven, 5), (ConsentRefused, 7)], (4, 9), Some((5, 7)), Some(BeforeConsent)),
            (Mode::Consent, &[(Pause, 1), (ConsentGiven, 5)], (0, 9), None, Some(Paused)),
            (Mode::Consent, &[(Pause, 1), (ConsentGiven, 5), (Resume, 6)], (0, 9), Some((6, 9)), None),
            (Mode::Consent, &[(Pause, 1), (Resume, 6)], (0, 9), None, Some(BeforeConsent)),
            (Mode::Notice, &[(Pause, 3)], (2, 9), Some((2, 3)), Some(Paused)),
            (Mode::Notice, &[(Pause, 3)], (4, 9), None, Some(Paused)),
            (Mode::Notice, &[(Pause, 3), (Resume, 5)], (2, 9), Some((5, 9)), None),
            (Mode::Notice, &[(Pause, 3), (Resume, 3)], (2, 9), Some((3, 9)), None),
            // A clock that runs back permits nothing anew.
            (Mode::Notice, &[(Pause, 5), (Resume, 2)], (3, 9), Some((5, 9)), None),
        ] {
            let permit = permit(mode, decisions);
            let expected = kept.map(|(from, to)| span(from, to));
            assert_eq!(permit.kept(span(heard.0, heard.1)), expected, "{mode:?} {decisions:?}");
            assert_eq!(permit.withheld(), withheld, "{mode:?} {decisions:?}");
        }
    }

    #[test]
    fn what_nobody_may_decide_is_refused_and_what_stands_changes_nothing() {
        use Decision::{ConsentGiven, Pause, Resume};
        let [off, notice, consent] = [Mode::Off, Mode::Notice, Mode::Consent].map(|mode| permit(mode, &[]));
        assert_eq!(off.changes(Pause), Err(NotToDecide::Off));
        assert_eq!(notice.changes(ConsentGiven), Err(NotToDecide::NoConsentNeeded));
        assert_eq!(notice.changes(Pause), Ok(true));
        assert_eq!(notice.changes(Resume), Ok(false));
        assert_eq!(consent.changes(ConsentGiven), Ok(true));
        assert_eq!(consent.changes(Pause), Ok(true));
    }

    #[test]
    fn a_restart_keeps_what_was_decided() {
        let paused = Decided::default().and(Decision::ConsentGiven).and(Decision::Pause);
        let mut permit = Permit::new(Mode::Consent, paused, at(10));
        assert_eq!((permit.withheld(), permit.kept(span(10, 12))), (Some(GapReason::Paused), None));
        permit.decide(Decision::Resume, at(11));
        assert_eq!(permit.kept(span(10, 12)), Some(span(11, 12)));
    }
}
