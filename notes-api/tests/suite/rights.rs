//! Sessions, what they show, and how a case system opens one. Logins at a provider: `tests/tests/login.rs`.

use crate::given::{House, Kept, Place, a_call, a_worker, said};
use crate::http::Browser;
use referent_notes_api::auth::Session;
use referent_notes_api::auth::rights::{Rights, Role};
use referent_notes_api::store::calls::Listed;
use referent_notes_api::store::sessions::{How, Launched, LoginUnderWay, NewSession};
use referent_proto::{CallId, Track};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn a_session(person: &str, until_ms: i64) -> NewSession {
    NewSession { person: person.into(), how: How::Login, rights: Rights::of_caseworker(), until_ms }
}

pub(crate) async fn sessions_end(place: Place) {
    let kept = place.store().await;
    let (begin, until_ms) = (kept.now(), kept.now() + 600_000);
    kept.store.keep_session("hash".into(), a_session("anna", until_ms), begin).await.unwrap();
    let (session, used_ms) = kept.store.session("hash".into(), begin).await.unwrap().unwrap();
    let expected = Session {
        hash: "hash".into(),
        person: "anna".into(),
        how: How::Login,
        rights: Rights::of_caseworker(),
        until_ms,
    };
    assert_eq!((&session, used_ms), (&expected, begin));
    assert!(kept.store.session("other".into(), begin).await.unwrap().is_none());
    kept.seconds_pass(90);
    assert_eq!(kept.store.session_unused("hash".into(), kept.now()).await.unwrap().unwrap().1, begin);
    assert_eq!(kept.store.session("hash".into(), kept.now()).await.unwrap().unwrap().1, begin, "the use before this");
    assert_eq!(kept.store.session_unused("hash".into(), kept.now()).await.unwrap().unwrap().1, kept.now());
    assert!(kept.store.session("hash".into(), until_ms).await.unwrap().is_none(), "its time is over");
    kept.store.end_session(session, kept.now()).await.unwrap();
    assert!(kept.store.session("hash".into(), begin).await.unwrap().is_none(), "they logged out");
}

pub(crate) async fn what_is_good_once_is_taken_once(place: Place) {
    let kept = place.store().await;
    let login = LoginUnderWay { nonce: "nonce".into(), verifier: "verifier".into() };
    kept.store.keep_login("state".into(), login.clone(), kept.now(), 0).await.unwrap();
    assert_eq!(kept.store.take_login("state".into(), kept.now()).await.unwrap(), None, "it was too long ago");
    assert_eq!(kept.store.take_login("state".into(), kept.now() - 1).await.unwrap(), Some(login));
    assert_eq!(kept.store.take_login("state".into(), kept.now() - 1).await.unwrap(), None);
    let launched = Launched { case_system: "esdh".into(), person: "anna".into(), case_id: "2026-1".into() };
    kept.store.keep_launch("code".into(), launched.clone(), kept.now(), 0).await.unwrap();
    // However many try at once, one has it.
    let tries = (0..8).map(|_| kept.store.take_launch("code".into(), 0));
    let found: Vec<_> = futures_util::future::try_join_all(tries).await.unwrap().into_iter().flatten().collect();
    assert_eq!(found, [launched]);
}

async fn calls_of(kept: &Kept, which: Listed) -> Vec<CallId> {
    let which = Listed { limit: 50, ..which };
    kept.store.summaries(which).await.unwrap().into_iter().map(|summary| summary.id).collect()
}

pub(crate) async fn somebody_sees_their_own_calls_and_those_handed_over(place: Place) {
    let kept = place.store().await;
    let (annas, berits) = (a_call(), a_call());
    kept.begin_as(annas, a_worker(), "anna").await;
    kept.begin_as(berits, a_worker(), "berit").await;
    let of = async |person: &str| calls_of(&kept, Listed { person: Some(person.into()), ..Listed::default() }).await;
    assert_eq!((of("anna").await, of("berit").await), (vec![annas], vec![berits]));
    assert!(kept.store.sees(annas, "anna".into()).await.unwrap());
    assert!(!kept.store.sees(annas, "berit".into()).await.unwrap());
    for _ in 0..2 {
        kept.store.hand_over(annas, "berit".into(), "anna".into(), kept.now()).await.unwrap();
    }
    assert!(kept.store.sees(annas, "berit".into()).await.unwrap());
    assert_eq!(of("berit").await.len(), 2);
    assert_eq!(of("anna").await, [annas], "who handed it over still sees it, and nothing more");
    let in_areas =
        async |areas: BTreeSet<String>| calls_of(&kept, Listed { areas: Some(areas), ..Listed::default() }).await;
    let area = kept.store.area_of(annas).await.unwrap().unwrap();
    assert_eq!(in_areas([area.clone(), "other".into()].into()).await.len(), 2);
    assert_eq!(in_areas(["other".to_owned()].into()).await, []);
    assert_eq!(in_areas([area[1..].to_owned()].into()).await, [], "a part of a name is none");
    assert_eq!(in_areas(BTreeSet::new()).await, [], "no area is not all of them");
    let of_case = async |case: &str| calls_of(&kept, Listed { case_id: Some(case.into()), ..Listed::default() }).await;
    assert_eq!((of_case("2026-114823").await.len(), of_case("2026-1").await.len()), (2, 0));
}

/// Everything that the OpenAPI document says there is about one call, tried by somebody whose call it is not.
pub(crate) async fn a_foreign_call_is_none_on_every_path(place: Place) {
    let annas = a_call();
    {
        let kept = place.store().await;
        kept.begin_as(annas, a_worker(), "anna").await;
    }
    let house = place.house().await;
    let (anna, berit) = (
        Browser::with_bearer(&house, &bearer(&place, "anna").await),
        Browser::with_bearer(&house, &bearer(&place, "berit").await),
    );
    let document: Value = serde_json::from_str(&referent_notes_api::api::openapi_json()).unwrap();
    let body = json!({ "save_id": "00000000-0000-4000-8000-000000000000", "sections": {}, "number": 1, "to": "berit",
        "page": "00000000-0000-4000-8000-000000000000", "clock_ms": 0, "stretches": [] });
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(rest) = path.strip_prefix("/v1/calls/{id}") else { continue };
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = format!("/v1/calls/{annas}{rest}");
            let (status, problem) = berit.try_out(&method, &path, &body).await;
            assert_eq!((status, &problem["type"]), (404, &json!("urn:referent:problem:not-found")), "{method} {path}");
            let (absent, same) = berit.try_out(&method, &format!("/v1/calls/{}{rest}", a_call()), &body).await;
            assert_eq!((absent, same), (404, problem), "it cannot be told from one that there is not: {method} {path}");
            if method == Method::GET && !path.ends_with("/events") {
                // All of a call at once is for administrators; whoever sees the call is told so.
                let expected = if path.ends_with("/export") { 403 } else { 200 };
                assert_eq!(anna.try_out(&method, &path, &body).await.0, expected, "{path}");
            }
            tried += 1;
        }
    }
    assert!(tried >= 12, "{tried}");
    assert_eq!(berit.get("/v1/calls").await["calls"], json!([]));
    house.stop().await;
}

/// A caseworker's session, as a login would have made it.
async fn bearer(place: &Place, person: &str) -> String {
    let secret = format!("{person:0>64}");
    let kept = place.store().await;
    let hash = referent_notes_api::auth::hash_hex(&secret);
    kept.store.keep_session(hash, a_session(person, kept.now() + 600_000), kept.now()).await.unwrap();
    secret
}

/// Of the case system `esdh`.
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Two case systems, for a configuration; their keys lie in the folder.
pub(crate) fn case_systems(folder: &std::path::Path) -> String {
    let key = folder.join("key");
    std::fs::write(&key, format!("{KEY}\n")).unwrap();
    let other = folder.join("other-key");
    std::fs::write(&other, "another key that is long enough 1234").unwrap();
    let table = |name: &str, key: &std::path::Path, origin: &str| {
        format!("[[case_system]]\nname = \"{name}\"\nkey_file = \"{}\"\norigins = [\"{origin}\"]\n", key.display())
    };
    table("esdh", &key, "https://cases.example") + &table("other", &other, "https://other.example")
}

async fn house_with_case_systems(place: &Place, folder: &std::path::Path) -> House {
    place.house_with(&case_systems(folder)).await
}

pub(crate) async fn a_case_system_opens_a_frame(place: Place) {
    let annas = a_call();
    {
        let kept = place.store().await;
        kept.begin_as(annas, a_worker(), "anna").await;
    }
    let folder = tempfile::tempdir().unwrap();
    let house = house_with_case_systems(&place, folder.path()).await;
    let (policy, framed) = Browser::stranger(&house).policy("/embed").await;
    assert!(policy.ends_with("frame-ancestors https://cases.example https://other.example"), "{policy}");
    assert!(framed, "X-Frame-Options knows no list of origins");
    let (policy, framed) = Browser::stranger(&house).policy("/").await;
    assert!(policy.ends_with("frame-ancestors 'none'") && !framed, "{policy}");
    let system = Browser::with_bearer(&house, KEY);
    let (status, launched) = system.post("/v1/launch", &json!({ "user": "anna", "case_id": "2026-114823" })).await;
    assert_eq!(status, 201, "{launched}");
    let opening = json!({ "launch": launched["code"], "origin": "https://cases.example" });
    let frame = Browser::stranger(&house);
    let (status, opened) = frame.post("/v1/session", &opening).await;
    assert_eq!((status, &opened["case_id"]), (201, &json!("2026-114823")));
    assert_eq!(frame.post("/v1/session", &opening).await.0, 401, "a code is good once");
    let frame = Browser::with_bearer(&house, opened["bearer"].as_str().unwrap());
    let calls = frame.get("/v1/calls?case_id=2026-114823").await;
    assert_eq!(calls["calls"][0]["id"], json!(annas.to_string()));
    let session = frame.get("/v1/session").await;
    assert_eq!((&session["person"], &session["roles"]), (&json!("anna"), &json!(["caseworker"])));
    let (status, problem) = frame.try_out(&Method::GET, "/v1/calls?team=true", &Value::Null).await;
    assert_eq!((status, &problem["type"]), (403, &json!("urn:referent:problem:not-allowed")));
    let (status, _) = frame.try_out(&Method::GET, "/v1/metrics/corrections", &Value::Null).await;
    assert_eq!(status, 403, "a team's figures are not a caseworker's");
    assert_eq!(frame.try_out(&Method::GET, "/v1/metrics/corrections?mine=true", &Value::Null).await.0, 200);
    house.clock.advance_ms(3_600_000);
    assert_eq!(frame.try_out(&Method::GET, "/v1/calls", &Value::Null).await.0, 401, "an hour is over");
    house.stop().await;
}

pub(crate) async fn a_page_of_another_case_system_opens_nothing(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let house = house_with_case_systems(&place, folder.path()).await;
    let stranger = Browser::stranger(&house);
    let body = json!({ "user": "anna", "case_id": "2026-1" });
    for key in ["", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcde"] {
        let (status, problem) = Browser::with_bearer(&house, key).post("/v1/launch", &body).await;
        assert_eq!((status, &problem["type"]), (401, &json!("urn:referent:problem:no-key")));
    }
    let system = Browser::with_bearer(&house, KEY);
    for wrong in [json!({ "user": "anna/../x", "case_id": "1" }), json!({ "user": "anna", "case_id": "" })] {
        assert_eq!(system.post("/v1/launch", &wrong).await.0, 400, "{wrong}");
    }
    for origin in ["https://other.example", "https://cases.example.evil.example", "null", ""] {
        let (_, launched) = system.post("/v1/launch", &body).await;
        let opening = |origin: &str| json!({ "launch": launched["code"], "origin": origin });
        let (status, problem) = stranger.post("/v1/session", &opening(origin)).await;
        assert_eq!((status, &problem["type"]), (403, &json!("urn:referent:problem:foreign-origin")), "{origin}");
        let late = stranger.post("/v1/session", &opening("https://cases.example")).await;
        assert_eq!(late.0, 401, "the code is void");
    }
    let (_, launched) = system.post("/v1/launch", &body).await;
    house.clock.advance_ms(60_000);
    let opening = json!({ "launch": launched["code"], "origin": "https://cases.example" });
    assert_eq!(stranger.post("/v1/session", &opening).await.0, 401, "a minute is over");
    house.stop().await;
}

pub(crate) async fn logging_out_ends_streams(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let session = browser.get("/v1/session").await;
    assert_eq!(session["roles"], json!([Role::Caseworker, Role::TeamLead, Role::Administrator]));
    let mut events = browser.listen("/v1/events").await;
    events.of_kind("agent").await;
    let (status, out) = browser.try_out(&Method::DELETE, "/v1/session", &Value::Null).await;
    assert_eq!((status, out), (200, json!({ "farewell": null })));
    assert_eq!(browser.try_out(&Method::GET, "/v1/calls", &Value::Null).await.0, 401);
    assert_eq!(browser.get("/v1/session").await["person"], Value::Null);
    events.until_it_ends().await;
    house.stop().await;
}

pub(crate) async fn a_call_is_held_against_its_case(place: Place) {
    let turn = {
        let kept = place.store().await;
        let turn = kept.new_call().await;
        let far = |from: u64, text: &str| said(turn.epoch, Track::Far, from * 16_000, (from + 5) * 16_000, text);
        let settles = vec![far(0, "Mit cpr-nummer er 720371-4321."), far(5, "Vores cvr-nummer er 87 65 43 21.")];
        kept.settle(&turn, settles).await;
        turn
    };
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let path = format!("/v1/calls/{}/case-check", turn.call);
    let held = async |identifiers: Value| browser.post(&path, &json!({ "identifiers": identifiers })).await;
    let cpr = |value: &str| json!([{ "kind": "cpr", "value": value }]);
    let (status, checked) = held(cpr("610564-1234")).await;
    let foreign = json!([{ "kind": "cpr", "said": "720371-4321", "evidence": { "track": "far", "start": 0 },
        "differs_in": 9 }]);
    assert_eq!((status, &checked["foreign"]), (200, &foreign));
    assert_eq!(held(cpr("7203714321")).await, (200, json!({ "foreign": [] })), "however it is written");
    assert_eq!(held(json!([])).await, (200, json!({ "foreign": [] })), "a case that says nothing");
    let business = held(json!([{ "kind": "cvr", "value": "12345678" }])).await.1;
    assert_eq!(business["foreign"][0]["evidence"]["start"], json!(80_000));
    let (status, problem) = held(json!([{ "kind": "name", "value": "Anna" }])).await;
    assert_eq!((status, &problem["type"]), (400, &json!("urn:referent:problem:malformed")));
    assert_eq!(held(json!(vec![json!({ "kind": "cpr", "value": "1" }); 51])).await.0, 400, "more than a case has");
    house.stop().await;
}

/// A code for one's own PC is for people who logged in here; a frame's session is somebody else's word for them.
pub(crate) async fn a_frame_connects_no_pc(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let house = house_with_case_systems(&place, folder.path()).await;
    let system = Browser::with_bearer(&house, KEY);
    let (_, launched) = system.post("/v1/launch", &json!({ "user": "anna", "case_id": "2026-1" })).await;
    let opening = json!({ "launch": launched["code"], "origin": "https://cases.example" });
    let (_, opened) = Browser::stranger(&house).post("/v1/session", &opening).await;
    let frame = Browser::with_bearer(&house, opened["bearer"].as_str().unwrap());
    let (status, problem) = frame.post("/v1/enrolments", &json!({})).await;
    assert_eq!((status, &problem["type"]), (403, &json!("urn:referent:problem:not-allowed")));
    let anna = Browser::with_bearer(&house, &bearer(&place, "anna").await);
    assert_eq!(anna.post("/v1/enrolments", &json!({})).await.0, 404, "this server has no authority of its own");
    house.stop().await;
}
