//! What correction times are computed from: one row a call that hung up.

use super::{Store, Stored};
use sqlx::FromRow;

/// One call. Every duration is between two readings of this server's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct FigureRow {
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
}

impl Store {
    /// Calls that hung up in a time, of an area or of all (`None`). Discarded ones are left out.
    pub async fn figures(&self, from_ms: i64, to_ms: i64, area: Option<String>) -> Stored<Vec<FigureRow>> {
        self.read(move |tx| {
            Box::pin(async move {
                rows!(
                    tx,
                    FigureRow,
                    "SELECT c.offline_at_hang_up, d.first_sentence_ms - c.hang_up_ms AS first_sentence_ms, \
                     CASE WHEN d.state = 'ready' THEN d.whole_ms - c.hang_up_ms END AS whole_draft_ms, \
                     (SELECT COUNT(*) FROM notes n JOIN note_versions v ON v.note = n.note WHERE n.call = c.call) \
                     AS versions, v.draft AS saved_draft, v.correction_ms, \
                     (SELECT x.state FROM drafts x WHERE x.call = c.call ORDER BY x.draft DESC LIMIT 1) AS draft_state \
                     FROM calls c \
                     LEFT JOIN drafts d ON d.call = c.call AND d.cause = 'hang_up' \
                     LEFT JOIN notes n ON n.call = c.call AND n.part = 1 \
                     LEFT JOIN note_versions v ON v.note = n.note AND v.version = 1 \
                     WHERE c.hang_up_ms >= $1 AND c.hang_up_ms < $2 AND c.state <> 'discarded' \
                     AND ($3 = '' OR c.area = $3) ORDER BY c.call",
                    from_ms,
                    to_ms,
                    area.as_deref().unwrap_or("")
                )
            })
        })
        .await
    }
}
