//! The door of every message: what an honest peer sends comes through unchanged, anything else is refused by name.

use proptest::prelude::*;
use prost::Message as _;
use referent_proto::{
    AgentId, BadMessage, CallId, Chunk, Command, CommandId, CommandKind, Direction, Epoch, Gap, GapReason, Hello,
    KeyId, Mode, Pcm, PresenceCommand, PresenceHello, SampleOffset, SampleSpan, SealedChunk, Settle, Spoken, Started,
    Track, Urgency, Utterance, What, Word, calls, ingest,
};

fn hello() -> Hello {
    Hello {
        agent_version: "0.1.0".into(),
        call: CallId::new(1_795_000_000_000, [7; 10]),
        continues: None,
        external_id: None,
        case_id: Some("2026-114823".into()),
        area: None,
        mode: Mode::Notice,
        direction: Direction::Unknown,
        started: Started { utc_ms: 1_795_000_000_000, utc_offset_s: -3600 },
        urgency: Urgency::Backlog,
        attempts_without_progress: 0,
        tracks: vec![Track::Near],
    }
}

#[track_caller]
fn refused(change: impl FnOnce(&mut calls::Hello), message: &str) {
    let mut wire = calls::Hello::from(hello());
    change(&mut wire);
    let error = Hello::try_from(wire).expect_err("an impossible hello is refused");
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_hello_comes_through_unchanged() {
    assert_eq!(Hello::try_from(calls::Hello::from(hello())), Ok(hello()));
}

#[test]
fn an_impossible_hello_is_refused_by_the_name_of_its_field() {
    refused(|h| h.protocol = 2, "peer speaks protocol 2, this program speaks up to 1; update this program");
    refused(|h| h.protocol = 0, "hello.protocol is missing");
    refused(|h| h.call = vec![1, 2], "hello.call is 2 bytes, must be 16 bytes");
    refused(|h| h.started = None, "hello.started is missing");
    refused(|h| h.mode = 0, "mode is 0, must be a value of this version");
    refused(|h| h.mode = 77, "mode is 77, must be a value of this version");
    refused(|h| h.tracks = vec![], "hello.tracks is missing");
    refused(|h| h.tracks = vec![1, 1], "hello.tracks is near, must be each track once");
    refused(|h| h.tracks = vec![9], "track is 9, must be near or far");
}

#[test]
fn what_is_said_between_calls_comes_through_unchanged_or_is_refused_by_name() {
    let hello = PresenceHello { agent_version: "0.1.0".into(), agent: AgentId::new(1_795_000_000_000, [9; 10]) };
    let wire = calls::PresenceHello::from(hello.clone());
    assert_eq!(PresenceHello::try_from(wire.clone()), Ok(hello));
    let refused = |change: fn(&mut calls::PresenceHello)| {
        let mut wire = wire.clone();
        change(&mut wire);
        PresenceHello::try_from(wire).expect_err("refused").to_string()
    };
    assert_eq!(
        refused(|hello| hello.protocol = 2),
        "peer speaks protocol 2, this program speaks up to 1; update this program"
    );
    assert_eq!(refused(|hello| hello.protocol = 0), "presence_hello.protocol is missing");
    assert_eq!(refused(|hello| hello.agent.clear()), "presence_hello.agent is 0 bytes, must be 16 bytes");

    let command = Command { id: CommandId::new(1_795_000_000_000, [3; 10]), kind: CommandKind::Resume };
    let command = PresenceCommand { call: CallId::new(1_795_000_000_000, [7; 10]), command };
    let wire = calls::PresenceCommand::from(command);
    assert_eq!(PresenceCommand::try_from(wire.clone()), Ok(command));
    let nothing = calls::PresenceCommand { command: None, ..wire.clone() };
    let error = PresenceCommand::try_from(nothing).expect_err("refused");
    assert_eq!(error.to_string(), "presence_command.command is missing");
    let of_no_call = calls::PresenceCommand { call: vec![1], ..wire };
    let error = PresenceCommand::try_from(of_no_call).expect_err("refused");
    assert_eq!(error.to_string(), "presence_command.call is 1 bytes, must be 16 bytes");
}

#[test]
fn an_impossible_chunk_is_refused() {
    let good = Chunk { track: Track::Far, first: SampleOffset(1600), pcm: Pcm(vec![1, -1, i16::MIN]) };
    assert_eq!(Chunk::try_from(calls::Chunk::from(good.clone())), Ok(good.clone()));
    let with = |change: fn(&mut calls::Chunk)| {
        let mut wire = calls::Chunk::from(good.clone());
        change(&mut wire);
        Chunk::try_from(wire).expect_err("refused").to_string()
    };
    assert_eq!(with(|c| c.samples = 4), "chunk.samples is 4, must be half the number of its bytes");
    assert_eq!(with(|c| c.sound = None), "chunk.sound is missing");
    assert!(with(|c| c.first_sample = u64::MAX).starts_with("chunk.first_sample is 18446744073709551615"));
    assert!(
        with(|c| {
            c.samples = 0;
            c.sound = Some(calls::chunk::Sound::Pcm(vec![]));
        })
        .contains("1 to 16000")
    );
}

#[test]
fn an_impossible_sealed_chunk_is_refused() {
    let (key, enc) = (KeyId::of(&[0xa5; 32]), [3; 32]);
    let (track, first, bytes) = (Track::Far, SampleOffset(1600), vec![4; 22]);
    let good = SealedChunk { track, first, samples: 3, key, run: 7, enc, number: u64::MAX, bytes };
    let wire = calls::Chunk::from(good.clone());
    assert!(wire.is_sealed());
    assert!(Chunk::try_from(wire.clone()).is_err(), "it is no sound that can be heard");
    assert_eq!(SealedChunk::try_from(wire.clone()), Ok(good));
    let with = |change: fn(&mut calls::Chunk, &mut calls::Sealed)| {
        let mut wire = wire.clone();
        let Some(calls::chunk::Sound::Sealed(mut sealed)) = wire.sound.take() else { panic!("it is sealed") };
        change(&mut wire, &mut sealed);
        wire.sound = Some(calls::chunk::Sound::Sealed(sealed));
        SealedChunk::try_from(wire).map_err(|error| error.to_string())
    };
    let refused = |change, names: &str| {
        let error: String = with(change).expect_err("refused");
        assert!(error.contains(names), "{error}");
    };
    refused(|c, _| c.samples = 0, "chunk.samples");
    refused(|c, _| c.samples = 16_001, "chunk.samples");
    refused(|c, _| c.first_sample = u64::MAX, "chunk.first_sample");
    refused(|c, _| c.track = 9, "track");
    refused(|_, s| s.enc = vec![3; 31], "chunk.sealed.enc is 31 bytes");
    for id in ["", "a5a5", "A5A5A5A5A5A5A5A5", "a5a5a5a5a5a5a5a5a5", "+a5a5a5a5a5a5a5a", "a5a5a5a5a5a5a5ø"] {
        let mut bad = wire.clone();
        if let Some(calls::chunk::Sound::Sealed(sealed)) = &mut bad.sound {
            sealed.key_id = id.into();
        }
        assert!(SealedChunk::try_from(bad).is_err_and(|error| error.to_string().contains("key_id")), "{id}");
    }
    assert!(with(|_, s| s.bytes.clear()).is_ok(), "what does not open becomes a gap, and ends no call");
    assert!(SealedChunk::try_from(calls::Chunk { sound: Some(calls::chunk::Sound::Pcm(vec![0, 0])), ..wire }).is_err());
}

#[test]
fn an_unknown_gap_reason_is_kept_as_other() {
    let gap = calls::Gap { track: 1, first_sample: 1, end_sample: 2, reason: 99 };
    assert_eq!(Gap::try_from(gap).map(|gap| gap.reason), Ok(GapReason::Other));
}

#[test]
fn a_settle_that_says_nothing_is_refused() {
    let settle = ingest::Settle { epoch: 1, track: 1, from: 0, to: 5, what: None };
    assert_eq!(Settle::try_from(settle), Err(BadMessage::Missing("settle.what")));
}

#[test]
fn what_was_spoken_prints_as_a_length() {
    let utterance = utterance("mit nummer er hemmeligt");
    let printed = format!("{utterance:?} {:?}", Pcm(vec![3, 4]));
    assert!(!printed.contains("hemmeligt"), "{printed}");
    assert!(printed.contains("Spoken(23 characters)"), "{printed}");
}

fn utterance(text: &str) -> Utterance {
    let span = SampleSpan::of(SampleOffset(10), 20);
    Utterance {
        track: Track::Far,
        span,
        text: Spoken::new(text),
        words: vec![Word { text: Spoken::new("mit"), span, probability: 0.5 }],
        probability: 0.25,
        echo_of: Some(SampleOffset(12_000)),
    }
}

proptest! {
    #[test]
    fn settles_come_through_unchanged(from in 0u64..1 << 40, length in 1u64..1 << 20, epoch: u64, text in ".{0,40}") {
        let span = SampleSpan::of(SampleOffset(from.min(400_000_000_000)), length);
        let settle = Settle { epoch: Epoch(epoch), track: Track::Near, span, what: What::Utterance(utterance(&text)) };
        prop_assert_eq!(Settle::try_from(ingest::Settle::from(settle.clone())), Ok(settle));
    }

    #[test]
    fn no_bytes_make_a_door_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(calls::FromAgent { kind: Some(kind) }) = calls::FromAgent::decode(bytes.as_slice()) {
            use calls::from_agent::Kind;
            let refused = match kind {
                Kind::Hello(wire) => Hello::try_from(wire).is_err(),
                Kind::Chunk(wire) => Chunk::try_from(wire).is_err(),
                Kind::Gap(wire) => Gap::try_from(wire).is_err(),
                _ => true,
            };
            prop_assert!(refused || !bytes.is_empty());
        }
        if let Ok(wire) = ingest::Settle::decode(bytes.as_slice())
            && let Ok(settle) = Settle::try_from(wire)
        {
            prop_assert!(!settle.span.is_empty());
        }
    }
}
