//! A small disk for the agent's folder, which fills up when a test wants it to.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A second of a call takes 64 kB.
const DISK: &str = "size=1m,mode=0700";
/// A small disk in memory.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// `None` where nobody may mount one.
    pub(crate) fn mounted(folder: &Path) -> Option<Self> {
        let at = folder.join("agent");
        std::fs::create_dir(&at).expect("it works here");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(&at).output();
        let is_mounted = mount.is_ok_and(|output| output.status.success());
        assert!(is_mounted || std::env::var_os("CI").is_none(), "CI can mount a disk");
        is_mounted.then_some(Self(at))
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Leaves so many bytes free.
    pub(crate) fn fill(&self, leaving: usize) {
        let mut filler = std::fs::File::create(self.filler()).expect("there is room for a name");
        while filler.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
        let length = filler.metadata().expect("it works here").len();
        filler.set_len(length.saturating_sub(leaving as u64)).expect("it works here");
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("it is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}
