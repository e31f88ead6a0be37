//! All that is known of one call, read at one moment.
//!
//! In: a call. Out: `shown::export`. Not done here: that it was given out is told by whoever asks (`api::retention`).

use super::audit::deeds_in;
use super::{Store, Stored, Tx, calls, drafts, from_json, retention, settles};
use crate::shown::SuppressedView;
use crate::shown::UtteranceView;
use crate::shown::export::{CallExport, ExportedDeed, ExportedEdit, ExportedVersion};
use referent_proto::{CallId, Spoken};
use sqlx::FromRow;

#[derive(FromRow)]
struct CallColumns {
    owner: String,
    external_id: Option<String>,
    mode: String,
    area_version: String,
}

#[derive(FromRow)]
struct VersionColumns {
    note: String,
    part: i64,
    version: i64,
    draft: Option<i64>,
    saved_ms: i64,
    saved_by: String,
    sections: String,
}

impl TryFrom<VersionColumns> for ExportedVersion {
    type Error = super::StoreError;
    fn try_from(row: VersionColumns) -> Stored<Self> {
        Ok(Self {
            note: row.note,
            part: row.part,
            version: row.version,
            draft: row.draft,
            saved_ms: row.saved_ms,
            saved_by: row.saved_by,
            sections: from_json("note_versions.sections", &row.sections)?,
        })
    }
}

impl Store {
    /// All of a call. `None` if there is no such call.
    pub async fn export(&self, call: CallId, now_ms: i64, unsaved_edit_days: u32) -> Stored<Option<CallExport>> {
        self.read(move |tx| Box::pin(export_in(tx, call, now_ms, unsaved_edit_days))).await
    }
}

async fn export_in(tx: &mut Tx, call: CallId, now_ms: i64, unsaved_edit_days: u32) -> Stored<Option<CallExport>> {
    let id = call.to_string();
    let Some(summary) = calls::summary(tx, call).await? else { return Ok(None) };
    let columns =
        row!(tx, CallColumns, "SELECT owner, external_id, mode, area_version FROM calls WHERE call = $1", id.as_str())?;
    let Some(columns) = columns else { return Ok(None) };
    let Some(retention) = retention::view(tx, call, now_ms, unsaved_edit_days).await? else { return Ok(None) };
    let holes = settles::holes(tx, call).await?;
    let of_kind = |kind: &str| {
        holes.iter().filter(|hole| hole.kind == kind).map(settles::HoleColumns::view).collect::<Stored<Vec<_>>>()
    };
    let suppressed = holes.iter().filter(|hole| hole.kind == "suppressed").map(|hole| {
        Ok(SuppressedView { hole: hole.view()?, text: Spoken::new(hole.text.clone().unwrap_or_default()) })
    });
    let edit =
        row!(tx, (i64, i64, String), "SELECT revision, edited_ms, sections FROM edits WHERE call = $1", id.as_str())?
            .map(|(revision, edited_ms, sections)| -> Stored<ExportedEdit> {
                Ok(ExportedEdit { revision, edited_ms, sections: from_json("edits.sections", &sections)? })
            })
            .transpose()?;
    let notes = rows!(
        tx,
        VersionColumns,
        "SELECT n.note, n.part, v.version, v.draft, v.saved_ms, v.saved_by, v.sections FROM note_versions v \
         JOIN notes n ON n.note = v.note WHERE n.call = $1 ORDER BY n.part, v.version",
        id.as_str()
    )?;
    let deeds = deeds_in(tx, &format!("call/{call}")).await?.into_iter().map(|(_, link)| ExportedDeed {
        at_ms: link.entry.at_ms,
        who: link.entry.who,
        what: link.entry.what,
    });
    Ok(Some(CallExport {
        exported_ms: now_ms,
        owner: columns.owner,
        external_id: columns.external_id,
        mode: columns.mode,
        area_version: columns.area_version,
        heard: settles::utterances(tx, call).await?.iter().map(UtteranceView::from).collect(),
        gaps: of_kind("gap")?,
        not_transcribed: of_kind("not_transcribed")?,
        suppressed: suppressed.collect::<Stored<_>>()?,
        drafts: drafts::all(tx, call, summary.ended_ms).await?,
        edit,
        notes: notes.into_iter().map(ExportedVersion::try_from).collect::<Stored<_>>()?,
        deeds: deeds.collect(),
        retention,
        call: summary,
    }))
}
