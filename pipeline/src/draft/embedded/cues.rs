//! The words by which a sentence shows what it is: `cues/da.toml` and `cues/en.toml`, compiled in, read once.
//!
//! A cue is whole words; `^` ties it to the beginning of the sentence, `*` leaves an end of it open. A weight of 6 says it
//! alone, of 1 leans. Everything that differs between languages is in these files; the code knows none.

use super::plain::{Phrases, Plain};
use super::sentences::Answer;
use super::text::Rules;
use referent_itn::Language;
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::LazyLock;

static DANISH: LazyLock<Cues> = LazyLock::new(|| parse(include_str!("cues/da.toml")));
static ENGLISH: LazyLock<Cues> = LazyLock::new(|| parse(include_str!("cues/en.toml")));

fn parse(text: &str) -> Cues {
    toml::from_str(text).expect("the files of this program are tested")
}

/// Everything that differs between languages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cues {
    pub(super) rules: Rules,
    /// Of number words: "da", "en".
    number_words_of: String,
    pub(super) near: String,
    pub(super) far: String,
    pub(super) quotes: (char, char),
    pub(super) yes: HashSet<String>,
    pub(super) no: HashSet<String>,
    /// Short sounds of somebody who listens.
    pub(super) backchannels: HashSet<String>,
    /// Greetings, thanks, goodbyes, wishes, sympathy, "one moment", "let me see": nothing for a note, unless there is a
    /// fact beside them.
    pub(super) small_talk: Phrases,
    /// Who is there, and the numbers by which people are found.
    pub(super) identity: Phrases,
    /// Among these: the numbers.
    pub(super) numbers_asked: Phrases,
    /// A sentence that begins so asks.
    pub(super) asks: Phrases,
    /// Before such a beginning they change nothing.
    pub(super) joins: HashSet<String>,
    /// It asks behind a statement: "…, is that right".
    pub(super) question_tags: Phrases,
    /// Behind a clause that could ask, it says that the clause was a condition: "Har du …, så …".
    pub(super) consequences: Phrases,
    /// "What can I do for you?"
    pub(super) opening_questions: Phrases,
    /// Why the citizen called.
    pub(super) reason: Vec<Weighed>,
    /// Another reason, wherever in the call.
    pub(super) further_reason: Phrases,
    /// It says that something is not so: a note without it says the opposite.
    pub(super) denials: Phrases,
    /// What the authority pays or decides.
    pub(super) matters: Phrases,
    /// What a caseworker promises, asks for or announces.
    pub(super) promised: Vec<Weighed>,
    /// What a citizen promises or announces.
    pub(super) undertaken: Vec<Weighed>,
    /// A caseworker's question that is a request: its answer makes it an agreement.
    pub(super) requests: Phrases,
    /// What makes a statement worth knowing.
    pub(super) facts: Vec<Weighed>,
    /// Units of an amount.
    pub(super) money: Phrases,
    pub(super) weekdays: Phrases,
    /// Times that are no dates.
    pub(super) relative_times: Phrases,
    pub(super) number_words: HashSet<String>,
    /// What a number word counts when it is a fact.
    pub(super) spans: HashSet<String>,
    pub(super) streets: Phrases,
    /// An answer that begins so behind its "yes" stands alone.
    pub(super) subjects: HashSet<String>,
    /// A sentence that begins so leans on the question before it.
    pub(super) leaning: HashSet<String>,
    /// A sentence that begins so goes on with the one before it.
    pub(super) alternatives: HashSet<String>,
    /// Such a word near the beginning stands for something that was named before.
    pub(super) pronouns: HashSet<String>,
    /// Words that say nothing about what a sentence is about.
    pub(super) small_words: HashSet<String>,
    /// The speaker takes something back.
    pub(super) takes_back: Phrases,
    /// Words in the heading of a section, by what belongs there.
    pub(super) headings: Headings,
}

/// Cues of one weight.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weighed {
    weight: i32,
    cues: Phrases,
}

/// Words in the heading of an area's own section.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Headings {
    pub(super) reason: Phrases,
    pub(super) information: Phrases,
    pub(super) agreed: Phrases,
    pub(super) everything: Phrases,
}

impl Cues {
    /// Those of an area's language.
    pub(super) fn of(language: &str) -> &'static Self {
        if language == "en" { &ENGLISH } else { &DANISH }
    }

    /// Whose number words are read.
    pub(super) fn language(&self) -> Language {
        Language::from_tag(&self.number_words_of).unwrap_or(Language::Danish)
    }

    /// Whether the sentence begins with "yes" or "no".
    pub(super) fn answer(&self, plain: &Plain) -> Option<Answer> {
        let first = plain.iter().next()?;
        if self.yes.contains(first) {
            Some(Answer::Yes)
        } else if self.no.contains(first) {
            Some(Answer::No)
        } else {
            None
        }
    }

    /// Whether the sentence has the form of a question.
    pub(super) fn asks(&self, plain: &Plain) -> bool {
        !plain.has_any(&self.consequences) && (plain.has_any(&self.asks) || self.asks_behind_a_small_word(plain))
    }

    /// "Og hvor lang tid …", "men kan jeg …"
    fn asks_behind_a_small_word(&self, plain: &Plain) -> bool {
        plain.without_first().is_some_and(|(first, rest)| self.joins.contains(first) && rest.has_any(&self.asks))
    }

    /// Whether it is only the sound of somebody who listens.
    pub(super) fn is_backchannel(&self, plain: &Plain) -> bool {
        plain.words() <= 3 && plain.iter().all(|word| self.backchannels.contains(word))
    }
}

/// The weight of the heaviest cue of the table.
pub(super) fn heaviest(plain: &Plain, table: &[Weighed]) -> i32 {
    table.iter().filter(|line| plain.has_any(&line.cues)).map(|line| line.weight).max().unwrap_or(0)
}

/// The weights of all lines of the table that have a cue in the sentence.
pub(super) fn sum(plain: &Plain, table: &[Weighed]) -> i32 {
    table.iter().filter(|line| plain.has_any(&line.cues)).map(|line| line.weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_read() {
        for (language, near) in [("da", "Sagsbehandleren"), ("en", "The caseworker")] {
            assert_eq!(Cues::of(language).near, near);
        }
    }
}
