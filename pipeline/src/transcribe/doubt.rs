//! Doubts what a recogniser wrote: an utterance, or suppressed text with its reason.
//!
//! In: [`Heard`], and what the sound itself says ([`Sound`]). Out: [`What`]. Suppressed text is kept and counted, never
//! dropped, so a doubt too many costs a click and a doubt too few costs trust.
//!
//! Promises:
//!   D1  A sentence that models are known to invent is suppressed only as a whole utterance, and only where the sound is
//!       weak: a "tak for nu, farvel" that somebody says stays.
//!   D2  The limits are for the probabilities as the model gives them. The words of an utterance carry calibrated ones,
//!       where the model has a table.
//!   D3  Each reason is one plain sign, and the first that is found is given: no text, circles, tones instead of a voice
//!       (which counts as no speech), a known invention, the area's glossary said back (both only in weak sound), the model's own verdict, its disbelief, more words than anybody can say in the time (which counts as disbelief).
//!
//! Not done here: echo (`crate::echo`), and no second try (`whisper` asks [`doubt`] for that).

pub mod sound;
pub mod steady;
pub mod text;
pub mod inventions;
pub mod glossary;
pub mod calibration;

pub use calibration::Calibration;
pub use inventions::Inventions;
pub use sound::Sound;
pub use text::is_repetition;

use super::Heard;
use referent_proto::{SampleSpan, SuppressedReason, Track, Utterance, What};
use std::path::Path;
use std::sync::Arc;

/// From here on the model itself says that nobody speaks, if it does not believe its words either.
const NO_SPEECH: f32 = 0.6;
/// Below, words are not believed beside [`NO_SPEECH`]: whisper's own threshold, e to the −1.
const DOUBTFUL: f32 = 0.37;
/// Below, words are not believed at all.
const UNBELIEVABLE: f32 = 0.2;

/// What lies beside a model cannot be used. For a person to mend, at the start.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The list that was harvested.
    #[error(transparent)]
    Inventions(#[from] inventions::Unreadable),
    /// The table that was measured.
    #[error(transparent)]
    Calibration(#[from] calibration::Uncalibrated),
}

/// Judges texts with all that is known of a model. Made once, at the start.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    inventions: Inventions,
    calibration: Calibration,
}

impl Judge {
    /// With the lists of a language, and what lies beside the model, if there is a model file.
    pub fn load(language: &str, model: Option<&Path>) -> Result<Self, JudgeError> {
        let inventions = Inventions::load(language, model.map(Inventions::beside).as_deref())?;
        let calibration = match model {
            Some(model) => Calibration::load(&Calibration::beside(model))?,
            None => Calibration::default(),
        };
        Ok(Self::new(inventions, calibration))
    }

    /// With these.
    pub fn new(inventions: Inventions, calibration: Calibration) -> Self {
        Self { inventions, calibration }
    }

    /// What became of the segment.
    pub fn judge(&self, heard: Heard, track: Track, speech: SampleSpan, sound: Sound) -> What {
        self.judge_told(heard, track, speech, sound, &[])
    }

    /// As [`Judge::judge`], of a recogniser that was told to expect these words.
    pub fn judge_told(
        &self,
        heard: Heard,
        track: Track,
        speech: SampleSpan,
        sound: Sound,
        glossary: &[String],
    ) -> What {
        match self.doubt_told(&heard, sound, glossary) {
            Some(reason) => What::Suppressed { reason, text: heard.text },
            None => utterance(heard, track, speech, &self.calibration),
        }
    }

    /// Why the text is not to be believed, if it is not.
    pub fn doubt(&self, heard: &Heard, sound: Sound) -> Option<SuppressedReason> {
        self.doubt_told(heard, sound, &[])
    }

    /// As [`Judge::doubt`], of a recogniser that was told to expect these words.
    pub fn doubt_told(&self, heard: &Heard, sound: Sound, glossary: &[String]) -> Option<SuppressedReason> {
        let text = heard.text.reveal();
        // D3: a loop of a known sentence is a loop first.
        let circles_or_nothing = || doubt_text(text);
        let too_fast = || text::is_too_fast(text, sound.seconds).then_some(SuppressedReason::LowProbability);
        let tones = || sound.is_tones().then_some(SuppressedReason::NoSpeech);
        let unlike_this_model = || {
            let limit = self.calibration.limit().is_some_and(|limit| heard.probability < limit);
            limit.then_some(SuppressedReason::LowProbability)
        };
        circles_or_nothing()
            .or_else(tones)
            .or_else(|| self.said_of_nothing(text, sound, glossary))
            .or_else(|| doubt(heard))
            .or_else(unlike_this_model)
            .or_else(too_fast)
    }

    /// Why text that is still grey is not to be believed, if it is not: the reasons that hold before a word is whole.
    pub fn doubt_grey(&self, heard: &Heard, sound: Sound, glossary: &[String]) -> Option<SuppressedReason> {
        doubt(heard).or_else(|| self.said_of_nothing(heard.text.reveal(), sound, glossary))
    }

    /// What a model says where it hears next to nothing: a sentence of its lists, or the words it was told to expect.
    fn said_of_nothing(&self, text: &str, sound: Sound, glossary: &[String]) -> Option<SuppressedReason> {
        if !sound.is_weak() {
            return None;
        }
        let invention = self.inventions.is_invention(text).then_some(SuppressedReason::KnownInvention);
        let said_back = || glossary::is_repeated(glossary, text).then_some(SuppressedReason::GlossaryRepeated);
        invention.or_else(said_back)
    }
}

/// One [`Judge`] for each language that is spoken.
#[derive(Debug, Clone)]
pub struct Judges {
    danish: Arc<Judge>,
    english: Arc<Judge>,
}

impl Judges {
    /// With what lies beside the model, if there is a model file.
    pub fn load(model: Option<&Path>) -> Result<Self, JudgeError> {
        let load = |language| Judge::load(language, model).map(Arc::new);
        Ok(Self { danish: load("da")?, english: load("en")? })
    }

    /// The one of this language; another than English is judged as Danish, the language of the house.
    pub fn of(&self, language: &str) -> Arc<Judge> {
        Arc::clone(if language == "en" { &self.english } else { &self.danish })
    }
}

/// Why the text is not to be believed, by what the recogniser says alone.
pub fn doubt(heard: &Heard) -> Option<SuppressedReason> {
    let of_text = doubt_text(heard.text.reveal());
    if of_text.is_some() {
        of_text
    } else if heard.no_speech >= NO_SPEECH && heard.probability < DOUBTFUL {
        Some(SuppressedReason::NoSpeech)
    } else if heard.probability < UNBELIEVABLE {
        Some(SuppressedReason::LowProbability)
    } else {
        None
    }
}

fn doubt_text(text: &str) -> Option<SuppressedReason> {
    if !text.chars().any(char::is_alphanumeric) {
        Some(SuppressedReason::Empty)
    } else if is_repetition(text) || text::is_compressible(text) {
        Some(SuppressedReason::Repetition)
    } else {
        None
    }
}

fn utterance(heard: Heard, track: Track, speech: SampleSpan, calibration: &Calibration) -> What {
    let mut words = heard.words;
    for word in &mut words {
        word.probability = calibration.apply(word.probability);
    }
    What::Utterance(Utterance {
        track,
        span: speech,
        text: heard.text,
        words,
        probability: heard.probability.clamp(0.0, 1.0),
        echo_of: None,
    })
}

#[cfg(test)]
mod tests;
