//! Calls that are longer than the model's context: read in parts, and nothing is left out.

use crate::calls::{calls, said, utterance};
use crate::outcome::{Outcome, drafters, outcome, short_limits};
use crate::server::{Do, Server, done, head, says, stream_head};
use referent_pipeline::config::LlmConfig;
use referent_pipeline::draft::{prompt, tokens};
use referent_proto::draft::DraftJob;
use referent_proto::ids::Track;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A call of so many minutes, made of what is said in the sample calls; every utterance says which one it is.
pub(crate) fn a_call_of(minutes: u32) -> DraftJob {
    let calls = calls();
    let turns = calls.iter().flat_map(|call| &call.turns).cycle();
    let (mut at, mut utterances) = (0.0, Vec::new());
    for (number, turn) in turns.enumerate() {
        if at >= f64::from(minutes) * 60.0 {
            break;
        }
        #[expect(clippy::cast_precision_loss, reason = "letters of a turn")]
        let length = turn.text.chars().count() as f64 / 15.0;
        utterances.push(utterance(turn.track(), at, at + length, &format!("{} Sag {number}.", turn.text)));
        at += length + 0.4;
    }
    let mut job = said(utterances);
    // What is looked for are numbers, which a model elsewhere would not be shown.
    job.area.llm_is_local = true;
    job
}

/// The lines of the request: number, and which utterance of the call it is.
fn lines(request: &str) -> Vec<(usize, usize)> {
    let body: Value = serde_json::from_str(request.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    let user = body["messages"][1]["content"].as_str().expect("a text");
    let line = |line: &str| {
        let (number, rest) = line.strip_prefix('[')?.split_once(']')?;
        let which = rest.rsplit_once("Sag ")?.1.trim_end_matches('.');
        Some((number.parse().ok()?, which.parse().ok()?))
    };
    user.lines().filter_map(line).collect()
}

/// Answers about every fifth line, by its number in the prompt.
fn answer(request: &str) -> String {
    let sentences = lines(request).into_iter().step_by(5);
    let sentences: Vec<String> =
        sentences.map(|(number, which)| format!("- Borgeren spurgte til sag {which}. [{number}]\n")).collect();
    format!("## Oplysninger\n{}", sentences.concat())
}

fn context(base_url: &str, context_tokens: usize) -> LlmConfig {
    let long = Duration::from_secs(10);
    LlmConfig { first: long, idle: long, total: long, context_tokens, ..short_limits(base_url) }
}

/// Which utterance of the call each sentence is about, and that it rests on just that one.
#[track_caller]
fn about(job: &DraftJob, outcome: &Outcome) -> Vec<usize> {
    let about =
        |text: &str| text.strip_prefix("Borgeren spurgte til sag ")?.trim_end_matches('.').parse::<usize>().ok();
    let of_the_model = outcome.sentences.iter().filter_map(|one| Some((one, about(one.text.reveal())?)));
    of_the_model
        .map(|(sentence, which)| {
            let starts: Vec<_> = sentence.evidence.iter().map(|rests| rests.start).collect();
            assert_eq!(starts, [job.utterances[which].span.start()], "sag {which}");
            which
        })
        .collect()
}

#[tokio::test]
async fn a_call_of_three_hours_is_read_whole_by_a_model_with_8k() {
    let job = a_call_of(180);
    let server = Server::that_answers(|_, request| vec![stream_head(), Do::Send(says(&answer(request))), done()]).await;
    let outcome = outcome(job.clone(), &drafters(context(&server.base_url, 8_192))).await;
    assert_eq!(outcome.who(), "llm");

    let requests = server.requests();
    let mut prompts_of: BTreeMap<usize, usize> = BTreeMap::new();
    for which in requests.iter().flat_map(|request| lines(request)).map(|(_, which)| which) {
        *prompts_of.entry(which).or_default() += 1;
    }
    assert!(requests.len() > 8, "{} parts", requests.len());
    let expected: BTreeMap<usize, usize> = (0..job.utterances.len()).map(|which| (which, 1)).collect();
    assert_eq!(prompts_of, expected, "every utterance is in exactly one prompt");
    for request in &requests {
        let body: Value = serde_json::from_str(request.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
        let texts = body["messages"].as_array().expect("messages").iter().map(|one| one["content"].as_str());
        let tokens: usize = texts.map(|text| tokens::bound(text.expect("a text"))).sum();
        assert!(tokens + 1_024 <= 8_192, "{tokens} tokens, and no room for the answer");
    }

    let about = about(&job, &outcome);
    assert_eq!(about.len(), outcome.sentences.len());
    assert!(about.is_sorted() && about.len() > 100, "in the order of the call: {about:?}");
    let record = outcome.origin.expect("a draft").record;
    assert_eq!((record.parts as usize, record.requests as usize), (requests.len(), requests.len()));
}

#[tokio::test]
async fn a_part_that_fails_is_made_up_for() {
    let job = a_call_of(30);
    let parts = prompt::parts(&job, 8_192);
    assert!(parts.len() >= 3, "{} parts", parts.len());
    let lost = parts[1].lines.clone();
    let first_of_lost = lost.start;
    let server = Server::that_answers(move |_, request| {
        if lines(request).first().is_some_and(|(_, which)| *which == first_of_lost) {
            return vec![head("200 OK", "text/html"), Do::Send(b"<html>".to_vec())];
        }
        vec![stream_head(), Do::Send(says(&answer(request))), done()]
    })
    .await;
    let outcome = outcome(job.clone(), &drafters(context(&server.base_url, 8_192))).await;
    assert_eq!(outcome.who(), "llm cut_off");
    let written = about(&job, &outcome);
    assert!(written.iter().all(|which| !lost.contains(which)) && written.iter().any(|which| *which >= lost.end));
    let starts: Vec<_> = job.utterances[lost].iter().map(|said| said.span.start()).collect();
    let made_up_for =
        outcome.sentences.iter().filter(|one| one.evidence.iter().any(|rests| starts.contains(&rests.start)));
    assert!(made_up_for.count() > 0, "nothing is said of the part that failed");
}

/// A server that is gone is not asked about every part.
#[tokio::test]
async fn a_server_in_trouble_is_not_asked_for_each_part() {
    let job = a_call_of(180);
    let server = Server::that_does(vec![head("401 Unauthorized", "application/json")]).await;
    let outcome = outcome(job, &drafters(context(&server.base_url, 8_192))).await;
    assert_eq!(outcome.who(), "embedded llm_refused");
    assert!(server.requests().len() <= 5, "{} requests", server.requests().len());
}

#[test]
fn a_call_that_fits_is_one_prompt() {
    assert_eq!(prompt::parts(&a_call_of(8), 8_192).len(), 1);
    assert_eq!(prompt::parts(&a_call_of(180), 200_000).len(), 1);
    let parts = prompt::parts(&a_call_of(20), 8_192);
    assert!(parts[0].closing.contains(&format!("del 1 af {}", parts.len())), "{}", parts[0].closing);
    assert!(parts[1].stem.contains("senere del"), "a part says that it is one");
    assert!(parts.iter().skip(1).all(|part| part.stem.matches("\n[1] ").count() == 1), "each counts from one");
}

/// The tracks of the sample calls take turns: a part ends where one speaker ends.
#[test]
fn parts_end_at_turns() {
    let job = a_call_of(60);
    let tracks: Vec<Track> = job.utterances.iter().map(|said| said.track).collect();
    for part in prompt::parts(&job, 8_192).iter().skip(1) {
        assert_ne!(tracks[part.lines.start], tracks[part.lines.start - 1]);
    }
}
