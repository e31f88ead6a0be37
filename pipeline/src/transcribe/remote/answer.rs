//! Reads the answer of a transcription server: `verbose_json` with or without word times, or text alone.
//!
//! In: bytes. Out: [`Heard`]. Every field but `text` may be missing or null, because servers differ: vLLM gives segments
//! without words, whisper.cpp's server words inside of segments, others text alone. Unknown fields are ignored.

use crate::transcribe::{Heard, Request, spread};
use referent_proto::{SampleOffset, SampleSpan, Spoken, Word};
use serde::Deserialize;

/// What a word is worth where the server says nothing of probabilities: not known, so neither certain nor doubted.
const NOT_KNOWN: f32 = 0.5;

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    text: Option<String>,
    words: Option<Vec<TimedWord>>,
    segments: Option<Vec<Segment>>,
}

#[derive(Debug, Deserialize)]
struct Segment {
    text: Option<String>,
    avg_logprob: Option<f32>,
    no_speech_prob: Option<f32>,
    words: Option<Vec<TimedWord>>,
}

#[derive(Debug, Clone, Deserialize)]
struct TimedWord {
    #[serde(alias = "text")]
    word: String,
    start: Option<f64>,
    end: Option<f64>,
    #[serde(alias = "score")]
    probability: Option<f32>,
}

impl Answer {
    /// `None`: not JSON, or without any text.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let answer: Self = serde_json::from_slice(body).ok()?;
        (answer.text.is_some() || answer.segments.is_some()).then_some(answer)
    }

    pub(super) fn heard(self, request: &Request) -> Heard {
        let segments = self.segments.unwrap_or_default();
        let text = self.text.unwrap_or_else(|| {
            segments.iter().filter_map(|segment| segment.text.as_deref()).collect::<Vec<_>>().join(" ")
        });
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let probability = mean(segments.iter().filter_map(|segment| segment.avg_logprob)).map(f32::exp);
        let no_speech = segments.iter().filter_map(|segment| segment.no_speech_prob).fold(0.0, f32::max);
        let of_segments = || segments.iter().filter_map(|segment| segment.words.clone()).flatten().collect::<Vec<_>>();
        let words = self.words.filter(|words| !words.is_empty()).unwrap_or_else(of_segments);
        let each = mean(words.iter().filter_map(|word| word.probability));
        let probability = probability.or(each).unwrap_or(NOT_KNOWN).clamp(0.0, 1.0);
        // Words without punctuation, or fewer than the text has, would be another text: then the text's own, spread.
        let words = placed(&words, &text, probability, request).unwrap_or_else(|| {
            let words: Vec<(&str, f32)> = text.split_whitespace().map(|word| (word, probability)).collect();
            spread(&words, request.speech)
        });
        let probability = if text.is_empty() { 0.0 } else { probability };
        Heard { text: Spoken::new(text), words, probability, no_speech: no_speech.clamp(0.0, 1.0) }
    }
}

/// The text's words at the times of the server's, if these are the same words.
fn placed(words: &[TimedWord], text: &str, probability: f32, request: &Request) -> Option<Vec<Word>> {
    let of_text: Vec<&str> = text.split_whitespace().collect();
    let same = words.len() == of_text.len() && words.iter().zip(&of_text).all(|(a, b)| plain(&a.word) == plain(b));
    if words.is_empty() || !same {
        return None;
    }
    let mut next = request.speech.start();
    let mut placed = Vec::new();
    for (word, of_text) in words.iter().zip(of_text) {
        let start = at(word.start?, request).max(next).min(request.speech.end());
        let end = at(word.end?, request).max(start).min(request.speech.end());
        next = end;
        let span = SampleSpan::of(start, end - start);
        let probability = word.probability.unwrap_or(probability).clamp(0.0, 1.0);
        placed.push(Word { text: Spoken::new(of_text), span, probability });
    }
    Some(placed)
}

/// Seconds of the WAV as call time; a server may say anything.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a minute")]
fn at(seconds: f64, request: &Request) -> SampleOffset {
    request.heard_from + (seconds.clamp(0.0, 60.0) * 16_000.0) as u64
}

fn plain(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) =
        values.filter(|value| value.is_finite()).fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcribe::Class;
    use crate::transcribe::tests::request;
    use proptest::prelude::*;

    /// Words as `text@start-end p`, in milliseconds of the call. The request's sound begins at 750 ms, its speech at 1 s.
    #[track_caller]
    fn check(body: &str, text: &str, words: &str, probability: f32) {
        let answer = Answer::parse(body.as_bytes()).unwrap_or_else(|| panic!("{body}"));
        let heard = answer.heard(&request(1, Class::Live));
        assert_eq!(heard.text.reveal(), text);
        let shown: Vec<String> = heard
            .words
            .iter()
            .map(|word| {
                let (start, end) = (word.span.start().millis(), word.span.end().millis());
                format!("{}@{start}-{end} {:.2}", word.text.reveal(), word.probability)
            })
            .collect();
        assert_eq!(shown.join(", "), words);
        assert!((heard.probability - probability).abs() < 0.01, "{}", heard.probability);
    }

    #[test]
    fn every_dialect_is_read() {
        check(r#"{"text": " Ja  tak. "}"#, "Ja tak.", "Ja@1000-1375 0.50, tak.@1375-2000 0.50", 0.5);
        check(r#"{"text": "", "segments": []}"#, "", "", 0.0);
        let words = r#"{"text": "Ja, tak.", "duration": "1.2", "usage": null,
            "words": [{"word": "Ja", "start": 0.3, "end": 0.5}, {"word": " tak", "start": 0.6, "end": 0.9}],
            "segments": [{"text": "Ja, tak.", "avg_logprob": -0.105, "no_speech_prob": 0.1, "tokens": [1]}]}"#;
        check(words, "Ja, tak.", "Ja,@1050-1250 0.90, tak.@1350-1650 0.90", 0.9);
        let inside = r#"{"segments": [{"text": "Ja tak", "words": [{"word": "Ja", "start": 0.3, "end": 0.5,
            "probability": 0.25}, {"text": "tak", "start": 0.6, "end": 99.0, "score": 0.75}]}]}"#;
        check(inside, "Ja tak", "Ja@1050-1250 0.25, tak@1350-2000 0.75", 0.5);
        // Other words than the text has, or no times: the text's own.
        check(
            r#"{"text": "Ja tak", "words": [{"word": "Nej"}]}"#,
            "Ja tak",
            "Ja@1000-1428 0.50, tak@1428-2000 0.50",
            0.5,
        );
        for bad in ["", "ja", "[]", "{}", r#"{"error": {"message": "no"}}"#, r#"{"text": 7}"#] {
            assert!(Answer::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    proptest! {
        /// Words stay in order and within the speech, whatever times a server gives.
        #[test]
        fn times_are_never_believed_blindly(times in prop::collection::vec((any::<f64>(), any::<f64>()), 1..20)) {
            let words: Vec<TimedWord> = times.iter().map(|&(start, end)| TimedWord {
                word: "ja".into(), start: Some(start), end: Some(end), probability: None,
            }).collect();
            let text = vec!["ja"; words.len()].join(" ");
            let answer = Answer { text: Some(text), words: Some(words), segments: None };
            let request = request(1, Class::Live);
            let mut next = request.speech.start();
            for word in answer.heard(&request).words {
                prop_assert!(word.span.start() >= next && word.span.end() <= request.speech.end());
                next = word.span.end();
            }
        }
    }
}
