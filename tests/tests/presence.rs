//! The page says what the PC does when no call goes on, too: how soon, whatever becomes of the programs on the way; and a
//! call that the agent has let go of long ago is discarded with an answer.

use anyhow::{Context as _, Result, ensure};
use referent_tests::balancer::Balancer;
use referent_tests::caseworker::{Caseworker, Events};
use referent_tests::world::Pace;
use referent_tests::{Part, Recogniser, SampleCall, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// While it is in contact, the page follows the PC within a second.
const FOLLOWS: Duration = Duration::from_secs(1);
/// That contact is lost, or is there again, stands on the page within five.
const CONTACT: Duration = Duration::from_secs(5);
/// What a program needs to start is no part of what is measured, but of what is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the page hears of PCs, all the time.
struct Page {
    events: Events,
}

impl Page {
    async fn open(caseworker: &Caseworker) -> Result<Self> {
        Ok(Self { events: caseworker.list_events().await? })
    }

    /// Waits until the page is told this of the PCs, and gives when that was.
    async fn told(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Instant> {
        let mut last = Value::Null;
        let telling = async {
            while let Some((kind, data)) = self.events.next().await? {
                if kind != "agent" {
                    continue;
                }
                if fits(&data) {
                    return Ok(Instant::now());
                }
                last = data;
            }
            anyhow::bail!("the events ended")
        };
        let told = tokio::time::timeout(PATIENCE, telling).await;
        told.unwrap_or_else(|_| anyhow::bail!("it was not said")).with_context(|| format!("{what}; said last: {last}"))
    }

    async fn is(&mut self, state: &str) -> Result<Instant> {
        self.told(state, |said| said["state"] == state && said["in_contact"] == 1).await
    }

    async fn lost(&mut self) -> Result<Instant> {
        self.told("no contact", |said| said["in_contact"] == 0 && said["lost"] == 1).await
    }
}

fn within(what: &str, since: Instant, told: Instant, limit: Duration) -> Result<u128> {
    let took = told.saturating_duration_since(since);
    ensure!(took <= limit, "{what}: {took:?}, not within {limit:?}");
    Ok(took.as_millis())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_knows_the_pc_between_calls_whatever_becomes_of_the_programs() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut world =
        World::builder(folder.path()).recogniser(Recogniser::Scripted).pace(Pace::RealTime).balanced().start().await?;
    let balancer = Balancer::start(vec![world.pipeline_grpc()]).await?;
    let caseworker = world.caseworker().await?;
    let mut page = Page::open(&caseworker).await?;
    page.told("nobody is there", |said| said["in_contact"] == 0 && said["lost"] == 0).await?;

    world.start_agent_behind(&balancer.address()).await?;
    let started = Instant::now();
    let idle = within("idle after the agent's start", started, page.is("idle").await?, FOLLOWS)?;

    let killed = Instant::now();
    world.kill(Part::Agent).await?;
    let agent_lost = within("the agent was killed", killed, page.lost().await?, CONTACT)?;
    let restarting = Instant::now();
    world.start(Part::Agent).await?;
    let agent_again = within("the agent started again", restarting, page.is("idle").await?, CONTACT)?;

    // The network goes without a word, for new connections not.
    let (before, cut) = (balancer.connections_to(0), Instant::now());
    balancer.cut();
    while balancer.connections_to(0) == before {
        ensure!(cut.elapsed() < CONTACT, "a dead connection is kept for {:?}", cut.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let dead_connection = cut.elapsed().as_millis();

    // A PC that stands still has a connection that is there, and says nothing.
    let frozen = Instant::now();
    world.program(Part::Agent).as_ref().context("it runs")?.freeze()?;
    let frozen_lost = within("the agent stands still", frozen, page.lost().await?, CONTACT)?;
    let woken = Instant::now();
    world.program(Part::Agent).as_ref().context("it runs")?.wake()?;
    let frozen_again = within("the agent goes on", woken, page.is("idle").await?, CONTACT)?;

    let killed = Instant::now();
    world.kill(Part::Pipeline).await?;
    let pipeline_lost = within("the pipeline was killed", killed, page.lost().await?, CONTACT)?;
    world.start(Part::Pipeline).await?;
    let there = Instant::now();
    let pipeline_again = within("the pipeline is there again", there, page.is("idle").await?, CONTACT)?;

    // notes-api forgets who was there, and hears it again by itself.
    world.kill(Part::NotesApi).await?;
    world.start(Part::NotesApi).await?;
    let there = Instant::now();
    let caseworker = world.caseworker().await?;
    let mut page = Page::open(&caseworker).await?;
    let notes_again = within("notes-api is there again", there, page.is("idle").await?, CONTACT)?;

    // In a call the same page hears the same state as the call's own, and a change of it within a second.
    let sample = SampleCall::named("boligstoette-flytning")?;
    let wav = sample.excerpt(0.0, 8.0, folder.path())?;
    let id = world.begin_call(&wav).await?;
    let begun = Instant::now();
    let other = page.told("no longer idle", |said| said["state"].as_str().is_some_and(|state| state != "idle")).await?;
    let call = within("the call", begun, other, FOLLOWS)?;
    caseworker.wait_for_draft(&id, Duration::from_mins(1)).await?;
    page.is("idle").await?;

    // The agent has let go of the call; the receipt says so all the same.
    let path = format!("/v1/calls/{id}/discard");
    let discarded = Instant::now();
    let receipt = loop {
        let (status, receipt) = caseworker.send(reqwest::Method::POST, &path, None, &json!({})).await?;
        ensure!(status == 200, "discarding was answered with {status}");
        if receipt["agent_done"] == true {
            break discarded.elapsed().as_millis();
        }
        ensure!(discarded.elapsed() < PATIENCE, "the agent never answered: {receipt}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };

    let figures = json!({
        "presence_ms": {
            "idle_after_start": idle,
            "agent_killed_lost": agent_lost, "agent_started_again": agent_again,
            "agent_frozen_lost": frozen_lost, "agent_woken_again": frozen_again,
            "pipeline_killed_lost": pipeline_lost, "pipeline_started_again": pipeline_again,
            "dead_connection_given_up": dead_connection,
            "notes_api_started_again": notes_again,
            "call_begins": call, "discard_answered": receipt,
        }
    });
    #[expect(clippy::print_stdout, reason = "figures of a test")]
    {
        println!("{figures}");
    }
    world.stop().await
}
