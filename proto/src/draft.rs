//! The machine's suggestion for a note: sentences, what each rests on, and who made it.

use crate::audio::SampleOffset;
use crate::call::{AreaSettings, Direction, Started};
use crate::ids::{CallId, PerTrack, Track};
use crate::speech::{Spoken, Utterance};
use serde::{Deserialize, Serialize};

/// Which draft, and which try at it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DraftKey {
    /// The call.
    pub call: CallId,
    /// 1, 2, …: a new one when sound arrives late or a person asks again.
    pub draft: u32,
    /// 1, 2, …: a new one when a lease ran out.
    pub attempt: u32,
}

/// Up to where of each track a draft has heard.
pub type Covers = PerTrack<SampleOffset>;

/// What a draft sentence rests on: the utterance of `track` that starts at `start`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// Who said it.
    pub track: Track,
    /// Where the utterance starts.
    pub start: SampleOffset,
}

/// What a guard doubts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// A number that the call does not say.
    Number,
    /// A date that the call does not say.
    Date,
    /// A name that the call does not say.
    Name,
    /// Said by the other one.
    Speaker,
    /// A "not" too many or too few.
    Negation,
    /// Nothing in the call says so.
    Unsupported,
    /// Certain in the draft, uncertain in the call.
    Modality,
    /// Meant for whoever writes the note, or no sentence of one.
    Injected,
}

/// Why a guard doubts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagReason {
    /// The cited utterances say another value.
    OtherValue,
    /// The call says it, but not where the draft points.
    SaidElsewhere,
    /// The call says it nowhere.
    NotSaid,
    /// The speaker took it back and said another.
    TakenBack,
    /// The other one said it.
    OtherSpeaker,
    /// Only the authority can say so, and it rests on the citizen's words.
    NotTheirs,
    /// The draft says no, the call does not.
    NotNegated,
    /// The call says no, the draft does not.
    Negated,
    /// The call says it with a "perhaps" or an "if".
    Uncertain,
    /// It rests on words that were meant for whoever writes the note.
    Addressed,
    /// It is no sentence of a note.
    NoNote,
    /// It rests on nothing.
    NoEvidence,
}

/// A guard's doubt about a part of a sentence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Flag {
    /// What is doubted.
    pub kind: FlagKind,
    /// Where it begins in the sentence, in UTF-16 code units.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// What the call says instead; empty if nothing does.
    pub said: Spoken,
    /// Why. `None` in drafts of earlier versions.
    #[serde(default)]
    pub reason: Option<FlagReason>,
    /// The utterances that say so.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// What a person has to say yes to, however right it is. No flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// Somebody will do something.
    Commitment,
    /// Something was decided.
    Decision,
}

/// Something that was said, or that the area wants noted, and that stands in no sentence. No flag.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Missing {
    /// Of a value; `None` for a fact of the area.
    pub kind: Option<FlagKind>,
    /// Id of the area's fact, or empty.
    pub fact: String,
    /// As it was said.
    pub said: Spoken,
    /// The utterance that said it first.
    pub evidence: Evidence,
}

/// A word that was perhaps misheard, and matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UncertainWord {
    /// The utterance.
    pub utterance: Evidence,
    /// 0, 1, … of it.
    pub word: u32,
}

/// One sentence of a draft.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DraftSentence {
    /// Which draft.
    pub key: DraftKey,
    /// 0, 1, … over the whole draft.
    pub index: u32,
    /// Id of the section it belongs to.
    pub section: String,
    /// The sentence.
    pub text: Spoken,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What is doubted about it.
    pub flags: Vec<Flag>,
    /// Whether a person has to confirm it.
    pub confirm: Option<Confirm>,
}

/// Who wrote a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// A language model.
    Llm,
    /// The embedded drafter: sentences picked from the call.
    Embedded,
    /// A script, in tests.
    Scripted,
}

/// Why a draft is not the language model's, although one was configured, or that none was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrafterTrouble {
    /// No language model is configured.
    NotConfigured,
    /// No connection.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The server said no.
    Refused,
    /// The answer could not be read.
    Garbled,
    /// The answer stopped in the middle.
    CutOff,
}

/// Where a draft comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// Who wrote it.
    pub kind: OriginKind,
    /// Name of the model, or of the embedded drafter's version.
    pub model: String,
    /// Version of the prompt, or empty.
    pub prompt_version: String,
    /// Version of the area's settings.
    pub area_version: String,
    /// Why it is not the language model's.
    pub trouble: Option<DrafterTrouble>,
}

/// Why there is no draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftFailure {
    /// Nothing was said that could be summarised.
    InsufficientContent,
    /// The drafter failed.
    DrafterFailed,
}

/// A leased order for a draft, with all it needs.
#[derive(Clone, PartialEq, Debug)]
pub struct DraftJob {
    /// Which draft.
    pub key: DraftKey,
    /// The lease: how long without a renewal until somebody else gets the job, milliseconds.
    pub lease_ms: u32,
    /// The call is out of contact, not ended.
    pub provisional: bool,
    /// The department's settings.
    pub area: AreaSettings,
    /// Up to where the utterances reach.
    pub covers: Covers,
    /// What was said, in order of start.
    pub utterances: Vec<Utterance>,
    /// When the call began: relative dates rest on it.
    pub started: Started,
    /// Who called whom.
    pub direction: Direction,
}
