//! What panes say of activity, and what it took to make a note. No content is written here, and no name.

use super::calls::lock_call;
use super::retention::was_erased;
use super::{Store, Stored, Tx, from_json, json};
use crate::activity::{Batch, CUT_OFFS_S, active_ms, timeline};
use crate::effort::Effort;
use crate::retention::Kind;
use crate::shown::SectionTexts;
use referent_proto::{CallId, CallState};
use sqlx::FromRow;

/// So many batches of a call are kept: a working day of one page. More would be no correction.
pub const MOST_BATCHES: i64 = 4_000;

/// What became of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counted {
    /// It is kept, or was before.
    Yes,
    /// There is no such call, or not any more.
    NoCall,
    /// There are [`MOST_BATCHES`] already, or what came before is erased.
    Full,
}

/// What it took to make one note.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromRow)]
pub struct Correction {
    /// Of activity; without any the active time is not known.
    pub batches: i64,
    /// At the cut-off of the headline.
    pub active_15_ms: i64,
    /// Words of the draft.
    pub draft_words: i64,
    /// Of the note.
    pub saved_words: i64,
    /// That were changed.
    pub changed_words: i64,
}

#[derive(FromRow)]
struct BatchColumns {
    page: String,
    clock_ms: i64,
    came_ms: i64,
    stretches: String,
}

impl Store {
    /// Keeps what a page says of its person's activity; a repeat changes nothing. If the note is saved already, its correction
    /// time is counted anew.
    pub async fn add_activity(&self, call: CallId, number: i64, batch: Batch) -> Stored<Counted> {
        self.write(move |tx| Box::pin(add_in(tx, call, number, batch))).await
    }
}

impl Store {
    /// What it took to make the note of a call, if it was made from a draft that was shown.
    pub async fn correction(&self, call: CallId) -> Stored<Option<Correction>> {
        self.read(move |tx| {
            Box::pin(async move {
                row!(
                    tx,
                    Correction,
                    "SELECT batches, active_15_ms, draft_words, saved_words, changed_words FROM corrections \
                     WHERE call = $1",
                    call.to_string()
                )
            })
        })
        .await
    }
}

async fn add_in(tx: &mut Tx, call: CallId, number: i64, batch: Batch) -> Stored<Counted> {
    let Some(row) = lock_call(tx, call).await? else { return Ok(Counted::NoCall) };
    if row.state == CallState::Discarded {
        return Ok(Counted::NoCall);
    }
    let id = call.to_string();
    let kept = row!(tx, (i64,), "SELECT COUNT(*) FROM activity WHERE call = $1", id.as_str())?;
    // Where the beginning was erased, the rest would be counted as all of it.
    if kept.is_some_and(|(kept,)| kept >= MOST_BATCHES) || was_erased(tx, call, Kind::Activity).await? {
        return Ok(Counted::Full);
    }
    run!(
        tx,
        "INSERT INTO activity (call, page, number, clock_ms, came_ms, stretches) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (call, page, number) DO NOTHING",
        id.as_str(),
        batch.page.as_str(),
        number,
        batch.clock_ms,
        batch.came_ms,
        json(&batch.stretches)
    )?;
    run!(tx, "UPDATE calls SET retention_ms = 0 WHERE call = $1", id.as_str())?;
    let known = row!(tx, (i64, i64), "SELECT shown_ms, saved_ms FROM corrections WHERE call = $1", id.as_str())?;
    if let Some((shown_ms, saved_ms)) = known {
        let (batches, active) = active(tx, call, shown_ms, saved_ms).await?;
        run!(
            tx,
            "UPDATE corrections SET batches = $2, active_5_ms = $3, active_15_ms = $4, active_30_ms = $5, \
             active_60_ms = $6 WHERE call = $1",
            id.as_str(),
            batches,
            active[0],
            active[1],
            active[2],
            active[3]
        )?;
    }
    Ok(Counted::Yes)
}

/// Counts what it took to make the first version of a note from this draft, which was shown at `shown_ms`.
pub(super) async fn count(
    tx: &mut Tx,
    call: CallId,
    draft: i64,
    saved: &SectionTexts,
    (shown_ms, saved_ms): (i64, i64),
) -> Stored<()> {
    let sentences = rows!(
        tx,
        (String, String),
        "SELECT s.section, s.text FROM draft_sentences s JOIN drafts d \
         ON d.call = s.call AND d.draft = s.draft AND d.attempt = s.attempt \
         WHERE s.call = $1 AND s.draft = $2 ORDER BY s.sentence",
        call.to_string(),
        draft
    )?;
    let effort = sections_effort(&sentences, saved);
    // What is left of activity whose beginning was erased would be counted as all of it.
    let (batches, active) = if was_erased(tx, call, Kind::Activity).await? {
        (0, [0; 4])
    } else {
        active(tx, call, shown_ms, saved_ms).await?
    };
    run!(
        tx,
        "INSERT INTO corrections (call, shown_ms, saved_ms, batches, active_5_ms, active_15_ms, active_30_ms, \
         active_60_ms, draft_words, saved_words, changed_words, kept_words) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (call) DO NOTHING",
        call.to_string(),
        shown_ms,
        saved_ms,
        batches,
        active[0],
        active[1],
        active[2],
        active[3],
        effort.draft_words,
        effort.saved_words,
        effort.changed_words,
        effort.kept_words
    )?;
    Ok(())
}

/// Section by section: a sentence that was moved to another is changed.
fn sections_effort(sentences: &[(String, String)], saved: &SectionTexts) -> Effort {
    let mut ids: Vec<&str> = sentences.iter().map(|(section, _)| section.as_str()).collect();
    ids.extend(saved.keys().map(String::as_str));
    ids.sort_unstable();
    ids.dedup();
    let mut all = Effort::default();
    for id in ids {
        let own = sentences.iter().filter(|(section, _)| section == id).map(|(_, text)| text.as_str());
        let one = Effort::between(&own.collect::<Vec<_>>().join(" "), saved.get(id).map_or("", |text| text.reveal()));
        all.draft_words += one.draft_words;
        all.saved_words += one.saved_words;
        all.changed_words += one.changed_words;
        all.kept_words += one.kept_words;
    }
    all
}

/// How many batches there are, and the active time at each cut-off.
async fn active(tx: &mut Tx, call: CallId, shown_ms: i64, saved_ms: i64) -> Stored<(i64, [i64; 4])> {
    let rows = rows!(
        tx,
        BatchColumns,
        "SELECT page, clock_ms, came_ms, stretches FROM activity WHERE call = $1 ORDER BY page, number",
        call.to_string()
    )?;
    let batches = rows.into_iter().map(|row| {
        let stretches = from_json("activity.stretches", &row.stretches)?;
        Ok(Batch { page: row.page, clock_ms: row.clock_ms, came_ms: row.came_ms, stretches })
    });
    let batches = batches.collect::<Stored<Vec<Batch>>>()?;
    let timeline = timeline(&batches);
    let active = CUT_OFFS_S.map(|cut_off| active_ms(&timeline, shown_ms, saved_ms, cut_off));
    Ok((i64::try_from(batches.len()).unwrap_or(i64::MAX), active))
}
