//! The language model's server reads along while a call goes on, only where it may, and for little.

use crate::calls::{calls, job};
use crate::outcome::short_limits;
use crate::server::{Do, Server, done, head, says, stream_head};
use referent_pipeline::config::{DrafterConfig, DrafterKind, LlmConfig};
use referent_pipeline::draft::warm::{AT_ONCE, Warmer, Warming, Warmth};
use referent_pipeline::draft::{self, Drafters};
use referent_proto::audio::SampleOffset;
use referent_proto::draft::DraftJob;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_millis(20);

fn drafters(base_url: &str) -> Arc<Drafters> {
    let long = Duration::from_secs(10);
    let llm = LlmConfig { first: long, idle: long, total: long, warm_every: Some(EVERY), ..short_limits(base_url) };
    Arc::new(Drafters::new(&DrafterConfig { kind: DrafterKind::Llm, llm: Some(llm) }).expect("an address"))
}

/// A call of an area whose language model is local.
fn local_job() -> DraftJob {
    let mut job = job(calls().iter().find(|call| call.name == "boligstoette-flytning").expect("a sample call"));
    job.area.llm_is_local = true;
    job
}

/// A call of which nothing is known.
fn warming(warmer: &Arc<Warmer>, job: &DraftJob) -> Warming {
    warmer.for_call(&job.area, job.started, job.direction, Vec::new()).expect("the language model is local")
}

/// Says what is said before this, and asks at that watermark; true if a request left.
async fn ask(warming: &mut Warming, job: &DraftJob, from: usize, to: usize) -> bool {
    job.utterances[from..to].iter().for_each(|said| warming.hears(said.clone()));
    let watermark = job.utterances.get(to).map_or(SampleOffset(u64::MAX), |said| said.span.start());
    assert_eq!(warming.next().await, Warmth::Due);
    warming.begin(watermark, true);
    let asks = warming.is_asking();
    if asks {
        assert_eq!(warming.next().await, Warmth::Ended);
    }
    asks
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}

fn warm() -> Vec<Do> {
    let one = r##"{"choices":[{"message":{"content":"#"},"finish_reason":"length"}]}"##;
    vec![head("200 OK", "application/json"), Do::Send(one.as_bytes().to_vec())]
}

#[test]
fn nothing_leaves_for_a_model_that_is_not_local() {
    let drafters = drafters("http://127.0.0.1:9/v1");
    let mut job = local_job();
    let may = |warmer: &Arc<Warmer>, job: &DraftJob| {
        warmer.for_call(&job.area, job.started, job.direction, Vec::new()).is_some()
    };
    let warmer = Warmer::new(Arc::clone(&drafters), Some(EVERY));
    assert!(may(&warmer, &job));
    assert!(!may(&Warmer::new(drafters, None), &job), "nobody wants it");
    let embedded = DrafterConfig { kind: DrafterKind::Embedded, llm: None };
    let without = Warmer::new(Arc::new(Drafters::new(&embedded).expect("nothing is needed")), Some(EVERY));
    assert!(!may(&without, &job), "there is none");
    job.area.llm_is_local = false;
    assert!(!may(&warmer, &job), "what is said stays here until the hang-up");
}

#[tokio::test]
async fn each_reading_begins_as_the_last_and_the_draft_as_all_of_them() {
    let server = Server::that_answers(|_, request| {
        if body(request)["max_tokens"] == 1 { warm() } else { vec![stream_head(), Do::Send(says("INTET")), done()] }
    })
    .await;
    let job = local_job();
    let drafters = drafters(&server.base_url);
    let mut warming = warming(&Warmer::new(Arc::clone(&drafters), Some(EVERY)), &job);
    let asked = [
        ask(&mut warming, &job, 0, 0).await,
        ask(&mut warming, &job, 0, 6).await,
        ask(&mut warming, &job, 6, 6).await,
        ask(&mut warming, &job, 6, 12).await,
    ];
    assert_eq!(asked, [true, true, false, true], "the instructions first, and then only what is new");
    let (out, mut outputs) = mpsc::channel(8);
    let reading = async { while outputs.recv().await.is_some() {} };
    tokio::join!(draft::run(job, &drafters, out, CancellationToken::new()), reading);

    let requests: Vec<Value> = server.requests().iter().map(|request| body(request)).collect();
    let text = |request: &Value, at: usize| request["messages"][at]["content"].as_str().expect("a text").to_owned();
    for pair in requests.windows(2) {
        assert_eq!(text(&pair[0], 0), text(&pair[1], 0), "the same instructions");
        let (before, after) = (text(&pair[0], 1), text(&pair[1], 1));
        assert!(after.starts_with(&before), "{before} is not how this begins: {after}");
    }
    let (last, readings) = requests.split_last().expect("the draft");
    assert_eq!(readings.len(), 3);
    assert!(readings.iter().all(|one| one["max_tokens"] == 1 && one["stream"] == false));
    assert!(last.get("max_tokens").is_none() && last["stream"] == true);
    assert!(text(&readings[2], 1).contains("6.450"), "what was said is read");
}

#[tokio::test]
async fn after_trouble_the_server_is_left_alone() {
    let server = Server::that_does(vec![head("503 Busy", "text/plain")]).await;
    let job = local_job();
    let warmer = Warmer::new(drafters(&server.base_url), Some(EVERY));
    assert!(ask(&mut warming(&warmer, &job), &job, 0, 6).await);
    assert!(!ask(&mut warming(&warmer, &job), &job, 0, 6).await, "another call");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_hang_up_ends_a_request_that_is_on_its_way() {
    let mut server = Server::that_does(vec![Do::Hang]).await;
    let job = local_job();
    let mut warming = warming(&Warmer::new(drafters(&server.base_url), Some(EVERY)), &job);
    assert_eq!(warming.next().await, Warmth::Due);
    warming.begin(SampleOffset::ZERO, true);
    assert!(tokio::time::timeout(EVERY * 10, warming.next()).await.is_err(), "the server is reading");
    assert!(warming.is_asking());
    drop(warming);
    tokio::time::timeout(Duration::from_secs(5), server.left.recv()).await.expect("the connection is closed");
}

#[tokio::test]
async fn only_so_many_at_once_and_none_while_the_worker_is_full() {
    let server = Server::that_does(vec![Do::Hang]).await;
    let job = local_job();
    let warmer = Warmer::new(drafters(&server.base_url), Some(EVERY));
    let mut all: Vec<Warming> = (0..=AT_ONCE).map(|_| warming(&warmer, &job)).collect();
    for one in &mut all {
        one.begin(SampleOffset::ZERO, true);
    }
    let asking: Vec<bool> = all.iter().map(Warming::is_asking).collect();
    assert_eq!(asking.iter().filter(|asks| **asks).count(), AT_ONCE, "{asking:?}");
    all.truncate(1);
    let mut late = warming(&warmer, &job);
    late.begin(SampleOffset::ZERO, false);
    assert!(!late.is_asking(), "the worker is full");
    late.begin(SampleOffset::ZERO, true);
    assert!(late.is_asking(), "there is a place again");
}
