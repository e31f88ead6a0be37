//! Why a connection or a request was refused: one name for each reason, for logs, figures and people.
//!
//! In: what TLS said. Out: a [`Refusal`]. What the other end sent is never part of it.

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};
use std::fmt;

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The peer showed no certificate.
    NoCertificate,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// No authority that is trusted here signed it.
    ForeignAuthority,
    /// The peer does not have the certificate's key.
    NotTheHolder,
    /// It is not for this end of a connection.
    WrongUse,
    /// It is not made as a certificate has to be, or signed by somebody who may not sign.
    BadCertificate,
    /// It does not say who holds it.
    NoIdentity,
    /// It is another server's.
    WrongServer,
    /// TLS 1.2 or older.
    OldTls,
    /// No TLS at all.
    NoTls,
    /// The handshake was not finished in time.
    TooSlow,
    /// The peer went away, or broke the protocol.
    Broken,
    /// The peer refused us, and did not say more.
    RefusedByPeer,
}

impl Refusal {
    /// As figures and logs have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoCertificate => "no_certificate",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::ForeignAuthority => "foreign_authority",
            Self::NotTheHolder => "not_the_holder",
            Self::WrongUse => "wrong_use",
            Self::BadCertificate => "bad_certificate",
            Self::NoIdentity => "no_identity",
            Self::WrongServer => "wrong_server",
            Self::OldTls => "old_tls",
            Self::NoTls => "no_tls",
            Self::TooSlow => "too_slow",
            Self::Broken => "broken",
            Self::RefusedByPeer => "refused_by_peer",
        }
    }

    /// What TLS says went wrong at this end.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(bad) => Self::of_certificate(bad),
            Error::PeerIncompatible(
                PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::Tls13RequiredForQuic
                | PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::Tls12NotOffered,
            ) => Self::OldTls,
            Error::InvalidMessage(_) => Self::NoTls,
            Error::AlertReceived(alert) => Self::of_alert(*alert),
            _ => Self::Broken,
        }
    }

    fn of_certificate(bad: &CertificateError) -> Self {
        use CertificateError as Bad;
        match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => Self::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::NotYetValid,
            Bad::UnknownIssuer => Self::ForeignAuthority,
            Bad::BadSignature => Self::NotTheHolder,
            Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => Self::WrongUse,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Self::WrongServer,
            Bad::ApplicationVerificationFailure => Self::NoIdentity,
            _ => Self::BadCertificate,
        }
    }

    /// What the other end says went wrong there.
    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired => Self::NoCertificate,
            AlertDescription::CertificateExpired => Self::Expired,
            AlertDescription::UnknownCA => Self::ForeignAuthority,
            AlertDescription::DecryptError => Self::NotTheHolder,
            AlertDescription::UnsupportedCertificate => Self::WrongUse,
            AlertDescription::AccessDenied => Self::NoIdentity,
            AlertDescription::BadCertificate | AlertDescription::CertificateUnknown => Self::BadCertificate,
            AlertDescription::ProtocolVersion => Self::OldTls,
            _ => Self::RefusedByPeer,
        }
    }

    /// The same, found among the causes of an error of any kind; `None` where TLS was not the matter.
    pub fn among_causes(error: &(dyn std::error::Error + 'static)) -> Option<(Self, By)> {
        let mut next = Some(error);
        while let Some(cause) = next {
            if let Some(tls) = cause.downcast_ref::<Error>() {
                let by = if matches!(tls, Error::AlertReceived(_)) { By::Peer } else { By::Us };
                return Some((Self::of(tls), by));
            }
            if let Some(io) = cause.downcast_ref::<std::io::Error>()
                && let Some(found) = io.get_ref().and_then(|inner| Self::among_causes(inner))
            {
                return Some(found);
            }
            next = cause.source();
        }
        None
    }
}

/// Who refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// This end.
    Us,
    /// The other end, by an alert.
    Peer,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
