//! Logging in at the authority's own provider: OpenID Connect, code flow with PKCE.
//!
//! ```text
//! browser ─▶ begin: state, nonce, verifier are kept ─▶ provider ─▶ browser ─▶ end: code ─▶ provider: tokens ─▶ Proven
//! ```
//!
//! In: the provider's documents and its tokens. Out: who somebody is and what they may do, or why not.
//! Promised:
//!   L1  A token counts only if this provider signed it with a key of its own, for this server, for this very login, and if
//!       it is not over; the algorithm is asymmetric and never `none` (OpenID Connect Core 1.0, 3.1.3.7; RFC 8725).
//!   L2  Whoever comes back comes back once, within ten minutes, in the browser that went (state in a cookie of its own).
//!   L3  A level of assurance that is too low, no role, or a name that no certificate could have is refused by that name.
//!   L4  Nothing of the provider's is stored but the name, roles and areas; no token outlives the request.
//! The provider's documents are read anew once an hour, and when a key is not known, at most every half minute.
//! Not done here: no cookie, no session (`auth`, `api::login`).

use crate::auth::hash_hex;
use crate::auth::rights::{Rights, Role};
use crate::clock::{Chance, Clock};
use crate::config::login::LoginConfig;
use crate::store::sessions::LoginUnderWay;
use crate::store::{Store, StoreError};
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use openidconnect::core::{CoreClient, CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm, CoreResponseType};
use openidconnect::{
    AsyncHttpClient, AuthenticationContextClass, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, LogoutRequest, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, SignatureVerificationError,
    TokenResponse as _,
};
use referent_identity::who::Subject;
use reqwest::redirect::Policy;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// How long somebody may be at the provider.
const UNDER_WAY_MS: i64 = 600_000;
/// How long the provider's documents are believed.
const FRESH_MS: i64 = 3_600_000;
/// They are not read more often, whatever is asked.
const AT_MOST_EVERY_MS: i64 = 30_000;
/// A token is made for this very moment: two clocks and a slow network lie between.
const ISSUED_WITHIN_MS: i64 = 300_000;
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest document of a provider.
const MOST_BYTES: usize = 1_000_000;
/// What a token may be signed with. `none` and shared secrets are not among them.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
];

/// Why somebody is not let in. The page has words for each.
#[derive(Debug, thiserror::Error)]
pub enum NotLoggedIn {
    /// The provider does not answer, or not as one does; try again, then tell the people who run it.
    #[error("the provider does not answer as it should: {0}")]
    Provider(String),
    /// They said no there, or it did.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// Too late, twice, or in another browser.
    #[error("this is no login under way")]
    NotUnderWay,
    /// Not what this provider says of somebody for this server and this login.
    #[error("the provider's token is not good: {0}")]
    BadToken(String),
    /// Log in with a stronger means.
    #[error("the level of assurance {found} is none of those that are enough")]
    Level {
        /// What the token says.
        found: String,
    },
    /// Ask for a role.
    #[error("none of their roles counts here")]
    NoRole,
    /// Ask that the provider gives a name that can be used.
    #[error("the claim {claim} is no name that can be used: {found:?}")]
    NoName {
        /// Which claim.
        claim: String,
        /// What stands there.
        found: String,
    },
    /// Nothing was changed; try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotLoggedIn {
    /// The word that the page has a sentence for.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Provider(_) | Self::Store(_) => "provider",
            Self::Refused(_) => "refused",
            Self::NotUnderWay => "again",
            Self::BadToken(_) => "token",
            Self::Level { .. } => "level",
            Self::NoRole => "role",
            Self::NoName { .. } => "name",
        }
    }
}

/// Where somebody is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Begun {
    /// The provider's page.
    pub to: Url,
    /// What the browser keeps meanwhile.
    pub state: String,
}

/// What the provider says of somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proven {
    /// Their name, which their agent's certificate has as well.
    pub subject: Subject,
    /// What they may do.
    pub rights: Rights,
}

/// The provider, as this server knows it.
#[derive(Debug)]
pub struct Login {
    config: LoginConfig,
    secret: ClientSecret,
    wire: Wire,
    known: Mutex<Option<Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    documents: ProviderMetadataWithLogout,
    read_ms: i64,
}

impl Login {
    /// Reads the secret and whom to trust. The provider itself need not answer yet.
    pub fn open(config: LoginConfig) -> anyhow::Result<Self> {
        let file = &config.client_secret_file;
        let secret = std::fs::read_to_string(file)
            .with_context(|| format!("config: login.client_secret_file = \"{}\" cannot be read", file.display()))?;
        let secret = ClientSecret::new(secret.trim().to_owned());
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut http = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).connect_timeout(PATIENCE);
        if let Some(file) = &config.ca {
            let wrong = || format!("config: login.ca = \"{}\" is no PEM file that can be read", file.display());
            let pem = std::fs::read(file).with_context(wrong)?;
            http = http.tls_certs_merge(reqwest::Certificate::from_pem_bundle(&pem).with_context(wrong)?);
        }
        Ok(Self { config, secret, wire: Wire(http.build()?), known: Mutex::new(None) })
    }

    /// What was configured.
    pub fn config(&self) -> &LoginConfig {
        &self.config
    }

    /// What browsers call this server.
    pub fn public_url(&self) -> &Url {
        &self.config.public_url
    }

    /// Sends somebody to the provider.
    pub async fn begin(&self, store: &Store, clock: &Clock, chance: &Chance) -> Result<Begun, NotLoggedIn> {
        let now_ms = clock.now_ms();
        let (state, nonce, verifier) = (chance.secret(), chance.secret(), chance.secret());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
        let documents = self.documents(now_ms).await?;
        let client =
            CoreClient::from_provider_metadata(documents, self.client_id(), None).set_redirect_uri(self.redirect()?);
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (given_state, given_nonce) = (CsrfToken::new(state.clone()), Nonce::new(nonce.clone()));
        let mut request = client.authorize_url(flow, || given_state, || given_nonce).set_pkce_challenge(challenge);
        for level in &self.config.assurance {
            request = request.add_auth_context_value(AuthenticationContextClass::new(level.clone()));
        }
        let (to, ..) = request.url();
        let login = LoginUnderWay { nonce, verifier };
        store.keep_login(hash_hex(&state), login, now_ms, now_ms - UNDER_WAY_MS).await?;
        Ok(Begun { to, state })
    }

    /// Somebody came back with this `code`; `state` is what the address says and their browser kept.
    pub async fn end(&self, code: String, state: &str, store: &Store, clock: &Clock) -> Result<Proven, NotLoggedIn> {
        let now_ms = clock.now_ms();
        let login = store.take_login(hash_hex(state), now_ms - UNDER_WAY_MS).await?.ok_or(NotLoggedIn::NotUnderWay)?;
        let documents = self.documents(now_ms).await?;
        let client = CoreClient::from_provider_metadata(documents, self.client_id(), Some(self.secret.clone()))
            .set_redirect_uri(self.redirect()?);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| NotLoggedIn::Provider(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(login.verifier));
        let tokens = request.request_async(&self.wire).await.map_err(|error| match error {
            openidconnect::RequestTokenError::ServerResponse(said) => NotLoggedIn::Refused(said.error().to_string()),
            other => NotLoggedIn::Provider(other.to_string()),
        })?;
        let token = tokens.id_token().ok_or_else(|| NotLoggedIn::BadToken("there is none".to_owned()))?;
        let nonce = Nonce::new(login.nonce);
        if let Err(error) = self.check(token, &nonce, now_ms).await {
            // The provider may have another key since.
            if !is_unknown_key(&error) || !self.forget_older(now_ms).await {
                return Err(NotLoggedIn::BadToken(said(&error)));
            }
            self.check(token, &nonce, now_ms).await.map_err(|error| NotLoggedIn::BadToken(said(&error)))?;
        }
        self.proven(&claims(token)?)
    }

    /// Where the provider's own session is ended, if it has such a page.
    pub async fn farewell(&self, clock: &Clock) -> Option<Url> {
        let documents = self.documents(clock.now_ms()).await.ok()?;
        let page = documents.additional_metadata().end_session_endpoint.clone()?;
        let back = PostLogoutRedirectUrl::from_url(self.config.public_url.clone());
        Some(
            LogoutRequest::from(page).set_client_id(self.client_id()).set_post_logout_redirect_uri(back).http_get_url(),
        )
    }

    /// L1.
    async fn check(&self, token: &CoreIdToken, nonce: &Nonce, now_ms: i64) -> Result<(), ClaimsVerificationError> {
        let documents =
            self.documents(now_ms).await.map_err(|error| ClaimsVerificationError::Other(error.to_string()))?;
        let (issuer, keys) = (documents.issuer().clone(), documents.jwks().clone());
        let now = DateTime::from_timestamp_millis(now_ms).unwrap_or_default();
        let verifier = CoreIdTokenVerifier::new_public_client(self.client_id(), issuer, keys)
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || now)
            .set_issue_time_verifier_fn(move |issued: DateTime<Utc>| {
                let apart_ms = (now_ms - issued.timestamp_millis()).abs();
                if apart_ms <= ISSUED_WITHIN_MS { Ok(()) } else { Err("it was made at another time".to_owned()) }
            });
        token.claims(&verifier, nonce).map(drop)
    }

    /// L3. Only for the claims of a token that was checked.
    fn proven(&self, claims: &Value) -> Result<Proven, NotLoggedIn> {
        let levels = &self.config.assurance;
        let level = claims["acr"].as_str().unwrap_or_default();
        if !levels.is_empty() && !levels.iter().any(|enough| enough == level) {
            return Err(NotLoggedIn::Level { found: level.to_owned() });
        }
        let claim = &self.config.subject_claim;
        let name = claim_at(claims, claim).and_then(Value::as_str).unwrap_or_default();
        let subject = name
            .parse()
            .map_err(|_| NotLoggedIn::NoName { claim: claim.clone(), found: name.chars().take(64).collect() })?;
        let roles: BTreeSet<Role> = words_at(claims, &self.config.roles_claim)
            .filter_map(|name| self.config.roles.get(name).copied())
            .collect();
        if roles.is_empty() {
            return Err(NotLoggedIn::NoRole);
        }
        let areas = self.config.areas_claim.as_ref().map(|claim| words_at(claims, claim).map(str::to_owned).collect());
        Ok(Proven { subject, rights: Rights { roles, areas } })
    }

    fn client_id(&self) -> ClientId {
        ClientId::new(self.config.client_id.clone())
    }

    fn redirect(&self) -> Result<RedirectUrl, NotLoggedIn> {
        let url = self.config.public_url.join("v1/login/callback");
        url.map(RedirectUrl::from_url).map_err(|error| NotLoggedIn::Provider(error.to_string()))
    }

    /// The provider's documents: whoever asks while they are read waits for the same answer.
    async fn documents(&self, now_ms: i64) -> Result<ProviderMetadataWithLogout, NotLoggedIn> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| now_ms - known.read_ms < FRESH_MS) {
            return Ok(known.documents.clone());
        }
        let issuer =
            IssuerUrl::new(self.config.issuer.clone()).map_err(|error| NotLoggedIn::Provider(error.to_string()))?;
        let documents = ProviderMetadataWithLogout::discover_async(issuer, &self.wire)
            .await
            .map_err(|error| NotLoggedIn::Provider(format!("{:#}", anyhow::Error::new(error))))?;
        *known = Some(Known { documents: documents.clone(), read_ms: now_ms });
        Ok(documents)
    }

    /// False if they were read just now.
    async fn forget_older(&self, now_ms: i64) -> bool {
        self.known.lock().await.take_if(|known| now_ms - known.read_ms >= AT_MOST_EVERY_MS).is_some()
    }
}

/// How the provider is asked.
#[derive(Debug)]
struct Wire(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = Unanswered;
    type Future = BoxFuture<'c, Result<HttpResponse, Unanswered>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut response = self.0.execute(request.try_into()?).await?;
            let mut answer = HttpResponse::new(Vec::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            while let Some(piece) = response.chunk().await? {
                if answer.body().len() + piece.len() > MOST_BYTES {
                    return Err(Unanswered::TooLong);
                }
                answer.body_mut().extend_from_slice(&piece);
            }
            Ok(answer)
        })
    }
}

/// Why the provider's answer is none.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("it cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("its answer is longer than {MOST_BYTES} bytes")]
    TooLong,
}

fn is_unknown_key(error: &ClaimsVerificationError) -> bool {
    matches!(error, ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey))
}

/// With its cause, and without anything of the token's that is not about the token.
fn said(error: &ClaimsVerificationError) -> String {
    match error {
        ClaimsVerificationError::SignatureVerification(why) => why.to_string(),
        // These two quote what the token says of somebody.
        ClaimsVerificationError::InvalidNonce(_) => "it was made for another login".to_owned(),
        ClaimsVerificationError::InvalidSubject(_) => "its subject is another".to_owned(),
        other => other.to_string(),
    }
}

/// All claims, also those that the crate has no type for.
fn claims(token: &CoreIdToken) -> Result<Value, NotLoggedIn> {
    let text = token.to_string();
    let payload = text.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    payload
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| NotLoggedIn::BadToken("its claims are no JSON".to_owned()))
}

/// A claim by its name, or by a JSON pointer (RFC 6901) if it begins with a slash.
fn claim_at<'c>(claims: &'c Value, name: &str) -> Option<&'c Value> {
    if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) }
}

/// The words of a claim that is a list, or a text of words with spaces between.
fn words_at<'c>(claims: &'c Value, name: &str) -> impl Iterator<Item = &'c str> {
    let (list, text) = match claim_at(claims, name) {
        Some(Value::Array(list)) => (list.as_slice(), ""),
        Some(Value::String(text)) => (&[][..], text.as_str()),
        _ => (&[][..], ""),
    };
    list.iter().filter_map(Value::as_str).chain(text.split_ascii_whitespace())
}
