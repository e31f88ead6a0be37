//! What `/metrics` says: names, meanings and buckets.
//!
//! In: counters, gauges and durations from every stage. Out: Prometheus text. Promised: histograms have the buckets that
//! the goals are judged by (5 s and 120 s among them); no label holds anything that a person said or typed.
//! Not done here: correction times by area and time, which come from the database (`corrections`).

use crate::store::activity::Correction;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

/// Seconds, among them the goals: 5 s for a draft, 120 s for a correction.
const SECONDS: [f64; 14] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 240.0, 300.0, 600.0];
/// Seconds of a commit: a settle may wait 20 ms.
const COMMIT: [f64; 9] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 1.0, 5.0];
/// Shares of words that were changed.
const RATIOS: [f64; 9] = [0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0];
/// Works in a commit.
const WORKS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// A recorder with our buckets; `main` makes it the process's own.
///
/// # Panics
/// Never: no list of buckets is empty.
pub fn recorder() -> PrometheusRecorder {
    let full = |name: &str| Matcher::Full(name.to_owned());
    PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(full("referent_commit_seconds"), &COMMIT))
        .and_then(|builder| builder.set_buckets_for_metric(full("referent_commit_works"), &WORKS))
        .and_then(|builder| builder.set_buckets_for_metric(full("referent_edit_ratio"), &RATIOS))
        .expect("no list of buckets is empty")
        .build_recorder()
}

/// Says what each name means, and begins the counters that something waits for at zero.
pub(crate) fn describe() {
    use metrics::{describe_counter as counter, describe_gauge as gauge, describe_histogram as histogram};
    referent_telemetry::describe();
    gauge!("referent_ingest_streams", "Calls that a worker holds on this process.");
    gauge!("referent_drafter_streams", "Workers that take draft jobs from this process.");
    gauge!("referent_presence_streams", "Agents that are there between calls.");
    gauge!("referent_pane_streams", "Event streams of panes.");
    gauge!("referent_draft_jobs_waiting", "Draft jobs that no worker has.");
    counter!("referent_settles_total", "Stretches of sound that became something, by kind and reason.");
    counter!("referent_stale_total", "Streams of workers that another worker had replaced.");
    counter!("referent_leases_lost_total", "Drafts that a worker was told to stop.");
    counter!("referent_leases_expired_total", "Draft jobs whose worker was not heard in time.");
    counter!("referent_drafts_total", "Drafts by outcome and origin.");
    counter!("referent_draft_lines_not_parsed_total", "Lines of language models that were not shown.");
    counter!("referent_notes_saved_total", "Saved versions of notes.");
    counter!("referent_sessions_opened_total", "One-time tokens that were exchanged for a session.");
    counter!("referent_connections_refused_total", "Connections whose TLS handshake failed, by reason.");
    counter!("referent_identity_refused_total", "Requests refused because of who sent them, by reason.");
    counter!("referent_certificates_issued_total", "Certificates that were issued, by code or renewal.");
    counter!("referent_http_requests_total", "HTTP requests by class of answer.");
    counter!("referent_retention_erased_rows_total", "Rows that were erased because their time was over, by kind.");
    counter!("referent_retention_failed_total", "Sweeps of what is due that failed.");
    gauge!("referent_retention_waiting", "Calls of which something is due and waits, by what for.");
    gauge!("referent_retention_swept_seconds", "When this process swept last, in seconds since 1970.");
    gauge!("referent_area_files_broken", "Files of areas that are broken now; what was in force before stays.");
    counter!("referent_area_files_refused_total", "Files of areas that were refused.");
    gauge!("referent_outbox_waiting", "Deliveries that a destination has not had.");
    gauge!("referent_outbox_dead", "Deliveries that were given up and not replayed.");
    gauge!("referent_outbox_oldest_seconds", "Age of the oldest delivery that a destination has not had.");
    gauge!("referent_outbox_disabled", "1 while nothing is sent to a destination.");
    counter!("referent_outbox_attempts_total", "Attempts to deliver, by how they ended.");
    histogram!("referent_outbox_attempt_seconds", "How long an attempt to deliver took.");
    histogram!("referent_draft_first_sentence_seconds", "Hang-up to the first sentence of the draft.");
    histogram!("referent_draft_whole_seconds", "Hang-up to the whole draft.");
    histogram!("referent_correction_seconds", "Draft shown to first save.");
    histogram!(
        "referent_correction_active_seconds",
        "Of that, what a person was at it; pauses over 15 s do not count."
    );
    histogram!("referent_edit_ratio", "Words of a draft that were changed, over those of the longer text.");
    histogram!("referent_commit_seconds", "A commit of SQLite, with the works in it.");
    histogram!("referent_commit_works", "Works that shared a commit of SQLite.");
    for name in ["referent_sessions_opened_total", "referent_notes_saved_total", "referent_stale_total"] {
        metrics::counter!(name).increment(0);
    }
}

/// Records what it took to make a note from a draft.
pub(crate) fn correction(of: Correction) {
    seconds("referent_correction_active_seconds", (of.batches > 0).then_some(of.active_15_ms));
    let words = of.draft_words.max(of.saved_words);
    if words > 0 {
        #[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^52")]
        metrics::histogram!("referent_edit_ratio").record(of.changed_words as f64 / words as f64);
    }
}

/// Records a duration, if there is one.
pub(crate) fn seconds(name: &'static str, ms: Option<i64>) {
    if let Some(ms) = ms {
        #[expect(clippy::cast_precision_loss, reason = "durations are far below 2^52 ms")]
        metrics::histogram!(name).record(ms.max(0) as f64 / 1000.0);
    }
}
