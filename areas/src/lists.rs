//! What an area lists: languages, words, ids, cues. Each check says which entry is wrong and why, and goes on.

use crate::keys::{Mistakes, Told};
use crate::problem::Problem;
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
        mistakes.wrong(&told, Problem::NoLanguages);
    }
    if told.value.len() > MOST_LANGUAGES {
        mistakes.wrong(&told, Problem::TooManyLanguages { most: MOST_LANGUAGES });
    }
    let mut codes: Vec<String> = Vec::new();
    for code in told.value {
        if !language::is_known(&code.value) {
            mistakes.wrong(&code, Problem::UnknownLanguage);
        } else if codes.contains(&code.value) {
            mistakes.wrong(&code, Problem::LanguageTwice);
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
            mistakes.wrong(&entry, Problem::NoWord);
        } else if word.chars().count() > LONGEST_ENTRY {
            mistakes.wrong(&entry, Problem::WordTooLong { most: LONGEST_ENTRY });
        } else if holds(&glossary, &word) {
            mistakes.wrong(&entry, Problem::Twice);
        } else {
            glossary.push(word);
        }
    }
    let characters: usize = glossary.iter().map(|word| word.chars().count() + 2).sum();
    if characters > LONGEST_GLOSSARY {
        mistakes.wrong(&place, Problem::GlossaryTooLong { most: LONGEST_GLOSSARY });
    }
    glossary
}

/// Words by which a fact is known; `*` leaves an end of a word open.
pub(crate) fn cues(told: Told<Vec<Told<String>>>, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    if told.value.is_empty() {
        mistakes.wrong(&told, Problem::NoCues);
    }
    if told.value.len() > MOST_CUES {
        mistakes.wrong(&told, Problem::TooManyCues { most: MOST_CUES });
    }
    let mut cues: Vec<String> = Vec::new();
    for entry in told.value {
        let cue = one_line(&entry.value);
        if cue.chars().count() > LONGEST_ENTRY {
            mistakes.wrong(&entry, Problem::CueTooLong { most: LONGEST_ENTRY });
        } else if !cue.split(' ').all(is_word) {
            mistakes.wrong(&entry, Problem::NoCue);
        } else if holds(&cues, &cue) {
            mistakes.wrong(&entry, Problem::Twice);
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

/// An id is a short name.
const LONGEST_ID: usize = 40;

/// The id of a section, a category, a fact.
pub(crate) fn id(told: Told<String>, taken: &mut Vec<String>, mistakes: &mut Mistakes<'_>) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if told.value.is_empty() || told.value.len() > LONGEST_ID || !told.value.chars().all(is_plain) {
        mistakes.wrong(&told, Problem::NoId { most: LONGEST_ID });
    } else if taken.contains(&told.value) {
        mistakes.wrong(&told, Problem::IdTwice);
    } else {
        taken.push(told.value.clone());
    }
    told.value
}

/// Text that people and models read, on one line; at most so many characters.
pub(crate) fn words(told: &Told<String>, most: usize, mistakes: &mut Mistakes<'_>) -> String {
    let text = one_line(&told.value);
    let characters = text.chars().count();
    if text.is_empty() {
        mistakes.wrong(told, Problem::Empty);
    } else if characters > most {
        mistakes.wrong(told, Problem::TooLong { characters, most });
    }
    text
}

/// A heading or label that stands there twice cannot be told apart.
pub(crate) fn label(told: &Told<String>, taken: &mut Vec<String>, mistakes: &mut Mistakes<'_>) -> String {
    let text = words(told, LONGEST_LABEL, mistakes);
    if holds(taken, &text) && !text.is_empty() {
        mistakes.wrong(told, Problem::LabelTwice);
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
