//! What a department decides about its notes. notes-api alone reads the files in force (`referent-areas`); others get this.
//!
//! Everything that was not there in version 0.1 is left out of the stored JSON while it says nothing, so that settings of
//! before keep their version. Not done here: no files, no checks; what is in force was checked before.

use serde::{Deserialize, Serialize};

/// What a department decides. Its default says nothing at all, not even a section: a base to write others on.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AreaSettings {
    /// Name of the area.
    pub area: String,
    /// SHA-256 of the settings, hex.
    pub version: String,
    /// The language of the note: "da" or "en".
    pub language: String,
    /// The sections of a note, in order; never empty.
    pub sections: Vec<Section>,
    /// Only then may anything go to the language model before hang-up.
    pub llm_is_local: bool,
    /// What the area adds to the instructions of the language model.
    pub instructions: String,
    /// What may be spoken, as codes (`language`), the likeliest first; none: the note's language. Of several, the one that
    /// is spoken is found out for each track. Absent in settings that were stored before there was a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spoken_languages: Vec<String>,
    /// Words that the recogniser shall expect, the most important first; none: it is told nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub glossary: Vec<String>,
    /// How a note is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub style: Style,
    /// What a call can be about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
    /// What must stand in the note if it was spoken of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub must_note: Vec<MustNote>,
    /// How much.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// For how long what was said and written is kept. Only shown so far.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retention: Retention,
    /// Name of a language model in the pipeline's configuration; empty: the one that it has for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// What the area says about pseudonyms; what holds is [`AreaSettings::pseudonyms`].
    #[serde(default, rename = "pseudonyms", skip_serializing_if = "Option::is_none")]
    pub asked_pseudonyms: Option<Pseudonyms>,
    /// Why names and numbers may go as they are to a language model that is not local.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pseudonyms_none_reason: String,
}

impl AreaSettings {
    /// What is replaced before anything goes to a language model. Where the area is silent, or asks for nothing at a model
    /// elsewhere without a reason: everything, unless the model is local.
    pub fn pseudonyms(&self) -> Pseudonyms {
        let otherwise = if self.llm_is_local { Pseudonyms::None } else { Pseudonyms::Full };
        match self.asked_pseudonyms {
            Some(Pseudonyms::None) if self.pseudonyms_none_reason.trim().is_empty() => otherwise,
            asked => asked.unwrap_or(otherwise),
        }
    }
}

/// One section of a note.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Section {
    /// "reason", "information", "agreed", or the area's own.
    pub id: String,
    /// What stands over it, in the area's language.
    pub heading: String,
    /// What belongs in it, in a sentence or two, for the language model and for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub belongs: String,
}

/// How a note is written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Style {
    /// How much of a call goes into it.
    #[serde(default)]
    pub length: Length,
    /// In which words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tone: String,
}

/// How much of a call goes into its note.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Only what somebody will look for later.
    Short,
    /// What matters to the case.
    #[default]
    Normal,
    /// The course of the talk as well.
    Detailed,
}

/// What a call can be about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Category {
    /// For machines.
    pub id: String,
    /// For people, in the area's language.
    pub label: String,
}

/// What must stand in the note if it was spoken of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MustNote {
    /// For machines.
    pub id: String,
    /// As the caseworker reads it.
    pub label: String,
    /// Words of the call by which it is known that it was spoken of; `*` leaves an end of a word open.
    pub cues: Vec<String>,
    /// What it looks like.
    pub kind: FactKind,
}

/// What a fact looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A number that counts or names something.
    Number,
    /// Money.
    Amount,
    /// A day.
    Date,
    /// A time of the day.
    Time,
    /// A person, an authority, a firm.
    Name,
    /// Where somebody lives or is to be.
    Address,
    /// Words.
    #[default]
    Other,
}

/// How much; what an area leaves out is the pipeline's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Limits {
    /// A draft has at most so many sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_sentences: Option<u32>,
    /// A sentence has at most so many words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_sentence_words: Option<u32>,
    /// A call of at most so many minutes is drafted in one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_piece_minutes: Option<u32>,
}

/// For how many days something is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Retention {
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript_days: Option<u32>,
    /// What the machine wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drafts_days: Option<u32>,
    /// When a person was at a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity_log_days: Option<u32>,
    /// What a person saved, from the last save.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note_days: Option<u32>,
}

/// What is replaced before anything goes to a language model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pseudonyms {
    /// Nothing.
    None,
    /// Numbers and addresses that name one person: CPR, telephone, account and the like.
    Identifiers,
    /// Names as well.
    Full,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_as_it_is_for_a_model_elsewhere_without_a_reason() {
        use Pseudonyms::{Full, Identifiers, None as Nothing};
        let check = |llm_is_local, asked_pseudonyms, reason: &str, expected| {
            let pseudonyms_none_reason = reason.to_owned();
            let area =
                AreaSettings { llm_is_local, asked_pseudonyms, pseudonyms_none_reason, ..AreaSettings::default() };
            assert_eq!(area.pseudonyms(), expected, "{llm_is_local} {asked_pseudonyms:?} {reason:?}");
        };
        check(false, None, "", Full);
        check(true, None, "", Nothing);
        check(false, Some(Nothing), "", Full);
        check(false, Some(Nothing), "  ", Full);
        check(false, Some(Nothing), "an agreement with the one who runs it", Nothing);
        check(true, Some(Nothing), "", Nothing);
        for is_local in [false, true] {
            check(is_local, Some(Identifiers), "", Identifiers);
            check(is_local, Some(Full), "", Full);
        }
    }

    #[test]
    fn settings_that_say_nothing_new_are_stored_as_before() {
        let section = Section { id: "a".into(), heading: "A".into(), ..Section::default() };
        let area = AreaSettings { area: "x".into(), sections: vec![section], ..AreaSettings::default() };
        let stored = serde_json::to_string(&area).unwrap();
        let before = "{\"area\":\"x\",\"version\":\"\",\"language\":\"\",\"sections\":[{\"id\":\"a\",\"heading\":\"A\"}],\
            \"llm_is_local\":false,\"instructions\":\"\"}";
        assert_eq!(stored, before);
        assert_eq!(serde_json::from_str::<AreaSettings>(before).unwrap(), area);
    }
}
