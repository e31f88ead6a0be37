//! How much speech the detectors find in noise, and how much noise they take for speech.
//!
//! Each side of the three sample calls at 16 kHz is mixed with noise that is made here from a seed. Levels are those of
//! the whole noise against the reference turns, so that the presses of a keyboard, which are silent most of the time,
//! are louder than the speech at 10 dB. `found` is the share of the turns' time that the recogniser hears, `false` the
//! share of the time between them (but for a fifth of a second around) that is called speech.
//!
//! The Silero network is tried where `REFERENT_SILERO_VAD` says where its file is, and recorded speech where
//! `REFERENT_SPEECH_CLIP` names a WAV of 16 kHz. `RUN_SLOW_TESTS` adds rows, and what a second of sound costs.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_pipeline::segment::{CutKind, Rules, Segmenter, Speech};
use referent_pipeline::vad::silero::Weights;
use referent_pipeline::vad::{Detector, FRAME};
use referent_proto::SampleOffset;
use serde_json::Value;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// So much around a turn is neither speech nor not: 0.2 s.
const AROUND: usize = 3_200;
const SECOND: usize = 16_000;
const MINUTE: usize = 60 * SECOND;

/// One side of a call.
struct Side {
    call: usize,
    sound: Vec<f32>,
    turns: Vec<Range<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Noise {
    White,
    Pink,
    Babble,
    Keyboard,
}

const NOISES: [Noise; 4] = [Noise::White, Noise::Pink, Noise::Babble, Noise::Keyboard];

#[expect(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a helper of tests")]
fn sides() -> Vec<Side> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/demo-da/calls");
    let mut wavs: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    wavs.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
    wavs.sort();
    let mut sides = Vec::new();
    for (call, wav) in wavs.iter().enumerate() {
        let mut reader = hound::WavReader::open(wav).unwrap();
        if reader.spec().sample_rate != 16_000 {
            continue;
        }
        let samples: Vec<f32> = reader.samples::<i16>().map(|sample| f32::from(sample.unwrap())).collect();
        let script: Value =
            serde_json::from_str(&std::fs::read_to_string(wav.with_extension("json")).unwrap()).unwrap();
        let at = |turn: &Value, key: &str| (turn[key].as_f64().unwrap() * 16_000.0) as usize;
        for channel in 0..2 {
            let turns = script["turns"].as_array().unwrap().iter();
            let turns = turns.filter(|turn| turn["channel"].as_u64() == Some(channel as u64));
            sides.push(Side {
                call,
                sound: samples.iter().skip(channel).step_by(2).copied().collect(),
                turns: turns.map(|turn| at(turn, "start_s")..at(turn, "end_s")).collect(),
            });
        }
    }
    assert_eq!(sides.len(), 6, "three calls at 16 kHz");
    sides
}

#[expect(clippy::cast_possible_truncation, reason = "a level")]
fn rms<'a>(samples: impl Iterator<Item = &'a f32>) -> f32 {
    let (count, sum) = samples.fold((0_u32, 0.0_f64), |(n, sum), x| (n + 1, sum + f64::from(*x).powi(2)));
    (sum / f64::from(count.max(1))).sqrt() as f32
}

impl Side {
    fn level(&self) -> f32 {
        rms(self.turns.iter().flat_map(|turn| &self.sound[turn.clone()]))
    }

    fn with(&self, noise: &[f32], snr_db: f32) -> Vec<i16> {
        let gain = self.level() / rms(noise.iter()) * 10_f32.powf(-snr_db / 20.0);
        self.sound.iter().zip(noise).map(|(a, b)| whole(a + gain * b)).collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn whole(sample: f32) -> i16 {
    sample.clamp(-32768.0, 32767.0) as i16
}

/// So much noise, of whatever level.
fn noise(kind: Noise, samples: usize, sides: &[Side], but: Option<usize>, seed: u64) -> Vec<f32> {
    let chance = StdRng::seed_from_u64(seed);
    let mut state = seed;
    let white = move || {
        // Millions of numbers, none of which need be hard to guess.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(state >> 48).unwrap_or_default()) / 32768.0 - 1.0
    };
    match kind {
        Noise::White => std::iter::repeat_with(white).take(samples).collect(),
        Noise::Pink => pink(samples, white),
        Noise::Babble => babble(samples, sides, but, chance),
        Noise::Keyboard => keyboard(samples, chance),
    }
}

/// Falls by 3 dB an octave: white noise through three poles that share the octaves.
fn pink(samples: usize, mut white: impl FnMut() -> f32) -> Vec<f32> {
    let mut poles = [0.0_f32; 4];
    (0..samples)
        .map(|_| {
            for (pole, keep) in poles.iter_mut().zip([0.998, 0.98, 0.8, 0.0]) {
                *pole = keep * *pole + (1.0 - keep * keep).sqrt() * 0.5 * white();
            }
            poles[0] * 2.0 + poles[1] + poles[2] * 0.7 + poles[3] * 0.35
        })
        .collect()
}

/// Six people of the other calls, without pauses and equally loud.
fn babble(samples: usize, sides: &[Side], but: Option<usize>, mut chance: StdRng) -> Vec<f32> {
    let others: Vec<&Side> = sides.iter().filter(|side| Some(side.call) != but).collect();
    let mut sum = vec![0.0; samples];
    for _ in 0..6 {
        let mut at = 0;
        while at < samples {
            let side = others[chance.random_range(0..others.len())];
            let turn = side.turns[chance.random_range(0..side.turns.len())].clone();
            let from = if at == 0 { chance.random_range(turn.clone()) } else { turn.start };
            let level = side.level();
            for (to, sample) in sum[at..].iter_mut().zip(&side.sound[from..turn.end]) {
                *to += sample / level;
            }
            at += turn.end - from;
        }
    }
    sum
}

/// Five presses a second, each of two short bursts: the key goes down, and comes up.
fn keyboard(samples: usize, mut chance: StdRng) -> Vec<f32> {
    let mut sound = vec![0.0; samples];
    let mut at = 0;
    while at < samples {
        let mut stroke = at;
        for loudness in [1.0, 0.4] {
            let ring = chance.random_range(0.3_f32..2.0);
            for age in 0..chance.random_range(80_u16..240) {
                let Some(to) = sound.get_mut(stroke + usize::from(age)) else { break };
                let age = f32::from(age);
                *to += loudness * (-age / 50.0).exp() * (chance.random_range(-1.0..1.0) + (ring * age).sin());
            }
            stroke += chance.random_range(800..1_900);
        }
        at += chance.random_range(1_600..4_800);
    }
    sound
}

/// What is called speech, and what the recogniser hears of it.
fn segments(detector: &Detector, sound: &[i16]) -> Vec<(Range<usize>, Range<usize>)> {
    let at = |offset: SampleOffset| usize::try_from(offset.0).unwrap_or(usize::MAX);
    let mut segmenter = Segmenter::resume(detector.detector(), Rules::default(), SampleOffset::ZERO);
    let mut cuts = segmenter.push(SampleOffset::ZERO, sound);
    cuts.extend(segmenter.end());
    let speech = cuts.into_iter().filter_map(|cut| match cut.kind {
        CutKind::Quiet => None,
        CutKind::Speech(Speech { span, heard_from, pcm, .. }) => {
            Some((at(span.start())..at(span.end()), at(heard_from)..at(heard_from) + pcm.0.len()))
        }
    });
    speech.collect()
}

/// Over all sides together.
#[derive(Default)]
struct Sum {
    turns: usize,
    found: usize,
    other: usize,
    wrong: usize,
    segments: usize,
}

#[expect(clippy::cast_precision_loss, reason = "shares")]
impl Sum {
    fn add(&mut self, side: &Side, segments: &[(Range<usize>, Range<usize>)]) {
        let mut heard = vec![false; side.sound.len()];
        let mut called = vec![false; side.sound.len()];
        for (speech, pcm) in segments {
            heard[pcm.clone()].fill(true);
            called[speech.clone()].fill(true);
        }
        let mut between = vec![true; side.sound.len()];
        for turn in &side.turns {
            self.turns += turn.len();
            self.found += heard[turn.clone()].iter().filter(|heard| **heard).count();
            between[turn.start.saturating_sub(AROUND)..(turn.end + AROUND).min(side.sound.len())].fill(false);
        }
        self.other += between.iter().filter(|between| **between).count();
        self.wrong += between.iter().zip(&called).filter(|(between, called)| **between && **called).count();
        self.segments += segments.len();
    }

    fn found(&self) -> f64 {
        self.found as f64 / self.turns as f64
    }

    fn wrong(&self) -> f64 {
        self.wrong as f64 / self.other as f64
    }
}

fn measured(detector: &Detector, sides: &[Side], kind: Noise, snr_db: f32) -> Sum {
    let mut sum = Sum::default();
    for (number, side) in sides.iter().enumerate() {
        let noise = noise(kind, side.sound.len(), sides, Some(side.call), number as u64);
        sum.add(side, &segments(detector, &side.with(&noise, snr_db)));
    }
    sum
}

/// The sides without noise.
fn clean(detector: &Detector, sides: &[Side]) -> Sum {
    let mut sum = Sum::default();
    for side in sides {
        let sound: Vec<i16> = side.sound.iter().map(|sample| whole(*sample)).collect();
        sum.add(side, &segments(detector, &sound));
    }
    sum
}

/// Segments in a minute of noise alone, at so many decibels of full scale.
fn alone(detector: &Detector, sides: &[Side], kind: Noise, level_db: f32) -> usize {
    let noise = noise(kind, MINUTE, sides, None, 99);
    let gain = 32768.0 * 10_f32.powf(level_db / 20.0) / rms(noise.iter());
    let sound: Vec<i16> = noise.iter().map(|sample| whole(gain * sample)).collect();
    segments(detector, &sound).len()
}

/// Speech that was going on when the sound began, and other people speak: from a second after a turn's beginning.
fn begun(detector: &Detector, sides: &[Side]) -> Sum {
    let mut sum = Sum::default();
    for (number, side) in sides.iter().enumerate() {
        for turn in &side.turns {
            let sound = side.sound[turn.start + SECOND..turn.end].to_vec();
            let turns = std::iter::once(0..sound.len()).collect();
            let rest = Side { call: side.call, sound, turns };
            let noise = noise(Noise::Babble, rest.sound.len(), sides, Some(side.call), number as u64);
            sum.add(&rest, &segments(detector, &rest.with(&noise, 10.0)));
        }
    }
    sum
}

fn told(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

#[expect(clippy::unwrap_used, clippy::print_stdout, reason = "a helper of tests")]
fn detectors() -> Vec<(&'static str, Detector)> {
    let mut detectors = vec![("embedded", Detector::Embedded)];
    match told("REFERENT_SILERO_VAD") {
        Some(file) => detectors.push(("silero", Detector::Silero(Arc::new(Weights::open(&file).unwrap())))),
        None => println!("skipped: REFERENT_SILERO_VAD does not say where silero-v6.2.0-ggml.bin is"),
    }
    detectors
}

#[expect(clippy::print_stdout, reason = "the table is what this is for")]
fn row(name: &str, sum: &Sum) {
    println!("  {name:<20} | {:>6.2} % | {:>5.2} % | {}", 100.0 * sum.found(), 100.0 * sum.wrong(), sum.segments);
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is what this is for")]
fn speech_is_found_in_noise_and_noise_is_not_speech() {
    let sides = sides();
    let slow = told("RUN_SLOW_TESTS").is_some();
    for (name, detector) in detectors() {
        println!("{name:<22} |    found |   false | segments");
        let quiet = clean(&detector, &sides);
        row("without noise", &quiet);
        assert!(quiet.found() >= 0.995 && quiet.wrong() <= 0.01, "{name}");
        for kind in NOISES {
            for snr_db in if slow { &[20.0, 10.0, 5.0][..] } else { &[10.0] } {
                let sum = measured(&detector, &sides, kind, *snr_db);
                row(&format!("{kind:?}, {snr_db} dB"), &sum);
                if *snr_db >= 10.0 {
                    assert!(sum.found() >= 0.97, "{name} misses speech in {kind:?} at {snr_db} dB");
                    assert!(sum.wrong() <= 0.10, "{name} takes {kind:?} at {snr_db} dB for speech");
                }
            }
            let minute = alone(&detector, &sides, kind, -30.0);
            println!("  {kind:?} alone at -30 dB: {minute} segments in a minute");
            if kind != Noise::Babble {
                // What begins is not known to be noise at once.
                assert!(minute <= 1, "{name} hears somebody in {kind:?}");
            }
        }
        let sum = begun(&detector, &sides);
        println!("  of turns that had begun before, in Babble at 10 dB: {:.2} %", 100.0 * sum.found());
        assert!(sum.found() >= 0.97, "{name}");
    }
}

/// What the detector hears on the clean clip is what it shall hear in noise.
#[test]
#[expect(clippy::print_stdout, reason = "a test that shows a table")]
fn recorded_speech_is_found_in_noise() {
    let Some(clip) = told("REFERENT_SPEECH_CLIP") else {
        println!("skipped: REFERENT_SPEECH_CLIP names no WAV of 16 kHz");
        return;
    };
    let mut sound = vec![0.0; 3 * SECOND];
    let mut reader = hound::WavReader::open(clip).unwrap();
    assert_eq!((reader.spec().sample_rate, reader.spec().channels), (16_000, 1));
    sound.extend(reader.samples::<i16>().map(|sample| f32::from(sample.unwrap())));
    sound.resize(sound.len() + 3 * SECOND, 0.0);
    let sides = sides();
    for (name, detector) in detectors() {
        println!("{name:<22} |    found |   false | segments");
        let quiet: Vec<i16> = sound.iter().map(|sample| whole(*sample)).collect();
        let turns: Vec<Range<usize>> = segments(&detector, &quiet).into_iter().map(|(speech, _)| speech).collect();
        assert!(!turns.is_empty());
        let side = Side { call: usize::MAX, sound: sound.clone(), turns };
        for kind in NOISES {
            for snr_db in [20.0, 10.0] {
                let noise = noise(kind, side.sound.len(), &sides, None, 7);
                let mut sum = Sum::default();
                sum.add(&side, &segments(&detector, &side.with(&noise, snr_db)));
                row(&format!("{kind:?}, {snr_db} dB"), &sum);
                assert!(sum.found() >= 0.95 && sum.wrong() <= 0.15, "{name} in {kind:?} at {snr_db} dB");
            }
        }
    }
}

#[test]
#[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "the figure is what this is for")]
fn a_second_of_sound_costs_little() {
    if told("RUN_SLOW_TESTS").is_none() {
        println!("skipped: RUN_SLOW_TESTS is not set");
        return;
    }
    let sides = sides();
    for (name, detector) in detectors() {
        let noise = noise(Noise::White, sides[0].sound.len(), &sides, None, 1);
        let sound = sides[0].with(&noise, 10.0);
        // The machine may be busy with other things, so the best of five is what the detector costs.
        let costs = (0..5).map(|_| {
            let mut vad = detector.detector();
            let begun = Instant::now();
            let sum: f32 = sound.as_chunks::<FRAME>().0.iter().map(|frame| vad.score(frame)).sum();
            assert!(sum > 0.0, "it did hear something");
            begun.elapsed().as_secs_f64() * 1000.0 / (sound.len() as f64 / SECOND as f64)
        });
        println!("{name}: {:.2} ms for a second of sound", costs.fold(f64::MAX, f64::min));
    }
}
