//! The table `[tls]`: an authority of our own, or files from one elsewhere.
//!
//! In: the table as it is written. Out: a [`TlsConfig`], or the key, its value and what is wrong with it.

use rustls::pki_types::ServerName;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where this server's certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsConfig {
    /// It is its own authority.
    Authority {
        /// With `ca.key` and `ca.pem`.
        folder: PathBuf,
        /// What pipelines and PCs call this server: DNS names and addresses.
        names: Vec<String>,
        /// Where programs enrol and renew, if anywhere.
        enrol: Option<SocketAddr>,
        /// How long a certificate holds.
        days: u32,
    },
    /// An authority elsewhere.
    Files {
        /// PEM.
        certificate: PathBuf,
        /// PEM.
        key: PathBuf,
        /// PEM, whom to trust.
        authorities: PathBuf,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    ca: Option<PathBuf>,
    #[serde(default)]
    names: Vec<String>,
    enrol: Option<String>,
    certificate_days: Option<u32>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    authorities: Option<PathBuf>,
}

/// A key of the table, its value, and what is wrong with it.
pub(super) type Wrong = (&'static str, String, &'static str);

/// Two months: a PC that was off for four weeks still renews.
const DAYS: u32 = 60;

impl RawTls {
    pub(super) fn check(self) -> Result<TlsConfig, Wrong> {
        let Self { ca, names, enrol, certificate_days, certificate, key, authorities } = self;
        match (ca, certificate, key, authorities) {
            (Some(folder), None, None, None) => {
                let days = certificate_days.unwrap_or(DAYS);
                if !(1..=366).contains(&days) {
                    let problem = "makes no sense; use 1 to 366, 60 if in doubt";
                    return Err(("tls.certificate_days", days.to_string(), problem));
                }
                if names.is_empty() {
                    let problem =
                        "names nobody; list what pipelines and PCs call this server, for example [\"notes.example\"]";
                    return Err(("tls.names", String::new(), problem));
                }
                if let Some(bad) = names.iter().find(|name| ServerName::try_from(name.as_str()).is_err()) {
                    return Err(("tls.names", bad.clone(), "is neither a DNS name nor an address; correct it"));
                }
                let problem = "is no address and port; write for example 0.0.0.0:8443";
                let parsed = enrol.map(|text| text.parse().map_err(|_| ("tls.enrol", text, problem)));
                let enrol = parsed.transpose()?;
                Ok(TlsConfig::Authority { folder, names, enrol, days })
            }
            (None, Some(certificate), Some(key), Some(authorities)) => {
                if enrol.is_some() || certificate_days.is_some() || !names.is_empty() {
                    let problem = "is for an authority of this server's own (tls.ca); remove it, or the three files";
                    return Err(("tls.enrol, tls.names or tls.certificate_days", "…".to_owned(), problem));
                }
                Ok(TlsConfig::Files { certificate, key, authorities })
            }
            (None, None, None, None) => Err((
                "tls.ca",
                String::new(),
                "is missing; name the folder that `referent-notes-api ca init` has filled",
            )),
            _ => {
                let problem = "is not whole: it takes either ca, or certificate, key and authorities; correct it";
                Err(("tls", "…".to_owned(), problem))
            }
        }
    }
}
