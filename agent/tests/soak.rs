//! A long day: call after call through the real program, as fast as it is taken, and what it needs does not grow. 20 minutes
//! of sound, or 8 hours with `RUN_SLOW_TESTS=1`.
//!
//! Prints one line of JSON: how much resident memory grew from the second call to the last, in MiB.

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;
#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;

use agent::wav;
use pipeline::{Manner, Pipeline};
use referent_agent::control::BeginBody;
use referent_agent::control::client::Agent;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Growth that is still nothing: what the allocator keeps. MiB.
const NOTHING: f64 = 2.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_day_needs_no_more_memory_than_a_short_one() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let (calls, minutes) = if std::env::var_os("RUN_SLOW_TESTS").is_some() { (16, 30) } else { (4, 5) };
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = wav(folder.path(), "call.wav", minutes * 60);
    let pipeline = Pipeline::there(Manner { remembers: false, ..Manner::default() }).await;
    let (mut program, agent) = started(folder.path(), &pipeline).await;
    let mut first = None;
    for number in 0..calls {
        let call = agent.start(&BeginBody { wav: Some(path.clone()), ..BeginBody::default() }).await.unwrap();
        pipeline.until_within("hang-up", Duration::from_mins(10), |p| p.hang_up(call).is_some()).await;
        while agent.status().await.unwrap()["spool"]["calls"] != 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The first call warms what is needed once.
        if number == 1 {
            first = Some(resident_mib(&program));
        }
    }
    let last = resident_mib(&program);
    let growth = last - first.unwrap();
    let row =
        serde_json::json!({ "rss_growth_mb": growth, "rss_mb": last, "hours": f64::from(calls * minutes) / 60.0 });
    writeln!(std::io::stdout(), "\n{row}").unwrap();
    assert!(growth <= NOTHING, "{row}");
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    program.kill().await.unwrap();
}

async fn started(folder: &Path, pipeline: &Pipeline) -> (Child, Agent) {
    let config = folder.join("agent.toml");
    let text = format!(
        "state_dir = \"{}\"\nhttp = \"127.0.0.1:0\"\npipeline = \"{}\"\nmode = \"notice\"\n[sound]\nkind = \"wav\"\npace = \"credit\"\n",
        folder.join("agent").display(),
        pipeline.url()
    );
    std::fs::write(&config, text).expect("it works here");
    let mut program = Command::new(env!("CARGO_BIN_EXE_referent-agent"));
    program.arg("run").arg("--config").arg(&config).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = program.kill_on_drop(true).spawn().expect("it works here");
    let mut lines = BufReader::new(program.stdout.take().expect("it is piped")).lines();
    lines.next_line().await.expect("it works here").expect("it says that it is ready");
    (program, Agent::of(&folder.join("agent")).expect("it has a control port"))
}

/// What the kernel says that it holds in memory.
fn resident_mib(program: &Child) -> f64 {
    let status = format!("/proc/{}/status", program.id().expect("it runs"));
    let status = std::fs::read_to_string(status).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib / 1024.0
}
