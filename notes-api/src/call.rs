//! Where a call stands, what may follow, and what a person is told about it. Pure.
//!
//! In: what the database knows of a call, and the time. Out: the next state, what the timer has to do, a status.
//! Promises:
//!   L1  From a hang-up or a loss of contact, a status that says what is the matter is visible within `no_contact_s`,
//!       whoever is down: the timer needs nobody but this process.
//!   L2  A discarded call stays discarded.
//! Not done here: no SQL, no clock.

use crate::config::Timing;
use referent_proto::CallState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to tell a person about a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Sound comes in.
    Listening,
    /// Nothing has come in for a while; what was said is kept on the PC.
    NoContact,
    /// Hung up; text is still missing.
    TextBehind,
    /// Hung up; nobody makes text or drafts now.
    TranscriptionDown,
    /// The draft is being written.
    Drafting,
    /// The draft is there.
    DraftReady,
    /// There is no draft; the reason says why.
    DraftFailed,
    /// A person saved the note.
    Saved,
    /// Erased.
    Discarded,
}

/// What the timer found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A live call of which nothing is heard.
    NoContact,
    /// A call that hung up with text missing, and no worker has it.
    NoWorker,
    /// A complete call, and no worker takes the draft.
    NoDrafter,
}

/// The draft that counts, as far as a status depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DraftStanding<'a> {
    /// None was asked for.
    None,
    /// Being written.
    Streaming,
    /// Whole.
    Ready,
    /// None came, and why.
    Failed(&'a str),
}

/// A transition that the state does not allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// Every later write is refused: tell the worker, which tells the agent.
    #[error("the call was discarded")]
    Discarded,
}

/// A worker began (again).
pub fn began(state: CallState) -> Result<CallState, Refused> {
    match state {
        CallState::Live | CallState::OutOfContact => Ok(CallState::Live),
        CallState::Ended | CallState::Complete => Ok(state),
        CallState::Discarded => Err(Refused::Discarded),
    }
}

/// The stream of the worker broke off.
pub fn contact_lost(state: CallState) -> CallState {
    match state {
        CallState::Live => CallState::OutOfContact,
        other => other,
    }
}

/// The hang-up came in.
pub fn ended(state: CallState) -> Result<CallState, Refused> {
    match state {
        CallState::Live | CallState::OutOfContact | CallState::Ended => Ok(CallState::Ended),
        CallState::Complete => Ok(CallState::Complete),
        CallState::Discarded => Err(Refused::Discarded),
    }
}

/// Settled and end of one track of the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrackStanding {
    /// Everything before it is text.
    pub settled: i64,
    /// Known from the hang-up.
    pub end: Option<i64>,
}

/// True when the hang-up is known and every track is settled to its end.
pub fn is_whole(tracks: &[TrackStanding]) -> bool {
    tracks.iter().all(|track| track.end.is_some_and(|end| track.settled >= end))
}

/// What the timer knows of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watched {
    /// Where it stands.
    pub state: CallState,
    /// Since when no stream brings anything.
    pub contact_lost_ms: Option<i64>,
    /// Since when its draft waits for a worker.
    pub job_free_since_ms: Option<i64>,
}

/// What the timer has to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// What to show.
    pub trouble: Option<Trouble>,
    /// A provisional draft is due.
    pub provisional: bool,
    /// When to look again.
    pub next_ms: Option<i64>,
}

/// What is due at `now_ms`, and when something may be due next.
pub fn due(watched: Watched, now_ms: i64, timing: &Timing) -> Due {
    let none = Due { trouble: None, provisional: false, next_ms: None };
    let (since, trouble, provisional_after) = match watched.state {
        CallState::OutOfContact => (watched.contact_lost_ms, Trouble::NoContact, Some(timing.provisional_after_ms())),
        CallState::Ended => (watched.contact_lost_ms, Trouble::NoWorker, Some(timing.provisional_after_ms())),
        CallState::Complete => (watched.job_free_since_ms, Trouble::NoDrafter, None),
        CallState::Live | CallState::Discarded => return none,
    };
    let Some(since) = since else { return none };
    let visible = since + timing.no_contact_ms();
    let provisional = provisional_after.map(|after| since + after);
    Due {
        trouble: (now_ms >= visible).then_some(trouble),
        provisional: provisional.is_some_and(|at| now_ms >= at),
        next_ms: [Some(visible), provisional].into_iter().flatten().filter(|at| *at > now_ms).min(),
    }
}

/// What to tell a person, and why.
pub fn status(
    state: CallState,
    trouble: Option<Trouble>,
    draft: DraftStanding<'_>,
    notes: i64,
    seconds_behind: i64,
) -> (Status, Option<String>) {
    if state == CallState::Discarded {
        return (Status::Discarded, None);
    }
    if notes > 0 {
        return (Status::Saved, None);
    }
    match (state, trouble, draft) {
        (CallState::Live, ..) | (CallState::OutOfContact, None, _) => (Status::Listening, None),
        (CallState::OutOfContact, Some(_), _) => (Status::NoContact, None),
        (CallState::Ended, None, _) => (Status::TextBehind, Some(seconds_behind.to_string())),
        (CallState::Ended, Some(_), _) => (Status::TranscriptionDown, Some("no_worker".into())),
        (_, Some(_), DraftStanding::None | DraftStanding::Streaming) => {
            (Status::TranscriptionDown, Some("no_drafter".into()))
        }
        (_, None, DraftStanding::None | DraftStanding::Streaming) => (Status::Drafting, None),
        (_, _, DraftStanding::Ready) => (Status::DraftReady, None),
        (_, _, DraftStanding::Failed(why)) => (Status::DraftFailed, Some(why.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing { no_contact_s: 15, provisional_after_s: 60, lease_ms: 10_000, areas_ms: 2_000 };

    fn check(state: CallState, silent_s: i64, expected: (Option<Trouble>, bool, Option<i64>)) {
        let lost = (state != CallState::Complete).then_some(1_000);
        let free = (state == CallState::Complete).then_some(1_000);
        let watched = Watched { state, contact_lost_ms: lost, job_free_since_ms: free };
        let found = due(watched, 1_000 + silent_s * 1_000, &TIMING);
        assert_eq!((found.trouble, found.provisional, found.next_ms), expected, "{state:?} after {silent_s} s");
    }

    #[test]
    fn the_timer_says_what_is_the_matter_within_15_seconds() {
        check(CallState::OutOfContact, 0, (None, false, Some(16_000)));
        check(CallState::OutOfContact, 15, (Some(Trouble::NoContact), false, Some(61_000)));
        check(CallState::OutOfContact, 60, (Some(Trouble::NoContact), true, None));
        check(CallState::Ended, 14, (None, false, Some(16_000)));
        check(CallState::Ended, 15, (Some(Trouble::NoWorker), false, Some(61_000)));
        check(CallState::Complete, 15, (Some(Trouble::NoDrafter), false, None));
        check(CallState::Complete, 70, (Some(Trouble::NoDrafter), false, None));
        check(CallState::Live, 70, (None, false, None));
        check(CallState::Discarded, 70, (None, false, None));
    }

    #[test]
    fn a_discarded_call_stays_discarded() {
        assert_eq!(began(CallState::Discarded), Err(Refused::Discarded));
        assert_eq!(ended(CallState::Discarded), Err(Refused::Discarded));
        assert_eq!(contact_lost(CallState::Discarded), CallState::Discarded);
        let told = status(CallState::Discarded, None, DraftStanding::Ready, 1, 0);
        assert_eq!(told, (Status::Discarded, None));
    }

    #[test]
    fn every_state_tells_a_person_something() {
        let check = |state, trouble, draft, notes, expected| {
            assert_eq!(status(state, trouble, draft, notes, 7).0, expected, "{state:?} {trouble:?} {draft:?}");
        };
        check(CallState::Live, None, DraftStanding::None, 0, Status::Listening);
        check(CallState::OutOfContact, None, DraftStanding::None, 0, Status::Listening);
        check(CallState::OutOfContact, Some(Trouble::NoContact), DraftStanding::Ready, 0, Status::NoContact);
        check(CallState::Ended, None, DraftStanding::None, 0, Status::TextBehind);
        check(CallState::Ended, Some(Trouble::NoWorker), DraftStanding::None, 0, Status::TranscriptionDown);
        check(CallState::Complete, None, DraftStanding::Streaming, 0, Status::Drafting);
        check(CallState::Complete, Some(Trouble::NoDrafter), DraftStanding::Streaming, 0, Status::TranscriptionDown);
        check(CallState::Complete, None, DraftStanding::Ready, 0, Status::DraftReady);
        check(CallState::Complete, None, DraftStanding::Failed("x"), 0, Status::DraftFailed);
        check(CallState::Complete, None, DraftStanding::Ready, 1, Status::Saved);
    }

    #[test]
    fn a_call_is_whole_when_every_track_it_has_is_settled_to_its_end() {
        let track = |settled, end| TrackStanding { settled, end };
        assert!(is_whole(&[track(10, Some(10)), track(12, Some(10))]));
        assert!(!is_whole(&[track(10, Some(10)), track(9, Some(10))]));
        assert!(!is_whole(&[track(10, None)]));
    }
}
