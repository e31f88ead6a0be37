//! The Grafana boards ask only for what the programs say: a panel of a metric that was renamed stays empty, and nobody
//! notices until it is needed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_metric_on_the_board_is_described_by_a_program() {
    check("docs/grafana/referent.json", 10);
}

#[test]
fn every_metric_on_the_board_of_corrections_is_described_by_a_program() {
    check("docs/grafana/corrections.json", 7);
}

fn check(board: &str, at_least: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let board: serde_json::Value = serde_json::from_str(&read(board)).unwrap();
    let programs = ["pipeline/src/metric.rs", "notes-api/src/prometheus.rs", "agent/src/metrics.rs"].map(read).concat();
    let mut asked = BTreeSet::new();
    for panel in board["panels"].as_array().unwrap() {
        assert!(!panel["description"].as_str().unwrap().is_empty());
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            let names = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            asked.extend(names.filter(|name| name.starts_with("referent_")).map(str::to_owned));
        }
    }
    assert!(asked.len() >= at_least, "{asked:?}");
    for name in asked {
        let plain = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(&name);
        assert!(programs.contains(&format!("\"{plain}\"")), "{plain} is on the board and in no program");
    }
}
