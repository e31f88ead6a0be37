//! Correction times: what the authority gets for its trouble, in numbers.
//!
//! In: one row a call from `store::figures`. Out: counts and percentiles (nearest rank). Calls that had no contact when
//! they hung up are counted apart, in the same form: their minutes are the network's, not the drafter's.
//! Promised: every duration lies between two readings of one clock, this server's; hang-up is the moment its message
//! came in less the age it carried. Not done here: no judgement about persons; there is no figure per caseworker.

use crate::store::figures::FigureRow;
use serde::Serialize;
use utoipa::ToSchema;

const DEFINITION: &str = "Calls that hung up in the time and were not discarded. shown_to_saved: from the draft being \
    shown (first time, not provisional) to the first saved version that began from it. hang_up_to_first_sentence and \
    hang_up_to_whole_draft: from hang-up to the draft made because of it. Outcomes: saved (from a draft), \
    saved_without_draft, unsaved, failed (no draft and nothing saved). Percentiles by nearest rank. All on the \
    server's clock. Calls that had no contact when they hung up are counted in offline_at_hang_up only.";

/// The answer of `/v1/metrics/corrections`.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Corrections {
    /// What is counted, and how.
    pub definition: String,
    /// Calls that had contact when they hung up.
    #[serde(flatten)]
    pub figures: Figures,
    /// The same of the calls that had none, apart.
    pub offline_at_hang_up: Figures,
}

/// Figures over some calls.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Figures {
    /// How many calls.
    pub n: usize,
    /// The headline.
    pub shown_to_saved: Correction,
    /// Draft latency, first part.
    pub hang_up_to_first_sentence: Percentiles,
    /// Draft latency, whole.
    pub hang_up_to_whole_draft: Percentiles,
    /// What became of them.
    pub outcomes: Outcomes,
}

/// Percentiles of some durations.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Percentiles {
    /// How many durations.
    pub n: usize,
    /// Half are shorter.
    pub p50_s: Option<f64>,
    /// Three quarters are shorter.
    pub p75_s: Option<f64>,
    /// Nine tenths are shorter.
    pub p90_s: Option<f64>,
}

/// Percentiles of correction times.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Correction {
    /// The percentiles.
    #[serde(flatten)]
    pub percentiles: Percentiles,
    /// The share that took less than two minutes.
    pub share_under_120_s: Option<f64>,
}

/// What became of calls.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outcomes {
    /// A note, begun from a draft.
    pub saved: usize,
    /// A note, written without a draft.
    pub saved_without_draft: usize,
    /// No note yet.
    pub unsaved: usize,
    /// No note, and no draft came.
    pub failed: usize,
}

/// Counts and percentiles of the rows.
pub fn corrections(rows: &[FigureRow]) -> Corrections {
    let (offline, online): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.offline_at_hang_up != 0);
    Corrections { definition: DEFINITION.to_owned(), figures: figures(&online), offline_at_hang_up: figures(&offline) }
}

fn figures(rows: &[&FigureRow]) -> Figures {
    let corrections: Vec<i64> = rows.iter().filter_map(|row| row.correction_ms).collect();
    let under = corrections.iter().filter(|ms| **ms < 120_000).count();
    let mut outcomes = Outcomes::default();
    for row in rows {
        *match (row.versions > 0, row.saved_draft, row.draft_state.as_deref()) {
            (true, Some(_), _) => &mut outcomes.saved,
            (true, None, _) => &mut outcomes.saved_without_draft,
            (false, _, Some("failed")) => &mut outcomes.failed,
            (false, ..) => &mut outcomes.unsaved,
        } += 1;
    }
    Figures {
        n: rows.len(),
        shown_to_saved: Correction {
            share_under_120_s: (!corrections.is_empty()).then(|| share(under, corrections.len())),
            percentiles: percentiles(corrections),
        },
        hang_up_to_first_sentence: percentiles(rows.iter().filter_map(|row| row.first_sentence_ms).collect()),
        hang_up_to_whole_draft: percentiles(rows.iter().filter_map(|row| row.whole_draft_ms).collect()),
        outcomes,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn percentiles(mut durations_ms: Vec<i64>) -> Percentiles {
    durations_ms.sort_unstable();
    let at = |percent: usize| {
        let rank = (durations_ms.len() * percent).div_ceil(100);
        #[expect(clippy::cast_precision_loss, reason = "durations are far below 2^52 ms")]
        rank.checked_sub(1).map(|index| durations_ms[index] as f64 / 1000.0)
    };
    Percentiles { n: durations_ms.len(), p50_s: at(50), p75_s: at(75), p90_s: at(90) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(durations_s: &[i64], expected: (Option<f64>, Option<f64>, Option<f64>)) {
        let found = percentiles(durations_s.iter().map(|s| s * 1000).collect());
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
        let found = corrections(&rows);
        assert_eq!((found.figures.n, found.offline_at_hang_up.n), (6, 1));
        assert_eq!(found.figures.shown_to_saved.percentiles.n, 3);
        assert!((found.figures.shown_to_saved.share_under_120_s.unwrap() - 2.0 / 3.0).abs() < 1e-9);
        let expected = Outcomes { saved: 3, saved_without_draft: 1, unsaved: 1, failed: 1 };
        assert_eq!(found.figures.outcomes, expected);
        assert_eq!(found.offline_at_hang_up.hang_up_to_first_sentence.n, 1);
        assert_eq!(found.figures.hang_up_to_first_sentence.n, 0);
    }
}
