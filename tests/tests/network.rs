//! What networks do to a call: slow, standing still, dead without a word, reset, gone for a while. The words are those of
//! the undisturbed call, and it goes on within 5 s after the network does. The short form of `make bench-network`: the
//! outage lasts a fortieth of the ten minutes there.

use anyhow::Result;
use referent_tests::disturbed::{Sound, Victim, compare, play};
use referent_tests::network::spaces::{Trouble, in_a_space};
use referent_tests::network::{Fault, through};
use referent_tests::{Part, Recogniser, SampleCall};
use std::io::Write as _;
use std::time::Duration;

const OUTAGE: Duration = Duration::from_secs(15);
const GOES_ON_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_network_does_the_words_are_the_same_and_the_call_goes_on_soon() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let length = Duration::from_secs(30);
    let sound = Sound { wav: sample.excerpt(0.0, length.as_secs_f64(), folder.path())?, length };
    let undisturbed = play(&folder.path().join("undisturbed"), Recogniser::Scripted, &sound, None).await?;
    assert!(undisturbed.said.len() >= 5, "five turns lie in the excerpt");
    let faults = Fault::all(OUTAGE).map(|fault| {
        let (folder, sound) = (folder.path().join(fault.name()), &sound);
        async move { anyhow::Ok((fault, through(&folder, Recogniser::Scripted, sound, fault).await?)) }
    });
    for (fault, through) in futures_util::future::try_join_all(faults).await? {
        let damage = compare(&undisturbed, &through.finished, Victim::Program(Part::Pipeline), Recogniser::Scripted);
        assert!(damage.none(), "{fault:?}: {damage:?}");
        assert!(through.resumed <= GOES_ON_WITHIN, "{fault:?}: it went on after {:?}", through.resumed);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_packets_and_another_address_change_no_word() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sample = SampleCall::named("boligstoette-flytning")?;
    let length = Duration::from_secs(30);
    let sound = Sound { wav: sample.excerpt(0.0, length.as_secs_f64(), folder.path())?, length };
    let found = [Trouble::None, Trouble::Loss, Trouble::Address].map(|trouble| {
        let (folder, sound) = (folder.path().join(trouble.name()), sound.clone());
        tokio::task::spawn_blocking(move || in_a_space(&folder, Recogniser::Scripted, &sound, trouble))
    });
    let [undisturbed, loss, address] = found;
    let Some((undisturbed, _)) = undisturbed.await?? else {
        writeln!(std::io::stdout(), "skipped: only root can make namespaces")?;
        return Ok(());
    };
    for (trouble, found) in [(Trouble::Loss, loss), (Trouble::Address, address)] {
        let (through, row) = found.await??.expect("where one can be made, others can");
        let damage =
            compare(&undisturbed.finished, &through.finished, Victim::Program(Part::Pipeline), Recogniser::Scripted);
        assert!(damage.none(), "{trouble:?}: {damage:?}");
        assert!(through.resumed <= GOES_ON_WITHIN, "{trouble:?}: it went on after {:?}", through.resumed);
        let (carried, dropped) = row.packets;
        assert_eq!(dropped > 0, trouble == Trouble::Loss, "{dropped} of {carried} packets were lost");
    }
    Ok(())
}
