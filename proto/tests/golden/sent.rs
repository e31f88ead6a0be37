//! Every message that is sent, with its name.

use crate::given::{
    CALL, agent_state, area, area_with_all, area_with_languages, glossary_repeated, hang_up, hello, job, key, known,
    presence_command, presence_done, presence_hello, utterance,
};
use prost::Message as _;
use referent_proto::calls::from_presence::Kind as FromPresence;
use referent_proto::ingest::from_presence::Kind as FromWorkerPresence;
use referent_proto::{calls, identity, ingest};

pub(crate) fn every_message_that_is_sent() -> Vec<(&'static str, Vec<u8>)> {
    use calls::{from_agent::Kind as Up, to_agent::Kind as Down};
    use ingest::{from_drafter, from_worker, settle::What, to_drafter, to_worker};
    let near = calls::Track::Near.into();
    let chunk = calls::Chunk {
        track: near,
        first_sample: 1600,
        samples: 2,
        sound: Some(calls::chunk::Sound::Pcm(vec![1, 0, 255, 255])),
    };
    let sealed = calls::Chunk {
        track: near,
        first_sample: 3200,
        samples: 1,
        sound: Some(calls::chunk::Sound::Sealed(calls::Sealed {
            key_id: "00f1e2d3c4b5a697".into(),
            run: 1,
            enc: vec![7; 32],
            record_number: 2,
            bytes: vec![9; 18],
        })),
    };
    let command =
        calls::Command { id: "01935a00-0000-7000-8000-000000000002".into(), kind: calls::CommandKind::Discard.into() };
    let done = calls::Done { command: command.id.clone() };
    let paused = calls::GapReason::Paused.into();
    vec![
        ("up hello", up(Up::Hello(hello()))),
        ("up chunk", up(Up::Chunk(chunk))),
        ("up chunk sealed", up(Up::Chunk(sealed))),
        ("up gap", up(Up::Gap(calls::Gap { track: near, first_sample: 3200, end_sample: 4800, reason: paused }))),
        ("up agent_state", up(Up::AgentState(agent_state()))),
        ("up done", up(Up::Done(done.clone()))),
        ("up hang_up", up(Up::HangUp(hang_up()))),
        ("up discard", up(Up::Discard(calls::Discard {}))),
        ("down welcome", down(Down::Welcome(calls::Welcome { mode: 1, area_version: "ab".into() }))),
        ("down resume_from", down(Down::ResumeFrom(calls::ResumeFrom { track: near, offset: 48_000 }))),
        ("down credit", down(Down::Credit(calls::Credit { track: near, up_to: 960_000 }))),
        ("down settled", down(Down::Settled(calls::Settled { track: near, offset: 80_000 }))),
        ("down command", down(Down::Command(command.clone()))),
        ("down elsewhere", down(Down::Elsewhere(calls::Elsewhere { retry_after_ms: 2000 }))),
        ("down not_yours", down(Down::NotYours(calls::NotYours {}))),
        ("down key_gone", down(Down::KeyGone(calls::KeyGone { key_id: "00f1e2d3c4b5a697".into() }))),
        ("down complete", down(Down::Complete(calls::Complete {}))),
        (
            "worker began",
            worker(from_worker::Kind::Began(ingest::Began {
                hello: Some(hello()),
                identity: "lha".into(),
                worker: CALL.to_vec(),
                certificate: String::new(),
            })),
        ),
        (
            "worker began with a certificate",
            worker(from_worker::Kind::Began(ingest::Began {
                hello: Some(hello()),
                identity: "lha".into(),
                worker: CALL.to_vec(),
                certificate: "4001".into(),
            })),
        ),
        ("worker settle utterance", settle(What::Utterance(utterance()))),
        (
            "worker settle echo",
            settle(What::Utterance(ingest::Utterance {
                track: calls::Track::Near.into(),
                echo_of: Some(14_080),
                ..utterance()
            })),
        ),
        ("worker settle quiet", settle(What::Quiet(ingest::Quiet {}))),
        ("worker settle gap", settle(What::Gap(paused))),
        (
            "worker settle suppressed",
            settle(What::Suppressed(ingest::Suppressed { reason: 3, text: "ja ja ja".into() })),
        ),
        ("worker settle glossary_repeated", settle(What::Suppressed(glossary_repeated()))),
        ("worker settle not_transcribed", settle(What::NotTranscribed(ingest::NotTranscribed { reason: 1 }))),
        (
            "worker partial",
            worker(from_worker::Kind::Partial(ingest::Partial {
                epoch: 3,
                track: near,
                start: 16_000,
                end: 40_000,
                text: "Jeg er flyt".into(),
            })),
        ),
        ("worker ended", worker(from_worker::Kind::Ended(ingest::Ended { epoch: 3, hang_up: Some(hang_up()) }))),
        ("worker agent_state", worker(from_worker::Kind::AgentState(agent_state()))),
        ("worker done", worker(from_worker::Kind::Done(done))),
        ("worker discard", worker(from_worker::Kind::Discard(calls::Discard {}))),
        ("to worker known", to_worker(to_worker::Kind::Known(known(area(), command.clone())))),
        (
            "to worker known with languages",
            to_worker(to_worker::Kind::Known(known(area_with_languages(), command.clone()))),
        ),
        (
            "to worker known with a whole area",
            to_worker(to_worker::Kind::Known(known(area_with_all(), command.clone()))),
        ),
        ("to worker settled", to_worker(to_worker::Kind::Settled(ingest::Settled { track: near, offset: 80_000 }))),
        ("to worker stale", to_worker(to_worker::Kind::Stale(ingest::Stale { epoch: 4 }))),
        ("to worker command", to_worker(to_worker::Kind::Command(command))),
        ("to worker discarded", to_worker(to_worker::Kind::Discarded(ingest::Discarded {}))),
        ("to worker draft_job", to_worker(to_worker::Kind::DraftJob(job()))),
        ("to worker ended_known", to_worker(to_worker::Kind::EndedKnown(ingest::EndedKnown {}))),
        (
            "drafter ready",
            drafter(from_drafter::Kind::Ready(ingest::DrafterReady { worker: CALL.to_vec(), places: 2 })),
        ),
        ("drafter renewal", drafter(from_drafter::Kind::Renewal(ingest::LeaseRenewal { key: Some(key()) }))),
        (
            "drafter sentence",
            drafter(from_drafter::Kind::Sentence(ingest::DraftSentence {
                key: Some(key()),
                index: 0,
                section: "reason".into(),
                text: "Borgeren er flyttet.".into(),
                evidence: vec![ingest::Evidence { track: calls::Track::Far.into(), start: 16_000 }],
                flags: vec![],
                confirm: 0,
            })),
        ),
        (
            "drafter sentence flagged",
            drafter(from_drafter::Kind::Sentence(ingest::DraftSentence {
                key: Some(key()),
                index: 1,
                section: "agreed".into(),
                text: "Borgeren ringer den 4. maj.".into(),
                evidence: vec![ingest::Evidence { track: calls::Track::Far.into(), start: 16_000 }],
                flags: vec![ingest::Flag {
                    kind: ingest::FlagKind::Date.into(),
                    start: 20,
                    end: 26,
                    said: "den tredje maj".into(),
                    reason: ingest::FlagReason::OtherValue.into(),
                    evidence: vec![ingest::Evidence { track: calls::Track::Far.into(), start: 16_000 }],
                }],
                confirm: ingest::Confirm::Commitment.into(),
            })),
        ),
        (
            "drafter finished",
            drafter(from_drafter::Kind::Finished(ingest::DraftFinished {
                key: Some(key()),
                origin: Some(ingest::Origin {
                    kind: ingest::OriginKind::Embedded.into(),
                    model: "embedded-1".into(),
                    prompt_version: String::new(),
                    area_version: "ab".into(),
                    trouble: ingest::DrafterTrouble::NotConfigured.into(),
                    record: None,
                }),
                covers: Some(ingest::Covers { near: 80_000, far: 52_800 }),
                sentences: 1,
                lines_not_parsed: 0,
                missing: vec![],
                uncertain: vec![],
            })),
        ),
        (
            "drafter finished with doubts",
            drafter(from_drafter::Kind::Finished(ingest::DraftFinished {
                key: Some(key()),
                origin: Some(ingest::Origin { kind: ingest::OriginKind::Llm.into(), ..Default::default() }),
                covers: Some(ingest::Covers { near: 80_000, far: 52_800 }),
                sentences: 1,
                lines_not_parsed: 0,
                missing: vec![ingest::Missing {
                    kind: ingest::FlagKind::Number.into(),
                    fact: String::new(),
                    said: "firs kroner".into(),
                    evidence: Some(ingest::Evidence { track: calls::Track::Near.into(), start: 32_000 }),
                }],
                uncertain: vec![ingest::UncertainWord {
                    utterance: Some(ingest::Evidence { track: calls::Track::Near.into(), start: 32_000 }),
                    word: 1,
                }],
            })),
        ),
        (
            "drafter finished with its record",
            drafter(from_drafter::Kind::Finished(ingest::DraftFinished {
                key: Some(key()),
                origin: Some(ingest::Origin {
                    kind: ingest::OriginKind::Llm.into(),
                    model: "gemma3:12b".into(),
                    prompt_version: "2".into(),
                    area_version: "ab".into(),
                    trouble: ingest::DrafterTrouble::Quota.into(),
                    record: Some(ingest::Record {
                        model_reported: "gemma-3-12b-it".into(),
                        system_fingerprint: "fp_1".into(),
                        prompt_hash: "cd".into(),
                        guards_version: "1".into(),
                        first_token_ms: Some(120),
                        first_sentence_ms: Some(480),
                        whole_ms: Some(2100),
                        tokens_in: Some(3200),
                        tokens_out: Some(210),
                        requests: 2,
                        parts: 1,
                        repaired: 1,
                    }),
                }),
                covers: Some(ingest::Covers { near: 80_000, far: 52_800 }),
                sentences: 5,
                lines_not_parsed: 2,
                missing: vec![],
                uncertain: vec![],
            })),
        ),
        (
            "drafter failed",
            drafter(from_drafter::Kind::Failed(ingest::DraftFailed {
                key: Some(key()),
                failure: ingest::DraftFailure::InsufficientContent.into(),
                covers: Some(ingest::Covers { near: 80_000, far: 52_800 }),
            })),
        ),
        (
            "drafter failed without a language model",
            drafter(from_drafter::Kind::Failed(ingest::DraftFailed {
                key: Some(key()),
                failure: ingest::DraftFailure::LanguageNotSupported.into(),
                covers: Some(ingest::Covers { near: 80_000, far: 52_800 }),
            })),
        ),
        ("to drafter job", to_drafter(to_drafter::Kind::Job(job()))),
        (
            "to drafter job with a wish",
            to_drafter(to_drafter::Kind::Job(ingest::DraftJob { wish: "Kortere.".to_owned(), ..job() })),
        ),
        ("to drafter stored", to_drafter(to_drafter::Kind::Stored(ingest::DraftStored { key: Some(key()) }))),
        ("to drafter lease_lost", to_drafter(to_drafter::Kind::LeaseLost(ingest::LeaseLost { key: Some(key()) }))),
        ("enrol", identity::EnrolRequest { code: "ABCD-EF01".into(), request: vec![0x30, 0x00] }.encode_to_vec()),
        ("renew", identity::RenewRequest { request: vec![0x30, 0x00] }.encode_to_vec()),
        (
            "issued",
            identity::Issued { certificate: vec![0x30, 0x01], authorities: vec![vec![0x30, 0x02]] }.encode_to_vec(),
        ),
        ("presence hello", presence(FromPresence::Hello(presence_hello()))),
        ("presence agent_state", presence(FromPresence::AgentState(agent_state()))),
        ("presence done", presence(FromPresence::Done(presence_done()))),
        ("to presence command", {
            let kind = Some(calls::to_presence::Kind::Command(presence_command()));
            calls::ToPresence { kind }.encode_to_vec()
        }),
        (
            "worker presence began",
            worker_presence(FromWorkerPresence::Began(ingest::PresenceBegan {
                identity: "lha".into(),
                hello: Some(presence_hello()),
                certificate: "4001".into(),
            })),
        ),
        ("worker presence agent_state", worker_presence(FromWorkerPresence::AgentState(agent_state()))),
        ("worker presence done", worker_presence(FromWorkerPresence::Done(presence_done()))),
        ("to worker presence command", {
            let kind = Some(ingest::to_presence::Kind::Command(presence_command()));
            ingest::ToPresence { kind }.encode_to_vec()
        }),
    ]
}

fn up(kind: calls::from_agent::Kind) -> Vec<u8> {
    calls::FromAgent { kind: Some(kind) }.encode_to_vec()
}

fn down(kind: calls::to_agent::Kind) -> Vec<u8> {
    calls::ToAgent { kind: Some(kind) }.encode_to_vec()
}

fn worker(kind: ingest::from_worker::Kind) -> Vec<u8> {
    ingest::FromWorker { kind: Some(kind) }.encode_to_vec()
}

fn to_worker(kind: ingest::to_worker::Kind) -> Vec<u8> {
    ingest::ToWorker { kind: Some(kind) }.encode_to_vec()
}

fn drafter(kind: ingest::from_drafter::Kind) -> Vec<u8> {
    ingest::FromDrafter { kind: Some(kind) }.encode_to_vec()
}

fn to_drafter(kind: ingest::to_drafter::Kind) -> Vec<u8> {
    ingest::ToDrafter { kind: Some(kind) }.encode_to_vec()
}

fn presence(kind: FromPresence) -> Vec<u8> {
    calls::FromPresence { kind: Some(kind) }.encode_to_vec()
}

fn worker_presence(kind: FromWorkerPresence) -> Vec<u8> {
    ingest::FromPresence { kind: Some(kind) }.encode_to_vec()
}

fn settle(what: ingest::settle::What) -> Vec<u8> {
    worker(ingest::from_worker::Kind::Settle(ingest::Settle {
        epoch: 3,
        track: calls::Track::Far.into(),
        from: 8000,
        to: 52_800,
        what: Some(what),
    }))
}
