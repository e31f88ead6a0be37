//! J1 to J3 at table's length: what the first utterance hears, what the second hears, and what stands.

use super::*;
use referent_proto::{NotTranscribedReason, Pcm, SuppressedReason, Track};

/// The cut of every row: 10 s.
const CUT: u64 = 160_000;
/// The first is heard to here, the second from here.
const HEARD_TO: u64 = CUT + 7_680;
const HEARD_FROM: u64 = CUT - 10_240;

fn span(start: u64, end: u64) -> SampleSpan {
    SampleSpan::new(SampleOffset(start), SampleOffset(end)).expect("a span")
}

/// Words that follow each other from `start` to `end`, each as long as it has letters.
fn words(text: &str, start: u64, end: u64) -> Vec<Word> {
    let words: Vec<(&str, f32)> = text.split_whitespace().map(|word| (word, 0.9)).collect();
    crate::transcribe::spread(&words, span(start, end))
}

fn utterance(speech: SampleSpan, words: Vec<Word>) -> What {
    let (text, track) = (text(&words), Track::Far);
    What::Utterance(Utterance { track, span: speech, text, words, probability: 0.9, echo_of: None })
}

fn speech(span: SampleSpan, voiced: SampleSpan) -> Speech {
    Speech { span, voiced, heard_from: voiced.start(), pcm: Pcm::default() }
}

fn said(what: What) -> String {
    match what {
        What::Utterance(utterance) => {
            let of_words: Vec<&str> = utterance.words.iter().map(|word| word.text.reveal()).collect();
            assert_eq!(utterance.text.reveal(), of_words.join(" "), "the text is its words");
            let within =
                |word: &Word| utterance.span.start() <= word.span.start() && word.span.end() <= utterance.span.end();
            assert!(utterance.words.iter().all(within), "{:?} in {:?}", utterance.words, utterance.span);
            utterance.text.into_revealed()
        }
        other => other.kind().to_owned(),
    }
}

/// Both links of a forced cut: the first is heard from `CUT` − 4 s, the second up to `CUT` + 3 s.
fn join(first: What, second: Vec<Word>) -> (String, String) {
    let (before, behind) = (span(CUT - 64_000, CUT), span(CUT, CUT + 48_000));
    let mut seams = Seams::default();
    seams.wait_for(before, &speech(before, span(CUT - 64_000, HEARD_TO)));
    seams.wait_for(behind, &speech(behind, span(HEARD_FROM, CUT + 48_000)));
    let first = seams.join(before, first);
    (said(first), said(seams.join(behind, utterance(behind, second))))
}

/// Words with the times that they are said at; `|` is the cut.
#[track_caller]
fn check(first: &str, second: &str, expected: (&str, &str)) {
    let before = span(CUT - 64_000, CUT);
    let heard = utterance(before, words(first, CUT - 64_000, HEARD_TO));
    let (first, second) = join(heard, words(second, HEARD_FROM, CUT + 28_000));
    assert_eq!((first.as_str(), second.as_str()), expected);
}

#[test]
fn each_word_stands_once() {
    // The whole word stands where its middle lies; half a word at the edge of the sound is nowhere.
    check(
        "jeg vil gerne søge om boligstøtte fra den før",
        "te fra den første i femte og så frem",
        ("jeg vil gerne søge om boligstøtte fra den", "første i femte og så frem"),
    );
    // Half a word that is heard as another.
    check(
        "jeg vil gerne søge om boligstøtte fra den før",
        "stykke fra den første i femte og så frem",
        ("jeg vil gerne søge om boligstøtte fra den", "første i femte og så frem"),
    );
    // Case and punctuation are no difference.
    check(
        "jeg vil gerne søge om boligstøtte fra den før",
        "te fra Den, første i femte og så frem",
        ("jeg vil gerne søge om boligstøtte fra den", "første i femte og så frem"),
    );
}

#[test]
fn words_that_were_misheard_are_told_apart_by_their_times() {
    let (first, second) = join(
        utterance(span(CUT - 64_000, CUT), words("og min husleje er fire tusind", CUT - 64_000, CUT)),
        words("femten hundrede kroner om måneden", CUT - 8_000, CUT + 48_000),
    );
    assert_eq!(first, "og min husleje er fire tusind");
    // Nothing of it is alike; the middle of "femten" lies before the cut and that of "hundrede" behind it.
    assert_eq!(second, "hundrede kroner om måneden");
}

#[test]
fn what_is_said_twice_stands_twice() {
    let before = span(CUT - 64_000, CUT);
    let first = |end: &str| {
        let mut all = words("det har jeg ikke", CUT - 64_000, CUT - 8_000);
        all.extend(words(end, CUT - 6_400, HEARD_TO));
        utterance(before, all)
    };
    // "nej │ nej", both heard on both sides.
    let second =
        [words("nej nej", HEARD_FROM + 3_840, CUT + 6_400), words("det passer ikke", CUT + 8_000, CUT + 48_000)];
    assert_eq!(
        join(first("nej nej"), second.concat()),
        ("det har jeg ikke nej".to_owned(), "nej det passer ikke".to_owned())
    );
    // Both before the cut, and a third behind it.
    let mut both = words("det har jeg ikke", CUT - 64_000, CUT - 16_000);
    both.extend(words("nej nej", CUT - 14_000, CUT - 1_000));
    let second = [words("nej nej", CUT - 10_000, CUT - 1_000), words("nej jeg har ej", CUT + 500, CUT + 48_000)];
    assert_eq!(
        join(utterance(before, both), second.concat()),
        ("det har jeg ikke nej nej".to_owned(), "nej jeg har ej".to_owned())
    );
}

#[test]
fn where_the_first_has_no_text_nothing_is_dropped() {
    let second = || words("te fra den første", HEARD_FROM, CUT + 16_000);
    for first in [
        What::NotTranscribed(NotTranscribedReason::TimedOut),
        What::Suppressed { reason: SuppressedReason::LowProbability, text: Spoken::new("noget") },
    ] {
        assert_eq!(join(first, second()).1, "te fra den første");
    }
}

#[test]
fn an_end_of_a_word_is_no_utterance() {
    let before = span(CUT - 64_000, CUT);
    let first = utterance(before, words("om boligstøtte", CUT - 32_000, CUT + 2_000));
    let (first, second) = join(first, words("støtte", HEARD_FROM, CUT + 1_000));
    assert_eq!((first.as_str(), second.as_str()), ("om boligstøtte", "quiet"));
}

#[test]
fn utterances_with_a_pause_between_them_are_left_alone() {
    let (before, behind) = (span(CUT - 64_000, CUT), span(CUT, CUT + 48_000));
    let mut seams = Seams::default();
    // Times of a server elsewhere may be anything.
    let first = utterance(before, words("det er fint tak", CUT - 20_000, CUT + 20_000));
    seams.wait_for(before, &speech(before, before));
    seams.wait_for(behind, &speech(behind, behind));
    assert_eq!(seams.join(before, first.clone()), first);
    let second = utterance(behind, words("tak skal du have", CUT - 20_000, CUT + 20_000));
    assert_eq!(seams.join(behind, second.clone()), second);
    assert!(seams.waiting.is_empty());
}

#[test]
fn a_worker_that_takes_over_knows_what_was_said() {
    let (before, behind) = (span(CUT - 64_000, CUT), span(CUT, CUT + 48_000));
    let What::Utterance(stands) = utterance(before, words("boligstøtte fra den", CUT - 30_000, CUT)) else { return };
    let mut seams = Seams::resume(Some(stands));
    seams.wait_for(behind, &speech(behind, span(HEARD_FROM, CUT + 48_000)));
    let second = utterance(behind, words("te fra den første i femte", HEARD_FROM, CUT + 32_000));
    assert_eq!(said(seams.join(behind, second)), "første i femte");
}

#[test]
fn grey_text_does_not_repeat_either() {
    let (speech, voiced) = (span(CUT, CUT + 16_000), span(HEARD_FROM, CUT + 16_000));
    let heard = words("fra den første i", HEARD_FROM, CUT + 16_000);
    let grey = |seams: &Seams| -> Vec<String> {
        let words = seams.join_grey(&heard, speech, voiced);
        words.iter().map(|word| word.text.reveal().to_owned()).collect()
    };
    let What::Utterance(stands) = utterance(span(CUT - 64_000, CUT), words("støtte fra den", CUT - 30_000, CUT))
    else {
        return;
    };
    assert_eq!(grey(&Seams::resume(Some(stands))), ["første", "i"]);
    // The utterance before has no text yet: by their times.
    let by_times = grey(&Seams::default());
    assert!(by_times.len() < heard.len() && by_times.last().is_some_and(|word| word == "i"), "{by_times:?}");
    // No cut lies before it.
    assert_eq!(Seams::default().join_grey(&heard, voiced, voiced).len(), heard.len());
}
