//! Dialogues whose truth is known, and what the guards make of drafts about them.
//!
//! In: dialogues and drafts, one JSON object a line (pipeline/eval/README.md). Out: how many planted errors are seen, by
//! kind, and how many flags stand on sentences that are right.
//!
//! Not done here: no prompt, no model; that is `referent-pipeline eval`.

pub mod planted;
mod coverage;

pub use coverage::{forbidden, omitted};

use crate::{About, Call, Flag, Kind, Language, Line, MustNote, Speaker, Turn};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_areas::dialogue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A call as text, and what a note about it must and must not say.
#[derive(Clone, Debug, Deserialize)]
pub struct Dialogue {
    /// Unique in its file.
    pub id: String,
    /// The department.
    #[serde(default)]
    pub area: String,
    /// "da" or "en", of the call.
    pub language: String,
    /// The day of the call, YYYY-MM-DD.
    #[serde(default)]
    pub call_date: Option<String>,
    /// What was said, in order.
    pub turns: Vec<dialogue::Turn>,
    /// What a note about it must say.
    #[serde(default)]
    pub must_note: Vec<Fact>,
    /// What it must not say.
    #[serde(default)]
    pub must_not: Vec<String>,
    /// A note as a caseworker would have written it.
    #[serde(default)]
    pub reference_note: String,
}

/// A fact that a note must hold.
#[derive(Clone, Debug, Deserialize)]
pub struct Fact {
    /// The fact, in words.
    pub fact: String,
    /// The turns that say it.
    #[serde(default)]
    pub evidence: Vec<usize>,
    /// number, amount, date, time, name, address, commitment, decision, negation, circumstance.
    #[serde(default)]
    pub kind: String,
}

/// A draft about a dialogue.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ReadyDraft {
    /// Of the dialogue.
    pub id: String,
    /// The sentences.
    pub lines: Vec<ReadyLine>,
}

/// A sentence of a draft.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ReadyLine {
    /// Id of the section.
    #[serde(default)]
    pub section: String,
    /// The sentence.
    pub text: String,
    /// Indices of turns.
    #[serde(default)]
    pub evidence: Vec<usize>,
}

/// Why a file of dialogues or drafts is none.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// A line is not what it should be.
    #[error("line {line}: {problem}; each line is one JSON object (pipeline/eval/README.md)")]
    Line {
        /// From 1.
        line: usize,
        /// What the parser said.
        problem: String,
    },
}

/// Reads one object a line; blank lines are none.
pub fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Result<Vec<T>, BadFile> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| BadFile::Line { line: at + 1, problem: error.to_string() })
        })
        .collect()
}

impl Dialogue {
    /// The dialogue, read; its words through `heard` first.
    pub fn call(&self, mut heard: impl FnMut(&str) -> String) -> Call {
        let texts: Vec<(Speaker, String)> = self.turns.iter().map(|turn| (turn.speaker, heard(&turn.text))).collect();
        let turns: Vec<Turn<'_>> = texts.iter().map(|(speaker, text)| Turn { speaker: *speaker, text }).collect();
        let spoken = Language::from_tag(&self.language);
        let about = About {
            note: if self.area.ends_with("-en") { Language::English } else { Language::Danish },
            spoken,
            date: self.call_date.as_deref().and_then(|date| date.parse().ok()),
            known_names: Vec::new(),
        };
        Call::of(&turns, about)
    }
}

/// How the guards did on one kind of planted error.
#[derive(Clone, Copy, Default, Debug, Serialize)]
pub struct Seen {
    /// Planted.
    pub planted: usize,
    /// Seen: a flag of that kind that the right sentence does not have.
    pub seen: usize,
    /// Seen by any new flag.
    pub by_any: usize,
}

/// What the guards made of drafts.
#[derive(Clone, Default, Debug, Serialize)]
pub struct Score {
    /// Of planted errors, by kind.
    pub mutation: BTreeMap<Kind, Seen>,
    /// Drafts that are right.
    pub drafts: usize,
    /// Their sentences.
    pub sentences: usize,
    /// Flags on them, by kind.
    pub false_flags: BTreeMap<Kind, usize>,
    /// Sentences of theirs that ask for confirmation.
    pub confirm: usize,
    /// Entries of their missing-lists.
    pub missing: usize,
}

/// A flag on a sentence that is right.
#[derive(Clone, Debug)]
pub struct FalseFlag {
    /// The dialogue.
    pub id: String,
    /// The sentence.
    pub text: String,
    /// The turns that it cites, as they were heard.
    pub heard: Vec<String>,
    /// The flag.
    pub flag: Flag,
}

/// An error that no flag saw.
#[derive(Clone, Debug)]
pub struct Unseen {
    /// The dialogue.
    pub id: String,
    /// What was planted.
    pub kind: Kind,
    /// The sentence as it was.
    pub right: String,
    /// And with the error.
    pub wrong: String,
}

/// What there is to look at beside the figures.
#[derive(Clone, Default, Debug)]
pub struct Findings {
    /// The figures.
    pub score: Score,
    /// Flags that should not be.
    pub false_flags: Vec<FalseFlag>,
    /// Errors that were not seen.
    pub unseen: Vec<Unseen>,
}

/// Tries the guards on drafts that are right: as they are, and with one planted error at a time, `rounds` of each kind a
/// sentence. A share `noise` of the words of the calls is heard wrong.
pub fn score(dialogues: &[Dialogue], drafts: &[ReadyDraft], noise: f64, rounds: usize, seed: u64) -> Findings {
    let mut findings = Findings::default();
    let everything: Vec<(&str, &str)> = drafts
        .iter()
        .flat_map(|draft| draft.lines.iter().map(|line| (draft.id.as_str(), line.text.as_str())))
        .collect();
    for draft in drafts {
        let Some(dialogue) = dialogues.iter().find(|dialogue| dialogue.id == draft.id) else { continue };
        let mut chance = StdRng::seed_from_u64(seed ^ hash(&draft.id));
        let call =
            dialogue.call(|text| if noise > 0.0 { planted::noisy(text, noise, &mut chance) } else { text.to_owned() });
        let others: Vec<&str> = everything.iter().filter(|(id, _)| *id != draft.id).map(|(_, text)| *text).collect();
        findings.score.drafts += 1;
        let lines: Vec<Line<'_>> =
            draft.lines.iter().map(|line| Line { text: &line.text, evidence: &line.evidence }).collect();
        findings.score.missing += call.missing(&lines, &[] as &[MustNote]).len();
        for line in &lines {
            findings.score.sentences += 1;
            let right = call.check(line);
            findings.score.confirm += usize::from(right.confirm.is_some());
            for flag in &right.flags {
                *findings.score.false_flags.entry(flag.kind).or_default() += 1;
                let (id, text) = (draft.id.clone(), line.text.to_owned());
                let heard = line.evidence.iter().filter_map(|at| Some(call.turns.get(*at)?.text.clone())).collect();
                findings.false_flags.push(FalseFlag { id, text, heard, flag: flag.clone() });
            }
            for kind in planted::KINDS {
                for _ in 0..rounds {
                    let mut chance = StdRng::seed_from_u64(chance.random());
                    let Some(wrong) = planted::plant(kind, line.text, call.about.note, &others, &mut chance) else {
                        continue;
                    };
                    let checked = call.check(&Line { text: &wrong, evidence: line.evidence });
                    let new = |flag: &&Flag| {
                        !right.flags.iter().any(|old| {
                            old.kind == flag.kind
                                && old.said == flag.said
                                && old.reason == flag.reason
                                && (old.span == flag.span || old.span.len() == line.text.len())
                        })
                    };
                    let tally = findings.score.mutation.entry(kind).or_default();
                    tally.planted += 1;
                    tally.by_any += usize::from(checked.flags.iter().any(|flag| new(&flag)));
                    if checked.flags.iter().filter(new).any(|flag| is_of(flag.kind, kind)) {
                        tally.seen += 1;
                    } else {
                        let (id, right) = (draft.id.clone(), line.text.to_owned());
                        findings.unseen.push(Unseen { id, kind, right, wrong });
                    }
                }
            }
        }
    }
    findings
}

/// Whether a flag of this kind tells of such an error: numbers and dates are one to whoever looks at them.
fn is_of(flag: Kind, planted: Kind) -> bool {
    let value = |kind| matches!(kind, Kind::Number | Kind::Date);
    flag == planted || value(flag) && value(planted) || planted == Kind::Unsupported
}

/// FNV-1a: a seed for each dialogue that does not change with their order.
fn hash(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
