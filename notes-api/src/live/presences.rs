//! Which PCs are there, and what they do, whether or not a call goes on. Pure.
//!
//! In: that a stream began, what its agent says, that it says nothing any more, that it ended; and the time. Out: what a page
//! is told, which belongs to nobody in particular as long as there is no login: the state of the PC where there is one, and of
//! several how many there are, how many are not any more, and how many are in trouble.
//!
//! A PC may be there through another notes-api of the same database; it counts as one that is here, for the pages.
//!
//! Rules:
//!   V1  A PC is there from its first heartbeat on, and while its stream lasts and is not silent.
//!   V2  Two PCs of one caseworker are two. An agent that comes again on another stream is one: the newer stream counts.
//!   V3  Who was there and is not is remembered for a while, so that with several PCs no page takes another's state for its
//!       own; until the agent comes again, or another of the same caseworker takes its place (its next start is another).
//!   V4  Of an agent that is here, and was heard, what another process says is older.
//!
//! Not done here: no clock, nobody is told, and nothing outlives the process.

use crate::shown::PresenceView;
use referent_proto::{AgentId, AgentStateKind};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long a PC is missed.
pub(crate) const MISSED_FOR: Duration = Duration::from_mins(10);
/// PCs that are missed at once; the one that is missed longest goes first.
const MISSED: usize = 1024;

/// One stream's place among them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place(u64);

#[derive(Debug)]
struct There {
    identity: String,
    agent: AgentId,
    says: Option<Says>,
    is_silent: bool,
    is_elsewhere: bool,
}

/// A PC, as one process tells another of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    /// Whose.
    pub identity: String,
    /// Which start of which PC's agent.
    pub agent: AgentId,
    /// What it says it does, if it has said anything.
    pub says: Option<Since>,
    /// Its stream lasts, and nothing comes.
    pub is_silent: bool,
}

/// A state, and since when by the wall clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Since {
    /// What it does.
    pub kind: AgentStateKind,
    /// UTC milliseconds.
    pub since_ms: i64,
}

/// A state, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Says {
    kind: AgentStateKind,
    since: Instant,
}

#[derive(Debug)]
struct Missed {
    identity: String,
    agent: AgentId,
    since: Instant,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Presences {
    next: u64,
    there: BTreeMap<Place, There>,
    /// The places of what other processes have, by process and PC.
    elsewhere: BTreeMap<(String, String, AgentId), Place>,
    missed: Vec<Missed>,
}

/// What a page is told, but for the time that has gone by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sum {
    in_contact: usize,
    lost: usize,
    in_trouble: usize,
    only: Option<Says>,
}

impl Presences {
    /// A stream began.
    pub(crate) fn comes(&mut self, identity: String, agent: AgentId) -> Place {
        self.comes_to(identity, agent, false)
    }

    fn comes_to(&mut self, identity: String, agent: AgentId, is_elsewhere: bool) -> Place {
        // What it said on an older stream holds until it says something else.
        let is_his = |there: &There| there.agent == agent && there.identity == identity;
        let older = self.there.iter().find(|(_, there)| is_his(there)).map(|(place, _)| *place);
        let says = older.and_then(|older| self.there.remove(&older)).and_then(|there| there.says);
        let place = Place(self.next);
        self.next += 1;
        self.there.insert(place, There { identity, agent, says, is_silent: false, is_elsewhere });
        place
    }

    /// Its agent has said this already, and was not silent since.
    pub(crate) fn has_said(&self, place: Place, kind: AgentStateKind) -> bool {
        let there = self.there.get(&place).filter(|there| !there.is_silent);
        there.and_then(|there| there.says).is_some_and(|says| says.kind == kind)
    }

    /// Its agent does this since then.
    pub(crate) fn says(&mut self, place: Place, kind: AgentStateKind, since: Instant) {
        let Some(there) = self.there.get_mut(&place) else { return };
        there.is_silent = false;
        // The same state goes on since it was first said: a number that trembled would be a lie about precision.
        if there.says.is_some_and(|says| says.kind == kind) {
            return;
        }
        if there.says.replace(Says { kind, since }).is_none() {
            let (identity, agent) = (there.identity.clone(), there.agent);
            let his = || self.missed.iter().enumerate().filter(|(_, missed)| missed.identity == identity);
            let same = his().find(|(_, missed)| missed.agent == agent);
            if let Some((found, _)) = same.or_else(|| his().next()) {
                self.missed.remove(found);
            }
        }
    }

    /// Nothing was heard of it for too long.
    pub(crate) fn is_silent(&mut self, place: Place) {
        if let Some(there) = self.there.get_mut(&place) {
            there.is_silent = true;
        }
    }

    /// Its stream ended.
    pub(crate) fn leaves(&mut self, place: Place, now: Instant) {
        // Nothing, if its agent has come again: then another place is its own.
        let Some(There { identity, agent, says: Some(_), .. }) = self.there.remove(&place) else { return };
        if self.missed.len() >= MISSED {
            self.missed.remove(0);
        }
        self.missed.push(Missed { identity, agent, since: now });
    }

    /// Who is missed for long is missed no more.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.missed.retain(|missed| now.duration_since(missed.since) < MISSED_FOR);
    }

    /// Whether nobody listens to commands here.
    pub(crate) fn has_none_of_its_own(&self) -> bool {
        self.there.values().all(|there| there.is_elsewhere)
    }

    /// Those that are there through this process.
    pub(crate) fn own(&self, now: Instant, now_ms: i64) -> Vec<Known> {
        let since_ms = |says: Says| {
            let ago = i64::try_from(now.saturating_duration_since(says.since).as_millis()).unwrap_or(i64::MAX);
            Since { kind: says.kind, since_ms: now_ms.saturating_sub(ago) }
        };
        let known = |there: &There| Known {
            identity: there.identity.clone(),
            agent: there.agent,
            says: there.says.map(since_ms),
            is_silent: there.is_silent,
        };
        self.there.values().filter(|there| !there.is_elsewhere).map(known).collect()
    }

    /// These are there through other processes (by their name), and whoever was and is not among them has left.
    pub(crate) fn elsewhere(&mut self, others: Vec<(String, Known)>, now: Instant, now_ms: i64) {
        let mut before = std::mem::take(&mut self.elsewhere);
        for (holder, known) in others {
            let Known { identity, agent, says, is_silent } = known;
            let key = (holder, identity.clone(), agent);
            let place = match before.remove(&key) {
                Some(place) => place,
                // V4. Of one that is silent here another process has the newer stream.
                None if self.is_heard_here(&identity, agent) => continue,
                None => self.comes_to(identity, agent, true),
            };
            if let Some(Since { kind, since_ms }) = says {
                let ago = Duration::from_millis(u64::try_from(now_ms.saturating_sub(since_ms)).unwrap_or(0));
                self.says(place, kind, now.checked_sub(ago).unwrap_or(now));
            }
            if is_silent {
                self.is_silent(place);
            }
            self.elsewhere.insert(key, place);
        }
        for place in before.into_values() {
            self.leaves(place, now);
        }
    }

    fn is_heard_here(&self, identity: &str, agent: AgentId) -> bool {
        let is_it = |there: &There| !there.is_elsewhere && there.agent == agent && there.identity == identity;
        self.there.values().any(|there| is_it(there) && !there.is_silent)
    }

    /// How it stands with the PCs of one caseworker, or with all.
    pub(crate) fn sum(&self, whose: Option<&str>) -> Sum {
        let counts = |identity: &str| whose.is_none_or(|whose| whose == identity);
        let lost = self.missed.iter().filter(|missed| counts(&missed.identity)).count();
        let mut sum = Sum { lost, ..Sum::default() };
        for there in self.there.values().filter(|there| counts(&there.identity)) {
            match there.says {
                Some(_) if there.is_silent => sum.lost += 1,
                Some(says) => {
                    sum.in_contact += 1;
                    sum.in_trouble += usize::from(is_trouble(says.kind));
                    sum.only = Some(says);
                }
                None => {}
            }
        }
        sum.only = sum.only.filter(|_| sum.in_contact == 1 && sum.lost == 0);
        sum
    }
}

impl Sum {
    /// As it is said now.
    pub(crate) fn shown(self, now: Instant) -> PresenceView {
        let millis = |since: Instant| u64::try_from(now.duration_since(since).as_millis()).unwrap_or(u64::MAX);
        PresenceView {
            in_contact: self.in_contact,
            lost: self.lost,
            in_trouble: self.in_trouble,
            state: self.only.map(|says| says.kind),
            since_ms: self.only.map(|says| millis(says.since)),
        }
    }
}

/// Something keeps a PC from recording what it should, and somebody has to do something about it.
fn is_trouble(kind: AgentStateKind) -> bool {
    use AgentStateKind as K;
    match kind {
        K::NoSoundNear | K::NoSoundFar | K::DiskFull => true,
        K::Starting
        | K::Listening
        | K::Paused
        | K::AwaitingConsent
        | K::OfflineKeeping
        | K::CatchingUp
        | K::NotAllowed
        | K::Idle => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AgentStateKind as K;

    fn agent(number: u8) -> AgentId {
        AgentId::from_bytes(&[number; 16]).expect("16 bytes")
    }

    #[track_caller]
    fn check(all: &Presences, (in_contact, lost, in_trouble): (usize, usize, usize), state: Option<AgentStateKind>) {
        let view = all.sum(None).shown(Instant::now());
        assert_eq!((view.in_contact, view.lost, view.in_trouble, view.state), (in_contact, lost, in_trouble, state));
    }

    #[test]
    fn one_pc_is_shown_with_its_state_until_it_is_lost() {
        let (mut all, now) = (Presences::default(), Instant::now());
        check(&all, (0, 0, 0), None);
        let place = all.comes("anna".into(), agent(1));
        check(&all, (0, 0, 0), None);
        all.says(place, K::Idle, now);
        check(&all, (1, 0, 0), Some(K::Idle));
        all.says(place, K::DiskFull, now);
        check(&all, (1, 0, 1), Some(K::DiskFull));
        all.is_silent(place);
        check(&all, (0, 1, 0), None);
        all.says(place, K::DiskFull, now);
        check(&all, (1, 0, 1), Some(K::DiskFull));
        all.leaves(place, now);
        check(&all, (0, 1, 0), None);
        all.forget(now + MISSED_FOR / 2);
        check(&all, (0, 1, 0), None);
        all.forget(now + MISSED_FOR);
        check(&all, (0, 0, 0), None);
    }

    #[test]
    fn how_long_it_has_been_so_counts_from_when_it_was_first_said() {
        let (mut all, now) = (Presences::default(), Instant::now());
        let place = all.comes("anna".into(), agent(1));
        let since = |all: &Presences, later| all.sum(None).shown(now + Duration::from_secs(later)).since_ms;
        all.says(place, K::Idle, now);
        let sum = all.sum(None);
        all.says(place, K::Idle, now + Duration::from_secs(3));
        assert_eq!(all.sum(None), sum, "a heartbeat that says the same is no news");
        assert_eq!(since(&all, 5), Some(5000));
        all.says(place, K::Paused, now + Duration::from_secs(5));
        assert_eq!(since(&all, 5), Some(0));
    }

    #[test]
    fn an_agent_that_comes_again_is_one_and_its_older_stream_counts_no_more() {
        let (mut all, now) = (Presences::default(), Instant::now());
        let old = all.comes("anna".into(), agent(1));
        all.says(old, K::Idle, now);
        let new = all.comes("anna".into(), agent(1));
        check(&all, (1, 0, 0), Some(K::Idle));
        all.is_silent(new);
        check(&all, (0, 1, 0), None);
        all.says(new, K::Paused, now);
        check(&all, (1, 0, 0), Some(K::Paused));
        all.says(old, K::Idle, now);
        all.is_silent(old);
        all.leaves(old, now);
        check(&all, (1, 0, 0), Some(K::Paused));
        all.leaves(new, now);
        let again = all.comes("anna".into(), agent(1));
        check(&all, (0, 1, 0), None);
        all.says(again, K::Idle, now);
        check(&all, (1, 0, 0), Some(K::Idle));
    }

    #[test]
    fn the_next_start_of_a_lost_agent_takes_its_place_and_anothers_does_not() {
        let (mut all, now) = (Presences::default(), Instant::now());
        let annas = all.comes("anna".into(), agent(1));
        let bos = all.comes("bo".into(), agent(2));
        all.says(annas, K::Idle, now);
        all.says(bos, K::NoSoundNear, now);
        check(&all, (2, 0, 1), None);
        all.leaves(annas, now);
        // Bo's state is not shown to Anna as if it were her PC's.
        check(&all, (1, 1, 1), None);
        let third = all.comes("carl".into(), agent(3));
        all.says(third, K::Idle, now);
        check(&all, (2, 1, 1), None);
        let restarted = all.comes("anna".into(), agent(4));
        all.says(restarted, K::Idle, now);
        check(&all, (3, 0, 1), None);
        let second_of_anna = all.comes("anna".into(), agent(5));
        all.says(second_of_anna, K::Idle, now);
        check(&all, (4, 0, 1), None);
    }

    fn known(identity: &str, number: u8, kind: AgentStateKind) -> Known {
        let says = Some(Since { kind, since_ms: 1_000 });
        Known { identity: identity.into(), agent: agent(number), says, is_silent: false }
    }

    fn a(known: Known) -> (String, Known) {
        ("a".to_owned(), known)
    }

    #[test]
    fn a_pc_that_is_there_through_another_process_counts_and_is_missed_like_one_of_our_own() {
        let (mut all, now) = (Presences::default(), Instant::now());
        all.elsewhere(vec![a(known("anna", 1, K::Idle))], now, 4_000);
        check(&all, (1, 0, 0), Some(K::Idle));
        assert!(all.has_none_of_its_own() && all.own(now, 4_000).is_empty());
        assert_eq!(all.sum(None).shown(now).since_ms, Some(3_000));
        let bos = all.comes("bo".into(), agent(2));
        all.says(bos, K::DiskFull, now);
        check(&all, (2, 0, 1), None);
        assert!(!all.has_none_of_its_own());
        assert_eq!(
            all.own(now, 4_000),
            [Known { says: Some(Since { kind: K::DiskFull, since_ms: 4_000 }), ..known("bo", 2, K::Idle) }]
        );
        let silent = Known { is_silent: true, ..known("anna", 1, K::Idle) };
        all.elsewhere(vec![a(silent)], now, 4_000);
        check(&all, (1, 1, 1), None);
        all.elsewhere(vec![a(known("anna", 1, K::Paused))], now, 4_000);
        check(&all, (2, 0, 1), None);
        all.elsewhere(Vec::new(), now, 4_000);
        check(&all, (1, 1, 1), None);
    }

    #[test]
    fn an_agent_that_moves_from_process_to_process_is_one_and_never_missed() {
        let (mut all, now) = (Presences::default(), Instant::now());
        let of = |holder: &str, kind| (holder.to_owned(), known("anna", 1, kind));
        all.elsewhere(vec![of("a", K::Idle)], now, 4_000);
        all.elsewhere(vec![of("b", K::Idle)], now, 4_000);
        check(&all, (1, 0, 0), Some(K::Idle));
        // It comes here; what another says of it was true before.
        let here = all.comes("anna".into(), agent(1));
        check(&all, (1, 0, 0), Some(K::Idle));
        all.elsewhere(vec![of("b", K::DiskFull)], now, 4_000);
        check(&all, (1, 0, 0), Some(K::Idle));
        all.elsewhere(vec![of("a", K::DiskFull)], now, 4_000);
        check(&all, (1, 0, 0), Some(K::Idle));
        all.elsewhere(Vec::new(), now, 4_000);
        check(&all, (1, 0, 0), Some(K::Idle));
        // And goes: here its dead stream lasts a while.
        all.is_silent(here);
        check(&all, (0, 1, 0), None);
        all.elsewhere(vec![of("b", K::Paused)], now, 4_000);
        check(&all, (1, 0, 0), Some(K::Paused));
        all.leaves(here, now);
        check(&all, (1, 0, 0), Some(K::Paused));
        assert!(all.own(now, 4_000).is_empty());
    }

    #[test]
    fn no_more_are_missed_than_are_remembered() {
        let (mut all, now) = (Presences::default(), Instant::now());
        for number in 0..=MISSED as u128 {
            let agent = AgentId::from_bytes(&number.to_be_bytes()).expect("16 bytes");
            let place = all.comes(number.to_string(), agent);
            all.says(place, K::Idle, now);
            all.leaves(place, now);
        }
        check(&all, (0, MISSED, 0), None);
    }
}
