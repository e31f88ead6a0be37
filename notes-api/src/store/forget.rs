//! Every table that holds content of a call, in one place: whoever adds one adds its line here.
//!
//! In: a call and kinds of content. Out: how many rows went. All that erases content of a call comes this way: retention, the
//! citizen's objection (`commands`), an administrator. Whether it may is decided before (`store::retention`), and what other
//! systems have to hear of an erased note is said after (`store::outbox`).

use super::{Stored, Tx};
use crate::retention::Kind;
use referent_proto::CallId;

/// What is run for each kind, in order. `$1` is the call. Rows without content stay where figures rest on them.
const CONTENT: &[(Kind, &str)] = &[
    (Kind::Transcript, "DELETE FROM settles WHERE call = $1"),
    (Kind::Drafts, "DELETE FROM draft_sentences WHERE call = $1"),
    (Kind::Drafts, "DELETE FROM draft_jobs WHERE call = $1"),
    (Kind::Drafts, "DELETE FROM draft_shown WHERE call = $1"),
    (
        Kind::Drafts,
        "UPDATE drafts SET missing = '[]', uncertain = '[]', wish = NULL WHERE call = $1 \
         AND (missing <> '[]' OR uncertain <> '[]' OR wish IS NOT NULL)",
    ),
    (Kind::Drafts, "UPDATE drafts SET state = 'superseded' WHERE call = $1 AND state = 'streaming'"),
    (Kind::Edit, "DELETE FROM edits WHERE call = $1"),
    (
        Kind::Note,
        "UPDATE note_versions SET sections = '{}' WHERE sections <> '{}' \
         AND note IN (SELECT note FROM notes WHERE call = $1)",
    ),
    (Kind::Activity, "DELETE FROM activity WHERE call = $1"),
    (
        Kind::Identifiers,
        "UPDATE calls SET case_id = NULL, external_id = NULL WHERE call = $1 \
         AND (case_id IS NOT NULL OR external_id IS NOT NULL)",
    ),
    (Kind::Events, "DELETE FROM events WHERE call = $1"),
    (Kind::Figures, "DELETE FROM flags_resolved WHERE call = $1"),
    (Kind::Figures, "DELETE FROM corrections WHERE call = $1"),
    (Kind::Figures, "DELETE FROM drafts WHERE call = $1"),
];

/// The tables that this takes rows out of, or empties: what has to be wiped from the disk afterwards.
pub(super) const VACUUM: &str = "VACUUM settles, events, draft_sentences, draft_jobs, draft_shown, drafts, \
    edits, note_versions, activity, calls, flags_resolved, corrections, note_changes, outbox";

/// Erases these kinds of content of a locked call: how many rows went of each, where any did.
pub(crate) async fn forget_call(tx: &mut Tx, call: CallId, kinds: &[Kind]) -> Stored<Vec<(Kind, i64)>> {
    let mut gone = Vec::new();
    for kind in kinds {
        let mut rows = 0;
        for (_, sql) in CONTENT.iter().filter(|(of, _)| of == kind) {
            rows += run!(tx, *sql, call.to_string())?;
        }
        if rows > 0 {
            gone.push((*kind, i64::try_from(rows).unwrap_or(i64::MAX)));
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_wiped() {
        let wiped: Vec<_> = VACUUM.split([' ', ',']).collect();
        for (_, sql) in CONTENT {
            let table = sql.trim_start_matches("DELETE FROM ").trim_start_matches("UPDATE ");
            let table = table.split(' ').next().unwrap_or_default();
            assert!(wiped.contains(&table), "{table}");
        }
    }
}
