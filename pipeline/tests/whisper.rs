//! whisper.cpp with the embedded model: speech is heard, silence is not, and a request can be taken back in the middle.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::transcribe::doubt::{Judge, Sound};
use referent_pipeline::transcribe::glossary::Glossary;
use referent_pipeline::transcribe::language::{Detect, likeliest};
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Heard, NotHeard, Recognizer, Request};
use referent_proto::{Pcm, SampleOffset, SampleSpan, What};
use std::path::Path;
use std::time::{Duration, Instant};

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn recogniser() -> Box<dyn Recognizer> {
    let model = Manifest::load(Path::new(MODELS)).unwrap().verify("demo-da").unwrap();
    Whisper::open(&model, 1).unwrap().remove(0)
}

fn request(pcm: Vec<i16>, context: Context) -> Request {
    let from = SampleOffset(160_000);
    let speech = SampleSpan::of(from, pcm.len() as u64);
    Request { speech, heard_from: from, ..Request::of_sound(Pcm(pcm), "da", context) }
}

/// As a call judges it, but for the lists and limits of a model.
fn judged(heard: Heard, request: &Request) -> What {
    Judge::default().judge(heard, request.track, request.speech, Sound::of_request(request))
}

/// The first turn of a clean call, 0.3 s to 6 s.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn greeting() -> Vec<i16> {
    let wav = Path::new(MODELS).join("demo-da/calls/boligstoette-flytning.wav");
    let mut reader = hound::WavReader::open(wav).unwrap();
    reader.samples::<i16>().step_by(2).skip(4_800).take(91_200).map(Result::unwrap).collect()
}

fn noise(samples: usize, level: i16) -> Vec<i16> {
    let mut chance = StdRng::seed_from_u64(7);
    (0..samples).map(|_| chance.random_range(-level..=level)).collect()
}

#[test]
fn speech_is_heard_with_its_words_in_order() {
    let mut recogniser = recogniser();
    for context in [Context::Fitted, Context::Full] {
        let request = request(greeting(), context);
        let heard = recogniser.hear(&request, &Cancel::default()).unwrap();
        let text = heard.text.reveal().to_lowercase();
        assert!(text.contains("goddag") && text.contains("udbetaling danmark"), "{context:?}: {text}");
        let words: Vec<&str> = heard.words.iter().map(|word| word.text.reveal()).collect();
        assert_eq!(words.join(" "), heard.text.reveal());
        let mut next = request.speech.start();
        for word in &heard.words {
            assert_eq!(word.span.start(), next);
            assert!((0.0..=1.0).contains(&word.probability));
            next = word.span.end();
        }
        assert_eq!(next, request.speech.end());
        assert!(heard.probability > 0.8, "{}", heard.probability);
        assert!(matches!(judged(heard, &request), What::Utterance(_)));
    }
}

#[test]
fn nothing_is_invented_where_nobody_speaks() {
    let mut recogniser = recogniser();
    let sounds = [vec![0; 100], vec![0; 16_000], vec![0; 190_000], noise(48_000, 30), noise(160_000, 300), vec![9; 1]];
    for sound in sounds {
        let samples = sound.len();
        let request = request(sound, Context::Fitted);
        let heard = recogniser.hear(&request, &Cancel::default()).unwrap();
        let what = judged(heard, &request);
        let is_believed = !matches!(what, What::Suppressed { .. });
        assert!(!is_believed, "{samples} samples without speech became {what:?}");
    }
}

#[test]
fn a_request_is_taken_back_in_the_middle_and_the_next_is_heard() {
    let mut recogniser = recogniser();
    let taken_back = Cancel::default();
    taken_back.cancel();
    let before = recogniser.hear(&request(greeting(), Context::Full), &taken_back);
    assert_eq!(before.map(|heard| heard.text), Err(NotHeard::Cancelled));

    // Twelve seconds take the encoder some hundredths of a second; whenever the flag comes, the answer is one of two.
    let long: Vec<i16> = greeting().iter().copied().cycle().take(190_000).collect();
    let long = request(long, Context::Full);
    for wait_ms in [1, 20, 60] {
        let cancel = Cancel::default();
        let (go, gone) = std::sync::mpsc::sync_channel::<()>(1);
        let result = std::thread::scope(|scope| {
            let cancel = &cancel;
            scope.spawn(move || {
                if gone.recv_timeout(Duration::from_millis(wait_ms)).is_err() {
                    cancel.cancel();
                }
            });
            let result = recogniser.hear(&long, cancel);
            drop(go);
            result
        });
        assert!(matches!(result, Ok(_) | Err(NotHeard::Cancelled)), "{result:?}");
    }
    let heard = recogniser.hear(&request(greeting(), Context::Fitted), &Cancel::default()).unwrap();
    assert!(heard.text.reveal().to_lowercase().contains("goddag"));
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that shows figures")]
fn the_language_is_found_among_those_of_the_area_without_hearing_again() {
    let mut recogniser = recogniser();
    let plain = request(greeting(), Context::Fitted);
    let expected = recogniser.hear(&plain, &Cancel::default()).unwrap();
    assert_eq!(expected.detected, None, "nobody asked");
    let both = vec!["da".to_owned(), "en".to_owned()];
    let asked = Request { detect: Detect::Yes(both.clone()), ..plain.clone() };
    let mut seconds = [f64::MAX; 2];
    for _ in 0..5 {
        for (seconds, request) in seconds.iter_mut().zip([&plain, &asked]) {
            let begun = Instant::now();
            recogniser.hear(request, &Cancel::default()).unwrap();
            *seconds = seconds.min(begun.elapsed().as_secs_f64());
        }
    }
    let heard = recogniser.hear(&asked, &Cancel::default()).unwrap();
    let detected = heard.detected.unwrap();
    println!("{:?}; {:.1} ms, with the language {:.1} ms", detected.likely, seconds[0] * 1e3, seconds[1] * 1e3);
    assert_eq!(detected.likely.iter().map(|(code, _)| code.clone()).collect::<Vec<_>>(), both);
    assert!(detected.likely.iter().all(|(_, probability)| (0.0..=1.0).contains(probability)));
    assert_eq!((detected.language.as_str(), detected.again), ("da", false), "{:?}", detected.likely);
    assert_eq!(heard.text, expected.text, "the same text as where nobody asks");

    // A text that is believed is not asked about where the language is known.
    let kept = Request { detect: Detect::IfDoubtful(both), ..plain.clone() };
    assert_eq!(recogniser.hear(&kept, &Cancel::default()).unwrap().detected, None);
    // Languages that the model does not have, or that whisper.cpp does not know, are likely by nothing.
    let strange = vec!["yue".to_owned(), "klingon".to_owned()];
    let heard =
        recogniser.hear(&Request { detect: Detect::Yes(strange.clone()), ..plain }, &Cancel::default()).unwrap();
    let detected = heard.detected.unwrap();
    assert_eq!((detected.language.as_str(), likeliest(&strange, &detected.likely)), ("da", None));
    assert_eq!(heard.text, expected.text);
}

#[test]
fn a_segment_in_another_language_than_assumed_is_heard_again_in_it() {
    let mut recogniser = recogniser();
    let plain = request(greeting(), Context::Fitted);
    let in_danish = recogniser.hear(&plain, &Cancel::default()).unwrap();
    let detect = Detect::Yes(vec!["en".into(), "da".into()]);
    let heard = recogniser.hear(&Request { language: "en".into(), detect, ..plain }, &Cancel::default()).unwrap();
    let detected = heard.detected.unwrap();
    assert_eq!((detected.language.as_str(), detected.again), ("da", true), "{:?}", detected.likely);
    assert_eq!(heard.text, in_danish.text);
}

#[test]
fn a_glossary_of_any_length_is_taken() {
    let mut recogniser = recogniser();
    for count in [1, 20, 60, 400] {
        let words = (0..count).map(|at| format!("ægtefælletillæg{at}")).collect();
        let glossary = Glossary { area: "a".into(), version: count.to_string(), words };
        for context in [Context::Fitted, Context::Full] {
            let request = Request { glossary: glossary.clone(), ..request(greeting(), context) };
            let heard = recogniser.hear(&request, &Cancel::default()).unwrap();
            assert!((0.0..=1.0).contains(&heard.probability));
        }
    }
    let words = vec!["NUL\0 i midten".to_owned()];
    let glossary = Glossary { area: "a".into(), version: "nul".into(), words };
    let heard = recogniser.hear(&Request { glossary, ..request(greeting(), Context::Fitted) }, &Cancel::default());
    assert!(heard.unwrap().text.reveal().to_lowercase().contains("goddag"), "what cannot be told is not told");
}
