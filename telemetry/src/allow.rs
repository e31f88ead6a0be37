//! What may leave: a list of steps, and for each attribute the values that it may have.
//!
//! In: every step that ends. Out: the same with nothing on it but what is listed here. Words are listed one by one, so an
//! attribute cannot carry a name, an id or anything that was said, whatever a later change puts into it by mistake: what is
//! not listed is taken off and counted. Events, links and descriptions of errors never leave.

use opentelemetry::trace::{SpanContext, SpanId};
use opentelemetry::trace::{Status, TraceFlags, TraceState};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

/// The steps there are, by program in the order of the data.
const STEPS: &[&str] = &[
    // agent
    "connect",
    // pipeline
    "call",
    "take_over",
    "segment",
    "queued",
    "heard",
    "judged",
    "settled",
    "hang_up",
    "lease", //
    "draft",
    "waiting",
    "writing",
    "llm",
    "embedded",
    "first_sentence",
    "stored",
    // notes-api
    "commit",
];

/// What an attribute may be.
enum Values {
    /// A number, or yes and no.
    Number,
    /// One of these words.
    Word(&'static [&'static str]),
}

const TRACKS: Values = Values::Word(&["near", "far"]);
const CLASSES: Values = Values::Word(&["hung_up", "live", "backlog", "partial"]);
const ORIGINS: Values = Values::Word(&["llm", "embedded", "scripted"]);
const TROUBLES: Values = Values::Word(&[
    "not_configured",
    "llm_unavailable",
    "llm_timeout",
    "llm_refused",
    "garbled",
    "cut_off",
    "quota",
    "redaction_failed",
    "policy",
]);
const REASONS: Values = Values::Word(&[
    // of suppressed text
    "no_speech",
    "low_probability",
    "repetition",
    "known_invention",
    "empty",
    // of speech without text
    "recogniser_failed",
    "recogniser_died",
    "timed_out",
    // of a hang-up
    "person",
    "telephony",
    "rule",
    "crash",
    // of no draft
    "insufficient_content",
    "drafter_failed",
    "language_not_supported",
    "llm_unavailable",
    "llm_timeout",
    "llm_refused",
    "quota",
    "redaction_failed",
    "policy",
]);
const OUTCOMES: Values = Values::Word(&[
    // of a connection, and of taking over
    "taken",
    "complete",
    "discarded",
    "refused",
    "elsewhere",
    "left",
    "failed", //
    "no_connection",
    "status",
    "closed",
    "silent",
    "bad_message",
    "spool",
    // of a segment
    "utterance",
    "suppressed",
    "not_transcribed",
    // of hearing
    "text",
    "cancelled",
    "died",
    "timed_out",
    // of a draft
    "finished",
    "lost",
    "whole",
    "full",
    "nothing",
    "stopped",
    "unable",
    // of a commit
    "done",
    "stale",
]);
const WORKS: Values = Values::Word(&["began", "settles", "ended", "sentences", "draft"]);

const ATTRIBUTES: &[(&str, Values)] = &[
    ("alone", Values::Number),
    ("attempt", Values::Number),
    ("class", CLASSES),
    ("draft", Values::Number),
    ("epoch", Values::Number),
    ("hung_up_ms_ago", Values::Number),
    ("length_ms", Values::Number),
    ("lines_not_parsed", Values::Number),
    ("origin", ORIGINS),
    ("outcome", OUTCOMES),
    ("reason", REASONS),
    ("sentences", Values::Number),
    ("track", TRACKS),
    ("trouble", TROUBLES),
    ("utterances", Values::Number),
    ("work", WORKS),
    ("works", Values::Number),
];

/// The step as it may leave; `None` if it may not.
pub(crate) fn what_may_leave(step: SpanData) -> Option<SpanData> {
    let name = STEPS.iter().find(|name| **name == step.name);
    let Some(name) = name else {
        withheld("step");
        return None;
    };
    let (parent, own) = (step.parent_span_id, step.span_context.span_id());
    let status = match step.status {
        Status::Error { .. } => Status::error(""),
        Status::Ok => Status::Ok,
        Status::Unset => Status::Unset,
    };
    let trace = step.span_context.trace_id();
    Some(SpanData {
        span_context: SpanContext::new(trace, own, TraceFlags::SAMPLED, false, TraceState::NONE),
        // A call stands above itself: see `place::begin_call`.
        parent_span_id: if parent == own { SpanId::INVALID } else { parent },
        name: (*name).into(),
        attributes: step.attributes.into_iter().filter_map(attribute).collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        ..step
    })
}

/// Made anew from the lists, so that nothing of the old one is left.
fn attribute(attribute: KeyValue) -> Option<KeyValue> {
    let listed = ATTRIBUTES.iter().find(|(key, _)| *key == attribute.key.as_str());
    let value = match (listed, attribute.value) {
        (Some((_, Values::Number)), value @ (Value::I64(_) | Value::F64(_) | Value::Bool(_))) => Some(value),
        // An unsigned number comes as its digits.
        (Some((_, Values::Number)), Value::String(digits)) => digits.as_str().parse().ok().map(Value::I64),
        (Some((_, Values::Word(words))), Value::String(word)) => {
            words.iter().find(|listed| **listed == word.as_str()).map(|word| Value::from(*word))
        }
        _ => None,
    };
    if value.is_none() {
        withheld("attribute");
    }
    Some(KeyValue::new(listed?.0, value?))
}

fn withheld(what: &'static str) {
    metrics::counter!("referent_trace_withheld_total", "what" => what).increment(1);
}

#[cfg(test)]
mod tests;
