//! Case systems: known by a key, they vouch for whoever sits before them, and say beside which case the pane opens.
//!
//! In: the key of a request, or a code and the page that brings it. Out: which case system it is, or a person's session.
//! Promised: a code is good once, for a minute, and only in a page of the case system that it was made for; what it opens
//! is a caseworker's session of an hour and no more.

use crate::auth::rights::Rights;
use crate::auth::{Auth, LAUNCHED_MS, hash, hash_hex, same};
use crate::clock::{Chance, Clock};
use crate::config::case_system::CaseSystemConfig;
use crate::error::ApiError;
use crate::store::Store;
use crate::store::sessions::{How, Launched, NewSession};
use anyhow::{Context as _, ensure};

/// How long a code is good.
pub const CODE_MS: i64 = 60_000;
/// The shortest key: 128 bits in hex.
const SHORTEST_KEY: usize = 32;

/// Those that are known.
#[derive(Debug, Default)]
pub struct CaseSystems(Vec<CaseSystem>);

#[derive(Debug)]
struct CaseSystem {
    name: String,
    key: [u8; 32],
    origins: Vec<String>,
}

/// What a frame begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The session's secret.
    pub bearer: String,
    /// Until when it is good.
    pub expires_ms: i64,
    /// The case that it stands beside.
    pub case_id: String,
}

impl CaseSystems {
    /// Reads their keys.
    pub fn open(configs: &[CaseSystemConfig]) -> anyhow::Result<Self> {
        let open = |CaseSystemConfig { name, key_file, origins }: &CaseSystemConfig| {
            let key = std::fs::read_to_string(key_file)
                .with_context(|| format!("config: case_system.key_file = \"{}\" cannot be read", key_file.display()))?;
            let key = key.trim();
            ensure!(
                key.len() >= SHORTEST_KEY,
                "config: case_system.key_file = \"{}\" holds a key of fewer than {SHORTEST_KEY} characters; make one with \
                 `openssl rand -hex 32`",
                key_file.display()
            );
            Ok(CaseSystem { name: name.clone(), key: hash(key), origins: origins.clone() })
        };
        configs.iter().map(open).collect::<anyhow::Result<_>>().map(Self)
    }

    /// Whose key it is. Every key is compared, so that the time tells nothing.
    pub fn by_key(&self, key: &str) -> Option<&str> {
        let key = hash(key);
        self.0
            .iter()
            .fold(None, |found, system| if same(&system.key, &key) { Some(system.name.as_str()) } else { found })
    }

    /// Pages that may hold the pane.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|system| system.origins.iter().map(String::as_str))
    }

    fn has(&self, name: &str, origin: &str) -> bool {
        self.0.iter().any(|system| system.name == name && system.origins.iter().any(|known| known == origin))
    }
}

impl Auth {
    /// A code for whoever sits before the case system; gives it with the time when it is over.
    pub async fn launch(
        &self,
        launched: Launched,
        store: &Store,
        clock: &Clock,
        chance: &Chance,
    ) -> Result<(String, i64), ApiError> {
        let (code, now_ms) = (chance.secret(), clock.now_ms());
        store.keep_launch(hash_hex(&code), launched, now_ms, now_ms - CODE_MS).await?;
        Ok((code, now_ms + CODE_MS))
    }

    /// A session for the frame that brings the code, in a page of this origin.
    pub async fn with_launch(
        &self,
        code: &str,
        origin: &str,
        store: &Store,
        clock: &Clock,
        chance: &Chance,
    ) -> Result<Opened, ApiError> {
        let now_ms = clock.now_ms();
        let Launched { case_system, person, case_id } =
            store.take_launch(hash_hex(code), now_ms - CODE_MS).await?.ok_or(ApiError::WrongToken)?;
        if !self.case_systems.has(&case_system, origin) {
            tracing::warn!(case_system, origin, "a page that is none of the case system's brought its code");
            return Err(ApiError::ForeignOrigin);
        }
        let expires_ms = now_ms + LAUNCHED_MS;
        let new = NewSession { person, how: How::Launch, rights: Rights::of_caseworker(), until_ms: expires_ms };
        let bearer = self.opened(new, store, now_ms, chance).await?;
        Ok(Opened { bearer, expires_ms, case_id })
    }
}
