//! The contracts between agent, pipeline and notes-api, and the types that doubt ends in.
//!
//! In: wire messages as generated from `proto/`. Out: domain types that are right by construction. A service parses a
//! message in the line that receives it (`wire`), and nothing beyond that line sees a wire type.
//!
//! Promised: every number that could be mistaken for another is a type of its own; what was spoken prints as a length.
//! Not done here: no I/O, no clock, no chance. This crate's version is everyone's version, so it stays small.

pub mod ids;
pub mod audio;
pub mod area;
pub mod call;
pub mod language;
pub mod speech;
pub mod settle;
pub mod draft;
pub mod wire;

/// Generated from `proto/`; regenerated and compared by `tests/bootstrap.rs`.
#[expect(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    clippy::allow_attributes,
    reason = "generated code"
)]
pub mod gen_wire {
    pub mod calls {
        pub mod v1 {
            include!("gen/calls.v1.rs");
        }
    }
    pub mod ingest {
        pub mod v1 {
            include!("gen/ingest.v1.rs");
        }
    }
    pub mod identity {
        pub mod v1 {
            include!("gen/identity.v1.rs");
        }
    }
}

pub use gen_wire::calls::v1 as calls;
pub use gen_wire::identity::v1 as identity;
pub use gen_wire::ingest::v1 as ingest;

pub use area::{AreaSettings, Category, FactKind, Length, Limits, MustNote, Pseudonyms, Retention, Section, Style};
pub use audio::{Chunk, Gap, GapReason, Pcm, SAMPLE_RATE, SampleOffset, SampleSpan, SealedChunk};
pub use call::{
    AgentState, AgentStateKind, CallState, Command, CommandKind, Direction, HangUp, HangUpReason, Hello, Mode,
    PresenceCommand, PresenceHello, Started, Urgency,
};
pub use draft::{
    Confirm, Covers, DraftFailure, DraftJob, DraftKey, DraftSentence, DrafterTrouble, Evidence, Flag, FlagKind,
    FlagReason, Missing, Origin, OriginKind, Record, UncertainWord,
};
pub use ids::{AgentId, CallId, CommandId, Epoch, KeyId, Track, WorkerId};
pub use settle::{NotTranscribedReason, Settle, Settled, SuppressedReason, Verdict, What, judge};
pub use speech::{Spoken, Utterance, Word};
pub use wire::BadMessage;

/// The version of `calls.v1` and `ingest.v1` that this code speaks. A peer with a higher one is refused by name.
pub const PROTOCOL: u32 = 1;

/// The largest message that any server accepts, bytes. A chunk of 100 ms is 3.2 kB; a job of an hour's call is far below.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
