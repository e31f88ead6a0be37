//! kill -9 of the real program at any moment, again and again, while calls go through it: every sample arrives at the
//! offset at which it was spoken, or lies in a gap that says so, sealed or not. 300 kills, or 3,000 with `RUN_SLOW_TESTS=1`.
//!
//! The sound is noise of 16 kHz from a file, which no resampling touches, and differs from sample to sample and call to
//! call: a sample that is at another offset, of another track or another call shows.
//! Prints one line of JSON: kills, and samples or messages that are not as they should be.

#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;

use pipeline::{Heard, Manner, Pipeline};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_agent::control::BeginBody;
use referent_agent::control::client::Agent;
use referent_proto::{CallId, GapReason, HangUpReason, SampleSpan, Track};
use referent_seal::open::PrivateKey;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

/// Calls that go on side by side, each with an agent of its own.
const LANES: u64 = 4;
const SECONDS: usize = 120;
/// A kill costs the second by which a new run keeps away from the old one, and what the old one had read and not written.
const COST_OF_A_KILL: u64 = 24_000;

#[derive(Debug, Default)]
struct Counts {
    kills: usize,
    calls: usize,
    /// Samples of which neither sound nor a gap ever came.
    lost: u64,
    /// Samples that were given as sound and as a gap.
    doubled: u64,
    /// Samples that are not what was spoken there, and messages out of order.
    reordered: u64,
    /// Gaps that no kill explains, in samples.
    unmarked: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_the_agent_is_killed_every_sample_arrives_or_is_said_to_be_missing() {
    let wanted = if std::env::var_os("RUN_SLOW_TESTS").is_some() { 3_000 } else { 300 };
    rustls::crypto::ring::default_provider().install_default().ok();
    let lanes = (0..LANES).map(|lane| run_lane(lane, wanted / usize::try_from(LANES).unwrap()));
    let all = futures_util::future::join_all(lanes).await;
    let sum = |of: fn(&Counts) -> u64| all.iter().map(of).sum::<u64>();
    let kills: usize = all.iter().map(|counts| counts.kills).sum();
    let row = serde_json::json!({
        "kills": kills,
        "calls": all.iter().map(|counts| counts.calls).sum::<usize>(),
        "lost": sum(|c| c.lost),
        "doubled": sum(|c| c.doubled),
        "reordered": sum(|c| c.reordered),
        "unmarked_gaps": sum(|c| c.unmarked),
    });
    writeln!(std::io::stdout(), "\n{row}").unwrap();
    assert!(kills >= wanted, "{row}");
    assert_eq!(sum(|c| c.lost + c.doubled + c.reordered + c.unmarked), 0, "{row}");
}

async fn run_lane(lane: u64, kills: usize) -> Counts {
    let (mut chance, mut counts) = (StdRng::seed_from_u64(lane), Counts::default());
    while counts.kills < kills {
        one_call(lane, &mut chance, &mut counts).await;
        // On a fast machine some are over before they are killed once.
        assert!(counts.calls < 20 + kills, "{counts:?}");
    }
    counts
}

/// A call, from its beginning until the server has all of it, whatever is killed meanwhile.
async fn one_call(lane: u64, chance: &mut StdRng, counts: &mut Counts) {
    let folder = tempfile::tempdir().expect("it works here");
    let pipeline = Pipeline::there(Manner::default()).await;
    let spoken = noise(folder.path(), chance);
    let config = folder.path().join("agent.toml");
    // Every second lane seals what it keeps.
    let key = PrivateKey::generate().expect("it works here");
    let seal = format!("[seal]\nkey_id = \"{}\"\npublic_key = \"{}\"\n", key.id(), key.public().to_text());
    let seal = if lane.is_multiple_of(2) { seal.as_str() } else { "" };
    pipeline.has_keys(&[&key]);
    let text = format!(
        "state_dir = \"{}\"\nhttp = \"127.0.0.1:0\"\npipeline = \"{}\"\nmode = \"notice\"\n[sound]\nkind = \"wav\"\npace = \"credit\"\n{seal}",
        folder.path().join("agent").display(),
        pipeline.url()
    );
    std::fs::write(&config, text).expect("it works here");
    let (mut call, mut killed) = (None, 0);
    let begin = Instant::now();
    loop {
        let mut program = started(&config);
        // Most kills fall into the first tenth of a second, in which the spool is read, written and settled.
        let alive = Duration::from_micros(10_u64.pow(chance.random_range(3..6)) * chance.random_range(1..10));
        let doing = drive(folder.path(), &mut program, &mut call, &pipeline);
        let is_done = timeout(alive, doing).await.is_ok_and(|is_done| is_done);
        program.kill().await.expect("it works here");
        if is_done {
            break;
        }
        killed += 1;
        assert!(begin.elapsed() < Duration::from_mins(2), "the call is never over; wrong: {:?}", pipeline.wrong());
    }
    counts.kills += killed;
    counts.reordered += pipeline.wrong().len() as u64;
    // Usually one; two where the first was over before anybody was told that it had begun.
    let calls: BTreeSet<CallId> = pipeline.hellos().into_iter().map(|hello| hello.call).collect();
    for call in calls {
        counts.calls += 1;
        count(&pipeline, call, &spoken, killed, counts);
    }
}

/// Begins the call unless it was, and waits until it has gone through; true when it has.
async fn drive(folder: &Path, program: &mut Child, call: &mut Option<CallId>, pipeline: &Pipeline) -> bool {
    let mut lines = BufReader::new(program.stdout.take().expect("it is piped")).lines();
    if lines.next_line().await.expect("it works here").is_none() {
        return false;
    }
    let state_dir = folder.join("agent");
    let agent = Agent::of(&state_dir).expect("it has a control port");
    if call.is_none() {
        // Killed between the call's first record and the answer: it goes on, and nobody was told its id.
        let status = agent.status().await.expect("it answers");
        *call = status["call"]["id"].as_str().and_then(|id| id.parse().ok());
    }
    let id = if let Some(id) = *call {
        id
    } else {
        let wav = Some(folder.join("call.wav"));
        let begun = agent.start(&BeginBody { wav, ..BeginBody::default() }).await;
        *call.insert(begun.expect("nothing goes on"))
    };
    let spool = state_dir.join("spool");
    loop {
        let is_empty = std::fs::read_dir(&spool).is_ok_and(|mut calls| calls.next().is_none());
        if is_empty && pipeline.hang_up(id).is_some() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn started(config: &Path) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_referent-agent"));
    program.arg("run").arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    program.kill_on_drop(true).spawn().expect("it works here")
}

/// Two tracks of noise that no other call has; a file of 16 kHz.
fn noise(folder: &Path, chance: &mut StdRng) -> Vec<[i16; 2]> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let path: PathBuf = folder.join("call.wav");
    let mut writer = hound::WavWriter::create(path, spec).expect("it works here");
    let frames: Vec<[i16; 2]> = (0..SECONDS * 16_000).map(|_| chance.random()).collect();
    for sample in frames.iter().flatten() {
        writer.write_sample(*sample).expect("it works here");
    }
    writer.finalize().expect("it works here");
    frames
}

fn count(pipeline: &Pipeline, call: CallId, spoken: &[[i16; 2]], kills: usize, counts: &mut Counts) {
    let hang_up = pipeline.hang_up(call).expect("the spool is empty");
    let heard = pipeline.heard();
    for (channel, track) in Track::BOTH.into_iter().enumerate() {
        let (mut sound, mut gaps) = (Vec::new(), Vec::new());
        for message in &heard {
            match message {
                Heard::Chunk(of, chunk) if *of == call && chunk.track == track => {
                    let first = usize::try_from(chunk.first.0).expect("a short call");
                    let there = spoken.iter().skip(first).map(|frame| frame[channel]);
                    let agrees = there.zip(&chunk.pcm.0).filter(|(spoken, heard)| spoken == *heard).count();
                    counts.reordered += (chunk.pcm.0.len() - agrees) as u64;
                    sound.push(chunk.span());
                }
                Heard::Gap(of, gap) if *of == call && gap.track == track => {
                    if gap.reason != GapReason::AgentDown {
                        writeln!(std::io::stdout(), "no kill explains {gap:?}").expect("it works here");
                        counts.unmarked += gap.span.samples();
                    }
                    gaps.push(gap.span);
                }
                _ => {}
            }
        }
        let (sound, gaps) = (united(sound), united(gaps));
        counts.doubled += common(&sound, &gaps);
        let missing = samples(&gaps);
        counts.unmarked += missing.saturating_sub(COST_OF_A_KILL * kills as u64);
        let both = united([sound, gaps].concat());
        let end = if hang_up.reason == HangUpReason::Rule { spoken.len() as u64 } else { hang_up.ends[track].0 };
        counts.lost += end.saturating_sub(samples(&both));
    }
}

/// The same stretches in order, those that touch as one.
fn united(mut spans: Vec<SampleSpan>) -> Vec<SampleSpan> {
    spans.sort_by_key(|span| span.start());
    let mut united: Vec<SampleSpan> = Vec::new();
    for span in spans {
        match united.last_mut() {
            Some(last) if span.start() <= last.end() => {
                let end = last.end().max(span.end());
                *last = SampleSpan::of(last.start(), end - last.start());
            }
            _ => united.push(span),
        }
    }
    united
}

fn samples(spans: &[SampleSpan]) -> u64 {
    spans.iter().map(|span| span.samples()).sum()
}

fn common(some: &[SampleSpan], others: &[SampleSpan]) -> u64 {
    let overlap = |a: &SampleSpan, b: &SampleSpan| {
        let (from, to) = (a.start().max(b.start()), a.end().min(b.end()));
        to.0.saturating_sub(from.0)
    };
    some.iter().flat_map(|a| others.iter().map(move |b| overlap(a, b))).sum()
}
