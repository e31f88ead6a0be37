//! The table `[telemetry]`, the same in all three programs.
//!
//! In: what a person wrote. Out: [`TelemetryConfig`], or one sentence with key and remedy. Promised: beyond this machine
//! only over https, and no name is looked up to find out whether an address is this machine's.

use reqwest::Url;
use serde::Deserialize;

/// The table as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTelemetry {
    otlp: String,
    #[serde(default = "all")]
    share: f64,
}

fn all() -> f64 {
    1.0
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryConfig {
    /// The collector's address for traces.
    pub(crate) address: Url,
    /// Of how many calls, 0 to 1.
    pub(crate) share: f64,
}

/// A value that cannot be. Tell the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} = \"{value}\" {problem}")]
pub struct BadTelemetry {
    /// The key.
    pub key: &'static str,
    /// Its value.
    pub value: String,
    /// What is wrong, and what to do.
    pub problem: &'static str,
}

impl RawTelemetry {
    /// Checks the table.
    pub fn check(self) -> Result<TelemetryConfig, BadTelemetry> {
        let Self { otlp, share } = self;
        if !(0.0..=1.0).contains(&share) {
            let problem = "is no share; write 1.0 for every call, or 0.1 for one in ten";
            return Err(BadTelemetry { key: "telemetry.share", value: share.to_string(), problem });
        }
        match address(&otlp) {
            Ok(address) => Ok(TelemetryConfig { address, share }),
            Err(problem) => Err(BadTelemetry { key: "telemetry.otlp", value: otlp, problem }),
        }
    }
}

fn address(value: &str) -> Result<Url, &'static str> {
    let base = Url::parse(value).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let base = base.ok_or("is no address of a collector; write for example http://127.0.0.1:4318")?;
    if !base.username().is_empty() || base.password().is_some() || base.query().is_some() || base.fragment().is_some() {
        return Err("holds more than a host, a port and a path; remove the rest");
    }
    if base.scheme() == "http" && !is_this_machine(&base) {
        return Err("would leave this machine unencrypted; write https://, or use a collector on 127.0.0.1");
    }
    let whole = format!("{}/v1/traces", base.as_str().trim_end_matches('/'));
    Url::parse(&whole).map_err(|_| "is no address of a collector; write for example http://127.0.0.1:4318")
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<TelemetryConfig, String> {
        let raw: RawTelemetry = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        raw.check().map_err(|error| error.to_string())
    }

    #[track_caller]
    fn goes_to(otlp: &str, expected: &str) {
        let config = check(&format!("otlp = \"{otlp}\"")).unwrap();
        assert_eq!((config.address.as_str(), config.share), (expected, 1.0));
    }

    #[track_caller]
    fn refused(text: &str, names: &str) {
        let error = check(text).expect_err("refused");
        assert!(error.contains(names) && !error.contains('\n'), "{error}");
    }

    #[test]
    fn traces_go_to_this_machine_or_over_https() {
        goes_to("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces");
        goes_to("http://[::1]:4318/", "http://[::1]:4318/v1/traces");
        goes_to("https://collector.example/otlp/", "https://collector.example/otlp/v1/traces");
        refused("otlp = \"http://collector.example:4318\"", "unencrypted; write https://");
        refused("otlp = \"http://localhost:4318\"", "unencrypted");
        refused("otlp = \"http://127.0.0.1.example:4318\"", "unencrypted");
        refused("otlp = \"http://0.0.0.0:4318\"", "unencrypted");
        refused("otlp = \"http://user:key@127.0.0.1:4318\"", "remove the rest");
        refused("otlp = \"127.0.0.1:4318\"", "telemetry.otlp = \"127.0.0.1:4318\" is no address");
        refused("otlp = \"grpc://127.0.0.1:4317\"", "is no address");
        refused("share = 1.0", "otlp");
        refused("otlp = \"http://127.0.0.1:1\"\nshare = 1.5", "telemetry.share = \"1.5\"");
        refused("otlp = \"http://127.0.0.1:1\"\nshare = nan", "telemetry.share");
        refused("otlp = \"http://127.0.0.1:1\"\nevery = true", "every");
    }
}
