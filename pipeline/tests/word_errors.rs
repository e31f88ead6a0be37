//! What the way the sound is cut costs: word errors of the segments against those of the reference turns, with the same
//! model, and how much sound the recogniser is given for it.
//!
//! The three calls at 16 kHz in the normal run; all twelve, and the rules beside those that were chosen, when
//! `RUN_SLOW_TESTS` is set. `make bench-wer` measures the same through the three programs.

#[path = "support/calls.rs"]
mod calls;
#[path = "support/word_errors.rs"]
mod errors;

use calls::{MODELS, Side, sides};
use errors::{distance, words};
use referent_models::Manifest;
use referent_pipeline::segment::Rules;
use referent_pipeline::transcribe::doubt::{Judge, Sound};
use referent_pipeline::transcribe::glossary::Glossary;
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Recognizer, Request};
use referent_proto::What;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

/// Points that cutting may cost.
const POINTS: f64 = 2.0;

/// Hears everything on two threads; gives the text and how much sound it took.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn hear(recognisers: &mut [Box<dyn Recognizer>], requests: Vec<Request>) -> Heard {
    let begun = Instant::now();
    let count = requests.len();
    let sound = requests.iter().map(|request| request.pcm.0.len()).sum::<usize>() / 16_000;
    let waiting: Mutex<VecDeque<(usize, Request)>> = Mutex::new(requests.into_iter().enumerate().collect());
    let texts: Mutex<Vec<String>> = Mutex::new(vec![String::new(); count]);
    let suppressed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for recogniser in recognisers {
            scope.spawn(|| {
                loop {
                    let Some((at, request)) = waiting.lock().unwrap().pop_front() else { return };
                    let heard = recogniser.hear(&request, &Cancel::default()).unwrap();
                    let sound = Sound::of_request(&request);
                    match Judge::default().judge(heard, request.track, request.speech, sound) {
                        What::Utterance(utterance) => texts.lock().unwrap()[at] = utterance.text.into_revealed(),
                        What::Suppressed { reason, text } => {
                            suppressed.lock().unwrap().push(format!("{reason}: {}", text.into_revealed()));
                        }
                        _ => {}
                    }
                }
            });
        }
    });
    let suppressed = suppressed.into_inner().unwrap();
    Heard {
        text: texts.into_inner().unwrap().join(" "),
        count,
        sound,
        suppressed,
        seconds: begun.elapsed().as_secs_f64(),
    }
}

#[derive(Default)]
struct Heard {
    text: String,
    count: usize,
    sound: usize,
    suppressed: Vec<String>,
    seconds: f64,
}

/// Errors and words, over all sides together.
#[derive(Default)]
struct Sum {
    errors: usize,
    words: usize,
    count: usize,
    sound: usize,
    suppressed: usize,
    seconds: f64,
}

impl Sum {
    fn add(&mut self, said: &str, heard: &Heard) {
        let (said, text) = (words(said), words(&heard.text));
        self.errors += distance(&said, &text);
        self.words += said.len();
        self.count += heard.count;
        self.sound += heard.sound;
        self.suppressed += heard.suppressed.len();
        self.seconds += heard.seconds;
    }

    #[expect(clippy::cast_precision_loss, reason = "thousands of words")]
    fn percent(&self) -> f64 {
        100.0 * self.errors as f64 / self.words as f64
    }
}

/// The rules that were chosen, and those beside them.
fn tried(all: bool) -> Vec<(String, Rules)> {
    let chosen = Rules::default();
    let mut tried = vec![("chosen".to_owned(), chosen)];
    if all {
        for hang_over in [16, 20, 25, 31, 37] {
            tried.push((format!("hang_over {hang_over}"), Rules { hang_over, ..chosen }));
        }
        for roll in [12, 16, 19, 25] {
            tried.push((format!("pre, post_roll {roll}"), Rules { pre_roll: roll, post_roll: roll, ..chosen }));
        }
        for voiced in [0.3, 0.4, 0.6] {
            tried.push((format!("voiced {voiced}"), Rules { voiced, ..chosen }));
        }
    }
    tried
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that shows a table")]
fn cutting_costs_few_words() {
    let slow = calls::is_slow();
    let model = Manifest::load(Path::new(MODELS)).unwrap().verify("demo-da").unwrap();
    let mut recognisers = Whisper::open(&model, 2).unwrap();
    let sides = sides(slow);
    let said = |side: &Side| side.turns.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
    let mut reference = Sum::default();
    for side in &sides {
        reference.add(&said(side), &hear(&mut recognisers, side.reference()));
    }
    println!("{:<20} | errors | segments | sound | suppressed | seconds", "");
    let row = |name: &str, sum: &Sum| {
        println!(
            "{name:<20} | {:>4.2} % | {:>4} | {:>4} s | {} | {:.1}",
            sum.percent(),
            sum.count,
            sum.sound,
            sum.suppressed,
            sum.seconds
        );
    };
    row("reference turns", &reference);
    for (name, rules) in tried(slow) {
        let mut sum = Sum::default();
        let mut worst = Vec::new();
        for side in &sides {
            let heard = hear(&mut recognisers, side.segments(rules));
            let before = sum.errors;
            sum.add(&said(side), &heard);
            worst.push((sum.errors - before, format!("{} {}", side.call, side.track)));
        }
        row(&name, &sum);
        if name == "chosen" {
            worst.sort_unstable_by(|a, b| b.cmp(a));
            worst.iter().take(4).for_each(|(errors, side)| println!("    {errors} errors: {side}"));
            let points = sum.percent() - reference.percent();
            assert!(points <= POINTS, "cutting costs {points:.1} points");
        }
    }
}

/// What an area would write, the most important first; they are said in the sample calls.
const GLOSSARY: [&str; 24] = [
    "Udbetaling Danmark",
    "boligstøtte",
    "folkepension",
    "barselsdagpenge",
    "børneydelse",
    "ældrecheck",
    "feriepenge",
    "varmetillæg",
    "seniorpension",
    "førtidspension",
    "begravelseshjælp",
    "ATP Livslang Pension",
    "efterregulering",
    "NemKonto",
    "Digital Post",
    "MitID",
    "årsopgørelse",
    "helbredstillæg",
    "ægtefælletillæg",
    "pensionsalder",
    "husstandsindkomst",
    "lejekontrakt",
    "barselsorlov",
    "dokumentation",
];

/// A glossary as the initial prompt, with the embedded model: what it costs in words and in time.
#[test]
#[expect(clippy::print_stdout, reason = "a test that shows a table")]
fn what_a_glossary_does_to_the_demo_model_is_known() {
    let model = Manifest::load(Path::new(MODELS)).unwrap().verify("demo-da").unwrap();
    let mut recognisers = Whisper::open(&model, 2).unwrap();
    let sides = sides(calls::is_slow());
    println!("{:<20} | errors | suppressed | seconds", "entries");
    let mut percents = Vec::new();
    for count in [0, 1, 6, GLOSSARY.len()] {
        let mut sum = Sum::default();
        let words = GLOSSARY[..count].iter().map(|&word| word.to_owned()).collect();
        let glossary = Glossary { area: "test".into(), version: count.to_string(), words };
        for side in &sides {
            let told = |request| Request { glossary: glossary.clone(), ..request };
            let requests = side.reference().into_iter().map(told).collect();
            let said = side.turns.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
            sum.add(&said, &hear(&mut recognisers, requests));
        }
        println!("{count:<20} | {:>4.2} % | {} | {:.1}", sum.percent(), sum.suppressed, sum.seconds);
        percents.push(sum.percent());
    }
    // A model of another size may gain by it. This one was trained without prompts: if it no longer loses by them,
    // docs/operating.md ("Languages and words") is wrong.
    assert!(percents[3] > percents[0] + POINTS, "{percents:?}");
}
