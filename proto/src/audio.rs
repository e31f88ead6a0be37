//! Sound and the time it lies in.
//!
//! The only clock inside the audio path is [`SampleOffset`]: 16 kHz samples of call time, the same zero for both
//! tracks, never stopping, never reused (DESIGN, "Time"). Milliseconds exist for people.

use crate::ids::{KeyId, Track};
use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// Samples a second of every track after `resample`.
pub const SAMPLE_RATE: u64 = 16_000;

/// A place in call time: how many 16 kHz samples after the call's zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleOffset(pub u64);

impl SampleOffset {
    /// The call's zero.
    pub const ZERO: Self = Self(0);

    /// The offset at so many milliseconds of call time.
    pub fn from_millis(ms: u64) -> Self {
        Self(ms * SAMPLE_RATE / 1000)
    }

    /// Milliseconds of call time, rounded down; for people.
    pub fn millis(self) -> u64 {
        self.0 * 1000 / SAMPLE_RATE
    }

    /// This offset less so many samples, but not before the call's zero.
    #[must_use]
    pub fn back(self, samples: u64) -> Self {
        Self(self.0.saturating_sub(samples))
    }
}

impl Add<u64> for SampleOffset {
    type Output = Self;
    /// Stays within what can be counted: an offset near its end is damage, and must not end the process.
    fn add(self, samples: u64) -> Self {
        Self(self.0.saturating_add(samples))
    }
}

impl Sub for SampleOffset {
    type Output = u64;
    fn sub(self, earlier: Self) -> u64 {
        self.0 - earlier.0
    }
}

impl fmt::Debug for SampleOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

impl fmt::Display for SampleOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.millis();
        write!(f, "{:02}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000)
    }
}

/// A half-open stretch of one track: `start` is in it, `end` is not. Never ends before it starts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SampleSpan {
    start: SampleOffset,
    end: SampleOffset,
}

impl SampleSpan {
    /// The span from `start` to before `end`; `None` if it would end before it starts.
    pub fn new(start: SampleOffset, end: SampleOffset) -> Option<Self> {
        (start <= end).then_some(Self { start, end })
    }

    /// The span of so many samples from `start`.
    pub fn of(start: SampleOffset, samples: u64) -> Self {
        Self { start, end: start + samples }
    }

    /// First offset in the span.
    pub fn start(self) -> SampleOffset {
        self.start
    }

    /// First offset after the span.
    pub fn end(self) -> SampleOffset {
        self.end
    }

    /// Length in samples.
    pub fn samples(self) -> u64 {
        self.end - self.start
    }

    /// True when nothing lies in it.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Sound: 16 kHz, mono, signed 16 bit. Prints as its length, because it was spoken. To serde it is its little-endian bytes.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Pcm(pub Vec<i16>);

impl Pcm {
    /// The samples as little-endian bytes, as on the wire and in the spool.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.0.len() * 2];
        for (pair, sample) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(&self.0) {
            *pair = sample.to_le_bytes();
        }
        bytes
    }

    /// Samples from little-endian bytes; `None` if a byte is left over.
    pub fn from_le_bytes(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        rest.is_empty().then(|| Self(pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()))
    }
}

// Derived, every sample would be a number of its own, of one to three bytes, on its way to the recogniser's process.
impl Serialize for Pcm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_le_bytes())
    }
}

impl<'de> Deserialize<'de> for Pcm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Pcm;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("samples as little-endian bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Pcm, E> {
                Pcm::from_le_bytes(bytes).ok_or_else(|| E::custom("a byte is left over"))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

impl fmt::Debug for Pcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pcm({} samples)", self.0.len())
    }
}

/// About 100 ms of one track: at most [`Chunk::MAX_SAMPLES`], never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    /// Whose sound.
    pub track: Track,
    /// Offset of the first sample.
    pub first: SampleOffset,
    /// The samples.
    pub pcm: Pcm,
}

impl Chunk {
    /// The usual length: 100 ms.
    pub const SAMPLES: usize = 1600;
    /// The longest chunk that is accepted: one second.
    pub const MAX_SAMPLES: usize = 16_000;

    /// The stretch of call time that the chunk fills.
    pub fn span(&self) -> SampleSpan {
        SampleSpan::of(self.first, self.pcm.0.len() as u64)
    }
}

/// A chunk that only the server's private key opens. Where it lies in call time is in the clear, and bound to what is sealed
/// (docs/decisions/0017). Prints without its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedChunk {
    /// Whose sound.
    pub track: Track,
    /// Offset of the first sample.
    pub first: SampleOffset,
    /// How many samples: 1 to [`Chunk::MAX_SAMPLES`].
    pub samples: u32,
    /// Whose key opens it.
    pub key: KeyId,
    /// Which start of the agent sealed it, for this call: 0, 1, …
    pub run: u32,
    /// The run's encapsulated key.
    pub enc: [u8; Self::ENC_BYTES],
    /// Grows with each sealed chunk of a run and track, and is never used again.
    pub number: u64,
    /// The samples, sealed, with their tag behind.
    pub bytes: Vec<u8>,
}

impl SealedChunk {
    /// Bytes of an encapsulated key (X25519).
    pub const ENC_BYTES: usize = 32;
    /// Bytes that a sealed chunk is longer than its samples.
    pub const TAG_BYTES: usize = 16;

    /// The stretch of call time that the chunk fills.
    pub fn span(&self) -> SampleSpan {
        SampleSpan::of(self.first, self.samples.into())
    }

    /// How many bytes so many samples have when sealed.
    pub fn sealed_bytes(samples: usize) -> usize {
        2 * samples + Self::TAG_BYTES
    }
}

impl fmt::Debug for SealedChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { track, first, samples, key, run, number, .. } = self;
        write!(f, "SealedChunk({track} {first:?}, {samples} samples, key {key}, run {run}, number {number})")
    }
}

/// Sound of one track that is known to be missing, and why. Shown on the note.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// Whose sound.
    pub track: Track,
    /// Which stretch; never empty.
    pub span: SampleSpan,
    /// Why.
    pub reason: GapReason,
}

/// Why sound is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The track had not begun when the call did.
    NotStarted,
    /// The citizen had not agreed yet.
    BeforeConsent,
    /// A person paused the recording.
    Paused,
    /// The area's mode allows no recording.
    NotAllowed,
    /// The PC has no such source (a desk phone, a remote desktop).
    NoSource,
    /// The device went away.
    DeviceLost,
    /// The PC was too busy to take the sound.
    Overrun,
    /// The agent was not running.
    AgentDown,
    /// The PC slept.
    Asleep,
    /// The disk was full.
    DiskFull,
    /// The spool's quota was used up.
    Quota,
    /// A record of the spool was damaged.
    Damaged,
    /// The key that could open the sound is no more.
    KeyGone,
    /// The server once had it and lost it.
    ServerLost,
    /// A reason that this version does not know.
    Other,
}
