//! Which language model writes for an area: the one it names, or none. Nothing is ever sent to another.

use crate::calls::{said, utterance};
use crate::outcome::{Outcome, embedded, outcome, short_limits, the_job};
use crate::server::{Do, Server, done, says, stream_head};
use referent_pipeline::config::{DrafterConfig, DrafterKind, Models, NamedModel};
use referent_pipeline::draft::Drafters;
use referent_pipeline::draft::warm::Warmer;
use referent_proto::AreaSettings;
use referent_proto::draft::{DraftFailure, DrafterTrouble, OriginKind};
use referent_proto::ids::Track;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const GOOD: &str = "## Oplysninger\n- Huslejen er 6.450 kroner uden varme. [10]\n\
    ## Aftalt\n- Borgeren uploader kontrakten senest den 20. maj. [11,12]\n";

/// The usual language model, and one that areas call "stor".
struct Two {
    usual: Server,
    large: Server,
}

impl Two {
    async fn begin() -> Self {
        let answer = || vec![stream_head(), Do::Send(says(GOOD)), done()];
        Self { usual: Server::that_does(answer()).await, large: Server::that_does(answer()).await }
    }

    fn drafters(&self, usual_is_local: Option<bool>, large_is_local: Option<bool>) -> Drafters {
        let config = DrafterConfig { kind: DrafterKind::Llm, llm: Some(short_limits(&self.usual.base_url)) };
        let mut llm = short_limits(&self.large.base_url);
        llm.model = "stor-model".into();
        let named = BTreeMap::from([("stor".to_owned(), NamedModel { llm, is_local: large_is_local })]);
        let drafters = Drafters::new(&config).expect("an address");
        drafters.with_models(&Models { usual_is_local, named }).expect("addresses")
    }

    /// How often each was asked.
    fn asked(&self) -> (usize, usize) {
        (self.usual.requests().len(), self.large.requests().len())
    }
}

async fn drafted(drafters: &Drafters, change: impl FnOnce(&mut AreaSettings)) -> Outcome {
    let mut job = the_job();
    change(&mut job.area);
    outcome(job, drafters).await
}

#[tokio::test]
async fn an_area_gets_the_model_that_it_names() {
    for (name, asked, model) in
        [("", (1, 0), "test-model"), ("test-model", (1, 0), "test-model"), ("stor", (0, 1), "stor-model")]
    {
        let two = Two::begin().await;
        let outcome = drafted(&two.drafters(None, None), |area| area.model = name.into()).await;
        assert_eq!((outcome.who().as_str(), two.asked()), ("llm", asked), "{name:?}");
        assert_eq!(outcome.origin.expect("a draft").model, model);
    }
}

/// Whether the usual model may know what this area's may, nobody has said.
#[tokio::test]
async fn a_model_that_is_not_there_is_not_replaced_by_another() {
    let two = Two::begin().await;
    for name in ["none", "lille", "Stor"] {
        let outcome = drafted(&two.drafters(None, None), |area| area.model = name.into()).await;
        let origin = outcome.origin.as_ref().expect("a draft all the same");
        assert_eq!((origin.kind, origin.trouble), (OriginKind::Embedded, Some(DrafterTrouble::Policy)), "{name}");
        assert!(outcome.sentences.iter().any(|sentence| sentence.section == "agreed"), "{name}: a whole draft");
    }
    assert_eq!(two.asked(), (0, 0), "nothing is sent");
}

#[tokio::test]
async fn a_model_elsewhere_is_not_asked_what_only_one_in_the_house_may_read() {
    for (usual, large, name, who, asked) in [
        (Some(false), None, "", "embedded policy", (0, 0)),
        (Some(true), Some(false), "stor", "embedded policy", (0, 0)),
        (Some(false), Some(true), "stor", "llm", (0, 1)),
        (Some(true), None, "", "llm", (1, 0)),
        (None, None, "", "llm", (1, 0)),
    ] {
        let two = Two::begin().await;
        let drafters = Arc::new(two.drafters(usual, large));
        let local = |area: &mut AreaSettings| {
            area.llm_is_local = true;
            area.model = name.into();
        };
        let outcome = drafted(&drafters, local).await;
        assert_eq!((outcome.who().as_str(), two.asked()), (who, asked), "{usual:?} {large:?} {name:?}");
        let mut job = the_job();
        local(&mut job.area);
        let warmer = Warmer::new(drafters, Some(Duration::from_secs(1)));
        let reads_along = warmer.for_call(&job.area, job.started, job.direction, Vec::new()).is_some();
        assert_eq!(reads_along, who == "llm", "{usual:?} {large:?} {name:?}: before the hang-up");
    }
    // What the area does not take for local is hidden from the model, wherever it is.
    let two = Two::begin().await;
    let outcome = drafted(&two.drafters(Some(false), None), |_| {}).await;
    assert_eq!(outcome.who(), "llm");
}

#[tokio::test]
async fn where_only_a_model_could_write_there_is_no_draft_and_the_reason() {
    let two = Two::begin().await;
    let mut job = said([
        utterance(Track::Near, 0.0, 3.0, "Goddag, hvad kan jeg hjælpe med?"),
        utterance(Track::Far, 3.0, 9.0, "Guten Tag, ich bin nach Vejle umgezogen und brauche eine Wohnungshilfe."),
        utterance(Track::Far, 9.0, 14.0, "Die Miete beträgt jetzt sechstausend Kronen im Monat, das ist zu viel."),
    ]);
    job.area.spoken_languages = vec!["da".into(), "de".into()];
    job.area.model = "none".into();
    let outcome = outcome(job, &two.drafters(None, None)).await;
    assert_eq!((outcome.failure, two.asked()), (Some(DraftFailure::Policy), (0, 0)));
}

/// Where there is no language model at all, that is what the draft says, whatever the area names.
#[tokio::test]
async fn without_any_model_the_area_forbids_nothing() {
    let outcome = drafted(&embedded(), |area| area.model = "stor".into()).await;
    assert_eq!(outcome.who(), "embedded not_configured");
}
