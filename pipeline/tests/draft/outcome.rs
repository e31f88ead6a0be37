//! One call, a server of a language model that does what it is told, and what comes of it.

use crate::calls::{calls, job};
use crate::server::{Do, Server, says};
use referent_pipeline::config::{ApiKey, DrafterConfig, DrafterKind, LlmConfig};
use referent_pipeline::draft::{self, DraftOut, Drafters};
use referent_proto::draft::{DraftFailure, DraftJob, DraftSentence, FlagReason, Origin, OriginKind};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What the server wants to be shown.
pub(crate) const KEY: &str = "sk-do-not-print-me";

/// A whole answer about the call `boligstoette-flytning`.
pub(crate) const GOOD: &str = "## Årsag til henvendelse\n- Borgeren er flyttet til en mindre lejlighed i Odense. [2]\n\
    ## Oplysninger\n- Borgeren flyttede den 15. april. [6]\n- Huslejen er 6.450 kroner uden varme. [10]\n\
    ## Aftalt\n- Borgeren uploader kontrakten senest den 20. maj. [11,12]\n- Svaret kommer om fire uger. [13]\n";

/// How many sentences it has.
pub(crate) const SENTENCES: usize = 5;

/// The call that all cases are about.
pub(crate) fn the_job() -> DraftJob {
    job(calls().iter().find(|call| call.name == "boligstoette-flytning").expect("a sample call"))
}

pub(crate) fn short_limits(base_url: &str) -> LlmConfig {
    LlmConfig {
        base_url: base_url.to_owned(),
        model: "test-model".into(),
        api_key: Some(ApiKey::new(KEY)),
        connect: Duration::from_millis(400),
        first: Duration::from_millis(600),
        idle: Duration::from_millis(600),
        total: Duration::from_millis(1500),
        context_tokens: 8_192,
        warm_every: None,
        omit: Vec::new(),
    }
}

pub(crate) fn drafters(llm: LlmConfig) -> Drafters {
    Drafters::new(&DrafterConfig { kind: DrafterKind::Llm, llm: Some(llm) }).expect("an address")
}

pub(crate) fn embedded() -> Drafters {
    Drafters::new(&DrafterConfig { kind: DrafterKind::Embedded, llm: None }).expect("no address is needed")
}

/// What came of a job.
pub(crate) struct Outcome {
    pub(crate) sentences: Vec<DraftSentence>,
    pub(crate) origin: Option<Origin>,
    pub(crate) failure: Option<DraftFailure>,
    pub(crate) not_parsed: u32,
    pub(crate) took: Duration,
}

impl Outcome {
    /// "llm", "llm `cut_off`", "embedded garbled", "failed".
    pub(crate) fn who(&self) -> String {
        let Some(origin) = &self.origin else { return "failed".into() };
        let kind = if origin.kind == OriginKind::Llm { "llm" } else { "embedded" };
        let trouble = origin.trouble.map(|trouble| format!(" {trouble}"));
        format!("{kind}{}", trouble.unwrap_or_default())
    }

    /// How many sentences of the good answer are there.
    pub(crate) fn of_the_model(&self) -> usize {
        self.sentences.iter().filter(|sentence| GOOD.contains(sentence.text.reveal())).count()
    }
}

pub(crate) async fn outcome(job: DraftJob, drafters: &Drafters) -> Outcome {
    let (out, mut outputs) = mpsc::channel(4);
    let began = Instant::now();
    let mut outcome = Outcome { sentences: vec![], origin: None, failure: None, not_parsed: 0, took: Duration::ZERO };
    let reading = async {
        while let Some(output) = outputs.recv().await {
            match output {
                DraftOut::Sentence(sentence) => {
                    assert_eq!(sentence.index as usize, outcome.sentences.len());
                    let says_so = sentence.flags.iter().any(|flag| flag.reason == Some(FlagReason::NoEvidence));
                    assert_eq!(sentence.evidence.is_empty(), says_so, "without evidence it says so");
                    outcome.sentences.push(sentence);
                }
                DraftOut::Finished { origin, sentences, lines_not_parsed, .. } => {
                    assert_eq!(sentences as usize, outcome.sentences.len());
                    outcome.origin = Some(origin);
                    outcome.not_parsed = lines_not_parsed;
                }
                DraftOut::Failed { failure, .. } => outcome.failure = Some(failure),
            }
        }
    };
    tokio::join!(draft::run(job, drafters, out, CancellationToken::new()), reading);
    outcome.took = began.elapsed();
    assert!(outcome.origin.is_some() != outcome.failure.is_some(), "exactly one end");
    outcome
}

/// The answer of a server to the one job.
pub(crate) async fn answered(script: Vec<Do>) -> (Outcome, Server) {
    let server = Server::that_does(script).await;
    let outcome = outcome(the_job(), &drafters(short_limits(&server.base_url))).await;
    (outcome, server)
}

/// The same of a server that answers differently each time.
pub(crate) async fn answered_in_turn(scripts: Vec<Vec<Do>>) -> (Outcome, Server) {
    let server = Server::that_does_in_turn(scripts).await;
    let outcome = outcome(the_job(), &drafters(short_limits(&server.base_url))).await;
    (outcome, server)
}

/// Checks who made the draft, how many sentences are the model's, and that nothing was asked twice.
#[track_caller]
pub(crate) fn check(name: &str, answered: &(Outcome, Server), who: &str, of_the_model: usize) {
    check_asked(name, answered, who, of_the_model, 1);
}

/// The same of a server that was asked so often.
#[track_caller]
pub(crate) fn check_asked(
    name: &str,
    (outcome, server): &(Outcome, Server),
    who: &str,
    of_the_model: usize,
    asked: usize,
) {
    assert_eq!(outcome.who(), who, "{name}");
    assert_eq!(outcome.of_the_model(), of_the_model, "{name}");
    assert!(outcome.sentences.len() >= 5, "{name}: {} sentences", outcome.sentences.len());
    assert!(outcome.took < Duration::from_secs(5), "{name}: {:?}", outcome.took);
    assert_eq!(server.requests().len(), asked, "{name}: asked");
    let record = outcome.origin.as_ref().map(|origin| &origin.record).expect("a draft");
    assert_eq!(record.requests as usize, asked, "{name}: the record says so");
    let agreed = outcome.sentences.iter().any(|sentence| sentence.section == "agreed");
    assert!(agreed, "{name}: what was agreed is in the draft");
}

pub(crate) fn all(text: &str) -> Do {
    Do::Send(says(text))
}

pub(crate) fn first_two() -> &'static str {
    let end = GOOD.find("- Huslejen").expect("the third sentence");
    &GOOD[..end]
}
