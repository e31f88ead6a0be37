//! Correction times: what the authority gets for its trouble, in numbers.
//!
//! In: one row a call from `store::figures`. Out: counts and percentiles (nearest rank). Calls that had no contact when
//! they hung up are counted apart, in the same form: their minutes are the network's, not the drafter's.
//! Promised: every duration lies between two readings of one clock, this server's; hang-up is the moment its message
//! came in less the age it carried. Every call that hung up is in one outcome, so that no figure hides what went wrong.
//! Figures of a team are made of cells that are large enough (`cells`); a caseworker's own are shown to them alone.
//! Not done here: no judgement about persons. What counts as active: `activity`; which
//! words were changed: `effort`.

mod cells;

pub use cells::{By, MIN_CALLS, MIN_PERSONS, whole_weeks};

use crate::activity::{CUT_OFFS_S, HEADLINE};
use crate::store::figures::FigureRow;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

const DEFINITION: &str = "Calls that hung up in the time. active_correction: time that a person was at the draft, from it \
    being shown (first time, not provisional) to the first saved version that began from it; pauses longer than the \
    cut-off of 15 s do not count, of the time before the first thing that was done at most 30 s; sensitivity_p50_s is the \
    median at cut-offs of 5, 15, 30 and 60 s; without_activity are notes of which no activity came in. shown_to_saved: the \
    same two moments on the clock of the wall. hang_up_to_saved: from hang-up to that version. \
    hang_up_to_first_sentence and hang_up_to_whole_draft: from hang-up to the draft made because of it. edit_ratio: words \
    put in, taken out or replaced, over the words of the longer of the two texts. retained_share: words of the note that \
    stand in the draft. rubber_stamp_share: notes whose draft was not changed and that were saved faster than it can be \
    read at 400 words a minute. Outcomes: saved_unchanged, saved_edited, rewritten (edit_ratio above 0.8), \
    saved_without_draft, unsaved, failed (no draft and nothing saved), discarded. Percentiles by nearest rank. All on the \
    server's clock. Calls that had no contact when they hung up are counted in offline_at_hang_up only. Of a team: weeks that \
    are over; an area's week of fewer than 5 caseworkers or 20 calls is in no figure, what is smaller when it is divided by \
    model or template is put together as mixed, and percentiles, means and shares need 30 values.";
/// Ends of ranges, seconds; the goal of 5 s is one.
const WHOLE_DRAFTS_S: [f64; 10] = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0];
/// Ends of ranges of the share of changed words.
const EDIT_RATIOS: [f64; 10] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/// A text of which more is changed was written anew.
const REWRITTEN: f64 = 0.8;
/// Nobody reads faster and knows what it says.
const FASTEST_WORDS_A_MINUTE: f64 = 400.0;

/// The answer of `/v1/metrics/corrections`.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Corrections {
    /// What is counted, and how.
    pub definition: String,
    /// Whose calls: `mine`, of whoever asks; `team`, of everybody, where there are enough of them.
    pub whose: &'static str,
    /// Of how many caseworkers.
    pub persons: usize,
    /// Calls that had contact when they hung up.
    #[serde(flatten)]
    pub figures: Figures,
    /// The same of the calls that had none, apart.
    pub offline_at_hang_up: Figures,
    /// The same, by what was asked for.
    pub groups: Vec<GroupView>,
    /// Weeks of areas that are too small to be shown: they are in no figure here.
    pub cells_left_out: usize,
}

/// The figures of some of the calls.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct GroupView {
    /// The area, the week (`2026-W47`), the model or the template; `mixed` is what was too small to stand by itself.
    pub key: String,
    /// Of how many caseworkers.
    pub persons: usize,
    /// Their calls.
    pub figures: Figures,
    /// Which models wrote their drafts: where it changes, figures may.
    pub models: Vec<String>,
    /// Under which templates.
    pub templates: Vec<String>,
}

/// Figures over some calls.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Figures {
    /// How many calls.
    pub n: usize,
    /// The headline: for how long people were at the draft.
    pub active_correction: Active,
    /// By the clock on the wall, with every pause.
    pub shown_to_saved: Correction,
    /// Until the note stood in the journal.
    pub hang_up_to_saved: Percentiles,
    /// How much was changed.
    pub edits: Edits,
    /// Draft latency, first part.
    pub hang_up_to_first_sentence: Percentiles,
    /// Draft latency, whole.
    pub hang_up_to_whole_draft: Percentiles,
    /// How many of these took up to so many seconds, and longer than the one before.
    pub whole_draft_bins: Vec<Bin>,
    /// What became of them.
    pub outcomes: Outcomes,
}

/// How many values lie in a range.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Bin {
    /// The end of the range, itself in it; the last has none.
    pub up_to: Option<f64>,
    /// How many.
    pub n: usize,
}

/// Percentiles of some durations.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Percentiles {
    /// How many durations.
    pub n: usize,
    /// A quarter is shorter.
    pub p25_s: Option<f64>,
    /// Half are shorter.
    pub p50_s: Option<f64>,
    /// Three quarters are shorter.
    pub p75_s: Option<f64>,
    /// Nine tenths are shorter.
    pub p90_s: Option<f64>,
    /// All but a twentieth are shorter.
    pub p95_s: Option<f64>,
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

/// For how long people were at drafts.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Active {
    /// At the cut-off of 15 s.
    #[serde(flatten)]
    pub percentiles: Percentiles,
    /// The mean.
    pub mean_s: Option<f64>,
    /// The share that took less than two minutes.
    pub share_under_120_s: Option<f64>,
    /// The median at each cut-off.
    pub sensitivity_p50_s: Sensitivity,
    /// Notes from drafts of which no activity came in; they are not in `n`.
    pub without_activity: usize,
}

/// The same figure at other cut-offs.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Sensitivity {
    /// Pauses of more than 5 s do not count.
    #[serde(rename = "5")]
    pub at_5: Option<f64>,
    /// Of more than 15 s.
    #[serde(rename = "15")]
    pub at_15: Option<f64>,
    /// Of more than 30 s.
    #[serde(rename = "30")]
    pub at_30: Option<f64>,
    /// Of more than a minute.
    #[serde(rename = "60")]
    pub at_60: Option<f64>,
}

/// How much of drafts was changed. A small figure does not say that they were right: perhaps nobody looked.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Edits {
    /// Notes from drafts.
    pub n: usize,
    /// The median of the share of words that were changed.
    pub edit_ratio_p50: Option<f64>,
    /// Nine tenths changed less.
    pub edit_ratio_p90: Option<f64>,
    /// How many changed up to this share of the words, and more than the one before; the first changed nothing.
    pub edit_ratio_bins: Vec<Bin>,
    /// The share in which no word was changed.
    pub unchanged_share: Option<f64>,
    /// The median of the share of the note's words that stand in the draft.
    pub retained_share_p50: Option<f64>,
    /// The share that was not changed and saved faster than it can be read; of those whose active time is known.
    pub rubber_stamp_share: Option<f64>,
}

/// What became of calls.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outcomes {
    /// A note, begun from a draft of which no word was changed.
    pub saved_unchanged: usize,
    /// A note, begun from a draft.
    pub saved_edited: usize,
    /// A note, begun from a draft of which hardly a word is left.
    pub rewritten: usize,
    /// A note, written without a draft.
    pub saved_without_draft: usize,
    /// No note yet.
    pub unsaved: usize,
    /// No note, and no draft came.
    pub failed: usize,
    /// The call was erased because the citizen objected.
    pub discarded: usize,
}

/// Of a caseworker's own calls. Whoever asks sees them all.
pub fn of_one(rows: &[FigureRow]) -> Corrections {
    let (offline, online): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.offline_at_hang_up != 0);
    Corrections {
        definition: DEFINITION.to_owned(),
        whose: "mine",
        persons: cells::persons(&rows.iter().collect::<Vec<_>>()),
        figures: figures(&online, OF_ONE),
        offline_at_hang_up: figures(&offline, OF_ONE),
        groups: Vec::new(),
        cells_left_out: 0,
    }
}

/// Of everybody's calls, as far as they may be shown.
pub fn of_team(rows: &[FigureRow], by: Option<By>, zone: &TimeZone, now_ms: i64) -> Corrections {
    let shown = cells::shown(rows, by, zone, now_ms);
    let group = |group: cells::Group<'_>| {
        let (models, templates) = cells::written_by_all(&group.rows);
        let (persons, figures) = (cells::persons(&group.rows), figures(&group.rows, OF_TEAM));
        GroupView { key: group.key, persons, figures, models, templates }
    };
    Corrections {
        definition: DEFINITION.to_owned(),
        whose: "team",
        persons: cells::persons(&shown.all),
        figures: figures(&shown.all, OF_TEAM),
        offline_at_hang_up: figures(&shown.offline, OF_TEAM),
        groups: shown.groups.into_iter().map(group).collect(),
        cells_left_out: shown.cells_left_out,
    }
}

/// So many values a percentile, a mean or a share needs.
const OF_ONE: usize = 1;
/// Of a team's: a percentile of few is somebody's value.
const OF_TEAM: usize = 30;

fn figures(rows: &[&FigureRow], least: usize) -> Figures {
    let mut outcomes = Outcomes::default();
    for row in rows {
        *outcome(row, &mut outcomes) += 1;
    }
    let n = rows.len();
    // Of a discarded call the saved note may be left. How it came about is nobody's business any more.
    let rows: Vec<&FigureRow> = rows.iter().copied().filter(|row| row.discarded == 0).collect();
    let corrections: Vec<i64> = rows.iter().filter_map(|row| row.correction_ms).collect();
    Figures {
        n,
        active_correction: active(&rows, least),
        shown_to_saved: Correction {
            share_under_120_s: under_two_minutes(&corrections, least),
            percentiles: percentiles(corrections, least),
        },
        hang_up_to_saved: percentiles(rows.iter().filter_map(|row| row.turnaround_ms).collect(), least),
        edits: edits(&rows, least),
        whole_draft_bins: bins(&whole_drafts_s(&rows), &WHOLE_DRAFTS_S, least),
        hang_up_to_first_sentence: percentiles(rows.iter().filter_map(|row| row.first_sentence_ms).collect(), least),
        hang_up_to_whole_draft: percentiles(rows.iter().filter_map(|row| row.whole_draft_ms).collect(), least),
        outcomes,
    }
}

fn outcome<'o>(row: &FigureRow, of: &'o mut Outcomes) -> &'o mut usize {
    if row.discarded != 0 {
        return &mut of.discarded;
    }
    match (row.versions > 0, row.saved_draft, row.draft_state.as_deref()) {
        (true, Some(_), _) => match edit_ratio(row) {
            Some(ratio) if ratio > REWRITTEN => &mut of.rewritten,
            Some(_) if row.changed_words == Some(0) => &mut of.saved_unchanged,
            // Of notes from before words were counted it is not known.
            Some(_) | None => &mut of.saved_edited,
        },
        (true, None, _) => &mut of.saved_without_draft,
        (false, _, Some("failed")) => &mut of.failed,
        (false, ..) => &mut of.unsaved,
    }
}

fn active(rows: &[&FigureRow], least: usize) -> Active {
    let known = || rows.iter().filter(|row| row.batches.is_some_and(|batches| batches > 0));
    let at = |cut_off: i64| -> Vec<i64> { known().filter_map(|row| active_of(row, cut_off)).collect() };
    let headline = at(CUT_OFFS_S[HEADLINE]);
    Active {
        #[expect(clippy::cast_precision_loss, reason = "durations are far below 2^52 ms")]
        mean_s: (headline.len() >= least).then(|| headline.iter().sum::<i64>() as f64 / headline.len() as f64 / 1000.0),
        share_under_120_s: under_two_minutes(&headline, least),
        percentiles: percentiles(headline, least),
        sensitivity_p50_s: Sensitivity {
            at_5: percentiles(at(5), least).p50_s,
            at_15: percentiles(at(15), least).p50_s,
            at_30: percentiles(at(30), least).p50_s,
            at_60: percentiles(at(60), least).p50_s,
        },
        without_activity: rows.iter().filter(|row| row.batches == Some(0)).count(),
    }
}

fn active_of(row: &FigureRow, cut_off_s: i64) -> Option<i64> {
    match cut_off_s {
        5 => row.active_5_ms,
        15 => row.active_15_ms,
        30 => row.active_30_ms,
        60 => row.active_60_ms,
        _ => None,
    }
}

fn edits(rows: &[&FigureRow], least: usize) -> Edits {
    let of_drafts: Vec<&&FigureRow> = rows.iter().filter(|row| row.draft_words.is_some()).collect();
    let unchanged = of_drafts.iter().filter(|row| row.changed_words == Some(0));
    let timed: Vec<&&&FigureRow> =
        of_drafts.iter().filter(|row| row.batches.is_some_and(|batches| batches > 0)).collect();
    let ratios = sorted(of_drafts.iter().filter_map(|row| edit_ratio(row)).collect());
    let retained = sorted(of_drafts.iter().filter_map(|row| ratio(row.kept_words?, row.saved_words?)).collect());
    let share_of = |part: usize, whole: usize| (whole >= least).then(|| share(part, whole));
    let rank = |sorted: &[f64], percent| if sorted.len() >= least { rank(sorted, percent) } else { None };
    Edits {
        n: of_drafts.len(),
        edit_ratio_p50: rank(&ratios, 50),
        edit_ratio_p90: rank(&ratios, 90),
        edit_ratio_bins: bins(&ratios, &EDIT_RATIOS, least),
        unchanged_share: share_of(unchanged.count(), of_drafts.len()),
        retained_share_p50: rank(&retained, 50),
        rubber_stamp_share: share_of(timed.iter().filter(|row| is_rubber_stamp(row)).count(), timed.len()),
    }
}

/// Changed words over those of the longer text; nothing of two empty ones.
fn edit_ratio(row: &FigureRow) -> Option<f64> {
    ratio(row.changed_words?, row.draft_words?.max(row.saved_words?))
}

fn is_rubber_stamp(row: &FigureRow) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "durations and words are far below 2^52")]
    let faster = |active: i64, words: i64| (active as f64) < words as f64 / FASTEST_WORDS_A_MINUTE * 60_000.0;
    row.changed_words == Some(0)
        && active_of(row, CUT_OFFS_S[HEADLINE])
            .zip(row.draft_words)
            .is_some_and(|(active, words)| faster(active, words))
}

/// So many values are in each range; nothing where there are too few of them.
fn bins(values: &[f64], ends: &[f64], least: usize) -> Vec<Bin> {
    if values.len() < least {
        return Vec::new();
    }
    let mut bins: Vec<Bin> = ends.iter().map(|end| Bin { up_to: Some(*end), n: 0 }).collect();
    bins.push(Bin { up_to: None, n: 0 });
    for value in values {
        if let Some(bin) = bins.iter_mut().find(|bin| bin.up_to.is_none_or(|end| *value <= end)) {
            bin.n += 1;
        }
    }
    bins
}

fn whole_drafts_s(rows: &[&FigureRow]) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "durations are far below 2^52 ms")]
    rows.iter().filter_map(|row| row.whole_draft_ms).map(|ms| ms as f64 / 1000.0).collect()
}

fn ratio(part: i64, whole: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^52")]
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn under_two_minutes(durations_ms: &[i64], least: usize) -> Option<f64> {
    let under = durations_ms.iter().filter(|ms| **ms < 120_000).count();
    (durations_ms.len() >= least).then(|| share(under, durations_ms.len()))
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// The nearest rank of sorted values.
fn rank<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    (sorted.len() * percent).div_ceil(100).checked_sub(1).map(|index| sorted[index])
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn percentiles(mut durations_ms: Vec<i64>, least: usize) -> Percentiles {
    durations_ms.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "durations are far below 2^52 ms")]
    let at = |percent: usize| {
        let found = if durations_ms.len() >= least { rank(&durations_ms, percent) } else { None };
        found.map(|ms| ms as f64 / 1000.0)
    };
    Percentiles { n: durations_ms.len(), p25_s: at(25), p50_s: at(50), p75_s: at(75), p90_s: at(90), p95_s: at(95) }
}

#[cfg(test)]
mod tests;
