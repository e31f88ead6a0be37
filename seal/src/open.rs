//! The server's side: private keys, and what they open.
//!
//! In: a private key, a sealed chunk. Out: the chunk, or [`DoesNotOpen`], whatever is wrong with it: who asks learns nothing
//! else. A key prints as its id.

use crate::{CannotSeal, ExportOnly, Kdf, Kem, NotAKey, PublicKey, RecordKey, bound, info, nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hpke::{Deserializable as _, OpModeR, Serializable as _};
use rand::TryRng as _;
use rand::rngs::SysRng;
use referent_proto::{CallId, Chunk, KeyId, Pcm, SealedChunk};
use std::fmt;
use zeroize::{Zeroize as _, Zeroizing};

/// It was not sealed for this key, or is not what was sealed. Say that this sound is damaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the record does not open: it is not what was sealed")]
pub struct DoesNotOpen;

/// A key that opens what was sealed for its public key. Wiped when it is dropped.
#[derive(Clone)]
pub struct PrivateKey {
    key: <Kem as hpke::Kem>::PrivateKey,
    public: PublicKey,
}

impl PrivateKey {
    /// A new one.
    pub fn generate() -> Result<Self, CannotSeal> {
        let mut chance = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(chance.as_mut_slice()).map_err(|_| CannotSeal::NoChance)?;
        let (key, _) = <Kem as hpke::Kem>::derive_keypair(chance.as_slice());
        Self::of(key).map_err(|_| CannotSeal::Failed)
    }

    /// The key in this text, base64.
    pub fn from_text(text: &str) -> Result<Self, NotAKey> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| NotAKey)?);
        Self::of(<Kem as hpke::Kem>::PrivateKey::from_bytes(&bytes).map_err(|_| NotAKey)?)
    }

    fn of(key: <Kem as hpke::Kem>::PrivateKey) -> Result<Self, NotAKey> {
        let public: [u8; 32] = <Kem as hpke::Kem>::sk_to_pk(&key).to_bytes().into();
        Ok(Self { public: PublicKey::from_bytes(&public)?, key })
    }

    /// The key as text, base64. Only for the file it is kept in.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut bytes = self.key.to_bytes();
        let text = Zeroizing::new(STANDARD.encode(bytes));
        bytes.as_mut_slice().zeroize();
        text
    }

    /// The key to seal for.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.public.id()
    }

    /// What opens the records of one run.
    pub fn run(&self, call: CallId, run: u32, enc: &[u8; SealedChunk::ENC_BYTES]) -> Result<Run, DoesNotOpen> {
        let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(enc).map_err(|_| DoesNotOpen)?;
        let info = info(call, run, self.id());
        let setup = hpke::setup_receiver::<ExportOnly, Kdf, Kem>;
        let context = setup(&OpModeR::Base, &self.key, &enc, &info).map_err(|_| DoesNotOpen)?;
        let key = RecordKey::exported(|label, out| context.export(label, out)).map_err(|_| DoesNotOpen)?;
        Ok(Run { call, key })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, …)", self.id())
    }
}

/// Opens the records of one run, in any order.
pub struct Run {
    call: CallId,
    key: RecordKey,
}

impl Run {
    /// Opens a record (E1).
    pub fn open(&self, mut sealed: SealedChunk) -> Result<Chunk, DoesNotOpen> {
        let bound = bound(self.call, &sealed);
        let cipher = self.key.cipher().map_err(|_| DoesNotOpen)?;
        let opening = cipher.open_in_place(nonce(sealed.track, sealed.number), bound, &mut sealed.bytes);
        let pcm = Pcm::from_le_bytes(opening.map_err(|_| DoesNotOpen)?).ok_or(DoesNotOpen)?;
        if pcm.0.len() as u64 != sealed.span().samples() || pcm.0.is_empty() {
            return Err(DoesNotOpen);
        }
        Ok(Chunk { track: sealed.track, first: sealed.first, pcm })
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Run({}, …)", self.call)
    }
}
