//! A written call as the pipeline would draft it: for the person who writes an area.
//!
//! In: the job that the call would be (`referent_areas::written`). Out: a page of text with the prompt, the draft with its
//! evidence and what the guards doubt. Promised: prompt and draft are made by the code that serves calls (`draft::prompt`,
//! `draft::run`). Not done here: no file is read, no clock asked, nothing printed.

use crate::draft::{self, DraftOut, Drafters, hidden, prompt};
use referent_areas::cues::spoken_of;
use referent_proto::{DraftJob, DraftSentence, Evidence, Flag};
use std::fmt::Write as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Sentences on their way; they are taken as they come.
const ON_THE_WAY: usize = 16;

/// The page: the prompt as a language model would get it, with what the area hides from it, the draft of these drafters, and the must-note facts.
pub async fn page(job: DraftJob, drafters: &Drafters) -> String {
    let prompt = prompt::of(&job);
    let mut page = String::new();
    put(&mut page, format_args!("=== area {}, version {}", job.area.area, job.area.version));
    match hidden::hide(&job, draft::mode_of(&job.area)) {
        Ok((shown, _)) => {
            let shown = prompt::of(&shown);
            put(&mut page, format_args!("=== system\n{}", shown.system));
            put(&mut page, format_args!("=== call (pseudonyms: {})\n{}", job.area.pseudonyms(), shown.stem));
            put(&mut page, format_args!("=== request\n{}\n", shown.closing));
        }
        Err(doubtful) => put(&mut page, format_args!("=== call\nno language model would be asked: {doubtful}\n")),
    }
    let number = |rests: &Evidence| prompt.numbers.iter().position(|one| one == rests).map_or(0, |at| at + 1);
    let (mut sentences, ending) = drafted(job.clone(), drafters).await;
    put(&mut page, format_args!("=== draft {ending}"));
    sentences.sort_by_key(|sentence| sentence.index);
    for section in &job.area.sections {
        put(&mut page, format_args!("## {}", section.heading));
        for sentence in sentences.iter().filter(|sentence| sentence.section == section.id) {
            let rests: Vec<String> = sentence.evidence.iter().map(|rests| number(rests).to_string()).collect();
            let confirm = sentence.confirm.map(|what| format!(" (to be confirmed: {what})")).unwrap_or_default();
            put(&mut page, format_args!("- {} [{}]{confirm}", sentence.text.reveal(), rests.join(",")));
            for flag in &sentence.flags {
                put(&mut page, format_args!("    doubted, {}: {}", flag.kind, words_of(sentence.text.reveal(), flag)));
            }
        }
    }
    facts(&mut page, &job, &prompt);
    page
}

fn facts(page: &mut String, job: &DraftJob, prompt: &prompt::Prompt) {
    if job.area.must_note.is_empty() {
        return;
    }
    let text_of = |rests: &Evidence| {
        let said = job.utterances.iter().find(|said| said.track == rests.track && said.span.start() == rests.start);
        said.map_or("", |said| said.text.reveal())
    };
    let texts: Vec<&str> = prompt.numbers.iter().map(text_of).collect();
    put(page, format_args!("\n=== must be noted, and spoken of in the call"));
    let found = spoken_of(&job.area.must_note, &texts);
    for one in &found {
        let lines: Vec<String> = one.turns.iter().map(|turn| (turn + 1).to_string()).collect();
        put(page, format_args!("{} ({}): [{}]", one.fact.label, one.fact.kind, lines.join(",")));
    }
    let silent: Vec<&str> = job
        .area
        .must_note
        .iter()
        .filter(|fact| found.iter().all(|one| one.fact.id != fact.id))
        .map(|fact| fact.label.as_str())
        .collect();
    put(page, format_args!("not spoken of: {}", if silent.is_empty() { "-".to_owned() } else { silent.join("; ") }));
}

/// The words that a flag is about.
fn words_of(text: &str, flag: &Flag) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX).min(units.len());
    String::from_utf16_lossy(units.get(at(flag.start)..at(flag.end)).unwrap_or_default())
}

/// All sentences, and how it ended.
async fn drafted(job: DraftJob, drafters: &Drafters) -> (Vec<DraftSentence>, String) {
    let (out, mut coming) = mpsc::channel(ON_THE_WAY);
    let writing = draft::run(job, drafters, out, CancellationToken::new());
    let taking = async {
        let (mut sentences, mut ending) = (Vec::new(), "was not made".to_owned());
        while let Some(next) = coming.recv().await {
            match next {
                DraftOut::Sentence(sentence) => sentences.push(sentence),
                DraftOut::Finished { origin, lines_not_parsed, .. } => {
                    let trouble = origin.trouble.map(|trouble| format!(", {trouble}")).unwrap_or_default();
                    ending =
                        format!("by {} ({}{trouble}), lines not shown: {lines_not_parsed}", origin.kind, origin.model);
                }
                DraftOut::Failed { failure, .. } => ending = format!("failed: {failure}"),
            }
        }
        (sentences, ending)
    };
    let ((), taken) = tokio::join!(writing, taking);
    taken
}

fn put(page: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(page, "{line}").expect("a String takes everything");
}
