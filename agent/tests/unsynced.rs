//! The power goes while the real program takes, keeps and sends calls, again and again, on a disk that forgets what was not
//! synced: what the server was given is given again, the same, or was settled; no offset is given twice with different
//! sound; what a person was told is in force after the next start. 120 cuts, or 400 with `RUN_SLOW_TESTS=1`, half of them of
//! calls that are sealed: there no key may have sealed two records under one number.
//!
//! Half of the cuts are followed by another boot, with another boot id and a boot clock that has begun anew somewhere else
//! (namespaces of the kernel's: `support/reboot`), and at times by a second and more without power: the call goes on after a
//! hole that is what the wall clock says, and at least a second.
//!
//! The sound of each run of the agent is another one, so that an offset that is given twice shows. Syncs are slow at times,
//! and some fail. Prints one line of JSON. Needs root and `/dev/fuse`; where they are not there it says so and passes, but
//! not in CI.

#![cfg(target_os = "linux")]

#[cfg(test)]
#[path = "support/image.rs"]
mod image;
#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;
#[cfg(test)]
#[path = "support/power.rs"]
mod power;
#[cfg(test)]
#[path = "support/reboot.rs"]
mod reboot;

use pipeline::{Heard, Manner, Pipeline};
use power::Power;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reboot::Boot;
use referent_agent::clock::Clock;
use referent_agent::control::BeginBody;
use referent_agent::control::client::Agent;
use referent_agent::permit::Decision;
use referent_proto::ids::PerTrack;
use referent_proto::{CallId, GapReason, HangUpReason, Hello, SAMPLE_RATE, SampleSpan, SealedChunk, Track};
use referent_seal::open::PrivateKey;
use std::collections::{BTreeSet, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// Calls that go on side by side, each with an agent and a disk of its own: every second is sealed, and of the others as of
/// those half wait for consent, and a quarter goes on in real time.
const LANES: u64 = 8;
const SECONDS: usize = 70;

#[derive(Debug, Default)]
struct Counts {
    cuts: usize,
    sealed_cuts: usize,
    reboots: usize,
    calls: usize,
    failed_syncs: u64,
    /// Samples that were given as sound and later as a gap, or that never came.
    lost: u64,
    /// Samples that were given twice, and not the same.
    reused: u64,
    /// Records that were sealed with the key and the number of another.
    nonces_reused: u64,
    /// What a person was told, and was not so after the next start; and messages out of order.
    broken: Vec<String>,
}

/// What a person was told of a call.
#[derive(Debug, Default)]
struct Told {
    call: Option<CallId>,
    /// What stands decided; `None` while nobody can know.
    has_consent: Option<bool>,
    is_paused: Option<bool>,
    is_over: bool,
    /// The citizen objected; `None` while nobody can know, because the power went before the answer came.
    is_discarded: Option<bool>,
}

impl Told {
    fn of_new(call: CallId) -> Self {
        Self {
            call: Some(call),
            has_consent: Some(false),
            is_paused: Some(false),
            is_discarded: Some(false),
            ..Self::default()
        }
    }
}

/// One call, and the PC on which it goes on.
struct Story {
    folder: PathBuf,
    mode: &'static str,
    pace: &'static str,
    /// The server's key, where the call is sealed.
    key: Option<PrivateKey>,
    power: Power,
    pipeline: Pipeline,
    /// The sound of the first run; that of another is the same with other bits turned over.
    base: Vec<[i16; 2]>,
    run: i16,
    boot: Boot,
    /// When each run began, UTC milliseconds.
    begun_ms: Vec<i64>,
    told: Told,
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_the_power_goes_nothing_that_was_given_is_missing_or_other() {
    let wanted = if std::env::var_os("RUN_SLOW_TESTS").is_some() { 400 } else { 120 };
    rustls::crypto::ring::default_provider().install_default().ok();
    let lanes = (0..LANES).map(|lane| run_lane(lane, wanted / usize::try_from(LANES).expect("eight")));
    let all: Option<Vec<Counts>> = futures_util::future::join_all(lanes).await.into_iter().collect();
    let Some(all) = all else {
        writeln!(std::io::stdout(), "skipped: only root can mount a disk").expect("it works here");
        return;
    };
    let sum = |of: fn(&Counts) -> u64| all.iter().map(of).sum::<u64>();
    let broken: Vec<&String> = all.iter().flat_map(|counts| &counts.broken).collect();
    let runs: usize = all.iter().map(|counts| counts.cuts).sum();
    let reboots: usize = all.iter().map(|counts| counts.reboots).sum();
    let sealed: usize = all.iter().map(|counts| counts.sealed_cuts).sum();
    let row = serde_json::json!({
        "runs": runs,
        "sealed_runs": sealed,
        "reboots": reboots,
        "calls": all.iter().map(|counts| counts.calls).sum::<usize>(),
        "failed_syncs": sum(|c| c.failed_syncs),
        "settled_lost": sum(|c| c.lost),
        "offsets_reused": sum(|c| c.reused),
        "nonces_reused": sum(|c| c.nonces_reused),
        "broken_words": broken.len(),
    });
    writeln!(std::io::stdout(), "\n{row}").expect("it works here");
    assert_eq!((sum(|c| c.lost), sum(|c| c.reused), sum(|c| c.nonces_reused)), (0, 0, 0), "{row} {broken:#?}");
    assert!(broken.is_empty(), "{row} {broken:#?}");
    assert!(runs >= wanted && sealed * 5 >= runs * 2 && sealed * 5 <= runs * 3, "{row}");
    assert!(reboots * 4 > runs, "{row}");
}

/// `None` where no disk can be mounted.
async fn run_lane(lane: u64, cuts: usize) -> Option<Counts> {
    let (mut chance, mut counts) = (StdRng::seed_from_u64(lane), Counts::default());
    while counts.cuts < cuts {
        let folder = tempfile::tempdir().expect("it works here");
        let power = Power::on(&folder.path().join("disk"), chance.random())?;
        let mut story = Story {
            folder: folder.path().to_owned(),
            mode: if (lane / 2).is_multiple_of(2) { "notice" } else { "consent" },
            pace: if lane / 2 == 3 { "real_time" } else { "credit" },
            key: (lane % 2 == 1).then(|| PrivateKey::generate().expect("the system has chance")),
            power,
            pipeline: Pipeline::there(Manner::default()).await,
            base: (0..SECONDS * 16_000).map(|_| chance.random()).collect(),
            run: 0,
            boot: Boot::this(),
            begun_ms: Vec::new(),
            told: Told::default(),
        };
        story.play(&mut chance, &mut counts).await;
        story.count(&mut counts);
        // On a fast machine some are over before the power went once.
        assert!(counts.calls < 50 + 2 * cuts, "{counts:?}");
    }
    Some(counts)
}

impl Story {
    fn state_dir(&self) -> PathBuf {
        self.folder.join("disk/agent")
    }

    /// The call, from its beginning until the server has all of it, whenever the power goes meanwhile.
    async fn play(&mut self, chance: &mut StdRng, counts: &mut Counts) {
        let seal = self.key.as_ref().map_or_else(String::new, |key| {
            format!("[seal]\nkey_id = \"{}\"\npublic_key = \"{}\"\n", key.id(), key.public().to_text())
        });
        self.pipeline.has_keys(&self.key.iter().collect::<Vec<_>>());
        let text = format!(
            "state_dir = \"{}\"\nhttp = \"127.0.0.1:0\"\npipeline = \"{}\"\nmode = \"{}\"\n[sound]\nkind = \"wav\"\npace = \"{}\"\n{seal}",
            self.state_dir().display(),
            self.pipeline.url(),
            self.mode,
            self.pace
        );
        let config = self.folder.join("agent.toml");
        std::fs::write(&config, text).expect("it works here");
        let begin = Instant::now();
        loop {
            self.speak();
            self.power.sync_takes(Duration::from_millis([0, 0, 5, 40][chance.random_range(0..4)]));
            let alive = Duration::from_millis(chance.random_range(60..900));
            self.begun_ms.push(utc_ms());
            let mut program = started(&self.boot.command(), &config);
            let is_done = timeout(alive, self.live(&mut program, chance, counts)).await.unwrap_or(false);
            program.kill().await.expect("it works here");
            self.power.goes();
            self.power.syncs_fail(0);
            self.power.cut();
            self.run += 1;
            counts.cuts += 1;
            counts.sealed_cuts += usize::from(self.key.is_some());
            if is_done {
                return;
            }
            if chance.random() {
                self.boot = Boot::another(&self.folder, chance);
                counts.reboots += 1;
                if self.pace == "real_time" && chance.random_bool(0.25) {
                    sleep(Duration::from_millis(chance.random_range(1_000..2_500))).await;
                }
            }
            if begin.elapsed() > Duration::from_mins(2) {
                counts.broken.push(format!("the call is never over: {:?} {:?}", self.told, self.pipeline.wrong()));
                return;
            }
        }
    }

    /// One life of the agent; true when all is done.
    async fn live(&mut self, program: &mut Child, chance: &mut StdRng, counts: &mut Counts) -> bool {
        let mut lines = BufReader::new(program.stdout.take().expect("it is piped")).lines();
        if lines.next_line().await.expect("it works here").is_none() {
            counts.broken.push(format!("run {}: the agent does not start", self.run));
            return false;
        }
        let agent = Agent::of(&self.state_dir()).expect("it has a control port");
        self.is_as_told(&agent, counts).await;
        loop {
            if self.told.call.is_none() {
                let wav = Some(self.folder.join("call.wav"));
                if let Ok(call) = agent.start(&BeginBody { wav, ..BeginBody::default() }).await {
                    self.told = Told::of_new(call);
                }
            } else if self.is_done() {
                return true;
            }
            match chance.random_range(0..100) {
                0..8 => self.decide(&agent, Decision::Pause).await,
                8..20 => self.decide(&agent, Decision::Resume).await,
                20..32 => self.decide(&agent, Decision::ConsentGiven).await,
                32..34 => self.decide(&agent, Decision::ConsentRefused).await,
                34..40 => self.power.syncs_fail(chance.random_range(1..4)),
                40..42 if !self.told.is_over && self.told.call.is_some() => {
                    if agent.stop().await.is_ok() {
                        self.told.is_over = true;
                    }
                }
                42..44 if !self.told.is_over && self.told.call.is_some() => {
                    self.told.is_discarded = None;
                    if agent.discard(None).await.is_ok() {
                        (self.told.is_over, self.told.is_discarded) = (true, Some(true));
                    }
                }
                _ => sleep(Duration::from_millis(chance.random_range(1..40))).await,
            }
        }
    }

    async fn decide(&mut self, agent: &Agent, decision: Decision) {
        if self.told.is_over || self.told.call.is_none() {
            return;
        }
        let is_consent = matches!(decision, Decision::ConsentGiven | Decision::ConsentRefused);
        let known = if is_consent { &mut self.told.has_consent } else { &mut self.told.is_paused };
        let before = known.take();
        let said = match decision {
            Decision::Pause => agent.pause().await,
            Decision::Resume => agent.resume().await,
            Decision::ConsentGiven => agent.consent(true).await,
            Decision::ConsentRefused => agent.consent(false).await,
        };
        *known = match said {
            Ok(_) => Some(matches!(decision, Decision::Pause | Decision::ConsentGiven)),
            // It cannot be kept: the disk may have it, or not.
            Err(error) if ["state_dir", "restart"].iter().any(|word| error.to_string().contains(word)) => None,
            // Nobody asks for consent where none is needed, and what has ended cannot be paused.
            Err(_) => before,
        };
    }

    /// What a start finds is what a person was told.
    async fn is_as_told(&mut self, agent: &Agent, counts: &mut Counts) {
        let status = agent.status().await.expect("it answers");
        let goes_on: Option<CallId> = status["call"]["id"].as_str().and_then(|id| id.parse().ok());
        if let (None, Some(call)) = (self.told.call, goes_on) {
            // The power went between the call's first record and the answer: it goes on, and nobody was told its id.
            self.told = Told::of_new(call);
        }
        if goes_on.is_none() {
            return;
        }
        if self.told.is_over {
            counts.broken.push(format!("run {}: it had ended, and goes on: {status}", self.run));
        }
        let state = status["state"].as_str().unwrap_or_default();
        let (awaits, is_paused) = (state == "awaiting_consent", state == "paused");
        let is_other = |told: Option<bool>, found: bool| told.is_some_and(|told| told != found);
        if (self.mode == "consent" && is_other(self.told.has_consent, !awaits))
            || (!awaits && is_other(self.told.is_paused, is_paused))
        {
            counts.broken.push(format!("run {}: {:?}, and it is {state}", self.run, self.told));
        }
        // Whatever nobody was told the end of stands as it is found.
        self.told.has_consent = Some(!awaits);
        self.told.is_paused = if awaits { self.told.is_paused } else { Some(is_paused) };
        self.told.is_discarded = Some(false);
    }

    fn is_done(&self) -> bool {
        let is_empty = std::fs::read_dir(self.state_dir().join("spool")).is_ok_and(|mut calls| calls.next().is_none());
        let Some(call) = self.told.call else { return false };
        let is_known = self.pipeline.hellos().iter().any(|hello| hello.call == call);
        let was_told = self.pipeline.heard().contains(&Heard::Discard(call));
        is_empty
            && (self.pipeline.hang_up(call).is_some()
                || (self.told.is_discarded != Some(false) && (was_told || !is_known)))
    }

    /// The sound of this run.
    fn speak(&self) {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(self.folder.join("call.wav"), spec).expect("it works here");
        let mut samples = writer.get_i16_writer(u32::try_from(self.base.len() * 2).expect("a minute"));
        for sample in self.base.iter().flatten() {
            samples.write_sample(*sample ^ key(self.run));
        }
        samples.flush().expect("it works here");
        writer.finalize().expect("it works here");
    }

    fn count(&self, counts: &mut Counts) {
        counts.broken.extend(self.pipeline.wrong());
        counts.failed_syncs += self.power.failed_syncs();
        let (heard, sealed) = (self.pipeline.heard(), self.pipeline.sealed());
        if self.key.is_none() && !sealed.is_empty() {
            counts.broken.push("sealed without a key".into());
        }
        counts.nonces_reused += nonces_reused(&sealed);
        let calls: BTreeSet<CallId> = self.pipeline.hellos().into_iter().map(|hello| hello.call).collect();
        for call in calls {
            counts.calls += 1;
            let mut given: PerTrack<Vec<Given>> = PerTrack::default();
            for message in &heard {
                match message {
                    // Of what was sealed nothing is left where all of it had come before.
                    Heard::Chunk(of, chunk) if *of == call && !chunk.pcm.0.is_empty() => {
                        let (channel, first) = (usize::from(chunk.track == Track::Far), at(chunk.span()));
                        let run = self.base[first][channel] ^ chunk.pcm.0[0];
                        let there = self.base[first..].iter().map(|frame| frame[channel] ^ run);
                        let is_whole = there.zip(&chunk.pcm.0).all(|(spoken, heard)| spoken == *heard);
                        let now = if is_whole { Given::Sound(run) } else { Given::Rubbish };
                        give(&mut given[chunk.track], chunk.span(), now, counts);
                    }
                    Heard::Gap(of, gap) if *of == call => {
                        if gap.reason == GapReason::ServerLost {
                            counts.lost += gap.span.samples();
                        }
                        give(&mut given[gap.track], gap.span, Given::Gap, counts);
                    }
                    _ => {}
                }
            }
            for track in Track::BOTH {
                self.holes(&given[track], self.pipeline.hellos().iter().find(|hello| hello.call == call), counts);
            }
            let Some(hang_up) = self.pipeline.hang_up(call) else {
                if self.told.is_discarded == Some(false) || self.told.call != Some(call) {
                    counts.broken.push(format!("call {call} has no end"));
                }
                continue;
            };
            // Nobody was away for ten minutes.
            if hang_up.reason == HangUpReason::Crash {
                counts.broken.push(format!("call {call} was given up"));
            }
            for track in Track::BOTH {
                let end = usize::try_from(hang_up.ends[track].0).expect("a minute");
                let came = given[track].iter().take(end).filter(|given| **given != Given::Nothing).count();
                counts.lost += (end - came) as u64;
            }
        }
    }
}

impl Story {
    /// Where the sound of a run follows that of an earlier one there is a hole of a second or more; and where the call goes
    /// on in real time, of as long as nobody was there, by the wall clock, whichever boot it was.
    fn holes(&self, given: &[Given], hello: Option<&Hello>, counts: &mut Counts) {
        let sound = given.iter().enumerate().filter_map(|(at, given)| match given {
            Given::Sound(key) => Some((at, *key)),
            _ => None,
        });
        let mut before: Option<(usize, i16)> = None;
        for (at, now) in sound {
            let is_another = before.filter(|(_, key)| *key != now);
            before = Some((at, now));
            let Some((end, _)) = is_another else { continue };
            if at - end <= usize::try_from(SAMPLE_RATE).expect("16,000") {
                counts.broken.push(format!("a hole from {end} to {at} between two runs"));
            }
            let run = (0..self.run).find(|run| key(*run) == now).and_then(|run| usize::try_from(run).ok());
            let (Some(run), Some(hello), "real_time") = (run, hello, self.pace) else { continue };
            let there_ms = self.begun_ms[run] - hello.started.utc_ms;
            if i64::try_from(at).expect("a minute") < there_ms * 16 {
                counts.broken.push(format!("run {run} began at {there_ms} ms, and its sound lies at sample {at}"));
            }
        }
    }
}

/// What the server was given at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Nothing,
    Gap,
    /// Of the run with this key.
    Sound(i16),
    Rubbish,
}

fn give(given: &mut Vec<Given>, span: SampleSpan, now: Given, counts: &mut Counts) {
    let end = at(span) + usize::try_from(span.samples()).expect("a minute");
    if given.len() < end {
        given.resize(end, Given::Nothing);
    }
    for before in &mut given[at(span)..end] {
        match (*before, now) {
            (Given::Sound(_), Given::Gap) => counts.lost += 1,
            (Given::Nothing, Given::Rubbish) => counts.reused += 1,
            (Given::Nothing, _) => {}
            (before, now) => counts.reused += u64::from(before != now),
        }
        *before = now;
    }
}

/// Records that carry the key and the number of another and are not the same; the server has seen both.
fn nonces_reused(sealed: &[SealedChunk]) -> u64 {
    let mut seen: HashMap<_, &SealedChunk> = HashMap::new();
    let mut reused = 0;
    for chunk in sealed {
        let before = seen.insert((chunk.enc, chunk.track, chunk.number), chunk);
        reused += u64::from(before.is_some_and(|before| before != chunk));
    }
    reused
}

fn at(span: SampleSpan) -> usize {
    usize::try_from(span.start().0).expect("a minute")
}

/// Which bits of a run's sound are turned over.
fn key(run: i16) -> i16 {
    run.wrapping_mul(0x0123)
}

fn utc_ms() -> i64 {
    Clock::system().wall().utc_ms
}

fn started(before: &[String], config: &Path) -> Child {
    let own = env!("CARGO_BIN_EXE_referent-agent");
    let mut program = Command::new(before.first().map_or(own, String::as_str));
    if let Some(arguments) = before.get(1..) {
        program.args(arguments).arg(own);
    }
    program.arg("run").arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    program.kill_on_drop(true).spawn().expect("it works here")
}
