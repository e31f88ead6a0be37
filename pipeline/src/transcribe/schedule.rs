//! Who is heard next: five classes, fair between calls. Pure: no thread, no lock, time comes in as an argument.
//!
//! In: wishes in any order, and how long each turn took. Out: whose turn it is.
//!
//! Promises:
//!   Q1  Finals (all but [`Class::Partial`]) are never dropped. A partial is replaced by a newer one of its track.
//!   Q2  Calls that hung up come first, then live ones, and of these whoever has waited longest, so the oldest deadline.
//!       Who brings more than people can say in that time does not hold up the others: its sound counts as coming one
//!       after the other, at `PACE` (a virtual clock: Zhang, 1990). Of the other classes, calls share evenly by the
//!       sound that they have heard (start-time fair queueing: Goyal, Vin and Cheng, 1996). One call's sound stays in
//!       order.
//!   Q3  What a live call is behind with gets what calls that keep up leave, so that who comes in late makes nobody late
//!       (docs/decisions/0022). While something of the backlog waits, it gets a fifth of the recognisers' time, and the
//!       whole of what nobody else wants. But while calls go on, one recogniser (of several) is given to neither, because
//!       what somebody waits for cannot interrupt it.
//!   Q4  Partials get what is left, never the last recogniser of several, and nothing while any final waits.
//!
//! Not done here: no bound on the length. Each call has at most `call::IN_FLIGHT` finals and one partial a track here,
//! and each worker at most `receive::CALLS` calls.

use super::{Class, RequestId};
use referent_proto::{CallId, Track};
use std::collections::HashMap;
use std::time::Duration;

/// Seconds that the backlog earns with each second of the others: a fifth of all.
const EARNS: f64 = 0.25;
/// The most it can have earned, in seconds: more than one turn of the largest model.
const MOST_EARNED: f64 = 30.0;
/// The most it can have overdrawn: what it had while nobody else wanted it is forgotten.
const MOST_OVERDRAWN: f64 = 5.0;
/// While somebody spoke within this time, calls go on.
const CALLS_GO_ON: Duration = Duration::from_secs(30);
/// Seconds of sound that a call brings in a second: two people at once, and what is heard around each utterance.
const PACE: f64 = 2.5;
/// What every turn costs beside its sound, in samples: the decoder's first token, some hundredths of a second.
const EACH: f64 = 8_000.0;
/// Before anything was heard: seconds that a sample is thought to cost.
const FIRST_GUESS: f64 = 0.05 / 16_000.0;
/// How fast the guess follows.
const FOLLOWS: f64 = 0.1;

/// "This shall be heard."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Which one.
    pub id: RequestId,
    /// Whose.
    pub call: CallId,
    /// Who speaks.
    pub track: Track,
    /// How urgent.
    pub class: Class,
    /// How much sound.
    pub samples: usize,
}

/// A recogniser is given to somebody. To be handed back with [`Schedule::done`].
#[derive(Debug, PartialEq)]
#[must_use]
pub struct Turn {
    class: Class,
    cost: f64,
    guessed: f64,
}

#[derive(Debug)]
struct Waiting<T> {
    wish: Wish,
    /// When it counts as having come, in seconds of the clock.
    came: f64,
    /// Where it stands in the fair order: the sound that its call had heard before it.
    start: f64,
    item: T,
}

/// What waits, and who had how much.
#[derive(Debug)]
pub struct Schedule<T> {
    workers: usize,
    waiting: Vec<Waiting<T>>,
    /// When each call's next sound counts as coming, if that is later than it comes.
    next_comes: HashMap<CallId, f64>,
    /// The fair order's own clock: where the newest turn began.
    fair_now: f64,
    /// Where each call's next sound begins in the fair order.
    next_start: HashMap<CallId, f64>,
    busy_behind: usize,
    busy_backlog: usize,
    busy_partials: usize,
    /// Seconds that the backlog has earned and not had.
    earned: f64,
    per_sample: f64,
    last_urgent: Option<Duration>,
}

impl<T> Schedule<T> {
    /// For so many recognisers.
    pub fn new(workers: usize) -> Self {
        Self {
            workers,
            waiting: Vec::new(),
            next_comes: HashMap::new(),
            fair_now: 0.0,
            next_start: HashMap::new(),
            busy_behind: 0,
            busy_backlog: 0,
            busy_partials: 0,
            earned: 0.0,
            per_sample: FIRST_GUESS,
            last_urgent: None,
        }
    }

    /// Adds a wish. Gives back the partial that it replaces.
    pub fn add(&mut self, wish: Wish, item: T, now: Duration) -> Option<T> {
        if wish.class == Class::Partial {
            let same = |waiting: &Waiting<T>| {
                let other = &waiting.wish;
                other.class == Class::Partial && (other.call, other.track) == (wish.call, wish.track)
            };
            if let Some(at) = self.waiting.iter().position(same) {
                let replaced = std::mem::replace(&mut self.waiting[at].item, item);
                self.waiting[at].wish = wish;
                return Some(replaced);
            }
        } else if is_urgent(wish.class) {
            self.last_urgent = Some(now);
        }
        let came = self.comes(&wish, now.as_secs_f64());
        let start = self.starts(&wish);
        self.waiting.push(Waiting { wish, came, start, item });
        None
    }

    /// Whose turn it is, if anybody's. Asked again after each `add` and each `done`.
    pub fn next(&mut self, now: Duration) -> Option<(Turn, T)> {
        let class = self.next_class(now)?;
        let at = self.next_of(class)?;
        let Waiting { wish, start, item, .. } = self.waiting.remove(at);
        self.fair_now = self.fair_now.max(start);
        let (fair_now, now) = (self.fair_now, now.as_secs_f64());
        self.next_start.retain(|_, next| *next > fair_now);
        self.next_comes.retain(|_, next| *next > now);
        let cost = cost(&wish);
        let turn = Turn { class, cost, guessed: cost * self.per_sample };
        if let Some(busy) = self.busy(class) {
            *busy += 1;
        }
        self.account(class, turn.guessed);
        Some((turn, item))
    }

    /// A recogniser is free again.
    pub fn done(&mut self, turn: Turn, took: Duration) {
        let (Turn { class, cost, guessed }, took) = (turn, took.as_secs_f64());
        self.account(class, took - guessed);
        self.per_sample += FOLLOWS * (took / cost - self.per_sample);
        if let Some(busy) = self.busy(class) {
            *busy -= 1;
        }
    }

    /// How many recognisers this class has, if it may not have all.
    fn busy(&mut self, class: Class) -> Option<&mut usize> {
        match class {
            Class::Behind => Some(&mut self.busy_behind),
            Class::Backlog => Some(&mut self.busy_backlog),
            Class::Partial => Some(&mut self.busy_partials),
            Class::HungUp | Class::Live => None,
        }
    }

    /// Nobody waits for this one any more.
    pub fn forget(&mut self, id: RequestId) -> Option<T> {
        let at = self.waiting.iter().position(|waiting| waiting.wish.id == id)?;
        Some(self.waiting.remove(at).item)
    }

    /// What is left of this call comes first.
    pub fn hurry(&mut self, call: CallId) {
        for waiting in &mut self.waiting {
            if waiting.wish.call == call && waiting.wish.class != Class::Partial {
                waiting.wish.class = Class::HungUp;
            }
        }
    }

    /// This call is not behind any more.
    pub fn catches_up(&mut self, call: CallId) {
        for waiting in &mut self.waiting {
            if waiting.wish.call == call && waiting.wish.class == Class::Behind {
                waiting.wish.class = Class::Live;
            }
        }
    }

    /// How many wait, of a class.
    pub fn waiting(&self, class: Class) -> usize {
        self.waiting.iter().filter(|waiting| waiting.wish.class == class).count()
    }

    /// How long what a live call has to wait for will take, if nothing is added: seconds of one recogniser. The backlog and
    /// what calls are behind with give way (Q3), so however long they are, nobody who speaks waits for them.
    pub fn ahead(&self) -> f64 {
        let of_calls = self.waiting.iter().filter(|waiting| matches!(waiting.wish.class, Class::HungUp | Class::Live));
        of_calls.map(|waiting| cost(&waiting.wish) * self.per_sample).sum()
    }

    /// Everything is dropped: the process ends.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    fn has(&self, class: Class) -> bool {
        self.waiting.iter().any(|waiting| waiting.wish.class == class)
    }

    /// Q2, for whom somebody waits.
    fn comes(&mut self, wish: &Wish, now: f64) -> f64 {
        if !is_urgent(wish.class) && wish.class != Class::Behind {
            return now;
        }
        let came = self.next_comes.get(&wish.call).copied().unwrap_or(0.0).max(now);
        self.next_comes.insert(wish.call, came + seconds(wish) / PACE);
        came
    }

    /// Q2, for the others.
    fn starts(&mut self, wish: &Wish) -> f64 {
        if is_urgent(wish.class) {
            return self.fair_now;
        }
        let start = self.next_start.get(&wish.call).copied().unwrap_or(0.0).max(self.fair_now);
        self.next_start.insert(wish.call, start + cost(wish));
        start
    }

    /// Q2: the first of a class.
    fn next_of(&self, class: Class) -> Option<usize> {
        let place = |waiting: &Waiting<T>| if is_urgent(class) { waiting.came } else { waiting.start };
        let of_class = self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.wish.class == class);
        let first = of_class.min_by(|(_, a), (_, b)| place(a).total_cmp(&place(b)).then(a.wish.id.0.cmp(&b.wish.id.0)));
        first.map(|(at, _)| at)
    }

    fn guess(&self, at: usize) -> f64 {
        cost(&self.waiting[at].wish) * self.per_sample
    }

    /// Q2 to Q4.
    fn next_class(&self, now: Duration) -> Option<Class> {
        let all_but_one = self.workers.saturating_sub(1).max(1);
        let calls_go_on = self.last_urgent.is_some_and(|last| now.saturating_sub(last) < CALLS_GO_ON);
        let for_who_can_wait = if calls_go_on { all_but_one } else { self.workers };
        let one_is_free = self.busy_behind + self.busy_backlog < for_who_can_wait;
        let may_be_heard = |class| one_is_free && self.has(class);
        let has_earned = || self.next_of(Class::Backlog).is_some_and(|at| self.earned >= self.guess(at));
        if may_be_heard(Class::Backlog) && has_earned() {
            return Some(Class::Backlog);
        }
        let urgent = [Class::HungUp, Class::Live].into_iter().find(|class| self.has(*class));
        let patient = || [Class::Behind, Class::Backlog].into_iter().find(|class| may_be_heard(*class));
        let partial = || {
            let finals_wait = self.has(Class::Behind) || self.has(Class::Backlog);
            let may = self.has(Class::Partial) && !finals_wait && self.busy_partials < all_but_one;
            may.then_some(Class::Partial)
        };
        urgent.or_else(patient).or_else(partial)
    }

    /// Q3: what a turn changes of what the backlog has earned.
    fn account(&mut self, class: Class, seconds: f64) {
        match class {
            Class::Backlog => self.earned -= seconds,
            Class::HungUp | Class::Live | Class::Behind if self.has(Class::Backlog) => self.earned += EARNS * seconds,
            Class::HungUp | Class::Live | Class::Behind | Class::Partial => {}
        }
        self.earned = self.earned.clamp(-MOST_OVERDRAWN, MOST_EARNED);
        if !self.has(Class::Backlog) && self.busy_backlog == 0 {
            self.earned = 0.0;
        }
    }
}

/// Somebody waits for it.
fn is_urgent(class: Class) -> bool {
    matches!(class, Class::HungUp | Class::Live)
}

#[expect(clippy::cast_precision_loss, reason = "at most 12 s of samples")]
fn cost(wish: &Wish) -> f64 {
    wish.samples as f64 + EACH
}

#[expect(clippy::cast_precision_loss, reason = "at most 12 s of samples")]
fn seconds(wish: &Wish) -> f64 {
    wish.samples as f64 / referent_proto::SAMPLE_RATE as f64
}

#[cfg(test)]
mod tests;
