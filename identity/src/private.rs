//! Files that only their owner may read, written whole or not at all.
//!
//! In: a path, and what is to stand there. Out: the file, which was never open to others, not even while it was empty.
//! The one place of this crate that knows a system's permissions:
//!
//! ```text
//! unix       mode 0600, of a folder 0700
//! windows    an access list of its own, which nothing above it adds to: the user, SYSTEM, Administrators
//! ```
//!
//! Not done here: what is there already is not closed; `others_may_read` says that it is open.

#[cfg(any(windows, test))]
mod access_list;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as this;
#[cfg(windows)]
use windows as this;

use std::io::{self, Write as _};
use std::path::Path;

#[cfg(windows)]
pub use this::who_else;
pub use this::{HOW_TO_CLOSE, create, make_folder, others_may_read};

/// Writes a file in place of what was there: after a crash there is the old one or the new one.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_folder(folder)?;
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".new");
    let new = folder.join(name);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // Windows renames nothing that is open.
    drop(file);
    std::fs::rename(&new, path)?;
    this::sync_folder(folder)
}
