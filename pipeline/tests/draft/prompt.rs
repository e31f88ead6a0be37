//! What the language model reads.

use crate::calls::{area, calls, job, said, utterance};
use proptest::prelude::*;
use referent_pipeline::draft::prompt;
use referent_proto::call::Direction;
use referent_proto::ids::Track;
use referent_proto::speech::Utterance;

fn whole(prompt: &prompt::Prompt) -> String {
    format!("{}\n=====\n{}\n{}", prompt.system, prompt.stem, prompt.closing)
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
        prop_assert_eq!(lines.len(), prompt.numbers.len() + 1);
        for (number, line) in lines.iter().enumerate().skip(1) {
            let begins_well = line.starts_with(&format!("[{number}] "));
            prop_assert!(begins_well);
        }
    }
}
