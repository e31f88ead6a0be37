//! The tables `[[delivery]]`: where saved notes are sent, and how.
//!
//! In: the tables as they are written. Out: [`Destination`]s, or the key, its value and what is wrong with it. Promised: notes
//! leave this machine only encrypted, and no address comes from anywhere else.

use reqwest::Url;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Destinations that one configuration may have: each looks for what is due four times a second.
const MOST: usize = 16;
/// Secrets of one destination: the old one, the new one, and one to spare.
const MOST_SECRETS: usize = 3;

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Ids, case and time; whoever wants the text asks for it.
    #[default]
    Thin,
    /// The text as well.
    Full,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Saved,
    Withdrawn,
}

/// A system that is told of notes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Destination {
    /// What it is called, here and in logs.
    pub name: String,
    /// Where it listens.
    pub url: Url,
    /// What it knows us by; the first is the newest.
    pub secret_files: Vec<PathBuf>,
    /// What it is told.
    pub content: Content,
    /// It is told of versions that are saved.
    pub saved: bool,
    /// It is told of notes that are erased.
    pub withdrawn: bool,
    /// Who the events say that they come from.
    pub source: String,
    /// Deliveries under way at once.
    pub concurrency: usize,
    /// From the connection to the answer.
    pub timeout: Duration,
    /// To connect.
    pub connect: Duration,
    /// After so many days of failures a delivery is given up.
    pub give_up_days: u32,
    /// How long what was delivered stays listed.
    pub keep_days: u32,
    /// PEM, whom to trust instead of the system's authorities.
    pub authorities: Option<PathBuf>,
    /// PEM, our key and certificate, for a receiver that asks for one.
    pub client_certificate: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDelivery {
    name: String,
    url: String,
    secret_files: Vec<PathBuf>,
    #[serde(default)]
    content: Content,
    #[serde(default = "both")]
    events: Vec<Event>,
    #[serde(default = "urn")]
    source: String,
    #[serde(default = "four")]
    concurrency: usize,
    #[serde(default = "fifteen")]
    timeout_s: u64,
    #[serde(default = "five")]
    connect_s: u64,
    #[serde(default = "three")]
    give_up_days: u32,
    #[serde(default = "thirty")]
    keep_days: u32,
    authorities: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
}

fn both() -> Vec<Event> {
    vec![Event::Saved, Event::Withdrawn]
}

fn urn() -> String {
    "urn:referent:notes-api".to_owned()
}

fn four() -> usize {
    4
}

fn fifteen() -> u64 {
    15
}

fn five() -> u64 {
    5
}

fn three() -> u32 {
    3
}

fn thirty() -> u32 {
    30
}

/// A key of a table, its value, and what is wrong with it.
pub(super) type Wrong = (&'static str, String, &'static str);

/// All tables.
pub(super) fn check(raw: Vec<RawDelivery>) -> Result<Vec<Destination>, Wrong> {
    if raw.len() > MOST {
        return Err(("delivery", raw.len().to_string(), "are more destinations than the 16 that there may be"));
    }
    let mut names = BTreeSet::new();
    for one in &raw {
        if !names.insert(one.name.clone()) {
            return Err(("delivery.name", one.name.clone(), "stands there twice; give each destination its own"));
        }
    }
    raw.into_iter().map(RawDelivery::check).collect()
}

impl RawDelivery {
    fn check(self) -> Result<Destination, Wrong> {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.name.is_empty() || self.name.len() > 40 || !self.name.bytes().all(is_word) {
            let problem = "is no name; write 1 to 40 of a to z, 0 to 9 and -, for example esdh";
            return Err(("delivery.name", self.name, problem));
        }
        let url = address(&self.url)?;
        if self.secret_files.is_empty() || self.secret_files.len() > MOST_SECRETS {
            let problem =
                "names no secret, or more than 3; make one with `referent-notes-api deliveries secret --out FILE`";
            return Err(("delivery.secret_files", format!("{:?}", self.secret_files).replace('"', ""), problem));
        }
        if self.events.is_empty() {
            return Err((
                "delivery.events",
                "[]".to_owned(),
                "is empty; list \"saved\", \"withdrawn\" or both, or remove it",
            ));
        }
        if self.source.is_empty() || self.source.len() > 200 || Url::parse(&self.source).is_err() {
            let problem = "is no URI; write the address under which the receiver reaches this server, or remove it";
            return Err(("delivery.source", self.source, problem));
        }
        within("delivery.concurrency", self.concurrency as u64, 1, 16, "is not between 1 and 16; write 4")?;
        within("delivery.timeout_s", self.timeout_s, 1, 60, "is not between 1 and 60; write 15")?;
        within("delivery.connect_s", self.connect_s, 1, 60, "is not between 1 and 60; write 5")?;
        within("delivery.give_up_days", self.give_up_days.into(), 1, 30, "is not between 1 and 30; write 3")?;
        within("delivery.keep_days", self.keep_days.into(), 1, 400, "is not between 1 and 400; write 30")?;
        Ok(Destination {
            name: self.name,
            url,
            secret_files: self.secret_files,
            content: self.content,
            saved: self.events.contains(&Event::Saved),
            withdrawn: self.events.contains(&Event::Withdrawn),
            source: self.source,
            concurrency: self.concurrency,
            timeout: Duration::from_secs(self.timeout_s),
            connect: Duration::from_secs(self.connect_s),
            give_up_days: self.give_up_days,
            keep_days: self.keep_days,
            authorities: self.authorities,
            client_certificate: self.client_certificate,
        })
    }
}

fn within(key: &'static str, value: u64, least: u64, most: u64, problem: &'static str) -> Result<(), Wrong> {
    if (least..=most).contains(&value) { Ok(()) } else { Err((key, value.to_string(), problem)) }
}

/// An address that notes may be sent to. What stands in it is not repeated where it may hold a password.
fn address(text: &str) -> Result<Url, Wrong> {
    let key = "delivery.url";
    let Some(url) = Url::parse(text).ok().filter(Url::has_host) else {
        return Err((key, text.to_owned(), "is no address; write for example https://esdh.example/referent"));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err((key, "…".to_owned(), "holds a name or password; remove it, deliveries are signed"));
    }
    let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        _ => return Err((key, text.to_owned(), "would send notes unencrypted; write https://")),
    }
    if url.fragment().is_some() {
        return Err((key, text.to_owned(), "has a #fragment, which is never sent; remove it"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"esdh\"\nurl = \"https://esdh.example/in\"\nsecret_files = [\"/tmp/s\"]\n";

    fn parse(text: &str) -> Result<Destination, Wrong> {
        let raw: RawDelivery = toml::from_str(text).unwrap();
        check(vec![raw]).map(|mut all| all.remove(0))
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let one = parse(GOOD).unwrap();
        assert_eq!((one.content, one.saved, one.withdrawn), (Content::Thin, true, true));
        assert_eq!((one.concurrency, one.timeout.as_secs(), one.give_up_days, one.keep_days), (4, 15, 3, 30));
    }

    #[test]
    fn a_mistake_is_told_with_its_key() {
        let check = |text: &str, key: &str, said: &str| {
            let (at, value, problem) = parse(text).unwrap_err();
            assert_eq!(at, key, "{text}");
            assert!(problem.contains(said), "{problem}");
            assert!(!value.contains("hemmelig"), "{value}");
        };
        let url = |url: &str| GOOD.replace("https://esdh.example/in", url);
        check(&url("http://esdh.example/in"), "delivery.url", "unencrypted");
        check(&url("http://127.0.0.1.example/in"), "delivery.url", "unencrypted");
        check(&url("ftp://127.0.0.1/in"), "delivery.url", "unencrypted");
        check(&url("https://anna:hemmelig@esdh.example/in"), "delivery.url", "password");
        check(&url("https://esdh.example/in#x"), "delivery.url", "fragment");
        check(&url("esdh"), "delivery.url", "is no address");
        for good in ["http://127.0.0.1:9/in", "http://[::1]/", "http://localhost:1/", "https://10.0.0.1/in?key=1"] {
            assert!(parse(&url(good)).is_ok(), "{good}");
        }
        check(&GOOD.replace("\"esdh\"", "\"Esdh 1\""), "delivery.name", "is no name");
        check(&GOOD.replace("\"/tmp/s\"", ""), "delivery.secret_files", "names no secret");
        check(&GOOD.replace("\"/tmp/s\"", "\"a\", \"b\", \"c\", \"d\""), "delivery.secret_files", "more than 3");
        check(&format!("{GOOD}events = []\n"), "delivery.events", "is empty");
        check(&format!("{GOOD}source = \"here\"\n"), "delivery.source", "is no URI");
        check(&format!("{GOOD}concurrency = 0\n"), "delivery.concurrency", "between 1 and 16");
        check(&format!("{GOOD}timeout_s = 61\n"), "delivery.timeout_s", "between 1 and 60");
        check(&format!("{GOOD}give_up_days = 0\n"), "delivery.give_up_days", "between 1 and 30");
        check(&format!("{GOOD}keep_days = 500\n"), "delivery.keep_days", "between 1 and 400");
        let twice = || toml::from_str::<RawDelivery>(GOOD).unwrap();
        assert_eq!(super::check(vec![twice(), twice()]).unwrap_err().0, "delivery.name");
    }
}
