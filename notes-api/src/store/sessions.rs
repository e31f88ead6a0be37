//! Sessions, logins under way, codes of case systems, and calls that were handed over.
//!
//! Secrets are here as hashes only. What is good once is taken out of its table in the statement that finds it.

use super::audit::{Act, Deed, tell};
use super::{Store, Stored, Tx, from_json, from_word, json};
use crate::auth::rights::Rights;
use crate::auth::{SESSION_MS, Session};
use referent_proto::CallId;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// A request is written down once a minute.
const SEEN_MS: i64 = 60_000;

/// How somebody came by a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By the one-time token of a server without a login.
    Token,
    /// Their provider said who they are.
    Login,
    /// Their case system did.
    Launch,
}

/// A session that is opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewSession {
    /// Whose.
    pub person: String,
    /// How they came by it.
    pub how: How,
    /// What they may do.
    pub rights: Rights,
    /// Until when.
    pub until_ms: i64,
}

/// A login between the way to the provider and the way back.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub struct LoginUnderWay {
    /// What the token has to say.
    pub nonce: String,
    /// Of PKCE.
    pub verifier: String,
}

/// What a case system's code opens.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub struct Launched {
    /// Which one made it.
    pub case_system: String,
    /// For whom.
    pub person: String,
    /// Beside which case.
    pub case_id: String,
}

#[derive(FromRow)]
struct SessionColumns {
    person: String,
    how: String,
    rights: String,
    until_ms: i64,
    seen_ms: i64,
    created_ms: i64,
}

impl SessionColumns {
    /// With the time of its last request but this one.
    fn session(self, hash: String) -> Stored<(Session, i64)> {
        let rights = match self.rights.as_str() {
            "" => Rights::all(),
            text => from_json("sessions.rights", text)?,
        };
        let how = from_word("sessions.how", &self.how)?;
        let session = Session { hash, person: self.person, how, rights, until_ms: self.until_ms };
        Ok((session, self.seen_ms.max(self.created_ms)))
    }
}

async fn find(tx: &mut Tx, hash: &str, now_ms: i64) -> Stored<Option<SessionColumns>> {
    row!(
        tx,
        SessionColumns,
        "SELECT person, how, rights, seen_ms, created_ms, \
         CASE WHEN until_ms = 0 THEN created_ms + $3 ELSE until_ms END AS until_ms FROM sessions \
         WHERE session = $1 AND CASE WHEN until_ms = 0 THEN created_ms + $3 ELSE until_ms END > $2",
        hash,
        now_ms,
        SESSION_MS
    )
}

impl Store {
    /// Remembers the hash of a session.
    pub async fn keep_session(&self, hash: String, new: NewSession, now_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(
                    tx,
                    "INSERT INTO sessions (session, person, how, rights, until_ms, seen_ms, created_ms) \
                     VALUES ($1, $2, $3, $4, $5, $6, $6)",
                    hash.as_str(),
                    new.person.as_str(),
                    super::word(&new.how),
                    json(&new.rights),
                    new.until_ms,
                    now_ms
                )?;
                tell(tx, &Deed::with(&new.person, Act::SessionOpened, "session"), now_ms).await
            })
        })
        .await
    }

    /// The session with this hash, if its time is not over, and when it was used last; from now on that is now.
    pub async fn session(&self, hash: String, now_ms: i64) -> Stored<Option<(Session, i64)>> {
        let found = self.session_unused(hash.clone(), now_ms).await?;
        if let Some((_, seen_ms)) = &found
            && now_ms - seen_ms >= SEEN_MS
        {
            self.write(move |tx| {
                Box::pin(async move {
                    run!(tx, "UPDATE sessions SET seen_ms = $2 WHERE session = $1", hash.as_str(), now_ms).map(drop)
                })
            })
            .await?;
        }
        Ok(found)
    }

    /// The same, which is no use of it.
    pub async fn session_unused(&self, hash: String, now_ms: i64) -> Stored<Option<(Session, i64)>> {
        self.read(move |tx| {
            Box::pin(async move { find(tx, &hash, now_ms).await?.map(|columns| columns.session(hash)).transpose() })
        })
        .await
    }

    /// This session is over.
    pub async fn end_session(&self, session: Session, now_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(tx, "DELETE FROM sessions WHERE session = $1", session.hash.as_str())?;
                tell(tx, &Deed::with(&session.person, Act::SessionEnded, "session"), now_ms).await
            })
        })
        .await
    }

    /// Somebody is on their way to the provider.
    pub async fn keep_login(&self, state: String, login: LoginUnderWay, now_ms: i64, since_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(tx, "DELETE FROM logins WHERE created_ms <= $1", since_ms)?;
                run!(
                    tx,
                    "INSERT INTO logins (state, nonce, verifier, created_ms) VALUES ($1, $2, $3, $4)",
                    state.as_str(),
                    login.nonce.as_str(),
                    login.verifier.as_str(),
                    now_ms
                )
                .map(drop)
            })
        })
        .await
    }

    /// They came back; nobody comes back twice.
    pub async fn take_login(&self, state: String, since_ms: i64) -> Stored<Option<LoginUnderWay>> {
        self.write(move |tx| {
            Box::pin(async move {
                row!(
                    tx,
                    LoginUnderWay,
                    "DELETE FROM logins WHERE state = $1 AND created_ms > $2 RETURNING nonce, verifier",
                    state.as_str(),
                    since_ms
                )
            })
        })
        .await
    }

    /// A case system wants the pane opened.
    pub async fn keep_launch(&self, code: String, launched: Launched, now_ms: i64, since_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(tx, "DELETE FROM launch_codes WHERE created_ms <= $1", since_ms)?;
                run!(
                    tx,
                    "INSERT INTO launch_codes (code, case_system, person, case_id, created_ms) \
                     VALUES ($1, $2, $3, $4, $5)",
                    code.as_str(),
                    launched.case_system.as_str(),
                    launched.person.as_str(),
                    launched.case_id.as_str(),
                    now_ms
                )?;
                let by = format!("case-system/{}", launched.case_system);
                tell(tx, &Deed::with(&by, Act::LaunchGranted, format!("person/{}", launched.person)), now_ms).await
            })
        })
        .await
    }

    /// What this code opens; it is void from then on.
    pub async fn take_launch(&self, code: String, since_ms: i64) -> Stored<Option<Launched>> {
        self.write(move |tx| {
            Box::pin(async move {
                row!(
                    tx,
                    Launched,
                    "DELETE FROM launch_codes WHERE code = $1 AND created_ms > $2 \
                     RETURNING case_system, person, case_id",
                    code.as_str(),
                    since_ms
                )
            })
        })
        .await
    }

    /// Whether a call is somebody's, or was handed over to them.
    pub async fn sees(&self, call: CallId, person: String) -> Stored<bool> {
        self.read(move |tx| Box::pin(async move { sees(tx, call, &person).await })).await
    }

    /// The area of a call.
    pub async fn area_of(&self, call: CallId) -> Stored<Option<String>> {
        self.read(move |tx| {
            Box::pin(async move {
                let found = row!(tx, (String,), "SELECT area FROM calls WHERE call = $1", call.to_string())?;
                Ok(found.map(|(area,)| area))
            })
        })
        .await
    }

    /// Somebody else sees the call from now on, as if it were theirs. A repeat changes nothing.
    pub async fn hand_over(&self, call: CallId, to: String, by: String, now_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                let done = run!(
                    tx,
                    "INSERT INTO handovers (call, person, handed_by, handed_ms) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (call, person) DO NOTHING",
                    call.to_string(),
                    to.as_str(),
                    by.as_str(),
                    now_ms
                )?;
                if done > 0 {
                    tell(tx, &Deed::with(&by, Act::CallHandedOver, format!("call/{call} to {to}")), now_ms).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// The same, in a transaction.
pub(crate) async fn sees(tx: &mut Tx, call: CallId, person: &str) -> Stored<bool> {
    let found = row!(
        tx,
        (i64,),
        "SELECT CAST(COUNT(*) AS BIGINT) FROM calls c WHERE c.call = $1 AND (c.owner = $2 OR EXISTS \
         (SELECT 1 FROM handovers h WHERE h.call = c.call AND h.person = $2))",
        call.to_string(),
        person
    )?;
    Ok(found.is_some_and(|(count,)| count > 0))
}
