//! The table `[login]`: which provider says who somebody is, and what its words mean here.
//!
//! In: the table as it is written. Out: a [`LoginConfig`], or the key, its value and what is wrong with it.

use super::tls::Wrong;
use crate::auth::rights::Role;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use url::Url;

/// An OpenID Connect provider, and what its claims mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginConfig {
    /// As it stands in its tokens, to the letter.
    pub issuer: String,
    /// What the provider calls this server.
    pub client_id: String,
    /// The secret that goes with it.
    pub client_secret_file: PathBuf,
    /// What browsers call this server, without a path.
    pub public_url: Url,
    /// PEM, whom to trust for the connection to the provider, beside whom the machine trusts.
    pub ca: Option<PathBuf>,
    /// The claim with the name that the agents' certificates have as well.
    pub subject_claim: String,
    /// The claim with the roles.
    pub roles_claim: String,
    /// The claim with the areas; without one everybody works in all of them.
    pub areas_claim: Option<String>,
    /// What the provider calls each role.
    pub roles: BTreeMap<String, Role>,
    /// Values of `acr` that are enough; none: the level is not looked at.
    pub assurance: Vec<String>,
    /// After this time everybody logs in anew.
    pub session_ms: i64,
    /// And after this time without any request.
    pub idle_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLogin {
    issuer: String,
    client_id: String,
    client_secret_file: PathBuf,
    public_url: String,
    ca: Option<PathBuf>,
    #[serde(default = "sub")]
    subject_claim: String,
    #[serde(default = "roles")]
    roles_claim: String,
    areas_claim: Option<String>,
    #[serde(default)]
    roles: BTreeMap<Role, Vec<String>>,
    #[serde(default)]
    assurance: Vec<String>,
    #[serde(default = "ten")]
    session_hours: u32,
    #[serde(default = "hour")]
    idle_minutes: u32,
}

fn sub() -> String {
    "sub".to_owned()
}

fn roles() -> String {
    "roles".to_owned()
}

/// A working day and its overtime.
fn ten() -> u32 {
    10
}

fn hour() -> u32 {
    60
}

impl RawLogin {
    pub(super) fn check(self) -> Result<LoginConfig, Wrong> {
        let issuer = Url::parse(&self.issuer).ok().filter(is_safe);
        if issuer.is_none() {
            return Err((
                "login.issuer",
                self.issuer,
                "is no https address; write it as the provider's tokens have it",
            ));
        }
        let public = Url::parse(&self.public_url).ok().filter(|url| is_safe(url) && is_bare(url));
        let Some(public_url) = public else {
            let problem = "is no https address without a path; write what browsers call this server, such as \
                           https://referent.example";
            return Err(("login.public_url", self.public_url, problem));
        };
        if self.client_id.is_empty() {
            return Err(("login.client_id", self.client_id, "names nobody; write what the provider calls this server"));
        }
        let mut roles = BTreeMap::new();
        for (role, names) in self.roles {
            for name in names {
                if roles.insert(name.clone(), role).is_some_and(|other| other != role) {
                    return Err(("login.roles", name, "stands for two roles; write it with one of them"));
                }
            }
        }
        if roles.is_empty() {
            let problem = "lets nobody in; write [login.roles] with caseworker = [\"…\"] as the provider calls them";
            return Err(("login.roles", String::new(), problem));
        }
        if !(1..=24).contains(&self.session_hours) {
            return Err(("login.session_hours", self.session_hours.to_string(), "is no working day; write 1 to 24"));
        }
        if !(5..=720).contains(&self.idle_minutes) {
            return Err(("login.idle_minutes", self.idle_minutes.to_string(), "is not 5 to 720; write 60"));
        }
        Ok(LoginConfig {
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret_file: self.client_secret_file,
            public_url,
            ca: self.ca,
            subject_claim: self.subject_claim,
            roles_claim: self.roles_claim,
            areas_claim: self.areas_claim,
            roles,
            assurance: self.assurance,
            session_ms: i64::from(self.session_hours) * 3_600_000,
            idle_ms: i64::from(self.idle_minutes) * 60_000,
        })
    }
}

/// Encrypted, or never on a wire.
pub(super) fn is_safe(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback)
}

/// An origin and nothing more.
pub(super) fn is_bare(url: &Url) -> bool {
    url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty()
}
