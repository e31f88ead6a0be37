//! What each department decides: language, sections of a note, instructions.
//!
//! In: a folder of `NAME.toml`, read at start. Out: [`AreaSettings`] whose version is the SHA-256 of what they say.
//! Promised: a call keeps the version that it began with; an unknown or absent name gets `standard`, because a call is
//! never refused for a spelling. Not done here: nothing is stored (`store::shared` keeps each version once), and
//! nobody else in the system reads these files.

use crate::clock::hex;
use crate::config::ConfigError;
use referent_proto::{AreaSettings, Section};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The area of a call that names none.
pub const STANDARD: &str = "standard";

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
        let section = |id: &str, heading: &str| Section { id: id.into(), heading: heading.into() };
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
            (name.to_owned(), versioned(name, language, sections, false, String::new()))
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
        sections.push(Section { id, heading });
    }
    Ok(versioned(name, &raw.language, sections, raw.llm_is_local, raw.instructions))
}

fn versioned(
    name: &str,
    language: &str,
    sections: Vec<Section>,
    llm_is_local: LlmIsLocal,
    instructions: String,
) -> AreaSettings {
    let mut area = AreaSettings {
        area: name.to_owned(),
        version: String::new(),
        language: language.to_owned(),
        sections,
        llm_is_local,
        instructions,
    };
    let text = serde_json::to_vec(&area).expect("settings have string keys only");
    area.version = hex(&Sha256::digest(text));
    area
}

/// A setting, not a switch of behaviour: it is copied into [`AreaSettings`].
type LlmIsLocal = bool;

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
    fn a_mistake_names_file_and_key() {
        let check = |text: &str, expected: &str| {
            let said = parse(Path::new("jobs.toml"), "jobs", text).unwrap_err().to_string();
            assert!(said.starts_with("jobs.toml: ") && said.contains(expected), "{said}");
        };
        let section = "[[sections]]\nid = \"a\"\nheading = \"A\"\n";
        check(&format!("language = \"de\"\n{section}"), "language = \"de\"");
        check(&format!("language = \"da\"\n{section}{section}"), "twice");
        check("language = \"da\"\nsections = []\n", "sections");
        check(&format!("language = \"da\"\nsize = 1\n{section}"), "unknown field `size`");
        check(&format!("language = \"da\"\n{}", section.replace("\"a\"", "\"A b\"")), "is no id");
    }
}
