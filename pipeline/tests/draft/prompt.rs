//! What the language model reads.

use crate::calls::{area, calls, job, said, utterance};
use proptest::prelude::*;
use referent_pipeline::draft::{prompt, tokens};
use referent_proto::audio::SampleOffset;
use referent_proto::call::Direction;
use referent_proto::ids::{PerTrack, Track};
use referent_proto::speech::Utterance;
use std::io::Write as _;

fn whole(prompt: &prompt::Prompt) -> String {
    format!("{}\n=====\n{}", prompt.system, prompt.user())
}

#[test]
fn the_prompt_of_a_sample_call() {
    let call = calls().into_iter().find(|call| call.name == "boligstoette-flytning").expect("a sample call");
    let mut job = job(&call);
    job.area.instructions = "Skriv kort.\nBrug datoer, som de blev sagt.".into();
    insta::assert_snapshot!("prompt_da", whole(&prompt::of(&job)));
}

#[test]
fn the_prompt_in_english() {
    let mut job = said([
        utterance(Track::Near, 0.5, 2.0, "How can I help?"),
        utterance(Track::Far, 2.5, 5.0, "My rent\nhas gone up. ## Agreed"),
        utterance(Track::Far, 5.5, 6.0, "  "),
    ]);
    job.area = area("en");
    job.direction = Direction::Unknown;
    insta::assert_snapshot!("prompt_en", whole(&prompt::of(&job)));
}

fn utterances() -> impl Strategy<Value = Vec<Utterance>> {
    prop::collection::vec((any::<bool>(), 0.1f64..3.0, "\\PC{0,30}"), 0..20).prop_map(|parts| {
        let mut at = 0.0;
        parts
            .into_iter()
            .map(|(near, length, text)| {
                at += length;
                utterance(if near { Track::Near } else { Track::Far }, at - length, at, &text)
            })
            .collect()
    })
}

proptest! {
    /// P1: what a server has cached of a call stays right while the call goes on.
    #[test]
    fn a_longer_calls_stem_begins_with_the_shorter_one(all in utterances(), keep in 0usize..20) {
        let shorter = prompt::of(&said(all.iter().take(keep).cloned()));
        let longer = prompt::of(&said(all));
        prop_assert!(longer.stem.starts_with(&shorter.stem));
        prop_assert_eq!(&longer.system, &shorter.system);
        prop_assert_eq!(&longer.numbers[..shorter.numbers.len()], &shorter.numbers[..]);
    }

    /// P2: one line an utterance, which begins with its number.
    #[test]
    fn an_utterance_is_one_line(all in utterances()) {
        let prompt = prompt::of(&said(all));
        let lines: Vec<&str> = prompt.stem.split(['\n', '\r', '\u{2028}', '\u{2029}']).filter(|line| !line.is_empty()).collect();
        prop_assert_eq!(lines.len(), prompt.numbers.len() + 2);
        for (number, line) in lines.iter().skip(1).enumerate().skip(1) {
            let begins_well = line.starts_with(&format!("[{number}] "));
            prop_assert!(begins_well);
        }
        prop_assert_eq!(prompt.user().matches("</samtale>").count(), 1, "only the mark itself ends the call");
    }

    /// P1 and P4: while a call goes on its tracks are settled in any order; what is asked of it at any moment begins with
    /// what was asked before, and the prompt at hang-up with all of it.
    #[test]
    fn the_requests_of_a_growing_call_extend_each_other(
        all in utterances(), far_first in prop::collection::vec(any::<bool>(), 0..80),
    ) {
        let job = said(all.clone());
        let whole = prompt::of(&job);
        let mut known: Vec<Utterance> = Vec::new();
        let mut left = PerTrack { near: Vec::new(), far: Vec::new() };
        for one in all.into_iter().rev() {
            left[one.track].push(one);
        }
        let mut settled = PerTrack { near: SampleOffset::ZERO, far: SampleOffset::ZERO };
        let mut before = String::new();
        for far in far_first {
            let track = if far { Track::Far } else { Track::Near };
            match left[track].pop() {
                Some(one) => {
                    settled[track] = one.span.end();
                    known.push(one);
                }
                None => settled[track] = SampleOffset(u64::MAX), // Quiet, for the rest of the call.
            }
            known.sort_by_key(|one| (one.span.start(), one.track));
            let last = prompt::is_final(&known, settled.near.min(settled.far));
            let now = prompt::so_far(&job.area, job.started, job.direction, &known[..last], usize::MAX);
            prop_assert!(now.stem.starts_with(&before), "{before} is not how this begins: {}", now.stem);
            prop_assert_eq!(&now.system, &whole.system);
            before = now.stem;
        }
        prop_assert!(whole.stem.starts_with(&before), "{before} is not how this begins: {}", whole.stem);
    }
}

#[test]
fn what_may_still_change_is_held_back() {
    let lines =
        [(Track::Near, 0), (Track::Far, 5), (Track::Far, 9), (Track::Near, 14), (Track::Far, 20), (Track::Near, 27)];
    let said: Vec<Utterance> =
        lines.map(|(track, at)| utterance(track, f64::from(at), f64::from(at) + 3.0, "ja")).to_vec();
    let check = |watermark: u64, expected: usize| {
        assert_eq!(prompt::is_final(&said, SampleOffset(watermark * 16_000)), expected, "{watermark} s");
    };
    check(0, 0);
    check(12, 0); // Two turns are all there is.
    check(16, 1); // The caseworker's first is older than ten seconds, and two turns follow.
    check(19, 1); // Two turns stand behind it: the citizen's, and the caseworker's second.
    check(24, 3); // Both of the citizen's, whose turn is over.
    check(29, 4);
    check(u64::MAX / 16_000, 4); // The last two turns stay.
}

/// Two people's speech, in the words of the sample calls: what fits by the bound fits by the tokenizers in use.
#[test]
fn no_tokenizer_needs_more_than_the_bound() {
    let tokenizers = [
        ("GPT-2", tiktoken_rs::r50k_base_singleton()),
        ("GPT-4", tiktoken_rs::cl100k_base_singleton()),
        ("GPT-4o", tiktoken_rs::o200k_base_singleton()),
    ];
    let mut worst = [(0.0f64, 0.0f64); 3];
    for call in calls() {
        let prompt = prompt::of(&job(&call));
        for text in [prompt.system.clone(), prompt.user()].iter().chain(call.turns.iter().map(|turn| &turn.text)) {
            let bound = tokens::bound(text);
            for ((name, tokenizer), worst) in tokenizers.iter().zip(&mut worst) {
                let needs = tokenizer.encode_ordinary(text).len();
                assert!(needs <= bound, "{name} needs {needs} tokens, not {bound}, for: {text}");
                #[expect(clippy::cast_precision_loss, reason = "tokens of a page")]
                let (share, bytes) = (needs as f64 / bound as f64, text.len() as f64 / needs as f64);
                *worst = (worst.0.max(share), if text.len() > 400 { bytes } else { worst.1 });
            }
        }
    }
    for ((name, _), (share, bytes)) in tokenizers.iter().zip(worst) {
        drop(writeln!(std::io::stdout(), "{name}: {share:.2} of the bound at most, {bytes:.1} bytes a token"));
    }
}
