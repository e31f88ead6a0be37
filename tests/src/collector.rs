//! A collector of traces, as OpenTelemetry's own stands beside real programs: `POST /v1/traces` in protobuf.
//!
//! In: requests on loopback, read with the types that OpenTelemetry generates. Out: the steps in them, and every byte of
//! them, so that a story can look for what may not be there. One that hangs takes the connection and never answers. It ends
//! with whoever holds it.

use anyhow::{Context as _, Result, ensure};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Router, routing::post};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    taken: Taken,
    serving: JoinHandle<()>,
}

type Taken = Arc<Mutex<Vec<Bytes>>>;

/// One step of a trace, as the collector has it.
#[derive(Debug, Clone)]
pub struct Step {
    /// Which program, and which process of it.
    pub by: String,
    /// The trace, in hex without dashes.
    pub trace: String,
    /// Its id, in hex.
    pub id: String,
    /// What it stands below, in hex; empty for the first.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// Its attributes, all as text.
    pub attributes: BTreeMap<String, String>,
}

impl Collector {
    /// One that takes everything.
    pub async fn start() -> Result<Self> {
        let taken = Taken::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&taken));
        Self::serve(router, taken).await
    }

    /// One that never answers.
    pub async fn hanging() -> Result<Self> {
        let hang = || async { std::future::pending::<StatusCode>().await };
        Self::serve(Router::new().route("/v1/traces", post(hang)), Taken::default()).await
    }

    async fn serve(router: Router, taken: Taken) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serve = async move { drop(axum::serve(listener, router).await) };
        #[expect(clippy::disallowed_methods, reason = "ended by Drop, with the test")]
        let serving = tokio::spawn(serve);
        Ok(Self { address, taken, serving })
    }

    /// The `[telemetry]` table of a program that sends its traces here.
    pub fn table(&self) -> String {
        format!("[telemetry]\notlp = \"http://{}\"\n", self.address)
    }

    /// All bytes that came.
    pub fn bytes(&self) -> Vec<u8> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).concat()
    }

    /// All steps that came, by their beginning.
    pub fn steps(&self) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        for body in self.taken.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for of_process in ExportTraceServiceRequest::decode(body.clone())?.resource_spans {
                let about = attributes(of_process.resource.context("a resource")?.attributes)?;
                let value = |key| about.get(key).map_or("", String::as_str);
                let by = format!("{} {}", value("service.name"), value("service.instance.id")).trim().to_owned();
                let spans = of_process.scope_spans.into_iter().flat_map(|scope| scope.spans);
                steps.extend(spans.map(|span| step(&by, span)).collect::<Result<Vec<_>>>()?);
            }
        }
        steps.sort_by_key(|step| step.start);
        Ok(steps)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(taken): State<Taken>, body: Bytes) -> StatusCode {
    if ExportTraceServiceRequest::decode(body.clone()).is_err() {
        return StatusCode::BAD_REQUEST;
    }
    taken.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    StatusCode::OK
}

fn step(by: &str, span: Span) -> Result<Step> {
    ensure!(span.events.is_empty() && span.links.is_empty(), "{}: events or links", span.name);
    ensure!(span.status.is_none_or(|status| status.message.is_empty()), "{}: a description", span.name);
    ensure!(span.end_time_unix_nano >= span.start_time_unix_nano, "{}: ends before it begins", span.name);
    Ok(Step {
        by: by.to_owned(),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name,
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        attributes: attributes(span.attributes)?,
    })
}

fn attributes(attributes: Vec<KeyValue>) -> Result<BTreeMap<String, String>> {
    let text = |value| {
        Ok(match value {
            any_value::Value::StringValue(text) => text,
            any_value::Value::IntValue(number) => number.to_string(),
            any_value::Value::DoubleValue(number) => number.to_string(),
            any_value::Value::BoolValue(yes) => yes.to_string(),
            other => anyhow::bail!("an attribute may not be {other:?}"),
        })
    };
    attributes
        .into_iter()
        .map(|pair| Ok((pair.key, text(pair.value.and_then(|value| value.value).context("a value")?)?)))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}
