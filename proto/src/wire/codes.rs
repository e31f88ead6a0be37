//! Enums: wire number, domain value and name are one table each.

use super::BadMessage;
use crate::{area, audio, call, calls, draft, ids, ingest, settle};

/// One table: the domain value, its wire value, and the word that SQL, JSON, metrics and logs use.
macro_rules! code {
    ($field:literal, $domain:ty, $wire:ty, { $($value:ident = $wire_value:ident / $name:literal),+ $(,)? }) => {
        impl From<$domain> for i32 {
            fn from(value: $domain) -> Self {
                match value { $(<$domain>::$value => <$wire>::$wire_value as Self),+ }
            }
        }
        impl $domain {
            /// The value with this number on the wire.
            pub fn from_wire(number: i32) -> Result<Self, BadMessage> {
                match <$wire>::try_from(number) {
                    $(Ok(<$wire>::$wire_value) => Ok(Self::$value),)+
                    _ => Err(BadMessage::impossible($field, "a value of this version", number)),
                }
            }
        }
        code!(@names $domain, { $($value / $name),+ });
    };
    (@names $domain:ty, { $($value:ident / $name:literal),+ }) => {
        impl $domain {
            /// The word that SQL, JSON, metrics and logs use.
            pub fn name(self) -> &'static str {
                match self { $(Self::$value => $name),+ }
            }
            /// The value of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$value),)+ _ => None }
            }
        }
        impl std::fmt::Display for $domain {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

impl From<ids::Track> for i32 {
    fn from(track: ids::Track) -> Self {
        match track {
            ids::Track::Near => calls::Track::Near as Self,
            ids::Track::Far => calls::Track::Far as Self,
        }
    }
}

impl ids::Track {
    /// The track with this number on the wire.
    pub fn from_wire(number: i32) -> Result<Self, BadMessage> {
        match calls::Track::try_from(number) {
            Ok(calls::Track::Near) => Ok(Self::Near),
            Ok(calls::Track::Far) => Ok(Self::Far),
            _ => Err(BadMessage::impossible("track", "near or far", number)),
        }
    }
}

impl From<audio::GapReason> for i32 {
    fn from(reason: audio::GapReason) -> Self {
        use audio::GapReason as D;
        use calls::GapReason as W;
        (match reason {
            D::NotStarted => W::NotStarted,
            D::BeforeConsent => W::BeforeConsent,
            D::Paused => W::Paused,
            D::NotAllowed => W::NotAllowed,
            D::NoSource => W::NoSource,
            D::DeviceLost => W::DeviceLost,
            D::Overrun => W::Overrun,
            D::AgentDown => W::AgentDown,
            D::Asleep => W::Asleep,
            D::DiskFull => W::DiskFull,
            D::Quota => W::Quota,
            D::Damaged => W::Damaged,
            D::KeyGone => W::KeyGone,
            D::ServerLost => W::ServerLost,
            D::Other => W::Unspecified,
        }) as Self
    }
}

impl audio::GapReason {
    /// The reason with this number on the wire; an unknown one is kept as `Other`, never refused, because refusing it
    /// would lose the call that it explains.
    pub fn from_wire(number: i32) -> Self {
        use calls::GapReason as W;
        match W::try_from(number) {
            Ok(W::NotStarted) => Self::NotStarted,
            Ok(W::BeforeConsent) => Self::BeforeConsent,
            Ok(W::Paused) => Self::Paused,
            Ok(W::NotAllowed) => Self::NotAllowed,
            Ok(W::NoSource) => Self::NoSource,
            Ok(W::DeviceLost) => Self::DeviceLost,
            Ok(W::Overrun) => Self::Overrun,
            Ok(W::AgentDown) => Self::AgentDown,
            Ok(W::Asleep) => Self::Asleep,
            Ok(W::DiskFull) => Self::DiskFull,
            Ok(W::Quota) => Self::Quota,
            Ok(W::Damaged) => Self::Damaged,
            Ok(W::KeyGone) => Self::KeyGone,
            Ok(W::ServerLost) => Self::ServerLost,
            Ok(W::Unspecified) | Err(_) => Self::Other,
        }
    }
}

code!(@names audio::GapReason, {
    NotStarted / "not_started", BeforeConsent / "before_consent", Paused / "paused", NotAllowed / "not_allowed",
    NoSource / "no_source", DeviceLost / "device_lost", Overrun / "overrun", AgentDown / "agent_down",
    Asleep / "asleep", DiskFull / "disk_full", Quota / "quota", Damaged / "damaged", KeyGone / "key_gone",
    ServerLost / "server_lost", Other / "other"
});

code!("mode", call::Mode, calls::Mode, {
    Off = Off / "off", Notice = Notice / "notice", Consent = Consent / "consent",
    Documentation = Documentation / "documentation",
});

code!("direction", call::Direction, calls::Direction, {
    Incoming = Incoming / "incoming", Outgoing = Outgoing / "outgoing", Unknown = Unspecified / "unknown",
});

code!("hang_up.reason", call::HangUpReason, calls::HangUpReason, {
    Person = Person / "person", Telephony = Telephony / "telephony", Rule = Rule / "rule", Crash = Crash / "crash",
});

code!("urgency", call::Urgency, calls::Urgency, { Live = Live / "live", Backlog = Backlog / "backlog" });

code!("command.kind", call::CommandKind, calls::CommandKind, {
    Pause = Pause / "pause", Resume = Resume / "resume", Discard = Discard / "discard",
});

code!("agent_state.state", call::AgentStateKind, calls::AgentStateKind, {
    Starting = Starting / "starting", Listening = Listening / "listening", Paused = Paused / "paused",
    AwaitingConsent = AwaitingConsent / "awaiting_consent", OfflineKeeping = OfflineKeeping / "offline_keeping",
    CatchingUp = CatchingUp / "catching_up", NoSoundNear = NoSoundNear / "no_sound_near",
    NoSoundFar = NoSoundFar / "no_sound_far", DiskFull = DiskFull / "disk_full",
    NotAllowed = NotAllowed / "not_allowed", Idle = Idle / "idle",
});

code!("call_state", call::CallState, ingest::CallState, {
    Live = Live / "live", OutOfContact = OutOfContact / "out_of_contact", Ended = Ended / "ended",
    Complete = Complete / "complete", Discarded = Discarded / "discarded",
});

code!("suppressed.reason", settle::SuppressedReason, ingest::SuppressedReason, {
    NoSpeech = NoSpeech / "no_speech", LowProbability = LowProbability / "low_probability",
    Repetition = Repetition / "repetition", KnownInvention = KnownInvention / "known_invention",
    Empty = Empty / "empty", GlossaryRepeated = GlossaryRepeated / "glossary_repeated",
});

code!("not_transcribed.reason", settle::NotTranscribedReason, ingest::NotTranscribedReason, {
    RecogniserFailed = RecogniserFailed / "recogniser_failed", RecogniserDied = RecogniserDied / "recogniser_died",
    TimedOut = TimedOut / "timed_out",
});

code!("origin.kind", draft::OriginKind, ingest::OriginKind, {
    Llm = Llm / "llm", Embedded = Embedded / "embedded", Scripted = Scripted / "scripted",
});

code!("origin.trouble", draft::DrafterTrouble, ingest::DrafterTrouble, {
    NotConfigured = NotConfigured / "not_configured", LlmUnavailable = LlmUnavailable / "llm_unavailable",
    LlmTimeout = LlmTimeout / "llm_timeout", LlmRefused = LlmRefused / "llm_refused", Garbled = Garbled / "garbled",
    CutOff = CutOff / "cut_off", Quota = Quota / "quota", RedactionFailed = RedactionFailed / "redaction_failed",
    Policy = Policy / "policy",
});

code!("draft_failed.failure", draft::DraftFailure, ingest::DraftFailure, {
    InsufficientContent = InsufficientContent / "insufficient_content",
    DrafterFailed = DrafterFailed / "drafter_failed",
    LanguageNotSupported = LanguageNotSupported / "language_not_supported",
    LlmUnavailable = LlmUnavailable / "llm_unavailable", LlmRefused = LlmRefused / "llm_refused",
    LlmTimeout = LlmTimeout / "llm_timeout", Quota = Quota / "quota",
    RedactionFailed = RedactionFailed / "redaction_failed", Policy = Policy / "policy",
});

code!("flag.kind", draft::FlagKind, ingest::FlagKind, {
    Number = Number / "number", Date = Date / "date", Name = Name / "name", Speaker = Speaker / "speaker",
    Negation = Negation / "negation", Unsupported = Unsupported / "unsupported", Modality = Modality / "modality",
    Injected = Injected / "injected",
});

code!("flag.reason", draft::FlagReason, ingest::FlagReason, {
    OtherValue = OtherValue / "other_value", SaidElsewhere = SaidElsewhere / "said_elsewhere",
    NotSaid = NotSaid / "not_said", TakenBack = TakenBack / "taken_back", OtherSpeaker = OtherSpeaker / "other_speaker",
    NotTheirs = NotTheirs / "not_theirs", NotNegated = NotNegated / "not_negated", Negated = Negated / "negated",
    Uncertain = Uncertain / "uncertain", Addressed = Addressed / "addressed", NoNote = NoNote / "no_note",
    NoEvidence = NoEvidence / "no_evidence",
});

code!("draft_sentence.confirm", draft::Confirm, ingest::Confirm, {
    Commitment = Commitment / "commitment", Decision = Decision / "decision",
});

code!("area.style.length", area::Length, ingest::Length, {
    Short = Short / "short", Normal = Normal / "normal", Detailed = Detailed / "detailed",
});

code!("area.must_note.kind", area::FactKind, ingest::FactKind, {
    Number = Number / "number", Amount = Amount / "amount", Date = Date / "date", Time = Time / "time",
    Name = Name / "name", Address = Address / "address", Other = Other / "other",
});

code!("area.pseudonyms", area::Pseudonyms, ingest::Pseudonyms, {
    None = None / "none", Identifiers = Identifiers / "identifiers", Full = Full / "full",
});
