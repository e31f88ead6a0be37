//! A worker of an earlier version is replaced in mid-call, and gives a call to a later one or takes one from it: nothing
//! is missing, nothing doubled, one draft. And a worker of the earlier version does a whole call for today's notes-api,
//! as it has to between the second and the third step of an upgrade (UPGRADING.md).
//!
//! `make test-upgrade` builds the earlier pipeline and names it in `REFERENT_EARLIER_PIPELINE`, and the folder of its
//! models in `REFERENT_EARLIER_MODELS`. The bytes that it speaks are tried in every run (proto/tests/earlier.rs).

use anyhow::{Context as _, Result};
use referent_proto::Track;
use referent_tests::balancer::Balancer;
use referent_tests::caseworker::Said;
use referent_tests::disturbed::{Finished, Sound, Victim, compare, finish, play};
use referent_tests::program::Program;
use referent_tests::word_errors::{differences, words};
use referent_tests::{Part, Recogniser, SampleCall, World};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// In the middle of what the citizen says.
const SEAM: Duration = Duration::from_secs(9);

/// The earlier version.
#[derive(Clone)]
struct Earlier {
    pipeline: PathBuf,
    models: PathBuf,
}

#[expect(clippy::print_stdout, reason = "a test that says why it tried nothing")]
fn earlier() -> Option<Earlier> {
    let told = |name| std::env::var_os(name).map(PathBuf::from);
    let found = told("REFERENT_EARLIER_PIPELINE").zip(told("REFERENT_EARLIER_MODELS"));
    if found.is_none() {
        println!("skipped: REFERENT_EARLIER_PIPELINE names no earlier pipeline; `make test-upgrade` does");
    }
    found.map(|(pipeline, models)| Earlier { pipeline, models })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_upgraded_in_mid_call() -> Result<()> {
    let Some(earlier) = earlier() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let sound = Sound { wav: sample.excerpt(0.0, 24.0, folder.path())?, length: Duration::from_secs(24) };
    let folders = ["today", "then", "up", "down"].map(|name| folder.path().join(name));
    let (today, then, up, down) = tokio::try_join!(
        play(&folders[0], Recogniser::Whisper, &sound, None),
        on_the_earlier_one(&folders[1], &sound, &earlier),
        to_the_later_one(&folders[2], &sound, &earlier),
        back_to_the_earlier_one(&folders[3], &sound, &earlier),
    )?;
    for (name, finished) in [("today", &today), ("then", &then), ("up", &up), ("down", &down)] {
        let gaps = finished.call["gaps"].as_array().map_or(0, Vec::len);
        assert_eq!(gaps, 0, "{name}: there are gaps");
        let damage = compare(&today, finished, Victim::Program(Part::Pipeline), Recogniser::Whisper);
        assert!(damage.none(), "{name}: {damage:?}");
        assert!(words_of(&finished.said, Track::Near, |_| true).len() >= 15, "{name}: few words");
    }
    one_then_the_other("up", &then.said, &today.said, &up.said);
    one_then_the_other("down", &today.said, &then.said, &down.said);
    Ok(())
}

/// The whole call, and its draft, from today's notes-api's view.
async fn on_the_earlier_one(folder: &Path, sound: &Sound, earlier: &Earlier) -> Result<Finished> {
    let (mut world, old) = both(folder, earlier).await?;
    world.kill(Part::Pipeline).await?;
    world.start_agent_behind(old.ready.grpc.as_ref().context("grpc")?).await?;
    let caseworker = world.caseworker().await?;
    let id = world.begin_call(&sound.wav).await?;
    let finished = finish(world, &caseworker, &id, sound).await.context("on the earlier one")?;
    stop(old).await?;
    Ok(finished)
}

async fn to_the_later_one(folder: &Path, sound: &Sound, earlier: &Earlier) -> Result<Finished> {
    let (mut world, old) = both(folder, earlier).await?;
    world.kill(Part::Pipeline).await?;
    let balancer = Balancer::start(vec![old.ready.grpc.clone().context("grpc")?, world.pipeline_grpc()]).await?;
    world.start_agent_behind(&balancer.address()).await?;
    let caseworker = world.caseworker().await?;
    let id = world.begin_call(&sound.wav).await?;
    tokio::time::sleep(SEAM).await; // The moment is the thing waited for.
    world.start(Part::Pipeline).await?;
    balancer.choose(1);
    stop(old).await?;
    let finished = finish(world, &caseworker, &id, sound).await.context("to the later one")?;
    // The earlier one may know no presence; then the agent does not ask again for minutes.
    assert!(balancer.connections_to(1) >= 1, "the call never changed its worker");
    Ok(finished)
}

/// An upgrade that is taken back.
async fn back_to_the_earlier_one(folder: &Path, sound: &Sound, earlier: &Earlier) -> Result<Finished> {
    let (mut world, old) = both(folder, earlier).await?;
    let balancer = Balancer::start(vec![world.pipeline_grpc(), old.ready.grpc.clone().context("grpc")?]).await?;
    world.start_agent_behind(&balancer.address()).await?;
    let caseworker = world.caseworker().await?;
    let id = world.begin_call(&sound.wav).await?;
    tokio::time::sleep(SEAM).await; // The moment is the thing waited for.
    balancer.choose(1);
    stop(world.pipeline.take().context("it runs")?).await?;
    let finished = finish(world, &caseworker, &id, sound).await.context("back to the earlier one")?;
    assert!(balancer.connections_to(1) >= 2, "the call never changed its worker; one is the agent's presence");
    stop(old).await?;
    Ok(finished)
}

async fn both(folder: &Path, earlier: &Earlier) -> Result<(World, Program)> {
    let world = World::builder(folder).balanced().start().await?;
    let old = world.start_pipeline_of(&earlier.pipeline, &earlier.models).await.context("the earlier pipeline")?;
    Ok((world, old))
}

/// As a service manager does it.
async fn stop(mut program: Program) -> Result<()> {
    program.stop().await
}

/// Up to some moment `said` has the words of the one, and from there those of the other: none is missing, none doubled.
fn one_then_the_other(name: &str, one: &[Said], other: &[Said], said: &[Said]) {
    for track in Track::BOTH {
        let heard = words_of(said, track, |_| true);
        let differing = |seam_ms: u64| {
            let mut expected = words_of(one, track, |middle| middle < seam_ms);
            expected.extend(words_of(other, track, |middle| middle >= seam_ms));
            differences(&expected, &heard)
        };
        let least = (0..=240).map(|tenth| differing(tenth * 100)).min_by_key(Vec::len).unwrap_or_default();
        assert!(least.is_empty(), "{name}, {track}: {least:?}");
    }
}

fn words_of(said: &[Said], track: Track, wanted: impl Fn(u64) -> bool) -> Vec<String> {
    said.iter()
        .filter(|said| said.track == track.name() && wanted(u64::midpoint(said.start_ms, said.end_ms)))
        .flat_map(|said| words(&said.text))
        .collect()
}
