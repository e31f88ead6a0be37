//! What a case begins with: a database, a clock that it moves, calls in a state.

use referent_notes_api::clock::{Chance, Clock};
use referent_notes_api::config::{Config, Timing};
use referent_notes_api::live::Live;
use referent_notes_api::store::calls::{Begin, Begun, EndedAnswer, Known};
use referent_notes_api::store::drafts::{Lease, Whole};
use referent_notes_api::store::settles::{SettleAnswer, Settlement};
use referent_notes_api::store::{OpenError, Store};
use referent_notes_api::{Ready, Surroundings, prometheus, run};
use referent_proto::ids::PerTrack;
use referent_proto::{
    CallId, Direction, DraftJob, DraftKey, DraftSentence, Epoch, Evidence, HangUp, HangUpReason, Hello, Mode, Origin,
    OriginKind, Record, SampleOffset, SampleSpan, Settle, Settled, Spoken, Started, Track, Urgency, Utterance, What,
    Word, WorkerId,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// The clock of a case begins here: 2026-03-02, 12:00 UTC.
pub(crate) const NOON: i64 = 1_772_452_800_000;

pub(crate) const TIMING: Timing =
    Timing { no_contact_s: 15, provisional_after_s: 60, lease_ms: 10_000, areas_ms: 2_000 };
pub(crate) const LEASE: Lease = Lease { lease_ms: 10_000, no_contact_ms: 15_000 };

/// Where a case may have its database.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    url: String,
}

impl Place {
    pub(crate) fn sqlite(folder: &Path) -> Self {
        let url = format!("sqlite://{}", folder.join("notes.db").display());
        Self { url }
    }

    /// A new database of a running server.
    pub(crate) async fn postgres(server: &str, case: &str) -> Self {
        let pool = sqlx::PgPool::connect(server).await.unwrap();
        let statement = sqlx::AssertSqlSafe(format!("CREATE DATABASE {case}"));
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
        let (head, _) = server.rsplit_once('/').unwrap();
        Self { url: format!("{head}/{case}") }
    }

    /// The store itself, without doors.
    pub(crate) async fn store(&self) -> Kept {
        Kept::open(&self.url).await.unwrap()
    }

    /// The whole program, on free ports.
    pub(crate) async fn house(&self) -> House {
        self.begun("", 7).await
    }

    /// The same, with more in its configuration.
    pub(crate) async fn house_with(&self, more: &str) -> House {
        self.begun(more, 7).await
    }

    /// The same once more, whose chance is another.
    pub(crate) async fn another_house_with(&self, more: &str, seed: u64) -> House {
        self.begun(more, seed).await
    }

    /// The whole program once more, whose chance is another.
    pub(crate) async fn another_house(&self, seed: u64) -> House {
        self.begun("", seed).await
    }

    async fn begun(&self, more: &str, seed: u64) -> House {
        let text = format!("http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\ndatabase = \"{}\"\n{more}", self.url);
        let config = Config::parse(Path::new("test.toml"), &text).unwrap();
        let around = Surroundings {
            clock: Clock::manual(NOON),
            chance: Chance::seeded(seed),
            metrics: prometheus::recorder().handle(),
        };
        let (clock, shutdown, tracker) = (around.clock.clone(), CancellationToken::new(), TaskTracker::new());
        let (tell, told) = tokio::sync::oneshot::channel();
        let running = run(config, around, |ready| tell.send(ready.clone()).unwrap(), shutdown.clone());
        let ended = tracker.spawn(running);
        let ready = told.await.unwrap();
        House { ready, clock, shutdown: shutdown.drop_guard(), ended }
    }
}

/// A store with its clock.
pub(crate) struct Kept {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    _shutdown: DropGuard,
}

impl Kept {
    pub(crate) async fn open(url: &str) -> Result<Self, OpenError> {
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let store = Store::open(url, Arc::new(Live::default()), &tracker, &shutdown).await?;
        Ok(Self { store, clock: Clock::manual(NOON), _shutdown: shutdown.drop_guard() })
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn seconds_pass(&self, seconds: i64) {
        self.clock.advance_ms(seconds * 1000);
    }

    /// A worker begins a call.
    pub(crate) async fn begin(&self, call: CallId, worker: WorkerId) -> Known {
        match self.begin_as(call, worker, "anna").await {
            Begun::Known(known) => *known,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn begin_as(&self, call: CallId, worker: WorkerId, identity: &str) -> Begun {
        self.store.begin(begin(call, worker, identity), self.now()).await.unwrap()
    }

    pub(crate) async fn settle(&self, turn: &Turn, settles: Vec<Settle>) -> (Vec<SettleAnswer>, Option<DraftJob>) {
        match self.store.settle(turn.call, turn.worker, settles, self.now(), LEASE).await.unwrap() {
            Settlement::Answers(answers, job) => (answers, job.map(|job| *job)),
            Settlement::Discarded => panic!("the call is discarded"),
        }
    }

    pub(crate) async fn hang_up(&self, turn: &Turn, near: u64, far: u64, age_ms: u64) -> EndedAnswer {
        let hang_up = hang_up(near, far, age_ms);
        self.store.ended(turn.call, turn.epoch, turn.worker, hang_up, self.now(), LEASE).await.unwrap()
    }

    /// A worker's turn with a new call.
    pub(crate) async fn new_call(&self) -> Turn {
        let (call, worker) = (a_call(), a_worker());
        let known = self.begin(call, worker).await;
        Turn { call, worker, epoch: known.epoch }
    }

    /// A call of ten seconds in which both said something; hung up, and its draft leased to the worker.
    pub(crate) async fn a_complete_call(&self) -> (Turn, DraftJob) {
        let turn = self.new_call().await;
        self.settle(&turn, vec![turn.said(Track::Near, 0, 10), turn.said(Track::Far, 0, 10)]).await;
        match self.hang_up(&turn, 160_000, 160_000, 0).await {
            EndedAnswer::Job(job) => (turn, *job),
            other => panic!("{other:?}"),
        }
    }

    /// The same, with its draft written.
    pub(crate) async fn a_drafted_call(&self) -> (Turn, DraftJob) {
        let (turn, job) = self.a_complete_call().await;
        self.write_draft(&job).await;
        (turn, job)
    }

    pub(crate) async fn write_draft(&self, job: &DraftJob) {
        use referent_notes_api::store::drafts::Held;
        let sentences = vec![sentence(job.key, 0), sentence(job.key, 1)];
        assert_eq!(self.store.add_sentences(sentences, self.now()).await.unwrap(), Held::Yes);
        let held = self.store.draft_finished(job.key, whole(), self.now()).await.unwrap();
        assert_eq!(held, Held::Yes);
    }

    /// What the timer does each second.
    pub(crate) async fn timer_looks(&self) {
        let now_ms = self.now();
        self.store.expire_leases(now_ms, LEASE).await.unwrap();
        for call in self.store.due_calls(now_ms).await.unwrap() {
            self.store.look_at(call, now_ms, TIMING).await.unwrap();
        }
    }
}

/// A worker's turn with a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) call: CallId,
    pub(crate) worker: WorkerId,
    pub(crate) epoch: Epoch,
}

impl Turn {
    /// Somebody spoke for some whole seconds.
    pub(crate) fn said(&self, track: Track, from_s: u64, to_s: u64) -> Settle {
        said(self.epoch, track, from_s * 16_000, to_s * 16_000, "Borgeren er flyttet.")
    }

    pub(crate) fn quiet(&self, track: Track, from_s: u64, to_s: u64) -> Settle {
        Settle { what: What::Quiet, ..self.said(track, from_s, to_s) }
    }
}

pub(crate) fn settled(track: Track, seconds: u64) -> Settled {
    Settled { track, offset: SampleOffset(seconds * 16_000) }
}

pub(crate) fn said(epoch: Epoch, track: Track, from: u64, to: u64, text: &str) -> Settle {
    let span = SampleSpan::new(SampleOffset(from), SampleOffset(to)).unwrap();
    let word = Word { text: Spoken::new("Borgeren"), span, probability: 0.9 };
    let utterance =
        Utterance { track, span, text: Spoken::new(text), words: vec![word], probability: 0.9, echo_of: None };
    Settle { epoch, track, span, what: What::Utterance(utterance) }
}

pub(crate) fn hang_up(near: u64, far: u64, age_ms: u64) -> HangUp {
    let ends = PerTrack { near: SampleOffset(near), far: SampleOffset(far) };
    HangUp { ends, reason: HangUpReason::Person, age_ms }
}

pub(crate) fn sentence(key: DraftKey, index: u32) -> DraftSentence {
    DraftSentence {
        key,
        index,
        section: "information".into(),
        text: Spoken::new(format!("Sætning {index}.")),
        evidence: vec![Evidence { track: Track::Far, start: SampleOffset::ZERO }],
        flags: Vec::new(),
        confirm: None,
    }
}

pub(crate) fn whole() -> Whole {
    Whole { origin: origin(), lines_not_parsed: 0, missing: Vec::new(), uncertain: Vec::new() }
}

pub(crate) fn origin() -> Origin {
    Origin {
        kind: OriginKind::Embedded,
        model: "embedded-1".into(),
        prompt_version: String::new(),
        area_version: String::new(),
        trouble: None,
        record: Record::default(),
    }
}

fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn ten_bytes() -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&number().to_be_bytes());
    bytes
}

pub(crate) fn a_call() -> CallId {
    CallId::new(u64::try_from(NOON).unwrap(), ten_bytes())
}

pub(crate) fn a_worker() -> WorkerId {
    WorkerId::new(u64::try_from(NOON).unwrap(), ten_bytes())
}

pub(crate) fn hello(call: CallId) -> Hello {
    Hello {
        agent_version: "test".into(),
        call,
        continues: None,
        external_id: None,
        case_id: Some("2026-114823".into()),
        area: None,
        mode: Mode::Notice,
        direction: Direction::Incoming,
        started: Started { utc_ms: NOON, utc_offset_s: 3600 },
        urgency: Urgency::Live,
        attempts_without_progress: 0,
        tracks: Track::BOTH.to_vec(),
    }
}

pub(crate) fn begin(call: CallId, worker: WorkerId, identity: &str) -> Begin {
    let [area, _] = referent_areas::built_in();
    Begin { hello: hello(call), identity: identity.to_owned(), worker, holder: "here".to_owned(), area }
}

/// The running program.
pub(crate) struct House {
    pub(crate) ready: Ready,
    pub(crate) clock: Clock,
    shutdown: DropGuard,
    ended: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl House {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.ready.http)
    }

    /// Ends it where it stands, as a power cut would: nothing of it goes on, and nothing is tidied up.
    pub(crate) async fn power_is_cut(self) {
        self.ended.abort();
        assert!(self.ended.await.unwrap_err().is_cancelled());
    }

    /// Asks it to stop, and waits for that.
    pub(crate) async fn stop(self) {
        drop(self.shutdown);
        let patience = std::time::Duration::from_secs(20);
        tokio::time::timeout(patience, self.ended).await.expect("it stops").unwrap().unwrap();
    }
}
