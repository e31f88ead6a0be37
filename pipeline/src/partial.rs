//! Grey text: what is shown of an utterance while it is still being said.
//!
//! In: how far the speech of a track has come, and what a recogniser heard of it so far. Out: whether to hear it now, and
//! the words to show. Pure: what time it is, the sound says.
//!
//! Promises:
//!   W1  At most one hearing of a track is under way, and another follows only after [`EVERY`] of new sound.
//!   W2  Of a hearing, the word that is being spoken is held back: what is shown should stay. Never nothing, though, once
//!       there has been a word.
//!   W3  What belongs to an utterance that is settled is not shown any more.
//!
//! Not done here: no database (a partial is never settled), no promise that it is right: the final replaces it.

use referent_proto::{SampleOffset, SampleSpan, Word};

/// New sound after which it is worth hearing the utterance again: half a second.
pub const EVERY: u64 = 8_000;
/// The first time: as soon as there may be a word.
pub const FIRST: u64 = 6_400;
/// A word that ends so close to the end of the sound may be half a word.
pub const HELD_BACK: u64 = 3_200;

/// The grey text of one track.
#[derive(Debug, Default)]
pub struct Partials {
    /// The utterance that is being said.
    utterance: Option<SampleOffset>,
    /// How far it was heard, or is being heard.
    heard_to: SampleOffset,
    is_hearing: bool,
    /// What is shown.
    shown: Vec<String>,
}

impl Partials {
    /// True if the speech so far shall be heard now; then it is under way (W1).
    pub fn begin(&mut self, speech: SampleSpan) -> bool {
        if self.utterance != Some(speech.start()) {
            *self = Self { utterance: Some(speech.start()), heard_to: speech.start(), ..Self::default() };
        }
        let wait = if self.heard_to == speech.start() { FIRST } else { EVERY };
        let now = !self.is_hearing && speech.end() >= self.heard_to + wait;
        if now {
            (self.is_hearing, self.heard_to) = (true, speech.end());
        }
        now
    }

    /// A hearing has ended, with words or without. Gives the text to show, if it has changed.
    pub fn end(&mut self, speech: SampleSpan, words: Option<&[Word]>) -> Option<String> {
        if self.utterance != Some(speech.start()) {
            return None; // W3: its utterance is over.
        }
        self.is_hearing = false;
        let whole = words?;
        let sure = whole.iter().take_while(|word| word.span.end() + HELD_BACK <= speech.end()).count();
        let count = sure.max(whole.len().saturating_sub(1)).max(usize::from(!whole.is_empty()));
        let shown: Vec<String> = whole[..count].iter().map(|word| word.text.reveal().to_owned()).collect();
        if shown.is_empty() || shown == self.shown {
            return None;
        }
        self.shown = shown;
        Some(self.shown.join(" "))
    }

    /// The utterance is cut; its final text comes (W3).
    pub fn is_cut(&mut self) {
        *self = Self::default();
    }
}
