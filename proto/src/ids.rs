//! What things are called by: calls, workers, commands, keys, tracks.
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
    /// One agent process, from its start to its end: which of a caseworker's PCs it is.
    AgentId
}
uuid_id! {
    /// A pause, resume or discard that waits for the agent's `Done`.
    CommandId
}
uuid_id! {
    /// A saved note, through all its versions.
    NoteId
}

/// Which of the server's keys sound is sealed for: the first eight bytes of its public key, so that a name cannot belong to
/// another key. Shown, stored and sent as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The id that begins a public key.
    pub fn of(public_key: &[u8; 32]) -> Self {
        Self(std::array::from_fn(|at| public_key[at]))
    }

    /// The id's eight bytes, as in the spool.
    pub fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// An id from exactly eight bytes.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The text names no key. Copy it whole, from `referent-pipeline seal-key new`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it is not the id of a key, which has 16 digits of 0 to 9 and a to f; copy it whole")]
pub struct NotAKeyId;

impl FromStr for KeyId {
    type Err = NotAKeyId;
    fn from_str(text: &str) -> Result<Self, NotAKeyId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 16 || !text.bytes().all(is_digit) {
            return Err(NotAKeyId);
        }
        u64::from_str_radix(text, 16).map(|number| Self(number.to_be_bytes())).map_err(|_| NotAKeyId)
    }
}

impl TryFrom<String> for KeyId {
    type Error = NotAKeyId;
    fn try_from(text: String) -> Result<Self, NotAKeyId> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
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
