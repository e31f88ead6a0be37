//! What a person wrote in the configuration file, checked once.
//!
//! In: TOML. Out: a [`Config`] that the rest of the program trusts.
//! Promised: an unknown key is refused, in every table; every error is one sentence that names the file, the key and the
//! remedy; what leaves this machine leaves it over TLS.
//! Not done here: no environment is read; what the machine's policy says is laid over it in `policy`.

use crate::capture::Pick;
use crate::forgotten::EndRules;
use crate::spool::record::Pace;
use crate::system;
use referent_identity::Place;
use referent_identity::config::{RawTls, split};
use referent_proto::{CallId, KeyId, Mode, Track};
use referent_seal::{PublicKey, Sealer};
use referent_telemetry::TelemetryConfig;
use referent_telemetry::config::RawTelemetry;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything that a person decides about this program.
#[derive(Debug, Clone)]
pub struct Config {
    /// What is logged, in the words of `RUST_LOG`.
    pub log: String,
    /// The spool, and the files by which the command line finds the running agent.
    pub state_dir: PathBuf,
    /// Where the control port and the metrics are.
    pub http: SocketAddr,
    /// Where the sound goes: `http://` on this machine, `https://host:port` everywhere.
    pub pipeline: String,
    /// Where the certificate is for `https://`; `None` with `http://`.
    pub tls: Option<Place>,
    /// The address of the pane, which the tray opens; `None`: it offers no such thing.
    pub pane: Option<String>,
    /// How calls may be recorded, unless their area says otherwise.
    pub rule: Rule,
    /// How calls of an area may be recorded.
    pub areas: BTreeMap<String, Rule>,
    /// The department, unless a call names another.
    pub area: String,
    /// When a call ends that nobody ends.
    pub ends: EndRules,
    /// Where sound comes from.
    pub sound: SoundConfig,
    /// Whose key sound is sealed for on the disk; `None`: it is not sealed.
    pub seal: Option<PublicKey>,
    /// Where traces go, if anywhere.
    pub telemetry: Option<TelemetryConfig>,
}

/// How calls may be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whether, and from when.
    pub mode: Mode,
    /// The law that asks for it; never empty where the mode is `documentation`.
    pub legal_basis: Option<String>,
}

/// Where sound comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoundConfig {
    /// Microphone and loopback.
    Devices {
        /// The microphone.
        near: Pick,
        /// What the PC plays; `None` for a PC that does not hear the citizen.
        far: Option<Pick>,
    },
    /// A file for each call.
    Wav {
        /// How fast it is played.
        pace: Pace,
    },
}

impl SoundConfig {
    /// The tracks that a call has.
    pub fn tracks(&self) -> Vec<Track> {
        match self {
            Self::Devices { far: None, .. } => vec![Track::Near],
            Self::Devices { .. } | Self::Wav { .. } => Track::BOTH.to_vec(),
        }
    }
}

/// The file cannot be used; correct what the sentence names.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {what}", file = file.display())]
pub struct BadConfig {
    pub(crate) file: PathBuf,
    pub(crate) what: String,
}

impl Config {
    /// Checks the text of a file over which no policy stands.
    pub fn parse(text: &str) -> Result<Self, String> {
        Raw::parse(text)?.check()
    }

    /// Sound goes to another machine.
    pub fn leaves_this_machine(&self) -> bool {
        let host = self.pipeline.split_once("://").map_or(self.pipeline.as_str(), |(_, host)| host);
        host.trim_end_matches('/').parse::<SocketAddr>().map_or(true, |address| !address.ip().is_loopback())
    }

    /// How calls of this area may be recorded.
    pub fn rule_of(&self, area: &str) -> &Rule {
        self.areas.get(area).unwrap_or(&self.rule)
    }
}

/// A file as it is written: what it does not say is `None`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    pub(crate) log: Option<String>,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) http: Option<String>,
    pub(crate) pipeline: Option<String>,
    pub(crate) pane: Option<String>,
    pub(crate) mode: Option<Mode>,
    pub(crate) legal_basis: Option<String>,
    pub(crate) area: Option<String>,
    #[serde(default)]
    pub(crate) areas: BTreeMap<String, RawRule>,
    pub(crate) ends: Option<RawEnds>,
    pub(crate) sound: Option<RawSound>,
    pub(crate) seal: Option<RawSeal>,
    pub(crate) telemetry: Option<RawTelemetry>,
    pub(crate) tls: Option<RawTls>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSeal {
    key_id: String,
    public_key: Option<String>,
    public_key_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    mode: Mode,
    legal_basis: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEnds {
    pub(crate) quiet_s: Option<u32>,
    pub(crate) longest_s: Option<u32>,
}

impl RawEnds {
    fn rules(&self) -> EndRules {
        let usual = EndRules::default();
        EndRules {
            quiet_s: self.quiet_s.unwrap_or(usual.quiet_s),
            longest_s: self.longest_s.unwrap_or(usual.longest_s),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSound {
    pub(crate) kind: Option<RawKind>,
    pub(crate) near: Option<String>,
    pub(crate) far: Option<String>,
    pub(crate) pace: Option<Pace>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawKind {
    Devices,
    Wav,
}

impl Raw {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| one_line(&error, text))
    }

    /// All of it; what is not said has a default, or is missing.
    pub(crate) fn check(self) -> Result<Config, String> {
        self.check_parts()?;
        let missing = |key: &str| format!("{key} is missing; see docs/operating.md for what it means");
        let pipeline = self.pipeline.ok_or_else(|| missing("pipeline"))?;
        let state_dir = self.state_dir.or_else(system::usual_state_dir).ok_or_else(|| missing("state_dir"))?;
        let tls = match (address("pipeline", &pipeline)?, self.tls) {
            (true, tls) => Some(tls.unwrap_or_default().check(Some(state_dir.join("identity")))?),
            (false, None) => None,
            (false, Some(_)) => {
                return Err(format!(
                    "pipeline = \"{pipeline}\" begins with http://, and with [tls] it is https://; write that, or remove [tls]"
                ));
            }
        };
        Ok(Config {
            log: self.log.unwrap_or_else(|| "info".into()),
            state_dir,
            http: loopback("http", &self.http.ok_or_else(|| missing("http"))?)?,
            pipeline,
            tls,
            pane: self.pane,
            // Without a known mode, nothing is recorded before the citizen has agreed.
            rule: rule("mode", self.mode.unwrap_or(Mode::Consent), self.legal_basis)?,
            areas: areas(self.areas)?,
            area: self.area.unwrap_or_else(|| "standard".into()),
            ends: self.ends.unwrap_or_default().rules(),
            sound: sound(&self.sound.ok_or_else(|| missing("sound.kind"))?)?,
            seal: self.seal.map(seal).transpose()?,
            telemetry: self.telemetry.map(RawTelemetry::check).transpose().map_err(|bad| bad.to_string())?,
        })
    }

    /// Each key by itself, as far as it is there.
    pub(crate) fn check_parts(&self) -> Result<(), String> {
        if self.state_dir.as_ref().is_some_and(|folder| folder.as_os_str().is_empty()) {
            return Err("state_dir is empty; give a folder on a local disk".into());
        }
        if self.area.as_ref().is_some_and(|area| area.trim().is_empty()) {
            return Err("area is empty; remove it, or name a department".into());
        }
        if let Some(http) = &self.http {
            loopback("http", http)?;
        }
        if let Some(pipeline) = &self.pipeline {
            address("pipeline", pipeline)?;
        }
        if let Some(pane) = &self.pane {
            page("pane", pane)?;
        }
        if let Some(sound) = &self.sound {
            for (key, name) in [("sound.near", &sound.near), ("sound.far", &sound.far)] {
                name.as_ref().map(|name| pick(key, name)).transpose()?;
            }
        }
        if let Some(telemetry) = self.telemetry.clone() {
            telemetry.check().map_err(|bad| bad.to_string())?;
        }
        Ok(())
    }
}

pub(crate) fn areas(raw: BTreeMap<String, RawRule>) -> Result<BTreeMap<String, Rule>, String> {
    let checked = raw.into_iter().map(|(area, raw)| {
        let rule = rule(&format!("areas.{area}.mode"), raw.mode, raw.legal_basis)?;
        Ok((area, rule))
    });
    checked.collect()
}

/// Sound that a law asks for is kept without asking anybody, so the law has to be named.
pub(crate) fn rule(key: &str, mode: Mode, legal_basis: Option<String>) -> Result<Rule, String> {
    let legal_basis = legal_basis.map(|basis| basis.trim().to_owned()).filter(|basis| !basis.is_empty());
    match (mode, &legal_basis) {
        (Mode::Documentation, None) => Err(format!(
            "{key} = \"documentation\" needs a legal_basis beside it; name the law that asks for the recording, or use \
             \"consent\""
        )),
        (Mode::Off | Mode::Notice | Mode::Consent, Some(_)) => {
            Err(format!("legal_basis is for {key} = \"documentation\" only; remove it"))
        }
        _ => Ok(Rule { mode, legal_basis }),
    }
}

fn sound(raw: &RawSound) -> Result<SoundConfig, String> {
    let kind = raw.kind.ok_or("sound.kind is missing; use \"devices\", or \"wav\" for a demo")?;
    match (kind, raw.pace) {
        (RawKind::Devices, Some(_)) => {
            Err("sound.pace is for sound.kind = \"wav\" only, devices have a pace of their own; remove it".into())
        }
        (RawKind::Devices, None) => {
            let far = raw.far.as_deref().unwrap_or("default");
            let near = pick("sound.near", raw.near.as_deref().unwrap_or("default"))?;
            if near == Pick::Named("none".into()) {
                return Err("sound.near = \"none\" would leave nothing to record; use \"default\"".into());
            }
            let far = if far == "none" { None } else { Some(pick("sound.far", far)?) };
            Ok(SoundConfig::Devices { near, far })
        }
        (RawKind::Wav, _) if raw.near.is_some() || raw.far.is_some() => {
            Err("sound.near and sound.far are for sound.kind = \"devices\" only; remove them".into())
        }
        (RawKind::Wav, None) => {
            Err("sound.pace is missing; use \"real_time\", or \"credit\" for as fast as it is taken".into())
        }
        (RawKind::Wav, Some(pace)) => Ok(SoundConfig::Wav { pace }),
    }
}

/// The id says which key is meant, and the key says which id it has: half of a key that was copied, or that of another
/// server, is noticed before a call is sealed that nobody could open.
pub(crate) fn seal(raw: RawSeal) -> Result<PublicKey, String> {
    let (key, text) = match (raw.public_key, raw.public_key_file) {
        (Some(text), None) => ("seal.public_key", text),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(&file).map_err(|error| {
                format!("seal.public_key_file = \"{}\" cannot be read ({error}); correct the path", file.display())
            })?;
            ("seal.public_key_file", text)
        }
        (Some(_), Some(_)) => return Err("seal has both public_key and public_key_file; remove one of them".into()),
        (None, None) => {
            return Err("seal.public_key is missing; copy it from `referent-pipeline seal-key new`".into());
        }
    };
    let server = PublicKey::from_text(&text).map_err(|error| format!("{key}: {error}"))?;
    let named: KeyId = raw.key_id.parse().map_err(|error| format!("seal.key_id = \"{}\": {error}", raw.key_id))?;
    if named != server.id() {
        return Err(format!(
            "seal.key_id = \"{named}\" is not the id of {key}, which is {}; copy both from `referent-pipeline seal-key new`",
            server.id()
        ));
    }
    // Sealed for once, and for nobody: a key for which nothing can be sealed is refused here, and not in mid-call.
    Sealer::new(&server, CallId::new(0, [0; 10]), 0).map_err(|error| format!("{key}: {error}"))?;
    Ok(server)
}

fn pick(key: &str, name: &str) -> Result<Pick, String> {
    match name.trim() {
        "" => Err(format!("{key} is empty; use \"default\", or part of a name that `referent-agent devices` lists")),
        "default" => Ok(Pick::Default),
        part => Ok(Pick::Named(part.to_owned())),
    }
}

/// The parser's complaint on one line, with the line of the file that it is about.
fn one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
    let what = error.message().replace('\n', " ");
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    format!("{place}{what}; correct it, or see docs/operating.md for the keys there are")
}

fn loopback(key: &str, value: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = value.parse().map_err(|_| {
        format!("{key} = \"{value}\" is not an address and a port; write for example {key} = \"127.0.0.1:0\"")
    })?;
    if !address.ip().is_loopback() {
        return Err(format!(
            "{key} = \"{value}\" would reach beyond this machine without TLS; use 127.0.0.1 or [::1]{}",
            if key == "http" { "" } else { ", or write https:// and enrol this PC" }
        ));
    }
    Ok(address)
}

/// Whether it is reached over TLS; without it is on this machine.
fn address(key: &str, value: &str) -> Result<bool, String> {
    let Some((is_secure, host)) = split(value) else {
        return Err(format!(
            "{key} = \"{value}\" is no address; write for example {key} = \"https://pipeline.example:9090\", or \
             \"http://127.0.0.1:9090\" on this machine"
        ));
    };
    if !is_secure {
        loopback(key, host)?;
    }
    Ok(is_secure)
}

/// It is handed to the desktop to be opened, so it is a page and nothing else: no file, no program.
fn page(key: &str, value: &str) -> Result<(), String> {
    let is_page = ["http://", "https://"]
        .iter()
        .any(|scheme| value.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')));
    let is_plain = value.chars().all(|letter| letter.is_ascii_graphic());
    if is_page && is_plain {
        return Ok(());
    }
    Err(format!("{key} = \"{value}\" is no address of a page; write for example {key} = \"http://127.0.0.1:8080/\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "state_dir = \"/tmp/a\"\nhttp = \"127.0.0.1:0\"\npipeline = \"http://127.0.0.1:9090\"\n\
                        mode = \"notice\"\n";
    const WAV: &str = "[sound]\nkind = \"wav\"\npace = \"credit\"\n";

    #[track_caller]
    fn refused(text: &str, names: &str) {
        let error = Config::parse(text).expect_err("refused");
        assert!(error.contains(names), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn a_mistake_is_one_sentence_with_key_and_remedy() {
        refused("colour = \"blue\"\n", "colour");
        refused(&format!("{GOOD}colour = 1\n{WAV}"), "line 5: unknown field `colour`");
        refused(&format!("{GOOD}{WAV}colour = 1\n"), "colour");
        refused(GOOD, "sound");
        refused(&format!("{}{WAV}", GOOD.replace("127.0.0.1:0", "0.0.0.0:1")), "beyond this machine");
        refused(&format!("{}{WAV}", GOOD.replace("http://127.0.0.1:9090", "x:9090")), "is no address");
        let elsewhere = GOOD.replace("http://127.0.0.1:9090", "http://10.0.0.1:9090");
        refused(
            &format!("{elsewhere}{WAV}"),
            "beyond this machine without TLS; use 127.0.0.1 or [::1], or write https://",
        );
        let secured = GOOD.replace("http://127.0.0.1:9090", "https://pipeline.example:9090");
        let at = |text: &str| Config::parse(text).unwrap().tls;
        assert_eq!(at(&format!("{secured}{WAV}")), Some(Place::Folder("/tmp/a/identity".into())));
        assert_eq!(at(&format!("{secured}{WAV}[tls]\nidentity = \"/i\"\n")), Some(Place::Folder("/i".into())));
        assert_eq!(at(&format!("{GOOD}{WAV}")), None);
        refused(&format!("{GOOD}{WAV}[tls]\nidentity = \"/i\"\n"), "with [tls] it is https://");
        refused(&format!("{secured}{WAV}[tls]\nkey = \"/k\"\n"), "tls is not whole");
        refused(&format!("{secured}{WAV}[tls]\ncolour = 1\n"), "colour");
        refused(&format!("{}{WAV}", GOOD.replace("\"notice\"", "\"sometimes\"")), "sometimes");
        refused(&format!("{}{WAV}", GOOD.replace("\"notice\"", "\"documentation\"")), "needs a legal_basis");
        refused(&format!("{GOOD}legal_basis = \"a law\"\n{WAV}"), "legal_basis is for mode");
        refused(&format!("{GOOD}{WAV}[areas.tax]\nmode = \"documentation\"\n"), "areas.tax.mode");
        for pane in ["file:///etc/passwd", "http://", "http:///x", "javascript:alert(1)", "http://a b", ""] {
            refused(&format!("{GOOD}pane = \"{pane}\"\n{WAV}"), "is no address of a page");
        }
        refused(&format!("{GOOD}[sound]\nkind = \"wav\"\n"), "sound.pace is missing");
        refused(&format!("{GOOD}[sound]\nkind = \"devices\"\npace = \"credit\"\n"), "sound.pace");
        refused(&format!("{GOOD}{WAV}near = \"x\"\n"), "sound.near");
        refused(&format!("{GOOD}[sound]\nkind = \"devices\"\nnear = \"none\"\n"), "sound.near");
        refused(&format!("{GOOD}[sound]\nkind = \"devices\"\nfar = \"\"\n"), "sound.far is empty");
        refused(&format!("{GOOD}{WAV}[telemetry]\notlp = \"http://10.0.0.1:4318\"\n"), "write https://");
    }

    #[test]
    fn a_key_to_seal_for_is_taken_whole_and_with_its_id_or_not_at_all() {
        // 32 bytes: 0 to 31.
        const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let with = |seal: &str| format!("{GOOD}{WAV}[seal]\n{seal}");
        let id = "key_id = \"0001020304050607\"\n";
        let config = Config::parse(&with(&format!("{id}public_key = \"{KEY}\"\n"))).unwrap();
        assert_eq!(config.seal.unwrap().to_text(), KEY);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{KEY}\n")).unwrap();
        let of_file = format!("{id}public_key_file = \"{}\"\n", file.path().display());
        assert_eq!(Config::parse(&with(&of_file)).unwrap().seal.unwrap().to_text(), KEY);
        refused(&with(id), "seal.public_key is missing");
        refused(&with(&format!("{of_file}public_key = \"{KEY}\"\n")), "remove one of them");
        refused(&with(&format!("{id}public_key = \"{}\"\n", &KEY[..40])), "seal.public_key: it is not a key");
        refused(&with(&format!("key_id = \"2026\"\npublic_key = \"{KEY}\"\n")), "seal.key_id = \"2026\"");
        let other = "key_id = \"0001020304050608\"\n";
        refused(&with(&format!("{other}public_key = \"{KEY}\"\n")), "which is 0001020304050607");
        refused(&with(&format!("{id}public_key_file = \"/nowhere/at/all\"\n")), "/nowhere/at/all");
        let zero = format!("key_id = \"{}\"\npublic_key = \"{}=\"\n", "0".repeat(16), "A".repeat(43));
        refused(&with(&zero), "nothing can be sealed for");
        refused(&with(&format!("{id}private_key = \"{KEY}\"\n")), "private_key");
    }

    #[test]
    fn what_leaves_this_machine_is_known_by_the_address() {
        let to =
            |pipeline: &str| Config { pipeline: pipeline.into(), ..Config::parse(&format!("{GOOD}{WAV}")).unwrap() };
        for own in ["http://127.0.0.1:9090", "http://[::1]:9090/", "http://127.8.9.1:1"] {
            assert!(!to(own).leaves_this_machine(), "{own}");
        }
        for other in ["http://10.0.0.1:9090", "https://pipeline.example:9090", "https://[2001:db8::1]:1"] {
            assert!(to(other).leaves_this_machine(), "{other}");
        }
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let config = Config::parse(&format!("{GOOD}[sound]\nkind = \"devices\"\n")).unwrap();
        assert_eq!(config.sound, SoundConfig::Devices { near: Pick::Default, far: Some(Pick::Default) });
        assert_eq!((config.area.as_str(), config.log.as_str()), ("standard", "info"));
        assert_eq!(config.rule_of("anything").mode, Mode::Notice);
        let silent = Config::parse(&format!("{}{WAV}", GOOD.replace("mode = \"notice\"\n", ""))).unwrap();
        assert_eq!(silent.rule.mode, Mode::Consent, "without a known mode nobody is recorded unasked");
        let areas = format!("{GOOD}{WAV}[areas.tax]\nmode = \"documentation\"\nlegal_basis = \"§ 1\"\n");
        let areas = Config::parse(&areas).unwrap();
        let rule = areas.rule_of("tax");
        assert_eq!((rule.mode, rule.legal_basis.as_deref()), (Mode::Documentation, Some("§ 1")));
        assert_eq!(areas.rule_of("pension").mode, Mode::Notice);
        let earlier = Config::parse(&format!("{}{WAV}", GOOD.replace("notice", "record"))).unwrap();
        assert_eq!(earlier.rule.mode, Mode::Notice, "the name of version 0.1");
        let desk_phone = Config::parse(&format!("{GOOD}[sound]\nkind = \"devices\"\nfar = \"none\"\n")).unwrap();
        assert_eq!(desk_phone.sound.tracks(), [Track::Near]);
    }
}
