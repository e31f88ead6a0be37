//! Under which name a request came, and from which page.
//!
//! Promised: another web page in the same browser can neither read nor write (Host against DNS rebinding, Origin against
//! forged requests).

use crate::error::ApiError;
use axum::http::{HeaderMap, Method, header};
use url::Url;

/// The names that this server has.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// As browsers call it, with scheme, without a slash at the end.
    public_origin: Option<String>,
    /// The same, as a `Host` header has it.
    public_host: Option<String>,
}

impl Names {
    /// Loopback, and this.
    pub fn with_public(public: &Url) -> Self {
        let host = public.host_str().map(|host| match public.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        });
        Self { public_origin: Some(public.origin().ascii_serialization()), public_host: host }
    }

    /// Refuses requests that came by another name, and changes that another page wants to make.
    ///
    /// A change without any `Origin` comes from no browser: those send it with every request that is not a read.
    pub fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).ok_or(ApiError::ForeignHost)?;
        let is_public = self.public_host.as_deref().is_some_and(|public| public.eq_ignore_ascii_case(host));
        if !is_public && !is_loopback_name(host) {
            return Err(ApiError::ForeignHost);
        }
        if method.is_safe() {
            return Ok(());
        }
        let own = match &self.public_origin {
            Some(origin) if is_public => origin.clone(),
            _ => format!("http://{host}"),
        };
        let from_elsewhere = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
        let origin_differs = headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() != own.as_bytes());
        if from_elsewhere || origin_differs { Err(ApiError::ForeignOrigin) } else { Ok(()) }
    }
}

/// Whether a `Host` header names this machine alone.
pub fn is_loopback_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|loopback| name.eq_ignore_ascii_case(loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &Names, method: &Method, host: &str, origin: Option<&str>, expected: Result<(), &str>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let found = names.check(method, &headers).map_err(|error| format!("{error:?}"));
        assert_eq!(found, expected.map_err(str::to_owned), "{method} {host} {origin:?}");
    }

    #[test]
    fn other_names_and_other_pages_are_refused() {
        let check = |method, host, origin, expected| check(&Names::default(), method, host, origin, expected);
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
    fn the_public_name_is_one_of_its_own() {
        let names = Names::with_public(&Url::parse("https://referent.example/").unwrap());
        let check = |method, host, origin, expected| check(&names, method, host, origin, expected);
        check(&Method::GET, "referent.example", None, Ok(()));
        check(&Method::POST, "Referent.Example", Some("https://referent.example"), Ok(()));
        check(&Method::POST, "referent.example", Some("http://referent.example"), Err("ForeignOrigin"));
        check(&Method::POST, "127.0.0.1:8080", Some("https://referent.example"), Err("ForeignOrigin"));
        check(&Method::GET, "referent.example:8443", None, Err("ForeignHost"));
        check(&Method::GET, "evil.referent.example", None, Err("ForeignHost"));
        check(&Method::POST, "127.0.0.1:8080", Some("http://127.0.0.1:8080"), Ok(()));
    }
}
