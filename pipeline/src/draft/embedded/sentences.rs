//! Makes sentences of utterances: merged where a pause split them, split where they are several, cleaned, and each with
//! the utterances it rests on.
//!
//! Cleaning removes what carries nothing (fillers, doubled words, "okay, …"), masks CPR numbers, and lets a plain
//! self-correction win ("den 2., nej, den 12. oktober"). No other word is changed.

use super::cues::{Cues, contains};
use super::text::{Plain, Rules};
use crate::draft::evidence_of;
use referent_proto::draft::Evidence;
use referent_proto::ids::Track;
use referent_proto::speech::Utterance;
use referent_proto::{SAMPLE_RATE, SampleOffset};

/// A pause that does not end a sentence although it cut an utterance.
const WITHIN_A_SENTENCE: u64 = SAMPLE_RATE * 8 / 10;
/// Characters after which a sentence without full stops is cut at a conjunction.
const LONG: usize = 240;

/// A sentence that somebody said.
#[derive(Clone)]
pub(super) struct Sentence {
    pub(super) track: Track,
    /// Counts the turns of the call: when the other one speaks, the next begins.
    pub(super) turn: usize,
    /// Ready for a quotation.
    pub(super) text: String,
    /// The same for cues.
    pub(super) plain: Plain,
    pub(super) evidence: Vec<Evidence>,
    pub(super) is_question: bool,
    /// "Yes" or "no", if it began so; then `text` still does.
    pub(super) answers: Option<Answer>,
}

/// How an answer began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Yes,
    No,
}

impl Sentence {
    /// Whether its first word, behind "yes" or "no", is one of these.
    pub(super) fn begins_with(&self, words: &[String]) -> bool {
        let behind = usize::from(self.answers.is_some());
        self.plain.iter().nth(behind).is_some_and(|first| contains(words, first))
    }

    /// The same for its first word behind "and", "so", "but".
    fn begins_with_any(&self, lists: &[&[String]], cues: &Cues) -> bool {
        let first = self.plain.iter().find(|word| !contains(&cues.alternatives, word));
        first.is_some_and(|first| lists.iter().any(|list| contains(list, first)))
    }

    /// The text without a leading "yes", if the rest says it all.
    pub(super) fn without_yes(&self, cues: &Cues) -> &str {
        if self.answers == Some(Answer::Yes) && self.stands_alone_after_yes(cues) {
            self.text.split_once(", ").map_or(&self.text, |(_, rest)| rest)
        } else {
            &self.text
        }
    }

    /// "Ja, jeg bor alene.": the question is in the answer.
    pub(super) fn stands_alone_after_yes(&self, cues: &Cues) -> bool {
        let yes_alone = self.text.split_once(", ").is_some_and(|(head, _)| !head.contains(' '));
        yes_alone && self.plain.words() >= 5 && self.begins_with(&cues.subjects)
    }
}

/// Everything that was said, as sentences, in order of start.
pub(super) fn sentences(utterances: &[Utterance], cues: &Cues) -> Vec<Sentence> {
    let rules = &cues.rules;
    let mut sentences = Vec::new();
    for (number, turn) in turns(utterances, cues).into_iter().enumerate() {
        for (text, evidence) in turn.split(rules) {
            let cleaned = rules.clean(&text);
            let plain = Plain::of(&cleaned);
            if plain.words() == 0 {
                continue;
            }
            let answers = cues.answer(&plain);
            sentences.push(Sentence {
                track: turn.track,
                turn: number,
                text: cleaned,
                plain,
                evidence,
                is_question: false,
                answers,
            });
        }
    }
    tell_questions(&mut sentences, cues);
    sentences
}

/// Recognisers set question marks too often and too rarely. What is a question shows in its form, or in its answer.
fn tell_questions(sentences: &mut [Sentence], cues: &Cues) {
    for at in 0..sentences.len() {
        let next = sentences.get(at + 1);
        let is_answered = next.is_some_and(|next| next.turn != sentences[at].turn && next.answers.is_some());
        let sentence = &mut sentences[at];
        let marked = sentence.text.ends_with('?');
        let last_clause = sentence.text.rsplit(", ").next().unwrap_or_default();
        let asks = cues.asks(&sentence.plain)
            || sentence.plain.has_any(&cues.question_tags)
            || marked && cues.asks(&Plain::of(last_clause));
        let is_statement = sentence.begins_with_any(&[&cues.subjects, &cues.pronouns], cues);
        sentence.is_question = asks || marked && (is_answered || !is_statement);
        if marked != sentence.is_question {
            sentence.text.pop();
            sentence.text.push(if sentence.is_question { '?' } else { '.' });
        }
    }
}

/// What one of the two said until the other one did.
struct Turn {
    track: Track,
    text: String,
    /// Where in the text each utterance begins.
    parts: Vec<(usize, Evidence)>,
    end: SampleOffset,
}

fn turns(utterances: &[Utterance], cues: &Cues) -> Vec<Turn> {
    let mut said: Vec<&Utterance> = utterances.iter().filter(|said| !said.text.is_blank()).collect();
    said.sort_by_key(|said| (said.span.start(), said.track));
    let mut turns: Vec<Turn> = Vec::new();
    for (index, one) in said.iter().enumerate() {
        let text = one.text.reveal().split_whitespace().collect::<Vec<_>>().join(" ");
        if is_between(&said, index) && cues.is_backchannel(&Plain::of(&text)) {
            continue;
        }
        match turns.last_mut() {
            Some(turn) if turn.track == one.track => turn.add(&text, one),
            _ => turns.push(Turn { track: one.track, parts: vec![(0, evidence_of(one))], text, end: one.span.end() }),
        }
    }
    turns
}

/// True if the other one speaks before and after, and did not just ask something.
fn is_between(said: &[&Utterance], index: usize) -> bool {
    let (Some(before), Some(after)) = (index.checked_sub(1).and_then(|at| said.get(at)), said.get(index + 1)) else {
        return false;
    };
    let track = said[index].track;
    before.track != track && after.track != track && !before.text.reveal().trim_end().ends_with('?')
}

impl Turn {
    /// Adds the next utterance. A sentence that a pause cut goes on: the recogniser sets a full stop at every end.
    fn add(&mut self, text: &str, said: &Utterance) {
        let pause = said.span.start().0.saturating_sub(self.end.0);
        let goes_on = text.chars().next().is_some_and(char::is_lowercase);
        let ends = self.text.ends_with(['.', '?', '!', '…']);
        if ends && goes_on && self.text.ends_with('.') {
            let before = self.text.trim_end_matches('.');
            if !before.ends_with(|c: char| c.is_ascii_digit()) {
                self.text.truncate(before.len());
            }
        } else if !ends && !self.text.ends_with(',') && !goes_on && pause >= WITHIN_A_SENTENCE
            || !ends && goes_on && pause >= 2 * WITHIN_A_SENTENCE
        {
            self.text.push('.');
        }
        self.text.push(' ');
        self.parts.push((self.text.len(), evidence_of(said)));
        self.text.push_str(text);
        self.end = said.span.end();
    }

    fn split(&self, rules: &Rules) -> Vec<(String, Vec<Evidence>)> {
        let mut sentences = Vec::new();
        let mut from = 0;
        let mut ends = rules.sentence_ends(&self.text);
        ends.push(self.text.len());
        for to in ends {
            for (from, to) in rules.pieces(&self.text, from, to, LONG) {
                let text = self.text[from..to].trim();
                if !text.is_empty() {
                    sentences.push((text.to_owned(), self.evidence(from, to)));
                }
            }
            from = to;
        }
        sentences
    }

    /// The utterances that the part `from..to` of the text comes from.
    fn evidence(&self, from: usize, to: usize) -> Vec<Evidence> {
        // A piece begins with the blank before it.
        let from = from + (self.text[from..].len() - self.text[from..].trim_start().len());
        let mut evidence = Vec::new();
        for (index, (at, rests)) in self.parts.iter().enumerate() {
            let end = self.parts.get(index + 1).map_or(self.text.len(), |next| next.0);
            if *at < to && end > from && !evidence.contains(rests) {
                evidence.push(*rests);
            }
        }
        evidence
    }
}
