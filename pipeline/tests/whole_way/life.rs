//! A call that nothing disturbs.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use crate::agent::{Call, Item, Line};
use crate::notes_api::NotesApi;
use crate::worker::Worker;
use referent_pipeline::transcribe::scripted::Scripted;
use referent_pipeline::transcribe::{Cancel, Heard, NotHeard, Recognizer, Request};
use referent_proto::{Gap, GapReason, SampleOffset, SampleSpan, Track, What};
use std::sync::{Arc, Condvar, Mutex};

/// The chain of one track holds together from zero to its end.
#[track_caller]
pub(crate) fn is_one_chain(notes_api: &NotesApi, call: &Call) {
    let database = notes_api.database();
    for track in Track::BOTH {
        let mut next = SampleOffset::ZERO;
        for settle in database.chain.iter().filter(|settle| settle.track == track) {
            assert_eq!(settle.span.start(), next, "{track}");
            next = settle.span.end();
            if let What::Utterance(said) = &settle.what {
                assert!(settle.span.start() <= said.span.start() && said.span.end() <= settle.span.end());
                assert!(!said.words.is_empty());
            }
        }
        assert_eq!(next, call.hang_up().ends[track], "{track}");
    }
}

/// What an undisturbed worker makes of a call.
pub(crate) async fn undisturbed(call: &Call) -> [Vec<String>; 2] {
    let notes_api = NotesApi::new();
    let worker = Worker::start(notes_api.serve("127.0.0.1:0").await).await;
    assert_eq!(call.deliver(|| Some(worker.address)).await, 1);
    is_one_chain(&notes_api, call);
    worker.stop().await;
    let database = notes_api.database();
    Track::BOTH.map(|track| database.track(track))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_becomes_two_chains_and_a_draft() {
    let call = Call::sample(40, 1600);
    let notes_api = NotesApi::new();
    let worker = Worker::start(notes_api.serve("127.0.0.1:0").await).await;
    assert_eq!(call.deliver(|| Some(worker.address)).await, 1);
    is_one_chain(&notes_api, &call);
    notes_api.wait_for("the draft", |database| database.drafts_finished == 1).await;
    {
        let database = notes_api.database();
        let said = |settle: &&referent_proto::Settle| matches!(settle.what, What::Utterance(_));
        assert!(database.chain.iter().filter(said).count() >= 6, "{:?}", database.track(Track::Near));
        assert_eq!((database.jobs, database.stale, database.began), (1, 0, 1));
        assert_eq!(database.hang_up, Some(call.hang_up()));
        assert_eq!(database.hello, Some(call.hello()));
        assert_eq!(database.heartbeats, 1);
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_shown_while_somebody_speaks_and_taken_away_by_the_final() {
    let call = Call::sample(12, 1600);
    let notes_api = NotesApi::new();
    let worker = Worker::start(notes_api.serve("127.0.0.1:0").await).await;
    let mut line = Line::open(worker.address, &call).await.unwrap();
    // As slowly as the grey text needs: a real call is slower still.
    let mut tenths = 0;
    while line.send_some(&call).await.unwrap() {
        tenths += 1;
        if tenths % 10 == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    line.send_all(&call).await.unwrap();
    worker.stop().await;
    is_one_chain(&notes_api, &call);
    let database = notes_api.database();
    assert!(!database.partials.is_empty());
    let texts = |track: Track| {
        database.chain.iter().filter(move |settle| settle.track == track).filter_map(|settle| match &settle.what {
            What::Utterance(said) => Some(said.span),
            _ => None,
        })
    };
    for (track, speech, text, settled) in &database.partials {
        assert!(!text.is_empty());
        assert!(speech.end() > *settled, "{track} {speech:?} was settled already: {settled:?}");
        let of = texts(*track).find(|said| said.start() == speech.start());
        assert!(
            of.is_some_and(|said| said.end() >= speech.end()),
            "{track} {speech:?} is no beginning of an utterance"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cuts_do_not_depend_on_how_the_sound_is_divided() {
    let expected = undisturbed(&Call::sample(25, 1600)).await;
    for chunk in [160, 1601, 16_000] {
        assert_eq!(undisturbed(&Call::sample(25, chunk)).await, expected, "chunks of {chunk}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_are_settled_and_holes_are_named() {
    let mut call = Call::sample(20, 1600);
    let span = SampleSpan::of(SampleOffset(80_000), 40_000);
    call.items.near.retain(
        |item| !matches!(item, Item::Sound(chunk) if chunk.span().end() > span.start() && chunk.first < span.end()),
    );
    let gap = Gap { track: Track::Near, span, reason: GapReason::Paused };
    call.items.near.insert(50, Item::Missing(gap));
    // And sound that nothing explains is missing: half a second of the citizen.
    call.items.far.drain(100..105);
    let notes_api = NotesApi::new();
    let worker = Worker::start(notes_api.serve("127.0.0.1:0").await).await;
    assert_eq!(call.deliver(|| Some(worker.address)).await, 1);
    is_one_chain(&notes_api, &call);
    let database = notes_api.database();
    assert!(database.track(Track::Near).contains(&"80000..120000 gap paused".to_owned()));
    assert!(database.track(Track::Far).contains(&"160000..168000 gap other".to_owned()));
}

/// Hears nothing until it is let go.
#[derive(Clone, Default)]
struct Held(Arc<(Mutex<Holding>, Condvar)>);

#[derive(Default)]
struct Holding {
    is_free: bool,
    now: usize,
    most: usize,
}

impl Held {
    fn let_go(&self) {
        self.0.0.lock().unwrap().is_free = true;
        self.0.1.notify_all();
    }

    /// Waits until so many segments are being heard at once.
    async fn holds(&self, count: usize) {
        while self.0.0.lock().unwrap().now < count {
            tokio::task::yield_now().await;
        }
    }
}

impl Recognizer for Held {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        let mut holding = self.0.0.lock().unwrap();
        holding.now += 1;
        holding.most = holding.most.max(holding.now);
        while !holding.is_free && !cancel.is_cancelled() {
            (holding, _) = self.0.1.wait_timeout(holding, std::time::Duration::from_millis(5)).unwrap();
        }
        holding.now -= 1;
        Scripted.hear(request, cancel)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recognisers_that_do_not_keep_up_hold_the_sound_back() {
    let call = Call::sample(75, 1600);
    let notes_api = NotesApi::new();
    let held = Held::default();
    let recognisers = (0..20).map(|_| Box::new(held.clone()) as Box<dyn Recognizer>).collect();
    let worker = Worker::with(notes_api.serve("127.0.0.1:0").await, recognisers).await;
    let watching = async {
        held.holds(8).await;
        // Twenty could hear, and the minute that there is credit for holds more segments; but no more are taken in.
        assert!(notes_api.database().chain.iter().all(|settle| !matches!(settle.what, What::Utterance(_))));
        held.let_go();
    };
    tokio::join!(call.deliver(|| Some(worker.address)), watching);
    is_one_chain(&notes_api, &call);
    assert!(notes_api.database().chain.len() > 30);
    assert_eq!(held.0.0.lock().unwrap().most, 8);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_is_passed_on_before_the_last_text_is_there() {
    let call = Call::sample(9, 1600);
    let notes_api = NotesApi::new();
    let held = Held::default();
    let worker = Worker::with(notes_api.serve("127.0.0.1:0").await, vec![Box::new(held.clone())]).await;
    let mut line = Line::open(worker.address, &call).await.unwrap();
    let sending = line.send_all(&call);
    let watching = async {
        notes_api.wait_for("the hang-up", |database| database.hang_up.is_some()).await;
        held.let_go();
    };
    tokio::join!(async { sending.await.unwrap() }, watching);
    is_one_chain(&notes_api, &call);
    let database = notes_api.database();
    assert!(database.settled_at_hang_up < database.chain.len());
    assert_eq!(database.jobs, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_finished_without_an_agent_that_left_after_the_hang_up() {
    let call = Call::sample(9, 1600);
    let notes_api = NotesApi::new();
    let held = Held::default();
    let worker = Worker::with(notes_api.serve("127.0.0.1:0").await, vec![Box::new(held.clone())]).await;
    let mut line = Line::open(worker.address, &call).await.unwrap();
    while line.send_some(&call).await.unwrap() {}
    notes_api.wait_for("the hang-up", |database| database.hang_up.is_some()).await;
    drop(line);
    held.let_go();
    notes_api.wait_for("the job", |database| database.jobs == 1).await;
    is_one_chain(&notes_api, &call);
    worker.stop().await;
}

/// Kills the whole worker with the sound of one moment: what a call may bring that nobody has thought of.
#[derive(Clone)]
struct Deadly {
    moment: SampleOffset,
    kills: Arc<tokio::sync::Notify>,
}

impl Recognizer for Deadly {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        if request.speech.start() <= self.moment && self.moment < request.speech.end() && request.track == Track::Far {
            self.kills.notify_one();
            while !cancel.is_cancelled() {
                std::thread::yield_now();
            }
            return Err(NotHeard::Cancelled);
        }
        Scripted.hear(request, cancel)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_kills_workers_does_not_go_round() {
    let mut call = Call::sample(40, 1600);
    let expected = undisturbed(&call).await;
    let notes_api = NotesApi::new();
    let address = notes_api.serve("127.0.0.1:0").await;
    // In the middle of a sentence of the citizen's.
    let moment = SampleOffset(19 * 16_000);
    let mut workers = 0;
    loop {
        workers += 1;
        assert!(workers < 20, "it goes round");
        let deadly = Deadly { moment, kills: Arc::default() };
        let before = notes_api.database().chain.len();
        let recognisers = (0..2).map(|_| Box::new(deadly.clone()) as Box<dyn Recognizer>).collect();
        let worker = Worker::with(address, recognisers).await;
        let mut line = Line::open(worker.address, &call).await.unwrap();
        let died = tokio::select! {
            sent = line.send_all(&call) => { sent.unwrap(); false }
            () = deadly.kills.notified() => true,
        };
        if !died {
            break;
        }
        worker.kill();
        let moved = notes_api.database().chain.len() > before;
        call.attempts = if moved { 0 } else { call.attempts + 1 };
    }
    assert!(workers > 5, "the sound was deadly: {workers} workers");
    is_one_chain(&notes_api, &call);
    let database = notes_api.database();
    for (track, expected) in Track::BOTH.into_iter().zip(expected) {
        let lines = database.track(track);
        let given_up = lines.iter().filter(|line| line.contains("not transcribed recogniser_died")).count();
        let differ = lines.iter().zip(&expected).filter(|(line, expected)| line != expected).count();
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        assert_eq!(differ, given_up, "{lines:?}");
        // Which of the two tracks it was, the workers could not know.
        assert!(given_up <= 1 && (track == Track::Near || given_up == 1), "{track}: {lines:?}");
    }
}
