//! The tables `[drafter]`, `[drafter.llm]` and `[drafter.models.NAME]`.

use super::{
    DrafterConfig, DrafterKind, LlmConfig, Models, NamedModel, RequestField, api_key, connect_ms, is_http, limit,
};
use crate::draft::choice::NONE;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDrafter {
    kind: DrafterKind,
    llm: Option<RawLlm>,
    #[serde(default)]
    models: BTreeMap<String, RawLlm>,
}

impl Default for RawDrafter {
    fn default() -> Self {
        Self { kind: DrafterKind::Embedded, llm: None, models: BTreeMap::new() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLlm {
    base_url: String,
    model: String,
    api_key_file: Option<PathBuf>,
    api_key_env: Option<String>,
    #[serde(default = "connect_ms")]
    connect_ms: u64,
    #[serde(default = "first_ms")]
    first_ms: u64,
    #[serde(default = "idle_ms")]
    idle_ms: u64,
    #[serde(default = "total_ms")]
    total_ms: u64,
    #[serde(default = "context_tokens")]
    context_tokens: usize,
    #[serde(default = "warm_every_ms")]
    warm_every_ms: u64,
    #[serde(default)]
    omit: Vec<RequestField>,
    is_local: Option<bool>,
}

/// The draft of the embedded drafter follows within a moment, and something is to be seen 15 s after hang-up.
const LONGEST_DRAFT_MS: u64 = 14_000;
/// Tokens in which the instructions, some lines and an answer fit.
const LEAST_CONTEXT: usize = 2_048;

fn first_ms() -> u64 {
    8_000
}

fn idle_ms() -> u64 {
    4_000
}

fn context_tokens() -> usize {
    8_192
}

fn warm_every_ms() -> u64 {
    30_000
}

fn total_ms() -> u64 {
    12_000
}

pub(super) fn drafter(
    raw: RawDrafter,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<(DrafterConfig, Models), String> {
    if raw.kind == DrafterKind::Llm && raw.llm.is_none() {
        return Err("drafter.kind = \"llm\" needs a table [drafter.llm] with base_url and model; add it, or use \
                    kind = \"embedded\""
            .into());
    }
    if raw.kind != DrafterKind::Llm
        && let Some(name) = raw.models.keys().next()
    {
        return Err(format!(
            "[drafter.models.{name}] is asked by nobody unless drafter.kind = \"llm\"; remove it, or change the kind"
        ));
    }
    let usual_is_local = raw.llm.as_ref().and_then(|llm| llm.is_local);
    let llm = raw.llm.map(|raw| language_model("drafter.llm", raw, environment)).transpose()?;
    let mut named = BTreeMap::new();
    for (name, raw) in raw.models {
        if name.is_empty() || name == NONE {
            return Err(format!("[drafter.models.{name}] has a name that areas cannot give; use another"));
        }
        let is_local = raw.is_local;
        let llm = language_model(&format!("drafter.models.{name}"), raw, environment)?;
        named.insert(name, NamedModel { llm, is_local });
    }
    Ok((DrafterConfig { kind: raw.kind, llm }, Models { usual_is_local, named }))
}

/// One language model; `table` is where the configuration has it.
fn language_model(
    table: &str,
    raw: RawLlm,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<LlmConfig, String> {
    is_http(&format!("{table}.base_url"), &raw.base_url)?;
    if raw.total_ms > LONGEST_DRAFT_MS {
        return Err(format!(
            "{table}.total_ms = {} is more than {LONGEST_DRAFT_MS}: then a caseworker would look at nothing for longer \
             than 15 s; use less, or a faster model",
            raw.total_ms
        ));
    }
    if raw.context_tokens < LEAST_CONTEXT {
        return Err(format!(
            "{table}.context_tokens = {} is too little for a prompt and its answer; give the server's context size, \
             {LEAST_CONTEXT} at least",
            raw.context_tokens
        ));
    }
    Ok(LlmConfig {
        base_url: raw.base_url.trim_end_matches('/').to_owned(),
        api_key: api_key(table, raw.api_key_file, raw.api_key_env, environment)?,
        connect: limit(&format!("{table}.connect_ms"), raw.connect_ms)?,
        first: limit(&format!("{table}.first_ms"), raw.first_ms)?,
        idle: limit(&format!("{table}.idle_ms"), raw.idle_ms)?,
        total: limit(&format!("{table}.total_ms"), raw.total_ms)?,
        model: raw.model,
        context_tokens: raw.context_tokens,
        warm_every: (raw.warm_every_ms > 0).then(|| Duration::from_millis(raw.warm_every_ms)),
        omit: raw.omit,
    })
}
