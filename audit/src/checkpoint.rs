//! Signed words of how a chain stood, to be kept where whoever owns the database cannot write.
//!
//! In: a chain's end and a key. Out: one line of JSON. Ed25519 (RFC 8032) by ring. The key lies beside the service and not in
//! the database: whoever has both can sign what they like, and only what was kept before tells (A2).

use crate::chain::{Chain, ChainId, Hash};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use zeroize::Zeroizing;

const LABEL: &[u8] = b"referent audit checkpoint 1";

/// Signs checkpoints.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

/// It is not what [`SigningKey::generate`] or [`PublicKey`]'s text gives.
#[derive(Debug, Error)]
#[error("this is no {0}: it is made by `referent-notes-api audit key`")]
pub struct NotAKey(&'static str);

impl SigningKey {
    /// A new one, and its text: one line, to be kept in a file that only its owner may read.
    ///
    /// # Errors
    /// If the system has no chance to give.
    pub fn generate() -> Result<(Self, Zeroizing<String>), NotAKey> {
        let private = "private key";
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| NotAKey(private))?;
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| NotAKey(private))?;
        Ok((Self(key), Zeroizing::new(STANDARD.encode(document.as_ref()))))
    }

    /// The one with this text.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(text: &str) -> Result<Self, NotAKey> {
        let private = "private key";
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| NotAKey(private))?);
        Ed25519KeyPair::from_pkcs8(&bytes).map(Self).map_err(|_| NotAKey(private))
    }

    /// What others check its signatures with.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }
}

/// Checks checkpoints. Its text is base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| NotAKey("public key"))?;
        bytes.try_into().map(Self).map_err(|_| NotAKey("public key"))
    }
}

impl TryFrom<String> for PublicKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

/// How a chain stood, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Which chain.
    pub chain: ChainId,
    /// How many links it had.
    pub number: u64,
    /// Of the last of them.
    pub hash: Hash,
    /// When it was signed, UTC milliseconds.
    pub at_ms: i64,
    /// Whose signature it is.
    pub key: PublicKey,
    /// Base64.
    signature: String,
}

/// A line that is no checkpoint.
#[derive(Debug, Error)]
#[error("this line is no checkpoint: {0}")]
pub struct NotACheckpoint(#[from] serde_json::Error);

impl Checkpoint {
    /// How the chain stands now.
    pub fn sign(chain: &Chain, at_ms: i64, key: &SigningKey) -> Self {
        let signed = signed(chain.id(), chain.number(), chain.hash(), at_ms);
        Self {
            chain: chain.id(),
            number: chain.number(),
            hash: chain.hash(),
            at_ms,
            key: key.public(),
            signature: STANDARD.encode(key.0.sign(&signed).as_ref()),
        }
    }

    /// Whether its key signed it. Whether that key is to be believed is asked elsewhere ([`crate::Verifier`]).
    pub fn is_signed(&self) -> bool {
        let Ok(signature) = STANDARD.decode(&self.signature) else { return false };
        let signed = signed(self.chain, self.number, self.hash, self.at_ms);
        UnparsedPublicKey::new(&ED25519, &self.key.0).verify(&signed, &signature).is_ok()
    }

    /// From the line that it is kept as.
    ///
    /// # Errors
    /// If it is another line.
    pub fn read(line: &str) -> Result<Self, NotACheckpoint> {
        Ok(serde_json::from_str(line)?)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

fn signed(chain: ChainId, number: u64, hash: Hash, at_ms: i64) -> Vec<u8> {
    [LABEL, chain.0.as_bytes(), &number.to_be_bytes(), &hash.0, &at_ms.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn checkpoint() -> (Checkpoint, SigningKey) {
        let (key, _) = SigningKey::generate().expect("the system has chance");
        (Checkpoint::sign(&Chain::new(ChainId(Uuid::from_u128(7))), 1_795_000_000_000, &key), key)
    }

    #[test]
    fn it_is_one_line_that_is_read_as_it_was_written() {
        let (checkpoint, _) = checkpoint();
        let line = checkpoint.to_string();
        assert!(!line.contains('\n'));
        assert_eq!(Checkpoint::read(&line).expect("it was written so"), checkpoint);
        assert!(Checkpoint::read(&line.replace("\"number\"", "\"count\"")).is_err());
    }

    #[test]
    fn nothing_of_it_can_be_altered() {
        let (checkpoint, _) = checkpoint();
        assert!(checkpoint.is_signed());
        let other = |alter: fn(&mut Checkpoint)| {
            let mut altered = checkpoint.clone();
            alter(&mut altered);
            altered.is_signed()
        };
        assert!(!other(|it| it.chain = ChainId(Uuid::from_u128(8))));
        assert!(!other(|it| it.number += 1));
        assert!(!other(|it| it.hash.0[31] ^= 1));
        assert!(!other(|it| it.at_ms += 1));
        assert!(!other(|it| it.key.0[0] ^= 1));
        assert!(!other(|it| it.signature.replace_range(0..1, "_")));
        assert!(!other(|it| it.signature.clear()));
    }

    #[test]
    fn a_key_is_read_as_it_was_written_and_shows_nothing_of_itself() {
        let (key, text) = SigningKey::generate().expect("the system has chance");
        let again = SigningKey::read(&format!("{}\n", text.as_str())).expect("it was written so");
        assert_eq!(again.public(), key.public());
        assert_eq!(key.public().to_string().parse::<PublicKey>().expect("it was written so"), key.public());
        assert!(!format!("{key:?}").contains(text.as_str()));
        assert!(SigningKey::read("AAAA").is_err_and(|error| error.to_string().contains("audit key")));
        assert!("AAAA".parse::<PublicKey>().is_err());
    }
}
