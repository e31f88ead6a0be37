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
            let says_more = |other: &Candidate| {
                other.end > end || other.end == end && matches!(other.value, Value::Date(_) | Value::Time(_))
            };
            if !longest(&tokens, at, anchor).is_some_and(|other| says_more(&other)) {
                push(&mut all, &tokens, at, run);
                run_until = end;
                if !weak {
                    at = end;
                    continue;
                }
            }
        }
        let Some(read) = longest(&tokens, at, anchor) else {
            at += 1;
            continue;
        };
        if let Some(date) = date_or_part(&tokens, at, &read, anchor) {
            push(&mut all, &tokens, at, date);
        }
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

/// "1/2" is half, and perhaps the first of February.
fn date_or_part(tokens: &Tokens<'_>, at: usize, read: &Candidate, anchor: Option<Date>) -> Option<Candidate> {
    let part = matches!(read.value, Value::Number { .. }) && tokens.mark(at + 1) == Some('/') && read.end == at + 3;
    let date = dates::at(tokens, at, anchor).filter(|date| part && date.end == read.end)?;
    Some(Candidate { value: Value::Date(date.when), end: date.end, form: date.form, weak: true })
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
        // Of two that are as long, the first says more; only a weak date gives way, as "1/2" does.
        if best.as_ref().is_none_or(|best| candidate.end > best.end || candidate.end == best.end && best.weak) {
            best = Some(candidate);
        }
    }
    best
}
