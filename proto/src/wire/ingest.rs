//! `ingest.v1` to domain types and back.

use super::calls::{filled_span, offset};
use super::{BadMessage, need};
use crate::audio::{GapReason, SampleSpan};
use crate::call::Direction;
use crate::draft::OriginKind;
use crate::draft::{
    Confirm, Covers, DraftJob, DraftKey, DraftSentence, DrafterTrouble, Evidence, Flag, FlagKind, FlagReason, Missing,
    Origin, Record, UncertainWord,
};
use crate::ids::{CallId, Epoch, PerTrack, Track, WorkerId};
use crate::ingest as wire;
use crate::settle::{NotTranscribedReason, Settle, Settled, SuppressedReason, What};
use crate::speech::{Spoken, Utterance, Word};

impl WorkerId {
    /// The worker with these bytes on the wire.
    pub fn from_wire(field: &'static str, bytes: &[u8]) -> Result<Self, BadMessage> {
        Self::from_bytes(bytes)
            .ok_or_else(|| BadMessage::impossible(field, "16 bytes", format_args!("{} bytes", bytes.len())))
    }
}

fn span(field: &'static str, start: u64, end: u64) -> Result<SampleSpan, BadMessage> {
    SampleSpan::new(offset(field, start)?, offset(field, end)?).ok_or_else(|| {
        BadMessage::impossible(field, "a span that does not end before it starts", format_args!("{start}..{end}"))
    })
}

fn probability(field: &'static str, value: f32) -> Result<f32, BadMessage> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(BadMessage::impossible(field, "0 to 1", value)) }
}

impl TryFrom<wire::Utterance> for Utterance {
    type Error = BadMessage;
    fn try_from(utterance: wire::Utterance) -> Result<Self, BadMessage> {
        let words = utterance.words.into_iter().map(Word::try_from).collect::<Result<_, _>>()?;
        Ok(Self {
            track: Track::from_wire(utterance.track)?,
            span: span("utterance", utterance.start, utterance.end)?,
            text: Spoken::new(utterance.text),
            words,
            probability: probability("utterance.probability", utterance.probability)?,
            echo_of: utterance.echo_of.map(|from| offset("utterance.echo_of", from)).transpose()?,
        })
    }
}

impl From<Utterance> for wire::Utterance {
    fn from(utterance: Utterance) -> Self {
        Self {
            track: utterance.track.into(),
            start: utterance.span.start().0,
            end: utterance.span.end().0,
            text: utterance.text.into_revealed(),
            words: utterance.words.into_iter().map(wire::Word::from).collect(),
            probability: utterance.probability,
            echo_of: utterance.echo_of.map(|from| from.0),
        }
    }
}

impl TryFrom<wire::Word> for Word {
    type Error = BadMessage;
    fn try_from(word: wire::Word) -> Result<Self, BadMessage> {
        Ok(Self {
            text: Spoken::new(word.text),
            span: span("word", word.start, word.end)?,
            probability: probability("word.probability", word.probability)?,
        })
    }
}

impl From<Word> for wire::Word {
    fn from(word: Word) -> Self {
        Self {
            text: word.text.into_revealed(),
            start: word.span.start().0,
            end: word.span.end().0,
            probability: word.probability,
        }
    }
}

impl TryFrom<wire::Settle> for Settle {
    type Error = BadMessage;
    fn try_from(settle: wire::Settle) -> Result<Self, BadMessage> {
        use wire::settle::What as W;
        let what = match need("settle.what", settle.what)? {
            W::Utterance(utterance) => What::Utterance(utterance.try_into()?),
            W::Quiet(_) => What::Quiet,
            W::Suppressed(suppressed) => What::Suppressed {
                reason: SuppressedReason::from_wire(suppressed.reason)?,
                text: Spoken::new(suppressed.text),
            },
            W::Gap(reason) => What::Gap(GapReason::from_wire(reason)),
            W::NotTranscribed(failed) => What::NotTranscribed(NotTranscribedReason::from_wire(failed.reason)?),
        };
        Ok(Self {
            epoch: Epoch(settle.epoch),
            track: Track::from_wire(settle.track)?,
            span: filled_span("settle", settle.from, settle.to)?,
            what,
        })
    }
}

impl From<Settle> for wire::Settle {
    fn from(settle: Settle) -> Self {
        use wire::settle::What as W;
        let what = match settle.what {
            What::Utterance(utterance) => W::Utterance(utterance.into()),
            What::Quiet => W::Quiet(wire::Quiet {}),
            What::Suppressed { reason, text } => {
                W::Suppressed(wire::Suppressed { reason: reason.into(), text: text.into_revealed() })
            }
            What::Gap(reason) => W::Gap(reason.into()),
            What::NotTranscribed(reason) => W::NotTranscribed(wire::NotTranscribed { reason: reason.into() }),
        };
        Self {
            epoch: settle.epoch.0,
            track: settle.track.into(),
            from: settle.span.start().0,
            to: settle.span.end().0,
            what: Some(what),
        }
    }
}

impl TryFrom<wire::Settled> for Settled {
    type Error = BadMessage;
    fn try_from(settled: wire::Settled) -> Result<Self, BadMessage> {
        Ok(Self { track: Track::from_wire(settled.track)?, offset: offset("settled.offset", settled.offset)? })
    }
}

impl From<Settled> for wire::Settled {
    fn from(settled: Settled) -> Self {
        Self { track: settled.track.into(), offset: settled.offset.0 }
    }
}

impl TryFrom<wire::DraftKey> for DraftKey {
    type Error = BadMessage;
    fn try_from(key: wire::DraftKey) -> Result<Self, BadMessage> {
        if key.draft == 0 || key.attempt == 0 {
            return Err(BadMessage::impossible("draft_key", "numbers from 1", 0));
        }
        Ok(Self { call: CallId::from_wire("draft_key.call", &key.call)?, draft: key.draft, attempt: key.attempt })
    }
}

impl From<DraftKey> for wire::DraftKey {
    fn from(key: DraftKey) -> Self {
        Self { call: key.call.bytes().to_vec(), draft: key.draft, attempt: key.attempt }
    }
}

impl TryFrom<wire::Covers> for Covers {
    type Error = BadMessage;
    fn try_from(covers: wire::Covers) -> Result<Self, BadMessage> {
        Ok(PerTrack { near: offset("covers.near", covers.near)?, far: offset("covers.far", covers.far)? })
    }
}

impl From<Covers> for wire::Covers {
    fn from(covers: Covers) -> Self {
        Self { near: covers.near.0, far: covers.far.0 }
    }
}

impl TryFrom<wire::DraftJob> for DraftJob {
    type Error = BadMessage;
    fn try_from(job: wire::DraftJob) -> Result<Self, BadMessage> {
        Ok(Self {
            key: need("draft_job.key", job.key)?.try_into()?,
            lease_ms: job.lease_ms,
            provisional: job.provisional,
            area: need("draft_job.area", job.area)?.try_into()?,
            covers: need("draft_job.covers", job.covers)?.try_into()?,
            utterances: job.utterances.into_iter().map(Utterance::try_from).collect::<Result<_, _>>()?,
            started: need("draft_job.started", job.started)?.into(),
            direction: Direction::from_wire(job.direction)?,
            wish: Spoken::new(job.wish),
        })
    }
}

impl From<DraftJob> for wire::DraftJob {
    fn from(job: DraftJob) -> Self {
        Self {
            key: Some(job.key.into()),
            lease_ms: job.lease_ms,
            provisional: job.provisional,
            area: Some(job.area.into()),
            covers: Some(job.covers.into()),
            utterances: job.utterances.into_iter().map(wire::Utterance::from).collect(),
            started: Some(job.started.into()),
            direction: job.direction.into(),
            wish: job.wish.reveal().to_owned(),
        }
    }
}

impl TryFrom<wire::Evidence> for Evidence {
    type Error = BadMessage;
    fn try_from(evidence: wire::Evidence) -> Result<Self, BadMessage> {
        Ok(Self { track: Track::from_wire(evidence.track)?, start: offset("evidence.start", evidence.start)? })
    }
}

impl From<Evidence> for wire::Evidence {
    fn from(evidence: Evidence) -> Self {
        Self { track: evidence.track.into(), start: evidence.start.0 }
    }
}

impl TryFrom<wire::Flag> for Flag {
    type Error = BadMessage;
    fn try_from(flag: wire::Flag) -> Result<Self, BadMessage> {
        if flag.start > flag.end {
            return Err(BadMessage::impossible("flag", "a part that ends after it starts", flag.start));
        }
        Ok(Self {
            kind: FlagKind::from_wire(flag.kind)?,
            start: flag.start,
            end: flag.end,
            said: Spoken::new(flag.said),
            reason: if flag.reason == 0 { None } else { Some(FlagReason::from_wire(flag.reason)?) },
            evidence: flag.evidence.into_iter().map(Evidence::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl From<Flag> for wire::Flag {
    fn from(flag: Flag) -> Self {
        Self {
            kind: flag.kind.into(),
            start: flag.start,
            end: flag.end,
            said: flag.said.into_revealed(),
            reason: flag.reason.map_or(0, i32::from),
            evidence: flag.evidence.into_iter().map(wire::Evidence::from).collect(),
        }
    }
}

impl TryFrom<wire::Missing> for Missing {
    type Error = BadMessage;
    fn try_from(missing: wire::Missing) -> Result<Self, BadMessage> {
        Ok(Self {
            kind: if missing.kind == 0 { None } else { Some(FlagKind::from_wire(missing.kind)?) },
            fact: missing.fact,
            said: Spoken::new(missing.said),
            evidence: need("missing.evidence", missing.evidence)?.try_into()?,
        })
    }
}

impl From<Missing> for wire::Missing {
    fn from(missing: Missing) -> Self {
        Self {
            kind: missing.kind.map_or(0, i32::from),
            fact: missing.fact,
            said: missing.said.into_revealed(),
            evidence: Some(missing.evidence.into()),
        }
    }
}

impl TryFrom<wire::UncertainWord> for UncertainWord {
    type Error = BadMessage;
    fn try_from(uncertain: wire::UncertainWord) -> Result<Self, BadMessage> {
        let utterance = need("uncertain_word.utterance", uncertain.utterance)?.try_into()?;
        Ok(Self { utterance, word: uncertain.word })
    }
}

impl From<UncertainWord> for wire::UncertainWord {
    fn from(uncertain: UncertainWord) -> Self {
        Self { utterance: Some(uncertain.utterance.into()), word: uncertain.word }
    }
}

impl TryFrom<wire::DraftSentence> for DraftSentence {
    type Error = BadMessage;
    fn try_from(sentence: wire::DraftSentence) -> Result<Self, BadMessage> {
        Ok(Self {
            key: need("draft_sentence.key", sentence.key)?.try_into()?,
            index: sentence.index,
            section: sentence.section,
            text: Spoken::new(sentence.text),
            evidence: sentence.evidence.into_iter().map(Evidence::try_from).collect::<Result<_, _>>()?,
            flags: sentence.flags.into_iter().map(Flag::try_from).collect::<Result<_, _>>()?,
            confirm: if sentence.confirm == 0 { None } else { Some(Confirm::from_wire(sentence.confirm)?) },
        })
    }
}

impl From<DraftSentence> for wire::DraftSentence {
    fn from(sentence: DraftSentence) -> Self {
        Self {
            key: Some(sentence.key.into()),
            index: sentence.index,
            section: sentence.section,
            text: sentence.text.into_revealed(),
            evidence: sentence.evidence.into_iter().map(wire::Evidence::from).collect(),
            flags: sentence.flags.into_iter().map(wire::Flag::from).collect(),
            confirm: sentence.confirm.map_or(0, i32::from),
        }
    }
}

impl TryFrom<wire::Origin> for Origin {
    type Error = BadMessage;
    fn try_from(origin: wire::Origin) -> Result<Self, BadMessage> {
        let trouble = match origin.trouble {
            0 => None,
            number => Some(DrafterTrouble::from_wire(number)?),
        };
        Ok(Self {
            kind: OriginKind::from_wire(origin.kind)?,
            model: origin.model,
            prompt_version: origin.prompt_version,
            area_version: origin.area_version,
            trouble,
            record: origin.record.map(Record::from).unwrap_or_default(),
        })
    }
}

impl From<Origin> for wire::Origin {
    fn from(origin: Origin) -> Self {
        Self {
            kind: origin.kind.into(),
            model: origin.model,
            prompt_version: origin.prompt_version,
            area_version: origin.area_version,
            trouble: origin.trouble.map_or(0, i32::from),
            // A drafter that has nothing to tell says what an earlier version said.
            record: (origin.record != Record::default()).then(|| origin.record.into()),
        }
    }
}

impl From<wire::Record> for Record {
    fn from(record: wire::Record) -> Self {
        Self {
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
        }
    }
}

impl From<Record> for wire::Record {
    fn from(record: Record) -> Self {
        Self {
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
        }
    }
}
