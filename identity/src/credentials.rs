//! What a program shows of itself and whom it trusts, as TLS wants it; changed while connections are open.
//!
//! In: files, or what was just issued. Out: for the next connection, at either end of it, the configuration that holds now.
//! Promised: TLS 1.3 with HTTP/2 only; no session is resumed, because a resumed one would not look at the certificate
//! again; files that cannot be used leave what was used before in force.

use crate::files::{BadFiles, Place, Read};
use crate::who::{NoIdentity, Peer};
use crate::{Now, provider};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme, version,
};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

const HTTP_2: &[u8] = b"h2";

/// A key, its certificate, and whom the holder trusts.
#[derive(Debug)]
pub struct Holding {
    /// Who the certificate says we are.
    pub peer: Peer,
    /// For our end of a connection that we take: the other end has to show a certificate.
    pub(crate) server: Arc<ServerConfig>,
    /// The same, where the other end may have none yet.
    pub(crate) greeter: Arc<ServerConfig>,
    /// For our end of a connection that we open.
    pub(crate) client: Arc<ClientConfig>,
}

/// Why a key and a certificate make no identity.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Have another one issued.
    #[error("it does not say who holds it: {0}")]
    NoIdentity(#[from] NoIdentity),
    /// The files do not belong together.
    #[error("{0}")]
    Tls(#[from] Error),
    /// The list of whom to trust is not usable.
    #[error("the authorities cannot be used: {0}")]
    Authorities(String),
}

impl Holding {
    /// Of a key, the chain that begins with its certificate, and the authorities that are trusted.
    pub fn new(
        key: &PrivateKeyDer<'static>,
        chain: &[CertificateDer<'static>],
        authorities: &[CertificateDer<'static>],
        now: &Now,
    ) -> Result<Self, Unusable> {
        let own = chain.first().ok_or(Error::NoCertificatesPresented)?;
        let peer = Peer::of(own)?;
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority.clone())?;
        }
        let roots = Arc::new(roots);
        let strict = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider());
        let strict = strict.build().map_err(|error| Unusable::Authorities(error.to_string()))?;
        let lenient = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider());
        let lenient =
            lenient.allow_unauthenticated().build().map_err(|error| Unusable::Authorities(error.to_string()))?;
        let server = WebPkiServerVerifier::builder_with_provider(roots, provider());
        let server = server.build().map_err(|error| Unusable::Authorities(error.to_string()))?;
        Ok(Self {
            peer,
            server: serving(strict, key, chain, now)?,
            greeter: serving(lenient, key, chain, now)?,
            client: calling(Arc::new(Trusted(server)), Some((key, chain)), now)?,
        })
    }
}

fn serving(
    verifier: Arc<dyn ClientCertVerifier>,
    key: &PrivateKeyDer<'static>,
    chain: &[CertificateDer<'static>],
    now: &Now,
) -> Result<Arc<ServerConfig>, Error> {
    let mut config = ServerConfig::builder_with_details(provider(), Arc::new(now.clone()))
        .with_protocol_versions(&[&version::TLS13])?
        .with_client_cert_verifier(Arc::new(Named(verifier)))
        .with_single_cert(chain.to_vec(), key.clone_key())?;
    config.alpn_protocols = vec![HTTP_2.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// The configuration of whoever opens a connection, with a certificate of its own or without.
pub(crate) fn calling(
    verifier: Arc<dyn ServerCertVerifier>,
    own: Option<(&PrivateKeyDer<'static>, &[CertificateDer<'static>])>,
    now: &Now,
) -> Result<Arc<ClientConfig>, Error> {
    let config = ClientConfig::builder_with_details(provider(), Arc::new(now.clone()))
        .with_protocol_versions(&[&version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match own {
        Some((key, chain)) => config.with_client_auth_cert(chain.to_vec(), key.clone_key())?,
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![HTTP_2.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Looks at certificates as its inner verifier does, and takes none that does not say who holds it.
#[derive(Debug)]
struct Named(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Named {
    fn offer_client_auth(&self) -> bool {
        self.0.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.0.verify_client_cert(end_entity, intermediates, now).map_err(of_another)?;
        Peer::of(end_entity)
            .map_err(|_| Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// An authority with the name of ours and another key is another authority; that its signature is wrong would say of the
/// peer that it has no key.
fn of_another(error: Error) -> Error {
    match error {
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            Error::InvalidCertificate(CertificateError::UnknownIssuer)
        }
        other => other,
    }
}

/// Looks at servers' certificates as its inner verifier does, and names what is of another authority.
#[derive(Debug)]
struct Trusted(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.0.verify_server_cert(end_entity, intermediates, name, ocsp, now).map_err(of_another)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// What a program holds now. Shared by everything that connects.
#[derive(Debug)]
pub struct Credentials {
    place: Option<Place>,
    now: Now,
    state: RwLock<State>,
    trouble: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct State {
    holding: Option<Arc<Holding>>,
    written: Vec<Option<SystemTime>>,
}

impl Credentials {
    /// Of files that have to be there.
    pub fn open(place: Place, now: Now) -> Result<Arc<Self>, BadFiles> {
        let credentials = Self::expecting(place, now);
        credentials.reload()?;
        Ok(credentials)
    }

    /// Of files that may come later ([`Credentials::reload`]); until then no connection stands.
    pub fn expecting(place: Place, now: Now) -> Arc<Self> {
        Arc::new(Self { place: Some(place), now, state: RwLock::default(), trouble: Mutex::default() })
    }

    /// Of what is in memory alone.
    pub fn of(holding: Holding, now: Now) -> Arc<Self> {
        let state = State { holding: Some(Arc::new(holding)), written: Vec::new() };
        Arc::new(Self { place: None, now, state: RwLock::new(state), trouble: Mutex::default() })
    }

    /// What is held now, if anything.
    pub fn current(&self) -> Option<Arc<Holding>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).holding.clone()
    }

    /// From now on this is held.
    pub fn replace(&self, holding: Holding) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).holding = Some(Arc::new(holding));
    }

    /// Looks at the files again, if they were written since. Gives whether something else is held now. What cannot be used
    /// is tried again when it was written again.
    pub fn reload(&self) -> Result<bool, BadFiles> {
        let Some(place) = &self.place else { return Ok(false) };
        let written = place.written();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.written == written {
            return Ok(false);
        }
        state.written = written;
        let Read { key, chain, authorities } = place.read()?;
        let holding = Holding::new(&key, &chain, &authorities, &self.now)
            .map_err(|why| BadFiles::Unusable { path: place.certificate(), why: why.to_string() })?;
        state.holding = Some(Arc::new(holding));
        Ok(true)
    }

    /// The folder that is renewed, if there is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.place {
            Some(Place::Folder(folder)) => Some(folder),
            _ => None,
        }
    }

    /// Where to renew.
    pub(crate) fn server(&self) -> Option<String> {
        self.place.as_ref().and_then(Place::server)
    }

    /// What time it is for these.
    pub fn now(&self) -> &Now {
        &self.now
    }

    /// What the last try to renew ended with, if it failed.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_troubled(&self, why: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}
