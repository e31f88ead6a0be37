//! What leaves: the changes of notes, in the order in which they became visible, and for each destination what it has not had yet.
//!
//! In: a version of a note, from the transaction that saves it; a note that is erased. Out: changes to pull, and rows that the
//! sender leases (`jobs`) and administrators look at (`listed`).
//! Promises (docs/decisions/0041):
//!   O1  A version of a note, its change and its rows for every destination are durable together or not at all.
//!   O2  Changes are numbered 1, 2, … without a hole, and no number is visible before a smaller one: whoever has read up to a
//!       number has read all there will ever be below it.
//!   O3  The id of a delivery belongs to one destination, one version of one note and one event, for good: a repeat has it, and
//!       nothing else ever does, not even after the database was set back to an earlier day.
//!   O4  No text is stored here. What was erased is neither sent nor pulled any more.
//!
//! Not done here: nothing is sent (`delivery`).

macro_rules! changes {
    ($which:literal) => {
        concat!("SELECT number, event, call, note, part, version, case_id, occurred_ms FROM note_changes ", $which)
    };
}

mod jobs;
mod listed;

pub use jobs::{Claimed, Ended, Outcome, Patience, Terms};
pub use listed::{Filter, Replayed};

use super::{Store, StoreError, Stored, Tx, areas, call_id, drafts, from_json, from_word, word};
use crate::delivery::Cursor;
use crate::shown::outbox::{ChangeView, SectionText};
use crate::shown::{NoteView, SectionTexts};
use referent_proto::{CallId, Section};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::FromRow;
use utoipa::ToSchema;

/// Text that one answer to a pull holds, in bytes: beyond it the rest comes with the next one.
const PAGE_BYTES: usize = 4 << 20;

/// What happened to a note.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteEvent {
    /// A version was saved.
    Saved,
    /// The note was erased, with all of its versions.
    Withdrawn,
}

/// A change of a note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Its place in the order of all.
    pub number: i64,
    /// What happened.
    pub event: NoteEvent,
    /// The call.
    pub call: CallId,
    /// The note.
    pub note: String,
    /// Which of the call's notes.
    pub part: i64,
    /// Which version; the last one where the note was erased.
    pub version: i64,
    /// The case it was saved to.
    pub case_id: Option<String>,
    /// When.
    pub occurred_ms: i64,
}

#[derive(FromRow)]
struct ChangeColumns {
    number: i64,
    event: String,
    call: String,
    note: String,
    part: i64,
    version: i64,
    case_id: Option<String>,
    occurred_ms: i64,
}

impl TryFrom<ChangeColumns> for Change {
    type Error = StoreError;
    fn try_from(row: ChangeColumns) -> Stored<Self> {
        Ok(Self {
            number: row.number,
            event: from_word("note_changes.event", &row.event)?,
            call: call_id(&row.call)?,
            note: row.note,
            part: row.part,
            version: row.version,
            case_id: row.case_id,
            occurred_ms: row.occurred_ms,
        })
    }
}

/// What a destination wants to hear of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wants {
    /// Its name in the configuration.
    pub destination: String,
    /// Versions that are saved.
    pub saved: bool,
    /// Notes that are erased.
    pub withdrawn: bool,
}

/// O1: a version was saved. The last thing in its transaction: from here to the commit every other save waits (O2).
pub(crate) async fn saved(tx: &mut Tx, call: CallId, note: &NoteView, save_id: &str, now_ms: i64) -> Stored<()> {
    let case = row!(tx, (Option<String>,), "SELECT case_id FROM calls WHERE call = $1", call.to_string())?;
    let change = Change {
        number: 0,
        event: NoteEvent::Saved,
        call,
        note: note.id.clone(),
        part: note.part,
        version: note.version,
        case_id: case.and_then(|(case_id,)| case_id),
        occurred_ms: now_ms,
    };
    let destinations = rows!(
        tx,
        (String,),
        "SELECT destination FROM destinations WHERE removed_ms IS NULL AND takes_saved = 1 ORDER BY destination"
    )?;
    add(tx, change, save_id, destinations).await
}

/// Every note of the call is erased because somebody decided so, in this transaction, before or after this: what was not sent
/// never will be, and whoever may have one is told. Like `saved` the last thing in its transaction. A repeat changes nothing.
pub async fn withdraw(tx: &mut Tx, call: CallId, now_ms: i64) -> Stored<()> {
    let of_call = rows!(tx, ChangeColumns, changes!("WHERE call = $1 ORDER BY number DESC"), call.to_string())?;
    let mut told: Vec<String> = Vec::new();
    let destinations = rows!(
        tx,
        (String,),
        "SELECT destination FROM destinations WHERE removed_ms IS NULL AND takes_withdrawn = 1 ORDER BY destination"
    )?;
    forget(tx, call, now_ms).await?;
    for row in of_call {
        let newest = Change::try_from(row)?;
        if told.contains(&newest.note) {
            continue;
        }
        told.push(newest.note.clone());
        if newest.event == NoteEvent::Saved {
            let change = Change { event: NoteEvent::Withdrawn, case_id: None, occurred_ms: now_ms, ..newest };
            add(tx, change, "", destinations.clone()).await?;
        }
    }
    Ok(())
}

/// Every note of the call is erased because its time is over: what was not sent never will be, and nobody is told, since what
/// others have of it has a time of its own. See [`is_outstanding`] first.
pub async fn forget(tx: &mut Tx, call: CallId, now_ms: i64) -> Stored<()> {
    // What is on its way just now comes to its end, and then finds no note: until then nothing later of the note is sent.
    run!(
        tx,
        "UPDATE outbox SET state = 'withdrawn', done_ms = $2 WHERE state IN ('waiting', 'dead') \
         AND number IN (SELECT number FROM note_changes WHERE call = $1 AND event = 'saved')",
        call.to_string(),
        now_ms
    )?;
    run!(
        tx,
        "UPDATE note_changes SET case_id = NULL, erased_ms = $2 WHERE call = $1 AND event = 'saved' AND erased_ms IS NULL",
        call.to_string(),
        now_ms
    )
    .map(drop)
}

/// Whether a destination of the configuration still has to get a note of the call.
pub async fn is_outstanding(tx: &mut Tx, call: CallId) -> Stored<bool> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM outbox o JOIN note_changes c ON c.number = o.number \
         JOIN destinations d ON d.destination = o.destination \
         WHERE c.call = $1 AND c.event = 'saved' AND o.state IN ('waiting', 'sending', 'dead') AND d.removed_ms IS NULL",
        call.to_string()
    )?;
    Ok(found.is_some_and(|(count,)| count > 0))
}

/// O2, O3.
async fn add(tx: &mut Tx, change: Change, save_id: &str, destinations: Vec<(String,)>) -> Stored<()> {
    let number = row!(tx, (i64,), "UPDATE note_changes_count SET count = count + 1 WHERE one = 1 RETURNING count")?
        .map(|(count,)| count)
        .ok_or(StoreError::Corrupt { column: "note_changes_count.one" })?;
    run!(
        tx,
        "INSERT INTO note_changes (number, event, call, note, part, version, case_id, occurred_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        number,
        word(&change.event),
        change.call.to_string(),
        change.note.as_str(),
        change.part,
        change.version,
        change.case_id.as_deref(),
        change.occurred_ms
    )?;
    for (destination,) in destinations {
        run!(
            tx,
            "INSERT INTO outbox (delivery, destination, number, note, state, attempts, failures, since_ms, due_ms, \
             lease_until_ms) VALUES ($1, $2, $3, $4, 'waiting', 0, 0, $5, $5, 0)",
            delivery_id(&destination, &change, save_id),
            destination.as_str(),
            number,
            change.note.as_str(),
            change.occurred_ms
        )?;
    }
    Ok(())
}

/// O3: a UUID (version 8, RFC 9562) made of what it stands for. The `save_id` is in it, because after the database was set back
/// to an earlier day another text may become the same version of the same note.
fn delivery_id(destination: &str, change: &Change, save_id: &str) -> String {
    let mut sum = Sha256::new();
    let version = change.version.to_string();
    for part in [destination, &change.note, &version, &word(&change.event), save_id] {
        sum.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        sum.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sum.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// The text of a version that was saved, under the headings of its call. `None` if it is no more.
async fn text_of(tx: &mut Tx, change: &Change) -> Stored<Option<Vec<SectionText>>> {
    let found = row!(
        tx,
        (String,),
        "SELECT v.sections FROM note_changes c JOIN note_versions v ON v.note = c.note AND v.version = c.version \
         WHERE c.number = $1 AND c.event = 'saved' AND c.erased_ms IS NULL",
        change.number
    )?;
    let Some((sections,)) = found else { return Ok(None) };
    let texts: SectionTexts = from_json("note_versions.sections", &sections)?;
    let own = row!(tx, (String,), "SELECT area_version FROM calls WHERE call = $1", change.call.to_string())?;
    let mut known: Vec<Section> = Vec::new();
    let asked_for = drafts::areas_asked_for(tx, change.call).await?;
    for version in own.into_iter().map(|(version,)| version).chain(asked_for) {
        known.extend(areas::of_version(tx, &version).await?.sections);
    }
    Ok(Some(under_headings(texts, &known)))
}

/// In the order of the headings; what stands under none comes last, and is called what it is stored under.
fn under_headings(texts: SectionTexts, known: &[Section]) -> Vec<SectionText> {
    let place = |id: &str| known.iter().position(|section| section.id == id);
    let mut sections: Vec<(usize, SectionText)> = texts
        .into_iter()
        .filter(|(_, text)| !text.is_blank())
        .map(|(id, text)| {
            let at = place(&id);
            let heading = at.map_or_else(|| id.clone(), |at| known[at].heading.clone());
            (at.unwrap_or(known.len()), SectionText { id, heading, text })
        })
        .collect();
    sections.sort_by_key(|(at, _)| *at);
    sections.into_iter().map(|(_, section)| section).collect()
}

/// One answer to a pull.
#[derive(Debug)]
pub struct Page {
    /// In the order in which they became visible.
    pub changes: Vec<ChangeView>,
    /// Where to go on.
    pub next: Cursor,
    /// There is more behind it already.
    pub more: bool,
}

impl Store {
    /// These are the destinations from now on. What waits for another stays until it is one again.
    pub async fn keep_destinations(&self, wanted: Vec<Wants>, now_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(tx, "UPDATE destinations SET removed_ms = $1 WHERE removed_ms IS NULL", now_ms)?;
                for wants in wanted {
                    run!(
                        tx,
                        "INSERT INTO destinations (destination, takes_saved, takes_withdrawn) VALUES ($1, $2, $3) \
                         ON CONFLICT (destination) DO UPDATE SET takes_saved = excluded.takes_saved, \
                         takes_withdrawn = excluded.takes_withdrawn, removed_ms = NULL",
                        wants.destination.as_str(),
                        i64::from(wants.saved),
                        i64::from(wants.withdrawn)
                    )?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Changes behind a place, at most so many. `None` if the place is none of this database: it was set back since.
    pub async fn changes_since(&self, since: Cursor, most: i64, texts: Texts) -> Stored<Option<Page>> {
        self.read(move |tx| Box::pin(since_in(tx, since, most, texts))).await
    }

    /// One version of a note. `None` if there is no such, or no more.
    pub async fn note_version(&self, note: String, version: i64) -> Stored<Option<ChangeView>> {
        self.read(move |tx| {
            Box::pin(async move {
                let found = row!(
                    tx,
                    ChangeColumns,
                    changes!("WHERE note = $1 AND version = $2 AND event = 'saved'"),
                    note.as_str(),
                    version
                )?;
                let Some(row) = found else { return Ok(None) };
                let change = Change::try_from(row)?;
                let text = text_of(tx, &change).await?;
                Ok(text.map(|text| ChangeView::new(change, Some(text))))
            })
        })
        .await
    }
}

/// Whether a pull takes the texts along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Texts {
    /// Ids, case and time.
    Without,
    /// What is written as well.
    With,
}

async fn since_in(tx: &mut Tx, since: Cursor, most: i64, texts: Texts) -> Stored<Option<Page>> {
    if since != Cursor::BEGIN {
        let found = row!(tx, ChangeColumns, changes!("WHERE number = $1"), since.number)?;
        let is_ours = found.map(Change::try_from).transpose()?.is_some_and(|change| Cursor::behind(&change) == since);
        if !is_ours {
            return Ok(None);
        }
    }
    let rows = rows!(tx, ChangeColumns, changes!("WHERE number > $1 ORDER BY number LIMIT $2"), since.number, most)?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count >= most);
    let mut page = Page { changes: Vec::new(), next: since, more: full };
    let mut bytes = 0;
    for row in rows {
        let change = Change::try_from(row)?;
        let text = match change.event {
            NoteEvent::Saved => text_of(tx, &change).await?,
            NoteEvent::Withdrawn => None,
        };
        let next = Cursor::behind(&change);
        // O4: of a note that was erased there is only the change that says so.
        if change.event == NoteEvent::Saved && text.is_none() {
            page.next = next;
            continue;
        }
        let text = text.filter(|_| texts == Texts::With);
        bytes += text.iter().flatten().map(|section| section.text.reveal().len()).sum::<usize>();
        if bytes > PAGE_BYTES && !page.changes.is_empty() {
            page.more = true;
            break;
        }
        page.next = next;
        page.changes.push(ChangeView::new(change, text));
    }
    Ok(Some(page))
}

#[cfg(test)]
mod tests {
    use super::*;
    use referent_proto::Spoken;

    fn change(note: &str, version: i64, event: NoteEvent) -> Change {
        let call = CallId::new(1, [1; 10]);
        Change { number: 1, event, call, note: note.into(), part: 1, version, case_id: None, occurred_ms: 0 }
    }

    #[test]
    fn whatever_differs_has_another_id() {
        use NoteEvent::{Saved, Withdrawn};
        let id = |destination: &str, note: &str, version, event, save_id: &str| {
            delivery_id(destination, &change(note, version, event), save_id)
        };
        let one = id("esdh", "note", 1, Saved, "save");
        assert_eq!(one, id("esdh", "note", 1, Saved, "save"));
        assert_eq!(uuid::Uuid::parse_str(&one).unwrap().get_version_num(), 8);
        for other in [
            id("esd", "hnote", 1, Saved, "save"),
            id("esdh", "note1", 1, Saved, "save"),
            id("esdh", "note", 11, Saved, "save"),
            id("esdh", "note", 1, Withdrawn, "save"),
            id("esdh", "note", 1, Saved, "another"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn sections_stand_in_the_order_of_the_area() {
        let section =
            |id: &str, heading: &str| Section { id: id.into(), heading: heading.into(), ..Section::default() };
        let known = [section("reason", "Henvendelse"), section("agreed", "Aftalt"), section("reason", "Anledning")];
        let texts = ["agreed", "reason", "other", "blank"]
            .map(|id| (id.to_owned(), Spoken::new(if id == "blank" { " " } else { "x" })))
            .into();
        let found: Vec<_> = under_headings(texts, &known).into_iter().map(|it| (it.id, it.heading)).collect();
        let expected = [("reason", "Henvendelse"), ("agreed", "Aftalt"), ("other", "other")];
        assert_eq!(found, expected.map(|(id, heading)| (id.to_owned(), heading.to_owned())));
    }
}
