//! Which calls may be counted together and shown: never so few that one could tell whose they are.
//!
//! In: rows of calls with their caseworkers, areas and times. Out: groups of rows, of which figures are made.
//!
//! A cell is an area in a week. Everything that is shown is made of whole cells:
//!   S1  A cell of fewer than [`MIN_PERSONS`] caseworkers or [`MIN_CALLS`] calls is in no figure, nor in the sum of all.
//!   S2  Where a cell is divided, by model or by template, each part is as large; what is smaller is put together with the
//!       smallest of the others, as `mixed`. Calls that were offline at hang-up are a part that is left out if it is small.
//!   S3  So whatever one takes from whatever, what is left is as large, or nothing. A week is shown when it is over, so that
//!       nobody can watch one grow call by call.
//!
//! The two limits are no setting: whoever may change them could look at one person. Pure: no clock, no database.

use crate::store::figures::FigureRow;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use referent_proto::Origin;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

/// Caseworkers of a cell, at least.
pub const MIN_PERSONS: usize = 5;
/// Calls of a cell, at least.
pub const MIN_CALLS: usize = 20;
/// The key of what was put together.
const MIXED: &str = "mixed";
/// Of the hash of an area's settings, enough to tell versions apart.
const SHOWN_OF_VERSION: usize = 12;

/// What calls are grouped by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The area.
    Area,
    /// The week of the hang-up, `2026-W47`.
    Week,
    /// The model that wrote the draft.
    Model,
    /// The version of the prompt and of the area's settings.
    Template,
}

/// Rows that may be counted together.
#[derive(Debug, Default)]
pub(super) struct Group<'r> {
    /// What they have in common.
    pub key: String,
    /// At least [`MIN_CALLS`], of at least [`MIN_PERSONS`] caseworkers.
    pub rows: Vec<&'r FigureRow>,
}

/// Everything that may be shown of some rows.
#[derive(Debug, Default)]
pub(super) struct Shown<'r> {
    /// All of it.
    pub all: Vec<&'r FigureRow>,
    /// Of calls that were offline at hang-up.
    pub offline: Vec<&'r FigureRow>,
    /// The same as `all`, divided; by key.
    pub groups: Vec<Group<'r>>,
    /// Cells that are too small to be shown.
    pub cells_left_out: usize,
}

/// In which week a moment lies, as `2026-W47`.
pub(super) fn week_of(utc_ms: i64, zone: &TimeZone) -> String {
    let week =
        Timestamp::from_millisecond(utc_ms).unwrap_or_default().to_zoned_datetime(zone.clone()).date().iso_week_date();
    format!("{:04}-W{:02}", week.year(), week.week())
}

/// The weeks that a time touches, from the first moment of the first to that after the last: of parts of a week one could
/// tell single calls.
pub fn whole_weeks((from_ms, to_ms): (i64, i64), zone: &TimeZone) -> (i64, i64) {
    let monday = |utc_ms: i64, later: i64| {
        let date = Timestamp::from_millisecond(utc_ms).unwrap_or_default().to_zoned_datetime(zone.clone()).date();
        let days = later * 7 - i64::from(date.weekday().to_monday_zero_offset());
        let monday = date.saturating_add(days.days()).to_zoned_datetime(zone.clone());
        monday.map_or(utc_ms, |monday| monday.timestamp().as_millisecond())
    };
    (monday(from_ms, 0), monday(to_ms.saturating_sub(1).max(from_ms), 1))
}

/// What may be shown of these rows at `now_ms`.
pub(super) fn shown<'r>(rows: &'r [FigureRow], by: Option<By>, zone: &TimeZone, now_ms: i64) -> Shown<'r> {
    let this_week = week_of(now_ms, zone);
    let mut cells: BTreeMap<(String, &str), Vec<&FigureRow>> = BTreeMap::new();
    for row in rows {
        let week = week_of(row.hang_up_ms, zone);
        if week < this_week {
            cells.entry((week, row.area.as_str())).or_default().push(row);
        }
    }
    let mut shown = Shown::default();
    let mut groups: BTreeMap<String, Vec<&FigureRow>> = BTreeMap::new();
    for ((week, area), rows) in cells {
        let (offline, online): (Vec<&FigureRow>, Vec<&FigureRow>) =
            rows.into_iter().partition(|row| row.offline_at_hang_up != 0);
        if is_large(&offline) {
            shown.offline.extend(offline);
        }
        if !is_large(&online) {
            shown.cells_left_out += 1;
            continue;
        }
        shown.all.extend(&online);
        match by {
            None => {}
            Some(By::Area) => groups.entry(area.to_owned()).or_default().extend(online),
            Some(By::Week) => groups.entry(week).or_default().extend(online),
            Some(By::Model | By::Template) => {
                for (origin, rows) in divided(online) {
                    let key = match by {
                        Some(By::Model) => origin.map(|(model, _)| model),
                        _ => origin.map(|(_, template)| template),
                    };
                    groups.entry(key.unwrap_or_else(|| MIXED.to_owned())).or_default().extend(rows);
                }
            }
        }
    }
    shown.groups = groups.into_iter().map(|(key, rows)| Group { key, rows }).collect();
    shown
}

/// How many caseworkers these calls are of.
pub(super) fn persons(rows: &[&FigureRow]) -> usize {
    rows.iter().map(|row| row.owner.as_str()).collect::<HashSet<&str>>().len()
}

/// The models and the templates of these calls' drafts, each once.
pub(super) fn written_by_all(rows: &[&FigureRow]) -> (Vec<String>, Vec<String>) {
    let (mut models, mut templates): (Vec<String>, Vec<String>) = rows.iter().map(|row| written_by(row)).unzip();
    for names in [&mut models, &mut templates] {
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
    }
    (models, templates)
}

fn is_large(rows: &[&FigureRow]) -> bool {
    rows.len() >= MIN_CALLS && persons(rows) >= MIN_PERSONS
}

/// By which model and under which template; neither of what was put together.
type Written = Option<(String, String)>;

/// S2: a cell that is large enough, in parts that are. They are the same whatever is asked for: of two divisions the one could
/// tell of the other.
fn divided(cell: Vec<&FigureRow>) -> Vec<(Written, Vec<&FigureRow>)> {
    let mut parts: BTreeMap<(String, String), Vec<&FigureRow>> = BTreeMap::new();
    for row in cell {
        parts.entry(written_by(row)).or_default().push(row);
    }
    let (mut large, small): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(_, rows)| is_large(rows));
    let mut mixed: Vec<&FigureRow> = small.into_iter().flat_map(|(_, rows)| rows).collect();
    large.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    while !mixed.is_empty() && !is_large(&mixed) {
        let Some((_, smallest)) = large.pop() else { break };
        mixed.extend(smallest);
    }
    let mixed = (!mixed.is_empty()).then_some((None, mixed));
    large.into_iter().map(|(written, rows)| (Some(written), rows)).chain(mixed).collect()
}

/// Model and template; empty where there was no draft.
fn written_by(row: &FigureRow) -> (String, String) {
    let origin: Option<Origin> = row.origin.as_deref().and_then(|origin| serde_json::from_str(origin).ok());
    let written = |origin: Origin| {
        let version: String = origin.area_version.chars().take(SHOWN_OF_VERSION).collect();
        (origin.model, format!("{} {version}", origin.prompt_version).trim().to_owned())
    };
    origin.map(written).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    const WEEK_MS: i64 = 7 * 24 * 3_600_000;
    /// Monday, 2 March 2026, noon in Copenhagen: week 10.
    const MONDAY: i64 = 1_772_449_200_000;

    fn copenhagen() -> TimeZone {
        TimeZone::get("Europe/Copenhagen").expect("a known zone")
    }

    fn row(person: u32, area: &str, week: i64, model: &str) -> FigureRow {
        let origin = serde_json::json!({ "kind": "llm", "model": model, "prompt_version": "7", "area_version": "abc",
            "trouble": null });
        FigureRow {
            owner: format!("person {person}"),
            area: area.to_owned(),
            hang_up_ms: MONDAY + week * WEEK_MS,
            origin: Some(origin.to_string()),
            ..FigureRow::default()
        }
    }

    /// So many calls of so many persons.
    fn cell(calls: u32, persons: u32, area: &str, week: i64, model: &str) -> Vec<FigureRow> {
        (0..calls).map(|call| row(call % persons, area, week, model)).collect()
    }

    fn later() -> i64 {
        MONDAY + 100 * WEEK_MS
    }

    #[test]
    fn a_week_is_that_of_copenhagen_and_of_iso_8601() {
        let check = |utc: &str, expected: &str| {
            let at: Timestamp = utc.parse().expect("a moment");
            assert_eq!(week_of(at.as_millisecond(), &copenhagen()), expected, "{utc}");
        };
        check("2026-03-02T11:00:00Z", "2026-W10");
        check("2026-03-01T22:59:59Z", "2026-W09");
        check("2026-03-01T23:00:00Z", "2026-W10"); // Monday, in Copenhagen.
        check("2027-01-03T12:00:00Z", "2026-W53");
        check("2026-06-28T22:00:00Z", "2026-W27"); // In summer time.
    }

    #[test]
    fn whole_weeks_are_counted() {
        let check = |(from, to): (&str, &str), (monday, next): (&str, &str)| {
            let ms = |at: &str| at.parse::<Timestamp>().expect("a moment").as_millisecond();
            assert_eq!(whole_weeks((ms(from), ms(to)), &copenhagen()), (ms(monday), ms(next)), "{from} {to}");
        };
        let week = ("2026-03-01T23:00:00Z", "2026-03-08T23:00:00Z");
        check(week, week);
        check(("2026-03-04T10:00:00Z", "2026-03-04T10:00:00Z"), week);
        check(("2026-03-08T22:59:59Z", "2026-03-08T23:00:01Z"), ("2026-03-01T23:00:00Z", "2026-03-15T23:00:00Z"));
        // The week in which summer time begins has an hour less.
        check(("2026-03-25T10:00:00Z", "2026-03-26T10:00:00Z"), ("2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"));
    }

    #[test]
    fn small_cells_are_in_no_figure() {
        let check = |rows: &[FigureRow], expected: (usize, usize)| {
            let found = shown(rows, None, &copenhagen(), later());
            assert_eq!((found.all.len(), found.cells_left_out), expected);
        };
        check(&cell(20, 5, "a", 0, "m"), (20, 0));
        check(&cell(19, 5, "a", 0, "m"), (0, 1));
        check(&cell(40, 4, "a", 0, "m"), (0, 1));
        // Two halves of a week that are too small by themselves are one cell; two areas are two.
        check(&[cell(12, 5, "a", 0, "m"), cell(12, 5, "a", 0, "n")].concat(), (24, 0));
        check(&[cell(12, 5, "a", 0, "m"), cell(12, 5, "b", 0, "m")].concat(), (0, 2));
        check(&[cell(12, 5, "a", 0, "m"), cell(30, 6, "a", 1, "m")].concat(), (30, 1));
    }

    #[test]
    fn a_week_is_shown_when_it_is_over() {
        let rows = cell(20, 5, "a", 0, "m");
        assert_eq!(shown(&rows, None, &copenhagen(), MONDAY + WEEK_MS / 2).all.len(), 0);
        assert_eq!(shown(&rows, None, &copenhagen(), MONDAY + WEEK_MS).all.len(), 20);
    }

    #[test]
    fn offline_calls_are_apart_or_nowhere() {
        let offline = |calls: u32| {
            let mut rows = cell(calls, 5, "a", 0, "m");
            for row in &mut rows {
                row.offline_at_hang_up = 1;
            }
            [rows, cell(25, 5, "a", 0, "m")].concat()
        };
        let check = |calls: u32, expected: (usize, usize)| {
            let rows = offline(calls);
            let found = shown(&rows, None, &copenhagen(), later());
            assert_eq!((found.all.len(), found.offline.len()), expected);
        };
        check(20, (25, 20));
        check(3, (25, 0));
    }

    #[test]
    fn what_is_small_is_put_together() {
        let by_model = |parts: &[(u32, &str)]| {
            let rows: Vec<FigureRow> = parts.iter().flat_map(|(calls, model)| cell(*calls, 5, "a", 0, model)).collect();
            let found = shown(&rows, Some(By::Model), &copenhagen(), later());
            let of = |group: &Group<'_>| (group.key.clone(), group.rows.len());
            found.groups.iter().map(of).collect::<Vec<_>>()
        };
        let group = |key: &str, calls: usize| (key.to_owned(), calls);
        assert_eq!(by_model(&[(20, "m"), (30, "n")]), [group("m", 20), group("n", 30)]);
        assert_eq!(by_model(&[(20, "m"), (30, "n"), (2, "o")]), [group("mixed", 22), group("n", 30)]);
        assert_eq!(by_model(&[(11, "m"), (12, "n"), (40, "o")]), [group("mixed", 23), group("o", 40)]);
        assert_eq!(by_model(&[(19, "m"), (5, "n")]), [group("mixed", 24)]);
    }

    /// Everything that somebody can ask for, as sets of calls.
    fn answers(rows: &[FigureRow], chance: &mut StdRng) -> Vec<HashSet<usize>> {
        let from = chance.random_range(0..8_i64);
        let to = from + chance.random_range(1..8_i64);
        let area = ["", "a", "b"][chance.random_range(0..3_usize)];
        let by = [None, Some(By::Area), Some(By::Week), Some(By::Model), Some(By::Template)];
        let by = by[chance.random_range(0..by.len())];
        let asked: Vec<FigureRow> = rows
            .iter()
            .filter(|row| (from..to).contains(&((row.hang_up_ms - MONDAY) / WEEK_MS)))
            .filter(|row| area.is_empty() || row.area == area)
            .cloned()
            .collect();
        let found = shown(&asked, by, &copenhagen(), later());
        let ids = |rows: &[&FigureRow]| rows.iter().map(|row| usize::try_from(row.versions).expect("small")).collect();
        found.groups.iter().map(|group| ids(&group.rows)).chain([ids(&found.all)]).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// S3: of any two answers the difference is nothing, or as large as a cell has to be. Fifty pairs of questions a case.
        #[test]
        fn no_two_answers_tell_of_few(seed in any::<u64>()) {
            let mut chance = StdRng::seed_from_u64(seed);
            let mut rows = Vec::new();
            for week in 0..12 {
                for area in ["a", "b"] {
                    let (calls, persons) = (chance.random_range(0..90_u32), chance.random_range(1..9_u32));
                    for call in 0..calls {
                        let model = ["m", "n", "o"][chance.random_range(0..3_usize)];
                        let mut row = row(call % persons, area, week, model);
                        let template = ["abc", "abd"][chance.random_range(0..2_usize)];
                        row.origin = row.origin.map(|origin| origin.replace("abc", template));
                        rows.push(row);
                    }
                }
            }
            for (id, row) in rows.iter_mut().enumerate() {
                row.versions = i64::try_from(id).expect("small"); // To know it again.
            }
            let enough = |ids: &HashSet<usize>| {
                let of: Vec<&FigureRow> = ids.iter().map(|id| &rows[*id]).collect();
                of.is_empty() || is_large(&of)
            };
            for _ in 0..50 {
                let (one, other) = (answers(&rows, &mut chance), answers(&rows, &mut chance));
                for one in &one {
                    prop_assert!(enough(one));
                    for other in &other {
                        if other.is_subset(one) {
                            prop_assert!(enough(&(one - other)), "{} less {}", one.len(), other.len());
                        }
                    }
                }
            }
        }
    }
}
