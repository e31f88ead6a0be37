//! How much sound from before a settled offset a worker needs to go on as the one before it would have.
//!
//! Two questions at 200 seeded places in the sample calls. Of the detector alone, at any place: how far is one that was
//! just reset and has heard only so much lead-in from one that has heard the whole track? Of the segmenter, at places
//! where it cut: does one that resumes there with so much lead-in make the same cuts as the one that went on?
//! docs/decisions/0010 has the table that this prints.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_pipeline::segment::{Cut, LEAD_IN, Rules, Segmenter};
use referent_pipeline::vad::{Detector, FRAME, Vad as _};
use referent_proto::SampleOffset;
use std::path::{Path, PathBuf};

const PLACES: usize = 200;
/// Seconds of lead-in that are tried.
const TRIED: [f64; 6] = [0.0, 0.25, 0.5, 1.0, 2.0, 4.0];
/// What happens in so many frames after the place is compared: 1 s.
const AFTER: usize = 62;
const VOICED: f32 = 0.5;
/// Cuts are compared for 20 s: quiet alone makes four.
const COMPARED: usize = 320_000;

/// Both tracks of the three sample calls that are at 16 kHz: clean, telephone, noisy.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn tracks() -> Vec<Vec<i16>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/demo-da/calls");
    let mut wavs: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    wavs.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
    wavs.sort();
    let mut tracks = Vec::new();
    for wav in wavs {
        let mut reader = hound::WavReader::open(wav).unwrap();
        if reader.spec().sample_rate != 16_000 {
            continue;
        }
        let samples: Vec<i16> = reader.samples::<i16>().map(Result::unwrap).collect();
        for channel in 0..2 {
            tracks.push(samples.iter().skip(channel).step_by(2).copied().collect());
        }
    }
    assert_eq!(tracks.len(), 6, "three calls at 16 kHz");
    tracks
}

fn scores(sound: &[i16]) -> Vec<f32> {
    let mut vad = Detector::Embedded.detector();
    sound.as_chunks::<FRAME>().0.iter().map(|frame| vad.score(frame)).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "seconds")]
fn frames(seconds: f64) -> usize {
    (seconds * 16_000.0 / FRAME as f64).round() as usize
}

/// Cuts of so much sound from `settled` on, with so much lead-in.
fn cuts(sound: &[i16], settled: usize, lead_in: usize, samples: usize) -> Vec<Cut> {
    let mut segmenter =
        Segmenter::resume(Detector::Embedded.detector(), Rules::default(), SampleOffset(settled as u64));
    let (from, to) = (settled.saturating_sub(lead_in), settled.saturating_add(samples).min(sound.len()));
    segmenter.push(SampleOffset(from as u64), &sound[from..to])
}

#[test]
#[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "the table is what this is for")]
fn two_seconds_suffice() {
    let tracks = tracks();
    let whole: Vec<Vec<f32>> = tracks.iter().map(|sound| scores(sound)).collect();
    let undisturbed: Vec<Vec<Cut>> = tracks.iter().map(|sound| cuts(sound, 0, 0, usize::MAX)).collect();
    let mut chance = StdRng::seed_from_u64(200);
    let anywhere: Vec<(usize, usize)> = (0..PLACES)
        .map(|_| {
            let track = chance.random_range(0..tracks.len());
            (track, chance.random_range(frames(4.0)..whole[track].len() - AFTER))
        })
        .collect();
    let cut_places: Vec<(usize, usize)> = (0..PLACES)
        .map(|_| {
            let track = chance.random_range(0..tracks.len());
            (track, chance.random_range(0..undisturbed[track].len() - 1))
        })
        .collect();
    println!("lead-in | frames judged otherwise | worst mean difference of a place | places cut otherwise");
    for seconds in TRIED {
        let (mut otherwise, mut worst) = (0, 0.0_f32);
        for &(track, frame) in &anywhere {
            let from = frame - frames(seconds).min(frame);
            let fresh = scores(&tracks[track][from * FRAME..(frame + AFTER) * FRAME]);
            let (fresh, known) = (&fresh[frame - from..], &whole[track][frame..frame + AFTER]);
            let pairs = || fresh.iter().zip(known);
            otherwise += pairs().filter(|(a, b)| (**a >= VOICED) != (**b >= VOICED)).count();
            worst = worst.max(pairs().map(|(a, b)| (a - b).abs()).sum::<f32>() / AFTER as f32);
        }
        let share = otherwise as f64 / (PLACES * AFTER) as f64;
        let lead_in = frames(seconds) * FRAME;
        let differ = cut_places
            .iter()
            .filter(|&&(track, number)| {
                let settled = usize::try_from(undisturbed[track][number].span.end().0).unwrap();
                let resumed = cuts(&tracks[track], settled, lead_in, COMPARED);
                !undisturbed[track][number + 1..].starts_with(&resumed)
            })
            .count();
        println!("{seconds:>5} s | {:>6.2} % | {worst:.3} | {differ} of {PLACES}", share * 100.0);
        if lead_in as u64 >= LEAD_IN {
            assert_eq!(differ, 0, "with {seconds} s every worker cuts alike (G2)");
            // The gate knows the noise of up to 6 s, so some frames do depend on where the last cut was. Every worker
            // cuts at the same places all the same.
            assert!(share < 0.05, "after {seconds} s the detector has all but forgotten that it was reset: {share}");
        }
    }
}
