//! How near two words are to the ear: one slip apart, or not.
//!
//! In: words. Out: whether one letter is missing, added, changed or swapped with its neighbour; and, for lists of words,
//! an index that answers the same for all of them at once.

use std::collections::{HashMap, HashSet};

/// Whether `b` is `a` with one letter missing, added, changed, or two neighbours swapped; or is `a`.
pub(crate) fn one_slip(a: &str, b: &str) -> bool {
    // A letter has four bytes at most.
    if a.len().abs_diff(b.len()) > 4 {
        return false;
    }
    let same = |(a, b): &(char, char)| a == b;
    let front: usize = a.chars().zip(b.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (a, b) = (&a[front..], &b[front..]);
    let back: usize = a.chars().rev().zip(b.chars().rev()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (mut a, mut b) = (a[..a.len() - back].chars(), b[..b.len() - back].chars());
    match (a.next(), a.next(), b.next(), b.next()) {
        (None, _, _, None) | (_, None, None, _) | (Some(_), None, Some(_), None) => true,
        (Some(a1), Some(a2), Some(b1), Some(b2)) => a1 == b2 && a2 == b1 && a.next().is_none() && b.next().is_none(),
        _ => false,
    }
}

/// The word with one letter left out, in every way.
pub(crate) fn one_less(word: &str) -> impl Iterator<Item = String> + '_ {
    word.char_indices().map(|(at, c)| [&word[..at], &word[at + c.len_utf8()..]].concat())
}

/// Finds the word of a list that another is one slip away from.
pub(crate) struct Near {
    /// Each word with one letter left out, and the words it may come from.
    shorter: HashMap<String, Vec<&'static str>>,
    words: HashSet<&'static str>,
    shortest: usize,
}

/// No word of a list is longer.
const LONGEST: usize = 40;

impl Near {
    /// An index of the words that have at least `shortest` letters; shorter ones are too near to too much.
    pub(crate) fn to(words: impl Iterator<Item = &'static str>, shortest: usize) -> Self {
        let words: HashSet<&'static str> = words.filter(|word| word.chars().count() >= shortest).collect();
        let mut shorter: HashMap<String, Vec<&'static str>> = HashMap::new();
        for word in &words {
            for less in one_less(word) {
                shorter.entry(less).or_default().push(word);
            }
        }
        for words in shorter.values_mut() {
            words.sort_unstable();
        }
        Self { shorter, words, shortest }
    }

    /// The word that `word` is one slip away from, and is not.
    pub(crate) fn nearest(&self, word: &str) -> Option<&'static str> {
        let length = word.chars().count();
        if length < self.shortest || length > LONGEST || self.words.contains(word) {
            return None;
        }
        if let Some(words) = self.shorter.get(word) {
            return words.first().copied();
        }
        one_less(word).find_map(|less| {
            let same = || self.shorter.get(&less)?.iter().find(|known| one_slip(known, word));
            self.words.get(&*less).or_else(same).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, expected: bool) {
        assert_eq!(one_slip(a, b), expected, "{a} {b}");
        assert_eq!(one_slip(b, a), expected, "{b} {a}");
        let known: &'static str = Box::leak(a.to_owned().into_boxed_str());
        assert_eq!(Near::to([known].into_iter(), 2).nearest(b).is_some(), expected && a != b, "{a} {b}");
    }

    #[test]
    fn one_slip_is_one_letter() {
        check("mette", "mette", true);
        check("mette", "mete", true);
        check("mette", "mætte", true);
        check("mette", "mtete", true);
        check("sørensen", "sørnsen", true);
        check("mette", "mtee", false);
        check("mette", "metal", false);
        check("mette", "bette", true);
        check("abcd", "badc", false);
    }
}
