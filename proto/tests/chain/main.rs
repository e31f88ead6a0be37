//! The pure rule of the chain against 100,000 random histories.

mod histories;

use histories::{History, Step, Workers, check_chain};
use referent_proto::{Epoch, SampleOffset, SampleSpan, Track, Verdict, judge};
use std::io::Write as _;

const SEQUENCES: u64 = 100_000;

/// What a keeper of the chain would hold: the rule decides, this only does as told.
#[derive(Default)]
struct Kept {
    epoch: Epoch,
    settled: [SampleOffset; 2],
    links: [Vec<(u64, u64)>; 2],
}

type Rule = fn(Epoch, SampleOffset, Epoch, SampleSpan) -> Verdict;

/// Plays a history by a rule; says what is wrong with the outcome.
fn violation(rule: Rule, history: &History) -> Result<(), String> {
    let (mut kept, mut workers) = (Kept::default(), Workers::default());
    for step in &history.0 {
        if let Step::Begin { worker } = step {
            kept.epoch = Epoch(kept.epoch.0 + 1);
            workers.told(*worker, kept.epoch, kept.settled[0], kept.settled[1]);
        }
        let Some(message) = workers.message(step) else { continue };
        let track = usize::from(message.track == Track::Far);
        let before = kept.settled[track];
        match rule(kept.epoch, before, message.epoch, message.span) {
            Verdict::Commit(offset) => {
                if message.epoch != kept.epoch {
                    return Err(format!("a worker of epoch {:?} wrote in {:?}", message.epoch, kept.epoch));
                }
                kept.links[track].push((message.span.start().0, message.span.end().0));
                kept.settled[track] = offset;
            }
            Verdict::Already(offset) => {
                if offset != before || message.span.end() > before || message.epoch != kept.epoch {
                    return Err(format!("{message:?} was called a repeat at {before}"));
                }
            }
            // A worker that has the call and knows where it stands is never turned away.
            Verdict::Stale => {
                if message.epoch == kept.epoch && message.span.start() == before {
                    return Err(format!("{message:?} was refused at {before}"));
                }
            }
        }
    }
    for (links, settled) in kept.links.iter().zip(kept.settled) {
        check_chain(links, settled.0)?;
    }
    Ok(())
}

#[test]
fn a_committed_track_is_always_one_gapless_sequence() {
    let failed: Vec<u64> = (0..SEQUENCES).filter(|seed| violation(judge, &History::of(*seed)).is_err()).collect();
    // The line that `make bench-chain` reads.
    drop(writeln!(std::io::stdout(), "{{\"sequences\":{SEQUENCES},\"violations\":{}}}", failed.len()));
    if let Some(seed) = failed.first() {
        let smallest = smallest(History::of(*seed));
        panic!("seed {seed}: {:?}\nsmallest history: {smallest:?}", violation(judge, &smallest));
    }
}

/// The smallest history that still fails, found by leaving out one step after the other.
fn smallest(mut history: History) -> History {
    for at in (0..history.0.len()).rev() {
        let mut shorter = history.clone();
        shorter.0.remove(at);
        if violation(judge, &shorter).is_err() {
            history = shorter;
        }
    }
    history
}

/// The check can fail: every rule that forgets something is caught.
#[test]
fn a_broken_rule_would_be_caught() {
    let broken: [(&str, Rule); 5] = [
        ("believes everybody", |_, _, _, span| Verdict::Commit(span.end())),
        ("forgets the epoch", |current, settled, _, span| judge(current, settled, current, span)),
        ("forgets the offset", |current, settled, epoch, span| match judge(current, settled, epoch, span) {
            Verdict::Stale if epoch == current => Verdict::Commit(span.end()),
            verdict => verdict,
        }),
        ("writes a repeat again", |current, settled, epoch, span| match judge(current, settled, epoch, span) {
            Verdict::Already(_) => Verdict::Commit(span.end()),
            verdict => verdict,
        }),
        ("refuses the rightful one", |_, _, _, _| Verdict::Stale),
    ];
    for (name, rule) in broken {
        let caught = (0..1000).any(|seed| violation(rule, &History::of(seed)).is_err());
        assert!(caught, "the rule that {name} was not caught");
    }
}
