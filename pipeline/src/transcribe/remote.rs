//! Asks servers elsewhere what is said, over the OpenAI-compatible `/v1/audio/transcriptions`: the way to the large models
//! that understand Danish, which need a GPU.
//!
//! In: a request; its sound goes out as a WAV of less than a megabyte. Out: its text, with words and probabilities as far
//! as the server tells them (`answer`).
//!
//! Promises:
//!   E1  Each address has at most so many requests at once; among those that answer, the least busy is asked.
//!   E2  An address that fails three times in a row is left alone for a second, then for twice as long each time, up to
//!       half a minute; then one request tries it.
//!   E3  While no server hears anything, a request waits: the sound is safe in the spool, and text that is never written
//!       is worse than text that comes late. A request is given up only when a server refuses it or leaves it without an
//!       answer, hears another one, and then does so again: then it is the sound's fault.
//!   E4  Only the configured addresses are asked (`openai`). Neither sound nor text nor
//!       the key reaches a log or an error.
//!   E5  Where the language shall be found out, the server is told none and its answer is believed, if it is one of the
//!       area's. If it is not, or the server does not say, the sound is heard again in the language that was assumed: at
//!       most two requests for one segment.
//!
//! Not done here: no queue (`schedule`); no retry for a server's own error beyond E3 (`Transcriber::hear` has one).

mod answer;
mod circuit;

use super::glossary::{self, Prompts};
use super::language::{Detect, Detected};
use super::{Cancel, Heard, NotHeard, Recognizer, Request, doubt};
use crate::config::RemoteConfig;
use crate::openai::{self, Unusable};
use answer::{Answer, Told};
use circuit::Circuit;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode, Url};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

/// Bytes after which an answer is none: the words of 12 s are some kilobytes.
const LONGEST_ANSWER: usize = 1 << 20;
/// A request that may be at fault lets others go first.
const STEPS_BACK: Duration = Duration::from_millis(500);
/// While no address may be asked, they are looked at this often; one that is free again says so itself.
const LOOKED_AT: Duration = Duration::from_millis(200);

/// Characters of a prompt. A model takes 223 tokens and forgets what comes before the last of them, and how many a glossary
/// has only the server knows. With Whisper's own vocabulary two dozen Danish terms have 2.5 characters a token, and the
/// worst of them 1.7; this bound holds down to 1.5.
const LONGEST_PROMPT: usize = 334;

/// Where the configuration says how they are reached.
const TABLE: &str = "recogniser.remote";

/// One request at a time of those that may be under way.
pub struct Remote {
    runtime: Handle,
    farm: Arc<Farm>,
}

impl Remote {
    /// As many as may be under way at once at all addresses together. Nothing is sent yet.
    pub fn open(config: &RemoteConfig) -> Result<Vec<Box<dyn Recognizer>>, Unusable> {
        let farm = Arc::new(Farm::new(config)?);
        let one = || Box::new(Self { runtime: Handle::current(), farm: Arc::clone(&farm) }) as Box<dyn Recognizer>;
        Ok((0..config.urls.len() * config.concurrency).map(|_| one()).collect())
    }
}

impl Recognizer for Remote {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        self.runtime.block_on(async {
            tokio::select! {
                heard = self.farm.hear(request) => heard,
                () = cancel.cancelled() => Err(NotHeard::Cancelled),
            }
        })
    }
}

/// The servers. Has no `Debug`, because it holds the key.
struct Farm {
    http: Client,
    authorization: Option<HeaderValue>,
    model: String,
    limit: Duration,
    addresses: Vec<Url>,
    prompts: Prompts<String>,
    circuits: Mutex<Vec<Circuit>>,
    /// A place has become free.
    free: Notify,
}

/// What became of one try.
enum Tried {
    Heard(Told),
    /// The server took it and said no: it may be the sound's fault.
    Refused(StatusCode),
    /// It did not answer in time: it may be the sound's fault.
    Silent,
    /// The server is not there, or too busy: not the sound's fault.
    Away(Option<Duration>),
}

impl Farm {
    fn new(config: &RemoteConfig) -> Result<Self, Unusable> {
        let address = |url: &String| openai::address("recogniser.remote.urls", url, "audio/transcriptions");
        Ok(Self {
            http: openai::client(TABLE, config.connect)?,
            authorization: openai::authorization(TABLE, config.api_key.as_ref())?,
            model: config.model.clone(),
            limit: config.total,
            addresses: config.urls.iter().map(address).collect::<Result<_, _>>()?,
            prompts: Prompts::default(),
            circuits: Mutex::new(vec![Circuit::new(config.concurrency); config.urls.len()]),
            free: Notify::new(),
        })
    }

    /// E5.
    async fn hear(&self, request: &Request) -> Result<Heard, NotHeard> {
        let assumed = || self.hear_as(Some(&request.language), request);
        match &request.detect {
            Detect::No => Ok(assumed().await?.heard),
            Detect::Yes(candidates) => {
                let told = self.hear_as(None, request).await?;
                match told.in_one_of(candidates, false) {
                    Ok(heard) => Ok(heard),
                    Err(likely) => Ok(again(&request.language, likely, assumed().await?.heard)),
                }
            }
            Detect::IfDoubtful(candidates) => {
                let heard = assumed().await?.heard;
                if doubt::doubt(&heard).is_none() {
                    return Ok(heard);
                }
                let told = self.hear_as(None, request).await?;
                let believed = told.in_one_of(candidates, true).ok();
                let believed = believed.filter(|other| other.probability > heard.probability);
                Ok(believed.unwrap_or_else(|| again(&request.language, Vec::new(), heard)))
            }
        }
    }

    /// E3, in a language, or in what the server finds.
    async fn hear_as(&self, language: Option<&str>, request: &Request) -> Result<Told, NotHeard> {
        let wav = wav(&request.pcm.0);
        let mut blamed: Option<Instant> = None;
        loop {
            let place = self.place().await;
            let tried = self.ask(place.at, language, request, wav.clone()).await;
            let (now, circuit) = (Instant::now(), place.circuit());
            let given_up = match tried {
                Tried::Heard(told) => {
                    circuit.heard(now);
                    return Ok(told);
                }
                Tried::Away(wait) => {
                    circuit.failed(now, wait);
                    continue;
                }
                Tried::Refused(status) => NotHeard::Failed { code: i32::from(status.as_u16()) },
                Tried::Silent => NotHeard::TimedOut,
            };
            let hears_others = blamed.is_some_and(|then| circuit.heard_since(then));
            circuit.failed(now, None);
            if hears_others {
                return Err(given_up);
            }
            blamed.get_or_insert(now);
            drop(place);
            sleep(STEPS_BACK).await;
        }
    }

    /// E1, E2: a place at an address, as soon as there is one.
    async fn place(&self) -> Place<'_> {
        loop {
            let freed = self.free.notified();
            let at = {
                let mut circuits = self.circuits();
                let now = Instant::now();
                let open = (0..circuits.len()).filter(|&at| circuits[at].may_be_asked(now));
                let least_busy = open.min_by_key(|&at| circuits[at].busy());
                if let Some(at) = least_busy {
                    circuits[at].begin();
                }
                least_busy
            };
            if let Some(at) = at {
                return Place { farm: self, at };
            }
            tokio::select! {
                () = freed => {}
                () = sleep(LOOKED_AT) => {}
            }
        }
    }

    async fn ask(&self, at: usize, language: Option<&str>, request: &Request, wav: Vec<u8>) -> Tried {
        let file = Part::bytes(wav).file_name("segment.wav");
        let Ok(file) = file.mime_str("audio/wav") else { return Tried::Refused(StatusCode::BAD_REQUEST) };
        let mut form = Form::new()
            .part("file", file)
            .text("model", self.model.clone())
            .text("response_format", "verbose_json")
            .text("timestamp_granularities[]", "word")
            .text("timestamp_granularities[]", "segment")
            .text("temperature", "0");
        if let Some(language) = language {
            form = form.text("language", language.to_owned());
        }
        let prompt = self.prompts.of(&request.glossary, |words| glossary::text(words, LONGEST_PROMPT));
        if let Some(prompt) = prompt.filter(|prompt| !prompt.is_empty()) {
            form = form.text("prompt", prompt.as_str().to_owned());
        }
        let mut sending = self.http.post(self.addresses[at].clone()).multipart(form);
        if let Some(authorization) = &self.authorization {
            sending = sending.header(AUTHORIZATION, authorization.clone());
        }
        let begun = Instant::now();
        let tried = timeout(self.limit, async {
            let response = match sending.send().await {
                Ok(response) => response,
                Err(error) => {
                    tracing::warn!(at, connect = error.is_connect(), "a recognition server is not there");
                    return Tried::Away(None);
                }
            };
            read(response, request).await
        });
        let tried = tried.await.unwrap_or(Tried::Silent);
        let outcome = match &tried {
            Tried::Heard(_) => "heard",
            Tried::Refused(_) => "refused",
            Tried::Silent => "silent",
            Tried::Away(_) => "away",
        };
        metrics::counter!("referent_remote_requests_total", "server" => at.to_string(), "outcome" => outcome)
            .increment(1);
        tracing::debug!(at, outcome, ms = begun.elapsed().as_millis(), "asked a recognition server");
        tried
    }

    fn circuits(&self) -> MutexGuard<'_, Vec<Circuit>> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was heard with a second request in this language, because of what the first one told.
fn again(language: &str, likely: Vec<(String, f32)>, heard: Heard) -> Heard {
    Heard { detected: Some(Detected { language: language.to_owned(), likely, again: true }), ..heard }
}

/// One of the requests that an address may have; given back by dropping it.
struct Place<'a> {
    farm: &'a Farm,
    at: usize,
}

impl Place<'_> {
    fn circuit(&self) -> CircuitOf<'_> {
        CircuitOf { circuits: self.farm.circuits(), at: self.at }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.farm.circuits()[self.at].end();
        self.farm.free.notify_one();
    }
}

struct CircuitOf<'a> {
    circuits: MutexGuard<'a, Vec<Circuit>>,
    at: usize,
}

impl CircuitOf<'_> {
    fn heard(mut self, now: Instant) {
        self.circuits[self.at].heard(now);
    }

    fn failed(mut self, now: Instant, wait: Option<Duration>) {
        if self.circuits[self.at].failed(now, wait) {
            tracing::warn!(at = self.at, "a recognition server is left alone for a while");
        }
    }

    fn heard_since(&self, then: Instant) -> bool {
        self.circuits[self.at].heard_since(then)
    }
}

async fn read(mut response: reqwest::Response, request: &Request) -> Tried {
    let status = response.status();
    match status {
        StatusCode::OK => {}
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            let wait = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            tracing::warn!(status = status.as_u16(), "a recognition server is too busy");
            return Tried::Away(Some(Duration::from_secs(wait.unwrap_or(1))));
        }
        // A wrong key or model is a fault of the configuration and no segment's: nothing may be given up for it.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            tracing::error!(
                status = status.as_u16(),
                "a recognition server refuses the key, the address or the model; check recogniser.remote"
            );
            return Tried::Away(None);
        }
        _ => {
            tracing::warn!(status = status.as_u16(), "a recognition server said no");
            return Tried::Refused(status);
        }
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LONGEST_ANSWER => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Tried::Refused(StatusCode::PAYLOAD_TOO_LARGE),
            Ok(None) => break,
            Err(_) => return Tried::Away(None),
        }
    }
    if let Some(answer) = Answer::parse(&body) {
        return Tried::Heard(answer.told(request));
    }
    tracing::warn!(bytes = body.len(), "a recognition server's answer cannot be read");
    Tried::Refused(StatusCode::UNPROCESSABLE_ENTITY)
}

/// 16 kHz, one channel, 16 bit: 44 bytes and the samples.
fn wav(pcm: &[i16]) -> Vec<u8> {
    let bytes = u32::try_from(pcm.len() * 2).unwrap_or(u32::MAX - 36);
    let mut wav = Vec::with_capacity(44 + pcm.len() * 2);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + bytes).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    wav.extend_from_slice(&1_u16.to_le_bytes()); // PCM
    wav.extend_from_slice(&1_u16.to_le_bytes()); // one channel
    wav.extend_from_slice(&16_000_u32.to_le_bytes());
    wav.extend_from_slice(&32_000_u32.to_le_bytes());
    wav.extend_from_slice(&2_u16.to_le_bytes());
    wav.extend_from_slice(&16_u16.to_le_bytes());
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&bytes.to_le_bytes());
    wav.extend(pcm.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}
