//! What no honest agent sends, and what a person no longer wants.

use crate::agent::{Call, Item, Line};
use crate::notes_api::NotesApi;
use crate::worker::Worker;
use referent_pipeline::receive::CALLS;
use referent_proto::calls::{self as wire, from_agent};
use referent_proto::{Chunk, HangUp, HangUpReason, Pcm, SampleOffset, Track};
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn what_no_honest_agent_sends_is_refused_by_name() {
    let call = Call::sample(3, 1600);
    let notes_api = NotesApi::new();
    let worker = Worker::start(notes_api.serve("127.0.0.1:0").await).await;
    let chunk = |first: u64| Chunk { track: Track::Near, first: SampleOffset(first), pcm: Pcm(vec![0; 1600]) };
    let sealed = wire::Chunk { sound: Some(wire::chunk::Sound::Sealed(wire::Sealed::default())), ..chunk(0).into() };
    let early = HangUp {
        reason: HangUpReason::Person,
        age_ms: 0,
        ends: referent_proto::ids::PerTrack { near: SampleOffset(10), far: SampleOffset(10) },
    };
    let cases = [
        (vec![from_agent::Kind::Hello(call.hello().into())], "second hello"),
        (vec![from_agent::Kind::Chunk(chunk(16_000 * 62).into())], "beyond the credit"),
        (vec![from_agent::Kind::Chunk(sealed)], "sealed"),
        (vec![from_agent::Kind::Chunk(wire::Chunk { samples: 7, ..chunk(0).into() })], "chunk.samples"),
        (vec![from_agent::Kind::Chunk(chunk(0).into()), from_agent::Kind::HangUp(early.into())], "ends at"),
        (vec![from_agent::Kind::Done(wire::Done { command: "x".into() })], "done.command"),
    ];
    for (messages, names) in cases {
        let mut line = Line::open(worker.address, &call).await.unwrap();
        for message in messages {
            line.say(message).await.unwrap();
        }
        let status = line.last_word().await;
        assert_eq!(status.code(), Code::InvalidArgument, "{names}: {status:?}");
        assert!(status.message().contains(names), "{names}: {status:?}");
    }
    let mut silent = Line::connect(worker.address).await.unwrap();
    silent.say(from_agent::Kind::Done(wire::Done::default())).await.unwrap();
    let status = silent.last_word().await;
    assert!(status.message().contains("hello"), "{status:?}");
    call.deliver(|| Some(worker.address)).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_track_that_the_hello_does_not_name_is_refused() {
    let mut call = Call::sample(3, 1600);
    let notes_api = NotesApi::new();
    let worker = Worker::start(notes_api.serve("127.0.0.1:0").await).await;
    let line = Line::connect(worker.address).await.unwrap();
    let hello = referent_proto::Hello { tracks: vec![Track::Near], ..call.hello() };
    line.say(from_agent::Kind::Hello(hello.into())).await.unwrap();
    let Item::Sound(far) = call.items.far.remove(0) else { panic!("a sample has sound") };
    line.say(from_agent::Kind::Chunk(far.into())).await.unwrap();
    let mut line = line;
    let status = line.last_word().await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert!(status.message().contains("far"), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_call_is_erased_by_the_agent_and_nothing_more_is_settled() {
    for is_said_on_the_pc in [false, true] {
        let call = Call::sample(30, 1600);
        let notes_api = NotesApi::new();
        let worker = Worker::start(notes_api.serve("127.0.0.1:0").await).await;
        let mut line = Line::open(worker.address, &call).await.unwrap();
        line.send_until(&call, SampleOffset::from_millis(8_000)).await.unwrap();
        notes_api.wait_for("some settles", |database| !database.chain.is_empty()).await;
        if is_said_on_the_pc {
            line.say(from_agent::Kind::Discard(wire::Discard {})).await.unwrap();
        } else {
            notes_api.discard();
        }
        while line.commands.is_empty() {
            line.hear().await.unwrap();
        }
        let command = line.commands[0].clone();
        assert_eq!(command.kind, wire::CommandKind::Discard as i32);
        line.say(from_agent::Kind::Done(wire::Done { command: command.id.clone() })).await.unwrap();
        notes_api.wait_for("the agent's done", |database| !database.done.is_empty()).await;
        assert_eq!(notes_api.database().done[0].to_string(), command.id);
        assert_eq!(line.last_word().await.code(), Code::Ok, "the stream ends");
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_worker_sends_the_next_call_elsewhere() {
    let call = Call::sample(1, 1600);
    let notes_api = NotesApi::new();
    let worker = Worker::start(notes_api.serve("127.0.0.1:0").await).await;
    let mut held = Vec::new();
    for _ in 0..CALLS {
        held.push(Line::open(worker.address, &call).await.unwrap());
    }
    let mut line = Line::connect(worker.address).await.unwrap();
    line.say(from_agent::Kind::Hello(call.hello().into())).await.unwrap();
    assert_eq!(line.last_word().await.code(), Code::Ok, "that is no error");
    assert_eq!(line.retry_after_ms, Some(2_000));
    drop(held.pop());
    // The place is free when the worker has noticed that the agent left.
    let opening = async { while Line::open(worker.address, &call).await.is_err() {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), opening).await.unwrap();
}
