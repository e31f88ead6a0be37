//! Brings steps to the collector: OTLP over HTTP, in protobuf.
//!
//! In: steps from the queue. Out: one request for what has gathered in a second. A collector that is away is asked
//! [`TRIES`] times for each request, then those steps are dropped and counted; the log says once that it is away and once
//! that it is back. Nothing of a collector's answer is read but its status.

use crate::config::TelemetryConfig;
use crate::queue::dropped;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::Message as _;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url, redirect};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

/// Steps in one request: about 100 kB.
const TOGETHER: usize = 512;
/// How long the first step of a request waits for others.
const GATHERS: Duration = Duration::from_secs(1);
/// How often a request is tried.
const TRIES: u32 = 3;
/// Between the tries; longer each time.
const BETWEEN: Duration = Duration::from_secs(1);
/// How long the collector may take for the connection, and for all.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// How a collector is asked.
#[derive(Debug)]
pub(crate) struct Sender {
    http: Client,
    address: Url,
    resource: ResourceAttributesWithSchema,
    is_away: bool,
}

/// Why a request was not taken.
struct Problem {
    what: &'static str,
    status: Option<u16>,
    /// It may be taken later.
    passes: bool,
}

/// Sends until `stop`, and then what is left.
pub(crate) async fn run(mut steps: mpsc::Receiver<SpanData>, mut sender: Sender, stop: CancellationToken) {
    let mut together = Vec::new();
    while let Some(1..) = stop.run_until_cancelled(steps.recv_many(&mut together, TOGETHER)).await {
        let until = Instant::now() + GATHERS;
        while together.len() < TOGETHER {
            let room = TOGETHER - together.len();
            let more = timeout_at(until, steps.recv_many(&mut together, room));
            if !matches!(stop.run_until_cancelled(more).await, Some(Ok(1..))) {
                break;
            }
        }
        sender.send(std::mem::take(&mut together), &stop).await;
    }
    while let Ok(step) = steps.try_recv() {
        together.push(step);
        if together.len() == TOGETHER {
            sender.send(std::mem::take(&mut together), &stop).await;
        }
    }
    if !together.is_empty() {
        sender.send(together, &stop).await;
    }
}

impl Sender {
    pub(crate) fn new(config: &TelemetryConfig, resource: &Resource) -> Result<Self, reqwest::Error> {
        // Somebody else in the process may have installed it before; either way it is ring.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder()
            .connect_timeout(CONNECTS_WITHIN)
            .timeout(ANSWERS_WITHIN)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { http, address: config.address.clone(), resource: resource.into(), is_away: false })
    }

    async fn send(&mut self, steps: Vec<SpanData>, stop: &CancellationToken) {
        let count = steps.len();
        let resource_spans = group_spans_by_resource_and_scope(steps, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        for tried in 1..=TRIES {
            let Err(problem) = self.ask(body.clone()).await else {
                metrics::counter!("referent_trace_steps_sent_total").increment(count as u64);
                if std::mem::take(&mut self.is_away) {
                    tracing::info!("the collector takes traces again");
                }
                return;
            };
            let Problem { what, status, passes } = problem;
            if !std::mem::replace(&mut self.is_away, true) {
                let at = self.address.as_str();
                tracing::warn!(
                    at,
                    what,
                    status,
                    "the collector takes no traces; they are dropped meanwhile, calls go on"
                );
            }
            if !passes || tried == TRIES || stop.is_cancelled() {
                break;
            }
            stop.run_until_cancelled(sleep(BETWEEN * tried)).await;
        }
        dropped("not_sent", count);
    }

    async fn ask(&self, body: Vec<u8>) -> Result<(), Problem> {
        let request = self.http.post(self.address.clone()).header(CONTENT_TYPE, "application/x-protobuf").body(body);
        let status = match request.send().await {
            Ok(answer) => answer.status(),
            Err(error) => {
                let what = if error.is_timeout() { "no answer in time" } else { "no connection" };
                return Err(Problem { what, status: None, passes: true });
            }
        };
        if status.is_success() {
            return Ok(());
        }
        let passes = matches!(status.as_u16(), 429 | 502 | 503 | 504); // As OTLP has it.
        Err(Problem { what: "it said no", status: Some(status.as_u16()), passes })
    }
}
