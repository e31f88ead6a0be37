//! Who is asking, and from which page.
//!
//! In: headers. Out: a [`Person`], or a refusal. A one-time token, printed at start, becomes a session; the browser
//! holds it in an `HttpOnly; SameSite=Strict` cookie, a program sends it as `Authorization: Bearer`. The database keeps
//! only its SHA-256, so a restart logs nobody out and a stolen database logs nobody in.
//! Promised: another web page in the same browser can neither read nor write (Host against DNS rebinding, Origin against
//! forged requests); secrets are compared by their hashes, in constant time.
//! Not done here: no login of the authority's own yet, which is why nothing but loopback is listened on.

use crate::clock::{Chance, Clock, hex};
use crate::error::ApiError;
use crate::store::Store;
use axum::http::{HeaderMap, Method, header};
use sha2::{Digest, Sha256};
use std::sync::{Mutex, PoisonError};

/// Name of the cookie.
pub const COOKIE: &str = "referent_session";
/// Who a session is of where there is no login: whoever sits at this machine, who sees every call.
pub const LOCAL: &str = "local";

/// How long a session is good: a working day.
pub const SESSION_MS: i64 = 12 * 3_600_000;

/// Whoever holds a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person(pub String);

/// Tokens and sessions.
#[derive(Debug)]
pub struct Auth {
    token: Mutex<Option<[u8; 32]>>,
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn hash_hex(secret: &str) -> String {
    hex(&hash(secret))
}

/// Equal, without telling by the time it takes where they differ.
fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let difference = one.iter().zip(other).fold(0, |difference, (a, b)| difference | (a ^ b));
    std::hint::black_box(difference) == 0
}

impl Auth {
    /// Expects `token`, once.
    pub fn expecting(token: &str) -> Self {
        Self { token: Mutex::new(Some(hash(token))) }
    }

    /// A new session for whoever has the token. The token is void from then on.
    pub async fn log_in(&self, token: &str, store: &Store, clock: &Clock, chance: &Chance) -> Result<String, ApiError> {
        {
            let mut expected = self.token.lock().unwrap_or_else(PoisonError::into_inner);
            if !expected.as_ref().is_some_and(|expected| same(expected, &hash(token))) {
                return Err(ApiError::WrongToken);
            }
            *expected = None;
        }
        let session = chance.secret();
        store.keep_session(hash_hex(&session), LOCAL.to_owned(), clock.now_ms()).await?;
        Ok(session)
    }

    /// Who holds the session in these headers.
    pub async fn person(&self, headers: &HeaderMap, store: &Store, clock: &Clock) -> Result<Person, ApiError> {
        let session = session_in(headers).ok_or(ApiError::NoSession)?;
        let person = store.session(hash_hex(&session), clock.now_ms() - SESSION_MS).await?;
        person.map(Person).ok_or(ApiError::NoSession)
    }
}

fn session_in(headers: &HeaderMap) -> Option<String> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if let Some(bearer) = bearer {
        return Some(bearer.trim().to_owned());
    }
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

/// The header that gives a browser its session.
pub fn cookie(session: &str) -> String {
    format!("{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}", SESSION_MS / 1000)
}

/// Refuses requests that came by another name, and changes that another page wants to make.
///
/// A change without any `Origin` comes from no browser: those send it with every request that is not a read.
pub fn check_source(method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).ok_or(ApiError::ForeignHost)?;
    if !is_loopback_name(host) {
        return Err(ApiError::ForeignHost);
    }
    if method.is_safe() {
        return Ok(());
    }
    let from_elsewhere = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let origin_differs =
        headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() != format!("http://{host}").as_bytes());
    if from_elsewhere || origin_differs { Err(ApiError::ForeignOrigin) } else { Ok(()) }
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|loopback| name.eq_ignore_ascii_case(loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &Method, host: &str, origin: Option<&str>, expected: Result<(), &str>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let found = check_source(method, &headers).map_err(|error| format!("{error:?}"));
        assert_eq!(found, expected.map_err(str::to_owned), "{method} {host} {origin:?}");
    }

    #[test]
    fn other_names_and_other_pages_are_refused() {
        check(&Method::GET, "127.0.0.1:8080", None, Ok(()));
        check(&Method::GET, "LOCALHOST", None, Ok(()));
        check(&Method::GET, "[::1]:8080", None, Ok(()));
        check(&Method::GET, "evil.example:8080", None, Err("ForeignHost"));
        check(&Method::GET, "127.0.0.1.evil.example", None, Err("ForeignHost"));
        check(&Method::GET, "127.0.0.1:8080@evil.example", None, Err("ForeignHost"));
        check(&Method::POST, "127.0.0.1:8080", Some("http://127.0.0.1:8080"), Ok(()));
        check(&Method::POST, "127.0.0.1:8080", None, Ok(()));
        check(&Method::POST, "127.0.0.1:8080", Some("http://evil.example"), Err("ForeignOrigin"));
        check(&Method::PUT, "127.0.0.1:8080", Some("http://localhost:8080"), Err("ForeignOrigin"));
        check(&Method::PUT, "127.0.0.1:8080", Some("http://127.0.0.1:9999"), Err("ForeignOrigin"));
        check(&Method::DELETE, "127.0.0.1:8080", Some("null"), Err("ForeignOrigin"));
    }

    #[test]
    fn a_session_comes_by_cookie_or_bearer() {
        let mut headers = HeaderMap::new();
        assert_eq!(session_in(&headers), None);
        headers.insert(header::COOKIE, "a=b; referent_session=one".parse().unwrap());
        assert_eq!(session_in(&headers).as_deref(), Some("one"));
        headers.insert(header::AUTHORIZATION, "Bearer two".parse().unwrap());
        assert_eq!(session_in(&headers).as_deref(), Some("two"));
    }
}
