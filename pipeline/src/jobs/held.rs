//! What this worker owes: the jobs it holds, and of each what has been said and what must still be said.
//!
//! In: jobs, what drafters say, what notes-api answers, and the time. Out: the next job to begin, the next message to
//! send, the next moment at which something is due. Pure: no channel, no clock, no task.

use super::steps::Steps;
use crate::draft::DraftOut;
use referent_proto::{DraftJob, DraftKey, ingest};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// Drafts that are written at once. They mostly wait for the language model, which answers a handful at once about as
/// fast as one; the embedded drafter takes milliseconds. A worker with a hundred calls has a hang-up every two seconds,
/// so that even a server that always runs into the total limit of 12 s fits.
pub(super) const AT_ONCE: usize = 8;
/// Jobs that are waiting, being written, or whose end notes-api has not stored yet.
pub(super) const MOST: usize = 64;
/// Leases after which an answer that never came is not waited for any more: the job has long been somebody else's.
const LEASES_UNTIL_FORGOTTEN: u32 = 10;
/// A lease that is shorter is renewed as if it were this long.
const SHORTEST_LEASE: Duration = Duration::from_millis(300);
/// A draft that takes longer than this renews its lease for the first time: from then on notes-api knows who has it, and
/// tells when it is lost.
const FIRST_RENEWAL: Duration = Duration::from_secs(1);

/// The jobs of this process.
#[derive(Default)]
pub(super) struct Held {
    jobs: Vec<Job>,
    /// How many jobs notes-api believes that we would take.
    announced: Option<u32>,
    closed: bool,
}

struct Job {
    key: DraftKey,
    lease: Duration,
    taken_at: Instant,
    due: Instant,
    renew: bool,
    stage: Stage,
    said: Vec<ingest::from_drafter::Kind>,
    sent: usize,
    steps: Steps,
}

enum Stage {
    Waiting(Box<DraftJob>),
    Writing(CancellationToken),
    Concluded(Instant),
}

impl Held {
    /// How many jobs are held.
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Takes a job, unless there is no place. One that is held already is taken once; one of an older attempt ends.
    pub(super) fn take(&mut self, job: DraftJob, now: Instant) -> bool {
        let key = job.key;
        if self.jobs.iter().any(|held| held.key == key) {
            return true;
        }
        self.drop_where(|held| held.call == key.call && (held.draft, held.attempt) < (key.draft, key.attempt));
        if self.jobs.len() >= MOST {
            return false;
        }
        let lease = Duration::from_millis(job.lease_ms.into()).max(SHORTEST_LEASE);
        self.jobs.push(Job {
            key,
            steps: Steps::begin(&job),
            lease,
            taken_at: now,
            due: now + (lease / 3).min(FIRST_RENEWAL),
            renew: false,
            stage: Stage::Waiting(Box::new(job)),
            said: Vec::new(),
            sent: 0,
        });
        true
    }

    /// The next job that may begin now, and what cancels it.
    pub(super) fn begin_next(&mut self) -> Option<(DraftJob, CancellationToken)> {
        let busy = self.jobs.iter().filter(|job| matches!(job.stage, Stage::Writing(_))).count();
        if busy >= AT_ONCE {
            return None;
        }
        let next = self.jobs.iter_mut().find(|job| matches!(job.stage, Stage::Waiting(_)))?;
        let cancel = CancellationToken::new();
        match std::mem::replace(&mut next.stage, Stage::Writing(cancel.clone())) {
            Stage::Waiting(job) => Some((*job, cancel)),
            Stage::Writing(_) | Stage::Concluded(_) => None,
        }
    }

    /// The step of the trace that lasts while this draft is being written.
    pub(super) fn writing(&mut self, key: DraftKey) -> Span {
        self.jobs.iter_mut().find(|job| job.key == key).map_or_else(Span::none, |job| job.steps.writing())
    }

    /// What a drafter said. Ignored if the job is not ours any more.
    pub(super) fn said(&mut self, output: DraftOut, now: Instant) {
        let key = output.key();
        let Some(job) = self.jobs.iter_mut().find(|job| job.key == key) else { return };
        job.steps.said(&output);
        let (is_end, message) = message(output);
        job.said.push(message);
        if is_end {
            job.stage = Stage::Concluded(now);
            job.renew = false;
        }
    }

    /// notes-api has the end of this draft.
    pub(super) fn stored(&mut self, key: DraftKey) {
        self.jobs.retain(|job| job.key != key || !matches!(job.stage, Stage::Concluded(_)));
    }

    /// The job is somebody else's, or nobody's. True if it was ours.
    pub(super) fn lost(&mut self, key: DraftKey) -> bool {
        self.drop_where(|held| *held == key)
    }

    fn drop_where(&mut self, is_lost: impl Fn(&DraftKey) -> bool) -> bool {
        let before = self.jobs.len();
        self.jobs.retain(|job| {
            let lost = is_lost(&job.key);
            if lost {
                job.steps.lost();
                if let Stage::Writing(cancel) = &job.stage {
                    cancel.cancel();
                }
            }
            !lost
        });
        self.jobs.len() < before
    }

    /// When the job was taken.
    pub(super) fn taken_at(&self, key: DraftKey) -> Option<Instant> {
        self.jobs.iter().find(|job| job.key == key).map(|job| job.taken_at)
    }

    /// No more jobs are asked for.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// A job came that was asked for.
    pub(super) fn one_came(&mut self) {
        self.announced = self.announced.map(|places| places.saturating_sub(1));
    }

    /// A new connection: notes-api may have heard nothing of what was said on the last one.
    pub(super) fn line_opened(&mut self, now: Instant) {
        self.announced = Some(0);
        for job in &mut self.jobs {
            job.sent = 0;
            job.renew = !matches!(job.stage, Stage::Concluded(_));
            job.due = now + job.lease / 3;
        }
    }

    /// No connection.
    pub(super) fn line_broke(&mut self) {
        self.announced = None;
    }

    /// When something is due next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.jobs.iter().map(|job| job.due).min()
    }

    /// Leases of unfinished drafts are to be renewed; ends that were not answered are said again, for a while.
    pub(super) fn due(&mut self, now: Instant) {
        self.jobs.retain_mut(|job| {
            if job.due > now {
                return true;
            }
            job.due = now + job.lease / 3;
            match job.stage {
                Stage::Concluded(since) => {
                    job.sent = 0;
                    now < since + job.lease * LEASES_UNTIL_FORGOTTEN
                }
                Stage::Waiting(_) | Stage::Writing(_) => {
                    job.renew = true;
                    true
                }
            }
        });
    }

    /// Whether there is a next message.
    pub(super) fn has_something_to_say(&self) -> bool {
        self.announced.is_some_and(|announced| announced != self.places())
            || self.jobs.iter().any(|job| job.renew || job.sent < job.said.len())
    }

    /// The next message for notes-api. What is about a draft goes before the call for more work.
    pub(super) fn next_message(&mut self) -> Option<Say> {
        for job in &mut self.jobs {
            if std::mem::take(&mut job.renew) {
                let renewal = ingest::LeaseRenewal { key: Some(job.key.into()) };
                return Some(Say::Kind(ingest::from_drafter::Kind::Renewal(renewal)));
            }
            if let Some(message) = job.said.get(job.sent) {
                job.sent += 1;
                return Some(Say::Kind(message.clone()));
            }
        }
        let places = self.places();
        if self.announced.is_some_and(|announced| announced != places) {
            self.announced = Some(places);
            return Some(Say::Ready(places));
        }
        None
    }

    /// How many more jobs could begin at once.
    fn places(&self) -> u32 {
        if self.closed {
            return 0;
        }
        let begun = self.jobs.iter().filter(|job| !matches!(job.stage, Stage::Concluded(_))).count();
        let free = AT_ONCE.saturating_sub(begun).min(MOST - self.jobs.len());
        u32::try_from(free).unwrap_or(0)
    }
}

/// Something for notes-api.
#[expect(clippy::large_enum_variant, reason = "one at a time, on its way to the line")]
pub(super) enum Say {
    /// How many jobs this worker would take now.
    Ready(u32),
    /// Something about a job.
    Kind(ingest::from_drafter::Kind),
}

/// The message that a drafter's output becomes, and whether it is the last of its draft.
fn message(output: DraftOut) -> (bool, ingest::from_drafter::Kind) {
    use ingest::from_drafter::Kind;
    match output {
        DraftOut::Sentence(sentence) => (false, Kind::Sentence(sentence.into())),
        DraftOut::Finished { key, origin, covers, sentences, lines_not_parsed, missing, uncertain } => {
            let finished = ingest::DraftFinished {
                key: Some(key.into()),
                origin: Some(origin.into()),
                covers: Some(covers.into()),
                sentences,
                lines_not_parsed,
                missing: missing.into_iter().map(Into::into).collect(),
                uncertain: uncertain.into_iter().map(Into::into).collect(),
            };
            (true, Kind::Finished(finished))
        }
        DraftOut::Failed { key, failure, covers } => {
            let failed =
                ingest::DraftFailed { key: Some(key.into()), failure: failure.into(), covers: Some(covers.into()) };
            (true, Kind::Failed(failed))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use referent_proto::audio::SampleOffset;
    use referent_proto::call::{AreaSettings, Direction, Started};
    use referent_proto::ids::{CallId, PerTrack};
    use referent_proto::speech::Spoken;
    use referent_proto::{DraftFailure, DraftSentence};

    fn key(call: u8, attempt: u32) -> DraftKey {
        DraftKey { call: CallId::new(call.into(), [call; 10]), draft: 1, attempt }
    }

    fn job(key: DraftKey) -> DraftJob {
        DraftJob {
            key,
            lease_ms: 3000,
            provisional: false,
            area: AreaSettings {
                area: "a".into(),
                version: "v".into(),
                language: "da".into(),
                ..AreaSettings::default()
            },
            covers: PerTrack::default(),
            utterances: Vec::new(),
            started: Started { utc_ms: 0, utc_offset_s: 0 },
            direction: Direction::Unknown,
            wish: Spoken::default(),
        }
    }

    fn sentence(key: DraftKey, index: u32) -> DraftOut {
        let (section, text) = ("reason".into(), Spoken::new("x"));
        DraftOut::Sentence(DraftSentence {
            key,
            index,
            section,
            text,
            evidence: Vec::new(),
            flags: Vec::new(),
            confirm: None,
        })
    }

    fn failed(key: DraftKey) -> DraftOut {
        let covers = PerTrack { near: SampleOffset(0), far: SampleOffset(0) };
        DraftOut::Failed { key, failure: DraftFailure::InsufficientContent, covers }
    }

    /// Everything there is to say: `ready 3`, `renew`, `sentence 0`, `end`.
    fn says(held: &mut Held) -> Vec<String> {
        use ingest::from_drafter::Kind;
        std::iter::from_fn(|| held.next_message())
            .map(|say| match say {
                Say::Ready(places) => format!("ready {places}"),
                Say::Kind(Kind::Renewal(_)) => "renew".into(),
                Say::Kind(Kind::Sentence(sentence)) => format!("sentence {}", sentence.index),
                Say::Kind(_) => "end".into(),
            })
            .collect()
    }

    #[test]
    fn what_is_owed_is_said_once_a_connection_until_it_is_stored() {
        let (mut held, now, one) = (Held::default(), Instant::now(), key(1, 1));
        assert!(held.take(job(one), now));
        assert!(held.begin_next().is_some());
        held.said(sentence(one, 0), now);
        held.line_opened(now);
        assert_eq!(says(&mut held), ["renew", "sentence 0", "ready 7"]);
        assert!(!held.has_something_to_say());
        held.said(failed(one), now);
        assert_eq!(says(&mut held), ["end", "ready 8"]);
        held.line_broke();
        held.line_opened(now);
        assert_eq!(says(&mut held), ["sentence 0", "end", "ready 8"], "an end needs no lease");
        held.stored(one);
        assert_eq!(held.len(), 0);
        held.line_opened(now);
        assert_eq!(says(&mut held), ["ready 8"]);
    }

    #[test]
    fn leases_are_renewed_and_ends_said_again_for_a_while() {
        let (mut held, began, one) = (Held::default(), Instant::now(), key(1, 1));
        held.take(job(one), began);
        held.line_opened(began);
        says(&mut held);
        let due = held.next_due().unwrap();
        assert_eq!(due, began + Duration::from_secs(1), "a third of the lease");
        held.due(due);
        assert_eq!(says(&mut held), ["renew"]);
        held.begin_next();
        held.said(failed(one), due);
        assert_eq!(says(&mut held), ["end", "ready 8"]);
        let mut repeats = 0;
        while let Some(due) = held.next_due() {
            held.due(due);
            repeats += says(&mut held).len();
        }
        assert_eq!(repeats, 29, "ten leases, three times each");
        assert_eq!(held.len(), 0);
    }

    #[test]
    fn a_newer_attempt_ends_the_older_and_a_lost_one_is_cancelled() {
        let (mut held, now) = (Held::default(), Instant::now());
        held.take(job(key(1, 1)), now);
        let (_, older) = held.begin_next().unwrap();
        assert!(held.take(job(key(1, 1)), now), "the same one again is no other");
        assert_eq!(held.len(), 1);
        held.take(job(key(1, 2)), now);
        assert!(older.is_cancelled());
        let (begun, newer) = held.begin_next().unwrap();
        assert_eq!(begun.key, key(1, 2));
        held.said(sentence(key(1, 1), 0), now);
        held.line_opened(now);
        assert_eq!(says(&mut held), ["renew", "ready 7"], "what the older one still said is not for anybody");
        held.stored(key(1, 2));
        assert_eq!(held.len(), 1, "a draft without its end is not stored");
        assert!(held.lost(key(1, 2)) && newer.is_cancelled());
        assert!(!held.lost(key(1, 2)));
    }

    #[test]
    fn a_closed_desk_asks_for_nothing() {
        let (mut held, now) = (Held::default(), Instant::now());
        held.line_opened(now);
        assert_eq!(says(&mut held), ["ready 8"]);
        held.one_came();
        assert_eq!(says(&mut held), ["ready 8"], "one that came and went leaves its place free");
        held.close();
        assert_eq!(says(&mut held), ["ready 0"]);
    }

    proptest! {
        /// W4: whatever happens in whatever order.
        #[test]
        fn held_work_is_bounded_and_places_are_true(steps in prop::collection::vec((0u8..7, 0u8..100), 0..400)) {
            let (mut held, mut now) = (Held::default(), Instant::now());
            let mut begun = Vec::new();
            for (step, call) in steps {
                now += Duration::from_millis(100);
                match step {
                    0 | 1 => drop(held.take(job(key(call, 1)), now)),
                    2 => begun.extend(std::iter::from_fn(|| held.begin_next()).map(|(job, cancel)| (job.key, cancel))),
                    3 => {
                        if let Some((key, _)) = begun.pop() {
                            held.said(sentence(key, 0), now);
                            held.said(failed(key), now);
                        }
                    }
                    4 => held.stored(key(call, 1)),
                    5 => drop(held.lost(key(call, 1))),
                    _ => held.due(now),
                }
                let writing = held.jobs.iter().filter(|job| matches!(job.stage, Stage::Writing(_))).count();
                prop_assert!(held.len() <= MOST && writing <= AT_ONCE);
                prop_assert!(held.places() as usize + writing <= AT_ONCE);
                prop_assert!(held.jobs.iter().all(|job| job.sent <= job.said.len()));
            }
        }
    }
}
