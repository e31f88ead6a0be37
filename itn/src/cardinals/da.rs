//! Danish number words: units before tens, tens counted in twenties, old and new spellings.
//!
//! In: a folded word, or a place in the tokens. Out: the word's atoms; what is read below a hundred.

use super::{Part, Place};
use crate::tokens::Atom::{self, And, Half, Hundred, NthScale, NthTen, NthUnit, Scale, Stump, Teen, Ten, Unit, Zero};
use crate::tokens::Tokens;

const THOUSAND: u64 = 1_000;
const MILLION: u64 = 1_000_000;
const MILLIARD: u64 = 1_000_000_000;
const BILLION: u64 = 1_000_000_000_000;

/// Longer words first where one begins another, so that the first match is the longest.
const WORDS: &[(&str, Atom)] = &[
    ("nul", Zero),
    ("een", Unit(1)),
    ("eet", Unit(1)),
    ("en", Unit(1)),
    ("et", Unit(1)),
    ("to", Unit(2)),
    ("tretten", Teen(13)),
    ("trettende", NthUnit(13)),
    ("tredive", Ten(30)),
    ("tredve", Ten(30)),
    ("tredivte", NthTen(30)),
    ("tredvte", NthTen(30)),
    ("tredivete", NthTen(30)),
    ("tredje", NthUnit(3)),
    ("tredie", NthUnit(3)),
    ("tresindstyvende", NthTen(60)),
    ("tresindstyve", Ten(60)),
    ("tresinstyve", Ten(60)),
    ("tres", Ten(60)),
    ("treds", Ten(60)),
    ("tre", Unit(3)),
    ("firsindstyvende", NthTen(80)),
    ("firsindstyve", Ten(80)),
    ("firsinstyve", Ten(80)),
    ("firs", Ten(80)),
    ("fire", Unit(4)),
    ("første", NthUnit(1)),
    ("anden", NthUnit(2)),
    ("andet", NthUnit(2)),
    ("fjerds", Stump(70)),
    ("fjers", Stump(70)),
    ("fjerde", NthUnit(4)),
    ("fjortende", NthUnit(14)),
    ("fjorten", Teen(14)),
    ("femtende", NthUnit(15)),
    ("femten", Teen(15)),
    ("femte", NthUnit(5)),
    ("femti", Ten(50)),
    ("fems", Stump(90)),
    ("fem", Unit(5)),
    ("fyrretyvende", NthTen(40)),
    ("fyrretyve", Ten(40)),
    ("fyrrende", NthTen(40)),
    ("fyrre", Ten(40)),
    ("førretyve", Ten(40)),
    ("seksten", Teen(16)),
    ("sekstende", NthUnit(16)),
    ("seksti", Ten(60)),
    ("seks", Unit(6)),
    ("sjette", NthUnit(6)),
    ("syvende", NthUnit(7)),
    ("syvti", Ten(70)),
    ("syv", Unit(7)),
    ("syttende", NthUnit(17)),
    ("sytten", Teen(17)),
    ("ottende", NthUnit(8)),
    ("otti", Ten(80)),
    ("otte", Unit(8)),
    ("niende", NthUnit(9)),
    ("nittende", NthUnit(19)),
    ("nitten", Teen(19)),
    ("niti", Ten(90)),
    ("ni", Unit(9)),
    ("tiende", NthUnit(10)),
    ("ti", Teen(10)),
    ("ellevte", NthUnit(11)),
    ("elvte", NthUnit(11)),
    ("elleve", Teen(11)),
    ("tolvte", NthUnit(12)),
    ("tolv", Teen(12)),
    ("attende", NthUnit(18)),
    ("atten", Teen(18)),
    ("tyvende", NthTen(20)),
    ("tyve", Ten(20)),
    ("halvtredsindstyvende", NthTen(50)),
    ("halvtredsindstyve", Ten(50)),
    ("halvtredsinstyve", Ten(50)),
    ("halvtreds", Ten(50)),
    ("halvtres", Ten(50)),
    ("halvfjerdsindstyvende", NthTen(70)),
    ("halvfjerdsindstyve", Ten(70)),
    ("halvfjerdsinstyve", Ten(70)),
    ("halvfjerds", Ten(70)),
    ("halvfjers", Ten(70)),
    ("halvfemsindstyvende", NthTen(90)),
    ("halvfemsindstyve", Ten(90)),
    ("halvfemsinstyve", Ten(90)),
    ("halvfems", Ten(90)),
    ("halv", Half),
    ("hundredende", NthScale(100)),
    ("hundredete", NthScale(100)),
    ("hundrede", Hundred),
    ("hundred", Hundred),
    ("tusindende", NthScale(THOUSAND)),
    ("tusinde", Scale(THOUSAND)),
    ("tusind", Scale(THOUSAND)),
    ("millioner", Scale(MILLION)),
    ("million", Scale(MILLION)),
    ("mio", Scale(MILLION)),
    ("milliarder", Scale(MILLIARD)),
    ("milliard", Scale(MILLIARD)),
    ("mia", Scale(MILLIARD)),
    ("billioner", Scale(BILLION)),
    ("billion", Scale(BILLION)),
    ("og", And),
    ("å", And),
];

/// Spellings that are numbers only inside a longer one: alone they are other words.
const INSIDE: &[(&str, Atom)] = &[("sex", Unit(6)), ("fir", Unit(4)), ("ott", Unit(8))];

/// All words that are atoms.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(word, _)| *word)
}

/// Bytes of the longest word that is cut.
const LONGEST: usize = 127;

/// Adds the atoms of `word`, all of it or none.
pub(crate) fn atoms(word: &str, atoms: &mut Vec<Atom>) {
    let before = atoms.len();
    let mut dead = [0; 2];
    if !(2..=LONGEST).contains(&word.len())
        || !cut(word, 0, atoms, before, &mut dead)
        || !joined_rightly(&atoms[before..])
    {
        atoms.truncate(before);
    }
}

/// Cuts `word` from byte `at` into atoms, the longest first; goes back where that leads nowhere, and remembers in `dead`
/// from where it does, so that no place is tried twice. "hundredet" and "tusinden" are the hundred and the thousand, not
/// 101 and 1001.
fn cut(word: &str, at: usize, atoms: &mut Vec<Atom>, before: usize, dead: &mut [u128; 2]) -> bool {
    let rest = &word[at..];
    let Some(first) = rest.as_bytes().first() else { return true };
    // What may follow depends on whether a hundred or more was the last.
    let large = matches!(atoms.last(), Some(Hundred | Scale(_)) if atoms.len() > before);
    let seen = &mut dead[usize::from(large)];
    if *seen >> at & 1 == 1 {
        return false;
    }
    *seen |= 1 << at;
    let inside = if at > 0 || rest.contains("og") { INSIDE } else { &[] };
    let mut tried = usize::MAX;
    // The longest atom first: each turn takes the longest that is shorter than the one tried before.
    loop {
        let next = WORDS
            .iter()
            .chain(inside)
            .filter(|(part, _)| part.as_bytes()[0] == *first && part.len() < tried && rest.starts_with(part))
            .max_by_key(|(part, _)| part.len());
        let Some((part, atom)) = next else { return false };
        if !(large && matches!(*part, "en" | "et")) {
            atoms.push(*atom);
            if cut(word, at + part.len(), atoms, before, dead) {
                return true;
            }
            atoms.pop();
        }
        tried = part.len();
    }
}

/// Whether a word may be made of these atoms: a lone one, unit and ten, or something with a hundred or more. "entre" and
/// "toti" are no numbers. A word may also be the half of such a one that a recogniser left: "femog", "ogtyve".
fn joined_rightly(atoms: &[Atom]) -> bool {
    match atoms {
        [_]
        | [Unit(_), And]
        | [And, Ten(_) | NthTen(_)]
        | [Unit(_), And, Half | Ten(_) | NthTen(_)]
        | [Half, Unit(_) | Teen(_)] => true,
        _ => atoms.iter().any(|atom| matches!(atom, Hundred | Scale(_))),
    }
}

/// What is below a hundred: "fem", "tolv", "tyve", "fem og tyve", "halv treds".
pub(super) fn below_hundred(tokens: &Tokens<'_>, start: Place) -> Option<(u64, Place)> {
    if let Some(read) = ten(tokens, start) {
        return Some(read);
    }
    let (part, place) = start.next(tokens)?;
    match part {
        Part::Atom(Teen(value)) => Some((value.into(), place)),
        Part::Atom(Unit(value)) => Some(with_ten(tokens, start, place, value.into()).unwrap_or((value.into(), place))),
        Part::Digits(value @ 1..=9) => with_ten(tokens, start, place, value),
        _ => None,
    }
}

/// "og tyve" behind a unit. Between two bounds it joins nothing: "mellem fem og tyve".
fn with_ten(tokens: &Tokens<'_>, start: Place, place: Place, unit: u64) -> Option<(u64, Place)> {
    if start.atom == 0
        && start.token > 0
        && matches!(tokens.word(start.token - 1), "mellem" | "imellem")
        && place.atom == 0
    {
        return None;
    }
    let and = place.take(tokens, And)?;
    if let Some((ten, place)) = ten(tokens, and) {
        return Some((ten + unit, place));
    }
    match and.next(tokens)? {
        (Part::Digits(ten @ (20 | 30 | 40 | 50 | 60 | 70 | 80 | 90)), next) if !place.mixed => Some((ten + unit, next)),
        _ => None,
    }
}

fn ten(tokens: &Tokens<'_>, start: Place) -> Option<(u64, Place)> {
    let (part, place) = start.next(tokens)?;
    match part {
        Part::Atom(Ten(value)) => Some((value.into(), place)),
        Part::Atom(Half) => match place.next(tokens)? {
            (Part::Atom(Stump(value)), next) => Some((value.into(), next)),
            (Part::Atom(Ten(60)), next) => Some((50, next)),
            _ => None,
        },
        _ => None,
    }
}
