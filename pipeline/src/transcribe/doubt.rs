//! Doubts what a recogniser wrote: an utterance, or suppressed text with its reason.
//!
//! In: [`Heard`]. Out: [`What`]. Suppressed text is kept and counted, never dropped, so a doubt too many costs a click
//! and a doubt too few costs trust. Only plain signs count here: no text at all, the model's own verdict that nobody
//! speaks, its disbelief in its own words, the same words over and over. Sentences that models invent on silence are
//! known for real models only, and come with them.

use super::Heard;
use referent_proto::{SampleSpan, SuppressedReason, Track, Utterance, What};

/// From here on the model itself says that nobody speaks, if it does not believe its words either.
const NO_SPEECH: f32 = 0.6;
/// Below, words are not believed beside [`NO_SPEECH`]: whisper's own threshold, e to the −1.
const DOUBTFUL: f32 = 0.37;
/// Below, words are not believed at all.
const UNBELIEVABLE: f32 = 0.2;
/// So often in a row nobody says the same words.
const REPEATS: usize = 4;
/// Up to so many words make a repeated group.
const LONGEST_GROUP: usize = 6;

/// What became of the segment.
pub fn judge(heard: Heard, track: Track, speech: SampleSpan) -> What {
    match doubt(&heard) {
        Some(reason) => What::Suppressed { reason, text: heard.text },
        None => What::Utterance(Utterance {
            track,
            span: speech,
            text: heard.text,
            words: heard.words,
            probability: heard.probability.clamp(0.0, 1.0),
        }),
    }
}

/// Why the text is not to be believed, if it is not.
pub fn doubt(heard: &Heard) -> Option<SuppressedReason> {
    if !heard.text.reveal().chars().any(char::is_alphanumeric) {
        Some(SuppressedReason::Empty)
    } else if is_repetition(heard.text.reveal()) {
        Some(SuppressedReason::Repetition)
    } else if heard.no_speech >= NO_SPEECH && heard.probability < DOUBTFUL {
        Some(SuppressedReason::NoSpeech)
    } else if heard.probability < UNBELIEVABLE {
        Some(SuppressedReason::LowProbability)
    } else {
        None
    }
}

/// True if a group of words is said `REPEATS` times in a row and fills more than half of the text. A single word takes
/// twice as many: "nej, nej, nej, nej" is said by people.
pub fn is_repetition(text: &str) -> bool {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect())
        .collect();
    (1..=LONGEST_GROUP).any(|group| {
        let least = if group == 1 { 2 * REPEATS } else { REPEATS };
        let longest = longest_run(&words, group);
        longest / group >= least && 2 * longest > words.len()
    })
}

/// The most words in a row that repeat with this period.
fn longest_run(words: &[String], group: usize) -> usize {
    let (mut longest, mut same) = (0, 0);
    for at in group..words.len() {
        same = if words[at] == words[at - group] { same + 1 } else { 0 };
        longest = longest.max(same);
    }
    if longest == 0 { 0 } else { longest + group }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SuppressedReason as S;
    use referent_proto::Spoken;

    #[track_caller]
    fn check(text: &str, probability: f32, no_speech: f32, expected: Option<S>) {
        let heard = Heard { text: Spoken::new(text), words: Vec::new(), probability, no_speech };
        assert_eq!(doubt(&heard), expected, "{text}");
    }

    #[test]
    fn plain_signs_are_doubted() {
        check("Jeg er flyttet til Vejle.", 0.9, 0.0, None);
        check("Jeg er flyttet til Vejle.", 0.9, 0.9, None);
        check("Jeg er flyttet til Vejle.", 0.3, 0.1, None);
        check("Jeg er flyttet til Vejle.", 0.3, 0.9, Some(S::NoSpeech));
        check("Jeg er flyttet til Vejle.", 0.1, 0.0, Some(S::LowProbability));
        check(" ... ", 0.9, 0.0, Some(S::Empty));
        check("", 0.0, 0.9, Some(S::Empty));
        check("Nej, nej, nej, nej.", 0.9, 0.0, None);
        check("ja ja ja ja ja ja ja ja ja", 0.9, 0.0, Some(S::Repetition));
        check("og så kom jeg og så kom jeg og så kom jeg og så kom jeg", 0.9, 0.0, Some(S::Repetition));
        check("det var godt det var godt sagde hun", 0.9, 0.0, None);
        check("0 8 6 2 1 1 1 1 4 5 6 1", 0.9, 0.0, None);
    }
}
