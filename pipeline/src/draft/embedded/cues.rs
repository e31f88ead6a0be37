//! The words by which a sentence shows what it is: `cues/da.toml` and `cues/en.toml`, compiled in, read once.
//!
//! A cue is whole words; `^` ties it to the beginning of the sentence, `*` leaves an end of it open. A weight of 6 says it
//! alone, of 1 leans. Everything that differs between languages is in these files; the code knows none.

use super::sentences::Answer;
use super::text::{Plain, Rules};
use serde::Deserialize;
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
    pub(super) near: String,
    pub(super) far: String,
    pub(super) quotes: (char, char),
    pub(super) yes: Vec<String>,
    pub(super) no: Vec<String>,
    /// Short sounds of somebody who listens.
    pub(super) backchannels: Vec<String>,
    /// Greetings, thanks, goodbyes, wishes, sympathy, "one moment", "let me see": nothing for a note, unless there is a
    /// fact beside them.
    pub(super) small_talk: Vec<String>,
    /// Who is there, and the numbers by which people are found.
    pub(super) identity: Vec<String>,
    /// Among these: the numbers.
    pub(super) numbers_asked: Vec<String>,
    /// A sentence that begins so asks.
    pub(super) asks: Vec<String>,
    /// Before such a beginning they change nothing.
    pub(super) joins: Vec<String>,
    /// It asks behind a statement: "…, is that right".
    pub(super) question_tags: Vec<String>,
    /// Behind a clause that could ask, it says that the clause was a condition: "Har du …, så …".
    pub(super) consequences: Vec<String>,
    /// "What can I do for you?"
    pub(super) opening_questions: Vec<String>,
    /// Why the citizen called.
    pub(super) reason: Vec<Weighed>,
    /// Another reason, wherever in the call.
    pub(super) further_reason: Vec<String>,
    /// What the authority pays or decides.
    pub(super) matters: Vec<String>,
    /// What a caseworker promises, asks for or announces.
    pub(super) promised: Vec<Weighed>,
    /// What a citizen promises or announces.
    pub(super) undertaken: Vec<Weighed>,
    /// A caseworker's question that is a request: its answer makes it an agreement.
    pub(super) requests: Vec<String>,
    /// What makes a statement worth knowing.
    pub(super) facts: Vec<Weighed>,
    /// Units of an amount.
    pub(super) money: Vec<String>,
    pub(super) weekdays: Vec<String>,
    /// Times that are no dates.
    pub(super) relative_times: Vec<String>,
    pub(super) number_words: Vec<String>,
    /// What a number word counts when it is a fact.
    pub(super) spans: Vec<String>,
    pub(super) streets: Vec<String>,
    /// An answer that begins so behind its "yes" stands alone.
    pub(super) subjects: Vec<String>,
    /// A sentence that begins so leans on the question before it.
    pub(super) leaning: Vec<String>,
    /// A sentence that begins so goes on with the one before it.
    pub(super) alternatives: Vec<String>,
    /// Such a word near the beginning stands for something that was named before.
    pub(super) pronouns: Vec<String>,
    /// Words that say nothing about what a sentence is about.
    pub(super) small_words: Vec<String>,
    /// The speaker takes something back.
    pub(super) takes_back: Vec<String>,
    /// Words in the heading of a section, by what belongs there.
    pub(super) headings: Headings,
}

/// Cues of one weight.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weighed {
    weight: i32,
    cues: Vec<String>,
}

/// Words in the heading of an area's own section.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Headings {
    pub(super) reason: Vec<String>,
    pub(super) information: Vec<String>,
    pub(super) agreed: Vec<String>,
    pub(super) everything: Vec<String>,
}

impl Cues {
    /// Those of an area's language.
    pub(super) fn of(language: &str) -> &'static Self {
        if language == "en" { &ENGLISH } else { &DANISH }
    }

    /// Whether the sentence begins with "yes" or "no".
    pub(super) fn answer(&self, plain: &Plain) -> Option<Answer> {
        let first = plain.iter().next()?;
        if contains(&self.yes, first) {
            Some(Answer::Yes)
        } else if contains(&self.no, first) {
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
        plain.without_first().is_some_and(|(first, rest)| contains(&self.joins, first) && rest.has_any(&self.asks))
    }

    /// Whether it is only the sound of somebody who listens.
    pub(super) fn is_backchannel(&self, plain: &Plain) -> bool {
        plain.words() <= 3 && plain.iter().all(|word| contains(&self.backchannels, word))
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

/// Whether the list has this very word.
pub(super) fn contains(list: &[String], word: &str) -> bool {
    list.iter().any(|one| one == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cue_can_occur() {
        for language in ["da", "en"] {
            let cues = Cues::of(language);
            let tables = [&cues.reason, &cues.promised, &cues.undertaken, &cues.facts];
            let in_tables = tables.into_iter().flatten().flat_map(|line| &line.cues);
            let lists = [&cues.small_talk, &cues.identity, &cues.requests, &cues.matters, &cues.opening_questions];
            for cue in in_tables.chain(lists.into_iter().flatten()) {
                let words = cue.trim_matches(['^', '*']);
                assert!(Plain::of(words).has(cue), "{language}: {cue}");
            }
        }
    }
}
