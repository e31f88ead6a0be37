//! English number words: tens before units, with a hyphen, a space or neither.
//!
//! In: a folded word, or a place in the tokens. Out: the word's atoms; what is read below a hundred.

use super::{Part, Place};
use crate::tokens::Atom::{self, And, Article, Half, Hundred, NthScale, NthTen, NthUnit, Scale, Teen, Ten, Unit, Zero};
use crate::tokens::Tokens;

const WORDS: &[(&str, Atom)] = &[
    ("zero", Zero),
    ("nought", Zero),
    ("naught", Zero),
    ("one", Unit(1)),
    ("two", Unit(2)),
    ("three", Unit(3)),
    ("four", Unit(4)),
    ("five", Unit(5)),
    ("six", Unit(6)),
    ("seven", Unit(7)),
    ("eight", Unit(8)),
    ("nine", Unit(9)),
    ("ten", Teen(10)),
    ("eleven", Teen(11)),
    ("twelve", Teen(12)),
    ("thirteen", Teen(13)),
    ("fourteen", Teen(14)),
    ("fifteen", Teen(15)),
    ("sixteen", Teen(16)),
    ("seventeen", Teen(17)),
    ("eighteen", Teen(18)),
    ("nineteen", Teen(19)),
    ("twenty", Ten(20)),
    ("thirty", Ten(30)),
    ("forty", Ten(40)),
    ("fourty", Ten(40)),
    ("fifty", Ten(50)),
    ("sixty", Ten(60)),
    ("seventy", Ten(70)),
    ("eighty", Ten(80)),
    ("ninety", Ten(90)),
    ("ninty", Ten(90)),
    ("hundred", Hundred),
    ("thousand", Scale(1_000)),
    ("million", Scale(1_000_000)),
    ("billion", Scale(1_000_000_000)),
    ("trillion", Scale(1_000_000_000_000)),
    ("and", And),
    ("a", Article),
    ("half", Half),
    ("first", NthUnit(1)),
    ("second", NthUnit(2)),
    ("third", NthUnit(3)),
    ("fourth", NthUnit(4)),
    ("fifth", NthUnit(5)),
    ("sixth", NthUnit(6)),
    ("seventh", NthUnit(7)),
    ("eighth", NthUnit(8)),
    ("ninth", NthUnit(9)),
    ("tenth", NthUnit(10)),
    ("eleventh", NthUnit(11)),
    ("twelfth", NthUnit(12)),
    ("thirteenth", NthUnit(13)),
    ("fourteenth", NthUnit(14)),
    ("fifteenth", NthUnit(15)),
    ("sixteenth", NthUnit(16)),
    ("seventeenth", NthUnit(17)),
    ("eighteenth", NthUnit(18)),
    ("nineteenth", NthUnit(19)),
    ("twentieth", NthTen(20)),
    ("thirtieth", NthTen(30)),
    ("fortieth", NthTen(40)),
    ("fiftieth", NthTen(50)),
    ("sixtieth", NthTen(60)),
    ("seventieth", NthTen(70)),
    ("eightieth", NthTen(80)),
    ("ninetieth", NthTen(90)),
    ("hundredth", NthScale(100)),
    ("thousandth", NthScale(1_000)),
];

fn atom(word: &str) -> Option<Atom> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, atom)| *atom)
}

/// All words that are atoms.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(word, _)| *word)
}

/// Adds the atoms of `word`, all of it or none. "twentyfive" is two.
pub(crate) fn atoms(word: &str, atoms: &mut Vec<Atom>) {
    if let Some(atom) = atom(word) {
        atoms.push(atom);
    } else if let Some(tens) = word.find("ty").map(|at| at + 2)
        && let (Some(ten @ Ten(_)), Some(unit @ (Unit(_) | NthUnit(1..=9)))) =
            (atom(&word[..tens]), atom(&word[tens..]))
    {
        atoms.extend([ten, unit]);
    }
}

/// What is below a hundred: "five", "twelve", "twenty", "twenty-five".
pub(super) fn below_hundred(tokens: &Tokens<'_>, start: Place) -> Option<(u64, Place)> {
    let (part, place) = start.next(tokens)?;
    match part {
        Part::Atom(Unit(value) | Teen(value)) => Some((value.into(), place)),
        Part::Atom(Ten(ten)) => match place.next(tokens) {
            Some((Part::Atom(Unit(unit)), next)) => Some((u64::from(ten + unit), next)),
            _ => Some((ten.into(), place)),
        },
        _ => None,
    }
}
