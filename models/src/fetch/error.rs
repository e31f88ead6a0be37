//! What can keep a fetch from its end, and which of it passes by itself.
//!
//! In: what went wrong. Out: one sentence that says what to do, without the address that a server redirected to, since
//! such an address can hold a key.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::verify::Sha256;

/// Why a model was not fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Say that it may be replaced, or move it away.
    #[error(
        "{} is there already and is not the model {name}; move it away, or fetch with --replace to put the right one in \
         its place", path.display()
    )]
    WrongFileThere {
        /// The file.
        path: PathBuf,
        /// The model that belongs there.
        name: String,
    },
    /// Correct the manifest.
    #[error("the address {url} is neither https nor on this machine; nothing is fetched from there")]
    BadAddress {
        /// As the manifest says it.
        url: String,
    },
    /// Make room.
    #[error(
        "{} MB are needed in {} and {} MB are free; make room, or choose another folder with --models-dir",
        needed.div_ceil(1_000_000), folder.display(), free / 1_000_000
    )]
    NoSpace {
        /// Where.
        folder: PathBuf,
        /// Bytes that have to be free.
        needed: u64,
        /// Bytes that are.
        free: u64,
    },
    /// Look at rights and disk.
    #[error("{} could not be read or written: {source}; check rights and disk", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Wait for the other one, or end it.
    #[error(
        "another fetch of {} was still at work after {} s; wait until it has ended, or end it, and fetch again",
        path.display(), waited.as_secs()
    )]
    Busy {
        /// The file that both want.
        path: PathBuf,
        /// How long.
        waited: Duration,
    },
    /// The client could not be made.
    #[error("no connection can be made: {why}; check the certificates of this machine, and HTTPS_PROXY if it is set")]
    NoClient {
        /// What the client said.
        why: String,
    },
    /// No answer. Passes, perhaps.
    #[error(
        "{url} is not reached: {why}; check the network, and where there is a proxy HTTPS_PROXY and its certificate \
         (SSL_CERT_FILE), and fetch again"
    )]
    Unreachable {
        /// As the manifest says it.
        url: String,
        /// What the client said.
        why: String,
    },
    /// The answer ended too early or stood still. Passes, perhaps.
    #[error("the answer of {url} was cut off: {why}; fetch again, it goes on where it ended")]
    CutOff {
        /// As the manifest says it.
        url: String,
        /// What the client said.
        why: String,
    },
    /// The server has trouble, or too much to do. Passes, perhaps.
    #[error("{url} answers {status}; fetch again later")]
    Unwell {
        /// As the manifest says it.
        url: String,
        /// The status of HTTP.
        status: u16,
    },
    /// The server does not give it.
    #[error("{url} answers {status}; look whether a proxy stands between, or fetch the file elsewhere and verify it")]
    Refused {
        /// As the manifest says it.
        url: String,
        /// The status of HTTP.
        status: u16,
    },
    /// Too many, or to somewhere unsafe.
    #[error("{url} leads elsewhere, and is not followed: {why}; fetch the file elsewhere and verify it")]
    Redirected {
        /// As the manifest says it.
        url: String,
        /// Why not.
        why: String,
    },
    /// Another file.
    #[error(
        "{url} offers another file: {found} bytes, where the model has {expected}; it has changed there, or a proxy \
         answers in its place"
    )]
    OtherSize {
        /// As the manifest says it.
        url: String,
        /// Bytes of the model.
        expected: u64,
        /// Bytes that were offered, or that had come when it was more than the model has.
        found: u64,
    },
    /// What came is not what was published. The part was removed.
    #[error(
        "what came for {name} has the SHA-256 {found}, where {expected} is expected; it was removed: fetch again, and if \
         it is the same, ask who changed it"
    )]
    WrongSum {
        /// The model.
        name: String,
        /// As the manifest says it.
        expected: Sha256,
        /// Of what came.
        found: Sha256,
    },
}

impl FetchError {
    /// Whether it is worth trying again by itself.
    pub(super) fn passes(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::CutOff { .. } | Self::Unwell { .. })
    }
}

/// The whole chain of causes in one line; the outermost alone often says nothing.
pub(super) fn because(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
