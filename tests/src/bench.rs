//! What `make bench` measures: one function a group of figures.

pub(crate) mod engine;
pub mod model;
pub mod load;
pub mod live;
pub mod streams;
pub mod backlog;
pub mod network;
pub mod offline;
pub mod consent;
pub mod damage;
pub mod identity;
pub mod login;
pub mod long;
pub mod stub;
pub mod prefix;
pub mod remote;
pub mod faithful;
pub mod drafting;
pub mod real_model;

use crate::SampleCall;
use crate::disturbed::{Damage, Sound, Victim, compare, moments, play, word_errors};
use crate::figures::{Figures, percentile};
use crate::word_errors::WordErrors;
use crate::world::{Pace, Part, Recogniser, World};
use anyhow::{Context as _, Result, ensure};
use engine::Engine;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use referent_proto::Track;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Calls in real time beside each other, each with programs of its own: about what two cores carry with some room.
const AT_ONCE: usize = 8;
/// How long a draft may take to come after the last sound.
const PATIENCE: Duration = Duration::from_mins(1);

/// From hang-up to whole draft: 20 calls at 1×, embedded drafter.
pub async fn hangup() -> Result<()> {
    let calls = SampleCall::all()?;
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let seconds: Vec<(f64, f64)> = stream::iter(calls.iter().cycle().take(20).enumerate())
        .map(|(number, sample)| async move {
            // Staggered, so that the calls do not all end in the same second.
            tokio::time::sleep(Duration::from_secs(3) * u32::try_from(number % AT_ONCE)?).await;
            let world = World::builder(&folder.join(number.to_string())).pace(Pace::RealTime).start().await?;
            let caseworker = world.caseworker().await?;
            let id = world.begin_call(&sample.wav).await?;
            let patience = Duration::from_secs_f64(sample.duration_s) + PATIENCE;
            let call = caseworker.wait_for_draft(&id, patience).await?;
            world.stop().await?;
            let ms = |key: &str| call["draft"][key].as_f64().with_context(|| key.to_owned());
            anyhow::Ok((ms("first_sentence_ms")? / 1000.0, ms("whole_ms")? / 1000.0))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let (first, whole): (Vec<f64>, Vec<f64>) = seconds.into_iter().unzip();
    let figures = Figures::of("make bench-hangup")?;
    let spread = json!({ "min": percentile(&whole, 0.0), "max": percentile(&whole, 100.0), "at_once": AT_ONCE });
    for (key, per_cent) in [("p50", 50.0), ("p95", 95.0)] {
        let value = percentile(&whole, per_cent);
        figures.write(&format!("hangup_to_draft_s.embedded.{key}"), value, "s", whole.len(), &spread)?;
    }
    figures.write("hangup_to_first_sentence_s.embedded.p95", percentile(&first, 95.0), "s", first.len(), &json!({}))
}

/// Word error rate of the model on reference turns, of one pass over each track, and of the pipeline.
pub async fn word_error_rate() -> Result<()> {
    let calls = SampleCall::all()?;
    let engine = Engine::open()?;
    let (mut turns, mut one_pass) = (WordErrors::default(), WordErrors::default());
    for sample in &calls {
        for track in Track::BOTH {
            let sound = engine::track_of(&sample.wav, track)?;
            let said = sample.text_of(track);
            let mut heard = String::new();
            for turn in sample.turns.iter().filter(|turn| turn.track() == track) {
                heard += &engine.hear_segment(engine::stretch(&sound, turn.start_s - 0.3, turn.end_s + 0.3))?;
                heard.push(' ');
            }
            turns = [turns, WordErrors::between(&said, &heard)].into_iter().sum();
            one_pass = [one_pass, WordErrors::between(&said, &engine.hear_whole(&sound)?)].into_iter().sum();
        }
    }
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).start().await?;
    let pipeline = through_the_pipeline(&world, &calls).await?;
    world.stop().await?;
    let figures = Figures::of("make bench-wer")?;
    let words = json!({ "words": turns.words });
    figures.write("wer.reference_turns", turns.percent(), "%", calls.len(), &words)?;
    figures.write("wer.one_pass", one_pass.percent(), "%", calls.len(), &words)?;
    figures.write("wer.pipeline", pipeline.percent(), "%", calls.len(), &words)?;
    figures.write("wer.difference_points", pipeline.percent() - turns.percent(), "points", calls.len(), &words)
}

async fn through_the_pipeline(world: &World, calls: &[SampleCall]) -> Result<WordErrors> {
    let caseworker = world.caseworker().await?;
    let mut errors = Vec::new();
    for sample in calls {
        let id = world.begin_call(&sample.wav).await?;
        caseworker.wait_for_draft(&id, Duration::from_mins(2)).await?;
        let said = caseworker.transcript(&id).await?;
        for track in Track::BOTH {
            let heard: Vec<&str> =
                said.iter().filter(|said| said.track == track.name()).map(|said| said.text.as_str()).collect();
            errors.push(WordErrors::between(&sample.text_of(track), &heard.join(" ")));
        }
    }
    Ok(errors.into_iter().sum())
}

/// CPU seconds of the pipeline against one pass of the same model over both tracks, interleaved three times.
pub async fn cpu() -> Result<()> {
    let calls = SampleCall::all()?;
    let engine = Engine::open()?;
    let (mut ratios, mut seconds) = (Vec::new(), (0.0, 0.0));
    for _ in 0..3 {
        let begin = engine::cpu_seconds()?;
        for sample in &calls {
            for track in Track::BOTH {
                engine.hear_whole(&engine::track_of(&sample.wav, track)?)?;
            }
        }
        let one_pass = engine::cpu_seconds()? - begin;
        let folder = tempfile::tempdir()?;
        let mut world = World::builder(folder.path()).recogniser_table(without_partials()).start().await?;
        let started = used(&mut world, Part::Pipeline)?;
        through_the_pipeline(&world, &calls).await?;
        let pipeline = used(&mut world, Part::Pipeline)? - started;
        world.stop().await?;
        seconds = (pipeline, one_pass);
        ratios.push(pipeline / one_pass);
    }
    let audio: f64 = calls.iter().map(|sample| 2.0 * sample.duration_s).sum();
    let more = json!({ "min": percentile(&ratios, 0.0), "max": percentile(&ratios, 100.0),
        "pipeline_cpu_s_last": seconds.0, "one_pass_cpu_s_last": seconds.1, "audio_s": audio });
    let figures = Figures::of("make bench-cpu")?;
    figures.write("cpu.pipeline_vs_one_pass", percentile(&ratios, 50.0), "ratio", ratios.len(), &more)?;
    figures.write("cpu.pipeline_per_audio_second", seconds.0 / audio, "s/s", calls.len(), &json!({}))
}

/// The embedded model, and no grey text.
fn without_partials() -> String {
    let models = crate::world::models_dir();
    format!("kind = \"whisper\"\nmodel = \"demo-da\"\nmodels_dir = \"{}\"\npartials = false", models.display())
}

fn used(world: &mut World, part: Part) -> Result<f64> {
    Ok(world.program(part).as_ref().context("it runs")?.usage()?.cpu_s)
}

/// kill -9 at 20 seeded moments a part, with the scripted recogniser and with the model.
pub async fn kill() -> Result<()> {
    const MOMENTS: usize = 20;
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let length = Duration::from_secs(24);
    let sound = Sound { wav: sample.excerpt(0.0, length.as_secs_f64(), folder.path())?, length };
    let figures = Figures::of("make bench-kill")?;
    let (mut all, mut runs, mut drafts) = (Damage::default(), 0, 0.0f64);
    let (mut calm_errors, mut errors) = (WordErrors::default(), WordErrors::default());
    for (name, recogniser) in [("scripted", Recogniser::Scripted), ("model", Recogniser::Whisper)] {
        let calm = play(&folder.path().join(format!("{name}-calm")), recogniser, &sound, None).await?;
        let programs = [(21, Part::Pipeline), (22, Part::NotesApi), (23, Part::Agent)];
        let programs = programs.map(|(seed, part)| (seed, Victim::Program(part)));
        for (seed, victim) in programs.into_iter().chain([(24, Victim::Recogniser)]) {
            let (folder, sound, calm, sample) = (folder.path(), &sound, &calm, &sample);
            let damages: Vec<(Damage, [WordErrors; 2])> =
                stream::iter(moments(seed, MOMENTS, length).into_iter().enumerate())
                    .map(|(number, moment)| async move {
                        let folder = folder.join(format!("{name}-{seed}-{number}"));
                        let disturbed = play(&folder, recogniser, sound, Some((victim, moment))).await?;
                        let damage = compare(calm, &disturbed, victim, recogniser);
                        if !damage.none() {
                            tracing::warn!(name, ?victim, ?moment, ?damage, "damage");
                        }
                        let errors = [calm, &disturbed]
                            .map(|heard| word_errors(sample, length.as_secs_f64(), heard, &disturbed));
                        anyhow::Ok((damage, errors))
                    })
                    .buffer_unordered(AT_ONCE)
                    .try_collect()
                    .await?;
            for (damage, [calm, killed]) in damages {
                runs += 1;
                drafts = drafts.max(f64::from(1 + damage.more_drafts));
                all.missing += damage.missing;
                all.doubled += damage.doubled;
                all.different += damage.different;
                all.more_gaps += damage.more_gaps;
                all.left_in_spool += damage.left_in_spool;
                if recogniser == Recogniser::Whisper {
                    calm_errors = [calm_errors, calm].into_iter().sum();
                    errors = [errors, killed].into_iter().sum();
                }
            }
        }
    }
    let more = json!({ "moments_a_part": MOMENTS, "different": all.different, "unmarked_or_more_gaps": all.more_gaps,
        "left_in_spool": all.left_in_spool });
    figures.write("kill.missing", f64::from(all.missing), "utterances", runs, &more)?;
    figures.write("kill.doubled", f64::from(all.doubled), "utterances", runs, &json!({}))?;
    figures.write("kill.drafts_per_call", drafts, "drafts", runs, &json!({}))?;
    let rates = json!({ "undisturbed": calm_errors.percent(), "killed": errors.percent() });
    let points = errors.percent() - calm_errors.percent();
    figures.write("kill.wer_difference_points", points, "points", runs / 2, &rates)
}

/// The pure rule against 100,000 random histories, by the property test itself.
pub fn chain() -> Result<()> {
    let row = measured_by_test("referent-proto", "chain")?;
    let figures = Figures::of("make bench-chain")?;
    let number = |key: &str| row[key].as_f64().with_context(|| key.to_owned());
    figures.write("chain.sequences", number("sequences")?, "sequences", 1, &json!({}))?;
    figures.write("chain.violations", number("violations")?, "violations", 1, &json!({}))
}

/// The fault matrix of the language model, by its own test.
pub fn llm_faults() -> Result<()> {
    let row = &measured_by_test("referent-pipeline", "draft")?["llm_faults"];
    let figures = Figures::of("make bench-llm-faults")?;
    let number = |key: &str| row[key].as_f64().with_context(|| key.to_owned());
    let cases = number("cases")?;
    figures.write("llm_faults.cases", cases, "cases", 1, row)?;
    figures.write("llm_faults.result_within_15s", number("within_15s")? / cases, "share", 1, row)
}

/// 60 s of microphone and loopback through PulseAudio, by the capture test itself.
pub fn capture() -> Result<()> {
    let row = measured_by_test("referent-agent", "capture_pulse")?;
    let figures = Figures::of("make bench-capture")?;
    let number = |key: &str| row[key].as_f64().with_context(|| key.to_owned());
    figures.write("capture.correlation", number("correlation")?, "", 1, &row)?;
    figures.write("capture.dropped_ms", number("dropped_ms")?, "ms", 1, &json!({}))?;
    figures.write("capture.device_change_s", number("device_change_s")?, "s", 2, &json!({}))?;
    let drift = measured_by_test("referent-agent", "drift")?;
    let worst_us = drift["drift_us_per_hour"].as_f64().context("drift_us_per_hour")?;
    figures.write("capture.drift_ms_per_hour", worst_us / 1000.0, "ms", 5, &drift)
}

/// The agent killed 3,000 times, by its own test.
pub fn chaos_agent() -> Result<()> {
    let row = measured_by_test("referent-agent", "chaos")?;
    let figures = Figures::of("make chaos-agent")?;
    let number = |key: &str| row[key].as_f64().with_context(|| key.to_owned());
    figures.write("chaos_agent.kills", number("kills")?, "kills", 1, &row)?;
    for (key, what) in
        [("lost", "samples"), ("doubled", "samples"), ("reordered", "samples"), ("unmarked_gaps", "samples")]
    {
        figures.write(&format!("chaos_agent.{key}"), number(key)?, what, 1, &json!({}))?;
    }
    Ok(())
}

/// The power cut while the agent goes on, by its own tests: the whole program, and its spool alone.
pub fn unsynced() -> Result<()> {
    let row = measured_by_test("referent-agent", "unsynced")?;
    let of_spool = measured_by_test("referent-agent", "unsynced_spool")?;
    let number = |row: &Value, key: &str| row[key].as_f64().with_context(|| format!("{key}; only root can measure it"));
    let figures = Figures::of("make bench-unsynced")?;
    figures.write("unsynced.runs", number(&row, "runs")?, "runs", 1, &row)?;
    let lost = number(&row, "settled_lost")? + number(&of_spool, "spool_lost")?;
    figures.write("unsynced.settled_lost", lost, "samples", 1, &of_spool)?;
    let reused = number(&row, "offsets_reused")? + number(&of_spool, "spool_reused")?;
    figures.write("unsynced.offsets_reused", reused, "samples", 1, &json!({}))
}

/// A thousand tamperings with the audit, by its own test, which fails where one is not found or not located.
pub fn audit() -> Result<()> {
    let row = measured_by_test("referent-audit", "tampering")?;
    let number = |key: &str| row[key].as_f64().with_context(|| key.to_owned());
    let figures = Figures::of("make bench-audit")?;
    figures.write("audit.tamperings", number("tamperings")?, "tamperings", 1, &json!({}))?;
    figures.write("audit.found", number("found")?, "tamperings", 1, &row)
}

/// Places in which a word of an erased call is still found, by the test of both databases, which fails where there is one.
pub fn retention() -> Result<()> {
    let row = measured_by_test("referent-notes-api", "residue")?;
    let number = |key: &str| row[key].as_f64().with_context(|| format!("{key}: is PostgreSQL installed?"));
    let residue = number("sqlite")? + number("postgresql")? + number("log")?;
    Figures::of("make bench-retention")?.write("retention.residue", residue, "places", 1, &row)
}

/// Made-up people at made-up drafts, by the test that holds the server's count against what they did.
pub fn correction() -> Result<()> {
    let row = measured_by_test("referent-tests", "correction")?;
    let number = |key: &str| row[key].as_f64().with_context(|| key.to_owned());
    let sessions = usize::try_from(row["sessions"].as_u64().context("sessions")?)?;
    let figures = Figures::of("make bench-correction")?;
    figures.write("correction.within_1s_share", number("within_1s")?, "share", sessions, &row)
}

/// Faults planted one at a time, by the agent's own test, which fails where one is not named or another is named beside it.
pub fn doctor() -> Result<()> {
    let row = measured_by_test("referent-agent", "doctor")?;
    let named = row.as_object().context("an object")?.values().filter(|value| *value == "named").count();
    let named = f64::from(u32::try_from(named)?);
    Figures::of("make bench-doctor")?.write("doctor.faults_named", named, "faults", 1, &json!({ "faults": row }))
}

/// Eight hours of calls, by the agent's own test.
pub fn soak() -> Result<()> {
    let row = measured_by_test("referent-agent", "soak")?;
    let growth = row["rss_growth_mb"].as_f64().context("rss_growth_mb")?;
    Figures::of("make bench-soak")?.write("agent.soak8h.rss_growth_mb", growth, "MiB", 16, &row)
}

/// A disk that fills up in mid-call, by the agent's own test; the tray and the page, by their stories.
pub fn truth() -> Result<()> {
    let row = measured_by_test("referent-agent", "disk_full")?;
    let seconds = row["false_listening_s"].as_f64().context("false_listening_s; only root can measure it")?;
    let figures = Figures::of("make bench-truth")?;
    figures.write("truth.false_listening_s", seconds, "s", 1, &row)?;
    let row = measured_by_test("referent-tests", "tray")?;
    let (most, changes) = (row["tray_s_max"].as_f64(), row["tray_changes"].as_u64());
    let changes = usize::try_from(changes.context("tray_changes")?)?;
    figures.write("truth.tray_s.max", most.context("tray_s_max")?, "s", changes, &row)?;
    let row = measured_by_test("referent-tests", "presence")?;
    let times = row["presence_ms"].as_object().context("presence_ms")?;
    let longest_s = |counts: fn(&str) -> bool| -> Result<(f64, usize)> {
        let of_these: Vec<f64> =
            times.iter().filter(|(what, _)| counts(what)).filter_map(|(_, ms)| Some(ms.as_f64()? / 1000.0)).collect();
        let most = of_these.iter().copied().reduce(f64::max).context("the story measured none of these")?;
        Ok((most, of_these.len()))
    };
    // An answered discard is no state that the page shows of the PC.
    let (most, changes) = longest_s(|what| what != "discard_answered")?;
    figures.write("truth.pane_s.max", most, "s", changes, &row)?;
    let (most, changes) = longest_s(|what| matches!(what, "idle_after_start" | "call_begins"))?;
    figures.write("truth.pane_in_contact_s.max", most, "s", changes, &json!({}))
}

/// Runs the tests of one file in their long form and gives what their lines of JSON say together.
fn measured_by_test(package: &str, test: &str) -> Result<Value> {
    let output = Command::new("cargo")
        .args(["test", "--locked", "-q", "-p", package, "--test", test, "--", "--nocapture"])
        .env("RUN_SLOW_TESTS", "1")
        .output()?;
    ensure!(output.status.success(), "{package}'s test {test} failed: {}", String::from_utf8_lossy(&output.stdout));
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut said = serde_json::Map::new();
    for line in printed.lines().filter_map(|line| Some(&line[line.find('{')?..])) {
        said.extend(serde_json::from_str::<serde_json::Map<_, _>>(line).with_context(|| line.to_owned())?);
    }
    ensure!(!said.is_empty(), "{package}'s test {test} prints no line of JSON");
    Ok(Value::Object(said))
}

/// CPU and memory while a call goes on in real time.
pub async fn agent() -> Result<()> {
    let sample = SampleCall::named("feriepenge-bussen")?;
    let folder = tempfile::tempdir()?;
    let mut world = World::builder(folder.path()).pace(Pace::RealTime).start().await?;
    let caseworker = world.caseworker().await?;
    let id = world.begin_call(&sample.wav).await?;
    tokio::time::sleep(Duration::from_secs(5)).await; // The call is in full swing then.
    let (begin, before) = (Instant::now(), used(&mut world, Part::Agent)?);
    tokio::time::sleep(Duration::from_mins(1)).await;
    let share = (used(&mut world, Part::Agent)? - before) / begin.elapsed().as_secs_f64();
    let figures = Figures::of("make bench-agent")?;
    figures.write("agent.cpu_core_share", share, "cores", 1, &json!({ "seconds": 60 }))?;
    for (part, key) in
        [(Part::Agent, "agent.rss_mb"), (Part::Pipeline, "pipeline.rss_mb"), (Part::NotesApi, "notes_api.rss_mb")]
    {
        let usage = world.program(part).as_ref().context("it runs")?.usage()?;
        figures.write(key, usage.rss_mib, "MiB", 1, &json!({}))?;
    }
    caseworker.wait_for_draft(&id, Duration::from_mins(2)).await?;
    world.stop().await
}

/// The bundle, packed as a server would send it; then what the page does in headless Chromium (`e2e/measure.mjs`).
pub fn pane() -> Result<()> {
    let dist = checkout().join("notes-api/pane/dist");
    let mut bytes = 0;
    let files = ["index.html", "pane.js"];
    for file in files {
        let packed = Command::new("gzip").args(["-9", "-c"]).arg(dist.join(file)).output()?;
        ensure!(packed.status.success(), "gzip {file}");
        bytes += u32::try_from(packed.stdout.len())?;
    }
    let figures = Figures::of("make bench-pane")?;
    figures.write("pane.gzip_kb", f64::from(bytes) / 1000.0, "kB", files.len(), &json!({}))?;

    let output = Command::new("node").arg("e2e/measure.mjs").current_dir(checkout().join("notes-api/pane")).output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "e2e/measure.mjs: {printed}{}", String::from_utf8_lossy(&output.stderr));
    let line = printed.lines().rfind(|line| line.starts_with('{')).context("e2e/measure.mjs printed no figures")?;
    let seen: Value = serde_json::from_str(line).context("what e2e/measure.mjs printed")?;
    let number = |key: &str| seen[key].as_f64().with_context(|| key.to_owned());
    let count = |key: &str| anyhow::Ok(usize::try_from(seen[key].as_u64().with_context(|| key.to_owned())?)?);
    let times = |key: &str| -> Result<Vec<f64>> {
        Ok(seen[key].as_array().with_context(|| key.to_owned())?.iter().filter_map(Value::as_f64).collect())
    };
    for (key, from) in [("pane.paint_ms.p95", "paint_ms"), ("pane.key_paint_ms.p95", "key_paint_ms")] {
        let paint = times(from)?;
        let spread = json!({ "p50": percentile(&paint, 50.0), "max": percentile(&paint, 100.0) });
        figures.write(key, percentile(&paint, 95.0), "ms", paint.len(), &spread)?;
    }
    figures.write("pane.axe_violations", number("axe_violations")?, "", count("axe_looks")?, &json!({}))?;
    let payloads = count("payloads")?;
    figures.write("pane.payloads", number("payloads")?, "", payloads, &json!({}))?;
    let requests = json!({ "requests_out": seen["payloads_requests"] });
    figures.write("pane.payloads_executed", number("payloads_executed")?, "", payloads, &requests)?;
    figures.write("pane.keys_to_save", number("keys_to_save")?, "", 1, &json!({}))
}

/// A newcomer's half hour: clone, demo, tests, with nothing built before. Packages that are installed stay so; a bare
/// machine's set-up adds what `scripts/setup.sh` takes there.
pub fn fresh() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let clone = folder.path().join("referent");
    let figures = Figures::of("make bench-fresh")?;
    let begin = Instant::now();
    newcomer(Command::new("git").arg("clone").arg("-q").arg(checkout()).arg(&clone))?;
    let target = folder.path().join("target");
    let make = |arguments: &[&str]| {
        newcomer(Command::new("make").args(arguments).current_dir(&clone).env("CARGO_TARGET_DIR", &target))
    };
    make(&["demo", "HEADLESS=1"])?;
    let note = begin.elapsed().as_secs_f64() / 60.0;
    figures.write("fresh.minutes_to_note", note, "min", 1, &json!({ "apt_packages": "already installed" }))?;
    make(&["test"])?;
    let tests = begin.elapsed().as_secs_f64() / 60.0;
    figures.write("fresh.minutes_to_green_tests", tests, "min", 1, &json!({ "apt_packages": "already installed" }))
}

fn newcomer(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap_or_else(|_| "..".into())
}
