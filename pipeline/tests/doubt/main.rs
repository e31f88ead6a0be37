//! Doubt with the embedded model and the sample calls: what people say stays, what the model invents is suppressed, and
//! how far its word probabilities can be trusted.
//!
//! The three calls at 16 kHz in the normal run, all twelve when `RUN_SLOW_TESTS` is set.

#[path = "../support/calls.rs"]
mod calls;
mod stays;
mod tones;
mod invents;
mod calibration;

use referent_models::Manifest;
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Heard, Recognizer, Request};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;

/// Hears everything with the embedded model, on two threads.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn hear(requests: &[Request]) -> Vec<Heard> {
    let model = Manifest::load(Path::new(calls::MODELS)).unwrap().verify("demo-da").unwrap();
    let waiting: Mutex<VecDeque<usize>> = Mutex::new((0..requests.len()).collect());
    let texts: Mutex<Vec<Option<Heard>>> = Mutex::new(vec![None; requests.len()]);
    let hear_some = |mut recogniser: Box<dyn Recognizer>| {
        loop {
            let Some(at) = waiting.lock().unwrap().pop_front() else { return };
            let heard = recogniser.hear(&requests[at], &Cancel::default()).unwrap();
            texts.lock().unwrap()[at] = Some(heard);
        }
    };
    std::thread::scope(|scope| {
        for recogniser in Whisper::open(&model, 2).unwrap() {
            scope.spawn(|| hear_some(recogniser));
        }
    });
    texts.into_inner().unwrap().into_iter().map(Option::unwrap).collect()
}
