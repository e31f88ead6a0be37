//! An authority of the test's own, and what it signs: for PCs, and for servers that are what they should be or not.

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use referent_identity::{Credentials, Now, Place};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// From when until when, in days from now.
pub(crate) type Days = (i64, i64);

/// Half of it is over, and no more.
pub(crate) const FRESH: Days = (-10, 50);

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::from_ca_cert_der(certificate.der(), key).unwrap(), pem: certificate.pem() }
    }

    /// What a PC holds, as `enrol` leaves it; it trusts this authority.
    pub(crate) fn enrols(&self, folder: &Path, days: Days) {
        self.signs(folder, "referent://caseworker/anna", &[], days, &self.pem);
    }

    /// What a server shows that is called so; it believes PCs that `trusted` has signed.
    pub(crate) fn server(&self, folder: &Path, host: &str, days: Days, trusted: &Self) -> Arc<Credentials> {
        self.signs(folder, "referent://pipeline/p1", &[host.to_owned()], days, &trusted.pem);
        Credentials::open(Place::Folder(folder.to_owned()), Now::system()).unwrap()
    }

    fn signs(&self, folder: &Path, name: &str, hosts: &[String], days: Days, authorities: &str) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.subject_alt_names.push(rcgen::SanType::URI(name.try_into().unwrap()));
        params.distinguished_name = DistinguishedName::new();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let now = OffsetDateTime::now_utc();
        params.not_before = now + Duration::days(days.0);
        // So that it is as many days when it is looked at.
        params.not_after = now + Duration::days(days.1) + Duration::hours(1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let identity = format!("{}{}", key.serialize_pem(), certificate.pem());
        referent_identity::private::write(&folder.join("identity.pem"), identity.as_bytes()).unwrap();
        std::fs::write(folder.join("authorities.pem"), authorities).unwrap();
    }
}

/// Where a PC's certificate is.
pub(crate) fn identity_of(state_dir: &Path) -> PathBuf {
    state_dir.join("identity")
}
