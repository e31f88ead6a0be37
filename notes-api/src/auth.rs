//! Who is asking, and by what right.
//!
//! ```text
//! one-time token ──────────────┐
//! provider ──code──▶ login ────┼─▶ session ──cookie or bearer──▶ Session (api::access)
//! case system ──code─▶ launch ─┘
//! ```
//!
//! In: headers. Out: a [`Session`], or a refusal. Without a login the one-time token that is printed at start becomes a
//! session; with one, an OpenID Connect provider says who somebody is ([`login`]), or a case system does ([`launch`]). A
//! browser holds its session in an `HttpOnly; SameSite=Strict` cookie; a program, and the pane in a frame, sends it as
//! `Authorization: Bearer`. The database keeps only its SHA-256, so a restart logs nobody out and a stolen database logs
//! nobody in.
//! Promised: secrets are compared by their hashes, in constant time; where there is a login, the token lets nobody in.

pub mod launch;
pub mod login;
pub mod rights;
pub mod source;

use crate::clock::{Chance, Clock, hex};
use crate::error::ApiError;
use crate::store::Store;
use crate::store::sessions::{How, NewSession};
use axum::http::{HeaderMap, header};
use launch::CaseSystems;
use login::Login;
use rights::{Rights, Role};
use sha2::{Digest, Sha256};
use source::Names;
use std::sync::{Mutex, PoisonError};

/// Name of the cookie.
const COOKIE: &str = "referent_session";
/// Over https no other host and no other path can set it (RFC 6265bis, 4.1.3.2).
const SECURE_COOKIE: &str = "__Host-referent_session";
/// Who a session is of where there is no login: whoever sits at this machine, who sees every call.
pub const LOCAL: &str = "local";

/// How long a session without a login is good: a working day.
pub const SESSION_MS: i64 = 12 * 3_600_000;
/// How long a frame's session is good; its host opens the next one without anybody noticing.
pub const LAUNCHED_MS: i64 = 3_600_000;

/// Whoever is asking, by the name that calls, notes and the audit have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person(pub String);

/// Whoever may run this: holds, erasure, delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Administrator(pub String);

/// Whoever is asking, and what they may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// SHA-256 of the secret, hex.
    pub hash: String,
    /// Their name.
    pub person: String,
    /// How they came by it.
    pub how: How,
    /// What they may do.
    pub rights: Rights,
    /// Until when, UTC milliseconds.
    pub until_ms: i64,
}

impl Session {
    /// Whose calls they see: theirs and those handed over to them, or everybody's (`None`).
    pub fn only(&self) -> Option<String> {
        (self.how != How::Token).then(|| self.person.clone())
    }

    /// Whether they have this role, wherever it holds.
    pub fn is(&self, role: Role) -> bool {
        self.rights.roles.contains(&role)
    }
}

/// The ways to a session.
#[derive(Debug)]
pub struct Auth {
    token: Mutex<Option<[u8; 32]>>,
    /// Who says who somebody is, if anybody does.
    pub login: Option<Login>,
    /// Who may open the pane beside a case.
    pub case_systems: CaseSystems,
    /// What this server is called.
    pub names: Names,
}

pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// How a secret is kept.
pub fn hash_hex(secret: &str) -> String {
    hex(&hash(secret))
}

/// Equal, without telling by the time it takes where they differ.
pub(crate) fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let difference = one.iter().zip(other).fold(0, |difference, (a, b)| difference | (a ^ b));
    std::hint::black_box(difference) == 0
}

impl Auth {
    /// Expects `token`, once, unless there is a login.
    pub fn new(token: &str, login: Option<Login>, case_systems: CaseSystems) -> Self {
        let names = login.as_ref().map(|login| Names::with_public(login.public_url())).unwrap_or_default();
        Self { token: Mutex::new(login.is_none().then(|| hash(token))), login, case_systems, names }
    }

    /// A new session for whoever has the token. The token is void from then on.
    pub async fn with_token(
        &self,
        token: &str,
        store: &Store,
        clock: &Clock,
        chance: &Chance,
    ) -> Result<String, ApiError> {
        {
            let mut expected = self.token.lock().unwrap_or_else(PoisonError::into_inner);
            if !expected.as_ref().is_some_and(|expected| same(expected, &hash(token))) {
                return Err(ApiError::WrongToken);
            }
            *expected = None;
        }
        let now_ms = clock.now_ms();
        let new = NewSession {
            person: LOCAL.to_owned(),
            how: How::Token,
            rights: Rights::all(),
            until_ms: now_ms + SESSION_MS,
        };
        self.opened(new, store, now_ms, chance).await
    }

    /// A new session; gives its secret.
    pub async fn opened(
        &self,
        new: NewSession,
        store: &Store,
        now_ms: i64,
        chance: &Chance,
    ) -> Result<String, ApiError> {
        let secret = chance.secret();
        store.keep_session(hash_hex(&secret), new, now_ms).await?;
        metrics::counter!("referent_sessions_opened_total").increment(1);
        tracing::info!("a session was opened");
        Ok(secret)
    }

    /// The session in these headers, and that it was used.
    pub async fn session(&self, headers: &HeaderMap, store: &Store, clock: &Clock) -> Result<Session, ApiError> {
        let secret = session_in(headers, self.cookie_name()).ok_or(ApiError::NoSession)?;
        let now_ms = clock.now_ms();
        self.good(store.session(hash_hex(&secret), now_ms).await?, now_ms)
    }

    /// Whether a session that was good still is: somebody may have logged out, or its time is over.
    pub async fn is_still_good(&self, session: &Session, store: &Store, clock: &Clock) -> Result<bool, ApiError> {
        let now_ms = clock.now_ms();
        let found = store.session_unused(session.hash.clone(), now_ms).await?;
        Ok(self.good(found, now_ms).is_ok())
    }

    fn good(&self, found: Option<(Session, i64)>, now_ms: i64) -> Result<Session, ApiError> {
        let (session, idle_since_ms) = found.ok_or(ApiError::NoSession)?;
        let idle_ms = self.login.as_ref().map_or(i64::MAX, |login| login.config().idle_ms);
        // Who switched the login on did not mean those who came before it.
        let came_before = self.login.is_some() && session.how == How::Token;
        let is_idle = session.how == How::Login && now_ms.saturating_sub(idle_since_ms) >= idle_ms;
        if came_before || is_idle { Err(ApiError::NoSession) } else { Ok(session) }
    }

    /// The header that gives a browser its session.
    pub fn cookie(&self, session: &str, for_ms: i64) -> String {
        let secure = if self.is_https() { "; Secure" } else { "" };
        let name = self.cookie_name();
        format!("{name}={session}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}", for_ms / 1000)
    }

    /// The header that takes it back.
    pub fn no_cookie(&self) -> String {
        self.cookie("", 0)
    }

    fn cookie_name(&self) -> &'static str {
        if self.is_https() { SECURE_COOKIE } else { COOKIE }
    }

    /// Whether browsers come over https.
    pub fn is_https(&self) -> bool {
        self.login.as_ref().is_some_and(|login| login.public_url().scheme() == "https")
    }
}

fn session_in(headers: &HeaderMap, cookie: &str) -> Option<String> {
    bearer_in(headers).or_else(|| cookie_in(headers, cookie))
}

/// What stands after `Authorization: Bearer`.
pub fn bearer_in(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(|bearer| bearer.trim().to_owned())
}

/// The cookie of this name.
pub fn cookie_in(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_comes_by_cookie_or_bearer() {
        let mut headers = HeaderMap::new();
        assert_eq!(session_in(&headers, COOKIE), None);
        headers.insert(header::COOKIE, "a=b; referent_session=one".parse().unwrap());
        assert_eq!(session_in(&headers, COOKIE).as_deref(), Some("one"));
        assert_eq!(session_in(&headers, SECURE_COOKIE), None, "a cookie that another host may have set");
        headers.insert(header::AUTHORIZATION, "Bearer two".parse().unwrap());
        assert_eq!(session_in(&headers, COOKIE).as_deref(), Some("two"));
    }
}
