//! Takes the answer of a chat server apart into pieces of text.
//!
//! In: an HTTP response, as server-sent events or as one JSON object. Out: [`Delta`]s: text, then exactly one end; and what
//! the server tells of itself ([`Told`]). An event that cannot be read ends the answer; its content goes nowhere. Servers
//! differ, so only what is needed is looked at: `choices[0].delta.content` (a text, or a list of pieces),
//! `choices[0].finish_reason`, `error`, and `model`, `system_fingerprint`, `usage` where they stand.

use super::LONGEST_ANSWER;
use super::fault::Fault;
use referent_proto::draft::DrafterTrouble;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::Value;
use std::collections::VecDeque;

/// Characters of what a server tells of itself.
const LONGEST_NAME: usize = 120;

/// The next thing the server says.
#[derive(PartialEq)]
pub(super) enum Delta {
    /// More of the answer.
    Text(String),
    /// The server is there, and says nothing of the answer: a comment, or what it thinks.
    Alive,
    /// The answer is whole.
    Whole,
    /// It will not become whole.
    Trouble(Fault),
}

/// What a server tells of itself and of its work.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Told {
    pub(super) model: String,
    pub(super) fingerprint: String,
    pub(super) tokens_in: Option<u32>,
    pub(super) tokens_out: Option<u32>,
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    error: Option<Value>,
    model: Option<String>,
    system_fingerprint: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(alias = "message")]
    delta: Option<Piece>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Piece {
    content: Option<Content>,
    /// OpenAI's way of saying no.
    refusal: Option<String>,
}

/// A text, or a list of pieces of which some are thoughts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Pieces(Vec<ContentPiece>),
}

#[derive(Deserialize)]
struct ContentPiece {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
}

impl Content {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Pieces(pieces) => {
                let texts = pieces.into_iter().filter(|piece| piece.kind.as_deref().is_none_or(|kind| kind == "text"));
                texts.filter_map(|piece| piece.text).collect()
            }
        }
    }
}

/// The answer's deltas, in order.
pub(super) struct Events {
    response: Response,
    decoder: Decoder,
    ready: VecDeque<Delta>,
    told: Told,
    taken: usize,
}

impl Events {
    /// The deltas of this response.
    pub(super) fn of(response: Response) -> Self {
        let json = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("application/json"));
        let decoder = if json { Decoder::Whole(Vec::new()) } else { Decoder::Stream(Lines::default()) };
        Self { response, decoder, ready: VecDeque::new(), told: Told::default(), taken: 0 }
    }

    /// Waits for the next delta. Every byte of the server is a sign of life. Cancelling loses nothing that matters: the
    /// answer is then given up.
    pub(super) async fn next(&mut self) -> Delta {
        if let Some(delta) = self.ready.pop_front() {
            return delta;
        }
        match self.response.chunk().await {
            Ok(Some(bytes)) => {
                self.taken += bytes.len();
                if self.taken > LONGEST_ANSWER {
                    return Delta::Trouble(Fault::lasting(DrafterTrouble::Garbled));
                }
                self.ready.extend(self.decoder.push(&bytes, &mut self.told));
                self.ready.pop_front().unwrap_or(Delta::Alive)
            }
            Ok(None) => {
                self.ready.extend(self.decoder.finish(&mut self.told));
                self.ready.push_back(Delta::Trouble(Fault::lasting(DrafterTrouble::CutOff)));
                self.ready.pop_front().unwrap_or(Delta::Alive)
            }
            Err(_) => Delta::Trouble(Fault::lasting(DrafterTrouble::CutOff)),
        }
    }

    /// Reads on behind the end of the answer, where some servers say what it took.
    pub(super) async fn rest(&mut self) {
        while !self.decoder.is_done()
            && self.taken <= LONGEST_ANSWER
            && let Ok(Some(bytes)) = self.response.chunk().await
        {
            self.taken += bytes.len();
            drop(self.decoder.push(&bytes, &mut self.told));
        }
    }

    /// What the server has told of itself.
    pub(super) fn told(&self) -> &Told {
        &self.told
    }
}

enum Decoder {
    Stream(Lines),
    Whole(Vec<u8>),
}

impl Decoder {
    fn push(&mut self, bytes: &[u8], told: &mut Told) -> Vec<Delta> {
        match self {
            Self::Stream(lines) => lines.push(bytes, told),
            Self::Whole(body) => {
                body.extend_from_slice(bytes);
                Vec::new()
            }
        }
    }

    fn finish(&mut self, told: &mut Told) -> Vec<Delta> {
        match self {
            Self::Stream(lines) => lines.finish(told),
            Self::Whole(body) => match read(&std::mem::take(body), told) {
                // A whole answer may leave out why it is whole.
                mut deltas if matches!(deltas.last(), Some(Delta::Text(_))) => {
                    deltas.push(Delta::Whole);
                    deltas
                }
                deltas if deltas.is_empty() => vec![garbled()],
                deltas => deltas,
            },
        }
    }

    /// Nothing follows.
    fn is_done(&self) -> bool {
        match self {
            Self::Stream(lines) => lines.done,
            Self::Whole(_) => true,
        }
    }
}

/// Server-sent events: `data:` lines, ended by an empty line; several belong together. Some servers write an error as
/// `error:`.
#[derive(Default)]
struct Lines {
    pending: Vec<u8>,
    data: Vec<u8>,
    ended: bool,
    done: bool,
    seen: bool,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], told: &mut Told) -> Vec<Delta> {
        let mut deltas = Vec::new();
        for byte in bytes {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.pending);
                deltas.extend(self.line(line.strip_suffix(b"\r").unwrap_or(&line), told));
            } else {
                self.pending.push(*byte);
            }
        }
        deltas
    }

    /// The stream ended: the last event may lack its empty line. No event at all was no stream.
    fn finish(&mut self, told: &mut Told) -> Vec<Delta> {
        let line = std::mem::take(&mut self.pending);
        let mut deltas = self.line(&line, told);
        deltas.extend(self.line(b"", told));
        if !self.seen {
            deltas.push(garbled());
        }
        deltas
    }

    fn line(&mut self, line: &[u8], told: &mut Told) -> Vec<Delta> {
        if self.done {
            return Vec::new();
        }
        if let Some(data) = line.strip_prefix(b"data:").or_else(|| line.strip_prefix(b"error:")) {
            self.seen = true;
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
            return Vec::new();
        }
        if !line.is_empty() || self.data.is_empty() {
            return Vec::new();
        }
        let data = std::mem::take(&mut self.data);
        self.done = data.trim_ascii() == b"[DONE]";
        let deltas = if self.done { vec![Delta::Whole] } else { read(&data, told) };
        if self.ended {
            return Vec::new(); // Only what it tells of itself still counts.
        }
        self.ended = deltas.iter().any(|delta| !matches!(delta, Delta::Text(_) | Delta::Alive));
        deltas
    }
}

fn garbled() -> Delta {
    Delta::Trouble(Fault::lasting(DrafterTrouble::Garbled))
}

/// What one JSON object says.
fn read(json: &[u8], told: &mut Told) -> Vec<Delta> {
    // Some servers have an error for an answer that is no object like the others.
    let bare = |value: &Value| value.get("code").is_some() && value.get("choices").is_none();
    if let Some(error) = serde_json::from_slice::<Value>(json).ok().filter(bare) {
        return vec![Delta::Trouble(Fault::of_error(&error))];
    }
    let Ok(chunk) = serde_json::from_slice::<Chunk>(json) else { return vec![garbled()] };
    let short = |text: String| text.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    if let Some(model) = chunk.model.filter(|model| !model.is_empty()) {
        told.model = short(model);
    }
    if let Some(fingerprint) = chunk.system_fingerprint {
        told.fingerprint = short(fingerprint);
    }
    if let Some(usage) = chunk.usage {
        told.tokens_in = usage.prompt_tokens.or(told.tokens_in);
        told.tokens_out = usage.completion_tokens.or(told.tokens_out);
    }
    if let Some(error) = chunk.error {
        return vec![Delta::Trouble(Fault::of_error(&error))];
    }
    let Some(choice) = chunk.choices.into_iter().flatten().next() else {
        return Vec::new();
    };
    let piece = choice
        .delta
        .map_or_else(String::new, |piece| piece.content.map(Content::into_text).or(piece.refusal).unwrap_or_default());
    let text = Some(piece).filter(|text| !text.is_empty()).map(Delta::Text);
    let end = match choice.finish_reason.as_deref() {
        None | Some("") => None,
        Some("length" | "model_length") => Some(Delta::Trouble(Fault::lasting(DrafterTrouble::CutOff))),
        Some("content_filter") => Some(Delta::Trouble(Fault::lasting(DrafterTrouble::LlmRefused))),
        Some("error") => Some(Delta::Trouble(Fault::passing(DrafterTrouble::LlmUnavailable))),
        Some(_) => Some(Delta::Whole),
    };
    text.into_iter().chain(end).collect()
}

#[cfg(test)]
mod tests;
