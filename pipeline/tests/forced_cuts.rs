//! What is lost and what is doubled where people speak for longer than an utterance may be.
//!
//! In the sample calls nobody speaks for 12 s without drawing breath. So they are cut after 3 s at most, at the least likely
//! of a few frames, as if nothing better were in sight: mostly through a word. Three ways to hear that: cuts without overlap,
//! with overlap as it is heard, and joined. The three calls at 16 kHz in the normal run; all twelve, and other overlaps, when
//! `RUN_SLOW_TESTS` is set. docs/decisions/0014 has the table that this prints.

#[expect(dead_code, reason = "shared with other tests")]
#[path = "support/calls.rs"]
mod calls;
#[path = "support/word_errors.rs"]
mod errors;

use calls::{MODELS, Side, sides};
use errors::{distance, words};
use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::join::Seams;
use referent_pipeline::segment::{Cut, CutKind, Rules, Segmenter, Speech};
use referent_pipeline::transcribe::doubt::{Judge, Sound};
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Recognizer, Request};
use referent_pipeline::vad::Detector;
use referent_proto::{SampleOffset, Track, What};
use std::path::Path;

/// Speech is cut after 3 s, at the least likely of so many frames: 0.16 s.
const IN_SIGHT: usize = 10;

fn hurried(rules: Rules) -> Rules {
    let longest = 188;
    Rules { longest, shortest_forced: longest - IN_SIGHT - rules.heard_after - rules.heard_before, ..rules }
}

fn cuts(sound: &[i16], rules: Rules) -> Vec<Cut> {
    let mut segmenter = Segmenter::resume(Detector::Embedded.detector(), rules, SampleOffset::ZERO);
    let mut cuts = segmenter.push(SampleOffset::ZERO, sound);
    cuts.extend(segmenter.end());
    cuts
}

/// What stands in the end, without and with joining.
#[derive(Default)]
struct Texts {
    heard: String,
    joined: String,
    forced: usize,
}

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn hear(recogniser: &mut dyn Recognizer, track: Track, cuts: Vec<Cut>) -> Texts {
    let (mut texts, mut seams, judge) = (Texts::default(), Seams::default(), Judge::default());
    for cut in cuts {
        let CutKind::Speech(speech) = cut.kind else { continue };
        seams.wait_for(cut.span, &speech);
        texts.forced += usize::from(speech.voiced.end() > speech.span.end());
        let Speech { span, voiced, heard_from, pcm } = speech;
        let request = Request { track, speech: voiced, heard_from, ..Request::of_sound(pcm, "da", Context::Fitted) };
        let heard = recogniser.hear(&request, &Cancel::default()).unwrap();
        let what = judge.judge(heard, track, span, Sound::of_request(&request));
        if let What::Utterance(utterance) = &what {
            texts.heard = format!("{} {}", texts.heard, utterance.text.reveal());
        }
        if let What::Utterance(utterance) = seams.join(cut.span, what) {
            texts.joined = format!("{} {}", texts.joined, utterance.text.reveal());
        }
    }
    texts
}

/// Errors over all sides together.
#[derive(Default, Clone, Copy)]
struct Sum {
    heard: usize,
    joined: usize,
    words: usize,
    forced: usize,
}

impl Sum {
    #[expect(clippy::cast_precision_loss, reason = "thousands of words")]
    fn per_cent(self, errors: usize) -> f64 {
        100.0 * errors as f64 / self.words as f64
    }
}

fn measure(recognisers: &mut [Box<dyn Recognizer>], sides: &[Side], rules: Rules) -> Sum {
    let shares = sides.chunks(sides.len().div_ceil(recognisers.len()));
    std::thread::scope(|scope| {
        let threads = recognisers.iter_mut().zip(shares).map(|(recogniser, sides)| {
            scope.spawn(move || {
                let mut sum = Sum::default();
                for side in sides {
                    let texts = hear(recogniser.as_mut(), side.track, cuts(&side.sound, hurried(rules)));
                    let said = side.turns.iter().flat_map(|(_, text)| words(text)).collect::<Vec<_>>();
                    sum.heard += distance(&said, &words(&texts.heard));
                    sum.joined += distance(&said, &words(&texts.joined));
                    sum.words += said.len();
                    sum.forced += texts.forced;
                }
                sum
            })
        });
        threads.collect::<Vec<_>>().into_iter().fold(Sum::default(), |all, thread| {
            let sum = thread.join().unwrap_or_default();
            Sum {
                heard: all.heard + sum.heard,
                joined: all.joined + sum.joined,
                words: all.words + sum.words,
                forced: all.forced + sum.forced,
            }
        })
    })
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that shows a table")]
fn words_at_forced_cuts_stand_once() {
    let model = Manifest::load(Path::new(MODELS)).unwrap().verify("demo-da").unwrap();
    let mut recognisers = Whisper::open(&model, 2).unwrap();
    let sides = sides(calls::is_slow());
    println!("before after | seams | as heard | joined");
    let mut row = |rules: Rules| {
        let sum = measure(&mut recognisers, &sides, rules);
        println!(
            "{:>6} {:>5} | {:>5} | {:>6.2} % | {:>5.2} %",
            rules.heard_before * 16,
            rules.heard_after * 16,
            sum.forced,
            sum.per_cent(sum.heard),
            sum.per_cent(sum.joined)
        );
        sum
    };
    let chosen = Rules::default();
    let alone = row(Rules { breath: 0, ..chosen });
    let sum = row(chosen);
    assert_eq!(alone.forced, 0, "without overlap nothing is heard twice");
    assert!(sum.forced >= 8, "enough seams to tell: {}", sum.forced);
    assert!(sum.joined < sum.heard, "joining removes what is doubled");
    assert!(sum.joined < alone.joined, "{} errors joined, {} without overlap", sum.joined, alone.joined);
    if calls::is_slow() {
        for heard_before in [16, 25, 40, 62, 94] {
            for heard_after in [0, 16, 30, 47] {
                row(Rules { heard_before, heard_after, ..chosen });
            }
        }
        for breath in [3, 6, 20] {
            println!("breath {}", breath * 16);
            row(Rules { breath, ..chosen });
        }
    }
}
