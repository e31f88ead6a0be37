//! Against whisper.cpp's own reading of the same file, where `REFERENT_SILERO_VAD` says where the file is.

use super::*;
use std::path::{Path, PathBuf};
use whisper_rs::{WhisperVadContext, WhisperVadContextParams};

#[expect(clippy::print_stdout, reason = "the file is fetched, and not everywhere there")]
fn file() -> Option<PathBuf> {
    let file = std::env::var_os("REFERENT_SILERO_VAD").map(PathBuf::from);
    if file.is_none() {
        println!("skipped: REFERENT_SILERO_VAD does not say where silero-v6.2.0-ggml.bin is");
    }
    file
}

/// Half a minute of the far side of a sample call, with hiss on it.
fn noisy() -> Vec<i16> {
    let call = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/demo-da/calls/barsel-dokumentation.wav");
    let mut reader = hound::WavReader::open(call).unwrap();
    let mut chance = 1_u32;
    let far = reader.samples::<i16>().map(Result::unwrap).skip(1).step_by(2).take(60 * FRAME * 31);
    far.map(|sample| {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = i16::try_from(chance >> 23).unwrap() - 256;
        sample.saturating_add(hiss)
    })
    .collect()
}

/// As whisper.cpp has it: nothing is known of the sound before a step, and its beginning is mirrored instead.
fn with_mirrored_edges(silero: &mut Silero, step: &[i16; STEP]) -> f32 {
    for (to, &sample) in silero.sound[EDGE..].iter_mut().zip(step) {
        *to = f32::from(sample) / 32768.0;
    }
    for at in 0..EDGE {
        silero.sound[at] = silero.sound[2 * EDGE - at];
    }
    silero.step();
    silero.score
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what this is for")]
fn it_is_the_network_that_whisper_knows() {
    let Some(file) = file() else { return };
    let sound = noisy();
    let floats: Vec<f32> = sound.iter().map(|&sample| f32::from(sample) / 32768.0).collect();
    let mut parameters = WhisperVadContextParams::default();
    parameters.set_n_threads(1);
    let mut whisper = WhisperVadContext::new(file.to_str().unwrap(), parameters).unwrap();
    whisper.detect_speech(&floats).unwrap();
    let expected = whisper.probabilities();
    let weights = Arc::new(Weights::open(&file).unwrap());
    let mut mirrored = Silero::new(Arc::clone(&weights));
    let mut real = Silero::new(weights);
    let (mut worst, mut worst_real, mut voiced) = (0.0_f32, 0.0_f32, 0);
    let steps = sound.as_chunks::<STEP>().0;
    assert_eq!(steps.len(), expected.len());
    for (step, &expected) in steps.iter().zip(expected) {
        worst = worst.max((with_mirrored_edges(&mut mirrored, step) - expected).abs());
        for frame in step.as_chunks::<FRAME>().0 {
            real.score(frame);
        }
        worst_real = worst_real.max((real.score - expected).abs());
        voiced += usize::from(expected >= 0.5);
    }
    println!(
        "{voiced} of {} steps voiced; largest difference {worst}, with the real context {worst_real}",
        steps.len()
    );
    assert!(voiced > steps.len() / 10 && voiced < steps.len() * 9 / 10, "both kinds of steps are compared");
    assert!(worst <= 0.03, "{worst}");
}

#[test]
fn a_reset_forgets() {
    let Some(file) = file() else { return };
    let weights = Arc::new(Weights::open(&file).unwrap());
    let sound = noisy();
    let frames = sound.as_chunks::<FRAME>().0;
    let scores = |silero: &mut Silero| frames[500..600].iter().map(|frame| silero.score(frame).to_bits()).collect();
    let fresh: Vec<u32> = scores(&mut Silero::new(Arc::clone(&weights)));
    let mut used = Silero::new(weights);
    // An odd number, so that half a step is forgotten as well.
    frames[..301].iter().for_each(|frame| {
        used.score(frame);
    });
    used.reset();
    let again: Vec<u32> = scores(&mut used);
    assert_eq!(again, fresh);
}
