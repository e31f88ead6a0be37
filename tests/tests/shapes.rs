//! Shapes: the pipeline's own recogniser loads one, and it says the same words whatever it hears, in the same time.

use anyhow::{Context as _, Result, ensure};
use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::transcribe::doubt::{Judge, Sound};
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Recognizer, Request};
use referent_proto::{Pcm, Track, What};
use referent_tests::SampleCall;
use referent_tests::shape::{Shape, mel, words};
use referent_tests::world::models_dir;
use std::time::Duration;

/// CPU seconds of this thread, in which the recogniser works: its only one.
fn cpu() -> Result<f64> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Ok(Duration::new(now.tv_sec.cast_unsigned(), u32::try_from(now.tv_nsec)?).as_secs_f64())
}

fn hear(recogniser: &mut dyn Recognizer, pcm: &[i16], context: Context) -> Result<f64> {
    let request = Request::of_sound(Pcm(pcm.to_vec()), "da", context);
    let begin = cpu()?;
    let heard = recogniser.hear(&request, &Cancel::default())?;
    let took = cpu()? - begin;
    assert_eq!(heard.text.reveal(), words::said(), "{context:?}");
    assert_eq!(heard.words.len(), words::WORDS);
    assert!(heard.probability > 0.99 && heard.no_speech < 0.1, "{} {}", heard.probability, heard.no_speech);
    let what = Judge::default().judge(heard, Track::Near, request.speech, Sound::of_request(&request));
    assert!(matches!(what, What::Utterance(_)), "{context:?}: {what:?}");
    Ok(took)
}

#[test]
fn a_shape_says_its_words_whatever_it_hears() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = Shape::Tiny.write_to(folder.path())?;
    let manifest = Manifest::load(&models_dir())?;
    let published = manifest.find("tiny").context("tiny is known")?.bytes;
    let bytes = std::fs::metadata(&path)?.len();
    ensure!(bytes.abs_diff(published) < published / 200, "{bytes} bytes, and {published} of the published model");

    let model = manifest.verify(path.to_str().context("a path of letters")?)?;
    let mut recogniser = Whisper::open(&model, 1)?.remove(0);
    let mut reader = hound::WavReader::open(SampleCall::named("boligstoette-flytning")?.wav)?;
    let near: Vec<i16> = reader.samples::<i16>().step_by(2).collect::<Result<_, _>>()?;
    // A greeting, a few words, twelve seconds, and "ja": what a segment can be.
    for (from, to) in [(4_800, 96_000), (16_000, 40_000), (0, 192_000), (20_000, 35_000)] {
        hear(&mut *recogniser, &near[from..to], Context::Fitted)?;
    }
    hear(&mut *recogniser, &near[4_800..96_000], Context::Full)?;

    let times: Vec<f64> =
        (0..5).map(|_| hear(&mut *recogniser, &near[4_800..96_000], Context::Fitted)).collect::<Result<_>>()?;
    let (least, most) = (times.iter().copied().fold(f64::MAX, f64::min), times.iter().copied().fold(0.0, f64::max));
    tracing::info!(?times, "CPU seconds");
    // Neighbours on the same cores cost up to a third; a text of another length costs several times as much.
    ensure!(most < 2.0 * least, "{times:?}");
    Ok(())
}

#[test]
fn a_shape_is_the_same_bytes_every_time() -> Result<()> {
    let (one, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let sum = |path: std::path::PathBuf| std::fs::read_to_string(format!("{}.sha256", path.display()));
    let first = sum(Shape::Tiny.write_to(one.path())?)?;
    assert_eq!(first, sum(Shape::Tiny.write_to(other.path())?)?);
    Ok(())
}

/// The embedded model carries Whisper's own.
#[test]
fn the_filters_are_those_of_whisper() -> Result<()> {
    let file = std::fs::read(models_dir().join("demo-da/ggml-demo-da.bin"))?;
    let header = 4 * 14; // Magic, eleven numbers, and the two dimensions.
    let count = mel::BANDS * mel::LINES;
    let theirs = file[header..header + 4 * count].as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let ours = mel::filters().into_iter().flatten();
    let apart = theirs.zip(ours).map(|(theirs, ours)| (theirs - ours).abs()).fold(0.0, f32::max);
    assert!(apart < 1e-6, "{apart}");
    Ok(())
}
