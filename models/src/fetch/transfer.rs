//! One request and its answer, poured into the part.
//!
//! In: where the part ends. Out: more bytes at its end, or the reason why not. An answer that begins elsewhere than the
//! part ends is never added to it: the part begins anew, or the answer is refused.

use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, RANGE};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode, Url};

use super::error::because;
use super::part::Part;
use super::{Event, FetchError, Patience, Wanted};

/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// Where the file comes from.
pub(super) struct Source<'a> {
    wanted: &'a Wanted,
    url: Url,
    client: Client,
}

impl<'a> Source<'a> {
    /// Connects to nothing yet.
    pub(super) fn new(wanted: &'a Wanted, patience: &Patience) -> Result<Self, FetchError> {
        let bad = || FetchError::BadAddress { url: wanted.url.clone() };
        let url = Url::parse(&wanted.url).map_err(|_| bad())?;
        let local = is_local(&url);
        if url.scheme() != "https" && !local {
            return Err(bad());
        }
        // It fails when a provider is there already, and that one is ring, too.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut client = Client::builder()
            .user_agent(concat!("referent/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(patience.connect)
            .read_timeout(patience.idle)
            // After a cut the old connection is worth nothing.
            .pool_max_idle_per_host(0)
            .redirect(Policy::custom(move |attempt| follow(attempt, local)));
        if local {
            // What is on this machine is not asked for elsewhere.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| FetchError::NoClient { why: because(&error) })?;
        Ok(Self { wanted, url, client })
    }

    /// Asks for what is missing, once. `tag` is what the server called the version that the part began with.
    pub(super) async fn pour(
        &self,
        tag: &mut Option<HeaderValue>,
        part: &mut Part,
        tell: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<(), FetchError> {
        let mut answer = self.ask(tag.as_ref(), part.len()).await?;
        match answer.status() {
            StatusCode::OK => {
                self.check_size(answer.content_length())?;
                if part.len() > 0 {
                    // It does not know ranges, or the file is not the one that we began with.
                    part.restart()?;
                    tell(Event::Afresh);
                }
            }
            StatusCode::PARTIAL_CONTENT => {
                self.check_range(answer.headers(), part.len())?;
                if strong_tag(&answer).zip(tag.as_ref()).is_some_and(|(now, then)| now != then) {
                    part.restart()?;
                    tell(Event::Afresh);
                    return Err(self.cut_off("the file was changed there meanwhile".to_owned()));
                }
            }
            StatusCode::RANGE_NOT_SATISFIABLE if part.len() > 0 => {
                part.restart()?;
                tell(Event::Afresh);
                return Err(self.unwell(StatusCode::RANGE_NOT_SATISFIABLE));
            }
            status if status.is_server_error() => return Err(self.unwell(status)),
            status @ (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) => return Err(self.unwell(status)),
            status => return Err(FetchError::Refused { url: self.wanted.url.clone(), status: status.as_u16() }),
        }
        *tag = strong_tag(&answer).cloned();
        part.begin_piece();
        while let Some(bytes) = answer.chunk().await.map_err(|error| self.cut_off(because(&error.without_url())))? {
            let done = part.len().saturating_add(bytes.len() as u64);
            if done > self.wanted.bytes {
                part.restart()?;
                return Err(self.other_size(done));
            }
            part.append(&bytes)?;
            tell(Event::Bytes { done });
        }
        if part.len() < self.wanted.bytes {
            return Err(self.cut_off(format!("it ended at byte {} of {}", part.len(), self.wanted.bytes)));
        }
        Ok(())
    }

    async fn ask(&self, tag: Option<&HeaderValue>, from: u64) -> Result<Response, FetchError> {
        let mut request = self.client.get(self.url.clone());
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
            if let Some(tag) = tag {
                request = request.header(IF_RANGE, tag.clone());
            }
        }
        request.send().await.map_err(|error| {
            let url = self.wanted.url.clone();
            let led_away = error.is_redirect();
            let why = because(&error.without_url());
            if led_away { FetchError::Redirected { url, why } } else { FetchError::Unreachable { url, why } }
        })
    }

    fn check_size(&self, size: Option<u64>) -> Result<(), FetchError> {
        match size {
            Some(found) if found != self.wanted.bytes => Err(self.other_size(found)),
            _ => Ok(()),
        }
    }

    /// A piece has to begin where the part ends, and to be of a file of the right size.
    fn check_range(&self, headers: &HeaderMap, from: u64) -> Result<(), FetchError> {
        let text = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match parse_range(text) {
            Some((begins, size)) if begins == from => self.check_size(size),
            _ => Err(FetchError::Refused { url: self.wanted.url.clone(), status: 206 }),
        }
    }

    fn unwell(&self, status: StatusCode) -> FetchError {
        FetchError::Unwell { url: self.wanted.url.clone(), status: status.as_u16() }
    }

    fn cut_off(&self, why: String) -> FetchError {
        FetchError::CutOff { url: self.wanted.url.clone(), why }
    }

    fn other_size(&self, found: u64) -> FetchError {
        FetchError::OtherSize { url: self.wanted.url.clone(), expected: self.wanted.bytes, found }
    }
}

/// Only a strong tag stands for the very bytes.
fn strong_tag(answer: &Response) -> Option<&HeaderValue> {
    answer.headers().get(ETAG).filter(|tag| tag.as_bytes().starts_with(b"\""))
}

/// `bytes 5-9/10` gives 5 and 10, `bytes 5-9/*` gives 5 and no size.
fn parse_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (span, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (begins, _) = span.split_once('-')?;
    let size = if size == "*" { None } else { Some(size.parse().ok()?) };
    Some((begins.parse().ok()?, size))
}

fn follow(attempt: Attempt<'_>, local: bool) -> reqwest::redirect::Action {
    match may_follow(attempt.previous().len(), attempt.url(), local) {
        Ok(()) => attempt.follow(),
        Err(why) => attempt.error(why),
    }
}

/// A file that was asked for safely must not come unsafely. `asked` counts the addresses that were asked before.
fn may_follow(asked: usize, url: &Url, local: bool) -> Result<(), &'static str> {
    if asked > REDIRECTS {
        Err("more than five times")
    } else if url.scheme() == "https" || (local && is_local(url)) {
        Ok(())
    } else {
        Err("to an address that is not https")
    }
}

/// Only an address that needs no look-up can be known to be this machine.
fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    url.scheme() == "http" && host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_or_refused() {
        let table = [
            ("bytes 5-9/10", Some((5, Some(10)))),
            ("bytes 0-9/*", Some((0, None))),
            ("bytes 5-9", None),
            ("bytes */10", None),
            ("bytes x-9/10", None),
            ("bytes 5-9/ten", None),
            ("items 5-9/10", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_range(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_redirect_is_followed_to_https_and_five_times() {
        let table = [
            (1, "https://example.org/x", false, true),
            (5, "https://example.org/x", false, true),
            (6, "https://example.org/x", false, false),
            (1, "http://example.org/x", false, false),
            (1, "http://127.0.0.1/x", false, false),
            (1, "http://127.0.0.1/x", true, true),
            (1, "http://example.org/x", true, false),
            (1, "file:///etc/hostname", true, false),
        ];
        for (asked, url, local, expected) in table {
            assert_eq!(may_follow(asked, &Url::parse(url).unwrap(), local).is_ok(), expected, "{asked} {url} {local}");
        }
    }

    #[test]
    fn only_a_loopback_address_over_http_is_local() {
        let table = [
            ("http://127.0.0.1:80/x", true),
            ("http://127.8.9.1/x", true),
            ("http://[::1]/x", true),
            ("http://localhost/x", false),
            ("http://10.0.0.1/x", false),
            ("http://127.0.0.1.example.org/x", false),
            ("https://127.0.0.1/x", false),
        ];
        for (url, expected) in table {
            assert_eq!(is_local(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
