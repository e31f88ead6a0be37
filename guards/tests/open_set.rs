//! The guards against the open set of dialogues (pipeline/eval): errors planted in drafts that are right.

use referent_guards::eval::{self, Dialogue, Findings, ReadyDraft};
use std::path::Path;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipeline/eval").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn findings(noise: f64) -> Findings {
    findings_of("dialogues.jsonl", noise)
}

fn findings_of(name: &str, noise: f64) -> Findings {
    let dialogues: Vec<Dialogue> = eval::read(&file(name)).expect("dialogues");
    let drafts: Vec<ReadyDraft> = eval::read(&file("drafts.jsonl")).expect("drafts");
    eval::score(&dialogues, &drafts, noise, 2, 7)
}

#[test]
#[expect(clippy::print_stdout, reason = "figures of a test")]
fn planted_errors_are_seen() {
    let clean = findings(0.0);
    let show = std::env::var_os("SHOW").is_some();
    if show {
        for one in &clean.false_flags {
            println!(
                "FALSE {} {:?}/{:?} «{}»\n   {}\n   said: {}",
                one.id,
                one.flag.kind,
                one.flag.reason,
                &one.text[one.flag.span.clone()],
                one.text,
                one.flag.said
            );
        }
        for one in &clean.unseen {
            println!("UNSEEN {} {:?}\n   {}\n   {}", one.id, one.kind, one.right, one.wrong);
        }
    }
    println!("{}", serde_json::to_string(&clean.score).expect("JSON"));
    for name in ["dialogues-written.jsonl", "dialogues-noisy.jsonl"] {
        let by_hand = findings_of(name, 0.0);
        println!("0.{name} {}", serde_json::to_string(&by_hand.score).expect("JSON"));
        for one in by_hand.false_flags.iter().filter(|_| show) {
            println!(
                "HAND {} {:?}/{:?} «{}»\n   {}\n   said: {}",
                one.id,
                one.flag.kind,
                one.flag.reason,
                &one.text[one.flag.span.clone()],
                one.text,
                one.flag.said
            );
        }
    }
    for noise in [0.1, 0.2, 0.3] {
        let noisy = findings(noise);
        println!("{noise} {}", serde_json::to_string(&noisy.score).expect("JSON"));
        if show && noise == 0.2 {
            for one in &noisy.false_flags {
                println!(
                    "NOISY {} {:?}/{:?} «{}»\n   {}\n   said: {}",
                    one.id,
                    one.flag.kind,
                    one.flag.reason,
                    &one.text[one.flag.span.clone()],
                    one.text,
                    one.flag.said
                );
            }
        }
    }
}
