//! Who is who: what a certificate says, and connections on which both ends have proved themselves.
//!
//! ```text
//! code ──▶ enrol ──▶ files ──▶ Credentials ──▶ dial ═══ TLS 1.3, both ways ═══ incoming ──▶ Guest, Peer
//!                      ▲           │
//!                      └── renew ──┘ at half of the certificate's life, with a new key
//! ```
//!
//! In: files with a key, its certificate and the authorities, made by `enrol` or brought from elsewhere; addresses. Out:
//! gRPC channels, and on the other side connections of which it is known whose they are.
//!
//! Promises:
//!   N1  A private key is made where it is used and written to one file that only its owner may read; nothing here sends it.
//!   N2  Who somebody is stands in a certificate that a trusted authority signed, in one name
//!       (`referent://caseworker/anna`), and nowhere else.
//!   N3  TLS 1.3 alone, both ends with a certificate. A connection that fails it is closed and counted under a name
//!       ([`Refusal`]); no request of it is looked at.
//!   N4  A renewed certificate has a new key, and is used by the next connection without a restart.
//!
//! Not done here: no certificate is issued (notes-api's `ca`), and none is looked up as revoked (its database). What time it
//! is comes as an argument.

pub mod who;
pub mod code;
pub mod private;
pub mod files;
pub mod config;
pub mod refusal;
pub mod credentials;
pub mod incoming;
pub mod dial;
pub mod enrol;
pub mod renew;

pub use code::{Code, Pin};
pub use credentials::{Credentials, Holding};
pub use dial::Dial;
pub use files::Place;
pub use incoming::{Admission, Guest};
pub use refusal::Refusal;
pub use who::{Peer, Role, Subject};

use std::fmt;
use std::sync::Arc;

/// What time it is, UTC milliseconds: the system's, or a test's.
#[derive(Clone)]
pub struct Now(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Now {
    /// As this function says.
    pub fn new(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// The system's clock.
    pub fn system() -> Self {
        Self::new(|| {
            #[expect(clippy::disallowed_methods, reason = "this is where the wall clock comes from")]
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    /// UTC milliseconds.
    pub fn ms(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Now({})", self.ms())
    }
}

impl rustls::time_provider::TimeProvider for Now {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        let ms = u64::try_from(self.ms()).ok()?;
        Some(rustls::pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_millis(ms)))
    }
}

/// The one cryptography, whatever the process has installed (docs/decisions/0008).
pub(crate) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Bytes as people and columns have them.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}
