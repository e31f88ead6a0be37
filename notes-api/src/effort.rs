//! How much of a draft was changed: counts of words, never the words.
//!
//! In: the text of a draft and that of the note saved from it. Out: [`Effort`]. Words are what blanks part, in Unicode's
//! composed form (NFC); a mark of punctuation belongs to its word. A small share of changed words does not say that a draft was
//! good: perhaps nobody looked (docs/operating.md, "What the figures mean").
//! Pure. Not done here: nothing is stored.

use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_normalization::UnicodeNormalization as _;

/// Words, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effort {
    /// Of the draft.
    pub draft_words: i64,
    /// Of the saved note.
    pub saved_words: i64,
    /// That have to be put in, taken out or replaced to make one of the other: the Levenshtein distance.
    pub changed_words: i64,
    /// Of the saved note that stand in the draft, in order.
    pub kept_words: i64,
}

impl Effort {
    /// From one text to the other.
    pub fn between(draft: &str, saved: &str) -> Self {
        let (draft, saved): (String, String) = (draft.nfc().collect(), saved.nfc().collect());
        let draft: Vec<&str> = draft.split_whitespace().collect();
        let saved: Vec<&str> = saved.split_whitespace().collect();
        let kept = capture_diff_slices(Algorithm::Myers, &draft, &saved).into_iter().map(|part| match part {
            DiffOp::Equal { len, .. } => len,
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => 0,
        });
        Self {
            draft_words: count(draft.len()),
            saved_words: count(saved.len()),
            changed_words: count(strsim::generic_levenshtein(&draft, &saved)),
            kept_words: count(kept.sum()),
        }
    }
}

fn count(words: usize) -> i64 {
    i64::try_from(words).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_as_they_were_changed() {
        let check = |draft: &str, saved: &str, (changed_words, kept_words): (i64, i64)| {
            let found = Effort::between(draft, saved);
            assert_eq!((found.changed_words, found.kept_words), (changed_words, kept_words), "{draft} -> {saved}");
        };
        check("", "", (0, 0));
        check("Borgeren flytter.", "Borgeren  flytter.\n", (0, 2));
        check("Borgeren flytter den 3. maj.", "Borgeren flytter den 4. maj.", (1, 4));
        check("Borgeren flytter.", "", (2, 0));
        check("", "Ny tekst", (2, 0));
        check("a b c d", "b c d a", (2, 3));
        // The same letter, composed or not.
        check("Ga\u{30a} hjem", "Gå hjem", (0, 2));
        let words = Effort::between("a b c", "a d");
        assert_eq!((words.draft_words, words.saved_words), (3, 2));
    }
}
