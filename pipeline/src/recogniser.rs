//! The recogniser as a process of its own: started, fed, and replaced when it dies, hangs or grows.
//!
//! ```text
//! transcribe ──▶ Slot ──▶ Process ══ stdin, stdout ══▶ child: one model, N threads
//! ```
//!
//! In: requests, one at a time from each thread of `transcribe`. Out: their answers. whisper.cpp can abort the process or
//! hang in it, and a hung thread cannot be killed; a process can. It is this program itself, run with another word.
//!
//! Promises:
//!   P1  Every request is answered: by the process, with `Died` when it ends, with `TimedOut` after the limit, which
//!       also ends the process.
//!   P2  A process that has died is replaced at once, later ones with growing delays; after `STARTS` in a row that
//!       never became ready the worker ends, because it can hear nothing. Its calls are not settled: another worker
//!       takes them, or the agents keep the sound.
//!   P3  A process that has grown beyond its limit is replaced by a new one that is ready; what it is hearing, it
//!       finishes. For that moment both are in memory.
//!
//! Not done here: no retry and no queue (`transcribe`).

pub mod message;
pub mod child;

use crate::transcribe::{Cancel, Heard, NotHeard, Recognizer, Request, RequestId};
use anyhow::Context as _;
use message::{FromChild, Setup, ToChild};
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts in a row without a process that became ready.
const STARTS: u32 = 5;
/// The first delay before a start, after the one that comes at once; doubled each time.
const DELAY: Duration = Duration::from_millis(200);
/// Messages on their way to the process: two for each that is being heard, at most.
const ON_THE_WAY: usize = 512;
/// A process that was told to end, and does not, is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// glibc, left alone, keeps up to 64 MiB of what each thread once needed for its longest utterance.
/// Told once, it gives back what is larger. (mallopt(3): both in bytes, and any one stops it from raising them by itself.)
const GIVE_BACK: [(&str, &str); 2] = [("MALLOC_TRIM_THRESHOLD_", "4194304"), ("MALLOC_MMAP_THRESHOLD_", "1048576")];

/// What a recogniser process may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the start to being ready: the sum of the file, loading, and hearing once.
    pub start: Duration,
    /// One request.
    pub hearing: Duration,
    /// By how many bytes its memory may grow after it was ready, before it is replaced.
    pub growth: u64,
    /// How often that is looked at.
    pub look: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // A request on a thread of its own needs no new memory after the first; 512 MiB are a leak.
        Self {
            start: Duration::from_mins(5),
            hearing: crate::transcribe::LONGEST,
            growth: 512 << 20,
            look: Duration::from_secs(5),
        }
    }
}

/// The recognisers of one process, and what keeps it running.
pub struct Recognisers {
    /// One for each thread of the process.
    pub slots: Vec<Box<dyn Recognizer>>,
    /// How long hearing a second with the whole window took, the first time, with every thread doing so at once.
    pub warming: Duration,
    /// Ends with an error when no process can be started any more, else after `stop`.
    pub supervising: tokio::task::JoinHandle<anyhow::Result<()>>,
}

/// Starts the process and waits until it is ready. After `stop`, what is being heard is finished; then it ends.
pub async fn start(
    program: PathBuf,
    setup: Setup,
    limits: Limits,
    tracker: &TaskTracker,
    stop: CancellationToken,
) -> anyhow::Result<Recognisers> {
    let workers = setup.workers;
    let supervisor = Supervisor { program, setup, limits, tracker: tracker.clone(), stop };
    let first = supervisor.begin().await?;
    let warming = first.warming;
    let (publish, current) = watch::channel(Some(first));
    let slot =
        || Box::new(Slot { runtime: Handle::current(), current: current.clone(), limits }) as Box<dyn Recognizer>;
    let slots = (0..workers).map(|_| slot()).collect();
    Ok(Recognisers { slots, warming, supervising: tracker.spawn(supervisor.run(publish)) })
}

/// One of the recognisers, for one thread.
#[derive(Debug)]
struct Slot {
    runtime: Handle,
    current: watch::Receiver<Option<Arc<Process>>>,
    limits: Limits,
}

impl Recognizer for Slot {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        let Self { runtime, current, limits } = self;
        runtime.block_on(async {
            let there = tokio::select! {
                there = current.wait_for(|process| process.as_ref().is_some_and(|process| process.lives())) => there.ok().and_then(|process| process.clone()),
                () = cancel.cancelled() => None,
            };
            // The supervisor has given up, and the worker ends.
            let process = there.ok_or(NotHeard::Cancelled)?;
            process.hear(request, cancel, limits.hearing).await
        })
    }
}

type InFlight = Mutex<HashMap<RequestId, oneshot::Sender<Result<Heard, NotHeard>>>>;

/// A process that is ready. It ends when nobody holds this any more.
#[derive(Debug)]
struct Process {
    pid: u32,
    warming: Duration,
    up: mpsc::Sender<ToChild>,
    in_flight: Arc<InFlight>,
    /// It hangs: no more requests, and kill it.
    hangs: CancellationToken,
    /// Its stdout has closed.
    dead: CancellationToken,
    rss_when_ready: u64,
}

impl Process {
    fn lives(&self) -> bool {
        !self.dead.is_cancelled() && !self.hangs.is_cancelled()
    }

    /// P1.
    async fn hear(&self, request: &Request, cancel: &Cancel, limit: Duration) -> Result<Heard, NotHeard> {
        let (answer, mut answered) = oneshot::channel();
        lock(&self.in_flight).insert(request.id, answer);
        let hearing = async {
            if self.up.send(ToChild::Hear(request.clone())).await.is_err() {
                self.dead.cancelled().await; // Or the next try would find it again.
            }
            if self.dead.is_cancelled() {
                return Err(NotHeard::Died);
            }
            tokio::select! {
                heard = &mut answered => return heard.unwrap_or(Err(NotHeard::Died)),
                () = cancel.cancelled() => {}
            }
            // The thread over there is busy until it answers, so this one is too.
            drop(self.up.send(ToChild::TakeBack(request.id)).await);
            (&mut answered).await.unwrap_or(Err(NotHeard::Died))
        };
        let heard = timeout(limit, hearing).await.unwrap_or_else(|_| {
            self.hangs.cancel();
            Err(NotHeard::TimedOut)
        });
        lock(&self.in_flight).remove(&request.id);
        heard
    }
}

/// Hands answers to whoever waits, until the process ends; then nobody waits any more.
async fn listen(mut stdout: ChildStdout, in_flight: Arc<InFlight>, dead: CancellationToken) {
    loop {
        match message::read_async(&mut stdout).await {
            Ok(Some(FromChild::Heard(id, heard))) => {
                let waiting = lock(&in_flight).remove(&id);
                // Whoever gave up does not want it.
                drop(waiting.map(|answer| answer.send(heard)));
            }
            Ok(Some(FromChild::Ready { .. } | FromChild::Unusable(_))) => {}
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, "the recogniser process said what cannot be read");
                break;
            }
        }
    }
    dead.cancel(); // Before the map is emptied: `hear` looks at it after it has put itself in.
    lock(&in_flight).clear();
}

fn lock(in_flight: &InFlight) -> MutexGuard<'_, HashMap<RequestId, oneshot::Sender<Result<Heard, NotHeard>>>> {
    in_flight.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What starts processes.
struct Supervisor {
    program: PathBuf,
    setup: Setup,
    limits: Limits,
    tracker: TaskTracker,
    stop: CancellationToken,
}

/// Why a process is replaced.
enum Replaced {
    Died,
    Hung,
    Grown,
    Stopped,
}

impl Supervisor {
    async fn run(self, publish: watch::Sender<Option<Arc<Process>>>) -> anyhow::Result<()> {
        loop {
            let Some(process) = publish.borrow().clone() else { return Ok(()) };
            let why = self.watch(&process).await;
            let name = match why {
                Replaced::Stopped => return Ok(()),
                Replaced::Died => "died",
                Replaced::Hung => "hung",
                Replaced::Grown => "grown",
            };
            tracing::warn!(pid = process.pid, why = name, "the recogniser process is replaced");
            metrics::counter!("referent_recogniser_restarts_total", "why" => name).increment(1);
            if !matches!(why, Replaced::Grown) {
                publish.send_replace(None);
            }
            drop(process);
            match self.begin_again().await {
                Ok(Some(process)) => drop(publish.send_replace(Some(process))),
                Ok(None) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// P2: until one is ready; `None` when the worker stops.
    async fn begin_again(&self) -> anyhow::Result<Option<Arc<Process>>> {
        let mut delay = DELAY;
        let mut failed = 0;
        loop {
            let begun = tokio::select! {
                begun = self.begin() => begun,
                () = self.stop.cancelled() => return Ok(None),
            };
            let error = match begun {
                Ok(process) => return Ok(Some(process)),
                Err(error) => error,
            };
            failed += 1;
            tracing::error!(error = format!("{error:#}"), failed, "the recogniser process does not start");
            if failed >= STARTS {
                return Err(error.context(format!("the recogniser process did not start {STARTS} times")));
            }
            tokio::select! {
                () = sleep(delay) => delay *= 2,
                () = self.stop.cancelled() => return Ok(None),
            }
        }
    }

    async fn watch(&self, process: &Process) -> Replaced {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Replaced::Stopped,
                () = process.hangs.cancelled() => return Replaced::Hung,
                () = process.dead.cancelled() => return Replaced::Died,
                () = sleep(self.limits.look) => {}
            }
            let rss = resident(process.pid);
            #[expect(clippy::cast_precision_loss, reason = "some gigabytes")]
            metrics::gauge!("referent_recogniser_resident_bytes").set(rss as f64);
            if rss > process.rss_when_ready + self.limits.growth {
                return Replaced::Grown;
            }
        }
    }

    async fn begin(&self) -> anyhow::Result<Arc<Process>> {
        let mut command = Command::new(&self.program);
        command.arg("recognise").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        command.envs(GIVE_BACK);
        // Ctrl-C in a terminal goes to the whole group; the worker still wants what is being heard.
        command.process_group(0);
        let mut child = command.spawn().with_context(|| format!("starting {} recognise", self.program.display()))?;
        let pid = child.id().context("the recogniser process ended at once")?;
        let mut stdin = child.stdin.take().context("stdin is a pipe")?;
        let mut stdout = child.stdout.take().context("stdout is a pipe")?;
        let ready = async {
            match stdin.write_all(&message::bytes_of(&self.setup)?).await {
                // It has ended already: what it said, and that it ended, says more than that nobody reads.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
                Err(_) | Ok(()) => {}
            }
            message::read_async::<FromChild>(&mut stdout).await
        };
        let limit = self.limits.start;
        let ready = timeout(limit, ready).await;
        let warming =
            match ready.with_context(|| format!("the recogniser process was not ready within {limit:?}"))?? {
                Some(FromChild::Ready { loading_ms, warming_ms }) => {
                    tracing::info!(pid, loading_ms, warming_ms, "the recogniser process is ready");
                    Duration::from_millis(warming_ms)
                }
                Some(FromChild::Unusable(why)) => anyhow::bail!(why),
                Some(FromChild::Heard(..)) => anyhow::bail!("the recogniser process answered what nobody asked"),
                None => anyhow::bail!("the recogniser process ended before it was ready; its last lines say why"),
            };
        let (up, messages) = mpsc::channel(ON_THE_WAY);
        let process = Arc::new(Process {
            pid,
            warming,
            up,
            in_flight: Arc::default(),
            hangs: CancellationToken::new(),
            dead: CancellationToken::new(),
            rss_when_ready: resident(pid),
        });
        self.tracker.spawn(feed(messages, stdin));
        self.tracker.spawn(listen(stdout, Arc::clone(&process.in_flight), process.dead.clone()));
        self.tracker.spawn(reap(child, process.hangs.clone(), process.dead.clone()));
        Ok(process)
    }
}

/// Closes stdin, and so ends the process, when nobody holds it any more.
async fn feed(mut messages: mpsc::Receiver<ToChild>, mut stdin: ChildStdin) {
    while let Some(message) = messages.recv().await {
        let Ok(bytes) = message::bytes_of(&message) else { continue };
        if stdin.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// Waits for the end of the process, so that it does not stay behind as a zombie.
async fn reap(mut child: Child, hangs: CancellationToken, dead: CancellationToken) {
    let too_long = async {
        tokio::select! {
            () = hangs.cancelled() => {}
            () = async { dead.cancelled().await; sleep(ENDS_WITHIN).await } => {}
        }
    };
    let ended = tokio::select! {
        ended = child.wait() => ended,
        () = too_long => {
            drop(child.start_kill());
            child.wait().await
        }
    };
    if let Ok(status) = ended {
        tracing::info!(%status, "a recogniser process ended");
    }
}

/// Bytes of a process in memory; 0 if it is not there.
fn resident(pid: u32) -> u64 {
    let pages = std::fs::read_to_string(format!("/proc/{pid}/statm"))
        .ok()
        .and_then(|statm| statm.split_whitespace().nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}
