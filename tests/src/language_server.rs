//! A language model's server that answers from a script: slowly, a line at a time, so that a draft can be watched while
//! it is written; or at once, so that what is measured is everything but the model.
//!
//! In: chat requests on loopback. Out: server-sent events, as such servers send them. It ends with the test that holds it.

use anyhow::Result;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::post};
use futures_util::stream;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Between two lines of a slow answer.
const LINE_EVERY: Duration = Duration::from_millis(400);
/// What the quick answer says under every heading, each time with another number.
const SENTENCE: &str = "Borgeren har ringet om sag nummer";

/// A running server.
#[derive(Debug)]
pub struct LanguageServer {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl LanguageServer {
    /// Answers every request with these lines, slowly.
    pub async fn slow(lines: &'static [&'static str]) -> Result<Self> {
        Self::serve(post(move || async move { slowly(lines) })).await
    }

    /// Answers every request at once: a sentence under each heading that it asks for, which rests on the last thing said.
    pub async fn quick() -> Result<Self> {
        Self::serve(post(|body: Bytes| async move { at_once(&body) })).await
    }

    async fn serve(route: axum::routing::MethodRouter) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/v1/chat/completions", route);
        let serve = async move { drop(axum::serve(listener, router).await) };
        #[expect(clippy::disallowed_methods, reason = "ended by Drop, with the test")]
        let serving = tokio::spawn(serve);
        Ok(Self { address, serving })
    }

    /// The `[drafter]` table of a pipeline that asks this server.
    pub fn drafter(&self) -> String {
        format!("kind = \"llm\"\n\n[drafter.llm]\nbase_url = \"http://{}/v1\"\nmodel = \"scripted\"\n", self.address)
    }
}

impl Drop for LanguageServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn slowly(lines: &'static [&'static str]) -> Response {
    let events = lines.iter().map(|line| event(&format!("{line}\n")));
    let events = events.chain(std::iter::once(done()));
    let body = stream::unfold(events, |mut events| async move {
        let event = events.next()?;
        tokio::time::sleep(LINE_EVERY).await; // The pace is what this server is for.
        Some((Ok::<_, Infallible>(Bytes::from(event)), events))
    });
    events_of(Body::from_stream(body))
}

fn at_once(request: &[u8]) -> Response {
    events_of(Body::from(event(&answer_to(request)) + &done()))
}

/// The lines of a prompt that begin with `## ` are its headings, those with `[n]` what was said.
fn answer_to(request: &[u8]) -> String {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let messages = request["messages"].as_array().into_iter().flatten();
    let prompt: Vec<&str> = messages.filter_map(|message| message["content"].as_str()).collect();
    let lines = || prompt.iter().flat_map(|text| text.lines());
    let number = |line: &str| line.strip_prefix('[')?.split_once(']')?.0.parse::<usize>().ok();
    let last = lines().filter_map(number).max().unwrap_or(1);
    let headings = lines().filter(|line| line.starts_with("## "));
    let sentence = |(at, heading)| format!("{heading}\n- {SENTENCE} {at}. [{last}]\n");
    let lines: Vec<String> = headings.enumerate().map(sentence).collect();
    lines.concat()
}

fn event(text: &str) -> String {
    format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": text } }] }))
}

fn done() -> String {
    "data: [DONE]\n\n".to_owned()
}

fn events_of(body: Body) -> Response {
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_answer_rests_on_the_last_thing_said() {
        let request = json!({ "messages": [
            { "role": "system", "content": "Write.\n## Reason\n## Agreed\n" },
            { "role": "user", "content": "A call.\n[1] Citizen: hello\n[12] Citizen: goodbye [3]\n\nWrite now." },
        ] });
        let answer = answer_to(request.to_string().as_bytes());
        assert_eq!(answer, format!("## Reason\n- {SENTENCE} 0. [12]\n## Agreed\n- {SENTENCE} 1. [12]\n"));
    }
}
