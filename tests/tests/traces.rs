//! One trace a call, through three programs: it says where the seconds went, it has the call's id whoever holds the call,
//! no word of the call is in it, and a collector that is away costs the call nothing.

use anyhow::{Context as _, Result, ensure};
use referent_tests::balancer::Balancer;
use referent_tests::caseworker::sentences;
use referent_tests::collector::{Collector, Step};
use referent_tests::language_server::LanguageServer;
use referent_tests::{Part, Recogniser, SampleCall, World};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(2);

fn of_name<'a>(steps: &'a [Step], name: &'a str) -> impl Iterator<Item = &'a Step> {
    steps.iter().filter(move |step| step.name == name)
}

fn one<'a>(steps: &'a [Step], name: &'a str) -> Result<&'a Step> {
    let mut of_name = of_name(steps, name);
    let step = of_name.next().with_context(|| format!("no step {name}"))?;
    ensure!(of_name.next().is_none(), "more than one step {name}");
    Ok(step)
}

fn below<'a>(steps: &'a [Step], parent: &'a Step) -> Vec<&'a str> {
    steps.iter().filter(|step| step.parent == parent.id).map(|step| step.name.as_str()).collect()
}

/// All of one trace with the call's id, each once, and each parent is there.
fn is_one_trace(steps: &[Step], call: &str) -> Result<()> {
    let ids: BTreeSet<&str> = steps.iter().map(|step| step.id.as_str()).collect();
    ensure!(ids.len() == steps.len(), "a step came twice");
    for step in steps {
        ensure!(step.trace == call.replace('-', ""), "{step:?} is of another trace");
        let is_first = step.name == "call" && step.parent.is_empty();
        ensure!(is_first || ids.contains(step.parent.as_str()), "{step:?} has a parent that nobody sent");
    }
    one(steps, "call").map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_says_where_the_seconds_of_a_call_went_and_not_a_word_of_it() -> Result<()> {
    let collector = Collector::start().await?;
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).telemetry(collector.table()).start().await?;
    let caseworker = world.caseworker().await?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let id = world.begin_call(&sample.wav).await?;
    let call = caseworker.wait_for_draft(&id, PATIENCE).await?;
    let transcript = caseworker.transcript(&id).await?;
    let http = referent_tests::world::http_client()?;
    for url in [world.notes_url(), world.pipeline_url()] {
        let metrics = http.get(format!("{url}/metrics")).send().await?.text().await?;
        assert!(!metrics.contains("referent_trace_withheld_total"), "a word of ours is not on the list: {metrics}");
    }
    world.stop().await?; // What is left leaves now.

    let steps = collector.steps()?;
    is_one_trace(&steps, &id)?;
    let programs: BTreeSet<&str> = steps.iter().filter_map(|step| step.by.split(' ').next()).collect();
    assert_eq!(programs, BTreeSet::from(["referent-agent", "referent-notes-api", "referent-pipeline"]));

    let (connect, take_over) = (one(&steps, "connect")?, one(&steps, "take_over")?);
    assert_eq!(connect.attributes["outcome"], "taken");
    assert_eq!(take_over.parent, connect.id, "told from program to program");
    assert_eq!((take_over.attributes["epoch"].as_str(), take_over.attributes["class"].as_str()), ("1", "live"));
    assert!(below(&steps, take_over).contains(&"commit"), "told to notes-api as well");

    let mut outcomes = BTreeMap::<&str, usize>::new();
    for segment in of_name(&steps, "segment") {
        assert_eq!(below(&steps, segment), ["queued", "heard", "judged", "settled"], "in order");
        *outcomes.entry(&segment.attributes["outcome"]).or_default() += 1;
        assert!(["near", "far"].contains(&segment.attributes["track"].as_str()));
        let ms: u64 = segment.attributes["length_ms"].parse()?;
        assert!((100..=12_500).contains(&ms), "{ms}");
        assert!(steps.iter().all(|step| step.parent != segment.id || step.end <= segment.end + 1_000_000));
    }
    assert_eq!(outcomes.get("utterance"), Some(&transcript.len()), "{outcomes:?}");

    let (hang_up, draft) = (one(&steps, "hang_up")?, one(&steps, "draft")?);
    assert_eq!(hang_up.attributes["reason"], "rule", "the file ended");
    assert_eq!(below(&steps, hang_up), ["lease"]);
    for step in ["waiting", "writing", "stored", "commit"] {
        assert!(below(&steps, draft).contains(&step), "{step} in {:?}", below(&steps, draft));
    }
    let writing = below(&steps, one(&steps, "writing")?);
    assert!(writing.contains(&"embedded") && writing.contains(&"first_sentence"), "{writing:?}");
    assert_eq!((draft.attributes["origin"].as_str(), draft.attributes["outcome"].as_str()), ("embedded", "finished"));
    assert_eq!(draft.attributes["sentences"], sentences(&call).count().to_string());

    let said = transcript.iter().map(|said| said.text.as_str());
    let drafted = sentences(&call).filter_map(|sentence| sentence["text"].as_str());
    let words: BTreeSet<String> = said.chain(drafted).flat_map(words_of).collect();
    assert!(words.len() > 40, "{words:?}");
    let bytes = String::from_utf8_lossy(&collector.bytes()).to_lowercase();
    assert!(bytes.contains("first_sentence"));
    let leaked: Vec<_> = words.iter().filter(|word| bytes.contains(word.as_str())).collect();
    assert!(leaked.is_empty(), "words of the call left with its trace: {leaked:?}");
    for secret in ["2026-114823", "114823", "local", "standard", "incoming"] {
        assert!(!bytes.contains(secret), "{secret}");
    }
    Ok(())
}

fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| word.chars().count() >= 5).map(str::to_lowercase).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_worker_goes_on_with_the_same_trace_and_a_language_model_is_in_it() -> Result<()> {
    let model = LanguageServer::slow(&["## Henvendelse", "- Borgeren er flyttet. [1]"]).await?;
    let collector = Collector::start().await?;
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).recogniser(Recogniser::Scripted).balanced();
    let mut world = world.drafter(&model.drafter()).telemetry(collector.table()).start().await?;
    let mut other = world.start_another_pipeline().await?;
    let balancer = Balancer::start(vec![world.pipeline_grpc(), other.ready.grpc.clone().context("grpc")?]).await?;
    world.start_agent_behind(&balancer.address()).await?;
    let caseworker = world.caseworker().await?;
    let sound = SampleCall::named("boligstoette-flytning")?.excerpt(0.0, 12.0, folder.path())?;
    let id = world.begin_call(&sound).await?;
    caseworker
        .wait_for(&id, PATIENCE, "text", |call| call["utterances"].as_array().is_some_and(|all| !all.is_empty()))
        .await?;
    wait_until("the first worker's steps have left", || Ok(of_name(&collector.steps()?, "settled").next().is_some()))
        .await?;
    balancer.choose(1);
    world.kill(Part::Pipeline).await?;
    caseworker.wait_for_draft(&id, PATIENCE).await?;
    other.stop().await?;
    world.stop().await?;

    let steps = collector.steps()?;
    let taken: Vec<&Step> = of_name(&steps, "take_over").collect();
    let epochs: Vec<&str> = taken.iter().map(|step| step.attributes["epoch"].as_str()).collect();
    assert_eq!(epochs, ["1", "2"]);
    assert_ne!(taken[0].by, taken[1].by, "each worker by its own name");
    for worker in taken {
        assert!(below(&steps, worker).contains(&"segment"), "both have heard something");
    }
    let of_another: Vec<_> = steps.iter().filter(|step| step.trace != id.replace('-', "")).collect();
    assert!(of_another.is_empty(), "{of_another:?}");
    let writing = below(&steps, one(&steps, "writing")?);
    assert!(writing.contains(&"llm") && writing.contains(&"first_sentence"), "{writing:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_or_hangs_costs_a_call_nothing() -> Result<()> {
    let sample = SampleCall::named("boligstoette-flytning")?;
    let hanging = Collector::hanging().await?;
    let absent = Collector::hanging().await?.table(); // It has ended with this line.
    let mut took = Vec::new();
    for table in [String::new(), absent, hanging.table()] {
        let folder = tempfile::tempdir()?;
        let is_traced = !table.is_empty();
        let world = World::builder(folder.path()).recogniser(Recogniser::Scripted).telemetry(table).start().await?;
        let caseworker = world.caseworker().await?;
        let begun = Instant::now();
        let id = world.begin_call(&sample.wav).await?;
        caseworker.wait_for_draft(&id, PATIENCE).await?;
        took.push(begun.elapsed());
        if is_traced {
            let url = format!("{}/metrics", world.pipeline_url());
            let http = referent_tests::world::http_client()?;
            let counted = async {
                while !http
                    .get(&url)
                    .send()
                    .await?
                    .text()
                    .await?
                    .contains("trace_steps_dropped_total{why=\"not_sent\"}")
                {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                anyhow::Ok(())
            };
            tokio::time::timeout(Duration::from_secs(30), counted).await.context("what is dropped is counted")??;
            for part in [Part::Agent, Part::Pipeline, Part::NotesApi] {
                let warnings = world.log_of(part)?.matches("takes no traces").count();
                assert_eq!(warnings, 1, "{part:?}");
            }
        }
        let stopping = Instant::now();
        world.stop().await?;
        let stopped = stopping.elapsed();
        assert!(stopped < Duration::from_secs(15), "three programs stopped after {stopped:?}");
    }
    let limit = took[0] + Duration::from_secs(2);
    assert!(took[1] < limit && took[2] < limit, "without, absent, hanging: {took:?}");
    Ok(())
}

async fn wait_until(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let waiting = async {
        while !is_so()? {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, waiting).await.with_context(|| what.to_owned())?
}
