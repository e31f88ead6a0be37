//! Edits and notes: what people typed. No draft, no settle and no timer writes here.

use super::audit::{Act, Deed, tell};
use super::calls::{self, lock_call};
use super::events::{self, EventKind};
use super::{Store, Stored, Tx, activity, areas, drafts, flags, from_json, json, outbox, settles};
use crate::shown::{
    CallDetail, EditSaved, EditView, NoteView, SectionTexts, SectionView, SuppressedView, UtteranceView,
};
use referent_proto::{CallId, CallState, Section, Spoken};
use sqlx::FromRow;

/// A person's unsaved text, as it came in.
#[derive(Clone, Debug)]
pub struct NewEdit {
    /// The revision that the person saw.
    pub over: i64,
    /// The draft it began from.
    pub draft: Option<i64>,
    /// The text.
    pub sections: SectionTexts,
    /// Who types.
    pub by: String,
}

/// What a person saves, as it came in.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The version that the person saw.
    pub over: i64,
    /// Made by the pane; the same one returns the same result.
    pub save_id: String,
    /// For the note if there is none yet.
    pub note: String,
    /// The edit it was saved from.
    pub edit_revision: Option<i64>,
    /// The draft it began from.
    pub draft: Option<i64>,
    /// The text.
    pub sections: SectionTexts,
    /// The draft's sentences that the person confirmed.
    pub confirmed: Vec<i64>,
    /// Who saves.
    pub by: String,
}

/// The answer to a write over a revision.
#[derive(Clone, Debug)]
pub enum Over<T, C> {
    /// Durable.
    Written(T),
    /// Was durable before: a repeat.
    Repeated(T),
    /// Somebody else wrote in between; this is what stands there.
    Conflict(Option<C>),
    /// There is no such call.
    Unknown,
    /// The call was discarded.
    Discarded,
    /// The `save_id` belongs to another call.
    Taken,
}

#[derive(FromRow)]
struct EditColumns {
    revision: i64,
    draft: Option<i64>,
    sections: String,
}

async fn edit(tx: &mut Tx, call: CallId) -> Stored<Option<EditView>> {
    row!(tx, EditColumns, "SELECT revision, draft, sections FROM edits WHERE call = $1", call.to_string())?
        .map(|row| {
            let sections = from_json("edits.sections", &row.sections)?;
            Ok(EditView { revision: row.revision, draft: row.draft, sections })
        })
        .transpose()
}

#[derive(FromRow)]
struct NoteColumns {
    note: String,
    call: String,
    part: i64,
    version: i64,
    sections: String,
    saved_ms: i64,
    correction_ms: Option<i64>,
}

impl TryFrom<NoteColumns> for NoteView {
    type Error = super::StoreError;
    fn try_from(row: NoteColumns) -> Stored<Self> {
        Ok(Self {
            id: row.note,
            part: row.part,
            version: row.version,
            sections: from_json("note_versions.sections", &row.sections)?,
            saved_ms: row.saved_ms,
            correction_ms: row.correction_ms,
        })
    }
}

macro_rules! versions {
    ($which:literal) => {
        concat!(
            "SELECT n.note, n.call, n.part, v.version, v.sections, v.saved_ms, v.correction_ms \
             FROM note_versions v JOIN notes n ON n.note = v.note ",
            $which
        )
    };
}

async fn note(tx: &mut Tx, call: CallId) -> Stored<Option<NoteView>> {
    row!(tx, NoteColumns, versions!("WHERE n.call = $1 AND n.part = 1 AND v.version = n.version"), call.to_string())?
        .map(NoteView::try_from)
        .transpose()
}

impl Store {
    /// Keeps what a person typed.
    pub async fn put_edit(&self, call: CallId, new: NewEdit, now_ms: i64) -> Stored<Over<i64, EditView>> {
        self.write(move |tx| {
            Box::pin(async move {
                let Some(row) = lock_call(tx, call).await? else { return Ok(Over::Unknown) };
                if row.state == CallState::Discarded {
                    return Ok(Over::Discarded);
                }
                let current = edit(tx, call).await?;
                if current.as_ref().map_or(0, |edit| edit.revision) != new.over {
                    return Ok(Over::Conflict(current));
                }
                let revision = new.over + 1;
                run!(
                    tx,
                    "INSERT INTO edits (call, revision, draft, sections, edited_ms) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (call) DO UPDATE SET revision = excluded.revision, draft = excluded.draft, \
                     sections = excluded.sections, edited_ms = excluded.edited_ms",
                    call.to_string(),
                    revision,
                    new.draft,
                    json(&new.sections),
                    now_ms
                )?;
                events::append(tx, call, EventKind::EditSaved, &EditSaved { revision }).await?;
                tell(tx, &Deed::with_call(&new.by, Act::EditKept, call), now_ms).await?;
                Ok(Over::Written(revision))
            })
        })
        .await
    }

    /// Saves a version of the note.
    pub async fn save_note(&self, call: CallId, new: NewVersion, now_ms: i64) -> Stored<Over<NoteView, NoteView>> {
        self.write(move |tx| Box::pin(save_note_in(tx, call, new, now_ms))).await
    }

    /// Every version of the call's note, oldest first. `None` if there is no such call.
    pub async fn note_versions(&self, call: CallId) -> Stored<Option<Vec<NoteView>>> {
        self.read(move |tx| {
            Box::pin(async move {
                if calls::summary(tx, call).await?.is_none() {
                    return Ok(None);
                }
                rows!(tx, NoteColumns, versions!("WHERE n.call = $1 ORDER BY n.part, v.version"), call.to_string())?
                    .into_iter()
                    .map(NoteView::try_from)
                    .collect::<Stored<_>>()
                    .map(Some)
            })
        })
        .await
    }

    /// A person sees the draft. The first time counts. `false` if there is no such draft.
    pub async fn draft_shown(&self, call: CallId, number: i64, now_ms: i64) -> Stored<bool> {
        self.write(move |tx| {
            Box::pin(async move {
                let found = row!(
                    tx,
                    (i64,),
                    "SELECT draft FROM drafts WHERE call = $1 AND draft = $2",
                    call.to_string(),
                    number
                )?;
                if found.is_none() {
                    return Ok(false);
                }
                run!(
                    tx,
                    "INSERT INTO draft_shown (call, draft, shown_ms) VALUES ($1, $2, $3) \
                     ON CONFLICT (call, draft) DO NOTHING",
                    call.to_string(),
                    number,
                    now_ms
                )?;
                Ok(true)
            })
        })
        .await
    }

    /// Everything about a call at one moment, without the agent's heartbeat. `None` if there is no such call.
    pub async fn detail(&self, call: CallId) -> Stored<Option<CallDetail>> {
        self.read(move |tx| Box::pin(detail_in(tx, call))).await
    }

    /// The texts that are not believed. `None` if there is no such call.
    pub async fn suppressed(&self, call: CallId) -> Stored<Option<Vec<SuppressedView>>> {
        self.read(move |tx| {
            Box::pin(async move {
                if calls::summary(tx, call).await?.is_none() {
                    return Ok(None);
                }
                let holes = settles::holes(tx, call).await?;
                let suppressed = holes.into_iter().filter(|hole| hole.kind == "suppressed");
                suppressed
                    .map(|hole| {
                        Ok(SuppressedView { hole: hole.view()?, text: Spoken::new(hole.text.unwrap_or_default()) })
                    })
                    .collect::<Stored<_>>()
                    .map(Some)
            })
        })
        .await
    }
}

async fn detail_in(tx: &mut Tx, call: CallId) -> Stored<Option<CallDetail>> {
    let Some(summary) = calls::summary(tx, call).await? else { return Ok(None) };
    let version = row!(tx, (String,), "SELECT area_version FROM calls WHERE call = $1", call.to_string())?;
    let area = areas::of_version(tx, version.as_ref().map_or("", |(version,)| version)).await?;
    let asked_for = drafts::newest(tx, call).await?.and_then(|draft| draft.area_version);
    let (edit, note) = (edit(tx, call).await?, note(tx, call).await?);
    let typed = [edit.as_ref().map(|edit| &edit.sections), note.as_ref().map(|note| &note.sections)];
    let sections = sections(tx, call, area.sections, asked_for.as_deref(), &typed).await?;
    let utterances = settles::utterances(tx, call).await?;
    let holes = settles::holes(tx, call).await?;
    let of_kind = |kind: &str| {
        holes.iter().filter(|hole| hole.kind == kind).map(settles::HoleColumns::view).collect::<Stored<Vec<_>>>()
    };
    let suppressed_count = holes.iter().filter(|hole| hole.kind == "suppressed").count();
    Ok(Some(CallDetail {
        language: area.language,
        sections,
        utterances: utterances.iter().map(UtteranceView::from).collect(),
        gaps: of_kind("gap")?,
        not_transcribed: of_kind("not_transcribed")?,
        suppressed_count: i64::try_from(suppressed_count).unwrap_or(i64::MAX),
        draft: drafts::shown(tx, call, summary.ended_ms).await?,
        edit,
        note,
        agent: None,
        summary,
    }))
}

/// The sections of a note: those of the area that the newest draft was asked for under, or the call's; and behind them every
/// other in which a person has written, so that what was typed is shown whatever area is chosen.
async fn sections(
    tx: &mut Tx,
    call: CallId,
    own: Vec<Section>,
    asked_for: Option<&str>,
    typed: &[Option<&SectionTexts>],
) -> Stored<Vec<SectionView>> {
    let mut known = Vec::new();
    for version in drafts::areas_asked_for(tx, call).await? {
        known.push((asked_for == Some(version.as_str()), areas::of_version(tx, &version).await?.sections));
    }
    known.push((asked_for.is_none(), own));
    let chosen = known.iter().position(|(is_chosen, _)| *is_chosen).unwrap_or(known.len() - 1);
    let mut sections = known.swap_remove(chosen).1;
    let written = typed.iter().flatten().flat_map(|texts| texts.iter()).filter(|(_, text)| !text.is_blank());
    for (id, _) in written {
        if sections.iter().all(|one| one.id != *id) {
            let found = known.iter().flat_map(|(_, sections)| sections).find(|one| one.id == *id).cloned();
            // Of a discarded call only the note is left: its section is called what it is stored under.
            sections.push(found.unwrap_or_else(|| Section {
                id: id.clone(),
                heading: id.clone(),
                ..Section::default()
            }));
        }
    }
    Ok(sections.into_iter().map(SectionView::from).collect())
}

async fn save_note_in(tx: &mut Tx, call: CallId, new: NewVersion, now_ms: i64) -> Stored<Over<NoteView, NoteView>> {
    let Some(row) = lock_call(tx, call).await? else { return Ok(Over::Unknown) };
    let repeat = row!(tx, NoteColumns, versions!("WHERE v.save_id = $1"), new.save_id.as_str())?;
    if let Some(repeat) = repeat {
        return if repeat.call == call.to_string() {
            Ok(Over::Repeated(NoteView::try_from(repeat)?))
        } else {
            Ok(Over::Taken)
        };
    }
    if row.state == CallState::Discarded {
        return Ok(Over::Discarded);
    }
    let current = note(tx, call).await?;
    if current.as_ref().map_or(0, |note| note.version) != new.over {
        return Ok(Over::Conflict(current));
    }
    let version = new.over + 1;
    let (note_id, correction_ms) = if let Some(current) = current {
        run!(tx, "UPDATE notes SET version = $2 WHERE note = $1", current.id.as_str(), version)?;
        (current.id, current.correction_ms)
    } else {
        run!(
            tx,
            "INSERT INTO notes (note, call, part, version, created_ms) VALUES ($1, $2, 1, $3, $4)",
            new.note.as_str(),
            call.to_string(),
            version,
            now_ms
        )?;
        let shown = first_shown(tx, call, new.draft).await?;
        if let (Some(draft), Some(shown_ms)) = (new.draft, shown) {
            activity::count(tx, call, draft, &new.sections, (shown_ms, now_ms)).await?;
        }
        (new.note.clone(), shown.map(|shown_ms| (now_ms - shown_ms).max(0)))
    };
    run!(
        tx,
        "INSERT INTO note_versions (note, version, save_id, sections, draft, edit_revision, saved_ms, saved_by, \
         correction_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        note_id.as_str(),
        version,
        new.save_id.as_str(),
        json(&new.sections),
        new.draft,
        new.edit_revision,
        now_ms,
        new.by.as_str(),
        correction_ms
    )?;
    if let Some(draft) = new.draft {
        flags::resolved(tx, call, draft, &new, now_ms).await?;
    }
    let view = NoteView { id: note_id, part: 1, version, sections: new.sections, saved_ms: now_ms, correction_ms };
    events::append(tx, call, EventKind::NoteSaved, &view).await?;
    calls::state_event(tx, call).await?;
    tell(tx, &Deed::with_call(&new.by, Act::NoteSaved, call), now_ms).await?;
    outbox::saved(tx, call, &view, &new.save_id, now_ms).await?;
    Ok(Over::Written(view))
}

/// When the draft that a note began from was first shown; a provisional one does not count, since the call went on.
async fn first_shown(tx: &mut Tx, call: CallId, draft: Option<i64>) -> Stored<Option<i64>> {
    let found = row!(
        tx,
        (Option<i64>,),
        "SELECT MIN(s.shown_ms) FROM draft_shown s JOIN drafts d ON d.call = s.call AND d.draft = s.draft \
         WHERE s.call = $1 AND s.draft = $2 AND d.provisional = 0",
        call.to_string(),
        draft.unwrap_or_default()
    )?;
    Ok(found.and_then(|(shown,)| shown))
}
