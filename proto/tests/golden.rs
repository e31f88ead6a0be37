//! The bytes of v1 are pinned: an agent of last year must be understood by a server of next year.
//!
//! Every message that is sent today stands here with its bytes. A difference means that the wire has changed: that
//! needs a new field number or a new version, never a new pin. New messages: `make golden` adds their lines, and the
//! review reads them. The messages that nothing sends yet (consent) get their lines when something
//! does.

use prost::Message as _;
use referent_proto::calls::from_presence::Kind as FromPresence;
use referent_proto::ingest::from_presence::Kind as FromWorkerPresence;
use referent_proto::{calls, identity, ingest};
use std::fmt::Write as _;
use std::path::Path;

const CALL: [u8; 16] = [0x01, 0x93, 0x5a, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1];

fn hello() -> calls::Hello {
    calls::Hello {
        protocol: 1,
        agent_version: "0.1.0".into(),
        capabilities: vec![],
        call: CALL.to_vec(),
        continues: None,
        external_id: Some("tlf-7".into()),
        case_id: Some("2026-114823".into()),
        area: Some("standard".into()),
        mode: calls::Mode::Notice.into(),
        consent: None,
        direction: calls::Direction::Incoming.into(),
        started: Some(calls::Started { utc_ms: 1_795_000_000_000, utc_offset_s: 3600 }),
        urgency: calls::Urgency::Live.into(),
        attempts_without_progress: 2,
        tracks: vec![calls::Track::Near.into(), calls::Track::Far.into()],
    }
}

fn hang_up() -> calls::HangUp {
    calls::HangUp { near_end: 1_213_684, far_end: 1_213_684, reason: calls::HangUpReason::Telephony.into(), age_ms: 40 }
}

fn agent_state() -> calls::AgentState {
    calls::AgentState {
        state: calls::AgentStateKind::Listening.into(),
        since_ms: 2000,
        near_level_permille: 300,
        far_level_permille: 7,
    }
}

fn utterance() -> ingest::Utterance {
    ingest::Utterance {
        track: calls::Track::Far.into(),
        start: 16_000,
        end: 48_000,
        text: "Jeg er flyttet.".into(),
        words: vec![ingest::Word { text: "Jeg".into(), start: 16_000, end: 20_000, probability: 0.5 }],
        probability: 0.75,
        echo_of: None,
    }
}

fn area() -> ingest::AreaSettings {
    ingest::AreaSettings {
        area: "standard".into(),
        version: "ab".into(),
        language: "da".into(),
        sections: vec![ingest::Section {
            id: "reason".into(),
            heading: "Årsag til henvendelse".into(),
            belongs: String::new(),
        }],
        llm_is_local: true,
        instructions: "Kort.".into(),
        ..Default::default()
    }
}

/// As an area writes it that says more of what is spoken than the note's language.
fn area_with_languages() -> ingest::AreaSettings {
    ingest::AreaSettings {
        spoken_languages: vec!["da".into(), "en".into()],
        glossary: vec!["barselsdagpenge".into(), "Udbetaling Danmark".into()],
        ..area()
    }
}

/// As an area writes it that says everything.
fn area_with_all() -> ingest::AreaSettings {
    let mut area = area_with_languages();
    area.llm_is_local = false;
    area.sections[0].belongs = "Hvorfor borgeren ringer.".into();
    ingest::AreaSettings {
        style: Some(ingest::Style { length: ingest::Length::Short.into(), tone: "Nøgternt.".into() }),
        categories: vec![ingest::Category { id: "birth".into(), label: "Fødsel".into() }],
        must_note: vec![ingest::MustNote {
            id: "term".into(),
            label: "Termin".into(),
            cues: vec!["termin".into(), "forventer at føde".into()],
            kind: ingest::FactKind::Date.into(),
        }],
        limits: Some(ingest::Limits {
            most_sentences: Some(20),
            longest_sentence_words: Some(30),
            one_piece_minutes: Some(45),
        }),
        retention: Some(ingest::Retention {
            transcript_days: Some(30),
            drafts_days: Some(90),
            activity_log_days: Some(180),
        }),
        model: "large".into(),
        pseudonyms: ingest::Pseudonyms::None.into(),
        pseudonyms_none_reason: "Aftale.".into(),
        ..area
    }
}

fn glossary_repeated() -> ingest::Suppressed {
    let reason = ingest::SuppressedReason::GlossaryRepeated.into();
    ingest::Suppressed { reason, text: "barselsdagpenge".into() }
}

fn key() -> ingest::DraftKey {
    ingest::DraftKey { call: CALL.to_vec(), draft: 1, attempt: 2 }
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

fn settle(what: ingest::settle::What) -> Vec<u8> {
    worker(ingest::from_worker::Kind::Settle(ingest::Settle {
        epoch: 3,
        track: calls::Track::Far.into(),
        from: 8000,
        to: 52_800,
        what: Some(what),
    }))
}

fn every_message_that_is_sent() -> Vec<(&'static str, Vec<u8>)> {
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

fn presence(kind: FromPresence) -> Vec<u8> {
    calls::FromPresence { kind: Some(kind) }.encode_to_vec()
}

fn worker_presence(kind: FromWorkerPresence) -> Vec<u8> {
    ingest::FromPresence { kind: Some(kind) }.encode_to_vec()
}

fn presence_hello() -> calls::PresenceHello {
    calls::PresenceHello { protocol: 1, agent_version: "0.1.0".into(), capabilities: vec![], agent: CALL.to_vec() }
}

fn presence_done() -> calls::Done {
    calls::Done { command: "01935a00-0000-7000-8000-000000000002".into() }
}

fn presence_command() -> calls::PresenceCommand {
    let command = calls::Command { id: presence_done().command, kind: calls::CommandKind::Pause.into() };
    calls::PresenceCommand { call: CALL.to_vec(), command: Some(command) }
}

fn known(area: ingest::AreaSettings, command: calls::Command) -> ingest::Known {
    ingest::Known {
        epoch: 3,
        near_settled: 80_000,
        far_settled: 52_800,
        utterances: vec![utterance()],
        state: ingest::CallState::Live.into(),
        area: Some(area),
        commands: vec![command],
    }
}

fn job() -> ingest::DraftJob {
    ingest::DraftJob {
        key: Some(key()),
        lease_ms: 10_000,
        provisional: false,
        area: Some(area()),
        covers: Some(ingest::Covers { near: 80_000, far: 52_800 }),
        utterances: vec![utterance()],
        started: Some(calls::Started { utc_ms: 1_795_000_000_000, utc_offset_s: 3600 }),
        direction: calls::Direction::Incoming.into(),
        // Without a wish the bytes are those of before there were any.
        wish: String::new(),
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test has no config.rs; the variable is `make golden`'s")]
fn the_bytes_of_v1_are_what_they_were() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1.txt");
    let mut now = String::new();
    for (name, bytes) in every_message_that_is_sent() {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        writeln!(now, "{name}: {hex}").unwrap();
    }
    if std::env::var("REFERENT_WRITE_GOLDEN").is_ok() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &now).unwrap();
    }
    let pinned = std::fs::read_to_string(&path).expect("tests/golden/v1.txt is checked in");
    for (now, pinned) in now.lines().zip(pinned.lines()) {
        assert_eq!(now, pinned, "the wire has changed");
    }
    assert_eq!(now.lines().count(), pinned.lines().count(), "a message has no pin, or a pin no message");
}

/// What a notes-api says that knows nothing of languages and glossaries: its bytes, as they were pinned before there were any.
#[test]
fn settings_from_before_there_was_a_choice_of_languages_are_read() {
    let pinned = include_str!("golden/v1.txt");
    let area_of = |name: &str| {
        let hex = pinned.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).expect("pinned");
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        let message = ingest::ToWorker::decode(bytes.as_slice()).expect("a message");
        let Some(ingest::to_worker::Kind::Known(known)) = message.kind else { panic!("another message") };
        referent_proto::AreaSettings::try_from(known.area.expect("an area")).expect("settings")
    };
    let (before, now) = (area_of("to worker known"), area_of("to worker known with languages"));
    assert_eq!((before.language.as_str(), before.spoken_languages.len(), before.glossary.len()), ("da", 0, 0));
    assert_eq!(now.spoken_languages, ["da", "en"]);
    assert_eq!(now.glossary, ["barselsdagpenge", "Udbetaling Danmark"]);
    // And as it was stored.
    let stored = serde_json::to_string(&before).expect("JSON");
    assert!(!stored.contains("spoken_languages") && !stored.contains("glossary"), "its version would change: {stored}");
    assert_eq!(serde_json::from_str::<referent_proto::AreaSettings>(&stored).expect("settings"), before);
}

/// Nothing of an area is lost between notes-api and a worker, or on its way into the database.
#[test]
fn an_area_that_says_everything_comes_whole() {
    let wire = area_with_all();
    let area = referent_proto::AreaSettings::try_from(wire.clone()).expect("settings");
    assert_eq!(ingest::AreaSettings::from(area.clone()), wire);
    let stored = serde_json::to_string(&area).expect("JSON");
    assert_eq!(serde_json::from_str::<referent_proto::AreaSettings>(&stored).expect("settings"), area);
    let refused = |change: fn(&mut ingest::AreaSettings)| {
        let mut wire = area_with_all();
        change(&mut wire);
        referent_proto::AreaSettings::try_from(wire).expect_err("a number of no version").to_string()
    };
    assert!(refused(|area| area.pseudonyms = 9).contains("area.pseudonyms"));
    assert!(refused(|area| area.must_note[0].kind = 0).contains("area.must_note.kind"));
    assert!(refused(|area| area.style = Some(ingest::Style::default())).contains("area.style.length"));
}

/// Drafts that were stored by an earlier version, under the words it had.
#[test]
fn an_origin_that_was_stored_earlier_is_read() {
    use referent_proto::{DrafterTrouble, Origin, Record};
    let check = |word: &str, trouble: DrafterTrouble| {
        let stored = format!(
            "{{\"kind\":\"embedded\",\"model\":\"m\",\"prompt_version\":\"\",\"area_version\":\"v\",\"trouble\":\"{word}\"}}"
        );
        let origin: Origin = serde_json::from_str(&stored).unwrap();
        assert_eq!((origin.trouble, origin.record), (Some(trouble), Record::default()), "{word}");
    };
    check("unreachable", DrafterTrouble::LlmUnavailable);
    check("timed_out", DrafterTrouble::LlmTimeout);
    check("refused", DrafterTrouble::LlmRefused);
    check("llm_refused", DrafterTrouble::LlmRefused);
    check("cut_off", DrafterTrouble::CutOff);
}
