//! Sound that its agent cannot read: it becomes the same text, what was changed on the way becomes a gap, and without the
//! key nothing is settled.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use crate::agent::{Call, Item, Line};
use crate::life::{is_one_chain, undisturbed};
use crate::notes_api::NotesApi;
use crate::worker::Worker;
use referent_proto::{GapReason, SampleOffset, Track, What};
use referent_seal::Sealer;
use referent_seal::open::PrivateKey;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use tonic::Code;

fn mount(folder: &Path, key: &PrivateKey) {
    let file = folder.join(format!("{}.key", key.id()));
    std::fs::write(&file, key.reveal().as_str()).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The same call as an agent has it that seals; from chunk `from` on in a second run, for `keys[1]`.
fn sealed(call: &Call, keys: [&PrivateKey; 2], from: usize) -> Call {
    let mut call = call.clone();
    let mut runs = [0, 1].map(|run| Sealer::new(keys[run].public(), call.id, u32::try_from(run).unwrap()).unwrap());
    for track in Track::BOTH {
        for (number, item) in call.items[track].iter_mut().enumerate() {
            if let Item::Sound(chunk) = item {
                *item = Item::Sealed(runs[usize::from(number >= from)].seal(chunk).unwrap());
            }
        }
    }
    call
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_call_becomes_the_same_text_whatever_happens_on_the_way() {
    let call = Call::sample(40, 1600);
    let expected = undisturbed(&call).await;
    let (folder, key) = (tempfile::tempdir().unwrap(), PrivateKey::generate().unwrap());
    mount(folder.path(), &key);
    let call = sealed(&call, [&key, &key], 170);
    let notes_api = NotesApi::new();
    let address = notes_api.serve("127.0.0.1:0").await;
    // The first worker dies in the middle; the second begins within a chunk that cannot be cut, and in the second run.
    let first = Worker::opening(address, folder.path()).await;
    let mut line = Line::open(first.address, &call).await.unwrap();
    line.send_until(&call, SampleOffset::from_millis(20_000)).await.unwrap();
    notes_api.wait_for("some settles", |database| database.chain.len() > 4).await;
    first.kill();
    let second = Worker::opening(address, folder.path()).await;
    call.deliver(|| Some(second.address)).await;
    is_one_chain(&notes_api, &call);
    second.stop().await;
    let database = notes_api.database();
    assert_eq!(Track::BOTH.map(|track| database.track(track)), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_changed_is_a_gap_and_the_rest_is_text() {
    let (folder, key) = (tempfile::tempdir().unwrap(), PrivateKey::generate().unwrap());
    mount(folder.path(), &key);
    let mut call = sealed(&Call::sample(20, 1600), [&key, &key], usize::MAX);
    let damaged: Vec<_> = [(Track::Near, 60), (Track::Far, 100), (Track::Far, 101)].into();
    for &(track, number) in &damaged {
        let Item::Sealed(chunk) = &mut call.items[track][number] else { panic!("all is sealed") };
        match number {
            60 => chunk.bytes[7] ^= 2,
            100 => chunk.bytes.truncate(20),
            _ => chunk.number += 1_000,
        }
    }
    let notes_api = NotesApi::new();
    let worker = Worker::opening(notes_api.serve("127.0.0.1:0").await, folder.path()).await;
    assert_eq!(call.deliver(|| Some(worker.address)).await, 1, "what was damaged ends no connection");
    is_one_chain(&notes_api, &call);
    worker.stop().await;
    let database = notes_api.database();
    for track in Track::BOTH {
        let is_damaged = |settle: &&referent_proto::Settle| {
            settle.track == track && matches!(settle.what, What::Gap(GapReason::Damaged))
        };
        let missing: u64 = database.chain.iter().filter(is_damaged).map(|settle| settle.span.samples()).sum();
        let expected = damaged.iter().filter(|(of, _)| *of == track).count() as u64 * 1600;
        assert_eq!(missing, expected, "{track}: as long as what does not open");
    }
    assert!(database.chain.iter().any(|settle| matches!(settle.what, What::Utterance(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_nothing_is_settled_and_with_it_all() {
    let (folder, key) = (tempfile::tempdir().unwrap(), PrivateKey::generate().unwrap());
    let other = PrivateKey::generate().unwrap();
    mount(folder.path(), &other);
    let call = sealed(&Call::sample(12, 1600), [&key, &key], usize::MAX);
    let notes_api = NotesApi::new();
    let address = notes_api.serve("127.0.0.1:0").await;
    let worker = Worker::opening(address, folder.path()).await;
    for _ in 0..3 {
        let mut line = Line::open(worker.address, &call).await.unwrap();
        line.send_some(&call).await.unwrap();
        assert_eq!(line.last_word().await.code(), Code::Ok, "that is no error of the agent's");
        assert_eq!(line.key_gone, Some(key.id().to_string()));
    }
    assert!(notes_api.database().chain.is_empty(), "what nobody could hear is not settled");
    // It is mounted: the same worker finds it, without a restart.
    mount(folder.path(), &key);
    tokio::time::sleep(Duration::from_millis(1_100)).await; // As long as the folder is not looked into again.
    assert_eq!(call.deliver(|| Some(worker.address)).await, 1);
    is_one_chain(&notes_api, &call);
    worker.stop().await;
    // And a worker that was given no keys at all says the same.
    let notes_api = NotesApi::new();
    let worker = Worker::start(notes_api.serve("127.0.0.1:0").await).await;
    let mut line = Line::open(worker.address, &call).await.unwrap();
    line.send_some(&call).await.unwrap();
    assert_eq!(line.last_word().await.code(), Code::Ok);
    assert_eq!(line.key_gone, Some(key.id().to_string()));
    assert!(notes_api.database().chain.is_empty());
}
