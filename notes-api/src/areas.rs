//! What each department decides: language of the note and of the speech, sections of a note, glossary, instructions.
//!
//! In: a folder of `NAME.toml`, read at start. Out: [`AreaSettings`] whose version is the SHA-256 of what they say.
//! Promised: a call keeps the version that it began with; an unknown or absent name gets `standard`, because a call is
//! never refused for a spelling. Not done here: nothing is stored (`store::shared` keeps each version once), and
//! nobody else in the system reads these files.

use crate::clock::hex;
use crate::config::ConfigError;
use referent_proto::{AreaSettings, Section, language};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The area of a call that names none.
pub const STANDARD: &str = "standard";

/// So many languages may be told apart; a longer list is a mistake.
const MOST_LANGUAGES: usize = 8;
/// A glossary has at most so many characters. No recogniser takes more than 224 tokens of it, some 550 characters of
/// Danish; which words fit exactly only the recogniser knows, and leaves out the rest with a line in its log. Much more is
/// a mistake, and is said here, where a person is looking.
const LONGEST_GLOSSARY: usize = 2_000;
/// An entry of a glossary is a word or a name, no sentence.
const LONGEST_ENTRY: usize = 60;

/// Every area.
#[derive(Clone, Debug)]
pub struct Areas(BTreeMap<String, AreaSettings>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawArea {
    language: String,
    #[serde(default)]
    instructions: String,
    #[serde(default)]
    llm_is_local: bool,
    spoken_languages: Option<Vec<String>>,
    #[serde(default)]
    glossary: Vec<String>,
    sections: Vec<RawSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSection {
    id: String,
    heading: String,
}

impl Areas {
    /// Only the built-in areas: `standard` (Danish) and `standard-en` (English).
    pub fn built_in() -> Self {
        let section =
            |id: &str, heading: &str| Section { id: id.into(), heading: heading.into(), ..Section::default() };
        let danish = vec![
            section("reason", "Årsag til henvendelse"),
            section("information", "Oplysninger"),
            section("agreed", "Aftalt"),
        ];
        let english = vec![
            section("reason", "Reason for the call"),
            section("information", "Information"),
            section("agreed", "Agreed"),
        ];
        let area = |name: &str, language: &str, sections| {
            (name.to_owned(), versioned(settings(name, language.to_owned(), sections)))
        };
        Self([area(STANDARD, "da", danish), area("standard-en", "en", english)].into())
    }

    /// The built-in areas and those of the folder, which win.
    pub fn read(folder: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { file: folder.to_owned(), source };
        let mut areas = Self::built_in();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if file.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&file)
                    .map_err(|source| ConfigError::Unreadable { file: file.clone(), source })?;
                areas.0.insert(name.clone(), parse(&file, &name, &text)?);
            }
        }
        Ok(areas)
    }

    /// The settings of the area of that name, or of `standard`.
    pub fn named(&self, name: Option<&str>) -> &AreaSettings {
        let asked = name.unwrap_or(STANDARD);
        self.0.get(asked).unwrap_or_else(|| {
            tracing::warn!(area = asked, "there is no such area; the call gets the standard one");
            &self.0[STANDARD]
        })
    }
}

fn parse(file: &Path, name: &str, text: &str) -> Result<AreaSettings, ConfigError> {
    let raw: RawArea = toml::from_str(text).map_err(|error| ConfigError::from_toml(file, text, &error))?;
    let impossible = |key, value: &str, problem| ConfigError::Impossible {
        file: file.to_owned(),
        key,
        value: value.to_owned(),
        problem,
    };
    if !["da", "en"].contains(&raw.language.as_str()) {
        return Err(impossible("language", &raw.language, "is not a language of this version; write da or en"));
    }
    let is_chosen = raw.spoken_languages.is_some();
    if raw.sections.is_empty() {
        return Err(impossible("sections", "", "is empty; write at least one [[sections]] with id and heading"));
    }
    let mut sections: Vec<Section> = Vec::new();
    for RawSection { id, heading } in raw.sections {
        let plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !plain {
            return Err(impossible("sections.id", &id, "is no id; use a to z, 0 to 9 and _"));
        }
        if sections.iter().any(|section| section.id == id) {
            return Err(impossible("sections.id", &id, "stands there twice; each section needs an id of its own"));
        }
        sections.push(Section { id, heading, ..Section::default() });
    }
    let named = |key| move |(value, problem): (String, &'static str)| impossible(key, &value, problem);
    let spoken_languages = raw.spoken_languages.unwrap_or_default();
    if is_chosen {
        check_languages(&spoken_languages).map_err(named("spoken_languages"))?;
    }
    Ok(versioned(AreaSettings {
        llm_is_local: raw.llm_is_local,
        instructions: raw.instructions,
        spoken_languages,
        glossary: check_glossary(raw.glossary).map_err(named("glossary"))?,
        ..settings(name, raw.language, sections)
    }))
}

/// One is spoken, several are told apart; which is wrong, and why.
fn check_languages(codes: &[String]) -> Result<(), (String, &'static str)> {
    if codes.is_empty() {
        return Err((
            String::new(),
            "is empty; name what is spoken, for example [\"da\", \"en\"], or leave the key out",
        ));
    }
    if codes.len() > MOST_LANGUAGES {
        return Err((codes.join(", "), "are more than 8 languages; keep those that callers do speak"));
    }
    for (at, code) in codes.iter().enumerate() {
        if !language::is_known(code) {
            return Err((
                code.clone(),
                "is no language that recognisers know; write a code of two letters, such as da or en",
            ));
        }
        if codes[..at].contains(code) {
            return Err((code.clone(), "stands there twice; name each language once"));
        }
    }
    Ok(())
}

/// The entries without blanks around them, or the one that is wrong and why.
fn check_glossary(entries: Vec<String>) -> Result<Vec<String>, (String, &'static str)> {
    let mut glossary: Vec<String> = Vec::new();
    for entry in entries {
        let word = entry.split_whitespace().collect::<Vec<_>>().join(" ");
        let same = |other: &String| other.to_lowercase() == word.to_lowercase();
        if !word.chars().any(char::is_alphanumeric) || word.chars().any(|letter| letter == ',' || letter.is_control()) {
            return Err((entry, "is no word or name; write each one as an entry of its own, without commas"));
        } else if word.chars().count() > LONGEST_ENTRY {
            return Err((entry, "has more than 60 characters; write words and names, no sentences"));
        } else if glossary.iter().any(same) {
            return Err((entry, "stands there twice; once is enough"));
        }
        glossary.push(word);
    }
    let characters: usize = glossary.iter().map(|word| word.chars().count() + 2).sum();
    if characters > LONGEST_GLOSSARY {
        let problem =
            "has more than 2000 characters, and recognisers take some 550; keep the words that are heard wrong";
        return Err((format!("{} words", glossary.len()), problem));
    }
    Ok(glossary)
}

/// What an area says at least; its version comes last (`versioned`).
fn settings(name: &str, language: String, sections: Vec<Section>) -> AreaSettings {
    AreaSettings { area: name.to_owned(), language, sections, ..AreaSettings::default() }
}

/// The version is the SHA-256 of everything else.
fn versioned(mut area: AreaSettings) -> AreaSettings {
    let text = serde_json::to_vec(&area).expect("settings have string keys only");
    area.version = hex(&Sha256::digest(text));
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_what_the_settings_say() {
        let (one, two) = (Areas::built_in(), Areas::built_in());
        assert_eq!(one.named(None).version, two.named(Some(STANDARD)).version);
        assert_eq!(one.named(None).version.len(), 64);
        assert_ne!(one.named(None).version, one.named(Some("standard-en")).version);
        assert_eq!(one.named(Some("no such area")).area, STANDARD);
    }

    #[test]
    fn a_folder_adds_and_replaces_areas() {
        let folder = tempfile::tempdir().unwrap();
        let text = "language = \"en\"\nllm_is_local = true\n[[sections]]\nid = \"all\"\nheading = \"All\"\n";
        std::fs::write(folder.path().join("jobs.toml"), text).unwrap();
        std::fs::write(folder.path().join("README"), "not an area").unwrap();
        let areas = Areas::read(folder.path()).unwrap();
        assert_eq!(areas.named(Some("jobs")).sections.len(), 1);
        assert!(areas.named(Some("jobs")).llm_is_local);
        assert_eq!(areas.named(None).language, "da");
    }

    #[test]
    fn an_area_says_what_is_spoken_and_which_words_to_expect() {
        let read = |lines: &str| {
            let text = format!("language = \"da\"\n{lines}\n[[sections]]\nid = \"all\"\nheading = \"All\"\n");
            parse(Path::new("jobs.toml"), "jobs", &text).unwrap()
        };
        let (plain, spoken) = (read(""), read("spoken_languages = [\"da\", \"en\"]"));
        assert!(plain.spoken_languages.is_empty() && plain.glossary.is_empty(), "the note's language, and no words");
        assert_eq!(spoken.spoken_languages, ["da", "en"]);
        let told = read("glossary = [\"barselsdagpenge\", \" Udbetaling  Danmark \"]");
        assert_eq!(told.glossary, ["barselsdagpenge", "Udbetaling Danmark"]);
        assert!(plain.version != spoken.version && plain.version != told.version, "each is a version of its own");
    }

    #[test]
    fn a_mistake_names_file_and_key() {
        let check = |text: &str, expected: &str| {
            let said = parse(Path::new("jobs.toml"), "jobs", text).unwrap_err().to_string();
            assert!(said.starts_with("jobs.toml: ") && said.contains(expected), "{said}");
        };
        let section = "[[sections]]\nid = \"a\"\nheading = \"A\"\n";
        check(&format!("language = \"de\"\n{section}"), "language = \"de\"");
        check(&format!("language = \"da\"\n{section}{section}"), "twice");
        check("language = \"da\"\nsections = []\n", "sections");
        let says = |line: &str, expected: &str| check(&format!("language = \"da\"\n{line}\n{section}"), expected);
        says("spoken_languages = [\"da\", \"english\"]", "spoken_languages = \"english\" is no language");
        says("spoken_languages = [\"da\", \"da\"]", "spoken_languages = \"da\" stands there twice");
        says("spoken_languages = []", "spoken_languages = \"\" is empty");
        says("spoken_languages = \"da\"", "a sequence");
        says("glossary = [\"barsel, orlov\"]", "glossary = \"barsel, orlov\" is no word");
        says("glossary = [\" \"]", "is no word");
        says("glossary = [\"Barsel\", \"barsel\"]", "glossary = \"barsel\" stands there twice");
        says(&format!("glossary = [\"{}\"]", "a".repeat(61)), "more than 60 characters");
        let long: Vec<String> = (0..120).map(|at| format!("\"barselsdagpenge{at}\"")).collect();
        says(&format!("glossary = [{}]", long.join(", ")), "glossary = \"120 words\" has more than 2000 characters");
        check(&format!("language = \"da\"\nsize = 1\n{section}"), "unknown field `size`");
        check(&format!("language = \"da\"\n{}", section.replace("\"a\"", "\"A b\"")), "is no id");
    }
}
