//! How words sound: what is left of a spelling for whoever only hears it.
//!
//! In: words in small letters. Out: [`Sound`]s, and how far apart two of them are. Letters are folded to what is heard; in
//! the distance vowels, voiced pairs and silent letters count half, because those are what a recogniser takes for each other.
//!
//! Not done here: how far is too far; whoever asks knows what the words are.

/// What is heard of a word.
#[derive(Clone, PartialEq, Eq)]
pub struct Sound(Vec<char>);

const VOWELS: &str = "aeiouyæøå";
/// Pairs that a recogniser takes for each other.
const PAIRS: [(char, char); 9] =
    [('b', 'p'), ('d', 't'), ('g', 'k'), ('v', 'f'), ('m', 'n'), ('j', 'i'), ('g', 'j'), ('v', 'u'), ('d', 'l')];
/// Often not heard at all, or heard where none is.
const SILENT: &str = "hdgj";

impl Sound {
    /// Foreign letters as they sound, each sound once.
    pub fn of(lower: &str) -> Self {
        let mut heard: Vec<char> = Vec::with_capacity(lower.len());
        let letters: Vec<char> = lower.chars().filter(|letter| letter.is_alphanumeric()).collect();
        let mut at = 0;
        while at < letters.len() {
            let next = letters.get(at + 1).copied();
            let (sound, taken): (&[char], usize) = match (letters[at], next) {
                ('a', Some('a')) => (&['å'], 2),
                ('a', Some('e')) => (&['æ'], 2),
                ('o', Some('e')) => (&['ø'], 2),
                ('p', Some('h')) => (&['f'], 2),
                ('t', Some('h')) => (&['t'], 2),
                ('c', Some('h' | 'k')) => (&['k'], 2),
                ('q', Some('u')) => (&['k', 'v'], 2),
                ('c', Some('e' | 'i' | 'y')) | ('z', _) => (&['s'], 1),
                ('c' | 'q', _) => (&['k'], 1),
                ('w', _) => (&['v'], 1),
                ('x', _) => (&['k', 's'], 1),
                ('é' | 'è' | 'ê', _) => (&['e'], 1),
                ('ü' | 'y', _) => (&['y'], 1),
                ('ö', _) => (&['ø'], 1),
                ('ä', _) => (&['æ'], 1),
                (letter, _) => {
                    if heard.last() != Some(&letter) {
                        heard.push(letter);
                    }
                    at += 1;
                    continue;
                }
            };
            heard.extend(sound);
            at += taken;
        }
        Self(heard)
    }

    /// How many sounds there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is heard.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both begin with the same sound, or with two that are taken for each other.
    pub fn begins_like(&self, other: &Self) -> bool {
        self.0.first().zip(other.0.first()).is_some_and(|(one, other)| substitution(*one, *other) < 1.0)
    }

    /// Weighted edit distance (Levenshtein 1966), two rows.
    pub fn distance(&self, other: &Self) -> f64 {
        let mut above: Vec<f64> = vec![0.0];
        for letter in &other.0 {
            above.push(above[above.len() - 1] + omission(*letter));
        }
        for left in &self.0 {
            let mut row = vec![above[0] + omission(*left)];
            for (at, right) in other.0.iter().enumerate() {
                let changed = above[at] + substitution(*left, *right);
                let left_out = above[at + 1] + omission(*left);
                let put_in = row[at] + omission(*right);
                row.push(changed.min(left_out).min(put_in));
            }
            above = row;
        }
        above[above.len() - 1]
    }
}

fn substitution(one: char, other: char) -> f64 {
    if one == other {
        0.0
    } else if VOWELS.contains(one) && VOWELS.contains(other)
        || PAIRS.contains(&(one, other))
        || PAIRS.contains(&(other, one))
    {
        0.5
    } else {
        1.0
    }
}

fn omission(letter: char) -> f64 {
    if VOWELS.contains(letter) || SILENT.contains(letter) { 0.5 } else { 1.0 }
}
