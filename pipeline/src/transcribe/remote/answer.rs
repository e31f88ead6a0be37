//! Reads the answer of a transcription server: `verbose_json` with or without word times, or text alone.
//!
//! In: bytes. Out: [`Told`]. Every field but `text` may be missing or null, because servers differ: vLLM gives segments
//! without words, whisper.cpp's server words inside of segments, others text alone; a language comes as its code or as its
//! English name. Unknown fields are ignored.

use crate::transcribe::language::Detected;
use crate::transcribe::{Heard, Request, spread};
use referent_proto::{SampleOffset, SampleSpan, Spoken, Word, language};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// What a word is worth where the server says nothing of probabilities: not known, so neither certain nor doubted.
const NOT_KNOWN: f32 = 0.5;
/// What a language is worth that a server names without saying how likely it is: clear, and not sure by itself.
const NAMED: f32 = 0.75;

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    text: Option<String>,
    words: Option<Vec<TimedWord>>,
    segments: Option<Vec<Segment>>,
    #[serde(default, deserialize_with = "if_it_is_one")]
    language: Option<String>,
    #[serde(default, deserialize_with = "if_it_is_one")]
    language_probability: Option<f32>,
}

/// What is heard does not depend on a field that only some servers have.
fn if_it_is_one<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).ok())
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Told {
    /// The text, of whatever language.
    pub(super) heard: Heard,
    /// The language that it names, as a code, and how likely that is.
    language: Option<(&'static str, f32)>,
}

impl Told {
    /// The text, if it is in one of these languages; else what the server named instead. `again`: it was asked twice.
    pub(super) fn in_one_of(self, candidates: &[String], again: bool) -> Result<Heard, Vec<(String, f32)>> {
        let likely: Vec<(String, f32)> = self.language.iter().map(|(code, sure)| ((*code).to_owned(), *sure)).collect();
        match self.language {
            Some((code, _)) if candidates.iter().any(|candidate| candidate == code) => {
                let detected = Some(Detected { language: code.to_owned(), likely, again });
                Ok(Heard { detected, ..self.heard })
            }
            _ => Err(likely),
        }
    }
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

    pub(super) fn told(self, request: &Request) -> Told {
        let sure = self.language_probability.filter(|sure| sure.is_finite()).map_or(NAMED, |sure| sure.clamp(0.0, 1.0));
        let language = self.language.as_deref().and_then(language::code_of).map(|code| (code, sure));
        Told { language, heard: self.heard(request) }
    }

    fn heard(self, request: &Request) -> Heard {
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
        Heard {
            text: Spoken::new(text),
            words,
            probability,
            no_speech: no_speech.clamp(0.0, 1.0),
            detected: None,
            mended: false,
        }
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

    #[test]
    fn a_language_is_believed_by_code_or_name_and_only_if_the_area_has_it() {
        let candidates = ["da".to_owned(), "en".to_owned()];
        let check = |fields: &str, expected: Result<(&str, f32), &[(&str, f32)]>| {
            let answer = Answer::parse(format!(r#"{{"text": "Yes"{fields}}}"#).as_bytes()).unwrap();
            let told = answer.told(&request(1, Class::Live)).in_one_of(&candidates, false);
            let told = told.map(|heard| heard.detected.map(|found| (found.language, found.likely[0].1)));
            match (told, expected) {
                (Ok(told), Ok((language, sure))) => assert_eq!(told, Some((language.to_owned(), sure)), "{fields}"),
                (Err(told), Err(expected)) => {
                    assert_eq!(told, expected.iter().map(|&(code, p)| (code.to_owned(), p)).collect::<Vec<_>>());
                }
                (told, expected) => panic!("{fields}: {told:?}, not {expected:?}"),
            }
        };
        check(r#", "language": "english""#, Ok(("en", NAMED)));
        check(r#", "language": "en""#, Ok(("en", NAMED)));
        check(r#", "language": "Danish", "language_probability": 0.97"#, Ok(("da", 0.97)));
        check(r#", "language": "da", "language_probability": "high""#, Ok(("da", NAMED)));
        check(r#", "language": "norwegian", "language_probability": 0.5"#, Err(&[("no", 0.5)]));
        for none in ["", r#", "language": null"#, r#", "language": "auto""#, r#", "language": 7"#] {
            check(none, Err(&[]));
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
            let answer = Answer {
                text: Some(text), words: Some(words), segments: None, language: None, language_probability: None,
            };
            let request = request(1, Class::Live);
            let mut next = request.speech.start();
            for word in answer.heard(&request).words {
                prop_assert!(word.span.start() >= next && word.span.end() <= request.speech.end());
                next = word.span.end();
            }
        }
    }
}
