//! What the pinned messages are made of: one of everything, always the same.

use referent_proto::{calls, ingest};

pub(crate) const CALL: [u8; 16] = [0x01, 0x93, 0x5a, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1];

pub(crate) fn hello() -> calls::Hello {
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

pub(crate) fn hang_up() -> calls::HangUp {
    calls::HangUp { near_end: 1_213_684, far_end: 1_213_684, reason: calls::HangUpReason::Telephony.into(), age_ms: 40 }
}

pub(crate) fn agent_state() -> calls::AgentState {
    calls::AgentState {
        state: calls::AgentStateKind::Listening.into(),
        since_ms: 2000,
        near_level_permille: 300,
        far_level_permille: 7,
    }
}

pub(crate) fn utterance() -> ingest::Utterance {
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

pub(crate) fn area() -> ingest::AreaSettings {
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
pub(crate) fn area_with_languages() -> ingest::AreaSettings {
    ingest::AreaSettings {
        spoken_languages: vec!["da".into(), "en".into()],
        glossary: vec!["barselsdagpenge".into(), "Udbetaling Danmark".into()],
        ..area()
    }
}

/// As an area writes it that says everything.
pub(crate) fn area_with_all() -> ingest::AreaSettings {
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
            note_days: None,
        }),
        model: "large".into(),
        pseudonyms: ingest::Pseudonyms::None.into(),
        pseudonyms_none_reason: "Aftale.".into(),
        ..area
    }
}

pub(crate) fn glossary_repeated() -> ingest::Suppressed {
    let reason = ingest::SuppressedReason::GlossaryRepeated.into();
    ingest::Suppressed { reason, text: "barselsdagpenge".into() }
}

pub(crate) fn key() -> ingest::DraftKey {
    ingest::DraftKey { call: CALL.to_vec(), draft: 1, attempt: 2 }
}

pub(crate) fn presence_hello() -> calls::PresenceHello {
    calls::PresenceHello { protocol: 1, agent_version: "0.1.0".into(), capabilities: vec![], agent: CALL.to_vec() }
}

pub(crate) fn presence_done() -> calls::Done {
    calls::Done { command: "01935a00-0000-7000-8000-000000000002".into() }
}

pub(crate) fn presence_command() -> calls::PresenceCommand {
    let command = calls::Command { id: presence_done().command, kind: calls::CommandKind::Pause.into() };
    calls::PresenceCommand { call: CALL.to_vec(), command: Some(command) }
}

pub(crate) fn known(area: ingest::AreaSettings, command: calls::Command) -> ingest::Known {
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

pub(crate) fn job() -> ingest::DraftJob {
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
