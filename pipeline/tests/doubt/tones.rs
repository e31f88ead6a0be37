//! What a detector takes for speech in music on hold is told from a short word, which stays even where the phone rings
//! just before it.

use crate::calls;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use referent_pipeline::harvest::sounds::Kind;
use referent_pipeline::segment::Rules;
use referent_pipeline::transcribe::Request;
use referent_pipeline::transcribe::doubt::Sound;
use referent_proto::Track;
use std::f32::consts::TAU;

/// Samples of less than a word.
const SHORT: u64 = 4_000;

fn long(request: &Request) -> u64 {
    request.speech.samples()
}

#[test]
fn pieces_of_chords_are_tones() {
    let mut short = 0;
    for seed in 0..10 {
        let music = Kind::Music.make(120 * 16_000, &mut StdRng::seed_from_u64(seed));
        for segment in calls::segments(Track::Near, &music, Rules::default()) {
            if long(&segment) < SHORT {
                short += 1;
                assert!(Sound::of_request(&segment).is_tones(), "seed {seed}: {:?}", Sound::of_request(&segment));
            }
        }
    }
    assert!(short >= 5, "there are only {short} of them");
}

#[test]
fn a_short_word_after_a_ringing_tone_is_none() {
    let sides = calls::sides(calls::is_slow());
    let segments: Vec<Request> = sides.iter().flat_map(|side| side.segments(Rules::default())).collect();
    assert!(segments.iter().any(|segment| long(segment) < 16_000), "somebody says a short word");
    for mut segment in segments {
        let sound = Sound::of_request(&segment);
        assert!(!sound.is_tones(), "at {}: {sound:?}", segment.speech.start());
        let before = usize::try_from(segment.speech.start() - segment.heard_from).unwrap();
        for (number, sample) in segment.pcm.0.iter_mut().take(before).enumerate() {
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "samples of a test")]
            let ringing = (3_000.0 * (TAU * 425.0 * number as f32 / 16_000.0).sin()) as i16;
            *sample = sample.saturating_add(ringing);
        }
        let sound = Sound::of_request(&segment);
        assert!(!sound.is_tones(), "with ringing, at {}: {sound:?}", segment.speech.start());
    }
}
