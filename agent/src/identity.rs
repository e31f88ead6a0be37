//! Who this agent is to the server: its certificate, and what is wrong with it if something is.
//!
//! In: the credentials, and how the last connection was refused. Out: a [`Trouble`], with words for the caseworker, and the
//! part of `status` that tells it. Promised: whatever is wrong here, calls are recorded and kept meanwhile; nothing of it
//! reaches `permit` or `spool`.

use crate::clock::Clock;
use crate::status::Words;
use referent_identity::refusal::By;
use referent_identity::who::Validity;
use referent_identity::{Credentials, Now, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

/// What keeps calls here because of who this agent is, or whom it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// There is no certificate.
    NotEnrolled,
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not come: a clock is wrong.
    NotYetValid,
    /// The server refuses the certificate.
    Refused,
    /// The server cannot show that it is ours.
    ServerNotTrusted,
}

impl Trouble {
    /// What is wrong, judged by what is held and by how the last connection ended.
    pub fn of(credentials: &Credentials, refusal: Option<(Refusal, By)>, is_unauthenticated: bool) -> Option<Self> {
        let Some(holding) = credentials.current() else { return Some(Self::NotEnrolled) };
        match (holding.peer.holds_at(credentials.now().ms()), refusal) {
            (Validity::Expired, _) => Some(Self::Expired),
            (Validity::NotYet, _) => Some(Self::NotYetValid),
            (Validity::Holds, Some((_, By::Us))) => Some(Self::ServerNotTrusted),
            (Validity::Holds, Some((_, By::Peer))) => Some(Self::Refused),
            (Validity::Holds, None) if is_unauthenticated => Some(Self::Refused),
            (Validity::Holds, None) => None,
        }
    }

    /// For the caseworker.
    pub fn words(self) -> Words {
        let (da, en) = match self {
            Self::NotEnrolled => (
                "Pc'en er ikke tilmeldt serveren. Lyden gemmes på pc'en, indtil den er det.",
                "This PC is not enrolled. Sound is kept on it until it is.",
            ),
            Self::Expired => (
                "Pc'ens certifikat er udløbet. Lyden gemmes på pc'en, indtil den er tilmeldt igen.",
                "This PC's certificate has run out. Sound is kept on it until it is enrolled again.",
            ),
            Self::NotYetValid => (
                "Pc'ens certifikat gælder ikke endnu; pc'ens ur er forkert. Lyden gemmes på pc'en.",
                "This PC's certificate does not hold yet; the PC's clock is wrong. Sound is kept on it.",
            ),
            Self::Refused => (
                "Serveren afviser pc'ens certifikat. Lyden gemmes på pc'en.",
                "The server refuses this PC's certificate. Sound is kept on it.",
            ),
            Self::ServerNotTrusted => (
                "Serveren kan ikke vise, at den er den rigtige. Lyden gemmes på pc'en og sendes ikke.",
                "The server cannot show that it is the right one. Sound is kept on this PC and not sent.",
            ),
        };
        Words { da, en }
    }
}

/// Who this agent is, in `status`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Identity)]
pub struct Report {
    /// The caseworker, as the certificate says; `None` before it is enrolled.
    pub subject: Option<String>,
    /// Until when the certificate holds, UTC milliseconds.
    pub expires_utc_ms: Option<i64>,
    /// What is wrong.
    pub trouble: Option<Trouble>,
    /// The same in words.
    pub problem: Option<Words>,
    /// Why the last try to renew the certificate failed.
    pub renewal: Option<String>,
}

impl Report {
    /// How it stands.
    pub fn of(credentials: &Credentials, trouble: Option<Trouble>) -> Self {
        let holding = credentials.current();
        Self {
            subject: holding.as_ref().map(|holding| holding.peer.subject.to_string()),
            expires_utc_ms: holding.as_ref().map(|holding| holding.peer.not_after_ms),
            trouble,
            problem: trouble.map(Trouble::words),
            renewal: credentials.trouble(),
        }
    }
}

/// The PC's wall clock, for certificates.
pub fn now_of(clock: &Clock) -> Now {
    let clock = clock.clone();
    Now::new(move || clock.wall().utc_ms)
}
