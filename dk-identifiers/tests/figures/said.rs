//! What was said, with the truth about it: which words belong to which identifier.

use referent_dk_identifiers::Speaker;

/// A word with its punctuation.
#[derive(Clone, Debug)]
pub struct Word {
    pub text: String,
    /// The identifier it is part of.
    pub truth: Option<usize>,
}

/// One identifier of the truth.
#[derive(Clone, Debug)]
pub struct Truth {
    pub kind: &'static str,
    /// Digits of a number, the address of a mailbox, the words of a name.
    pub value: String,
}

/// Turns with their truth.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub turns: Vec<(Speaker, Vec<Word>)>,
    pub truths: Vec<Truth>,
}

/// What a carrier's slot is filled with: the words, of which those that begin with `~` are no part of the identifier;
/// a new line of another speaker may stand between (`\nW: ~ja\nC: `).
pub struct Filling {
    pub words: String,
    pub truth: Truth,
}

impl Said {
    /// Reads lines "C: …" and "W: …" (citizen and caseworker); `fill` makes what stands in a slot's place.
    pub fn from_lines(lines: &str, mut fill: impl FnMut(&str) -> Filling) -> Self {
        let mut said = Self::default();
        let mut text = String::new();
        let mut rest = lines;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').expect("a slot is closed") + open;
            let filling = fill(&rest[open + 1..close]);
            text.push_str(&rest[..open]);
            let id = said.truths.len().to_string();
            text.extend(["\u{1}", &id, "\u{2}", &filling.words, "\u{3}"]);
            said.truths.push(filling.truth);
            rest = &rest[close + 1..];
        }
        text.push_str(rest);
        let mut truth = None;
        for line in text.split('\n') {
            let (speaker, line) = match line.split_once(": ") {
                Some(("W", line)) => (Speaker::Caseworker, line),
                Some(("C", line)) => (Speaker::Citizen, line),
                _ => (Speaker::Citizen, line),
            };
            let mut words = Vec::new();
            for raw in line.split_whitespace() {
                let mut raw = raw.to_owned();
                if let Some(open) = raw.find('\u{1}') {
                    let end = raw.find('\u{2}').expect("an id ends");
                    truth = Some(raw[open + 1..end].parse().expect("an id is a number"));
                    raw.replace_range(open..end + '\u{2}'.len_utf8(), "");
                }
                let closes = raw.contains('\u{3}');
                let text = raw.replace('\u{3}', "");
                match text.strip_prefix('~') {
                    Some(text) => words.push(Word { text: text.to_owned(), truth: None }),
                    None if !text.is_empty() => words.push(Word { text, truth }),
                    None => {}
                }
                if closes {
                    truth = None;
                }
            }
            said.turns.push((speaker, words));
        }
        said
    }

    /// The turns as the program takes them.
    pub fn turns(&self) -> Vec<(Speaker, String)> {
        self.turns
            .iter()
            .map(|(speaker, words)| {
                (*speaker, words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))
            })
            .collect()
    }

    /// For each word that belongs to an identifier: its turn, where it begins, the word, the identifier.
    pub fn truth_words(&self) -> Vec<(usize, usize, &str, usize)> {
        let mut all = Vec::new();
        for (turn, (_, words)) in self.turns.iter().enumerate() {
            let mut at = 0;
            for word in words {
                if let Some(truth) = word.truth {
                    all.push((turn, at, word.text.as_str(), truth));
                }
                at += word.text.len() + 1;
            }
        }
        all
    }
}
