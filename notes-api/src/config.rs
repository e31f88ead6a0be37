//! The configuration: one TOML file, checked here and trusted everywhere else.
//!
//! In: the text of the file and its name. Out: [`Config`], or one sentence that names file, key and remedy.
//! Promised: an unknown key is an error; beyond loopback only pipelines and those who enrol are listened to, and only with
//! `[tls]`; browsers come through a proxy on this machine, and only with `[login]` under its name. Not done here: no file is opened but the configuration's own,
//! and no environment is read at all.

pub mod case_system;
pub mod login;
pub mod delivery;
pub mod tls;

use case_system::{CaseSystemConfig, RawCaseSystem};
use jiff::tz::TimeZone;
use login::{LoginConfig, RawLogin};
use referent_telemetry::TelemetryConfig;
use referent_telemetry::config::{BadTelemetry, RawTelemetry};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tls::{RawTls, TlsConfig};

/// What the program is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Level of the log, or a filter such as `info,sqlx=warn`.
    pub log: String,
    /// Where panes connect.
    pub http: SocketAddr,
    /// Where pipelines connect.
    pub grpc: SocketAddr,
    /// Certificates; without them everything is on this machine.
    pub tls: Option<TlsConfig>,
    /// Who says who somebody is; without it whoever has the one-time token is everybody.
    pub login: Option<LoginConfig>,
    /// Who may open the pane beside a case.
    pub case_systems: Vec<CaseSystemConfig>,
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
    /// How the chains of the audit are signed, if they are.
    pub audit: Option<AuditConfig>,
    /// Where saved notes are sent.
    pub deliveries: Vec<delivery::Destination>,
    /// In which weeks figures are counted.
    pub time_zone: TimeZone,
    /// When what is due is erased.
    pub retention: RetentionConfig,
}

/// How what is due is erased. For how long what is kept is said by the areas.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// How often it is looked, seconds.
    pub every_s: u32,
    /// For so many days after somebody typed last what they have not saved, nothing of the call is erased.
    pub unsaved_edit_days: u32,
    /// After so many days logs and backups of the database are gone, says whoever runs them.
    pub backup_days: Option<u32>,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { every_s: 3_600, unsaved_edit_days: 7, backup_days: None }
    }
}

/// Checkpoints of the audit.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// The key that signs them, made by `audit key`.
    pub key: PathBuf,
    /// The file that they are put to, one line each.
    pub checkpoints: PathBuf,
    /// How often one is taken, seconds.
    #[serde(default = "ten_minutes")]
    pub every_s: u32,
}

fn ten_minutes() -> u32 {
    600
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
    /// How often the folder of areas is looked into, milliseconds.
    pub areas_ms: u32,
}

impl Default for Timing {
    fn default() -> Self {
        Self { no_contact_s: 15, provisional_after_s: 60, lease_ms: 10_000, areas_ms: 2_000 }
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
    tls: Option<RawTls>,
    audit: Option<AuditConfig>,
    login: Option<RawLogin>,
    #[serde(default)]
    case_system: Vec<RawCaseSystem>,
    #[serde(default)]
    retention: RetentionConfig,
    #[serde(default)]
    delivery: Vec<delivery::RawDelivery>,
    #[serde(default = "copenhagen")]
    time_zone: String,
}

fn copenhagen() -> String {
    "Europe/Copenhagen".to_owned()
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
        let impossible = |(key, value, problem)| ConfigError::Impossible { file: file.to_owned(), key, value, problem };
        let tls = raw.tls.map(RawTls::check).transpose().map_err(impossible)?;
        let login = raw.login.map(RawLogin::check).transpose().map_err(impossible)?;
        let case_systems = case_system::check(raw.case_system).map_err(impossible)?;
        let grpc = if tls.is_some() { address(file, "grpc", &raw.grpc)? } else { loopback(file, "grpc", &raw.grpc)? };
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
        let time_zone = TimeZone::get(&raw.time_zone).map_err(|_| ConfigError::Impossible {
            file: file.to_owned(),
            key: "time_zone",
            value: raw.time_zone.clone(),
            problem: "is no time zone; write for example Europe/Copenhagen",
        })?;
        if raw.timing.lease_ms < 100 {
            return Err(ConfigError::Impossible {
                file: file.to_owned(),
                key: "timing.lease_ms",
                value: raw.timing.lease_ms.to_string(),
                problem: "is too short for any worker; write 10000",
            });
        }
        if raw.timing.areas_ms < 10 {
            return Err(ConfigError::Impossible {
                file: file.to_owned(),
                key: "timing.areas_ms",
                value: raw.timing.areas_ms.to_string(),
                problem: "would do nothing but look; write 2000",
            });
        }
        if let Some(audit) = raw.audit.as_ref().filter(|audit| audit.every_s == 0) {
            return Err(ConfigError::Impossible {
                file: file.to_owned(),
                key: "audit.every_s",
                value: audit.every_s.to_string(),
                problem: "would do nothing but sign; write 600",
            });
        }
        if !(1..=86_400).contains(&raw.retention.every_s) {
            return Err(ConfigError::Impossible {
                file: file.to_owned(),
                key: "retention.every_s",
                value: raw.retention.every_s.to_string(),
                problem: "is not between a second and a day; write 3600",
            });
        }
        if raw.retention.unsaved_edit_days > 30 {
            return Err(ConfigError::Impossible {
                file: file.to_owned(),
                key: "retention.unsaved_edit_days",
                value: raw.retention.unsaved_edit_days.to_string(),
                problem: "would keep what was said for more than a month longer than its area says; write 7",
            });
        }
        let deliveries = delivery::check(raw.delivery).map_err(|(key, value, problem)| ConfigError::Impossible {
            file: file.to_owned(),
            key,
            value,
            problem,
        })?;
        let telemetry = raw.telemetry.map(RawTelemetry::check).transpose().map_err(|bad| {
            let BadTelemetry { key, value, problem } = bad;
            ConfigError::Impossible { file: file.to_owned(), key, value, problem }
        })?;
        Ok(Self {
            log: raw.log,
            http,
            grpc,
            tls,
            login,
            case_systems,
            database: raw.database,
            areas: raw.areas,
            access_token_file: raw.access_token_file,
            timing: raw.timing,
            telemetry,
            audit: raw.audit,
            deliveries,
            time_zone,
            retention: raw.retention,
        })
    }
}

fn address(file: &Path, key: &'static str, value: &str) -> Result<SocketAddr, ConfigError> {
    value.parse().map_err(|_| ConfigError::Impossible {
        file: file.to_owned(),
        key,
        value: value.to_owned(),
        problem: "is no address and port; write for example 127.0.0.1:8080",
    })
}

fn loopback(file: &Path, key: &'static str, value: &str) -> Result<SocketAddr, ConfigError> {
    let address = address(file, key, value)?;
    if !address.ip().is_loopback() {
        let problem = if key == "grpc" {
            "is not on this machine alone (loopback), and there is no [tls]; add it (docs/operating.md, \"Who is who\"), or \
             write 127.0.0.1 and the port"
        } else {
            "is not on this machine alone (loopback); write 127.0.0.1 and the port, and let browsers come through a proxy \
             on this machine that speaks https (docs/operating.md, \"Logging in\")"
        };
        return Err(ConfigError::Impossible { file: file.to_owned(), key, value: value.to_owned(), problem });
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
        check(&format!("{GOOD}[timing]\nareas_ms = 0\n"), "timing.areas_ms = \"0\" would do nothing but look");
        check(&GOOD.replace("127.0.0.1:0", "0.0.0.0:8080"), "http = \"0.0.0.0:8080\" is not on this machine alone");
        check(&GOOD.replace("[::1]:0", "10.0.0.1:1"), "grpc = \"10.0.0.1:1\" is not on this machine alone");
        let tls = |table: &str| format!("{GOOD}[tls]\n{table}");
        let ca = "ca = \"/tmp/ca\"\nnames = [\"notes.example\"]\n";
        assert!(Config::parse(Path::new("x"), &tls(ca).replace("[::1]:0", "0.0.0.0:8081")).is_ok());
        check(&tls(ca).replace("127.0.0.1:0", "0.0.0.0:8080"), "http = \"0.0.0.0:8080\" is not on this machine alone");
        check(&tls(""), "tls.ca = \"\" is missing");
        check(&tls(&format!("{ca}colour = 1\n")), "unknown field `colour`");
        check(&tls("ca = \"/tmp/ca\"\n"), "tls.names = \"\" names nobody");
        check(&tls(&ca.replace("notes.example", "not a name")), "tls.names = \"not a name\" is neither");
        check(&tls(&format!("{ca}certificate_days = 0\n")), "tls.certificate_days = \"0\"");
        check(&tls(&format!("{ca}enrol = \"somewhere\"\n")), "tls.enrol = \"somewhere\" is no address");
        check(&tls(&format!("{ca}key = \"/tmp/key\"\n")), "is not whole");
        check(&tls("certificate = \"/tmp/c\"\nkey = \"/tmp/k\"\n"), "is not whole");
        let files = "certificate = \"/tmp/c\"\nkey = \"/tmp/k\"\nauthorities = \"/tmp/a\"\n";
        assert!(Config::parse(Path::new("x"), &tls(files)).is_ok());
        check(&tls(&format!("{files}enrol = \"0.0.0.0:1\"\n")), "for an authority of this server's own");
        check(&GOOD.replace("[::1]:0", "localhost"), "grpc = \"localhost\" is no address and port");
        check(&GOOD.replace("sqlite:///tmp/x.db", "mysql://x"), "database = \"mysql://x\" is no database");
        let telemetry = format!("{GOOD}[telemetry]\notlp = \"http://10.0.0.1:4318\"\n");
        check(&telemetry, "telemetry.otlp = \"http://10.0.0.1:4318\" would leave this machine unencrypted");
        let login = |table: &str| format!("{GOOD}[login]\n{table}");
        let good = "issuer = \"https://login.example\"\nclient_id = \"referent\"\nclient_secret_file = \"/tmp/s\"\n\
                    public_url = \"https://referent.example\"\n[login.roles]\ncaseworker = [\"a\"]\n";
        let config = Config::parse(Path::new("x"), &login(good)).unwrap().login.unwrap();
        assert_eq!((config.session_ms, config.idle_ms), (36_000_000, 3_600_000));
        check(
            &login(&good.replace("https://login", "http://login")),
            "login.issuer = \"http://login.example\" is no https",
        );
        check(
            &login(&good.replace(".example\"\n[", ".example/x\"\n[")),
            "login.public_url = \"https://referent.example/x\"",
        );
        check(&login(&good.replace("caseworker = [\"a\"]", "")), "login.roles = \"\" lets nobody in");
        check(&login(&format!("{good}team_lead = [\"a\"]\n")), "login.roles = \"a\" stands for two roles");
        check(&login(&format!("{good}king = [\"b\"]\n")), "unknown variant `king`");
        check(&login(&format!("idle_minutes = 1\n{good}")), "login.idle_minutes = \"1\" is not 5 to 720");
        check(&login(&format!("session_hours = 48\n{good}")), "login.session_hours = \"48\" is no working day");
        let system = |name: &str, origin: &str| {
            format!("{GOOD}[[case_system]]\nname = \"{name}\"\nkey_file = \"/tmp/k\"\norigins = [\"{origin}\"]\n")
        };
        let systems = Config::parse(Path::new("x"), &system("esdh", "https://cases.example/")).unwrap().case_systems;
        assert_eq!(systems[0].origins, ["https://cases.example"]);
        check(&system("ESDH", "https://cases.example"), "case_system.name = \"ESDH\" is no name");
        check(&system("esdh", "https://cases.example/path"), "is no https origin");
        check(&system("esdh", "http://cases.example"), "is no https origin");
        check(&system("esdh", "*"), "case_system.origins = \"*\" is no https origin");
        let audit = format!("{GOOD}[audit]\nkey = \"/tmp/k\"\ncheckpoints = \"/tmp/c\"\n");
        assert_eq!(Config::parse(Path::new("x"), &audit).unwrap().audit.unwrap().every_s, 600);
        check(&format!("{audit}every_s = 0\n"), "audit.every_s = \"0\" would do nothing but sign");
        check(&audit.replace("key = \"/tmp/k\"\n", ""), "missing field `key`");
        let retention = |table: &str| format!("{GOOD}[retention]\n{table}");
        check(&retention("every_s = 0\n"), "retention.every_s = \"0\" is not between");
        check(&retention("every_s = 86401\n"), "retention.every_s");
        check(&retention("unsaved_edit_days = 31\n"), "retention.unsaved_edit_days = \"31\" would keep");
        check(&retention("transcript_days = 90\n"), "unknown field `transcript_days`");
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
