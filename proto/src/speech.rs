//! What was said, kept apart from everything that may be printed.

use crate::audio::{SampleOffset, SampleSpan};
use crate::ids::Track;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Text that was spoken in a call, or that rests on it. Its `Debug` prints a length; it reaches a log, a metric label
/// or an error message only through [`Spoken::reveal`], which is easy to search for in review.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spoken(String);

impl Spoken {
    /// Marks text as spoken.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The words themselves. Only for the pane, the prompt, the database and the export.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The words themselves, taken out.
    pub fn into_revealed(self) -> String {
        self.0
    }

    /// True when nothing but white space was said.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Debug for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spoken({} characters)", self.0.chars().count())
    }
}

/// One word of an utterance.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Word {
    /// The word, with its punctuation.
    pub text: Spoken,
    /// When it was said, as well as the recogniser can tell.
    pub span: SampleSpan,
    /// How sure the recogniser is, 0 to 1.
    pub probability: f32,
}

/// The text of one segment of speech.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Utterance {
    /// Who said it.
    pub track: Track,
    /// When it was said: within the span that its settle covers.
    pub span: SampleSpan,
    /// What was said.
    pub text: Spoken,
    /// The same, word by word.
    pub words: Vec<Word>,
    /// Geometric mean of the probabilities of its tokens, 0 to 1.
    pub probability: f32,
    /// The near track repeats the far one from this offset on, through a loudspeaker: the words are the citizen's, who
    /// stands on the far track with them. Shown and marked, never part of a draft.
    pub echo_of: Option<SampleOffset>,
}
