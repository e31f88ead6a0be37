//! Hears nothing: the text is a function of the speech's place in call time and of who speaks, and of nothing else.
//!
//! So transcripts can be compared letter by letter across kills: a word that is lost, doubled or shifted shows. The
//! sentences sound like a call, so that a draft can be made of them.

use super::{Cancel, Heard, NotHeard, Recognizer, Request};
use referent_proto::{SampleSpan, Spoken, Track, Word};

/// A recogniser that needs no model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scripted;

impl Recognizer for Scripted {
    fn hear(&mut self, request: &Request, _cancel: &Cancel) -> Result<Heard, NotHeard> {
        let text = text(request.track, request.speech);
        let words = words(&text, request.speech, 1.0);
        Ok(Heard { text: Spoken::new(text), words, probability: 1.0, no_speech: 0.0, detected: None, mended: false })
    }
}

/// What is "said" in this stretch.
pub fn text(track: Track, speech: SampleSpan) -> String {
    let (start, end) = (speech.start().millis(), speech.end().millis());
    match track {
        Track::Near => format!("Jeg sender et brev om {start} kroner til dig, og du svarer senest om {end} dage."),
        Track::Far => format!("Jeg ringer, fordi jeg har fået et brev om {start} og {end} kroner."),
    }
}

/// The words of a text, spread over the speech by their letters: as well as can be told without asking the model.
pub fn words(text: &str, speech: SampleSpan, probability: f32) -> Vec<Word> {
    let words: Vec<(&str, f32)> = text.split_whitespace().map(|word| (word, probability)).collect();
    super::spread(&words, speech)
}
