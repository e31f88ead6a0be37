//! `docs/benchmarks.json`: every figure we hold ourselves to, written by the target that measured it, never by hand.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How much of a target is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Enough to see that it works.
    Trial,
}

/// Figures of one run of one target.
#[derive(Debug)]
pub struct Figures {
    /// None where a target is only tried.
    path: Option<PathBuf>,
    command: String,
    goals: toml::Table,
}

impl Figures {
    /// For the figures that `command` measures.
    pub fn of(command: &str) -> Result<Self> {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let goals = std::fs::read_to_string(docs.join("figures.toml"))?.parse().context("docs/figures.toml")?;
        Ok(Self { path: Some(docs.join("benchmarks.json")), command: command.to_owned(), goals })
    }

    /// As [`Figures::of`] when everything was measured; of a trial nothing is written.
    pub fn of_extent(command: &str, extent: Extent) -> Result<Self> {
        let figures = Self::of(command)?;
        Ok(match extent {
            Extent::Whole => figures,
            Extent::Trial => Self { path: None, ..figures },
        })
    }

    /// Writes a figure beside its goal: its value, how many measurements it rests on, and anything else worth telling.
    pub fn write(&self, key: &str, value: f64, unit: &str, n: usize, more: &Value) -> Result<()> {
        let Some(path) = &self.path else {
            tracing::info!(key, value, unit, n, %more, "tried, and not written");
            return Ok(());
        };
        let text = std::fs::read_to_string(path).unwrap_or_else(|_| "{}".into());
        let mut all: Map<String, Value> = serde_json::from_str(&text).context("docs/benchmarks.json")?;
        let mut row = json!({
            "value": (value * 10_000.0).round() / 10_000.0,
            "unit": unit,
            "goal": self.goal(key),
            "n": n,
            "command": self.command,
            "commit": output("git", &["rev-parse", "--short", "HEAD"]),
            "machine": machine(),
            "date": output("date", &["+%F"]),
        });
        if let (Some(row), Some(more)) = (row.as_object_mut(), more.as_object()) {
            row.extend(more.clone());
        }
        tracing::info!(key, value, "measured");
        all.insert(key.to_owned(), row);
        all.sort_keys();
        std::fs::write(path, format!("{}\n", serde_json::to_string_pretty(&all)?))?;
        Ok(())
    }

    fn goal(&self, key: &str) -> String {
        let groups = self.goals.get("group").and_then(toml::Value::as_array).into_iter().flatten();
        groups
            .filter_map(|group| group.get("figure")?.as_array())
            .flatten()
            .find(|figure| figure.get("key").and_then(toml::Value::as_str) == Some(key))
            .and_then(|figure| figure.get("goal")?.as_str())
            .unwrap_or("reported")
            .to_owned()
    }
}

/// The value that so many of a hundred are at most; nearest rank.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a rank")]
pub fn percentile(values: &[f64], per_cent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (per_cent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let field = |path: &str, name: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let value = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
        value.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let memory_kib: u64 =
        field("/proc/meminfo", "MemTotal").split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0);
    format!("{cores} cores, {}, {} GiB", field("/proc/cpuinfo", "model name"), memory_kib.div_ceil(1024 * 1024))
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn a_percentile_is_a_measured_value() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(percentile(&values, 50.0).to_bits(), 3.0f64.to_bits());
        assert_eq!(percentile(&values, 95.0).to_bits(), 5.0f64.to_bits());
        assert_eq!(percentile(&values, 1.0).to_bits(), 1.0f64.to_bits());
    }
}
