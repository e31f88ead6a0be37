//! Tells whether a sentence of the model is in another language than the area's.
//!
//! In: a sentence and "da" or "en". Out: yes only when it is plain: of these two by the small words that every sentence is
//! made of and that the other language lacks, of others by their letters, or by a detector that looks at what letters
//! follow each other. A name, a number or a title proves nothing.

use whatlang::Lang;

/// Letters from which on the detector is asked about a sentence.
const LETTERS: usize = 40;
/// So sure it has to be.
const SURE: f64 = 0.9;

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
    (other >= 3 && other > 2 * own) || (own < 2 && is_none_of_both(text))
}

/// In other letters, or plainly neither Danish nor English. Danish is easily taken for what its neighbours write.
fn is_none_of_both(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let latin = text.chars().filter(|c| c.is_alphabetic() && (*c as u32) < 0x0250).count();
    if letters >= 4 && 2 * latin < letters {
        return true;
    }
    let Some(found) = (letters >= LETTERS).then(|| whatlang::detect(text)).flatten() else { return false };
    let is_near = matches!(found.lang(), Lang::Dan | Lang::Nob | Lang::Swe | Lang::Eng | Lang::Afr | Lang::Nld);
    !is_near && found.is_reliable() && found.confidence() >= SURE
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
        check("Der Bürger ist in eine kleinere Wohnung in Odense umgezogen und zahlt jetzt weniger Miete.", "da", true);
        check("Obywatel przeprowadził się do mniejszego mieszkania i płaci teraz niższy czynsz.", "da", true);
        check("Громадянин переїхав до меншої квартири.", "da", true);
        check("المواطن انتقل إلى شقة أصغر", "en", true);
        check("Adresse: Via Giuseppe Garibaldi, Reggio nell'Emilia", "da", false);
        check("Fuldmagt: Aleksandra Wojciechowska", "da", false);
    }
}
