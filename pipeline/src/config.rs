//! What a person wrote in the configuration file, checked once.
//!
//! In: TOML and the environment (only for a key named there). Out: a [`Config`] that the rest of the program trusts.
//! Promised: an unknown key is refused; every error is one sentence that names the file, the key and the remedy; beyond
//! loopback nobody is listened to or spoken to without `[tls]`. A key of a language model prints as dots. What hears is in
//! `recogniser`.

mod drafter;
mod recogniser;

use drafter::{RawDrafter, drafter};
use recogniser::{RawRecogniser, recogniser};
use referent_identity::Place;
use referent_identity::config::{RawTls, split};
use referent_telemetry::TelemetryConfig;
use referent_telemetry::config::RawTelemetry;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that a person decides about this program.
#[derive(Debug, Clone)]
pub struct Config {
    /// What is logged, in the words of `RUST_LOG`.
    pub log: String,
    /// Where the metrics are.
    pub http: SocketAddr,
    /// Where agents come.
    pub grpc: SocketAddr,
    /// Where the words go, `http://` on this machine, or `https://` with `tls`.
    pub notes_api: String,
    /// Certificates; without them everything is on this machine.
    pub tls: Option<Place>,
    /// What is spoken, unless the area says otherwise.
    pub language: String,
    /// What hears.
    pub recogniser: RecogniserConfig,
    /// What writes drafts.
    pub drafter: DrafterConfig,
    /// What else may write them, where an area says so.
    pub models: Models,
    /// Where the private keys are that open sealed sound, if anywhere.
    pub seal_keys: Option<PathBuf>,
    /// Where traces go, if anywhere.
    pub telemetry: Option<TelemetryConfig>,
}

/// What hears.
#[derive(Debug, Clone)]
pub struct RecogniserConfig {
    /// Which kind.
    pub kind: RecogniserKind,
    /// Name in the manifest, or a path.
    pub model: String,
    /// Where the models are.
    pub models_dir: PathBuf,
    /// How many hear at once, one thread each.
    pub workers: usize,
    /// How much the encoder looks at.
    pub context: Context,
    /// Whether text is shown, grey, while it is being said.
    pub partials: bool,
    /// What tells speech from noise: a model's name in the manifest, or a path; `None`: what is built in.
    pub vad: Option<String>,
    /// The servers that hear; always there when `kind` is `Remote`.
    pub remote: Option<RemoteConfig>,
}

/// Which recogniser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecogniserKind {
    /// whisper.cpp on this machine.
    Whisper,
    /// Servers elsewhere, which speak as OpenAI's does.
    Remote,
    /// Text that is a function of the segment's place, for tests.
    Scripted,
}

/// Servers that transcribe.
#[derive(Debug, Clone)]
pub struct RemoteConfig {
    /// Their addresses, up to before `/audio/transcriptions`; at least one.
    pub urls: Vec<String>,
    /// What they call the model.
    pub model: String,
    /// What they want to be shown, if anything.
    pub api_key: Option<ApiKey>,
    /// How many requests each may have at once.
    pub concurrency: usize,
    /// How long until one must have taken the connection.
    pub connect: Duration,
    /// How long one segment may take.
    pub total: Duration,
}

/// How much of its 30 s window the encoder looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// As much as the segment is long: far cheaper.
    Fitted,
    /// All of it, as the real models were trained.
    Full,
}

/// What writes drafts.
#[derive(Debug, Clone)]
pub struct DrafterConfig {
    /// Which kind.
    pub kind: DrafterKind,
    /// The language model's server; always there when `kind` is `Llm`.
    pub llm: Option<LlmConfig>,
}

/// Which drafter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrafterKind {
    /// Picks sentences of the call.
    Embedded,
    /// Asks a language model, and falls back on the embedded one.
    Llm,
    /// A script, for tests.
    Scripted,
}

/// A server that speaks as OpenAI's does.
#[derive(Debug, Clone)]
pub struct LlmConfig {
    /// Its address, up to before `/chat/completions`.
    pub base_url: String,
    /// What it calls the model.
    pub model: String,
    /// What it wants to be shown, if anything.
    pub api_key: Option<ApiKey>,
    /// How long until it must have taken the connection.
    pub connect: Duration,
    /// How long until it must have said its first word.
    pub first: Duration,
    /// How long it may be silent after that.
    pub idle: Duration,
    /// How long the whole draft may take.
    pub total: Duration,
    /// How many tokens the model reads and writes at once.
    pub context_tokens: usize,
    /// How often its server reads a call that goes on, where the area says that it is local; `None`: never.
    pub warm_every: Option<Duration>,
    /// What it does not take in a request.
    pub omit: Vec<RequestField>,
}

/// The language models that areas may name, and which of all are the authority's own.
#[derive(Debug, Clone, Default)]
pub struct Models {
    /// Whether the one of `drafter.llm` is; `None`: what the area says holds.
    pub usual_is_local: Option<bool>,
    /// By the name that areas give.
    pub named: BTreeMap<String, NamedModel>,
}

/// One that an area may name.
#[derive(Debug, Clone)]
pub struct NamedModel {
    /// How it is reached.
    pub llm: LlmConfig,
    /// Whether it is the authority's own; `None`: what the area says holds.
    pub is_local: Option<bool>,
}

/// A field of a request that some servers refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestField {
    /// How freely the model chooses: models that think choose for themselves.
    Temperature,
    /// That the stream shall say how many tokens it took.
    StreamOptions,
}

/// A key that does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Marks text as a key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key itself. Only for the header that shows it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// The file cannot be used; correct what the sentence names.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {what}", file = file.display())]
pub struct BadConfig {
    file: PathBuf,
    what: String,
}

impl Config {
    /// Reads and checks the file.
    pub fn load(file: &Path) -> Result<Self, BadConfig> {
        let bad = |what: String| BadConfig { file: file.to_owned(), what };
        let text = std::fs::read_to_string(file)
            .map_err(|error| bad(format!("cannot be read ({error}); give its path with --config")))?;
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::parse(&text, |name| std::env::var(name).ok()).map_err(bad)
    }

    /// Checks the text of a file; `environment` looks up a variable.
    pub fn parse(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let raw: Raw = toml::from_str(text).map_err(|error| one_line(&error, text))?;
        let tls = raw.tls.map(|tls| tls.check(None)).transpose()?;
        let (drafter, models) = drafter(raw.drafter, &environment)?;
        Ok(Self {
            log: raw.log,
            http: loopback("http", &raw.http)?,
            grpc: if tls.is_some() { address("grpc", &raw.grpc)? } else { loopback("grpc", &raw.grpc)? },
            notes_api: upstream("notes_api", raw.notes_api, tls.is_some())?,
            tls,
            language: language(raw.language)?,
            recogniser: recogniser(raw.recogniser, &environment)?,
            drafter,
            models,
            seal_keys: raw.seal_keys,
            telemetry: raw.telemetry.map(RawTelemetry::check).transpose().map_err(|bad| bad.to_string())?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default = "info")]
    log: String,
    http: String,
    grpc: String,
    notes_api: String,
    #[serde(default = "danish")]
    language: String,
    recogniser: RawRecogniser,
    #[serde(default)]
    drafter: RawDrafter,
    seal_keys: Option<PathBuf>,
    telemetry: Option<RawTelemetry>,
    tls: Option<RawTls>,
}

fn info() -> String {
    "info".into()
}

fn danish() -> String {
    "da".into()
}

fn connect_ms() -> u64 {
    2_000
}

/// The parser's complaint on one line, with the line of the file that it is about.
fn one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
    let what = error.message().replace('\n', " ");
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    format!("{place}{what}; correct or remove it")
}

fn address(key: &str, value: &str) -> Result<SocketAddr, String> {
    value.parse().map_err(|_| {
        format!("{key} = \"{value}\" is not an address and a port; write for example {key} = \"127.0.0.1:9090\"")
    })
}

fn loopback(key: &str, value: &str) -> Result<SocketAddr, String> {
    let address = address(key, value)?;
    if !address.ip().is_loopback() {
        let remedy = match key {
            "http" => "which the metrics never do; use 127.0.0.1 or [::1]",
            _ => "which needs [tls] (docs/operating.md, \"Who is who\"); add it, or use 127.0.0.1 or [::1]",
        };
        return Err(format!("{key} = \"{value}\" would reach beyond this machine, {remedy}"));
    }
    Ok(address)
}

/// Where a server is: with certificates over TLS, without them on this machine.
fn upstream(key: &str, value: String, has_tls: bool) -> Result<String, String> {
    match (split(&value), has_tls) {
        (None, _) => Err(format!(
            "{key} = \"{value}\" is no address; write for example {key} = \"http://127.0.0.1:8081\", or https:// with [tls]"
        )),
        (Some((true, _)), false) => Err(format!(
            "{key} = \"{value}\" begins with https://, and there is no [tls]; add it (docs/operating.md, \"Who is who\")"
        )),
        (Some((false, _)), true) => {
            Err(format!("{key} = \"{value}\" begins with http://, and with [tls] every way is secured; write https://"))
        }
        (Some((false, host)), false) => loopback(key, host).map(|_| value),
        (Some((true, _)), true) => Ok(value),
    }
}

fn language(value: String) -> Result<String, String> {
    match value.as_str() {
        "da" | "en" => Ok(value),
        _ => Err(format!("language = \"{value}\" is not known; use \"da\" or \"en\"")),
    }
}

fn is_http(key: &str, url: &str) -> Result<(), String> {
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(());
    }
    Err(format!("{key} = \"{url}\" does not begin with http:// or https://; give the whole address"))
}

fn limit(key: &str, ms: u64) -> Result<Duration, String> {
    if ms == 0 {
        return Err(format!("{key} = 0 would give up at once; use some thousands"));
    }
    Ok(Duration::from_millis(ms))
}

fn api_key(
    table: &str,
    file: Option<PathBuf>,
    variable: Option<String>,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Option<ApiKey>, String> {
    let key = match (file, variable) {
        (Some(_), Some(_)) => {
            return Err(format!("{table} has both api_key_file and api_key_env; remove one of them"));
        }
        (Some(file), None) => std::fs::read_to_string(&file).map_err(|error| {
            format!("{table}.api_key_file = \"{}\" cannot be read ({error}); correct the path", file.display())
        })?,
        (None, Some(name)) => environment(&name)
            .ok_or_else(|| format!("{table}.api_key_env = \"{name}\" names a variable that is not set; set it"))?,
        (None, None) => return Ok(None),
    };
    Ok(Some(ApiKey::new(key.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\nnotes_api = \"http://127.0.0.1:8081\"\n";

    #[track_caller]
    fn refused(text: &str, names: &str) {
        let error = Config::parse(text, |_| None).expect_err("refused");
        assert!(error.contains(names), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn a_bad_key_is_named() {
        let recogniser = "[recogniser]\nkind = \"scripted\"\n";
        assert!(Config::parse(&format!("{GOOD}{recogniser}"), |_| None).is_ok());
        refused(GOOD, "recogniser");
        refused(&format!("{GOOD}colour = 1\n{recogniser}"), "colour");
        refused(&format!("{GOOD}{recogniser}workers = 0\n"), "recogniser.workers");
        let remote = "[recogniser]\nkind = \"remote\"\n";
        let table = "[recogniser.remote]\nmodel = \"m\"\nurls = [\"http://127.0.0.1:1/v1\"]\n";
        assert!(Config::parse(&format!("{GOOD}{remote}{table}"), |_| None).is_ok());
        refused(&format!("{GOOD}{remote}"), "[recogniser.remote]");
        refused(&format!("{GOOD}{remote}workers = 2\n{table}"), "recogniser.workers does nothing");
        refused(&format!("{GOOD}{remote}{}", table.replace("http:", "ftp:")), "recogniser.remote.urls");
        refused(&format!("{GOOD}{remote}{table}total_ms = 70000\n"), "recogniser.remote.total_ms");
        refused(&format!("{GOOD}{remote}{table}api_key_env = \"KEY\"\n"), "KEY");
        refused(&format!("{GOOD}language = \"xx\"\n{recogniser}"), "language");
        refused(&format!("{GOOD}{recogniser}[drafter]\nkind = \"llm\"\n"), "[drafter.llm]");
        refused(&GOOD.replace("127.0.0.1:0", "0.0.0.0:0"), "recogniser");
        refused(&format!("{}{recogniser}", GOOD.replace("127.0.0.1:0", "0.0.0.0:1")), "beyond this machine");
        let secured = GOOD.replace("grpc = \"127.0.0.1:0\"", "grpc = \"0.0.0.0:9090\"").replace("http://", "https://");
        let tls = "[tls]\nidentity = \"/tmp/i\"\n";
        assert!(Config::parse(&format!("{secured}{recogniser}{tls}"), |_| None).is_ok());
        refused(
            &format!("{secured}{recogniser}"),
            "grpc = \"0.0.0.0:9090\" would reach beyond this machine, which needs [tls]",
        );
        refused(&format!("{}{recogniser}", GOOD.replace("http://", "https://")), "there is no [tls]");
        refused(&format!("{GOOD}{recogniser}{tls}"), "with [tls] every way is secured; write https://");
        refused(&format!("{}{recogniser}", GOOD.replace("127.0.0.1:8081", "10.0.0.1:8081")), "notes_api = ");
        refused(&format!("{secured}{recogniser}[tls]\n"), "tls.identity is missing");
        refused(&format!("{secured}{recogniser}{tls}key = \"/tmp/k\"\n"), "tls is not whole");
        refused(&format!("{secured}{recogniser}{tls}colour = 1\n"), "colour");
        let open = secured.replace("http = \"127.0.0.1:0\"", "http = \"0.0.0.0:1\"");
        refused(&format!("{open}{recogniser}{tls}"), "which the metrics never do");
        let llm = "[drafter]\nkind = \"llm\"\n[drafter.llm]\nbase_url = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\n";
        refused(&format!("{GOOD}{recogniser}{llm}api_key_env = \"KEY\"\n"), "KEY");
        refused(&format!("{GOOD}{recogniser}{llm}total_ms = 20000\n"), "drafter.llm.total_ms = 20000");
        refused(&format!("{GOOD}{recogniser}{llm}context_tokens = 512\n"), "drafter.llm.context_tokens = 512");
        refused(&format!("{GOOD}{recogniser}{llm}first_ms = 0\n"), "drafter.llm.first_ms");
        refused(&format!("{GOOD}{recogniser}{llm}omit = [\"model\"]\n"), "model");
        let named = |name: &str| format!("[drafter.models.{name}]\nmodel = \"m\"\nbase_url = \"http://127.0.0.1:1\"\n");
        refused(
            &format!("{GOOD}{recogniser}{llm}{}total_ms = 20000\n", named("large")),
            "drafter.models.large.total_ms",
        );
        refused(&format!("{GOOD}{recogniser}{llm}{}", named("none")), "[drafter.models.none]");
        refused(
            &format!("{GOOD}{recogniser}[drafter]\nkind = \"embedded\"\n{}", named("large")),
            "[drafter.models.large]",
        );
        let telemetry = "[telemetry]\notlp = \"http://10.0.0.1:4318\"\n";
        refused(&format!("{GOOD}{recogniser}{telemetry}"), "telemetry.otlp = \"http://10.0.0.1:4318\"");
    }

    #[test]
    fn a_key_does_not_print() {
        assert_eq!(format!("{:?}", ApiKey::new("secret")), "ApiKey(…)");
    }
}
