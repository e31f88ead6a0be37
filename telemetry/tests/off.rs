//! Without a collector nothing of a trace is begun, whatever the log is set to; alone in its process, because there is one
//! log a process.

use referent_proto::{CallId, DraftKey};
use referent_telemetry::{Place, Program, begin_call, carried, carry, step};
use tonic::Request;

#[tokio::test]
async fn without_a_collector_no_step_is_begun() {
    let program = Program { name: "referent-test", version: "1", instance: None };
    let telemetry = referent_telemetry::start(program, "info", None).unwrap();
    let call = CallId::new(1_700_000_000_000, [7; 10]);
    let step = Place::of(call).begin(step!("segment", track = "near"));
    assert!(step.is_disabled());
    assert!(!referent_telemetry::tracing::info_span!("call").is_disabled(), "the log has its own");
    assert!(Place::below(&step).traceparent().is_none());
    assert!(Place::of(call).traceparent().is_none());
    assert!(Place::of_draft(DraftKey { call, draft: 1, attempt: 1 }).traceparent().is_none());
    let told = Place::told(call, Some("00-018bcfe568007707870707070707070707-00f067aa0ba902b7-01"));
    assert!(told.traceparent().is_none());
    assert!(carried(&carry(Request::new(()), &Place::of(call))).is_none(), "no program is told anything");
    begin_call(call, "live");
    telemetry.stop().await;
}
