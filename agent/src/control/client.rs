//! The command line's side of the control port.
//!
//! In: `state_dir`, by which the running agent is found. Out: its answer, or one sentence that says what to do.

use super::{BeginBody, CallBody, ConsentBody, GivenUpBody, ProblemBody};
use crate::state_dir::{StateDirError, Token, find};
use referent_proto::{CallId, KeyId};
use reqwest::{Method, RequestBuilder};
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

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address)).bearer_auth(self.token.reveal())
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CommandError> {
        let no_answer = |error| CommandError::NoAnswer { state_dir: self.state_dir.clone(), error };
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status();
        if status.is_success() {
            return response.json().await.map_err(no_answer);
        }
        let problem = response.json::<ProblemBody>().await.map(|problem| problem.detail);
        Err(CommandError::Refused(problem.unwrap_or_else(|_| format!("the agent answered with {status}"))))
    }
}
