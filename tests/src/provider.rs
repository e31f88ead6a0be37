//! A scripted OpenID Connect provider: its documents are honest, its tokens are whatever a case wants.
//!
//! In: what the next token shall be ([`Signed`], [`Answer`]). Out: discovery, keys and the token endpoint over HTTP on loopback. Whoever
//! asks for a code is the test itself: what a person does at a provider is not played. A real provider is met in the
//! browser's story (`notes-api/pane/e2e/login.mjs`).

use anyhow::{Context as _, Result};
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// What the provider calls the server under test.
pub const CLIENT: &str = "referent";
/// The secret that goes with it.
pub const SECRET: &str = "a secret that the provider and the server share";

/// How a token is made.
#[derive(Clone, Debug)]
pub enum Signed {
    /// By the provider's key, under its id.
    Honestly,
    /// By its key, in claims that were changed afterwards.
    ThenChanged(&'static str, Value),
    /// By a key of somebody else's, under the provider's id.
    BySomebodyElse,
    /// By a key of somebody else's, under an id of its own.
    UnderAnUnknownId,
    /// By a key of somebody else's that the token brings along.
    WithItsOwnKey,
    /// Not at all, and it says so with this word.
    NotAtAll(&'static str),
    /// With this as a shared secret.
    WithSecret(SharedSecret),
    /// By the next key, which the documents have from now on.
    AfterRotation,
}

/// What somebody may take for a shared secret.
#[derive(Clone, Copy, Debug)]
pub enum SharedSecret {
    /// That of the client.
    Client,
    /// The public key, as it stands in the documents.
    PublicKey,
}

/// What the token endpoint answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A token.
    Token(Signed, Value),
    /// An access token alone.
    NoIdToken,
    /// This status.
    Status(u16),
}

#[derive(Debug)]
struct Inside {
    url: String,
    keys: [EcdsaKeyPair; 2],
    rotated: Mutex<bool>,
    answer: Mutex<Option<Answer>>,
    challenge: Mutex<String>,
}

/// The provider.
#[derive(Debug)]
pub struct Provider {
    inside: Arc<Inside>,
    _serving: AbortOnDropHandle<std::io::Result<()>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn a_key() -> Result<EcdsaKeyPair> {
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok().context("a key")?;
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).ok().context("a key")
}

fn jwk(key: &EcdsaKeyPair, id: &str) -> Value {
    // SEC 1: 0x04, then both coordinates.
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": encode(x), "y": encode(y) })
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Provider {
    /// On a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let inside = Arc::new(Inside {
            url: format!("http://{}", listener.local_addr()?),
            keys: [a_key()?, a_key()?],
            rotated: Mutex::new(false),
            answer: Mutex::new(None),
            challenge: Mutex::default(),
        });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(documents))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&inside));
        let serving = async move { axum::serve(listener, routes).await };
        let serving = AbortOnDropHandle::new(TaskTracker::new().spawn(serving));
        Ok(Self { inside, _serving: serving })
    }

    /// Its name.
    pub fn issuer(&self) -> &str {
        &self.inside.url
    }

    /// What comes next; `challenge` is what the code was asked for with.
    pub fn will_answer(&self, answer: Answer, challenge: &str) {
        challenge.clone_into(&mut locked(&self.inside.challenge));
        *locked(&self.inside.answer) = Some(answer);
    }
}

impl Inside {
    fn signed(&self, how: &Signed, claims: &Value) -> Result<String> {
        let (mut header, key) = (json!({ "alg": "ES256", "typ": "JWT", "kid": "one" }), &self.keys[0]);
        let foreign = a_key()?;
        let sign = |header: &Value, claims: &Value, key: &EcdsaKeyPair| -> Result<String> {
            let text = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
            let signature = key.sign(&SystemRandom::new(), text.as_bytes()).ok().context("a signature")?;
            Ok(format!("{text}.{}", encode(signature)))
        };
        match how {
            Signed::Honestly => sign(&header, claims, key),
            Signed::ThenChanged(name, value) => {
                let honest = sign(&header, claims, key)?;
                let mut parts: Vec<&str> = honest.split('.').collect();
                let mut changed = claims.clone();
                changed[*name] = value.clone();
                let changed = encode(changed.to_string());
                parts[1] = &changed;
                Ok(parts.join("."))
            }
            Signed::BySomebodyElse => sign(&header, claims, &foreign),
            Signed::UnderAnUnknownId => {
                header["kid"] = json!("foreign");
                sign(&header, claims, &foreign)
            }
            Signed::WithItsOwnKey => {
                header["kid"] = json!("foreign");
                header["jwk"] = jwk(&foreign, "foreign");
                sign(&header, claims, &foreign)
            }
            Signed::NotAtAll(word) => {
                header["alg"] = json!(word);
                Ok(format!("{}.{}.", encode(header.to_string()), encode(claims.to_string())))
            }
            Signed::WithSecret(secret) => {
                header = json!({ "alg": "HS256", "typ": "JWT" });
                let secret = match secret {
                    SharedSecret::Client => SECRET.as_bytes().to_vec(),
                    SharedSecret::PublicKey => key.public_key().as_ref().to_vec(),
                };
                let text = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
                let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), text.as_bytes());
                Ok(format!("{text}.{}", encode(signature)))
            }
            Signed::AfterRotation => {
                *locked(&self.rotated) = true;
                header["kid"] = json!("two");
                sign(&header, claims, &self.keys[1])
            }
        }
    }
}

async fn documents(State(inside): State<Arc<Inside>>) -> Json<Value> {
    let url = &inside.url;
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "end_session_endpoint": format!("{url}/bye"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // A provider that would sign with anything: whoever trusts this is let down.
        "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256", "none"],
    }))
}

async fn keys(State(inside): State<Arc<Inside>>) -> Json<Value> {
    let mut keys = vec![jwk(&inside.keys[0], "one")];
    if *locked(&inside.rotated) {
        keys.push(jwk(&inside.keys[1], "two"));
    }
    Json(json!({ "keys": keys }))
}

/// What the server sends (RFC 6749, 4.1.3; RFC 7636, 4.5).
#[derive(Deserialize)]
struct Asked {
    grant_type: String,
    code_verifier: String,
}

async fn token(State(inside): State<Arc<Inside>>, Form(asked): Form<Asked>) -> Response {
    let refused = || (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    let proof = encode(Sha256::digest(asked.code_verifier.as_bytes()));
    if asked.grant_type != "authorization_code" || proof != *locked(&inside.challenge) {
        return refused();
    }
    let Some(answer) = locked(&inside.answer).take() else { return refused() };
    let mut body = json!({ "access_token": "of no use here", "token_type": "Bearer", "expires_in": 60 });
    match answer {
        Answer::Token(how, claims) => match inside.signed(&how, &claims) {
            Ok(token) => body["id_token"] = json!(token),
            Err(_) => return refused(),
        },
        Answer::NoIdToken => {}
        Answer::Status(status) => {
            return StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY).into_response();
        }
    }
    Json(body).into_response()
}
