//! Picks and orders what was said into a draft, without a language model.
//!
//! In: a job. Out: [`Pick`]s: why the citizen called, what is worth knowing, what was agreed. It never writes a claim of
//! its own: every sentence is a quotation under the name of who said it, so that no fact can change on the way, and a
//! caseworker sees at once whose words they are:
//!
//! ```text
//! Borgeren: »Jeg flyttede den 15. april.«
//! Sagsbehandleren: »Har du et sagsnummer?« Borgeren: »Nej, det har jeg ikke.«
//! ```
//!
//! The second form is for answers that cannot be understood without their question. Inside the marks nothing is changed
//! but: fillers, doubled words and a leading "okay," are left out, as is a "yes," that the rest repeats; a sentence begins
//! with a capital and ends with the mark that its form asks for; a CPR number is masked; and where a speaker takes a number
//! back in the same breath ("den 2., nej, den 12. oktober") the last one stands.
//!
//! Promises:
//!   E1  Total and fast: any text gives picks (perhaps none), in a few milliseconds for each minute of speech.
//!   E2  The same job gives the same picks.
//!   E3  Every pick rests on the utterances it quotes.
//!   E4  No CPR number goes through.
//!
//! Not done here: no judgement of what is true, no third person ("the citizen states that …"): that would need grammar,
//! and a wrong "not" is worse than a quotation.
//!
//! The way of an utterance: `sentences` (merge, split, clean) → `weigh` (cues of a language, facts, place in the call) →
//! `choose` (role, once, within a length) → `pick`.

mod plain;
mod text;
mod cues;
mod sentences;
mod weigh;
mod choose;
mod sections;

use crate::draft::support::Basis;
use crate::draft::{Claim, Drafter, Ending, Gone, Sentences, Written, origin_of};
use choose::{Chosen, Role};
use cues::Cues;
use referent_proto::call::AreaSettings;
use referent_proto::draft::{DraftJob, Evidence, Origin, OriginKind};
use referent_proto::ids::Track;
use referent_proto::speech::Spoken;
use sections::Places;
use sentences::Sentence;
use weigh::Weight;

/// Goes into the origin of every draft; grows with each change of what is picked.
const VERSION: &str = "extractive-2";

/// The drafter that is always there.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedDrafter(());

impl EmbeddedDrafter {
    /// With everything read that it looks things up in: the first draft does not wait for it.
    pub fn ready() -> Self {
        for language in ["da", "en"] {
            Cues::of(language).rules.clean("");
        }
        Self(())
    }
}

/// A sentence of the draft.
#[derive(Clone, PartialEq, Debug)]
pub struct Pick {
    /// Index into the area's sections.
    pub section: usize,
    /// The sentence.
    pub text: Spoken,
    /// What it rests on; never empty.
    pub evidence: Vec<Evidence>,
    /// Whether something was agreed, promised or announced in it.
    pub is_agreed: bool,
}

impl From<Pick> for Claim {
    fn from(Pick { section, text, evidence, .. }: Pick) -> Self {
        Self { section, text, evidence, basis: Basis::Cited }
    }
}

/// Whether the area has a section that this drafter can fill.
pub fn can_write_for(area: &AreaSettings) -> bool {
    Places::of(area).any()
}

/// What was said in a call, read once.
pub struct Reading {
    cues: &'static Cues,
    places: Places,
    sentences: Vec<Sentence>,
    weights: Vec<Weight>,
}

impl Reading {
    /// Reads all that a job brings.
    pub fn of(job: &DraftJob) -> Self {
        let cues = Cues::of(&job.area.language);
        let sentences = sentences::sentences(&job.utterances, cues);
        let weights = weigh::weigh(&sentences, cues);
        Self { cues, places: Places::of(&job.area), sentences, weights }
    }

    /// Whether anything was said that a note could be about.
    pub fn says_anything(&self) -> bool {
        self.weights.iter().any(|weight| !weight.is_noise)
    }

    /// The sentences of the draft, in the order of the area's sections, and in each in the order they were said.
    pub fn picks(&self) -> Vec<Pick> {
        let Self { cues, places, sentences, weights } = self;
        let mut picks: Vec<(usize, Pick)> = choose::choose(sentences, weights, cues)
            .into_iter()
            .filter_map(|chosen| {
                let section = places.of_role(chosen.role)?;
                Some((chosen.said[0], quote(&chosen, section, sentences, cues)))
            })
            .collect();
        picks.sort_by_key(|(at, pick)| (pick.section, *at));
        picks.into_iter().map(|(_, pick)| pick).collect()
    }
}

/// The one form of a sentence of the draft.
fn quote(chosen: &Chosen, section: usize, sentences: &[Sentence], cues: &Cues) -> Pick {
    let mut text = String::new();
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut add = |said: &[usize], with_yes: bool| {
        let who = match sentences[said[0]].track {
            Track::Near => cues.near.as_str(),
            Track::Far => cues.far.as_str(),
        };
        let words: Vec<&str> = said
            .iter()
            .map(|at| if with_yes { sentences[*at].text.as_str() } else { sentences[*at].without_yes(cues) })
            .collect();
        let words = text::capitalised(&words.join(" "));
        if !text.is_empty() {
            text.push(' ');
        }
        let (open, close) = cues.quotes;
        text.extend([who, ": "]);
        text.push(open);
        text.push_str(&words);
        text.push(close);
        for rests in said.iter().flat_map(|at| &sentences[*at].evidence) {
            if !evidence.contains(rests) {
                evidence.push(*rests);
            }
        }
    };
    if let Some(question) = chosen.question {
        add(&[question], true);
    }
    add(&chosen.said, chosen.question.is_some());
    if let Some(answer) = chosen.answer {
        add(&[answer], true);
    }
    Pick { section, text: Spoken::new(text), evidence, is_agreed: chosen.role == Role::Agreed }
}

impl Drafter for EmbeddedDrafter {
    fn origin(&self, job: &DraftJob) -> Origin {
        origin_of(OriginKind::Embedded, VERSION, job)
    }

    async fn write(&self, job: &DraftJob, out: &mut Sentences<'_>) -> Result<Written, Gone> {
        let reading = Reading::of(job);
        let ending = match (can_write_for(&job.area), reading.says_anything()) {
            (_, false) => Ending::Nothing,
            (false, true) => Ending::Unable,
            (true, true) => Ending::Whole,
        };
        for pick in reading.picks() {
            out.put(pick.into()).await?;
        }
        Ok(Written::of(ending))
    }
}

#[cfg(test)]
mod testing {
    use referent_proto::audio::{SampleOffset, SampleSpan};
    use referent_proto::ids::Track;
    use referent_proto::speech::{Spoken, Utterance};

    /// Utterances of two seconds, one second apart.
    pub(super) fn said(dialogue: &[(&str, &str)]) -> Vec<Utterance> {
        dialogue
            .iter()
            .enumerate()
            .map(|(index, (track, text))| {
                let start = index as u64 * 48_000;
                Utterance {
                    track: if *track == "near" { Track::Near } else { Track::Far },
                    span: SampleSpan::new(SampleOffset(start), SampleOffset(start + 32_000)).unwrap(),
                    text: Spoken::new(*text),
                    words: Vec::new(),
                    probability: 0.9,
                    echo_of: None,
                }
            })
            .collect()
    }
}
