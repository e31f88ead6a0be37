//! Windows 10 and later.
//!
//! Five questions have no answer in the standard library; each is one call of the system's, below, and these are the
//! only unsafe lines of the agent. Access lists are `referent_identity::private`'s.

use super::absolute;
use referent_identity::private;
use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io;
use std::os::windows::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf, Prefix};
use tokio::signal::windows::{
    CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown,
};
use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_BACKUP_SEMANTICS;

/// Where a user's file is, unless another is named: in the part of the profile that stays on this PC.
pub fn usual_place() -> PathBuf {
    absolute("LOCALAPPDATA").unwrap_or_else(|| r"C:\ProgramData".into()).join(r"Referent\agent.toml")
}

/// The agent's folder, unless another is named: the user's own, and not the part that roams.
pub(crate) fn usual_state_dir() -> Option<PathBuf> {
    absolute("LOCALAPPDATA").map(|folder| folder.join(r"Referent\state"))
}

/// Which boot of the PC this is, as the loader counts them; empty where the system does not say. It stays the same over
/// a fast start, and so does the clock of [`boot_us`]: both are the kernel's, which was asleep.
pub(crate) fn boot_id() -> String {
    call::boot_number().map_or_else(String::new, |number| number.to_string())
}

/// Microseconds since boot, running through sleep.
pub(crate) fn boot_us() -> u64 {
    call::interrupt_time() / 10
}

/// As they are: a file takes its access list from its folder, and that of the agent's names the user, the administrators
/// and the system.
pub(crate) fn only_for_its_user(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(folder)?.sync_all()
}

/// Makes the names of a folder and of those above it on the same disk durable. One above that may not be opened was there
/// before.
pub(crate) fn keep_names(folder: &Path) {
    for above in folder.ancestors() {
        if sync_folder(above).is_err() {
            return;
        }
    }
}

/// What this user may still write to the disk of a folder.
pub(crate) fn free_bytes(folder: &Path) -> io::Result<u64> {
    call::free_bytes(&wide(folder.as_os_str()))
}

/// Whether a folder lies on another machine.
pub(crate) fn is_elsewhere(folder: &Path) -> bool {
    let Ok(folder) = std::path::absolute(folder) else { return false };
    let Some(Component::Prefix(prefix)) = folder.components().next() else { return false };
    match prefix.kind() {
        Prefix::UNC(..) | Prefix::VerbatimUNC(..) => true,
        Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => {
            call::is_remote(&wide(OsStr::new(&format!("{}:\\", char::from(letter)))))
        }
        _ => false,
    }
}

/// Who but its user, the system and administrators can enter a folder, as the system writes it; `None` if nobody.
pub(crate) fn open_to_others(folder: &Path) -> io::Result<Option<String>> {
    let others = private::who_else(folder)?;
    Ok((!others.is_empty()).then(|| others.join(", ")))
}

/// What closes a folder to others.
pub(crate) fn closes(folder: &Path) -> String {
    let whom = r#""%USERNAME%":(OI)(CI)F *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F"#;
    format!("icacls \"{}\" /inheritance:r /grant:r {whom}", folder.display())
}

/// Whether anybody but the administrator may write this file, or put another in its place. Below `Program Files`,
/// where the policy is, nobody else can.
pub(crate) fn others_may_write(file: &Path) -> bool {
    !file.starts_with(r"C:\Program Files")
}

/// Where an administrator has put the machine's policy, if not in its usual place: the registry says.
pub(crate) fn policy_place() -> io::Result<Option<PathBuf>> {
    Ok(call::policy_place()?.map(|text| PathBuf::from(OsString::from_wide(&text))))
}

/// The system's, or the user's, wish that the program ends.
#[derive(Debug)]
pub struct Stops {
    c: CtrlC,
    close: CtrlClose,
    log_off: CtrlLogoff,
    shutdown: CtrlShutdown,
}

impl Stops {
    /// From now on a wish is told to `next`, and ends nothing by itself. At log-off and shutdown the system waits some
    /// seconds and then ends the program all the same: what is on the disk by then is sent at the next start.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { c: ctrl_c()?, close: ctrl_close()?, log_off: ctrl_logoff()?, shutdown: ctrl_shutdown()? })
    }

    /// Waits for one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.c.recv() => {}
            _ = self.close.recv() => {}
            _ = self.log_off.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}

/// As the system wants its texts: UTF-16 that ends with a zero.
fn wide(text: &OsStr) -> Vec<u16> {
    text.encode_wide().chain([0]).collect()
}

/// The calls of the system.
#[expect(
    unsafe_code,
    reason = "the standard library has no answer to these, and each call only writes where it is told"
)]
mod call {
    use std::io;
    use std::ptr::null_mut;
    use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS};
    use windows_sys::Win32::Storage::FileSystem::{GetDiskFreeSpaceExW, GetDriveTypeW};
    use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, RRF_RT_REG_DWORD, RRF_RT_REG_SZ, RegGetValueW};
    use windows_sys::Win32::System::WindowsProgramming::{DRIVE_REMOTE, QueryInterruptTimePrecise};
    use windows_sys::w;

    /// 100 ns since boot, sleep included. The tick count would do, but moves in steps of up to 16 ms.
    pub(super) fn interrupt_time() -> u64 {
        let mut time = 0;
        // SAFETY: it writes one u64, and `time` is one.
        unsafe { QueryInterruptTimePrecise(&raw mut time) };
        time
    }

    pub(super) fn boot_number() -> Option<u32> {
        let key = w!(r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters");
        let (mut number, mut size) = (0_u32, 4_u32);
        // SAFETY: both names end with a zero; `number` has the four bytes that `size` says, and only a value of four
        // bytes is asked for.
        let answer = unsafe {
            RegGetValueW(
                HKEY_LOCAL_MACHINE,
                key,
                w!("BootId"),
                RRF_RT_REG_DWORD,
                null_mut(),
                (&raw mut number).cast(),
                &raw mut size,
            )
        };
        (answer == ERROR_SUCCESS).then_some(number)
    }

    /// The value `Policy` of `HKLM\SOFTWARE\Policies\Referent`, without its end; `None` where there is none.
    pub(super) fn policy_place() -> io::Result<Option<Vec<u16>>> {
        let mut text = vec![0_u16; 1024];
        let mut bytes = u32::try_from(2 * text.len()).unwrap_or(0);
        // SAFETY: both names end with a zero; it writes no more than `bytes` bytes into `text`, which has as many.
        let answer = unsafe {
            RegGetValueW(
                HKEY_LOCAL_MACHINE,
                w!(r"SOFTWARE\Policies\Referent"),
                w!("Policy"),
                RRF_RT_REG_SZ,
                null_mut(),
                text.as_mut_ptr().cast(),
                &raw mut bytes,
            )
        };
        match answer {
            ERROR_SUCCESS => {
                let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
                text.truncate(end);
                Ok(Some(text))
            }
            ERROR_FILE_NOT_FOUND => Ok(None),
            other => Err(io::Error::from_raw_os_error(other.cast_signed())),
        }
    }

    pub(super) fn free_bytes(folder: &[u16]) -> io::Result<u64> {
        debug_assert_eq!(folder.last(), Some(&0), "the system reads up to a zero");
        let mut free = 0;
        // SAFETY: `folder` ends with a zero; it writes one u64 where it is given a place, and leaves the others alone.
        let is_told = unsafe { GetDiskFreeSpaceExW(folder.as_ptr(), &raw mut free, null_mut(), null_mut()) };
        if is_told == 0 { Err(io::Error::last_os_error()) } else { Ok(free) }
    }

    pub(super) fn is_remote(root: &[u16]) -> bool {
        debug_assert_eq!(root.last(), Some(&0), "the system reads up to a zero");
        // SAFETY: `root` ends with a zero.
        unsafe { GetDriveTypeW(root.as_ptr()) == DRIVE_REMOTE }
    }
}
