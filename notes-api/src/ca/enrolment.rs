//! The door for whoever has no certificate yet, and for whoever renews one.
//!
//! In: `identity.v1`. Out: certificates. TLS as everywhere, but here the other end may come without a certificate, and then
//! can do one thing: bring a code. Wrong codes are bounded: [`WRONG_A_MINUTE`] from one address, after which it waits; a code
//! has 80 random bits, so that the bound protects the database rather than the code.

use super::request::{LARGEST, key_of};
use super::{Authority, a_new_certificate};
use crate::clock::{Chance, Clock};
use crate::store::identity::{Shown, Spent, Standing};
use crate::store::{Store, StoreError};
use referent_identity::incoming::{Ask, incoming, refused};
use referent_identity::{Code, Credentials, Guest, Role};
use referent_proto::identity::enrolment_server::{Enrolment, EnrolmentServer};
use referent_proto::identity::{EnrolRequest, Issued, RenewRequest};
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// Wrong codes from one address within a minute; then it waits for the next.
pub const WRONG_A_MINUTE: u32 = 10;
/// Addresses that are remembered with wrong codes; when there are more, all wait for the next minute.
const ADDRESSES: usize = 4096;
const MINUTE_MS: i64 = 60_000;
/// A connection is for one request.
const CONNECTION_AGE: Duration = Duration::from_mins(1);

/// What the door needs.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) authority: Arc<Authority>,
    pub(crate) days: u32,
    pub(crate) wrong: Arc<Wrong>,
}

/// Serves until shutdown.
pub(crate) async fn serve(
    door: Door,
    listener: TcpListener,
    credentials: Arc<Credentials>,
    shutdown: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let service = EnrolmentServer::new(door).max_decoding_message_size(2 * LARGEST);
    tonic::transport::Server::builder()
        .max_connection_age(CONNECTION_AGE)
        .timeout(Duration::from_secs(10))
        .concurrency_limit_per_connection(4)
        .add_service(service)
        .serve_with_incoming_shutdown(incoming(listener, Some((credentials, Ask::IfThere))), shutdown.cancelled_owned())
        .await
}

#[tonic::async_trait]
impl Enrolment for Door {
    async fn enrol(&self, request: Request<EnrolRequest>) -> Result<Response<Issued>, Status> {
        let from = Guest::of(&request).and_then(|guest| guest.address);
        let now_ms = self.clock.now_ms();
        if !self.wrong.may_try(from, now_ms) {
            return Err(no("too_many_tries", Status::resource_exhausted, "wait a minute before the next try"));
        }
        let EnrolRequest { code, request } = request.into_inner();
        // First the request: a code is not spent on one that cannot be answered.
        let key = key_of(&request).map_err(bad_request)?;
        let wrong = || {
            self.wrong.count(from, now_ms);
            no("wrong_code", Status::permission_denied, "the server knows no such code; have a new one made")
        };
        let code: Code = code.parse().map_err(|_| wrong())?;
        let (new, issue) = a_new_certificate(&self.authority, &self.chance, self.days, now_ms);
        let grant = match self.store.spend_code(code.hash(), new, now_ms).await.map_err(unavailable)? {
            Spent::Grant(grant) => grant,
            Spent::Wrong => return Err(wrong()),
            Spent::Used => {
                self.wrong.count(from, now_ms);
                return Err(no(
                    "used_code",
                    Status::permission_denied,
                    "this code was used; if that was not you, tell whoever made it at once, and have a new one made",
                ));
            }
            Spent::Expired => {
                self.wrong.count(from, now_ms);
                return Err(no(
                    "expired_code",
                    Status::permission_denied,
                    "this code was good for 15 minutes, and they are over; have a new one made",
                ));
            }
        };
        let certificate = self.authority.issue(&grant, &key, &issue).map_err(internal)?;
        metrics::counter!("referent_certificates_issued_total", "by" => "code").increment(1);
        tracing::info!(role = grant.role.name(), subject = %grant.subject, "enrolled");
        Ok(Response::new(self.issued(&certificate)))
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<Issued>, Status> {
        let peer = Guest::of(&request).and_then(|guest| guest.peer.clone()).ok_or_else(|| {
            no("no_certificate", Status::unauthenticated, "only a certificate that holds is renewed; enrol again")
        })?;
        if peer.role == Role::NotesApi {
            return Err(no("wrong_role", Status::permission_denied, "this server renews its own"));
        }
        let now_ms = self.clock.now_ms();
        let key = key_of(&request.into_inner().request).map_err(bad_request)?;
        if peer.key == hash_of_key(&key) {
            return Err(no("same_key", Status::invalid_argument, "a renewed certificate has a new key; make one"));
        }
        let (new, issue) = a_new_certificate(&self.authority, &self.chance, self.days, now_ms);
        let shown = Shown { role: peer.role, subject: peer.subject.to_string(), serial: peer.serial };
        let grant = match self.store.renew_certificate(shown, new, now_ms).await.map_err(unavailable)? {
            Ok(grant) => grant,
            Err(standing) => return Err(does_not_stand(standing, peer.role)),
        };
        let certificate = self.authority.issue(&grant, &key, &issue).map_err(internal)?;
        metrics::counter!("referent_certificates_issued_total", "by" => "renewal").increment(1);
        tracing::info!(role = grant.role.name(), subject = %grant.subject, "renewed");
        Ok(Response::new(self.issued(&certificate)))
    }
}

impl Door {
    fn issued(&self, certificate: &CertificateDer<'_>) -> Issued {
        let authorities = self.authority.trusted().iter().map(|authority| authority.to_vec()).collect();
        Issued { certificate: certificate.to_vec(), authorities }
    }
}

/// A refusal that is counted and named.
fn no(reason: &'static str, status: fn(String) -> Status, why: &str) -> Status {
    refused(reason);
    tracing::warn!(reason, "nobody is enrolled");
    status(format!("{reason}: {why}"))
}

fn bad_request(bad: super::request::BadRequest) -> Status {
    refused("bad_request");
    tracing::warn!(reason = %bad, "nobody is enrolled");
    Status::invalid_argument(bad.to_string())
}

/// What is said to whoever shows a certificate that does not stand.
pub(crate) fn does_not_stand(standing: Standing, role: Role) -> Status {
    let whose = role.name();
    let (reason, why) = match standing {
        Standing::Revoked => ("revoked", format!("revoked: this {whose}'s certificate is revoked; enrol again")),
        Standing::Unknown | Standing::Good => (
            "unknown_certificate",
            format!("unknown_certificate: this {whose}'s certificate was not issued here; enrol again"),
        ),
    };
    refused(reason);
    tracing::warn!(reason, whose, "a certificate is refused");
    match role {
        // About the peer itself, and about somebody whom it speaks for.
        Role::Pipeline | Role::NotesApi => Status::unauthenticated(why),
        Role::Caseworker => Status::permission_denied(why),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` wants it")]
fn unavailable(error: StoreError) -> Status {
    tracing::error!(%error, "a certificate could not be issued");
    Status::unavailable("the database does not answer; try again")
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` wants it")]
fn internal(error: rcgen::Error) -> Status {
    tracing::error!(%error, "a certificate could not be signed");
    Status::internal("something is wrong on the server; see its log")
}

/// As [`referent_identity::Peer`] has it of a certificate.
fn hash_of_key(key: &rcgen::SubjectPublicKeyInfo) -> [u8; 32] {
    use rcgen::PublicKeyData as _;
    Sha256::digest(key.subject_public_key_info()).into()
}

/// Who has brought wrong codes within the last minute.
#[derive(Debug, Default)]
pub(crate) struct Wrong(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    began_ms: i64,
    counts: HashMap<Option<IpAddr>, u32>,
}

impl Wrong {
    fn may_try(&self, from: Option<SocketAddr>, now_ms: i64) -> bool {
        let minute = self.at(now_ms);
        let from = from.map(|from| from.ip());
        match minute.counts.get(&from) {
            Some(count) => *count < WRONG_A_MINUTE,
            None => minute.counts.len() < ADDRESSES,
        }
    }

    fn count(&self, from: Option<SocketAddr>, now_ms: i64) {
        *self.at(now_ms).counts.entry(from.map(|from| from.ip())).or_default() += 1;
    }

    fn at(&self, now_ms: i64) -> std::sync::MutexGuard<'_, Minute> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now_ms - minute.began_ms >= MINUTE_MS || now_ms < minute.began_ms {
            *minute = Minute { began_ms: now_ms, counts: HashMap::new() };
        }
        minute
    }
}
