//! Words as a recogniser gets them wrong.
//!
//! Of the words of a turn a share is changed: an ending lost or another put on, a vowel or a consonant heard as its neighbour,
//! a word left out, one split, two joined, another common word in its place. So errors fall on names and numbers as on
//! any other word. Shares of the kinds are those that word error rates are usually made of: most are substitutions, about a
//! quarter are words left out, about a tenth words put in.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

const COMMON: [&str; 24] = [
    "og", "det", "er", "så", "at", "jeg", "du", "der", "på", "en", "for", "af", "som", "var", "men", "om", "nu", "her",
    "jo", "da", "med", "til", "vi", "den",
];
const ENDINGS: [&str; 8] = ["", "e", "en", "er", "et", "s", "t", "ne"];
const NEIGHBOURS: [(char, char); 14] = [
    ('e', 'æ'),
    ('æ', 'e'),
    ('å', 'o'),
    ('o', 'å'),
    ('d', 't'),
    ('t', 'd'),
    ('b', 'p'),
    ('p', 'b'),
    ('g', 'k'),
    ('v', 'f'),
    ('i', 'e'),
    ('y', 'ø'),
    ('n', 'm'),
    ('u', 'o'),
];

/// The turn with about this share of its words wrong.
pub fn noisy(text: &str, share: f64, chance: &mut StdRng) -> String {
    let mut heard: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if !chance.random_bool(share) {
            heard.push(word.to_owned());
            continue;
        }
        match chance.random_range(0..100) {
            0..24 => {}
            24..34 => {
                heard.push(word.to_owned());
                heard.push(one_of(&COMMON, chance).to_owned());
            }
            34..49 => heard.push(one_of(&COMMON, chance).to_owned()),
            49..70 => heard.push(other_ending(word, chance)),
            70..90 => heard.push(other_sound(word, chance)),
            90..95 => heard.push(split(word)),
            _ => match heard.last_mut() {
                Some(before) => before.push_str(&word.to_lowercase()),
                None => heard.push(word.to_owned()),
            },
        }
    }
    heard.join(" ")
}

fn one_of<'w>(words: &[&'w str], chance: &mut StdRng) -> &'w str {
    words[chance.random_range(0..words.len())]
}

/// The word without its punctuation, and the punctuation.
fn bare(word: &str) -> (&str, &str) {
    let end = word.trim_end_matches(|letter: char| !letter.is_alphanumeric()).len();
    word.split_at(end)
}

fn other_ending(word: &str, chance: &mut StdRng) -> String {
    let (bare, mark) = bare(word);
    let kept: Vec<char> = bare.chars().collect();
    let keep = kept.len().saturating_sub(chance.random_range(1..3)).max(2).min(kept.len());
    let ending = one_of(&ENDINGS, chance);
    kept[..keep].iter().collect::<String>() + ending + mark
}

fn other_sound(word: &str, chance: &mut StdRng) -> String {
    let letters: Vec<char> = word.chars().collect();
    let places: Vec<(usize, char)> = letters
        .iter()
        .enumerate()
        .filter_map(|(at, letter)| {
            let heard = NEIGHBOURS.iter().find(|(said, _)| said == letter)?.1;
            Some((at, heard))
        })
        .collect();
    let Some((at, heard)) = places.choose(chance) else { return other_ending(word, chance) };
    let mut letters = letters.clone();
    letters[*at] = *heard;
    letters.into_iter().collect()
}

fn split(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < 6 {
        return word.to_owned();
    }
    let (one, other) = letters.split_at(letters.len() / 2);
    format!("{} {}", one.iter().collect::<String>(), other.iter().collect::<String>())
}
