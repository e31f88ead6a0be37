//! Figures of faithfulness: whatever the network does to a call, the words are the same; no word lands in another call;
//! nobody's silence becomes words.

use super::engine::{self, Engine};
use super::model::sounds;
use crate::SampleCall;
use crate::caseworker::Caseworker;
use crate::crowd::{Manner, Sent, Sound, Way, send, send_recorded};
use crate::figures::Figures;
use crate::program::binaries;
use crate::replay::{Head, Replay, Timed, events};
use crate::word_errors::{common_words, words as words_of};
use crate::world::World;
use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use referent_pipeline::harvest::sounds::Kind;
use referent_proto::Track;
use serde_json::json;

/// Each call is disturbed so often.
const SEEDS: u64 = 2;
/// Calls beside each other.
const AT_ONCE: usize = 4;
/// Calls of the isolation figure.
const CROWD: usize = 50;

/// Words of each track.
type Words = [Vec<String>; 2];

/// Words at random boundaries, delays and resumes against the same pipeline undisturbed, and against one pass.
pub async fn faithful() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).start().await?;
    let caseworker = world.caseworker().await?;
    let sounds = sounds(&SampleCall::all()?)?;
    let grpc = world.pipeline_grpc();
    let calm = all(&grpc, &caseworker, sounds.iter().map(|sound| (sound.clone(), Manner::FAST)).collect()).await?;
    let disturbed: Vec<(Sound, Manner)> = (1..=SEEDS)
        .flat_map(|seed| {
            sounds.iter().map(move |sound| (sound.clone(), Manner { disturbed: Some(seed), ..Manner::FAST }))
        })
        .collect();
    let disturbed = all(&grpc, &caseworker, disturbed).await?;
    world.stop().await?;
    let samples = SampleCall::all()?;
    let (mut same, mut of_calm, mut of_disturbed) = (0, 0, 0);
    for (number, (_, words, record)) in disturbed.iter().enumerate() {
        if calm[number % calm.len()].1 != *words {
            let seed = 1 + number / calm.len();
            keep(&samples[number % samples.len()], seed, record)?;
        }
        for (calm, disturbed) in calm[number % calm.len()].1.iter().zip(words) {
            same += common_words(calm, disturbed);
            of_calm += calm.len();
            of_disturbed += disturbed.len();
        }
    }
    let figures = Figures::of("make bench-faithful")?;
    let connections: usize = disturbed.iter().map(|(sent, ..)| sent.connections).sum();
    let more = json!({ "connections": connections, "words": of_calm });
    figures.write("faithful.recall", ratio(same, of_calm), "share", disturbed.len(), &more)?;
    figures.write("faithful.precision", ratio(same, of_disturbed), "share", disturbed.len(), &more)?;

    let engine = Engine::open()?;
    let (mut same, mut of_pass, mut of_calm) = (0, 0, 0);
    for (sample, (_, words, _)) in samples.iter().zip(&calm) {
        for (track, words) in Track::BOTH.into_iter().zip(words) {
            let pass = words_of(&engine.hear_whole(&engine::track_of(&sample.wav, track)?)?);
            same += common_words(&pass, words);
            of_pass += pass.len();
            of_calm += words.len();
        }
    }
    let more = json!({ "words_of_one_pass": of_pass, "words_of_the_pipeline": of_calm });
    figures.write("one_pass.recall", ratio(same, of_pass), "share", calm.len(), &more)?;
    figures.write("one_pass.precision", ratio(same, of_calm), "share", calm.len(), &more)
}

/// Many calls at once: no word in a wrong call.
pub async fn isolation() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).start().await?;
    let caseworker = world.caseworker().await?;
    let sounds = sounds(&SampleCall::all()?)?;
    let grpc = world.pipeline_grpc();
    let alone = all(&grpc, &caseworker, sounds.iter().map(|sound| (sound.clone(), Manner::FAST)).collect()).await?;
    let crowd: Vec<Sent> = stream::iter(0..CROWD)
        .map(|number| {
            let (grpc, sound) = (grpc.clone(), sounds[number % sounds.len()].clone());
            async move { send(&grpc, &sound, number as u64, Manner::FAST).await }
        })
        .buffer_unordered(CROWD)
        .try_collect()
        .await?;
    let (mut wrong, mut words) = (0, 0);
    for sent in &crowd {
        let said = said(&caseworker, sent).await?;
        // Which of the twelve it is, its own words say: the one that it shares the most with.
        let own = alone.iter().map(|(_, alone, _)| shared(alone, &said)).max().context("twelve calls")?;
        let all: usize = said.iter().map(Vec::len).sum();
        wrong += all - own;
        words += all;
    }
    world.stop().await?;
    let more = json!({ "words": words, "at_once": CROWD });
    #[expect(clippy::cast_precision_loss, reason = "some thousands of words")]
    let wrong = wrong as f64;
    Figures::of("make bench-isolation")?.write("isolation.wrong_words", wrong, "words", CROWD, &more)
}

/// Half an hour in which nobody speaks.
pub async fn silence() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::builder(folder.path()).start().await?;
    let caseworker = world.caseworker().await?;
    let samples = 225 * 16_000; // Eight tracks of that are half an hour.
    let mut chance = StdRng::seed_from_u64(41);
    let mut call = |near: Kind, far: Kind| {
        (format!("{near}, {far}"), Sound::new(near.make(samples, &mut chance), far.make(samples, &mut chance)))
    };
    let calls = [
        call(Kind::Silence, Kind::Hiss),
        call(Kind::Rumble, Kind::Hiss),
        call(Kind::Music, Kind::Ringing),
        call(Kind::Ringing, Kind::Music),
    ];
    let (mut words, mut suppressed, mut what) = (0, 0, serde_json::Map::new());
    for (name, sound) in calls {
        let sent = send(&world.pipeline_grpc(), &sound, 1, Manner::FAST).await?;
        for said in caseworker.transcript(&sent.id).await? {
            tracing::warn!(name, ?said, "nobody speaks there");
        }
        let said: usize = said(&caseworker, &sent).await?.iter().map(Vec::len).sum();
        let kept = caseworker.get(&format!("/v1/calls/{}/suppressed", sent.id)).await?;
        let kept = kept["suppressed"].as_array().map_or(0, Vec::len);
        what.insert(name, json!({ "words": said, "suppressed": kept }));
        words += said;
        suppressed += kept;
    }
    world.stop().await?;
    let more = json!({ "minutes": 30, "suppressed": suppressed, "of": what });
    #[expect(clippy::cast_precision_loss, reason = "few words")]
    let words = words as f64;
    Figures::of("make bench-silence")?.write("silence.words", words, "words", 8, &more)
}

/// A call that was sent, its words, and what the network did.
type Heard = (Sent, Words, Vec<Timed>);

async fn all(grpc: &str, caseworker: &Caseworker, calls: Vec<(Sound, Manner)>) -> Result<Vec<Heard>> {
    stream::iter(calls.into_iter().enumerate())
        .map(|(number, (sound, manner))| async move {
            let mut record = Vec::new();
            let sent = send_recorded(&Way::plain(grpc)?, &sound, number as u64, manner, &mut record).await?;
            let words = said(caseworker, &sent).await?;
            anyhow::Ok((sent, words, record))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// What the network did to a call whose words differ becomes a file (docs/replay.md).
fn keep(sample: &SampleCall, seed: usize, record: &[Timed]) -> Result<()> {
    let path = binaries()?.join(format!("replays/{}-seed-{seed}.jsonl", sample.name));
    let head = Head {
        version: events::VERSION,
        audio: format!("{}.wav", sample.name),
        from_ms: 0,
        to_ms: None,
        why: format!("disturbed by seed {seed}"),
    };
    Replay { head, events: record.to_vec() }.save(&path)?;
    let again = format!("referent-bench replay --events {} --audio {}", path.display(), sample.wav.display());
    tracing::warn!(again, "the words differ from those of the undisturbed call");
    Ok(())
}

async fn said(caseworker: &Caseworker, sent: &Sent) -> Result<Words> {
    let said = caseworker.transcript(&sent.id).await?;
    Ok(Track::BOTH.map(|track| {
        said.iter().filter(|said| said.track == track.name()).flat_map(|said| words_of(&said.text)).collect()
    }))
}

fn shared(a: &Words, b: &Words) -> usize {
    a.iter().zip(b).map(|(a, b)| common_words(a, b)).sum()
}

#[expect(clippy::cast_precision_loss, reason = "some thousands of words")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
