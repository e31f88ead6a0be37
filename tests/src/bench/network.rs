//! What networks do to a call, one fault after the other, and whether the words are the same and the call goes on soon.
//!
//! With the recogniser whose text is a function of the sound's place, every kind of fault, the outage of ten minutes
//! within a longer call; with the model, the outage a quarter of a minute; packets lost and another address, between two
//! namespaces. All side by side, each against the same call undisturbed. A trial has the short outage only.

use crate::SampleCall;
use crate::disturbed::{Damage, Sound, Victim, compare, play};
use crate::figures::{Extent, Figures, percentile};
use crate::network::spaces::{Trouble, in_a_space};
use crate::network::{Fault, Through, through};
use crate::word_errors::{common_words, words};
use crate::world::{Part, Recogniser};
use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A whole outage, and one that is enough to see that it works.
const OUTAGE: Duration = Duration::from_mins(10);
const SHORT_OUTAGE: Duration = Duration::from_secs(15);
/// Seconds of the call; one with a whole outage lasts half a minute beyond it.
const SECONDS: u64 = 30;
/// Worlds with the model beside each other.
const AT_ONCE: usize = 2;

/// What was measured.
#[derive(Debug, Default)]
struct Seen {
    resumed: Vec<f64>,
    by_fault: Map<String, Value>,
    /// Utterances that are missing, doubled or different, and gaps.
    different: u32,
    /// With the model: words that both have, and those of the undisturbed call.
    words: (usize, usize),
}

impl Seen {
    fn and(mut self, other: Self) -> Self {
        self.resumed.extend(other.resumed);
        self.by_fault.extend(other.by_fault);
        self.different += other.different;
        self.words = (self.words.0 + other.words.0, self.words.1 + other.words.1);
        self
    }

    /// A second draft is no damage: who is out of contact for a minute gets a provisional one.
    fn compare(&mut self, damage: Damage) {
        let different = damage.missing + damage.doubled + damage.different + damage.more_gaps;
        if different > 0 {
            tracing::error!(?damage, "the words are not the same");
        }
        self.different += different;
    }

    fn take(&mut self, name: String, through: &Through) {
        let seconds = through.resumed.as_secs_f64();
        tracing::info!(name, seconds, "it went on");
        self.resumed.push(seconds);
        self.by_fault.insert(name, json!((seconds * 1000.0).round() / 1000.0));
    }
}

/// Every fault, with both recognisers.
pub async fn network(extent: Extent) -> Result<()> {
    let outage = if extent == Extent::Whole { OUTAGE } else { SHORT_OUTAGE };
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let sample = SampleCall::named("boligstoette-flytning")?;
    let sound = long(&sample, SECONDS, folder)?;
    let longer = long(&sample, 2 * SECONDS + outage.as_secs(), folder)?;

    // Beside each other: the outage alone takes ten minutes, and nothing of it is measured against a busy machine.
    let (scripted, with_model, in_spaces) = tokio::try_join!(
        scripted(folder, &sound, &longer, outage),
        with_model(folder, &sound),
        in_spaces(folder, &sound)
    )?;
    let seen = scripted.and(with_model).and(in_spaces);

    let figures = Figures::of_extent("make bench-network", extent)?;
    let more = json!({ "seconds": seen.by_fault, "outage_s": outage.as_secs() });
    let n = seen.resumed.len();
    figures.write("network.resume_s.max", percentile(&seen.resumed, 100.0), "s", n, &more)?;
    figures.write("network.different", f64::from(seen.different), "utterances", n, &json!({}))?;
    #[expect(clippy::cast_precision_loss, reason = "some hundreds of words")]
    let recall = seen.words.0 as f64 / seen.words.1.max(1) as f64;
    figures.write("network.model_recall", recall, "share", seen.words.1, &json!({}))
}

async fn scripted(folder: &Path, sound: &Sound, longer: &Sound, outage: Duration) -> Result<Seen> {
    let mut seen = Seen::default();
    let calm = |name: &str, sound: Sound| {
        let folder = folder.join(name);
        async move { play(&folder, Recogniser::Scripted, &sound, None).await }
    };
    let disturbed = Fault::all(outage).map(|fault| {
        let (folder, sound) = (folder.join(fault.name()), if is_outage(fault) { longer } else { sound });
        async move { anyhow::Ok((fault, through(&folder, Recogniser::Scripted, sound, fault).await?)) }
    });
    let (calm, calm_longer, disturbed) = tokio::try_join!(
        calm("calm", sound.clone()),
        calm("calm-longer", longer.clone()),
        futures_util::future::try_join_all(disturbed)
    )?;
    for (fault, through) in disturbed {
        let calm = if is_outage(fault) { &calm_longer } else { &calm };
        let damage = compare(calm, &through.finished, Victim::Program(Part::Pipeline), Recogniser::Scripted);
        seen.compare(damage);
        seen.take(fault.name().to_owned(), &through);
    }
    Ok(seen)
}

async fn with_model(folder: &Path, sound: &Sound) -> Result<Seen> {
    let mut seen = Seen::default();
    let calm = play(&folder.join("model-calm"), Recogniser::Whisper, sound, None).await?;
    let disturbed: Vec<(Fault, Through)> = stream::iter(Fault::all(SHORT_OUTAGE))
        .map(|fault| {
            let folder = folder.join(format!("model-{}", fault.name()));
            async move { anyhow::Ok((fault, through(&folder, Recogniser::Whisper, sound, fault).await?)) }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    for (fault, through) in disturbed {
        for track in ["near", "far"] {
            let of = |said: &[crate::caseworker::Said]| -> Vec<String> {
                said.iter().filter(|said| said.track == track).flat_map(|said| words(&said.text)).collect()
            };
            let (before, after) = (of(&calm.said), of(&through.finished.said));
            seen.words.0 += common_words(&before, &after);
            seen.words.1 += before.len().max(after.len());
        }
        seen.take(format!("model_{}", fault.name()), &through);
    }
    Ok(seen)
}

async fn in_spaces(folder: &Path, sound: &Sound) -> Result<Seen> {
    let mut seen = Seen::default();
    let run = |trouble: Trouble| {
        let (folder, sound) = (folder.join(format!("space-{}", trouble.name())), sound.clone());
        tokio::task::spawn_blocking(move || {
            in_a_space(&folder, Recogniser::Scripted, &sound, trouble)?.context("only root can measure it")
        })
    };
    let (calm, loss, address) = tokio::try_join!(run(Trouble::None), run(Trouble::Loss), run(Trouble::Address))?;
    let (calm, _) = calm?;
    for (trouble, found) in [(Trouble::Loss, loss), (Trouble::Address, address)] {
        let (through, row) = found?;
        let damage = compare(&calm.finished, &through.finished, Victim::Program(Part::Pipeline), Recogniser::Scripted);
        seen.compare(damage);
        let (carried, dropped) = row.packets;
        tracing::info!(?trouble, carried, dropped, "packets");
        seen.take(trouble.name().to_owned(), &through);
    }
    Ok(seen)
}

fn is_outage(fault: Fault) -> bool {
    matches!(fault, Fault::Outage(_))
}

/// The sample, said again and again, so many seconds long.
fn long(sample: &SampleCall, seconds: u64, folder: &Path) -> Result<Sound> {
    let mut reader = hound::WavReader::open(&sample.wav)?;
    let spec = reader.spec();
    let samples = reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    let wav: PathBuf = folder.join(format!("{seconds}.wav"));
    let mut writer = hound::WavWriter::create(&wav, spec)?;
    let wanted = usize::try_from(seconds * u64::from(spec.sample_rate) * u64::from(spec.channels))?;
    for sample in samples.iter().cycle().take(wanted) {
        writer.write_sample(*sample)?;
    }
    writer.finalize()?;
    Ok(Sound { wav, length: Duration::from_secs(seconds) })
}
