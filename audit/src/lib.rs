//! A chain of what was read and changed, by whom, in which nothing can be altered unseen.
//!
//! ```text
//! zero ──▶ entry 1 ──▶ entry 2 ──▶ … ──▶ entry n        each hash covers the one before it
//!                         ▲                 ▲
//!                     checkpoint        checkpoint      signed, and kept where the database's owner cannot write
//! ```
//!
//! In: who did what to which thing, and when. Out: a [`Link`] to be stored with it; [`Checkpoint`]s to be kept elsewhere;
//! and from stored links and kept checkpoints what does not fit ([`Finding`]).
//!
//! Promises:
//!   A1  A link whose entry was altered, taken out, put in or put elsewhere is found, and named to within one link, by the
//!       links alone, unless whoever did it wrote every later link anew.
//!   A2  Whoever did that, or cut off the end, is found by the first kept checkpoint behind the place, and the place lies
//!       between it and the last one that fits.
//!   A3  Behind the last kept checkpoint the end can be cut off unseen: how often one is taken is how much that is.
//!   A4  An entry has no content: who, what kind of act, which thing. Each is limited in length ([`MOST_BYTES`]).
//!
//! Each replica has a chain of its own, so that none waits for another; a chain knows its id, and entries of one do not fit
//! into another. Not done here: no storage, no clock.

pub mod chain;
pub mod checkpoint;
pub mod verify;

pub use chain::{Chain, ChainId, Entry, Hash, Link, MOST_BYTES, TooLong};
pub use checkpoint::{Checkpoint, NotACheckpoint, NotAKey, PublicKey, SigningKey};
pub use verify::{Finding, Verifier};
