use super::*;
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{Event, Link, SpanKind, TraceId};
use opentelemetry_proto::tonic::trace::v1::Span as WireSpan;
use proptest::prelude::*;
use prost::Message as _;
use referent_proto::{
    DraftFailure, DrafterTrouble, HangUpReason, NotTranscribedReason, OriginKind, SuppressedReason, Track, Urgency,
};
use std::time::UNIX_EPOCH;

const SECRET: &str = "Hvidovre";

fn step(name: &str, attributes: Vec<KeyValue>) -> SpanData {
    let trace = TraceId::from_bytes([1; 16]);
    let secret = TraceState::from_key_value([("key", SECRET)]).unwrap();
    let context = SpanContext::new(trace, SpanId::from_bytes([2; 8]), TraceFlags::SAMPLED, false, secret);
    let mut events = SpanEvents::default();
    events.events.push(Event::new(SECRET, UNIX_EPOCH, vec![KeyValue::new("class", SECRET)], 0));
    let mut links = SpanLinks::default();
    links.links.push(Link::new(context.clone(), vec![KeyValue::new("track", SECRET)], 0));
    SpanData {
        span_context: context,
        parent_span_id: SpanId::from_bytes([3; 8]),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: name.to_owned().into(),
        start_time: UNIX_EPOCH,
        end_time: UNIX_EPOCH,
        attributes,
        dropped_attributes_count: 0,
        events,
        links,
        status: Status::error(SECRET),
        instrumentation_scope: InstrumentationScope::builder("referent").build(),
    }
}

fn bytes(step: SpanData) -> Vec<u8> {
    WireSpan::from(step).encode_to_vec()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn what_is_listed_leaves_and_nothing_else() {
    let attributes = vec![
        KeyValue::new("track", "near"),
        KeyValue::new("length_ms", 1200),
        KeyValue::new("class", SECRET),
        KeyValue::new("length_ms", SECRET),
        KeyValue::new("text", SECRET),
        KeyValue::new(SECRET, 1),
        KeyValue::new("attempt", Value::Array(vec![opentelemetry::StringValue::from(SECRET)].into())),
    ];
    let whole = step("segment", attributes.clone());
    assert!(holds(&bytes(whole.clone()), SECRET), "else this proves nothing");
    let left = what_may_leave(whole).unwrap();
    assert_eq!(left.attributes, [KeyValue::new("track", "near"), KeyValue::new("length_ms", 1200)]);
    assert_eq!(left.status, Status::error(""));
    assert!(!holds(&bytes(left), SECRET));
    assert!(what_may_leave(step(SECRET, attributes)).is_none());
}

#[test]
fn a_call_stands_above_itself_and_leaves_without_a_parent() {
    let own = step("call", Vec::new());
    let own = SpanData { parent_span_id: own.span_context.span_id(), ..own };
    assert_eq!(what_may_leave(own).unwrap().parent_span_id, SpanId::INVALID);
}

proptest! {
    #[test]
    fn no_word_that_is_not_listed_leaves(
        name in prop::sample::select(STEPS),
        key in prop_oneof![
            prop::sample::select(ATTRIBUTES.iter().map(|(key, _)| (*key).to_owned()).collect::<Vec<_>>()),
            "[a-z_.]{1,12}",
        ],
        // Letters that no listed word has.
        word in "[æøåÆØÅ]{1,12}",
    ) {
        let attributes = vec![KeyValue::new(key, word.clone())];
        let left = bytes(what_may_leave(step(name, attributes)).unwrap());
        prop_assert!(!holds(&left, &word) && !holds(&left, SECRET));
    }
}

/// A word that was renamed would be withheld from then on.
#[test]
fn the_listed_words_are_those_of_the_programs() {
    #[track_caller]
    fn check(values: &Values, is_known: impl Fn(&str) -> bool) {
        let Values::Word(words) = values else { panic!("a list of words") };
        for word in *words {
            assert!(is_known(word), "{word}");
        }
    }
    check(&TRACKS, |word| Track::from_name(word).is_some());
    check(&CLASSES, |word| Urgency::from_name(word).is_some() || ["hung_up", "partial"].contains(&word));
    check(&ORIGINS, |word| OriginKind::from_name(word).is_some());
    check(&TROUBLES, |word| DrafterTrouble::from_name(word).is_some());
    check(&REASONS, |word| {
        SuppressedReason::from_name(word).is_some()
            || NotTranscribedReason::from_name(word).is_some()
            || HangUpReason::from_name(word).is_some()
            || DraftFailure::from_name(word).is_some()
    });
}
