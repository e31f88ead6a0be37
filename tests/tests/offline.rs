//! A PC that was without a server for some hours sends what it has kept, beside a call that goes on: nothing of it is lost,
//! and the call that goes on is heard at once. The short form of `make bench-offline`, with less of a day.

use anyhow::Result;
use referent_tests::crowd::{Manner, Sound, send};
use referent_tests::offline::{Day, is_drained, lost_s, written};
use referent_tests::{Part, Recogniser, World};
use std::time::Duration;

const DAY: Day = Day { calls: 6, minutes: 5 };

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_without_a_server_becomes_text_beside_calls_that_go_on() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut world = World::builder(folder.path()).recogniser(Recogniser::Scripted).without_agent().start().await?;
    let caseworker = world.caseworker().await?;
    let sample = referent_tests::SampleCall::named("boligstoette-flytning")?;
    let sound = Sound::of(&sample)?;
    let calls = written(&world.spool(), std::slice::from_ref(&sound), DAY)?;
    world.start(Part::Agent).await?;
    let live = send(&world.pipeline_grpc(), &sound.repeated(10 * 16_000), 1, Manner::LIVE).await?;
    let waited = live.let_in.duration_since(live.began);
    assert!(waited < Duration::from_secs(1), "the call that goes on waited for {waited:?}");
    is_drained(&world.spool(), Duration::from_mins(3)).await?;
    assert!(lost_s(&caseworker, &calls, DAY).await? < 0.001, "nothing is lost");
    let text = caseworker.transcript(&calls[0].to_string()).await?;
    assert!(text.len() > 10, "there is speech in it: {}", text.len());
    world.stop().await
}
