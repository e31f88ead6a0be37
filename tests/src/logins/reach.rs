//! People who are who they say, and reach for what is not theirs.

use super::{House, NOON, Tries};
use anyhow::{Context as _, Result};
use referent_notes_api::auth::hash_hex;
use referent_notes_api::auth::rights::Rights;
use referent_notes_api::live::Live;
use referent_notes_api::store::Store;
use referent_notes_api::store::calls::Begin;
use referent_notes_api::store::sessions::{How, NewSession};
use referent_proto::{CallId, Direction, Hello, Mode, Started, Track, Urgency, WorkerId};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The case system's key.
pub(super) const KEY: &str = "0123456789abcdef0123456789abcdef";

impl Tries {
    pub(super) async fn by_reach(&mut self) -> Result<()> {
        let annas = self.house.a_call_of("anna").await?;
        self.of_calls(annas).await?;
        self.of_offices(annas).await?;
        self.of_case_systems().await
    }

    /// Another's call.
    async fn of_calls(&mut self, annas: CallId) -> Result<()> {
        let anna = self.house.session_of("anna", &["referent-sagsbehandler"]).await?;
        let berit = self.house.session_of("berit", &["referent-sagsbehandler"]).await?;
        let call = format!("/v1/calls/{annas}");
        let (save, nobody) = (json!({ "save_id": "00000000-0000-4000-8000-000000000000", "sections": {} }), None);
        let mine = self.house.refused(Method::GET, &call, Some(&anna), nobody).await?;
        self.push("one's own call", None, mine);
        let note = format!("{call}/notes");
        let edit = format!("{call}/edit");
        let stream = format!("{call}/events");
        let to = json!({ "to": "berit" });
        let handover = format!("{call}/handover");
        for (name, method, path, body) in [
            ("another's call", Method::GET, &call, nobody),
            ("the events of another's call", Method::GET, &stream, nobody),
            ("another's notes", Method::GET, &note, nobody),
            ("a note on another's call", Method::POST, &note, Some(&save)),
            ("typing on another's call", Method::PUT, &edit, Some(&save)),
            ("handing another's call to oneself", Method::POST, &handover, Some(&to)),
        ] {
            let found = self.house.refused(method, path, Some(&berit), body).await?;
            self.push(name, Some("not-found"), found);
        }
        let listed: Value = self.house.ask(Method::GET, "/v1/calls", Some(&berit), None).await?.json().await?;
        let found = (listed["calls"] == json!([])).then(|| "not-found".to_owned());
        self.push("another's call in the list", Some("not-found"), found);
        let handed = self.house.refused(Method::POST, &handover, Some(&anna), Some(&to)).await?;
        self.push("handing over one's own call", None, handed);
        let seen = self.house.refused(Method::GET, &call, Some(&berit), nobody).await?;
        self.push("a call that was handed over", None, seen);
        Ok(())
    }

    /// What only some roles may, in some areas.
    async fn of_offices(&mut self, annas: CallId) -> Result<()> {
        let caseworker = self.house.session_of("carl", &["referent-sagsbehandler"]).await?;
        let lead = self.house.session_of("lone", &["referent-leder"]).await?;
        let operator = self.house.session_of("drift", &["referent-drift"]).await?;
        let call = format!("/v1/calls/{annas}");
        let (figures, team) = ("/v1/metrics/corrections", "/v1/calls?team=true");
        let again = format!("{call}/draft/again");
        let foreign = json!({ "area": "pension" });
        let anna = self.house.session_of("anna", &["referent-sagsbehandler"]).await?;
        let preview = "/v1/areas/pension/preview/draft";
        let none = None;
        for (name, expected, method, path, who, body) in [
            ("a team lead's figures", None, Method::GET, figures, &lead, none),
            ("a team lead's list", None, Method::GET, team, &lead, none),
            ("one's own figures", None, Method::GET, "/v1/metrics/corrections?mine=true", &caseworker, none),
            ("a team's figures for a caseworker", Some("not-allowed"), Method::GET, figures, &caseworker, none),
            ("a team's list for a caseworker", Some("not-allowed"), Method::GET, team, &caseworker, none),
            ("a team's figures for an operator", Some("not-allowed"), Method::GET, figures, &operator, none),
            ("the words of a call for its team lead", Some("not-found"), Method::GET, &call, &lead, none),
            ("the words of a call for an operator", Some("not-found"), Method::GET, &call, &operator, none),
            (
                "figures of a foreign area",
                Some("not-allowed"),
                Method::GET,
                "/v1/metrics/corrections?area=pension",
                &lead,
                none,
            ),
            ("a draft under a foreign area", Some("not-allowed"), Method::POST, &again, &anna, Some(&foreign)),
            ("a foreign area's preview", Some("not-allowed"), Method::POST, preview, &caseworker, Some(&foreign)),
        ] {
            let found = self.house.refused(method, path, Some(who), body).await?;
            self.push(name, expected, found);
        }
        Ok(())
    }

    /// A case system's key and codes.
    async fn of_case_systems(&mut self) -> Result<()> {
        let body = json!({ "user": "anna", "case_id": "2026-1" });
        let launch = async |house: &House, key: &str| -> Result<Value> {
            let request = house.http.post(format!("{}/v1/launch", house.url)).bearer_auth(key).json(&body);
            Ok(request.header("host", "referent.example").send().await?.json().await?)
        };
        let kind = |answer: &Value| answer["type"].as_str().and_then(|kind| Some(kind.rsplit_once(':')?.1.to_owned()));
        let stranger = launch(&self.house, "another key that is long enough too").await?;
        self.push("a launch without the key", Some("no-key"), kind(&stranger));
        let anna = self.house.session_of("anna", &["referent-sagsbehandler", "referent-drift"]).await?;
        let by_person = launch(&self.house, &anna).await?;
        self.push("a launch by a person", Some("no-key"), kind(&by_person));
        let opening = |launched: &Value, origin: &str| json!({ "launch": launched["code"], "origin": origin });
        let open =
            async |house: &House, body: &Value| house.refused(Method::POST, "/v1/session", None, Some(body)).await;

        let launched = launch(&self.house, KEY).await?;
        let found = open(&self.house, &opening(&launched, "https://evil.example")).await?;
        self.push("a code in another's page", Some("foreign-origin"), found);
        let found = open(&self.house, &opening(&launched, "https://cases.example")).await?;
        self.push("a code that was shown in another's page", Some("wrong-token"), found);
        let launched = launch(&self.house, KEY).await?;
        let found = open(&self.house, &opening(&launched, "https://cases.example")).await?;
        self.push("an honest code", None, found);
        let found = open(&self.house, &opening(&launched, "https://cases.example")).await?;
        self.push("a code that was used", Some("wrong-token"), found);
        let launched = launch(&self.house, KEY).await?;
        self.house.clock.advance_ms(60_000);
        let found = open(&self.house, &opening(&launched, "https://cases.example")).await?;
        self.push("a code of a minute ago", Some("wrong-token"), found);
        let by_key = self.house.http.get(format!("{}/v1/calls", self.house.url)).bearer_auth(KEY).send().await?;
        let found = (by_key.status() == 401).then(|| "no-session".to_owned());
        self.push("the list of calls with a case system's key", Some("no-session"), found);

        // Somebody who had the token before the login was switched on.
        let store = self.house.store().await?;
        let (secret, now_ms) = ("1".repeat(64), self.house.clock.now_ms());
        let new =
            NewSession { person: "local".into(), how: How::Token, rights: Rights::all(), until_ms: now_ms + 1_000_000 };
        store.keep_session(hash_hex(&secret), new, now_ms).await?;
        let found = self.house.refused(Method::GET, "/v1/calls", Some(&secret), None).await?;
        self.push("a session from before there was a login", Some("no-session"), found);
        Ok(())
    }
}

impl House {
    /// The same database, beside the server.
    async fn store(&self) -> Result<Store> {
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let url = format!("sqlite://{}", self.folder.join("notes.db").display());
        Ok(Store::open(&url, Arc::new(Live::default()), &tracker, &shutdown).await?)
    }

    /// A call that began on somebody's PC, in the area `standard`.
    async fn a_call_of(&self, identity: &str) -> Result<CallId> {
        let (call, worker) = (CallId::new(NOON.unsigned_abs(), [7; 10]), WorkerId::new(1, [7; 10]));
        let hello = Hello {
            agent_version: "test".into(),
            call,
            continues: None,
            external_id: None,
            case_id: Some("2026-114823".into()),
            area: None,
            mode: Mode::Notice,
            direction: Direction::Incoming,
            started: Started { utc_ms: NOON, utc_offset_s: 3600 },
            urgency: Urgency::Live,
            attempts_without_progress: 0,
            tracks: Track::BOTH.to_vec(),
        };
        let area = referent_areas::built_in().into_iter().find(|area| area.area == "standard").context("an area")?;
        let begin = Begin { hello, identity: identity.to_owned(), worker, holder: "here".to_owned(), area };
        self.store().await?.begin(begin, self.clock.now_ms()).await?;
        Ok(call)
    }
}
