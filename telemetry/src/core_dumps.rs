//! A core dump of this process would hold what was spoken: there is none.
//!
//! Promised: after `forbid` this process leaves no core dump; on Linux no other process of the same user can look into
//! its memory either. Not done here: swap, and the image of a PC that hibernates.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;

/// Switches core dumps off, for good.
pub fn forbid() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // A kernel that pipes cores into a program, as desktops have it, does not ask for that limit (core(5)).
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
