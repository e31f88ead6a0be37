//! Asks a language model for the draft, over the OpenAI-compatible chat API, and reads its answer as it streams in.
//!
//! In: the prompts of a job: one, or one for each part of a long call. Out: sentences as their lines become whole, in the
//! order of the call, and how the answer ended, as a [`DrafterTrouble`] where it did not end well.
//!
//! Promises:
//!   M1  Limits of our own hold: to connect, to the first word, between two signs of life, over all. Within them a server is
//!       asked once more, once: if it was not there or is in trouble that may pass, or if nothing of its answer was of use.
//!   M2  Neither the prompt nor the answer nor the server's error text nor the key reaches a log or an error.
//!   M3  The request goes to the configured address only (`openai`).
//!   M4  An answer is bounded in size, and dialects are borne: no `usage`, no `id`, comments between events, no
//!       `[DONE]`, or a whole JSON answer although a stream was asked for.
//!   M5  A part that fails stops none that has begun; what it lacks is told, so that the embedded drafter adds it.
//!
//! Of async-openai the request types are used, not the client: the client logs answers it cannot parse and error
//! bodies word for word (both may hold what was said), reads the key from the environment, and queues without bound.

mod answer;
mod room;
mod events;
mod fault;
mod language;
mod meta;

use crate::config::{LlmConfig, RequestField};
use crate::draft::prompt::{self, Prompt, Reminder};
use crate::draft::support::Support;
use crate::draft::{Claim, Drafter, Ending, Gone, Sentences, Written, origin_of};
use crate::openai::{self, Unusable};
use answer::{Answer, Enough};
use async_openai::types::chat::{
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    CreateChatCompletionRequest,
};
use events::{Delta, Events, Told};
use fault::Fault;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use referent_proto::draft::{DraftJob, DrafterTrouble, Evidence, Origin, OriginKind, Record};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::json;
use std::collections::HashSet;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Bytes after which an answer is no draft any more.
const LONGEST_ANSWER: usize = 1 << 20;
/// Parts of a long call that are asked for at once.
const PARTS_AT_ONCE: usize = 4;
/// Sentences of a part that wait for the parts before it; more than one has.
const WAITING: usize = 256;
/// How long the server may take, behind its answer, to say what it took.
const AFTER: Duration = Duration::from_millis(300);
/// Bytes of an error that are looked at.
const ERROR_BYTES: usize = 4_096;
/// Where the configuration says how it is reached.
const TABLE: &str = "drafter.llm";

/// The language model. Has no `Debug`, because it holds the key.
pub struct LlmDrafter {
    http: Client,
    address: Url,
    authorization: Option<HeaderValue>,
    model: String,
    first: Duration,
    idle: Duration,
    total: Duration,
    context: usize,
    omit: Vec<RequestField>,
}

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Draft(Option<Reminder>),
    /// The server reads the prompt, and remembers it.
    Warmth,
}

impl LlmDrafter {
    /// A drafter for the server that the config names. Nothing is sent yet.
    pub fn new(config: &LlmConfig) -> Result<Self, Unusable> {
        let address = openai::address("drafter.llm.base_url", &config.base_url, "chat/completions")?;
        let authorization = openai::authorization(TABLE, config.api_key.as_ref())?;
        let http = openai::client(TABLE, config.connect)?;
        Ok(Self {
            http,
            address,
            authorization,
            model: config.model.clone(),
            first: config.first,
            idle: config.idle,
            total: config.total,
            context: config.context_tokens,
            omit: config.omit.clone(),
        })
    }

    /// What its server calls the model.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Tokens that the model reads and writes at once.
    pub fn context(&self) -> usize {
        self.context
    }

    /// Lets the server read the prompt of a call that goes on, so that the next one has less to read. Cancelling closes the
    /// connection, and with it what the server does.
    pub async fn warm(&self, prompt: &Prompt) -> Result<(), DrafterTrouble> {
        let until = Instant::now() + self.total;
        let mut response = self.ask(prompt, Purpose::Warmth, until).await.map_err(|fault| fault.trouble)?;
        let reading = async { while let Ok(Some(_)) = response.chunk().await {} };
        timeout_at(until, reading).await.map_err(|_| DrafterTrouble::LlmTimeout)
    }

    async fn ask(&self, prompt: &Prompt, purpose: Purpose, until: Instant) -> Result<Response, Fault> {
        let mut request = self
            .http
            .post(self.address.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(self.request(prompt, purpose));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        // A server that reads for long says nothing while it does; whoever warms one has time.
        let limit = if purpose == Purpose::Warmth { self.total } else { self.first };
        let sent = timeout_at(until, timeout(limit, request.send())).await;
        let Ok(Ok(sent)) = sent else { return Err(Fault::lasting(DrafterTrouble::LlmTimeout)) };
        let response = sent.map_err(|error| {
            tracing::warn!(
                connect = error.is_connect(),
                timeout = error.is_timeout(),
                "the language model is not there"
            );
            if error.is_timeout() && !error.is_connect() {
                Fault::lasting(DrafterTrouble::LlmTimeout)
            } else {
                Fault::passing(DrafterTrouble::LlmUnavailable)
            }
        })?;
        if response.status() == StatusCode::OK { Ok(response) } else { Err(self.said_no(response, until).await) }
    }

    async fn said_no(&self, mut response: Response, until: Instant) -> Fault {
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        let reading = async {
            while let Ok(Some(bytes)) = response.chunk().await {
                body.extend_from_slice(&bytes);
                if body.len() >= ERROR_BYTES {
                    break;
                }
            }
        };
        drop(timeout_at(until, timeout(AFTER, reading)).await);
        body.truncate(ERROR_BYTES);
        let fault = Fault::of_status(status, retry_after.as_deref(), &body);
        tracing::warn!(status, trouble = %fault.trouble, "the language model's server said no");
        fault
    }

    fn request(&self, prompt: &Prompt, purpose: Purpose) -> Vec<u8> {
        let user = match purpose {
            Purpose::Draft(None) => prompt.user(),
            Purpose::Draft(Some(reminder)) => prompt.again(reminder),
            Purpose::Warmth => prompt.stem.clone(),
        };
        let system = ChatCompletionRequestSystemMessage::from(prompt.system.as_str());
        let user = ChatCompletionRequestUserMessage::from(user);
        let messages: Vec<ChatCompletionRequestMessage> = vec![system.into(), user.into()];
        let takes = |field: RequestField| !self.omit.contains(&field);
        let is_draft = purpose != Purpose::Warmth;
        let request = CreateChatCompletionRequest {
            model: self.model.clone(),
            messages,
            stream: Some(is_draft),
            temperature: takes(RequestField::Temperature).then_some(0.0),
            ..CreateChatCompletionRequest::default()
        };
        let mut request = serde_json::to_value(&request).expect("strings and numbers are always JSON");
        if !is_draft {
            request["max_tokens"] = json!(1);
        } else if takes(RequestField::StreamOptions) {
            request["stream_options"] = json!({ "include_usage": true });
        }
        request.to_string().into_bytes()
    }

    /// Waits for a sign of life, but neither longer than the limit nor beyond the end.
    async fn in_time<T>(limit: Duration, until: Instant, sign: impl Future<Output = T>) -> Option<T> {
        timeout_at(until, timeout(limit, sign)).await.ok()?.ok()
    }

    /// Asks for one part, and once more if it may help.
    async fn part(&self, work: &Work<'_>, prompt: &Prompt, claims: &mpsc::Sender<Claim>) -> Ending {
        if let Some(trouble) = work.tally().down {
            return Ending::Stopped(trouble); // The others have found out.
        }
        let texts = prompt.lines.clone().map(|at| work.said[at]);
        let support = Support::of(texts);
        let mut reminder = None;
        let first = self.attempt(work, prompt, &support, reminder, claims).await;
        let Some(again) = first.again.filter(|again| Instant::now() + again.after + self.total / 6 <= work.until)
        else {
            return work.ended(&first);
        };
        sleep(again.after).await;
        reminder = again.reminder;
        tracing::info!(after = ?first.ending, "the language model is asked once more");
        let second = self.attempt(work, prompt, &support, reminder, claims).await;
        work.ended(&second)
    }

    async fn attempt(
        &self,
        work: &Work<'_>,
        prompt: &Prompt,
        support: &Support,
        reminder: Option<Reminder>,
        claims: &mpsc::Sender<Claim>,
    ) -> Attempt {
        work.tally().requests += 1;
        let mut answer = Answer::new(&work.job.area, prompt, support, work.parts);
        let response = match self.ask(prompt, Purpose::Draft(reminder), work.until).await {
            Ok(response) => response,
            Err(fault) => return Attempt::failed(fault),
        };
        let mut events = Events::of(response);
        let attempt = self.read(work, &mut events, &mut answer, claims).await;
        if attempt.ending == Ending::Whole || attempt.ending == Ending::Nothing {
            drop(timeout_at(work.until, timeout(AFTER, events.rest())).await);
        }
        work.took(events.told(), answer.not_parsed());
        if answer.sentences() > 0 {
            work.tally().unsaid.extend_from_slice(answer.unsaid());
        }
        attempt
    }

    async fn read(
        &self,
        work: &Work<'_>,
        events: &mut Events,
        answer: &mut Answer<'_>,
        claims: &mpsc::Sender<Claim>,
    ) -> Attempt {
        let first_by = (Instant::now() + self.first).min(work.until);
        let mut has_begun = false;
        loop {
            let (limit, until) = if has_begun { (self.idle, work.until) } else { (self.first, first_by) };
            let late = Delta::Trouble(Fault::lasting(DrafterTrouble::LlmTimeout));
            let said = match Self::in_time(limit, until, events.next()).await.unwrap_or(late) {
                Delta::Alive => continue,
                Delta::Text(text) => {
                    has_begun = true;
                    work.tally().first_token.get_or_insert_with(Instant::now);
                    answer.push(&text)
                }
                Delta::Whole => {
                    let last = answer.finish();
                    if !pass(claims, last).await {
                        return Attempt::of(Ending::Stopped(DrafterTrouble::CutOff));
                    }
                    return Attempt::whole(answer);
                }
                Delta::Trouble(fault) => {
                    tracing::warn!(trouble = %fault.trouble, "the language model's answer stopped");
                    answer.cut_off();
                    return Attempt::stopped(answer, fault);
                }
            };
            let (found, enough) = said;
            if !pass(claims, found).await {
                return Attempt::of(Ending::Stopped(DrafterTrouble::CutOff));
            }
            if let Some(enough) = enough {
                tracing::warn!(?enough, "the language model's answer does not end");
                return Attempt::endless(answer, enough);
            }
        }
    }
}

/// False if nobody takes them any more.
async fn pass(claims: &mpsc::Sender<Claim>, found: Vec<Claim>) -> bool {
    for claim in found {
        if claims.send(claim).await.is_err() {
            return false;
        }
    }
    true
}

/// What all parts of a draft share.
struct Work<'a> {
    job: &'a DraftJob,
    said: Vec<&'a str>,
    parts: usize,
    until: Instant,
    tally: Mutex<Tally>,
}

/// What is counted.
#[derive(Default)]
struct Tally {
    requests: u32,
    not_parsed: u32,
    first_token: Option<Instant>,
    told: Told,
    /// What sentences would have rested on that were too long to be shown.
    unsaid: Vec<Evidence>,
    /// Trouble that no other part will be spared.
    down: Option<DrafterTrouble>,
}

impl Work<'_> {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn took(&self, told: &Told, not_parsed: u32) {
        let mut tally = self.tally();
        tally.not_parsed += not_parsed;
        let Told { model, fingerprint, tokens_in, tokens_out } = told.clone();
        let sum = |a: Option<u32>, b: Option<u32>| a.map_or(b, |a| Some(a.saturating_add(b.unwrap_or(0))));
        tally.told = Told {
            model: if model.is_empty() { std::mem::take(&mut tally.told.model) } else { model },
            fingerprint: if fingerprint.is_empty() { std::mem::take(&mut tally.told.fingerprint) } else { fingerprint },
            tokens_in: sum(tally.told.tokens_in, tokens_in),
            tokens_out: sum(tally.told.tokens_out, tokens_out),
        };
    }

    fn ended(&self, attempt: &Attempt) -> Ending {
        if attempt.is_down
            && let Ending::Stopped(trouble) = attempt.ending
        {
            self.tally().down = Some(trouble);
        }
        attempt.ending
    }
}

/// How one request went.
struct Attempt {
    ending: Ending,
    again: Option<Again>,
    /// There was no answer at all.
    is_down: bool,
}

/// What may be better the next time.
#[derive(Clone, Copy)]
struct Again {
    after: Duration,
    reminder: Option<Reminder>,
}

impl Attempt {
    fn of(ending: Ending) -> Self {
        Self { ending, again: None, is_down: false }
    }

    /// No answer came.
    fn failed(fault: Fault) -> Self {
        let again = fault.again_after.map(|after| Again { after, reminder: None });
        Self { ending: Ending::Stopped(fault.trouble), again, is_down: true }
    }

    /// The answer broke off. What is out stays, so only one without a sentence is asked for again.
    fn stopped(answer: &Answer<'_>, fault: Fault) -> Self {
        if answer.sentences() > 0 {
            return Self::of(Ending::Stopped(fault.trouble));
        }
        let (reminder, trouble) = match fault.trouble {
            DrafterTrouble::Garbled | DrafterTrouble::CutOff => answer.reminder(),
            other => (Reminder::Form, other),
        };
        let is_ours = matches!(fault.trouble, DrafterTrouble::Garbled | DrafterTrouble::CutOff);
        let again = match fault.again_after {
            Some(after) => Some(Again { after, reminder: None }),
            None if is_ours => Some(Again { after: Duration::ZERO, reminder: Some(reminder) }),
            None => None,
        };
        // An answer without a sentence was not cut off in the middle of one.
        Self { ending: Ending::Stopped(trouble), again, is_down: false }
    }

    fn endless(answer: &Answer<'_>, enough: Enough) -> Self {
        let reminder = match enough {
            // There is no place only behind sentences, and what is out stays.
            Enough::Full => return Self::of(Ending::Full),
            Enough::Repeats => Reminder::Repetition,
            Enough::TooLong => Reminder::Length,
        };
        let nothing_is_out = answer.sentences() == 0;
        let again = nothing_is_out.then_some(Again { after: Duration::ZERO, reminder: Some(reminder) });
        Self { ending: Ending::Stopped(DrafterTrouble::Garbled), again, is_down: false }
    }

    fn whole(answer: &Answer<'_>) -> Self {
        if answer.is_full() {
            return Self::of(Ending::Full);
        }
        if answer.sentences() > 0 {
            return Self::of(Ending::Whole);
        }
        if answer.says_nothing() {
            return Self::of(Ending::Nothing);
        }
        let (reminder, trouble) = answer.reminder();
        let again = Some(Again { after: Duration::ZERO, reminder: Some(reminder) });
        Self { ending: Ending::Stopped(trouble), again, is_down: false }
    }
}

impl Drafter for LlmDrafter {
    fn origin(&self, job: &DraftJob) -> Origin {
        Origin { prompt_version: prompt::VERSION.to_owned(), ..origin_of(OriginKind::Llm, &self.model, job) }
    }

    async fn write(&self, job: &DraftJob, out: &mut Sentences<'_>) -> Result<Written, Gone> {
        let began = Instant::now();
        let prompts = prompt::parts(job, self.context);
        let said = prompt::in_order(&job.utterances).into_iter().map(|one| one.text.reveal()).collect();
        let work = Work { job, said, parts: prompts.len(), until: began + self.total, tally: Mutex::default() };
        let (sends, takes): (Vec<_>, Vec<_>) = prompts.iter().map(|_| mpsc::channel(WAITING)).unzip();
        let work_of_all = &work;
        let parts: Vec<BoxFuture<'_, (usize, Ending)>> = prompts
            .iter()
            .zip(sends)
            .enumerate()
            .map(|(index, (prompt, claims))| {
                async move { (index, self.part(work_of_all, prompt, &claims).await) }.boxed()
            })
            .collect();
        let asking = stream::iter(parts).buffer_unordered(PARTS_AT_ONCE).collect::<Vec<(usize, Ending)>>();
        let passing_on = async {
            let mut seen = HashSet::new();
            for mut claims in takes {
                while let Some(claim) = claims.recv().await {
                    // Two parts may tell of the same thing.
                    if seen.insert((claim.section, meta::plain_words(claim.text.reveal()))) {
                        out.put(claim).await?;
                    }
                }
            }
            Ok::<(), Gone>(())
        };
        let (mut endings, ()) = tokio::try_join!(async { Ok::<_, Gone>(asking.await) }, passing_on)?;
        endings.sort_by_key(|(index, _)| *index);
        let failed = |(index, ending): &(usize, Ending)| matches!(ending, Ending::Stopped(_)).then_some(*index);
        let mut missing: Vec<Evidence> = if prompts.len() > 1 {
            endings.iter().filter_map(failed).flat_map(|index| prompts[index].numbers.iter().copied()).collect()
        } else {
            Vec::new()
        };
        let stopped = endings.iter().map(|(_, ending)| *ending).find(|ending| matches!(ending, Ending::Stopped(_)));
        let nothing = endings.iter().all(|(_, ending)| *ending == Ending::Nothing);
        let full = endings.iter().any(|(_, ending)| *ending == Ending::Full);
        let ending = match stopped {
            Some(stopped) => stopped,
            None if full => Ending::Full,
            None if nothing => Ending::Nothing,
            None => Ending::Whole,
        };
        let mut tally = work.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        missing.append(&mut tally.unsaid);
        let record = Record {
            model_reported: tally.told.model,
            system_fingerprint: tally.told.fingerprint,
            prompt_hash: prompt::hash(&prompts),
            first_token_ms: tally.first_token.map(|at| super::ms(at - began)),
            tokens_in: tally.told.tokens_in,
            tokens_out: tally.told.tokens_out,
            requests: tally.requests,
            parts: u32::try_from(prompts.len()).unwrap_or(u32::MAX),
            ..Record::default()
        };
        Ok(Written { ending, lines_not_parsed: tally.not_parsed, record, missing })
    }
}
