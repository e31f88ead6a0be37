//! A call as text: what previews and evaluations are made on.
//!
//! In: JSON lines, one dialogue each: `{"id", "language", "call_date", "turns": [{"speaker", "text"}]}`, and keys that
//! only an evaluation reads. Out: [`Dialogue`]. Promised: a wrong line is named by its number. The sample call that comes
//! with the program is one of our own making; nobody in it exists, and its CPR number cannot. Not done here: no draft, no
//! judgement.

use serde::Deserialize;

/// A dialogue of our own about housing benefit, in Danish.
const SAMPLE: &str = include_str!("../sample.jsonl");

/// One call.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Dialogue {
    /// Its name.
    pub id: String,
    /// Whose settings it would have.
    #[serde(default)]
    pub area: Option<String>,
    /// What is spoken.
    #[serde(default)]
    pub language: Option<String>,
    /// The day of the call, `2026-03-09`.
    #[serde(default)]
    pub call_date: Option<String>,
    /// What was said, in order.
    pub turns: Vec<Turn>,
}

/// What one of them said before the other did.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Turn {
    /// Who.
    pub speaker: Speaker,
    /// What.
    pub text: String,
}

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// On the near track.
    Caseworker,
    /// On the far track.
    Citizen,
}

/// A line that is no dialogue.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is no dialogue: {problem}; see docs/areas.md, \"Preview\"")]
pub struct NoDialogue {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

/// The dialogues of the text, in order.
pub fn read(text: &str) -> Result<Vec<Dialogue>, NoDialogue> {
    let parse = |(at, line): (usize, &str)| {
        let wrong = |problem: String| NoDialogue { line: at + 1, problem };
        let dialogue: Dialogue = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        if dialogue.turns.is_empty() { Err(wrong("it has no turns".to_owned())) } else { Ok(dialogue) }
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}

/// The dialogue that comes with the program.
///
/// # Panics
/// Never: a test reads it.
pub fn sample() -> Dialogue {
    let mut all = read(SAMPLE).expect("the sample is tested");
    all.remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_whole_call() {
        let sample = sample();
        assert!(sample.turns.len() >= 16);
        assert_eq!(sample.call_date.as_deref(), Some("2026-03-16"));
        let by = |speaker| sample.turns.iter().filter(|turn| turn.speaker == speaker).count();
        assert!(by(Speaker::Caseworker) >= 6 && by(Speaker::Citizen) >= 6);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let check = |text: &str, expected: &str| {
            let said = read(text).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        };
        let good = "{\"id\": \"a\", \"must_note\": [], \"turns\": [{\"speaker\": \"citizen\", \"text\": \"Hej\"}]}";
        assert_eq!(read(&format!("{good}\n\n{good}\n")).unwrap().len(), 2);
        check(&format!("{good}\n{{\"id\": \"b\"}}"), "line 2 is no dialogue: missing field `turns`");
        check("{\"id\": \"b\", \"turns\": []}", "line 1 is no dialogue: it has no turns");
        check(&good.replace("citizen", "clerk"), "unknown variant `clerk`");
    }
}
