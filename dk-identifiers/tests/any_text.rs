//! What holds for every text: no panic, passages that lie in their turns and never overlap, time that grows as the text.

use proptest::prelude::*;
use referent_dk_identifiers::pseudonyms::{AHEAD, Mode, Pseudonyms};
use referent_dk_identifiers::{Speaker, Turn, find};
use std::time::{Duration, Instant};

const WORDS: [&str; 72] = [
    "nul",
    "en",
    "to",
    "fem",
    "fireogtres",
    "halvtreds",
    "tyve",
    "og",
    "hundrede",
    "tusind",
    "610564",
    "1234",
    "12",
    "8600",
    "+45",
    "31.500",
    "01.05.1964",
    "3/5",
    "kroner",
    "år",
    "nej",
    "undskyld",
    "cpr",
    "cpr-nummer",
    "telefon",
    "konto",
    "reg",
    "født",
    "de sidste fire",
    "ja",
    "mm",
    "øh",
    "snabel-a",
    "snabel",
    "punktum",
    "gmail",
    "dk",
    "@",
    "jens",
    "Jens",
    "Mettes",
    "Bo",
    "bo",
    "Sørensen",
    "hedder",
    "jeg",
    "det er",
    "Rosenvej",
    "vej",
    "adressen er",
    "på",
    "i",
    "Silkeborg",
    "Ry",
    "2. tv",
    "sal",
    "maj",
    "femte i femte",
    "a b",
    "AB",
    "[CPR-1]",
    "[",
    "]",
    "I.",
    "İ",
    "ﬁ",
    "é",
    "\u{301}",
    "—",
    "?",
    ".",
    ",",
];

fn texts() -> impl Strategy<Value = Vec<String>> {
    let words = prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..14).prop_map(|words| words.join(" "));
    let glued = prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..8).prop_map(|words| words.concat());
    let any = "\\PC{0,40}".prop_map(|text: String| text);
    prop::collection::vec(prop_oneof![4 => words, 1 => glued, 1 => any], 0..9)
}

fn turns(texts: &[String]) -> Vec<Turn<'_>> {
    let speaker = |at: usize| if at.is_multiple_of(2) { Speaker::Citizen } else { Speaker::Caseworker };
    texts.iter().enumerate().map(|(at, text)| Turn { speaker: speaker(at), text }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn passages_lie_in_their_turns_and_never_overlap(texts in texts()) {
        let turns = turns(&texts);
        let mut passages: Vec<_> = find(&turns).into_iter().flat_map(|one| one.passages).collect();
        passages.sort_unstable();
        for passage in &passages {
            prop_assert!(passage.start < passage.end && turns[passage.turn].text.get(passage.start..passage.end).is_some());
        }
        prop_assert!(passages.windows(2).all(|pair| pair[0].turn < pair[1].turn || pair[0].end <= pair[1].start));
    }

    /// P1 and P2: what was handed out stays, and is the same however the call grew.
    #[test]
    fn a_growing_call_extends_what_was_handed_out(texts in texts(), steps in prop::collection::vec(1usize..4, 1..9)) {
        let turns = turns(&texts);
        let mut whole = Pseudonyms::new(Mode::Full);
        let at_once = whole.redact(&turns, turns.len()).map(<[String]>::to_vec);
        let mut growing = Pseudonyms::new(Mode::Full);
        let (mut seen, mut sent) = (0, Ok(Vec::new()));
        for step in steps.into_iter().chain([texts.len()]) {
            seen = (seen + step).min(turns.len());
            let ready = if seen == turns.len() { seen } else { seen.saturating_sub(AHEAD) };
            let now = growing.redact(&turns[..seen], ready).map(<[String]>::to_vec);
            if let (Ok(before), Ok(now)) = (&sent, &now) {
                prop_assert!(now.starts_with(before));
            }
            sent = now;
        }
        prop_assert_eq!(sent, at_once);
    }

    /// P5, and no draft makes it panic.
    #[test]
    fn every_placeholder_comes_back(texts in texts(), draft in "\\PC{0,80}") {
        let turns = turns(&texts);
        let mut pseudonyms = Pseudonyms::new(Mode::Full);
        if let Ok(redacted) = pseudonyms.redact(&turns, turns.len()).map(<[String]>::to_vec) {
            for text in &redacted {
                prop_assert_eq!(pseudonyms.restore(text).unknown, Vec::<String>::new());
            }
        }
        pseudonyms.restore(&draft);
    }
}

/// The quickest of three: the machine may be busy.
fn time(text: &str) -> Duration {
    let turns = [Turn { speaker: Speaker::Citizen, text }, Turn { speaker: Speaker::Caseworker, text }];
    let once = || {
        let start = Instant::now();
        find(&turns);
        start.elapsed()
    };
    once().min(once()).min(once())
}

/// D2: eight times the text takes less than forty times as long, for texts that a careless loop would choke on.
#[test]
fn the_time_is_linear() {
    for word in [
        "nul ",
        "en nej ",
        "jens ",
        "a b , ",
        "punktum a ",
        "de sidste ",
        "Rosenvej ",
        "!",
        "1.",
        "-",
        "x",
        "1",
        "og ",
        "fem 5 kroner ",
        "maj ",
        "i ",
        "snabel ",
        "Bo Bo. ",
    ] {
        let (short, long) = (word.repeat(1_000), word.repeat(8_000));
        let base = time(&short).max(Duration::from_millis(2));
        let took = time(&long);
        assert!(took < base * 40, "{word:?}: {base:?}, {took:?}");
    }
}
