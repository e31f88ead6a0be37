//! The names, towns and everyday words this crate knows, and how near a misheard word is to one of them.
//!
//! In: a folded word. Out: what it may be. The lists lie in `lists/` as plain text, so that anybody can read and mend
//! them; they are read once.
//!
//! Not done here: what a word is in its sentence.

use crate::ear::Near;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

type Words = HashSet<&'static str>;

static GIVEN: LazyLock<Words> = LazyLock::new(|| read(include_str!("../lists/given.txt")));
static FAMILY: LazyLock<Words> = LazyLock::new(|| read(include_str!("../lists/family.txt")));
static AMBIGUOUS: LazyLock<Words> = LazyLock::new(|| read(include_str!("../lists/ambiguous.txt")));
static COMMON: LazyLock<Words> = LazyLock::new(|| read(include_str!("../lists/common.txt")));
static LARGE_PLACES: LazyLock<Words> = LazyLock::new(|| read(include_str!("../lists/municipalities.txt")));
static ORGANISATIONS: LazyLock<Words> = LazyLock::new(|| read(include_str!("../lists/organisations.txt")));
static TOWNS: LazyLock<Towns> = LazyLock::new(Towns::read);
static NEAR_GIVEN: LazyLock<Near> = LazyLock::new(|| Near::to(GIVEN.iter().copied(), 4));
static NEAR_FAMILY: LazyLock<Near> = LazyLock::new(|| Near::to(FAMILY.iter().copied(), 4));
static NEAR_TOWNS: LazyLock<Near> = LazyLock::new(|| Near::to(TOWNS.first.iter().copied(), 4));

fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

fn read(list: &'static str) -> Words {
    lines(list).flat_map(str::split_whitespace).collect()
}

pub(crate) fn is_given(word: &str) -> bool {
    GIVEN.contains(word)
}

pub(crate) fn is_family(word: &str) -> bool {
    FAMILY.contains(word)
}

/// A name that is an everyday word as well.
pub(crate) fn is_ambiguous(word: &str) -> bool {
    AMBIGUOUS.contains(word)
}

/// A word of a list of names with one letter missing, wrong, doubled or out of place.
pub(crate) fn is_near_given(word: &str) -> bool {
    NEAR_GIVEN.nearest(word).is_some()
}

pub(crate) fn is_near_family(word: &str) -> bool {
    NEAR_FAMILY.nearest(word).is_some()
}

/// The first word of a town, or nearly.
pub(crate) fn is_near_town(word: &str) -> bool {
    TOWNS.first.contains(word) || NEAR_TOWNS.nearest(word).is_some()
}

/// A municipality, a region or a land.
pub(crate) fn is_large_place(word: &str) -> bool {
    LARGE_PLACES.contains(word)
}

/// An authority, a service, a firm everybody knows.
pub(crate) fn is_organisation(word: &str) -> bool {
    ORGANISATIONS.contains(word) || word.strip_suffix('s').is_some_and(|word| ORGANISATIONS.contains(word))
}

/// The ends of words that Danish makes words with; no name ends so.
const ENDINGS: [&str; 44] = [
    "else",
    "elsen",
    "elser",
    "elserne",
    "ning",
    "ningen",
    "ninger",
    "ningerne",
    "hed",
    "heden",
    "heder",
    "tion",
    "tionen",
    "tioner",
    "skab",
    "skabet",
    "ende",
    "erede",
    "ede",
    "erne",
    "lig",
    "ligt",
    "lige",
    "ligere",
    "iske",
    "isk",
    "somt",
    "dom",
    "dommen",
    "penge",
    "pengene",
    "ydelse",
    "ydelsen",
    "støtte",
    "støtten",
    "nummer",
    "nummeret",
    "ordning",
    "ordningen",
    "kort",
    "kortet",
    "kontoret",
    "ingen",
    "eringen",
];

/// An everyday word: one of the list, or built as everyday words are.
pub(crate) fn is_common(word: &str) -> bool {
    if COMMON.contains(word) {
        return true;
    }
    if word.chars().count() < 6
        || GIVEN.contains(word)
        || FAMILY.contains(word)
        || TOWNS.first.contains(word)
        || LARGE_PLACES.contains(word)
    {
        return false;
    }
    // "Mikelsen" is Mikkelsen misheard, and no word made with -elsen.
    ENDINGS.iter().any(|ending| word.len() > ending.len() + 2 && word.ends_with(ending))
        && !(word.ends_with("sen") && is_near_family(word))
}

struct Towns {
    /// First words of towns.
    first: Words,
    /// Whole towns of one or more words.
    whole: Words,
    by_code: HashMap<u16, &'static str>,
}

impl Towns {
    fn read() -> Self {
        let mut towns = Self { first: Words::new(), whole: Words::new(), by_code: HashMap::new() };
        for line in lines(include_str!("../lists/towns.txt")) {
            let Some((codes, town)) = line.split_once(' ') else { continue };
            let (from, to) = codes.split_once('-').unwrap_or((codes, codes));
            if let (Ok(from), Ok(to)) = (from.parse::<u16>(), to.parse::<u16>()) {
                towns.by_code.extend((from..=to).map(|code| (code, town)));
            }
            towns.whole.insert(town);
            if let Some(first) = town.split(' ').next() {
                towns.first.insert(first);
            }
        }
        // How the letter å is written by half the country.
        towns.first.extend(["århus", "ålborg", "åbenrå", "fåborg", "åbybro", "års", "ålestrup"]);
        towns
    }
}

/// Whether a post code is in use.
pub(crate) fn is_post_code(code: u16) -> bool {
    TOWNS.by_code.contains_key(&code)
}

/// The town of a post code, folded.
pub(crate) fn town_of(code: u16) -> Option<&'static str> {
    TOWNS.by_code.get(&code).copied()
}

/// Whether the words are a town.
pub(crate) fn is_town(words: &str) -> bool {
    TOWNS.whole.contains(words)
}
