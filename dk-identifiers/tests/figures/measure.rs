//! Compares what was found with the truth.

use crate::said::Said;
use referent_dk_identifiers::pseudonyms::{AHEAD, Mode, Pseudonyms};
use referent_dk_identifiers::{Identifier, Speaker, Turn, find};
use std::collections::BTreeMap;

/// How many of how many.
#[derive(Clone, Copy, Default, Debug)]
pub struct Share {
    pub hits: usize,
    pub of: usize,
}

impl Share {
    pub fn count(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.of += 1;
    }

    pub fn value(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.hits as f64 / self.of as f64 }
    }

    pub fn and(self, other: Self) -> Self {
        Self { hits: self.hits + other.hits, of: self.of + other.of }
    }

    pub fn rounded(self) -> f64 {
        (self.value() * 10_000.0).round() / 10_000.0
    }

    /// Wilson's interval at 95 %.
    pub fn wilson(self) -> [f64; 2] {
        let (n, z) = (self.of as f64, 1.96_f64);
        if self.of == 0 {
            return [0.0, 1.0];
        }
        let p = self.value();
        let middle = p + z * z / (2.0 * n);
        let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        let below = 1.0 + z * z / n;
        [(middle - half) / below, (middle + half) / below]
    }
}

pub fn turns(lines: &[(Speaker, String)]) -> Vec<Turn<'_>> {
    lines.iter().map(|(speaker, text)| Turn { speaker: *speaker, text }).collect()
}

/// Whether each truth was covered: no letter or digit of it is left, but for the -s of a genitive.
pub fn covered(said: &Said, identifiers: &[Identifier]) -> Vec<bool> {
    let mut covered = vec![true; said.truths.len()];
    for (turn, start, word, truth) in said.truth_words() {
        let left: String = word
            .char_indices()
            .filter(|(at, c)| {
                let at = start + at;
                c.is_alphanumeric()
                    && !identifiers
                        .iter()
                        .flat_map(|one| &one.passages)
                        .any(|place| place.turn == turn && (place.start..place.end).contains(&at))
            })
            .map(|(_, c)| c)
            .collect();
        let name = said.truths[truth].kind == "name";
        if !(left.is_empty() || name && left == "s" && word.chars().count() > 2) {
            covered[truth] = false;
        }
    }
    covered
}

pub fn find_in(said: &Said) -> (Vec<(Speaker, String)>, Vec<Identifier>) {
    let lines = said.turns();
    let found = find(&turns(&lines));
    (lines, found)
}

/// What became of a call that grew turn by turn.
pub struct Outcome {
    pub doubtful: bool,
    /// The truths of which something was left in what would have been sent.
    pub left: Vec<usize>,
    /// The truths that came back as they were.
    pub back: Share,
    /// Placeholders that were not put back.
    pub lost: usize,
}

/// Letters and digits, folded, for comparing what was said with what came back.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

pub fn send(said: &Said) -> Outcome {
    let lines = said.turns();
    let turns = turns(&lines);
    let mut pseudonyms = Pseudonyms::new(Mode::Full);
    let mut sent: Vec<String> = Vec::new();
    for seen in 1..=turns.len() {
        let ready = if seen == turns.len() { seen } else { seen.saturating_sub(AHEAD) };
        match pseudonyms.redact(&turns[..seen], ready) {
            Ok(redacted) => {
                assert!(redacted.starts_with(&sent), "what was sent was rewritten");
                sent = redacted.to_vec();
            }
            Err(_) => return Outcome { doubtful: true, left: Vec::new(), back: Share::default(), lost: 0 },
        }
    }
    let mut left = Vec::new();
    for (turn, start, word, truth) in said.truth_words() {
        // The word as it stands in its turn: is it there as often as before?
        let bare_word = bare(word);
        let count = |text: &str| text.split_whitespace().filter(|other| bare(other) == bare_word).count();
        let original = &lines[turn].1;
        let others = count(original) - usize::from(original.get(start..).is_some_and(|rest| rest.starts_with(word)));
        let same_truth = said
            .truth_words()
            .iter()
            .filter(|(t, _, w, id)| *t == turn && *id != usize::MAX && bare(w) == bare_word)
            .count();
        let free = (others + 1).saturating_sub(same_truth);
        if !bare_word.is_empty() && count(&sent[turn]) > free && !left.contains(&truth) {
            left.push(truth);
        }
    }
    let mut back = Share::default();
    let mut lost = 0;
    let restored: Vec<_> = sent.iter().map(|text| pseudonyms.restore(text)).collect();
    lost += restored.iter().filter(|one| !one.unknown.is_empty() || one.text.contains('[')).count();
    let words = said.truth_words();
    for (id, truth) in said.truths.iter().enumerate() {
        let Some((turn, ..)) = words.iter().find(|(_, _, _, of)| *of == id) else { continue };
        let text = &restored[*turn].text;
        let value = match truth.kind {
            "name" => bare(truth.value.trim_end_matches('\'').trim_end_matches('s')),
            _ => bare(&truth.value),
        };
        let text = bare(text);
        back.count(text.contains(&value));
    }
    Outcome { doubtful: false, left, back, lost }
}

/// Recall of one type of identifier.
#[derive(Default)]
pub struct Recall {
    pub clean: Share,
    pub noisy: Share,
    parts: BTreeMap<&'static str, (Share, Share)>,
}

impl Recall {
    pub fn add(&mut self, part: &'static str, said: &Said, heard: &Said) {
        let (clean, noisy) = self.parts.entry(part).or_default();
        for (said, all, of_part) in [(said, &mut self.clean, clean), (heard, &mut self.noisy, noisy)] {
            let (_, found) = find_in(said);
            for hit in covered(said, &found) {
                all.count(hit);
                of_part.count(hit);
            }
        }
    }

    pub fn both(&self) -> Share {
        self.clean.and(self.noisy)
    }

    pub fn json(&self) -> serde_json::Value {
        let parts: serde_json::Map<String, serde_json::Value> = self
            .parts
            .iter()
            .map(|(name, (clean, noisy))| ((*name).to_owned(), serde_json::json!([clean.rounded(), noisy.rounded()])))
            .collect();
        serde_json::json!({
            "recall": self.both().rounded(),
            "recall_clean": self.clean.rounded(),
            "recall_noisy": self.noisy.rounded(),
            "n": self.clean.of + self.noisy.of,
            "parts": parts,
        })
    }
}

/// What became of many calls.
#[derive(Default)]
pub struct Calls {
    pub leaks: Share,
    pub doubtful: Share,
    pub back: Share,
    pub lost: usize,
}

impl Calls {
    pub fn add(&mut self, said: &Said) {
        let outcome = send(said);
        self.doubtful.count(outcome.doubtful);
        self.leaks.count(!outcome.left.is_empty());
        self.back = self.back.and(outcome.back);
        self.lost += outcome.lost;
    }

    pub fn json(&self) -> serde_json::Value {
        let wilson = self.leaks.wilson().map(|bound| (bound * 10_000.0).round() / 10_000.0);
        serde_json::json!({
            "share": self.leaks.rounded(), "wilson": wilson, "n": self.leaks.of, "doubtful": self.doubtful.rounded(),
        })
    }
}

/// Words of a text that are hidden.
pub fn hidden_words(text: &str) -> Share {
    let found = referent_dk_identifiers::find_in_text(text);
    let hidden =
        found.iter().flat_map(|one| &one.passages).map(|place| text[place.start..place.end].split_whitespace().count());
    Share { hits: hidden.sum(), of: text.split_whitespace().count() }
}
