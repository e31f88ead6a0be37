//! The body of a delivery: a `CloudEvent` 1.0 in JSON's structured mode, whose data is what a pull gives as well.

use crate::shown::outbox::{ChangeView, SectionText};
use crate::store::outbox::{Change, NoteEvent};
use serde::Serialize;

/// The media type of the body.
pub(super) const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// `CloudEvents` 1.0: what it requires, and of the rest what receivers choose by.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    dataschema: &'static str,
    data: ChangeView,
}

/// The bytes that are signed and sent.
pub(super) fn body(source: &str, delivery: &str, change: Change, sections: Option<Vec<SectionText>>) -> Vec<u8> {
    let at = jiff::Timestamp::from_millisecond(change.occurred_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let (kind, dataschema) = match change.event {
        NoteEvent::Saved => ("dk.referent.note.saved.v1", "urn:referent:schema:note.saved.v1"),
        NoteEvent::Withdrawn => ("dk.referent.note.withdrawn.v1", "urn:referent:schema:note.withdrawn.v1"),
    };
    let event = CloudEvent {
        specversion: "1.0",
        id: delivery,
        source,
        kind,
        subject: change.note.clone(),
        time: format!("{at:.3}"),
        datacontenttype: "application/json",
        dataschema,
        data: ChangeView::new(change, sections),
    };
    serde_json::to_vec(&event).expect("our own types have string keys and no failing serializer")
}
