//! Takes the answer of a chat server apart into pieces of text.
//!
//! In: an HTTP response, as server-sent events or as one JSON object. Out: [`Delta`]s: text, then exactly one end.
//! An event that cannot be read ends the answer; its content goes nowhere. Servers differ, so only what is needed is
//! looked at: `choices[0].delta.content`, `choices[0].finish_reason`, `error`.

use super::LONGEST_ANSWER;
use referent_proto::draft::DrafterTrouble;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::VecDeque;

/// The next thing the server says.
#[derive(PartialEq)]
pub(super) enum Delta {
    /// More of the answer.
    Text(String),
    /// The answer is whole.
    Whole,
    /// It will not become whole.
    Trouble(DrafterTrouble),
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(alias = "message")]
    delta: Option<Piece>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Piece {
    content: Option<String>,
}

/// The answer's deltas, in order.
pub(super) struct Events {
    response: Response,
    decoder: Decoder,
    ready: VecDeque<Delta>,
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
        Self { response, decoder, ready: VecDeque::new(), taken: 0 }
    }

    /// Waits for the next delta. Every byte of the server is a sign of life, so that a comment that keeps the line
    /// open gives an empty text. Cancelling loses nothing that matters: the answer is then given up.
    pub(super) async fn next(&mut self) -> Delta {
        if let Some(delta) = self.ready.pop_front() {
            return delta;
        }
        match self.response.chunk().await {
            Ok(Some(bytes)) => {
                self.taken += bytes.len();
                if self.taken > LONGEST_ANSWER {
                    return Delta::Trouble(DrafterTrouble::Garbled);
                }
                self.ready.extend(self.decoder.push(&bytes));
                self.ready.pop_front().unwrap_or(Delta::Text(String::new()))
            }
            Ok(None) => {
                self.ready.extend(self.decoder.finish());
                self.ready.push_back(Delta::Trouble(DrafterTrouble::CutOff));
                self.ready.pop_front().unwrap_or(Delta::Trouble(DrafterTrouble::CutOff))
            }
            Err(_) => Delta::Trouble(DrafterTrouble::CutOff),
        }
    }
}

enum Decoder {
    Stream(Lines),
    Whole(Vec<u8>),
}

impl Decoder {
    fn push(&mut self, bytes: &[u8]) -> Vec<Delta> {
        match self {
            Self::Stream(lines) => lines.push(bytes),
            Self::Whole(body) => {
                body.extend_from_slice(bytes);
                Vec::new()
            }
        }
    }

    fn finish(&mut self) -> Vec<Delta> {
        match self {
            Self::Stream(lines) => lines.finish(),
            Self::Whole(body) => match read(&std::mem::take(body)) {
                // A whole answer may leave out why it is whole.
                mut deltas if matches!(deltas.last(), Some(Delta::Text(_))) => {
                    deltas.push(Delta::Whole);
                    deltas
                }
                deltas if deltas.is_empty() => vec![Delta::Trouble(DrafterTrouble::Garbled)],
                deltas => deltas,
            },
        }
    }
}

/// Server-sent events: `data:` lines, ended by an empty line; several belong together.
#[derive(Default)]
struct Lines {
    pending: Vec<u8>,
    data: Vec<u8>,
    ended: bool,
    seen: bool,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) -> Vec<Delta> {
        let mut deltas = Vec::new();
        for byte in bytes {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.pending);
                deltas.extend(self.line(line.strip_suffix(b"\r").unwrap_or(&line)));
            } else {
                self.pending.push(*byte);
            }
        }
        deltas
    }

    /// The stream ended: the last event may lack its empty line. No event at all was no stream.
    fn finish(&mut self) -> Vec<Delta> {
        let line = std::mem::take(&mut self.pending);
        let mut deltas = self.line(&line);
        deltas.extend(self.line(b""));
        if !self.seen {
            deltas.push(Delta::Trouble(DrafterTrouble::Garbled));
        }
        deltas
    }

    fn line(&mut self, line: &[u8]) -> Vec<Delta> {
        if self.ended {
            return Vec::new();
        }
        if let Some(data) = line.strip_prefix(b"data:") {
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
        let deltas = if data.trim_ascii() == b"[DONE]" { vec![Delta::Whole] } else { read(&data) };
        self.ended = deltas.iter().any(|delta| !matches!(delta, Delta::Text(_)));
        deltas
    }
}

/// What one JSON object says.
fn read(json: &[u8]) -> Vec<Delta> {
    let Ok(chunk) = serde_json::from_slice::<Chunk>(json) else {
        return vec![Delta::Trouble(DrafterTrouble::Garbled)];
    };
    if chunk.error.is_some() {
        return vec![Delta::Trouble(DrafterTrouble::Refused)];
    }
    let Some(choice) = chunk.choices.into_iter().next() else {
        return Vec::new();
    };
    let text = choice.delta.and_then(|piece| piece.content).filter(|text| !text.is_empty()).map(Delta::Text);
    let end = match choice.finish_reason.as_deref() {
        None | Some("") => None,
        Some("length") => Some(Delta::Trouble(DrafterTrouble::CutOff)),
        Some("content_filter") => Some(Delta::Trouble(DrafterTrouble::Refused)),
        Some(_) => Some(Delta::Whole),
    };
    text.into_iter().chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Text as it is, the ends as `.` (whole) or the name of the trouble.
    fn decode(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut deltas: Vec<Delta> = pieces.iter().flat_map(|piece| lines.push(piece)).collect();
        deltas.extend(lines.finish());
        deltas
            .into_iter()
            .map(|delta| match delta {
                Delta::Text(text) => text,
                Delta::Whole => ".".into(),
                Delta::Trouble(trouble) => format!("{trouble:?}"),
            })
            .collect()
    }

    const STREAM: &str = ": keep-alive\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n\
        data: {\"choices\":[{\"delta\":{\"content\":\"Årsag\"},\"finish_reason\":null}]}\n\n\
        event: x\nid: 3\ndata:{\"choices\":[{\"delta\":\ndata: {\"content\":\" æøå\"}}]}\n\n\
        data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\ndata: after\n\n";

    #[test]
    fn dialects() {
        let check = |stream: &str, expected: &[&str]| assert_eq!(decode(&[stream.as_bytes()]), expected, "{stream}");
        check(STREAM, &["Årsag", " æøå", "."]);
        check("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}", &["a", "."]);
        check("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n", &["CutOff"]);
        check("data: {\"error\":{\"message\":\"no\"}}\n\n", &["Refused"]);
        check("data: rubbish\n\ndata: [DONE]\n\n", &["Garbled"]);
        check("<html>502</html>", &["Garbled"]);
        check("", &["Garbled"]);
    }

    proptest! {
        #[test]
        fn any_bytes_end_at_most_once(bytes in prop::collection::vec(any::<u8>(), 0..300), events in any::<bool>()) {
            let lead: &[u8] = if events { b"data: " } else { b"" };
            let deltas = decode(&[lead, &bytes, b"\n\n"]);
            let end = deltas.iter().position(|delta| [".", "Garbled", "Refused", "CutOff"].contains(&delta.as_str()));
            prop_assert!(end.is_none_or(|end| end + 1 == deltas.len()), "{deltas:?}");
        }

        #[test]
        fn any_chunking_of_bytes_gives_the_same(cuts in prop::collection::vec(0usize..STREAM.len(), 0..20)) {
            let mut at = cuts;
            at.extend([0, STREAM.len()]);
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &STREAM.as_bytes()[pair[0]..pair[1]]).collect();
            prop_assert_eq!(decode(&pieces), ["Årsag", " æøå", "."]);
        }
    }
}
