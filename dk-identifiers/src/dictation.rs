//! Puts together the numbers that somebody dictates, over pauses, slips, corrections and the other party's "ja".
//!
//! In: the tokens of all turns. Out: [`Dictation`]s: runs of numbers, each within one turn, that may be one number.
//!
//! Not done here: what the number is. A dictation of two digits is one as well; whoever asks decides by length and
//! context.

use crate::atoms::{self, Atom, Sort};
use crate::cues;
use crate::dates;
use crate::digits::Sure;
use crate::find::Taken;
use crate::numbers::shapes;
use crate::tokens::{Made, Tokens};
use crate::{Speaker, Turn};

/// Numbers of one turn with nothing between them but what people say while they dictate.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) turn: usize,
    pub(crate) speaker: Speaker,
    pub(crate) atoms: Vec<Atom>,
    /// The atoms before which something was taken back: "nej, undskyld".
    pub(crate) corrections: Vec<usize>,
}

/// Runs that may be one number.
#[derive(Clone, Debug)]
pub(crate) struct Dictation {
    pub(crate) runs: Vec<Run>,
}

impl Run {
    pub(crate) fn from(&self) -> usize {
        self.atoms.first().map_or(0, |atom| atom.from)
    }

    pub(crate) fn to(&self) -> usize {
        self.atoms.last().map_or(0, |atom| atom.to)
    }

    pub(crate) fn digits(&self) -> String {
        self.atoms.iter().map(|atom| atom.digits.as_str()).collect()
    }

    /// Behind the atoms at the beginning that are a CPR number, if they are.
    fn whole_cpr(&self) -> Option<usize> {
        let mut digits = String::new();
        for (at, atom) in self.atoms.iter().enumerate() {
            digits.push_str(&atom.digits);
            if digits.len() >= 10 {
                return shapes::is_cpr(&digits).then_some(at + 1);
            }
        }
        None
    }

    /// What comes from atom `at` on, as a run of its own.
    fn split_off(&mut self, at: usize) -> Self {
        let corrections = self.corrections.iter().filter(|place| **place > at).map(|place| place - at).collect();
        self.corrections.retain(|place| *place < at);
        Self { atoms: self.atoms.split_off(at), corrections, ..*self }
    }

    /// How many digits stand, less those that were taken back because it was all said anew.
    fn standing(&self) -> usize {
        let of = |atoms: &[Atom]| atoms.iter().map(|atom| atom.digits.len()).sum::<usize>();
        match self.corrections.last().and_then(|at| self.atoms.get(*at..)) {
            Some(anew) if of(anew) * 2 >= of(&self.atoms) => of(anew),
            Some(_) | None => of(&self.atoms),
        }
    }

    pub(crate) fn is_date(&self) -> bool {
        self.atoms.iter().all(|atom| matches!(atom.sort, Sort::Date(_)))
    }
}

/// Words between the numbers of one dictation.
const MOST_BETWEEN: usize = 6;
/// Words between the numbers of two turns of one dictation, without what only fills.
const MOST_BETWEEN_TURNS: usize = 5;
/// Such words in one turn, between its numbers and the other turn.
const MOST_AT_EDGE: usize = 3;
/// Runs of one dictation.
const MOST_RUNS: usize = 24;
/// Turns over which one dictation may lie scattered, from one run to the next.
const MOST_TURNS: usize = 4;

pub(crate) fn fills(word: &str) -> bool {
    matches!(
        word,
        "øh" | "øhm"
            | "øm"
            | "hm"
            | "hmm"
            | "mm"
            | "mhm"
            | "ja"
            | "jo"
            | "jep"
            | "og"
            | "å"
            | "så"
            | "vent"
            | "lige"
            | "lad"
            | "mig"
            | "se"
            | "nå"
            | "okay"
            | "ok"
            | "tak"
            | "fint"
            | "godt"
            | "javel"
            | "præcis"
            | "derefter"
            | "bindestreg"
            | "streg"
            | "minus"
            | "mellemrum"
            | "punktum"
            | "skråstreg"
            | "altså"
            | "jamen"
            | "bare"
            | "hvad"
            | "de"
            | "det"
            | "den"
            | "er"
            | "var"
            | "ær"
            | "ærd"
            | "nummer"
            | "nr"
            | "konto"
            | "kontonummer"
            | "kontonummeret"
            | "kontonr"
            | "reg"
            | "regnr"
            | "registreringsnummer"
            | "sidste"
            | "bindestræk"
            | "bindstreg"
            | "bindesteg"
            | "resten"
            | "næste"
            | "plus"
            | "sammen"
            | "samlet"
    )
}

fn takes_back(word: &str) -> bool {
    matches!(
        word,
        "nej"
            | "undskyld"
            | "rettelse"
            | "forkert"
            | "mener"
            | "mente"
            | "ups"
            | "øv"
            | "sorry"
            | "fejl"
            | "næh"
            | "omigen"
            | "forfra"
            | "igen"
            | "uskyld"
            | "undskyl"
            | "unskyld"
    )
}

fn takes_part(word: &str) -> bool {
    fills(word)
        || takes_back(word)
        || matches!(word, "jeg" | "ikke" | "men" | "i" | "sagde" | "siger" | "skal" | "være")
}

/// Words that join or compare numbers which are two things.
fn parts(word: &str) -> bool {
    matches!(
        word,
        "til"
            | "i"
            | "eller"
            | "af"
            | "over"
            | "på"
            | "for"
            | "fra"
            | "mellem"
            | "med"
            | "om"
            | "ud"
            | "under"
            | "mod"
            | "ved"
            | "efter"
            | "før"
            | "gange"
            | "hver"
            | "hvor"
            | "har"
            | "kom"
            | "som"
    )
}

/// The dictations of a call.
pub(crate) fn find(turns: &[Turn<'_>], tokens: &Tokens<'_>, taken: &Taken) -> Vec<Dictation> {
    let mut all: Vec<Dictation> = Vec::new();
    let mut open: Option<Dictation> = None;
    for (turn, said) in turns.iter().enumerate() {
        for run in runs(tokens, taken, turn, said.speaker) {
            match &mut open {
                Some(dictation) if goes_on(tokens, dictation, &run) => dictation.runs.push(run),
                _ => all.extend(open.replace(Dictation { runs: vec![run] })),
            }
        }
    }
    all.extend(open);
    all
}

/// The runs of one turn.
fn runs(tokens: &Tokens<'_>, taken: &Taken, turn: usize, speaker: Speaker) -> Vec<Run> {
    let mut all: Vec<Run> = Vec::new();
    let mut run = Run { turn, speaker, atoms: Vec::new(), corrections: Vec::new() };
    for atom in atoms::read(tokens, turn) {
        if atom.sort == Sort::Amount || taken.any(atom.from, atom.to) {
            all.extend(finish(&mut run));
            continue;
        }
        if let Some(last) = run.atoms.last() {
            match between(tokens, last.to, atom.from) {
                // A word that only might be a number is one in the midst of numbers.
                Gap::Some { .. } if atom.sure == Sure::Hardly && last.to != atom.from => continue,
                Gap::Some { taken_back } => {
                    if taken_back {
                        run.corrections.push(run.atoms.len());
                    }
                }
                Gap::Break => {
                    all.extend(finish(&mut run));
                }
            }
        }
        if run.atoms.is_empty() && atom.sure == Sure::Hardly {
            continue;
        }
        run.atoms.push(atom);
    }
    all.extend(finish(&mut run));
    all.into_iter().flat_map(|run| apart(tokens, run)).collect()
}

/// Ten digits that are a CPR number are whole, whatever is said behind them; and a date stays with what follows it only
/// if it began such a number.
fn apart(tokens: &Tokens<'_>, mut run: Run) -> Vec<Run> {
    let mut all: Vec<Run> = Vec::new();
    let left = |end: &usize| run.atoms[*end..].iter().map(|atom| atom.digits.len()).sum::<usize>();
    let date = |atom: &Atom| matches!(atom.sort, Sort::Date(_));
    let worded = |end: &usize| {
        (run.atoms[end - 1].to..run.atoms[*end].from).any(|at| !tokens.word(at).is_empty() && !fills(tokens.word(at)))
    };
    if run.corrections.is_empty()
        && let Some(end) = run.whole_cpr().filter(|end| {
            (1..3).contains(&left(end))
                && (worded(end) || date(&run.atoms[0]) || run.atoms[*end..].iter().all(|atom| atom.sure < Sure::Quite))
        })
    {
        let rest = run.split_off(end);
        return vec![run, rest];
    }
    // "Den tolvte maj nitten tres halvfjerds": the year is 19, not 1960.
    if run.digits().len() == 8
        && run.atoms.len() > 1
        && let Some(first) = run.atoms.first_mut()
        && let Sort::Date(date) = &first.sort
        && let Some(year) = date.year.as_ref().filter(|year| year.len() == 4 && !first.written)
    {
        first.digits = format!("{}{year}", &first.digits[..4]);
    }
    if run.atoms.len() == 1
        || !run.atoms.iter().any(date)
        || run.digits().len() == 10 && run.atoms.first().is_some_and(date)
    {
        return vec![run];
    }
    let Run { turn, speaker, atoms, corrections } = run;
    let mut corrections = corrections.into_iter().peekable();
    for (at, atom) in atoms.into_iter().enumerate() {
        let corrected = corrections.next_if_eq(&at).is_some();
        match all.last_mut() {
            Some(last) if !date(&atom) && !last.atoms.last().is_some_and(date) => {
                if corrected {
                    last.corrections.push(last.atoms.len());
                }
                last.atoms.push(atom);
            }
            _ => all.push(Run { turn, speaker, atoms: vec![atom], corrections: Vec::new() }),
        }
    }
    all
}

enum Gap {
    Some { taken_back: bool },
    Break,
}

fn between(tokens: &Tokens<'_>, from: usize, to: usize) -> Gap {
    let (mut words, mut unknown, mut taken_back) = (0, 0, false);
    let mut at = from;
    while at < to {
        if let Some(end) = atoms::last_four(tokens, at) {
            at = end;
            continue;
        }
        let word = tokens.word(at);
        match tokens.get(at).map(|token| token.made) {
            Some(Made::Mark) if matches!(tokens.mark(at), "?" | "!") => return Gap::Break,
            Some(Made::Word) => {
                words += 1;
                taken_back |= takes_back(word);
                if parts(word) && !taken_back || cues::is_other_number(word) {
                    return Gap::Break;
                }
                if !takes_part(word) {
                    unknown += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if words > MOST_BETWEEN || unknown > 1 { Gap::Break } else { Gap::Some { taken_back } }
}

/// Ends a run: what only might be a number at its ends is none, unless the row is whole only with it.
fn finish(run: &mut Run) -> Option<Run> {
    let mut done = Run { atoms: Vec::new(), corrections: Vec::new(), ..run.clone() };
    std::mem::swap(&mut done, run);
    let whole = |atoms: &[Atom]| matches!(atoms.iter().map(|atom| atom.digits.len()).sum(), 8 | 10);
    while done.atoms.last().is_some_and(|atom| atom.sure == Sure::Hardly) && !whole(&done.atoms) {
        done.atoms.pop();
    }
    let strays = (1..done.atoms.len()).take_while(|at| stray(&done.atoms[at - 1], &done.atoms[*at])).count();
    if strays > 0 && !whole(&done.atoms) {
        done.atoms.drain(..strays);
        for at in &mut done.corrections {
            *at = at.saturating_sub(strays);
        }
    }
    done.corrections.retain(|at| *at > 0 && *at < done.atoms.len());
    (!done.atoms.is_empty()).then_some(done)
}

/// A word at the beginning that is nearly a number, with a word between it and the numbers.
fn stray(first: &Atom, next: &Atom) -> bool {
    first.sure < Sure::Quite && first.letters <= 4 && next.from > first.to
}

/// Words of a turn before a run that are no part of dictating.
fn said_before(tokens: &Tokens<'_>, run: &Run) -> usize {
    said_in(tokens, tokens.of_turn(run.turn).start..run.from())
}

/// Words of a turn behind a run that are no part of dictating.
fn said_behind(tokens: &Tokens<'_>, run: &Run) -> usize {
    said_in(tokens, run.to()..tokens.of_turn(run.turn).end)
}

fn said_in(tokens: &Tokens<'_>, range: std::ops::Range<usize>) -> usize {
    let (mut words, mut at) = (0, range.start);
    while at < range.end {
        if let Some(end) = atoms::last_four(tokens, at) {
            at = end;
            continue;
        }
        let word = tokens.word(at);
        words += usize::from(!word.is_empty() && !fills(word) && !takes_back(word));
        at += 1;
    }
    words
}

/// Whether a run goes on with what was dictated in this turn or the turns before.
fn goes_on(tokens: &Tokens<'_>, dictation: &Dictation, run: &Run) -> bool {
    let Some(last) = dictation.runs.last() else { return false };
    if run.turn == last.turn || run.turn - last.turn > MOST_TURNS || dictation.runs.len() >= MOST_RUNS {
        return false;
    }
    // A date begins a number or is none; a year is a year; and one small number is a count, if its turn says more.
    let year = |run: &Run| run.atoms.iter().all(|atom| dates::is_year(&atom.digits));
    let small = |run: &Run| run.digits().len() < 2 && (said_before(tokens, run) > 0 || said_behind(tokens, run) > 0);
    let date = |run: &Run| run.atoms.iter().any(|atom| matches!(atom.sort, Sort::Date(_)));
    let begun = date(last) && last.digits().len() == 6 && run.digits().len() == 4;
    if date(run) || year(last) || year(run) && !begun || small(run) || small(last) || date(last) && !begun {
        return false;
    }
    if begun && year(run) && said_before(tokens, run) + said_behind(tokens, run) > 0 {
        return false;
    }
    // "… mellem 8 og 10": few digits at the end of much talk are counted, not dictated.
    if last.digits().len() < 4
        && said_before(tokens, last) > MOST_BETWEEN_TURNS
        && !(tokens.of_turn(last.turn).start..last.from()).any(|at| cues::topic_of(tokens.word(at)).is_some())
    {
        return false;
    }
    let between = said_behind(tokens, last)
        + said_before(tokens, run)
        + (last.turn + 1..run.turn).map(|turn| said_in(tokens, tokens.of_turn(turn))).sum::<usize>();
    if said_behind(tokens, last) > MOST_AT_EDGE
        || said_before(tokens, run) > MOST_AT_EDGE
        || between > MOST_BETWEEN_TURNS
    {
        return false;
    }
    if (last.to()..run.from()).any(|at| cues::is_other_number(tokens.word(at))) {
        return false;
    }
    let said: usize = dictation.runs.iter().filter(|known| known.speaker == run.speaker).map(Run::standing).sum();
    let digits = run.digits();
    let echo = dictation.runs.iter().any(|known| known.speaker != run.speaker && known.digits().contains(&*digits));
    // Ten digits are a whole number already; what follows is the other's reading back, or another number.
    echo || said + digits.len() <= 10 || said < 8
}
