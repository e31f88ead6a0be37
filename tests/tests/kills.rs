//! A part is killed with -9 in mid-call: with the scripted recogniser the transcript equals the undisturbed one; a killed
//! agent leaves one marked gap. The short form of `make bench-kill`, which tries 20 moments a part, and the model too.

use anyhow::Result;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use referent_tests::disturbed::{Sound, Victim, compare, moments, play};
use referent_tests::{Part, Recogniser, SampleCall};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_pipeline_loses_and_doubles_nothing() -> Result<()> {
    nothing_is_lost_or_doubled(Victim::Program(Part::Pipeline), 11).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_notes_api_loses_and_doubles_nothing() -> Result<()> {
    nothing_is_lost_or_doubled(Victim::Program(Part::NotesApi), 12).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_leaves_one_marked_gap() -> Result<()> {
    nothing_is_lost_or_doubled(Victim::Program(Part::Agent), 13).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_recogniser_process_loses_and_doubles_nothing() -> Result<()> {
    nothing_is_lost_or_doubled(Victim::Recogniser, 14).await
}

async fn nothing_is_lost_or_doubled(victim: Victim, seed: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let sound = Sound { wav: sample.excerpt(0.0, 17.0, folder.path())?, length: Duration::from_secs(17) };
    let undisturbed = play(&folder.path().join("undisturbed"), Recogniser::Scripted, &sound, None).await?;
    assert!(undisturbed.said.len() >= 3, "three turns lie in the excerpt");

    let (folder, sound, undisturbed) = (folder.path(), &sound, &undisturbed);
    stream::iter(moments(seed, 4, sound.length).into_iter().enumerate())
        .map(|(number, moment)| async move {
            let folder = folder.join(number.to_string());
            let disturbed = play(&folder, Recogniser::Scripted, sound, Some((victim, moment))).await?;
            let damage = compare(undisturbed, &disturbed, victim, Recogniser::Scripted);
            assert!(damage.none(), "{victim:?} killed at {moment:?}: {damage:?}");
            Ok(())
        })
        .buffer_unordered(4)
        .try_collect()
        .await
}
