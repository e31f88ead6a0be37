//! Lets the language model's server read a call while it goes on, so that after the hang-up it has little left to read.
//!
//! In: what of a call is settled, and the time. Out: now and then a request for one token over the call's prompt so far
//! (`prompt::so_far`), whose answer nobody looks at: the server keeps what it has read, and the next prompt begins with it.
//!
//! Promises:
//!   W1  Only where the area says that the language model is local: nothing leaves for any other before the hang-up.
//!   W2  It costs little: one request a call at once and [`AT_ONCE`] in all, none while nothing new was said, none while
//!       this worker is full; after trouble none for [`REST`]. Its cost grows with what is new, not with the call.
//!   W3  The hang-up ends a request that is on its way, by closing its connection, so that the draft does not wait behind
//!       it.
//!   W4  Nothing depends on it: a call that was never warmed gets the same draft, later.
//!
//! Not done here: no waiting of the call, which polls [`Warming::next`] beside everything else.

use crate::draft::{Drafters, prompt};
use futures_util::future::BoxFuture;
use referent_proto::Pseudonyms;
use referent_proto::SampleOffset;
use referent_proto::call::{AreaSettings, Direction, Started};
use referent_proto::draft::DrafterTrouble;
use referent_proto::speech::Utterance;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

/// Requests of all calls of this worker at once. They are short, and the drafts go before them.
pub const AT_ONCE: usize = 4;
/// How long a server in trouble is left alone.
pub const REST: Duration = Duration::from_mins(2);
/// Bytes of the prompt that are worth a request: a sentence or two.
const WORTH_IT: usize = 160;

/// What all calls of a worker share.
pub struct Warmer {
    drafters: Arc<Drafters>,
    every: Option<Duration>,
    places: Arc<Semaphore>,
    rests_until: Mutex<Option<Instant>>,
}

impl Warmer {
    /// For these drafters; each call is read so often.
    pub fn new(drafters: Arc<Drafters>, every: Option<Duration>) -> Arc<Self> {
        Arc::new(Self { drafters, every, places: Arc::new(Semaphore::new(AT_ONCE)), rests_until: Mutex::default() })
    }

    /// For a call of this area, of which this is known; nothing where nothing may be sent (W1), or nobody wants it.
    pub fn for_call(
        self: &Arc<Self>,
        area: &AreaSettings,
        started: Started,
        direction: Direction,
        said: Vec<Utterance>,
    ) -> Option<Warming> {
        let every = self.every.filter(|_| may_read_along(area) && self.drafters.llm_of(area).is_some())?;
        let mut warming = Warming {
            warmer: Arc::clone(self),
            every,
            area: area.clone(),
            started,
            direction,
            said: Vec::new(),
            read: Read::default(),
            next_at: Instant::now() + every,
            asking: None,
        };
        for one in said {
            warming.hears(one);
        }
        Some(warming)
    }

    fn rests(&self, now: Instant) -> bool {
        self.rests_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }

    fn is_in_trouble(&self, now: Instant) {
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(now + REST);
    }
}

/// How far the server has read.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Read {
    /// The line with which the last part begins.
    part: usize,
    bytes: usize,
}

/// One call that goes on.
pub struct Warming {
    warmer: Arc<Warmer>,
    every: Duration,
    area: AreaSettings,
    started: Started,
    direction: Direction,
    /// In order of start; without the words, of which no prompt is made.
    said: Vec<Utterance>,
    read: Read,
    next_at: Instant,
    asking: Option<BoxFuture<'static, Result<Read, DrafterTrouble>>>,
}

/// What [`Warming::next`] waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Warmth {
    /// It is time to ask again: [`Warming::begin`].
    Due,
    /// The server has read, or not.
    Ended,
}

impl Warming {
    /// This was said. It counts once both tracks are settled beyond it.
    pub fn hears(&mut self, mut said: Utterance) {
        said.words = Vec::new();
        let at = self.said.partition_point(|one| (one.span.start(), one.track) <= (said.span.start(), said.track));
        self.said.insert(at, said);
    }

    /// The next thing that happens. Cancelling loses nothing.
    pub async fn next(&mut self) -> Warmth {
        let Some(asking) = &mut self.asking else {
            sleep_until(self.next_at).await;
            return Warmth::Due;
        };
        let read = asking.await;
        self.asking = None;
        match read {
            Ok(read) => {
                self.read = read;
                count("read");
            }
            Err(trouble) => {
                tracing::info!(%trouble, "the language model is left alone for a while");
                self.warmer.is_in_trouble(Instant::now());
                count("failed");
            }
        }
        Warmth::Ended
    }

    /// Whether the server is reading now.
    pub fn is_asking(&self) -> bool {
        self.asking.is_some()
    }

    /// Asks, if there is something new and nothing against it. Both tracks are settled up to `watermark`; `is_calm` says
    /// that this worker has the strength for it.
    pub fn begin(&mut self, watermark: SampleOffset, is_calm: bool) {
        let now = Instant::now();
        self.next_at = now + self.every;
        if self.asking.is_some() {
            return;
        }
        if !is_calm || self.warmer.rests(now) {
            return count("left_out");
        }
        let Some(llm) = self.warmer.drafters.llm_of(&self.area) else { return };
        let last = prompt::is_final(&self.said, watermark);
        let prompt = prompt::so_far(&self.area, self.started, self.direction, &self.said[..last], llm.context());
        let read = Read { part: prompt.lines.start, bytes: prompt.system.len() + prompt.stem.len() };
        if read.part == self.read.part && read.bytes < self.read.bytes + WORTH_IT {
            return;
        }
        let Ok(place) = Arc::clone(&self.warmer.places).try_acquire_owned() else {
            // Another call's is short.
            self.next_at = now + self.every / 10;
            return count("left_out");
        };
        let (drafters, area) = (Arc::clone(&self.warmer.drafters), self.area.clone());
        self.asking = Some(Box::pin(async move {
            let _place = place;
            let llm = drafters.llm_of(&area).ok_or(DrafterTrouble::NotConfigured)?;
            llm.warm(&prompt).await.map(|()| read)
        }));
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("referent_llm_warmings_total", "outcome" => outcome).increment(1);
}

/// Only a model in the house reads along, and only where nothing is to be hidden from it: what identifies people is found with
/// what follows, which is not said yet.
fn may_read_along(area: &AreaSettings) -> bool {
    area.llm_is_local && area.pseudonyms() == Pseudonyms::None
}
