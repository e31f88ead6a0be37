//! The agent's folder: can it be written, can nobody else read it, is there room on its disk.
//!
//! In: `state_dir`. Out: three findings. A file of 4 kB is written, made durable and removed again. A folder that is
//! not there yet is not made: another one is, where it would be, and removed again.

use super::{Check, Finding, Said};
use crate::system;
use referent_proto::SAMPLE_RATE;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// What an hour of one track takes: 16 bit a sample. The heads of its records are less than a hundredth of it.
const TRACK_HOUR: u64 = SAMPLE_RATE * 2 * 3600;
/// A disk that takes longer than this to make 4 kB durable does not follow a call: that is done four times a second.
const SLOW: Duration = Duration::from_secs(1);

pub(super) fn examine(folder: &Path, tracks: usize, hours: u32) -> [Finding; 3] {
    let exists = folder.is_dir();
    // Its first ancestor that is there: that is where it would be made.
    let nearest = folder.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("."));
    [state_dir(folder, nearest, exists), permission(folder, exists), disk(nearest, tracks, hours)]
}

fn state_dir(folder: &Path, nearest: &Path, exists: bool) -> Finding {
    let (check, place) = (Check::StateDir, folder.display());
    let tried = if exists {
        write(folder)
    } else if nearest.is_dir() {
        make(nearest).map(|()| Duration::ZERO)
    } else {
        Err(io::Error::from(io::ErrorKind::NotADirectory))
    };
    let remedy = || {
        Said::new(
            "Giv brugeren skriveadgang, eller vælg en anden mappe på en lokal disk (state_dir).",
            "Let the user write there, or choose another folder on a local disk (state_dir).",
        )
    };
    let took = match tried {
        Ok(took) => took,
        Err(error) => {
            let seen = Said::new(
                format!("Der kan ikke skrives i {place} ({error}). Intet kan optages."),
                format!("{place} cannot be written ({error}). Nothing can be recorded."),
            );
            return Finding::fault(check, seen, remedy());
        }
    };
    if system::is_elsewhere(nearest) {
        let seen =
            Said::new(format!("{place} ligger på en anden maskine."), format!("{place} lies on another machine."));
        return Finding::fault(check, seen, remedy());
    }
    if took > SLOW {
        let seen = Said::new(
            format!("Disken er {} ms om at gemme 4 kB i {place}.", took.as_millis()),
            format!("The disk takes {} ms to keep 4 kB in {place}.", took.as_millis()),
        );
        return Finding::warning(check, seen, remedy());
    }
    Finding::ok(
        check,
        if exists {
            Said::new(format!("Der kan skrives i {place}."), format!("{place} can be written."))
        } else {
            Said::new(
                format!("{place} bliver oprettet, når agenten starter."),
                format!("{place} will be made when the agent starts."),
            )
        },
    )
}

/// Writes a little, durably, and removes it; gives how long that took.
fn write(folder: &Path) -> io::Result<Duration> {
    let path = folder.join(format!("doctor-{}", std::process::id()));
    let began = Instant::now();
    let mut file = system::only_for_its_user(OpenOptions::new().create_new(true).write(true)).open(&path)?;
    let written = file.write_all(&[0; 4096]).and_then(|()| file.sync_all());
    std::fs::remove_file(&path)?;
    written.map(|()| began.elapsed())
}

/// Makes a folder, and removes it: an administrator may write where nothing can be made.
fn make(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".referent-doctor-{}", std::process::id()));
    std::fs::create_dir(&path)?;
    std::fs::remove_dir(&path)
}

fn permission(folder: &Path, exists: bool) -> Finding {
    let (check, place) = (Check::Permission, folder.display());
    if !exists {
        return Finding::not_checked(
            check,
            Said::new(
                "Mappen er der ikke endnu. Den bliver oprettet, så kun brugeren kan læse den.",
                "The folder is not there yet. It will be made so that only its user can read it.",
            ),
        );
    }
    match system::open_to_others(folder) {
        Ok(Some(whom)) => Finding::fault(
            check,
            Said::new(
                format!("Andre på denne pc kan komme ind i {place} (rettigheder: {whom}). Dér ligger lyd."),
                format!("Others on this PC can enter {place} (access: {whom}). Sound is kept there."),
            ),
            Said::new(
                format!("Luk den for andre: {}", system::closes(folder)),
                format!("Close it to others: {}", system::closes(folder)),
            ),
        ),
        Ok(None) => {
            Finding::ok(check, Said::new("Kun brugeren kan læse mappen.", "Only its user can read the folder."))
        }
        Err(error) => Finding::not_checked(check, Said::new(format!("{place}: {error}"), format!("{place}: {error}"))),
    }
}

fn disk(nearest: &Path, tracks: usize, hours: u32) -> Finding {
    match system::free_bytes(nearest) {
        Ok(free) => room(free, tracks as u64, hours),
        Err(error) => Finding::not_checked(
            Check::Disk,
            Said::new(format!("Systemet siger det ikke ({error})."), format!("The system does not say ({error}).")),
        ),
    }
}

fn room(free: u64, tracks: u64, hours: u32) -> Finding {
    let check = Check::Disk;
    let an_hour = TRACK_HOUR * tracks;
    let needed = an_hour.saturating_mul(hours.into());
    let lasts = free / an_hour.max(1);
    let (has, needs, hour) = (megabytes(free), megabytes(needed), megabytes(an_hour));
    if free >= needed {
        let seen = Said::new(
            format!("{has} MB er fri; {hours} timer uden server fylder {needs} MB."),
            format!("{has} MB are free; {hours} hours without a server take {needs} MB."),
        );
        return Finding::ok(check, seen);
    }
    Finding::fault(
        check,
        Said::new(
            format!(
                "{has} MB er fri, nok til {lasts} timer. {hours} uden server fylder {needs} MB ({hour} MB i timen)."
            ),
            format!(
                "{has} MB are free, enough for {lasts} hours. {hours} without a server take {needs} MB ({hour} MB an hour)."
            ),
        ),
        Said::new(
            format!("Frigør mindst {} MB, eller læg state_dir på en større disk.", megabytes(needed - free)),
            format!("Free at least {} MB, or put state_dir on a larger disk.", megabytes(needed - free)),
        ),
    )
}

fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn eight_hours_of_two_tracks_are_1843_megabytes() {
        let check = |free, tracks, outcome, says: &str| {
            let finding = room(free, tracks, 8);
            assert_eq!(finding.outcome, outcome, "{finding:?}");
            assert!(finding.seen.en.contains(says), "{finding:?}");
        };
        check(1_843_200_000, 2, Outcome::Ok, "take 1843 MB");
        check(1_843_199_999, 2, Outcome::Fault, "enough for 7 hours. 8 without a server take 1843 MB (230 MB an hour)");
        check(921_600_000, 1, Outcome::Ok, "take 921 MB");
        check(0, 2, Outcome::Fault, "enough for 0 hours");
    }
}
