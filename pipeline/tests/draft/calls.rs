//! What the tests draft from: the sample calls, and jobs made by hand.

use referent_proto::audio::{SampleOffset, SampleSpan};
use referent_proto::call::{AreaSettings, Direction, Section, Started};
use referent_proto::draft::{DraftJob, DraftKey};
use referent_proto::ids::{CallId, PerTrack, Track};
use referent_proto::speech::{Spoken, Utterance};
use serde::Deserialize;
use std::path::PathBuf;

/// A sample call, as its JSON tells it.
#[derive(Deserialize)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) turns: Vec<Turn>,
}

/// Who said what, when.
#[derive(Deserialize)]
pub(crate) struct Turn {
    channel: u8,
    start_s: f64,
    end_s: f64,
    pub(crate) text: String,
}

impl Turn {
    pub(crate) fn track(&self) -> Track {
        if self.channel == 0 { Track::Near } else { Track::Far }
    }
}

/// All of them, in order of their names.
pub(crate) fn calls() -> Vec<Call> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/demo-da/calls");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the sample calls")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let read = |file: &PathBuf| std::fs::read(file).expect("a readable file");
    files.iter().map(|file| serde_json::from_slice(&read(file)).expect("a call")).collect()
}

fn offset(seconds: f64) -> SampleOffset {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a short call")]
    SampleOffset((seconds * 16_000.0) as u64)
}

/// The job that a call becomes at hang-up, if every turn was heard right.
pub(crate) fn job(call: &Call) -> DraftJob {
    let turns = call.turns.iter();
    said(turns.map(|turn| utterance(turn.track(), turn.start_s, turn.end_s, &turn.text)))
}

/// An utterance of this stretch.
pub(crate) fn utterance(track: Track, start_s: f64, end_s: f64, text: &str) -> Utterance {
    Utterance {
        track,
        span: SampleSpan::new(offset(start_s), offset(end_s)).expect("an end behind its start"),
        text: Spoken::new(text),
        words: Vec::new(),
        probability: 0.9,
        echo_of: None,
    }
}

/// A job about these utterances.
pub(crate) fn said(utterances: impl IntoIterator<Item = Utterance>) -> DraftJob {
    DraftJob {
        key: DraftKey { call: CallId::new(1, [1; 10]), draft: 1, attempt: 1 },
        lease_ms: 30_000,
        provisional: false,
        area: area("da"),
        covers: PerTrack { near: offset(90.0), far: offset(90.0) },
        utterances: utterances.into_iter().collect(),
        started: Started { utc_ms: 1_747_039_320_000, utc_offset_s: 7200 },
        direction: Direction::Incoming,
        wish: Spoken::default(),
    }
}

/// The standard area.
pub(crate) fn area(language: &str) -> AreaSettings {
    let headings = if language == "en" {
        ["Reason for the call", "Information", "Agreed"]
    } else {
        ["Årsag til henvendelse", "Oplysninger", "Aftalt"]
    };
    let sections = ["reason", "information", "agreed"]
        .into_iter()
        .zip(headings)
        .map(|(id, heading)| Section { id: id.into(), heading: heading.into(), ..Section::default() })
        .collect();
    AreaSettings {
        area: "standard".into(),
        version: "v".into(),
        language: language.into(),
        sections,
        ..AreaSettings::default()
    }
}
