//! A core dump of this process would hold what was spoken: there is none.
//!
//! Promised: after `forbid` this process leaves no core dump; on Linux no other process of the same user can look into
//! its memory either. On Windows a crash is not reported, and so not dumped by the system's reporter; a debugger that an
//! administrator attached still can. Not done here: swap, and the image of a PC that hibernates.

use std::io;

/// Switches core dumps off, for good.
#[cfg(unix)]
pub fn forbid() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // A kernel that pipes cores into a program, as desktops have it, does not ask for that limit (core(5)).
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Switches the report of crashes off, which is what dumps.
#[cfg(windows)]
pub fn forbid() -> io::Result<()> {
    use windows_sys::Win32::System::Diagnostics::Debug::{SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SetErrorMode};
    #[expect(unsafe_code, reason = "the standard library cannot do it")]
    // SAFETY: it takes two flags and touches no memory of ours.
    unsafe {
        SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX)
    };
    Ok(())
}
