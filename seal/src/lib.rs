//! Sound that only the server can read: how a chunk is sealed on the PC and opened in a worker (docs/decisions/0017).
//!
//! In: a chunk and the server's public key. Out: a [`SealedChunk`], which opens alone, in any order, in any worker that has
//! the private key (`open`).
//!
//! ```text
//! HPKE (RFC 9180), base mode: X25519, HKDF-SHA256, export only
//!   info  = label | call | run | key id          a key and an `enc` for each call and start of the agent
//!   key   = export(label, 32)
//! record: ChaCha20-Poly1305
//!   nonce = track, u8 | 0, 0, 0 | number, u64
//!   bound = call | key id | run | track | first, u64 | samples, u32 | number         all numbers big endian
//! ```
//!
//! Promises:
//!   E1  A record opens only as what it was sealed as: another call, run, key, track, place, length or number, or another
//!       byte, and it does not open.
//!   E2  No key seals two records under one nonce: each run has a key of its own, and its numbers are never used again,
//!       whatever became of the record.
//!   E3  What a run has sealed is read by the private key alone once the run is over: its key was in memory only.
//!
//! Not done here: no file, no clock. Chance is the system's and no argument: a seed that came twice would be one key twice.

pub mod seal;
#[cfg(feature = "open")]
pub mod open;

pub use seal::{CannotSeal, NotAKey, PublicKey, Sealer};

use hpke::HpkeError;
use referent_proto::{CallId, KeyId, SealedChunk, Track};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use zeroize::Zeroizing;

type Kem = hpke::kem::X25519HkdfSha256;
type Kdf = hpke::kdf::HkdfSha256;
type ExportOnly = hpke::aead::ExportOnlyAead;

/// The versions of this scheme are told apart by these: what is sealed under one label does not open under another.
const INFO: &[u8] = b"referent sealed spool 1";
const EXPORT: &[u8] = b"referent record key 1";

fn info(call: CallId, run: u32, key: KeyId) -> Vec<u8> {
    [INFO, &call.bytes(), &run.to_be_bytes(), &key.bytes()].concat()
}

/// The key of all records of a run. It is wiped when it is dropped.
struct RecordKey(Zeroizing<[u8; 32]>);

impl RecordKey {
    fn exported(export: impl FnOnce(&[u8], &mut [u8]) -> Result<(), HpkeError>) -> Result<Self, HpkeError> {
        let mut key = Zeroizing::new([0; 32]);
        export(EXPORT, key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// Made anew for each record: that costs a copy of 32 bytes, and leaves no second place where the key lies for long.
    fn cipher(&self) -> Result<LessSafeKey, Unspecified> {
        UnboundKey::new(&CHACHA20_POLY1305, self.0.as_slice()).map(LessSafeKey::new)
    }
}

fn nonce(track: Track, number: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[0] = track_code(track);
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

/// What a record is bound to (E1). Every part has a fixed length, so that no two headers are the same bytes.
fn bound(call: CallId, chunk: &SealedChunk) -> Aad<Vec<u8>> {
    let parts: [&[u8]; 7] = [
        &call.bytes(),
        &chunk.key.bytes(),
        &chunk.run.to_be_bytes(),
        &[track_code(chunk.track)],
        &chunk.first.0.to_be_bytes(),
        &chunk.samples.to_be_bytes(),
        &chunk.number.to_be_bytes(),
    ];
    Aad::from(parts.concat())
}

fn track_code(track: Track) -> u8 {
    match track {
        Track::Near => 1,
        Track::Far => 2,
    }
}
