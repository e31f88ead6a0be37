//! When to tell the server what the agent does: with every heartbeat, and at once when it is something else.
//!
//! In: the state, looked at four times a second. Out: the state, when it is to be said. Not done here: nothing is sent.

use referent_proto::AgentStateKind;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// How often it is looked whether the agent does something else than the server knows.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What was said last, and when.
#[derive(Debug)]
pub(crate) struct Pulse {
    look: Interval,
    every: Duration,
    said: Option<(AgentStateKind, Instant)>,
}

impl Pulse {
    /// Nothing was said yet: the first beat comes at once.
    pub(crate) fn new(every: Duration) -> Self {
        let mut look = interval(every.min(LOOK_EVERY));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { look, every, said: None }
    }

    /// Waits until it is due. Loses nothing when it is not waited for to the end.
    pub(crate) async fn beat(&mut self, state: impl Fn() -> AgentStateKind) -> AgentStateKind {
        loop {
            let now = self.look.tick().await;
            let kind = state();
            if self.said.is_none_or(|(said, at)| now - at >= self.every || said != kind) {
                self.said = Some((kind, now));
                return kind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AgentStateKind as K;
    use std::cell::Cell;

    #[tokio::test]
    async fn a_change_is_said_at_once_and_everything_else_with_the_heartbeat() {
        let (begin, state) = (Instant::now(), Cell::new(K::Idle));
        let mut pulse = Pulse::new(Duration::from_secs(2));
        assert_eq!(pulse.beat(|| state.get()).await, K::Idle);
        assert!(begin.elapsed() < Duration::from_millis(200), "the first beat comes at once");
        state.set(K::Paused);
        let changed = Instant::now();
        assert_eq!(pulse.beat(|| state.get()).await, K::Paused);
        assert!(changed.elapsed() < Duration::from_secs(1), "{:?} for a change", changed.elapsed());
        let said = Instant::now();
        assert_eq!(pulse.beat(|| state.get()).await, K::Paused);
        let waited = said.elapsed();
        assert!((Duration::from_millis(1700)..Duration::from_secs(3)).contains(&waited), "{waited:?} for a heartbeat");
    }
}
