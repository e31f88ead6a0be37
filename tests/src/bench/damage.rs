//! Ten thousand spools, each damaged on the disk in one way.

use crate::damage::{Finding, damage};
use crate::figures::Figures;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const RUNS: u64 = 10_000;
/// In memory where there is such a folder: what is tried is what the bytes say, not the disk.
const IN_MEMORY: &str = "/dev/shm";

/// Starts that failed, and samples that were lost though nothing had touched them.
pub fn spool_damage() -> Result<()> {
    let memory = Path::new(IN_MEMORY);
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
    let (mut crashes, mut lost, mut wrong) = (0.0, 0.0, 0.0);
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..RUNS {
        match std::panic::catch_unwind(|| damage(seed, folder.path())) {
            Ok(Ok(Finding { kind, untouched_lost, made_up, unaccounted })) => {
                *kinds.entry(kind).or_default() += 1;
                #[expect(clippy::cast_precision_loss, reason = "some seconds")]
                let (of_this, false_here) = (untouched_lost as f64, (made_up + unaccounted) as f64);
                if of_this + false_here > 0.0 {
                    tracing::error!(seed, kind, untouched_lost, made_up, unaccounted, "lost or made up");
                }
                lost += of_this;
                wrong += false_here;
            }
            Ok(Err(error)) => {
                tracing::error!(seed, error = format!("{error:#}"), "it does not start");
                crashes += 1.0;
            }
            Err(_) => {
                tracing::error!(seed, "it panicked");
                crashes += 1.0;
            }
        }
    }
    let figures = Figures::of("make bench-damage")?;
    let n = usize::try_from(RUNS)?;
    let more = json!({ "runs_by_kind": kinds });
    #[expect(clippy::cast_precision_loss, reason = "ten thousand")]
    figures.write("spool_damage.runs", RUNS as f64, "runs", n, &more)?;
    figures.write("spool_damage.crashes", crashes, "runs", n, &Value::Null)?;
    figures.write("spool_damage.undamaged_lost", lost, "samples", n, &Value::Null)?;
    figures.write("spool_damage.made_up", wrong, "samples", n, &Value::Null)
}
