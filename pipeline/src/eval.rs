//! Tries drafters and guards on dialogues whose truth is known, and says how they did.
//!
//! In: dialogues (pipeline/eval/README.md) and who drafts: a language model, the embedded drafter, or drafts that are ready. Out:
//! a [`Report`], in words or as JSON.
//!
//! ```text
//! dialogue ─▶ job ─▶ draft::run ─┬─▶ sentences, flags ─▶ tally
//! ready drafts ─▶ guards ────────┘
//! ```
//!
//! What the guards flag is not what is wrong: for drafts of a model nobody here knows the truth of every sentence. What is
//! known: which facts had to be noted, what must not be said, whether a number is nowhere in the call. For ready drafts that
//! are right, every flag is a false one, and planted errors say how many true ones there would be.
//!
//! Not done here: nothing is tuned; the set that ships is open, and others exist.

use crate::draft::{self, DraftOut, Drafters};
use anyhow::{Context as _, anyhow};
use referent_areas::{Folder, News, written};
use referent_guards::eval::{self as truth, Dialogue, Findings, ReadyDraft, ReadyLine};
use referent_guards::{Kind, Line};
use referent_proto::audio::SampleOffset;
use referent_proto::call::Started;
use referent_proto::draft::{DraftFailure, DraftJob, DraftSentence, Origin};
use referent_proto::{AreaSettings, Section};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Sentences of a draft that wait to be counted.
const SENTENCES: usize = 64;

/// How a set of drafts did.
#[derive(Clone, Default, Debug, Serialize)]
pub struct Report {
    /// Who wrote them.
    pub drafter: String,
    /// Dialogues.
    pub dialogues: usize,
    /// Those without a draft, by reason.
    pub without_draft: BTreeMap<String, usize>,
    /// Sentences.
    pub sentences: usize,
    /// Sentences that cite at least one turn of the call.
    pub evidence_valid: usize,
    /// Flags, by kind.
    pub flags: BTreeMap<Kind, usize>,
    /// Sentences to be confirmed.
    pub confirm: usize,
    /// Facts that had to be noted.
    pub must_note: usize,
    /// Those of them that no draft holds.
    pub omitted: usize,
    /// Texts that must not be said, and were.
    pub forbidden: usize,
    /// Dialogue and fact of what was left out, and of what must not be said.
    #[serde(skip)]
    pub to_look_at: Vec<String>,
    /// Lines of a model's answer that were not shown.
    pub lines_not_parsed: u64,
    /// Seconds for all drafts.
    pub seconds: f64,
    /// The guards' part, of drafts that are right: planted errors and false flags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guards: Option<truth::Score>,
}

impl Report {
    /// So many of these in a hundred sentences.
    pub fn per_hundred(&self, count: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts of sentences")]
        let share = count as f64 * 100.0 / self.sentences.max(1) as f64;
        share
    }

    fn take(&mut self, dialogue: &Dialogue, lines: &[ReadyLine]) {
        let call = dialogue.call(str::to_owned);
        let lines: Vec<Line<'_>> =
            lines.iter().map(|line| Line { text: &line.text, evidence: &line.evidence }).collect();
        for line in &lines {
            let checked = call.check(line);
            self.sentences += 1;
            self.evidence_valid += usize::from(line.evidence.iter().any(|at| *at < dialogue.turns.len()));
            self.confirm += usize::from(checked.confirm.is_some());
            for flag in checked.flags {
                *self.flags.entry(flag.kind).or_default() += 1;
            }
        }
        self.must_note += dialogue.must_note.len();
        let (id, omitted, forbidden) =
            (&dialogue.id, truth::omitted(dialogue, &call, &lines), truth::forbidden(dialogue, &call, &lines));
        self.omitted += omitted.len();
        self.forbidden += forbidden.len();
        self.to_look_at.extend(omitted.iter().map(|fact| format!("left out {id} ({}): {}", fact.kind, fact.fact)));
        self.to_look_at.extend(forbidden.iter().map(|text| format!("must not {id}: {text}")));
    }
}

/// Settings by the name that dialogues call them by.
pub type Areas = BTreeMap<String, AreaSettings>;

/// Every area of a folder. A mistake in one of them is an error: the figures would be of something else.
pub fn areas_in(folder: &Path) -> anyhow::Result<Areas> {
    let news = Folder::at(folder).first_look().with_context(|| folder.display().to_string())?;
    let area = |News { area, file, what }: News| match what {
        Ok(settings) => Ok((area, settings)),
        Err(trouble) => Err(anyhow!("{}: {trouble}", file.display())),
    };
    news.into_iter().map(area).collect()
}

/// Drafts every dialogue, one after the other, under the settings of its area. One whose area is not there gets four plain
/// sections, and nothing is hidden from the model.
pub async fn of_drafter(dialogues: &[Dialogue], areas: &Areas, drafters: &Drafters) -> Report {
    let mut report = Report { dialogues: dialogues.len(), ..Report::default() };
    let began = Instant::now();
    for dialogue in dialogues {
        let job = job(dialogue, areas);
        let turns: Vec<SampleOffset> = job.utterances.iter().map(|said| said.span.start()).collect();
        match drafted(job, drafters).await {
            Drafted::Lines { sentences, origin, lines_not_parsed } => {
                report.drafter = format!("{:?} {}", origin.kind, origin.model).to_lowercase();
                report.lines_not_parsed += u64::from(lines_not_parsed);
                let lines: Vec<ReadyLine> = sentences.iter().map(|sentence| ready(sentence, &turns)).collect();
                report.take(dialogue, &lines);
            }
            Drafted::Failed(failure) => {
                *report.without_draft.entry(failure.name().to_owned()).or_default() += 1;
                report.take(dialogue, &[]);
            }
        }
    }
    report.seconds = began.elapsed().as_secs_f64();
    report
}

/// Tries the guards on drafts that are right.
pub fn of_ready(dialogues: &[Dialogue], drafts: &[ReadyDraft], noise: f64, rounds: usize) -> (Report, Findings) {
    let mut report = Report { drafter: "ready".to_owned(), dialogues: drafts.len(), ..Report::default() };
    let began = Instant::now();
    for draft in drafts {
        if let Some(dialogue) = dialogues.iter().find(|dialogue| dialogue.id == draft.id) {
            report.take(dialogue, &draft.lines);
        }
    }
    let findings = truth::score(dialogues, drafts, noise, rounds, 7);
    report.seconds = began.elapsed().as_secs_f64();
    report.guards = Some(findings.score.clone());
    (report, findings)
}

enum Drafted {
    Lines { sentences: Vec<DraftSentence>, origin: Box<Origin>, lines_not_parsed: u32 },
    Failed(DraftFailure),
}

async fn drafted(job: DraftJob, drafters: &Drafters) -> Drafted {
    let (out, mut outputs) = mpsc::channel(SENTENCES);
    let counting = async {
        let mut sentences = Vec::new();
        while let Some(output) = outputs.recv().await {
            match output {
                DraftOut::Sentence(sentence) => sentences.push(sentence),
                DraftOut::Finished { origin, lines_not_parsed, .. } => {
                    return Drafted::Lines { sentences, origin: Box::new(origin), lines_not_parsed };
                }
                DraftOut::Failed { failure, .. } => return Drafted::Failed(failure),
            }
        }
        Drafted::Failed(DraftFailure::DrafterFailed)
    };
    tokio::join!(draft::run(job, drafters, out, CancellationToken::new()), counting).1
}

/// The sentence with its evidence as turns: the job has an utterance for each, in order.
fn ready(sentence: &DraftSentence, turns: &[SampleOffset]) -> ReadyLine {
    ReadyLine {
        section: sentence.section.clone(),
        text: sentence.text.reveal().to_owned(),
        evidence: sentence.evidence.iter().filter_map(|rests| turns.binary_search(&rests.start).ok()).collect(),
    }
}

/// The job that a call with these words would have ended in.
fn job(dialogue: &Dialogue, areas: &Areas) -> DraftJob {
    let started = dialogue.call_date.as_deref().and_then(written::noon_of);
    let mut area = areas.get(&dialogue.area).cloned().unwrap_or_else(|| plain(dialogue));
    // As if the recogniser had found out.
    area.spoken_languages = vec![dialogue.language.clone()];
    written::job(&dialogue.turns, &area, started.unwrap_or(Started { utc_ms: 0, utc_offset_s: 0 }))
}

fn plain(dialogue: &Dialogue) -> AreaSettings {
    let english = dialogue.area.ends_with("-en");
    let headings: [(&str, &str, &str); 4] = [
        ("reason", "Årsag til henvendelse", "Reason for the call"),
        ("information", "Oplysninger", "Information"),
        ("agreed", "Aftalt", "Agreed"),
        ("other", "Andet", "Other"),
    ];
    let sections = headings.map(|(id, danish, english_heading)| Section {
        id: id.to_owned(),
        heading: if english { english_heading } else { danish }.to_owned(),
        ..Section::default()
    });
    AreaSettings {
        area: dialogue.area.clone(),
        language: if english { "en" } else { "da" }.to_owned(),
        sections: sections.to_vec(),
        llm_is_local: true,
        ..AreaSettings::default()
    }
}
