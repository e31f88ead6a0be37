//! The chain: what may be written after what, so that a frozen worker, a repeat or a reordered message can double or
//! lose nothing.
//!
//! In: where a track stands, and a [`Settle`] that wants to move it. Out: a [`Verdict`]. Pure, so that 100,000 random
//! histories can be tried in a second (`tests/chain.rs`).
//!
//! Promises:
//!   C1  What is committed on a track is one gapless sequence without overlap: each `from` is the settled offset.
//!   C2  A repeat changes nothing and is answered with what is settled.
//!   C3  A worker with an older epoch changes nothing, whatever its offsets.

use crate::audio::{GapReason, SampleOffset, SampleSpan};
use crate::ids::{Epoch, Track};
use crate::speech::{Spoken, Utterance};

/// What became of a stretch of a track.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// Somebody spoke.
    Utterance(Utterance),
    /// Nobody spoke.
    Quiet,
    /// The recogniser's text is not to be believed; kept, counted, shown on demand.
    Suppressed {
        /// Why it is not believed.
        reason: SuppressedReason,
        /// What the recogniser wrote.
        text: Spoken,
    },
    /// There is no sound, and why.
    Gap(GapReason),
    /// There is speech, but no text, and why.
    NotTranscribed(NotTranscribedReason),
}

impl What {
    /// The word that SQL, JSON and metrics use.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Utterance(_) => "utterance",
            Self::Quiet => "quiet",
            Self::Suppressed { .. } => "suppressed",
            Self::Gap(_) => "gap",
            Self::NotTranscribed(_) => "not_transcribed",
        }
    }
}

/// Why a text was suppressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressedReason {
    /// The model itself says that nobody spoke.
    NoSpeech,
    /// The model does not believe its own words.
    LowProbability,
    /// The same words over and over.
    Repetition,
    /// A sentence that models are known to invent on silence.
    KnownInvention,
    /// No text came.
    Empty,
    /// The words that the model was told to expect, where hardly anything is heard.
    GlossaryRepeated,
}

/// Why speech has no text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotTranscribedReason {
    /// The recogniser answered with an error, twice.
    RecogniserFailed,
    /// The recogniser died on it, twice.
    RecogniserDied,
    /// The recogniser took too long.
    TimedOut,
}

/// "This stretch of this track has become that."
#[derive(Clone, PartialEq, Debug)]
pub struct Settle {
    /// The worker's turn.
    pub epoch: Epoch,
    /// Which track.
    pub track: Track,
    /// From the settled offset to the new one; never empty.
    pub span: SampleSpan,
    /// What it has become.
    pub what: What,
}

/// Everything of `track` before `offset` is durable as text: the sound may be forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settled {
    /// Which track.
    pub track: Track,
    /// Up to where.
    pub offset: SampleOffset,
}

/// What the chain says to a settle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Write it; the track is settled to this offset then.
    Commit(SampleOffset),
    /// It is there already; answer with this offset.
    Already(SampleOffset),
    /// Not this worker's turn, or not the next link: the worker drops the call.
    Stale,
}

/// Judges a settle from `epoch` over `span` on a track of which everything before `settled` is committed.
pub fn judge(current: Epoch, settled: SampleOffset, epoch: Epoch, span: SampleSpan) -> Verdict {
    if epoch != current {
        Verdict::Stale
    } else if span.end() <= settled {
        Verdict::Already(settled)
    } else if span.start() == settled {
        Verdict::Commit(span.end())
    } else {
        Verdict::Stale
    }
}
