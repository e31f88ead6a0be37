//! How the areas stand, as `/v1/areas` and the page of the areas show it. Nothing here was said in a call of anybody.

use crate::areas::{Area, Problem};
use referent_areas::Trouble;
use referent_areas::cues::spoken_of;
use referent_areas::dialogue::{self, Dialogue};
use referent_areas::written;
use referent_proto::{AreaSettings, DraftJob, DraftKey, Started, Utterance};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Every area.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaList {
    /// By name.
    pub areas: Vec<AreaView>,
}

/// One area: what holds, and what is wrong with its file.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaView {
    /// Its name.
    pub id: String,
    /// SHA-256 of the settings in force, hex; nothing where no version ever was right.
    pub version: Option<String>,
    /// Since when, UTC milliseconds.
    pub in_force_since_ms: Option<i64>,
    /// What they say.
    pub settings: Option<SettingsView>,
    /// What is wrong with the file on disk; the version in force is an earlier one then.
    pub problem: Option<AreaProblemView>,
}

/// What is wrong with a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaProblemView {
    /// The file's name.
    pub file: String,
    /// Since when it is known, UTC milliseconds.
    pub since_ms: i64,
    /// gone, unreadable, mistakes
    pub kind: String,
    /// What the system said, where it cannot be read.
    pub detail: Option<String>,
    /// Each mistake, in the order of the lines.
    pub mistakes: Vec<MistakeView>,
}

/// One mistake of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct MistakeView {
    /// From 1.
    pub line: usize,
    /// Which key; empty where the file is no TOML.
    pub key: String,
    /// What stands there.
    pub found: String,
    /// What is wrong with it, and what to do; in English, as the log has it.
    pub problem: String,
    /// Which kind of mistake, for whoever says it in another language; more kinds may come.
    pub code: String,
    /// What the sentence of that kind is made of, in a fixed order: numbers, or words of the file.
    pub arguments: Vec<String>,
}

/// Settings in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// Of the note: "da" or "en".
    pub language: String,
    /// The sections of a note, in order.
    pub sections: Vec<AreaSectionView>,
    /// short, normal, detailed
    pub length: String,
    /// In which words a note is written.
    pub tone: String,
    /// What a call can be about.
    pub categories: Vec<CategoryView>,
    /// What must stand in the note if it was spoken of.
    pub must_note: Vec<MustNoteView>,
    /// Words that the recogniser is told.
    pub glossary: Vec<String>,
    /// For how many days what was said is kept; null: 30.
    pub transcript_days: Option<u32>,
    /// For how many days drafts are kept; null: with the note, or where that stays with what was said.
    pub drafts_days: Option<u32>,
    /// For how many days it is kept when somebody was at a draft, at most 30; null: 30.
    pub activity_log_days: Option<u32>,
    /// For how many days the text of the note is kept here after the last save; null: it stays.
    pub note_days: Option<u32>,
    /// Whether the language model is the authority's own.
    pub llm_is_local: bool,
    /// none, identifiers, full: what is replaced before anything goes to a language model.
    pub pseudonyms: String,
}

/// A section, with what belongs in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaSectionView {
    /// For machines.
    pub id: String,
    /// What stands over it.
    pub heading: String,
    /// What belongs in it; may be empty.
    pub belongs: String,
}

/// What a call can be about.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryView {
    /// For machines.
    pub id: String,
    /// For people.
    pub label: String,
}

/// What must stand in the note if it was spoken of.
#[derive(Debug, Serialize, ToSchema)]
pub struct MustNoteView {
    /// For machines.
    pub id: String,
    /// For people.
    pub label: String,
    /// number, amount, date, time, name, address, other
    pub kind: String,
    /// By which words it is known.
    pub cues: Vec<String>,
}

/// The sample call, as an area sees it. The draft of it is asked for by itself, because it takes a while.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaPreview {
    /// The version in force.
    pub version: String,
    /// What was said, in order.
    pub turns: Vec<SampleTurn>,
    /// The must-note facts that were spoken of.
    pub spoken_of: Vec<SpokenOfView>,
}

/// What one of the two said.
#[derive(Debug, Serialize, ToSchema)]
pub struct SampleTurn {
    /// near, far
    pub track: String,
    /// Where it would begin, samples of call time: a draft's evidence names it.
    pub start: i64,
    /// In the sample; nobody said it.
    pub text: String,
}

/// A must-note fact of which something was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpokenOfView {
    /// Id of the fact.
    pub id: String,
    /// In which turns, from 0.
    pub turns: Vec<usize>,
}

impl AreaList {
    /// How they stand.
    pub fn of(areas: BTreeMap<String, Area>) -> Self {
        let view = |(id, Area { in_force, problem })| {
            let since_ms = in_force.as_ref().map(|held| held.since_ms);
            let settings = in_force.map(|held| held.settings);
            AreaView {
                id,
                version: settings.as_ref().map(|settings| settings.version.clone()),
                in_force_since_ms: since_ms,
                settings: settings.map(SettingsView::from),
                problem: problem.map(AreaProblemView::from),
            }
        };
        Self { areas: areas.into_iter().map(view).collect() }
    }
}

impl From<Problem> for AreaProblemView {
    fn from(Problem { file, trouble, since_ms }: Problem) -> Self {
        // The name alone: where the server keeps its files is nobody's business here.
        let file = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (kind, detail, mistakes) = match trouble {
            Trouble::Gone => ("gone", None, Vec::new()),
            Trouble::Unreadable(why) => ("unreadable", Some(why), Vec::new()),
            Trouble::Mistakes(mistakes) => ("mistakes", None, mistakes),
        };
        let mistake = |referent_areas::Mistake { line, key, found, problem }| MistakeView {
            line,
            key,
            found,
            problem: problem.to_string(),
            code: problem.code().to_owned(),
            arguments: problem.arguments(),
        };
        Self { file, since_ms, kind: kind.to_owned(), detail, mistakes: mistakes.into_iter().map(mistake).collect() }
    }
}

impl From<AreaSettings> for SettingsView {
    fn from(area: AreaSettings) -> Self {
        let pseudonyms = area.pseudonyms().name().to_owned();
        let section = |section: referent_proto::Section| AreaSectionView {
            id: section.id,
            heading: section.heading,
            belongs: section.belongs,
        };
        let fact = |fact: referent_proto::MustNote| MustNoteView {
            id: fact.id,
            label: fact.label,
            kind: fact.kind.name().to_owned(),
            cues: fact.cues,
        };
        let category = |category: referent_proto::Category| CategoryView { id: category.id, label: category.label };
        Self {
            language: area.language,
            sections: area.sections.into_iter().map(section).collect(),
            length: area.style.length.name().to_owned(),
            tone: area.style.tone,
            categories: area.categories.into_iter().map(category).collect(),
            must_note: area.must_note.into_iter().map(fact).collect(),
            glossary: area.glossary,
            transcript_days: area.retention.transcript_days,
            drafts_days: area.retention.drafts_days,
            activity_log_days: area.retention.activity_log_days,
            note_days: area.retention.note_days,
            llm_is_local: area.llm_is_local,
            pseudonyms,
        }
    }
}

impl AreaPreview {
    /// What the area's cues find in the sample call.
    pub fn of(area: &AreaSettings) -> Self {
        let sample = dialogue::sample();
        let texts: Vec<&str> = sample.turns.iter().map(|turn| turn.text.as_str()).collect();
        let spoken_of = spoken_of(&area.must_note, &texts)
            .into_iter()
            .map(|found| SpokenOfView { id: found.fact.id.clone(), turns: found.turns })
            .collect();
        let turn = |said: Utterance| SampleTurn {
            track: said.track.name().to_owned(),
            start: i64::try_from(said.span.start().0).unwrap_or(i64::MAX),
            text: said.text.into_revealed(),
        };
        let utterances = job_of(&sample, area).utterances;
        Self { version: area.version.clone(), spoken_of, turns: utterances.into_iter().map(turn).collect() }
    }
}

/// The order for a draft of the sample call.
pub fn sample_job(area: &AreaSettings, key: DraftKey) -> DraftJob {
    DraftJob { key, ..job_of(&dialogue::sample(), area) }
}

fn job_of(sample: &Dialogue, area: &AreaSettings) -> DraftJob {
    let started = sample.call_date.as_deref().and_then(written::noon_of);
    written::job(&sample.turns, area, started.unwrap_or(Started { utc_ms: 0, utc_offset_s: 0 }))
}
