//! Makes of what was said what a recogniser might have heard.

use crate::chance::Chance;
use crate::numbers;
use crate::said::{Said, Word};

/// Changes about one word in eight, and often the case and the punctuation of all of them. A word of an identifier
/// stays readable: it is changed at one place at most, and its digits are never changed.
pub fn noisy(said: &Said, chance: &mut Chance) -> Said {
    let (lower, bare) = (chance.percent(50), chance.percent(50));
    let mut out = said.clone();
    for (_, words) in &mut out.turns {
        let mut heard: Vec<Word> = Vec::new();
        for word in words.iter() {
            let mut text = word.text.clone();
            if lower && !text.contains('@') {
                text = text.to_lowercase();
            }
            if bare && !text.contains('@') && !is_pattern(&text) {
                text = text.trim_end_matches(['.', ',', '?', '!', ':']).to_owned();
            }
            let joined = match word.truth {
                None => carrier(&mut text, chance),
                Some(_) => identifier(&mut text, chance),
            };
            match heard.last_mut() {
                Some(last)
                    if joined
                        && last.truth == word.truth
                        && !last.text.ends_with(|c: char| c.is_ascii_punctuation()) =>
                {
                    last.text.push_str(&text);
                }
                _ => {
                    heard.extend(text.split_whitespace().map(|part| Word { text: part.to_owned(), truth: word.truth }));
                }
            }
        }
        *words = heard;
    }
    out
}

fn is_pattern(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// A word between identifiers: dropped letters, changed letters, dropped words, joined words.
fn carrier(text: &mut String, chance: &mut Chance) -> bool {
    let letters = text.chars().all(char::is_alphabetic);
    match chance.below(100) {
        0..=2 if letters => *text = String::new(),
        3..=6 if letters && text.chars().count() > 3 => drop_letter(text, chance),
        7..=10 if letters && text.chars().count() > 3 => change_letter(text, chance),
        11..=12 if letters => return true,
        _ if text == "og" && chance.percent(30) => *text = "å".into(),
        _ if text == "er" && chance.percent(10) => *text = "ær".into(),
        _ if text == "det" && chance.percent(20) => *text = "de".into(),
        _ => {}
    }
    false
}

/// A word of an identifier; true if it is heard together with the one before.
fn identifier(text: &mut String, chance: &mut Chance) -> bool {
    let bare = text.trim_end_matches([',', '.']).to_lowercase();
    if let Some(value) = (0..100).find(|value| numbers::word(*value) == bare) {
        match chance.below(100) {
            0..=14 => *text = value.to_string(),
            15..=24 if value > 20 && value % 10 != 0 => {
                let word = numbers::word(value);
                let at = word.find("og").expect("a compound has og");
                *text = match chance.below(4) {
                    0 => format!("{} og {}", &word[..at], &word[at + 2..]),
                    1 => format!("{} å {}", &word[..at], &word[at + 2..]),
                    2 => format!("{}og {}", &word[..at], &word[at + 2..]),
                    _ => format!("{}å{}", &word[..at], &word[at + 2..]),
                };
            }
            25..=29 => *text = misheard(&bare),
            30..=32 if text.len() > 4 => drop_letter(text, chance),
            33..=35 => return true,
            _ => {}
        }
        return false;
    }
    if text.contains('@') || is_pattern(text) || bare.chars().count() < 5 {
        return false;
    }
    match chance.below(100) {
        0..=5 => drop_letter(text, chance),
        6..=9 => change_letter(text, chance),
        10..=11 => double_letter(text, chance),
        _ => {}
    }
    false
}

/// How some numbers are written by ear.
fn misheard(word: &str) -> String {
    let pairs = [
        ("halvfjerds", "halvfjers"),
        ("halvtreds", "halvtres"),
        ("seks", "sex"),
        ("otte", "åtte"),
        ("tredive", "tredve"),
        ("tolv", "tol"),
        ("fjorten", "fjorden"),
        ("elleve", "elve"),
        ("syv", "syd"),
        ("nul", "null"),
        ("fire", "fir"),
    ];
    pairs.iter().fold(word.to_owned(), |word, (from, to)| word.replacen(from, to, 1))
}

fn places(text: &str) -> Vec<usize> {
    text.char_indices().skip(1).filter(|(_, c)| c.is_alphabetic()).map(|(at, _)| at).collect()
}

fn drop_letter(text: &mut String, chance: &mut Chance) {
    let places = places(text);
    if !places.is_empty() {
        text.remove(*chance.pick(&places));
    }
}

fn double_letter(text: &mut String, chance: &mut Chance) {
    let places = places(text);
    if !places.is_empty() {
        let at = *chance.pick(&places);
        let letter = text[at..].chars().next().expect("there is a letter");
        text.insert(at, letter);
    }
}

/// Letters and what they are misheard as.
const NEAR: [&str; 27] = [
    "eæ", "æe", "aå", "åo", "oå", "øy", "yø", "ie", "uo", "dt", "td", "gk", "kg", "bp", "pb", "sz", "vw", "nm", "mn",
    "rl", "lr", "fv", "ck", "ji", "wv", "zs", "xs",
];

fn change_letter(text: &mut String, chance: &mut Chance) {
    let places = places(text);
    if places.is_empty() {
        return;
    }
    let at = *chance.pick(&places);
    let letter = text[at..].chars().next().expect("there is a letter");
    let near = NEAR.iter().find_map(|pair| pair.strip_prefix(letter)).unwrap_or("e");
    text.replace_range(at..at + letter.len_utf8(), near);
}
