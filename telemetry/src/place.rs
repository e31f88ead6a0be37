//! Where in the trace of its call a step belongs, and how that is known in another program.
//!
//! In: ids of calls and drafts, and the `traceparent` (W3C Trace Context) that came with a stream. Out: steps with the
//! right parent, and the `traceparent` for the next program. Promised: ids are functions of what both sides know anyway,
//! so nothing is stored, and a worker that takes a call over, or an agent that was restarted, goes on with the same trace:
//!
//! ```text
//! trace                 the call's id, all 128 bits
//! step `call`           its last 64 bits; the parent of whatever names no other
//! step `draft`          a hash of call, draft number and attempt
//! every other step      chance
//! ```

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use referent_proto::{CallId, DraftKey};
use std::cell::Cell;
use std::sync::OnceLock;
use tonic::Request;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// What marks the spans of `tracing` that are steps of a trace; nothing else may leave.
pub const TARGET: &str = "referent::trace";
const HEADER: &str = "traceparent";

/// Of how many calls there are traces; unset: of none.
static SHARE: OnceLock<f64> = OnceLock::new();

thread_local! {
    /// The id of the step that is begun next on this thread, where it is not chance.
    static NEXT: Cell<Option<SpanId>> = const { Cell::new(None) };
}

/// Where steps belong. Empty without telemetry, and then everything here does nothing.
#[derive(Debug, Clone, Default)]
pub struct Place(Option<Context>);

impl Place {
    /// Directly below the call.
    pub fn of(call: CallId) -> Self {
        let Some(share) = SHARE.get() else { return Self(None) };
        Self::at(call, step_of(call), is_chosen(call, *share))
    }

    /// Below the step that writes this draft, on whichever worker.
    pub fn of_draft(key: DraftKey) -> Self {
        let Some(share) = SHARE.get() else { return Self(None) };
        Self::at(key.call, step_of_draft(key), is_chosen(key.call, *share))
    }

    /// Where a `traceparent` says; directly below the call if it says nothing, or speaks of another call. A call that the
    /// other side does not trace is not traced here either.
    pub fn told(call: CallId, traceparent: Option<&str>) -> Self {
        let Some(share) = SHARE.get() else { return Self(None) };
        match traceparent.and_then(parse).filter(|told| told.trace == call.bytes()) {
            Some(told) => Self::at(call, told.step, told.is_chosen && is_chosen(call, *share)),
            None => Self::of(call),
        }
    }

    /// Below a step of this process, also after that has ended.
    pub fn below(step: &Span) -> Self {
        let context = (!step.is_disabled()).then(|| step.context().span().span_context().clone());
        Self(context.map(|context| Context::new().with_remote_span_context(context)))
    }

    /// Puts a step here that has just been made.
    #[must_use = "a step ends when it is dropped"]
    pub fn begin(&self, step: Span) -> Span {
        if let Some(context) = &self.0 {
            // It fails where steps are switched off, which is what was wanted.
            drop(step.set_parent(context.clone()));
        }
        step
    }

    /// Puts the step here that writes this draft.
    #[must_use = "a step ends when it is dropped"]
    pub fn begin_draft(key: DraftKey, step: Span) -> Span {
        Self::of(key.call).begin_as(step_of_draft(key), step)
    }

    /// As another program is told it.
    pub fn traceparent(&self) -> Option<String> {
        let context = self.0.as_ref()?.span().span_context().clone();
        let flags = u8::from(context.is_sampled());
        Some(format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id()))
    }

    fn at(call: CallId, step: SpanId, is_chosen: bool) -> Self {
        let flags = if is_chosen { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
        let trace = TraceId::from_bytes(call.bytes());
        let context = SpanContext::new(trace, step, flags, true, TraceState::NONE);
        Self(Some(Context::new().with_remote_span_context(context)))
    }

    fn begin_as(&self, id: SpanId, step: Span) -> Span {
        let step = self.begin(step);
        NEXT.set(Some(id));
        drop(step.context()); // Takes the id.
        NEXT.set(None);
        step
    }
}

/// Writes down that a call has begun: the step above all its others. Once a call, where it is first taken.
pub fn begin_call(call: CallId, class: &'static str) {
    // It is put below itself, because a trace's id comes from above; `allow` undoes that.
    drop(Place::of(call).begin_as(step_of(call), crate::step!("call", class)));
}

/// Ends a step now, also one that was last entered a while ago.
pub fn end(step: Span) {
    step.in_scope(|| ());
    drop(step);
}

/// A request with the place as its `traceparent`.
pub fn carry<T>(mut request: Request<T>, place: &Place) -> Request<T> {
    if let Some(value) = place.traceparent().and_then(|text| text.parse().ok()) {
        request.metadata_mut().insert(HEADER, value);
    }
    request
}

/// The `traceparent` of a request, for [`Place::told`].
pub fn carried<T>(request: &Request<T>) -> Option<String> {
    Some(request.metadata().get(HEADER)?.to_str().ok()?.to_owned())
}

/// From now on there are traces of this share of calls.
pub(crate) fn trace(share: f64) {
    SHARE.get_or_init(|| share);
}

/// Ids of steps: chance, unless one is given.
#[derive(Debug, Default)]
pub(crate) struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        self.0.new_trace_id()
    }

    fn new_span_id(&self) -> SpanId {
        NEXT.take().unwrap_or_else(|| self.0.new_span_id())
    }
}

struct Told {
    trace: [u8; 16],
    step: SpanId,
    is_chosen: bool,
}

/// `version-trace-step-flags` in lower-case hex; a later version may have more behind.
fn parse(text: &str) -> Option<Told> {
    let mut fields = text.split('-');
    let mut field = |length: usize| {
        let field = fields.next().filter(|field| field.len() == length)?;
        field.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some(field)
    };
    let (version, trace, step, flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    if version == "ff" || (version == "00" && fields.next().is_some()) {
        return None;
    }
    let step = SpanId::from_hex(step).ok().filter(|step| *step != SpanId::INVALID)?;
    let flags = u8::from_str_radix(flags, 16).ok()?;
    Some(Told { trace: TraceId::from_hex(trace).ok()?.to_bytes(), step, is_chosen: flags & 1 == 1 })
}

fn step_of(call: CallId) -> SpanId {
    SpanId::from_bytes(last_bits(call, 64).to_be_bytes())
}

/// FNV-1a: the same in every program and version, and no secret.
fn step_of_draft(key: DraftKey) -> SpanId {
    let number = key.draft.to_be_bytes().into_iter().chain(key.attempt.to_be_bytes());
    let hash = key
        .call
        .bytes()
        .into_iter()
        .chain(number)
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    SpanId::from_bytes(hash.max(1).to_be_bytes())
}

/// Every program decides alike, by the last 56 bits: those of a UUIDv7 before are a time, and a mark.
fn is_chosen(call: CallId, share: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "the last three bits decide nothing")]
    let chance = last_bits(call, 56) as f64;
    chance < share * 2_f64.powi(56)
}

/// At most 64.
fn last_bits(call: CallId, bits: u32) -> u64 {
    let last = u128::from_be_bytes(call.bytes()) & (u128::MAX >> (128 - bits));
    u64::try_from(last).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call(last: [u8; 10]) -> CallId {
        CallId::new(1_700_000_000_000, last)
    }

    #[test]
    fn what_is_told_is_understood_and_nothing_else() {
        let id = call([7; 10]);
        let trace = TraceId::from_bytes(id.bytes());
        let told = parse(&format!("00-{trace}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!((told.trace, told.is_chosen), (id.bytes(), true));
        assert_eq!(told.step, SpanId::from_hex("00f067aa0ba902b7").unwrap());
        assert!(!parse(&format!("00-{trace}-00f067aa0ba902b7-00")).unwrap().is_chosen);
        assert!(parse(&format!("01-{trace}-00f067aa0ba902b7-01-more")).is_some(), "a later version");
        for bad in [
            "",
            "00",
            "hello",
            &format!("00-{trace}-00f067aa0ba902b7"),
            &format!("00-{trace}-0000000000000000-01"),
            &format!("00-{trace}-00F067AA0BA902B7-01"),
            &format!("00-{trace}-00f067aa0ba902b7-01-more"),
            &format!("ff-{trace}-00f067aa0ba902b7-01"),
            &format!("00-{trace}0-00f067aa0ba902b7-01"),
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn drafts_of_a_call_have_steps_of_their_own() {
        let key = |draft, attempt| DraftKey { call: call([1; 10]), draft, attempt };
        let steps = [key(1, 1), key(1, 2), key(2, 1)].map(step_of_draft);
        assert!(steps[0] != steps[1] && steps[1] != steps[2] && steps[0] != steps[2]);
        assert_eq!(step_of_draft(key(1, 1)), steps[0]);
    }

    proptest! {
        #[test]
        fn whatever_is_told_does_no_harm(text in ".{0,80}") {
            prop_assert!(parse(&text).is_none_or(|told| told.step != SpanId::INVALID));
        }

        #[test]
        fn a_larger_share_takes_the_same_calls_and_more(last in any::<[u8; 10]>(), a in 0.0..1.0_f64, b in 0.0..1.0_f64) {
            let id = call(last);
            prop_assert!(is_chosen(id, 1.0) && !is_chosen(id, 0.0));
            prop_assert!(!is_chosen(id, a.min(b)) || is_chosen(id, a.max(b)));
        }
    }

    #[test]
    fn a_share_is_a_share() {
        use std::hash::{BuildHasher as _, RandomState};
        let chance = RandomState::new();
        let ids = (0..20_000_u64).map(|number| {
            let mut last = [0; 10];
            last[2..].copy_from_slice(&chance.hash_one(number).to_be_bytes());
            call(last)
        });
        let taken = ids.filter(|id| is_chosen(*id, 0.25)).count();
        assert!((4_500..5_500).contains(&taken), "{taken} of 20,000"); // 8 standard deviations.
    }
}
