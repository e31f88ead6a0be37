//! Linux and macOS.

use super::absolute;
use rustix::fs::{statfs, statvfs};
use rustix::time::{ClockId, clock_gettime};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// File systems that lie on another machine, as Linux numbers them: NFS, SMB, SMB2 and CIFS.
#[cfg(target_os = "linux")]
const ELSEWHERE: [u32; 4] = [0x6969, 0x517b, 0xfe53_4d42, 0xff53_4d42];

/// The clock that runs through suspend. On macOS the monotonic one does (`clock_gettime(3)`).
#[cfg(target_os = "linux")]
const BOOT: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const BOOT: ClockId = ClockId::Monotonic;

/// Where a user's file is, unless another is named: as the service has it, so that a hot key or a link needs no path.
pub fn usual_place() -> PathBuf {
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
    folder.unwrap_or_else(|| "/etc".into()).join("referent/agent.toml")
}

/// The agent's folder, unless another is named: the user's own. `None` where the user has none.
pub(crate) fn usual_state_dir() -> Option<PathBuf> {
    let folder = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    folder.map(|folder| folder.join("referent"))
}

/// Which boot of the PC this is; empty where the system does not say: an unended call of an earlier process is then
/// of another boot, and is ended.
pub(crate) fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

/// Microseconds since boot, running through suspend. No system call on Linux.
pub(crate) fn boot_us() -> u64 {
    let time = clock_gettime(BOOT);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1000
}

/// What is made with these options, only its user may read and write.
pub(crate) fn only_for_its_user(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes the names of a folder and of those above it on the same disk durable: an earlier start may have made them and not
/// have come so far. One above that may not be opened was there before.
pub(crate) fn keep_names(folder: &Path) {
    let disk = |file: &File| file.metadata().map(|data| data.dev());
    let Ok(own) = File::open(folder).and_then(|folder| disk(&folder)) else { return };
    for above in folder.ancestors() {
        let Ok(above) = File::open(above) else { return };
        if disk(&above).is_ok_and(|disk| disk != own) || above.sync_all().is_err() {
            return;
        }
    }
}

/// What this user may still write to the disk of a folder.
pub(crate) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let found = statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Whether a folder lies on another machine.
#[cfg(target_os = "linux")]
pub(crate) fn is_elsewhere(folder: &Path) -> bool {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the numbers have 32 bits; their type differs by architecture"
    )]
    statfs(folder).is_ok_and(|system| ELSEWHERE.contains(&(system.f_type as u32)))
}

/// Whether a folder lies on another machine: there the system does not call it local.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_elsewhere(folder: &Path) -> bool {
    const MNT_LOCAL: u32 = 0x1000; // sys/mount.h
    statfs(folder).is_ok_and(|system| system.f_flags & MNT_LOCAL == 0)
}

/// Who but its user can enter a folder, as the system writes it; `None` if nobody.
pub(crate) fn open_to_others(folder: &Path) -> io::Result<Option<String>> {
    let mode = folder.metadata()?.mode();
    Ok((mode & 0o077 != 0).then(|| format!("{:o}", mode & 0o777)))
}

/// What closes a folder to others.
pub(crate) fn closes(folder: &Path) -> String {
    format!("chmod 700 {}", folder.display())
}

/// Whether anybody but the administrator may write this file, or put another in its place.
pub(crate) fn others_may_write(file: &Path) -> bool {
    let folder = file.parent().unwrap_or(Path::new("/"));
    [file, folder].iter().any(|path| path.metadata().is_ok_and(|found| found.uid() != 0 || found.mode() & 0o022 != 0))
}

/// Where an administrator has put the machine's policy, if not in its usual place: always there.
#[expect(clippy::unnecessary_wraps, reason = "on Windows the answer may fail")]
pub(crate) fn policy_place() -> io::Result<Option<PathBuf>> {
    Ok(None)
}

/// The system's, or the user's, wish that the program ends.
#[derive(Debug)]
pub struct Stops {
    terminate: Signal,
    interrupt: Signal,
}

impl Stops {
    /// From now on a wish is told to `next`, and ends nothing by itself.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
