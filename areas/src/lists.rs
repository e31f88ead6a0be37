//! What an area lists: languages, words, ids, cues. Each check says which entry is wrong and why, and goes on.

use crate::keys::{Mistakes, Told};
use referent_proto::language;

/// So many languages may be told apart; a longer list is a mistake.
const MOST_LANGUAGES: usize = 8;
/// A glossary has at most so many characters. No recogniser takes more than 224 tokens of it, some 550 characters of
/// Danish; which words fit exactly only the recogniser knows, and leaves out the rest with a line in its log. Much more is
/// a mistake, and is said here, where a person is looking.
const LONGEST_GLOSSARY: usize = 2_000;
/// An entry of a glossary, or a cue, is a word or a name, no sentence.
const LONGEST_ENTRY: usize = 60;

/// One is spoken, several are told apart.
pub(crate) fn languages(told: Told<Vec<Told<String>>>, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    if told.value.is_empty() {
        mistakes.wrong(&told, "is empty; name what is spoken, for example [\"da\", \"en\"], or leave the key out");
    }
    if told.value.len() > MOST_LANGUAGES {
        mistakes.wrong(&told, format!("are more than {MOST_LANGUAGES} languages; keep those that callers do speak"));
    }
    let mut codes: Vec<String> = Vec::new();
    for code in told.value {
        if !language::is_known(&code.value) {
            mistakes
                .wrong(&code, "is no language that recognisers know; write a code of two letters, such as da or en");
        } else if codes.contains(&code.value) {
            mistakes.wrong(&code, "stands there twice; name each language once");
        } else {
            codes.push(code.value);
        }
    }
    codes
}

/// The words without blanks around them.
pub(crate) fn glossary(told: Told<Vec<Told<String>>>, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    let place = told.with(());
    let mut glossary: Vec<String> = Vec::new();
    for entry in told.value {
        let word = one_line(&entry.value);
        let has_mark = entry.value.chars().any(|letter| letter == ',' || letter.is_control());
        if !word.chars().any(char::is_alphanumeric) || has_mark {
            mistakes.wrong(&entry, "is no word or name; write each one as an entry of its own, without commas");
        } else if word.chars().count() > LONGEST_ENTRY {
            mistakes.wrong(
                &entry,
                format!("has more than {LONGEST_ENTRY} characters; write words and names, no sentences"),
            );
        } else if holds(&glossary, &word) {
            mistakes.wrong(&entry, "stands there twice; once is enough");
        } else {
            glossary.push(word);
        }
    }
    let characters: usize = glossary.iter().map(|word| word.chars().count() + 2).sum();
    if characters > LONGEST_GLOSSARY {
        let problem = format!(
            "has more than {LONGEST_GLOSSARY} characters, and recognisers take some 550; keep the words that are heard wrong"
        );
        mistakes.wrong(&place, problem);
    }
    glossary
}

/// Words by which a fact is known; `*` leaves an end of a word open.
pub(crate) fn cues(told: Told<Vec<Told<String>>>, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    if told.value.is_empty() {
        mistakes
            .wrong(&told, "is empty; write words of the call by which the fact is known, for example [\"husleje*\"]");
    }
    if told.value.len() > MOST_CUES {
        mistakes.wrong(&told, format!("are more than {MOST_CUES}; keep those that are said"));
    }
    let mut cues: Vec<String> = Vec::new();
    for entry in told.value {
        let cue = one_line(&entry.value);
        if cue.chars().count() > LONGEST_ENTRY {
            mistakes.wrong(&entry, format!("has more than {LONGEST_ENTRY} characters; write the words that show it"));
        } else if !cue.split(' ').all(is_word) {
            mistakes.wrong(&entry, "is no cue; write whole words, and * only where a word may begin or end otherwise");
        } else if holds(&cues, &cue) {
            mistakes.wrong(&entry, "stands there twice; once is enough");
        } else {
            cues.push(cue);
        }
    }
    cues
}

/// A fact is known by at most so many cues.
const MOST_CUES: usize = 30;

/// At least two letters or digits, and stars at the ends only: one letter and a star would be in every call.
fn is_word(word: &str) -> bool {
    let plain = word.strip_prefix('*').unwrap_or(word);
    let plain = plain.strip_suffix('*').unwrap_or(plain);
    let has_star = plain.len() < word.len();
    let letters = plain.chars().filter(|c| c.is_alphanumeric()).count();
    let fits = |c: char| c.is_alphanumeric() || "-'’.".contains(c);
    letters >= if has_star { 3 } else { 1 } && plain.chars().all(fits)
}

/// The id of a section, a category, a fact.
pub(crate) fn id(told: Told<String>, taken: &mut Vec<String>, mistakes: &mut Mistakes<'_>) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if told.value.is_empty() || told.value.len() > 40 || !told.value.chars().all(is_plain) {
        mistakes.wrong(&told, "is no id; use a to z, 0 to 9 and _, at most 40");
    } else if taken.contains(&told.value) {
        mistakes.wrong(&told, "stands there twice; each needs an id of its own");
    } else {
        taken.push(told.value.clone());
    }
    told.value
}

/// Text that people and models read, on one line; at most so many characters.
pub(crate) fn words(told: &Told<String>, most: usize, mistakes: &mut Mistakes<'_>) -> String {
    let text = one_line(&told.value);
    if text.is_empty() {
        mistakes.wrong(told, "is empty; write it, or leave the key out where it may be missing");
    } else if text.chars().count() > most {
        mistakes.wrong(told, format!("has {} characters; write at most {most}", text.chars().count()));
    }
    text
}

/// A heading or label that stands there twice cannot be told apart.
pub(crate) fn label(told: &Told<String>, taken: &mut Vec<String>, mistakes: &mut Mistakes<'_>) -> String {
    let text = words(told, LONGEST_LABEL, mistakes);
    if holds(taken, &text) && !text.is_empty() {
        mistakes.wrong(told, "stands there twice; people and models tell them apart by these words");
    }
    taken.push(text.clone());
    text
}

/// A heading or a label.
const LONGEST_LABEL: usize = 80;

fn holds(all: &[String], word: &str) -> bool {
    all.iter().any(|other| other.to_lowercase() == word.to_lowercase())
}

/// The text on one line: no control characters, no line breaks, no double blanks.
pub fn one_line(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_control() || "\u{2028}\u{2029}".contains(c) { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
