//! The other side of the control port: the command line's, and the tray's.
//!
//! In: `state_dir`, by which the running agent is found. Out: its answer, or one sentence that says what to do.

use super::events::COUNTS_FOR;
use super::problem::ProblemBody;
use super::routes::{BeginBody, CallBody, ConsentBody, GivenUpBody, ToggledBody};
use crate::state_dir::{StateDirError, Token, find};
use referent_proto::{AgentStateKind, CallId, KeyId};
use reqwest::{Method, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the agent may take to answer: it may have to wait for the disk.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);

/// Why a command did not work. Tell the user.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no agent.
    #[error(transparent)]
    Missing(#[from] StateDirError),
    /// Its files are there, and it is not.
    #[error("the agent of state_dir = \"{state_dir}\" does not answer ({error}); start it first (`referent-agent run`)", state_dir = .state_dir.display())]
    NoAnswer {
        /// Its folder.
        state_dir: PathBuf,
        /// What happened.
        error: reqwest::Error,
    },
    /// It says why not.
    #[error("{0}")]
    Refused(String),
}

/// The running agent.
#[derive(Debug)]
pub struct Agent {
    state_dir: PathBuf,
    address: SocketAddr,
    token: Token,
    http: reqwest::Client,
}

impl Agent {
    /// The one that runs with this folder.
    pub fn of(state_dir: &Path) -> Result<Self, CommandError> {
        let (address, token) = find(state_dir)?;
        let http = reqwest::Client::builder().timeout(ANSWERS_WITHIN).no_proxy().build();
        let http = http.map_err(|error| CommandError::NoAnswer { state_dir: state_dir.to_owned(), error })?;
        Ok(Self { state_dir: state_dir.to_owned(), address, token, http })
    }

    /// A call begins.
    pub async fn start(&self, body: &BeginBody) -> Result<CallId, CommandError> {
        let answer: CallBody = self.ask(self.request(Method::POST, "/v1/calls").json(body)).await?;
        Ok(answer.call)
    }

    /// They hung up.
    pub async fn stop(&self) -> Result<CallId, CommandError> {
        let answer: CallBody = self.ask(self.request(Method::POST, "/v1/calls/current/hang-up")).await?;
        Ok(answer.call)
    }

    /// Nothing is recorded until `resume`.
    pub async fn pause(&self) -> Result<CallId, CommandError> {
        let answer: CallBody = self.ask(self.request(Method::POST, "/v1/calls/current/pause")).await?;
        Ok(answer.call)
    }

    /// Goes on after a pause.
    pub async fn resume(&self) -> Result<CallId, CommandError> {
        let answer: CallBody = self.ask(self.request(Method::POST, "/v1/calls/current/resume")).await?;
        Ok(answer.call)
    }

    /// Pauses, or goes on after a pause; true when it is paused now.
    pub async fn toggle_pause(&self) -> Result<(CallId, bool), CommandError> {
        let answer: ToggledBody = self.ask(self.request(Method::POST, "/v1/calls/current/toggle-pause")).await?;
        Ok((answer.call, answer.is_paused))
    }

    /// The citizen agreed, or did not.
    pub async fn consent(&self, given: bool) -> Result<CallId, CommandError> {
        let request = self.request(Method::POST, "/v1/calls/current/consent").json(&ConsentBody { given });
        let answer: CallBody = self.ask(request).await?;
        Ok(answer.call)
    }

    /// The citizen objects: everything of the call is erased; without an id, of the one that goes on.
    pub async fn discard(&self, call: Option<CallId>) -> Result<CallId, CommandError> {
        let which = call.map_or_else(|| "current".to_owned(), |call| call.to_string());
        let answer: CallBody = self.ask(self.request(Method::POST, &format!("/v1/calls/{which}/discard"))).await?;
        Ok(answer.call)
    }

    /// What of a call is sealed for a key that is no more becomes a gap; gives that key.
    pub async fn give_up(&self, call: CallId) -> Result<KeyId, CommandError> {
        let answer: GivenUpBody = self.ask(self.request(Method::POST, &format!("/v1/calls/{call}/give-up"))).await?;
        Ok(answer.key)
    }

    /// What it does.
    pub async fn status(&self) -> Result<serde_json::Value, CommandError> {
        self.ask(self.request(Method::GET, "/v1/status")).await
    }

    /// What it does, from now on.
    pub async fn watch(&self) -> Result<Watching, CommandError> {
        let http = reqwest::Client::builder().connect_timeout(COUNTS_FOR).no_proxy().build();
        let no_answer = |error| CommandError::NoAnswer { state_dir: self.state_dir.clone(), error };
        let request = http.map_err(no_answer)?.get(format!("http://{}/v1/status/events", self.address));
        let response = request.bearer_auth(self.token.reveal()).send().await.map_err(no_answer)?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        Ok(Watching { response, unread: Vec::new() })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address)).bearer_auth(self.token.reveal())
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CommandError> {
        let no_answer = |error| CommandError::NoAnswer { state_dir: self.state_dir.clone(), error };
        let response = request.send().await.map_err(no_answer)?;
        if response.status().is_success() {
            return response.json().await.map_err(no_answer);
        }
        Err(refusal(response).await)
    }
}

async fn refusal(response: Response) -> CommandError {
    let status = response.status();
    let problem = response.json::<ProblemBody>().await.map(|problem| problem.detail);
    CommandError::Refused(problem.unwrap_or_else(|_| format!("the agent answered with {status}")))
}

/// A state of the agent, as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Told {
    /// What it does.
    pub state: AgentStateKind,
    /// Why.
    pub reason: Said,
    /// What the user can do.
    pub next_step: Option<Said>,
    /// The call that goes on.
    pub call: Option<ToldCall>,
}

/// The call that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ToldCall {
    /// Its id.
    pub id: CallId,
    /// A person paused it.
    pub is_paused: bool,
}

/// `status::Words`, as they came over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Said {
    /// Danish.
    pub da: String,
    /// English.
    pub en: String,
}

/// The longest event: a state, its words, and the problems of two devices are a tenth of this.
const LONGEST_EVENT: usize = 64 * 1024;

/// What the agent tells of itself.
#[derive(Debug)]
pub struct Watching {
    response: Response,
    unread: Vec<u8>,
}

impl Watching {
    /// The next state; `None` when it tells nothing more, or nothing that this program understands, or nothing in time
    /// ([`COUNTS_FOR`]). Then nothing is known.
    pub async fn next(&mut self) -> Option<Told> {
        tokio::time::timeout(COUNTS_FOR, self.read()).await.ok().flatten()
    }

    async fn read(&mut self) -> Option<Told> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                // Every event has one line of data; names and empty lines are passed over.
                if let Some(data) = line.strip_prefix(b"data:") {
                    return serde_json::from_slice(data).ok();
                }
            } else if self.unread.len() > LONGEST_EVENT {
                return None;
            } else {
                self.unread.extend_from_slice(&self.response.chunk().await.ok()??);
            }
        }
    }
}
