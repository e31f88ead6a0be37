//! Fetches the file of a listed model to where it is looked for.
//!
//! In: what the manifest says of one model. Out: the whole file in its place, or an error that says what to do.
//!
//! The bytes are written to `FILE.part`, which stays when a fetch is cut off, and is gone on with by the next. They are
//! summed while they are written, and only when size and SHA-256 are right is the file made durable and renamed.
//!
//! Promises:
//!   F1  `FILE` is either as it was before, or the whole right file; at no moment is it a part of one.
//!   F2  However often and wherever a fetch was cut, what ends as `FILE` has the sum of the manifest.
//!   F3  Of any number of fetches of one file at most one writes. The others wait, and then find it done.
//!   F4  Every wait and every number of attempts has a limit, which is in `Patience`.
//!   F5  Whoever redirects it cannot lead a fetch from https to http, and no further than five times.
//!
//! A proxy is taken from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; certificates are held to the roots of
//! the operating system (or `SSL_CERT_FILE`, `SSL_CERT_DIR`), so that an organisation's own authority is known here.
//!
//! Not done here: no `ModelPath` comes out of this, since a file is verified again each time before it is loaded. There
//! is no limit on the whole time, because nobody knows the line; what does not move at all ends. The file work is done on
//! the thread that polls: give a fetch a runtime of its own.

mod error;
mod part;
mod transfer;

pub use error::FetchError;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use part::{Part, Turn};
use transfer::Source;

use crate::manifest::{Manifest, Model};
use crate::verify::{self, Sha256};

/// What is to be fetched, from where, and to where.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The name in the manifest.
    pub name: String,
    /// `https://…`; `http://…` only if the host is this very machine.
    pub url: String,
    /// The file that there will be.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its sum.
    pub sha256: Sha256,
}

impl Wanted {
    /// `None` for a model that is part of the repository, and therefore cannot be fetched.
    pub fn of(manifest: &Manifest, model: &Model) -> Option<Self> {
        let Model { name, url, bytes, sha256, .. } = model.clone();
        Some(Self { name, url: url?, path: manifest.path_of(model), bytes, sha256 })
    }
}

/// What to do with a file that is in the place already and is not the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongFile {
    /// Leave it alone and refuse.
    Keep,
    /// Put the right one in its place, once that is whole.
    Replace,
}

/// How long a fetch waits, and how often it tries.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next byte.
    pub idle: Duration,
    /// Tries in a row that bring less than a hundredth of the file, beyond the first; others are not counted.
    pub retries: u32,
    /// Before the first retry; twice as long before each further one in a row.
    pub pause: Duration,
    /// For another fetch of the same file.
    pub other: Duration,
    /// Between two looks at the other fetch.
    pub look: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            retries: 3,
            pause: Duration::from_secs(1),
            other: Duration::from_hours(1),
            look: Duration::from_millis(500),
        }
    }
}

/// Tells how many bytes the file system of a folder has free for us.
pub type FreeSpace = fn(&Path) -> io::Result<u64>;

/// What happens, for a person who watches.
#[derive(Debug)]
pub enum Event<'a> {
    /// Another fetch of the same file is at work.
    Waiting,
    /// Bytes go on from `at`, which is 0 unless an earlier fetch was cut off.
    Begins {
        /// Bytes that were there before.
        at: u64,
    },
    /// So many bytes are there now.
    Bytes {
        /// Counted from the beginning of the file.
        done: u64,
    },
    /// What was there is of no use; the file is fetched from its beginning.
    Afresh,
    /// It did not work this time.
    Again {
        /// Why.
        error: &'a FetchError,
        /// How long it waits before it tries again.
        pause: Duration,
    },
}

/// How a fetch ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The right file was in its place already.
    WasThere,
    /// It is now.
    Fetched,
}

/// Room that is left free on the disk besides the model: 16 MiB, so that it is not this that fills it to the last byte.
const SPARE: u64 = 16 << 20;

/// Puts the file of `wanted` in its place, and tells `tell` of its progress.
///
/// # Errors
/// Whatever keeps it from there; the part that came is kept, unless its sum was wrong.
pub async fn fetch(
    wanted: &Wanted,
    wrong_file: WrongFile,
    patience: &Patience,
    free: FreeSpace,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Outcome, FetchError> {
    let source = Source::new(wanted, patience)?;
    let mut part = loop {
        if is_there(wanted, wrong_file)? {
            return Ok(Outcome::WasThere);
        }
        if let Turn::Ours(part) = Part::take(&wanted.path, patience, tell).await? {
            break part;
        }
    };
    let brought = bring(&source, wanted, patience, free, &mut part, tell).await;
    match brought {
        Ok(()) => part.seal().map(|()| Outcome::Fetched),
        Err(error) => {
            part.leave()?;
            Err(error)
        }
    }
}

/// The space that the file system of `folder` has for an ordinary user, in bytes.
///
/// # Errors
/// When the system cannot tell.
pub fn free_space(folder: &Path) -> io::Result<u64> {
    let system = rustix::fs::statvfs(folder)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

fn is_there(wanted: &Wanted, wrong_file: WrongFile) -> Result<bool, FetchError> {
    let Wanted { name, path, bytes, sha256, .. } = wanted;
    let there = verify::is_right(path, *bytes, *sha256);
    match there.map_err(|source| FetchError::Disk { path: path.clone(), source })? {
        Some(true) => Ok(true),
        Some(false) if wrong_file == WrongFile::Keep => {
            Err(FetchError::WrongFileThere { path: path.clone(), name: name.clone() })
        }
        Some(false) | None => Ok(false),
    }
}

/// Fills the part until its sum is right.
async fn bring(
    source: &Source<'_>,
    wanted: &Wanted,
    patience: &Patience,
    free: FreeSpace,
    part: &mut Part,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<(), FetchError> {
    part.sum_what_is_there(wanted.bytes)?;
    check_space(wanted, part.len(), free)?;
    let mut again = true;
    loop {
        tell(Event::Begins { at: part.len() });
        fill(source, wanted, patience, part, tell).await?;
        let found = part.sum();
        if found == wanted.sha256 {
            return Ok(());
        }
        again &= part.pieces() > 1;
        // A wrong sum is not gone on with, and nothing of it is kept: where the wrong bytes are, nobody knows.
        part.restart()?;
        if !again {
            return Err(FetchError::WrongSum { name: wanted.name.clone(), expected: wanted.sha256, found });
        }
        // Pieces of two versions of a file, or one that a power cut left with holes: once more, from the beginning.
        again = false;
        tell(Event::Afresh);
    }
}

/// Tries until the part has its size.
async fn fill(
    source: &Source<'_>,
    wanted: &Wanted,
    patience: &Patience,
    part: &mut Part,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<(), FetchError> {
    let enough = wanted.bytes.div_ceil(100).max(1);
    let mut tag = None;
    let mut in_vain = 0;
    while part.len() < wanted.bytes {
        let before = part.len();
        let Err(error) = source.pour(&mut tag, part, tell).await else { continue };
        in_vain = if part.len() >= before.saturating_add(enough) { 0 } else { in_vain + 1 };
        if !error.passes() || in_vain > patience.retries {
            return Err(error);
        }
        let pause = patience.pause.saturating_mul(1 << in_vain.saturating_sub(1).min(16));
        tell(Event::Again { error: &error, pause });
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

fn check_space(wanted: &Wanted, there: u64, free: FreeSpace) -> Result<(), FetchError> {
    let folder = part::folder_of(&wanted.path);
    let needed = wanted.bytes.saturating_sub(there).saturating_add(SPARE);
    let free = free(&folder).map_err(|source| FetchError::Disk { path: folder.clone(), source })?;
    if free < needed { Err(FetchError::NoSpace { folder, needed, free }) } else { Ok(()) }
}
