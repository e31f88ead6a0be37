//! The tables `[[case_system]]`: who may open the pane beside a case, in which pages, and fetch notes.
//!
//! In: the tables as they are written. Out: a [`CaseSystemConfig`] each, or the key, its value and what is wrong with it.

use super::login::{is_bare, is_safe};
use super::tls::Wrong;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use url::Url;

/// A case system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseSystemConfig {
    /// What the audit calls it.
    pub name: String,
    /// The secret by which it is known.
    pub key_file: PathBuf,
    /// Origins of the pages that may hold the pane, as browsers write them.
    pub origins: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCaseSystem {
    name: String,
    key_file: PathBuf,
    #[serde(default)]
    origins: Vec<String>,
}

pub(super) fn check(raw: Vec<RawCaseSystem>) -> Result<Vec<CaseSystemConfig>, Wrong> {
    let mut names = BTreeSet::new();
    raw.into_iter()
        .map(|RawCaseSystem { name, key_file, origins }| {
            let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if !(1..=32).contains(&name.len()) || !name.bytes().all(is_good) {
                return Err(("case_system.name", name, "is no name; write 1 to 32 of a-z 0-9 -"));
            }
            if !names.insert(name.clone()) {
                return Err(("case_system.name", name, "stands there twice; give each its own"));
            }
            let origins = origins.into_iter().map(origin).collect::<Result<_, _>>()?;
            Ok(CaseSystemConfig { name, key_file, origins })
        })
        .collect()
}

fn origin(text: String) -> Result<String, Wrong> {
    match Url::parse(&text) {
        Ok(url) if is_safe(&url) && is_bare(&url) => Ok(url.origin().ascii_serialization()),
        _ => Err(("case_system.origins", text, "is no https origin; write for example https://cases.example")),
    }
}
