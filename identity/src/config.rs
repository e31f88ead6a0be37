//! The table `[tls]` of a program that does not issue certificates: the folder that `enrol` fills, or three files from an
//! authority elsewhere.

use crate::files::Place;
use serde::Deserialize;
use std::path::PathBuf;

/// The table as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTls {
    identity: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    authorities: Option<PathBuf>,
}

impl RawTls {
    /// Where the certificate is; `usual` is the folder where nothing is said.
    pub fn check(self, usual: Option<PathBuf>) -> Result<Place, String> {
        match (self.identity, self.certificate, self.key, self.authorities) {
            (Some(folder), None, None, None) if folder.as_os_str().is_empty() => {
                Err("tls.identity is empty; name the folder that `enrol` fills".into())
            }
            (Some(folder), None, None, None) => Ok(Place::Folder(folder)),
            (None, Some(certificate), Some(key), Some(authorities)) => {
                Ok(Place::Files { certificate, key, authorities })
            }
            (None, None, None, None) => usual.map(Place::Folder).ok_or_else(|| {
                "tls.identity is missing; name the folder that `enrol` fills, or certificate, key and authorities"
                    .into()
            }),
            _ => {
                Err("tls is not whole: it takes either identity, or certificate, key and authorities; correct it"
                    .into())
            }
        }
    }
}

/// Where an address leads: `host` without the scheme, and whether over TLS. `None` if it is neither `http://` nor `https://`.
pub fn split(address: &str) -> Option<(bool, &str)> {
    let (is_secure, host) = match (address.strip_prefix("https://"), address.strip_prefix("http://")) {
        (Some(host), _) => (true, host),
        (None, Some(host)) => (false, host),
        (None, None) => return None,
    };
    let host = host.trim_end_matches('/');
    (!host.is_empty() && !host.contains('/')).then_some((is_secure, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_folder_or_three_files() {
        let file = |name: &str| Some(PathBuf::from(name));
        let folder = RawTls { identity: file("/i"), ..RawTls::default() };
        assert_eq!(folder.clone().check(None), Ok(Place::Folder("/i".into())));
        assert_eq!(RawTls::default().check(file("/usual")), Ok(Place::Folder("/usual".into())));
        assert!(RawTls::default().check(None).unwrap_err().contains("tls.identity is missing"));
        assert!(RawTls { key: file("/k"), ..folder }.check(None).unwrap_err().contains("not whole"));
        assert!(RawTls { key: file("/k"), ..RawTls::default() }.check(file("/usual")).is_err());
        let all = RawTls { identity: None, certificate: file("/c"), key: file("/k"), authorities: file("/a") };
        assert!(matches!(all.check(None), Ok(Place::Files { .. })));
    }

    #[test]
    fn an_address_says_whether_it_is_secure() {
        assert_eq!(split("https://a.example:1/"), Some((true, "a.example:1")));
        assert_eq!(split("http://127.0.0.1:1"), Some((false, "127.0.0.1:1")));
        for bad in ["a.example:1", "ftp://a", "https://", "https://a/b"] {
            assert_eq!(split(bad), None, "{bad}");
        }
    }
}
