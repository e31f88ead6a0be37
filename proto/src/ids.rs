//! What things are called by: calls, workers, commands, tracks.
//!
//! In: 16 bytes or text from outside. Out: ids that cannot be mixed up. Not done here: making ids needs a clock and
//! chance, so the caller brings both.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id (UUIDv7) from the time in UTC milliseconds and ten bytes of chance.
            pub fn new(unix_ms: u64, chance: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &chance).into_uuid())
            }

            /// The id's 16 bytes, as on the wire.
            pub fn bytes(self) -> [u8; 16] {
                *self.0.as_bytes()
            }

            /// An id from exactly 16 bytes.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// A call, from the agent's `begin` to its last note. Made by the agent.
    CallId
}
uuid_id! {
    /// One pipeline process, from its start to its end.
    WorkerId
}
uuid_id! {
    /// A pause, resume or discard that waits for the agent's `Done`.
    CommandId
}
uuid_id! {
    /// A saved note, through all its versions.
    NoteId
}

/// Which worker's turn it is with a call: grows with each `Began`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// Who is heard. The two never mix: who said what is known, not guessed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Track {
    /// The caseworker's microphone.
    Near,
    /// The citizen: what the PC plays.
    Far,
}

impl Track {
    /// Both tracks, near first.
    pub const BOTH: [Self; 2] = [Self::Near, Self::Far];

    /// The word that SQL, JSON and logs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Far => "far",
        }
    }

    /// The track of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|track| track.name() == name)
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One value for each track.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PerTrack<T> {
    /// The caseworker's.
    pub near: T,
    /// The citizen's.
    pub far: T,
}

impl<T> std::ops::Index<Track> for PerTrack<T> {
    type Output = T;
    fn index(&self, track: Track) -> &T {
        match track {
            Track::Near => &self.near,
            Track::Far => &self.far,
        }
    }
}

impl<T> std::ops::IndexMut<Track> for PerTrack<T> {
    fn index_mut(&mut self, track: Track) -> &mut T {
        match track {
            Track::Near => &mut self.near,
            Track::Far => &mut self.far,
        }
    }
}
