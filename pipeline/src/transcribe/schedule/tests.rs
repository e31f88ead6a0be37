//! Q1 to Q4, in a simulated world: a clock that jumps from event to event, recognisers that take as long as the sound
//! says.

use super::*;
use proptest::prelude::*;
use std::collections::BinaryHeap;

fn call(number: u8) -> CallId {
    CallId::new(u64::from(number), [number; 10])
}

/// A wish that comes at a time.
#[derive(Debug, Clone, Copy)]
struct Comes {
    at_ms: u64,
    wish: Wish,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Served {
    wish: Wish,
    waited_ms: u64,
}

/// A recogniser needs so long for a second of sound, as many as there are.
struct World {
    workers: usize,
    ms_per_second: u64,
}

impl World {
    fn service_ms(&self, wish: &Wish) -> u64 {
        (wish.samples as u64 * self.ms_per_second / 16_000).max(1)
    }

    /// Runs until everything is served, or until `end_ms`; gives what was served in order, and the partials replaced.
    fn run(&self, mut coming: Vec<Comes>, end_ms: u64) -> (Vec<Served>, usize) {
        coming.sort_by_key(|comes| comes.at_ms);
        coming.reverse();
        let mut schedule = Schedule::new(self.workers);
        let mut free_at = BinaryHeap::new();
        let mut turns: Vec<(u64, Turn, Duration)> = Vec::new();
        let (mut served, mut replaced, mut now) = (Vec::new(), 0, 0);
        loop {
            while coming.last().is_some_and(|comes| comes.at_ms <= now) {
                let comes = coming.pop().expect("there is one");
                replaced += usize::from(schedule.add(comes.wish, comes, Duration::from_millis(now)).is_some());
            }
            turns.sort_by_key(|(end, ..)| std::cmp::Reverse(*end));
            while turns.last().is_some_and(|(end, ..)| *end <= now) {
                let (_, turn, took) = turns.pop().expect("there is one");
                schedule.done(turn, took);
            }
            while turns.len() < self.workers {
                let Some((turn, comes)) = schedule.next(Duration::from_millis(now)) else { break };
                let service = self.service_ms(&comes.wish);
                served.push(Served { wish: comes.wish, waited_ms: now - comes.at_ms });
                turns.push((now + service, turn, Duration::from_millis(service)));
                free_at.push(std::cmp::Reverse(now + service));
            }
            let next_end = turns.iter().map(|(end, ..)| *end).min();
            let next_come = coming.last().map(|comes| comes.at_ms);
            let Some(next) = [next_end, next_come].into_iter().flatten().min() else { return (served, replaced) };
            if next > end_ms {
                return (served, replaced);
            }
            now = next;
        }
    }
}

fn wish(id: u64, of: u8, class: Class, seconds: f64) -> Wish {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a test")]
    let samples = (seconds * 16_000.0) as usize;
    Wish { id: RequestId(id), call: call(of), track: Track::Near, class, samples }
}

#[track_caller]
fn order(workers: usize, wishes: &[(u8, Class)], expected: &[u64]) {
    let world = World { workers, ms_per_second: 100 };
    let coming = wishes.iter().enumerate();
    let coming: Vec<Comes> =
        coming.map(|(id, &(of, class))| Comes { at_ms: 0, wish: wish(id as u64, of, class, 4.0) }).collect();
    let (served, _) = world.run(coming, u64::MAX);
    assert_eq!(served.iter().map(|served| served.wish.id.0).collect::<Vec<_>>(), expected);
}

#[test]
fn who_hung_up_comes_first_then_who_speaks_then_the_rest() {
    use Class::{Backlog, Behind, HungUp, Live, Partial};
    order(1, &[], &[]);
    order(1, &[(1, Partial), (2, Backlog), (5, Behind), (3, Live), (4, HungUp)], &[4, 3, 2, 1, 0]);
    order(1, &[(1, Live), (1, Live), (2, Live), (3, HungUp)], &[3, 0, 2, 1]);
    // A newer partial replaces the older one of its track.
    order(1, &[(1, Partial), (1, Partial), (2, Partial)], &[1, 2]);
}

#[test]
fn a_call_that_brings_a_minute_at_once_does_not_hold_up_the_others() {
    let world = World { workers: 1, ms_per_second: 80 };
    let burst = (0..15).map(|id| Comes { at_ms: 1_000, wish: wish(id, 0, Class::Live, 4.0) });
    // Five others speak all the time, a segment of 4 s every 5 s each: 32 % of the recogniser... and a burst beside.
    let others = (1..=5u8).flat_map(|of| {
        (0..12u64).map(move |turn| Comes {
            at_ms: 900 * u64::from(of) + 5_000 * turn,
            wish: wish(1_000 + 100 * u64::from(of) + turn, of, Class::Live, 4.0),
        })
    });
    let (served, _) = world.run(burst.chain(others).collect(), u64::MAX);
    let worst = served.iter().filter(|served| served.wish.call != call(0)).map(|served| served.waited_ms).max();
    // One of the burst is being heard, and each of the others may be before it: never the whole burst, which takes 5 s.
    assert!(worst.unwrap() <= 2 * 320, "{worst:?}");
    assert_eq!(served.len(), 15 + 60);
}

#[test]
fn whoever_has_waited_longest_is_next_however_much_they_say() {
    // One says twice as much as each of the others; nobody says more than people can.
    let world = World { workers: 1, ms_per_second: 100 };
    let talker = (0..20u64).map(|turn| Comes { at_ms: 4_000 * turn, wish: wish(turn, 1, Class::Live, 4.0) });
    let others = (2..=16u8).flat_map(|of| {
        (0..10u64).map(move |turn| Comes {
            at_ms: 500 * u64::from(of) + 8_000 * turn,
            wish: wish(1_000 + 100 * u64::from(of) + turn, of, Class::Live, 4.0),
        })
    });
    let (served, _) = world.run(talker.chain(others).collect(), u64::MAX);
    let came = |served: &Served| served.wish.id.0;
    let mut waited = std::collections::HashMap::new();
    for one in &served {
        let most: &mut u64 = waited.entry(one.wish.call == call(1)).or_default();
        *most = one.waited_ms.max(*most);
    }
    assert_eq!(served.iter().map(came).collect::<std::collections::HashSet<_>>().len(), 20 + 150);
    assert!(waited[&true] <= waited[&false] + 400, "who says more does not wait longer: {waited:?}");
}

#[test]
fn who_comes_in_late_makes_nobody_late() {
    let world = World { workers: 2, ms_per_second: 100 };
    // Twenty calls keep the two recognisers busy for 80 % of their time, and ten bring the minute that they missed.
    let said = |of: u8, turn: u64, class| wish(100 * u64::from(of) + turn, of, class, 4.0);
    let on_time = (1..=20u8).flat_map(|of| {
        (0..24u64)
            .map(move |turn| Comes { at_ms: 250 * u64::from(of) + 5_000 * turn, wish: said(of, turn, Class::Live) })
    });
    let late = (101..=110u8)
        .flat_map(|of| (0..15u64).map(move |turn| Comes { at_ms: 5_000, wish: said(of, turn, Class::Behind) }));
    let worst = |served: &[Served]| {
        let live = served.iter().filter(|served| served.wish.class == Class::Live);
        live.map(|served| served.waited_ms).max().expect("somebody speaks")
    };
    let (alone, _) = world.run(on_time.clone().collect(), u64::MAX);
    let (beside, _) = world.run(on_time.chain(late).collect(), u64::MAX);
    // What is being heard cannot be interrupted.
    assert!(worst(&beside) <= worst(&alone) + 400, "{} {}", worst(&alone), worst(&beside));
    assert_eq!(beside.len(), alone.len() + 150, "and in the end they are heard");
}

#[test]
fn a_call_that_has_caught_up_is_one_like_others() {
    let mut schedule = Schedule::new(1);
    for (id, of, class) in [(0, 1, Class::Behind), (1, 2, Class::Live), (2, 3, Class::Behind)] {
        schedule.add(wish(id, of, class, 4.0), id, Duration::ZERO);
    }
    schedule.catches_up(call(1));
    let order: Vec<u64> = std::iter::from_fn(|| {
        let (turn, id) = schedule.next(Duration::ZERO)?;
        schedule.done(turn, Duration::from_millis(400));
        Some(id)
    })
    .collect();
    assert_eq!(order, [0, 1, 2]);
    assert!(schedule.ahead().abs() < 1e-9);
}

#[test]
fn the_backlog_gets_a_fifth_under_overload_and_all_that_nobody_wants() {
    for workers in [1, 2, 4] {
        let world = World { workers, ms_per_second: 100 };
        let crowd = |of: u8, class: Class, count: u64, first: u64| {
            (0..count).map(move |turn| Comes { at_ms: 0, wish: wish(first + turn, of, class, 3.0) })
        };
        let live = (0..10).flat_map(|of| crowd(of, Class::Live, 100, 1_000 * u64::from(of)));
        let backlog = crowd(200, Class::Backlog, 400, 900_000);
        let (served, _) = world.run(live.chain(backlog).collect(), 20_000);
        let of_backlog = served.iter().filter(|served| served.wish.class == Class::Backlog).count();
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let share = of_backlog as f64 / served.len() as f64;
        assert!((0.17..=0.23).contains(&share), "{workers}: {share}");
        // Alone it gets everything, as soon as no call goes on.
        let alone = crowd(200, Class::Backlog, 40 * workers as u64, 0);
        let (served, _) = world.run(alone.collect(), 40 * 300 - 1);
        assert_eq!(served.len(), 40 * workers, "{workers}");
    }
}

#[test]
fn a_call_is_not_behind_because_the_backlog_is_long() {
    let mut schedule = Schedule::new(2);
    for id in 0..300 {
        schedule.add(wish(id, 200, Class::Backlog, 12.0), (), Duration::ZERO);
    }
    schedule.add(wish(1_000, 3, Class::Partial, 12.0), (), Duration::ZERO);
    assert!(schedule.ahead().abs() < 1e-9, "{}", schedule.ahead());
    for (id, class) in [(2_000, Class::Live), (2_001, Class::HungUp)] {
        let before = schedule.ahead();
        schedule.add(wish(id, 4, class, 4.0), (), Duration::ZERO);
        assert!(schedule.ahead() > before + 0.1, "{class:?}: {}", schedule.ahead());
    }
}

#[test]
fn a_live_segment_never_waits_for_the_whole_backlog() {
    let world = World { workers: 2, ms_per_second: 100 };
    let backlog = (0..300).map(|id| Comes { at_ms: 0, wish: wish(id, 200, Class::Backlog, 12.0) });
    let live = (0..20).map(|turn| Comes { at_ms: 3_000 * turn, wish: wish(1_000 + turn, 1, Class::Live, 2.0) });
    let (served, _) = world.run(backlog.chain(live).collect(), 60_000);
    let waits: Vec<u64> =
        served.iter().filter(|served| served.wish.class == Class::Live).map(|served| served.waited_ms).collect();
    assert_eq!(waits.len(), 20);
    // The first finds both recognisers busy, because nobody had spoken; then one is always kept from the backlog.
    assert!(waits.iter().skip(1).all(|&waited| waited == 0), "{waits:?}");
}

#[test]
fn partials_take_only_what_is_left() {
    let world = World { workers: 2, ms_per_second: 100 };
    let partials = (0..200u64).map(|turn| Comes { at_ms: 100 * turn, wish: wish(turn, 1, Class::Partial, 6.0) });
    let finals = (0..40u64).map(|turn| Comes { at_ms: 500 * turn, wish: wish(10_000 + turn, 2, Class::Live, 4.0) });
    let (served, replaced) = world.run(partials.chain(finals).collect(), u64::MAX);
    let finals: Vec<&Served> = served.iter().filter(|served| served.wish.class == Class::Live).collect();
    assert_eq!(finals.len(), 40);
    assert!(finals.iter().all(|served| served.waited_ms == 0), "a partial never takes the last recogniser");
    assert!(replaced > 100, "{replaced}");
    assert_eq!(served.len() - 40 + replaced, 200);
}

proptest! {
    /// Q1 and the order within a call, whatever comes.
    #[test]
    fn every_final_is_served_once_and_each_call_in_order(
        workers in 1usize..6,
        ms_per_second in 10u64..800,
        coming in prop::collection::vec((0u64..20_000, 0u8..8, 0u8..4, 0.1f64..12.0), 1..120),
    ) {
        let coming: Vec<Comes> = {
            let mut coming = coming;
            coming.sort_by_key(|(at, ..)| *at);
            coming.into_iter().enumerate().map(|(id, (at_ms, of, class, seconds))| {
                // A call has one class, but for its partials.
                let class = if class == 3 { Class::Partial } else { Class::ALL[usize::from(of % 4)] };
                Comes { at_ms, wish: wish(id as u64, of, class, seconds) }
            }).collect()
        };
        let finals = coming.iter().filter(|comes| comes.wish.class != Class::Partial).count();
        let (served, replaced) = World { workers, ms_per_second }.run(coming.clone(), u64::MAX);
        let served_finals: Vec<&Served> = served.iter().filter(|served| served.wish.class != Class::Partial).collect();
        prop_assert_eq!(served_finals.len(), finals);
        prop_assert_eq!(served.len() + replaced, coming.len());
        for of in 0..8 {
            let ids: Vec<u64> =
                served_finals.iter().filter(|served| served.wish.call == call(of)).map(|s| s.wish.id.0).collect();
            prop_assert!(ids.is_sorted(), "{:?}", ids);
        }
    }
}
