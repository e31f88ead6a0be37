//! What all servers that speak OpenAI's protocol are asked with: a client, an address, a key that does not print.
//!
//! In: what the configuration says. Out: what `draft::llm` and `transcribe::remote` send their requests with. The requests
//! and what is made of the answers are theirs.
//!
//! Promised: only the configured address is asked, so no redirect is followed and no proxy of the environment used; the
//! key is marked so that it does not print; the TLS provider is ring (docs/decisions/0008).

use crate::config::ApiKey;
use reqwest::header::HeaderValue;
use reqwest::{Client, Url, redirect};
use std::time::Duration;

/// Why a server cannot be asked with this configuration. Tell the person who wrote it.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The address is none.
    #[error("{key} = \"{value}\" is not an http or https address; give one such as http://127.0.0.1:8000/v1")]
    Address {
        /// Where it stands in the configuration.
        key: &'static str,
        /// What stands there.
        value: String,
    },
    /// The key cannot be sent in a header.
    #[error("the API key for {0} holds characters that cannot be sent; check the file or variable it is in")]
    Key(&'static str),
    /// The HTTP client cannot start.
    #[error("the HTTP client for {0} cannot start; check the system's certificates")]
    Client(&'static str, #[source] reqwest::Error),
}

/// `base` with the path of an endpoint; `key` is where the configuration has it.
pub fn address(key: &'static str, base: &str, path: &str) -> Result<Url, Unusable> {
    Url::parse(&format!("{}/{path}", base.trim_end_matches('/')))
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| Unusable::Address { key, value: base.to_owned() })
}

/// The header that shows the key; `table` is where the configuration has it.
pub fn authorization(table: &'static str, key: Option<&ApiKey>) -> Result<Option<HeaderValue>, Unusable> {
    let header = key.map(|key| {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", key.reveal())).map_err(|_| Unusable::Key(table))?;
        value.set_sensitive(true);
        Ok(value)
    });
    header.transpose()
}

/// A client that gives up connecting after this time; every other limit is the request's own.
pub fn client(table: &'static str, connect: Duration) -> Result<Client, Unusable> {
    // Somebody else in the process may have installed it before; either way it is ring.
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder()
        .connect_timeout(connect)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("referent-pipeline/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Unusable::Client(table, error))
}
