//! The authority: who is given which certificate.
//!
//! ```text
//! `ca init` ─▶ ca.key, ca.pem ─▶ Authority ─▶ our own certificate, in memory
//! `enrol`   ─▶ a code ─▶ a person ─▶ a PC ─▶ Enrolment ─┴─▶ its certificate
//! ```
//!
//! In: a folder with the authority's key; codes; requests (PKCS#10), of which only the public key is believed. Out:
//! certificates, and in the database which there are (`store::identity`). How the authority itself is replaced: `rollover`.
//!
//! Promises:
//!   A1  Who a certificate names is decided by the code, or by the certificate that is renewed. A request that asks for
//!       anything is refused.
//!   A2  A code is good once, for 15 minutes, and is kept as a hash.
//!   A3  What is revoked is not renewed, begins no call, and ends those that go on within [`crate::ingest::RECHECK`].
//!
//! Not done here: no list of revocations is published; whoever verifies asks this server, as every call does.

pub mod authority;
pub mod rollover;
pub mod request;
pub mod enrolment;
pub mod command;

pub use authority::Authority;

use crate::clock::{Chance, Clock};
use crate::config::tls::TlsConfig;
use crate::store::identity::{Grant, NewCertificate};
use authority::Issue;
use referent_identity::files::Place;
use referent_identity::{Credentials, Holding, Now, Role, Subject, enrol};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether our own certificate is half over.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A day, milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// Whom this server believes, and what it shows of itself.
#[derive(Clone, Debug)]
pub struct Trust {
    /// What it shows.
    pub credentials: Arc<Credentials>,
    /// The authority, where it is ours.
    pub authority: Option<Arc<Authority>>,
    own: Option<Own>,
}

#[derive(Clone, Debug)]
struct Own {
    names: Vec<String>,
    days: u32,
}

impl Trust {
    /// As the configuration says.
    pub fn open(config: &TlsConfig, clock: &Clock, chance: &Chance) -> anyhow::Result<Self> {
        let now = now_of(clock);
        match config {
            TlsConfig::Files { certificate, key, authorities } => {
                let place = Place::Files {
                    certificate: certificate.clone(),
                    key: key.clone(),
                    authorities: authorities.clone(),
                };
                let credentials =
                    Credentials::open(place, now).map_err(|error| anyhow::anyhow!("config: tls: {error}"))?;
                Ok(Self { credentials, authority: None, own: None })
            }
            TlsConfig::Authority { folder, names, days, .. } => {
                let authority = Authority::open(folder).map_err(|error| anyhow::anyhow!("config: tls.ca: {error}"))?;
                let own = Own { names: names.clone(), days: *days };
                let holding = own_certificate(&authority, &own, clock.now_ms(), chance, &now)?;
                Ok(Self {
                    credentials: Credentials::of(holding, now),
                    authority: Some(Arc::new(authority)),
                    own: Some(own),
                })
            }
        }
    }

    /// Keeps our own certificate fresh until `shutdown`.
    pub async fn keep_fresh(self, clock: Clock, chance: Chance, shutdown: CancellationToken) {
        let looking = async {
            let mut is_failing = false;
            let mut tick = tokio::time::interval(LOOK_EVERY);
            loop {
                tick.tick().await;
                let looked = self.look(&clock, &chance);
                if let Err(error) = &looked
                    && !is_failing
                {
                    tracing::error!(%error, "this server's own certificate is not fresh; it is looked at again and again");
                }
                is_failing = looked.is_err();
            }
        };
        shutdown.run_until_cancelled(looking).await;
    }

    fn look(&self, clock: &Clock, chance: &Chance) -> anyhow::Result<()> {
        let (Some(authority), Some(own)) = (&self.authority, &self.own) else {
            self.credentials.reload()?;
            return Ok(());
        };
        let is_due = self.credentials.current().is_none_or(|held| clock.now_ms() >= held.peer.half_life_ms());
        if is_due {
            let now = self.credentials.now().clone();
            self.credentials.replace(own_certificate(authority, own, clock.now_ms(), chance, &now)?);
            tracing::info!("this server's own certificate is renewed");
        }
        Ok(())
    }
}

/// This clock, for certificates.
pub fn now_of(clock: &Clock) -> Now {
    let clock = clock.clone();
    Now::new(move || clock.now_ms())
}

/// A serial number that has not been given, and when it ends.
pub(crate) fn a_new_certificate(
    authority: &Authority,
    chance: &Chance,
    days: u32,
    now_ms: i64,
) -> (NewCertificate, Issue) {
    let mut serial: [u8; 16] = chance.bytes();
    // A positive number that keeps its length.
    serial[0] = (serial[0] & 0x7f) | 0x40;
    let issue = Issue::from_now(serial, days, now_ms);
    let authorities = rollover::names(authority.trusted());
    (NewCertificate { serial: referent_identity::hex(&serial), expires_ms: issue.not_after_ms, authorities }, issue)
}

fn own_certificate(
    authority: &Authority,
    own: &Own,
    now_ms: i64,
    chance: &Chance,
    now: &Now,
) -> anyhow::Result<Holding> {
    let subject: Subject = "notes-api".parse()?;
    let grant = Grant { role: Role::NotesApi, subject, names: own.names.clone() };
    let request = enrol::Request::new()?;
    let key = request::key_of(request.der())?;
    let (_, issue) = a_new_certificate(authority, chance, own.days, now_ms);
    let certificate = authority.issue(&grant, &key, &issue)?;
    let chain = vec![certificate, authority.certificate().clone()];
    Ok(Holding::new(&request.key()?, &chain, authority.trusted(), now)?)
}
