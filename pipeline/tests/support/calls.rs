//! The sample calls: the sound of each side at 16 kHz, and what was said when.

use referent_agent::resample::Run;
use referent_pipeline::config::Context;
use referent_pipeline::segment::{Cut, CutKind, Rules, Segmenter, Speech};
use referent_pipeline::transcribe::Request;
use referent_pipeline::vad::Detector;
use referent_proto::{Chunk, Pcm, SampleOffset, SampleSpan, Track};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub(crate) const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");

/// One side of a call.
pub(crate) struct Side {
    pub(crate) call: String,
    pub(crate) track: Track,
    pub(crate) sound: Vec<i16>,
    pub(crate) turns: Vec<(SampleSpan, String)>,
}

/// True where a test shall take its time.
#[expect(clippy::disallowed_methods, reason = "a switch of the tests")]
pub(crate) fn is_slow() -> bool {
    std::env::var("RUN_SLOW_TESTS").is_ok()
}

/// Both sides of all twelve calls, or of the three at 16 kHz.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
pub(crate) fn sides(all: bool) -> Vec<Side> {
    let mut wavs: Vec<PathBuf> = std::fs::read_dir(Path::new(MODELS).join("demo-da/calls"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wav"))
        .collect();
    wavs.sort();
    wavs.retain(|wav| all || hound::WavReader::open(wav).unwrap().spec().sample_rate == 16_000);
    wavs.iter().flat_map(|wav| Track::BOTH.map(|track| side(wav, track))).collect()
}

#[expect(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a helper of tests")]
fn side(wav: &Path, track: Track) -> Side {
    let mut reader = hound::WavReader::open(wav).unwrap();
    let rate = reader.spec().sample_rate;
    let channel = u64::from(track == Track::Far);
    let mono: Vec<f32> = reader
        .samples::<i16>()
        .skip(usize::from(track == Track::Far))
        .step_by(2)
        .map(|sample| f32::from(sample.unwrap()) / 32768.0)
        .collect();
    let mut run = Run::begin(track, rate, SampleOffset::ZERO).unwrap();
    let mut chunks: Vec<Chunk> = run.push(&mono);
    chunks.extend(run.finish());
    let script: Value = serde_json::from_str(&std::fs::read_to_string(wav.with_extension("json")).unwrap()).unwrap();
    let at = |turn: &Value, key: &str| SampleOffset((turn[key].as_f64().unwrap() * 16_000.0) as u64);
    let turns = script["turns"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|turn| turn["channel"].as_u64() == Some(channel))
        .map(|turn| {
            let span = SampleSpan::new(at(turn, "start_s"), at(turn, "end_s")).unwrap();
            (span, turn["text"].as_str().unwrap().to_owned())
        })
        .collect();
    let call = wav.file_stem().unwrap().to_string_lossy().into_owned();
    Side { call, track, sound: chunks.into_iter().flat_map(|chunk| chunk.pcm.0).collect(), turns }
}

impl Side {
    /// The turns with 0.3 s around, as the model was measured.
    pub(crate) fn reference(&self) -> Vec<Request> {
        let around = 4_800;
        self.turns
            .iter()
            .map(|(span, _)| {
                let from = span.start().back(around);
                let to = (span.end() + around).min(SampleOffset(self.sound.len() as u64));
                request(self.track, *span, from, Pcm(self.between(from, to).to_vec()))
            })
            .collect()
    }

    /// The segments that the pipeline would cut by these rules.
    pub(crate) fn segments(&self, rules: Rules) -> Vec<Request> {
        segments(self.track, &self.sound, rules)
    }

    /// The sound from one offset to another, cut to what there is.
    pub(crate) fn between(&self, from: SampleOffset, to: SampleOffset) -> &[i16] {
        let at = |offset: SampleOffset| usize::try_from(offset.0).unwrap_or(usize::MAX).min(self.sound.len());
        &self.sound[at(from)..at(to)]
    }
}

/// The segments that the pipeline would cut of any sound.
pub(crate) fn segments(track: Track, sound: &[i16], rules: Rules) -> Vec<Request> {
    let mut segmenter = Segmenter::resume(Detector::Embedded.detector(), rules, SampleOffset::ZERO);
    let mut cuts: Vec<Cut> = segmenter.push(SampleOffset::ZERO, sound);
    cuts.extend(segmenter.end());
    let speech = cuts.into_iter().filter_map(|cut| match cut.kind {
        CutKind::Quiet => None,
        CutKind::Speech(Speech { voiced, heard_from, pcm, .. }) => Some(request(track, voiced, heard_from, pcm)),
    });
    speech.collect()
}

fn request(track: Track, speech: SampleSpan, heard_from: SampleOffset, pcm: Pcm) -> Request {
    Request { track, speech, heard_from, ..Request::of_sound(pcm, "da", Context::Fitted) }
}
