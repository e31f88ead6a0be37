//! The control port: who may do what, what is refused and how, one agent a folder, one call at a time.

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;

use agent::{Running, config, wav};
use referent_agent::clock::Clock;
use referent_agent::config::Config;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Nobody listens there: what is begun stays in the spool.
const NOWHERE: &str = "http://127.0.0.1:9";

fn token(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("agent/control-token")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_the_token_and_is_no_web_page_gets_in() {
    let folder = tempfile::tempdir().unwrap();
    let agent = Running::start(config(folder.path(), NOWHERE, "credit"), &Clock::system()).await;
    let (token, port) = (token(folder.path()), agent.address.port());
    let bearer = format!("Bearer {token}");
    let own = format!("127.0.0.1:{port}");
    let own_origin = format!("http://{own}");
    let foreign = format!("evil.example:{port}");
    for (path, authorization, host, origin, expected) in [
        ("/v1/status", Some(bearer.as_str()), own.as_str(), None, StatusCode::OK),
        ("/v1/status", Some(&bearer), &own, Some(own_origin.as_str()), StatusCode::OK),
        ("/v1/status", Some(&bearer), &format!("localhost:{port}"), None, StatusCode::OK),
        ("/v1/status", None, &own, None, StatusCode::UNAUTHORIZED),
        ("/v1/status", Some("Bearer "), &own, None, StatusCode::UNAUTHORIZED),
        ("/v1/status", Some(&bearer[..bearer.len() - 1]), &own, None, StatusCode::UNAUTHORIZED),
        ("/v1/status", Some(&token), &own, None, StatusCode::UNAUTHORIZED),
        ("/v1/status", Some(&bearer), &foreign, None, StatusCode::FORBIDDEN),
        ("/v1/status", Some(&bearer), &own, Some("http://evil.example"), StatusCode::FORBIDDEN),
        ("/v1/status", Some(&bearer), &own, Some("null"), StatusCode::FORBIDDEN),
        ("/metrics", None, &own, None, StatusCode::OK),
        ("/metrics", None, &foreign, None, StatusCode::FORBIDDEN),
        ("/nothing", None, &own, None, StatusCode::NOT_FOUND),
    ] {
        let mut request =
            reqwest::Client::new().request(Method::GET, format!("http://{own}{path}")).header("host", host);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), expected, "{path} {host} {origin:?}");
        if !expected.is_success() {
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            let problem: Value = response.json().await.unwrap();
            assert_eq!(problem["status"], expected.as_u16());
        }
    }
    for name in ["control-port", "control-token", "lock"] {
        let mode = std::fs::metadata(folder.path().join("agent").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_at_a_time_and_a_hang_up_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = wav(folder.path(), "call.wav", 30);
    let agent = Running::start(config(folder.path(), NOWHERE, "real_time"), &Clock::system()).await;
    assert!(agent.control.stop().await.unwrap_err().to_string().contains("no call goes on"));
    let call = agent.begin(&path).await;
    let busy = agent.try_begin(&path).await.unwrap_err().to_string();
    assert!(busy.contains(&call.to_string()) && busy.contains("hang up first"), "{busy}");
    agent.until("a second of sound", |status| status["call"]["recorded_ms"]["far"].as_u64() > Some(1000)).await;
    assert_eq!(agent.control.stop().await.unwrap(), call);
    let status = agent.control.status().await.unwrap();
    assert_eq!((&status["state"], &status["call"]), (&Value::from("idle"), &Value::Null));
    assert_eq!(status["spool"]["waiting"][0]["is_ended"], true);
    assert_ne!(agent.begin(&path).await, call, "the next call begins");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_played_is_named_and_nothing_begins() {
    let folder = tempfile::tempdir().unwrap();
    let agent = Running::start(config(folder.path(), NOWHERE, "credit"), &Clock::system()).await;
    let spec = |channels, sample_rate| hound::WavSpec {
        channels,
        sample_rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let write = |name: &str, channels, rate, samples| {
        let path = folder.path().join(name);
        let mut writer = hound::WavWriter::create(&path, spec(channels, rate)).unwrap();
        for _ in 0..samples {
            writer.write_sample(1_i16).unwrap();
        }
        writer.finalize().unwrap();
        path
    };
    let cut = write("cut-off.wav", 2, 16_000, 32_000);
    let whole = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    std::fs::write(folder.path().join("text.wav"), "this is not sound").unwrap();
    for (path, says) in [
        (write("one-channel.wav", 1, 16_000, 32_000), "channel"),
        (write("slow.wav", 2, 100, 32_000), "100 samples a second"),
        (write("silent.wav", 2, 16_000, 0), "no sound"),
        (cut, "cut off"),
        (folder.path().join("text.wav"), "not a WAV file"),
        (folder.path().join("nowhere.wav"), "cannot be read"),
        (folder.path().to_owned(), "cannot be read"),
    ] {
        let refused = agent.try_begin(&path).await.unwrap_err().to_string();
        assert!(refused.contains(says), "{refused}");
        assert!(refused.contains(&path.display().to_string()), "{refused}");
    }
    let missing = agent.control.start(&referent_agent::control::BeginBody::default()).await.unwrap_err().to_string();
    assert!(missing.contains("--wav"), "{missing}");
    let response = reqwest::Client::new()
        .post(format!("http://{}/v1/calls", agent.address))
        .bearer_auth(token(folder.path()))
        .json(&serde_json::json!({ "colour": "blue" }));
    let response = response.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let problem: Value = response.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("colour"), "{problem}");
    assert_eq!(agent.control.status().await.unwrap()["spool"]["calls"], 0);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_agent_a_taken_port_and_a_bad_folder_are_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let configured = config(folder.path(), NOWHERE, "credit");
    let agent = Running::start(configured.clone(), &Clock::system()).await;
    let refused = async |config: Config, says: &str| {
        let Err(error) = Running::try_start(config, &Clock::system()).await else { panic!("it started") };
        let error = format!("{error:#}");
        assert!(error.contains(says) && !error.contains('\n'), "{error}");
    };
    refused(configured.clone(), "another agent").await;
    let elsewhere = folder.path().join("elsewhere");
    refused(Config { state_dir: elsewhere.clone(), http: agent.address, ..configured.clone() }, "listened on").await;
    std::fs::write(folder.path().join("file"), "").unwrap();
    refused(Config { state_dir: folder.path().join("file"), ..configured.clone() }, "local disk").await;
    agent.stop().await;
    Running::start(configured, &Clock::system()).await.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_to_record_nothing_is_recorded() {
    for mode in ["off", "consent"] {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = wav(folder.path(), "call.wav", 3);
        let mut config = config(folder.path(), NOWHERE, "credit");
        config.rule.mode = serde_json::from_value(mode.into()).unwrap();
        let agent = Running::start(config, &Clock::system()).await;
        let call = agent.begin(&path).await;
        agent.until("its end", |status| status["call"].is_null()).await;
        let bytes: u64 = std::fs::read_dir(agent.folder_of(call))
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(bytes < 2000, "{mode}: {bytes} bytes are more than a head, two gaps and a hang-up");
        let status = agent.control.status().await.unwrap();
        assert_eq!(status["spool"]["waiting"][0]["recorded_ms"]["near"], 3000, "the gap reaches to the end");
        agent.stop().await;
    }
}
