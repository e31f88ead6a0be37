//! The table `[recogniser]`.

use super::{Context, RecogniserConfig, RecogniserKind, RemoteConfig, api_key, connect_ms, is_http, limit};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRecogniser {
    kind: RecogniserKind,
    model: Option<String>,
    #[serde(default = "models")]
    models_dir: PathBuf,
    workers: Option<usize>,
    context: Option<Context>,
    #[serde(default = "yes")]
    partials: bool,
    vad: Option<String>,
    remote: Option<RawRemote>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRemote {
    urls: Vec<String>,
    model: String,
    api_key_file: Option<PathBuf>,
    api_key_env: Option<String>,
    #[serde(default = "concurrency")]
    concurrency: usize,
    #[serde(default = "connect_ms")]
    connect_ms: u64,
    #[serde(default = "remote_total_ms")]
    total_ms: u64,
}

pub(super) fn recogniser(
    raw: RawRecogniser,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<RecogniserConfig, String> {
    let RawRecogniser { kind, model, models_dir, workers, context, partials, vad, remote } = raw;
    if kind == RecogniserKind::Remote {
        let idle = [("model", model.is_some()), ("workers", workers.is_some()), ("context", context.is_some())];
        if let Some((key, _)) = idle.iter().find(|(_, given)| *given) {
            return Err(format!(
                "recogniser.{key} does nothing with kind = \"remote\"; remove it, and see recogniser.remote for what the \
                 servers are asked"
            ));
        }
    }
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = workers.unwrap_or_else(cores);
    if !(1..=256).contains(&workers) {
        return Err(format!("recogniser.workers = {workers} makes no sense; use 1 to 256, at most one for each core"));
    }
    let model = model.unwrap_or_else(|| "demo-da".into());
    // Fitting is measured on the demo model alone; others hear best as they were trained.
    let context = context.unwrap_or(if model == "demo-da" { Context::Fitted } else { Context::Full });
    let remote = remote.map(|raw| remote_of(raw, environment)).transpose()?;
    if kind == RecogniserKind::Remote && remote.is_none() {
        return Err("recogniser.kind = \"remote\" needs a table [recogniser.remote] with urls and model; add it, or \
                    use kind = \"whisper\""
            .into());
    }
    Ok(RecogniserConfig {
        kind,
        model,
        models_dir,
        workers,
        context,
        partials,
        vad: vad.filter(|name| name != "embedded"),
        remote,
    })
}

fn remote_of(raw: RawRemote, environment: &impl Fn(&str) -> Option<String>) -> Result<RemoteConfig, String> {
    if raw.urls.is_empty() {
        return Err("recogniser.remote.urls is empty; give the address of at least one server".into());
    }
    for url in &raw.urls {
        is_http("recogniser.remote.urls", url)?;
    }
    if !(1..=256).contains(&raw.concurrency) || raw.concurrency * raw.urls.len() > 1024 {
        return Err(format!(
            "recogniser.remote.concurrency = {} makes no sense; use 1 to 256, and at most 1024 over all urls",
            raw.concurrency
        ));
    }
    let connect = limit("recogniser.remote.connect_ms", raw.connect_ms)?;
    let total = limit("recogniser.remote.total_ms", raw.total_ms)?;
    if total > crate::transcribe::LONGEST {
        return Err(format!("recogniser.remote.total_ms = {} is too long; use 60000 at most", raw.total_ms));
    }
    let api_key = api_key("recogniser.remote", raw.api_key_file, raw.api_key_env, environment)?;
    let RawRemote { urls, model, concurrency, .. } = raw;
    Ok(RemoteConfig { urls, model, api_key, concurrency, connect, total })
}

fn models() -> PathBuf {
    "models".into()
}

fn concurrency() -> usize {
    16
}

fn remote_total_ms() -> u64 {
    15_000
}

fn yes() -> bool {
    true
}
