//! Measures how much is found and how much too much, over generated utterances and calls, and prints one line of JSON.
//!
//! The generator (carriers, numbers, names, noise) is written apart from the rules; names and streets that the lists do
//! not have are counted within the figures and reported by themselves as well.

#![expect(unreachable_pub, reason = "the modules of a test are its own")]
#![expect(clippy::cast_precision_loss, clippy::print_stdout, reason = "shares are printed for docs/benchmarks.json")]

mod chance;
mod numbers;
mod people;
mod said;
mod samples;
mod noise;
mod calls;
mod measure;

use chance::Chance;
use measure::{Calls, Recall, Share};
use said::Said;

type Maker = fn(&mut Chance) -> Said;

/// Utterances of each type, once clean and once through noise.
const UTTERANCES: usize = 10_000;
/// Whole calls, once clean and once through noise.
const CALLS: usize = 400;

const CPR: &[(&str, usize, Maker)] = &[
    ("written", 4, samples::cpr_written),
    ("spoken", 5, samples::cpr_spoken),
    ("last_four", 1, samples::cpr_last_four),
];
const CONTACT: &[(&str, usize, Maker)] = &[
    ("phone_written", 1, |c| samples::phone(false, c)),
    ("phone_spoken", 2, |c| samples::phone(true, c)),
    ("account_written", 1, |c| samples::account(false, c)),
    ("account_spoken", 2, |c| samples::account(true, c)),
    ("iban_and_cvr", 1, |c| if c.percent(50) { samples::iban(c) } else { samples::cvr(c) }),
    ("email_written", 1, |c| samples::email(false, c)),
    ("email_spoken", 2, |c| samples::email(true, c)),
];
const NAMES: &[(&str, usize, Maker)] =
    &[("known", 8, |c| samples::name(true, c)), ("unknown", 2, |c| samples::name(false, c))];
const ADDRESSES: &[(&str, usize, Maker)] =
    &[
        ("written", 4, |c| samples::address(true, false, c)),
        ("spoken", 4, |c| samples::address(true, true, c)),
        ("unknown", 2, |c| {
            if c.percent(50) { samples::address(false, false, c) } else { samples::address(false, true, c) }
        }),
    ];
const OTHER: &[(&str, usize, Maker)] = &[("plate", 1, samples::plate), ("birth_date", 1, samples::birth_date)];

/// Recall of a type: each maker gets its share of the utterances.
fn recall(makers: &[(&'static str, usize, Maker)], utterances: usize) -> Recall {
    let parts: usize = makers.iter().map(|(_, part, _)| part).sum();
    let mut recall = Recall::default();
    for (name, part, make) in makers {
        let mut chance = Chance::seeded(name.bytes().map(u64::from).sum::<u64>() * 977);
        for _ in 0..utterances * part / parts {
            let said = make(&mut chance);
            let heard = noise::noisy(&said, &mut chance);
            recall.add(name, &said, &heard);
        }
    }
    recall
}

/// Words that are hidden in talk that identifies nobody: as written, in small letters without commas, and as heard.
fn over_redaction() -> Share {
    let mut chance = Chance::seeded(7);
    let mut hidden = Share::default();
    for line in include_str!("ordinary.txt").lines() {
        let said = Said::from_lines(&format!("C: {line}"), |_| unreachable!("nothing is filled in"));
        let heard = noise::noisy(&said, &mut chance);
        let bare = line.to_lowercase().replace([',', '?'], "");
        for text in [line, &bare, &heard.turns()[0].1] {
            hidden = hidden.and(measure::hidden_words(text));
        }
    }
    hidden
}

fn calls(noisy: bool) -> Calls {
    let mut chance = Chance::seeded(99);
    let mut calls = Calls::default();
    for _ in 0..CALLS {
        let said = calls::call(&mut chance);
        calls.add(&if noisy { noise::noisy(&said, &mut chance) } else { said });
    }
    calls
}

#[test]
fn figures() {
    let (cpr, contact) = (recall(CPR, UTTERANCES), recall(CONTACT, UTTERANCES));
    let (names, addresses) = (recall(NAMES, UTTERANCES), recall(ADDRESSES, UTTERANCES));
    let other = recall(OTHER, UTTERANCES / 5);
    let over = over_redaction();
    let (clean, noisy) = (calls(false), calls(true));
    let figures = serde_json::json!({
        "pseudonyms": {
            "cpr": cpr.json(),
            "contact": contact.json(),
            "names": names.json(),
            "addresses": addresses.json(),
            "other": other.json(),
            "over_redaction": over.rounded(),
            "round_trip": clean.back.rounded(),
            "calls_with_leak": clean.json(),
            "calls_with_leak_noisy": noisy.json(),
        }
    });
    println!("{figures}");
    assert!(cpr.clean.value() >= 0.999 && cpr.noisy.value() >= 0.99);
    assert!(contact.both().value() >= 0.99);
    assert!(names.both().value() >= 0.97);
    assert!(addresses.both().value() >= 0.95);
    assert!(over.value() <= 0.03);
    assert!(clean.lost == 0 && noisy.lost == 0, "a placeholder did not come back");
    assert!(clean.back.value() >= 0.999 && clean.leaks.value() <= 0.01 && clean.doubtful.value() <= 0.01);
}
