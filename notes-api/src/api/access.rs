//! A3: who is asking, in the parameters of each route.
//!
//! A route that takes a [`Person`] is for people with a session; one that takes an [`InPath`] is about a call that whoever
//! asks sees; [`Administrator`] and [`CaseSystem`] say it themselves. A call that somebody does not see is
//! answered as one that there is not, so that nobody learns which there are. The session is looked up once a request.

use super::App;
use crate::auth::rights::Role;
use crate::auth::{Administrator, Person, Session, bearer_in};
use crate::error::ApiError;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use referent_proto::CallId;
use std::collections::HashMap;
use std::sync::Arc;

/// Whoever is asking, with what they may do.
#[derive(Clone, Debug)]
pub(crate) struct Asking(pub(crate) Arc<Session>);

/// A case system, by its name.
pub(crate) struct CaseSystem(pub(crate) String);

/// The call in the path, which whoever asks sees. What is no UUID is no call.
pub(super) struct InPath(pub(super) CallId);

impl FromRequestParts<App> for Asking {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if let Some(asking) = parts.extensions.get::<Self>() {
            return Ok(asking.clone());
        }
        let asking = Self(Arc::new(app.auth.session(&parts.headers, &app.store, &app.clock).await?));
        parts.extensions.insert(asking.clone());
        Ok(asking)
    }
}

impl FromRequestParts<App> for Person {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Asking(session) = Asking::from_request_parts(parts, app).await?;
        Ok(Self(session.person.clone()))
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Asking(session) = Asking::from_request_parts(parts, app).await?;
        if !session.is(Role::Administrator) {
            return Err(ApiError::NotAllowed("an administrator"));
        }
        Ok(Self(session.person.clone()))
    }
}

impl FromRequestParts<App> for CaseSystem {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let key = bearer_in(&parts.headers).ok_or(ApiError::NoKey)?;
        app.auth.case_systems.by_key(&key).map(|name| Self(name.to_owned())).ok_or(ApiError::NoKey)
    }
}

impl FromRequestParts<App> for InPath {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Asking(session) = Asking::from_request_parts(parts, app).await?;
        let call = call_in_path(parts, app).await?;
        if let Some(person) = session.only()
            && !app.store.sees(call, person).await?
        {
            return Err(ApiError::NotFound("call"));
        }
        Ok(Self(call))
    }
}

/// The call in the path, whosever it is, and the administrator who does something about it. Whoever sees the call, but runs
/// nothing here, is told so; to others there is no such call.
pub(super) struct Administered {
    pub(super) by: String,
    pub(super) call: CallId,
}

impl FromRequestParts<App> for Administered {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Asking(session) = Asking::from_request_parts(parts, app).await?;
        if session.is(Role::Administrator) {
            return Ok(Self { by: session.person.clone(), call: call_in_path(parts, app).await? });
        }
        InPath::from_request_parts(parts, app).await?;
        Err(ApiError::NotAllowed("an administrator"))
    }
}

/// The call in the path, for whoever sees it and for administrators, who see no word of it.
pub(super) struct Overseen(pub(super) CallId);

impl FromRequestParts<App> for Overseen {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Asking(session) = Asking::from_request_parts(parts, app).await?;
        if session.is(Role::Administrator) {
            return call_in_path(parts, app).await.map(Self);
        }
        InPath::from_request_parts(parts, app).await.map(|InPath(call)| Self(call))
    }
}

/// The call in the path, whoever asks.
pub(super) async fn call_in_path(parts: &mut Parts, app: &App) -> Result<CallId, ApiError> {
    let found = Path::<HashMap<String, String>>::from_request_parts(parts, app).await;
    let Path(found) = found.map_err(|_| ApiError::NotFound("call"))?;
    found.get("id").and_then(|id| id.parse().ok()).ok_or(ApiError::NotFound("call"))
}
