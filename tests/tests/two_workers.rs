//! Two workers behind a balancer: one is killed, frozen until long after the other has taken over, or cut off without a
//! word. Nothing is missing or doubled, and what the old one says after it wakes changes nothing.

use anyhow::{Context as _, Result};
use referent_tests::balancer::Balancer;
use referent_tests::disturbed::{Finished, Sound, Victim, compare, finish, play};
use referent_tests::{Part, Recogniser, SampleCall, World};
use std::path::Path;
use std::time::Duration;

/// What happens to the first worker, five seconds into the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Killed,
    Frozen,
    CutOff,
}

#[tokio::test(flavor = "multi_thread")]
async fn another_worker_goes_on_whatever_becomes_of_the_first() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let sound = Sound { wav: sample.excerpt(0.0, 17.0, folder.path())?, length: Duration::from_secs(17) };
    let undisturbed = play(&folder.path().join("undisturbed"), Recogniser::Scripted, &sound, None).await?;
    let fates = [Fate::Killed, Fate::Frozen, Fate::CutOff].map(|fate| {
        let (folder, sound) = (folder.path().join(format!("{fate:?}")), &sound);
        async move { anyhow::Ok((fate, meet(fate, &folder, sound).await.with_context(|| format!("{fate:?}"))?)) }
    });
    for (fate, finished) in futures_util::future::try_join_all(fates).await? {
        let damage = compare(&undisturbed, &finished, Victim::Program(Part::Pipeline), Recogniser::Scripted);
        assert!(damage.none(), "{fate:?}: {damage:?}");
    }
    Ok(())
}

async fn meet(fate: Fate, folder: &Path, sound: &Sound) -> Result<Finished> {
    let mut world = World::builder(folder).recogniser(Recogniser::Scripted).balanced().start().await?;
    let other = world.start_another_pipeline().await?;
    let balancer = Balancer::start(vec![world.pipeline_grpc(), other.ready.grpc.clone().context("grpc")?]).await?;
    world.start_agent_behind(&balancer.address()).await?;
    let caseworker = world.caseworker().await?;
    let id = world.begin_call(&sound.wav).await?;
    tokio::time::sleep(Duration::from_secs(5)).await; // The moment is the thing waited for.
    balancer.choose(1);
    match fate {
        Fate::Killed => world.kill(Part::Pipeline).await?,
        Fate::Frozen => world.program(Part::Pipeline).as_ref().context("it runs")?.freeze()?,
        Fate::CutOff => balancer.cut(),
    }
    let taken_over = async {
        // The call, and the agent's presence.
        while balancer.connections_to(1) < 2 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), taken_over).await.context("nobody takes over")?;
    if fate == Fate::Frozen {
        // It wakes up while the other has the call, with all it had.
        tokio::time::sleep(Duration::from_secs(3)).await;
        world.program(Part::Pipeline).as_ref().context("it runs")?.wake()?;
    }
    let finished = finish(world, &caseworker, &id, sound).await?;
    drop(other);
    Ok(finished)
}
