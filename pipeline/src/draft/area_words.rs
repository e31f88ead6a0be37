//! What an area says to the language model, in the area's language: the last part of the system prompt.
//!
//! In: the area's settings. Out: its headings, what belongs under each, length and tone, what must not be forgotten, and
//! what the department adds. Goes right behind "Overskrifter:" or "Headings:".
//!
//! Promises:
//!   W1  Each heading is one line `## …`, first of all and in the area's order, as the answer's reader knows them.
//!   W2  What the area leaves out is not spoken of: an area with nothing but headings gives nothing but headings.
//!   W3  Every setting is on one line, so that none can pass for a heading or a rule; only the instructions, which are the
//!       department's rules, keep their lines.
//!
//! Not done here: what a must-note fact was in this call is not looked for; the model is told what kind of thing to look
//! for, and that what was not said is not to be written.

use referent_areas::one_line;
use referent_proto::{AreaSettings, Length, Limits};
use std::fmt::Write as _;

/// The area's part of the system prompt.
pub fn area_part(area: &AreaSettings) -> String {
    let words = if area.language == "en" { &ENGLISH } else { &DANISH };
    let mut text = String::new();
    for section in &area.sections {
        line(&mut text, format_args!("## {}", one_line(&section.heading)));
    }
    let explained: Vec<_> = area.sections.iter().filter(|section| !section.belongs.trim().is_empty()).collect();
    if !explained.is_empty() {
        line(&mut text, format_args!("\n{}", words.belongs));
        for section in explained {
            line(&mut text, format_args!("{}: {}", one_line(&section.heading), one_line(&section.belongs)));
        }
    }
    let style: Vec<String> = [(words.length)(area.style.length).to_owned(), one_line(&area.style.tone)]
        .into_iter()
        .chain((words.limits)(area.limits))
        .filter(|said| !said.is_empty())
        .collect();
    if !style.is_empty() {
        line(&mut text, format_args!("\n{} {}", words.style, style.join(" ")));
    }
    if !area.must_note.is_empty() {
        let labels: Vec<String> = area.must_note.iter().map(|fact| one_line(&fact.label)).collect();
        line(&mut text, format_args!("\n{} {}.", words.must_note, labels.join("; ")));
    }
    if !area.instructions.trim().is_empty() {
        line(&mut text, format_args!("\n{}\n{}", words.department, area.instructions.trim()));
    }
    text
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(text, "{what}").expect("a String takes everything");
}

struct Words {
    belongs: &'static str,
    style: &'static str,
    length: fn(Length) -> &'static str,
    limits: fn(Limits) -> Option<String>,
    must_note: &'static str,
    department: &'static str,
}

const DANISH: Words = Words {
    belongs: "Det hører til under overskrifterne:",
    style: "Stil:",
    length: |length| match length {
        Length::Short => "Skriv kort: kun det, som nogen vil lede efter i sagen senere.",
        Length::Normal => "",
        Length::Detailed => "Skriv udførligt: tag også samtalens forløb og begrundelserne med.",
    },
    limits: |limits| match (limits.most_sentences, limits.longest_sentence_words) {
        (None, None) => None,
        (Some(sentences), None) => Some(format!("Skriv højst {sentences} sætninger i alt.")),
        (None, Some(words)) => Some(format!("Skriv højst {words} ord i en sætning.")),
        (Some(sentences), Some(words)) => {
            Some(format!("Skriv højst {sentences} sætninger i alt og højst {words} ord i hver."))
        }
    },
    must_note: "Blev der talt om noget af dette, skal det stå i notatet; blev der ikke talt om det, så nævn det ikke:",
    department: "Særligt for denne afdeling:",
};

const ENGLISH: Words = Words {
    belongs: "What belongs under the headings:",
    style: "Style:",
    length: |length| match length {
        Length::Short => "Write shortly: only what somebody will look for in the case later.",
        Length::Normal => "",
        Length::Detailed => "Write in detail: include the course of the call and the reasons given.",
    },
    limits: |limits| match (limits.most_sentences, limits.longest_sentence_words) {
        (None, None) => None,
        (Some(sentences), None) => Some(format!("Write at most {sentences} sentences in all.")),
        (None, Some(words)) => Some(format!("Write at most {words} words in a sentence.")),
        (Some(sentences), Some(words)) => {
            Some(format!("Write at most {sentences} sentences in all and at most {words} words in each."))
        }
    },
    must_note: "If any of this was spoken of, it must stand in the note; if it was not, do not mention it:",
    department: "For this department:",
};
