//! Drafts of the sample call, from the page of the areas to a pipeline and back.

use crate::given::{Place, a_worker, sentence};
use crate::http::Browser;
use crate::wire::{Drafter, a_complete_call};
use referent_proto::ingest::{self as wire, from_drafter, to_drafter};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Long enough for an answer that comes at once.
const MOMENT: Duration = Duration::from_millis(100);
const STANDARD: &str = "/v1/areas/standard/preview/draft";

/// The status, and which problem it is.
fn why((status, problem): &(u16, Value)) -> String {
    let problem = problem["type"].as_str().unwrap_or_default();
    format!("{status} {}", problem.trim_start_matches("urn:referent:problem:"))
}

pub(crate) async fn a_pipeline_drafts_the_sample_call_and_nothing_is_stored(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let mut drafter = Drafter::open(&house, a_worker(), 1).await;
    let (preview, nothing) = (browser.get("/v1/areas/standard/preview").await, json!({}));
    let (answer, job) = tokio::join!(browser.post(STANDARD, &nothing), async {
        let job = drafter.given().await;
        // Slow ones renew: it is theirs for as long as somebody waits.
        drafter.say(from_drafter::Kind::Renewal(wire::LeaseRenewal { key: Some(job.key.into()) })).await;
        drafter.write(job.key).await;
        job
    });
    let (status, draft) = answer;
    assert_eq!((status, &draft["state"], &draft["failure"]), (200, &"ready".into(), &Value::Null), "{draft}");
    assert_eq!(draft["sentences"].as_array().map(Vec::len), Some(2));
    assert!(!draft["origin"]["model"].as_str().unwrap().is_empty());
    assert_eq!((job.area.area.as_str(), job.area.version.as_str().into()), ("standard", preview["version"].clone()));
    let turns = preview["turns"].as_array().unwrap();
    assert_eq!(job.utterances.len(), turns.len());
    for (said, turn) in job.utterances.iter().zip(turns) {
        assert_eq!(
            (said.track.name().into(), said.span.start().0.into()),
            (turn["track"].clone(), turn["start"].clone())
        );
    }
    assert_eq!(browser.get("/v1/calls").await["calls"], json!([]), "nobody called");
    house.stop().await;
}

pub(crate) async fn without_a_draft_it_is_said_why(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    assert_eq!(why(&browser.post(STANDARD, &json!({})).await), "503 no-pipeline");
    assert_eq!(why(&browser.post("/v1/areas/nowhere/preview/draft", &json!({})).await), "404 not-found");
    assert_eq!(why(&Browser::stranger(&house).post(STANDARD, &json!({})).await), "401 no-session");

    let mut drafter = Drafter::open(&house, a_worker(), 2).await;
    let nothing = json!({});
    let (first, second) = (browser.post(STANDARD, &nothing), browser.post(STANDARD, &nothing));
    let served = async {
        let (first, second) = (drafter.given().await, drafter.given().await);
        assert_ne!(first.key, second.key);
        let third = browser.post(STANDARD, &json!({})).await;
        assert_eq!(why(&third), "429 busy");
        let failure = wire::DraftFailure::LlmTimeout.into();
        let failed = wire::DraftFailed { key: Some(first.key.into()), failure, covers: None };
        drafter.say(from_drafter::Kind::Failed(failed)).await;
        assert!(matches!(drafter.next().await, to_drafter::Kind::Stored(_)));
        // And the other one is nobody's any more when the pipeline goes.
        drop(drafter);
    };
    let (first, second, ()) = tokio::join!(first, second, served);
    let mut answers = [first, second];
    answers.sort_by_key(|(status, _)| *status);
    assert_eq!((answers[0].0, &answers[0].1["state"]), (200, &"failed".into()));
    assert_eq!(answers[0].1["failure"], "llm_timeout");
    assert_eq!(why(&answers[1]), "504 late", "at once, not after the limit");
    house.stop().await;
}

pub(crate) async fn the_job_of_a_call_goes_before_a_preview(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let worker = a_worker();
    let (line, of_call) = a_complete_call(&house, worker).await;
    let call = of_call.key.call;
    let mut drafter = Drafter::open(&house, worker, 0).await;
    // No place yet: all of them wait, the previews first.
    let browser = Arc::new(browser);
    let mut asking = JoinSet::new();
    for _ in 0..2 {
        let browser = Arc::clone(&browser);
        asking.spawn(async move {
            // Whoever looks below whether both are in may have been first.
            while why(&browser.post(STANDARD, &json!({})).await) == "429 busy" {}
        });
    }
    while !tokio::time::timeout(MOMENT, browser.post(STANDARD, &json!({}))).await.is_ok_and(|no| why(&no) == "429 busy")
    {
    }
    let wish = json!({ "wish": "Kort." });
    assert_eq!(browser.post(&format!("/v1/calls/{call}/draft/again"), &wish).await.0, 202);
    drafter.ready(worker, 1).await;
    assert_eq!(drafter.given().await.key.call, call);
    drafter.ready(worker, 1).await;
    let preview = drafter.given().await;
    assert_ne!(preview.key.call, call);
    drop(line);
    asking.abort_all();
    // The browser went away: whoever still writes for it hears so.
    let gone = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            drafter.say(from_drafter::Kind::Sentence(sentence(preview.key, 0).into())).await;
            if let Ok(to_drafter::Kind::LeaseLost(lost)) = tokio::time::timeout(MOMENT, drafter.next()).await {
                return lost;
            }
        }
    });
    assert_eq!(gone.await.expect("soon").key, Some(preview.key.into()));
    house.stop().await;
}
