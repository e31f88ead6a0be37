//! Microphone and loopback for real: sound is played into PulseAudio's null sinks, and what the real program sends is
//! held against it, sample by sample. 10 s of it, or 60 s with `RUN_SLOW_TESTS=1`. Meanwhile the program gets
//! hardly any time, as on a busy PC; in another test a headset comes and goes.
//!
//! Prints one line of JSON: the worse track's correlation, and how much of the played sound is missing.
//! Needs pulseaudio and paplay; where they are not installed it says so and passes, but not in CI.

#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;
#[cfg(test)]
#[path = "support/sound_server.rs"]
mod sound_server;

use pipeline::{Manner, Pipeline};
use referent_agent::control::BeginBody;
use referent_agent::control::client::Agent;
use referent_proto::{CallId, GapReason, Track};
use sound_server::{RATE, SoundServer, TWO_SINKS, is_skipped};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A third of the played rate is what is sent.
const STEP: usize = 3;
/// Windows of 100 ms in which played and captured sound are compared.
const WINDOW: usize = 1_600;
/// The first played sample is looked for so far around the first that is heard, at the played rate: 100 ms.
const AROUND: usize = 4_800;
/// Each next window is looked for so far around the last one, at the played rate: 0.25 ms.
const CREEP: usize = 12;
/// A track may move so far against what was played: what a whole hour may come to.
const MOST_MOVED_US: usize = 50_000;

/// How long the agent gets a processor only when nobody else wants it.
const STARVED: Duration = Duration::from_millis(1_500);
/// Within this a device that came or went is followed.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(2);

/// Sound in real time wants the machine for itself.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn what_is_played_is_what_arrives() {
    if is_skipped() {
        return;
    }
    let _alone = ALONE.lock().await;
    let seconds = if std::env::var_os("RUN_SLOW_TESTS").is_some() { 60 } else { 10 };
    let folder = tempfile::tempdir().unwrap();
    let pulse = SoundServer::start(folder.path(), &TWO_SINKS).await;
    let pipeline = Pipeline::there(Manner::default()).await;
    let (mut program, agent) = started(folder.path(), &pulse, &pipeline, "notice").await;
    let call = agent.start(&BeginBody::default()).await.unwrap();
    both_tracks_flow(&agent).await;

    let near = Noise::write(folder.path(), "near.wav", 1, seconds);
    let far = Noise::write(folder.path(), "far.wav", 2, seconds);
    let (mut into_mic, mut into_sink) = (pulse.play("micsrc", &near.path), pulse.play("callout", &far.path));
    // A PC that is busy with something else. What the agent cannot take meanwhile waits for it.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let busy = starve(&program).await;
    tokio::time::sleep(STARVED).await;
    drop(busy);
    schedule(&program, "--other").await;
    let patience = Duration::from_secs(u64::from(seconds) + 20);
    for player in [&mut into_mic, &mut into_sink] {
        assert!(tokio::time::timeout(patience, player.wait()).await.unwrap().unwrap().success());
    }
    assert_eq!(agent.stop().await.unwrap(), call);
    pipeline.until("hang-up", |p| p.hang_up(call).is_some()).await;

    let worst = [(Track::Near, &near), (Track::Far, &far)].map(|(track, noise)| compare(&pipeline, call, track, noise));
    let correlation = worst[0].correlation.min(worst[1].correlation);
    let dropped_ms = worst[0].dropped_ms.max(worst[1].dropped_ms);
    let moved_us = worst[0].moved_us.max(worst[1].moved_us);
    let row = serde_json::json!({
        "correlation": correlation, "dropped_ms": dropped_ms, "moved_us": moved_us, "seconds": seconds
    });
    writeln!(std::io::stdout(), "\n{row}").unwrap();
    assert!(correlation >= 0.98, "{row}");
    assert_eq!(dropped_ms, 0, "{row}");
    assert!(moved_us <= MOST_MOVED_US, "{row}");
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    program.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_may_be_recorded_no_device_is_open() {
    if is_skipped() {
        return;
    }
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let pulse = SoundServer::start(folder.path(), &TWO_SINKS).await;
    let pipeline = Pipeline::there(Manner::default()).await;
    let (mut program, agent) = started(folder.path(), &pulse, &pipeline, "consent").await;
    let nobody = pulse.recorders().await;
    let call = agent.start(&BeginBody::default()).await.unwrap();
    // Nothing is to happen, so there is nothing to wait for but time.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(agent.status().await.unwrap()["state"], "awaiting_consent");
    assert_eq!(pulse.recorders().await, nobody, "before consent");
    agent.consent(true).await.unwrap();
    both_tracks_flow(&agent).await;
    assert_eq!(pulse.recorders().await, nobody + 2, "microphone and loopback");
    agent.pause().await.unwrap();
    pulse.until_recorders(nobody).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    agent.resume().await.unwrap();
    pulse.until_recorders(nobody + 2).await;
    let goes_on = |p: &Pipeline, track: Track| {
        let of_track = |gap: &&referent_proto::Gap| gap.track == track && gap.reason == GapReason::Paused;
        let pause = p.gaps(call).iter().rfind(of_track).map(|gap| gap.span.end().0);
        pause.is_some() && p.sound(call, track).into_keys().last() > pause
    };
    pipeline.until("sound after the pause", |p| Track::BOTH.iter().all(|track| goes_on(p, *track))).await;
    agent.stop().await.unwrap();
    pipeline.until("hang-up", |p| p.hang_up(call).is_some()).await;
    let gaps = pipeline.gaps(call);
    for reason in [GapReason::BeforeConsent, GapReason::Paused] {
        assert!(gaps.iter().any(|gap| gap.reason == reason && gap.span.samples() > 4_000), "{reason:?}: {gaps:?}");
    }
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    program.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_headset_that_comes_and_goes_is_followed_and_the_other_track_goes_on() {
    if is_skipped() {
        return;
    }
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let pulse = SoundServer::start(folder.path(), &TWO_SINKS).await;
    let pipeline = Pipeline::there(Manner::default()).await;
    let (mut program, agent) = started(folder.path(), &pulse, &pipeline, "notice").await;
    let call = agent.start(&BeginBody::default()).await.unwrap();
    both_tracks_flow(&agent).await;
    // Another rate than the microphone's, as a headset's over Bluetooth.
    let sink = pulse.load("module-null-sink sink_name=headset format=s16le rate=16000 channels=1").await;
    let source = pulse.load("module-remap-source source_name=headsetmic master=headset.monitor").await;
    pulse.pactl(&["set-default-source", "headsetmic"]).await;
    let came = pulse.until_recorded("headsetmic").await;
    both_tracks_flow(&agent).await;
    pulse.pactl(&["unload-module", &source]).await;
    pulse.pactl(&["unload-module", &sink]).await;
    let went = pulse.until_recorded("mic").await;
    both_tracks_flow(&agent).await;
    let row = serde_json::json!({ "device_change_s": came.max(went).as_secs_f64() });
    writeln!(std::io::stdout(), "\n{row}").unwrap();
    agent.stop().await.unwrap();
    pipeline.until("hang-up", |p| p.hang_up(call).is_some()).await;
    let gaps = pipeline.gaps(call);
    let later = |track| gaps.iter().filter(move |gap| gap.track == track && gap.reason != GapReason::NotStarted);
    assert_eq!(later(Track::Far).count(), 0, "{gaps:?}");
    let lost: u64 = later(Track::Near).map(|gap| gap.span.samples()).sum();
    assert!(later(Track::Near).all(|gap| gap.reason == GapReason::DeviceLost), "{gaps:?}");
    assert!(lost < FOLLOWED_WITHIN.as_secs() * 16_000, "{lost} samples, {gaps:?}");
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    program.kill().await.unwrap();
}

/// Once the state says that it listens, both tracks have given sound, and a microphone that gives none is said within 2 s.
#[tokio::test(flavor = "multi_thread")]
async fn it_never_says_that_it_listens_while_it_does_not() {
    if is_skipped() {
        return;
    }
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let pulse = SoundServer::start(folder.path(), &TWO_SINKS).await;
    let pipeline = Pipeline::there(Manner::default()).await;
    let (mut program, agent) = started(folder.path(), &pulse, &pipeline, "consent").await;
    agent.start(&BeginBody::default()).await.unwrap();
    agent.consent(true).await.unwrap();
    let listening = async {
        loop {
            let status = agent.status().await.expect("it works here");
            let recorded = &status["call"]["recorded_ms"];
            let has_sound = ["near", "far"].iter().all(|track| recorded[track].as_u64() > Some(0));
            let state = status["state"].as_str().unwrap_or_default().to_owned();
            assert!(state == "starting" || state == "listening", "{status}");
            assert!(has_sound || state != "listening", "{status}");
            if state == "listening" {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), listening).await.unwrap();
    pulse.pactl(&["set-source-mute", "mic", "1"]).await;
    until_state(&agent, "no_sound_near").await;
    pulse.pactl(&["set-source-mute", "mic", "0"]).await;
    until_state(&agent, "listening").await;
    // No microphone is left at all.
    pulse.pactl(&["unload-module", "module-remap-source"]).await;
    until_state(&agent, "no_sound_near").await;
    program.kill().await.unwrap();
}

async fn until_state(agent: &Agent, expected: &str) {
    let reached = async {
        while agent.status().await.expect("it works here")["state"] != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let reached = tokio::time::timeout(FOLLOWED_WITHIN, reached).await;
    assert!(reached.is_ok(), "{expected}, and it is {}", agent.status().await.expect("it works here"));
}

/// Gives all threads of the agent this class; false where that is not allowed.
async fn schedule(program: &Child, class: &str) -> bool {
    let id = program.id().expect("it runs").to_string();
    let done = Command::new("chrt").args(["--all-tasks", class, "--pid", "0", &id]).status().await;
    done.is_ok_and(|status| status.success())
}

/// Lets the agent run only when nobody else wants to, and others want to until what this gives is dropped. Not by SIGSTOP:
/// its end interrupts the agent's system calls, which a busy PC does not.
async fn starve(program: &Child) -> Vec<Child> {
    assert!(schedule(program, "--idle").await, "chrt works here");
    let busy = |_| Command::new("sh").args(["-c", "while :; do :; done"]).kill_on_drop(true).spawn();
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    (0..2 * cores).map(busy).collect::<Result<_, _>>().expect("it works here")
}

/// The real program, with devices of this PulseAudio.
async fn started(folder: &Path, pulse: &SoundServer, pipeline: &Pipeline, mode: &str) -> (Child, Agent) {
    rustls::crypto::ring::default_provider().install_default().ok();
    let config = folder.join("agent.toml");
    let text = format!(
        "state_dir = \"{}\"\nhttp = \"127.0.0.1:0\"\npipeline = \"{}\"\nmode = \"{mode}\"\n[sound]\nkind = \"devices\"\n",
        folder.join("agent").display(),
        pipeline.url()
    );
    std::fs::write(&config, text).expect("it works here");
    let mut program = pulse.command(env!("CARGO_BIN_EXE_referent-agent"));
    let program = program.arg("run").arg("--config").arg(&config).stdout(Stdio::piped()).spawn();
    let mut program = program.expect("it works here");
    let mut lines = BufReader::new(program.stdout.take().expect("it is piped")).lines();
    let ready = tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await;
    ready.expect("it is ready in time").expect("it works here").expect("it says so");
    (program, Agent::of(&folder.join("agent")).expect("it has a control port"))
}

/// Correlation of all that was played with what arrived, and how much of it is missing.
fn compare(pipeline: &Pipeline, call: CallId, track: Track, played: &Noise) -> Compared {
    let gaps: Vec<_> = pipeline.gaps(call).into_iter().filter(|gap| gap.track == track).collect();
    assert!(gaps.iter().all(|gap| gap.reason == GapReason::NotStarted), "{track}: {gaps:?}");
    let heard: Vec<f64> = pipeline.sound(call, track).into_values().map(f64::from).collect();
    let onset = heard.iter().position(|sample| sample.abs() > 50.0);
    let Some(onset) = onset else { panic!("{track}: nothing but silence arrived") };
    // Where the first played sample lies, in steps of the played rate; the loudest agreement around the onset.
    let begin = (onset * STEP).saturating_sub(AROUND);
    let best = (begin..onset * STEP + AROUND).max_by(|a, b| {
        let of = |begin| correlation(&pairs(&heard, &played.samples, begin, WINDOW, WINDOW));
        of(*a).total_cmp(&of(*b))
    });
    // A busy PC changes how long sound is on its way, and the agent follows that by and by, a little longer or shorter: each
    // window is looked for close to where the last one was.
    let mut begin = best.unwrap_or(begin);
    let first = begin;
    let windows = played.samples.len() / STEP / WINDOW - 1;
    let (mut all, mut missing, mut moved) = (Vec::new(), 0, 0);
    for window in 0..windows {
        let at = |begin| pairs(&heard, &played.samples, begin, window * WINDOW, WINDOW);
        let agrees = |begin: usize| correlation(&at(begin));
        let nearby = begin.saturating_sub(CREEP)..=begin + CREEP;
        let best = nearby.max_by(|a, b| agrees(*a).total_cmp(&agrees(*b))).unwrap_or(begin);
        if agrees(best) < 0.9 {
            missing += 1;
        } else {
            begin = best;
            moved = moved.max(begin.abs_diff(first));
        }
        all.extend(at(begin));
    }
    Compared {
        correlation: correlation(&all),
        dropped_ms: missing * 100,
        moved_us: moved * 1_000_000 / (16_000 * STEP),
    }
}

/// What arrived, held against what was played.
struct Compared {
    correlation: f64,
    dropped_ms: usize,
    /// So far the track moved against the first sample.
    moved_us: usize,
}

/// Heard and played samples of the same moments; what was not heard counts as silence.
fn pairs(heard: &[f64], played: &[f64], begin: usize, from: usize, count: usize) -> Vec<(f64, f64)> {
    // The first heard sample at or after `begin`, and how far after.
    let first = begin.div_ceil(STEP);
    let shift = first * STEP - begin;
    let at = |n: usize| {
        let played = played.get(n * STEP + shift).copied().unwrap_or(0.0);
        (heard.get(first + n).copied().unwrap_or(0.0), played)
    };
    (from..from + count).map(at).collect()
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let sum = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>();
    let (both, heard, played) = (sum(|(a, b)| a * b), sum(|(a, _)| a * a), sum(|(_, b)| b * b));
    if heard == 0.0 || played == 0.0 { 0.0 } else { both / (heard * played).sqrt() }
}

/// Sound is written on both tracks.
async fn both_tracks_flow(agent: &Agent) {
    let flows = async {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        loop {
            tick.tick().await;
            let status = agent.status().await.expect("it works here");
            let recorded = &status["call"]["recorded_ms"];
            if ["near", "far"].iter().all(|track| recorded[track].as_u64() > Some(500))
                && status["state"] == "listening"
            {
                return;
            }
        }
    };
    let flowed = tokio::time::timeout(Duration::from_secs(15), flows).await;
    assert!(flowed.is_ok(), "{}", agent.status().await.expect("it works here"));
}

/// Half a second of silence, then noise below 2 kHz, the same every time.
struct Noise {
    path: PathBuf,
    samples: Vec<f64>,
}

impl Noise {
    fn write(folder: &Path, name: &str, seed: u32, seconds: u32) -> Self {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let path = folder.join(name);
        let mut writer = hound::WavWriter::create(&path, spec).expect("it works here");
        // PulseAudio mixes a new stream into what it has handed to the sink already, and a monitor has heard that part.
        for _ in 0..RATE / 2 {
            writer.write_sample(0_i16).expect("it works here");
        }
        let (mut state, mut smooth) = (seed, [0.0; 2]);
        let mut samples = Vec::new();
        for _ in 0..RATE * seconds {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let white = f64::from(i16::from_ne_bytes([state.to_ne_bytes()[2], state.to_ne_bytes()[3]]));
            smooth[0] += 0.15 * (white - smooth[0]);
            smooth[1] += 0.15 * (smooth[0] - smooth[1]);
            let sample = (smooth[1] * 3.0).clamp(-30_000.0, 30_000.0).round();
            #[expect(clippy::cast_possible_truncation, reason = "clamped")]
            writer.write_sample(sample as i16).expect("it works here");
            samples.push(sample);
        }
        writer.finalize().expect("it works here");
        Self { path, samples }
    }
}
