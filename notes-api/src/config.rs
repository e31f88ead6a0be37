//! The configuration: one TOML file, checked here and trusted everywhere else.
//!
//! In: the text of the file and its name. Out: [`Config`], or one sentence that names file, key and remedy.
//! Promised: an unknown key is an error; nothing but loopback is listened on until a login and certificates can be
//! configured. Not done here: no file is opened but the configuration's own, and no environment is read at all.

use referent_telemetry::TelemetryConfig;
use referent_telemetry::config::{BadTelemetry, RawTelemetry};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What the program is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Level of the log, or a filter such as `info,sqlx=warn`.
    pub log: String,
    /// Where panes connect.
    pub http: SocketAddr,
    /// Where pipelines connect.
    pub grpc: SocketAddr,
    /// `sqlite:///path/notes.db` or `postgres://user@host:port/name`.
    pub database: String,
    /// Folder of `NAME.toml`.
    pub areas: Option<PathBuf>,
    /// Where the one-time token is written; else it is part of the ready line.
    pub access_token_file: Option<PathBuf>,
    /// Times that tests shorten.
    pub timing: Timing,
    /// Where traces go, if anywhere.
    pub telemetry: Option<TelemetryConfig>,
}

/// Times that tests shorten.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// Silence or waiting that becomes visible, seconds.
    pub no_contact_s: u32,
    /// Silence after which a provisional draft is made, seconds.
    pub provisional_after_s: u32,
    /// The lease of a draft job, milliseconds.
    pub lease_ms: u32,
}

impl Default for Timing {
    fn default() -> Self {
        Self { no_contact_s: 15, provisional_after_s: 60, lease_ms: 10_000 }
    }
}

impl Timing {
    /// `no_contact_s` in milliseconds.
    pub fn no_contact_ms(&self) -> i64 {
        i64::from(self.no_contact_s) * 1000
    }

    /// `provisional_after_s` in milliseconds.
    pub fn provisional_after_ms(&self) -> i64 {
        i64::from(self.provisional_after_s) * 1000
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    #[serde(default = "info")]
    log: String,
    http: String,
    grpc: String,
    database: String,
    areas: Option<PathBuf>,
    access_token_file: Option<PathBuf>,
    #[serde(default)]
    timing: Timing,
    telemetry: Option<RawTelemetry>,
}

fn info() -> String {
    "info".to_owned()
}

/// Why the program does not start with this file. Tell the person who wrote it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file, or it may not be read.
    #[error("{file} cannot be read: {source}; give the right path with --config")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not what this program understands.
    #[error("{file}: {problem} (line {line}: `{text}`); correct or remove that line")]
    Invalid {
        /// The file.
        file: PathBuf,
        /// What the parser said.
        problem: String,
        /// Where.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A value that cannot be.
    #[error("{file}: {key} = \"{value}\" {problem}")]
    Impossible {
        /// The file.
        file: PathBuf,
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is wrong, and what to do.
        problem: &'static str,
    },
}

impl ConfigError {
    /// The parser's complaint about `text`, as a sentence.
    pub fn from_toml(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.get(..at).unwrap_or_default().matches('\n').count();
        Self::Invalid {
            file: file.to_owned(),
            problem: error.message().to_owned(),
            line: line + 1,
            text: text.lines().nth(line).unwrap_or_default().trim().to_owned(),
        }
    }
}

impl Config {
    /// Reads and checks the file.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
        Self::parse(file, &text)
    }

    /// Checks the text of the file.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let raw: RawConfig = toml::from_str(text).map_err(|error| ConfigError::from_toml(file, text, &error))?;
        let http = loopback(file, "http", &raw.http)?;
        let grpc = loopback(file, "grpc", &raw.grpc)?;
        let known = ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| raw.database.starts_with(scheme));
        if !known {
            return Err(ConfigError::Impossible {
                file: file.to_owned(),
                key: "database",
                value: raw.database,
                problem: "is no database that this program knows; write sqlite:///path/to/notes.db or \
                          postgres://user@127.0.0.1:5432/name",
            });
        }
        if raw.timing.lease_ms < 100 {
            return Err(ConfigError::Impossible {
                file: file.to_owned(),
                key: "timing.lease_ms",
                value: raw.timing.lease_ms.to_string(),
                problem: "is too short for any worker; write 10000",
            });
        }
        let telemetry = raw.telemetry.map(RawTelemetry::check).transpose().map_err(|bad| {
            let BadTelemetry { key, value, problem } = bad;
            ConfigError::Impossible { file: file.to_owned(), key, value, problem }
        })?;
        Ok(Self {
            log: raw.log,
            http,
            grpc,
            database: raw.database,
            areas: raw.areas,
            access_token_file: raw.access_token_file,
            timing: raw.timing,
            telemetry,
        })
    }
}

fn loopback(file: &Path, key: &'static str, value: &str) -> Result<SocketAddr, ConfigError> {
    let impossible = |problem| ConfigError::Impossible { file: file.to_owned(), key, value: value.to_owned(), problem };
    let address: SocketAddr =
        value.parse().map_err(|_| impossible("is no address and port; write for example 127.0.0.1:8080"))?;
    if !address.ip().is_loopback() {
        return Err(impossible(
            "is not on this machine alone (loopback); until a login and certificates can be configured (a later \
             version), write 127.0.0.1 and the port",
        ));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "http = \"127.0.0.1:0\"\ngrpc = \"[::1]:0\"\ndatabase = \"sqlite:///tmp/x.db\"\n";

    fn check(text: &str, expected: &str) {
        let said = Config::parse(Path::new("notes-api.toml"), text).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
        assert!(said.starts_with("notes-api.toml: ") && !said.contains('\n'), "one sentence: {said}");
    }

    #[test]
    fn a_mistake_is_one_sentence_with_file_key_and_remedy() {
        check(&format!("{GOOD}colour = \"red\"\n"), "unknown field `colour`");
        check(&format!("{GOOD}[timing]\nlease = 1\n"), "unknown field `lease`");
        check(&GOOD.replace("127.0.0.1:0", "0.0.0.0:8080"), "http = \"0.0.0.0:8080\" is not on this machine alone");
        check(&GOOD.replace("[::1]:0", "localhost"), "grpc = \"localhost\" is no address and port");
        check(&GOOD.replace("sqlite:///tmp/x.db", "mysql://x"), "database = \"mysql://x\" is no database");
        let telemetry = format!("{GOOD}[telemetry]\notlp = \"http://10.0.0.1:4318\"\n");
        check(&telemetry, "telemetry.otlp = \"http://10.0.0.1:4318\" would leave this machine unencrypted");
        check("http = 8080\n", "`http = 8080`");
        check(&GOOD.replace("grpc = \"[::1]:0\"\n", ""), "missing field `grpc`");
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let config = Config::parse(Path::new("x"), GOOD).unwrap();
        assert_eq!(config.timing, Timing::default());
        assert_eq!(config.log, "info");
    }
}
