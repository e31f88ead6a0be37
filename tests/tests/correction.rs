//! Correction times of made-up people, of whom it is known what they did and when (`notes-api/pane/test/sessions.ts`): by the
//! page's code and the server's.

use referent_notes_api::activity::{Batch, CUT_OFFS_S, Stretch, active_ms, timeline};
use serde::Deserialize;
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// The error that is none.
const WITHIN_MS: i64 = 1_000;

#[derive(Deserialize)]
struct Session {
    shown_ms: i64,
    saved_ms: i64,
    batches: Vec<Sent>,
    /// By cut-off.
    true_ms: [i64; 4],
}

#[derive(Deserialize)]
struct Sent {
    page: String,
    clock_ms: i64,
    came_ms: i64,
    stretches: Vec<Stretch>,
}

#[test]
fn correction_times_are_true_within_a_second() {
    let pane = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notes-api/pane");
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(&pane).output().expect("`make pane` first");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let built = folder.path().join("sessions.mjs");
    let (built, out) = (built.to_str().unwrap(), format!("--outfile={}", built.display()));
    let esbuild = pane.join("node_modules/.bin/esbuild");
    run(esbuild.to_str().unwrap(), &["test/sessions.ts", "--bundle", "--format=esm", "--platform=node", &out]);
    let mut seen = [(0_u32, 0_u32); 4];
    for line in run("node", &[built, "2000", "7"]).lines() {
        let session: Session = serde_json::from_str(line).unwrap();
        let batch = |Sent { page, clock_ms, came_ms, stretches }| Batch { page, clock_ms, came_ms, stretches };
        let timeline = timeline(&session.batches.into_iter().map(batch).collect::<Vec<_>>());
        for (at, cut_off) in CUT_OFFS_S.into_iter().enumerate() {
            let found = active_ms(&timeline, session.shown_ms, session.saved_ms, cut_off);
            seen[at].0 += 1;
            seen[at].1 += u32::from((found - session.true_ms[at]).abs() <= WITHIN_MS);
        }
    }
    let shares = seen.map(|(all, within)| f64::from(within) / f64::from(all));
    // The headline's cut-off, and the worst of the four.
    let worst = shares.into_iter().fold(1.0, f64::min);
    let row = json!({ "sessions": seen[0].0, "within_1s": shares[1], "within_1s_worst_cut_off": worst });
    writeln!(std::io::stdout(), "{row}").unwrap();
    assert!(seen[0].0 == 2_000 && shares[1] >= 0.99, "{row}");
}
