//! What the guards know of a language: `lexicon/da.toml` and `lexicon/en.toml`, compiled in, read once.
//!
//! Everything that differs between languages is in these files; the code knows none. A cue is whole words in small letters
//! (see `cues`).

use crate::cues::Cues;
use referent_itn::Language;
use referent_itn::sound::Sound;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

static DANISH: LazyLock<Lexicon> = LazyLock::new(|| parse(include_str!("lexicon/da.toml")));
static ENGLISH: LazyLock<Lexicon> = LazyLock::new(|| parse(include_str!("lexicon/en.toml")));

fn parse(text: &str) -> Lexicon {
    toml::from_str(text).expect("the files of this crate are tested")
}

/// Everything that differs between languages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lexicon {
    /// They carry no matter of their own.
    pub(crate) function_words: HashSet<String>,
    /// A clause begins with them.
    pub(crate) joins: HashSet<String>,
    /// Small words that are subjects.
    pub(crate) subjects: HashSet<String>,
    /// Verbs that stand behind them most often.
    pub(crate) finite: HashSet<String>,
    /// Endings of words, the longest first.
    pub(crate) endings: Vec<String>,
    /// Forms that no ending explains, and their stem.
    pub(crate) irregular: HashMap<String, String>,
    /// Words written with a capital that are no names, in small letters.
    pub(crate) no_names: HashSet<String>,
    /// Names that every draft may use, because they belong to the trade.
    pub(crate) common_names: HashSet<String>,
    /// Between a value and the one that takes its place.
    pub(crate) takes_back: Cues,
    /// A turn that begins so takes back what its speaker said before.
    pub(crate) corrects: Cues,
    pub(crate) speakers: Speakers,
    pub(crate) negation: Negation,
    pub(crate) modality: Modality,
    pub(crate) confirm: Confirm,
    pub(crate) injected: Injected,
}

/// How a draft says who said something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Speakers {
    pub(crate) citizen: HashSet<String>,
    pub(crate) caseworker: HashSet<String>,
    /// "states", "explains": what follows was said by the one before it.
    pub(crate) states: HashSet<String>,
    /// "asks".
    pub(crate) asks: HashSet<String>,
    /// "confirms", "accepts": it may rest on a bare yes.
    pub(crate) accepts: HashSet<String>,
    /// What somebody says who only listens.
    pub(crate) backchannels: HashSet<String>,
    /// A turn that begins so asks, whatever its last mark.
    pub(crate) questions: Cues,
    /// First person, as a subject: the speaker does it.
    pub(crate) first_person: HashSet<String>,
    /// Second person, as a subject: the other one does.
    pub(crate) second_person: HashSet<String>,
    /// Third person: somebody else.
    pub(crate) third_person: HashSet<String>,
    /// What only an authority does: grants, refuses, decides.
    pub(crate) authority: Cues,
}

/// How a language says no.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Negation {
    /// "not", "no", "never", "without".
    pub(crate) negators: HashSet<String>,
    /// Say no by their own meaning: "lacks", "refuses".
    pub(crate) lexical: Cues,
    /// A negator in them negates nothing: "not only", "isn't it".
    pub(crate) idle: Cues,
    /// An answer that says no.
    pub(crate) no: HashSet<String>,
    /// An answer that says yes.
    pub(crate) yes: HashSet<String>,
    /// Written in a draft, they report a yes.
    pub(crate) assents: Cues,
}

/// How a language says that something is not certain, or must be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Modality {
    /// "perhaps", "I think".
    pub(crate) unsure: Cues,
    /// "if", "unless".
    pub(crate) conditional: Cues,
    /// "I need your consent": what follows happens only then.
    pub(crate) required: Cues,
    /// "certainly", "definitely", "guarantees".
    pub(crate) certain: Cues,
}

/// What a caseworker has to confirm.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    /// Somebody will do something.
    pub(crate) commitments: Cues,
    /// Something was decided.
    pub(crate) decisions: Cues,
}

/// Speech that is meant for the machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Injected {
    /// Said in a call, it addresses whoever writes the note.
    pub(crate) said: Cues,
    /// Written in a draft, it is no note.
    pub(crate) written: Cues,
}

/// Letters below which a word that sounds like a "not" may as well be another.
const SHORTEST: usize = 4;

impl Negation {
    /// The "not" that a recogniser wrote otherwise, by a letter ("ikkæ", "ikker") or without its blank ("ikkehar"). Which one
    /// does not matter, that it is one does.
    pub(crate) fn misheard(&self, lower: &str, function_words: &HashSet<String>) -> Option<&str> {
        if lower.chars().count() < SHORTEST || function_words.contains(lower) || self.negators.contains(lower) {
            return None;
        }
        let begins_alike = |not: &&String| not.chars().take(2).eq(lower.chars().take(2));
        let has_lost_its_blank = |rest: &str| rest.chars().count() == 1 || function_words.contains(rest);
        let is_it = |not: &&String| {
            not.chars().count() >= SHORTEST
                && (Sound::of(not).distance(&Sound::of(lower)) <= OTHER_LETTER
                    || lower.strip_prefix(not.as_str()).is_some_and(has_lost_its_blank))
        };
        self.negators.iter().filter(begins_alike).filter(is_it).min().map(String::as_str)
    }
}

/// So far apart are two words that differ by a letter that sounds alike.
const OTHER_LETTER: f64 = 0.5;

impl Lexicon {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::Danish => &DANISH,
            Language::English => &ENGLISH,
        }
    }
}
