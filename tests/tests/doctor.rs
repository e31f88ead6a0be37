//! The doctor beside the three real programs: it finds them well, no call begins by its asking, and it says so when the
//! pipeline is gone.

use anyhow::Result;
use referent_tests::program::binaries;
use referent_tests::world::http_client;
use referent_tests::{Part, Recogniser, World};
use serde_json::Value;
use std::path::Path;
use tokio::process::Command;

async fn examined(folder: &Path) -> Result<(Option<i32>, Value)> {
    let mut doctor = Command::new(binaries()?.join("referent-agent"));
    let output = doctor.args(["doctor", "--json", "--config"]).arg(folder.join("agent.toml")).output().await?;
    Ok((output.status.code(), serde_json::from_slice(&output.stdout)?))
}

fn outcome(diagnosis: &Value, check: &str) -> Value {
    let findings = diagnosis["findings"].as_array().into_iter().flatten();
    findings.into_iter().find(|finding| finding["check"] == check).map_or(Value::Null, |found| found["outcome"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_programs_are_found_well_and_no_call_begins_by_asking() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut world = World::builder(folder.path()).recogniser(Recogniser::Scripted).start().await?;
    let (code, diagnosis) = examined(folder.path()).await?;
    assert_eq!(code, Some(0), "{diagnosis:#}");
    for check in ["configuration", "state_dir", "permission", "agent", "calls", "server", "protocol", "clock"] {
        assert_eq!(outcome(&diagnosis, check), "ok", "{check}: {diagnosis:#}");
    }
    let metrics = http_client()?.get(format!("{}/metrics", world.pipeline_url())).send().await?.text().await?;
    assert!(metrics.contains("referent_refused_total{code=\"InvalidArgument\"} 1"), "{metrics}");
    assert!(
        !metrics.lines().any(|line| line.starts_with("referent_calls ") && line != "referent_calls 0"),
        "{metrics}"
    );
    world.kill(Part::Pipeline).await?;
    let (code, diagnosis) = examined(folder.path()).await?;
    assert_eq!((code, outcome(&diagnosis, "server")), (Some(1), "fault".into()), "{diagnosis:#}");
    assert_eq!(outcome(&diagnosis, "clock"), "not_checked", "{diagnosis:#}");
    world.stop().await
}
