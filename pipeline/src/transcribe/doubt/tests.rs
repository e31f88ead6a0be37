use super::*;
use SuppressedReason as S;
use referent_proto::{SampleOffset, Spoken, Word};

const MOVING: steady::Steadiness = steady::Steadiness { share: 0.02, moves_for: 2.0 };
const CLEAR: Sound = Sound { vad: 0.9, level_db: -25.0, seconds: 3.0, steady: MOVING, around: MOVING };
const HISS: Sound = Sound { vad: 0.35, level_db: -48.0, seconds: 3.0, steady: MOVING, around: MOVING };

fn heard(text: &str, probability: f32, no_speech: f32) -> Heard {
    Heard { text: Spoken::new(text), words: Vec::new(), probability, no_speech, detected: None, mended: false }
}

fn known() -> Judge {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("ggml-small.bin");
    std::fs::write(Inventions::beside(&model), "# harvested\nTak for nu, farvel.\n").unwrap();
    Judge::load("da", Some(&model)).unwrap()
}

#[track_caller]
fn check(text: &str, probability: f32, no_speech: f32, expected: Option<S>) {
    let heard = heard(text, probability, no_speech);
    assert_eq!(doubt(&heard), expected, "{text}");
    assert_eq!(known().doubt(&heard, CLEAR), expected, "{text}, with clear sound");
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

#[track_caller]
fn check_known(text: &str, sound: Sound, expected: Option<S>) {
    assert_eq!(known().doubt(&heard(text, 0.9, 0.0), sound), expected, "{text} with {sound:?}");
}

#[test]
fn what_models_invent_is_suppressed_where_the_sound_is_weak() {
    check_known("Tak for nu, farvel.", CLEAR, None);
    check_known("Tak for nu, farvel.", HISS, Some(S::KnownInvention));
    check_known("Danske tekster af Nicolai Winther", HISS, Some(S::KnownInvention));
    check_known("Danske tekster af Nicolai Winther", Sound { level_db: -53.0, ..CLEAR }, Some(S::KnownInvention));
    check_known("Danske tekster af Nicolai Winther", CLEAR, None);
    check_known("Jeg siger tak for nu, farvel.", HISS, None);
    check_known("Ja.", HISS, None);
}

#[test]
fn grey_text_is_doubted_where_the_sound_is_weak_and_not_for_half_a_word() {
    let glossary = ["barselsdagpenge".to_owned()];
    let check = |text: &str, probability: f32, sound: Sound, expected| {
        assert_eq!(known().doubt_grey(&heard(text, probability, 0.0), sound, &glossary), expected, "{text}");
    };
    check("Tak for nu, farvel.", 0.9, HISS, Some(S::KnownInvention));
    check("Tak for nu, farvel.", 0.9, CLEAR, None);
    check("Barselsdagpenge.", 0.9, HISS, Some(S::GlossaryRepeated));
    check("Barselsdagpenge.", 0.9, CLEAR, None);
    check("ja ja ja ja ja ja ja ja ja", 0.9, CLEAR, Some(S::Repetition));
    check("Jeg er flyttet til Vej", 0.3, Sound { seconds: 0.5, ..CLEAR }, None);
}

#[test]
fn the_glossary_said_back_is_suppressed_where_the_sound_is_weak() {
    let glossary = ["barselsdagpenge", "Udbetaling Danmark", "NemKonto"].map(str::to_owned);
    let check = |text: &str, sound: Sound, expected: Option<S>| {
        assert_eq!(known().doubt_told(&heard(text, 0.9, 0.0), sound, &glossary), expected, "{text} with {sound:?}");
    };
    check("Barselsdagpenge, Udbetaling Danmark, NemKonto", HISS, Some(S::GlossaryRepeated));
    check("Udbetaling Danmark, NemKonto.", Sound { level_db: -53.0, ..CLEAR }, Some(S::GlossaryRepeated));
    check("Barselsdagpenge, Udbetaling Danmark, NemKonto", CLEAR, None);
    check("Ja, barselsdagpenge fra Udbetaling Danmark.", HISS, None);
    check_known("Barselsdagpenge, Udbetaling Danmark, NemKonto", HISS, None);
    let span = SampleSpan::of(SampleOffset(0), 16_000);
    let what = known().judge_told(heard("NemKonto", 0.9, 0.0), Track::Far, span, HISS, &glossary);
    assert!(matches!(what, What::Suppressed { reason: S::GlossaryRepeated, .. }), "kept, and said why: {what:?}");
}

#[test]
fn more_words_than_anybody_can_say_are_not_believed() {
    let text = "jeg vil gerne søge om boligstøtte fordi jeg er flyttet til en ny bolig i går";
    check_known(text, CLEAR, None);
    check_known(text, Sound { seconds: 1.0, ..CLEAR }, Some(S::LowProbability));
}

#[test]
fn words_carry_calibrated_probabilities_and_the_limits_do_not() {
    let words = (0..200_u8).map(|at| (f32::from(at) / 200.0, at >= 100)).collect();
    let judge = Judge::new(Inventions::default(), Calibration::measure(words, 10));
    let span = SampleSpan::of(SampleOffset(0), 16_000);
    let mut heard = heard("Goddag", 0.3, 0.0);
    heard.words = vec![Word { text: Spoken::new("Goddag"), span, probability: 0.3 }];
    let What::Utterance(utterance) = judge.judge(heard, Track::Far, span, CLEAR) else { panic!("suppressed") };
    assert!(utterance.words[0].probability < 0.05);
    assert!((utterance.probability - 0.3).abs() < f32::EPSILON);
}
