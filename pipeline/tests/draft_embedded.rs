//! The embedded drafter on the twelve sample calls.

use referent_pipeline::draft::embedded::pick;
use referent_proto::audio::{SampleOffset, SampleSpan};
use referent_proto::call::{AreaSettings, Direction, Section, Started};
use referent_proto::draft::{DraftJob, DraftKey};
use referent_proto::ids::{CallId, PerTrack, Track};
use referent_proto::speech::{Spoken, Utterance};
use serde::Deserialize;
use std::fmt::Write as _;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Call {
    name: String,
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    channel: u8,
    start_s: f64,
    end_s: f64,
    text: String,
}

fn calls() -> Vec<Call> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/demo-da/calls");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.iter().map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()).collect()
}

fn offset(seconds: f64) -> SampleOffset {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a short call")]
    SampleOffset((seconds * 16_000.0) as u64)
}

fn job(call: &Call) -> DraftJob {
    let utterances = call
        .turns
        .iter()
        .map(|turn| Utterance {
            track: if turn.channel == 0 { Track::Near } else { Track::Far },
            span: SampleSpan::new(offset(turn.start_s), offset(turn.end_s)).unwrap(),
            text: Spoken::new(turn.text.clone()),
            words: Vec::new(),
            probability: 0.9,
        })
        .collect();
    DraftJob {
        key: DraftKey { call: CallId::new(1, [1; 10]), draft: 1, attempt: 1 },
        lease_ms: 30_000,
        provisional: false,
        area: area("da"),
        covers: PerTrack { near: offset(90.0), far: offset(90.0) },
        utterances,
        started: Started { utc_ms: 1_747_039_320_000, utc_offset_s: 7200 },
        direction: Direction::Incoming,
    }
}

fn area(language: &str) -> AreaSettings {
    let headings = if language == "en" {
        ["Reason for the call", "Information", "Agreed"]
    } else {
        ["Årsag til henvendelse", "Oplysninger", "Aftalt"]
    };
    let sections = ["reason", "information", "agreed"]
        .into_iter()
        .zip(headings)
        .map(|(id, heading)| Section { id: id.into(), heading: heading.into() })
        .collect();
    AreaSettings {
        area: "standard".into(),
        version: "v".into(),
        language: language.into(),
        sections,
        llm_is_local: false,
        instructions: String::new(),
    }
}

/// The draft as a person reads it.
fn note(job: &DraftJob) -> String {
    let mut note = String::new();
    let picks = pick(job);
    for (index, section) in job.area.sections.iter().enumerate() {
        writeln!(note, "## {}", section.heading).unwrap();
        for pick in picks.iter().filter(|pick| pick.section == index) {
            writeln!(note, "- {}", pick.text.reveal()).unwrap();
        }
    }
    note
}

#[test]
fn drafts_of_the_sample_calls() {
    for call in calls() {
        insta::assert_snapshot!(format!("draft_{}", call.name), note(&job(&call)));
    }
}
