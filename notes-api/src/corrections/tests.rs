//! Figures of rows that were computed by hand.

use super::*;

fn check(durations_s: &[i64], expected: (Option<f64>, Option<f64>, Option<f64>)) {
    let found = percentiles(durations_s.iter().map(|s| s * 1000).collect(), OF_ONE);
    assert_eq!((found.p50_s, found.p75_s, found.p90_s), expected, "{durations_s:?}");
}

#[test]
fn percentiles_are_values_that_occurred() {
    check(&[], (None, None, None));
    check(&[7], (Some(7.0), Some(7.0), Some(7.0)));
    check(&[4, 1, 3, 2], (Some(2.0), Some(3.0), Some(4.0)));
    check(&(1..=100).collect::<Vec<_>>(), (Some(50.0), Some(75.0), Some(90.0)));
}

#[test]
fn calls_without_contact_at_hang_up_are_counted_apart() {
    let saved = |ms| FigureRow { versions: 1, saved_draft: Some(1), correction_ms: Some(ms), ..Default::default() };
    let rows = [
        saved(30_000),
        saved(119_999),
        saved(120_000),
        FigureRow { versions: 1, ..Default::default() },
        FigureRow { draft_state: Some("failed".into()), ..Default::default() },
        FigureRow { draft_state: Some("ready".into()), ..Default::default() },
        FigureRow { offline_at_hang_up: 1, first_sentence_ms: Some(3_600_000), ..Default::default() },
    ];
    let found = of_one(&rows);
    assert_eq!((found.figures.n, found.offline_at_hang_up.n), (6, 1));
    assert_eq!(found.figures.shown_to_saved.percentiles.n, 3);
    assert!((found.figures.shown_to_saved.share_under_120_s.unwrap() - 2.0 / 3.0).abs() < 1e-9);
    let expected = Outcomes { saved_edited: 3, saved_without_draft: 1, unsaved: 1, failed: 1, ..Outcomes::default() };
    assert_eq!(found.figures.outcomes, expected);
    assert_eq!(found.offline_at_hang_up.hang_up_to_first_sentence.n, 1);
    assert_eq!(found.figures.hang_up_to_first_sentence.n, 0);
}

/// A hundred words of draft: so many changed, in so many active seconds at 15 s.
fn corrected(changed: i64, active_s: i64) -> FigureRow {
    FigureRow {
        versions: 1,
        saved_draft: Some(1),
        batches: Some(3),
        active_5_ms: Some(active_s * 500),
        active_15_ms: Some(active_s * 1_000),
        active_30_ms: Some(active_s * 1_000),
        active_60_ms: Some(active_s * 2_000),
        draft_words: Some(100),
        saved_words: Some(100),
        changed_words: Some(changed),
        kept_words: Some(100 - changed),
        ..FigureRow::default()
    }
}

#[test]
fn how_long_people_were_there_and_what_they_changed() {
    let rows = [
        corrected(0, 10), // 100 words take 15 s to read.
        corrected(0, 20),
        corrected(40, 130),
        corrected(90, 50),
        FigureRow { batches: Some(0), active_15_ms: Some(30_000), ..corrected(10, 0) },
        FigureRow { discarded: 1, versions: 1, saved_draft: Some(1), ..FigureRow::default() },
    ];
    let Figures { active_correction: active, edits, outcomes, .. } = of_one(&rows).figures;
    assert_eq!((active.percentiles.n, active.without_activity), (4, 1));
    assert_eq!(
        (active.percentiles.p50_s, active.mean_s, active.share_under_120_s),
        (Some(20.0), Some(52.5), Some(0.75))
    );
    let Sensitivity { at_5, at_15, at_30, at_60 } = active.sensitivity_p50_s;
    assert_eq!([at_5, at_15, at_30, at_60], [Some(10.0), Some(20.0), Some(20.0), Some(40.0)]);
    assert_eq!((edits.n, edits.edit_ratio_p50, edits.edit_ratio_p90), (5, Some(0.1), Some(0.9)));
    assert_eq!((edits.unchanged_share, edits.retained_share_p50), (Some(0.4), Some(0.9)));
    assert_eq!(edits.rubber_stamp_share, Some(0.25), "one of the four whose time is known");
    let expected = Outcomes { saved_unchanged: 2, saved_edited: 2, rewritten: 1, discarded: 1, ..Outcomes::default() };
    assert_eq!(outcomes, expected);
    assert_eq!(of_one(&[]).figures.edits, Edits::default());
}

#[test]
fn a_team_of_few_has_no_percentiles() {
    let rows = |calls: i64| -> Vec<FigureRow> {
        let call = |at: i64| FigureRow { owner: format!("person {}", at % 5), ..corrected(10, 60) };
        (0..calls).map(call).collect()
    };
    let zone = TimeZone::UTC;
    let of = |rows: &[FigureRow]| of_team(rows, Some(By::Week), &zone, 100 * 7 * 24 * 3_600_000);
    let few = rows(29);
    let few = of(&few);
    assert_eq!((few.figures.n, few.persons, few.groups.len()), (29, 5, 1));
    let Figures { active_correction, edits, outcomes, .. } = few.figures;
    assert_eq!(
        (active_correction.percentiles.p50_s, active_correction.mean_s, edits.edit_ratio_p50),
        (None, None, None)
    );
    assert_eq!(outcomes.saved_edited, 29);
    let enough = rows(30);
    assert_eq!(of(&enough).figures.active_correction.percentiles.p50_s, Some(60.0));
    let nobody = rows(19);
    assert_eq!((of(&nobody).figures, of(&nobody).cells_left_out), (figures(&[], OF_TEAM), 1));
}
