//! Finds a model that says back the words it was told to expect.
//!
//! In: an area's glossary and a text. Out: whether the text is entries of the glossary in its order, and nothing else. That
//! alone is no reason to doubt: a citizen may well answer "barselsdagpenge". In weak sound it is (`doubt`), because there
//! a model that hears nothing goes on with its prompt.
//!
//! Promised: pure, and in time that grows with the text times the glossary; case and punctuation do not matter; entries may
//! be missing between those that are there, and none comes twice.

use super::text::plain;

/// True if the whole text is entries of the glossary, in its order.
pub fn is_repeated(glossary: &[String], text: &str) -> bool {
    let said = words(text);
    let entries: Vec<Vec<String>> = glossary.iter().map(|entry| words(entry)).collect();
    // `told[n]`: the first n words are entries, of which the last is before this one. The earliest leaves most to come.
    let mut told: Vec<Option<usize>> = vec![None; said.len() + 1];
    told[0] = Some(0);
    for begin in 0..said.len() {
        let Some(next) = told[begin] else { continue };
        for (at, entry) in entries.iter().enumerate().skip(next) {
            let end = begin + entry.len();
            if !entry.is_empty() && said.get(begin..end) == Some(entry.as_slice()) {
                told[end] = Some(told[end].map_or(at + 1, |earlier| earlier.min(at + 1)));
            }
        }
    }
    !said.is_empty() && told[said.len()].is_some()
}

/// Plain words; what is written together with a dash is compared word by word.
fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric()).map(plain).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn glossary() -> Vec<String> {
        ["barselsdagpenge", "Udbetaling Danmark", "Udbetaling", "NemKonto", "ATP-bidrag"].map(str::to_owned).to_vec()
    }

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(is_repeated(&glossary(), text), expected, "{text}");
    }

    #[test]
    fn only_entries_in_their_order_are_repeated() {
        check("Barselsdagpenge, Udbetaling Danmark.", true);
        check("barselsdagpenge udbetaling danmark udbetaling nemkonto atp bidrag", true);
        check("Udbetaling Danmark, NemKonto", true);
        check("Udbetaling, NemKonto", true);
        check("NemKonto", true);
        check("NemKonto, barselsdagpenge", false);
        check("NemKonto, NemKonto", false);
        check("Danmark", false);
        check("Jeg får barselsdagpenge", false);
        check("barselsdagpenge fra Udbetaling Danmark", false);
        check("", false);
        check("...", false);
        assert!(!is_repeated(&[], "barselsdagpenge"));
    }

    proptest! {
        /// Any choice of entries in their order is found, and a word more is speech.
        #[test]
        fn every_choice_is_found(chosen in prop::collection::vec(any::<bool>(), 5), word in "[qz]{3,9}") {
            let entries: Vec<String> =
                glossary().into_iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(entry, _)| entry).collect();
            let text = entries.join(", ");
            prop_assert_eq!(is_repeated(&glossary(), &text), !entries.is_empty());
            let more = format!("{text} {word}");
            prop_assert!(!is_repeated(&glossary(), &more));
        }
    }
}
