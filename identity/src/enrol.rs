//! Comes by a certificate: once by a code, and from then on by the certificate that is held.
//!
//! In: the server's address and a code that a person typed. Out: a folder with a key that was made here, its certificate,
//! and whom to trust. The request (PKCS#10) has a public key and no wish: who somebody is, the server knows by the code.
//! Promised: the code is sent only to a server whose authority the code names; nothing is written before all of it came.

use crate::code::{Code, Pin};
use crate::credentials::{Credentials, Holding, Unusable, calling};
use crate::dial::{Dial, connect_with};
use crate::files::keep;
use crate::refusal::Refusal;
use crate::who::Peer;
use crate::{Now, provider};
use referent_proto::identity::enrolment_client::EnrolmentClient;
use referent_proto::identity::{EnrolRequest, Issued, RenewRequest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::Endpoint;
use tonic::{Code as GrpcCode, Status};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// No certificate came.
#[derive(Debug, thiserror::Error)]
pub enum CannotEnrol {
    /// Correct it.
    #[error("{0} is no address; write for example https://referent.example:8443")]
    Address(String),
    /// Try again, or see to the network.
    #[error("{server} is not reached ({why}); check the address, and that the server runs")]
    NotReached {
        /// Where.
        server: String,
        /// Why not.
        why: String,
    },
    /// Do not type the code anywhere else: somebody may stand between.
    #[error(
        "{server} is not the server that the code comes from ({why}); check the address, and that nothing stands between"
    )]
    AnotherServer {
        /// Where.
        server: String,
        /// What TLS says.
        why: Refusal,
    },
    /// As the server says.
    #[error("the server refused: {0}")]
    Refused(String),
    /// Report it.
    #[error("the server sent a certificate that cannot be used: {0}")]
    Unusable(#[from] Unusable),
    /// Nobody to renew for.
    #[error("there is no certificate to renew; enrol this program")]
    NothingToRenew,
    /// Mend the disk.
    #[error("the certificate cannot be kept: {0}")]
    Disk(#[from] io::Error),
    /// Report it.
    #[error("no key can be made: {0}")]
    Key(#[from] rcgen::Error),
}

/// A key that has no certificate yet, and the request for one.
pub struct Request {
    key: rcgen::KeyPair,
    der: Vec<u8>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Request(…)")
    }
}

impl Request {
    /// A new key (ECDSA, P-256), by the system's own chance.
    pub fn new() -> Result<Self, rcgen::Error> {
        let key = rcgen::KeyPair::generate()?;
        let mut wishes = rcgen::CertificateParams::default();
        wishes.distinguished_name = rcgen::DistinguishedName::new();
        let der = wishes.serialize_request(&key)?.der().to_vec();
        Ok(Self { key, der })
    }

    /// What is sent.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The key that was made, for TLS.
    pub fn key(&self) -> Result<PrivateKeyDer<'static>, Unusable> {
        let der = self.key.serialize_der();
        PrivateKeyDer::try_from(der).map_err(|why| Unusable::Tls(Error::General(why.to_owned())))
    }

    /// Keeps what was issued for it, if it can be used.
    fn keep(&self, issued: Issued, folder: &Path, server: &str, now: &Now) -> Result<Peer, CannotEnrol> {
        let certificate = CertificateDer::from(issued.certificate);
        let authorities: Vec<_> = issued.authorities.into_iter().map(CertificateDer::from).collect();
        let holding = Holding::new(&self.key()?, std::slice::from_ref(&certificate), &authorities, now)?;
        keep(folder, &self.key.serialize_pem(), &certificate, &authorities, server)?;
        Ok(holding.peer)
    }
}

/// Enrols whoever the code is for, at this server (`https://host:port`), into this folder.
pub async fn enrol(server: &str, code: &Code, folder: &Path, now: &Now) -> Result<Peer, CannotEnrol> {
    let bad = || CannotEnrol::Address(server.to_owned());
    let endpoint = Endpoint::from_shared(server.to_owned()).map_err(|_| bad())?.connect_timeout(CONNECT_WITHIN);
    if endpoint.uri().scheme_str() != Some("https") || endpoint.uri().host().is_none() {
        return Err(bad());
    }
    let pinned = Arc::new(Pinned { pin: code.pin().clone() });
    let config = calling(pinned, None, now).map_err(Unusable::Tls)?;
    let channel = connect_with(&endpoint, config).await.map_err(|error| not_connected(server, &error))?;
    let request = Request::new()?;
    let asked = EnrolRequest { code: code.reveal(), request: request.der().to_vec() };
    let mut client = EnrolmentClient::new(channel);
    let issued = tokio::time::timeout(ANSWER_WITHIN, client.enrol(asked)).await;
    let issued = issued.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")));
    let issued = issued.map_err(|status| refused(server, &status))?.into_inner();
    request.keep(issued, folder, server, now)
}

/// Renews what is held, with a new key, and holds the new one from then on.
pub async fn renew(credentials: &Arc<Credentials>) -> Result<Peer, CannotEnrol> {
    let (Some(folder), Some(server)) = (credentials.folder(), credentials.server()) else {
        return Err(CannotEnrol::NothingToRenew);
    };
    let dial = Dial::to(&server, Some(Arc::clone(credentials)), |endpoint| endpoint.connect_timeout(CONNECT_WITHIN))
        .map_err(|_| CannotEnrol::Address(server.clone()))?;
    let channel = dial.connect().await.map_err(|error| not_connected(&server, &error))?;
    let request = Request::new()?;
    let mut client = EnrolmentClient::new(channel);
    let asked = RenewRequest { request: request.der().to_vec() };
    let issued = tokio::time::timeout(ANSWER_WITHIN, client.renew(asked)).await;
    let issued = issued.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")));
    let issued = issued.map_err(|status| refused(&server, &status))?.into_inner();
    let peer = request.keep(issued, folder, &server, credentials.now())?;
    credentials.reload().map_err(|error| CannotEnrol::Disk(io::Error::other(error)))?;
    Ok(peer)
}

fn not_connected(server: &str, error: &(dyn std::error::Error + 'static)) -> CannotEnrol {
    let server = server.to_owned();
    match Refusal::among_causes(error) {
        Some((why, _)) => CannotEnrol::AnotherServer { server, why },
        None => CannotEnrol::NotReached { server, why: last_cause(error) },
    }
}

fn refused(server: &str, status: &Status) -> CannotEnrol {
    let source: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(status);
    if let Some((why, _)) = source.and_then(Refusal::among_causes) {
        return CannotEnrol::Refused(why.to_string());
    }
    match status.code() {
        GrpcCode::Unavailable | GrpcCode::DeadlineExceeded | GrpcCode::Unknown => {
            CannotEnrol::NotReached { server: server.to_owned(), why: status.message().to_owned() }
        }
        _ => CannotEnrol::Refused(status.message().to_owned()),
    }
}

/// The last of the causes, which is the system's word for it.
fn last_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Takes the one server whose authority the code names.
#[derive(Debug)]
struct Pinned {
    pin: Pin,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let named = intermediates.iter().find(|shown| Pin::of(shown) == self.pin);
        let authority = named.ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        let verifier = verifier.map_err(|_| Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 alone is spoken here".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
