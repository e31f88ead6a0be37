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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
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
    /// No connection, or its server is in trouble: ask again later.
    #[serde(alias = "unreachable")]
    LlmUnavailable,
    /// No answer in time.
    #[serde(alias = "timed_out")]
    LlmTimeout,
    /// The server or the model said no: asking again will not help.
    #[serde(alias = "refused")]
    LlmRefused,
    /// Nothing in the answer was of use.
    Garbled,
    /// The answer stopped in the middle.
    CutOff,
    /// No more may be asked of the server for now.
    Quota,
    /// What identifies a citizen could not be taken out, so nothing was sent.
    RedactionFailed,
    /// The authority does not allow it.
    Policy,
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
    /// How it came about. Empty in drafts that were stored before there was one.
    #[serde(default)]
    pub record: Record,
}

/// The record of a draft: what is needed to say later how it came about.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// What the server says that it used; `Origin.model` is what was asked for.
    pub model_reported: String,
    /// As the server says it.
    pub system_fingerprint: String,
    /// SHA-256 of all that was sent, hex.
    pub prompt_hash: String,
    /// What looked over the sentences.
    pub guards_version: String,
    /// From the beginning of the drafting to the first text of the language model.
    pub first_token_ms: Option<u32>,
    /// To the first sentence that went out.
    pub first_sentence_ms: Option<u32>,
    /// To the end.
    pub whole_ms: Option<u32>,
    /// As the server says it, all requests of the draft together.
    pub tokens_in: Option<u32>,
    /// The same.
    pub tokens_out: Option<u32>,
    /// How often the server was asked.
    pub requests: u32,
    /// In how many parts the call was read.
    pub parts: u32,
    /// Sentences whose evidence was looked up again.
    pub repaired: u32,
}

/// Why there is no draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftFailure {
    /// Nothing was said that could be summarised.
    InsufficientContent,
    /// The drafter failed.
    DrafterFailed,
    /// Only a language model could write about this language, and none is configured.
    LanguageNotSupported,
    /// As the trouble of that name, and nothing else can write for the area.
    LlmUnavailable,
    /// The same.
    LlmRefused,
    /// The same.
    LlmTimeout,
    /// The same.
    Quota,
    /// The same.
    RedactionFailed,
    /// The same.
    Policy,
}

impl From<DrafterTrouble> for DraftFailure {
    /// What the caseworker is told where the language model did not write, and nothing else can.
    fn from(trouble: DrafterTrouble) -> Self {
        match trouble {
            DrafterTrouble::LlmUnavailable => Self::LlmUnavailable,
            DrafterTrouble::LlmTimeout => Self::LlmTimeout,
            DrafterTrouble::LlmRefused => Self::LlmRefused,
            DrafterTrouble::Quota => Self::Quota,
            DrafterTrouble::RedactionFailed => Self::RedactionFailed,
            DrafterTrouble::Policy => Self::Policy,
            DrafterTrouble::NotConfigured | DrafterTrouble::Garbled | DrafterTrouble::CutOff => Self::DrafterFailed,
        }
    }
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
    /// What the caseworker wants of this draft, in their own words; empty: nothing special.
    pub wish: Spoken,
}
