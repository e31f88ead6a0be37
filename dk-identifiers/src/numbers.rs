//! Says which number a dictation is: CPR, telephone, account, CVR, a case, a birth date; or nothing that anybody has.
//!
//! In: dictations and what was said around them. Out: [`Found`] numbers.
//!
//! The shape decides where it can: ten digits of which the first six are a day, a month and a year are a CPR number.
//! Elsewhere the talk decides ("mit kontonummer er"). A long number of no known kind is a number all the same: six
//! digits that somebody dictates identify something. Modulus 11 makes a CPR number surer and never less sure: numbers
//! without it have been given out since 2007.

pub(crate) mod shapes;

use crate::atoms::Sort;
use crate::cues::{self, Topic};
use crate::dates;
use crate::dictation::{Dictation, Run};
use crate::digits::Sure;
use crate::find::Found;
use crate::tokens::Tokens;
use crate::{Confidence, Kind};

/// Atoms of a dictation that are read; no number has more digits.
const MOST_ATOMS: usize = 40;
/// Digits from which a number without a name is somebody's.
const LONG: usize = 6;

/// The numbers among the dictations.
pub(crate) fn find(tokens: &Tokens<'_>, dictations: &[Dictation], known: &[(Kind, String)]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut rest: Vec<&Run> = Vec::new();
    for dictation in dictations {
        match read(tokens, dictation) {
            Some(number) => found.push(number),
            // What is nothing together may be something alone.
            None if dictation.runs.len() > 1 => {
                for run in &dictation.runs {
                    match read(tokens, &Dictation { runs: vec![run.clone()] }) {
                        Some(number) => found.push(number),
                        None => rest.push(run),
                    }
                }
            }
            None => rest.extend(&dictation.runs),
        }
    }
    let before = known.iter().map(|(kind, value)| Found::new(*kind, 0, 0, value.clone(), Confidence::Sure));
    let whole: Vec<Found> = found.iter().cloned().chain(before).collect();
    let echoes: Vec<Found> = rest.iter().filter_map(|run| echo(run, &whole)).collect();
    found.extend(echoes);
    found
}

/// Part of a number that was found elsewhere: its last four digits said again, the day in it.
fn echo(run: &Run, found: &[Found]) -> Option<Found> {
    let digits = run.digits();
    if digits.len() < 4 || run.atoms.iter().any(|atom| atom.sure < Sure::Quite) {
        return None;
    }
    let whole = found.iter().find(|known| {
        let known_digits = shapes::digits_of(&known.value);
        known.understood
            && known_digits.len() > digits.len()
            && match known.kind {
                Kind::Cpr => {
                    known_digits.ends_with(&digits) && digits.len() == 4
                        || known_digits.starts_with(&digits) && digits.len() == 6
                }
                Kind::Phone => {
                    digits.len() == 4 && (known_digits.starts_with(&digits) || known_digits.ends_with(&digits))
                }
                Kind::Account => known_digits.starts_with(&digits) && digits.len() == 4,
                _ => false,
            }
    })?;
    Some(Found { runs: vec![(run.from(), run.to())], confidence: Confidence::Possible, ..whole.clone() })
}

/// What one dictation is.
fn read(tokens: &Tokens<'_>, dictation: &Dictation) -> Option<Found> {
    let first = dictation.runs.first()?;
    let (from, to) = (first.from(), first.to());
    if dictation.runs.iter().all(Run::is_date) {
        return birth_date(tokens, dictation);
    }
    let readings = readings(dictation);
    let longest = readings.iter().map(String::len).max()?;
    let topic = topic(tokens, dictation);
    let runs: Vec<(usize, usize)> = dictation.runs.iter().map(|run| (run.from(), run.to())).collect();
    let surface = || runs.iter().map(|(from, to)| tokens.text(*from, *to)).collect::<Vec<_>>().join(" ");
    let whole = |kind: Kind, value: String, confidence: Confidence| {
        Some(Found { kind, runs: runs.clone(), value, understood: true, confidence })
    };
    let clear = dictation.runs.iter().flat_map(|run| &run.atoms).all(|atom| atom.sure == Sure::Quite);
    let part = |kind: Kind| match &readings[..] {
        [digits] if clear => Some(Found {
            kind,
            runs: runs.clone(),
            value: digits.clone(),
            understood: true,
            confidence: Confidence::Possible,
        }),
        _ => Some(Found {
            kind,
            runs: runs.clone(),
            value: surface(),
            understood: false,
            confidence: Confidence::Possible,
        }),
    };

    if let Some((country, digits, start)) = shapes::iban(tokens, from, &readings) {
        let mut found = whole(Kind::Account, format!("{country}{digits}"), Confidence::Sure)?;
        found.runs[0].0 = start;
        return Some(found);
    }
    if shapes::follows_plus(tokens, from) || longest >= 10 && topic == Some(Topic::Phone) {
        if let Some(number) = readings.iter().find_map(|digits| shapes::with_country(digits)) {
            return whole(Kind::Phone, number, Confidence::Sure);
        }
        if shapes::follows_plus(tokens, from) && longest >= 7 {
            return part(Kind::Phone);
        }
    }
    let account = topic == Some(Topic::Account);
    let called = topic == Some(Topic::Cpr);
    if let Some(digits) = readings.iter().find_map(|digits| shapes::cpr_within(digits, called && longest > 10)) {
        let long_account = account && longest > 10;
        if !long_account {
            let sure = if shapes::passes_modulus_11(&digits) || topic == Some(Topic::Cpr) {
                Confidence::Sure
            } else {
                Confidence::Likely
            };
            return whole(Kind::Cpr, format!("{}-{}", &digits[..6], &digits[6..]), sure);
        }
    }
    let years = dictation.runs.iter().flat_map(|run| &run.atoms).all(|atom| dates::is_year(&atom.digits));
    if years && !matches!(topic, Some(Topic::LastFour | Topic::Cpr | Topic::Account)) {
        return None;
    }
    // Counts beside counts: too few of the words are surely numbers.
    let unsure = dictation
        .runs
        .iter()
        .flat_map(|run| &run.atoms)
        .filter(|atom| atom.sure == Sure::Quite)
        .map(|atom| atom.digits.len())
        .sum::<usize>()
        * 2
        < longest;
    match topic {
        Some(Topic::LastFour) if (3..=6).contains(&longest) => {
            let four = readings.iter().find(|digits| digits.len() == 4);
            four.map_or_else(|| part(Kind::Cpr), |digits| whole(Kind::Cpr, digits.clone(), Confidence::Likely))
        }
        Some(Topic::Cpr | Topic::LastFour) if (4..=12).contains(&longest) || longest >= 2 && alone(tokens, first) => {
            part(Kind::Cpr)
        }
        Some(Topic::Account) if longest >= 4 && !unsure => {
            let number = readings.iter().find(|digits| (11..=14).contains(&digits.len()));
            match number {
                Some(digits) => whole(Kind::Account, format!("{} {}", &digits[..4], &digits[4..]), Confidence::Sure),
                None => plain(Kind::Account, &readings, whole, part),
            }
        }
        Some(Topic::Cvr) if longest >= LONG => plain(Kind::Cvr, &readings, whole, part),
        Some(Topic::Case) if longest >= 4 => plain(Kind::Case, &readings, whole, part),
        Some(Topic::Phone) if longest >= LONG && !unsure => match readings.iter().find(|digits| digits.len() == 8) {
            Some(digits) => whole(Kind::Phone, shapes::in_pairs(digits), Confidence::Sure),
            None => part(Kind::Phone),
        },
        _ if unsure || to <= from => None,
        _ => match readings.iter().find(|digits| digits.len() == 8 && !digits.starts_with(['0', '1'])) {
            Some(digits) => whole(Kind::Phone, shapes::in_pairs(digits), Confidence::Likely),
            None if longest >= 11 => plain(Kind::Account, &readings, whole, part),
            None if longest >= LONG => plain(Kind::Number, &readings, whole, part),
            None => None,
        },
    }
}

fn plain(
    kind: Kind,
    readings: &[String],
    whole: impl Fn(Kind, String, Confidence) -> Option<Found>,
    part: impl Fn(Kind) -> Option<Found>,
) -> Option<Found> {
    match readings {
        [digits] => whole(kind, digits.clone(), Confidence::Likely),
        [digits, ..] if !digits.is_empty() => whole(kind, digits.clone(), Confidence::Possible),
        _ => part(kind),
    }
}

/// What the talk calls it: near the first run, else near a later one.
fn topic(tokens: &Tokens<'_>, dictation: &Dictation) -> Option<Topic> {
    let last_four = dictation
        .runs
        .iter()
        .any(|run| cues::topic(tokens, run.from(), run.to()).is_some_and(|(topic, _)| topic == Topic::LastFour));
    let first = dictation.runs.first()?;
    let topic = cues::topic(tokens, first.from(), first.to()).map(|(topic, _)| topic);
    // "… og kontonummer …" in its midst says what all of it is.
    let inner = dictation
        .runs
        .iter()
        .flat_map(|run| run.from()..run.to())
        .any(|at| cues::topic_of(tokens.word(at)) == Some(Topic::Account));
    if inner && topic != Some(Topic::Cpr) {
        return Some(Topic::Account);
    }
    match topic {
        Some(topic) => Some(topic),
        None if last_four => Some(Topic::LastFour),
        None => None,
    }
}

/// Whether a turn is nothing but numbers: it answers what was asked.
fn alone(tokens: &Tokens<'_>, run: &Run) -> bool {
    let turn = tokens.of_turn(run.turn);
    let fills = |at: usize| tokens.word(at).is_empty() || crate::dictation::fills(tokens.word(at));
    (turn.start..run.from()).all(fills) && (run.to()..turn.end).all(fills)
}

/// A date that the talk calls a birthday; any date where a CPR number was asked for just before.
fn birth_date(tokens: &Tokens<'_>, dictation: &Dictation) -> Option<Found> {
    let run = dictation.runs.first()?;
    let from = run.from();
    let Some(Sort::Date(date)) = run.atoms.first().map(|atom| &atom.sort) else { return None };
    let here = cues::named_before(tokens, from, 8, Topic::Birth);
    let opens = from - tokens.of_turn(run.turn).start <= 6;
    let asked = opens && run.turn > 0 && {
        let before = tokens.of_turn(run.turn - 1);
        (before.start..before.end).any(|at| matches!(cues::topic_of(tokens.word(at)), Some(Topic::Birth | Topic::Cpr)))
    };
    let number = cues::named_before(tokens, from, 6, Topic::Cpr);
    if !(here || asked || number) {
        return None;
    }
    let year = date.year.as_deref().unwrap_or_default();
    let value = match year {
        "" => format!("{}. {}", date.day, shapes::month(date.month)),
        year => format!("{}. {} {year}", date.day, shapes::month(date.month)),
    };
    let last = dictation.runs.iter().take_while(|known| known.turn == run.turn).last()?;
    Some(Found {
        kind: Kind::BirthDate,
        runs: vec![(from, last.to())],
        value,
        understood: true,
        confidence: Confidence::Likely,
    })
}

/// The digit rows that a dictation may stand for, the likeliest first, each once.
fn readings(dictation: &Dictation) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |digits: String| {
        if !all.contains(&digits) {
            all.push(digits);
        }
    };
    let speakers: Vec<_> = dictation.runs.iter().map(|run| run.speaker).collect();
    let said = |of: &[&Run]| of.iter().map(|run| run.digits().len()).sum::<usize>();
    let mut sides: Vec<Vec<&Run>> = [true, false]
        .map(|first| dictation.runs.iter().filter(|run| (Some(&run.speaker) == speakers.first()) == first).collect())
        .to_vec();
    sides.sort_by_key(|runs: &Vec<&Run>| std::cmp::Reverse(said(runs)));
    sides.push(dictation.runs.iter().collect());
    let mut plain = Vec::new();
    for runs in sides.iter().filter(|runs| !runs.is_empty()) {
        let (atoms, corrected) = row(runs);
        for at in corrected.iter().rev() {
            // Said anew from the beginning, or only the last words before the correction.
            add(atoms[*at..].concat());
            for back in 1..=*at {
                add([&atoms[..*at - back], &atoms[*at..]].concat().concat());
            }
        }
        plain.push(atoms.concat());
    }
    plain.into_iter().for_each(add);
    // A beginning that was said again without a word: "nul en, nul en nul fem".
    all
}

/// The atoms of some runs in a row, and the places in it where something was taken back.
fn row(runs: &[&Run]) -> (Vec<String>, Vec<usize>) {
    let (mut atoms, mut corrected) = (Vec::new(), Vec::new());
    for run in runs {
        let mut corrections = run.corrections.iter().peekable();
        for (at, atom) in run.atoms.iter().enumerate().take(MOST_ATOMS) {
            if corrections.next_if_eq(&&at).is_some() {
                corrected.push(atoms.len());
            }
            atoms.push(atom.digits.clone());
        }
    }
    // More than a few corrections are no dictation any more, and each costs a reading for each atom before it.
    corrected.truncate(4);
    atoms.truncate(MOST_ATOMS);
    corrected.retain(|at| *at < atoms.len());
    (atoms, corrected)
}
