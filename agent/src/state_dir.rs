//! The agent's folder: one agent at a time, and how the command line finds it.
//!
//! In: `state_dir` of the configuration. Out: a lock that lasts as long as the process, the place of the spool, and two
//! files, `control-port` and `control-token`, that only their owner may read.
//! Promised: a second agent is refused with a sentence; a killed one leaves no lock behind, because the system holds it.

use crate::system::only_for_its_user;
use rand::{Rng, RngExt as _};
use referent_identity::private::{create, make_folder};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Why the folder cannot be used. Tell the user.
#[derive(Debug, thiserror::Error)]
pub enum StateDirError {
    /// Stop the other one, or give this one a folder of its own.
    #[error("state_dir = \"{}\" is used by another agent that runs; stop it, or give this one another folder", .0.display())]
    InUse(PathBuf),
    /// Mend the folder, or give another.
    #[error("state_dir = \"{path}\" cannot be used ({error}); it must be a folder on a local disk that this user may write to", path = path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Start the agent.
    #[error("no agent runs with state_dir = \"{}\"; start it first (`referent-agent run`)", .0.display())]
    NobodyThere(PathBuf),
}

/// The folder, locked.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    _lock: File,
}

/// A secret that its owner may show the control port.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn new(rng: &mut impl Rng) -> Self {
        Self(format!("{:032x}{:032x}", rng.random::<u128>(), rng.random::<u128>()))
    }

    /// True when this is it; takes as long whatever is wrong.
    pub fn is(&self, shown: &str) -> bool {
        let (mine, shown) = (self.0.as_bytes(), shown.as_bytes());
        mine.len() == shown.len() && mine.iter().zip(shown).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }

    /// The secret itself, for the header.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

impl StateDir {
    /// Makes the folder if it is not there, and takes it for this process.
    pub fn take(path: &Path) -> Result<Self, StateDirError> {
        let unusable = |error| StateDirError::Unusable { path: path.to_owned(), error };
        make_folder(path).map_err(unusable)?;
        let lock = private(&path.join("lock"), false).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Where the calls are kept.
    pub fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }

    /// Tells the command line where the agent is.
    pub fn publish(&self, http: SocketAddr, token: &Token) -> Result<(), StateDirError> {
        let write = |name: &str, text: &str| private(&self.path.join(name), true)?.write_all(text.as_bytes());
        write("control-token", token.reveal())
            .and_then(|()| write("control-port", &http.to_string()))
            .map_err(|error| StateDirError::Unusable { path: self.path.clone(), error })
    }
}

/// Where the running agent is, and its token.
pub fn find(path: &Path) -> Result<(SocketAddr, Token), StateDirError> {
    let nobody = || StateDirError::NobodyThere(path.to_owned());
    let read = |name: &str| std::fs::read_to_string(path.join(name)).map_err(|_| nobody());
    let address = read("control-port")?.trim().parse().map_err(|_| nobody())?;
    Ok((address, Token(read("control-token")?.trim().to_owned())))
}

/// A file that only its owner may read; made anew, whatever it was before.
fn private(path: &Path, anew: bool) -> io::Result<File> {
    if anew {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return create(path),
        }
    }
    only_for_its_user(OpenOptions::new().create(true).write(true).truncate(false)).open(path)
}
