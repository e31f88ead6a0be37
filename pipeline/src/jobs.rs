//! Writes the drafts that notes-api leases to this worker, and brings them there.
//!
//! In: jobs, from a call that just ended ([`Jobs::give`], no detour) or from notes-api's `DraftJobs` stream (leases that
//! ran out elsewhere, late sound, "draft again"). Out: on that stream, sentences as they become whole, then the end.
//!
//! ```text
//! give ─────────┐                        ┌── draft::run, at most AT_ONCE
//!               ├──▶ Held (what we owe) ─┤
//! DraftJobs ◀───┴──────── Line ◀─────────┴── sentences, finished, failed; renewals
//! ```
//!
//! Promises:
//!   W1  What was said about a job is kept until notes-api has stored the end of it, and said again after each new
//!       connection. notes-api ignores repeats.
//!   W2  A lease is renewed at a third of its length, until the draft's end has been said.
//!   W3  A lost lease stops the drafting at once, with the request to the language model.
//!   W4  Memory is bounded: `Jobs::give` never waits, and a job for which there is no place is left to its lease, which
//!       runs out and makes it somebody's again.
//!
//! Not done here: nothing is decided about what a draft says; nothing is stored.

mod held;
mod line;
mod steps;

use crate::draft::{self, DraftOut, Drafters};
use held::Held;
use line::{Heard, Line};
use rand::rngs::StdRng;
use referent_identity::Dial;
use referent_proto::ids::WorkerId;
use referent_proto::{DraftJob, DraftKey};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// Jobs from calls that just ended and have not been looked at. A worker's calls do not hang up a hundred a moment.
const GIVEN: usize = 64;
/// Sentences of all drafts that have not been looked at; a drafter waits when it is full.
const OUTPUTS: usize = 64;
/// How long what is being written may take after the process was asked to stop.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Where to bring jobs that came on a call's stream.
#[derive(Clone, Debug)]
pub struct Jobs {
    given: mpsc::Sender<DraftJob>,
}

/// The other end of [`Jobs`], for [`run`].
#[derive(Debug)]
pub struct Given(mpsc::Receiver<DraftJob>);

impl Jobs {
    /// A way in, and the end of it that [`run`] reads.
    pub fn channel() -> (Self, Given) {
        let (given, taken) = mpsc::channel(GIVEN);
        (Self { given }, Given(taken))
    }

    /// Drafts this job next. Never waits. If there is no place, the job is left alone: its lease runs out, and notes-api
    /// gives it to whoever has one.
    pub fn give(&self, job: DraftJob) {
        if let Err(refused) = self.given.try_send(job) {
            left_to_its_lease(refused.into_inner().key);
        }
    }
}

fn left_to_its_lease(key: DraftKey) {
    tracing::warn!(call = %key.call, draft = key.draft, "no place for this draft; it is left to its lease");
    metrics::counter!("referent_drafts_left_to_lease_total").increment(1);
}

/// Drafts until `shutdown`, and then what is begun, within a limit. Cancel it after the calls are through, so that the
/// drafts of calls that just ended are still written.
pub async fn run(
    notes_api: Dial,
    worker: WorkerId,
    drafters: Arc<Drafters>,
    Given(mut given): Given,
    chance: StdRng,
    shutdown: CancellationToken,
) {
    let mut desk = Desk::new(drafters);
    let mut line = Line::new(notes_api, worker, chance);
    let open = desk.serve(&mut line, &mut given);
    if shutdown.run_until_cancelled(open).await.is_some() {
        return;
    }
    given.close();
    while let Some(job) = given.recv().await {
        desk.take(job);
    }
    if timeout(LAST_WORDS, desk.finish(&mut line)).await.is_err() {
        tracing::warn!(jobs = desk.held.len(), "stopped before every draft was stored; their leases free them");
    }
}

/// All drafting of this process.
struct Desk {
    drafters: Arc<Drafters>,
    held: Held,
    writing: JoinSet<()>,
    keys: HashMap<Id, DraftKey>,
    out: mpsc::Sender<DraftOut>,
    outputs: mpsc::Receiver<DraftOut>,
}

/// The one kind of thing that happens next.
#[expect(clippy::large_enum_variant, reason = "one at a time, and handled at once")]
enum Event {
    Given(Box<DraftJob>),
    Output(DraftOut),
    Heard(Heard),
    MaySpeak,
    Due,
    Died(DraftKey),
    TaskEnded,
}

impl Desk {
    fn new(drafters: Arc<Drafters>) -> Self {
        let (out, outputs) = mpsc::channel(OUTPUTS);
        Self { drafters, held: Held::default(), writing: JoinSet::new(), keys: HashMap::new(), out, outputs }
    }

    async fn serve(&mut self, line: &mut Line, given: &mut mpsc::Receiver<DraftJob>) {
        loop {
            let event = tokio::select! {
                Some(job) = given.recv() => Event::Given(Box::new(job)),
                event = self.next(line) => event,
            };
            self.handle(event, line);
        }
    }

    /// Until nothing is owed.
    async fn finish(&mut self, line: &mut Line) {
        self.held.close();
        while self.held.len() > 0 {
            let event = self.next(line).await;
            self.handle(event, line);
        }
    }

    /// Cancelling loses nothing: each arm takes only what it returns.
    async fn next(&mut self, line: &mut Line) -> Event {
        let speaking = line.out();
        let has_something_to_say = self.held.has_something_to_say();
        let may_speak = async {
            match &speaking {
                // A line that just broke says so itself.
                Some(out) => match out.reserve().await {
                    Ok(_) => {}
                    Err(_) => std::future::pending().await,
                },
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(output) = self.outputs.recv() => Event::Output(output),
            () = may_speak, if has_something_to_say => Event::MaySpeak,
            Some(ended) = self.writing.join_next_with_id() => match ended {
                Ok((id, ())) => {
                    self.keys.remove(&id);
                    Event::TaskEnded
                }
                Err(died) => self.keys.remove(&died.id()).map_or(Event::TaskEnded, Event::Died),
            },
            heard = line.next() => Event::Heard(heard),
            () = sleep_until(self.held.next_due().unwrap_or_else(Instant::now)), if self.held.next_due().is_some() => {
                Event::Due
            }
        }
    }

    fn handle(&mut self, event: Event, line: &mut Line) {
        let now = Instant::now();
        match event {
            Event::Given(job) => self.take(*job),
            Event::Output(output) => self.said(output, now),
            Event::Heard(Heard::Opened) => self.held.line_opened(now),
            Event::Heard(Heard::Job(job)) => {
                self.held.one_came();
                self.take(*job);
            }
            Event::Heard(Heard::Stored(key)) => self.held.stored(key),
            Event::Heard(Heard::Lost(key)) => {
                if self.held.lost(key) {
                    tracing::info!(call = %key.call, draft = key.draft, attempt = key.attempt, "the draft is not ours any more");
                }
            }
            Event::Heard(Heard::Broke) => self.held.line_broke(),
            Event::Due => self.held.due(now),
            Event::Died(key) => {
                tracing::error!(call = %key.call, draft = key.draft, "drafting died; the job is left to its lease");
                self.held.lost(key);
            }
            Event::MaySpeak | Event::TaskEnded => {}
        }
        self.begin_waiting();
        line.say_all(|| self.held.next_message());
    }

    fn take(&mut self, job: DraftJob) {
        let key = job.key;
        if !self.held.take(job, Instant::now()) {
            left_to_its_lease(key);
        }
        self.begin_waiting();
    }

    /// Begins what has waited for a place.
    fn begin_waiting(&mut self) {
        while let Some((job, cancel)) = self.held.begin_next() {
            let key = job.key;
            let (drafters, out) = (Arc::clone(&self.drafters), self.out.clone());
            let step = self.held.writing(key);
            let writing = async move { draft::run(job, &drafters, out, cancel).await };
            let task = self.writing.spawn(writing.instrument(step));
            self.keys.insert(task.id(), key);
        }
    }

    fn said(&mut self, output: DraftOut, now: Instant) {
        match &output {
            DraftOut::Sentence(_) => {}
            DraftOut::Finished { key, origin, lines_not_parsed, .. } => {
                let by = format!("{:?}", origin.kind).to_lowercase();
                metrics::counter!("referent_drafts_total", "origin" => by).increment(1);
                if let Some(trouble) = origin.trouble {
                    metrics::counter!("referent_draft_troubles_total", "trouble" => trouble.name()).increment(1);
                }
                metrics::counter!("referent_draft_lines_not_parsed_total").increment(u64::from(*lines_not_parsed));
                self.took(*key, now);
            }
            DraftOut::Failed { key, failure, .. } => {
                metrics::counter!("referent_draft_failures_total", "failure" => failure.name()).increment(1);
                self.took(*key, now);
            }
        }
        self.held.said(output, now);
    }

    fn took(&self, key: DraftKey, now: Instant) {
        if let Some(since) = self.held.taken_at(key) {
            metrics::histogram!("referent_draft_seconds").record((now - since).as_secs_f64());
        }
    }
}
