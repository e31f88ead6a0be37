//! Asks a language model for the draft, over the OpenAI-compatible chat API, and reads its answer as it streams in.
//!
//! In: the prompt of a job. Out: sentences as their lines become whole, and how the answer ended, as a
//! [`DrafterTrouble`] where it did not end well.
//!
//! Promises:
//!   M1  Three limits of our own hold: to connect, between two signs of life, over all. Nothing is tried twice.
//!   M2  Neither the prompt nor the answer nor the server's error text nor the key reaches a log or an error.
//!   M3  The request goes to the configured address only (`openai`).
//!   M4  An answer is bounded in size, and dialects are borne: no `usage`, no `id`, comments between events, no
//!       `[DONE]`, or a whole JSON answer although a stream was asked for.
//!
//! Of async-openai the request types are used, not the client: the client logs answers it cannot parse and error
//! bodies word for word (both may hold what was said), reads the key from the environment, and queues without bound.

mod events;
mod language;

use crate::config::LlmConfig;
use crate::draft::lines::{Line, LineReader};
use crate::draft::prompt::{self, Prompt};
use crate::draft::{Drafter, Ending, Gone, Sentences, Written, origin_of};
use crate::openai::{self, Unusable};
use async_openai::types::chat::{
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    CreateChatCompletionRequest,
};
use events::{Delta, Events};
use referent_proto::draft::{DraftJob, DrafterTrouble, Evidence, Origin, OriginKind};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// Bytes after which an answer is no draft any more.
const LONGEST_ANSWER: usize = 1 << 20;
/// Sentences after which an answer is no draft any more.
const MOST_SENTENCES: u32 = 200;
/// Where the configuration says how it is reached.
const TABLE: &str = "drafter.llm";

/// The language model. Has no `Debug`, because it holds the key.
pub struct LlmDrafter {
    http: Client,
    address: Url,
    authorization: Option<HeaderValue>,
    model: String,
    idle: Duration,
    total: Duration,
}

impl LlmDrafter {
    /// A drafter for the server that the config names. Nothing is sent yet.
    pub fn new(config: &LlmConfig) -> Result<Self, Unusable> {
        let address = openai::address("drafter.llm.base_url", &config.base_url, "chat/completions")?;
        let authorization = openai::authorization(TABLE, config.api_key.as_ref())?;
        let http = openai::client(TABLE, config.connect)?;
        Ok(Self { http, address, authorization, model: config.model.clone(), idle: config.idle, total: config.total })
    }

    async fn ask(&self, prompt: &Prompt, until: Instant) -> Result<Response, DrafterTrouble> {
        let mut request = self
            .http
            .post(self.address.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(self.request(prompt));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let response = self.in_time(until, request.send()).await?.map_err(|error| {
            tracing::warn!(
                connect = error.is_connect(),
                timeout = error.is_timeout(),
                "the language model is not there"
            );
            if error.is_timeout() && !error.is_connect() {
                DrafterTrouble::TimedOut
            } else {
                DrafterTrouble::Unreachable
            }
        })?;
        if response.status() == StatusCode::OK {
            Ok(response)
        } else {
            tracing::warn!(status = response.status().as_u16(), "the language model's server said no");
            Err(DrafterTrouble::Refused)
        }
    }

    fn request(&self, prompt: &Prompt) -> Vec<u8> {
        let system = ChatCompletionRequestSystemMessage::from(prompt.system.as_str());
        let user = ChatCompletionRequestUserMessage::from(format!("{}\n{}", prompt.stem, prompt.closing));
        let messages: Vec<ChatCompletionRequestMessage> = vec![system.into(), user.into()];
        let request = CreateChatCompletionRequest {
            model: self.model.clone(),
            messages,
            stream: Some(true),
            temperature: Some(0.0),
            ..CreateChatCompletionRequest::default()
        };
        serde_json::to_vec(&request).expect("strings and numbers are always JSON")
    }

    /// Waits for a sign of life, but neither longer than the idle limit nor beyond the end.
    async fn in_time<T>(&self, until: Instant, sign: impl Future<Output = T>) -> Result<T, DrafterTrouble> {
        match timeout_at(until, timeout(self.idle, sign)).await {
            Ok(Ok(sign)) => Ok(sign),
            Ok(Err(_)) | Err(_) => Err(DrafterTrouble::TimedOut),
        }
    }
}

impl Drafter for LlmDrafter {
    fn origin(&self, job: &DraftJob) -> Origin {
        Origin { prompt_version: prompt::VERSION.to_owned(), ..origin_of(OriginKind::Llm, &self.model, job) }
    }

    async fn write(&self, job: &DraftJob, out: &mut Sentences<'_>) -> Result<Written, Gone> {
        let until = Instant::now() + self.total;
        let prompt = prompt::of(job);
        let mut answer = Answer::new(job, &prompt.numbers);
        let response = match self.ask(&prompt, until).await {
            Ok(response) => response,
            Err(trouble) => return Ok(answer.written(Ending::Stopped(trouble))),
        };
        let mut events = Events::of(response);
        loop {
            let delta = match self.in_time(until, events.next()).await {
                Ok(delta) => delta,
                Err(trouble) => Delta::Trouble(trouble),
            };
            match delta {
                Delta::Text(text) => {
                    for line in answer.reader.push(&text) {
                        answer.take(line, out).await?;
                    }
                    if out.count() >= MOST_SENTENCES {
                        return Ok(answer.written(Ending::Stopped(DrafterTrouble::Garbled)));
                    }
                }
                Delta::Whole => return answer.end(out).await,
                Delta::Trouble(trouble) => {
                    tracing::warn!(?trouble, "the language model's answer stopped");
                    return Ok(answer.cut_off(trouble));
                }
            }
        }
    }
}

/// An answer while it comes in.
struct Answer<'a> {
    reader: LineReader<'a>,
    numbers: &'a [Evidence],
    language: &'a str,
    not_parsed: u32,
    nothing: bool,
}

impl<'a> Answer<'a> {
    fn new(job: &'a DraftJob, numbers: &'a [Evidence]) -> Self {
        Self {
            reader: LineReader::new(&job.area.sections, numbers.len()),
            numbers,
            language: &job.area.language,
            not_parsed: 0,
            nothing: false,
        }
    }

    async fn take(&mut self, line: Line, out: &mut Sentences<'_>) -> Result<(), Gone> {
        match line {
            Line::Sentence { section, text, evidence } if !language::is_another(text.reveal(), self.language) => {
                let evidence = evidence.into_iter().map(|number| self.numbers[number - 1]).collect();
                out.put(section, text, evidence).await?;
            }
            Line::Sentence { .. } | Line::NotParsed => self.not_parsed += 1,
            Line::Nothing => self.nothing = true,
        }
        Ok(())
    }

    async fn end(mut self, out: &mut Sentences<'_>) -> Result<Written, Gone> {
        let reader = std::mem::replace(&mut self.reader, LineReader::new(&[], 0));
        for line in reader.finish() {
            self.take(line, out).await?;
        }
        Ok(self.written(if self.nothing { Ending::Nothing } else { Ending::Whole }))
    }

    fn cut_off(mut self, trouble: DrafterTrouble) -> Written {
        let reader = std::mem::replace(&mut self.reader, LineReader::new(&[], 0));
        self.not_parsed += u32::try_from(reader.cut_off().len()).unwrap_or(u32::MAX);
        self.written(Ending::Stopped(trouble))
    }

    fn written(&self, ending: Ending) -> Written {
        Written { ending, lines_not_parsed: self.not_parsed }
    }
}
