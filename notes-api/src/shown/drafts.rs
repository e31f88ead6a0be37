//! What a pane is shown of a draft: who wrote it, its sentences, what each rests on, and what is doubted.

use referent_proto::{Confirm, DraftFailure, DrafterTrouble, FlagKind, FlagReason, Origin, OriginKind, Spoken, Track};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a draft stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftState {
    /// Being written, or waiting for somebody who writes it.
    Streaming,
    /// Whole.
    Ready,
    /// There is none; `failure` says why.
    Failed,
    /// A newer one took its place before it was whole.
    Superseded,
}

/// The machine's suggestion.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftView {
    /// 1, 2, …
    pub number: i64,
    /// 1, 2, …; a new one replaces the sentences of the old one.
    pub attempt: i64,
    /// streaming, ready, failed
    pub state: DraftState,
    /// `insufficient_content`, `drafter_failed`, `language_not_supported`, `llm_unavailable`, `llm_refused`,
    /// `llm_timeout`, `quota`, `redaction_failed`, `policy`
    #[schema(value_type = Option<String>)]
    pub failure: Option<DraftFailure>,
    /// The call was out of contact, not ended.
    pub provisional: bool,
    /// Who wrote it.
    pub origin: Option<OriginView>,
    /// In order; left out of events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentences: Option<Vec<SentenceView>>,
    /// Hang-up to the first sentence.
    pub first_sentence_ms: Option<i64>,
    /// Hang-up to the whole draft.
    pub whole_ms: Option<i64>,
    /// What was said, or the area wants noted, and stands in no sentence; once the draft is whole.
    pub missing: Vec<MissingView>,
    /// Words of the transcript that were perhaps misheard, and matter; once the draft is whole.
    pub uncertain: Vec<UncertainView>,
}

/// Something that a draft may be missing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MissingView {
    /// Of a value: number, date; null for a fact of the area.
    #[schema(value_type = Option<String>)]
    pub kind: Option<FlagKind>,
    /// Id of the area's fact, or empty.
    pub fact: String,
    /// As it was said.
    #[schema(value_type = String)]
    pub said: Spoken,
    /// The utterance that said it first.
    pub evidence: EvidenceView,
}

/// A word that was perhaps misheard.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UncertainView {
    /// The utterance.
    pub utterance: EvidenceView,
    /// 0, 1, … of its words.
    pub word: u32,
}

/// Who wrote a draft, and how.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OriginView {
    /// llm, embedded, scripted
    #[schema(value_type = String)]
    pub kind: OriginKind,
    /// Name of the model that was asked.
    pub model: String,
    /// Why it is not the language model's, or not all of it: `not_configured`, `llm_unavailable`, `llm_timeout`,
    /// `llm_refused`, `garbled`, `cut_off`, `quota`, `redaction_failed`, `policy`
    #[schema(value_type = Option<String>)]
    pub trouble: Option<DrafterTrouble>,
    /// Version of the prompt; empty without a language model.
    pub prompt_version: String,
    /// Version of the area's settings.
    pub area_version: String,
    /// How it came about.
    pub record: RecordView,
}

/// How a draft came about. Times are from the beginning of the drafting.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordView {
    /// What the language model's server says that it used; empty if it does not say.
    pub model_reported: String,
    /// The same of its set-up.
    pub system_fingerprint: String,
    /// SHA-256 of all that was sent, hex.
    pub prompt_hash: String,
    /// What looked over the sentences.
    pub guards_version: String,
    /// First text of the language model.
    pub first_token_ms: Option<u32>,
    /// First sentence that went out.
    pub first_sentence_ms: Option<u32>,
    /// The end.
    pub whole_ms: Option<u32>,
    /// As the server counts them, all requests together.
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

impl From<Origin> for OriginView {
    fn from(Origin { kind, model, prompt_version, area_version, trouble, record }: Origin) -> Self {
        let record = RecordView {
            model_reported: record.model_reported,
            system_fingerprint: record.system_fingerprint,
            prompt_hash: record.prompt_hash,
            guards_version: record.guards_version,
            first_token_ms: record.first_token_ms,
            first_sentence_ms: record.first_sentence_ms,
            whole_ms: record.whole_ms,
            tokens_in: record.tokens_in,
            tokens_out: record.tokens_out,
            requests: record.requests,
            parts: record.parts,
            repaired: record.repaired,
        };
        Self { kind, model, trouble, prompt_version, area_version, record }
    }
}

/// A sentence of a draft.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SentenceView {
    /// 0, 1, … over the whole draft.
    pub index: i64,
    /// Id of its section.
    pub section: String,
    /// The sentence.
    #[schema(value_type = String)]
    pub text: Spoken,
    /// The utterances it rests on.
    pub evidence: Vec<EvidenceView>,
    /// What is doubted about it.
    pub flags: Vec<FlagView>,
    /// commitment, decision: a person has to confirm it, however right it is
    #[schema(value_type = Option<String>)]
    pub confirm: Option<Confirm>,
}

/// An utterance that a sentence rests on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EvidenceView {
    /// near or far
    #[schema(value_type = String)]
    pub track: Track,
    /// `start` of the utterance.
    pub start: i64,
}

/// A doubt about part of a sentence.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FlagView {
    /// number, date, name, speaker, negation, unsupported, modality, injected
    #[schema(value_type = String)]
    pub kind: FlagKind,
    /// UTF-16 code units in the sentence.
    pub start: u32,
    /// The same.
    pub end: u32,
    /// What the call says instead.
    #[schema(value_type = String)]
    pub said: Spoken,
    /// `other_value`, `said_elsewhere`, `not_said`, `taken_back`, `other_speaker`, `not_theirs`, `not_negated`, `negated`,
    /// `uncertain`, `addressed`, `no_note`, `no_evidence`
    #[schema(value_type = Option<String>)]
    pub reason: Option<FlagReason>,
    /// The utterances that say so.
    pub evidence: Vec<EvidenceView>,
}
