//! Makes the draft of a call: a job in, sentences out, one by one as they become whole.
//!
//! In: a [`DraftJob`] with all that was said. Out: [`DraftOut`], first sentences, then exactly one `Finished` or
//! `Failed` (nothing at all after a cancel or when nobody takes them any more).
//!
//! Promises:
//!   D1  There is a draft, or a typed failure, within the language model's total limit plus a moment, which the
//!       configuration keeps below 15 s: whatever its server does, the embedded drafter stands behind it.
//!   D2  A sentence that went out stays; nothing is taken back. If the model stops in the middle, its whole sentences
//!       stay, the embedded drafter adds what its unfinished and empty sections lack, and the origin says `llm` with
//!       the trouble `cut_off`. If it wrote nothing, the draft and the origin are the embedded drafter's, with the
//!       trouble that was met.
//!   D3  Every sentence stands in a section of the area, and rests on utterances of the job or says that it rests on none.
//!   D4  About a call in another language than the note's only the language model writes. The embedded drafter would put
//!       foreign words under Danish headings: without a language model that is `language_not_supported`.
//!   D5  The origin says how the draft came about ([`Record`]).
//!   D6  Every sentence goes through the guards (`check`), whoever wrote it.
//!   D7  A language model sees no more of who is who than the area allows (`hidden`); in doubt it is not asked.
//!   D8  Which language model is asked is the area's choice among those that the operator has set up (`choice`). Where the two
//!       do not agree none is, and the draft says `policy`.
//!
//! Not done here: no lease, no acknowledgement (the caller's).

pub mod area_words;
pub mod spoken;
pub mod tokens;
pub mod parts;
pub mod prompt;
pub mod check;
pub mod hidden;
pub mod legible;
pub mod lines;
mod sentences;
pub mod support;
pub mod llm;
pub mod choice;
pub mod embedded;
pub mod scripted;
pub mod warm;

pub use sentences::Sentences;

use crate::config::{DrafterConfig, DrafterKind, Models};
use crate::openai::Unusable;
use choice::{Llms, NotAllowed};
use embedded::{EmbeddedDrafter, Pick, Reading};
use llm::LlmDrafter;
use referent_dk_identifiers::pseudonyms::Mode;
use referent_proto::draft::{
    Covers, DraftFailure, DraftJob, DraftKey, DraftSentence, DrafterTrouble, Evidence, Missing, Origin, OriginKind,
    Record, UncertainWord,
};
use referent_proto::speech::{Spoken, Utterance};
use referent_proto::{AreaSettings, Pseudonyms};
use referent_telemetry::step;
use scripted::ScriptedDrafter;
use sentences::Place;
use spoken::SpokenIn;
use std::future::Future;
use std::time::Duration;
use support::Basis;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

/// What a job gives.
#[derive(Clone, PartialEq, Debug)]
pub enum DraftOut {
    /// The next sentence.
    Sentence(DraftSentence),
    /// The draft is whole.
    Finished {
        /// Which draft.
        key: DraftKey,
        /// Who wrote it.
        origin: Origin,
        /// Up to where it has heard.
        covers: Covers,
        /// How many sentences went out.
        sentences: u32,
        /// How many lines of the language model's answer were not shown.
        lines_not_parsed: u32,
        /// What may be missing.
        missing: Vec<Missing>,
        /// Words that were perhaps misheard.
        uncertain: Vec<UncertainWord>,
    },
    /// There is no draft.
    Failed {
        /// Which draft.
        key: DraftKey,
        /// Why.
        failure: DraftFailure,
        /// Up to where it has heard.
        covers: Covers,
    },
}

impl DraftOut {
    /// Which draft.
    pub fn key(&self) -> DraftKey {
        match self {
            Self::Sentence(sentence) => sentence.key,
            Self::Finished { key, .. } | Self::Failed { key, .. } => *key,
        }
    }
}

/// Somebody who writes drafts: the language model, the embedded drafter, a script.
pub trait Drafter {
    /// Who that is, as the draft says it.
    fn origin(&self, job: &DraftJob) -> Origin;

    /// Writes the draft, each sentence as soon as it is whole.
    fn write(&self, job: &DraftJob, out: &mut Sentences<'_>) -> impl Future<Output = Result<Written, Gone>> + Send;
}

/// How writing went. The sentences themselves are out already.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// How it ended.
    pub ending: Ending,
    /// Lines that were not shown.
    pub lines_not_parsed: u32,
    /// How it came about, as far as the drafter knows.
    pub record: Record,
    /// Utterances that nobody wrote about: of parts of a long call, and of sentences that were too long to be shown.
    pub missing: Vec<Evidence>,
}

impl Written {
    /// By a drafter that has nothing to tell of itself.
    pub fn of(ending: Ending) -> Self {
        Self { ending, lines_not_parsed: 0, record: Record::default(), missing: Vec::new() }
    }
}

/// A sentence, before anybody has looked over it.
#[derive(Clone, PartialEq, Debug)]
pub struct Claim {
    /// Index into the area's sections.
    pub section: usize,
    /// The sentence.
    pub text: Spoken,
    /// The utterances that it rests on.
    pub evidence: Vec<Evidence>,
    /// Who says so.
    pub basis: Basis,
}

/// How a drafter ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It said all it had to say.
    Whole,
    /// It had more to say than the area wants; what is beyond is not shown.
    Full,
    /// It says that there is nothing to write.
    Nothing,
    /// It did not get to its end.
    Stopped(DrafterTrouble),
    /// It cannot write for an area like this one.
    Unable,
}

/// Nobody takes the sentences any more: the job is somebody else's, or the process stops. Give up, quietly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("nobody takes the draft any more")]
pub struct Gone;

/// The drafters of this process.
pub struct Drafters {
    first: First,
    embedded: EmbeddedDrafter,
}

enum First {
    Llm(Box<Llms>),
    Embedded,
    Scripted(ScriptedDrafter),
}

impl Drafters {
    /// The drafters that the config asks for. Fails only if the language model's address cannot be one.
    pub fn new(config: &DrafterConfig) -> Result<Self, Unusable> {
        let first = match (config.kind, &config.llm) {
            (DrafterKind::Llm, Some(llm)) => First::Llm(Box::new(Llms::only(LlmDrafter::new(llm)?))),
            (DrafterKind::Llm | DrafterKind::Embedded, _) => First::Embedded,
            (DrafterKind::Scripted, _) => First::Scripted(ScriptedDrafter::default()),
        };
        Ok(Self { first, embedded: EmbeddedDrafter::ready() })
    }

    /// The same, with the language models that areas may name. Fails only if an address cannot be one.
    pub fn with_models(self, models: &Models) -> Result<Self, Unusable> {
        let first = match self.first {
            First::Llm(llms) => First::Llm(Box::new(llms.and(models)?)),
            other => other,
        };
        Ok(Self { first, ..self })
    }

    /// The language model that writes about calls of this area, if one does.
    pub fn llm_of(&self, area: &AreaSettings) -> Option<&LlmDrafter> {
        match &self.first {
            First::Llm(llms) => llms.of(area).ok(),
            First::Embedded | First::Scripted(_) => None,
        }
    }

    /// A script in place of everything else.
    pub fn scripted(script: ScriptedDrafter) -> Self {
        Self { first: First::Scripted(script), embedded: EmbeddedDrafter::ready() }
    }
}

/// Makes one draft. Returns when it is finished, failed, cancelled, or no longer wanted.
///
/// What the microphone caught of the citizen's voice from a loudspeaker stands on the far track already; here it would be
/// the caseworker who says it.
pub async fn run(mut job: DraftJob, drafters: &Drafters, out: mpsc::Sender<DraftOut>, cancel: CancellationToken) {
    job.utterances.retain(|said| said.echo_of.is_none());
    let span = tracing::info_span!("draft", call = %job.key.call, draft = job.key.draft, attempt = job.key.attempt);
    let drafting = draft(&job, drafters, &out).instrument(span.clone());
    match cancel.run_until_cancelled(drafting).await {
        Some(Ok(())) => {}
        Some(Err(Gone)) => span.in_scope(|| tracing::info!("nobody takes the draft any more")),
        None => span.in_scope(|| tracing::info!("drafting was cancelled")),
    }
}

async fn draft(job: &DraftJob, drafters: &Drafters, out: &mpsc::Sender<DraftOut>) -> Result<(), Gone> {
    let mut sentences = Sentences::new(job, out);
    if job.utterances.iter().all(|said| said.text.is_blank()) {
        return sentences.fail(DraftFailure::InsufficientContent).await;
    }
    let is_foreign = !SpokenIn::of(&job.area, &job.utterances).foreign().is_empty();
    match &drafters.first {
        First::Scripted(script) => {
            let written = script.write(job, &mut sentences).await?;
            sentences.conclude(written, script.origin(job)).await
        }
        First::Embedded if is_foreign => sentences.fail(DraftFailure::LanguageNotSupported).await,
        First::Embedded => draft_without(&drafters.embedded, job, DrafterTrouble::NotConfigured, sentences).await,
        First::Llm(llms) => match llms.of(&job.area) {
            Ok(llm) => draft_with(llm, &drafters.embedded, job, is_foreign, sentences).await,
            Err(not_allowed) => {
                tell_why(not_allowed, &job.area);
                if is_foreign {
                    return sentences.fail(DraftFailure::Policy).await;
                }
                draft_without(&drafters.embedded, job, DrafterTrouble::Policy, sentences).await
            }
        },
    }
}

/// The embedded drafter writes, and the draft says why no language model did.
async fn draft_without(
    embedded: &EmbeddedDrafter,
    job: &DraftJob,
    trouble: DrafterTrouble,
    mut sentences: Sentences<'_>,
) -> Result<(), Gone> {
    let written = embedded.write(job, &mut sentences).instrument(step!("embedded")).await?;
    let origin = Origin { trouble: Some(trouble), ..embedded.origin(job) };
    sentences.conclude(written, origin).await
}

/// An area that wants no language model gets what it wants; the others are mistakes that somebody should see.
fn tell_why(not_allowed: NotAllowed, area: &AreaSettings) {
    let (area, model) = (area.area.as_str(), area.model.as_str());
    match not_allowed {
        NotAllowed::ByTheArea => tracing::debug!(area, "{not_allowed}"),
        NotAllowed::Unknown | NotAllowed::NotLocal => {
            tracing::warn!(area, model, "{not_allowed}; nothing is sent, the embedded drafter writes");
        }
    }
}

/// The language model writes; where it does not, the embedded drafter does.
async fn draft_with(
    llm: &LlmDrafter,
    embedded: &EmbeddedDrafter,
    job: &DraftJob,
    is_foreign: bool,
    mut sentences: Sentences<'_>,
) -> Result<(), Gone> {
    let reading = Reading::of(job);
    // What it takes for noise is noise in the note's language only.
    if !is_foreign && !reading.says_anything() {
        // No model is asked to make something of a greeting: it would.
        return sentences.fail(DraftFailure::InsufficientContent).await;
    }
    let step = step!("llm", outcome = Empty, trouble = Empty);
    let mut written = match hidden::hide(job, mode_of(&job.area)) {
        Ok((shown, hidden)) => {
            sentences.hidden = Some(hidden);
            llm.write(&shown, &mut sentences).instrument(step.clone()).await?
        }
        Err(doubtful) => {
            // Nothing is sent.
            tracing::warn!(%doubtful, "what identifies people cannot be hidden with certainty");
            Written::of(Ending::Stopped(DrafterTrouble::RedactionFailed))
        }
    };
    sentences.hidden = None;
    written.lines_not_parsed += std::mem::take(&mut sentences.refused);
    tell(&step, written.ending);
    drop(step);
    let picks = if is_foreign { Vec::new() } else { reading.picks() };
    let by_llm = !sentences.written.is_empty();
    let trouble = match (written.ending, by_llm) {
        (Ending::Whole, true) if written.missing.is_empty() && reaches_the_end(job, &sentences, &picks) => None,
        (Ending::Whole | Ending::Full | Ending::Stopped(_), true) => Some(DrafterTrouble::CutOff),
        (Ending::Stopped(trouble), false) => Some(trouble),
        (Ending::Whole | Ending::Full | Ending::Nothing | Ending::Unable, _) => Some(DrafterTrouble::Garbled),
    };
    let Some(trouble) = trouble else {
        return sentences.conclude(written, llm.origin(job)).await;
    };
    if is_foreign && !by_llm {
        tracing::warn!(?trouble, "there is no other drafter for this language");
        return sentences.fail(trouble.into()).await;
    }
    tracing::warn!(?trouble, ending = ?written.ending, by_llm, "the embedded drafter steps in");
    let _step = step!("embedded");
    for pick in lacking(picks, &sentences.written, &written) {
        sentences.put(pick.into()).await?;
    }
    let origin = if by_llm { llm.origin(job) } else { embedded.origin(job) };
    let ending = match written.ending {
        Ending::Nothing => Ending::Nothing,
        _ if embedded::can_write_for(&job.area) => Ending::Whole,
        _ => Ending::Unable,
    };
    sentences.conclude(Written { ending, ..written }, Origin { trouble: Some(trouble), ..origin }).await
}

fn tell(step: &Span, ending: Ending) {
    let outcome = match ending {
        Ending::Whole => "whole",
        Ending::Full => "full",
        Ending::Nothing => "nothing",
        Ending::Unable => "unable",
        Ending::Stopped(trouble) => {
            step.record("trouble", trouble.name());
            "stopped"
        }
    };
    step.record("outcome", outcome);
}

/// False if the model wrote only about the first part of the call although things were agreed in the rest: some
/// servers cut a long prompt silently, and what is agreed tends to stand at the end.
fn reaches_the_end(job: &DraftJob, sentences: &Sentences<'_>, picks: &[Pick]) -> bool {
    let Some(last) = sentences.written.iter().flat_map(|one| &one.evidence).map(|rests| rests.start).max() else {
        return false;
    };
    let Some(late) = job.utterances.get(job.utterances.len() * 6 / 10).map(|said| said.span.start()) else {
        return true;
    };
    last >= late || !picks.iter().any(|pick| pick.is_agreed && pick.evidence.iter().any(|rests| rests.start >= late))
}

/// What the embedded drafter has for the sections that the model left empty, for the one in which it stopped, and for the
/// utterances that it did not write about. Where it wrote all that the area wants, the empty sections are enough.
fn lacking(picks: Vec<Pick>, out: &[Place], written: &Written) -> Vec<Pick> {
    let is_full = written.ending == Ending::Full;
    let stopped_in = out.last().map(|place| place.section).filter(|_| !is_full);
    let missing = &written.missing;
    picks
        .into_iter()
        .filter(|pick| {
            let mut same_section = out.iter().filter(|place| place.section == pick.section).peekable();
            if same_section.peek().is_none() {
                return true;
            }
            let cited = same_section.any(|place| pick.evidence.iter().any(|rests| place.evidence.contains(rests)));
            let is_missing = pick.evidence.iter().any(|rests| missing.contains(rests));
            let stopped_here = missing.is_empty() && stopped_in == Some(pick.section);
            (stopped_here || is_missing) && !cited
        })
        .collect()
}

/// What the area hides from a language model.
pub(crate) fn mode_of(area: &AreaSettings) -> Mode {
    match area.pseudonyms() {
        Pseudonyms::None => Mode::None,
        Pseudonyms::Identifiers => Mode::Identifiers,
        Pseudonyms::Full => Mode::Full,
    }
}

/// For a record.
pub(crate) fn ms(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// What it means to rest on this utterance.
pub(crate) fn evidence_of(said: &Utterance) -> Evidence {
    Evidence { track: said.track, start: said.span.start() }
}

/// An origin without a prompt and without trouble.
pub(crate) fn origin_of(kind: OriginKind, model: &str, job: &DraftJob) -> Origin {
    Origin {
        kind,
        model: model.to_owned(),
        prompt_version: String::new(),
        area_version: job.area.version.clone(),
        trouble: None,
        record: Record::default(),
    }
}
