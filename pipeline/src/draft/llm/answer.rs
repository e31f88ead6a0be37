//! What of an answer becomes sentences, and when it is no use to read on.
//!
//! In: lines, as they become whole. Out: [`Claim`]s: sentences with what they rest on, looked up where the model does not
//! say (`support`); and what was wrong with the answer, if it is to be asked again.
//!
//! Promises:
//!   A1  What is not shown is counted: talk about the task, another language, what was said before, loops, and what rests
//!       on nothing beyond the first few.
//!   A2  An answer that does not end is given up: after [`SAME`] repeats in a row, or more sentences than a call of this
//!       length has.
//!   A3  Of an answer that is longer than its area wants that is shown for which there is room (`room`). What a sentence
//!       rests on that is too long to be shown is told, so that somebody else says it ([`Answer::unsaid`]).
//!
//! Not done here: no judgement of what a sentence claims (the guards).

use super::room::Room;
use super::{language, meta};
use crate::draft::Claim;
use crate::draft::lines::{Line, LineReader};
use crate::draft::prompt::{Prompt, Reminder};
use crate::draft::support::{Basis, Support};
use referent_proto::call::AreaSettings;
use referent_proto::draft::{DrafterTrouble, Evidence};
use std::collections::HashSet;

/// Sentences of a part, however long it is.
const MOST_SENTENCES: usize = 200;
/// Of a short one: more than anybody wants, and few enough to see that it does not end.
const LEAST_SENTENCES: usize = 24;
/// Repeats after which nothing new comes.
const SAME: usize = 3;
/// Sentences without any evidence that are shown, with their mark. A model that cites nothing has not read.
const UNSUPPORTED: usize = 5;

/// An answer while it comes in.
pub(super) struct Answer<'a> {
    reader: LineReader<'a>,
    prompt: &'a Prompt,
    language: &'a str,
    support: &'a Support,
    seen: HashSet<Vec<String>>,
    same: usize,
    unsupported: usize,
    foreign: usize,
    refuses: bool,
    sentences: usize,
    not_parsed: u32,
    nothing: bool,
    room: Room,
    /// What sentences rest on that were too long.
    unsaid: Vec<Evidence>,
    lengthy: usize,
    /// A sentence came for which there was no place.
    is_full: bool,
}

/// Why an answer is not read on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Enough {
    /// It says the same over and over.
    Repeats,
    /// It does not end.
    TooLong,
    /// It has more than the area wants.
    Full,
}

impl<'a> Answer<'a> {
    pub(super) fn new(area: &'a AreaSettings, prompt: &'a Prompt, support: &'a Support, parts: usize) -> Self {
        Self {
            reader: LineReader::new(&area.sections, prompt.numbers.len()),
            prompt,
            language: &area.language,
            support,
            seen: HashSet::new(),
            same: 0,
            unsupported: 0,
            foreign: 0,
            refuses: false,
            sentences: 0,
            not_parsed: 0,
            nothing: false,
            room: Room::of(area.limits, parts),
            unsaid: Vec::new(),
            lengthy: 0,
            is_full: false,
        }
    }

    /// The sentences that this piece makes whole, and whether to read on.
    pub(super) fn push(&mut self, piece: &str) -> (Vec<Claim>, Option<Enough>) {
        let lines = self.reader.push(piece);
        let claims = lines.into_iter().filter_map(|line| self.take(line)).collect();
        let most = self.prompt.numbers.len().clamp(LEAST_SENTENCES, MOST_SENTENCES);
        let enough = match () {
            () if self.same >= SAME => Some(Enough::Repeats),
            () if self.is_full => Some(Enough::Full),
            () => (self.sentences > most).then_some(Enough::TooLong),
        };
        (claims, enough)
    }

    /// The answer ended as it should: what is left is a line as well.
    pub(super) fn finish(&mut self) -> Vec<Claim> {
        let reader = std::mem::replace(&mut self.reader, LineReader::new(&[], 0));
        reader.finish().into_iter().filter_map(|line| self.take(line)).collect()
    }

    /// It was cut off: half a line is none.
    pub(super) fn cut_off(&mut self) {
        let reader = std::mem::replace(&mut self.reader, LineReader::new(&[], 0));
        self.not_parsed += u32::try_from(reader.cut_off().len()).unwrap_or(u32::MAX);
    }

    /// How many sentences it gave.
    pub(super) fn sentences(&self) -> usize {
        self.sentences
    }

    /// How many lines were not shown.
    pub(super) fn not_parsed(&self) -> u32 {
        self.not_parsed
    }

    /// What it had to say in sentences that were too long.
    pub(super) fn unsaid(&self) -> &[Evidence] {
        &self.unsaid
    }

    /// Whether it had more sentences than there was room for.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether the model says that there is nothing to write.
    pub(super) fn says_nothing(&self) -> bool {
        self.nothing
    }

    /// What to say to a model whose whole answer gave no sentence, and what the trouble is.
    pub(super) fn reminder(&self) -> (Reminder, DrafterTrouble) {
        if self.refuses {
            return (Reminder::Form, DrafterTrouble::LlmRefused);
        }
        let reminder = match () {
            () if self.foreign > 0 => Reminder::Language,
            () if self.lengthy > 0 => Reminder::Words(self.room.asked_words),
            () => Reminder::Form,
        };
        (reminder, DrafterTrouble::Garbled)
    }

    fn take(&mut self, line: Line) -> Option<Claim> {
        let claim = match line {
            Line::Sentence { section, text, evidence, cited } => {
                self.judge(text.reveal()).then_some(())?;
                let (numbers, basis) = self.support.find(text.reveal(), evidence, cited);
                let evidence = numbers.into_iter().filter_map(|number| self.prompt.numbers.get(number - 1)).copied();
                Claim { section, evidence: evidence.collect(), text, basis }
            }
            Line::Nothing => {
                self.nothing = true;
                return None;
            }
            Line::NotParsed(text) => {
                self.refuses |= self.sentences == 0 && meta::is_refusal(text.reveal());
                self.not_parsed += 1;
                return None;
            }
        };
        if !self.room.has_words(claim.text.reveal().split_whitespace().count()) {
            self.lengthy += 1;
            self.not_parsed += 1;
            self.unsaid.extend(claim.evidence);
            return None;
        }
        if !self.room.has_place_behind(self.sentences) {
            self.is_full = true;
            self.not_parsed += 1;
            return None;
        }
        if claim.basis == Basis::None {
            if self.unsupported == UNSUPPORTED {
                self.not_parsed += 1;
                return None;
            }
            self.unsupported += 1;
        }
        self.sentences += 1;
        Some(claim)
    }

    /// Whether the sentence is one of a note; counts it if not.
    fn judge(&mut self, text: &str) -> bool {
        let words = meta::plain_words(text);
        let is_new = self.seen.insert(words) && !meta::loops(text);
        self.same = if is_new { 0 } else { self.same + 1 };
        let is_foreign = language::is_another(text, self.language);
        self.foreign += usize::from(is_foreign);
        self.refuses |= self.sentences == 0 && meta::is_refusal(text);
        let stands = is_new && !is_foreign && !meta::is_meta(text) && !meta::is_refusal(text);
        self.not_parsed += u32::from(!stands);
        stands
    }
}
