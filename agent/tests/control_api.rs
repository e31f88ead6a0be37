//! The control port as others use it: what is refused and how, what is described, and the state as it is told.

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;

use agent::{Running, config, wav};
use referent_agent::clock::Clock;
use referent_agent::control::client::Agent;
use referent_agent::control::events::COUNTS_FOR;
use referent_proto::AgentStateKind;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Nobody listens there: what is begun stays in the spool.
const NOWHERE: &str = "http://127.0.0.1:9";

async fn idle(folder: &Path) -> (Running, String) {
    let agent = Running::start(config(folder, NOWHERE, "real_time"), &Clock::system()).await;
    let token = std::fs::read_to_string(folder.join("agent/control-token")).expect("the agent wrote it");
    (agent, token)
}

/// The routes that the document describes, as `METHOD path`.
fn described() -> Vec<String> {
    let document: Value = serde_json::from_str(&referent_agent::control::openapi_json()).expect("it is JSON");
    let paths = document["paths"].as_object().expect("there are paths").iter();
    let methods = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("there are methods").keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    methods.collect()
}

#[test]
fn every_route_is_described() {
    let document: Value = serde_json::from_str(&referent_agent::control::openapi_json()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    insta::assert_snapshot!("routes", described().join("\n"));
    insta::assert_snapshot!("openapi", referent_agent::control::openapi_json());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_strangers_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, token) = idle(folder.path()).await;
    let (path, _) = wav(folder.path(), "call.wav", 60);
    let call = agent.begin(&path).await;
    let (own, bearer) = (agent.address.to_string(), format!("Bearer {token}"));
    let (wrong, foreign) =
        (format!("Bearer {}", "0".repeat(token.len())), format!("evil.example:{}", agent.address.port()));
    let page = Some("http://evil.example");
    let strangers = [
        ("no token", None, own.as_str(), None, StatusCode::UNAUTHORIZED),
        ("another token", Some(wrong.as_str()), &own, None, StatusCode::UNAUTHORIZED),
        ("a token of another kind", Some("Basic dXNlcjpwYXNz"), &own, None, StatusCode::UNAUTHORIZED),
        // A name of an attacker's that points to 127.0.0.1: his page is then of the "same origin".
        ("a rebound name", Some(&bearer), &foreign, None, StatusCode::FORBIDDEN),
        ("a rebound name and its page", Some(&bearer), &foreign, Some("http://evil.example"), StatusCode::FORBIDDEN),
        ("a page", Some(&bearer), &own, page, StatusCode::FORBIDDEN),
        ("a page without origin", Some(&bearer), &own, Some("null"), StatusCode::FORBIDDEN),
        ("a page of another scheme", Some(&bearer), &own, Some("https://127.0.0.1"), StatusCode::FORBIDDEN),
    ];
    let http = reqwest::Client::new();
    for route in described() {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{call}", &call.to_string());
        let method: Method = method.parse().unwrap();
        for (who, token, host, origin, expected) in strangers {
            let mut request = http.request(method.clone(), format!("http://{own}{path}")).header(header::HOST, host);
            request = token.into_iter().fold(request, |request, token| request.header(header::AUTHORIZATION, token));
            request = origin.into_iter().fold(request, |request, origin| request.header(header::ORIGIN, origin));
            let response = request.json(&json!({})).send().await.unwrap();
            assert_eq!(response.status(), expected, "{who}: {route}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json", "{who}: {route}");
        }
        // With the token and the wrong method.
        let other = if method == Method::GET { Method::POST } else { Method::GET };
        let response = http.request(other, format!("http://{own}{path}")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{route}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json", "{route}");
    }
    let status = agent.control.status().await.unwrap();
    assert_eq!((&status["call"]["id"], &status["call"]["is_paused"]), (&json!(call), &json!(false)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_or_not_understood_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, token) = idle(folder.path()).await;
    let http = reqwest::Client::new();
    let json_type = "application/json";
    for (path, kind, body, expected, says) in [
        ("calls", json_type, format!("{{\"case_id\":\"{}\"}}", "x".repeat(70_000)), 413, "64 kB"),
        ("calls", json_type, "{\"colour\":\"blue\"}".into(), 400, "colour"),
        ("calls", json_type, "{\"replace\":\"yes\"}".into(), 400, "replace"),
        ("calls", json_type, "{\"continues\":\"yesterday\"}".into(), 400, "continues"),
        ("calls", json_type, "{".into(), 400, "EOF"),
        ("calls", json_type, "[".repeat(10_000), 400, "line 1"),
        ("calls", "text/plain", "{}".into(), 400, "application/json"),
        ("calls/current/consent", json_type, "{}".into(), 400, "given"),
        ("calls/current/consent", json_type, "{\"given\":true,\"by\":\"x\"}".into(), 400, "by"),
        ("calls/17/discard", json_type, String::new(), 400, "UUID"),
        ("calls/%ff/give-up", json_type, String::new(), 400, "UTF-8"),
    ] {
        let request = http.post(format!("http://{}/v1/{path}", agent.address)).bearer_auth(&token);
        let response = request.header(header::CONTENT_TYPE, kind).body(body).send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{path} {says}");
        let problem: Value = response.json().await.expect("a problem is JSON");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem} for {says}");
    }
    assert_eq!(agent.control.status().await.unwrap()["spool"]["calls"], 0);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_is_told_at_once_and_again_and_again_and_no_more_when_the_agent_stops() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, _) = idle(folder.path()).await;
    let (path, _) = wav(folder.path(), "call.wav", 60);
    let mut watching = agent.control.watch().await.unwrap();
    for _ in 0..5 {
        assert_eq!(
            watching.next().await.expect("told within the time for which it counts").state,
            AgentStateKind::Idle
        );
    }
    let call = agent.begin(&path).await;
    let mut until = async |state: AgentStateKind| {
        let begin = Instant::now();
        loop {
            let told = watching.next().await.expect("it goes on");
            if told.state == state {
                return (told, begin.elapsed());
            }
            assert!(begin.elapsed() < Duration::from_secs(10), "never {state:?}");
        }
    };
    let (told, _) = until(AgentStateKind::Listening).await;
    assert_eq!(told.call.as_ref().map(|call| (call.id, call.is_paused)), Some((call, false)));
    assert_eq!(agent.control.toggle_pause().await.unwrap(), (call, true));
    let (told, after) = until(AgentStateKind::Paused).await;
    assert!(told.call.unwrap().is_paused && told.next_step.unwrap().da.contains("Fortsæt"));
    assert!(after < Duration::from_millis(500), "{after:?}");
    assert_eq!(agent.control.toggle_pause().await.unwrap(), (call, false));
    agent.control.stop().await.unwrap();
    until(AgentStateKind::Idle).await;
    assert!(agent.control.toggle_pause().await.unwrap_err().to_string().contains("no call goes on"));
    // One that watches does not keep the agent from stopping.
    timeout(Duration::from_secs(5), agent.stop()).await.expect("it stops");
    assert_eq!(timeout(COUNTS_FOR * 2, watching.next()).await.expect("at once"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn presses_of_a_hot_key_that_come_together_are_pauses_and_their_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, _) = idle(folder.path()).await;
    let (path, _) = wav(folder.path(), "call.wav", 60);
    agent.begin(&path).await;
    let presses = futures_util::future::join_all((0..8).map(|_| agent.control.toggle_pause())).await;
    let pauses = presses.iter().filter(|press| press.as_ref().is_ok_and(|(_, is_paused)| *is_paused)).count();
    assert_eq!((presses.len(), pauses), (8, 4), "{presses:?}");
    assert_eq!(agent.control.status().await.unwrap()["call"]["is_paused"], false);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_watch_and_a_place_is_free_again_when_one_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, _) = idle(folder.path()).await;
    let other = Agent::of(&folder.path().join("agent")).unwrap();
    let mut all = Vec::new();
    let refused = loop {
        match other.watch().await {
            Ok(watching) => all.push(watching),
            Err(error) => break error.to_string(),
        }
        assert!(all.len() < 100, "somewhere it ends");
    };
    assert!(refused.contains("too many") && all.len() == 8, "{refused}: {}", all.len());
    all.pop();
    let free = async {
        while other.watch().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(5), free).await.expect("a place becomes free");
    agent.stop().await;
}
