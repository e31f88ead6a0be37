//! One worker process that writes drafts: jobs go out, sentences come in.
//!
//! A job that is not given on its call's own stream waits here: expired leases, provisional drafts, "draft again". The
//! worker's `places` bound what it is given. A sentence is answered only when it is refused; a finish or a failure is
//! answered when it is durable. Between the jobs of calls a worker gets previews of areas, whose sentences go to whoever
//! asked, and nowhere else.

use super::{BATCH, Door, Down, End, RECHECK, first, going_down};
use crate::previews::Pipeline;
use crate::store::drafts::{Held, Whole};
use crate::store::identity::Shown;
use futures_util::StreamExt as _;
use referent_proto::ingest::{self as wire, FromDrafter, ToDrafter, from_drafter, to_drafter};
use referent_proto::{BadMessage, DraftFailure, DraftKey, DraftSentence, Missing, Origin, UncertainWord, WorkerId};
use referent_telemetry::{Place, step};
use tonic::{Status, Streaming};
use tracing::Instrument as _;

/// Jobs of one worker that are remembered, to tell it at once when one is lost; more are told at their next message.
const REMEMBERED: usize = 64;

/// The stream from its first message to its last.
pub(super) async fn run(door: Door, mut up: Streaming<FromDrafter>, down: Down<ToDrafter>, through: Option<Shown>) {
    metrics::gauge!("referent_drafter_streams").increment(1.0);
    let shown: Vec<Shown> = through.into_iter().collect();
    if let Err(end) = talk(&door, &mut up, &down, &shown).await {
        down.end(end);
    }
    metrics::gauge!("referent_drafter_streams").decrement(1.0);
}

async fn talk(
    door: &Door,
    up: &mut Streaming<FromDrafter>,
    down: &Down<ToDrafter>,
    shown: &[Shown],
) -> Result<(), End> {
    door.check(shown).await?;
    let message = tokio::select! {
        message = first(up) => message?,
        () = door.shutdown.cancelled() => return Err(going_down()),
    };
    let Some(from_drafter::Kind::Ready(ready)) = message.kind else {
        return Err(End::Status(Status::invalid_argument("the first message of a drafter must be ready")));
    };
    let worker = WorkerId::from_wire("ready.worker", &ready.worker)?;
    tracing::info!(%worker, places = ready.places, "a drafter is here");
    let mut jobs = door.store.live().jobs();
    let previews = door.previews.pipeline();
    let mut asked = previews.news();
    let mut talk = Talk { door, worker, places: ready.places, held: Vec::new(), previews, down };
    let mut batches = up.ready_chunks(BATCH);
    let mut recheck = tokio::time::interval_at(tokio::time::Instant::now() + RECHECK, RECHECK);
    loop {
        talk.give_jobs().await?;
        tokio::select! {
            _ = recheck.tick() => door.check(shown).await?,
            batch = batches.next() => talk.heard(batch.ok_or(End::PeerGone)?).await?,
            changed = jobs.changed() => {
                changed.map_err(|_| going_down())?;
                talk.tell_lost().await?;
            }
            // The next turn of the loop gives it away.
            _ = asked.changed() => {}
            () = door.shutdown.cancelled() => return Err(going_down()),
        }
    }
}

struct Talk<'a> {
    door: &'a Door,
    worker: WorkerId,
    /// How many jobs the worker would take now.
    places: u32,
    /// What it is writing, as far as we know.
    held: Vec<DraftKey>,
    previews: Pipeline,
    down: &'a Down<ToDrafter>,
}

impl Talk<'_> {
    async fn say(&self, kind: to_drafter::Kind) -> Result<(), End> {
        self.down.send(ToDrafter { kind: Some(kind) }).await
    }

    async fn give_jobs(&mut self) -> Result<(), End> {
        while self.places > 0 {
            let job = self.door.store.claim(self.worker, self.door.clock.now_ms(), self.door.lease()).await?;
            let Some(job) = job else { break };
            tracing::info!(
                call = %job.key.call, draft = job.key.draft, attempt = job.key.attempt, worker = %self.worker,
                "a drafter has the draft"
            );
            self.places -= 1;
            self.remember(job.key);
            self.say(to_drafter::Kind::Job(job.into())).await?;
        }
        while self.places > 0 {
            let Some(mut job) = self.previews.take() else { break };
            job.lease_ms = self.door.timing.lease_ms;
            self.places -= 1;
            self.say(to_drafter::Kind::Job(job.into())).await?;
        }
        Ok(())
    }

    fn remember(&mut self, key: DraftKey) {
        if !self.held.contains(&key) && self.held.len() < REMEMBERED {
            self.held.push(key);
        }
    }

    /// A discard or a newer draft takes jobs away: the worker stops at once, and with it the language model.
    async fn tell_lost(&mut self) -> Result<(), End> {
        for key in self.held.clone() {
            let held = self.door.store.still_held(key).await?;
            self.answer(key, held).await?;
        }
        Ok(())
    }

    async fn heard(&mut self, batch: Vec<Result<FromDrafter, Status>>) -> Result<(), End> {
        use from_drafter::Kind;
        let mut sentences: Vec<DraftSentence> = Vec::new();
        let mut broken = None;
        for message in batch {
            let Ok(FromDrafter { kind }) = message else {
                broken = Some(End::PeerGone);
                break;
            };
            let kind = kind.ok_or(BadMessage::UnknownKind("from_drafter"))?;
            if let Kind::Sentence(sentence) = kind {
                let sentence = DraftSentence::try_from(sentence)?;
                if self.previews.sentence(&sentence) {
                    continue;
                }
                if sentences.last().is_some_and(|last| last.key != sentence.key) {
                    self.sentences(std::mem::take(&mut sentences)).await?;
                }
                sentences.push(sentence);
                continue;
            }
            self.sentences(std::mem::take(&mut sentences)).await?;
            match kind {
                Kind::Ready(ready) => self.places = ready.places,
                Kind::Renewal(renewal) => {
                    let key = key_of("renewal.key", renewal.key)?;
                    if self.previews.has(key) {
                        continue;
                    }
                    self.remember(key);
                    let held = self.door.store.renew(key, self.door.clock.now_ms(), self.door.lease()).await?;
                    self.answer(key, held).await?;
                }
                Kind::Finished(finished) => self.finished(finished).await?,
                Kind::Failed(failed) => {
                    let key = key_of("draft_failed.key", failed.key)?;
                    let failure = DraftFailure::from_wire(failed.failure)?;
                    if self.previews.failed(key, failure) {
                        self.closed(key, Held::Yes).await?;
                        continue;
                    }
                    let failing = self.door.store.draft_failed(key, failure);
                    let held = commits(key, "draft", 1, failing).await?;
                    if held == Held::Yes {
                        metrics::counter!("referent_drafts_total", "outcome" => "failed").increment(1);
                    }
                    self.closed(key, held).await?;
                }
                Kind::Sentence(_) => unreachable!("sentences are taken above"),
            }
        }
        self.sentences(sentences).await?;
        broken.map_or(Ok(()), Err)
    }

    async fn sentences(&mut self, sentences: Vec<DraftSentence>) -> Result<(), End> {
        let Some(key) = sentences.last().map(|sentence| sentence.key) else { return Ok(()) };
        self.remember(key);
        let works = sentences.len();
        let adding = self.door.store.add_sentences(sentences, self.door.clock.now_ms());
        let held = commits(key, "sentences", works, adding).await?;
        self.answer(key, held).await
    }

    async fn finished(&mut self, finished: wire::DraftFinished) -> Result<(), End> {
        let key = key_of("draft_finished.key", finished.key)?;
        let origin = Origin::try_from(finished.origin.ok_or(BadMessage::Missing("draft_finished.origin"))?)?;
        let kind = crate::store::word(&origin.kind);
        let now_ms = self.door.clock.now_ms();
        let whole = Whole {
            origin,
            lines_not_parsed: finished.lines_not_parsed,
            missing: finished.missing.into_iter().map(Missing::try_from).collect::<Result<_, _>>()?,
            uncertain: finished.uncertain.into_iter().map(UncertainWord::try_from).collect::<Result<_, _>>()?,
        };
        if self.previews.has(key) {
            self.previews.finished(key, whole);
            return self.closed(key, Held::Yes).await;
        }
        let finishing = self.door.store.draft_finished(key, whole, now_ms);
        let held = commits(key, "draft", 1, finishing).await?;
        if held == Held::Yes {
            metrics::counter!("referent_drafts_total", "outcome" => "ready", "origin" => kind).increment(1);
            metrics::counter!("referent_draft_lines_not_parsed_total").increment(finished.lines_not_parsed.into());
            let (first_ms, whole_ms) = self.door.store.draft_after_hang_up(key).await?;
            crate::prometheus::seconds("referent_draft_first_sentence_seconds", first_ms);
            crate::prometheus::seconds("referent_draft_whole_seconds", whole_ms);
        }
        self.closed(key, held).await
    }

    async fn closed(&mut self, key: DraftKey, held: Held) -> Result<(), End> {
        if held == Held::Lost {
            return self.answer(key, held).await;
        }
        self.held.retain(|other| *other != key);
        self.say(to_drafter::Kind::Stored(wire::DraftStored { key: Some(key.into()) })).await
    }

    /// Says something only when the job is lost.
    async fn answer(&mut self, key: DraftKey, held: Held) -> Result<(), End> {
        if held == Held::Lost {
            self.held.retain(|other| *other != key);
            metrics::counter!("referent_leases_lost_total").increment(1);
            self.say(to_drafter::Kind::LeaseLost(wire::LeaseLost { key: Some(key.into()) })).await?;
        }
        Ok(())
    }
}

/// So many works of one draft on their way into the database: a step of its call's trace, below the worker's for the draft.
async fn commits<T>(key: DraftKey, work: &'static str, works: usize, commit: impl Future<Output = T>) -> T {
    commit.instrument(Place::of_draft(key).begin(step!("commit", work, works))).await
}

fn key_of(field: &'static str, key: Option<wire::DraftKey>) -> Result<DraftKey, BadMessage> {
    key.ok_or(BadMessage::Missing(field))?.try_into()
}
