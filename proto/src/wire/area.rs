//! An area's settings, from the wire and back.

use super::BadMessage;
use crate::area::{AreaSettings, Category, FactKind, Length, Limits, MustNote, Pseudonyms, Retention, Section, Style};
use crate::ingest as wire;

impl TryFrom<wire::AreaSettings> for AreaSettings {
    type Error = BadMessage;
    fn try_from(area: wire::AreaSettings) -> Result<Self, BadMessage> {
        if area.sections.is_empty() {
            return Err(BadMessage::Missing("area.sections"));
        }
        let asked_pseudonyms = match area.pseudonyms {
            0 => None,
            number => Some(Pseudonyms::from_wire(number)?),
        };
        Ok(Self {
            area: area.area,
            version: area.version,
            language: area.language,
            sections: area.sections.into_iter().map(Section::from).collect(),
            llm_is_local: area.llm_is_local,
            instructions: area.instructions,
            spoken_languages: area.spoken_languages,
            glossary: area.glossary,
            style: area.style.map(Style::try_from).transpose()?.unwrap_or_default(),
            categories: area.categories.into_iter().map(Category::from).collect(),
            must_note: area.must_note.into_iter().map(MustNote::try_from).collect::<Result<_, _>>()?,
            limits: area.limits.map(Limits::from).unwrap_or_default(),
            retention: area.retention.map(Retention::from).unwrap_or_default(),
            model: area.model,
            asked_pseudonyms,
            pseudonyms_none_reason: area.pseudonyms_none_reason,
        })
    }
}

impl From<AreaSettings> for wire::AreaSettings {
    fn from(area: AreaSettings) -> Self {
        Self {
            area: area.area,
            version: area.version,
            language: area.language,
            sections: area.sections.into_iter().map(wire::Section::from).collect(),
            llm_is_local: area.llm_is_local,
            instructions: area.instructions,
            spoken_languages: area.spoken_languages,
            glossary: area.glossary,
            style: said(area.style),
            categories: area.categories.into_iter().map(wire::Category::from).collect(),
            must_note: area.must_note.into_iter().map(wire::MustNote::from).collect(),
            limits: said(area.limits),
            retention: said(area.retention),
            model: area.model,
            pseudonyms: area.asked_pseudonyms.map_or(0, i32::from),
            pseudonyms_none_reason: area.pseudonyms_none_reason,
        }
    }
}

/// What says nothing is left out, so that such settings go out in the bytes of version 0.1.
fn said<T: Default + PartialEq, W: From<T>>(value: T) -> Option<W> {
    (value != T::default()).then(|| value.into())
}

impl From<wire::Section> for Section {
    fn from(section: wire::Section) -> Self {
        Self { id: section.id, heading: section.heading, belongs: section.belongs }
    }
}

impl From<Section> for wire::Section {
    fn from(section: Section) -> Self {
        Self { id: section.id, heading: section.heading, belongs: section.belongs }
    }
}

impl TryFrom<wire::Style> for Style {
    type Error = BadMessage;
    fn try_from(style: wire::Style) -> Result<Self, BadMessage> {
        Ok(Self { length: Length::from_wire(style.length)?, tone: style.tone })
    }
}

impl From<Style> for wire::Style {
    fn from(style: Style) -> Self {
        Self { length: style.length.into(), tone: style.tone }
    }
}

impl From<wire::Category> for Category {
    fn from(category: wire::Category) -> Self {
        Self { id: category.id, label: category.label }
    }
}

impl From<Category> for wire::Category {
    fn from(category: Category) -> Self {
        Self { id: category.id, label: category.label }
    }
}

impl TryFrom<wire::MustNote> for MustNote {
    type Error = BadMessage;
    fn try_from(fact: wire::MustNote) -> Result<Self, BadMessage> {
        Ok(Self { id: fact.id, label: fact.label, cues: fact.cues, kind: FactKind::from_wire(fact.kind)? })
    }
}

impl From<MustNote> for wire::MustNote {
    fn from(fact: MustNote) -> Self {
        Self { id: fact.id, label: fact.label, cues: fact.cues, kind: fact.kind.into() }
    }
}

impl From<wire::Limits> for Limits {
    fn from(limits: wire::Limits) -> Self {
        Self {
            most_sentences: limits.most_sentences,
            longest_sentence_words: limits.longest_sentence_words,
            one_piece_minutes: limits.one_piece_minutes,
        }
    }
}

impl From<Limits> for wire::Limits {
    fn from(limits: Limits) -> Self {
        Self {
            most_sentences: limits.most_sentences,
            longest_sentence_words: limits.longest_sentence_words,
            one_piece_minutes: limits.one_piece_minutes,
        }
    }
}

impl From<wire::Retention> for Retention {
    fn from(days: wire::Retention) -> Self {
        Self {
            transcript_days: days.transcript_days,
            drafts_days: days.drafts_days,
            activity_log_days: days.activity_log_days,
            note_days: days.note_days,
        }
    }
}

impl From<Retention> for wire::Retention {
    fn from(days: Retention) -> Self {
        Self {
            transcript_days: days.transcript_days,
            drafts_days: days.drafts_days,
            activity_log_days: days.activity_log_days,
            note_days: days.note_days,
        }
    }
}
