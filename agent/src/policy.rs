//! What is decided for the whole machine stands above what its user wrote.
//!
//! In: the user's file, and the policy, a file of the same keys that only an administrator can write. Out: one checked
//! [`Config`], and where each of its values came from.
//!
//! Promises:
//!   P1  A key of the policy holds, whatever the user's file says of it; that file is read on, and the key is named.
//!   P2  A policy that names `mode` decides for every area: those it does not name follow its `mode`, so that nobody
//!       gets another mode by inventing an area.
//!   P3  A policy that is there and cannot be read, holds a mistake, or fixes nothing (as a file does that was cut off
//!       while it was written) is an error. Nothing runs without it.
//!   P4  Another file takes the place of a policy only where the machine has none.
//!   P5  Where there is a policy, the user needs no file: one that is not there says nothing.
//!
//! Not done here: who may write the file is the system's affair; `doctor` looks. No environment is read, because
//! whoever starts the agent could set it.

use crate::config::{BadConfig, Config, Raw, RawEnds, RawSound, SoundConfig, areas, rule, seal};
use crate::system;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where this machine's policy is. Beside the program, where only an administrator writes: below `C:\ProgramData` any user
/// may make a folder that is not there yet. And not by `%ProgramFiles%`, which a user may set. The value `Policy` of
/// `HKLM\SOFTWARE\Policies\Referent`, which only an administrator can write, names another.
#[cfg(windows)]
pub const PLACE: &str = r"C:\Program Files\Referent\policy.toml";
/// Where this machine's policy is.
#[cfg(target_os = "macos")]
pub const PLACE: &str = "/Library/Application Support/Referent/policy.toml";
/// Where this machine's policy is.
#[cfg(not(any(windows, target_os = "macos")))]
pub const PLACE: &str = "/etc/referent/policy.toml";

/// The user's file and the machine's policy, read and laid over each other.
#[derive(Debug)]
pub struct Loaded {
    /// What holds.
    pub config: Config,
    /// What the user's file says and what does not hold.
    pub overruled: Vec<Overruled>,
    file: Source,
    policy: Option<Source>,
}

/// A key of the user's file that the policy decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overruled {
    /// Its name, with dots.
    pub key: String,
    /// As it is written.
    pub value: String,
    /// In which line.
    pub line: usize,
}

#[derive(Debug)]
struct Source {
    path: PathBuf,
    keys: BTreeMap<String, Written>,
}

#[derive(Debug, Clone)]
struct Written {
    value: String,
    line: usize,
}

/// Reads both files. `instead` takes the place of the policy on a machine that has none (P4): for tests, and for trying
/// a policy out before it is put in its place.
pub fn load(file: &Path, instead: Option<&Path>) -> Result<Loaded, BadConfig> {
    load_from(file, &place()?, instead)
}

/// Where this machine's policy is: [`PLACE`], or where the system names another.
fn place() -> Result<PathBuf, BadConfig> {
    let named = system::policy_place().map_err(|error| {
        let what = format!("whether the policy is elsewhere is not known ({error}), and nothing runs without it");
        bad(Path::new(PLACE), what)
    })?;
    Ok(named.unwrap_or_else(|| PLACE.into()))
}

fn load_from(file: &Path, place: &Path, instead: Option<&Path>) -> Result<Loaded, BadConfig> {
    let policy = match (read_policy(place)?, instead.filter(|instead| *instead != place)) {
        (Some(_), Some(_)) => {
            return Err(bad(place, "is this machine's policy, and no other can take its place; leave --policy out"));
        }
        (None, Some(instead)) => {
            Some(read_policy(instead)?.ok_or_else(|| bad(instead, "is not there; correct --policy"))?)
        }
        (policy, None) => policy,
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && policy.is_some() => String::new(),
        Err(error) => return Err(bad(file, format!("cannot be read ({error}); give its path with --config"))),
    };
    let user = Raw::parse(&text).map_err(|what| bad(file, what))?;
    let file_keys = keys(&text);
    let (raw, overruled, policy) = match policy {
        None => (user, Vec::new(), None),
        Some((raw, source)) => {
            let fixed = file_keys.iter().filter(|(key, _)| is_fixed(&source.keys, key));
            let overruled = fixed.map(|(key, Written { value, line })| Overruled {
                key: key.clone(),
                value: value.clone(),
                line: *line,
            });
            (under(user, raw), overruled.collect(), Some(source))
        }
    };
    let config = raw.check().map_err(|what| bad(file, what))?;
    Ok(Loaded { config, overruled, file: Source { path: file.to_owned(), keys: file_keys }, policy })
}

fn bad(file: &Path, what: impl Into<String>) -> BadConfig {
    BadConfig { file: file.to_owned(), what: what.into() }
}

/// The policy at this place; `None` where nothing is there (P3).
fn read_policy(path: &Path) -> Result<Option<(Raw, Source)>, BadConfig> {
    let unreadable = |error| {
        let what = format!("the policy cannot be read ({error}), and nothing runs without it; let everybody read it");
        Err(bad(path, what))
    };
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return unreadable(error),
        Ok(_) => {}
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return unreadable(error),
    };
    let of_policy = |what: String| bad(path, format!("the policy cannot be used, and nothing runs without it: {what}"));
    let raw = Raw::parse(&text).and_then(checked).map_err(of_policy)?;
    let source = Source { path: path.to_owned(), keys: keys(&text) };
    if source.keys.is_empty() {
        return Err(of_policy("it decides nothing; write what it shall decide, or remove it".into()));
    }
    Ok(Some((raw, source)))
}

/// Every value of a policy by itself, so that a mistake is not looked for in the user's file.
fn checked(policy: Raw) -> Result<Raw, String> {
    policy.check_parts()?;
    match (policy.mode, &policy.legal_basis) {
        (Some(mode), legal_basis) => drop(rule("mode", mode, legal_basis.clone())?),
        (None, Some(_)) => return Err("legal_basis needs mode = \"documentation\" beside it".into()),
        (None, None) => {}
    }
    areas(policy.areas.clone())?;
    policy.seal.clone().map(seal).transpose()?;
    policy.tls.clone().map(|tls| tls.check(Some(PathBuf::from("identity")))).transpose()?;
    Ok(policy)
}

/// The user's file with the policy over it (P1, P2).
fn under(user: Raw, policy: Raw) -> Raw {
    let (mode, legal_basis, mut areas) = match policy.mode {
        Some(_) => (policy.mode, policy.legal_basis, BTreeMap::new()),
        None => (user.mode, user.legal_basis, user.areas),
    };
    areas.extend(policy.areas);
    let ends = match (user.ends, policy.ends) {
        (Some(user), Some(policy)) => {
            Some(RawEnds { quiet_s: policy.quiet_s.or(user.quiet_s), longest_s: policy.longest_s.or(user.longest_s) })
        }
        (user, policy) => policy.or(user),
    };
    let sound = match (user.sound, policy.sound) {
        (Some(user), Some(policy)) => Some(RawSound {
            kind: policy.kind.or(user.kind),
            near: policy.near.or(user.near),
            far: policy.far.or(user.far),
            pace: policy.pace.or(user.pace),
        }),
        (user, policy) => policy.or(user),
    };
    Raw {
        log: policy.log.or(user.log),
        state_dir: policy.state_dir.or(user.state_dir),
        http: policy.http.or(user.http),
        pipeline: policy.pipeline.or(user.pipeline),
        pane: policy.pane.or(user.pane),
        mode,
        legal_basis,
        area: policy.area.or(user.area),
        areas,
        ends,
        sound,
        // A key is one thing: half of it from each file would be no key.
        seal: policy.seal.or(user.seal),
        telemetry: policy.telemetry.or(user.telemetry),
        tls: policy.tls.or(user.tls),
    }
}

/// Whether the policy decides a key that the user's file sets.
fn is_fixed(policy: &BTreeMap<String, Written>, key: &str) -> bool {
    let names = |prefix: &str| policy.keys().any(|fixed| fixed.starts_with(prefix));
    let fixes_modes = policy.contains_key("mode");
    match key.split_once('.') {
        Some(("areas", _)) => fixes_modes || key.rsplit_once('.').is_some_and(|(area, _)| names(&format!("{area}."))),
        Some(("seal", _)) => names("seal."),
        Some(("telemetry", _)) => names("telemetry."),
        Some(("tls", _)) => names("tls."),
        None if key == "legal_basis" => fixes_modes,
        _ => policy.contains_key(key),
    }
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The user's file, in this line.
    File(usize),
    /// The machine's policy, in this line.
    Policy(usize),
}

/// A value that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name, with dots.
    pub key: String,
    /// As it is written.
    pub value: String,
    /// Who wrote it.
    pub origin: Origin,
}

impl Loaded {
    /// Every value that holds, and where it came from, by name.
    pub fn settings(&self) -> Vec<Setting> {
        let mut found = BTreeMap::new();
        for (key, value) in self.defaults() {
            found.insert(key.to_owned(), (value, Origin::Default));
        }
        for (key, written) in &self.file.keys {
            if !self.overruled.iter().any(|overruled| overruled.key == *key) {
                found.insert(key.clone(), (written.value.clone(), Origin::File(written.line)));
            }
        }
        for (key, written) in self.policy.iter().flat_map(|policy| &policy.keys) {
            found.insert(key.clone(), (written.value.clone(), Origin::Policy(written.line)));
        }
        found.into_iter().map(|(key, (value, origin))| Setting { key, value, origin }).collect()
    }

    fn defaults(&self) -> impl Iterator<Item = (&'static str, String)> {
        let devices = matches!(self.config.sound, SoundConfig::Devices { .. });
        let always = [
            ("log", "\"info\""),
            ("mode", "\"consent\""),
            ("area", "\"standard\""),
            ("ends.quiet_s", "1800"),
            ("ends.longest_s", "14400"),
        ];
        let sound = [("sound.near", "\"default\""), ("sound.far", "\"default\"")];
        let share = self.config.telemetry.as_ref().map(|_| ("telemetry.share", "1.0"));
        let fixed = always.into_iter().chain(sound.into_iter().filter(move |_| devices)).chain(share);
        let state_dir = ("state_dir", format!("\"{}\"", self.config.state_dir.display()));
        fixed.map(|(key, value)| (key, value.to_owned())).chain([state_dir])
    }

    /// Where the policy is, if there is one.
    pub fn policy(&self) -> Option<&Path> {
        self.policy.as_ref().map(|policy| policy.path.as_path())
    }

    /// What `referent-agent config check` says.
    pub fn in_words(&self) -> String {
        let file = self.file.path.display();
        let policy =
            self.policy().map_or_else(|| format!("none ({PLACE} is not there)"), |path| path.display().to_string());
        let mut text = format!("file:   {file}\npolicy: {policy}\n\n");
        let settings = self.settings();
        let width =
            |of: fn(&Setting) -> &str| settings.iter().map(|setting| of(setting).chars().count()).max().unwrap_or(0);
        let (keys, values) = (width(|setting| &setting.key), width(|setting| &setting.value));
        for Setting { key, value, origin } in &settings {
            let origin = match origin {
                Origin::Default => "default".to_owned(),
                Origin::File(line) => format!("file, line {line}"),
                Origin::Policy(line) => format!("policy, line {line}"),
            };
            writeln!(text, "{key:<keys$} = {value:<values$}  {origin}").ok();
        }
        for Overruled { key, value, line } in &self.overruled {
            writeln!(text, "\nThe policy decides {key}: {value} in line {line} of the file does not hold.").ok();
        }
        text.push_str("\nThe configuration is in order.");
        text
    }
}

/// Every value of a text that is TOML, by its name with dots, with its line.
fn keys(text: &str) -> BTreeMap<String, Written> {
    let mut found = BTreeMap::new();
    if let Ok(table) = toml::de::DeTable::parse(text) {
        collect(text, "", table.get_ref(), &mut found);
    }
    found
}

fn collect(text: &str, prefix: &str, table: &toml::de::DeTable<'_>, found: &mut BTreeMap<String, Written>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        if let Some(table) = value.get_ref().as_table() {
            collect(text, &format!("{name}."), table, found);
            continue;
        }
        let line = text.get(..key.span().start).unwrap_or_default().matches('\n').count() + 1;
        let value = text.get(value.span()).unwrap_or_default().replace('\n', " ");
        found.insert(name, Written { value, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use referent_proto::Mode;

    const USER: &str = "state_dir = \"/tmp/a\"\nhttp = \"127.0.0.1:0\"\npipeline = \"http://127.0.0.1:9090\"\n\
                        mode = \"notice\"\narea = \"tax\"\n[areas.tax]\nmode = \"notice\"\n[areas.pension]\n\
                        mode = \"documentation\"\nlegal_basis = \"a law\"\n[sound]\nkind = \"devices\"\n\
                        near = \"usb\"\n";

    /// Loads the user's file with this policy in its place; `None`: there is none.
    fn with(user: &str, policy: Option<&str>) -> Result<Loaded, BadConfig> {
        let folder = tempfile::tempdir().unwrap();
        let (file, place) = (folder.path().join("agent.toml"), folder.path().join("policy.toml"));
        std::fs::write(&file, user).unwrap();
        if let Some(policy) = policy {
            std::fs::write(&place, policy).unwrap();
        }
        load_from(&file, &place, None)
    }

    #[track_caller]
    fn overruled(policy: &str, expected: &[&str]) -> Config {
        let loaded = with(USER, Some(policy)).unwrap();
        let keys: Vec<&str> = loaded.overruled.iter().map(|overruled| overruled.key.as_str()).collect();
        assert_eq!(keys, expected, "{policy}");
        loaded.config
    }

    #[test]
    fn what_the_policy_says_holds_and_what_it_leaves_open_is_the_user_s() {
        let config = overruled("pipeline = \"http://127.0.0.1:1\"\nhttp = \"[::1]:2\"\n", &["http", "pipeline"]);
        assert_eq!((config.pipeline.as_str(), config.http.port()), ("http://127.0.0.1:1", 2));
        assert_eq!(config.rule_of("tax").mode, Mode::Notice);
        let config = overruled("area = \"pension\"\n[sound]\nnear = \"default\"\n", &["area", "sound.near"]);
        assert_eq!(config.area, "pension");
        assert_eq!(config.sound, Config::parse(&USER.replace("usb", "default")).unwrap().sound);
        // One area only: the others stay the user's.
        let config = overruled("[areas.tax]\nmode = \"off\"\n", &["areas.tax.mode"]);
        assert_eq!((config.rule_of("tax").mode, config.rule_of("other").mode), (Mode::Off, Mode::Notice));
        assert_eq!(with(USER, None).unwrap().overruled, []);
    }

    #[test]
    fn a_policy_with_a_mode_decides_for_every_area() {
        let all = ["areas.pension.legal_basis", "areas.pension.mode", "areas.tax.mode", "mode"];
        let config = overruled("mode = \"consent\"\n[areas.help]\nmode = \"off\"\n", &all);
        for area in ["tax", "pension", "standard", "invented"] {
            assert_eq!(config.rule_of(area).mode, Mode::Consent, "{area}");
        }
        assert_eq!(config.rule_of("help").mode, Mode::Off);
        let user = USER.replace("mode = \"notice\"\narea", "mode = \"documentation\"\nlegal_basis = \"mine\"\narea");
        let loaded = with(&user, Some("mode = \"notice\"\n")).unwrap();
        assert_eq!((loaded.config.rule.mode, loaded.config.rule.legal_basis), (Mode::Notice, None));
    }

    #[test]
    fn a_policy_that_cannot_be_used_lets_nothing_run() {
        for (policy, says) in [
            ("", "decides nothing"),
            ("# nothing yet\n", "decides nothing"),
            ("mode = \"consent", "line 1"),
            ("mode = \"sometimes\"\n", "sometimes"),
            ("mode = \"documentation\"\n", "needs a legal_basis"),
            ("legal_basis = \"a law\"\n", "needs mode"),
            ("colour = 1\n", "unknown field `colour`"),
            ("[areas.tax]\nmode = \"off\"\ncolour = 1\n", "colour"),
            ("[areas.tax]\nlegal_basis = \"a law\"\n", "mode"),
            ("http = \"0.0.0.0:1\"\n", "beyond this machine"),
            ("pipeline = \"ftp://x\"\n", "is no address"),
            ("pipeline = \"https://x\"\n[tls]\nkey = \"/k\"\n", "tls is not whole"),
            ("[sound]\nnear = \"\"\n", "sound.near is empty"),
            ("[telemetry]\notlp = \"http://10.0.0.1:1\"\n", "write https://"),
            ("[seal]\nkey_id = \"0001020304050607\"\n", "seal.public_key is missing"),
        ] {
            let error = with(USER, Some(policy)).expect_err(policy).to_string();
            assert!(
                error.contains(says) && error.contains("policy.toml") && !error.contains('\n'),
                "{policy}: {error}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, USER).unwrap();
        let refused = |place: &Path| load_from(&file, place, None).expect_err("refused").to_string();
        assert!(refused(folder.path()).contains("cannot be read"), "a folder in its place");
        assert!(refused(&file.join("policy.toml")).contains("cannot be read"), "a file in the folder's place");
        #[cfg(unix)]
        {
            let dangling = folder.path().join("dangling.toml");
            std::os::unix::fs::symlink(folder.path().join("nowhere"), &dangling).unwrap();
            assert!(refused(&dangling).contains("cannot be read"), "a link to nothing");
        }
    }

    #[test]
    fn no_other_file_takes_the_place_of_a_policy_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("agent.toml"), USER).unwrap();
        std::fs::write(path("mine.toml"), "mode = \"notice\"\n").unwrap();
        let load = |instead: &str| load_from(&path("agent.toml"), &path("policy.toml"), Some(&path(instead)));
        assert_eq!(load("mine.toml").unwrap().policy(), Some(path("mine.toml").as_path()));
        assert!(load("nowhere.toml").unwrap_err().to_string().contains("--policy"));
        std::fs::write(path("policy.toml"), "mode = \"off\"\n").unwrap();
        assert!(load("mine.toml").unwrap_err().to_string().contains("leave --policy out"));
        assert_eq!(load("policy.toml").unwrap().config.rule.mode, Mode::Off);
    }

    #[test]
    fn under_a_policy_a_user_needs_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, place) = (folder.path().join("agent.toml"), folder.path().join("policy.toml"));
        assert!(load_from(&file, &place, None).unwrap_err().to_string().contains("cannot be read"));
        std::fs::write(&place, USER.replace("state_dir = \"/tmp/a\"\n", "")).unwrap();
        let loaded = load_from(&file, &place, None).unwrap();
        assert!(loaded.config.state_dir.ends_with("referent"), "the user's own: {:?}", loaded.config.state_dir);
        let default = loaded.settings().into_iter().find(|setting| setting.key == "state_dir");
        assert_eq!(default.map(|setting| setting.origin), Some(Origin::Default));
    }

    #[test]
    fn every_value_says_where_it_came_from() {
        let loaded = with(USER, Some("mode = \"off\"\n")).unwrap();
        let of = |key: &str| loaded.settings().into_iter().find(|setting| setting.key == key);
        let setting =
            |key: &str, value: &str, origin| Some(Setting { key: key.to_owned(), value: value.to_owned(), origin });
        assert_eq!(of("mode"), setting("mode", "\"off\"", Origin::Policy(1)));
        assert_eq!(of("sound.near"), setting("sound.near", "\"usb\"", Origin::File(13)));
        assert_eq!(of("sound.far"), setting("sound.far", "\"default\"", Origin::Default));
        assert_eq!(of("areas.tax.mode"), None);
        let words = loaded.in_words();
        for part in
            ["policy, line 1", "file, line 13", "default", "The policy decides areas.tax.mode: \"notice\" in line 7"]
        {
            assert!(words.contains(part), "{part}: {words}");
        }
    }
}
