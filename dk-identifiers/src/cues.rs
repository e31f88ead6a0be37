//! Finds what the talk before a number says that it is.
//!
//! In: tokens and the place of a number. Out: the [`Topic`] that was named last, in the turn or the turns before.
//!
//! Not done here: whether the number can be that.

use crate::atoms;
use crate::tokens::Tokens;

/// What a number was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Topic {
    Cpr,
    /// The last four digits of a CPR number.
    LastFour,
    Cvr,
    Phone,
    Account,
    Plate,
    Case,
    Birth,
    PostCode,
}

/// Words of one turn in which a topic is looked for, before the number.
const WORDS_BEFORE: usize = 14;
/// Turns before that are looked through.
const TURNS_BEFORE: usize = 3;
/// Words at the end of an earlier turn in which a topic is looked for.
const LATELY: usize = 60;
/// Words of a turn over which a topic still holds.
const SHORT_TURN: usize = 5;
/// Words behind the number: "…, det er min mobil".
const WORDS_BEHIND: usize = 6;

/// The topic that a word names.
pub(crate) fn topic_of(word: &str) -> Option<Topic> {
    Some(match word {
        "cpr" | "cprnummer" | "cprnummeret" | "cprnr" | "personnummer" | "personnummeret" | "personnumer"
        | "fødselsnummer" | "fødselsnummeret" | "sepeer" | "cepeer" | "cp" | "pr-nummer" => Topic::Cpr,
        "cvr" | "cvrnummer" | "cvrnummeret" => Topic::Cvr,
        "ring" | "ringe" | "ringer" | "sms" | "smse" | "fastnet" | "træffes" | "træffe" | "nås" | "fange" | "tlf"
        | "mobil" | "mobilen" => Topic::Phone,
        "konto"
        | "kontoen"
        | "konton"
        | "reg"
        | "regnr"
        | "nemkonto"
        | "iban"
        | "registrerings"
        | "registreringsnummer"
        | "kontonr" => Topic::Account,
        "nummerplade" | "nummerpladen" | "pladen" | "plade" => Topic::Plate,
        "sagsnummer" | "sagsnummeret" | "sagsnr" | "journalnummer" | "journalnummeret" | "sagsnumer" => Topic::Case,
        "født" | "fødselsdag" | "fødselsdato" | "fødselsdagen" | "fødselsdatoen" | "fødselsdage" | "føt" | "fød" => {
            Topic::Birth
        }
        "postnummer" | "postnummeret" | "postnr" => Topic::PostCode,
        _ => return topic_within(word),
    })
}

/// Longer words, also with a letter missing.
fn topic_within(word: &str) -> Option<Topic> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| word.starts_with(prefix));
    if starts(&["telefonn", "telefo", "telfon", "mobiln", "mobilt", "telefn"]) {
        Some(Topic::Phone)
    } else if starts(&["kontonu", "kontonm", "kontnum"]) {
        Some(Topic::Account)
    } else if starts(&["personnu", "fødselsnu", "cprn", "personnm"]) {
        Some(Topic::Cpr)
    } else if starts(&["sagsnu", "journaln"]) {
        Some(Topic::Case)
    } else if starts(&["fødselsda", "fødseldag", "føselsda", "fødselda"]) {
        Some(Topic::Birth)
    } else if starts(&["nummerpla", "numerpla"]) {
        Some(Topic::Plate)
    } else {
        None
    }
}

/// A word that begins to ask for another number than the one being dictated.
pub(crate) fn is_other_number(word: &str) -> bool {
    matches!(topic_of(word), Some(Topic::Phone | Topic::Cvr | Topic::Case | Topic::Plate | Topic::PostCode))
        && !matches!(word, "ring" | "ringe" | "ringer")
}

/// What the talk says a number at `from` to `to` is, and how many turns ago it said so.
pub(crate) fn topic(tokens: &Tokens<'_>, from: usize, to: usize) -> Option<(Topic, usize)> {
    let turn = tokens.turn(from);
    let here = tokens.of_turn(turn);
    if let Some(topic) = last_topic(tokens, from.saturating_sub(WORDS_BEFORE).max(here.start), from) {
        return Some((topic, 0));
    }
    let behind = (to..here.end.min(to + WORDS_BEHIND)).find_map(|at| {
        topic_of(tokens.word(at))
            .filter(|topic| matches!(topic, Topic::Phone | Topic::Account | Topic::Cvr | Topic::Cpr))
    });
    if let Some(topic) = behind {
        return Some((topic, 0));
    }
    for back in 1..=TURNS_BEFORE.min(turn) {
        let range = tokens.of_turn(turn - back);
        let between = tokens.of_turn(turn - back + 1);
        // What was said since is more than a word between: the talk has gone on.
        if back > 1 && between.filter(|at| !tokens.word(*at).is_empty()).count() > SHORT_TURN {
            break;
        }
        if let Some(topic) = last_topic(tokens, range.start.max(range.end.saturating_sub(LATELY)), range.end) {
            return Some((topic, back));
        }
    }
    None
}

fn last_topic(tokens: &Tokens<'_>, from: usize, to: usize) -> Option<Topic> {
    let mut at = to;
    while at > from {
        at -= 1;
        if atoms::last_four(tokens, at).is_some_and(|end| end <= to) {
            return Some(Topic::LastFour);
        }
        // "c p r", letter by letter.
        if tokens.word(at) == "r" && at >= from + 2 && tokens.word(at - 1) == "p" && tokens.word(at - 2) == "c" {
            return Some(Topic::Cpr);
        }
        if let Some(topic) = topic_of(tokens.word(at)) {
            // "nummeret på bilen" is a plate, "registreringsnummer" alone an account.
            return Some(topic);
        }
    }
    None
}

/// Whether a topic was named within the words before `at`, in its turn.
pub(crate) fn named_before(tokens: &Tokens<'_>, at: usize, words: usize, wanted: Topic) -> bool {
    let start = tokens.of_turn(tokens.turn(at)).start;
    (at.saturating_sub(words).max(start)..at).any(|at| topic_of(tokens.word(at)) == Some(wanted))
}

/// Whether a topic was named in one of the turns before that of `at`, or before it in its own.
pub(crate) fn named_lately(tokens: &Tokens<'_>, at: usize, turns: usize, wanted: Topic) -> bool {
    let turn = tokens.turn(at);
    let start = tokens.of_turn(turn.saturating_sub(turns)).start.max(at.saturating_sub(LATELY));
    (start..at).any(|at| topic_of(tokens.word(at)) == Some(wanted))
}
