//! A language model's server whose time is spent as a real one's is: on reading what it has not read, and on writing.
//!
//! In: chat requests on loopback. Out: a draft, token by token. A prompt that begins like one it remembers is read from
//! there on (a prefix cache); reading is done for one request at a time, writing for all that come. A request whose
//! connection closes is given up, and what it had read of it is forgotten.
//!
//! Tokens are so many bytes, as they are of Danish in the tokenizers of today's models. Not modelled: that writing gets
//! slower when many write, or when the context is long.

use anyhow::Result;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::post};
use futures_util::stream;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// How fast it is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Tokens that it reads in a second.
    pub reads: f64,
    /// Tokens that it writes in a second.
    pub writes: f64,
    /// Bytes of a token.
    pub bytes: usize,
    /// Prompts that it remembers.
    pub remembers: usize,
}

impl Pace {
    /// A model of a dozen billion parameters on one card of a server.
    pub const ORDINARY: Self = Self { reads: 2_000.0, writes: 40.0, bytes: 3, remembers: 64 };

    fn reading(self, bytes: usize) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "bytes of a prompt")]
        Duration::from_secs_f64(bytes as f64 / self.bytes as f64 / self.reads)
    }
}

/// A running server. It ends with the test that holds it.
#[derive(Debug)]
pub struct ReadingServer {
    address: SocketAddr,
    work: Arc<Work>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Work {
    pace: Pace,
    /// The prompts, the last used first; whoever has them reads.
    read: Mutex<VecDeque<Vec<u8>>>,
    seen: std::sync::Mutex<Seen>,
}

/// What was asked so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Requests for one token.
    pub warmings: usize,
    /// Requests for a draft.
    pub drafts: usize,
    /// Bytes that had to be read.
    pub bytes_read: usize,
    /// Bytes that came.
    pub bytes: usize,
}

impl ReadingServer {
    /// Serves at this pace.
    pub async fn start(pace: Pace) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let work = Arc::new(Work { pace, read: Mutex::default(), seen: std::sync::Mutex::default() });
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(Arc::clone(&work));
        let serve = async move { drop(axum::serve(listener, router).await) };
        #[expect(clippy::disallowed_methods, reason = "ended by Drop, with the test")]
        let serving = tokio::spawn(serve);
        Ok(Self { address, work, serving })
    }

    /// Where it is.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What was asked so far.
    pub fn seen(&self) -> Seen {
        *self.work.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for ReadingServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Work {
    fn count(&self, add: impl FnOnce(&mut Seen)) {
        add(&mut self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    /// Takes as long as what is new of the prompt.
    async fn read(&self, prompt: Vec<u8>) {
        let mut read = self.read.lock().await;
        let new = unread(&read, &prompt);
        self.count(|seen| {
            seen.bytes_read += new;
            seen.bytes += prompt.len();
        });
        tokio::time::sleep(self.pace.reading(new)).await; // The pace is what this server is for.
        remember(&mut read, prompt, self.pace.remembers);
    }
}

/// Bytes behind the longest beginning that is remembered.
fn unread(read: &VecDeque<Vec<u8>>, prompt: &[u8]) -> usize {
    let common = |other: &Vec<u8>| other.iter().zip(prompt).take_while(|(a, b)| a == b).count();
    prompt.len() - read.iter().map(common).max().unwrap_or(0)
}

/// The last first; what it goes on from is not needed any more.
fn remember(read: &mut VecDeque<Vec<u8>>, prompt: Vec<u8>, most: usize) {
    read.retain(|other| !prompt.starts_with(other));
    read.push_front(prompt);
    read.truncate(most);
}

async fn answer(State(work): State<Arc<Work>>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let texts: Vec<&str> =
        request["messages"].as_array().into_iter().flatten().filter_map(|one| one["content"].as_str()).collect();
    let is_warming = request["max_tokens"] == 1;
    work.count(|seen| if is_warming { seen.warmings += 1 } else { seen.drafts += 1 });
    work.read(texts.join("\n\n").into_bytes()).await;
    let token = Duration::from_secs_f64(1.0 / work.pace.writes);
    if is_warming {
        tokio::time::sleep(token).await;
        let message =
            json!({ "choices": [{ "message": { "role": "assistant", "content": "#" }, "finish_reason": "length" }] });
        return ([(CONTENT_TYPE, "application/json")], message.to_string()).into_response();
    }
    let tokens = tokens(&draft(&texts), work.pace.bytes);
    let events = tokens
        .into_iter()
        .map(|text| json!({ "model": "reading-server", "choices": [{ "delta": { "content": text } }] }));
    let end = json!({ "model": "reading-server", "choices": [{ "delta": {}, "finish_reason": "stop" }] });
    let events = events.chain([end]).map(|event| format!("data: {event}\n\n")).chain(["data: [DONE]\n\n".to_owned()]);
    let body = stream::unfold(events, move |mut events| async move {
        let event = events.next()?;
        tokio::time::sleep(token).await;
        Some((Ok::<_, Infallible>(Bytes::from(event)), events))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

/// Three sentences under each heading, which rest on lines all over the call.
fn draft(texts: &[&str]) -> String {
    let lines = || texts.iter().flat_map(|text| text.lines());
    let number = |line: &str| line.strip_prefix('[')?.split_once(']')?.0.parse::<usize>().ok();
    let last = lines().filter_map(number).max().unwrap_or(1);
    let headings: Vec<&str> = lines().filter(|line| line.starts_with("## ")).collect();
    let sentences = 3 * headings.len();
    let mut text = String::new();
    for (at, heading) in headings.iter().enumerate() {
        writeln!(text, "{heading}").expect("a String takes all");
        for which in 3 * at..3 * at + 3 {
            let line = (last * (which + 1) / sentences).max(1);
            writeln!(text, "- Borgeren har fortalt om sag nummer {which} og venter på et svar. [{line}]")
                .expect("a String takes all");
        }
    }
    text
}

/// Pieces of so many bytes, or a letter more.
fn tokens(text: &str, bytes: usize) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for letter in text.chars() {
        match tokens.last_mut() {
            Some(token) if token.len() < bytes => token.push(letter),
            _ => tokens.push(letter.to_string()),
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_read() {
        let mut read = VecDeque::new();
        let mut reads = |prompt: &str| {
            let new = unread(&read, prompt.as_bytes());
            remember(&mut read, prompt.as_bytes().to_vec(), 2);
            new
        };
        let (short, long) = ("x".repeat(60), format!("{}{}", "x".repeat(60), "y".repeat(6)));
        assert_eq!(reads(&short), 60);
        assert_eq!(reads(&long), 6, "a tenth is new");
        assert_eq!(reads(&long), 0, "nothing is new");
        assert_eq!(reads(&"z".repeat(60)), 60, "another call");
        assert_eq!(reads(&long), 0, "is still remembered");
        assert_eq!((reads(&"a".repeat(60)), reads(&"z".repeat(60))), (60, 60), "of two, the last two");
        assert_eq!(Pace::ORDINARY.reading(6_000), Duration::from_secs(1));
    }

    #[test]
    fn a_draft_is_cut_into_tokens() {
        assert_eq!(tokens("Årsag og", 3), ["År", "sag", " og"]);
        let draft = draft(&["## A\n## B", "[1] x\n[12] y\n"]);
        assert_eq!(draft.lines().count(), 8);
        assert!(draft.ends_with("[12]\n"), "{draft}");
    }
}
