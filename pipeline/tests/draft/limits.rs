//! What an area says of the length of its drafts, held against models that do not count (docs/areas.md, "Limits").

use crate::long_calls::a_call_of;
use crate::outcome::{Outcome, drafters, outcome, short_limits, the_job};
use crate::server::{Do, Server, done, says, stream_head};
use referent_pipeline::draft::prompt;
use referent_proto::Limits;
use referent_proto::draft::DraftJob;
use serde_json::Value;

async fn answered(limits: Limits, answers: &[&str]) -> (Outcome, Server) {
    let scripts = answers.iter().map(|answer| vec![stream_head(), Do::Send(says(answer)), done()]).collect();
    let server = Server::that_does_in_turn(scripts).await;
    let mut job = the_job();
    job.area.limits = limits;
    let outcome = outcome(job, &drafters(short_limits(&server.base_url))).await;
    (outcome, server)
}

/// `count` sentences of the area's information, and what was agreed behind them.
fn sentences(count: usize) -> String {
    let one = |number: usize| format!("- Borgeren er flyttet til en lejlighed i Odense, oplysning {number}. [2]\n");
    let all: String = (1..=count).map(one).collect();
    format!("## Oplysninger\n{all}## Aftalt\n- Borgeren uploader kontrakten senest den 20. maj. [11,12]\n")
}

fn in_section(outcome: &Outcome, id: &str) -> usize {
    outcome.sentences.iter().filter(|sentence| sentence.section == id).count()
}

#[tokio::test]
async fn a_few_sentences_too_many_are_a_good_draft() {
    let most = Limits { most_sentences: Some(8), ..Limits::default() };
    let (eight, _) = answered(most, &[&sentences(7)]).await;
    assert_eq!((eight.who().as_str(), eight.sentences.len()), ("llm", 8));
    let (ten, _) = answered(most, &[&sentences(9)]).await;
    assert_eq!((ten.who().as_str(), ten.sentences.len(), ten.not_parsed), ("llm", 10, 0));
}

#[tokio::test]
async fn what_is_far_too_much_is_not_shown_and_no_section_stays_empty() {
    let most = Limits { most_sentences: Some(8), ..Limits::default() };
    let (outcome, server) = answered(most, &[&sentences(30)]).await;
    assert_eq!(outcome.who(), "llm cut_off", "the draft says that it is not all");
    assert_eq!(in_section(&outcome, "information"), 10, "what there is room for, and no quotation beside it");
    assert!(in_section(&outcome, "agreed") > 0, "what was agreed is in the draft");
    assert_eq!(server.requests().len(), 1, "what is out stays, so it is not asked again");
}

/// A sentence of so many words that rests on what was said of the rent.
fn of_words(words: usize) -> String {
    let rest = vec!["huslejen"; 2].into_iter().chain((0..words - 6).map(|at| WORDS[at % WORDS.len()]));
    format!("- Lejligheden er på 58 {} [10]\n", rest.collect::<Vec<_>>().join(" "))
}

const WORDS: [&str; 12] =
    ["og", "den", "koster", "uden", "varme", "som", "borgeren", "selv", "oplyser", "om", "måneden", "kroner"];

#[tokio::test]
async fn a_sentence_that_is_a_little_long_is_shown() {
    let longest = Limits { longest_sentence_words: Some(20), ..Limits::default() };
    let agreed = "## Aftalt\n- Svaret kommer om fire uger. [13]\n";
    let (outcome, _) = answered(longest, &[&format!("## Oplysninger\n{}{agreed}", of_words(30))]).await;
    assert_eq!((outcome.who().as_str(), outcome.sentences.len()), ("llm", 2));
}

#[tokio::test]
async fn what_a_sentence_says_that_is_far_too_long_is_quoted_instead() {
    let longest = Limits { longest_sentence_words: Some(20), ..Limits::default() };
    let agreed = "## Aftalt\n- Svaret kommer om fire uger. [13]\n";
    let (outcome, server) = answered(longest, &[&format!("## Oplysninger\n{}{agreed}", of_words(31))]).await;
    assert_eq!(outcome.who(), "llm cut_off");
    let long = |text: &str| text.starts_with("Lejligheden er på 58 huslejen");
    assert!(outcome.sentences.iter().all(|sentence| !long(sentence.text.reveal())));
    let tenth = the_job().utterances[9].span.start();
    let quoted = outcome.sentences.iter().any(|one| one.evidence.iter().any(|rests| rests.start == tenth));
    assert!(quoted, "the utterance that it rests on");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_model_that_writes_nothing_but_long_sentences_is_told_once() {
    let longest = Limits { longest_sentence_words: Some(20), ..Limits::default() };
    let long = format!("## Oplysninger\n{}", of_words(40));
    let good =
        "## Oplysninger\n- Huslejen er 6.450 kroner uden varme. [10]\n## Aftalt\n- Svaret kommer om fire uger. [13]\n";
    let (better, server) = answered(longest, &[&long, good]).await;
    assert_eq!((better.who().as_str(), better.sentences.len()), ("llm", 2));
    assert!(server.requests()[1].contains("Skriv højst 20 ord i hver."), "it is told what was wrong");
    let (never, server) = answered(longest, &[&long]).await;
    assert_eq!((never.who().as_str(), server.requests().len()), ("embedded garbled", 2));
}

fn minutes_of(job: &DraftJob, part: &prompt::Prompt) -> u64 {
    let said = &job.utterances[part.lines.clone()];
    let (first, last) = (said.first().expect("a line"), said.last().expect("a line"));
    (last.span.end().0 - first.span.start().0) / (60 * referent_proto::SAMPLE_RATE)
}

#[tokio::test]
async fn a_call_that_is_longer_than_one_piece_is_read_in_parts_though_it_fits() {
    let mut job = a_call_of(40);
    job.area.limits = Limits { one_piece_minutes: Some(15), most_sentences: Some(20), ..Limits::default() };
    let large = 1 << 20;
    let parts = prompt::parts(&job, large);
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| minutes_of(&job, part) < 15), "no part is longer");
    assert!(parts[0].closing.contains("Skriv højst 7 sætninger om den."), "{}", parts[0].closing);
    job.area.limits.one_piece_minutes = Some(45);
    assert_eq!(prompt::parts(&job, large).len(), 1);

    // What a model's server reads along is the part that the draft will ask for.
    job.area.limits.one_piece_minutes = Some(15);
    let along = prompt::so_far(&job.area, job.started, job.direction, &job.utterances, large);
    assert!(parts[2].user().starts_with(&along.stem));

    let server = Server::that_does(vec![stream_head(), Do::Send(says("INTET")), done()]).await;
    let mut config = short_limits(&server.base_url);
    config.context_tokens = large;
    outcome(job, &drafters(config)).await;
    let asked: Vec<Value> = server
        .requests()
        .iter()
        .map(|request| serde_json::from_str(request.split_once("\r\n\r\n").expect("a body").1).expect("JSON"))
        .collect();
    assert_eq!(asked.len(), 3, "each part is asked for");
}
