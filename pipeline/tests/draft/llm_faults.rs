//! Whatever the language model's server does, there is a draft within the limits, and it says who made it and why.

use crate::calls::{said, utterance};
use crate::outcome::{
    GOOD, KEY, SENTENCES, all, answered, answered_in_turn, check, check_asked, drafters, first_two, outcome,
    short_limits, the_job,
};
use crate::server::{Do, Server, chunk, chunked_head, done, ends, event, head, nobody_answers, says, stream_head};
use referent_pipeline::config::LlmConfig;
use referent_pipeline::draft::{self, DraftOut, Drafters};
use referent_proto::draft::DraftFailure;
use referent_proto::ids::Track;
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_good_answer_is_the_draft_in_every_dialect() {
    let plain = vec![stream_head(), all(GOOD), Do::Send(ends("stop")), done()];
    check("a stream", &answered(plain).await, "llm", SENTENCES);

    let no_done = vec![stream_head(), all(GOOD), Do::Send(ends("stop"))];
    check("without [DONE]", &answered(no_done).await, "llm", SENTENCES);

    let letters = GOOD.chars().map(|letter| Do::Send(says(&letter.to_string())));
    let by_letter = [stream_head()].into_iter().chain(letters).chain([done()]).collect();
    check("letter by letter", &answered(by_letter).await, "llm", SENTENCES);

    let comments =
        vec![stream_head(), Do::Send(b": ping\n\n".to_vec()), all(GOOD), Do::Send(b": x\n\n".to_vec()), done()];
    check("comments between", &answered(comments).await, "llm", SENTENCES);

    let message =
        json!({ "choices": [{ "message": { "role": "assistant", "content": GOOD }, "finish_reason": "stop" }] });
    let whole = vec![head("200 OK", "application/json"), Do::Send(message.to_string().into_bytes())];
    check("JSON although a stream was asked for", &answered(whole).await, "llm", SENTENCES);

    let thinking = format!("<think>\n- Tanke. [1]\n</think>\n{GOOD}");
    let thinks = vec![stream_head(), all(&thinking), done()];
    check("thinks aloud", &answered(thinks).await, "llm", SENTENCES);
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let before_head = vec![Do::Hang];
    check("before the head", &answered(before_head).await, "embedded llm_timeout", 0);

    let behind_head = vec![stream_head(), Do::Hang];
    check("behind the head", &answered(behind_head).await, "embedded llm_timeout", 0);

    let in_the_middle = vec![stream_head(), all(first_two()), Do::Hang];
    check("in the middle", &answered(in_the_middle).await, "llm cut_off", 2);

    let only_pings = vec![stream_head(), Do::Drip(b": ping\n\n".to_vec(), Duration::from_millis(50))];
    check("only comments, for ever", &answered(only_pings).await, "embedded llm_timeout", 0);

    let drips = vec![stream_head(), all(first_two()), Do::Drip(says("x"), Duration::from_millis(50))];
    check("drips for ever", &answered(drips).await, "llm cut_off", 2);

    let slow = vec![Do::Wait(Duration::from_millis(300)), stream_head(), all(GOOD), done()];
    check("is slow, but within the limits", &answered(slow).await, "llm", SENTENCES);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let (base_url, waiting, listener) = nobody_answers().await;
    let hangs = outcome(the_job(), &drafters(short_limits(&base_url))).await;
    assert_eq!(hangs.who(), "embedded llm_unavailable", "no answer to the connection");
    assert!(hangs.took < Duration::from_secs(5), "{:?}", hangs.took);
    drop((waiting, listener));

    let closed = outcome(the_job(), &drafters(short_limits(&base_url))).await;
    assert_eq!(closed.who(), "embedded llm_unavailable", "nothing listens");
    assert!(closed.sentences.len() >= 5);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_keeps_its_whole_sentences() {
    let half = format!("{}- Huslejen er 6.450 kro", first_two());
    let closes = vec![stream_head(), all(&half)];
    check("closes early", &answered(closes).await, "llm cut_off", 2);

    let breaks = vec![chunked_head(), chunk(&says(&half)), chunk(b"data: {\"choi")];
    let broken = answered(breaks).await;
    check("breaks a chunk off", &broken, "llm cut_off", 2);
    assert!(broken.0.sentences.iter().all(|one| !one.text.reveal().ends_with("kro")), "half a sentence is not shown");

    let length = vec![stream_head(), all(first_two()), Do::Send(ends("length")), done()];
    check("ran out of tokens", &answered(length).await, "llm cut_off", 2);

    let error =
        vec![stream_head(), all(first_two()), Do::Send(event(&json!({ "error": { "message": "out of memory" } })))];
    check("an error in the stream", &answered(error).await, "llm cut_off", 2);

    let forgets = vec![stream_head(), all(first_two()), Do::Send(ends("stop")), done()];
    check("wrote about the first half only", &answered(forgets).await, "llm cut_off", 2);
}

#[tokio::test]
async fn a_server_that_says_no_is_asked_again_only_if_that_may_pass() {
    for (status, who, asked) in [
        ("500 Internal Server Error", "embedded llm_unavailable", 2),
        ("401 Unauthorized", "embedded llm_refused", 1),
        ("429 Too Many Requests", "embedded quota", 1),
        ("429 Too Many Requests\r\nretry-after: 0.2", "embedded quota", 2),
        ("429 Too Many Requests\r\nretry-after: 60", "embedded quota", 1),
        ("503 Service Unavailable", "embedded llm_unavailable", 2),
        ("504 Gateway Timeout", "embedded llm_timeout", 1),
    ] {
        let body = Do::Send(format!("{{\"error\":\"{KEY}\"}}").into_bytes());
        check_asked(status, &answered(vec![head(status, "application/json"), body]).await, who, 0, asked);
    }
    let no_credit = Do::Send(b"{\"error\":{\"code\":\"insufficient_quota\"}}".to_vec());
    let without = vec![head("429 Too Many Requests\r\nretry-after: 0.1", "application/json"), no_credit];
    check("no credit", &answered(without).await, "embedded quota", 0);
    let passes = vec![vec![head("503 Busy", "text/plain")], vec![stream_head(), all(GOOD), done()]];
    check_asked("trouble that passes", &answered_in_turn(passes).await, "llm", SENTENCES, 2);
    let elsewhere = Server::that_does(vec![stream_head(), all(GOOD), done()]).await;
    let redirect = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}/chat/completions\r\ncontent-length: 0\r\n\r\n",
        elsewhere.base_url
    );
    let redirected = answered(vec![Do::Send(redirect.into_bytes())]).await;
    check("a redirect", &redirected, "embedded llm_refused", 0);
    assert_eq!(elsewhere.requests().len(), 0, "what was said goes to the configured address only");
}

#[tokio::test]
async fn nothing_to_write_about_asks_nobody() {
    let server = Server::that_does(vec![stream_head(), all(GOOD), done()]).await;
    let greeting = said([utterance(Track::Near, 0.0, 2.0, "Goddag."), utterance(Track::Far, 2.0, 3.0, "Farvel.")]);
    let outcome = outcome(greeting, &drafters(short_limits(&server.base_url))).await;
    assert_eq!(outcome.failure, Some(DraftFailure::InsufficientContent));
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn the_first_sentence_is_there_before_the_last_is_written() {
    let (first, rest) = GOOD.split_at(GOOD.find("## Oplysninger").expect("the second section"));
    let script = vec![stream_head(), all(first), Do::WaitForTest, all(rest), done()];
    let server = Server::that_does(script).await;
    let long = Duration::from_secs(10);
    let drafters = drafters(LlmConfig { first: long, idle: long, total: long, ..short_limits(&server.base_url) });
    let (out, mut outputs) = mpsc::channel(4);
    let job = the_job();
    let reading = async {
        let Some(DraftOut::Sentence(sentence)) = outputs.recv().await else { panic!("a sentence comes first") };
        assert_eq!(sentence.text.reveal(), "Borgeren er flyttet til en mindre lejlighed i Odense.");
        // Only now does the server go on.
        server.go_on.send(()).await.expect("the server waits");
        let mut rest = Vec::new();
        while let Some(output) = outputs.recv().await {
            rest.push(output);
        }
        assert!(matches!(rest.last(), Some(DraftOut::Finished { sentences: 5, .. })), "{rest:?}");
    };
    tokio::join!(draft::run(job, &drafters, out, CancellationToken::new()), reading);
}

#[tokio::test]
async fn cancelling_closes_the_connection() {
    let mut server = Server::that_does(vec![stream_head(), all(first_two()), Do::Hang]).await;
    let drafters = drafters(LlmConfig {
        first: Duration::from_mins(1),
        idle: Duration::from_mins(1),
        total: Duration::from_mins(1),
        ..short_limits(&server.base_url)
    });
    let (out, mut outputs) = mpsc::channel(4);
    let cancel = CancellationToken::new();
    let until_cancelled = cancel.clone();
    let mut running = JoinSet::new();
    running.spawn(async move { draft::run(the_job(), &drafters, out, until_cancelled).await });
    assert!(matches!(outputs.recv().await, Some(DraftOut::Sentence(_))));
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(5), server.left.recv()).await.expect("the connection is closed");
    while let Some(output) = outputs.recv().await {
        assert!(matches!(output, DraftOut::Sentence(_)), "no end is told after a cancel");
    }
}

/// The worst that a server can do with the limits that a config has when it says nothing: as slow as allowed, for ever.
#[tokio::test]
async fn the_default_limits_give_a_draft_within_15_s() {
    let text = "http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\nnotes_api = \"http://127.0.0.1:9\"\n\
        [recogniser]\nkind = \"scripted\"\n[drafter]\nkind = \"llm\"\n[drafter.llm]\nmodel = \"m\"\nbase_url = ";
    let server = Server::that_does(vec![stream_head(), Do::Drip(b": ping\n\n".to_vec(), Duration::from_secs(3))]).await;
    let text = format!("{text}\"{}\"\n", server.base_url);
    let config = referent_pipeline::config::Config::parse(&text, |_| None).expect("a config");
    let outcome = outcome(the_job(), &Drafters::new(&config.drafter).expect("an address")).await;
    assert_eq!(outcome.who(), "embedded llm_timeout");
    assert!(outcome.took < Duration::from_secs(15), "{:?}", outcome.took);
}

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic elsewhere").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_the_key_nor_a_word_reaches_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    // For every test of this program: one that is the current thread's alone misses what other threads came by first.
    tracing::subscriber::set_global_default(subscriber).expect("no other test of this program has one");

    let echo = Do::Send(format!("{{\"error\":\"{KEY} Rosenvej\"}}").into_bytes());
    let scripts = [
        vec![stream_head(), all(GOOD), done()],
        vec![stream_head(), all(first_two()), Do::Send(b"data: {\"Odense\"\n\n".to_vec())],
        vec![head("500 Oh", "application/json"), echo],
    ];
    for script in scripts {
        let (_, server) = answered(script).await;
        assert!(server.requests()[0].contains(&format!("Bearer {KEY}")), "the server gets the key");
    }
    let log = String::from_utf8_lossy(&log.0.lock().expect("no panic elsewhere")).into_owned();
    assert!(log.contains("the draft is written"), "{log}");
    for secret in [KEY, "Odense", "boligstøtte", "6.450", "Rosenvej", "lejlighed"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
