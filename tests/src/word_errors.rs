//! Word error rate: how many words must be changed, added or taken away, by how many were said.
//!
//! Case and punctuation do not count, and "4.500" is one word, as in the model's own evaluation
//! (`models/demo-da/training/evaluate.py`), so that the figures can be compared.

/// Errors and words, to be summed over calls before they are divided: a ratio over all, not a mean of ratios.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WordErrors {
    /// Least number of changes.
    pub errors: u32,
    /// Words that were said.
    pub words: u32,
}

impl WordErrors {
    /// Of what was heard, against what was said.
    pub fn between(said: &str, heard: &str) -> Self {
        let (said, heard) = (words(said), words(heard));
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { errors: count(distance(&said, &heard)), words: count(said.len()) }
    }

    /// Per cent.
    pub fn percent(self) -> f64 {
        100.0 * f64::from(self.errors) / f64::from(self.words.max(1))
    }
}

impl std::iter::Sum for WordErrors {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self { errors: sum.errors + one.errors, words: sum.words + one.words })
    }
}

/// The words of a text, lower case, without punctuation; a point between digits is not one.
pub fn words(text: &str) -> Vec<String> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut plain = String::new();
    for (at, &letter) in text.iter().enumerate() {
        let digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(char::is_ascii_digit);
        if letter == '.' && digit(at.checked_sub(1)) && digit(Some(at + 1)) {
            continue;
        }
        plain.push(if letter.is_alphanumeric() || letter == '_' || letter == '-' { letter } else { ' ' });
    }
    plain.split_whitespace().map(str::to_owned).collect()
}

/// How many words two texts have in common, in order: their longest common subsequence.
pub fn common_words(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        for (at, other) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if word == other { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

/// A word that only one of two texts has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Only the first has it, which should have been heard.
    Missing(String),
    /// Only the second has it.
    More(String),
}

/// Which words are not in common, in order; as few as possible.
pub fn differences(a: &[String], b: &[String]) -> Vec<Difference> {
    let name = |place: Place| match place {
        Place::First(at) => Difference::Missing(a[at].clone()),
        Place::Second(at) => Difference::More(b[at].clone()),
    };
    uncommon(a, b).into_iter().map(name).collect()
}

/// Where words stand that only the second text has.
pub fn only_in_second(a: &[String], b: &[String]) -> Vec<usize> {
    let second = |place| match place {
        Place::First(_) => None,
        Place::Second(at) => Some(at),
    };
    uncommon(a, b).into_iter().filter_map(second).collect()
}

/// A place in one of two texts.
#[derive(Clone, Copy)]
enum Place {
    First(usize),
    Second(usize),
}

fn uncommon(a: &[String], b: &[String]) -> Vec<Place> {
    // common[i][j]: how many words a[i..] and b[j..] have in common.
    let mut common = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut places) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            places.push(Place::First(i));
            i += 1;
        } else {
            places.push(Place::Second(j));
            j += 1;
        }
    }
    places
}

/// Levenshtein's distance, counted in words.
fn distance(said: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, a) in said.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in heard.iter().enumerate() {
            let cost = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[heard.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(said: &str, heard: &str, errors: u32, words: u32) {
        assert_eq!(WordErrors::between(said, heard), WordErrors { errors, words });
    }

    #[test]
    fn common_words_are_counted_in_order() {
        for (a, b, common) in [("ja tak", "tak ja", 1), ("a b c d", "b d e", 2), ("", "a", 0), ("a b a", "a b a", 3)] {
            assert_eq!(common_words(&words(a), &words(b)), common, "{a} / {b}");
        }
    }

    #[test]
    fn differences_are_named_in_order() {
        for (a, b, expected) in [
            ("ja tak", "ja tak", ""),
            ("a b c d", "b x d", "-a -c +x"),
            ("", "a", "+a"),
            ("a a", "a", "-a"),
            ("a b", "a b a b", "+a +b"),
        ] {
            let shown: Vec<String> = differences(&words(a), &words(b))
                .into_iter()
                .map(|difference| match difference {
                    Difference::Missing(word) => format!("-{word}"),
                    Difference::More(word) => format!("+{word}"),
                })
                .collect();
            assert_eq!(shown.join(" "), expected, "{a} / {b}");
        }
    }

    #[test]
    fn errors_are_counted_in_words() {
        check("Den nye husleje er 6.450 kroner.", "den nye husleje er 6450 kroner", 0, 6);
        check("Den nye husleje", "den husleje", 1, 3);
        check("Den nye husleje", "den helt nye husleje", 1, 3);
        check("ja tak", "nej tak", 1, 2);
        check("", "tak", 1, 0);
        check("841185-3716", "841185-3716.", 0, 1);
    }
}
