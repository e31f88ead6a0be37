//! Where doubt about messages ends: wire types become domain types, or a [`BadMessage`] that names the field.
//!
//! In: generated types, anything in them. Out: domain types. Domain types go out by `From`, which cannot fail.
//! Promised: an unknown gap reason becomes `Other`; every other unknown enum value, missing message or impossible number
//! is refused by name. Not done here: nothing is logged, so that no spoken word can be.

mod area;
mod calls;
mod codes;
mod ingest;
mod presence;

/// A message that no honest peer of this version sends. Give up on the stream and tell the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// The field must be there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The field is there and impossible.
    #[error("{field} is {found}, must be {must}")]
    Impossible {
        /// Which field.
        field: &'static str,
        /// What it must be.
        must: &'static str,
        /// What it is; never speech.
        found: String,
    },
    /// A kind of message that this version does not know.
    #[error("{0} has a kind that this version does not know; update this program")]
    UnknownKind(&'static str),
    /// The peer speaks a newer protocol.
    #[error("peer speaks protocol {theirs}, this program speaks up to {ours}; update this program")]
    FutureProtocol {
        /// The peer's.
        theirs: u32,
        /// Ours.
        ours: u32,
    },
}

impl BadMessage {
    fn impossible(field: &'static str, must: &'static str, found: impl std::fmt::Display) -> Self {
        Self::Impossible { field, must, found: found.to_string() }
    }
}

fn need<T>(field: &'static str, value: Option<T>) -> Result<T, BadMessage> {
    value.ok_or(BadMessage::Missing(field))
}
