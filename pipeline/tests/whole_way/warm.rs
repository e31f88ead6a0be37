//! The language model's server reads along while a call goes on, if the area says that it is local.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use crate::agent::Call;
use crate::life::is_one_chain;
use crate::notes_api::NotesApi;
use crate::worker::Worker;
use axum::body::Bytes;
use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// What was asked: for one token or for a draft, and the text.
type Asked = Arc<Mutex<Vec<(bool, String)>>>;

/// A language model's server that writes down what it is asked, and has nothing to say.
async fn language_model() -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let answer = move |body: Bytes| async move {
        let request: Value = serde_json::from_slice(&body).unwrap();
        let text = request["messages"][1]["content"].as_str().unwrap().to_owned();
        seen.lock().unwrap().push((request["max_tokens"] == 1, text));
        Json(json!({ "choices": [{ "message": { "content": "INTET" }, "finish_reason": "stop" }] }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/v1/chat/completions", post(answer));
    #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

async fn asked(is_local: bool) -> Vec<(bool, String)> {
    let call = Call::sample(75, 1600);
    let notes_api = NotesApi::with_a_language_model(is_local);
    let (language_model, asked) = language_model().await;
    let worker = Worker::drafting(notes_api.serve("127.0.0.1:0").await, language_model).await;
    assert_eq!(call.deliver(|| Some(worker.address)).await, 1);
    is_one_chain(&notes_api, &call);
    worker.stop().await;
    std::mem::take(&mut *asked.lock().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_of_a_call_begins_with_the_one_before() {
    let asked = asked(true).await;
    let (draft, readings) = asked.split_last().unwrap();
    assert!(!draft.0 && readings.iter().all(|(is_reading, _)| *is_reading), "readings, and then the draft");
    let lines = |text: &str| text.lines().filter(|line| line.starts_with('[')).count();
    let most = readings.iter().map(|(_, text)| lines(text)).max().unwrap_or(0);
    assert!(readings.len() >= 2 && most >= 2, "{} readings of {most} lines", readings.len());
    for pair in asked.windows(2) {
        assert!(pair[1].1.starts_with(&pair[0].1), "{} is not how this begins: {}", pair[0].1, pair[1].1);
    }
    assert!(lines(&draft.1) > most, "what was held back comes with the draft");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_elsewhere_reads_nothing_before_the_hang_up() {
    let asked = asked(false).await;
    assert_eq!(asked.iter().map(|(is_reading, _)| *is_reading).collect::<Vec<_>>(), [false], "the draft alone");
}
