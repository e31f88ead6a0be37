//! Everything that a language model's server has been seen to do, with the limits that a configuration has when it says
//! nothing, in real time: each ends in a draft or in a typed failure within 15 s.
//!
//! All cases run beside each other, so that the slowest of them is how long it takes.

use crate::outcome::{Outcome, outcome, the_job};
use crate::server::{Do, Server, chunk, chunked_head, done, ends, event, head, nobody_answers, says, stream_head};
use referent_pipeline::config::Config;
use referent_pipeline::draft::Drafters;
use serde_json::json;
use std::io::Write as _;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How long a caseworker looks at nothing.
const VISIBLE: Duration = Duration::from_secs(15);

/// The drafters of a worker whose configuration names an address and nothing else.
fn drafters(base_url: &str) -> Drafters {
    let text = format!(
        "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\nnotes_api = \"http://127.0.0.1:9\"\n\
         [recogniser]\nkind = \"scripted\"\n[drafter]\nkind = \"llm\"\n\
         [drafter.llm]\nmodel = \"m\"\nbase_url = \"{base_url}\"\n"
    );
    let config = Config::parse(&text, |_| None).expect("a config");
    Drafters::new(&config.drafter).expect("an address")
}

/// What a server that answers does wrong, and what becomes of the draft.
fn answers() -> Vec<(&'static str, Vec<Do>, &'static str)> {
    let text = |text: &str| vec![stream_head(), Do::Send(says(text)), done()];
    let status =
        |line: &str| vec![head(line, "application/json"), Do::Send(b"{\"error\":{\"message\":\"no\"}}".to_vec())];
    let second = Duration::from_secs(1);
    let good = "## Årsag til henvendelse\n- Borgeren er flyttet til en mindre lejlighed i Odense. [2]\n";
    let half = format!("{good}- Huslejen er 6.450 kro");
    let mut torn = event(&json!({ "choices": [{ "delta": { "content": "## Aftalt\n- Borgeren" } }] }));
    torn.extend_from_slice(b"data: {\"choices\":[{\"delta\":{\"content\":\"bl\xc3");
    vec![
        ("hangs before the head", vec![Do::Hang], "embedded llm_timeout"),
        ("hangs behind the head", vec![stream_head(), Do::Hang], "embedded llm_timeout"),
        ("hangs in the middle", vec![stream_head(), Do::Send(says(good)), Do::Hang], "llm cut_off"),
        ("a byte a second", vec![stream_head(), Do::Drip(b":".to_vec(), second)], "embedded llm_timeout"),
        ("a letter a second", vec![stream_head(), Do::Drip(says("x"), second)], "embedded llm_timeout"),
        ("closes at once", vec![], "embedded llm_unavailable"),
        ("400", status("400 Bad Request"), "embedded llm_refused"),
        ("401", status("401 Unauthorized"), "embedded llm_refused"),
        ("403", status("403 Forbidden"), "embedded llm_refused"),
        ("404", status("404 Not Found"), "embedded llm_refused"),
        ("408", status("408 Request Timeout"), "embedded llm_timeout"),
        ("429", status("429 Too Many Requests"), "embedded quota"),
        ("429, wait a moment", status("429 Too Many Requests\r\nretry-after: 1"), "embedded quota"),
        ("429, wait an hour", status("429 Too Many Requests\r\nretry-after: 3600"), "embedded quota"),
        ("500", status("500 Internal Server Error"), "embedded llm_unavailable"),
        ("502", status("502 Bad Gateway"), "embedded llm_unavailable"),
        ("503", status("503 Service Unavailable"), "embedded llm_unavailable"),
        (
            "an error whose text does not end",
            vec![head("500 No", "text/html"), Do::Drip(b"x".to_vec(), second)],
            "embedded llm_unavailable",
        ),
        ("HTML", vec![head("200 OK", "text/html"), Do::Send(b"<html>It works!</html>".to_vec())], "embedded garbled"),
        ("nothing", vec![stream_head()], "embedded garbled"),
        ("nothing, in JSON", vec![head("200 OK", "application/json")], "embedded garbled"),
        (
            "no end of comments",
            vec![stream_head(), Do::Drip(b": ping\n\n".to_vec(), second / 10)],
            "embedded llm_timeout",
        ),
        (
            "no end of one line",
            vec![stream_head(), Do::Drip(says(&"lang ".repeat(2000)), second / 100)],
            "embedded garbled",
        ),
        (
            "no end of one sentence",
            vec![stream_head(), Do::Send(says(good)), Do::Drip(says("- Huslejen steg. [10]\n"), second / 100)],
            "llm cut_off",
        ),
        ("bytes", vec![stream_head(), Do::Send((0..=255).rev().collect())], "embedded garbled"),
        ("cut in mid-sentence", vec![stream_head(), Do::Send(says(&half))], "llm cut_off"),
        ("cut within a letter", vec![chunked_head(), chunk(&torn)], "embedded garbled"),
        (
            "a stream that calls itself JSON",
            vec![head("200 OK", "application/json"), Do::Send(says(good)), done()],
            "embedded garbled",
        ),
        (
            "a stream that calls itself text",
            vec![head("200 OK", "text/plain"), Do::Send(says(&half)), Do::Send(says(".\n"))],
            "llm cut_off",
        ),
        (
            "ran out of tokens",
            vec![stream_head(), Do::Send(says(good)), Do::Send(ends("length")), done()],
            "llm cut_off",
        ),
        ("filtered", vec![stream_head(), Do::Send(ends("content_filter")), done()], "embedded llm_refused"),
        (
            "an error in the stream",
            vec![stream_head(), Do::Send(event(&json!({ "error": { "type": "server_error" } })))],
            "embedded llm_unavailable",
        ),
        (
            "an error with status 200",
            vec![
                head("200 OK", "application/json"),
                Do::Send(b"{\"error\":{\"code\":400,\"type\":\"exceed_context_size_error\"}}".to_vec()),
            ],
            "embedded llm_refused",
        ),
        ("refuses", text("Beklager, men jeg kan ikke hjælpe med dette."), "embedded llm_refused"),
        ("English", text("## Aftalt\n- The citizen has moved and will upload the lease. [2]\n"), "embedded garbled"),
        (
            "German",
            text("## Aftalt\n- Der Bürger ist in eine kleinere Wohnung umgezogen und zahlt jetzt weniger Miete. [2]\n"),
            "embedded garbled",
        ),
        (
            "talk about the task",
            text("Her er udkastet til notatet:\n\nSig til, hvis noget skal ændres."),
            "embedded garbled",
        ),
        ("the same words", text("## Aftalt\n- og så og så og så og så og så og så. [2]\n"), "embedded garbled"),
        (
            "thoughts without end",
            vec![stream_head(), Do::Send(says("<think>\n")), Do::Drip(says("Hm. "), second / 2)],
            "embedded llm_timeout",
        ),
        ("headings alone", text("## Årsag til henvendelse\n## Oplysninger\n## Aftalt\n"), "embedded garbled"),
        ("says that there is nothing", text("INTET"), "embedded garbled"),
        ("prose", text("Borgeren ringede om sin flytning, og sagsbehandleren hjalp."), "embedded garbled"),
        ("headings of its own", text("## Resumé\n- Borgeren er flyttet. [2]\n"), "embedded garbled"),
    ]
}

/// The draft of one case, and how long it took.
async fn drafted(base_url: String) -> Outcome {
    outcome(the_job(), &drafters(&base_url)).await
}

#[tokio::test]
async fn whatever_the_server_does_there_is_a_result_within_15_s() {
    let mut running = JoinSet::new();
    for (name, script, who) in answers() {
        running.spawn(async move {
            let server = Server::that_does(script).await;
            (name, who, drafted(server.base_url.clone()).await)
        });
    }
    running.spawn(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        drop(listener);
        ("refuses the connection", "embedded llm_unavailable", drafted(base_url).await)
    });
    running.spawn(async {
        let (base_url, waiting, listener) = nobody_answers().await;
        let outcome = drafted(base_url).await;
        drop((waiting, listener));
        ("takes no connection", "embedded llm_unavailable", outcome)
    });
    running.spawn(async {
        let server = Server::that_does(vec![stream_head()]).await;
        let secured = server.base_url.replace("http://", "https://");
        ("speaks no TLS", "embedded llm_unavailable", drafted(secured).await)
    });
    // An invented number beside a good one, and invented ones alone: the sentence stands with what is true of it.
    running.spawn(async {
        let answer = "## Oplysninger\n- Huslejen er 6.450 kroner. [10, 812]\n- Borgeren flyttede den 15. april. [977]\n\
            ## Aftalt\n- Svaret kommer om fire uger. [13]\n";
        let server = Server::that_does(vec![stream_head(), Do::Send(says(answer)), done()]).await;
        ("invents numbers of lines", "llm", drafted(server.base_url.clone()).await)
    });
    let (mut cases, mut in_time, mut slowest) = (0, 0, Duration::ZERO);
    while let Some(ended) = running.join_next().await {
        let (name, who, outcome) = ended.expect("no case panics");
        assert_eq!(outcome.who(), who, "{name}");
        assert!(!outcome.sentences.is_empty(), "{name}: nothing is shown");
        cases += 1;
        in_time += usize::from(outcome.took <= VISIBLE);
        slowest = slowest.max(outcome.took);
    }
    let row = json!({ "llm_faults": { "cases": cases, "within_15s": in_time, "slowest_s": slowest.as_secs_f64() } });
    writeln!(std::io::stdout(), "{row}").expect("a terminal or a file");
    assert_eq!(in_time, cases, "the slowest took {slowest:?}");
}
