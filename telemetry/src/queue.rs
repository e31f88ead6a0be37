//! Between the calls and the collector: a bounded queue that nobody waits for.
//!
//! In: steps, as they end, on whatever thread that is. Out: what of them may leave, in that order. When it is full, the
//! newest is dropped and counted: a trace with a hole is worth less than a call that goes on.

use crate::allow::what_may_leave;
use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use std::time::Duration;
use tokio::sync::mpsc;

/// Steps that wait: a worker with 250 calls makes some 200 a second, so this is 20 s of them, and 2 MB or so.
const WAITING: usize = 4096;

/// The way in.
#[derive(Debug)]
pub(crate) struct Gate(mpsc::Sender<SpanData>);

/// A queue.
pub(crate) fn queue() -> (Gate, mpsc::Receiver<SpanData>) {
    let (way_in, way_out) = mpsc::channel(WAITING);
    (Gate(way_in), way_out)
}

impl SpanProcessor for Gate {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, step: SpanData) {
        let Some(step) = what_may_leave(step) else { return };
        if self.0.try_send(step).is_err() {
            dropped("queue_full", 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Steps that nobody will see.
pub(crate) fn dropped(why: &'static str, steps: usize) {
    metrics::counter!("referent_trace_steps_dropped_total", "why" => why).increment(steps as u64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

    #[test]
    fn a_full_queue_keeps_nobody_waiting_and_takes_no_more() {
        let (gate, mut way_out) = queue();
        let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOn).with_span_processor(gate).build();
        let tracer = provider.tracer("test");
        for _ in 0..WAITING + 100 {
            drop(tracer.start("segment"));
        }
        assert_eq!(way_out.len(), WAITING);
        assert!(way_out.try_recv().is_ok());
        drop(tracer.start("segment"));
        assert_eq!(way_out.len(), WAITING, "where there is room again, it goes on");
    }
}
