//! A million calls whose recording people permit and forbid in any order.

use crate::consent::{Found, rehearse};
use crate::figures::Figures;
use anyhow::{Result, anyhow, ensure};
use serde_json::json;
use std::path::Path;

/// Calls.
const SEQUENCES: u64 = 1_000_000;
/// Threads; each has a folder of its own.
const THREADS: u64 = 2;
/// In memory where there is such a folder: what is tried is the order of writes, not the disk.
const IN_MEMORY: &str = "/dev/shm";

/// Samples that lay in a spool and were not permitted.
pub fn consent() -> Result<()> {
    let found = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || part(thread))).collect();
        let parts = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a rehearsal panicked"))?);
        parts.collect::<Result<Vec<Found>>>()
    })?;
    let sum = |of: fn(&Found) -> u64| found.iter().map(of).sum::<u64>();
    let (kept, allowed, violations) =
        (sum(|found| found.kept), sum(|found| found.allowed), sum(|found| found.violations));
    ensure!(kept > 0, "nothing was kept at all, so nothing was tried");
    let figures = Figures::of("make bench-consent")?;
    let more = json!({ "samples_kept": kept, "samples_allowed": allowed });
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    let (sequences, violations) = (SEQUENCES as f64, violations as f64);
    let n = usize::try_from(SEQUENCES)?;
    figures.write("consent.sequences", sequences, "sequences", n, &more)?;
    figures.write("consent.violations", violations, "samples", n, &more)
}

fn part(thread: u64) -> Result<Found> {
    let memory = Path::new(IN_MEMORY);
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
    let mut all = Found::default();
    for seed in (thread..SEQUENCES).step_by(usize::try_from(THREADS)?) {
        let found = rehearse(seed, folder.path())?;
        if found.violations > 0 {
            tracing::error!(seed, ?found, "sound was kept that was not permitted");
        }
        all.kept += found.kept;
        all.allowed += found.allowed;
        all.violations += found.violations;
    }
    Ok(all)
}
