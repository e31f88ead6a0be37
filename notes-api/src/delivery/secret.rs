//! The secrets that deliveries are signed with, and the signature.
//!
//! In: a file with one line, `whsec_` and base64 of 24 to 64 random bytes. Out: the header `webhook-signature` as Standard
//! Webhooks 1.0.0 has it. Promised: a secret has no `Debug`, is in no error, and is read from no file that everybody may read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use referent_identity::private;
use ring::hmac;
use std::path::{Path, PathBuf};

const PREFIX: &str = "whsec_";

/// Why a secret cannot be used. Tell the person who wrote the configuration.
#[derive(Debug, thiserror::Error)]
pub enum BadSecret {
    /// It may not be read, or is not there.
    #[error(
        "config: delivery.secret_files = \"{0}\" cannot be read: {1}; make one with `referent-notes-api deliveries secret \
         --out FILE`"
    )]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// Everybody may read it.
    #[error("config: delivery.secret_files = \"{0}\" may be read by everybody; {how}", how = private::HOW_TO_CLOSE)]
    Open(PathBuf),
    /// It is none.
    #[error(
        "config: delivery.secret_files = \"{0}\" is no secret: it holds one line of whsec_ and base64 of 24 to 64 bytes; \
         make one with `referent-notes-api deliveries secret --out FILE`"
    )]
    Malformed(PathBuf),
}

/// What signs.
pub struct Secret(hmac::Key);

impl Secret {
    /// Reads it from its file.
    pub fn read(file: &Path) -> Result<Self, BadSecret> {
        let unreadable = |error| BadSecret::Unreadable(file.to_owned(), error);
        if private::others_may_read(file).map_err(unreadable)? {
            return Err(BadSecret::Open(file.to_owned()));
        }
        let text = std::fs::read_to_string(file).map_err(unreadable)?;
        Self::parse(&text).ok_or_else(|| BadSecret::Malformed(file.to_owned()))
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim().strip_prefix(PREFIX)?).ok()?;
        (24..=64).contains(&bytes.len()).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// A new one, as it stands in its file.
    pub fn text_of(random: &[u8; 32]) -> String {
        format!("{PREFIX}{}", STANDARD.encode(random))
    }

    fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> String {
        let mut signing = hmac::Context::with_key(&self.0);
        signing.update(format!("{id}.{timestamp_s}.").as_bytes());
        signing.update(body);
        format!("v1,{}", STANDARD.encode(signing.sign()))
    }
}

/// One signature for each secret, so that a receiver that knows any of them believes it: that is how secrets are rotated.
pub(super) fn signatures(secrets: &[Secret], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let all: Vec<String> = secrets.iter().map(|secret| secret.sign(id, timestamp_s, body)).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the libraries of Standard Webhooks test themselves with (`libraries/javascript/src/webhook.test.ts`,
    /// "sign function works").
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    /// What docs/integrating.md lets people try their receiver with.
    #[test]
    fn the_example_of_the_documents_is_signed_right() {
        let secret = Secret::parse("whsec_MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=").unwrap();
        let body = include_bytes!("../../../docs/schemas/note-saved.example.json");
        let signed = secret.sign("5f0c7f0e-6f55-8c1d-9d0b-3a1b8f3f7c11", 1_772_452_800, body);
        assert!(include_str!("../../../docs/integrating.md").contains(&signed), "{signed}");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let check = |text: &str, is_good| assert_eq!(Secret::parse(text).is_some(), is_good, "{text}");
        check(&Secret::text_of(&[7; 32]), true);
        check(&format!("whsec_{}", STANDARD.encode([1; 24])), true);
        check(&format!("whsec_{}", STANDARD.encode([1; 23])), false);
        check(&format!("whsec_{}", STANDARD.encode([1; 65])), false);
        check(&STANDARD.encode([1; 32]), false);
        check("whsec_not base64", false);
        check("", false);
    }
}
