//! `make check-real-model MODEL=… AUDIO=…`: does fitting the encoder's window to the segment cost a real model accuracy?
//!
//! In: an installed model, and a folder of WAVs (16 kHz, one or two channels) with what is said in them beside each as
//! `.txt` (of two channels: `.near.txt` and `.far.txt`). Out: word error rate and CPU seconds with the whole window and
//! with the fitted one, and a sentence on what follows. Cut as calls are, heard one thread.
//!
//! Nothing is written to docs/benchmarks.json: what a model hears is said by whoever has the model and the speech.

use super::engine;
use crate::word_errors::WordErrors;
use anyhow::{Context as _, Result, ensure};
use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::segment::{CutKind, Rules, Segmenter, Speech};
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Recognizer, Request};
use referent_pipeline::vad::Detector;
use referent_proto::{SampleOffset, Track};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Fitting may cost so many points and still be called free: less than speech of an hour can tell apart.
const FREE: f64 = 0.2;

/// Hears everything twice.
pub fn check(model: &str, audio: &Path, language: &str) -> Result<()> {
    let path = Manifest::load(&crate::world::models_dir())?.verify(model)?;
    let mut recogniser = Whisper::open(&path, 1)?.pop().context("one recogniser")?;
    let sides = sides(audio)?;
    ensure!(!sides.is_empty(), "{} holds no WAV with its text beside it", audio.display());
    let mut out = std::io::stdout().lock();
    let mut rates = Vec::new();
    for context in [Context::Full, Context::Fitted] {
        let begin = engine::cpu_seconds()?;
        let mut errors = Vec::new();
        for (wav, track, said) in &sides {
            let heard = hear(&mut *recogniser, wav, *track, context, language)?;
            errors.push(WordErrors::between(said, &heard));
        }
        let errors: WordErrors = errors.into_iter().sum();
        let cpu = engine::cpu_seconds()? - begin;
        writeln!(out, "{context:?}: {:.2} % of {} words wrong, {cpu:.1} CPU seconds", errors.percent(), errors.words)?;
        rates.push(errors.percent());
    }
    let costs = rates[1] - rates[0];
    if costs <= FREE {
        writeln!(out, "Fitting costs {costs:+.2} points: set recogniser.context = \"fitted\" for this model.")?;
    } else {
        writeln!(out, "Fitting costs {costs:+.2} points: leave recogniser.context at \"full\" for this model.")?;
    }
    Ok(())
}

fn sides(audio: &Path) -> Result<Vec<(PathBuf, Track, String)>> {
    let mut sides = Vec::new();
    for entry in std::fs::read_dir(audio).with_context(|| audio.display().to_string())? {
        let wav = entry?.path();
        if wav.extension().is_none_or(|extension| extension != "wav") {
            continue;
        }
        for (ending, track) in [("txt", Track::Near), ("near.txt", Track::Near), ("far.txt", Track::Far)] {
            if let Ok(said) = std::fs::read_to_string(wav.with_extension(ending)) {
                sides.push((wav.clone(), track, said));
            }
        }
    }
    sides.sort();
    Ok(sides)
}

fn hear(recogniser: &mut dyn Recognizer, wav: &Path, track: Track, context: Context, language: &str) -> Result<String> {
    let sound = engine::pcm_of(wav, track)?;
    let mut segmenter = Segmenter::resume(Detector::default().detector(), Rules::default(), SampleOffset::ZERO);
    let mut cuts = segmenter.push(SampleOffset::ZERO, &sound);
    cuts.extend(segmenter.end());
    let mut text = String::new();
    for cut in cuts {
        let CutKind::Speech(Speech { voiced: speech, heard_from, pcm, .. }) = cut.kind else { continue };
        let request = Request { track, speech, heard_from, ..Request::of_sound(pcm, language, context) };
        text += recogniser.hear(&request, &Cancel::default())?.text.reveal();
        text.push(' ');
    }
    Ok(text)
}
