//! Tells whether a sentence of the model is in another language than the area's.
//!
//! In: a sentence and "da" or "en". Out: yes only when it is plain, by the small words that every sentence is made of
//! and that the other language lacks. A name, a number or a title proves nothing.

const DANISH: &[&str] = &[
    "og",
    "er",
    "på",
    "til",
    "det",
    "ikke",
    "har",
    "den",
    "som",
    "af",
    "der",
    "om",
    "skal",
    "bliver",
    "blev",
    "hun",
    "han",
    "jeg",
    "vil",
    "fra",
    "med",
    "borgeren",
    "sagsbehandleren",
    "oplyser",
    "inden",
    "senest",
    "en",
    "et",
];
const ENGLISH: &[&str] = &[
    "the",
    "and",
    "is",
    "of",
    "that",
    "with",
    "has",
    "not",
    "will",
    "was",
    "were",
    "are",
    "be",
    "been",
    "their",
    "his",
    "her",
    "from",
    "which",
    "this",
    "they",
    "she",
    "he",
    "a",
    "on",
    "by",
    "citizen",
    "caseworker",
    "states",
];

/// True if the sentence is plainly not in `language`.
pub(super) fn is_another(text: &str, language: &str) -> bool {
    let (own, other) = if language == "en" { (ENGLISH, DANISH) } else { (DANISH, ENGLISH) };
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let count = |list: &[&str]| words.iter().filter(|word| list.contains(&word.as_str())).count();
    let (own, other) = (count(own), count(other));
    other >= 3 && other > 2 * own
}

#[cfg(test)]
mod tests {
    use super::is_another;

    #[test]
    fn only_a_plain_case_counts() {
        let check = |text: &str, language: &str, expected: bool| {
            assert_eq!(is_another(text, language), expected, "{text}");
        };
        check("The citizen has moved to a smaller flat in Odense.", "da", true);
        check("The citizen has moved to a smaller flat in Odense.", "en", false);
        check("Borgeren er flyttet til en mindre lejlighed i Odense.", "da", false);
        check("Borgeren er flyttet til en mindre lejlighed i Odense.", "en", true);
        check("Frist: 1. marts.", "en", false);
        check("Borgeren har set filmen The Lord of the Rings.", "da", false);
        check("NemKonto", "en", false);
    }
}
