//! Reads a draft out of a stream of text: one sentence a line, with the numbers of the utterances it rests on.
//!
//! In: the answer of a language model, in pieces cut anywhere. Out: [`Line`]s, each as soon as its line is whole.
//!
//! ```text
//! ## Årsag til henvendelse
//! - Borgeren er flyttet til Vejle pr. 1. maj. [12,14]
//! ```
//!
//! Promises:
//!   L1  The same text gives the same lines, however it is cut into pieces.
//!   L2  Every sentence stands in a section of the area. The numbers it gives are utterances of the prompt; where it gives
//!       none, or others, it says so ([`Cited`]), and only a line that is plainly a list's is taken for a sentence.
//!   L3  What is not shown is counted: each line that is no sentence, no heading and not blank.
//!   L4  Nothing but legible text is in a sentence (`legible`), and never more than [`LONGEST_SENTENCE`].
//!   L5  Memory is bounded: a line that grows beyond [`LONGEST_LINE`] is given up.
//!
//! Not done here: whether what a sentence says is true. A line is text and stays text; nothing in it is obeyed.

use crate::draft::legible::legible;
use referent_proto::call::Section;
use referent_proto::speech::Spoken;

/// Bytes after which a line is no line any more.
pub const LONGEST_LINE: usize = 4096;
/// Characters after which a sentence is no sentence any more.
pub const LONGEST_SENTENCE: usize = 600;
/// Utterances that one sentence may rest on.
const MOST_EVIDENCE: usize = 24;

/// What a line turned out to be, if it was not blank and no heading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// A sentence, the place of its section in the area, and the utterances (counted from 1) it rests on.
    Sentence {
        /// Index into the area's sections.
        section: usize,
        /// The sentence, without bullet and evidence.
        text: Spoken,
        /// Numbers of the prompt, each once, in the order given.
        evidence: Vec<usize>,
        /// Whether these are all that the model gave.
        cited: Cited,
    },
    /// The model says that there is nothing to write.
    Nothing,
    /// Anything else, without what the model thinks aloud. Not shown, but counted.
    NotParsed(Spoken),
}

/// How well a sentence says what it rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cited {
    /// Every number is an utterance.
    Well,
    /// Some are; the others were left out.
    Partly,
    /// There is none, or none of them is.
    Not,
}

/// A draft being read.
pub struct LineReader<'a> {
    sections: &'a [Section],
    utterances: usize,
    pending: String,
    overlong: bool,
    section: Option<usize>,
    thinking: bool,
}

impl<'a> LineReader<'a> {
    /// A reader for a note with these sections, whose prompt numbers its utterances from 1 to `utterances`.
    pub fn new(sections: &'a [Section], utterances: usize) -> Self {
        Self { sections, utterances, pending: String::new(), overlong: false, section: None, thinking: false }
    }

    /// Takes the next piece of the answer and gives the lines that it completes.
    pub fn push(&mut self, piece: &str) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut rest = piece;
        while let Some((head, tail)) = rest.split_once('\n') {
            self.keep(head);
            lines.extend(self.end_line());
            rest = tail;
        }
        self.keep(rest);
        lines
    }

    /// The answer ended as it should: what is left is a line as well.
    pub fn finish(mut self) -> Vec<Line> {
        self.end_line().into_iter().collect()
    }

    /// The answer was cut off: what is left may lack half of its sentence or of its evidence, so it is not a line.
    pub fn cut_off(self) -> Vec<Line> {
        let nothing = !self.overlong && self.pending.trim().is_empty();
        if nothing { Vec::new() } else { vec![Line::NotParsed(Spoken::default())] }
    }

    fn keep(&mut self, text: &str) {
        if self.overlong {
            return;
        }
        if self.pending.len() + text.len() > LONGEST_LINE {
            self.overlong = true;
            self.pending.clear();
        } else {
            self.pending.push_str(text);
        }
    }

    fn end_line(&mut self) -> Option<Line> {
        if std::mem::take(&mut self.overlong) {
            return Some(Line::NotParsed(Spoken::default()));
        }
        let line = std::mem::take(&mut self.pending);
        self.read(legible(&line).trim())
    }

    fn read(&mut self, line: &str) -> Option<Line> {
        if line.is_empty() {
            return None;
        }
        if let Some(rest) = self.past_thinking(line) {
            if rest.len() < line.len() {
                // What stood before the end of the thinking is not shown, whatever follows it.
                return self.read(rest).or(Some(Line::NotParsed(Spoken::default())));
            }
        } else {
            return Some(Line::NotParsed(Spoken::default()));
        }
        if is_nothing(line) {
            return Some(Line::Nothing);
        }
        if let Some((section, rest)) = self.heading(line) {
            self.section = Some(section);
            return if rest.is_empty() { None } else { Some(self.sentence(rest)) };
        }
        if line.starts_with('#') {
            // A section that the area does not have: what follows belongs to none.
            self.section = None;
            return Some(Line::NotParsed(Spoken::new(line)));
        }
        Some(self.sentence(line))
    }

    /// The part of the line that is not thinking; `None` if all of it is.
    fn past_thinking<'l>(&mut self, line: &'l str) -> Option<&'l str> {
        let opens = line.starts_with("<think");
        if !self.thinking && !opens {
            return Some(line);
        }
        let end = line.rfind("</think").and_then(|at| line[at..].find('>').map(|end| at + end + 1));
        self.thinking = end.is_none();
        end.map(|end| line[end..].trim())
    }

    /// The section whose heading (or id) the line is, and what stands behind its colon.
    fn heading<'l>(&self, line: &'l str) -> Option<(usize, &'l str)> {
        let marked = line.starts_with('#') || line.starts_with("**");
        let bare = line.trim_start_matches(['#', '*', ' ']);
        self.sections.iter().enumerate().find_map(|(index, section)| {
            [&section.heading, &section.id].into_iter().find_map(|name| {
                let rest = strip_prefix_folded(bare, name)?.trim_start_matches(['*', ' ']);
                let whole = rest.is_empty();
                let rest = rest.strip_prefix(':').map(|rest| rest.trim_matches(['*', ' ']));
                match rest {
                    Some(rest) => Some((index, rest)),
                    None if whole && (marked || name == &section.heading) => Some((index, "")),
                    None => None,
                }
            })
        })
    }

    fn sentence(&self, line: &str) -> Line {
        self.parse_sentence(line).unwrap_or_else(|| Line::NotParsed(Spoken::new(line)))
    }

    fn parse_sentence(&self, line: &str) -> Option<Line> {
        let section = self.section?;
        let (is_item, line) = match line.strip_prefix(['-', '*', '•', '–']) {
            Some(rest) => (true, rest.trim_start()),
            None => (false, line),
        };
        let (text, evidence, cited) = split_evidence(line, self.utterances);
        if cited == Cited::Not && !is_item {
            return None;
        }
        let text = text.replace("**", "");
        let text = text.trim();
        let readable = text.chars().any(char::is_alphabetic) && text.chars().count() <= LONGEST_SENTENCE;
        readable.then(|| Line::Sentence { section, text: Spoken::new(text), evidence, cited })
    }
}

/// Splits `text [1,2] [5-7].` into text with its full stop, and 1, 2, 5, 6, 7. Numbers that are no utterance, and lists
/// that are too long to show anything, are left out.
fn split_evidence(line: &str, utterances: usize) -> (String, Vec<usize>, Cited) {
    let stop = line.ends_with('.');
    let mut rest = line.trim_end_matches(['.', ' ']);
    let mut groups = Vec::new();
    while let Some((before, inner)) = rest.strip_suffix(']').and_then(|inner| inner.rsplit_once('['))
        && !is_placeholder(inner)
    {
        groups.push(inner);
        rest = before.trim_end();
    }
    let (mut evidence, mut cited) = (Vec::new(), Cited::Well);
    for group in groups.into_iter().rev() {
        let (found, all) = numbers(group, utterances);
        if !all {
            cited = Cited::Partly;
        }
        for number in found {
            if !evidence.contains(&number) {
                evidence.push(number);
            }
        }
    }
    if evidence.len() > MOST_EVIDENCE {
        evidence.clear();
    }
    if evidence.is_empty() {
        cited = Cited::Not;
    }
    let mut text = rest.to_owned();
    if stop && !text.ends_with(['.', '!', '?', '«', '"']) {
        text.push('.');
    }
    (text, evidence, cited)
}

/// "PERSON-1" in brackets at the end of a sentence is somebody, and no evidence.
fn is_placeholder(inner: &str) -> bool {
    let Some((label, number)) = inner.split_once(['-', '_']) else { return false };
    !label.is_empty()
        && label.chars().all(char::is_alphabetic)
        && !number.is_empty()
        && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// The utterances that a list names, and whether it names nothing else. "12", "linje 12" and "#12" are the same.
fn numbers(list: &str, utterances: usize) -> (Vec<usize>, bool) {
    let known = |text: &str| {
        let digits = text.trim().trim_start_matches(|c: char| c.is_alphabetic() || matches!(c, ' ' | '.' | '#'));
        digits.parse().ok().filter(|number| (1..=utterances).contains(number))
    };
    let (mut found, mut all) = (Vec::new(), true);
    for part in list.split([',', ';']) {
        let range = part.split_once(['-', '–']).map(|(from, to)| (known(from), known(to)));
        match (range, known(part)) {
            (None, Some(number)) => found.push(number),
            (Some((Some(from), Some(to))), _) if from <= to && to - from < MOST_EVIDENCE => found.extend(from..=to),
            _ => all = false,
        }
        if found.len() > 4 * MOST_EVIDENCE {
            return (Vec::new(), false);
        }
    }
    (found, all)
}

fn is_nothing(line: &str) -> bool {
    matches!(line.trim_matches(['-', '*', '.', ' ']).to_uppercase().as_str(), "INTET" | "NOTHING")
}

/// What follows `prefix` in `text`, whatever the case of either.
fn strip_prefix_folded<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let mut rest = text.chars();
    for expected in prefix.chars() {
        let found = rest.next()?;
        if !found.to_lowercase().eq(expected.to_lowercase()) {
            return None;
        }
    }
    (!prefix.is_empty()).then_some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sections() -> Vec<Section> {
        [("reason", "Årsag til henvendelse"), ("information", "Oplysninger"), ("agreed", "Aftalt")]
            .map(|(id, heading)| Section { id: id.into(), heading: heading.into(), ..Section::default() })
            .to_vec()
    }

    /// Reads an answer about 20 utterances; a sentence prints as `section: text [evidence]`, the rest as `-` or `0`.
    fn read_in(pieces: &[&str]) -> Vec<String> {
        let sections = sections();
        let mut reader = LineReader::new(&sections, 20);
        let mut lines: Vec<Line> = pieces.iter().flat_map(|piece| reader.push(piece)).collect();
        lines.extend(reader.finish());
        lines
            .into_iter()
            .map(|line| match line {
                Line::Sentence { section, text, evidence, cited } => {
                    let how = match cited {
                        Cited::Well => "",
                        Cited::Partly => "~",
                        Cited::Not => "?",
                    };
                    format!("{}: {} {how}{evidence:?}", sections[section].id, text.reveal())
                }
                Line::Nothing => "0".into(),
                Line::NotParsed(_) => "-".into(),
            })
            .collect()
    }

    fn check(answer: &str, expected: &[&str]) {
        assert_eq!(read_in(&[answer]), expected, "{answer}");
    }

    #[test]
    fn sentences_stand_under_the_areas_headings() {
        check(
            "## Årsag til henvendelse\n- Borgeren er flyttet til Vejle pr. 1. maj. [12,14]\n\n## Aftalt\n* Svar om 4 uger. [3]",
            &["reason: Borgeren er flyttet til Vejle pr. 1. maj. [12, 14]", "agreed: Svar om 4 uger. [3]"],
        );
        check("årsag til henvendelse:\n- Flyttet. [1]\r\n", &["reason: Flyttet. [1]"]);
        check("**Aftalt:**\nRinger torsdag [2; 4] [6-8].", &["agreed: Ringer torsdag. [2, 4, 6, 7, 8]"]);
        check("AFTALT: - Ringer torsdag. [2]", &["agreed: Ringer torsdag. [2]"]);
        check("### agreed\n- Ringer torsdag. [2][2]", &["agreed: Ringer torsdag. [2]"]);
        check("Aftalt\n- **Frist:** 1. marts. [20]", &["agreed: Frist: 1. marts. [20]"]);
        check("## Aftalt\n- Ringer til [PERSON-1] [2]", &["agreed: Ringer til [PERSON-1] [2]"]);
        check("## Aftalt\n- Ringer til [PERSON_1].", &["agreed: Ringer til [PERSON_1]. ?[]"]);
        check("#\u{200b}# Af\u{ad}talt\n- Ri\u{202e}nger.\u{0} [2]", &["agreed: Ringer. [2]"]);
    }

    #[test]
    fn what_does_not_parse_is_counted() {
        check("- Før enhver overskrift. [1]", &["-"]);
        check("## Aftalt\nUden belæg og streg.\nUkendt. [21]\n- [4]\n- []", &["-"; 4]);
        check("## Vurdering\n- Ikke vores afsnit. [1]\n## Aftalt\n- Vores. [1]", &["-", "-", "agreed: Vores. [1]"]);
        check("```markdown\n## Aftalt\n- Vores. [1]\n```", &["-", "agreed: Vores. [1]", "-"]);
        check("Her er notatet:\n## Aftalt\n- Vores. [1]", &["-", "agreed: Vores. [1]"]);
        check(
            "<think>\n## Aftalt\n- Tanke. [1]\n</think>\n## Aftalt\n- Vores. [1]",
            &["-", "-", "-", "-", "agreed: Vores. [1]"],
        );
        check("<think>kort</think> ## Aftalt\n- Vores. [1]", &["-", "agreed: Vores. [1]"]);
        check(&format!("## Aftalt\n- {} [1]\n- Vores. [1]", "lang ".repeat(2000)), &["-", "agreed: Vores. [1]"]);
        check("INTET\n", &["0"]);
        check("- Nothing.", &["0"]);
    }

    #[test]
    fn a_sentence_says_how_well_it_is_cited() {
        check(
            "## Aftalt\n- Uden belæg.\n- Ukendt. [21]\n- Nul. [0]\n- Tom. []\n- Alt. [1-400]\n- Kommer. [hej]",
            &[
                "agreed: Uden belæg. ?[]",
                "agreed: Ukendt. ?[]",
                "agreed: Nul. ?[]",
                "agreed: Tom. ?[]",
                "agreed: Alt. ?[]",
                "agreed: Kommer. ?[]",
            ],
        );
        check(
            "## Aftalt\n- Halvt. [3,x]\n- Linjer. [linje 3, #4]\n- Begge. [2] [99]\n- Bagfra. [7-5, 1]",
            &["agreed: Halvt. ~[3]", "agreed: Linjer. [3, 4]", "agreed: Begge. ~[2]", "agreed: Bagfra. ~[1]"],
        );
    }

    #[test]
    fn a_line_that_was_cut_off_is_not_shown() {
        let sections = sections();
        let mut reader = LineReader::new(&sections, 20);
        assert!(reader.push("## Aftalt\n- Vores. [1").is_empty());
        assert_eq!(reader.cut_off(), [Line::NotParsed(Spoken::default())]);
        let mut reader = LineReader::new(&sections, 20);
        assert_eq!(reader.push("## Aftalt\n- Vores. [1]\n").len(), 1);
        assert!(reader.cut_off().is_empty());
    }

    const ALPHABET: [&str; 16] = [
        "\n",
        "\n",
        "## Aftalt",
        "Oplysninger:",
        "- ",
        "Borgeren er flyttet",
        ". ",
        "[1]",
        "[12,14]",
        "[99]",
        "<think>",
        "</think>",
        "```",
        "å",
        "\r",
        "[3-5]",
    ];

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_lines(
            parts in prop::collection::vec(prop::sample::select(ALPHABET.to_vec()), 0..60),
            cuts in prop::collection::vec(0usize..600, 0..40),
        ) {
            let answer = parts.concat();
            let mut at: Vec<usize> = cuts.into_iter().filter(|cut| answer.is_char_boundary(*cut)).collect();
            at.extend([0, answer.len()]);
            at.sort_unstable();
            let pieces: Vec<&str> = at.windows(2).map(|pair| &answer[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read_in(&pieces), read_in(&[&answer]));
        }

        #[test]
        fn no_text_makes_it_panic(answer in "\\PC{0,200}") {
            read_in(&[&answer]);
        }
    }
}
