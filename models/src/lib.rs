//! Which speech models there are, where they come from, and the check without which none is loaded.
//!
//! In: the name of a model, or the path of a file. Out: a `ModelPath`, which is the only thing a recogniser accepts.
//!
//! Promises:
//!   M1  A `ModelPath` exists only for a file whose size and SHA-256 were right when it was made.
//!   M2  A file that the manifest does not list is accepted only if `PATH.sha256` lies beside it and matches.
//!   M3  Every error says what to do next; the one for a missing file holds the command that fetches it.
//!
//! A model is code in all but name: whisper.cpp reads it with little suspicion, and a damaged one can take the
//! process down. Therefore the sum comes first, always.
//!
//! With the feature `fetch`, a listed model can be fetched to where it is looked for; see the module of that name.
//!
//! Not done here: nothing is loaded, and whoever can write to the folder while a model is being
//! loaded is not kept out. The folder should belong to an administrator.

mod manifest;
mod verify;
#[cfg(feature = "fetch")]
pub mod fetch;

pub use manifest::{Kind, Manifest, Model, PublishedWer};
pub use verify::{ModelError, ModelPath, Sha256};
