//! What `/metrics` says: names, meanings and buckets.
//!
//! In: counters, gauges and durations from every stage. Out: Prometheus text, over HTTP. Promised: histograms have the
//! buckets that the goals are judged by (5 s and 120 s among them); no label holds anything that was said.

use axum::Router;
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Seconds.
const SECONDS: [f64; 14] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 240.0, 300.0, 600.0];
/// Seconds that a segment is heard, or waits.
const HEARING: [f64; 15] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0];

/// A recorder with our buckets; `main` makes it the process's own.
///
/// # Panics
/// Never: no list of buckets is empty.
pub fn recorder() -> PrometheusRecorder {
    let full = |name: &str| Matcher::Full(name.to_owned());
    PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(full("referent_recogniser_seconds"), &HEARING))
        .and_then(|builder| builder.set_buckets_for_metric(full("referent_recogniser_wait_seconds"), &HEARING))
        .expect("no list of buckets is empty")
        .build_recorder()
}

/// Says what each name means.
pub fn describe() {
    use metrics::{describe_counter as counter, describe_gauge as gauge, describe_histogram as histogram};
    referent_telemetry::describe();
    gauge!("referent_calls", "Calls that this worker holds.");
    gauge!("referent_presences", "Agents that are there, through this worker, whether or not they have a call.");
    counter!("referent_calls_sent_elsewhere_total", "Calls that found this worker full.");
    gauge!("referent_recognisers_per_call", "Recognisers that one live call keeps busy, as far as is known.");
    gauge!("referent_recognisers_behind_seconds", "How long what a live call has to wait for would take.");
    counter!("referent_refused_total", "Streams that were ended before their call was complete, by code.");
    counter!("referent_stale_total", "Calls that another worker had taken over.");
    counter!("referent_sound_ms_total", "Milliseconds of sound that came in, both tracks together.");
    counter!("referent_sealed_chunks_total", "Sealed chunks, by outcome: opened, or damaged, which became gaps.");
    counter!("referent_keys_gone_total", "Calls that were sent back because this worker has no key for their sound.");
    counter!("referent_settles_total", "Stretches of sound that became something, by kind and reason.");
    gauge!("referent_recogniser_queue", "Segments that wait for a recogniser, by class.");
    counter!("referent_recogniser_restarts_total", "Recogniser processes that were replaced, by why.");
    gauge!("referent_recogniser_resident_bytes", "Memory of the recogniser process.");
    histogram!("referent_recogniser_wait_seconds", "How long a segment waited for a recogniser.");
    histogram!("referent_recogniser_seconds", "How long a segment was heard.");
    counter!("referent_recogniser_sound_ms_total", "Milliseconds of sound that recognisers heard.");
    counter!("referent_recogniser_retries_total", "Segments that were heard once more after an error.");
    counter!("referent_recogniser_full_context_total", "Segments that were heard once more with full context.");
    counter!("referent_echoes_total", "Utterances of the microphone that are the citizen's voice from a loudspeaker.");
    counter!("referent_languages_asked_total", "Segments whose language was found out, by how often they were heard.");
    counter!("referent_partials_total", "Grey texts that were passed on.");
    counter!("referent_remote_requests_total", "Requests to recognition servers, by server and outcome.");
    counter!("referent_drafts_total", "Drafts by origin.");
    counter!("referent_draft_troubles_total", "Drafts that the language model did not write, by reason.");
    counter!("referent_draft_failures_total", "Jobs without a draft, by reason.");
    counter!("referent_draft_lines_not_parsed_total", "Lines of language models that were not shown.");
    counter!("referent_draft_flags_total", "Doubts of guards about sentences of drafts, by kind.");
    counter!("referent_llm_warmings_total", "Times that the language model's server was to read along, by outcome.");
    counter!("referent_drafts_left_to_lease_total", "Jobs for which there was no place.");
    histogram!("referent_draft_seconds", "From the job to the end of the draft.");
}

/// `GET /metrics`, and `GET /ready`: 200 while live calls are let in, else 503, for a load balancer.
pub fn router(handle: PrometheusHandle, is_ready: impl Fn() -> bool + Clone + Send + Sync + 'static) -> Router {
    const TYPE: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    let ready = move || async move {
        if is_ready() { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "full\n") }
    };
    Router::new().route("/metrics", get(move || async move { (TYPE, handle.render()) })).route("/ready", get(ready))
}
