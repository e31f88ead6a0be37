use super::*;

const HEAD: &str = r#"{"kind":"replay","version":1,"audio":"a.wav"}"#;
const CONNECT: &str = r#"{"at_ms":0,"kind":"connect","worker":0}"#;
const END: &str = r#"{"at_ms":900,"kind":"hang_up","near_end":3200,"far_end":0,"reason":"person"}"#;

fn near(at_ms: u64, first: u64, samples: u64) -> String {
    format!(r#"{{"at_ms":{at_ms},"kind":"chunk","track":"near","first":{first},"samples":{samples}}}"#)
}

fn file(lines: &[&str]) -> String {
    lines.join("\n")
}

#[track_caller]
fn refused(lines: &[&str], expected: &str) {
    let error = format!("{:#}", Replay::read(&file(lines)).expect_err(expected));
    assert!(error.contains(expected), "{error:?} does not say {expected:?}");
}

#[test]
fn what_is_written_is_read() {
    let (one, two) = (near(100, 0, 1600), near(180, 1000, 2200));
    let gap = r#"{"at_ms":300,"kind":"gap","track":"far","first":0,"end":3200,"reason":"device_lost"}"#;
    let dies = r#"{"at_ms":400,"kind":"worker_dies","worker":0}"#;
    let again = r#"{"at_ms":450,"kind":"connect","worker":2}"#;
    let end = END.replace(r#""far_end":0"#, r#""far_end":3200"#);
    let text = file(&[HEAD, CONNECT, &one, &two, gap, dies, again, &end]);
    let replay = Replay::read(&text).unwrap();
    assert_eq!((replay.events.len(), replay.workers()), (7, 3));
    let again = Replay::read(&replay.to_text().unwrap()).unwrap();
    assert_eq!(again, replay);
}

#[test]
fn a_line_may_stand_for_many_chunks_beside_those_of_another() {
    use Track::{Far, Near};
    let run = |track: &str| {
        format!(r#"{{"at_ms":100,"kind":"chunks","track":"{track}","first":0,"samples":800,"count":3,"every_ms":50}}"#)
    };
    let end = r#"{"at_ms":200,"kind":"hang_up","near_end":2400,"far_end":2400,"reason":"rule"}"#;
    let replay = Replay::read(&file(&[HEAD, CONNECT, &run("near"), &run("far"), end])).unwrap();
    let places: Vec<(u64, Track, u64)> = replay
        .events
        .iter()
        .filter_map(|timed| match timed.what {
            Event::Chunk { track, first, .. } => Some((timed.at_ms, track, first)),
            _ => None,
        })
        .collect();
    let expected =
        [(100, Near, 0), (100, Far, 0), (150, Near, 800), (150, Far, 800), (200, Near, 1600), (200, Far, 1600)];
    assert_eq!(places, expected);
}

#[test]
fn unknown_fields_are_ignored_and_unknown_kinds_refused() {
    let more = r#"{"at_ms":0,"kind":"connect","worker":0,"address_family":"v6"}"#;
    assert!(Replay::read(&file(&[HEAD, more, &near(100, 0, 3200), END])).is_ok());
    let pause = r#"{"at_ms":50,"kind":"pause"}"#;
    refused(&[HEAD, CONNECT, pause, END], r#"line 3: the kind "pause" is not known here, only replay, connect"#);
    refused(&[HEAD, CONNECT, r#"{"at_ms":50}"#, END], "line 3: it names no kind");
}

#[test]
fn every_fault_is_named_by_its_line() {
    let whole = near(100, 0, 3200);
    refused(&[], "the file is empty");
    refused(&[CONNECT, &whole, END], "line 1: the first line must be of the kind \"replay\"");
    refused(&[&HEAD.replace(":1,", ":2,"), CONNECT, &whole, END], "line 1: version 2 is not known here");
    refused(&[HEAD, HEAD, CONNECT, &whole, END], "line 2: a second line");
    refused(&[HEAD, CONNECT, "{\"at_ms\":5,", END], "line 3: EOF while parsing");
    refused(&[HEAD, CONNECT, r#"{"at_ms":-5,"kind":"break"}"#, END], "line 3: of the kind \"break\": invalid value");
    refused(&[HEAD, CONNECT, r#"{"kind":"break"}"#, END], "line 3: of the kind \"break\": missing field `at_ms`");
    refused(&[HEAD, CONNECT, &near(100, 0, 0), END], "line 3: a chunk of 0 samples; it must have 1 to 16000");
    refused(&[HEAD, CONNECT, &near(100, 0, 16_001), END], "line 3: a chunk of 16001 samples");
    refused(&[HEAD, CONNECT, &near(100, 10, 1600), END], "line 3: the near track goes on at sample 10, and only 0");
    refused(&[HEAD, CONNECT, &near(500, 0, 1600), &near(400, 1600, 1600), END], "line 4: at_ms 400 is before 500");
    refused(&[HEAD, CONNECT, &near(86_400_001, 0, 1600), END], "line 3: at_ms 86400001 is beyond a day");
    refused(&[HEAD, CONNECT, &near(100, u64::MAX, 1600), END], "line 3: sample 18446744073709551615 is beyond a day");
    refused(&[HEAD, &whole, END], "line 2: nobody is connected");
    refused(&[HEAD, CONNECT, CONNECT, &whole, END], "line 3: connected already");
    refused(&[HEAD, CONNECT, &whole], "no line of the kind \"hang_up\"");
    refused(&[HEAD, CONNECT, &near(100, 0, 1600), END], "line 4: the tracks end at 3200 and 0");
    let dies = r#"{"at_ms":400,"kind":"worker_dies","worker":0}"#;
    let back = r#"{"at_ms":450,"kind":"connect","worker":0}"#;
    refused(&[HEAD, CONNECT, &whole, dies, END], "line 5: nobody is connected");
    refused(&[HEAD, CONNECT, &whole, dies, back, END], "line 5: worker 0 is dead");
    let gap = |reason: &str, end: u64| {
        format!(r#"{{"at_ms":100,"kind":"gap","track":"near","first":0,"end":{end},"reason":"{reason}"}}"#)
    };
    refused(&[HEAD, CONNECT, &gap("paused", 0), END], "line 3: the gap ends at 0 and begins at 0");
    refused(&[HEAD, CONNECT, &gap("rain", 3200), END], "line 3: of the kind \"gap\": unknown variant `rain`");
}

#[test]
fn a_chunk_beyond_the_sound_is_refused() {
    let replay = Replay::read(&file(&[HEAD, CONNECT, &near(100, 0, 3200), END])).unwrap();
    assert!(replay.fits(&Sound::new(vec![0; 3200], vec![])).is_ok());
    let error = replay.fits(&Sound::new(vec![0; 3199], vec![])).expect_err("too short").to_string();
    assert!(error.contains("line 3: the chunk ends at sample 3200, and the sound has 3199"), "{error}");
}
