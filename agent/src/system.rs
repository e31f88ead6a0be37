//! What differs from one operating system to the next: its clock, its disk, where a user's files are, how it asks a
//! program to end.
//!
//! The same names on each, one module each, thin over the standard library; whoever needs them says
//! `crate::system::…` and asks for no system. Sound has its own (`capture`), the place of the policy too (`policy`).
//!
//! ```text
//!            clock                       disk                              end
//! unix       boot clock, boot id         modes, fsync of folders, statfs   SIGTERM, SIGINT
//! windows    interrupt time, boot id     access lists                      Ctrl+C, closed, log-off, shutdown
//! ```
//!
//! macOS is unix here, without a boot id; that part is carried and was never compiled.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::path::PathBuf;
#[cfg(unix)]
use unix as this;
#[cfg(windows)]
use windows as this;

pub use this::{Stops, usual_place};
pub(crate) use this::{
    boot_id, boot_us, closes, free_bytes, is_elsewhere, keep_names, only_for_its_user, open_to_others,
    others_may_write, policy_place, sync_folder, usual_state_dir,
};

/// A folder that a variable of the environment names, if it does so whole.
fn absolute(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute())
}
