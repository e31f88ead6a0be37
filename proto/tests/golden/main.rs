//! The bytes of v1 are pinned: an agent of last year must be understood by a server of next year.
//!
//! Every message that is sent today stands here with its bytes. A difference means that the wire has changed: that
//! needs a new field number or a new version, never a new pin. New messages: `make golden` adds their lines, and the
//! review reads them. The messages that nothing sends yet (consent) get their lines when something
//! does.

mod given;
mod sent;

use given::area_with_all;
use prost::Message as _;
use referent_proto::ingest;
use sent::every_message_that_is_sent;
use std::fmt::Write as _;
use std::path::Path;

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
    let pinned = include_str!("v1.txt");
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
    let mut wire = area_with_all();
    wire.retention = wire.retention.map(|days| ingest::Retention { note_days: Some(400), ..days });
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
