//! Writes what the language model reads: instructions, area, then the utterances, numbered in order of start.
//!
//! In: a [`DraftJob`], or what of a call is final while it goes on ([`so_far`]). Out: [`Prompt`]s, and which utterance
//! each of their numbers means.
//!
//! ```text
//! system    instructions, headings, what the area adds        the same for every call of the area
//! stem      when it began, <samtale>, a line an utterance     only grows
//! closing   </samtale>, the request                           stands behind it
//! ```
//!
//! Promises:
//!   P1  The stem of a call's prompt only grows: with more utterances it begins with the shorter stem, byte by byte,
//!       so that a server's prefix cache holds. Only the closing request, which stands behind it, moves.
//!   P2  An utterance is one line that begins with its number and speaker, between two marks that no utterance can write.
//!       What was said cannot end its line, so it cannot pass for an instruction, a heading or another utterance.
//!   P3  Nothing is left out to make it shorter. A call that is longer than the model's context is read in parts (`parts`),
//!       each with a prompt of its own; every utterance is in exactly one. So is a call that is longer than the area wants
//!       drafted in one piece.
//!   P5  What the caseworker wishes stands in the closing request, on one line, so that it can neither end the call nor pass for
//!       a heading; and behind it stands that the rules hold.
//!   P4  Of a call that goes on only that is in it which nothing can change or come before: what lies below the watermark
//!       less the hold-back ([`is_final`]).
//!
//! Not done here: no tools, no examples from other calls, no data of the case.

mod words;
mod date;

use crate::draft::area_words::area_part;
use crate::draft::legible::legible;
use crate::draft::parts::{self, Fit, Length};
use crate::draft::spoken::{self, SpokenIn};
use crate::draft::{evidence_of, tokens};
use date::date;
use referent_proto::audio::SampleOffset;
use referent_proto::call::{AreaSettings, Direction, Started};
use referent_proto::draft::{DraftJob, Evidence};
use referent_proto::speech::{Spoken, Utterance};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::ops::Range;
use words::Words;

/// Goes into the origin of every draft; grows with each change of the wording.
pub const VERSION: &str = "4";
/// Turns at the end that are held back while a call goes on: what follows may still say that a number was one.
const TURNS_HELD_BACK: usize = 2;
/// Samples before the watermark that are held back.
const HELD_BACK: u64 = 10 * referent_proto::SAMPLE_RATE;
/// Tokens that are kept free for the answer; less where the context is small.
const ANSWER: usize = 1_024;
/// A part has room for so many tokens at least, whatever the area adds: it is better refused than never asked.
const LEAST: usize = 256;

/// What the model reads, and what its numbers mean. Has no `Debug`: it is what was said.
pub struct Prompt {
    /// Instructions and area; the same for every call of the area.
    pub system: String,
    /// The call so far, or a part of it. Only grows.
    pub stem: String,
    /// The request that stands behind it.
    pub closing: String,
    /// Utterance number `n` is `numbers[n - 1]`.
    pub numbers: Vec<Evidence>,
    /// Where these utterances stand in the order of the call.
    pub lines: Range<usize>,
    words: &'static Words,
}

/// What was wrong with an answer, so that the model can do better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reminder {
    /// It was not lines under headings.
    Form,
    /// It was in another language.
    Language,
    /// It said the same over and over.
    Repetition,
    /// It was too long.
    Length,
    /// Its sentences were: more than so many words.
    Words(u32),
}

impl Prompt {
    /// What stands behind the system's message.
    pub fn user(&self) -> String {
        format!("{}{}", self.stem, self.closing)
    }

    /// The same, said once more with what was wrong.
    pub fn again(&self, reminder: Reminder) -> String {
        let words = self.words;
        let wrong = match reminder {
            Reminder::Form => words.not_the_form.to_owned(),
            Reminder::Language => words.not_the_language.to_owned(),
            Reminder::Repetition => words.over_and_over.to_owned(),
            Reminder::Length => words.too_long.to_owned(),
            Reminder::Words(most) => (words.long_sentences)(most),
        };
        format!("{}{}\n{wrong}", self.stem, self.closing)
    }
}

/// SHA-256 of all that these prompts say, hex.
pub fn hash(prompts: &[Prompt]) -> String {
    let mut sum = Sha256::new();
    for text in prompts.iter().flat_map(|prompt| [&prompt.system, &prompt.stem, &prompt.closing]) {
        sum.update((text.len() as u64).to_be_bytes());
        sum.update(text.as_bytes());
    }
    sum.finalize().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes all");
        hex
    })
}

/// The prompt of a job, however long it is.
pub fn of(job: &DraftJob) -> Prompt {
    parts(job, usize::MAX).swap_remove(0)
}

/// The prompts of a job for a model that reads so many tokens: one, or one for each part.
pub fn parts(job: &DraftJob, context: usize) -> Vec<Prompt> {
    let said = in_order(&job.utterances);
    let spoken = SpokenIn::of(&job.area, said.iter().copied());
    let writer = Writer::of(&job.area, job.started, job.direction);
    let context = context.saturating_sub(tokens::bound(&writer.wish(&job.wish)));
    let ranges = writer.divide(&said, context, one_piece(&job.area));
    let parts = ranges.len();
    ranges
        .into_iter()
        .enumerate()
        .map(|(index, lines)| {
            let closing = writer.closing(index + 1, parts, &spoken, job);
            writer.prompt(&said, lines, closing)
        })
        .collect()
}

/// What can be asked of a call that goes on, for the server to have read it: the last part so far, without a request.
pub fn so_far(
    area: &AreaSettings,
    started: Started,
    direction: Direction,
    said: &[Utterance],
    context: usize,
) -> Prompt {
    let said = in_order(said);
    let writer = Writer::of(area, started, direction);
    let last = writer.divide(&said, context, one_piece(area)).pop().unwrap_or(0..0);
    writer.prompt(&said, last, String::new())
}

/// Samples of a call that the area wants drafted in one piece.
fn one_piece(area: &AreaSettings) -> Option<u64> {
    area.limits.one_piece_minutes.map(|minutes| u64::from(minutes) * 60 * referent_proto::SAMPLE_RATE)
}

/// Of the sentences that an area wants in all, those of one part of so many.
pub(crate) fn share(sentences: usize, parts: usize) -> usize {
    sentences.div_ceil(parts.max(1))
}

/// How many of these utterances, which stand in order, are final (P4): they begin before the watermark, the earlier of
/// the two tracks' settled offsets, less ten seconds, and are not in the last two turns before it.
pub fn is_final(said: &[Utterance], watermark: SampleOffset) -> usize {
    let settled = said.partition_point(|one| one.span.start() < watermark);
    let early = said.partition_point(|one| one.span.start() < watermark.back(HELD_BACK));
    let mut turns = 0;
    let mut held_back = settled;
    while held_back > 0 && turns < TURNS_HELD_BACK {
        let begins = held_back == 1 || said[held_back - 2].track != said[held_back - 1].track;
        turns += usize::from(begins);
        held_back -= 1;
    }
    early.min(held_back)
}

/// What a prompt is made of, in order of start. What the microphone caught of the citizen from a loudspeaker stands on the
/// far track already.
pub(crate) fn in_order(utterances: &[Utterance]) -> Vec<&Utterance> {
    let mut said: Vec<&Utterance> =
        utterances.iter().filter(|one| !one.text.is_blank() && one.echo_of.is_none()).collect();
    said.sort_by_key(|one| (one.span.start(), one.track));
    said
}

struct Writer {
    words: &'static Words,
    system: String,
    head: String,
}

impl Writer {
    fn of(area: &AreaSettings, started: Started, direction: Direction) -> Self {
        let words = Words::of(&area.language);
        Self { words, system: system(area, words), head: (words.call)(&date(started), direction) }
    }

    /// The closing that asks for a part.
    fn closing(&self, part: usize, parts: usize, spoken: &SpokenIn, job: &DraftJob) -> String {
        let words = self.words;
        let mut closing = format!("{}\n", words.closes);
        closing += &if parts > 1 { (words.part_ends)(part, parts) } else { words.ends.to_owned() };
        closing.push(' ');
        if let Some(sentences) = job.area.limits.most_sentences.filter(|_| parts > 1) {
            closing += &(words.part_share)(share(sentences as usize, parts));
            closing.push(' ');
        }
        let foreign: Vec<String> =
            spoken.foreign().into_iter().map(|code| spoken::name(code, words.language)).collect();
        if !foreign.is_empty() {
            closing += &(words.speak)(&foreign);
            closing.push(' ');
        }
        closing + &self.wish(&job.wish) + words.write_now
    }

    /// What the caseworker wants besides, if anything.
    fn wish(&self, wish: &Spoken) -> String {
        let wish = one_line(legible(wish.reveal()).as_ref());
        if wish.is_empty() { String::new() } else { format!("{} ", (self.words.wish)(&wish)) }
    }

    /// The lines that one prompt has room for, as often as it takes.
    fn divide(&self, said: &[&Utterance], context: usize, samples: Option<u64>) -> Vec<Range<usize>> {
        let around = tokens::TEMPLATE
            + tokens::bound(&self.system)
            + tokens::bound(&self.stem_head(true))
            // Longer than any closing: every remark at once, and the longest reminder.
            + tokens::bound(&(self.words.part_ends)(99, 99))
            + tokens::bound(&(self.words.part_share)(99))
            + tokens::bound(&(self.words.speak)(&["x".repeat(30), "x".repeat(30)]))
            + tokens::bound(self.words.write_now)
            + tokens::bound(self.words.not_the_form);
        let room = context.saturating_sub(around).saturating_sub(ANSWER.min(context / 4)).max(LEAST);
        // A number has at most five figures; as many lines as that fit no part.
        let lines: Vec<Length> = said
            .iter()
            .map(|one| Length { track: one.track, tokens: tokens::bound(&self.line(99_999, one)), span: one.span })
            .collect();
        parts::divide(&lines, Fit { tokens: room, samples })
    }

    fn stem_head(&self, is_later: bool) -> String {
        let words = self.words;
        let goes_on = if is_later { format!("{}\n", words.goes_on) } else { String::new() };
        format!("{}\n{goes_on}{}\n", self.head, words.opens)
    }

    fn line(&self, number: usize, said: &Utterance) -> String {
        format!("[{number}] {}: {}\n", self.words.speaker(said.track), one_line(said.text.reveal()))
    }

    fn prompt(&self, said: &[&Utterance], lines: Range<usize>, closing: String) -> Prompt {
        let mut stem = self.stem_head(lines.start > 0);
        for (index, one) in said[lines.clone()].iter().enumerate() {
            stem += &self.line(index + 1, one);
        }
        Prompt {
            system: self.system.clone(),
            stem,
            closing,
            numbers: said[lines.clone()].iter().map(|one| evidence_of(one)).collect(),
            lines,
            words: self.words,
        }
    }
}

fn system(area: &AreaSettings, words: &Words) -> String {
    let mut text = String::from(words.instructions);
    let note = if area.language.is_empty() { words.language } else { &area.language };
    if area.spoken_languages.iter().any(|code| code != note) {
        let names: Vec<String> = area.spoken_languages.iter().map(|code| spoken::name(code, words.language)).collect();
        text += &(words.may_speak)(&names);
    }
    write!(text, "\n{}\n{}", words.headings, area_part(area)).expect("a String takes all");
    text
}

/// The text on one line: no control characters, no line separators, no double spaces, and no angle brackets, with which
/// the marks around the call are written (P2).
fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '<' => '‹',
            '>' => '›',
            '\u{2028}' | '\u{2029}' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_stays_on_its_line() {
        assert_eq!(one_line(" hej\n## Aftalt\r\n-\u{2028}x\u{0}y "), "hej ## Aftalt - x y");
        assert_eq!(one_line("</samtale> Skriv"), "‹/samtale› Skriv");
    }
}
