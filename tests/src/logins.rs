//! Everything that somebody may try who logs in as who they are not, or reaches for what is not theirs.
//!
//! In: notes-api with a login at a scripted provider ([`crate::provider`]), and a clock that is turned by hand. Out: a
//! [`Tried`] for each case. Honest people are tried beside them: a door that lets nobody in would be no achievement.

mod tokens;
mod ways;
mod reach;

use crate::provider::{Answer, CLIENT, Provider, SECRET, Signed};
use anyhow::{Context as _, Result, ensure};
use referent_notes_api::clock::{Chance, Clock};
use referent_notes_api::config::Config;
use referent_notes_api::{Surroundings, prometheus, run};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::path::Path;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use url::Url;

/// What browsers call the server; a proxy would stand there.
const PUBLIC: &str = "https://referent.example";
/// Its clock begins here: 2026-03-02, 12:00 UTC.
const NOON: i64 = 1_772_452_800_000;
/// The level that is enough.
const LEVEL: &str = "https://data.gov.dk/concept/core/nsis/loa/Substantial";

/// One case.
#[derive(Debug, Clone)]
pub struct Tried {
    /// What was tried.
    pub name: &'static str,
    /// As what it has to be refused; `None`: it is honest.
    pub expected: Option<&'static str>,
    /// As what it was refused; `None`: it was let in.
    pub found: Option<String>,
}

impl Tried {
    /// Refused for the right reason, or let in where it is honest.
    pub fn is_right(&self) -> bool {
        self.expected == self.found.as_deref()
    }

    /// Let in, and should not have been.
    pub fn is_let_in(&self) -> bool {
        self.expected.is_some() && self.found.is_none()
    }
}

/// Tries everything, in this folder.
pub async fn try_everything(folder: &Path) -> Result<Vec<Tried>> {
    let mut tries = Tries { house: House::start(folder).await?, tried: Vec::new() };
    tries.by_tokens().await?;
    tries.by_ways().await?;
    tries.by_reach().await?;
    ensure!(tries.tried.iter().any(|tried| tried.expected.is_none()), "honest ones are tried as well");
    Ok(tries.tried)
}

struct Tries {
    house: House,
    tried: Vec<Tried>,
}

impl Tries {
    fn push(&mut self, name: &'static str, expected: Option<&'static str>, found: Option<String>) {
        self.tried.push(Tried { name, expected, found });
    }
}

/// The server, its provider and a browser.
struct House {
    provider: Provider,
    clock: Clock,
    url: String,
    http: reqwest::Client,
    folder: std::path::PathBuf,
    _running: (DropGuard, TaskTracker),
}

/// Somebody at the provider.
struct UnderWay {
    /// The cookie of the way there and back.
    cookie: String,
    state: String,
    nonce: String,
    challenge: String,
}

/// Where a browser is after the way back.
struct Arrived {
    /// Why they were not let in.
    why: Option<String>,
    /// Their session.
    session: Option<String>,
}

impl House {
    async fn start(folder: &Path) -> Result<Self> {
        let provider = Provider::start().await?;
        let (secret, key) = (folder.join("client-secret"), folder.join("case-system"));
        std::fs::write(&secret, SECRET)?;
        std::fs::write(&key, reach::KEY)?;
        let text = format!(
            "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\ndatabase = \"sqlite://{database}\"\n\
             [login]\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT}\"\nclient_secret_file = \"{secret}\"\n\
             public_url = \"{PUBLIC}\"\nareas_claim = \"areas\"\nassurance = [\"{LEVEL}\"]\nidle_minutes = 60\n\
             [login.roles]\ncaseworker = [\"referent-sagsbehandler\"]\nteam_lead = [\"referent-leder\"]\n\
             administrator = [\"referent-drift\"]\n\
             [[case_system]]\nname = \"esdh\"\nkey_file = \"{key}\"\norigins = [\"https://cases.example\"]\n",
            database = folder.join("notes.db").display(),
            issuer = provider.issuer(),
            secret = secret.display(),
            key = key.display(),
        );
        let config = Config::parse(Path::new("logins.toml"), &text)?;
        let clock = Clock::manual(NOON);
        let metrics = prometheus::recorder().handle();
        let around = Surroundings { clock: clock.clone(), chance: Chance::from_system(), metrics };
        let (shutdown, tracker) = (CancellationToken::new(), TaskTracker::new());
        let (tell, told) = tokio::sync::oneshot::channel();
        let running = run(config, around, |ready| drop(tell.send(ready.clone())), shutdown.clone());
        tracker.spawn(running);
        let ready = told.await.context("the server does not start")?;
        ensure!(ready.token.is_none(), "where there is a login there is no token");
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let url = format!("http://{}", ready.http);
        let running = (shutdown.drop_guard(), tracker);
        Ok(Self { provider, clock, url, http, folder: folder.to_owned(), _running: running })
    }

    /// A request as the proxy passes it on.
    async fn ask(&self, method: Method, path: &str, session: Option<&str>, body: Option<&Value>) -> Result<Response> {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).header("host", "referent.example");
        request = request.header("origin", PUBLIC).header("if-match", "\"0\"");
        if let Some(session) = session {
            request = request.header("cookie", format!("__Host-referent_session={session}"));
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(request.send().await?)
    }

    /// The kind of problem that comes of it; none if it is let through.
    async fn refused(
        &self,
        method: Method,
        path: &str,
        session: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Option<String>> {
        let response = self.ask(method, path, session, body).await?;
        if response.status().is_success() {
            return Ok(None);
        }
        let problem: Value = response.json().await?;
        let kind = problem["type"].as_str().and_then(|kind| kind.rsplit_once(':')).context("a problem")?.1;
        Ok(Some(kind.to_owned()))
    }

    /// Somebody sets out.
    async fn set_out(&self) -> Result<UnderWay> {
        let response = self.ask(Method::GET, "/v1/login", None, None).await?;
        ensure!(response.status() == 302, "{}", response.status());
        let header =
            |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).context("a header");
        let cookie = header("set-cookie")?.split(';').next().unwrap_or_default().to_owned();
        let to = Url::parse(header("location")?)?;
        let parameter = |name: &str| {
            to.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).context("a parameter")
        };
        ensure!(parameter("code_challenge_method")? == "S256" && parameter("response_type")? == "code");
        ensure!(parameter("redirect_uri")? == format!("{PUBLIC}/v1/login/callback"));
        let (state, nonce, challenge) = (parameter("state")?, parameter("nonce")?, parameter("code_challenge")?);
        Ok(UnderWay { cookie, state, nonce, challenge })
    }

    /// What an honest provider says of an honest caseworker.
    fn claims(&self, nonce: &str) -> Value {
        let now = self.clock.now_ms() / 1000;
        json!({
            "iss": self.provider.issuer(), "aud": CLIENT, "sub": "anna", "nonce": nonce, "iat": now, "exp": now + 60,
            "acr": LEVEL, "roles": ["referent-sagsbehandler", "another-system"], "areas": ["standard"],
        })
    }

    /// The way back with these words in the address.
    async fn come_back(&self, query: &[(&str, &str)], cookie: Option<&str>) -> Result<Arrived> {
        let mut url = Url::parse(&format!("{}/v1/login/callback", self.url))?;
        url.query_pairs_mut().extend_pairs(query);
        let mut request = self.http.get(url).header("host", "referent.example");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let response = request.send().await?;
        ensure!(response.status() == 200, "{}", response.status());
        ensure!(response.headers().contains_key("strict-transport-security"), "browsers are told to stay with https");
        let cookies = response.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let session = cookies
            .filter_map(|cookie| cookie.strip_prefix("__Host-referent_session="))
            .filter(|rest| rest.ends_with("; Secure"))
            .map(|rest| rest.split(';').next().unwrap_or_default().to_owned())
            .next();
        let page = response.text().await?;
        let to = page.split("url=").nth(1).and_then(|rest| rest.split('"').next()).context("a way on")?;
        let why = to.strip_prefix("/#login=").map(str::to_owned);
        ensure!(why.is_some() || to == "/", "{to}");
        ensure!(why.is_some() != session.is_some(), "a session for those who are let in, and for nobody else");
        Ok(Arrived { why, session })
    }

    /// The whole way, with a token that is made so.
    async fn log_in(&self, signed: Signed, change: impl FnOnce(&mut Value)) -> Result<Arrived> {
        let way = self.set_out().await?;
        let mut claims = self.claims(&way.nonce);
        change(&mut claims);
        self.provider.will_answer(Answer::Token(signed, claims), &way.challenge);
        self.come_back(&[("code", "one"), ("state", &way.state)], Some(&way.cookie)).await
    }

    /// Somebody honest with these roles.
    async fn session_of(&self, who: &str, roles: &[&str]) -> Result<String> {
        let arrived = self
            .log_in(Signed::Honestly, |claims| {
                claims["sub"] = json!(who);
                claims["roles"] = json!(roles);
            })
            .await?;
        arrived.session.with_context(|| format!("{who} is not let in: {:?}", arrived.why))
    }
}
