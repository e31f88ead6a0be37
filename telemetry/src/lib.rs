//! What the programs say of themselves: the log, and for each call a trace of where its time went.
//!
//! ```text
//! step!, Place ──▶ tracing ──▶ allow ──▶ queue ──▶ send ──▶ collector (OTLP over HTTP)
//!                     └──────▶ stderr
//! ```
//!
//! In: log lines and steps, from every stage of every program. Out: the log on stderr; and, if the configuration names a
//! collector, steps to it.
//!
//! Promises:
//!   V1  Nothing leaves but the steps and attributes of `allow`: numbers, and words of fixed lists. No text that anybody
//!       said, typed or is called by can be among them.
//!   V2  A call never waits for its trace: the queue is bounded, what does not fit is counted and dropped.
//!   V3  The trace of a call has the call's own id, in every program and after every restart.
//!   V4  Without a collector in the configuration no step is even begun.
//!
//! What they must never leave behind is switched off in `core_dumps`.
//!
//! Not done here: no metrics (each program has its own), no decision of a call.

pub mod config;
pub mod core_dumps;
pub mod place;
mod allow;
mod queue;
mod send;

pub use config::TelemetryConfig;
pub use place::{Place, TARGET, begin_call, carried, carry, end};
/// For [`step!`].
pub use tracing;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanLimits};
use send::Sender;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing_subscriber::filter::{EnvFilter, FilterFn, LevelFilter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is left may take so long to leave when the program stops.
const LAST_STEPS_WITHIN: Duration = Duration::from_secs(2);

/// Begins a step of a trace: its name, then fields as `tracing` has them. It belongs to the step that is entered, or to a
/// [`Place`], and ends when it is dropped. Both names must be on the list of `allow`.
#[macro_export]
macro_rules! step {
    ($name:literal $(, $($fields:tt)*)?) => {
        $crate::tracing::debug_span!(target: $crate::TARGET, $name $(, $($fields)*)?)
    };
}

/// Who speaks.
#[derive(Debug, Clone)]
pub struct Program {
    /// `referent-pipeline` and so on.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Which process, where there may be several; nothing that names a person or a PC.
    pub instance: Option<String>,
}

/// Why the program cannot say anything. Tell the person who wrote the configuration.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// The key `log`.
    #[error("log = \"{0}\" is no filter; use \"info\"")]
    Filter(String),
    /// The HTTP client.
    #[error("telemetry.otlp cannot be used, because the HTTP client does not start; check the system's certificates")]
    Client(#[source] reqwest::Error),
}

/// What runs beside the program, if traces are sent.
#[derive(Debug, Default)]
#[must_use = "what is left of the traces leaves in `stop`"]
pub struct Telemetry(Option<Sending>);

#[derive(Debug)]
struct Sending {
    tracker: TaskTracker,
    stop: CancellationToken,
}

/// Begins the log on stderr, in the words of `RUST_LOG`, and nothing else.
pub fn log(filter: &str) -> Result<(), CannotStart> {
    let filter = env_filter(filter)?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    Ok(())
}

/// Begins the log, and the traces if there is a collector. Call it once, inside the runtime.
pub fn start(program: Program, filter: &str, config: Option<&TelemetryConfig>) -> Result<Telemetry, CannotStart> {
    let Some(config) = config else { return log(filter).map(|()| Telemetry(None)) };
    let Program { name, version, instance } = program;
    let mut resource = Resource::builder_empty().with_service_name(name);
    for (key, value) in [("service.version", Some(version.to_owned())), ("service.instance.id", instance)] {
        resource = value
            .into_iter()
            .fold(resource, |resource, value| resource.with_attribute(opentelemetry::KeyValue::new(key, value)));
    }
    let sender = Sender::new(config, &resource.build()).map_err(CannotStart::Client)?;
    let (gate, steps) = queue::queue();
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff))) // What has no place in a call is none of ours.
        .with_id_generator(place::Ids::default())
        .with_span_limits(SpanLimits::default()) // Not from the environment.
        .with_span_processor(gate)
        .build();
    let only_steps = FilterFn::new(|what| what.is_span() && what.target() == TARGET);
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("referent"))
        .with_location(false)
        .with_threads(false)
        .with_level(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(only_steps.with_max_level_hint(LevelFilter::DEBUG));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(env_filter(filter)?)).with(traces).init();
    place::trace(config.share);
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    tracker.spawn(send::run(steps, sender, stop.clone()));
    Ok(Telemetry(Some(Sending { tracker, stop })))
}

impl Telemetry {
    /// Sends what is left, within 2 s. Call it when everything else has ended.
    pub async fn stop(self) {
        let Some(Sending { tracker, stop }) = self.0 else { return };
        stop.cancel();
        tracker.close();
        if tokio::time::timeout(LAST_STEPS_WITHIN, tracker.wait()).await.is_err() {
            tracing::warn!("the last steps of traces did not leave in time");
        }
    }
}

/// Says what each metric means; part of each program's own list.
pub fn describe() {
    use metrics::describe_counter as counter;
    counter!("referent_trace_steps_sent_total", "Steps of traces that the collector has taken.");
    counter!("referent_trace_steps_dropped_total", "Steps of traces that were dropped, by why.");
    counter!("referent_trace_withheld_total", "Steps and attributes that are not on the list of what may leave.");
}

fn env_filter(filter: &str) -> Result<EnvFilter, CannotStart> {
    EnvFilter::try_new(filter).map_err(|_| CannotStart::Filter(filter.to_owned()))
}
