//! A caseworker at the pane, as far as HTTP shows one: opens the page, watches a call, edits, saves.
//!
//! In: the address of notes-api and its one-time token. Out: the API's answers, in the pane's words. Every wait has a
//! patience, after which the error says what was seen last.

use crate::world::http_client;
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A logged-in client.
#[derive(Debug, Clone)]
pub struct Caseworker {
    http: reqwest::Client,
    url: String,
    cookie: String,
}

/// What somebody said, as the pane shows it.
#[derive(Debug, Clone, Deserialize, PartialEq)]
pub struct Said {
    /// "near" or "far".
    pub track: String,
    /// Offset of the first sample.
    pub start: u64,
    /// Milliseconds of call time.
    pub start_ms: u64,
    /// Milliseconds of call time.
    pub end_ms: u64,
    /// The words.
    pub text: String,
}

impl Caseworker {
    /// Exchanges the one-time token for a session, as the page does.
    pub async fn log_in(url: &str, token: &str) -> Result<Self> {
        let http = http_client()?;
        let response = http
            .post(format!("{url}/v1/session"))
            .header("origin", url)
            .json(&json!({ "token": token }))
            .send()
            .await?;
        ensure!(response.status().is_success(), "the session was refused: {}", response.status());
        let cookie = response.headers().get("set-cookie").context("a session is a cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { http, url: url.to_owned(), cookie })
    }

    /// GET as JSON.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let response = self.http.get(format!("{}{path}", self.url)).header("cookie", &self.cookie).send().await?;
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "GET {path}: {status}");
        serde_json::from_str(&body).with_context(|| format!("GET {path} is JSON"))
    }

    /// Sends JSON; gives the status and the answer, whatever they are.
    pub async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        if_match: Option<u64>,
        body: &Value,
    ) -> Result<(u16, Value)> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .header("cookie", &self.cookie)
            .header("origin", &self.url)
            .json(body);
        if let Some(revision) = if_match {
            request = request.header("if-match", format!("\"{revision}\""));
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// The call as it stands.
    pub async fn call(&self, id: &str) -> Result<Value> {
        self.get(&format!("/v1/calls/{id}")).await
    }

    /// What happens to the call, from its first event on.
    pub async fn events(&self, id: &str) -> Result<Events> {
        self.follow(&format!("/v1/calls/{id}/events")).await
    }

    /// What happens to any call, and who is there, from now on.
    pub async fn list_events(&self) -> Result<Events> {
        self.follow("/v1/events").await
    }

    async fn follow(&self, path: &str) -> Result<Events> {
        let request = self.http.get(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        // Longer than any call here; the client's own limit is for requests that end.
        let response = request.timeout(Duration::from_hours(2)).send().await?;
        ensure!(response.status().is_success(), "the events were refused: {}", response.status());
        Ok(Events { response, read: Vec::new() })
    }

    /// What was said so far, in order.
    pub async fn transcript(&self, id: &str) -> Result<Vec<Said>> {
        Ok(serde_json::from_value(self.call(id).await?["utterances"].take())?)
    }

    /// Waits until the call looks as `wanted` says. Survives that notes-api is away for a while.
    pub async fn wait_for(
        &self,
        id: &str,
        patience: Duration,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let begin = Instant::now();
        let mut last = String::from("no answer");
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        while begin.elapsed() < patience {
            tick.tick().await;
            match self.call(id).await {
                Ok(call) if wanted(&call) => return Ok(call),
                Ok(call) => {
                    last = format!(
                        "state {}, status {}, {} utterances, draft {}",
                        call["state"],
                        call["status"],
                        call["utterances"].as_array().map_or(0, Vec::len),
                        call["draft"]["state"]
                    );
                }
                Err(error) => last = format!("{error:#}"),
            }
        }
        bail!("{what} did not come within {patience:?}; seen last: {last}")
    }

    /// Waits for a whole draft.
    pub async fn wait_for_draft(&self, id: &str, patience: Duration) -> Result<Value> {
        self.wait_for(id, patience, "a whole draft", |call| call["draft"]["state"] == "ready").await
    }

    /// Tells that the draft is on the screen, and saves it as it stands; gives the note.
    pub async fn save_draft(&self, call: &Value) -> Result<Value> {
        let id = call["id"].as_str().context("a call has an id")?;
        let number = &call["draft"]["number"];
        let shown = json!({ "number": number });
        let (status, _) =
            self.send(reqwest::Method::POST, &format!("/v1/calls/{id}/draft/shown"), None, &shown).await?;
        ensure!(status == 204, "draft/shown was answered with {status}");
        let mut sections = serde_json::Map::new();
        for section in call["sections"].as_array().context("a call has sections")? {
            let id = section["id"].as_str().context("a section has an id")?;
            let text: Vec<&str> =
                sentences(call).filter(|s| s["section"] == id).filter_map(|s| s["text"].as_str()).collect();
            sections.insert(id.to_owned(), Value::String(text.join("\n")));
        }
        let save_id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let body = json!({ "save_id": save_id, "edit_revision": null, "draft": number, "sections": sections });
        let path = format!("/v1/calls/{id}/notes");
        let (status, note) = self.send(reqwest::Method::POST, &path, Some(0), &body).await?;
        ensure!(status == 201, "saving was answered with {status}: {}", note["detail"]);
        Ok(note)
    }
}

/// Server-sent events, read as the page reads them.
#[derive(Debug)]
pub struct Events {
    response: reqwest::Response,
    read: Vec<u8>,
}

impl Events {
    /// The next event: its kind and its JSON. `None` at the end.
    pub async fn next(&mut self) -> Result<Option<(String, Value)>> {
        loop {
            while let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.read.drain(..end + 2).collect();
                let event = String::from_utf8(event).context("events are UTF-8")?;
                let field = |name: &str| {
                    let value = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    value.map(|value| value.trim_start().to_owned())
                };
                if let (Some(kind), Some(data)) = (field("event"), field("data")) {
                    return Ok(Some((kind, serde_json::from_str(&data)?)));
                }
            }
            let Some(chunk) = self.response.chunk().await? else { return Ok(None) };
            self.read.extend_from_slice(&chunk);
        }
    }
}

/// The sentences of a call's draft.
pub fn sentences(call: &Value) -> impl Iterator<Item = &Value> {
    call["draft"]["sentences"].as_array().into_iter().flatten()
}
