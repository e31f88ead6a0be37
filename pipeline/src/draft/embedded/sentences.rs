//! Makes sentences of utterances: merged where a pause split them, split where they are several, cleaned, and each with
//! the utterances it rests on.
//!
//! Cleaning removes what carries nothing (fillers, doubled words, "okay, …"), masks CPR numbers, and lets a plain
//! self-correction win ("den 2., nej, den 12. oktober"). No other word is changed.

use super::cues::Cues;
use super::plain::Plain;
use super::text::{Rules, capitalised};
use crate::draft::evidence_of;
use referent_itn::{Language, Value, read};
use referent_proto::draft::Evidence;
use referent_proto::ids::Track;
use referent_proto::speech::Utterance;
use referent_proto::{SAMPLE_RATE, SampleOffset};
use std::collections::HashSet;

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
    pub(super) values: Values,
}

/// What can be looked up in a sentence, however it was said: "tolv tusind kroner den tredje maj".
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Values {
    /// Numbers of something: money, shares, square metres.
    pub(super) amounts: usize,
    pub(super) dates: usize,
    /// Other numbers, and sequences of digits.
    pub(super) numbers: usize,
    /// Times of day, and lengths of time.
    pub(super) times: usize,
}

impl Values {
    fn of(text: &str, language: Language) -> Self {
        let mut values = Self::default();
        for reading in read(text, language, None).iter().filter(|reading| !reading.weak) {
            let count = match &reading.value {
                Value::Number { unit: Some(_), .. } => &mut values.amounts,
                Value::Date(when) if when.any.iter().any(|day| day.day.is_some() || day.month.is_some()) => {
                    &mut values.dates
                }
                Value::Number { .. } | Value::Digits(_) => &mut values.numbers,
                Value::Date(_) | Value::Time(_) | Value::Duration { .. } => &mut values.times,
                Value::Ordinal(_) => continue,
            };
            *count += 1;
        }
        values
    }
}

/// How an answer began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Yes,
    No,
}

impl Sentence {
    /// Whether its first word, behind "yes" or "no", is one of these.
    pub(super) fn begins_with(&self, words: &HashSet<String>) -> bool {
        let behind = usize::from(self.answers.is_some());
        self.plain.iter().nth(behind).is_some_and(|first| words.contains(first))
    }

    /// The same for its first word behind "and", "so", "but".
    fn begins_with_any(&self, lists: &[&HashSet<String>], cues: &Cues) -> bool {
        let first = self.plain.iter().find(|word| !cues.alternatives.contains(*word));
        first.is_some_and(|first| lists.iter().any(|list| list.contains(first)))
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
            let values = Values::of(&cleaned, cues.language());
            sentences.push(Sentence {
                track: turn.track,
                turn: number,
                text: cleaned,
                plain,
                evidence,
                is_question: false,
                answers,
                values,
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
        }
        let longest_pause = if goes_on { 2 * WITHIN_A_SENTENCE } else { WITHIN_A_SENTENCE };
        let begins = !ends && !self.text.ends_with(',') && pause >= longest_pause;
        if begins {
            self.text.push('.');
        }
        self.text.push(' ');
        self.parts.push((self.text.len(), evidence_of(said)));
        if begins {
            self.text.push_str(&capitalised(text));
        } else {
            self.text.push_str(text);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use referent_proto::audio::SampleSpan;
    use referent_proto::speech::Spoken;

    /// Sentences of utterances `(start in tenths of a second, end, who, text)`, with the starts they rest on.
    fn read(said: &[(u64, u64, Track, &str)]) -> Vec<(String, Vec<u64>)> {
        let utterances: Vec<Utterance> = said
            .iter()
            .map(|(start, end, track, text)| Utterance {
                track: *track,
                span: SampleSpan::new(SampleOffset(start * 1600), SampleOffset(end * 1600)).unwrap(),
                text: Spoken::new(*text),
                words: Vec::new(),
                probability: 0.9,
                echo_of: None,
            })
            .collect();
        let starts = |one: &Sentence| one.evidence.iter().map(|rests| rests.start.0 / 1600).collect();
        sentences(&utterances, Cues::of("da")).iter().map(|one| (one.text.clone(), starts(one))).collect()
    }

    #[track_caller]
    fn check(said: &[(u64, u64, Track, &str)], expected: &[(&str, &[u64])]) {
        let expected: Vec<(String, Vec<u64>)> =
            expected.iter().map(|(text, starts)| ((*text).to_owned(), starts.to_vec())).collect();
        assert_eq!(read(said), expected);
    }

    use Track::{Far, Near};

    #[test]
    fn a_sentence_that_a_pause_cut_is_one_and_rests_on_both_parts() {
        check(
            &[
                (0, 20, Far, "Jeg er flyttet til en mindre lejlighed."),
                (25, 40, Far, "og nu er min boligstøtte stoppet."),
            ],
            &[("Jeg er flyttet til en mindre lejlighed og nu er min boligstøtte stoppet.", &[0, 25])],
        );
        check(
            &[(0, 20, Far, "Jeg flyttede den 15."), (24, 40, Far, "april til Odense.")],
            &[("Jeg flyttede den 15. april til Odense.", &[0, 24])],
        );
        check(
            &[(0, 120, Far, "jeg har fået et brev om min"), (120, 160, Far, "pension fra jer")],
            &[("Jeg har fået et brev om min pension fra jer.", &[0, 120])],
        );
    }

    #[test]
    fn a_sentence_rests_only_on_where_it_was_said() {
        check(
            &[(0, 20, Near, "Du får svar. Det tager fire uger."), (25, 40, Near, "Vi sender et brev.")],
            &[("Du får svar.", &[0]), ("Det tager fire uger.", &[0]), ("Vi sender et brev.", &[25])],
        );
        // Without full stops a pause is one.
        check(
            &[(0, 20, Near, "vi sender et brev"), (40, 60, Near, "du får svar om fire uger")],
            &[("Vi sender et brev.", &[0]), ("Du får svar om fire uger.", &[40])],
        );
    }

    #[test]
    fn somebody_who_listens_does_not_end_a_turn() {
        let sentence = "Jeg flyttede i april, og jeg har meldt det til kommunen.";
        check(
            &[
                (0, 20, Far, "Jeg flyttede i april,"),
                (18, 20, Near, "Ja."),
                (22, 50, Far, "og jeg har meldt det til kommunen."),
            ],
            &[(sentence, &[0, 22])],
        );
        // An answer is no sound of somebody who listens.
        check(
            &[(0, 20, Far, "Skal jeg sende det?"), (22, 24, Near, "Ja."), (26, 40, Far, "Så sender jeg det.")],
            &[("Skal jeg sende det?", &[0]), ("Ja.", &[22]), ("Så sender jeg det.", &[26])],
        );
    }

    #[test]
    fn a_question_shows_in_its_form_or_in_its_answer() {
        let check = |text: &str, answer: &str, expected: &str| {
            let said = read(&[(0, 20, Far, text), (30, 40, Near, answer)]);
            assert_eq!(said[0].0, expected);
        };
        check("Kan jeg få et skema på papir.", "Selvfølgelig.", "Kan jeg få et skema på papir?");
        check("Og hvor lang tid går der.", "Otte uger.", "Og hvor lang tid går der?");
        check("Jeg har sendt brevet i dag?", "Det er fint.", "Jeg har sendt brevet i dag.");
        check("Så jeg skal ikke sende noget?", "Nej, det skal du ikke.", "Så jeg skal ikke sende noget?");
        check("Barnet er født i marts, er det rigtigt.", "Tak.", "Barnet er født i marts, er det rigtigt?");
        check(
            "Har du ikke sendt det, så skal du gøre det nu.",
            "Tak.",
            "Har du ikke sendt det, så skal du gøre det nu.",
        );
    }

    #[test]
    fn a_long_stream_of_words_is_cut_before_a_conjunction() {
        let long = "jeg har boet i lejligheden i mange år sammen med min mand og vores børn ".repeat(3)
            + "men nu er vi flyttet fra hinanden og jeg kan ikke betale huslejen alene længere fordi den er steget";
        let said = read(&[(0, 120, Far, &long)]);
        assert!(said.len() > 1);
        assert!(said.iter().all(|(text, starts)| text.chars().count() <= 245 && starts == &[0]), "{said:?}");
    }
}
