//! Turns segments into text: a bounded queue, worker threads, one [`Recognizer`] each.
//!
//! In: a [`Request`] with the sound of one segment. Out: [`Heard`], or why there is no text. Whoever submits waits for the
//! answer and has only so much in flight, so it is slowed to what the recognisers can do: the brake of the system.
//!
//! Promises:
//!   R1  Finals are never dropped; partials are, whenever something more useful can be heard (`schedule`).
//!   R2  Who is heard next is fair between calls, and somebody who waits for a draft comes first (`schedule`).
//!   R3  Dropping the future of `hear` takes the request back: queued, it is forgotten; being heard, it is aborted.
//!   R4  An error is tried once more. If the recogniser died, it is tried by itself, with nothing else being heard, so
//!       that what kills recognisers is found and takes nothing with it. What takes longer than [`LONGEST`] is not tried
//!       again.
//!
//! Messages are owned and serialisable, because the recogniser is a process of its own (`recogniser`). Not done here: no
//! order of results (`settle`), no judgement of a text (`doubt`).

pub mod schedule;
pub mod queue;
pub mod language;
pub mod glossary;
pub mod doubt;
pub mod whisper;
pub mod remote;
pub mod scripted;
pub mod counting;

use crate::config::Context;
use glossary::Glossary;
use language::{Detect, Detected};
use queue::Queue;
use referent_proto::{CallId, NotTranscribedReason, Pcm, SampleOffset, SampleSpan, Spoken, Track, Word};
use referent_telemetry::step;
use serde::{Deserialize, Serialize};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;

/// One segment, at most 12 s of sound. The largest model takes 10 s at full context on one thread; a recogniser that
/// needs longer than this hangs.
pub const LONGEST: Duration = Duration::from_mins(1);

/// How urgent a text is. The order is the order of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The call hung up: somebody waits for the draft.
    HungUp,
    /// People are speaking.
    Live,
    /// People are speaking, and this was said a while ago: the agent catches up.
    Behind,
    /// The call is sent afterwards.
    Backlog,
    /// Grey text that will be replaced.
    Partial,
}

impl Class {
    /// In order of service.
    pub const ALL: [Self; 5] = [Self::HungUp, Self::Live, Self::Behind, Self::Backlog, Self::Partial];

    /// As the metrics say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::HungUp => "hung_up",
            Self::Live => "live",
            Self::Behind => "behind",
            Self::Backlog => "backlog",
            Self::Partial => "partial",
        }
    }
}

/// The number of a request, within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// "What is said here?"
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Set by [`Transcriber::hear`].
    pub id: RequestId,
    /// Whose call.
    pub call: CallId,
    /// Who speaks.
    pub track: Track,
    /// How urgent.
    pub class: Class,
    /// From the first voiced sample to the last.
    pub speech: SampleSpan,
    /// Where `pcm` begins: a little before the speech.
    pub heard_from: SampleOffset,
    /// The sound, with a little before and after the speech.
    pub pcm: Pcm,
    /// What is spoken, as a code: "da", "en", and so on.
    pub language: String,
    /// Whether the recogniser shall find out if another language is spoken.
    pub detect: Detect,
    /// The words to expect.
    pub glossary: Glossary,
    /// How much the encoder looks at.
    pub context: Context,
}

impl Request {
    /// For sound of no call, all of which is taken for speech: to warm a recogniser, to find out what it invents, for
    /// tests.
    pub fn of_sound(pcm: Pcm, language: &str, context: Context) -> Self {
        Self {
            id: RequestId(0),
            call: CallId::new(0, [0; 10]),
            track: Track::Near,
            class: Class::Live,
            speech: SampleSpan::of(SampleOffset::ZERO, pcm.0.len() as u64),
            heard_from: SampleOffset::ZERO,
            pcm,
            language: language.to_owned(),
            detect: Detect::No,
            glossary: Glossary::default(),
            context,
        }
    }
}

/// What a recogniser heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The text, possibly empty.
    pub text: Spoken,
    /// Word by word.
    pub words: Vec<Word>,
    /// Geometric mean of the probabilities of the tokens, 0 to 1; 0 without tokens.
    pub probability: f32,
    /// How likely the recogniser thinks it that nobody speaks at all, 0 to 1.
    pub no_speech: f32,
    /// What it found out about the language, if that was asked and looked at.
    pub detected: Option<Detected>,
    /// It looked wrong with the fitted window, and was heard once more with the whole one.
    pub mended: bool,
}

/// Why nothing was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NotHeard {
    /// The recogniser gave an error. Worth one more try.
    #[error("the recogniser failed with code {code}")]
    Failed {
        /// Its own.
        code: i32,
    },
    /// The recogniser is gone. Worth one more try with another, by itself.
    #[error("the recogniser died")]
    Died,
    /// It took too long. Not worth another try.
    #[error("the recogniser took longer than {LONGEST:?}")]
    TimedOut,
    /// Nobody wants it any more, or the worker ends. Says nothing about the sound.
    #[error("the request was taken back")]
    Cancelled,
}

impl NotHeard {
    fn name(self) -> &'static str {
        match self {
            Self::Failed { .. } => "failed",
            Self::Died => "died",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
        }
    }

    /// The reason on the note.
    pub fn reason(self) -> NotTranscribedReason {
        match self {
            Self::Failed { .. } => NotTranscribedReason::RecogniserFailed,
            Self::Died | Self::Cancelled => NotTranscribedReason::RecogniserDied,
            Self::TimedOut => NotTranscribedReason::TimedOut,
        }
    }
}

/// Says that an answer is not wanted any more. A recogniser looks at it as often as it can, or waits for it.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    flag: Arc<AtomicBool>,
    token: CancellationToken,
}

impl Cancel {
    /// From now on.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
        self.token.cancel();
    }

    /// Is it?
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// Until it is.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }

    /// Where a foreign library may look, for as long as this lives.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.flag
    }
}

/// What hears: a process with whisper, whisper itself, a script, or another one counted. Each worker thread has one of
/// its own.
pub trait Recognizer: Send {
    /// Hears one segment; blocks the thread, for [`LONGEST`] at most if the recogniser can hang.
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard>;
}

/// Where segments become text. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Transcriber {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: Arc<Queue>,
    next: AtomicU64,
    workers: usize,
    /// Microseconds.
    busy_with_calls: Arc<AtomicU64>,
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
}

impl Drop for Shared {
    /// Threads that nobody will ask any more end, and with them the process that they hear in.
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Transcriber {
    /// Starts a thread for each recogniser.
    pub fn start(recognisers: Vec<Box<dyn Recognizer>>) -> std::io::Result<Self> {
        let workers = recognisers.len();
        let (queue, together) = (Arc::new(Queue::new(workers)), Arc::new(RwLock::new(())));
        let busy_with_calls = Arc::new(AtomicU64::new(0));
        let mut threads = Vec::new();
        for (number, recogniser) in recognisers.into_iter().enumerate() {
            let (queue, together) = (Arc::clone(&queue), Arc::clone(&together));
            let busy = Arc::clone(&busy_with_calls);
            let builder = std::thread::Builder::new().name(format!("recogniser-{number}"));
            threads.push(builder.spawn(move || serve(recogniser, &queue, &together, &busy))?);
        }
        let (next, threads) = (AtomicU64::new(0), Mutex::new(threads));
        let shared = Shared { queue, next, workers, busy_with_calls, threads };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Hears a segment when its turn comes; twice, if the first time fails.
    pub async fn hear(&self, request: Request) -> Result<Heard, NotHeard> {
        let by_itself = match self.hear_once(request.clone(), 1, false).await {
            Err(NotHeard::Failed { .. }) => false,
            Err(NotHeard::Died) => true,
            heard => {
                if heard.as_ref().is_ok_and(|heard| heard.mended) {
                    metrics::counter!("referent_recogniser_full_context_total").increment(1);
                }
                return heard;
            }
        };
        tracing::warn!(call = %request.call, track = %request.track, by_itself, "hearing it once more");
        metrics::counter!("referent_recogniser_retries_total").increment(1);
        self.hear_once(request, 2, by_itself).await
    }

    /// Hears what is said so far, if there is nothing better to do. `None`: there was, or it failed.
    pub async fn glimpse(&self, request: Request) -> Option<Heard> {
        debug_assert_eq!(request.class, Class::Partial, "a glimpse is never a final");
        self.hear_once(request, 1, false).await.ok()
    }

    /// What is left of this call comes first from now on: it hung up.
    pub fn hurry(&self, call: CallId) {
        self.shared.queue.hurry(call);
    }

    /// This call has caught up: what still waits of it is needed for what is said now.
    pub fn catches_up(&self, call: CallId) {
        self.shared.queue.catches_up(call);
    }

    /// How many recognisers there are.
    pub fn workers(&self) -> usize {
        self.shared.workers
    }

    /// How long they were busy with finals of live calls, all together, ever.
    pub fn busy_with_calls(&self) -> Duration {
        Duration::from_micros(self.shared.busy_with_calls.load(Ordering::Relaxed))
    }

    /// How long what a live call has to wait for would take if nothing were added, in seconds: how far behind the
    /// recognisers are.
    pub fn behind(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "at most 256 recognisers")]
        let workers = self.shared.workers.max(1) as f64;
        self.shared.queue.ahead() / workers
    }

    /// Lets the threads end after what they are hearing, and waits for them. Call it when no call is left.
    pub async fn stop(&self) {
        self.shared.queue.close();
        let threads = std::mem::take(&mut *self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joining = tokio::task::spawn_blocking(move || threads.into_iter().for_each(|thread| drop(thread.join())));
        if tokio::time::timeout(Duration::from_secs(5), joining).await.is_err() {
            tracing::warn!("a recogniser does not stop; it ends with the process");
        }
    }

    async fn hear_once(&self, mut request: Request, attempt: u32, by_itself: bool) -> Result<Heard, NotHeard> {
        let id = RequestId(self.shared.next.fetch_add(1, Ordering::Relaxed));
        request.id = id;
        let cancel = Cancel::default();
        let (started, has_started) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let _taken_back = TakenBack { queue: &self.shared.queue, id, cancel: &cancel };
        let task = Task { request, by_itself, cancel: cancel.clone(), queued: Instant::now(), started, answer };
        let queued = step!("queued", attempt);
        self.shared.queue.push(task);
        // How long this takes is how busy the recognisers are: that is waiting, not hanging.
        has_started.await.map_err(|_| NotHeard::Cancelled)?;
        drop(queued);
        let step = step!("heard", attempt, alone = by_itself, outcome = Empty);
        let heard = answered.await.unwrap_or(Err(NotHeard::Died));
        step.record("outcome", heard.as_ref().map_or_else(|error| error.name(), |_| "text"));
        heard
    }
}

/// R3: forgets the request when nobody waits for it any more.
struct TakenBack<'a> {
    queue: &'a Queue,
    id: RequestId,
    cancel: &'a Cancel,
}

impl Drop for TakenBack<'_> {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.queue.forget(self.id);
    }
}

/// A request with the way back.
#[derive(Debug)]
pub struct Task {
    request: Request,
    /// R4.
    by_itself: bool,
    cancel: Cancel,
    queued: Instant,
    started: oneshot::Sender<()>,
    answer: oneshot::Sender<Result<Heard, NotHeard>>,
}

/// The life of one worker thread.
fn serve(mut recogniser: Box<dyn Recognizer>, queue: &Queue, together: &RwLock<()>, busy_with_calls: &AtomicU64) {
    while let Some((turn, task)) = queue.pop() {
        let (class, begun) = (task.request.class, Instant::now());
        serve_one(&mut recogniser, task, together);
        let took = begun.elapsed();
        if matches!(class, Class::HungUp | Class::Live | Class::Behind) {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            busy_with_calls.fetch_add(micros, Ordering::Relaxed);
        }
        queue.done(turn, took);
    }
}

fn serve_one(recogniser: &mut Box<dyn Recognizer>, task: Task, together: &RwLock<()>) {
    let Task { request, by_itself, cancel, queued, started, answer } = task;
    // R4: whoever waits to be alone keeps others from beginning.
    let _alone = by_itself.then(|| together.write().unwrap_or_else(PoisonError::into_inner));
    let _beside_others = (!by_itself).then(|| together.read().unwrap_or_else(PoisonError::into_inner));
    if started.send(()).is_err() {
        return;
    }
    let class = request.class.name();
    metrics::histogram!("referent_recogniser_wait_seconds", "class" => class).record(queued.elapsed().as_secs_f64());
    let begun = Instant::now();
    let heard = std::panic::catch_unwind(AssertUnwindSafe(|| recogniser.hear(&request, &cancel)));
    let heard = heard.unwrap_or(Err(NotHeard::Died));
    metrics::histogram!("referent_recogniser_seconds", "class" => class).record(begun.elapsed().as_secs_f64());
    metrics::counter!("referent_recogniser_sound_ms_total", "class" => class)
        .increment(request.pcm.0.len() as u64 / 16);
    // Nobody waits for what was taken back.
    drop(answer.send(heard));
}

/// Spreads words over the speech by their letters: as well as can be told without asking the model for times.
pub(crate) fn spread(words: &[(&str, f32)], speech: SampleSpan) -> Vec<Word> {
    let letters = |word: &str| word.chars().count() as u64 + 1;
    let all: u64 = words.iter().map(|(word, _)| letters(word)).sum();
    let mut before = 0;
    let at = |letters: u64| speech.start() + speech.samples() * letters / all.max(1);
    words
        .iter()
        .map(|&(word, probability)| {
            let start = at(before);
            before += letters(word);
            Word { text: Spoken::new(word), span: SampleSpan::of(start, at(before) - start), probability }
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests;
