//! Another boot of the same PC, for a program that asks: another boot id, and a boot clock that has begun anew.
//!
//! In: chance. Out: words to put before a command. The kernel does it: a mount namespace with another file over
//! `/proc/sys/kernel/random/boot_id`, and a time namespace with an offset of the boot clock, which a program that is begun in
//! it sees from its first moment on (Linux 6.1 and later). The wall clock goes on, as it does while a PC is off.
//! Needs root, and `unshare` of util-linux.

use rand::RngExt as _;
use rand::rngs::StdRng;
use std::path::{Path, PathBuf};

/// The least that the boot clock shows after another boot.
const SHOWS_S: i64 = 5;
/// And the most that it shows more than this boot's.
const MORE_S: i64 = 100_000;

/// The disks of other calls are let go of first: each could not be unmounted as long as it is seen in here.
const SCRIPT: &str = r#"
own=$0; id=$1; shift
while read -r name at rest; do
    case "$name $at" in
        "referent-test $own"*) ;;
        "referent-test "*) umount -l "$at" ;;
    esac
done </proc/mounts
mount --bind "$id" /proc/sys/kernel/random/boot_id && exec "$@"
"#;

/// A boot of the PC.
#[derive(Debug, Clone)]
pub(crate) struct Boot(Option<Other>);

#[derive(Debug, Clone)]
struct Other {
    /// The folder of the call that goes on in it.
    own: PathBuf,
    id: PathBuf,
    offset_s: i64,
}

impl Boot {
    /// The one that this test runs in.
    pub(crate) fn this() -> Self {
        Self(None)
    }

    /// One that was never there before.
    pub(crate) fn another(folder: &Path, chance: &mut StdRng) -> Self {
        let name: u128 = chance.random();
        let id = folder.join(format!("boot-{name:032x}"));
        std::fs::write(&id, format!("{name:032x}\n")).expect("it works here");
        let shows_s = rustix::time::clock_gettime(rustix::time::ClockId::Boottime).tv_sec;
        let offset_s = chance.random_range((SHOWS_S - shows_s).min(0)..MORE_S);
        Self(Some(Other { own: folder.to_owned(), id, offset_s }))
    }

    /// What to put before a command that shall run in it.
    pub(crate) fn command(&self) -> Vec<String> {
        let Some(Other { own, id, offset_s }) = &self.0 else { return Vec::new() };
        let offset = offset_s.to_string();
        let id = id.display().to_string();
        let own = own.display().to_string();
        ["unshare", "--mount", "--time", "--boottime", &offset, "sh", "-c", SCRIPT, &own, &id].map(str::to_owned).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use std::process::Command;

    #[test]
    fn a_program_sees_another_boot_and_the_same_wall_clock() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().expect("it works here");
        let boot = Boot::another(folder.path(), &mut StdRng::seed_from_u64(1));
        let seen = |before: &[String]| {
            let script = "cat /proc/sys/kernel/random/boot_id; cut -d. -f1 /proc/uptime; date +%s";
            let words: Vec<&str> = before.iter().map(String::as_str).chain(["sh", "-c", script]).collect();
            let output = Command::new(words[0]).args(&words[1..]).output().expect("it works here");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let lines: Vec<String> = said.lines().map(str::to_owned).collect();
            <[String; 3]>::try_from(lines).expect("three lines")
        };
        let ([id, shows, utc], [other_id, other_shows, other_utc]) = (seen(&[]), seen(&boot.command()));
        let number = |text: String| text.parse::<i64>().expect("seconds");
        let offset_s = boot.0.expect("another").offset_s;
        assert_ne!(id, other_id);
        assert!((number(other_shows) - number(shows) - offset_s).abs() <= 2);
        assert!((number(other_utc) - number(utc)).abs() <= 2);
    }
}
