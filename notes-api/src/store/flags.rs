//! What became of a draft's flags and marks of confirmation when a note was saved from it. No content: kinds and outcomes only.
//!
//! A sentence that stands in the saved text as the draft had it was kept; one of which more than half of the words stand there
//! in a row of lines was changed; any other was removed. A mark of confirmation is confirmed if the person said so and the
//! sentence was not removed. The newest save counts.

use super::notes::NewVersion;
use super::{Store, Stored, Tx, from_json, word};
use referent_proto::{CallId, Flag};
use sqlx::FromRow;
use std::collections::HashSet;

/// Stands for the mark of confirmation where a flag has its number.
const CONFIRM: i64 = -1;

#[derive(FromRow)]
struct Flagged {
    sentence: i64,
    section: String,
    text: String,
    flags: String,
    confirm: Option<String>,
}

impl Store {
    /// What became of the flags and marks of confirmation of a draft when a note was saved: sentence, kind, resolution.
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

pub(super) async fn resolved(tx: &mut Tx, call: CallId, draft: i64, saved: &NewVersion, now_ms: i64) -> Stored<()> {
    let flagged = rows!(
        tx,
        Flagged,
        "SELECT s.sentence, s.section, s.text, s.flags, s.confirm FROM draft_sentences s JOIN drafts d \
         ON d.call = s.call AND d.draft = s.draft AND d.attempt = s.attempt \
         WHERE s.call = $1 AND s.draft = $2 AND (s.flags <> '[]' OR s.confirm IS NOT NULL) ORDER BY s.sentence",
        call.to_string(),
        draft
    )?;
    for sentence in flagged {
        let flags: Vec<Flag> = from_json("draft_sentences.flags", &sentence.flags)?;
        let text = saved.sections.get(&sentence.section).map_or("", |text| text.reveal());
        let became = outcome(&sentence.text, text);
        let mut resolved: Vec<(i64, String, &str)> =
            (0..).zip(flags).map(|(number, flag)| (number, word(&flag.kind), became)).collect();
        if let Some(confirm) = sentence.confirm {
            let confirmed = saved.confirmed.contains(&sentence.sentence) && became != "removed";
            resolved.push((CONFIRM, confirm, if confirmed { "confirmed" } else { became }));
        }
        for (number, kind, resolution) in resolved {
            run!(
                tx,
                "INSERT INTO flags_resolved (call, draft, sentence, flag, kind, resolution, saved_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (call, draft, sentence, flag) \
                 DO UPDATE SET resolution = excluded.resolution, saved_ms = excluded.saved_ms",
                call.to_string(),
                draft,
                sentence.sentence,
                number,
                kind,
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
