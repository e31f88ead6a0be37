//! How much the embedded model writes on sounds that hold no word, and how much of it doubt lets through.

use crate::calls;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::harvest::sounds::Kind;
use referent_pipeline::harvest::{Plan, harvest, write_list};
use referent_pipeline::segment::Rules;
use referent_pipeline::transcribe::doubt::steady::Steadiness;
use referent_pipeline::transcribe::doubt::{Calibration, Inventions, Judge, Sound};
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Heard, Recognizer};
use referent_proto::{Spoken, SuppressedReason, Track};
use std::path::Path;

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn recogniser() -> Box<dyn Recognizer> {
    let model = Manifest::load(Path::new(calls::MODELS)).unwrap().verify("demo-da").unwrap();
    Whisper::open(&model, 1).unwrap().remove(0)
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that shows figures")]
fn what_it_writes_is_counted_and_listed() {
    let seconds_each = if calls::is_slow() { 120 } else { 20 };
    let plan = Plan { language: "da".into(), context: Context::Fitted, seconds_each, seed: 4 };
    let harvested = harvest(recogniser().as_mut(), &plan).unwrap();
    for kind in Kind::ALL {
        let texts: Vec<_> = harvested.iter().filter(|one| one.sound == kind).collect();
        let times: u32 = texts.iter().map(|one| one.times).sum();
        println!("{kind}, {seconds_each} s: {times} pieces gave text, {} different", texts.len());
    }
    harvested.iter().take(8).for_each(|one| println!("    {} x {}: {}", one.times, one.sound, one.text));
    // With its own list, whatever it wrote would be suppressed on a faint line.
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("demo.inventions.txt");
    write_list(&list, &harvested, "demo-da").unwrap();
    let judge = Judge::new(Inventions::load("da", Some(&list)).unwrap(), Calibration::default());
    let faint = Sound {
        vad: 0.2,
        level_db: -50.0,
        seconds: 12.0,
        steady: Steadiness::default(),
        around: Steadiness::default(),
    };
    for one in harvested {
        let text = Spoken::new(one.text);
        let heard = Heard { text, words: Vec::new(), probability: 0.9, no_speech: 0.0, detected: None, mended: false };
        let reason = judge.doubt(&heard, faint);
        let expected = [Some(SuppressedReason::KnownInvention), Some(SuppressedReason::Repetition)];
        assert!(expected.contains(&reason), "{}: {reason:?}", heard.text.reveal());
    }
}

/// The whole way: sound is cut into segments, heard, doubted. What is believed would stand in a transcript.
#[test]
#[expect(clippy::print_stdout, reason = "a test that shows figures")]
fn little_of_it_reaches_a_transcript() {
    let mut recogniser = recogniser();
    let model = Manifest::load(Path::new(calls::MODELS)).unwrap().file_of("demo-da");
    let judge = Judge::load("da", Some(&model)).unwrap();
    let mut chance = StdRng::seed_from_u64(8);
    let seconds = if calls::is_slow() { 120 } else { 20 };
    for kind in Kind::ALL {
        let (mut segments, mut believed, mut suppressed) = (0, Vec::new(), 0);
        for _ in 0..seconds / 10 {
            for segment in calls::segments(Track::Near, &kind.make(160_000, &mut chance), Rules::default()) {
                segments += 1;
                let heard = recogniser.hear(&segment, &Cancel::default()).unwrap();
                match judge.doubt(&heard, Sound::of_request(&segment)) {
                    Some(_) => suppressed += 1,
                    None => believed.push(heard.text.into_revealed()),
                }
            }
        }
        println!("{kind}, {seconds} s: {segments} segments, {suppressed} suppressed, {} believed", believed.len());
        if kind == Kind::Babble {
            // Voices without words are voices: the gate cuts them to syllables, and of these some pass.
            assert!(believed.len() * 4 <= segments, "{kind}: {believed:?}");
        } else {
            assert!(believed.is_empty(), "{kind}: {believed:?}");
        }
    }
}
