//! The words by which a sentence shows what it is, in Danish and in English.
//!
//! A cue is whole words; `^` ties it to the beginning of the sentence, `*` leaves an end of it open. A number beside cues
//! is their weight: 6 says it alone, 1 leans.

mod danish;
mod english;

use super::sentences::Answer;
use super::text::{Plain, Rules};

pub(super) use danish::DANISH;
pub(super) use english::ENGLISH;

/// Cues of one weight.
pub(super) type Weighed = (i32, &'static [&'static str]);

/// Everything that differs between languages.
pub(super) struct Cues {
    pub(super) rules: Rules,
    pub(super) near: &'static str,
    pub(super) far: &'static str,
    pub(super) quotes: (char, char),
    pub(super) yes: &'static [&'static str],
    pub(super) no: &'static [&'static str],
    /// Short sounds of somebody who listens.
    pub(super) backchannels: &'static [&'static str],
    /// Greetings, thanks, goodbyes, wishes, sympathy, "one moment", "let me see": nothing for a note, unless there is a
    /// fact beside them.
    pub(super) small_talk: &'static [&'static str],
    /// Who is there, and the numbers by which people are found: never for a note.
    pub(super) identity: &'static [&'static str],
    /// "What can I do for you?": what follows is why the citizen called.
    pub(super) opening_questions: &'static [&'static str],
    /// Why the citizen called.
    pub(super) reason: &'static [Weighed],
    /// Another reason, wherever in the call.
    pub(super) further_reason: &'static [&'static str],
    /// What the authority pays or decides.
    pub(super) matters: &'static [&'static str],
    /// What a caseworker promises, asks for or announces.
    pub(super) promised: &'static [Weighed],
    /// What a citizen promises or announces.
    pub(super) undertaken: &'static [Weighed],
    /// A caseworker's question that is a request: its answer makes it an agreement.
    pub(super) requests: &'static [&'static str],
    /// What makes a statement worth knowing.
    pub(super) facts: &'static [Weighed],
    /// Units of a number that is worth knowing.
    pub(super) money: &'static [&'static str],
    pub(super) weekdays: &'static [&'static str],
    pub(super) number_words: &'static [&'static str],
    /// What a number word counts when it is a fact.
    pub(super) spans: &'static [&'static str],
    pub(super) streets: &'static [&'static str],
    /// An answer that begins so stands alone.
    pub(super) subjects: &'static [&'static str],
    /// A sentence that begins so leans on what was said before.
    pub(super) leaning: &'static [&'static str],
    /// Such a word near the beginning stands for something that was named before.
    pub(super) pronouns: &'static [&'static str],
    /// Words that say nothing about what a sentence is about.
    pub(super) small_words: &'static [&'static str],
    /// The speaker takes something back.
    pub(super) takes_back: &'static [&'static str],
    /// Words in the heading of a section, by what belongs there.
    pub(super) headings: Headings,
}

/// Words in the heading of an area's own section.
pub(super) struct Headings {
    pub(super) reason: &'static [&'static str],
    pub(super) information: &'static [&'static str],
    pub(super) agreed: &'static [&'static str],
    pub(super) everything: &'static [&'static str],
}

impl Cues {
    /// Those of an area's language.
    pub(super) fn of(language: &str) -> &'static Self {
        if language == "en" { &ENGLISH } else { &DANISH }
    }

    /// Whether the sentence begins with "yes" or "no".
    pub(super) fn answer(&self, plain: &Plain) -> Option<Answer> {
        let first = plain.iter().next()?;
        if self.yes.contains(&first) {
            Some(Answer::Yes)
        } else if self.no.contains(&first) {
            Some(Answer::No)
        } else {
            None
        }
    }

    /// Whether it is only the sound of somebody who listens.
    pub(super) fn is_backchannel(&self, plain: &Plain) -> bool {
        plain.words() <= 3 && plain.iter().all(|word| self.backchannels.contains(&word))
    }

    /// The weight of the heaviest cue of the table.
    pub(super) fn weight(plain: &Plain, table: &[Weighed]) -> i32 {
        table.iter().filter(|(_, cues)| plain.has_any(cues)).map(|(weight, _)| *weight).max().unwrap_or(0)
    }

    /// The weights of all lines of the table that have a cue in the sentence.
    pub(super) fn sum(plain: &Plain, table: &[Weighed]) -> i32 {
        table.iter().filter(|(_, cues)| plain.has_any(cues)).map(|(weight, _)| *weight).sum()
    }
}
