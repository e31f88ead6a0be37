//! A transcription server over whisper, as GPU servers are asked: `POST /v1/audio/transcriptions` with a WAV.
//!
//! In: multipart requests on loopback. Out: `verbose_json`, with word times or without, from the embedded model; or
//! whatever a [`Manner`] makes of it: slow as a large model on one GPU, hanging, refusing, garbled. It ends with whoever
//! holds it.

use anyhow::{Context as _, Result};
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::post};
use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::transcribe::scripted::Scripted;
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Heard, Recognizer, Request};
use referent_proto::{Pcm, SampleOffset};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Answers with segments, words and probabilities.
    Whole,
    /// Answers with the text alone.
    TextOnly,
    /// Says that it is too busy.
    Busy,
    /// Says that something is wrong with every request.
    Broken,
    /// Never answers.
    Hanging,
    /// Answers with what is no JSON.
    Garbled,
}

/// What a GPU takes for one request, whatever the machine here is doing.
#[derive(Debug, Clone, Copy)]
pub struct Charge {
    /// For each request: encoder, and the way there and back.
    pub each: Duration,
    /// For each second of sound: the decoder, at some words a second.
    pub second: Duration,
    /// Requests that are worked on at once; the others wait.
    pub at_once: usize,
}

/// A segment that holds a sample of this value is refused, whatever the manner.
pub const REFUSED: i16 = 32_111;

/// A running server.
#[derive(Debug)]
pub struct SpeechServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// What a request said beside its sound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// In which language to hear; `None`: the server shall find out.
    pub language: Option<String>,
    /// What to expect.
    pub prompt: Option<String>,
}

struct Shared {
    manner: Mutex<Manner>,
    /// What it says is spoken, where it is not told.
    finds: Mutex<Option<&'static str>>,
    asked: Mutex<Vec<Asked>>,
    charge: Option<(Charge, Semaphore)>,
    recogniser: Mutex<Box<dyn Recognizer>>,
    heard: AtomicUsize,
    largest: AtomicUsize,
    now: AtomicUsize,
    most_at_once: AtomicUsize,
    key: Option<&'static str>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("manner", &self.manner).finish_non_exhaustive()
    }
}

impl SpeechServer {
    /// With the embedded model.
    pub async fn whisper() -> Result<Self> {
        let model = Manifest::load(&crate::world::models_dir())?.verify("demo-da")?;
        let recogniser = Whisper::open(&model, 1)?.pop().context("one recogniser")?;
        Self::start("127.0.0.1:0", recogniser, None, None).await
    }

    /// With the script, and the times of a model elsewhere.
    pub async fn scripted(charge: Option<Charge>) -> Result<Self> {
        Self::start("127.0.0.1:0", Box::new(Scripted), charge, Some("a key")).await
    }

    /// With the script, the times of a model elsewhere, and open to everybody.
    pub async fn charging(charge: Charge) -> Result<Self> {
        Self::start("127.0.0.1:0", Box::new(Scripted), Some(charge), None).await
    }

    /// With the script, on a port that it had before.
    pub async fn again(address: SocketAddr) -> Result<Self> {
        Self::start(&address.to_string(), Box::new(Scripted), None, Some("a key")).await
    }

    async fn start(
        address: &str,
        recogniser: Box<dyn Recognizer>,
        charge: Option<Charge>,
        key: Option<&'static str>,
    ) -> Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            manner: Mutex::new(Manner::Whole),
            finds: Mutex::new(None),
            asked: Mutex::default(),
            charge: charge.map(|charge| (charge, Semaphore::new(charge.at_once))),
            recogniser: Mutex::new(recogniser),
            heard: AtomicUsize::new(0),
            largest: AtomicUsize::new(0),
            now: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            key,
        });
        let router = Router::new()
            .route("/v1/audio/transcriptions", post(transcribe))
            .layer(DefaultBodyLimit::max(1_000_000))
            .with_state(Arc::clone(&shared));
        #[expect(clippy::disallowed_methods, reason = "ended by Drop, with whoever holds it")]
        let serving = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { address, shared, serving })
    }

    /// From now on it behaves like this.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// From now on it finds this language where it is told none, and says so; `None`: it does not say.
    pub fn finds(&self, language: Option<&'static str>) {
        *self.shared.finds.lock().unwrap_or_else(PoisonError::into_inner) = language;
    }

    /// What the requests said since this was asked last.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Up to before `/audio/transcriptions`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests that it has heard.
    pub fn heard(&self) -> usize {
        self.shared.heard.load(Ordering::Relaxed)
    }

    /// The most requests that it had at once.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_at_once.load(Ordering::Relaxed)
    }

    /// Bytes of the largest file that came.
    pub fn largest(&self) -> usize {
        self.shared.largest.load(Ordering::Relaxed)
    }
}

impl Drop for SpeechServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn transcribe(State(shared): State<Arc<Shared>>, headers: HeaderMap, form: Multipart) -> Response {
    let at_once = shared.now.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_at_once.fetch_max(at_once, Ordering::SeqCst);
    let _leaves = Leaves(&shared.now);
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    if shared.key.is_some_and(|key| given != Some(&format!("Bearer {key}"))) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let manner = *shared.manner.lock().unwrap_or_else(PoisonError::into_inner);
    match manner {
        Manner::Busy => return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")]).into_response(),
        Manner::Broken => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Manner::Hanging => std::future::pending().await,
        Manner::Garbled => return "Ja, tak.".into_response(),
        Manner::Whole | Manner::TextOnly => {}
    }
    match hear(&shared, form).await {
        Ok(heard) if manner == Manner::TextOnly => Json(json!({ "text": heard.text.reveal() })).into_response(),
        Ok(heard) => {
            let language = *shared.finds.lock().unwrap_or_else(PoisonError::into_inner);
            Json(verbose(&heard, language)).into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

struct Leaves<'a>(&'a AtomicUsize);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn hear(shared: &Arc<Shared>, mut form: Multipart) -> Result<Heard> {
    let (mut pcm, mut asked) = (None, Asked::default());
    while let Some(field) = form.next_field().await? {
        if field.name() == Some("language") {
            asked.language = Some(field.text().await?);
        } else if field.name() == Some("prompt") {
            asked.prompt = Some(field.text().await?);
        } else if field.name() == Some("file") {
            let bytes = field.bytes().await?;
            shared.largest.fetch_max(bytes.len(), Ordering::Relaxed);
            let mut reader = hound::WavReader::new(bytes.as_ref())?;
            anyhow::ensure!(reader.spec().sample_rate == 16_000 && reader.spec().channels == 1, "16 kHz, one channel");
            pcm = Some(reader.samples::<i16>().collect::<Result<Vec<i16>, _>>()?);
        }
    }
    let pcm = pcm.context("a file")?;
    shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    anyhow::ensure!(!pcm.contains(&REFUSED), "refused");
    if let Some((charge, places)) = &shared.charge {
        let _place = places.acquire().await?;
        let seconds = f64::from(u32::try_from(pcm.len())?) / 16_000.0;
        tokio::time::sleep(charge.each + charge.second.mul_f64(seconds)).await; // The time is what this server charges.
    }
    let request = Request::of_sound(Pcm(pcm), "da", Context::Fitted);
    let hearing = Arc::clone(shared);
    let heard = tokio::task::spawn_blocking(move || {
        let mut recogniser = hearing.recogniser.lock().unwrap_or_else(PoisonError::into_inner);
        recogniser.hear(&request, &Cancel::default())
    });
    let heard = heard.await??;
    shared.heard.fetch_add(1, Ordering::Relaxed);
    Ok(heard)
}

fn verbose(heard: &Heard, language: Option<&str>) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "seconds of a segment")]
    let seconds = |offset: SampleOffset| offset.0 as f64 / 16_000.0;
    let words: Vec<Value> = heard
        .words
        .iter()
        .map(|word| {
            let (start, end) = (seconds(word.span.start()), seconds(word.span.end()));
            json!({ "word": word.text.reveal(), "start": start, "end": end, "probability": word.probability })
        })
        .collect();
    let segment = json!({ "id": 0, "text": heard.text.reveal(), "avg_logprob": heard.probability.max(1e-6).ln(),
        "no_speech_prob": heard.no_speech, "compression_ratio": 1.1 });
    json!({ "task": "transcribe", "language": language, "text": heard.text.reveal(), "words": words, "segments": [segment] })
}
