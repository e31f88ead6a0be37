//! Where doubt about requests ends: bodies, `If-Match`, queries.
//!
//! Promised: an error never repeats what was in the body, because a person typed it.

use crate::error::ApiError;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim() == "application/json");
        if !is_json {
            return Err(ApiError::Malformed("send the body as application/json".to_owned()));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| unreadable(&rejection))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| ApiError::Malformed(without_text(&error)))
    }
}

fn unreadable(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::TooLarge
    } else {
        ApiError::Malformed("the body broke off".to_owned())
    }
}

/// What is wrong with a body, without its text: serde quotes values, but these two messages only name our own fields.
fn without_text(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match error.classify() {
        Category::Data if said.starts_with("missing field `") => said,
        Category::Data => {
            format!("a value is not what belongs there, at line {} column {}", error.line(), error.column())
        }
        Category::Syntax | Category::Eof | Category::Io => {
            format!("the body is not JSON, at line {} column {}", error.line(), error.column())
        }
    }
}

/// The revision that the person saw.
pub(super) struct IfMatch(pub(super) i64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let value = parts.headers.get(header::IF_MATCH).ok_or(ApiError::MustMatch)?;
        value
            .to_str()
            .ok()
            .and_then(|value| value.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok())
            .filter(|revision| *revision >= 0)
            .map(Self)
            .ok_or_else(|| ApiError::Malformed("If-Match must be one number in quotes, such as \"3\"".to_owned()))
    }
}

/// The query of the address.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(asked) = Query::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::Malformed("the query of the address cannot be read".to_owned()))?;
        Ok(Self(asked))
    }
}
