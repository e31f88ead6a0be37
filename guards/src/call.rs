//! What was said, read once; and a sentence of a draft, read against it.

use crate::lexicon::Lexicon;
use crate::values::{Value, take_back_over_turns};
use crate::words::{Word, akin, words};
use crate::{Flag, Hidden, Kind, Line, Reason};
use referent_itn::{Language, mended};
use std::fmt;

pub use referent_areas::dialogue::Speaker;

/// The one who is not this one.
pub(crate) fn other_than(speaker: Speaker) -> Speaker {
    match speaker {
        Speaker::Caseworker => Speaker::Citizen,
        Speaker::Citizen => Speaker::Caseworker,
    }
}

/// One turn: what one of them said in one go.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    /// Who.
    pub speaker: Speaker,
    /// What.
    pub text: &'a str,
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("speaker", &self.speaker).field("text", &Hidden(self.text)).finish()
    }
}

/// What is known of a call beside its words.
#[derive(Clone, Debug)]
pub struct About {
    /// Of the note.
    pub note: Language,
    /// Of the call; `None` for one whose words are not known here: digits and names are compared all the same.
    pub spoken: Option<Language>,
    /// The day of the call, on the caseworker's wall: "tomorrow" rests on it.
    pub date: Option<jiff::civil::Date>,
    /// Names that a draft may use without anybody having said them: the authority's, the area's glossary.
    pub known_names: Vec<String>,
}

/// A call, read.
pub struct Call {
    pub(crate) about: About,
    pub(crate) note: &'static Lexicon,
    pub(crate) spoken: &'static Lexicon,
    pub(crate) turns: Vec<Said>,
}

/// A turn, read.
pub(crate) struct Said {
    pub(crate) speaker: Speaker,
    pub(crate) text: String,
    pub(crate) lower: String,
    pub(crate) words: Vec<Word>,
    pub(crate) values: Vec<Value>,
    /// What it may have been before a recogniser got it wrong, if numbers or dates of it are garbled; and its values then.
    pub(crate) mended: Option<String>,
    pub(crate) values_mended: Vec<Value>,
    pub(crate) is_question: bool,
    /// Nothing but "yes", "okay", "thanks".
    pub(crate) is_backchannel: bool,
    /// Meant for whoever writes the note.
    pub(crate) is_addressed: bool,
}

impl Call {
    /// Reads what was said. Linear in its length.
    pub fn of(turns: &[Turn<'_>], about: About) -> Self {
        let note = Lexicon::of(about.note);
        let spoken = Lexicon::of(about.spoken.unwrap_or(about.note));
        let mut turns: Vec<Said> = turns.iter().map(|turn| Said::of(turn, spoken, &about)).collect();
        take_back_over_turns(&mut turns, spoken);
        Self { about, note, spoken, turns }
    }
}

/// So often two words in a row stand in one turn that they make up half of it, and it is no talk any more.
const REPEATS: usize = 3;

/// Whether somebody says the same over and over, as one does who wants it written.
fn repeats(words: &[Word]) -> bool {
    let mut pairs: Vec<(&str, &str)> = words.windows(2).map(|pair| (&*pair[0].lower, &*pair[1].lower)).collect();
    pairs.sort_unstable();
    pairs.chunk_by(|one, other| one == other).any(|same| same.len() >= REPEATS && same.len() * 4 >= words.len())
}

impl Said {
    fn of(turn: &Turn<'_>, lexicon: &'static Lexicon, about: &About) -> Self {
        let lower = turn.text.to_lowercase();
        let words = words(turn.text, lexicon);
        let is_question = turn.text.trim_end().ends_with('?') || lexicon.speakers.questions.occur_in(&lower);
        let is_backchannel =
            words.len() <= 6 && words.iter().all(|word| lexicon.speakers.backchannels.contains(&word.lower));
        // The caseworker says "I write that …" all day long.
        let is_addressed = turn.speaker == Speaker::Citizen
            && (lexicon.injected.said.occur_in(&lower.replace([',', '.', ';', ':'], "")) || repeats(&words));
        let language = about.spoken.unwrap_or(about.note);
        let mended = mended(turn.text, language);
        let values_of = |text: &str| Value::all_of(text, language, about.date);
        Self {
            speaker: turn.speaker,
            values: values_of(turn.text),
            values_mended: mended.as_deref().map_or_else(Vec::new, values_of),
            mended,
            text: turn.text.to_owned(),
            lower,
            words,
            is_question,
            is_backchannel,
            is_addressed,
        }
    }

    /// Its values as they were heard, and as they may have been said.
    pub(crate) fn readings(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().chain(&self.values_mended)
    }

    /// Whether the sentence that ends this stretch of it asks.
    pub(crate) fn asks(&self, end: usize) -> bool {
        match self.text[end..].chars().find(|mark| matches!(mark, '.' | '?' | '!' | '…')) {
            Some(mark) => mark == '?',
            None => self.is_question,
        }
    }

    /// Whether a word of it is about the same thing.
    pub(crate) fn has(&self, stem: &str) -> bool {
        self.words.iter().any(|word| akin(&word.stem, stem))
    }
}

/// A sentence of a draft, read.
pub(crate) struct Claim<'a> {
    pub(crate) text: &'a str,
    pub(crate) lower: String,
    pub(crate) words: Vec<Word>,
    pub(crate) values: Vec<Value>,
    /// The cited turns that exist, in order, each once.
    pub(crate) cited: Vec<usize>,
}

impl<'a> Claim<'a> {
    pub(crate) fn of(call: &Call, line: &Line<'a>) -> Self {
        let mut cited: Vec<usize> = line.evidence.iter().copied().filter(|at| *at < call.turns.len()).collect();
        cited.sort_unstable();
        cited.dedup();
        Self {
            text: line.text,
            lower: line.text.to_lowercase(),
            words: words(line.text, call.note),
            values: Value::all_of(line.text, call.about.note, call.about.date),
            cited,
        }
    }

    /// A flag over all of it.
    pub(crate) fn whole(&self, kind: Kind, reason: Reason) -> Flag {
        Flag { kind, reason, span: 0..self.text.len(), said: String::new(), evidence: Vec::new() }
    }

    /// The words that say what it is about.
    pub(crate) fn content<'c>(&'c self, call: &'c Call) -> impl Iterator<Item = &'c Word> {
        self.words.iter().filter(|word| word.is_content(call.note))
    }

    pub(crate) fn cited_turns<'c>(&self, call: &'c Call) -> impl Iterator<Item = (usize, &'c Said)> {
        self.cited.iter().map(|at| (*at, &call.turns[*at]))
    }
}
