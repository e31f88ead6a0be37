//! What correction times are computed from: one row a call that hung up.

use super::{Store, Stored};
use sqlx::FromRow;
use std::collections::BTreeSet;

/// One call. Every duration is between two readings of this server's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct FigureRow {
    /// Whose call it was.
    pub owner: String,
    /// Under whose settings.
    pub area: String,
    /// When it hung up, UTC milliseconds.
    pub hang_up_ms: i64,
    /// Where the draft that the note began from, or else the hang-up's, comes from; JSON.
    pub origin: Option<String>,
    /// 1 if the PC had no contact when it hung up.
    pub offline_at_hang_up: i64,
    /// Hang-up to the first sentence of the draft.
    pub first_sentence_ms: Option<i64>,
    /// Hang-up to the whole draft.
    pub whole_draft_ms: Option<i64>,
    /// How many versions of a note there are.
    pub versions: i64,
    /// The draft that the first version began from.
    pub saved_draft: Option<i64>,
    /// Draft shown to first save.
    pub correction_ms: Option<i64>,
    /// Where the newest draft stands.
    pub draft_state: Option<String>,
    /// 1 if the call was discarded.
    pub discarded: i64,
    /// Hang-up to first save.
    pub turnaround_ms: Option<i64>,
    /// Batches of activity; 0 says that nobody knows how long a person was there.
    pub batches: Option<i64>,
    /// Active time, by cut-off in seconds.
    pub active_5_ms: Option<i64>,
    /// The same.
    pub active_15_ms: Option<i64>,
    /// The same.
    pub active_30_ms: Option<i64>,
    /// The same.
    pub active_60_ms: Option<i64>,
    /// Words of the draft.
    pub draft_words: Option<i64>,
    /// Of the note.
    pub saved_words: Option<i64>,
    /// That were changed.
    pub changed_words: Option<i64>,
    /// That stayed.
    pub kept_words: Option<i64>,
}

impl Store {
    /// Calls that hung up in a time, of areas and of a caseworker, or of all (`None`).
    pub async fn figures(
        &self,
        (from_ms, to_ms): (i64, i64),
        areas: Option<BTreeSet<String>>,
        owner: Option<String>,
    ) -> Stored<Vec<FigureRow>> {
        self.read(move |tx| {
            Box::pin(async move {
                rows!(
                    tx,
                    FigureRow,
                    "SELECT c.owner, c.area, c.hang_up_ms, COALESCE(w.origin, d.origin) AS origin, c.offline_at_hang_up, d.first_sentence_ms - c.hang_up_ms AS first_sentence_ms, \
                     CASE WHEN d.state = 'ready' THEN d.whole_ms - c.hang_up_ms END AS whole_draft_ms, \
                     (SELECT COUNT(*) FROM notes n JOIN note_versions v ON v.note = n.note WHERE n.call = c.call) \
                     AS versions, v.draft AS saved_draft, v.correction_ms, v.saved_ms - c.hang_up_ms AS turnaround_ms, \
                     CAST(CASE WHEN EXISTS (SELECT 1 FROM tombstones t WHERE t.call = c.call AND t.cause = 'discard') \
                     THEN 1 ELSE 0 END AS BIGINT) AS discarded, x.batches, \
                     x.active_5_ms, x.active_15_ms, x.active_30_ms, x.active_60_ms, x.draft_words, x.saved_words, x.changed_words, \
                     x.kept_words, \
                     (SELECT y.state FROM drafts y WHERE y.call = c.call ORDER BY y.draft DESC LIMIT 1) AS draft_state \
                     FROM calls c \
                     LEFT JOIN drafts d ON d.call = c.call AND d.cause = 'hang_up' \
                     LEFT JOIN notes n ON n.call = c.call AND n.part = 1 \
                     LEFT JOIN note_versions v ON v.note = n.note AND v.version = 1 \
                     LEFT JOIN drafts w ON w.call = c.call AND w.draft = v.draft \
                     LEFT JOIN corrections x ON x.call = c.call \
                     WHERE c.hang_up_ms >= $1 AND c.hang_up_ms < $2 \
                     AND ($3 = '' OR REPLACE($3, '|' || c.area || '|', '') <> $3) AND ($4 = '' OR c.owner = $4) ORDER BY c.call",
                    from_ms,
                    to_ms,
                    super::set(areas.as_ref()),
                    owner.as_deref().unwrap_or("")
                )
            })
        })
        .await
    }
}
