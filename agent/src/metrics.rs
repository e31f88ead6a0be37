//! What Prometheus is told: counters and times, never who or what.
//!
//! In: the `metrics` macros wherever something happens. Out: the text of `GET /metrics`. One recorder a process, so that
//! several agents in one test process share it.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Seconds; among them the goals of a draft (5) and of a correction (120).
const BUCKETS: [f64; 12] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];
/// Seconds of a disk.
const SYNC_BUCKETS: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Installs the recorder, once.
pub fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    use metrics_exporter_prometheus::Matcher::{Full, Suffix};
    let builder = PrometheusBuilder::new();
    let builder = builder.set_buckets_for_metric(Suffix("_seconds".into()), &BUCKETS).unwrap_or_default();
    let builder =
        builder.set_buckets_for_metric(Full("referent_agent_sync_seconds".into()), &SYNC_BUCKETS).unwrap_or_default();
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("this process has a recorder of metrics already; this agent's /metrics stays empty");
    }
    describe();
    handle
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    referent_telemetry::describe();
    describe_counter!("referent_agent_calls_begun_total", "Calls begun.");
    describe_counter!("referent_agent_calls_completed_total", "Calls of which everything is text in the database.");
    describe_counter!(
        "referent_agent_calls_given_up_total",
        "Calls of which sound was given up, its key being no more."
    );
    describe_counter!("referent_agent_chunks_sent_total", "Chunks sent, repeats included.");
    describe_counter!("referent_agent_gap_samples_total", "Samples of 16 kHz that are missing, by track and reason.");
    describe_counter!("referent_agent_dropped_frames_total", "Frames of a device that the PC was too busy to take.");
    describe_counter!("referent_agent_write_failures_total", "Chunks that could not be written.");
    describe_counter!("referent_agent_connections_total", "Connections of calls, by how they ended.");
    describe_gauge!("referent_agent_presence", "1 while the server sees this PC, whether or not a call goes on.");
    describe_gauge!("referent_agent_spool_calls", "Calls in the spool.");
    describe_gauge!("referent_agent_spool_bytes", "Bytes in the spool.");
    describe_histogram!("referent_agent_sync_seconds", "How long the disk took to make sound durable.");
    describe_histogram!("referent_agent_hang_up_to_complete_seconds", "From hang-up to complete.");
}
