//! Names of people, places and organisations: each in the draft has to be in the cited turns, as far as a recogniser hears.
//!
//! In Danish and English a capital inside a sentence marks a name. Two spellings are one name if they sound alike: letters are
//! folded to what is heard (`Sound`), and what is left may differ by a fraction of its length, in which vowels and voiced pairs
//! count half. A name that the call says elsewhere is doubted only if the cited turns say another one instead.
//!
//! Not done here: who is who. "Mette" for "Mette's sister" no rule here sees.

use crate::call::{Call, Claim, Said, Speaker};
use crate::lexicon::Lexicon;
use crate::words::Word;
use crate::{Flag, Kind, Reason};
use referent_itn::sound::Sound;

/// Of a name's letters so much may be heard otherwise.
const TOLERANCE: f64 = 0.22;

pub(crate) fn check(call: &Call, claim: &Claim<'_>, flags: &mut Vec<Flag>) {
    let mut named: Vec<&Word> = claim.words.iter().filter(|word| is_name(word, call.note)).collect();
    named.retain(|word| !is_known(call, &word.lower));
    let foreign: Vec<(usize, &Word)> = claim
        .cited_turns(call)
        .flat_map(|(at, said)| said.words.iter().map(move |word| (at, word)))
        .filter(|(_, word)| is_name(word, call.spoken) && !is_known(call, &word.lower))
        .filter(|(_, heard)| !claim.words.iter().any(|word| sounds_like(&word.lower, &heard.lower)))
        .collect();
    for word in named {
        let is_glued = |said: &Said| said.words.iter().any(|heard| is_part(&heard.lower, &word.lower, claim, call));
        if claim.cited_turns(call).any(|(_, said)| says(said, &word.lower) || is_glued(said)) {
            continue;
        }
        // Whom only words meant for the machine speak of, or a citizen who asks about another, is not of this call.
        let counts = |said: &Said| !(said.is_addressed || said.is_question && said.speaker == Speaker::Citizen);
        let elsewhere = call.turns.iter().position(|said| counts(said) && says(said, &word.lower));
        let instead = foreign.iter().min_by(|one, other| {
            let far = |heard: &Word| Sound::of(&heard.lower).distance(&Sound::of(&word.lower));
            far(one.1).total_cmp(&far(other.1))
        });
        let (reason, said, evidence) = match (elsewhere, instead) {
            (Some(at), None) if names_another(call, claim, at) => {
                (Reason::SaidElsewhere, call.turns[at].text.clone(), vec![at])
            }
            (Some(_), None) => continue,
            (_, Some((at, heard))) => {
                let text = &call.turns[*at].text;
                (Reason::OtherValue, text[heard.span.clone()].to_owned(), vec![*at])
            }
            (None, None) => (Reason::NotSaid, String::new(), Vec::new()),
        };
        flags.push(Flag { kind: Kind::Name, reason, span: word.span.clone(), said, evidence });
    }
}

/// Whether the name is somebody's of whom the call speaks ("she is called …"), and the cited turns speak of none but the two
/// who talk.
fn names_another(call: &Call, claim: &Claim<'_>, introduced: usize) -> bool {
    let cues = &call.spoken.speakers;
    let third = |said: &Said| said.words.iter().any(|word| cues.third_person.contains(&word.lower));
    let second = |said: &Said| said.words.iter().any(|word| cues.second_person.contains(&word.lower));
    third(&call.turns[introduced])
        && !claim.cited_turns(call).any(|(_, said)| third(said))
        && claim.cited_turns(call).any(|(_, said)| second(said))
}

/// Written as a name is.
fn is_name(word: &Word, lexicon: &Lexicon) -> bool {
    word.is_capital
        && !word.is_first
        && word.lower.chars().filter(|letter| letter.is_alphabetic()).count() > 1
        && !word.lower.chars().any(|letter| letter.is_ascii_digit())
        && !lexicon.no_names.contains(&word.lower)
}

/// Of the trade, the authority or the area.
fn is_known(call: &Call, lower: &str) -> bool {
    let bare = without_genitive(lower);
    [lower, bare].iter().any(|name| call.note.common_names.contains(*name))
        || call
            .about
            .known_names
            .iter()
            .any(|known| known.to_lowercase().split_whitespace().any(|part| part == lower || part == bare))
}

/// Whether the name is said in this turn, in one word or two.
fn says(said: &Said, lower: &str) -> bool {
    if said.words.iter().any(|word| sounds_like(&word.lower, lower)) {
        return true;
    }
    let long = lower.chars().count() >= 6;
    long && said.words.windows(2).any(|pair| sounds_like(&format!("{}{}", pair[0].lower, pair[1].lower), lower))
        || is_spelled(said, lower)
}

/// Letters from which a name is one also where the blank beside it was not heard.
const GLUED: usize = 4;

/// Whether what was heard is the name and, without a blank, a small word or another word of the sentence: "ertroels",
/// "Sigrunøstrup". A longer name is another one: "Vejlevej" is not "Vejle".
fn is_part(heard: &str, lower: &str, claim: &Claim<'_>, call: &Call) -> bool {
    let is_beside = |rest: &str| {
        call.spoken.function_words.contains(rest)
            || claim.words.iter().any(|word| word.is_capital && word.lower == rest)
    };
    lower.chars().count() >= GLUED
        && [heard.strip_prefix(lower), heard.strip_suffix(lower)].into_iter().flatten().any(is_beside)
}

/// Letter by letter: "s u" for "SU".
fn is_spelled(said: &Said, lower: &str) -> bool {
    let letters: Vec<char> = lower.chars().collect();
    letters.len() <= 5
        && said
            .words
            .windows(letters.len())
            .any(|run| run.iter().zip(&letters).all(|(word, letter)| word.lower.chars().eq(std::iter::once(*letter))))
}

/// Whether two words are one name, as far as can be heard.
pub(crate) fn sounds_like(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    // "Lars" and "Riis" end with a letter of their own.
    [(one, other), (without_genitive(one), other), (one, without_genitive(other))]
        .iter()
        .chain([&(without_genitive(one), without_genitive(other))])
        .any(|(one, other)| one == other || sound_alike(one, other))
}

fn sound_alike(one: &str, other: &str) -> bool {
    let (one, other) = (Sound::of(one), Sound::of(other));
    let longest = one.len().max(other.len());
    if longest < 3 || one.len().abs_diff(other.len()) > 2 {
        return one == other;
    }
    #[expect(clippy::cast_precision_loss, reason = "words have few letters")]
    let allowed = longest as f64 * TOLERANCE;
    one.begins_like(&other) && one.distance(&other) <= allowed
}

fn without_genitive(lower: &str) -> &str {
    let bare = lower.strip_suffix("'s").or_else(|| lower.strip_suffix("\u{2019}s")).unwrap_or(lower);
    let bare = bare.trim_end_matches(['\'', '\u{2019}']);
    match bare.strip_suffix('s') {
        Some(stem) if stem.chars().count() >= 3 && !stem.ends_with('s') => stem,
        _ => bare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_by_its_sound() {
        let check = |one: &str, other: &str, expected: bool| {
            assert_eq!(sounds_like(one, other), expected, "{one} {other}");
            assert_eq!(sounds_like(other, one), expected, "{other} {one}");
        };
        for (one, other) in [
            ("mette", "mettes"),
            ("sørensen", "sørensens"),
            ("pedersen", "petersen"),
            ("christian", "kristian"),
            ("sofie", "sophie"),
            ("aabenraa", "åbenrå"),
            ("vestergaard", "vestergård"),
            ("katrine", "cathrine"),
            ("lars", "lars'"),
            ("vejle", "vejles"),
            ("margrethe", "margrete"),
        ] {
            check(one, other, true);
        }
        for (one, other) in [
            ("hansen", "jensen"),
            ("vejle", "vejen"),
            ("mette", "jette"),
            ("peter", "anders"),
            ("nielsen", "jensen"),
            ("odense", "horsens"),
            ("lise", "lone"),
            ("karen", "maren"),
            ("bo", "ib"),
            ("aarhus", "aalborg"),
        ] {
            check(one, other, false);
        }
    }
}
