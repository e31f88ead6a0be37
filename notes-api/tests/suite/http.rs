//! The HTTP side as a browser meets it.

use crate::given::{House, Place, a_call, a_worker, settled};
use crate::wire::{Line, a_complete_call, write_draft};
use referent_proto::ingest::{self as wire, from_worker};
use referent_proto::{Track, calls};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// A logged-in browser, or a program without a session.
pub(crate) struct Browser {
    http: reqwest::Client,
    url: String,
    cookie: String,
    bearer: String,
}

impl Browser {
    pub(crate) fn stranger(house: &House) -> Self {
        Self::stranger_at(house.url())
    }

    fn stranger_at(url: String) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { http, url, cookie: String::new(), bearer: String::new() }
    }

    /// A program, or a frame.
    pub(crate) fn with_bearer(house: &House, bearer: &str) -> Self {
        Self { bearer: bearer.to_owned(), ..Self::stranger(house) }
    }

    pub(crate) async fn log_in(house: &House) -> Self {
        Self::log_in_at(house.url(), &json!(house.ready.token)).await
    }

    /// The same at a program that is a process of its own.
    pub(crate) async fn log_in_at(url: String, token: &Value) -> Self {
        let mut browser = Self::stranger_at(url);
        let token = json!({ "token": token });
        let response = browser.ask(Method::POST, "/v1/session").json(&token).send().await.unwrap();
        assert_eq!(response.status(), 204);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().clone_into(&mut browser.cookie);
        browser
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url)).header("origin", &self.url);
        let request = if self.bearer.is_empty() { request } else { request.bearer_auth(&self.bearer) };
        if self.cookie.is_empty() { request } else { request.header("cookie", &self.cookie) }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.ask(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// The status and the kind of problem.
    pub(crate) async fn refused(&self, path: &str) -> (u16, String) {
        let (status, problem) = answer(self.ask(Method::GET, path).send().await.unwrap()).await;
        (status, problem["type"].as_str().unwrap_or_default().to_owned())
    }

    /// The content policy of a page, and whether X-Frame-Options lets it stand in a frame.
    pub(crate) async fn policy(&self, path: &str) -> (String, bool) {
        let page = self.ask(Method::GET, path).send().await.unwrap();
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        (policy, !page.headers().contains_key("x-frame-options"))
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(self.ask(Method::POST, path).json(body).send().await.unwrap()).await
    }

    pub(crate) async fn over(&self, method: Method, path: &str, seen: &str, body: &Value) -> (u16, Value) {
        answer(self.ask(method, path).header("if-match", seen).json(body).send().await.unwrap()).await
    }

    /// Whatever comes of it.
    pub(crate) async fn try_out(&self, method: &Method, path: &str, body: &Value) -> (u16, Value) {
        let request = self.ask(method.clone(), path).header("if-match", "\"0\"");
        let request = if *method == Method::GET { request } else { request.json(body) };
        answer(request.send().await.unwrap()).await
    }

    pub(crate) async fn wait_for(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            let seen = self.get(path).await;
            if wanted(&seen) {
                return seen;
            }
            assert!(begin.elapsed() < PATIENCE, "{path}: seen last: {seen}");
        }
    }

    pub(crate) async fn listen(&self, path: &str) -> Stream {
        let response = self.ask(Method::GET, path).timeout(Duration::from_mins(2)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { response, text: String::new() }
    }
}

async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// Server-sent events.
pub(crate) struct Stream {
    response: Response,
    text: String,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Heard {
    id: Option<i64>,
    kind: String,
    pub(crate) data: Value,
}

impl Stream {
    /// The next event of this kind.
    pub(crate) async fn of_kind(&mut self, kind: &str) -> Heard {
        loop {
            let heard = self.next().await;
            if heard.kind == kind {
                return heard;
            }
        }
    }

    async fn next(&mut self) -> Heard {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let message: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| {
                    message.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start().to_owned()))
                };
                let Some(kind) = field("event:") else { continue }; // A sign of life.
                let data = serde_json::from_str(&field("data:").unwrap()).unwrap();
                return Heard { id: field("id:").map(|id| id.parse().unwrap()), kind, data };
            }
            let piece = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event").unwrap();
            self.text += std::str::from_utf8(&piece.expect("the stream goes on")).unwrap();
        }
    }

    /// It is closed from the other side.
    pub(crate) async fn until_it_ends(&mut self) {
        let ending = async { while self.response.chunk().await.unwrap().is_some() {} };
        tokio::time::timeout(PATIENCE, ending).await.expect("the end");
    }

    /// The next event with an id.
    async fn durable(&mut self) -> Heard {
        loop {
            let heard = self.next().await;
            if heard.id.is_some() {
                return heard;
            }
        }
    }
}

pub(crate) async fn the_cookie_is_for_this_page_alone(place: Place) {
    let house = place.house().await;
    let stranger = Browser::stranger(&house);
    let token = json!({ "token": house.ready.token });
    let response = stranger.ask(Method::POST, "/v1/session").json(&token).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    assert_eq!(secret.len(), 64);
    let bearer = stranger.ask(Method::GET, "/v1/calls").bearer_auth(secret).send().await.unwrap();
    assert_eq!(bearer.status(), 200, "a program sends it as a bearer token");
    let other = stranger.ask(Method::GET, "/v1/calls").bearer_auth("0".repeat(64)).send().await.unwrap();
    assert_eq!(other.status(), 401);
    house.clock.advance_ms(12 * 3_600_000 + 1);
    let old = stranger.ask(Method::GET, "/v1/calls").bearer_auth(secret).send().await.unwrap();
    assert_eq!(old.status(), 401, "a working day is over");
    house.stop().await;
}

pub(crate) async fn the_token_is_good_once(place: Place) {
    let house = place.house().await;
    let stranger = Browser::stranger(&house);
    let (status, problem) = stranger.post("/v1/session", &json!({ "token": "wrong" })).await;
    assert_eq!((status, &problem["type"]), (401, &"urn:referent:problem:wrong-token".into()));
    let token = json!({ "token": house.ready.token });
    assert_eq!(stranger.post("/v1/session", &token).await.0, 204, "a wrong guess does not use it up");
    assert_eq!(stranger.post("/v1/session", &token).await.0, 401);
    house.stop().await;
}

pub(crate) async fn other_hosts_and_pages_are_refused(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let by = async |method: Method, header: &str, value: &str| {
        let request = browser.http.request(method, format!("{}/v1/calls", browser.url));
        let response = request.header("cookie", &browser.cookie).header(header, value).send().await.unwrap();
        (response.status().as_u16(), answer(response).await.1["type"].as_str().unwrap_or("none").to_owned())
    };
    let problem = |name: &str| (403, format!("urn:referent:problem:{name}"));
    assert_eq!(by(Method::GET, "host", "evil.example").await, problem("foreign-host"));
    assert_eq!(by(Method::POST, "origin", "http://evil.example").await, problem("foreign-origin"));
    assert_eq!(by(Method::POST, "origin", "null").await, problem("foreign-origin"));
    assert_eq!(by(Method::PUT, "sec-fetch-site", "cross-site").await, problem("foreign-origin"));
    assert_eq!(by(Method::GET, "accept", "*/*").await.0, 200);
    house.stop().await;
}

pub(crate) async fn what_needs_a_session_says_so(place: Place) {
    let house = place.house().await;
    let stranger = Browser::stranger(&house);
    let id = a_call();
    let paths = [
        (Method::GET, "/v1/calls".to_owned()),
        (Method::GET, format!("/v1/calls/{id}")),
        (Method::GET, format!("/v1/calls/{id}/events")),
        (Method::GET, format!("/v1/calls/{id}/suppressed")),
        (Method::GET, format!("/v1/calls/{id}/notes")),
        (Method::POST, format!("/v1/calls/{id}/notes")),
        (Method::PUT, format!("/v1/calls/{id}/edit")),
        (Method::POST, format!("/v1/calls/{id}/discard")),
        (Method::POST, format!("/v1/calls/{id}/draft/shown")),
        (Method::POST, format!("/v1/calls/{id}/draft/again")),
        (Method::POST, format!("/v1/calls/{id}/activity")),
        (Method::GET, format!("/v1/calls/{id}/retention")),
        (Method::POST, format!("/v1/calls/{id}/holds")),
        (Method::POST, format!("/v1/calls/{id}/holds/1/release")),
        (Method::POST, format!("/v1/calls/{id}/erase")),
        (Method::GET, format!("/v1/calls/{id}/export")),
        (Method::GET, "/v1/events".to_owned()),
        (Method::GET, "/v1/metrics/corrections".to_owned()),
    ];
    for (method, path) in paths {
        let response = stranger.ask(method.clone(), &path).json(&json!({})).send().await.unwrap();
        assert_eq!(response.status(), 401, "{method} {path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let logged_in = Browser::log_in(&house).await;
    assert_eq!(logged_in.ask(Method::GET, "/v1/calls/nonsense").send().await.unwrap().status(), 404);
    assert_eq!(logged_in.ask(Method::GET, &format!("/v1/calls/{id}/events")).send().await.unwrap().status(), 404);
    assert_eq!(logged_in.ask(Method::GET, "/nowhere").send().await.unwrap().status(), 404);
    house.stop().await;
}

pub(crate) async fn a_bad_request_is_a_problem_without_its_text(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let edit = format!("/v1/calls/{}/edit", a_call());
    let check = async |body: &str, seen: &str, expected: (u16, &str)| {
        let request = browser.ask(Method::PUT, &edit).header("content-type", "application/json");
        let (status, problem) =
            answer(request.header("if-match", seen).body(body.to_owned()).send().await.unwrap()).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(status == expected.0 && detail.contains(expected.1), "{body:.40}: {status} {detail}");
        assert!(!detail.contains("hemmelig"), "what was typed is not repeated: {detail}");
        assert_eq!(problem["status"], status);
    };
    check("{\"sections\": {\"a\": \"hemmelig\"", "\"0\"", (400, "not JSON")).await;
    check("{\"sections\": \"hemmelig\"}", "\"0\"", (400, "line 1")).await;
    check("{\"draft\": 1}", "\"0\"", (400, "missing field `sections`")).await;
    check("{\"sections\": {}}", "3", (400, "in quotes")).await;
    check("{\"sections\": {}}", "\"-3\"", (400, "in quotes")).await;
    check(&format!("{{\"sections\": {{\"a\": \"{}\"}}}}", "hemmelig ".repeat(120_000)), "\"0\"", (413, "1 MB")).await;
    check("{\"sections\": {}}", "\"0\"", (404, "no such call")).await;
    let form = browser.ask(Method::PUT, &edit).header("if-match", "\"0\"").body("sections=x").send().await.unwrap();
    assert_eq!(form.status(), 400, "a form of another page could send that");
    house.stop().await;
}

pub(crate) async fn revisions_are_matched_over_http(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let worker = a_worker();
    let (_line, job) = a_complete_call(&house, worker).await;
    write_draft(&house, worker, job.key).await;
    let call = format!("/v1/calls/{}", job.key.call);
    let (edit, notes) = (format!("{call}/edit"), format!("{call}/notes"));
    let texts = |text: &str| json!({ "draft": 1, "sections": { "information": text } });

    assert_eq!(answer(browser.ask(Method::PUT, &edit).json(&texts("x")).send().await.unwrap()).await.0, 428);
    let (status, problem) = browser.over(Method::PUT, &edit, "\"4\"", &texts("x")).await;
    assert_eq!((status, &problem["current"]["revision"]), (412, &0.into()), "nothing stands there yet");
    assert_eq!(browser.over(Method::PUT, &edit, "\"0\"", &texts("et")).await, (200, json!({ "revision": 1 })));
    let (status, problem) = browser.over(Method::PUT, &edit, "\"0\"", &texts("to")).await;
    assert_eq!((status, &problem["current"]["sections"]["information"]), (412, &"et".into()));

    assert_eq!(browser.post(&format!("{call}/draft/shown"), &json!({ "number": 1 })).await.0, 204);
    assert_eq!(browser.post(&format!("{call}/draft/shown"), &json!({ "number": 9 })).await.0, 404);
    house.clock.advance_ms(30_000);
    let page = "0198c0de-0000-7000-8000-00000000000a";
    let activity = |from: i64, to: i64| {
        json!({ "page": page, "number": 1, "clock_ms": 30_000,
            "stretches": [{ "from_ms": from, "to_ms": to, "left": false }] })
    };
    assert_eq!(browser.post(&format!("{call}/activity"), &activity(0, 25_000)).await.0, 204);
    assert_eq!(browser.post(&format!("{call}/activity"), &activity(9, 8)).await.0, 400, "it ends before it begins");
    assert_eq!(browser.post(&format!("{call}/activity"), &activity(9, 30_001)).await.0, 400, "in the future");
    let note = |save_id: &str, text: &str| json!({ "save_id": save_id, "edit_revision": 1, "draft": 1, "sections": { "information": text } });
    let (one, two) = ("0198c0de-0000-7000-8000-000000000001", "0198c0de-0000-7000-8000-000000000002");
    assert_eq!(browser.post(&notes, &note(one, "et")).await.0, 428);
    let (status, saved) = browser.over(Method::POST, &notes, "\"0\"", &note(one, "et")).await;
    assert_eq!((status, &saved["version"], &saved["correction_ms"]), (201, &1.into(), &30_000.into()));
    assert_eq!(browser.over(Method::POST, &notes, "\"0\"", &note(one, "et")).await, (201, saved), "a repeat");
    let (status, problem) = browser.over(Method::POST, &notes, "\"0\"", &note(two, "to")).await;
    assert_eq!((status, &problem["current"]["version"]), (412, &1.into()));
    assert_eq!(browser.over(Method::POST, &notes, "\"1\"", &note(two, "to")).await.1["version"], 2);
    assert_eq!(browser.over(Method::POST, &notes, "\"2\"", &note("no uuid", "x")).await.0, 400);
    let versions = browser.get(&notes).await;
    assert_eq!(versions["versions"].as_array().map(Vec::len), Some(2));

    let detail = browser.get(&call).await;
    assert_eq!((&detail["status"], &detail["edit"]["revision"]), (&"saved".into(), &1.into()));
    let figures = browser.get("/v1/metrics/corrections?area=standard&mine=true").await;
    assert_eq!((&figures["n"], &figures["shown_to_saved"]["p50_s"]), (&1.into(), &30.0.into()));
    assert_eq!(figures["active_correction"]["sensitivity_p50_s"]["5"], 30.0);
    let team = browser.get("/v1/metrics/corrections?group_by=week").await;
    assert_eq!(
        (&team["whose"], &team["n"], &team["groups"]),
        (&"team".into(), &0.into(), &json!([])),
        "one is no team"
    );
    let refused = browser.ask(Method::GET, "/v1/metrics/corrections?group_by=person").send().await.unwrap();
    assert_eq!(refused.status(), 400);
    house.stop().await;
}

pub(crate) async fn events_are_replayed_without_hole_or_double(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let (mut line, known) = Line::begin(&house, a_call(), a_worker()).await;
    let call = browser.get("/v1/calls").await["calls"][0]["id"].as_str().unwrap().to_owned();
    let events = format!("/v1/calls/{call}/events");

    // Somebody speaks on while pages come and go: each begins where the one before ended.
    let talk = async {
        for second in 0..40 {
            line.said(known.epoch, Track::Far, second, second + 1).await;
            let answer = line.next().await.unwrap();
            let expected = wire::to_worker::Kind::Settled(settled(Track::Far, second + 1).into());
            assert_eq!(answer, expected);
        }
    };
    let watch = async {
        let (mut last, mut said) = (0, 0);
        while said < 40 {
            let mut stream = browser.listen(&format!("{events}?after={last}")).await;
            for _ in 0..7 {
                if said == 40 {
                    break;
                }
                let heard = stream.durable().await;
                assert_eq!(heard.id, Some(last + 1), "without hole or double");
                last += 1;
                said += usize::from(heard.kind == "utterance");
            }
        }
        last
    };
    let ((), last) = tokio::join!(talk, watch);

    // A page that was away for all of it gets all of it, by query or by header, and the call itself says the same.
    let mut whole = browser.listen(&events).await;
    for id in 1..=last {
        assert_eq!(whole.durable().await.id, Some(id));
    }
    let response = browser.ask(Method::GET, &events).header("last-event-id", (last - 1).to_string()).send().await;
    let mut tail = Stream { response: response.unwrap(), text: String::new() };
    assert_eq!(tail.durable().await.id, Some(last));
    assert_eq!(browser.get(&format!("/v1/calls/{call}")).await["sequence"], last);
    // Open streams do not hold up a stop.
    house.stop().await;
}

pub(crate) async fn fleeting_events_carry_no_id(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let call = a_call();
    let (line, known) = Line::begin(&house, call, a_worker()).await;
    let mut stream = browser.listen(&format!("/v1/calls/{call}/events?after=1")).await;
    let state = calls::AgentState { state: 1, since_ms: 5, near_level_permille: 7, far_level_permille: 9000 };
    line.say(from_worker::Kind::AgentState(state)).await;
    let heard = stream.next().await;
    assert_eq!((heard.id, heard.kind.as_str(), &heard.data["state"]), (None, "agent", &"listening".into()));
    assert_eq!(heard.data["far_level"], 1000, "never beyond full scale");
    let partial = |epoch: u64, text: &str| {
        let text = text.to_owned();
        from_worker::Kind::Partial(wire::Partial { epoch, track: 2, start: 16_000, end: 32_000, text })
    };
    line.say(partial(known.epoch + 1, "of nobody's turn")).await;
    line.say(partial(known.epoch, "borgeren er")).await;
    let heard = stream.next().await;
    assert_eq!((heard.id, heard.kind.as_str()), (None, "partial"));
    assert_eq!(heard.data, json!({ "track": "far", "start_ms": 1000, "end_ms": 2000, "text": "borgeren er" }));
    assert_eq!(browser.get(&format!("/v1/calls/{call}")).await["agent"]["near_level"], 7);
    house.stop().await;
}

pub(crate) async fn the_list_hears_of_every_call(place: Place) {
    let house = place.house().await;
    let browser = Browser::log_in(&house).await;
    let mut stream = browser.listen("/v1/events").await;
    let call = a_call();
    let (_line, _) = Line::begin(&house, call, a_worker()).await;
    let heard = stream.of_kind("call").await;
    assert_eq!(heard.id, None);
    assert_eq!((&heard.data["id"], &heard.data["status"]), (&call.to_string().into(), &"listening".into()));
    for _ in 0..3 {
        let (_line, _) = Line::begin(&house, a_call(), a_worker()).await;
    }
    let list = browser.get("/v1/calls?limit=3").await;
    assert_eq!(list["calls"].as_array().map(Vec::len), Some(3));
    let twice = browser.ask(Method::GET, "/v1/calls?limit=3&limit=4").send().await.unwrap();
    assert_eq!(twice.status(), StatusCode::BAD_REQUEST, "which of the two is meant nobody knows");
    house.stop().await;
}

pub(crate) async fn the_page_is_served_under_a_strict_policy(place: Place) {
    let house = place.house().await;
    let stranger = Browser::stranger(&house);
    let page = stranger.ask(Method::GET, "/").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{policy}");
    assert!(policy.contains("require-trusted-types-for 'script'; trusted-types 'none'"), "{policy}");
    assert!(page.text().await.unwrap().contains("/pane.js"));
    for path in ["/pane.js", "/more.js", "/person.js", "/en.js", "/embed.js", "/referent-pane.js"] {
        let script = stranger.ask(Method::GET, path).send().await.unwrap();
        assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8", "{path}");
    }
    let areas = stranger.ask(Method::GET, "/areas").send().await.unwrap();
    assert_eq!(areas.headers()["content-security-policy"].to_str().unwrap(), policy);
    assert!(areas.text().await.unwrap().contains("/areas.js"));
    let areas_script = stranger.ask(Method::GET, "/areas.js").send().await.unwrap();
    assert_eq!(areas_script.status(), StatusCode::OK);
    let manager = stranger.ask(Method::GET, "/manager").send().await.unwrap();
    assert!(manager.text().await.unwrap().contains("/manager.js"));
    assert_eq!(stranger.ask(Method::GET, "/manager.js").send().await.unwrap().status(), StatusCode::OK);
    for path in ["/v1/areas", "/v1/areas/standard/preview"] {
        assert_eq!(stranger.ask(Method::GET, path).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let any = stranger.ask(Method::GET, "/v1/calls").send().await.unwrap();
    for (header, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(any.headers()[header], value);
        assert_eq!(areas_script.headers()[header], value);
    }
    assert_eq!(stranger.ask(Method::GET, "/metrics").send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(stranger.ask(Method::TRACE, "/").send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    let described = stranger.get("/v1/openapi.json").await;
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1"));
    house.stop().await;
}
