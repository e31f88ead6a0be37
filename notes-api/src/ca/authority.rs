//! The authority's key and what is signed with it.
//!
//! In: a folder with `ca.key` and `ca.pem`, made once by `ca init`, and at times a second authority (`rollover`). Out:
//! certificates. Promised: the key is written with mode
//! 0600 and refused where everybody may read it; a certificate is for the use that its role has and no other: a
//! caseworker's for opening connections, notes-api's for taking them, a pipeline's for both.

use super::rollover;
use crate::store::identity::Grant;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
};
use referent_identity::who::Role;
use referent_identity::{Peer, Pin, files, private};
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

pub(super) const KEY: &str = "ca.key";
pub(super) const CERTIFICATE: &str = "ca.pem";
/// How long an authority holds.
const AUTHORITY_DAYS: i64 = 3650;
/// A certificate holds from a little before it was issued, because clocks differ.
const EARLIER_MS: i64 = 5 * 60 * 1000;

/// The authority cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthority {
    /// There is one already.
    #[error("{} is there already; an authority that is replaced at once makes every certificate void; `ca next` begins to replace it without that", .0.display())]
    IsThere(PathBuf),
    /// Nobody has made one.
    #[error("there is no authority in {}; make one with `referent-notes-api ca init`", .0.display())]
    IsNotThere(PathBuf),
    /// Whoever can read it can be anybody.
    #[error("{} may be read by everybody on this machine; make its mode 0600", .0.display())]
    OpenToAll(PathBuf),
    /// The system does not let us.
    #[error("{}: {error}; see to the folder and its permissions", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is not what `ca init` has written.
    #[error("{} cannot be used ({why}); restore it from where you keep it", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate first, then those that are trusted beside it.
    trusted: Vec<CertificateDer<'static>>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority(…)")
    }
}

/// Serial number and times of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub serial: [u8; 16],
    /// From when it holds.
    pub not_before_ms: i64,
    /// Until when.
    pub not_after_ms: i64,
}

impl Issue {
    /// One that holds from now on for so many days.
    pub fn from_now(serial: [u8; 16], days: u32, now_ms: i64) -> Self {
        let not_after_ms = now_ms + i64::from(days) * super::DAY_MS;
        Self { serial, not_before_ms: now_ms - EARLIER_MS, not_after_ms }
    }
}

impl Authority {
    /// Makes one in this folder, which has none. Its key is of the system's own chance.
    pub fn init(folder: &Path, now_ms: i64) -> Result<Self, NoAuthority> {
        let (key_file, file) = (folder.join(KEY), folder.join(CERTIFICATE));
        for file in [&key_file, &file] {
            if file.symlink_metadata().is_ok() {
                return Err(NoAuthority::IsThere(file.clone()));
            }
        }
        make(&key_file, &file, now_ms)?;
        Self::open(folder)
    }

    /// The one in this folder.
    pub fn open(folder: &Path) -> Result<Self, NoAuthority> {
        let (key_file, file) = (folder.join(KEY), folder.join(CERTIFICATE));
        if !key_file.exists() || !file.exists() {
            return Err(NoAuthority::IsNotThere(folder.to_owned()));
        }
        let disk = |error| NoAuthority::Disk { path: key_file.clone(), error };
        if private::others_may_read(&key_file).map_err(disk)? {
            return Err(NoAuthority::OpenToAll(key_file));
        }
        let text = std::fs::read_to_string(&key_file).map_err(disk)?;
        let unusable = |path: &Path, why: String| NoAuthority::Unusable { path: path.to_owned(), why };
        let key = KeyPair::from_pem(&text).map_err(|error| unusable(&key_file, error.to_string()))?;
        let found = files::certificates(&file).map_err(|error| unusable(&file, error.to_string()))?;
        let certificate = found.into_iter().next().ok_or_else(|| NoAuthority::IsNotThere(folder.to_owned()))?;
        if !holds(&certificate, &key) {
            return Err(unusable(&file, "it is not the certificate of ca.key".to_owned()));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|error| unusable(&file, error.to_string()))?;
        let trusted = std::iter::once(certificate).chain(rollover::others(folder)?).collect();
        Ok(Self { issuer, trusted })
    }

    /// Its own.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.trusted[0]
    }

    /// Whom everybody has to trust: itself first, then whom it replaces or is replaced by.
    pub fn trusted(&self) -> &[CertificateDer<'static>] {
        &self.trusted
    }

    /// What codes carry of it.
    pub fn pin(&self) -> Pin {
        Pin::of(self.certificate())
    }

    /// A certificate for this key.
    pub fn issue(
        &self,
        grant: &Grant,
        key: &impl PublicKeyData,
        issue: &Issue,
    ) -> Result<CertificateDer<'static>, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(grant.subject.as_str());
        params.serial_number = Some(SerialNumber::from_slice(&issue.serial));
        params.not_before = at(issue.not_before_ms);
        params.not_after = at(issue.not_after_ms);
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match grant.role {
            Role::Caseworker => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Role::Pipeline => vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth],
            Role::NotesApi => vec![ExtendedKeyUsagePurpose::ServerAuth],
        };
        params.subject_alt_names = vec![SanType::URI(Ia5String::try_from(Peer::uri(grant.role, &grant.subject))?)];
        for name in &grant.names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(Ia5String::try_from(name.as_str())?),
            });
        }
        Ok(params.signed_by(key, &self.issuer)?.der().clone())
    }
}

/// A key and its certificate, in these files: first the key.
pub(super) fn make(key_file: &Path, file: &Path, now_ms: i64) -> Result<(), NoAuthority> {
    let unusable = |error: rcgen::Error| NoAuthority::Unusable { path: key_file.to_owned(), why: error.to_string() };
    let key = KeyPair::generate().map_err(unusable)?;
    let mut params = CertificateParams::default();
    // Two authorities of one name would be taken for each other until a signature is looked at.
    let own = referent_identity::hex(&Sha256::digest(key.subject_public_key_info())[..8]);
    params.distinguished_name = named(&format!("Referent authority {own}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = at(now_ms - EARLIER_MS);
    params.not_after = at(now_ms + AUTHORITY_DAYS * super::DAY_MS);
    let certificate = params.self_signed(&key).map_err(unusable)?;
    let write = |path: &Path, text: &str| {
        private::write(path, text.as_bytes()).map_err(|error| NoAuthority::Disk { path: path.to_owned(), error })
    };
    write(key_file, &key.serialize_pem())?;
    write(file, &certificate.pem())
}

/// Which authority this is, in 16 letters.
pub(super) fn name_of(certificate: &CertificateDer<'_>) -> String {
    referent_identity::hex(&Sha256::digest(certificate)[..8])
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn at(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn holds(certificate: &CertificateDer<'_>, key: &KeyPair) -> bool {
    use x509_parser::prelude::{FromDer as _, X509Certificate};
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.public_key().subject_public_key.data.as_ref() == key.der_bytes())
}
