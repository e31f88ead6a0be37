//! Memory does not grow with what was heard. By itself, because it is counted for the whole process.

use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Request};
use referent_proto::Pcm;
use std::path::Path;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");

#[test]
fn memory_does_not_grow_with_what_was_heard() {
    let model = Manifest::load(Path::new(MODELS)).unwrap().verify("demo-da").unwrap();
    let mut recogniser = Whisper::open(&model, 1).unwrap().remove(0);
    let wav = Path::new(MODELS).join("demo-da/calls/boligstoette-flytning.wav");
    let mut reader = hound::WavReader::open(wav).unwrap();
    let pcm: Vec<i16> = reader.samples::<i16>().step_by(2).skip(4_800).take(16_000).map(Result::unwrap).collect();
    let second = Request::of_sound(Pcm(pcm), "da", Context::Fitted);
    let mut hear = |times: usize| {
        for _ in 0..times {
            recogniser.hear(&second, &Cancel::default()).unwrap();
        }
        resident_kib()
    };
    let (before, after) = (hear(20), hear(120));
    assert!(after < before + 1_024, "{before} KiB, and after 120 more {after} KiB");
}

/// As the kernel counts it, of this process.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
