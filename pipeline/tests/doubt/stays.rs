//! D1: nothing that somebody says in the sample calls is suppressed, not even if every sentence of it stood on the list
//! of known inventions. And the same list does suppress where there is only hiss.

use crate::{calls, hear};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_models::Manifest;
use referent_pipeline::segment::Rules;
use referent_pipeline::transcribe::doubt::{Calibration, Inventions, Judge, Sound, doubt};
use referent_proto::{SuppressedReason, Track};
use std::path::Path;

#[test]
#[expect(clippy::print_stdout, reason = "a test that shows figures")]
fn what_people_say_stays() {
    let segments: Vec<_> =
        calls::sides(calls::is_slow()).iter().flat_map(|side| side.segments(Rules::default())).collect();
    let heard = hear(&segments);
    let said: Vec<&str> = heard.iter().map(|heard| heard.text.reveal()).collect();
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("every.inventions.txt");
    std::fs::write(&list, said.join("\n")).unwrap();
    let model = Manifest::load(Path::new(calls::MODELS)).unwrap().file_of("demo-da");
    let calibration = Calibration::load(&Calibration::beside(&model)).unwrap();
    assert!(calibration.limit().is_some(), "the limit of belief of the model is measured");
    let judge = Judge::new(Inventions::load("da", Some(&list)).unwrap(), calibration);

    let sounds: Vec<Sound> = segments.iter().map(Sound::of_request).collect();
    let least = |of: fn(&Sound) -> f32| sounds.iter().map(of).min_by(f32::total_cmp).unwrap();
    let rate = |at: usize| {
        f64::from(u32::try_from(said[at].split_whitespace().count()).unwrap()) / f64::from(sounds[at].seconds)
    };
    let fastest = (0..said.len()).map(rate).max_by(f64::total_cmp).unwrap();
    println!(
        "{} segments: least mean of the detector {:.2}, least level {:.1} dB, most words a second {fastest:.1}, most that stands still {:.2}",
        segments.len(),
        least(|sound| sound.vad),
        least(|sound| sound.level_db),
        -least(|sound| -sound.steady.share),
    );
    let mut plain = 0;
    for ((heard, sound), segment) in heard.iter().zip(&sounds).zip(&segments) {
        let (with_sound, without) = (judge.doubt(heard, *sound), doubt(heard));
        plain += usize::from(without.is_some());
        assert_eq!(with_sound, without, "{} at {}: {sound:?}", heard.text.reveal(), segment.speech.start());
    }
    println!("{plain} of them suppressed by what the model says of itself");

    // The same sentences, if the model had written them over hiss.
    let mut chance = StdRng::seed_from_u64(3);
    let hiss: Vec<i16> = (0..48_000).map(|_| chance.random_range(-200..=200)).collect();
    let sound = Sound::of(&hiss, 4_000..44_000);
    println!("hiss: {sound:?}");
    for heard in heard.iter().filter(|heard| doubt(heard).is_none()) {
        assert_eq!(judge.doubt(heard, sound), Some(SuppressedReason::KnownInvention), "{}", heard.text.reveal());
    }
    assert!(calls::segments(Track::Near, &hiss, Rules::default()).is_empty(), "hiss is no segment in the first place");
}
