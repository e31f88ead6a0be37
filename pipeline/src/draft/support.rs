//! Looks up what a sentence rests on, where the language model does not say, or says it wrong.
//!
//! In: the utterances of a prompt, a sentence, and the numbers that the model gave. Out: numbers, and how they were come
//! by ([`Basis`]).
//!
//! An utterance fits by the words it shares with the sentence: a word counts by how few utterances have it, a number twice.
//! Danish and English bend their words at the end, so two words are one if they begin alike for most of their length.
//!
//! Promises:
//!   B1  What the model cites stands if it shares a word with the sentence, or if nothing else fits better: it read the
//!       call, and may have said the same in other words.
//!   B2  What is looked up shares a number, or two words that say something, and most of what the sentence says.
//!   B3  The same sentence and call give the same numbers.
//!
//! Pure. Not done here: whether the sentence is true (the guards).

use crate::draft::lines::Cited;
use std::collections::HashMap;

/// Utterances that are looked up for one sentence, at most.
const MOST: usize = 3;
/// Of what a sentence says, an utterance that is looked up has this share.
const SHARE: f64 = 0.4;
/// What is to replace what the model cites has this share.
const SHARE_AGAINST: f64 = 0.5;

/// How the evidence of a sentence was come by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// As its writer says.
    Cited,
    /// Looked up, all or part of it.
    Repaired,
    /// There is none: nothing in the call fits.
    None,
}

/// The words of a prompt's utterances, numbered from 1.
pub struct Support {
    said: Vec<Vec<String>>,
    /// How many utterances have a word that begins so.
    common: HashMap<String, u32>,
}

impl Support {
    /// Reads what was said, in the order of the numbers.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let said: Vec<Vec<String>> = texts.into_iter().map(words).collect();
        let mut common: HashMap<String, u32> = HashMap::new();
        for text in &said {
            let mut stems: Vec<&str> = text.iter().map(|word| stem(word)).collect();
            stems.sort_unstable();
            stems.dedup();
            for one in stems {
                *common.entry(one.to_owned()).or_default() += 1;
            }
        }
        Self { said, common }
    }

    /// What the sentence rests on.
    pub fn find(&self, sentence: &str, evidence: Vec<usize>, cited: Cited) -> (Vec<usize>, Basis) {
        let wanted = words(sentence);
        if cited != Cited::Not && evidence.iter().any(|&number| self.shares(number, &wanted).count > 0) {
            return (evidence, if cited == Cited::Well { Basis::Cited } else { Basis::Repaired });
        }
        let least = if cited == Cited::Not { SHARE } else { SHARE_AGAINST };
        let found = self.look_up(&wanted, least);
        match (found.is_empty(), evidence.is_empty()) {
            (false, _) => (found, Basis::Repaired),
            (true, false) => (evidence, if cited == Cited::Well { Basis::Cited } else { Basis::Repaired }),
            (true, true) => (Vec::new(), Basis::None),
        }
    }

    /// The utterances that together fit best; none if they do not fit.
    fn look_up(&self, wanted: &[String], least: f64) -> Vec<usize> {
        let mut left: Vec<String> = wanted.to_vec();
        let whole: f64 = wanted.iter().map(|word| self.weight(word)).sum();
        let (mut found, mut taken) = (Vec::new(), 0.0);
        while found.len() < MOST && !left.is_empty() {
            let best = (1..=self.said.len())
                .map(|number| (number, self.shares(number, &left)))
                // Of equals the first: it is where the thing was said first.
                .fold(None, |best: Option<(usize, Shared)>, (number, shared)| match best {
                    Some((_, kept)) if kept.weight >= shared.weight => best,
                    _ => Some((number, shared)),
                });
            let Some((number, shared)) = best else { break };
            let tells = shared.numbers > 0 || shared.count >= 2;
            if !tells || shared.weight < 0.2 * whole {
                break;
            }
            taken += shared.weight;
            found.push(number);
            left.retain(|word| !self.said[number - 1].iter().any(|said| alike(word, said)));
        }
        found.sort_unstable();
        if whole > 0.0 && taken >= least * whole { found } else { Vec::new() }
    }

    fn shares(&self, number: usize, wanted: &[String]) -> Shared {
        let mut shared = Shared::default();
        let Some(said) = self.said.get(number.wrapping_sub(1)) else { return shared };
        for word in wanted.iter().filter(|word| said.iter().any(|one| alike(word, one))) {
            shared.count += 1;
            shared.numbers += usize::from(is_number(word));
            shared.weight += self.weight(word);
        }
        shared
    }

    /// A word that few utterances have says more.
    fn weight(&self, word: &str) -> f64 {
        let having = self.common.get(stem(word)).copied().unwrap_or(0);
        let rare = 1.0 / f64::from(1 + having);
        (0.5 + rare) * if is_number(word) { 2.0 } else { 1.0 }
    }
}

#[derive(Clone, Copy, Default)]
struct Shared {
    count: usize,
    numbers: usize,
    weight: f64,
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// The words that say something, in small letters; figures without the marks between them.
fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for raw in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ','))) {
        let raw = raw.trim_matches(['.', ',']);
        let pieces: Vec<String> = if raw.starts_with(|c: char| c.is_ascii_digit()) {
            vec![raw.replace(['.', ','], "")]
        } else {
            raw.split(['.', ',']).map(str::to_lowercase).collect()
        };
        for word in pieces {
            let says = is_number(&word) || (word.chars().count() > 2 && !EMPTY.contains(&word.as_str()));
            if says && !found.contains(&word) {
                found.push(word);
            }
        }
    }
    found
}

/// The first five letters.
fn stem(word: &str) -> &str {
    word.char_indices().nth(5).map_or(word, |(end, _)| &word[..end])
}

/// Two forms of one word: they begin alike, and what differs is an ending.
fn alike(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    if is_number(a) || is_number(b) {
        return false;
    }
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let longer = a.chars().count().max(b.chars().count());
    same >= 4 && longer - same <= 4 && 3 * same >= 2 * longer
}

/// Words of every sentence, and of every note.
const EMPTY: &[&str] = &[
    "alle",
    "and",
    "are",
    "at",
    "bare",
    "been",
    "blev",
    "blive",
    "bliver",
    "borger",
    "borgeren",
    "borgerens",
    "but",
    "caseworker",
    "citizen",
    "citizens",
    "dag",
    "den",
    "der",
    "det",
    "dig",
    "did",
    "does",
    "efter",
    "eller",
    "en",
    "er",
    "et",
    "for",
    "fordi",
    "fra",
    "from",
    "får",
    "gør",
    "had",
    "han",
    "hans",
    "har",
    "has",
    "have",
    "havde",
    "hendes",
    "her",
    "his",
    "hun",
    "hvis",
    "hvor",
    "hvordan",
    "hvornår",
    "ikke",
    "ind",
    "jeg",
    "kan",
    "kun",
    "man",
    "med",
    "men",
    "mig",
    "min",
    "mine",
    "mit",
    "must",
    "når",
    "nej",
    "not",
    "nok",
    "nogle",
    "nu",
    "og",
    "også",
    "om",
    "op",
    "oplyser",
    "oplyste",
    "over",
    "på",
    "sagsbehandler",
    "sagsbehandleren",
    "said",
    "sagde",
    "says",
    "sig",
    "siger",
    "sin",
    "sine",
    "sit",
    "skal",
    "she",
    "should",
    "som",
    "states",
    "så",
    "that",
    "the",
    "their",
    "then",
    "there",
    "they",
    "this",
    "til",
    "ud",
    "under",
    "var",
    "ved",
    "vi",
    "vil",
    "was",
    "were",
    "what",
    "when",
    "which",
    "who",
    "will",
    "with",
    "would",
    "you",
    "your",
    "være",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CALL: [&str; 8] = [
        "Goddag, du taler med Camilla. Hvad kan jeg hjælpe dig med?",
        "Jeg er flyttet til en mindre lejlighed i Odense, og nu er min boligstøtte stoppet.",
        "Hvornår flyttede du?",
        "Jeg flyttede den 15. april.",
        "Hvor meget betaler du om måneden?",
        "Den nye husleje er 6.450 kroner uden varme.",
        "Du kan uploade kontrakten på borger.dk senest den 20. maj.",
        "Tak for hjælpen.",
    ];

    #[track_caller]
    fn check(sentence: &str, cited: &[usize], expected: (&[usize], Basis)) {
        let how = if cited.is_empty() { Cited::Not } else { Cited::Well };
        let (found, basis) = Support::of(CALL).find(sentence, cited.to_vec(), how);
        assert_eq!((found.as_slice(), basis), expected, "{sentence}");
    }

    #[test]
    fn what_is_missing_is_looked_up_by_its_words() {
        check("Huslejen er 6.450 kroner uden varme.", &[], (&[6], Basis::Repaired));
        check("Borgeren flyttede den 15. april til en lejlighed i Odense.", &[], (&[2, 4], Basis::Repaired));
        check("Kontrakten uploades senest den 20. maj.", &[], (&[7], Basis::Repaired));
        check("Boligstøtten er stoppet.", &[], (&[2], Basis::Repaired));
        check("Borgeren har søgt om varmehjælp hos kommunen i Aarhus.", &[], (&[], Basis::None));
        check("Alt er godkendt.", &[], (&[], Basis::None));
    }

    #[test]
    fn what_is_cited_stands_unless_something_else_plainly_fits() {
        check("Huslejen er 6.450 kroner.", &[6], (&[6], Basis::Cited));
        check("Huslejen er 6.450 kroner.", &[5, 6], (&[5, 6], Basis::Cited));
        check("Huslejen er 6.450 kroner uden varme.", &[1], (&[6], Basis::Repaired));
        check("Borgeren siger farvel.", &[8], (&[8], Basis::Cited));
        let partly = Support::of(CALL).find("Huslejen er 6.450 kroner.", vec![6], Cited::Partly);
        assert_eq!(partly, (vec![6], Basis::Repaired));
    }

    #[test]
    fn two_forms_of_a_word_are_alike() {
        let check = |a, b, expected| assert_eq!(alike(a, b), expected, "{a} {b}");
        check("husleje", "huslejen", true);
        check("flyttet", "flyttede", true);
        check("kontrakt", "kontrakten", true);
        check("moved", "moves", true);
        check("maj", "marts", false);
        check("bolig", "boligstøtten", false);
        check("6450", "64500", false);
    }

    proptest! {
        #[test]
        fn whatever_is_said_the_numbers_are_utterances(
            call in prop::collection::vec("\\PC{0,40}", 0..12), sentence in "\\PC{0,80}",
        ) {
            let support = Support::of(call.iter().map(String::as_str));
            let (found, basis) = support.find(&sentence, Vec::new(), Cited::Not);
            prop_assert!(found.iter().all(|number| (1..=call.len()).contains(number)) && found.len() <= MOST);
            prop_assert_eq!(found.is_empty(), basis == Basis::None);
        }
    }
}
