//! The PC's side: seals, and cannot open.
//!
//! In: the server's public key, a call, the number of the run; then chunks. Out: sealed chunks.
//! While a run goes on, its key is in the memory of the process, as the sound is that it seals. Nothing here gives it out.

use crate::{ExportOnly, Kdf, Kem, RecordKey, bound, info, nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hpke::{Deserializable as _, OpModeS, Serializable as _};
use rand::SeedableRng as _;
use rand::rngs::{StdRng, SysRng};
use referent_proto::ids::PerTrack;
use referent_proto::{CallId, Chunk, KeyId, SealedChunk};
use std::fmt;

/// The text holds no key. Copy it whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it is not a key, which is 32 bytes in base64 (44 characters); copy it whole")]
pub struct NotAKey;

/// Why a chunk was not sealed. Nothing is kept of it then; tell the user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotSeal {
    /// Without chance there is no key. Try again with the next chunk.
    #[error("the system gives no random numbers, so sound cannot be sealed")]
    NoChance,
    /// Nothing can be sealed for it. Correct the configuration.
    #[error("nothing can be sealed for the key {0}; make another with `referent-pipeline seal-key new`")]
    BadKey(KeyId),
    /// Longer than a chunk can be. A fault of the caller.
    #[error("the sound could not be sealed")]
    Failed,
}

/// A key of the server's, for sealing.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: KeyId,
    key: <Kem as hpke::Kem>::PublicKey,
}

impl PublicKey {
    /// The key in this text, base64.
    pub fn from_text(text: &str) -> Result<Self, NotAKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| NotAKey)?;
        Self::from_bytes(bytes.as_slice().try_into().map_err(|_| NotAKey)?)
    }

    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NotAKey> {
        let key = <Kem as hpke::Kem>::PublicKey::from_bytes(bytes).map_err(|_| NotAKey)?;
        Ok(Self { id: KeyId::of(bytes), key })
    }

    /// The key as text, base64.
    pub fn to_text(&self) -> String {
        STANDARD.encode(self.key.to_bytes())
    }

    /// Its id, which is how it begins.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id)
    }
}

/// Seals the chunks of one call, for one run.
pub struct Sealer {
    call: CallId,
    key_id: KeyId,
    run: u32,
    enc: [u8; SealedChunk::ENC_BYTES],
    key: RecordKey,
    next: PerTrack<u64>,
}

impl Sealer {
    /// Begins a run: with a key that nobody has had before.
    pub fn new(server: &PublicKey, call: CallId, run: u32) -> Result<Self, CannotSeal> {
        let bad_key = |_| CannotSeal::BadKey(server.id);
        let mut chance = StdRng::try_from_rng(&mut SysRng).map_err(|_| CannotSeal::NoChance)?;
        let info = info(call, run, server.id);
        let setup = hpke::setup_sender_with_rng::<ExportOnly, Kdf, Kem>;
        let (enc, context) = setup(&OpModeS::Base, &server.key, &info, &mut chance).map_err(bad_key)?;
        let key = RecordKey::exported(|label, out| context.export(label, out)).map_err(bad_key)?;
        Ok(Self { call, key_id: server.id, run, enc: enc.to_bytes().into(), key, next: PerTrack::default() })
    }

    /// Seals a chunk. Its number is used up, also when this fails, or when the record never reaches the disk whole: what did
    /// may be read by somebody (E2).
    pub fn seal(&mut self, chunk: &Chunk) -> Result<SealedChunk, CannotSeal> {
        let number = self.next[chunk.track];
        self.next[chunk.track] = number.checked_add(1).ok_or(CannotSeal::Failed)?;
        let mut sealed = SealedChunk {
            track: chunk.track,
            first: chunk.first,
            samples: u32::try_from(chunk.pcm.0.len()).map_err(|_| CannotSeal::Failed)?,
            key: self.key_id,
            run: self.run,
            enc: self.enc,
            number,
            bytes: chunk.pcm.to_le_bytes(),
        };
        let bound = bound(self.call, &sealed);
        let sealing = self
            .key
            .cipher()
            .and_then(|cipher| cipher.seal_in_place_append_tag(nonce(sealed.track, number), bound, &mut sealed.bytes));
        sealing.map(|()| sealed).map_err(|_| CannotSeal::Failed)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({}, run {}, key {})", self.call, self.run, self.key_id)
    }
}
