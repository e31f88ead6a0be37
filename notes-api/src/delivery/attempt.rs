//! One request to one address, and what its answer means.
//!
//! In: a body and its id. Out: what was answered, or why nothing was. D2: nobody but the configured address is asked, and of its
//! answer only the status, `Retry-After` and a bounded number of bytes are read.

use super::event::CONTENT_TYPE as EVENT;
use super::retry::retry_after;
use super::secret::{BadSecret, Secret, signatures};
use crate::config::delivery::Destination;
use crate::store::outbox::{Ended, Outcome};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Certificate, Client, Identity, Response, StatusCode, Url, redirect};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes of an answer that are read, so that the connection can serve the next delivery; an answer that is longer costs it.
const ANSWER_BYTES: usize = 16 * 1024;
/// And for how long.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Why a destination cannot be asked with this configuration. Tell the person who wrote it.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A secret.
    #[error(transparent)]
    Secret(#[from] BadSecret),
    /// A file with certificates or a key.
    #[error("config: {key} = \"{file}\" cannot be used: {why}; name a PEM file that this program may read")]
    File {
        /// Where it stands in the configuration.
        key: &'static str,
        /// What stands there.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The HTTP client cannot start.
    #[error("the HTTP client of delivery \"{0}\" cannot start; check the system's certificates")]
    Client(String, #[source] reqwest::Error),
}

/// How a destination is asked. Has no `Debug`, because it holds the secrets.
pub(super) struct Address {
    http: Client,
    url: Url,
    secrets: Vec<Secret>,
}

impl Address {
    pub(super) fn new(config: &Destination) -> Result<Self, Unusable> {
        let secrets: Result<Vec<Secret>, BadSecret> =
            config.secret_files.iter().map(|file| Secret::read(file)).collect();
        // Somebody else in the process may have installed it before; either way it is ring.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut builder = Client::builder()
            .connect_timeout(config.connect)
            .timeout(config.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            // What is not answered is tried again by us, and told.
            .retry(reqwest::retry::never())
            .https_only(config.url.scheme() == "https")
            .user_agent(concat!("referent-notes-api/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = &config.authorities {
            builder = builder.tls_certs_only(authorities(file)?);
        }
        if let Some(file) = &config.client_certificate {
            builder = builder.identity(identity(file)?);
        }
        let http = builder.build().map_err(|error| Unusable::Client(config.name.clone(), error))?;
        Ok(Self { http, url: config.url.clone(), secrets: secrets? })
    }

    /// One attempt.
    pub(super) async fn post(&self, id: &str, now_ms: i64, body: Vec<u8>) -> Answered {
        let timestamp_s = now_ms.div_euclid(1000);
        let request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, EVENT)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp_s)
            .header("webhook-signature", signatures(&self.secrets, id, timestamp_s, &body))
            .body(body);
        match request.send().await {
            Ok(response) => {
                let status = response.status();
                let retry_after =
                    response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
                // The status has decided; the rest is a courtesy to the connection.
                drop(tokio::time::timeout(ANSWER_WITHIN, throw_away(response)).await);
                Answered::Status { status, retry_after }
            }
            // reqwest's texts name the address, which may be nobody's business: only the kind is kept.
            Err(error) if error.is_connect() && !error.is_timeout() => Answered::Nothing(Outcome::NoConnection),
            Err(error) if error.is_timeout() => Answered::Nothing(Outcome::Timeout),
            Err(_) => Answered::Nothing(Outcome::Broken),
        }
    }
}

fn unusable(key: &'static str, file: &Path, why: &dyn std::fmt::Display) -> Unusable {
    Unusable::File { key, file: file.to_owned(), why: why.to_string() }
}

fn authorities(file: &Path) -> Result<Vec<Certificate>, Unusable> {
    let key = "delivery.authorities";
    let pem = std::fs::read(file).map_err(|error| unusable(key, file, &error))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|_| unusable(key, file, &"it holds no certificate"))?;
    if found.is_empty() { Err(unusable(key, file, &"it holds no certificate")) } else { Ok(found) }
}

fn identity(file: &Path) -> Result<Identity, Unusable> {
    let key = "delivery.client_certificate";
    let open = referent_identity::private::others_may_read(file).map_err(|error| unusable(key, file, &error))?;
    if open {
        return Err(unusable(key, file, &"everybody may read it"));
    }
    let pem = std::fs::read(file).map_err(|error| unusable(key, file, &error))?;
    Identity::from_pem(&pem).map_err(|_| unusable(key, file, &"it holds no key and certificate"))
}

async fn throw_away(mut response: Response) {
    let mut left = ANSWER_BYTES;
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}

/// What came of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answered {
    /// An answer.
    Status {
        /// Its status.
        status: StatusCode,
        /// Its `Retry-After`, as it came.
        retry_after: Option<String>,
    },
    /// None, and why.
    Nothing(Outcome),
}

impl Answered {
    /// What it means. Whatever is no 2xx and no 410 is tried again for all its days: an address that answers 401 or 404 for an
    /// hour, because somebody rolls out a new version, costs no note.
    pub(super) fn ended(&self, took: Duration, now_ms: i64) -> Ended {
        let (outcome, status, header) = match self {
            Self::Nothing(outcome) => (*outcome, None, None),
            Self::Status { status, retry_after } => {
                let outcome = match status.as_u16() {
                    200..300 => Outcome::Delivered,
                    300..400 => Outcome::Redirected,
                    410 => Outcome::Gone,
                    _ => Outcome::Refused,
                };
                (outcome, Some(status.as_u16()), retry_after.as_deref())
            }
        };
        Ended {
            outcome,
            status,
            took_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
            retry_after_ms: header.and_then(|header| retry_after(header, now_ms)),
            of_message: status.is_some_and(is_of_message),
        }
    }
}

/// These say that this message cannot be taken, and nothing of the next one.
fn is_of_message(status: u16) -> bool {
    matches!(status, 400 | 409 | 411 | 413 | 415 | 422 | 431)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_means() {
        let check = |status: u16, outcome, of_message| {
            let status = StatusCode::from_u16(status).unwrap();
            let ended = Answered::Status { status, retry_after: Some("9".into()) }.ended(Duration::from_millis(12), 0);
            let expected =
                Ended { outcome, status: Some(status.as_u16()), took_ms: 12, retry_after_ms: Some(9_000), of_message };
            assert_eq!(ended, expected);
        };
        for status in [200, 201, 202, 204, 299] {
            check(status, Outcome::Delivered, false);
        }
        for status in [301, 302, 307, 308] {
            check(status, Outcome::Redirected, false);
        }
        check(410, Outcome::Gone, false);
        for status in [401, 403, 404, 408, 425, 429, 500, 502, 503, 504] {
            check(status, Outcome::Refused, false);
        }
        for status in [400, 409, 413, 422] {
            check(status, Outcome::Refused, true);
        }
    }
}
