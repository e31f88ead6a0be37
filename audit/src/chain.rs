//! Entries, and how each is tied to the one before it.
//!
//! In: what happened. Out: its link. The bytes that are hashed have one reading only: every text has its length before it,
//! numbers are big endian and of fixed width.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use uuid::Uuid;

/// The most bytes of each text of an entry.
pub const MOST_BYTES: usize = 200;

/// Another scheme would have another label, and its links would not fit here.
const LABEL: &[u8] = b"referent audit 1";

/// Which chain: one a replica and database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainId(pub Uuid);

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 of a link and, through it, of all before it. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(pub [u8; 32]);

/// It is not 64 hexadecimal digits.
#[derive(Debug, Error)]
#[error("a hash is 64 hexadecimal digits")]
pub struct NotAHash;

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(NotAHash);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotAHash)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotAHash)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Hash {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, NotAHash> {
        text.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

/// What happened: by whom, what, to which thing. Nothing of what it contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// UTC milliseconds, by the replica's clock.
    pub at_ms: i64,
    /// Who did it, as calls and notes name them: `anna`; `console` for whoever runs the server.
    pub who: String,
    /// The kind of act, one of a list that only grows: `transcript_read`.
    pub what: String,
    /// Which thing, by kind and id: `call/01a2…`.
    pub about: String,
}

/// A text of an entry is longer than [`MOST_BYTES`].
#[derive(Debug, Error)]
#[error("an entry's texts have at most {MOST_BYTES} bytes each, and this has {0}")]
pub struct TooLong(pub usize);

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its number, from 1 on.
    pub number: u64,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
    /// Of this and of all before it.
    pub hash: Hash,
}

impl Link {
    /// Whether it is what was put behind this hash.
    pub fn follows(&self, chain: ChainId, before: Hash) -> bool {
        hash(chain, before, self.number, &self.entry) == self.hash
    }
}

/// The end of a chain, to which links are put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    id: ChainId,
    number: u64,
    hash: Hash,
}

impl Chain {
    /// One without a link.
    pub fn new(id: ChainId) -> Self {
        Self { id, number: 0, hash: zero(id) }
    }

    /// One whose last link is this.
    pub fn ending(id: ChainId, number: u64, hash: Hash) -> Self {
        Self { id, number, hash }
    }

    /// Which.
    pub fn id(&self) -> ChainId {
        self.id
    }

    /// How many links it has.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Of the last link.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Puts a link to its end. Whoever keeps links keeps this one before the next is made.
    ///
    /// # Errors
    /// If a text is too long; the chain is as it was.
    pub fn append(&mut self, entry: Entry) -> Result<Link, TooLong> {
        if let Some(long) = [&entry.who, &entry.what, &entry.about].into_iter().find(|text| text.len() > MOST_BYTES) {
            return Err(TooLong(long.len()));
        }
        let number = self.number + 1;
        let hash = hash(self.id, self.hash, number, &entry);
        (self.number, self.hash) = (number, hash);
        Ok(Link { number, entry, hash })
    }
}

/// What the first link is tied to.
pub(crate) fn zero(id: ChainId) -> Hash {
    let mut sha = Sha256::new();
    sha.update(LABEL);
    sha.update(id.0.as_bytes());
    Hash(sha.finalize().into())
}

fn hash(id: ChainId, before: Hash, number: u64, entry: &Entry) -> Hash {
    let mut sha = Sha256::new();
    sha.update(LABEL);
    sha.update(id.0.as_bytes());
    sha.update(before.0);
    sha.update(number.to_be_bytes());
    sha.update(entry.at_ms.to_be_bytes());
    for text in [&entry.who, &entry.what, &entry.about] {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text.as_bytes());
    }
    Hash(sha.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(about: &str) -> Entry {
        Entry {
            at_ms: 1_795_000_000_000,
            who: "caseworker/anna".into(),
            what: "note_saved".into(),
            about: about.into(),
        }
    }

    #[test]
    fn the_first_links_are_these() {
        // Pinned: a chain that is stored must be read by every later version.
        let mut chain = Chain::new(ChainId(Uuid::from_u128(7)));
        let hashes: Vec<String> =
            ["call/1", "call/2"].map(|about| chain.append(entry(about)).expect("short").hash.to_string()).into();
        assert_eq!(hashes, PINNED);
    }

    /// Computed by another program from the description above.
    const PINNED: [&str; 2] = [
        "ee7f7b75a3287995a794f7ba05f47e3a023ba51f03d03f106bb9773f1c09998f",
        "52e292f330fc9be301b7a5e3af4911a3eb31dd1bf6ccf09e3c2e992f4587d623",
    ];

    #[test]
    fn no_text_can_be_moved_from_one_field_into_the_next() {
        let mut first = Chain::new(ChainId(Uuid::from_u128(7)));
        let mut second = first;
        let moved = Entry { who: "caseworker/ann".into(), what: "anote_saved".into(), ..entry("call/1") };
        assert_ne!(first.append(entry("call/1")).expect("short").hash, second.append(moved).expect("short").hash);
    }

    #[test]
    fn a_chain_goes_on_where_it_ended_and_nowhere_else() {
        let mut chain = Chain::new(ChainId(Uuid::from_u128(7)));
        let first = chain.append(entry("call/1")).expect("short");
        let mut again = Chain::ending(chain.id(), first.number, first.hash);
        let second = again.append(entry("call/2")).expect("short");
        assert!(second.follows(chain.id(), first.hash));
        assert!(!second.follows(ChainId(Uuid::from_u128(8)), first.hash));
        assert!(!second.follows(chain.id(), second.hash));
    }

    #[test]
    fn what_is_too_long_is_refused_and_changes_nothing() {
        let mut chain = Chain::new(ChainId(Uuid::from_u128(7)));
        let before = chain;
        let refused = chain.append(entry(&"x".repeat(MOST_BYTES + 1)));
        assert!(refused.is_err_and(|error| error.to_string().contains("201")));
        assert_eq!(chain, before);
    }

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = zero(ChainId(Uuid::from_u128(7)));
        assert_eq!(hash.to_string().parse::<Hash>().expect("64 digits"), hash);
        for bad in ["", "0", &"g".repeat(64), &"æ".repeat(32), &hash.to_string()[1..]] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
    }
}
