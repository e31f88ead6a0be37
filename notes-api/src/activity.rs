//! For how long a person was at a draft: from stretches of activity, which say when something was done and never what.
//!
//! In: batches of stretches as panes send them, each on a clock that only goes forward from when its page was loaded. Out:
//! the active time between two moments of this server's clock.
//!
//! ```text
//! pane ─▶ Batch ─▶ timeline: every page's stretches on one clock ─▶ active_ms between "shown" and "saved"
//! ```
//!
//! The definition (version 1): time between two things that a person did counts if it is not longer than the cut-off, and
//! if the page was in sight and in use; the first, from the draft being shown, counts up to 30 s, because reading begins
//! without touching anything. Nobody has found a cut-off that is right: 15 s is our choice, and the same figure is always
//! given at 5, 15, 30 and 60 s, so that everybody sees how much hangs on it.
//!
//! Promises:
//!   T1  What is counted lies between the two moments, once, however many pages were open.
//!   T2  What was done while the page was away from its server is counted all the same, once it is told.
//! Pure: no clock, no database. Not done here: nothing is known of what was typed.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// The cut-offs, seconds.
pub const CUT_OFFS_S: [i64; 4] = [5, 15, 30, 60];
/// The one of the headline, as an index of [`CUT_OFFS_S`].
pub const HEADLINE: usize = 1;
/// So much of the time before anything was done may have been reading.
const FIRST_READING_MS: i64 = 30_000;

/// Something was done again and again, with no pause that is worth naming.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Stretch {
    /// The first thing that was done, milliseconds of the page's clock.
    pub from_ms: i64,
    /// The last.
    pub to_ms: i64,
    /// The person left then: another window was used, or the page was hidden.
    pub left: bool,
}

/// What one page sent at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// One page, for as long as its clock goes on evenly: a PC that sleeps begins another.
    pub page: String,
    /// The page's clock when it sent this.
    pub clock_ms: i64,
    /// This server's clock when it came.
    pub came_ms: i64,
    /// In order.
    pub stretches: Vec<Stretch>,
}

/// All stretches on this server's clock, by their beginnings.
pub fn timeline(batches: &[Batch]) -> Vec<Stretch> {
    // The message that was quickest here tells best how a page's clock stands.
    let mut stands: HashMap<&str, i64> = HashMap::new();
    for batch in batches {
        let apart = batch.came_ms - batch.clock_ms;
        stands.entry(&batch.page).and_modify(|least| *least = apart.min(*least)).or_insert(apart);
    }
    let ours = |batch: &Batch, one: &Stretch| {
        let apart = stands.get(batch.page.as_str()).copied().unwrap_or_default();
        Stretch { from_ms: one.from_ms + apart, to_ms: one.to_ms + apart, left: one.left }
    };
    let mut all: Vec<Stretch> =
        batches.iter().flat_map(|batch| batch.stretches.iter().map(|one| ours(batch, one))).collect();
    all.sort_by_key(|one| (one.from_ms, one.to_ms));
    all
}

/// Active time between a draft being shown and its note being saved, by a timeline and a cut-off in seconds.
pub fn active_ms(timeline: &[Stretch], shown_ms: i64, saved_ms: i64, cut_off_s: i64) -> i64 {
    let mut active = 0;
    let mut last = shown_ms;
    let (mut is_first, mut has_left) = (true, false);
    let saving = Stretch { from_ms: saved_ms, to_ms: saved_ms, left: false };
    let within = timeline.iter().filter(|one| one.to_ms >= shown_ms && one.from_ms <= saved_ms);
    for stretch in within.chain([&saving]) {
        let (from, to) = (stretch.from_ms.max(shown_ms), stretch.to_ms.min(saved_ms));
        let gap = from - last;
        if gap > 0 {
            active += match (is_first, has_left) {
                (true, _) => gap.min(FIRST_READING_MS),
                (false, true) => 0,
                (false, false) => {
                    if gap <= cut_off_s * 1_000 {
                        gap
                    } else {
                        0
                    }
                }
            };
        }
        active += (to - from.max(last)).max(0);
        // Of two pages the one that was used last says whether the person is still there.
        if to >= last {
            has_left = stretch.left;
            last = to;
        }
        is_first = false;
    }
    active
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stretch(from_s: i64, to_s: i64) -> Stretch {
        Stretch { from_ms: from_s * 1_000, to_ms: to_s * 1_000, left: false }
    }

    fn left(stretch: Stretch) -> Stretch {
        Stretch { left: true, ..stretch }
    }

    /// Shown at 100 s, saved at 200 s: the active seconds at each cut-off.
    #[track_caller]
    fn check(timeline: &[Stretch], expected: [i64; 4]) {
        let found = CUT_OFFS_S.map(|cut_off| active_ms(timeline, 100_000, 200_000, cut_off) / 1_000);
        assert_eq!(found, expected, "{timeline:?}");
    }

    #[test]
    fn pauses_count_up_to_the_cut_off() {
        check(&[stretch(100, 200)], [100; 4]);
        check(&[stretch(104, 150), stretch(160, 200)], [90, 100, 100, 100]);
        check(&[stretch(104, 150), stretch(190, 200)], [60, 60, 60, 100]);
        // The save itself is something that was done.
        check(&[stretch(104, 180)], [80, 80, 100, 100]);
    }

    #[test]
    fn reading_before_the_first_key_counts_thirty_seconds_at_most() {
        check(&[stretch(120, 200)], [100; 4]);
        check(&[stretch(150, 200)], [80; 4]);
        check(&[], [30; 4]);
    }

    #[test]
    fn what_lies_outside_or_twice_is_not_counted() {
        check(&[stretch(0, 20), stretch(90, 200), stretch(300, 400)], [100; 4]);
        check(&[stretch(50, 300)], [100; 4]);
        // Two pages at once are one person.
        check(&[stretch(100, 160), stretch(110, 150), stretch(150, 200)], [100; 4]);
    }

    #[test]
    fn who_left_is_not_there() {
        check(&[left(stretch(100, 150)), stretch(153, 200)], [97; 4]);
        // They left one page for the other.
        check(&[left(stretch(100, 150)), stretch(149, 200)], [100; 4]);
        check(&[stretch(100, 160), left(stretch(120, 150)), stretch(163, 200)], [100; 4]);
    }

    fn batch(page: &str, clock_s: i64, came_s: i64, stretches: &[Stretch]) -> Batch {
        Batch { page: page.into(), clock_ms: clock_s * 1_000, came_ms: came_s * 1_000, stretches: stretches.to_vec() }
    }

    #[test]
    fn the_quickest_answer_tells_how_the_clocks_stand() {
        // The page was loaded at 100 s; its first batch was 2 s on the way, and the others none.
        let found = timeline(&[
            batch("a", 10, 110, &[stretch(0, 10)]),
            batch("a", 20, 122, &[stretch(10, 20)]),
            batch("a", 30, 130, &[stretch(20, 30)]),
        ]);
        assert_eq!(found, [stretch(100, 110), stretch(110, 120), stretch(120, 130)]);
    }

    #[test]
    fn each_page_has_its_own_clock() {
        let found = timeline(&[
            batch("a", 10, 110, &[left(stretch(0, 10))]),
            batch("b", 500, 111, &[stretch(490, 500)]),
            batch("a, after it slept", 20, 3_720, &[stretch(12, 20)]),
        ]);
        assert_eq!(found, [left(stretch(100, 110)), stretch(101, 111), stretch(3_712, 3_720)]);
    }

    proptest! {
        /// T1, and a longer cut-off never counts less.
        #[test]
        fn it_is_bounded_and_grows_with_the_cut_off(
            stretches in prop::collection::vec((0..300_000i64, 0..60_000i64, any::<bool>()), 0..30),
            (shown, length) in (0..200_000i64, 0..200_000i64),
        ) {
            let batches = [Batch {
                page: "a".into(),
                clock_ms: 0,
                came_ms: 0,
                stretches: stretches.iter().map(|(from, long, left)| Stretch { from_ms: *from, to_ms: from + long, left: *left }).collect(),
            }];
            let timeline = timeline(&batches);
            let found = CUT_OFFS_S.map(|cut_off| active_ms(&timeline, shown, shown + length, cut_off));
            prop_assert!(found.iter().all(|active| (0..=length).contains(active)), "{found:?} of {length}");
            prop_assert!(found.is_sorted(), "{found:?}");
        }
    }
}
