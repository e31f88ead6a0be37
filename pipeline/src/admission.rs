//! Whether this worker may take one more live call, judged by what calls have cost it so far.
//!
//! In: how many live calls there are, how long the recognisers were busy with them, how far they are behind. Out: yes or
//! no. A call that is refused loses nothing: its agent goes on spooling and asks elsewhere. A call too many makes the text
//! of all of them late.
//!
//! Promises:
//!   A1  The calls that were let in are expected to keep the recognisers' cores busy for at most [`FULL`] of their time,
//!       with what receiving and cutting them takes beside. What a call costs is taken from how long the model needed when
//!       it was warmed, which counts as [`PRIOR_COUNTS`] seconds of calls, and from what was measured since. Only sound
//!       that has become text counts: what has just come in has cost nothing yet, and a crowd at the door would seem to be
//!       cheap.
//!   A2  While the recognisers are further behind than [`BEHIND`] with live calls, nobody is let in. What was kept while
//!       the network was gone may wait by the hour: it gives way, and shuts nobody out.
//!   A3  A worker without a call takes one, whatever it is expected to cost.
//!
//! Pure. Not done here: no promise about the backlog, which has a fifth at least and is
//! bounded where it is let in (`receive`).

use std::time::Duration;

/// Beyond, waiting grows faster than work: the rest is for segments that come at the same moment.
pub const FULL: f64 = 0.85;
/// Seconds.
pub const BEHIND: f64 = 2.0;
/// So many seconds of calls weigh as much as what was thought before: half a minute of a full worker.
pub const PRIOR_COUNTS: f64 = 600.0;
/// While all recognisers are busy, and what feeds them beside, each is slower than one that was warmed alone.
const CROWDED: f64 = 1.2;
/// Cores that one call takes beside the recognisers: receiving, cutting and settling it. Measured at 80 calls on two cores
/// of an AMD EPYC: 0.0033, and a little more for the kernel's share. Where the model is small this is a quarter of a call.
const BESIDE: f64 = 0.005;
/// How long what calls cost is remembered, in seconds of calls: some minutes of a full worker.
const REMEMBERED: f64 = 3_600.0;

/// What a worker has done for live calls, ever.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// How long recognisers were busy with their finals, all together.
    pub busy: Duration,
    /// How much of the calls has become text, however fast: an hour of a call is an hour.
    pub calls: Duration,
}

/// What is known of the load.
#[derive(Debug)]
pub struct Admission {
    workers: f64,
    /// Recognisers that one call is expected to keep busy, before it is measured.
    prior: f64,
    calls: usize,
    call_seconds: f64,
    busy_seconds: f64,
    before: Done,
}

impl Admission {
    /// For so many recognisers, of which one call is thought to need `prior` where nobody else is heard.
    pub fn new(workers: usize, prior: f64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
        let workers = workers as f64;
        Self {
            workers,
            prior: CROWDED * prior,
            calls: 0,
            call_seconds: 0.0,
            busy_seconds: 0.0,
            before: Done::default(),
        }
    }

    /// A live call begins.
    pub fn begins(&mut self) {
        self.calls += 1;
    }

    /// A live call has left.
    pub fn ends(&mut self) {
        self.calls = self.calls.saturating_sub(1);
    }

    /// May one more begin? `behind`: seconds that the recognisers would need for what of live calls waits.
    pub fn admits(&mut self, behind: f64, done: Done) -> bool {
        self.learn(done);
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let with_it = (self.calls + 1) as f64;
        behind <= BEHIND && (self.calls == 0 || with_it * (self.per_call() + BESIDE) <= FULL * self.workers)
    }

    /// Recognisers that one live call keeps busy.
    pub fn per_call(&self) -> f64 {
        (self.prior * PRIOR_COUNTS + self.busy_seconds) / (PRIOR_COUNTS + self.call_seconds)
    }

    fn learn(&mut self, done: Done) {
        self.call_seconds += done.calls.saturating_sub(self.before.calls).as_secs_f64();
        self.busy_seconds += done.busy.saturating_sub(self.before.busy).as_secs_f64();
        self.before = done;
        if self.call_seconds > REMEMBERED {
            self.busy_seconds *= REMEMBERED / self.call_seconds;
            self.call_seconds = REMEMBERED;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(calls: f64, busy: f64) -> Done {
        Done { calls: Duration::from_secs_f64(calls), busy: Duration::from_secs_f64(busy) }
    }

    /// How many calls are let in at once.
    fn at_once(admission: &mut Admission, done: Done) -> usize {
        let mut calls = 0;
        while calls < 1000 && admission.admits(0.0, done) {
            admission.begins();
            calls += 1;
        }
        calls
    }

    #[test]
    fn a_crowd_at_the_door_is_let_in_by_what_the_model_needs() {
        for (workers, prior, expected) in [(2, 0.033, 38), (2, 0.099, 13), (2, 0.5, 2), (1, 3.0, 1), (16, 0.099, 109)] {
            let mut admission = Admission::new(workers, prior);
            assert_eq!(at_once(&mut admission, Done::default()), expected, "{workers} {prior}");
        }
    }

    #[test]
    fn what_calls_cost_is_learned() {
        let mut admission = Admission::new(2, 0.099);
        assert_eq!(at_once(&mut admission, done(0.0, 0.0)), 13);
        // They cost half of what was thought: more may come.
        let hour = done(3_600.0, 3_600.0 * 0.0495);
        assert_eq!(at_once(&mut admission, hour), 13);
        // And when people speak more, nobody may.
        let later = done(7_200.0, 3_600.0 * (0.0495 + 0.08));
        assert!(!admission.admits(0.0, later), "{}", admission.per_call());
        for _ in 0..20 {
            admission.ends();
        }
        assert!(admission.admits(0.0, later));
        assert!(!admission.admits(2.5, later), "while it is behind nobody comes in");
    }

    #[test]
    fn a_minute_of_calls_is_not_enough_to_know_better() {
        // Twenty calls in their first three seconds: hardly anybody has said anything.
        let mut admission = Admission::new(2, 0.05);
        let before = at_once(&mut admission, done(0.0, 0.0));
        assert!(at_once(&mut admission, done(60.0, 0.0)) <= 3, "{before}");
        let mut admission = Admission::new(2, 0.05);
        assert_eq!(at_once(&mut admission, done(1.0, 1.0)), before - 1, "nor to know worse");
    }
}
