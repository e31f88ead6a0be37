//! Which words of the transcript to look at: those that were perhaps misheard, and matter.
//!
//! A recogniser gives each word a probability. A caseworker cannot check every word that is a little unsure, so what is marked
//! is what is unsure *and* would change the note: amounts, dates, names and every "not" first, little words last. At most
//! [`BUDGET`] of all words are marked, and none whose probability is above [`SURE`].

use crate::call::Call;
use crate::lexicon::Lexicon;
use crate::words::Word;

/// At most this share of the words of a call is marked.
pub const BUDGET: f64 = 0.10;
/// A word that is this sure is not marked, however much it matters.
pub const SURE: f32 = 0.9;

/// Of each turn how sure each word is, as blanks part the words. Gives turn and word, in the order of the call.
pub fn uncertain(call: &Call, heard: &[Vec<f32>]) -> Vec<(usize, usize)> {
    let total: usize = heard.iter().map(Vec::len).sum();
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let most = (total as f64 * BUDGET) as usize;
    let mut doubts: Vec<(f32, usize, usize)> = Vec::new();
    for (turn, (said, sure)) in call.turns.iter().zip(heard).enumerate() {
        let mut at = 0;
        for (word, written) in said.text.split_whitespace().enumerate() {
            let start = said.text[at..].find(written).map_or(at, |found| at + found);
            at = start + written.len();
            let Some(sure) = sure.get(word).copied().filter(|sure| *sure < SURE) else { continue };
            let of_value = said.values.iter().any(|value| value.span.start < at && start < value.span.end);
            let inside = said.words.iter().find(|word| start <= word.span.start && word.span.end <= at);
            doubts.push(((1.0 - sure) * importance(of_value, inside, call.spoken), turn, word));
        }
    }
    doubts.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)).then(one.2.cmp(&other.2)));
    doubts.truncate(most);
    let mut marked: Vec<(usize, usize)> = doubts.into_iter().map(|(_, turn, word)| (turn, word)).collect();
    marked.sort_unstable();
    marked
}

/// How much it would matter if the word were another.
fn importance(of_value: bool, word: Option<&Word>, lexicon: &Lexicon) -> f32 {
    let Some(word) = word else { return 0.2 };
    let negates = lexicon.negation.negators.contains(&word.lower) || lexicon.negation.no.contains(&word.lower);
    if of_value || negates || word.is_capital && !word.is_first {
        3.0
    } else if word.is_content(lexicon) {
        1.0
    } else {
        0.3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{About, Language, Speaker, Turn};

    #[test]
    fn what_matters_comes_first() {
        let about = About { note: Language::Danish, spoken: Some(Language::Danish), date: None, known_names: vec![] };
        let text =
            "ja altså jeg flytter den tredje maj til Vejle og jeg har ikke fået brevet endnu så det er altså derfor";
        let call = Call::of(&[Turn { speaker: Speaker::Citizen, text }], about);
        let words: Vec<&str> = text.split_whitespace().collect();
        let heard = vec![vec![0.5; words.len()]];
        let marked: Vec<&str> = uncertain(&call, &heard).into_iter().map(|(_, word)| words[word]).collect();
        assert_eq!(marked.len(), words.len() / 10);
        assert!(marked.iter().all(|word| ["den", "tredje", "maj", "Vejle", "ikke"].contains(word)), "{marked:?}");
        let sure = vec![vec![0.95; words.len()]];
        assert!(uncertain(&call, &sure).is_empty());
    }
}
