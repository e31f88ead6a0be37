//! The recogniser process: it aborts, hangs, leaks and cannot start, and nothing is lost but what caused it.

use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::recogniser::message::{Engine, Faults, Setup};
use referent_pipeline::recogniser::{Limits, Recognisers, message, start};
use referent_pipeline::transcribe::{Heard, NotHeard, Request, Transcriber};
use referent_proto::{CallId, Pcm};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");
const ABORT: i16 = 32_001;
const HANG: i16 = 32_002;
const LEAK: i16 = 32_003;

/// A worker's recognisers, with limits short enough for a test.
struct World {
    transcriber: Transcriber,
    supervising: tokio::task::JoinHandle<anyhow::Result<()>>,
    stop: CancellationToken,
    tracker: TaskTracker,
}

fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_referent-pipeline").into()
}

fn scripted() -> Engine {
    Engine::Scripted(Faults { abort_at: Some(ABORT), hang_at: Some(HANG), leak_at: Some(LEAK) })
}

fn whisper(model: &str) -> Engine {
    Engine::Whisper { model: model.to_owned(), models_dir: MODELS.into() }
}

async fn begin(engine: Engine, workers: usize, limits: Limits) -> anyhow::Result<World> {
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let setup = Setup { engine, workers, log: "warn".into() };
    let Recognisers { slots, supervising, .. } = start(program(), setup, limits, &tracker, stop.clone()).await?;
    Ok(World { transcriber: Transcriber::start(slots)?, supervising, stop, tracker })
}

impl World {
    async fn hear(&self, call: u8, loudest: i16) -> Result<Heard, NotHeard> {
        self.transcriber.hear(request(call, loudest)).await
    }

    #[expect(clippy::unwrap_used, reason = "a helper of tests")]
    async fn end(self) {
        self.transcriber.stop().await;
        self.stop.cancel();
        self.supervising.await.unwrap().unwrap();
        self.tracker.close();
        drop(self.transcriber);
        tokio::time::timeout(Duration::from_secs(5), self.tracker.wait()).await.expect("the process ends");
    }
}

/// Two seconds, one sample of which is `loudest`.
fn request(call: u8, loudest: i16) -> Request {
    let mut pcm = vec![0; 32_000];
    pcm[16_000] = loudest;
    let call = CallId::new(u64::from(call), [call; 10]);
    Request { call, ..Request::of_sound(Pcm(pcm), "da", Context::Full) }
}

fn short() -> Limits {
    Limits { hearing: Duration::from_secs(1), look: Duration::from_millis(50), ..Limits::default() }
}

#[tokio::test]
async fn what_aborts_the_process_is_given_up_and_everybody_else_is_heard() {
    let world = begin(scripted(), 3, short()).await.unwrap();
    let (first, poison, second, third) =
        tokio::join!(world.hear(1, 0), world.hear(2, ABORT), world.hear(3, 0), world.hear(4, 0));
    assert_eq!(poison.map(drop), Err(NotHeard::Died));
    let alone = world.hear(5, 0).await.unwrap();
    for heard in [first, second, third] {
        assert_eq!(heard.unwrap().text, alone.text);
    }
    world.end().await;
}

#[tokio::test]
async fn what_hangs_is_given_up_after_the_limit_and_everybody_else_is_heard() {
    let world = begin(scripted(), 2, short()).await.unwrap();
    let (poison, beside) = tokio::join!(world.hear(1, HANG), async {
        let mut heard = Vec::new();
        for call in 2..40 {
            heard.push(world.hear(call, 0).await.map(drop));
        }
        heard
    });
    assert_eq!(poison.map(drop), Err(NotHeard::TimedOut));
    assert!(beside.iter().all(Result::is_ok), "{beside:?}");
    world.hear(1, 0).await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn a_process_that_grows_is_replaced_and_nobody_notices() {
    let limits = Limits { growth: 100 << 20, ..short() };
    let world = begin(scripted(), 2, limits).await.unwrap();
    let before = children();
    for call in 0..3 {
        world.hear(call, LEAK).await.unwrap();
    }
    let patience = Instant::now();
    while children().iter().any(|pid| before.contains(pid)) {
        world.hear(9, 0).await.unwrap();
        assert!(patience.elapsed() < Duration::from_secs(20), "the grown process is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.hear(9, 0).await.unwrap();
    world.end().await;
}

/// The recogniser processes that this test has started.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let of_task = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
    let all: Vec<String> = tasks.map(|task| of_task(task.unwrap())).collect();
    all.iter().flat_map(|pids| pids.split_whitespace()).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_process_that_cannot_start_says_why() {
    let error = begin(whisper("no-such-model"), 1, short()).await.map(drop).expect_err("there is no such model");
    assert!(format!("{error:#}").contains("no-such-model"), "{error:#}");
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let setup = Setup { engine: scripted(), workers: 1, log: "warn".into() };
    for (program, says) in [("/bin/true", "before it was ready"), ("/no/such/program", "/no/such/program")] {
        let started = start(program.into(), setup.clone(), short(), &tracker, stop.clone()).await.map(drop);
        let error = format!("{:#}", started.expect_err("it does not start"));
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn the_process_ends_with_its_worker_whatever_it_is_doing() {
    let mut child =
        Command::new(program()).arg("recognise").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    message::write(&mut stdin, &Setup { engine: scripted(), workers: 1, log: "warn".into() }).unwrap();
    let ready = message::read(&mut stdout).unwrap();
    assert!(matches!(ready, Some(message::FromChild::Ready { .. })), "{ready:?}");
    message::write(&mut stdin, &message::ToChild::Hear(request(1, HANG))).unwrap();
    assert!(child.try_wait().unwrap().is_none());
    drop(stdin);
    let patience = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(patience.elapsed() < Duration::from_secs(5), "the process stays behind");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn the_first_call_is_not_slower_than_the_tenth() {
    Manifest::load(Path::new(MODELS)).unwrap().verify("demo-da").unwrap();
    let world = begin(whisper("demo-da"), 1, Limits::default()).await.unwrap();
    let mut took = Vec::new();
    for call in 0..11 {
        let begun = Instant::now();
        world.hear(call, 9_000).await.unwrap();
        took.push(begun.elapsed());
    }
    let first = took[0];
    took.sort();
    // Loading a model into a cold state takes several times as long as hearing; a busy machine does not.
    assert!(first < 2 * took[5] + Duration::from_millis(50), "first {first:?}, others {took:?}");
    world.end().await;
}
