//! A language model's server that answers as real ones do, slowly and from a script: one line of a draft at a time.
//!
//! In: chat requests on loopback, whatever they say. Out: the script as server-sent events, a line every
//! 0.4 s, so that a draft can be watched while it is written. It ends with the test that holds it.

use anyhow::Result;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::post};
use futures_util::stream;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Between two lines.
const LINE_EVERY: Duration = Duration::from_millis(400);

/// A running server.
#[derive(Debug)]
pub struct SlowModel {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl SlowModel {
    /// Answers every request with these lines.
    pub async fn start(lines: &'static [&'static str]) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/v1/chat/completions", post(move || async move { answer(lines) }));
        let serve = async move { drop(axum::serve(listener, router).await) };
        #[expect(clippy::disallowed_methods, reason = "ended by Drop, with the test")]
        let serving = tokio::spawn(serve);
        Ok(Self { address, serving })
    }

    /// The `[drafter]` table of a pipeline that asks this server.
    pub fn drafter(&self) -> String {
        format!("kind = \"llm\"\n\n[drafter.llm]\nbase_url = \"http://{}/v1\"\nmodel = \"slow-model\"\n", self.address)
    }
}

impl Drop for SlowModel {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn answer(lines: &'static [&'static str]) -> Response {
    let events = lines.iter().map(|line| {
        let content = serde_json::json!({ "choices": [{ "delta": { "content": format!("{line}\n") } }] });
        format!("data: {content}\n\n")
    });
    let events = events.chain(std::iter::once("data: [DONE]\n\n".to_owned()));
    let body = stream::unfold(events, |mut events| async move {
        let event = events.next()?;
        tokio::time::sleep(LINE_EVERY).await; // The pace is what this server is for.
        Some((Ok::<_, Infallible>(Bytes::from(event)), events))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}
