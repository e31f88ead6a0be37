//! Makes each word stand once where a forced cut may have gone through it (`segment`, G4).
//!
//! In: what was heard of two utterances between which nobody drew breath, the first a little beyond the cut, the second
//! from a little before it. Out: the first without what lies behind the cut, the second without what the first has said.
//! Pure; the texts come in the order of the sound.
//!
//! ```text
//! sound     … boligstøtte fra  den│første i  femte og …
//! first     … boligstøtte fra  den│før            →  … boligstøtte fra den
//! second               te fra  den│første i femte →  første i femte …
//! ```
//!
//! Promises:
//!   J1  The first utterance never waits for the second: words settle utterance by utterance.
//!   J2  The second drops only words from before its first voiced frame, and those are the last words of the first, or lie
//!       before the cut by their times. What was said twice stands twice.
//!   J3  Where the first has no text, the second drops nothing.
//!
//! Not done here: no sound, no judgement of a text.

use crate::segment::Speech;
use referent_proto::{SampleOffset, SampleSpan, Spoken, Utterance, What, Word};
use std::collections::VecDeque;

/// How far a word's times may be off: they are often spread over the utterance by its letters. 0.6 s.
const OFF_BY: u64 = 9_600;
/// What the first word of the second utterance costs if it is another than in the first: the sound begins within it.
const BEGUN_WITHIN: f32 = 0.25;

/// The seams of one track.
#[derive(Debug, Default)]
pub struct Seams {
    /// The utterance before, as it stands.
    said: Option<Utterance>,
    /// Links without text of which some sound is heard twice; not more than have no text.
    waiting: VecDeque<Seam>,
}

#[derive(Debug)]
struct Seam {
    link: SampleSpan,
    speech: SampleSpan,
    voiced: SampleSpan,
}

impl Seams {
    /// Goes on behind what an earlier worker settled.
    pub fn resume(said: Option<Utterance>) -> Self {
        Self { said, waiting: VecDeque::new() }
    }

    /// The text of this link comes later.
    pub fn wait_for(&mut self, link: SampleSpan, speech: &Speech) {
        if speech.voiced != speech.span {
            self.waiting.push_back(Seam { link, speech: speech.span, voiced: speech.voiced });
        }
    }

    /// What a link has become, as it shall be settled. Comes in the order of the sound.
    pub fn join(&mut self, link: SampleSpan, what: What) -> What {
        while self.waiting.pop_front_if(|seam| seam.link.end() < link.end()).is_some() {}
        let seam = self.waiting.pop_front_if(|seam| seam.link == link);
        let What::Utterance(mut utterance) = what else { return what };
        if let Some(seam) = seam {
            let said = heard_twice(self.said.as_ref(), &utterance.words, seam.speech, seam.voiced);
            let goes_on = seam.voiced.end() > seam.speech.end();
            let is_before = |word: &Word| !goes_on || middle(word) < link.end();
            let count = utterance.words.len();
            let words: Vec<Word> = utterance.words.into_iter().skip(said).filter(is_before).collect();
            if words.is_empty() {
                // What is voiced here is the end of a word that stands in the utterance before.
                return What::Quiet;
            }
            if words.len() < count {
                utterance.text = text(&words);
            }
            let within = |word: Word| Word { span: clamped(word.span, seam.speech), ..word };
            utterance.words = words.into_iter().map(within).collect();
        }
        self.said = Some(utterance.clone());
        What::Utterance(utterance)
    }

    /// Of grey text, the words that do not stand in the utterance before. As long as that has no text, their times decide.
    pub fn join_grey<'a>(&self, words: &'a [Word], speech: SampleSpan, voiced: SampleSpan) -> &'a [Word] {
        let said = match &self.said {
            Some(said) if is_next(said, voiced) => heard_twice(Some(said), words, speech, voiced),
            _ if voiced.start() < speech.start() => before(words, speech.start()),
            _ => 0,
        };
        words.get(said..).unwrap_or_default()
    }
}

/// How many of the first words stand in the utterance before.
fn heard_twice(said: Option<&Utterance>, words: &[Word], speech: SampleSpan, voiced: SampleSpan) -> usize {
    let Some(said) = said.filter(|said| voiced.start() < speech.start() && is_next(said, voiced)) else { return 0 };
    // Counting back from its end, so that `last[i]` shall be the word that is `i` before the last.
    let last: Vec<&Word> =
        said.words.iter().rev().take_while(|word| word.span.end() + OFF_BY > voiced.start()).collect();
    let most = words.iter().take_while(|word| word.span.start() < speech.start() + OFF_BY).count();
    let alike = (1..=most).filter_map(|count| {
        let (score, off_by) = (alike(&last, &words[..count])?, distance(last[0], &words[count - 1]));
        (score > 0.0 && off_by <= OFF_BY).then_some((score, off_by, count))
    });
    let best = alike.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    best.map_or_else(|| before(words, speech.start()), |(_, _, count)| count)
}

/// How well these words repeat the last ones: one for each that is the same, less one for each other. `None` if there are
/// not so many.
fn alike(last: &[&Word], words: &[Word]) -> Option<f32> {
    if last.len() < words.len() {
        return None;
    }
    let pairs = words.iter().rev().zip(last);
    let score = |(at, (word, said)): (usize, (&Word, &&Word))| {
        let (word, said) = (plain(word), plain(said));
        let is_first = at + 1 == words.len();
        match () {
            () if word == said => 1.0,
            () if is_first && said.ends_with(&word) => 0.5,
            () if is_first => -BEGUN_WITHIN,
            () => -1.0,
        }
    };
    Some(pairs.enumerate().map(score).sum())
}

/// Nothing lies between.
fn is_next(said: &Utterance, voiced: SampleSpan) -> bool {
    said.span.end() > voiced.start()
}

/// How many of the first words lie before, by their times.
fn before(words: &[Word], cut: SampleOffset) -> usize {
    words.iter().take_while(|word| middle(word) < cut).count()
}

fn middle(word: &Word) -> SampleOffset {
    word.span.start() + word.span.samples() / 2
}

fn distance(a: &Word, b: &Word) -> u64 {
    middle(a).0.abs_diff(middle(b).0)
}

fn plain(word: &Word) -> String {
    word.text.reveal().to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

fn text(words: &[Word]) -> Spoken {
    Spoken::new(words.iter().map(|word| word.text.reveal()).collect::<Vec<_>>().join(" "))
}

fn clamped(span: SampleSpan, within: SampleSpan) -> SampleSpan {
    let clamp = |offset: SampleOffset| offset.clamp(within.start(), within.end());
    let start = clamp(span.start());
    SampleSpan::of(start, clamp(span.end()) - start)
}

#[cfg(test)]
mod tests;
