//! What an earlier version sent means today what it meant then, and today's programs send it the same bytes.
//!
//! `golden/before-the-recogniser-process.txt` holds the bytes of every message as commit 66ba373 sent them, the last whose
//! pipeline heard in its own process; `make test-upgrade` runs that very pipeline. The file is never written again: a
//! field that is renumbered, retyped or taken away fails here, and so does a new one that is not left out when empty.
//! `golden/` pins the messages of today.

#![expect(clippy::needless_update, reason = "fields that later versions add are empty in what an earlier one sent")]

use prost::Message;
use referent_proto::{
    AgentState, AreaSettings, BadMessage, Chunk, Command, DraftJob, DraftSentence, Gap, HangUp, Hello, Origin, Settle,
    Settled, Utterance, calls, ingest,
};
use std::collections::BTreeMap;
use std::fmt::Debug;

const CALL: [u8; 16] = [0x01, 0x93, 0x5a, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1];
const COMMAND: &str = "01935a00-0000-7000-8000-000000000002";
const NEAR: i32 = 1;
const FAR: i32 = 2;

/// Bytes by name.
struct Pins(BTreeMap<&'static str, Vec<u8>>);

impl Pins {
    fn load() -> Self {
        let line = |line: &'static str| {
            let (name, hex) = line.split_once(": ").expect("NAME: HEX");
            let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
            (name, (0..hex.len()).step_by(2).map(byte).collect())
        };
        Self(include_str!("golden/before-the-recogniser-process.txt").lines().map(line).collect())
    }

    /// `then` is what these bytes meant.
    #[track_caller]
    fn check<M: Message + Default + PartialEq + Debug>(&mut self, name: &str, then: &M) {
        let bytes = self.0.remove(name).unwrap_or_else(|| panic!("{name} has no bytes"));
        let now = M::decode(bytes.as_slice()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&now, then, "{name} is read as something else");
        assert_eq!(then.encode_to_vec(), bytes, "{name} is written in other bytes");
    }

    #[track_caller]
    fn up(&mut self, name: &str, kind: calls::from_agent::Kind) {
        self.check(name, &calls::FromAgent { kind: Some(kind) });
    }

    #[track_caller]
    fn down(&mut self, name: &str, kind: calls::to_agent::Kind) {
        self.check(name, &calls::ToAgent { kind: Some(kind) });
    }

    #[track_caller]
    fn worker(&mut self, name: &str, kind: ingest::from_worker::Kind) {
        self.check(name, &ingest::FromWorker { kind: Some(kind) });
    }

    #[track_caller]
    fn notes(&mut self, name: &str, kind: ingest::to_worker::Kind) {
        self.check(name, &ingest::ToWorker { kind: Some(kind) });
    }

    #[track_caller]
    fn drafter(&mut self, name: &str, kind: ingest::from_drafter::Kind) {
        self.check(name, &ingest::FromDrafter { kind: Some(kind) });
    }

    #[track_caller]
    fn jobs(&mut self, name: &str, kind: ingest::to_drafter::Kind) {
        self.check(name, &ingest::ToDrafter { kind: Some(kind) });
    }
}

/// The domain takes it, and says the same again.
#[track_caller]
fn through<W, D>(wire: W) -> W
where
    W: Clone + PartialEq + Debug + From<D>,
    D: TryFrom<W, Error = BadMessage>,
{
    let domain = D::try_from(wire.clone()).unwrap_or_else(|error| panic!("{wire:?}: {error}"));
    assert_eq!(W::from(domain), wire, "the domain says something else than it was told");
    wire
}

fn hello() -> calls::Hello {
    through::<_, Hello>(calls::Hello {
        protocol: 1,
        agent_version: "0.1.0".into(),
        call: CALL.to_vec(),
        external_id: Some("tlf-7".into()),
        case_id: Some("2026-114823".into()),
        area: Some("standard".into()),
        mode: 1,
        direction: 1,
        started: Some(started()),
        urgency: 1,
        attempts_without_progress: 2,
        tracks: vec![NEAR, FAR],
        ..Default::default()
    })
}

fn started() -> calls::Started {
    calls::Started { utc_ms: 1_795_000_000_000, utc_offset_s: 3600, ..Default::default() }
}

fn hang_up() -> calls::HangUp {
    through::<_, HangUp>(calls::HangUp {
        near_end: 1_213_684,
        far_end: 1_213_684,
        reason: 2,
        age_ms: 40,
        ..Default::default()
    })
}

fn agent_state() -> calls::AgentState {
    through::<_, AgentState>(calls::AgentState {
        state: 1,
        since_ms: 2000,
        near_level_permille: 300,
        far_level_permille: 7,
        ..Default::default()
    })
}

fn command() -> calls::Command {
    through::<_, Command>(calls::Command { id: COMMAND.into(), kind: 3, ..Default::default() })
}

fn done() -> calls::Done {
    let done = calls::Done { command: COMMAND.into(), ..Default::default() };
    assert!(done.command_id().is_ok());
    done
}

fn utterance() -> ingest::Utterance {
    through::<_, Utterance>(ingest::Utterance {
        track: FAR,
        start: 16_000,
        end: 48_000,
        text: "Jeg er flyttet.".into(),
        words: vec![ingest::Word {
            text: "Jeg".into(),
            start: 16_000,
            end: 20_000,
            probability: 0.5,
            ..Default::default()
        }],
        probability: 0.75,
        ..Default::default()
    })
}

fn area() -> ingest::AreaSettings {
    through::<_, AreaSettings>(ingest::AreaSettings {
        area: "standard".into(),
        version: "ab".into(),
        language: "da".into(),
        sections: vec![ingest::Section {
            id: "reason".into(),
            heading: "Årsag til henvendelse".into(),
            ..Default::default()
        }],
        llm_is_local: true,
        instructions: "Kort.".into(),
        ..Default::default()
    })
}

fn key() -> ingest::DraftKey {
    ingest::DraftKey { call: CALL.to_vec(), draft: 1, attempt: 2, ..Default::default() }
}

fn covers() -> ingest::Covers {
    ingest::Covers { near: 80_000, far: 52_800, ..Default::default() }
}

fn job() -> ingest::DraftJob {
    through::<_, DraftJob>(ingest::DraftJob {
        key: Some(key()),
        lease_ms: 10_000,
        provisional: false,
        area: Some(area()),
        covers: Some(covers()),
        utterances: vec![utterance()],
        started: Some(started()),
        direction: 1,
        wish: String::new(),
        ..Default::default()
    })
}

fn settle(what: ingest::settle::What) -> ingest::from_worker::Kind {
    ingest::from_worker::Kind::Settle(through::<_, Settle>(ingest::Settle {
        epoch: 3,
        track: FAR,
        from: 8000,
        to: 52_800,
        what: Some(what),
        ..Default::default()
    }))
}

#[test]
fn what_agents_and_workers_said_to_each_other_means_what_it_meant() {
    use calls::{from_agent::Kind as Up, to_agent::Kind as Down};
    let mut pins = Pins::load();
    pins.up("up hello", Up::Hello(hello()));
    let sound = Some(calls::chunk::Sound::Pcm(vec![1, 0, 255, 255]));
    let chunk = calls::Chunk { track: NEAR, first_sample: 1600, samples: 2, sound, ..Default::default() };
    pins.up("up chunk", Up::Chunk(through::<_, Chunk>(chunk)));
    let gap = calls::Gap { track: NEAR, first_sample: 3200, end_sample: 4800, reason: 3, ..Default::default() };
    pins.up("up gap", Up::Gap(through::<_, Gap>(gap)));
    pins.up("up agent_state", Up::AgentState(agent_state()));
    pins.up("up done", Up::Done(done()));
    pins.up("up hang_up", Up::HangUp(hang_up()));
    let welcome = calls::Welcome { mode: 1, area_version: "ab".into(), ..Default::default() };
    pins.down("down welcome", Down::Welcome(welcome));
    let from = calls::ResumeFrom { track: NEAR, offset: 48_000, ..Default::default() };
    pins.down("down resume_from", Down::ResumeFrom(from));
    let credit = calls::Credit { track: NEAR, up_to: 960_000, ..Default::default() };
    pins.down("down credit", Down::Credit(credit));
    let settled = calls::Settled { track: NEAR, offset: 80_000, ..Default::default() };
    pins.down("down settled", Down::Settled(through::<_, Settled>(settled)));
    pins.down("down command", Down::Command(command()));
    pins.down("down not_yours", Down::NotYours(calls::NotYours::default()));
    pins.down("down complete", Down::Complete(calls::Complete::default()));
    pins.0.retain(|name, _| name.starts_with("up ") || name.starts_with("down "));
    assert!(pins.0.is_empty(), "not tried: {:?}", pins.0.keys());
}

#[test]
fn what_workers_and_notes_api_said_of_calls_means_what_it_meant() {
    use ingest::{from_worker::Kind as Up, settle::What, to_worker::Kind as Down};
    let mut pins = Pins::load();
    let began =
        ingest::Began { hello: Some(hello()), identity: "lha".into(), worker: CALL.to_vec(), ..Default::default() };
    pins.worker("worker began", Up::Began(began));
    pins.worker("worker settle utterance", settle(What::Utterance(utterance())));
    pins.worker("worker settle quiet", settle(What::Quiet(ingest::Quiet::default())));
    pins.worker("worker settle gap", settle(What::Gap(3)));
    let suppressed = ingest::Suppressed { reason: 3, text: "ja ja ja".into(), ..Default::default() };
    pins.worker("worker settle suppressed", settle(What::Suppressed(suppressed)));
    let failed = ingest::NotTranscribed { reason: 1, ..Default::default() };
    pins.worker("worker settle not_transcribed", settle(What::NotTranscribed(failed)));
    let ended = ingest::Ended { epoch: 3, hang_up: Some(hang_up()), ..Default::default() };
    pins.worker("worker ended", Up::Ended(ended));
    pins.worker("worker agent_state", Up::AgentState(agent_state()));
    pins.worker("worker done", Up::Done(done()));
    let known = ingest::Known {
        epoch: 3,
        near_settled: 80_000,
        far_settled: 52_800,
        utterances: vec![utterance()],
        state: 1,
        area: Some(area()),
        commands: vec![command()],
        ..Default::default()
    };
    pins.notes("to worker known", Down::Known(known));
    let settled = ingest::Settled { track: NEAR, offset: 80_000, ..Default::default() };
    pins.notes("to worker settled", Down::Settled(through::<_, Settled>(settled)));
    pins.notes("to worker stale", Down::Stale(ingest::Stale { epoch: 4, ..Default::default() }));
    pins.notes("to worker command", Down::Command(command()));
    pins.notes("to worker discarded", Down::Discarded(ingest::Discarded::default()));
    pins.notes("to worker draft_job", Down::DraftJob(job()));
    pins.notes("to worker ended_known", Down::EndedKnown(ingest::EndedKnown::default()));
    pins.0.retain(|name, _| name.starts_with("worker ") || name.starts_with("to worker "));
    assert!(pins.0.is_empty(), "not tried: {:?}", pins.0.keys());
}

#[test]
fn what_drafters_and_notes_api_said_means_what_it_meant() {
    use ingest::{from_drafter::Kind as Up, to_drafter::Kind as Down};
    let mut pins = Pins::load();
    let ready = ingest::DrafterReady { worker: CALL.to_vec(), places: 2, ..Default::default() };
    pins.drafter("drafter ready", Up::Ready(ready));
    pins.drafter("drafter renewal", Up::Renewal(ingest::LeaseRenewal { key: Some(key()), ..Default::default() }));
    let sentence = ingest::DraftSentence {
        key: Some(key()),
        section: "reason".into(),
        text: "Borgeren er flyttet.".into(),
        evidence: vec![ingest::Evidence { track: FAR, start: 16_000, ..Default::default() }],
        ..Default::default()
    };
    pins.drafter("drafter sentence", Up::Sentence(through::<_, DraftSentence>(sentence)));
    let origin = ingest::Origin {
        kind: 2,
        model: "embedded-1".into(),
        area_version: "ab".into(),
        trouble: 1,
        ..Default::default()
    };
    let finished = ingest::DraftFinished {
        key: Some(key()),
        origin: Some(through::<_, Origin>(origin)),
        covers: Some(covers()),
        sentences: 1,
        ..Default::default()
    };
    pins.drafter("drafter finished", Up::Finished(finished));
    let failed = ingest::DraftFailed { key: Some(key()), failure: 1, covers: Some(covers()), ..Default::default() };
    pins.drafter("drafter failed", Up::Failed(failed));
    pins.jobs("to drafter job", Down::Job(job()));
    let stored = ingest::DraftStored { key: Some(key()), ..Default::default() };
    pins.jobs("to drafter stored", Down::Stored(stored));
    let lost = ingest::LeaseLost { key: Some(key()), ..Default::default() };
    pins.jobs("to drafter lease_lost", Down::LeaseLost(lost));
    pins.0.retain(|name, _| name.starts_with("drafter ") || name.starts_with("to drafter "));
    assert!(pins.0.is_empty(), "not tried: {:?}", pins.0.keys());
}
