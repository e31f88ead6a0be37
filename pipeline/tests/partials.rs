//! How steady the grey text is: of the words that are shown before an utterance is final, how many change.
//!
//! Plays the calls at 16 kHz chunk by chunk through the segmenter, hears what is being said whenever `partial` asks for
//! it, and holds what is shown against what stands there in the end. `make bench-live` measures the same through the
//! three programs, with the clock.

use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::partial::Partials;
use referent_pipeline::segment::{CutKind, Rules, Segmenter, Speech};
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Class, Recognizer, Request};
use referent_pipeline::vad::Detector;
use referent_proto::{Pcm, SampleOffset, SampleSpan, Track};
use std::path::Path;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");
/// Of the words shown, so many may change.
const CHANGED: f64 = 0.10;

fn request(track: Track, speech: SampleSpan, heard_from: SampleOffset, pcm: Pcm, class: Class) -> Request {
    Request { track, speech, heard_from, class, ..Request::of_sound(pcm, "da", Context::Fitted) }
}

#[derive(Debug, Default)]
struct Steadiness {
    shown: usize,
    changed: usize,
    partials: usize,
    utterances: usize,
    without: usize,
    /// Samples from the beginning of the speech to the sound that the first partial was made of.
    first: Vec<u64>,
}

impl Steadiness {
    /// What is shown is replaced: words after the common beginning have changed.
    fn replace(&mut self, before: &[String], after: &[String]) {
        let same = before.iter().zip(after).take_while(|(a, b)| plain(a) == plain(b)).count();
        self.changed += before.len() - same;
        self.shown += after.len() - same;
    }
}

/// A word without the comma that comes when the sentence goes on.
fn plain(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn play(recogniser: &mut dyn Recognizer, call: &str, track: Track) -> Steadiness {
    let wav = Path::new(MODELS).join("demo-da/calls").join(call).with_extension("wav");
    let mut reader = hound::WavReader::open(wav).unwrap();
    let channel = usize::from(track == Track::Far);
    let sound: Vec<i16> = reader.samples::<i16>().skip(channel).step_by(2).map(Result::unwrap).collect();
    let mut segmenter = Segmenter::resume(Detector::Embedded.detector(), Rules::default(), SampleOffset::ZERO);
    let (mut partials, mut on_screen, mut steadiness) =
        (Partials::default(), Vec::<String>::new(), Steadiness::default());
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for (number, chunk) in sound.chunks(1_600).enumerate() {
        for cut in segmenter.push(SampleOffset(number as u64 * 1_600), chunk) {
            let CutKind::Speech(Speech { voiced, heard_from, pcm, .. }) = cut.kind else { continue };
            let heard = recogniser.hear(&request(track, voiced, heard_from, pcm, Class::Live), &Cancel::default());
            let last = words(heard.unwrap().text.reveal());
            steadiness.utterances += 1;
            steadiness.without += usize::from(on_screen.is_empty());
            steadiness.replace(&on_screen, &last);
            on_screen.clear();
            partials.is_cut();
        }
        let Some(so_far) = segmenter.so_far() else { continue };
        let speech = so_far.span;
        if partials.begin(speech) {
            let request = request(track, so_far.voiced, so_far.heard_from, so_far.pcm, Class::Partial);
            let heard = recogniser.hear(&request, &Cancel::default()).unwrap();
            if let Some(text) = partials.end(speech, Some(&heard.words)) {
                if on_screen.is_empty() {
                    steadiness.first.push(speech.samples());
                }
                steadiness.partials += 1;
                let text = words(&text);
                steadiness.replace(&on_screen, &text);
                on_screen = text;
            }
        }
    }
    steadiness
}

#[test]
fn what_is_shown_stays() {
    let model = Manifest::load(Path::new(MODELS)).unwrap().verify("demo-da").unwrap();
    let mut recogniser = Whisper::open(&model, 1).unwrap().remove(0);
    let mut all = Steadiness::default();
    for call in ["boligstoette-flytning"] {
        for track in Track::BOTH {
            let one = play(&mut *recogniser, call, track);
            all.shown += one.shown;
            all.changed += one.changed;
            all.partials += one.partials;
            all.utterances += one.utterances;
            all.without += one.without;
            all.first.extend(one.first);
        }
    }
    all.first.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "some hundreds of words")]
    let share = all.changed as f64 / all.shown as f64;
    let first = all.first.get(all.first.len() * 95 / 100).map_or(0, |samples| samples / 16);
    assert!(share <= CHANGED, "{share:.3} of {} words change", all.shown);
    assert!(first <= 600, "the first partial is made of {first} ms of speech (p95)");
    assert!(all.without * 10 <= all.utterances, "{all:?}");
}
