//! What was read and changed, by whom, written in the transaction that it tells of.
//!
//! In: a [`Deed`]. Out: a link at the end of one of this process's chains. A process has several, and a thing always the same
//! one: two writers of one call follow one another in any case (T2), and those of two calls seldom meet.

use super::{Store, StoreError, Stored, Tx, from_sql_int, sql_int};
use crate::retention::Kind;
use referent_audit::{Chain, ChainId, Entry, Hash, Link, MOST_BYTES};
use referent_proto::CallId;
use sqlx::FromRow;
use std::sync::Arc;

/// Who a deed is by that was done on the command line: whoever may open the database.
pub const CONSOLE: &str = "console";

/// Links that one read takes.
const PAGE: i64 = 1000;

/// What is done. The list only grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Somebody logged in.
    SessionOpened,
    /// Somebody logged out.
    SessionEnded,
    /// A case system let somebody open the pane.
    LaunchGranted,
    /// Somebody else sees a call from now on.
    CallHandedOver,
    /// The words of a call were read: all of them, or from now on.
    TranscriptRead,
    /// The texts that are not believed were read.
    SuppressedRead,
    /// The versions of a note were read.
    NoteRead,
    /// Figures over many calls were read.
    FiguresRead,
    /// What somebody types was kept.
    EditKept,
    /// A version of a note was saved.
    NoteSaved,
    /// Another draft was asked for.
    DraftAsked,
    /// The agent was asked to record nothing.
    PauseAsked,
    /// The agent was asked to go on.
    ResumeAsked,
    /// A call was erased.
    CallDiscarded,
    /// A kind of content was erased of a call.
    Erased(Kind),
    /// A legal hold was put on a call.
    HoldSet,
    /// A legal hold was taken off a call.
    HoldReleased,
    /// An administrator erased a call.
    CallErased,
    /// All of a call was given out, for somebody's right of access.
    CallExported,
    /// A code was made by which somebody comes by a certificate.
    EnrolmentGranted,
    /// Certificates are refused from now on.
    CertificatesRevoked,
    /// Changes of notes were read, without their text.
    ChangesRead,
    /// The text of a note was sent.
    NoteSent,
    /// Deliveries or destinations were read.
    DeliveriesRead,
    /// A delivery is to be sent once more.
    DeliveryReplayed,
    /// A destination is sent to again.
    DestinationEnabled,
    /// Nothing more is sent to a destination.
    DestinationDisabled,
}

impl Act {
    /// The word in the chain.
    pub fn word(self) -> &'static str {
        match self {
            Self::SessionOpened => "session_opened",
            Self::SessionEnded => "session_ended",
            Self::LaunchGranted => "launch_granted",
            Self::CallHandedOver => "call_handed_over",
            Self::TranscriptRead => "transcript_read",
            Self::SuppressedRead => "suppressed_read",
            Self::NoteRead => "note_read",
            Self::FiguresRead => "figures_read",
            Self::EditKept => "edit_kept",
            Self::NoteSaved => "note_saved",
            Self::DraftAsked => "draft_asked",
            Self::PauseAsked => "pause_asked",
            Self::ResumeAsked => "resume_asked",
            Self::CallDiscarded => "call_discarded",
            Self::Erased(Kind::Transcript) => "transcript_erased",
            Self::Erased(Kind::Drafts) => "drafts_erased",
            Self::Erased(Kind::Edit) => "edit_erased",
            Self::Erased(Kind::Note) => "note_erased",
            Self::Erased(Kind::Activity) => "activity_erased",
            Self::Erased(Kind::Identifiers) => "identifiers_erased",
            Self::Erased(Kind::Events) => "events_erased",
            Self::Erased(Kind::Figures) => "figures_erased",
            Self::HoldSet => "hold_set",
            Self::HoldReleased => "hold_released",
            Self::CallErased => "call_erased",
            Self::CallExported => "call_exported",
            Self::EnrolmentGranted => "enrolment_granted",
            Self::CertificatesRevoked => "certificates_revoked",
            Self::ChangesRead => "changes_read",
            Self::NoteSent => "note_sent",
            Self::DeliveriesRead => "deliveries_read",
            Self::DeliveryReplayed => "delivery_replayed",
            Self::DestinationEnabled => "destination_enabled",
            Self::DestinationDisabled => "destination_disabled",
        }
    }
}

/// Who did what to which thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deed {
    who: String,
    act: Act,
    about: String,
}

impl Deed {
    /// To a call.
    pub fn with_call(who: &str, act: Act, call: CallId) -> Self {
        Self::with(who, act, format!("call/{call}"))
    }

    /// To something else, by kind and name. A text that is too long for a link loses its end.
    pub fn with(who: &str, act: Act, about: impl Into<String>) -> Self {
        let short = |mut text: String| {
            text.truncate(text.floor_char_boundary(MOST_BYTES));
            text
        };
        Self { who: short(who.to_owned()), act, about: short(about.into()) }
    }
}

/// The chains of this process. Each comes to be with its first link.
#[derive(Clone, Debug)]
pub(crate) struct Chains(Arc<[ChainId]>);

impl Chains {
    /// Those with these ids; at least one.
    pub(super) fn new(ids: impl Iterator<Item = ChainId>) -> Self {
        Self(ids.collect())
    }

    /// The one for this thing.
    fn of(&self, about: &str) -> ChainId {
        let sum = about.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        self.0[sum % self.0.len()]
    }

    /// All.
    pub(crate) fn ids(&self) -> &[ChainId] {
        &self.0
    }
}

/// Writes it down. Nobody hears of what `tx` does before this is durable as well.
pub(crate) async fn tell(tx: &mut Tx, deed: &Deed, now_ms: i64) -> Stored<()> {
    let id = tx.chains.of(&deed.about);
    let mut chain = if let Some(chain) = next(tx, id).await? {
        chain
    } else {
        begin(tx, id, now_ms).await?;
        next(tx, id).await?.ok_or(StoreError::Corrupt { column: "audit_chains.chain" })?
    };
    let entry =
        Entry { at_ms: now_ms, who: deed.who.clone(), what: deed.act.word().to_owned(), about: deed.about.clone() };
    let link = chain.append(entry).map_err(|_| StoreError::Corrupt { column: "audit.about" })?;
    run!(
        tx,
        "INSERT INTO audit (chain, number, at_ms, who, what, about, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id.to_string(),
        sql_int(link.number),
        link.entry.at_ms,
        link.entry.who.as_str(),
        link.entry.what.as_str(),
        link.entry.about.as_str(),
        link.hash.to_string()
    )?;
    run!(tx, "UPDATE audit_chains SET hash = $2 WHERE chain = $1", id.to_string(), link.hash.to_string()).map(drop)
}

/// From here on until this transaction ends nobody else tells in the chain of this deed, which may be told or not.
pub(crate) async fn hold(tx: &mut Tx, deed: &Deed) -> Stored<()> {
    let id = tx.chains.of(&deed.about);
    run!(tx, "UPDATE audit_chains SET links = links WHERE chain = $1", id.to_string()).map(drop)
}

/// The end of the chain, held by this transaction until it ends.
async fn next(tx: &mut Tx, id: ChainId) -> Stored<Option<Chain>> {
    let end = row!(
        tx,
        (i64, String),
        "UPDATE audit_chains SET links = links + 1 WHERE chain = $1 RETURNING links - 1, hash",
        id.to_string()
    )?;
    end.map(|(links, hash)| ending(id, links, &hash)).transpose()
}

async fn begin(tx: &mut Tx, id: ChainId, now_ms: i64) -> Stored<()> {
    run!(
        tx,
        "INSERT INTO audit_chains (chain, began_ms, links, hash) VALUES ($1, $2, 0, $3) ON CONFLICT (chain) DO NOTHING",
        id.to_string(),
        now_ms,
        Chain::new(id).hash().to_string()
    )
    .map(drop)
}

fn ending(id: ChainId, links: i64, hash: &str) -> Stored<Chain> {
    let hash: Hash = hash.parse().map_err(|_| StoreError::Corrupt { column: "audit_chains.hash" })?;
    Ok(Chain::ending(id, from_sql_int("audit_chains.links", links)?, hash))
}

macro_rules! links {
    ($which:literal) => {
        concat!("SELECT chain, number, at_ms, who, what, about, hash FROM audit ", $which)
    };
}

#[derive(FromRow)]
struct LinkColumns {
    chain: String,
    number: i64,
    at_ms: i64,
    who: String,
    what: String,
    about: String,
    hash: String,
}

impl LinkColumns {
    /// A hash that is none was tampered with, which is for the verifier to say: it becomes one that fits nowhere.
    fn link(self) -> Stored<Link> {
        Ok(Link {
            number: from_sql_int("audit.number", self.number)?,
            entry: Entry { at_ms: self.at_ms, who: self.who, what: self.what, about: self.about },
            hash: self.hash.parse().unwrap_or(Hash([0; 32])),
        })
    }
}

impl Store {
    /// Something was read, or done outside of the database: durable when this returns.
    pub async fn tell(&self, deed: Deed, now_ms: i64) -> Stored<()> {
        self.write(move |tx| Box::pin(async move { tell(tx, &deed, now_ms).await })).await
    }

    /// The same of many at once, in one transaction.
    pub async fn tell_all(&self, mut deeds: Vec<Deed>, now_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                // Two that tell of several things take their chains in the same order, and neither waits for the other for good.
                deeds.sort_by_key(|deed| tx.chains.of(&deed.about));
                for deed in &deeds {
                    tell(tx, deed, now_ms).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Where the chains of this process end, of those that have begun.
    pub async fn own_chains(&self) -> Stored<Vec<Chain>> {
        let ids: Vec<ChainId> = self.chains.ids().to_vec();
        self.read(move |tx| {
            Box::pin(async move {
                let mut chains = Vec::new();
                for id in ids {
                    let end = row!(
                        tx,
                        (i64, String),
                        "SELECT links, hash FROM audit_chains WHERE chain = $1",
                        id.to_string()
                    )?;
                    chains.extend(end.map(|(links, hash)| ending(id, links, &hash)).transpose()?);
                }
                Ok(chains)
            })
        })
        .await
    }

    /// Every chain that there is, the oldest first, with how many links it says it has.
    pub async fn chains(&self) -> Stored<Vec<(ChainId, u64)>> {
        self.read(move |tx| {
            Box::pin(async move {
                rows!(tx, (String, i64), "SELECT chain, links FROM audit_chains ORDER BY began_ms, chain")?
                    .into_iter()
                    .map(|(chain, links)| Ok((chain_id(&chain)?, from_sql_int("audit_chains.links", links)?)))
                    .collect()
            })
        })
        .await
    }

    /// Links of a chain behind a number, at most a page of them.
    pub async fn links_after(&self, chain: ChainId, after: u64) -> Stored<Vec<Link>> {
        self.read(move |tx| {
            Box::pin(async move {
                rows!(
                    tx,
                    LinkColumns,
                    links!("WHERE chain = $1 AND number > $2 ORDER BY number LIMIT $3"),
                    chain.to_string(),
                    sql_int(after),
                    PAGE
                )?
                .into_iter()
                .map(LinkColumns::link)
                .collect()
            })
        })
        .await
    }

    /// What was done to a thing, the oldest first.
    pub async fn deeds(&self, about: String) -> Stored<Vec<(ChainId, Link)>> {
        self.read(move |tx| Box::pin(async move { deeds_in(tx, &about).await })).await
    }
}

/// What was done to a thing, the oldest first.
pub(super) async fn deeds_in(tx: &mut Tx, about: &str) -> Stored<Vec<(ChainId, Link)>> {
    rows!(tx, LinkColumns, links!("WHERE about = $1 ORDER BY at_ms, chain, number"), about)?
        .into_iter()
        .map(|row| Ok((chain_id(&row.chain)?, row.link()?)))
        .collect()
}

fn chain_id(text: &str) -> Stored<ChainId> {
    text.parse().map(ChainId).map_err(|_| StoreError::Corrupt { column: "audit_chains.chain" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_loses_its_end_and_no_letter_is_cut() {
        let deed = Deed::with(&"å".repeat(150), Act::NoteSaved, "call/1");
        assert_eq!(deed.who, "å".repeat(100));
        assert_eq!(deed.about, "call/1");
    }

    #[test]
    fn a_thing_always_has_the_same_chain() {
        let chains = Chains::new((0..8).map(|id| ChainId(uuid::Uuid::from_u128(id))));
        let of = |about: &str| chains.of(about).0.as_u128();
        assert_eq!(of("call/1"), of("call/1"));
        let used: std::collections::BTreeSet<u128> = (0..200).map(|call| of(&format!("call/{call}"))).collect();
        assert_eq!(used.len(), 8);
    }
}
