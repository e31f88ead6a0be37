//! Reads all numbers of a text, each as what it is: the longest reading that begins at a place wins.
//!
//! In: a text, its language, and the day of the call if it is known. Out: [`Reading`]s in order of where they begin.
//!
//! Readings that are not weak never overlap. A weak one may lie over others: "tyve fem" is 20 and 5, and perhaps the
//! digits 205 or 25.

use jiff::civil::Date;

use crate::dates;
use crate::measures;
use crate::ordinals;
use crate::reading::{Reading, Value};
use crate::runs;
use crate::times;
use crate::tokens::{Kind, Tokens};
use crate::{Form, Language};

/// A reading in tokens.
struct Candidate {
    value: Value,
    end: usize,
    form: Form,
    weak: bool,
}

/// All numbers of `text`; what is counted from the day of the call is resolved by `anchor`.
pub fn read(text: &str, language: Language, anchor: Option<Date>) -> Vec<Reading> {
    let tokens = Tokens::new(text, language);
    let mut all = Vec::new();
    let mut at = 0;
    let mut run_until = 0;
    while at < tokens.len() {
        if at >= run_until
            && let Some(run) = run_at(&tokens, at)
        {
            let (end, weak) = (run.end, run.weak);
            let longer = longest(&tokens, at, anchor).filter(|other| other.end >= end);
            if weak || longer.is_none() {
                push(&mut all, &tokens, at, run);
                run_until = end;
            }
            if !weak && longer.is_none() {
                at = end;
                continue;
            }
        }
        let Some(read) = longest(&tokens, at, anchor) else {
            at += 1;
            continue;
        };
        let (end, time) = (read.end, matches!(read.value, Value::Time(_)));
        push(&mut all, &tokens, at, read);
        at = end;
        while time && let Some((from, until)) = times::until(&tokens, at) {
            let value = Value::Time(until.clock);
            push(&mut all, &tokens, from, Candidate { value, end: until.end, form: until.form, weak: false });
            at = until.end;
        }
    }
    all
}

fn push(all: &mut Vec<Reading>, tokens: &Tokens<'_>, at: usize, read: Candidate) {
    all.push(Reading { span: tokens.span(at, read.end), value: read.value, form: read.form, weak: read.weak });
}

fn run_at(tokens: &Tokens<'_>, at: usize) -> Option<Candidate> {
    let run = runs::at(tokens, at)?;
    Some(Candidate { value: Value::Digits(run.digits), end: run.end, form: run.form, weak: run.weak })
}

/// The longest reading that begins at token `at`; of equals the one that says most.
fn longest(tokens: &Tokens<'_>, at: usize, anchor: Option<Date>) -> Option<Candidate> {
    if tokens.kind(at) == Some(Kind::Mark) && !matches!(tokens.mark(at), Some('€' | '$' | '£' | '½' | '¼' | '¾'))
    {
        return None;
    }
    let candidates = [
        dates::at(tokens, at, anchor).map(|read| Candidate {
            value: Value::Date(read.when),
            end: read.end,
            form: read.form,
            weak: read.weak,
        }),
        times::at(tokens, at).map(|read| Candidate {
            value: Value::Time(read.clock),
            end: read.end,
            form: read.form,
            weak: read.weak,
        }),
        measures::at(tokens, at).map(|read| Candidate {
            value: read.value,
            end: read.end,
            form: read.form,
            weak: read.weak,
        }),
        ordinals::at(tokens, at).map(|read| Candidate {
            value: Value::Ordinal(read.value),
            end: read.end,
            form: read.form,
            weak: read.weak,
        }),
    ];
    let mut best: Option<Candidate> = None;
    for candidate in candidates.into_iter().flatten() {
        if best.as_ref().is_none_or(|best| candidate.end > best.end) {
            best = Some(candidate);
        }
    }
    best
}
