//! Finds stretches of digits, however they are said, and every digit string they can mean.
//!
//! In: a text. Out: [`Stretch`]es: where number words, digits and what may stand between them follow each other. Each
//! part of a stretch has the digits it can be, as steps from one place of the text to another; a way along the steps is
//! a digit string. "tyve fem" has the ways 20-5 and 25, "den første i femte femogfirs" the way 01-05-85.
//!
//! ```text
//!   nul  fem   og   tyve
//!   0    5  ──────▶ 20         052 0: said one by one
//!        └───── 25 ────▶       025: "fem og tyve" is 25
//! ```
//!
//! Promises:
//!   Q1  Every digit string names the text it was read from, from its first to its last digit.
//!   Q2  The likely way comes first: numbers as they are read, leading zeros kept.
//!   Q3  However ambiguous a text is, the ways that are tried from one place are bounded ([`MOST_WAYS`]).
//!
//! Not done here: what a digit string is. A stretch may well be a price and a number of the house next to each other.

use std::ops::{Range, RangeInclusive};

use crate::tokens::{Atom, Kind, Tokens};
use crate::{Language, cardinals, months};

/// Ways that are tried from one place of a stretch.
pub const MOST_WAYS: usize = 512;
/// Tokens without digits that may stand between two with digits.
const WIDEST_BREAK: usize = 4;
/// Tokens of a stretch that can be one digit string.
const LONGEST_WHOLE: usize = 80;
/// No step is a larger number.
const LARGEST_NUMBER: u64 = 999_999_999_999;

/// Where digits follow each other. They may be somebody's number, so it does not print.
#[derive(Clone)]
pub struct Stretch {
    /// From the first digit to the last.
    pub span: Range<usize>,
    places: Vec<Range<usize>>,
    steps: Vec<Step>,
}

/// Some digits, read from one place of a stretch to another.
#[derive(Clone)]
struct Step {
    from: usize,
    to: usize,
    digits: String,
    doubt: u8,
}

/// A digit string, and where it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found<'d> {
    /// Digits only.
    pub digits: &'d str,
    /// From the first digit to the last, in the text.
    pub span: Range<usize>,
    /// How many steps of it are less likely than another reading of the same words; 0 is how one would read it.
    pub doubt: u8,
}

/// The stretches of a text, in order.
pub fn stretches(text: &str, language: Language) -> Vec<Stretch> {
    in_tokens(&Tokens::new(text, language))
}

/// The stretches of a text that is cut already.
pub fn in_tokens(tokens: &Tokens<'_>) -> Vec<Stretch> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if has_digits(tokens, at, at) {
            let end = end_of_stretch(tokens, at);
            all.push(Stretch::new(tokens, at, end));
            at = end;
        } else {
            at += 1;
        }
    }
    all
}

/// The stretch from token `start` up to `end`, whatever stands there.
pub(crate) fn between(tokens: &Tokens<'_>, start: usize, end: usize) -> Stretch {
    Stretch::new(tokens, start, end)
}

impl Stretch {
    fn new(tokens: &Tokens<'_>, start: usize, end: usize) -> Self {
        let mut steps = Vec::new();
        for at in start..end {
            steps_from(tokens, at, start, &mut |to: usize, digits: String, doubt: u8| {
                if to <= end {
                    steps.push(Step { from: at - start, to: to - start, digits, doubt });
                }
            });
        }
        Self { span: tokens.span(start, end), places: (start..end).map(|at| tokens.span(at, at + 1)).collect(), steps }
    }

    /// Shows every digit string of these lengths to `show`, by its place in the text and then the likely ones first.
    pub fn each(&self, lengths: RangeInclusive<usize>, mut show: impl FnMut(Found<'_>)) {
        let mut digits = String::new();
        for from in 0..self.places.len() {
            if self.steps_at(from).next().is_some() {
                let mut ways = MOST_WAYS;
                self.walk(from, from, &lengths, 0, &mut digits, &mut ways, &mut show);
                digits.clear();
            }
        }
    }

    /// The digit strings of the whole stretch, the likely ones first, at most `most`; none of a stretch that is too long
    /// to be one number.
    pub fn whole(&self, most: usize) -> Vec<(String, u8)> {
        if self.places.len() > LONGEST_WHOLE {
            return Vec::new();
        }
        let mut all: Vec<(String, u8)> = Vec::new();
        let span = self.span.clone();
        let (mut digits, mut ways) = (String::new(), MOST_WAYS);
        self.walk(0, 0, &(1..=usize::MAX), 0, &mut digits, &mut ways, &mut |found: Found<'_>| {
            if found.span == span && all.len() < most && all.iter().all(|(known, _)| known != found.digits) {
                all.push((found.digits.to_owned(), found.doubt));
            }
        });
        all.sort_by_key(|(_, doubt)| *doubt);
        all
    }

    fn steps_at(&self, from: usize) -> impl Iterator<Item = &Step> {
        let first = self.steps.partition_point(|step| step.from < from);
        self.steps[first..].iter().take_while(move |step| step.from == from)
    }

    #[expect(clippy::too_many_arguments, reason = "a walk carries where it began and what it may still do")]
    fn walk(
        &self,
        start: usize,
        at: usize,
        lengths: &RangeInclusive<usize>,
        doubt: u8,
        digits: &mut String,
        ways: &mut usize,
        show: &mut impl FnMut(Found<'_>),
    ) {
        for step in self.steps_at(at) {
            if *ways == 0 {
                return;
            }
            let length = digits.len() + step.digits.len();
            if length > *lengths.end() {
                continue;
            }
            *ways -= 1;
            digits.push_str(&step.digits);
            let doubt = doubt.saturating_add(step.doubt);
            if lengths.contains(&length) {
                let span = self.places[start].start..self.places[step.to - 1].end;
                show(Found { digits, span, doubt });
            }
            if let Some(next) = self.next_with_digits(step.to) {
                self.walk(start, next, lengths, doubt, digits, ways, show);
            }
            digits.truncate(length - step.digits.len());
        }
    }

    fn next_with_digits(&self, at: usize) -> Option<usize> {
        let next = self.steps.partition_point(|step| step.from < at);
        self.steps.get(next).map(|step| step.from)
    }
}

/// Whether digits can be read from token `at`, in a stretch that began at `start`.
fn has_digits(tokens: &Tokens<'_>, at: usize, start: usize) -> bool {
    let mut any = false;
    steps_from(tokens, at, start, &mut |_, _, _| any = true);
    any
}

/// Behind the last token with digits that can be reached from `start`.
fn end_of_stretch(tokens: &Tokens<'_>, start: usize) -> usize {
    let (mut end, mut at, mut between) = (start + 1, start, 0);
    while at < tokens.len() && between <= WIDEST_BREAK {
        let mut furthest = at;
        steps_from(tokens, at, start, &mut |to, _, _| furthest = furthest.max(to));
        if furthest > at {
            end = end.max(furthest);
            at += 1;
            between = 0;
        } else if may_stand_between(tokens, at) || at < end {
            at += 1;
            between += usize::from(at > end);
        } else {
            break;
        }
    }
    end
}

/// Shows the digits that can be read from token `at`: the token behind them, the digits, and how doubtful they are.
fn steps_from(tokens: &Tokens<'_>, at: usize, start: usize, show: &mut impl FnMut(usize, String, u8)) {
    if tokens.kind(at) == Some(Kind::Digits) {
        show(at + 1, tokens.digits(at).to_owned(), 0);
        return;
    }
    if let Some(number) = cardinals::at(tokens, at).filter(|number| number.value <= LARGEST_NUMBER) {
        show(number.end, number.value.to_string(), 0);
        if (1900..2100).contains(&number.value) && at > start {
            show(number.end, format!("{:02}", number.value % 100), 1);
        }
        shorter_steps(tokens, at, number.end, show);
        return;
    }
    match tokens.atoms(at) {
        [Atom::Ten(ten)] => show(at + 1, ten.to_string(), 0),
        [Atom::NthUnit(_) | Atom::NthTen(_), ..] | [.., Atom::NthUnit(_) | Atom::NthTen(_)] => {
            if let Some(nth) = nth(tokens, at) {
                show(at + 1, format!("{nth:02}"), 0);
            }
        }
        _ => words(tokens, at, start, show),
    }
}

/// What the beginning of a longer number says by itself: "tyve fem" is 20 and 5 as well as 25.
fn shorter_steps(tokens: &Tokens<'_>, at: usize, end: usize, show: &mut impl FnMut(usize, String, u8)) {
    match (tokens.atoms(at), tokens.atoms(at + 1)) {
        ([Atom::Ten(ten)], [Atom::Unit(unit)]) if end == at + 1 => show(at + 2, (ten + unit).to_string(), 1),
        ([Atom::Ten(value) | Atom::Teen(value) | Atom::Unit(value)], _) if end > at + 1 => {
            // "fem og tyve" and "twenty-five" are hardly two numbers; "twenty five" may well be.
            let one = tokens.atoms(at + 1).first().is_none_or(|atom| *atom == Atom::And);
            show(at + 1, value.to_string(), if one { 2 } else { 1 });
        }
        _ => (),
    }
}

/// First to thirty-first, in one word.
fn nth(tokens: &Tokens<'_>, at: usize) -> Option<u8> {
    let day = match tokens.atoms(at) {
        [Atom::NthUnit(nth) | Atom::NthTen(nth)] => *nth,
        [Atom::Unit(unit), Atom::And, Atom::NthTen(ten)] | [Atom::Ten(ten), Atom::NthUnit(unit)] => unit + ten,
        _ => return None,
    };
    (day <= 31).then_some(day)
}

/// "dobbelt syv", "double seven", "oh", and the name of a month between other digits.
fn words(tokens: &Tokens<'_>, at: usize, start: usize, show: &mut impl FnMut(usize, String, u8)) {
    let times = match tokens.word(at) {
        "dobbelt" | "double" => 2,
        "tredobbelt" | "triple" | "treble" => 3,
        "oh" | "o" if tokens.language() == Language::English && at > start => return show(at + 1, "0".into(), 0),
        "oh" | "o" if tokens.language() == Language::English && lone_digit(tokens, at + 1).is_some() => {
            return show(at + 1, "0".into(), 0);
        }
        word => {
            if at > start
                && let Some(month) = months::named(word, tokens.language())
            {
                show(at + 1, format!("{month:02}"), 0);
            }
            return;
        }
    };
    if let Some(digit) = lone_digit(tokens, at + 1) {
        show(at + 2, digit.to_string().repeat(times), 0);
    }
}

fn lone_digit(tokens: &Tokens<'_>, at: usize) -> Option<u8> {
    match tokens.atoms(at) {
        [Atom::Unit(digit)] => Some(*digit),
        [Atom::Zero] => Some(0),
        _ => match tokens.digits(at).as_bytes() {
            [digit] => Some(digit - b'0'),
            _ => None,
        },
    }
}

/// What may stand between two digits of one number.
fn may_stand_between(tokens: &Tokens<'_>, at: usize) -> bool {
    match tokens.kind(at) {
        Some(Kind::Mark) => matches!(
            tokens.mark(at),
            Some('-' | '–' | '—' | '‐' | '‑' | '−' | '.' | ',' | '/' | '…' | ':' | '+' | '(' | ')' | '\'' | '’')
        ),
        Some(Kind::Word) => match tokens.language() {
            Language::Danish => matches!(
                tokens.word(at),
                "og" | "å"
                    | "i"
                    | "altså"
                    | "så"
                    | "bindestreg"
                    | "streg"
                    | "tankestreg"
                    | "minus"
                    | "punktum"
                    | "prik"
                    | "mellemrum"
                    | "skråstreg"
                    | "komma"
                    | "plus"
                    | "den"
                    | "ja"
                    | "jo"
                    | "nej"
            ),
            Language::English => matches!(
                tokens.word(at),
                "and"
                    | "dash"
                    | "hyphen"
                    | "minus"
                    | "dot"
                    | "point"
                    | "space"
                    | "slash"
                    | "plus"
                    | "the"
                    | "of"
                    | "then"
                    | "yeah"
                    | "yes"
            ),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str, language: Language) -> Vec<String> {
        stretches(text, language)
            .iter()
            .map(|stretch| {
                let ways: Vec<String> = stretch.whole(8).into_iter().map(|(digits, _)| digits).collect();
                format!("{}={}", &text[stretch.span.clone()], ways.join("|"))
            })
            .collect()
    }

    fn danish(text: &str, expected: &[&str]) {
        assert_eq!(whole(text, Language::Danish), expected, "{text}");
    }

    fn english(text: &str, expected: &[&str]) {
        assert_eq!(whole(text, Language::English), expected, "{text}");
    }

    #[test]
    fn digits_are_said_one_by_one_in_pairs_and_mixed() {
        danish("mit nummer er tyve fyrre tres firs", &["tyve fyrre tres firs=20406080"]);
        danish("to nul fire nul", &["to nul fire nul=2040"]);
        danish("29 38 47 56.", &["29 38 47 56=29384756"]);
        danish("+45 29-38-47-56", &["45 29-38-47-56=4529384756"]);
        danish(
            "ni og tyve 38 syvogfyrre, seks og halvtreds",
            &["ni og tyve 38 syvogfyrre, seks og halvtreds=29384756|293847650|920384756|9203847650"],
        );
        danish("tyve fem", &["tyve fem=205|25"]);
        danish("dobbelt syv tre", &["dobbelt syv tre=773"]);
        danish(
            "nul en nul fem firs bindestreg et to tre fire",
            &["nul en nul fem firs bindestreg et to tre fire=0105801234"],
        );
        english("oh seven double three", &["oh seven double three=0733"]);
        english("twenty five", &["twenty five=25|205"]);
    }

    #[test]
    fn dates_are_digits_too() {
        danish("den første i femte femogfirs tolv 34", &["første i femte femogfirs tolv 34=0105851234"]);
        danish("den 1. maj 85 bindestreg 1234", &["1. maj 85 bindestreg 1234=105851234"]);
        danish("i maj måned", &[]);
    }

    #[test]
    fn a_digit_string_names_its_words() {
        let text = "cpr øh nul en nul fem femogfirs, et to tre fire tak";
        let mut found = Vec::new();
        for stretch in stretches(text, Language::Danish) {
            stretch.each(10..=10, |read| found.push((read.digits.to_owned(), text[read.span].to_owned(), read.doubt)));
        }
        let words = "nul en nul fem femogfirs, et to tre fire";
        assert_eq!(found, [("0105851234".to_owned(), words.to_owned(), 0)]);
    }

    #[test]
    fn fillers_join_and_other_words_part() {
        danish("to øh nul, altså fire nul", &["to øh nul, altså fire nul=2040"]);
        danish("29 38 på 47 56", &["29 38=2938", "47 56=4756"]);
        danish("enig i toget firma", &[]);
    }

    #[test]
    fn an_ambiguous_text_is_tried_only_so_often() {
        let text = "tyve fem ".repeat(400);
        let mut seen = 0;
        for stretch in stretches(&text, Language::Danish) {
            stretch.each(1..=18, |_| seen += 1);
        }
        assert!(seen <= 800 * MOST_WAYS, "{seen}");
        let alone = stretches(&"en ".repeat(3000), Language::Danish);
        assert_eq!(alone.len(), 1);
        assert_eq!(alone[0].whole(4).len(), 0, "a stretch of thousands has no whole reading worth making");
    }
}
