//! A call reaches a pipeline whole, over connections that break, within credit, live before backlog; and nothing leaves
//! the spool that the pipeline has not made safe.

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;
#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;

use agent::{Running, config, wav};
use pipeline::{Heard, Instead, Manner, Pipeline, all_arrived};
use referent_agent::clock::Clock;
use referent_agent::control::BeginBody;
use referent_agent::forgotten::EndRules;
use referent_proto::{CallId, Command, CommandId, CommandKind, GapReason, HangUpReason, SampleOffset, Track, Urgency};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_arrives_whole_and_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let (path, frames) = wav(folder.path(), "call.wav", 12);
    let pipeline = Pipeline::there(Manner::default()).await;
    let agent = Running::start(config(folder.path(), &pipeline.url(), "credit"), &Clock::system()).await;
    for _ in 0..2 {
        let call = agent.begin(&path).await;
        agent.until_spool_is_empty().await;
        all_arrived(&pipeline, call, &frames);
        let end = pipeline.hang_up(call).unwrap();
        assert_eq!((end.ends.near, end.ends.far), (SampleOffset(192_000), SampleOffset(192_000)));
        assert_eq!(end.reason, HangUpReason::Rule);
        assert!(end.age_ms < 2000, "{}", end.age_ms);
        agent.until("no call", |status| status["state"] == "idle" && status["call"].is_null()).await;
    }
    let hello = &pipeline.hellos()[0];
    assert_eq!((hello.case_id.as_deref(), hello.area.as_deref()), (Some("2026-1"), Some("standard")));
    assert_eq!((hello.urgency, hello.attempts_without_progress), (Urgency::Live, 0));
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_stream_goes_on_two_seconds_before_settled() {
    let folder = tempfile::tempdir().unwrap();
    let (path, frames) = wav(folder.path(), "call.wav", 20);
    let pipeline = Pipeline::there(Manner::default()).await;
    for chunks in [150, 1, 200] {
        pipeline.next(Instead::BreakAfter(chunks));
    }
    let agent = Running::start(config(folder.path(), &pipeline.url(), "credit"), &Clock::system()).await;
    let call = agent.begin(&path).await;
    agent.until_spool_is_empty().await;
    all_arrived(&pipeline, call, &frames);
    // 150 chunks are 7.5 s of each track, so 7 s were settled; one chunk later still no more; the 200th
    // chunk of the third was the far track's, which would have made it 15 s, so that one stood at 14 s.
    let heard = pipeline.heard();
    let connections = heard.split(|heard| matches!(heard, Heard::Hello(_))).skip(1);
    let first_chunk =
        |heard: &Heard| if let Heard::Chunk(_, chunk) = heard { Some(chunk.first.millis()) } else { None };
    let firsts: Vec<_> = connections.map(|heard| heard.iter().find_map(first_chunk)).collect();
    assert_eq!(firsts, [Some(0), Some(5_000), Some(5_000), Some(12_000)]);
    let attempts: Vec<_> = pipeline.hellos().iter().map(|hello| hello.attempts_without_progress).collect();
    assert_eq!(attempts, [0, 0, 1, 0], "only the second connection moved nothing");
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_sent_or_kept_than_credit_allows() {
    let folder = tempfile::tempdir().unwrap();
    let (path, frames) = wav(folder.path(), "call.wav", 40);
    let narrow = Manner { window: 16_000, settles: false, completes: false, ..Manner::default() };
    let pipeline = Pipeline::there(narrow).await;
    let agent = Running::start(config(folder.path(), &pipeline.url(), "credit"), &Clock::system()).await;
    let call = agent.begin(&path).await;
    pipeline.until("a second of both tracks", |p| p.sound(call, Track::Far).len() == 16_000).await;
    // Heartbeats go on, sound does not.
    let heartbeats = |p: &Pipeline| p.heard().iter().filter(|heard| matches!(heard, Heard::State(_))).count();
    let before = heartbeats(&pipeline);
    pipeline.until("ten heartbeats", |p| heartbeats(p) > before + 10).await;
    assert_eq!(pipeline.sound(call, Track::Near).len(), 16_000);
    let status = agent.until("a full spool", |status| status["call"]["recorded_ms"]["near"] == 10_000).await;
    assert_eq!(status["call"]["recorded_ms"]["far"], 10_000, "without credit a file runs 10 s ahead");

    pipeline.behave(Manner::default());
    agent.until_spool_is_empty().await;
    all_arrived(&pipeline, call, &frames);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_leaves_the_spool_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = wav(folder.path(), "call.wav", 100);
    let pipeline = Pipeline::there(Manner { completes: false, ..Manner::default() }).await;
    let agent = Running::start(config(folder.path(), &pipeline.url(), "credit"), &Clock::system()).await;
    let call = agent.begin(&path).await;
    pipeline.until("hang-up", |p| p.hang_up(call).is_some()).await;
    agent.until("settled", |status| status["spool"]["waiting"][0]["settled_ms"]["far"] == 100_000).await;
    let mut left: Vec<_> =
        std::fs::read_dir(agent.folder_of(call)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(
        left,
        ["00000003.segment", "call"],
        "of four segments of 30 s the last one holds the 2 s before the end"
    );
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_goes_before_backlog() {
    let folder = tempfile::tempdir().unwrap();
    let (short, frames) = wav(folder.path(), "short.wav", 3);
    let (long, _) = wav(folder.path(), "long.wav", 30);
    let clock = Clock::manual("boot");
    let pipeline = Pipeline::away(Manner::default()).await;
    let agent = Running::start(config(folder.path(), &pipeline.url(), "credit"), &clock).await;
    let older: Vec<CallId> = {
        let mut older = Vec::new();
        for _ in 0..3 {
            older.push(agent.begin(&short).await);
            agent.until("its end", |status| status["call"].is_null()).await;
        }
        older
    };
    clock.advance(31_000_000);
    let live = agent.begin(&long).await;
    pipeline.up().await;
    agent.until_spool_is_empty().await;

    let hellos: Vec<_> = pipeline.hellos().into_iter().map(|hello| (hello.call, hello.urgency)).collect();
    assert_eq!(hellos[0], (live, Urgency::Live));
    assert!(
        hellos[1..].iter().all(|(call, urgency)| older.contains(call) && *urgency == Urgency::Backlog),
        "{hellos:?}"
    );
    // One call of the backlog at a time: the next hello comes after the hang-up of the one before.
    let of_backlog: Vec<_> = pipeline
        .heard()
        .into_iter()
        .filter(|heard| match heard {
            Heard::Hello(hello) => hello.call != live,
            Heard::HangUp(call, _) => *call != live,
            _ => false,
        })
        .collect();
    assert!(
        of_backlog.chunks(2).all(|pair| matches!(pair, [Heard::Hello(hello), Heard::HangUp(call, end)]
        if hello.call == *call && end.age_ms >= 31_000)),
        "{of_backlog:?}"
    );
    for call in older {
        all_arrived(&pipeline, call, &frames);
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_goes_on_is_captured_on_after_one_gap() {
    // The second one was left so near to its end that nothing of it remains.
    for (seconds, left_of_it) in [(30, 29), (11, 10)] {
        let folder = tempfile::tempdir().unwrap();
        let (path, frames) = wav(folder.path(), "call.wav", seconds);
        let clock = Clock::manual("boot");
        let pipeline = Pipeline::away(Manner::default()).await;
        let config = config(folder.path(), &pipeline.url(), "credit");
        let agent = Running::start(config.clone(), &clock).await;
        let call = agent.begin(&path).await;
        agent.until("10 s", |status| status["call"]["recorded_ms"]["far"] == 10_000).await;
        agent.stop().await;

        clock.advance(60_000_000);
        pipeline.up().await;
        let agent = Running::start(config, &clock).await;
        agent.until_spool_is_empty().await;
        for (track, channel) in [(Track::Near, 0), (Track::Far, 1)] {
            let gaps: Vec<_> = pipeline.gaps(call).into_iter().filter(|gap| gap.track == track).collect();
            assert_eq!(gaps.len(), 1, "{gaps:?}");
            assert_eq!((gaps[0].span.start().millis(), gaps[0].span.end().millis()), (10_000, 11_000));
            assert_eq!(gaps[0].reason, GapReason::AgentDown);
            let sound = pipeline.sound(call, track);
            assert_eq!(sound.len(), left_of_it * 16_000);
            assert!(sound.into_iter().all(|(at, sample)| frames[usize::try_from(at).unwrap()][channel] == sample));
        }
        assert_eq!(pipeline.hang_up(call).unwrap().reason, HangUpReason::Rule);
        assert_eq!(pipeline.wrong(), Vec::<String>::new());
        agent.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_ended_in_time_is_ended_and_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = wav(folder.path(), "call.wav", 30);
    for (boot, wait_s) in [("boot", 11 * 60), ("another boot", 11 * 60)] {
        let clock = Clock::manual("boot");
        let pipeline = Pipeline::away(Manner::default()).await;
        let config = config(folder.path(), &pipeline.url(), "credit");
        let agent = Running::start(config.clone(), &clock).await;
        let call = agent.begin(&path).await;
        agent.until("10 s", |status| status["call"]["recorded_ms"]["far"] == 10_000).await;
        agent.stop().await;

        let clock = Clock::manual(boot);
        clock.advance(wait_s * 1_000_000);
        pipeline.up().await;
        let agent = Running::start(config, &clock).await;
        agent.until_spool_is_empty().await;
        let end = pipeline.hang_up(call).unwrap();
        assert_eq!(end.reason, HangUpReason::Crash);
        assert_eq!((end.ends.near.millis(), end.ends.far.millis()), (10_000, 10_000));
        assert_eq!(pipeline.hellos()[0].urgency, Urgency::Backlog);
        assert_eq!(pipeline.sound(call, Track::Near).len(), 160_000);
        agent.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_pipeline_says_the_call_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let (path, frames) = wav(folder.path(), "call.wav", 15);
    let pipeline = Pipeline::there(Manner::default()).await;
    pipeline.next(Instead::Elsewhere(10));
    pipeline.next(Instead::Refuse("notes-api is not reached".into()));
    pipeline.next(Instead::Silence);
    pipeline.next(Instead::CompleteAtOnce);
    let agent = Running::start(config(folder.path(), &pipeline.url(), "credit"), &Clock::system()).await;
    let call = agent.begin(&path).await;
    agent.until_spool_is_empty().await;
    all_arrived(&pipeline, call, &frames);
    assert_eq!(pipeline.hellos().len(), 5);
    assert_eq!(pipeline.wrong(), Vec::<String>::new());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_somebody_else_s_stays_until_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (path, frames) = wav(folder.path(), "call.wav", 3);
    let pipeline = Pipeline::there(Manner::default()).await;
    pipeline.next(Instead::NotYours);
    let config = config(folder.path(), &pipeline.url(), "credit");
    let agent = Running::start(config.clone(), &Clock::system()).await;
    let call = agent.begin(&path).await;
    agent.until("refused", |status| status["spool"]["waiting"][0]["is_refused"] == true).await;
    agent.until("no call", |status| status["call"].is_null()).await;
    agent.stop().await;
    assert_eq!(pipeline.hellos().len(), 1, "it is not tried again and again");

    let agent = Running::start(config, &Clock::system()).await;
    agent.until_spool_is_empty().await;
    all_arrived(&pipeline, call, &frames);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_call_is_erased_at_once_and_the_next_one_works() {
    let folder = tempfile::tempdir().unwrap();
    let (long, _) = wav(folder.path(), "long.wav", 100);
    let (short, frames) = wav(folder.path(), "short.wav", 3);
    let narrow = Manner { window: 16_000, settles: false, completes: false, ..Manner::default() };
    let pipeline = Pipeline::there(narrow).await;
    let id = command();
    pipeline.next(Instead::Command(Command { id, kind: CommandKind::Discard }));
    let agent = Running::start(config(folder.path(), &pipeline.url(), "credit"), &Clock::system()).await;
    let call = agent.begin(&long).await;
    pipeline.until("done", |p| p.heard().contains(&Heard::Done(id.to_string()))).await;
    assert!(!agent.folder_of(call).exists());
    agent.until("no call", |status| status["call"].is_null() && status["spool"]["calls"] == 0).await;

    pipeline.behave(Manner::default());
    let call = agent.begin(&short).await;
    agent.until_spool_is_empty().await;
    all_arrived(&pipeline, call, &frames);
    agent.stop().await;
}

fn command() -> CommandId {
    CommandId::new(1, [7; 10])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_everybody_forgot_ends_by_rule_and_can_be_continued() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = Pipeline::there(Manner::default()).await;
    // Noise for two seconds, then nothing.
    let (path, _) = wav(folder.path(), "call.wav", 2);
    let mut file = hound::WavWriter::append(&path).unwrap();
    for _ in 0..30 * 16_000 * 2 {
        file.write_sample(0_i16).unwrap();
    }
    file.finalize().unwrap();
    let mut config = config(folder.path(), &pipeline.url(), "credit");
    config.ends = EndRules { quiet_s: 10, longest_s: 0 };
    let agent = Running::start(config, &Clock::system()).await;
    let call = agent.begin(&path).await;
    pipeline.until("hang-up", |p| p.hang_up(call).is_some()).await;
    let hang_up = pipeline.hang_up(call).unwrap();
    assert_eq!(hang_up.reason, HangUpReason::Rule);
    assert!((12 * 16_000..20 * 16_000).contains(&hang_up.ends.near.0), "{hang_up:?}");
    agent.until_spool_is_empty().await;
    let body = BeginBody { wav: Some(path), continues: Some(call), ..BeginBody::default() };
    let next = agent.control.start(&body).await.unwrap();
    pipeline.until("hang-up", |p| p.hang_up(next).is_some()).await;
    assert_eq!(pipeline.hellos().last().unwrap().continues, Some(call));
    agent.stop().await;
}
