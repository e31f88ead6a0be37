//! The text of `NAME.toml` becomes settings, or everything that is wrong with it.
//!
//! In: the file's name without its ending, and its text. Out: settings with their version, or the mistakes in the order of
//! their lines. Promised: A1, A2. What may stand in a file is told in docs/areas.md; its table of keys and the ranges here
//! are one (tests/documented.rs).

use crate::keys::{Mistakes, Table, Told};
use crate::lists::{cues, glossary, id, label, languages, words};
use crate::mistake::Mistake;
use crate::problem::Problem;
use crate::versioned;
use referent_proto::{
    AreaSettings, Category, FactKind, Length, Limits, MustNote, Pseudonyms, Retention, Section, Style,
};
use toml::de::DeTable;

/// What the model is told besides: some 200 words.
const LONGEST_INSTRUCTIONS: usize = 2_000;
/// What belongs in a section, how a note sounds: a sentence or three.
const LONGEST_EXPLANATION: usize = 400;
const MOST_SECTIONS: usize = 12;
const MOST_CATEGORIES: usize = 30;
const MOST_FACTS: usize = 40;
/// What a fact looks like.
const KINDS: &[&str] = &["number", "amount", "date", "time", "name", "address", "other"];
/// Ten years: longer is a slip of the hand.
const DAYS: (u32, u32) = (1, 3_650);
/// So many letters a reason has at least.
const SHORTEST_REASON: usize = 15;

/// The settings of the area `name`.
pub fn parse(name: &str, text: &str) -> Result<AreaSettings, Vec<Mistake>> {
    let mut mistakes = Mistakes::in_text(text);
    let (tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What stands where is not sure then: complaints about keys would lead astray.
        for error in &errors {
            mistakes.no_toml(error);
        }
        return Err(mistakes.into_sorted());
    }
    let area = read(name, Table::whole(tree.get_ref()), &mut mistakes);
    let mistakes = mistakes.into_sorted();
    if mistakes.is_empty() { Ok(versioned(area)) } else { Err(mistakes) }
}

fn read(name: &str, mut file: Table<'_, '_>, mistakes: &mut Mistakes<'_>) -> AreaSettings {
    let language = file.string("language", mistakes);
    match &language {
        None if file.has("language") => {}
        None => mistakes.missing(0, "language".into(), Problem::LanguageMissing),
        Some(told) if !["da", "en"].contains(&told.value.as_str()) => {
            mistakes.wrong(told, Problem::NoLanguageOfNotes);
        }
        Some(_) => {}
    }
    let spoken_languages = file.strings("spoken_languages", mistakes).map(|told| languages(told, mistakes));
    let glossary = file.strings("glossary", mistakes).map(|told| glossary(told, mistakes));
    let llm_is_local = file.boolean("llm_is_local", mistakes).is_some_and(|told| told.value);
    let model = file.string("model", mistakes);
    if let Some(told) = &model {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if told.value.is_empty() || told.value.len() > 60 || !told.value.chars().all(is_plain) {
            mistakes.wrong(told, Problem::NoModelName);
        }
    }
    let (asked_pseudonyms, reason) = pseudonyms(&mut file, llm_is_local, mistakes);
    let instructions = file.string("instructions", mistakes).map(|told| instructions(&told, mistakes));
    let area = AreaSettings {
        area: name.to_owned(),
        version: String::new(),
        language: language.map(|told| told.value).unwrap_or_default(),
        sections: sections(&mut file, mistakes),
        llm_is_local,
        instructions: instructions.unwrap_or_default(),
        spoken_languages: spoken_languages.unwrap_or_default(),
        glossary: glossary.unwrap_or_default(),
        style: style(&mut file, mistakes),
        categories: categories(&mut file, mistakes),
        must_note: must_note(&mut file, mistakes),
        limits: limits(&mut file, mistakes),
        retention: retention(&mut file, mistakes),
        model: model.map(|told| told.value).unwrap_or_default(),
        asked_pseudonyms,
        pseudonyms_none_reason: reason,
    };
    file.finish(mistakes);
    area
}

/// Paragraphs stay; everything else that could pass for something else does not.
fn instructions(told: &Told<String>, mistakes: &mut Mistakes<'_>) -> String {
    let is_odd = |c: char| c.is_control() && c != '\n' && c != '\r';
    let characters = told.value.chars().count();
    if told.value.chars().any(is_odd) {
        mistakes.wrong(told, Problem::ControlCharacters);
    } else if characters > LONGEST_INSTRUCTIONS {
        mistakes.wrong(told, Problem::TooLong { characters, most: LONGEST_INSTRUCTIONS });
    }
    told.value.clone()
}

fn pseudonyms(
    file: &mut Table<'_, '_>,
    llm_is_local: bool,
    mistakes: &mut Mistakes<'_>,
) -> (Option<Pseudonyms>, String) {
    let asked = choice(file, "pseudonyms", Pseudonyms::from_name, &["none", "identifiers", "full"], mistakes);
    let reason = file.string("pseudonyms_none_reason", mistakes);
    let is_none = asked.as_ref().is_some_and(|told| told.value == Some(Pseudonyms::None));
    match (&asked, &reason) {
        (Some(told), None) if is_none && !llm_is_local => {
            mistakes.wrong(told, Problem::PseudonymsNoneWithoutReason);
        }
        (_, Some(told)) if !is_none => {
            mistakes.wrong(told, Problem::ReasonForNothing);
        }
        (_, Some(told)) => {
            let letters = told.value.chars().filter(|c| c.is_alphabetic()).count();
            if letters < SHORTEST_REASON || told.value.split_whitespace().count() < 3 {
                mistakes.wrong(told, Problem::NoReason);
            }
            words(told, LONGEST_EXPLANATION, mistakes);
        }
        (_, None) => {}
    }
    (asked.and_then(|told| told.value), reason.map(|told| crate::lists::one_line(&told.value)).unwrap_or_default())
}

fn sections(file: &mut Table<'_, '_>, mistakes: &mut Mistakes<'_>) -> Vec<Section> {
    let tables = file.tables("sections", mistakes);
    let is_empty = tables.is_empty() && (!file.has("sections") || file.is_list("sections"));
    if is_empty {
        mistakes.missing(file.at(), "sections".into(), Problem::NoSections);
    }
    too_many(&tables, MOST_SECTIONS, "sections", mistakes);
    let (mut ids, mut headings) = (Vec::new(), Vec::new());
    let mut read = |mut table: Table<'_, '_>| {
        let id = needed(&mut table, "id", mistakes).map(|told| id(told, &mut ids, mistakes));
        let heading = needed(&mut table, "heading", mistakes).map(|told| label(&told, &mut headings, mistakes));
        let belongs = table.string("belongs", mistakes).map(|told| words(&told, LONGEST_EXPLANATION, mistakes));
        table.finish(mistakes);
        Section {
            id: id.unwrap_or_default(),
            heading: heading.unwrap_or_default(),
            belongs: belongs.unwrap_or_default(),
        }
    };
    tables.into_iter().map(&mut read).collect()
}

fn style(file: &mut Table<'_, '_>, mistakes: &mut Mistakes<'_>) -> Style {
    let Some(mut table) = file.table("style", mistakes) else { return Style::default() };
    let length = choice(&mut table, "length", Length::from_name, &["short", "normal", "detailed"], mistakes);
    let tone = table.string("tone", mistakes).map(|told| words(&told, LONGEST_EXPLANATION, mistakes));
    table.finish(mistakes);
    Style { length: length.and_then(|told| told.value).unwrap_or_default(), tone: tone.unwrap_or_default() }
}

fn categories(file: &mut Table<'_, '_>, mistakes: &mut Mistakes<'_>) -> Vec<Category> {
    let tables = file.tables("categories", mistakes);
    too_many(&tables, MOST_CATEGORIES, "categories", mistakes);
    let (mut ids, mut labels) = (Vec::new(), Vec::new());
    let mut read = |mut table: Table<'_, '_>| {
        let id = needed(&mut table, "id", mistakes).map(|told| id(told, &mut ids, mistakes));
        let label = needed(&mut table, "label", mistakes).map(|told| label(&told, &mut labels, mistakes));
        table.finish(mistakes);
        Category { id: id.unwrap_or_default(), label: label.unwrap_or_default() }
    };
    tables.into_iter().map(&mut read).collect()
}

fn must_note(file: &mut Table<'_, '_>, mistakes: &mut Mistakes<'_>) -> Vec<MustNote> {
    let tables = file.tables("must_note", mistakes);
    too_many(&tables, MOST_FACTS, "must_note", mistakes);
    let (mut ids, mut labels) = (Vec::new(), Vec::new());
    let mut read = |mut table: Table<'_, '_>| {
        let id = needed(&mut table, "id", mistakes).map(|told| id(told, &mut ids, mistakes));
        let label = needed(&mut table, "label", mistakes).map(|told| label(&told, &mut labels, mistakes));
        let kind = choice(&mut table, "kind", FactKind::from_name, KINDS, mistakes);
        if !table.has("kind") {
            mistakes.missing(table.at(), table.name("kind"), Problem::ChoiceMissing { choices: KINDS });
        }
        let cues = table.strings("cues", mistakes).map(|told| cues(told, mistakes));
        if !table.has("cues") {
            mistakes.missing(table.at(), table.name("cues"), Problem::CuesMissing);
        }
        table.finish(mistakes);
        MustNote {
            id: id.unwrap_or_default(),
            label: label.unwrap_or_default(),
            cues: cues.unwrap_or_default(),
            kind: kind.and_then(|told| told.value).unwrap_or_default(),
        }
    };
    tables.into_iter().map(&mut read).collect()
}

fn limits(file: &mut Table<'_, '_>, mistakes: &mut Mistakes<'_>) -> Limits {
    let Some(mut table) = file.table("limits", mistakes) else { return Limits::default() };
    let limits = Limits {
        most_sentences: table.number("most_sentences", (3, 100), mistakes),
        longest_sentence_words: table.number("longest_sentence_words", (8, 60), mistakes),
        one_piece_minutes: table.number("one_piece_minutes", (5, 240), mistakes),
    };
    table.finish(mistakes);
    limits
}

fn retention(file: &mut Table<'_, '_>, mistakes: &mut Mistakes<'_>) -> Retention {
    let Some(mut table) = file.table("retention", mistakes) else { return Retention::default() };
    let retention = Retention {
        transcript_days: table.number("transcript_days", DAYS, mistakes),
        drafts_days: table.number("drafts_days", DAYS, mistakes),
        activity_log_days: table.number("activity_log_days", DAYS, mistakes),
        note_days: table.number("note_days", DAYS, mistakes),
    };
    table.finish(mistakes);
    retention
}

fn needed(table: &mut Table<'_, '_>, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Told<String>> {
    if !table.has(key) {
        mistakes.missing(table.at(), table.name(key), Problem::Missing);
    }
    table.string(key, mistakes)
}

/// One word of a few. What is none of them is `None` inside: the key is there, and the mistake is told.
fn choice<T>(
    table: &mut Table<'_, '_>,
    key: &'static str,
    from_name: impl Fn(&str) -> Option<T>,
    choices: &'static [&'static str],
    mistakes: &mut Mistakes<'_>,
) -> Option<Told<Option<T>>> {
    let told = table.string(key, mistakes)?;
    let chosen = from_name(&told.value);
    if chosen.is_none() {
        mistakes.wrong(&told, Problem::NoneOfThese { choices });
    }
    Some(told.with(chosen))
}

fn too_many(tables: &[Table<'_, '_>], most: usize, key: &str, mistakes: &mut Mistakes<'_>) {
    if let Some(table) = tables.get(most) {
        mistakes.missing(table.at(), key.to_owned(), Problem::TooMany { count: tables.len(), most });
    }
}

#[cfg(test)]
mod tests;
