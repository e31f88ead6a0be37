//! Whatever dies, the chain is the one of the undisturbed call.

use crate::agent::{Call, Line, asks_for_another_try};
use crate::life::{is_one_chain, undisturbed};
use crate::notes_api::NotesApi;
use crate::worker::Worker;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_proto::{SampleOffset, Track};
use std::sync::Mutex;
use tonic::Code;

#[track_caller]
fn is_undisturbed(notes_api: &NotesApi, call: &Call, expected: &[Vec<String>; 2]) {
    is_one_chain(notes_api, call);
    let database = notes_api.database();
    assert_eq!(&Track::BOTH.map(|track| database.track(track)), expected);
}

/// The call, of which a worker dies whenever so many links are settled; as often as there are numbers.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
async fn killed_at(call: &Call, settles: &[usize]) -> NotesApi {
    let notes_api = NotesApi::new();
    let address = notes_api.serve("127.0.0.1:0").await;
    let worker = Mutex::new(Some(Worker::start(address).await));
    let here = || worker.lock().unwrap().as_ref().map(|worker| worker.address);
    let killing = async {
        for &settles in settles {
            notes_api.wait_for("some settles", |database| database.chain.len() >= settles).await;
            let killed = worker.lock().unwrap().take();
            killed.unwrap().kill();
            let next = Worker::start(address).await;
            *worker.lock().unwrap() = Some(next);
        }
    };
    let (connections, ()) = tokio::join!(call.deliver(here), killing);
    assert!(connections >= 1, "killed at {settles:?}");
    assert_eq!(notes_api.database().stale, 0);
    notes_api
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_workers_leave_the_chain_of_an_undisturbed_call() {
    let call = Call::sample(40, 1600);
    let expected = undisturbed(&call).await;
    let mut chance = StdRng::seed_from_u64(40);
    for _ in 0..6 {
        let mut settles: Vec<usize> = (0..3).map(|_| chance.random_range(1..expected.concat().len())).collect();
        settles.sort_unstable();
        let notes_api = killed_at(&call, &settles).await;
        is_undisturbed(&notes_api, &call, &expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_utterances_both_heard_stands_once_whoever_hears_them() {
    let call = Call::breathless(40);
    let expected = undisturbed(&call).await;
    let joined = |link: &&String| link.contains(" words)") && !link.contains("\"Jeg ");
    assert!(expected.concat().iter().filter(joined).count() >= 4, "each but the first goes on: {expected:#?}");
    for settles in 1..expected.concat().len() {
        let notes_api = killed_at(&call, &[settles]).await;
        is_undisturbed(&notes_api, &call, &expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_replaced_changes_nothing() {
    let call = Call::sample(30, 1600);
    let expected = undisturbed(&call).await;
    let notes_api = NotesApi::new();
    let address = notes_api.serve("127.0.0.1:0").await;
    let (old, new) = (Worker::start(address).await, Worker::start(address).await);
    let mut zombie = Line::open(old.address, &call).await.unwrap();
    zombie.send_until(&call, SampleOffset::from_millis(12_000)).await.unwrap();
    notes_api.wait_for("some settles", |database| database.chain.len() >= 2).await;

    let mut line = Line::open(new.address, &call).await.unwrap();
    line.send_until(&call, SampleOffset::from_millis(20_000)).await.unwrap();
    // It wakes up and goes on as if nothing had happened.
    drop(zombie.send_until(&call, SampleOffset::from_millis(28_000)).await);
    let status = zombie.last_word().await;
    assert_eq!(status.code(), Code::Aborted, "{status:?}");
    assert!(asks_for_another_try(status.code()));
    assert!(notes_api.database().stale >= 1);
    line.send_all(&call).await.unwrap();
    is_undisturbed(&notes_api, &call, &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_api_may_go_away_and_come_back() {
    let call = Call::sample(40, 1600);
    let expected = undisturbed(&call).await;
    let notes_api = NotesApi::new();
    let address = notes_api.serve("127.0.0.1:0").await;
    let worker = Worker::start(address).await;
    let breaking = async {
        for settles in [3, 9, 14] {
            notes_api.wait_for("some settles", |database| database.chain.len() >= settles).await;
            notes_api.break_off();
            notes_api.serve(&address.to_string()).await;
        }
    };
    let (connections, ()) = tokio::join!(call.deliver(|| Some(worker.address)), breaking);
    assert!(connections >= 2, "{connections}");
    is_undisturbed(&notes_api, &call, &expected);
    notes_api.wait_for("the draft", |database| database.drafts_finished == 1).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_starts_and_stays_up_without_notes_api() {
    let call = Call::sample(9, 1600);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let worker = Worker::start(nobody).await;
    let Err(status) = Line::open(worker.address, &call).await else { panic!("nobody knows where the call stands") };
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let notes_api = NotesApi::new();
    notes_api.serve(&nobody.to_string()).await;
    call.deliver(|| Some(worker.address)).await;
    is_one_chain(&notes_api, &call);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_stopped_gives_its_calls_back() {
    let call = Call::sample(40, 1600);
    let expected = undisturbed(&call).await;
    let notes_api = NotesApi::new();
    let address = notes_api.serve("127.0.0.1:0").await;
    let (first, second) = (Worker::start(address).await, Worker::start(address).await);
    let mut line = Line::open(first.address, &call).await.unwrap();
    line.send_until(&call, SampleOffset::from_millis(15_000)).await.unwrap();
    notes_api.wait_for("some settles", |database| database.chain.len() >= 2).await;
    let (status, ()) = tokio::join!(line.last_word(), first.stop());
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    call.deliver(|| Some(second.address)).await;
    is_undisturbed(&notes_api, &call, &expected);
}
