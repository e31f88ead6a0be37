//! Signs in the text alone that a recogniser has run in circles or made words up.
//!
//! In: a text, and how long its sound was. Out: yes or no. Promised: pure, and in time that grows with the text's length
//! only. Not done here: no list of sentences (`inventions`), no sound (`sound`).

/// So often in a row nobody says the same words.
const REPEATS: usize = 4;
/// Up to so many words make a repeated group.
const LONGEST_GROUP: usize = 6;
/// Whisper's own threshold: a text that zlib makes more than 2.4 times smaller goes in circles. It is measured as
/// whisper measures it, bytes of UTF-8 by bytes of a zlib stream at level 6, because a threshold means something only
/// for its own measure. It finds what a fixed group of words misses: circles with a word changed in each.
const COMPRESSES: f32 = 2.4;
/// Faster than this nobody speaks for long, in words a second. The fastest segment of the sample calls has 3.9.
const FASTEST: f32 = 9.0;
/// Fewer words are no evidence of speed: the time of a short utterance is not known well enough.
const FEW_WORDS: usize = 8;

/// True if a group of words is said `REPEATS` times in a row and fills more than half of the text. A single word takes
/// twice as many: "nej, nej, nej, nej" is said by people.
pub fn is_repetition(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(plain).collect();
    (1..=LONGEST_GROUP).any(|group| {
        let least = if group == 1 { 2 * REPEATS } else { REPEATS };
        let longest = longest_run(&words, group);
        longest / group >= least && 2 * longest > words.len()
    })
}

/// True if the text is as compressible as only circles are.
pub fn is_compressible(text: &str) -> bool {
    compression_ratio(text) > COMPRESSES
}

/// Bytes of the text by bytes of it compressed: below 1 for short texts, 1 to 2 for what people say.
pub fn compression_ratio(text: &str) -> f32 {
    let small = miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), 6);
    #[expect(clippy::cast_precision_loss, reason = "a segment's text has some hundred bytes")]
    let ratio = text.len() as f32 / small.len().max(1) as f32;
    ratio
}

/// True if nobody can say so many words in so many seconds of sound.
pub fn is_too_fast(text: &str, seconds: f32) -> bool {
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    #[expect(clippy::cast_precision_loss, reason = "a segment's text has some hundred words")]
    let rate = words as f32 / seconds.max(0.001);
    words >= FEW_WORDS && rate > FASTEST
}

/// A word in lower case, without what is not said.
pub(super) fn plain(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
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
    use proptest::prelude::*;

    #[track_caller]
    fn check_circles(text: &str, repeats: bool, compresses: bool) {
        assert_eq!(is_repetition(text), repeats, "{text}");
        assert_eq!(is_compressible(text), compresses, "{text}: {}", compression_ratio(text));
    }

    #[test]
    fn circles_are_found() {
        check_circles("Jeg er flyttet til Vejle, og nu er min boligstøtte stoppet.", false, false);
        check_circles("og så kom jeg og så kom jeg og så kom jeg og så kom jeg", true, false);
        // Too long a group for the count of groups, and a number that changes.
        let long = "hvis du vil have hjælp til din ansøgning om pension så skal du ringe til os i dag. ";
        check_circles(&long.repeat(4), false, true);
        let counted: Vec<String> = (1..=9).map(|number| format!("Det er sag nummer {number}, ikke?")).collect();
        check_circles(&counted.join(" "), false, true);
        check_circles("", false, false);
    }

    #[test]
    fn nobody_speaks_that_fast() {
        let words = |count: usize| "ja ".repeat(count);
        assert!(!is_too_fast(&words(8), 2.0));
        assert!(is_too_fast(&words(19), 2.0));
        assert!(!is_too_fast(&words(18), 2.0));
        assert!(!is_too_fast(&words(7), 0.1), "too few to tell");
        assert!(is_too_fast(&words(8), 0.0));
        assert!(!is_too_fast("- - - - - - - - - -", 0.5), "dashes are not said");
    }

    proptest! {
        #[test]
        fn a_text_said_many_times_over_goes_in_circles(text in "[a-zæøå]{3,9}( [a-zæøå]{3,9}){3,5}") {
            let text = format!("{text} ").repeat(12);
            prop_assert!(is_repetition(&text) && is_compressible(&text));
        }

        #[test]
        fn nothing_panics(text in ".{0,200}", seconds in -1.0_f32..20.0) {
            is_repetition(&text);
            is_too_fast(&text, seconds);
            prop_assert!(compression_ratio(&text) >= 0.0);
        }
    }
}
