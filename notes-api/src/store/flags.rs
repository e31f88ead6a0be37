//! What became of a draft's flags when a note was saved from it. No content: kinds and outcomes only.
//!
//! A sentence that stands in the saved text as the draft had it was kept; one of which more than half of the words stand there
//! in a row of lines was changed; any other was removed. The newest save counts.

use super::{Store, Stored, Tx, from_json, word};
use crate::shown::SectionTexts;
use referent_proto::{CallId, Flag};
use sqlx::FromRow;
use std::collections::HashSet;

#[derive(FromRow)]
struct Flagged {
    sentence: i64,
    section: String,
    text: String,
    flags: String,
}

impl Store {
    /// What became of the flags of a draft when a note was saved: sentence, kind, resolution.
    pub async fn flags_resolved(&self, call: CallId, draft: i64) -> Stored<Vec<(i64, String, String)>> {
        self.read(move |tx| {
            Box::pin(async move {
                rows!(
                    tx,
                    (i64, String, String),
                    "SELECT sentence, kind, resolution FROM flags_resolved WHERE call = $1 AND draft = $2 \
                     ORDER BY sentence, flag",
                    call.to_string(),
                    draft
                )
            })
        })
        .await
    }
}

pub(super) async fn resolved(tx: &mut Tx, call: CallId, draft: i64, saved: &SectionTexts, now_ms: i64) -> Stored<()> {
    let flagged = rows!(
        tx,
        Flagged,
        "SELECT s.sentence, s.section, s.text, s.flags FROM draft_sentences s JOIN drafts d \
         ON d.call = s.call AND d.draft = s.draft AND d.attempt = s.attempt \
         WHERE s.call = $1 AND s.draft = $2 AND s.flags <> '[]' ORDER BY s.sentence",
        call.to_string(),
        draft
    )?;
    for sentence in flagged {
        let flags: Vec<Flag> = from_json("draft_sentences.flags", &sentence.flags)?;
        let text = saved.get(&sentence.section).map_or("", |text| text.reveal());
        let resolution = outcome(&sentence.text, text);
        for (number, flag) in (0_i64..).zip(flags) {
            run!(
                tx,
                "INSERT INTO flags_resolved (call, draft, sentence, flag, kind, resolution, saved_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (call, draft, sentence, flag) \
                 DO UPDATE SET resolution = excluded.resolution, saved_ms = excluded.saved_ms",
                call.to_string(),
                draft,
                sentence.sentence,
                number,
                word(&flag.kind),
                resolution,
                now_ms
            )?;
        }
    }
    Ok(())
}

/// What became of a sentence in a saved text.
fn outcome(sentence: &str, saved: &str) -> &'static str {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let (sentence, text) = (words(sentence), words(saved));
    if sentence.is_empty() || text.windows(sentence.len()).any(|run| run == sentence) {
        return "kept";
    }
    let most = saved
        .lines()
        .map(|line| {
            let line: HashSet<String> = words(line).into_iter().collect();
            sentence.iter().filter(|word| line.contains(*word)).count()
        })
        .max()
        .unwrap_or(0);
    if most * 2 > sentence.len() { "changed" } else { "removed" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_kept_changed_or_removed() {
        let check = |saved: &str, expected: &str| {
            assert_eq!(outcome("Borgeren flytter den 3. maj.", saved), expected, "{saved}");
        };
        check("- Borgeren flytter den 3. maj\n- Og mere.", "kept");
        check("Borgeren flytter den 4. maj.", "changed");
        check("Borgeren ringer igen.", "removed");
        check("", "removed");
    }
}
