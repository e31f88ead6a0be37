//! What the trace of a call says of this worker's part (docs/decisions/0015).
//!
//! In: what happens to a call's segments, its hang-up and its job. Out: a step for each, which ends and leaves when that is
//! over, so that the trace of a call that goes on can be looked at. Without telemetry the steps are empty and nothing is
//! sent.
//!
//! ```text
//! call ─ take_over ┬─ segment ─ queued, heard, judged, settled
//!                  └─ hang_up ─ lease
//! ```

use crate::notes::Begun;
use crate::transcribe::Request;
use referent_proto::ids::PerTrack;
use referent_proto::{Epoch, HangUp, Hello, SampleOffset, SampleSpan, Settle, Settled, What};
use referent_telemetry::{Place, begin_call, end, step};
use std::collections::VecDeque;
use tracing::Span;
use tracing::field::Empty;

/// The steps that have not ended; as many as the call has segments that are not settled.
pub(super) struct Steps {
    place: Place,
    segments: PerTrack<VecDeque<Segment>>,
    hang_up: Option<Span>,
}

struct Segment {
    end: SampleOffset,
    step: Span,
    settled: Option<Span>,
}

impl Steps {
    /// notes-api has answered, or not. The first worker ever writes down that the call has begun.
    pub(super) fn taken(hello: &Hello, take_over: Span, begun: Option<&Begun>) -> Self {
        let outcome = match begun {
            Some(Begun::Ours(known)) => {
                take_over.record("epoch", known.epoch.0);
                if known.epoch == Epoch(1) {
                    begin_call(hello.call, hello.urgency.name());
                }
                "taken"
            }
            Some(Begun::Discarded(_)) => "discarded",
            None => "failed",
        };
        take_over.record("outcome", outcome);
        let place = Place::below(&take_over);
        end(take_over);
        Self { place, segments: PerTrack::default(), hang_up: None }
    }

    /// A segment is about to wait for its text; `span` is the link that it will be.
    pub(super) fn segment(&mut self, request: &Request, span: SampleSpan) -> Span {
        let segment = self.place.begin(step!(
            "segment",
            track = request.track.name(),
            class = request.class.name(),
            length_ms = request.speech.samples() / 16,
            outcome = Empty,
            reason = Empty
        ));
        self.segments[request.track].push_back(Segment { end: span.end(), step: segment.clone(), settled: None });
        segment
    }

    /// What a segment has become goes to notes-api now.
    pub(super) fn says(&mut self, settle: &Settle) {
        let mut segments = self.segments[settle.track].iter_mut();
        let Some(Segment { step, settled, .. }) = segments.find(|segment| segment.end == settle.span.end()) else {
            return;
        };
        step.record("outcome", settle.what.kind());
        match &settle.what {
            What::Suppressed { reason, .. } => step.record("reason", reason.name()),
            What::NotTranscribed(reason) => step.record("reason", reason.name()),
            What::Utterance(_) | What::Quiet | What::Gap(_) => step,
        };
        *settled = Some(step.in_scope(|| step!("settled")));
    }

    /// Up to there it is durable.
    pub(super) fn settled(&mut self, Settled { track, offset }: Settled) {
        let segments = &mut self.segments[track];
        while let Some(Segment { step, settled, .. }) = segments.pop_front_if(|segment| segment.end <= offset) {
            settled.into_iter().for_each(end);
            end(step);
        }
    }

    /// The agent hung up.
    pub(super) fn hung_up(&mut self, hang_up: &HangUp) {
        let step = step!("hang_up", reason = hang_up.reason.name(), hung_up_ms_ago = hang_up.age_ms);
        self.hang_up = Some(self.place.begin(step));
    }

    /// All is settled; what is missing is the job.
    pub(super) fn lease(&self) -> Span {
        self.hang_up.as_ref().map_or_else(Span::none, |hang_up| hang_up.in_scope(|| step!("lease")))
    }

    /// The call is over here.
    pub(super) fn concluded(&mut self) {
        self.hang_up.take().into_iter().for_each(end);
    }
}
