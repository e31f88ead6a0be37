//! One error each.

use super::replaced;
use crate::Language;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use std::ops::Range;

const MONTHS: [[&str; 12]; 2] = [
    [
        "januar",
        "februar",
        "marts",
        "april",
        "maj",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "december",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];
const WEEKDAYS: [[&str; 7]; 2] = [
    ["mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"],
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
];
/// Given names, family names, places: invented people have them, and so have the places of Denmark.
const NAMES: [&[&str]; 3] = [
    &[
        "Birthe", "Torben", "Signe", "Rasmus", "Yusuf", "Inger", "Kasper", "Dorthe", "Malthe", "Vibeke", "Fatima",
        "Jørn", "Gudrun", "Oskar",
    ],
    &[
        "Holm",
        "Bruun",
        "Thygesen",
        "Ravn",
        "Kjeldsen",
        "Overgaard",
        "Winther",
        "Lauridsen",
        "Bang",
        "Juhl",
        "Mikkelsen",
    ],
    &["Viborg", "Skive", "Køge", "Nyborg", "Hobro", "Tønder", "Ribe", "Greve", "Struer", "Thisted", "Grenaa", "Maribo"],
];

fn index(language: Language) -> usize {
    match language {
        Language::Danish => 0,
        Language::English => 1,
    }
}

/// Runs of digits with their separators.
fn digits(text: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_digit()
                || matches!(bytes[at], b'.' | b',' | b':' | b'/' | b'-')
                    && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
        {
            at += 1;
        }
        runs.push(start..at);
    }
    runs
}

/// Whether the digits are part of a date or a time of day.
fn is_of_date(text: &str, place: &Range<usize>) -> bool {
    let before = text[..place.start].trim_end().to_lowercase();
    let behind = text[place.end..].trim_start_matches(['.', ' ']).to_lowercase();
    let written = &text[place.clone()];
    let month_behind = MONTHS.iter().flatten().any(|month| behind.starts_with(&month.to_lowercase()));
    let month_before = MONTHS.iter().flatten().any(|month| before.ends_with(&month.to_lowercase()));
    let of_clock = ["kl.", "kl", "klokken", " at", "mellem", "between"].iter().any(|cue| before.ends_with(cue))
        || written.contains(':');
    let numeric = written.matches(['.', '/', '-']).count() >= 2 || written.contains('/');
    let is_year =
        written.len() == 4 && (written.starts_with("19") || written.starts_with("20")) && !written.contains('.');
    let counts_days = ["dage", "uge", "måned", "år", "time", "minut", "day", "week", "month", "year", "hour"]
        .iter()
        .any(|unit| behind.starts_with(unit));
    month_behind || month_before || of_clock || numeric || is_year || counts_days
}

pub(super) fn number(text: &str, chance: &mut StdRng) -> Option<String> {
    let places: Vec<Range<usize>> = digits(text).into_iter().filter(|place| !is_of_date(text, place)).collect();
    let place = places.choose(chance)?;
    Some(replaced(text, place, &other_digits(&text[place.clone()], chance)))
}

/// The same number of digits, one or two of them changed, or two neighbours changed round.
fn other_digits(written: &str, chance: &mut StdRng) -> String {
    let mut letters: Vec<char> = written.chars().collect();
    let places: Vec<usize> = (0..letters.len()).filter(|at| letters[*at].is_ascii_digit()).collect();
    let pairs: Vec<(usize, usize)> = places
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .filter(|(one, other)| letters[*one] != letters[*other])
        .collect();
    if let Some((one, other)) = pairs.choose(chance).filter(|_| chance_of(0.3, chance)) {
        letters.swap(*one, *other);
    } else {
        let at = *places.choose(chance).expect("a run has a digit");
        let old = letters[at].to_digit(10).expect("a digit");
        let new = (old + chance.random_range(1..10)) % 10;
        letters[at] = char::from_digit(new, 10).expect("below ten");
    }
    if letters[places[0]] == '0' && places.len() > 1 && !written.starts_with('0') {
        letters[places[0]] = '3';
    }
    letters.into_iter().collect()
}

fn chance_of(share: f64, chance: &mut StdRng) -> bool {
    chance.random_bool(share)
}

pub(super) fn date(text: &str, language: Language, chance: &mut StdRng) -> Option<String> {
    let lower = text.to_lowercase();
    let mut places: Vec<(Range<usize>, Vec<String>)> = Vec::new();
    let named = [&MONTHS[index(language)][..], &WEEKDAYS[index(language)][..]];
    for names in named {
        for name in names {
            let wanted = name.to_lowercase();
            for (at, _) in lower.match_indices(&wanted) {
                let place = at..at + wanted.len();
                let apart = |letter: Option<char>| !letter.is_some_and(char::is_alphabetic);
                let whole = apart(lower[..at].chars().next_back()) && apart(lower[place.end..].chars().next());
                if whole && lower.len() == text.len() {
                    let others = names.iter().filter(|other| *other != name).map(|other| (*other).to_owned());
                    places.push((place, others.collect()));
                }
            }
        }
    }
    for place in digits(text).into_iter().filter(|place| is_of_date(text, place)) {
        let written = &text[place.clone()];
        let others = other_date(written, chance);
        places.push((place.clone(), others));
    }
    let (place, others) = places.choose(chance)?;
    Some(replaced(text, place, others.choose(chance)?))
}

/// Other days, times or years that can be.
fn other_date(written: &str, chance: &mut StdRng) -> Vec<String> {
    let parts: Vec<&str> = written.split(['.', '/', '-', ':']).collect();
    let separator = written.chars().find(|letter| !letter.is_ascii_digit());
    let other = |part: &str, chance: &mut StdRng| -> String {
        let Ok(value) = part.parse::<u32>() else { return part.to_owned() };
        let new = if part.len() == 4 {
            value + chance.random_range(1..4)
        } else if value == 0 {
            30
        } else if value <= 12 {
            value % 12 + 1
        } else if value <= 28 {
            value - chance.random_range(1..10)
        } else {
            value - chance.random_range(1..20)
        };
        let width = part.len();
        format!("{new:0width$}")
    };
    let at = chance.random_range(0..parts.len());
    let mut changed: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    changed[at] = other(parts[at], chance);
    vec![changed.join(&separator.map(String::from).unwrap_or_default())]
}

pub(super) fn name(text: &str, language: Language, chance: &mut StdRng) -> Option<String> {
    const NO_NAMES: [&str; 15] = [
        "Borgeren",
        "Borgerens",
        "Borger",
        "Sagsbehandleren",
        "Sagsbehandlerens",
        "Udbetaling",
        "Danmark",
        "MitID",
        "NemKonto",
        "Citizen",
        "Caseworker",
        "Digital",
        "Post",
        "I",
        "CPR",
    ];
    let mut places: Vec<Range<usize>> = Vec::new();
    for (at, word) in text.split_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)) {
        let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let ends_sentence = text[..at].trim_end().ends_with(['.', '!', '?', ':', '»', '"']) || at == 0;
        let of_calendar = WEEKDAYS.iter().chain(&[]).flatten().any(|day| *day == bare)
            || MONTHS.iter().flatten().any(|month| *month == bare);
        let is_name = bare.chars().count() >= 3
            && bare.starts_with(char::is_uppercase)
            && bare.chars().any(char::is_lowercase)
            && bare.chars().all(|letter| letter.is_alphabetic() || letter == '-')
            && !ends_sentence
            && !of_calendar
            && !NO_NAMES.contains(&bare);
        if is_name {
            let start = at + word.find(bare).unwrap_or(0);
            places.push(start..start + bare.len());
        }
    }
    let place = places.choose(chance)?;
    let old = &text[place.clone()];
    let of_place = text[..place.start].trim_end().ends_with(" i")
        || text[..place.start].trim_end().ends_with(" til")
        || language == Language::English && text[..place.start].trim_end().ends_with(" in");
    let pool = if of_place { NAMES[2] } else { NAMES[chance.random_range(0..2)] };
    let new = pool.iter().filter(|name| !old.starts_with(**name)).collect::<Vec<_>>();
    let new = **new.choose(chance)?;
    let genitive = if old.ends_with('s') && !new.ends_with('s') && chance_of(0.5, chance) { "s" } else { "" };
    Some(replaced(text, place, &format!("{new}{genitive}")))
}

pub(super) fn speaker(text: &str, language: Language) -> Option<String> {
    let pairs: &[(&str, &str)] = match language {
        Language::Danish => &[
            ("Sagsbehandleren", "Borgeren"),
            ("sagsbehandleren", "borgeren"),
            ("Sagsbehandler", "Borger"),
            ("sagsbehandler", "borger"),
        ],
        Language::English => {
            &[("The caseworker", "The citizen"), ("the caseworker", "the citizen"), ("Caseworker", "Citizen")]
        }
    };
    let first = pairs
        .iter()
        .flat_map(|(one, other)| [(text.find(one), one, other), (text.find(other), other, one)])
        .filter_map(|(at, old, new)| Some((at?, old, new)))
        .min_by_key(|(at, old, _)| (*at, std::cmp::Reverse(old.len())))?;
    let (at, old, new) = first;
    Some(replaced(text, &(at..at + old.len()), new))
}

pub(super) fn negation(text: &str, language: Language, chance: &mut StdRng) -> Option<String> {
    let taken_out: &[(&str, &str)] = match language {
        Language::Danish => &[
            (" ikke ", " "),
            (" ikke.", "."),
            (" ingen ", " en "),
            (" intet ", " et "),
            (" aldrig ", " "),
            (" uden ", " med "),
            ("hverken", "både"),
        ],
        Language::English => &[(" not ", " "), ("n't ", " "), (" no ", " a "), (" never ", " "), ("without", "with")],
    };
    let places: Vec<(usize, &str, &str)> =
        taken_out.iter().flat_map(|(old, new)| text.match_indices(old).map(move |(at, _)| (at, *old, *new))).collect();
    if let Some((at, old, new)) = places.choose(chance) {
        return Some(replaced(text, &(*at..*at + old.len()), new));
    }
    let verbs: &[&str] = match language {
        Language::Danish => &[
            "er", "har", "skal", "kan", "vil", "får", "fik", "havde", "var", "må", "bor", "kommer", "modtager",
            "ønsker", "sender", "ringer", "betaler", "arbejder",
        ],
        Language::English => &["is", "has", "will", "can", "was", "had", "must", "should"],
    };
    let words: Vec<(usize, &str)> =
        text.split_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)).collect();
    let behind: Vec<usize> = words
        .iter()
        .enumerate()
        .filter(|(at, (_, word))| verbs.contains(word) && *at + 1 < words.len())
        .map(|(at, _)| at)
        .collect();
    let at = *behind.choose(chance)?;
    let (not, subordinate) = match language {
        Language::Danish => ("ikke ", ["at", "som", "der", "fordi", "hvis"]),
        Language::English => ("not ", [""; 5]),
    };
    // Behind "that" a Danish "not" stands before the verb.
    let before_verb =
        at >= 2 && subordinate.contains(&words[at - 2].1) || at >= 1 && subordinate.contains(&words[at - 1].1);
    let place = if before_verb { words[at].0 } else { words[at + 1].0 };
    Some(replaced(text, &(place..place), not))
}
