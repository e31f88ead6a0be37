//! The guards, between the drafter and the way out: what a sentence claims is held against the call before it is sent.
//!
//! In: a job, read once; then each sentence. Out: what notes-api stores beside it. Nothing is held back or changed, and a
//! sentence waits for its guards for well under a millisecond.

use referent_areas::cues::Cues;
use referent_guards::{self as guards, About, Call, Checked, Language, Line, MustNote, Speaker, Turn};
use referent_proto::call::Started;
use referent_proto::draft::{Confirm, DraftJob, Evidence, Flag, Missing, UncertainWord};
use referent_proto::ids::Track;
use referent_proto::speech::{Spoken, Utterance};
use std::collections::HashMap;

/// The guards of one call.
pub struct Guards {
    call: Call,
    /// The utterance of each turn.
    turns: Vec<Evidence>,
    places: HashMap<Evidence, usize>,
    uncertain: Vec<UncertainWord>,
    must_note: Vec<MustNote>,
}

impl Guards {
    /// Reads what was said.
    pub fn of(job: &DraftJob) -> Self {
        let mut said: Vec<&Utterance> = job.utterances.iter().filter(|said| !said.text.is_blank()).collect();
        said.sort_by_key(|said| (said.span.start(), said.track));
        let turns: Vec<Turn<'_>> =
            said.iter().map(|said| Turn { speaker: speaker(said.track), text: said.text.reveal() }).collect();
        let evidence: Vec<Evidence> = said.iter().map(|said| super::evidence_of(said)).collect();
        let about = about(job);
        let heard: Vec<Vec<f32>> = said.iter().map(|said| probabilities(said)).collect();
        let spoken = about.spoken;
        let call = Call::of(&turns, about);
        let uncertain = spoken.map_or_else(Vec::new, |_| guards::uncertain(&call, &heard));
        Self {
            call,
            places: evidence.iter().copied().enumerate().map(|(at, evidence)| (evidence, at)).collect(),
            uncertain: uncertain
                .into_iter()
                .filter_map(|(turn, word)| {
                    Some(UncertainWord { utterance: evidence[turn], word: u32::try_from(word).ok()? })
                })
                .collect(),
            must_note: job
                .area
                .must_note
                .iter()
                .map(|fact| MustNote { id: fact.id.clone(), cues: Cues::of(&fact.cues) })
                .collect(),
            turns: evidence,
        }
    }

    /// What is doubted about a sentence, and whether a person has to confirm it.
    pub fn check(&self, text: &str, evidence: &[Evidence]) -> (Vec<Flag>, Option<Confirm>) {
        let cited = self.cited(evidence);
        let Checked { flags, confirm } = self.call.check(&Line { text, evidence: &cited });
        let flags = flags.into_iter().map(|flag| self.flag(text, flag)).collect();
        (flags, confirm)
    }

    /// What was said, or the area wants noted, and stands in none of these sentences.
    pub fn missing<'s>(&self, sentences: impl Iterator<Item = (&'s str, &'s [Evidence])>) -> Vec<Missing> {
        let sentences: Vec<(&str, Vec<usize>)> =
            sentences.map(|(text, evidence)| (text, self.cited(evidence))).collect();
        let lines: Vec<Line<'_>> = sentences.iter().map(|(text, evidence)| Line { text, evidence }).collect();
        let missing = self.call.missing(&lines, &self.must_note);
        missing
            .into_iter()
            .map(|one| Missing {
                kind: one.fact.is_none().then_some(one.kind),
                fact: one.fact.unwrap_or_default(),
                said: Spoken::new(one.said),
                evidence: self.turns[one.turn],
            })
            .collect()
    }

    /// Words that were perhaps misheard, and matter.
    pub fn uncertain(&self) -> Vec<UncertainWord> {
        self.uncertain.clone()
    }

    fn cited(&self, evidence: &[Evidence]) -> Vec<usize> {
        evidence.iter().filter_map(|rests| self.places.get(rests).copied()).collect()
    }

    fn flag(&self, text: &str, flag: guards::Flag) -> Flag {
        let utf16 = |end: usize| u32::try_from(text[..end].encode_utf16().count()).unwrap_or(u32::MAX);
        Flag {
            kind: flag.kind,
            start: utf16(flag.span.start),
            end: utf16(flag.span.end),
            said: Spoken::new(flag.said),
            reason: Some(flag.reason),
            evidence: flag.evidence.into_iter().map(|turn| self.turns[turn]).collect(),
        }
    }
}

fn speaker(track: Track) -> Speaker {
    match track {
        Track::Near => Speaker::Caseworker,
        Track::Far => Speaker::Citizen,
    }
}

fn about(job: &DraftJob) -> About {
    let note = Language::from_tag(&job.area.language).unwrap_or(Language::Danish);
    let spoken = match job.area.spoken_languages.first() {
        Some(tag) => Language::from_tag(tag),
        None => Some(note),
    };
    About { note, spoken, date: date(job.started), known_names: job.area.glossary.clone() }
}

/// The day of the call, on the caller's wall.
fn date(started: Started) -> Option<jiff::civil::Date> {
    let seconds = started.utc_ms.div_euclid(1000) + i64::from(started.utc_offset_s);
    jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(seconds.div_euclid(86_400)).ok()?).ok()
}

/// Of each word of the text, as blanks part it, how sure the recogniser was; 1 where it did not say.
fn probabilities(said: &Utterance) -> Vec<f32> {
    let bare = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    let mut heard = said.words.iter().map(|word| (bare(word.text.reveal()), word.probability)).peekable();
    said.text
        .reveal()
        .split_whitespace()
        .map(|word| {
            let mut rest = bare(word);
            let mut least = 1.0_f32;
            while let Some((part, probability)) = heard.peek() {
                if !rest.is_empty() && !part.is_empty() && rest.starts_with(part.as_str()) {
                    least = least.min(*probability);
                    rest = rest[part.len()..].to_owned();
                    heard.next();
                } else if part.is_empty() {
                    heard.next();
                } else {
                    break;
                }
            }
            least
        })
        .collect()
}
