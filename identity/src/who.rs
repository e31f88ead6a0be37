//! What a certificate says of its holder: a role, a name, a serial number, and from when until when.
//!
//! In: a certificate's bytes. Out: a [`Peer`], or the reason why it is nobody's here. The name stands in the certificate as
//! a URI among its alternative names, `referent://ROLE/NAME`, exactly once; everything else of it is for others.
//! Promised: two certificates with the same role and name are the same person or machine. Not done here: no signature is
//! looked at; that is the handshake's.

use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

const SCHEME: &str = "referent://";

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Begins calls: the agent on a caseworker's PC.
    Caseworker,
    /// Brings words: a worker.
    Pipeline,
    /// Keeps words.
    NotesApi,
}

impl Role {
    /// As it stands in a certificate.
    pub fn name(self) -> &'static str {
        match self {
            Self::Caseworker => "caseworker",
            Self::Pipeline => "pipeline",
            Self::NotesApi => "notes-api",
        }
    }
}

impl FromStr for Role {
    type Err = NoIdentity;
    fn from_str(name: &str) -> Result<Self, NoIdentity> {
        [Self::Caseworker, Self::Pipeline, Self::NotesApi]
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or(NoIdentity::UnknownRole)
    }
}

/// A name that is good in a URI and a column as it stands: 1 to 64 of `A-Z a-z 0-9 . _ @ + -`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Subject(String);

impl Subject {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = NoIdentity;
    fn from_str(name: &str) -> Result<Self, NoIdentity> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
        if (1..=64).contains(&name.len()) && name.bytes().all(is_good) {
            Ok(Self(name.to_owned()))
        } else {
            Err(NoIdentity::BadName)
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a certificate says nothing of who holds it. Have one issued that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIdentity {
    /// The bytes are no certificate.
    #[error("it is no X.509 certificate")]
    NoCertificate,
    /// There is no name of ours in it.
    #[error("no name in it begins with {SCHEME}")]
    NoName,
    /// It could be either of them.
    #[error("more than one name in it begins with {SCHEME}")]
    TwoNames,
    /// Not one of the three.
    #[error("a role is caseworker, pipeline or notes-api")]
    UnknownRole,
    /// Not what a name is made of.
    #[error("a name has 1 to 64 characters, of A-Z a-z 0-9 . _ @ + -")]
    BadName,
}

/// The holder of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// What it may do.
    pub role: Role,
    /// Who it is.
    pub subject: Subject,
    /// The certificate's serial number, hex.
    pub serial: String,
    /// From when it holds, UTC milliseconds.
    pub not_before_ms: i64,
    /// Until when it holds, UTC milliseconds.
    pub not_after_ms: i64,
    /// SHA-256 of its public key, as it stands in the certificate.
    pub key: [u8; 32],
}

impl Peer {
    /// What this certificate says.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, NoIdentity> {
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| NoIdentity::NoCertificate)?;
        let names = parsed.subject_alternative_name().map_err(|_| NoIdentity::NoCertificate)?;
        let mut ours = names.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
            GeneralName::URI(uri) => uri.strip_prefix(SCHEME),
            _ => None,
        });
        let name = ours.next().ok_or(NoIdentity::NoName)?;
        if ours.next().is_some() {
            return Err(NoIdentity::TwoNames);
        }
        let (role, subject) = name.split_once('/').ok_or(NoIdentity::BadName)?;
        Ok(Self {
            role: role.parse()?,
            subject: subject.parse()?,
            serial: crate::hex(parsed.raw_serial()),
            not_before_ms: parsed.validity().not_before.timestamp() * 1000,
            // A certificate holds through the whole of its last second.
            not_after_ms: parsed.validity().not_after.timestamp() * 1000 + 999,
            key: Sha256::digest(parsed.public_key().raw).into(),
        })
    }

    /// The name as it stands in a certificate.
    pub fn uri(role: Role, subject: &Subject) -> String {
        format!("{SCHEME}{}/{subject}", role.name())
    }

    /// Whether it holds now.
    pub fn holds_at(&self, now_ms: i64) -> Validity {
        match now_ms {
            _ if now_ms < self.not_before_ms => Validity::NotYet,
            _ if now_ms > self.not_after_ms => Validity::Expired,
            _ => Validity::Holds,
        }
    }

    /// From when it is to be renewed: half of its life is over.
    pub fn half_life_ms(&self) -> i64 {
        self.not_before_ms + (self.not_after_ms - self.not_before_ms) / 2
    }
}

/// Whether a certificate holds at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Its time has not come.
    NotYet,
    /// It does.
    Holds,
    /// Its time is over.
    Expired,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_uri_and_a_column_take() {
        for good in ["anna", "LHA", "anna.berg@kommune.example", "pc-7_b+1"] {
            assert_eq!(good.parse::<Subject>().map(|name| name.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", "a b", "a/b", "æ", "a%62", "a\0", &"a".repeat(65)] {
            assert_eq!(bad.parse::<Subject>(), Err(NoIdentity::BadName), "{bad}");
        }
    }

    #[test]
    fn a_certificate_says_who_in_one_name_or_it_says_nothing() {
        let with = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| rcgen::SanType::URI((*name).try_into().unwrap())).collect();
            let mut params = rcgen::CertificateParams::default();
            params.subject_alt_names = names;
            let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
            Peer::of(certificate.der()).map(|peer| (peer.role, peer.subject.to_string()))
        };
        assert_eq!(with(&["referent://caseworker/anna"]), Ok((Role::Caseworker, "anna".into())));
        assert_eq!(with(&["https://x.example", "referent://pipeline/p1"]), Ok((Role::Pipeline, "p1".into())));
        assert_eq!(with(&[]), Err(NoIdentity::NoName));
        assert_eq!(with(&["https://caseworker/anna"]), Err(NoIdentity::NoName));
        assert_eq!(with(&["referent://caseworker/anna", "referent://caseworker/bo"]), Err(NoIdentity::TwoNames));
        assert_eq!(with(&["referent://administrator/anna"]), Err(NoIdentity::UnknownRole));
        assert_eq!(with(&["referent://caseworker/anna/b"]), Err(NoIdentity::BadName));
        assert_eq!(with(&["referent://caseworker"]), Err(NoIdentity::BadName));
        assert_eq!(Peer::of(&CertificateDer::from(vec![1, 2])), Err(NoIdentity::NoCertificate));
    }
}
