//! Names of people, places and organisations: each in the draft has to be in the cited turns, as far as a recogniser hears.
//!
//! In Danish and English a capital inside a sentence marks a name. Two spellings are one name if they sound alike: letters are
//! folded to what is heard (`sound`), and what is left may differ by a fraction of its length, in which vowels and voiced pairs
//! count half. A name that the call says elsewhere is doubted only if the cited turns say another one instead.
//!
//! Not done here: who is who. "Mette" for "Mette's sister" no rule here sees.

use crate::call::{Call, Claim, Said, Speaker};
use crate::lexicon::Lexicon;
use crate::words::Word;
use crate::{Flag, Kind, Reason};

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
        if claim.cited_turns(call).any(|(_, said)| says(said, &word.lower)) {
            continue;
        }
        // Whom only words meant for the machine speak of, or a citizen who asks about another, is not of this call.
        let counts = |said: &Said| !(said.is_addressed || said.is_question && said.speaker == Speaker::Citizen);
        let elsewhere = call.turns.iter().position(|said| counts(said) && says(said, &word.lower));
        let instead = foreign.iter().min_by(|one, other| {
            let far = |heard: &Word| distance(&sound(&heard.lower), &sound(&word.lower));
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
    let (one, other) = (sound(one), sound(other));
    let longest = one.len().max(other.len());
    if longest < 3 || one.len().abs_diff(other.len()) > 2 {
        return one == other;
    }
    let begins_alike = substitution(one[0], other[0]) < 1.0;
    #[expect(clippy::cast_precision_loss, reason = "words have few letters")]
    let allowed = longest as f64 * TOLERANCE;
    begins_alike && distance(&one, &other) <= allowed
}

fn without_genitive(lower: &str) -> &str {
    let bare = lower.strip_suffix("'s").or_else(|| lower.strip_suffix("\u{2019}s")).unwrap_or(lower);
    let bare = bare.trim_end_matches(['\'', '\u{2019}']);
    match bare.strip_suffix('s') {
        Some(stem) if stem.chars().count() >= 3 && !stem.ends_with('s') => stem,
        _ => bare,
    }
}

/// What is heard of a word: foreign letters as they sound, each sound once.
fn sound(lower: &str) -> Vec<char> {
    let mut heard: Vec<char> = Vec::with_capacity(lower.len());
    let letters: Vec<char> = lower.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied();
        let (sound, taken): (&[char], usize) = match (letters[at], next) {
            ('a', Some('a')) => (&['å'], 2),
            ('a', Some('e')) => (&['æ'], 2),
            ('o', Some('e')) => (&['ø'], 2),
            ('p', Some('h')) => (&['f'], 2),
            ('t', Some('h')) => (&['t'], 2),
            ('c', Some('h' | 'k')) => (&['k'], 2),
            ('q', Some('u')) => (&['k', 'v'], 2),
            ('c', Some('e' | 'i' | 'y')) | ('z', _) => (&['s'], 1),
            ('c' | 'q', _) => (&['k'], 1),
            ('w', _) => (&['v'], 1),
            ('x', _) => (&['k', 's'], 1),
            ('é' | 'è' | 'ê', _) => (&['e'], 1),
            ('ü' | 'y', _) => (&['y'], 1),
            ('ö', _) => (&['ø'], 1),
            ('ä', _) => (&['æ'], 1),
            (letter, _) => {
                if heard.last() != Some(&letter) {
                    heard.push(letter);
                }
                at += 1;
                continue;
            }
        };
        heard.extend(sound);
        at += taken;
    }
    heard
}

const VOWELS: &str = "aeiouyæøå";
/// Pairs that a recogniser takes for each other.
const PAIRS: [(char, char); 9] =
    [('b', 'p'), ('d', 't'), ('g', 'k'), ('v', 'f'), ('m', 'n'), ('j', 'i'), ('g', 'j'), ('v', 'u'), ('d', 'l')];
/// Often not heard at all, or heard where none is.
const SILENT: &str = "hdgj";

fn substitution(one: char, other: char) -> f64 {
    if one == other {
        0.0
    } else if VOWELS.contains(one) && VOWELS.contains(other)
        || PAIRS.contains(&(one, other))
        || PAIRS.contains(&(other, one))
    {
        0.5
    } else {
        1.0
    }
}

fn omission(letter: char) -> f64 {
    if VOWELS.contains(letter) || SILENT.contains(letter) { 0.5 } else { 1.0 }
}

/// Weighted edit distance (Levenshtein 1966), two rows.
fn distance(one: &[char], other: &[char]) -> f64 {
    let mut above: Vec<f64> = vec![0.0];
    for letter in other {
        above.push(above[above.len() - 1] + omission(*letter));
    }
    for left in one {
        let mut row = vec![above[0] + omission(*left)];
        for (at, right) in other.iter().enumerate() {
            let changed = above[at] + substitution(*left, *right);
            let left_out = above[at + 1] + omission(*left);
            let put_in = row[at] + omission(*right);
            row.push(changed.min(left_out).min(put_in));
        }
        above = row;
    }
    above[above.len() - 1]
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
