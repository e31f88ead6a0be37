//! Every "not": one too many, or one too few.
//!
//! A sentence that says no needs a no in the clauses it is about; a sentence that says yes must not rest on a clause that says
//! no. Clauses are compared by the words of content they share. Words that say no by themselves ("lacks", "refuses") are
//! enough where the sentence says no, and never ask for a "not" in it. A "not" that a recogniser wrote otherwise ("ikkæ") is one.

use crate::call::{Call, Claim, Said};
use crate::clause::{Clause, clauses};
use crate::lexicon::{Lexicon, Negation};
use crate::{Flag, Kind, Reason};
use std::ops::Range;

pub(crate) fn check(call: &Call, claim: &Claim<'_>, flags: &mut Vec<Flag>) {
    // Which words say no in another language is not known here.
    if call.about.spoken.is_none() {
        return;
    }
    let heard = Heard::of(call, claim);
    let own = &call.note.negation;
    let idle = own.idle.find(&claim.lower);
    let lexical = own.lexical.find(&claim.lower);
    let mut plain: Vec<&str> = Vec::new();
    let mut any_no = false;
    if let Some(flag) = no_for_a_yes(call, claim) {
        flags.push(flag);
        return;
    }
    let parts = clauses(&claim.words);
    let negated: Vec<bool> = parts.iter().map(|clause| negator(clause, own, &idle).is_some()).collect();
    for (at, clause) in parts.iter().enumerate() {
        // "Does not wish to …", "the first five, from Monday on, are not …": the "not" beside it is also this one's.
        let beside = at > 0 && negated[at - 1] || negated.get(at + 1).is_some_and(|no| *no);
        let about = content(clause, call.note);
        let span = clause.span();
        let by_itself = lexical.iter().any(|cue| cue.start < span.end && span.start < cue.end);
        if let Some(no) = negator(clause, own, &idle) {
            any_no = true;
            if !heard.says_no_of(&about) {
                let said = heard.closest(&about);
                flags.push(Flag {
                    kind: Kind::Negation,
                    reason: Reason::NotNegated,
                    span: no,
                    said: said.map(|at| call.turns[at].text.clone()).unwrap_or_default(),
                    evidence: said.into_iter().collect(),
                });
            }
        } else if let Some(at) = heard.denies(&about, by_itself).filter(|_| about.len() >= 2 && !beside) {
            let said = call.turns[at].text.clone();
            let whole = claim.whole(Kind::Negation, Reason::Negated);
            flags.push(Flag { said, evidence: vec![at], span, ..whole });
            return;
        } else {
            any_no |= by_itself;
            plain.extend(about);
        }
    }
    if !any_no && let Some(at) = heard.denies(&plain, false) {
        let said = call.turns[at].text.clone();
        flags.push(Flag { said, evidence: vec![at], ..claim.whole(Kind::Negation, Reason::Negated) });
    }
}

/// "Says yes", "consents", "confirms", where whoever does so says no in the cited turns, and yes in none.
///
/// So is whatever rests on nothing but "no" and "no, you may not".
fn no_for_a_yes(call: &Call, claim: &Claim<'_>) -> Option<Flag> {
    let own = &call.note.negation;
    if claim.words.iter().any(|word| own.negators.contains(&word.lower)) {
        return None;
    }
    let heard = &call.spoken.negation;
    let is_bare_no = |said: &Said| {
        begins_with_no(said, heard) && said.words.iter().filter(|word| word.is_content(call.spoken)).count() <= 1
    };
    let refused = claim.cited_turns(call).all(|(_, said)| is_bare_no(said)) && !own.lexical.occur_in(&claim.lower);
    let assent = match own.assents.find(&claim.lower).into_iter().next() {
        Some(assent) => assent,
        None if refused => 0..claim.text.len(),
        None => return None,
    };
    let has = |at: usize, set: &std::collections::HashSet<String>| {
        call.turns[at].words.iter().any(|word| set.contains(&word.lower))
    };
    let no = claim.cited.iter().copied().find(|at| begins_with_no(&call.turns[*at], heard))?;
    if claim.cited.iter().any(|at| has(*at, &heard.yes) && !call.turns[*at].is_addressed) {
        return None;
    }
    let whole = claim.whole(Kind::Negation, Reason::Negated);
    let span = if claim.lower.len() == claim.text.len() { assent } else { whole.span.clone() };
    Some(Flag { span, said: call.turns[no].text.clone(), evidence: vec![no], ..whole })
}

fn content<'c>(clause: &Clause<'c>, lexicon: &'c Lexicon) -> Vec<&'c str> {
    clause.content(lexicon).map(|word| word.stem.as_str()).collect()
}

/// The word of the clause that says no.
fn negator(clause: &Clause<'_>, negation: &Negation, idle: &[Range<usize>]) -> Option<Range<usize>> {
    let is_idle = |span: &Range<usize>| idle.iter().any(|idle| idle.start <= span.start && span.end <= idle.end);
    let word = clause.words.iter().find(|word| {
        negation.negators.contains(&word.lower) && !negation.no.contains(&word.lower) && !is_idle(&word.span)
    })?;
    Some(word.span.clone())
}

/// The cited turns, clause by clause.
struct Heard<'c> {
    clauses: Vec<HeardClause<'c>>,
    lexicon: &'c Lexicon,
    any_no: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own about the clause")]
struct HeardClause<'c> {
    turn: usize,
    clause: Clause<'c>,
    /// It has a "not".
    negated: bool,
    /// It, or one beside it, says no in any way.
    negative: bool,
    /// It was asked, and the answer was no.
    denied: bool,
    /// It has a word that says no by itself.
    by_itself: bool,
    /// It stands behind the "no" of an answer: what is so instead.
    answers: bool,
    is_question: bool,
}

impl<'c> Heard<'c> {
    fn of(call: &'c Call, claim: &Claim<'_>) -> Self {
        let negation = &call.spoken.negation;
        let mut heard: Vec<HeardClause<'c>> = Vec::new();
        let mut any_no = false;
        for (at, said) in claim.cited_turns(call) {
            let idle = negation.idle.find(&said.lower);
            let lexical = negation.lexical.find(&said.lower);
            let answers_no = begins_with_no(said, negation);
            any_no |= answers_no || !lexical.is_empty();
            if answers_no && let Some(asked) = at.checked_sub(1).filter(|at| call.turns[*at].is_question) {
                for one in heard.iter_mut().filter(|one| one.turn == asked) {
                    one.denied = true;
                }
                if !claim.cited.contains(&asked) {
                    let question = clauses(&call.turns[asked].words).into_iter().map(|clause| HeardClause {
                        turn: asked,
                        clause,
                        negated: false,
                        negative: false,
                        denied: true,
                        by_itself: false,
                        answers: false,
                        is_question: true,
                    });
                    heard.extend(question);
                }
            }
            let first = heard.len();
            for clause in clauses(&said.words) {
                let negated = negator(&clause, negation, &idle).is_some();
                let span = clause.span();
                let by_itself = lexical.iter().any(|cue| cue.start < span.end && span.start < cue.end);
                any_no |= negated;
                heard.push(HeardClause {
                    turn: at,
                    clause,
                    negated,
                    negative: negated || by_itself,
                    denied: false,
                    by_itself,
                    answers: answers_no,
                    is_question: said.asks(span.end),
                });
            }
            // A clause of few words leans on the one before it: "I can't, not before the third".
            for index in first + 1..heard.len() {
                if heard[index].clause.weight(call.spoken) < 2 {
                    heard[index - 1].negative |= heard[index].negative;
                    heard[index].negative |= heard[index - 1].negative;
                }
            }
        }
        Self { clauses: heard, lexicon: call.spoken, any_no }
    }

    /// Whether a no is about these words.
    fn says_no_of(&self, stems: &[&str]) -> bool {
        if !self.any_no {
            return false;
        }
        let most = |wanted: fn(&HeardClause<'_>) -> bool| {
            self.clauses.iter().filter(|one| wanted(one)).map(|one| one.clause.shares(stems)).max()
        };
        match (most(|one| one.negative || one.denied), most(|one| !one.negative && !one.denied)) {
            (Some(no), Some(yes)) => no + 1 >= yes && (no > 0 || yes == 0),
            (no, _) => no.is_some(),
        }
    }

    /// The turn that says no of what these words say.
    fn denies(&self, stems: &[&str], says_no_by_itself: bool) -> Option<usize> {
        let of = |wanted: fn(&HeardClause<'_>) -> bool| {
            self.clauses.iter().filter(|one| wanted(one)).map(|one| one.clause.shares(stems)).max().unwrap_or(0)
        };
        let yes = of(|one| !one.negated && !one.denied && !one.is_question);
        let answered = of(|one| one.answers);
        self.clauses
            .iter()
            .filter(|one| one.negated && !one.is_question || one.denied && answered == 0)
            .filter(|one| !says_no_by_itself || one.by_itself)
            .map(|one| (one, one.clause.shares(stems), one.clause.weight(self.lexicon)))
            .filter(|(_, shared, weight)| *shared > yes && (*shared >= 2 || *shared * 2 >= *weight && *shared > 0))
            .max_by_key(|(_, shared, _)| *shared)
            .map(|(one, ..)| one.turn)
    }

    fn closest(&self, stems: &[&str]) -> Option<usize> {
        let shared = |one: &HeardClause<'_>| one.clause.shares(stems);
        self.clauses.iter().max_by_key(|one| shared(one)).filter(|one| shared(one) > 0).map(|one| one.turn)
    }
}

/// "No, …" as an answer; not "no, sorry, the twelfth", which takes back a word.
fn begins_with_no(said: &Said, negation: &Negation) -> bool {
    said.words.iter().take(2).any(|word| negation.no.contains(&word.lower))
}
