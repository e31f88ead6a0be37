//! What of a request for a certificate is believed: its public key, and that whoever sent it has the private one.
//!
//! In: PKCS#10, from anybody. Out: the key, or why not. A request that asks for a name, for the right to sign, or for anything
//! else is refused rather than half granted: an honest program asks for nothing.

use rcgen::{PublicKeyData, SubjectPublicKeyInfo};
use x509_parser::prelude::{FromDer as _, X509CertificationRequest};

/// The largest request that is looked at, bytes.
pub const LARGEST: usize = 4096;

/// The request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// Not PKCS#10.
    #[error("bad_request: it is no request for a certificate (PKCS#10, DER)")]
    NotOne,
    /// Somebody else's public key.
    #[error("not_the_holder: the request is not signed with the key that it brings")]
    NotTheHolder,
    /// Names and rights are not for the one who asks to choose.
    #[error("asks_for_more: the request asks for a name or a right; send one that asks for nothing")]
    AsksForMore,
    /// Not a kind of key that is certified here.
    #[error("weak_key: only keys on P-256, P-384 or Ed25519 are certified")]
    Key,
}

/// The key of an honest request.
pub fn key_of(der: &[u8]) -> Result<SubjectPublicKeyInfo, BadRequest> {
    if der.len() > LARGEST {
        return Err(BadRequest::NotOne);
    }
    let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| BadRequest::NotOne)?;
    if !rest.is_empty() {
        return Err(BadRequest::NotOne);
    }
    request.verify_signature().map_err(|_| BadRequest::NotTheHolder)?;
    let info = &request.certification_request_info;
    if info.subject.iter().next().is_some() || !info.attributes().is_empty() {
        return Err(BadRequest::AsksForMore);
    }
    let key = SubjectPublicKeyInfo::from_der(info.subject_pki.raw).map_err(|_| BadRequest::Key)?;
    let certified = [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519];
    if !certified.into_iter().any(|algorithm| key.algorithm() == algorithm) {
        return Err(BadRequest::Key);
    }
    Ok(key)
}
