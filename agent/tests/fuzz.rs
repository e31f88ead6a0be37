//! Fuzz targets: what nobody wrote, at the two doors of the agent that somebody may write to: the spool's records, and the
//! control port. Nothing panics, hangs or is let in; what is read twice reads the same.
//!
//! A few seconds in `make test`; `make fuzz` goes on for `REFERENT_FUZZ_S` seconds a target. Each case has a seed, which a
//! failure names, and `REFERENT_FUZZ_SEED` tries again alone. The bytes are made to get far in: most frames carry the right
//! sum over a body that has been changed, because a wrong sum ends everything at the first look (docs/decisions/0026).

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;

use agent::{Running, config};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_agent::clock::Clock;
use referent_agent::permit::{Decided, Decision};
use referent_agent::spool::record::{
    Begin, Ended, FRAME_HEAD, Found, Head, MAX_BODY, Record, Source, Taken, decode, encode, to_next_mark,
};
use referent_agent::spool::{CallSpool, Item, Spool};
use referent_proto::ids::PerTrack;
use referent_proto::{
    CallId, Chunk, Direction, Gap, GapReason, HangUpReason, KeyId, Mode, Pcm, SampleOffset, SampleSpan, SealedChunk,
    Started, Track,
};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a target is tried: a second in CI, as long as is asked for by `make fuzz`.
fn patience() -> Duration {
    let seconds = std::env::var_os("REFERENT_FUZZ_S").and_then(|text| text.to_str()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

/// Seeds, one after the other, until the time is over; or the one that is to be looked at.
fn seeds() -> impl Iterator<Item = u64> {
    let only: Option<u64> = std::env::var_os("REFERENT_FUZZ_SEED").and_then(|text| text.to_str()?.parse().ok());
    let end = Instant::now() + patience();
    (only.unwrap_or(0)..).take_while(move |seed| only.map_or(Instant::now() < end, |only| *seed == only))
}

/// Runs one case; what panics is named by its seed.
fn case(target: &str, seed: u64, run: impl FnOnce(&mut StdRng)) {
    let ran = catch_unwind(AssertUnwindSafe(|| run(&mut StdRng::seed_from_u64(seed))));
    assert!(ran.is_ok(), "{target}: REFERENT_FUZZ_SEED={seed}");
}

fn tell(target: &str, cases: u64) {
    drop(writeln!(std::io::stdout(), "fuzz: {target}: {cases} cases"));
    assert!(cases > 20, "{target}: a target that tries nothing finds nothing");
}

/// A number that is often at an edge.
fn number(rng: &mut StdRng) -> u64 {
    let edges = [0, 1, 1_600, 16_000, u64::from(u32::MAX), i64::MAX.cast_unsigned(), u64::MAX - 1, u64::MAX];
    match rng.random_range(0..4) {
        0 => edges[rng.random_range(0..edges.len())],
        1 => rng.random(),
        _ => rng.random_range(0..1_000_000),
    }
}

fn track(rng: &mut StdRng) -> Track {
    if rng.random() { Track::Near } else { Track::Far }
}

fn begin(rng: &mut StdRng) -> Begin {
    let mode = [Mode::Off, Mode::Notice, Mode::Consent, Mode::Documentation][rng.random_range(0..4)];
    Begin {
        call: CallId::new(number(rng) >> 16, rng.random()),
        continues: None,
        external_id: rng.random::<bool>().then(|| "x".repeat(rng.random_range(0..100))),
        case_id: None,
        area: None,
        mode,
        legal_basis: None,
        direction: Direction::Incoming,
        started: Started { utc_ms: number(rng).cast_signed(), utc_offset_s: 3600 },
        tracks: Track::BOTH.to_vec(),
        source: Source::Devices,
        boot: "boot".into(),
        boot_ms: number(rng),
    }
}

/// A record that could have been written, at a place that may be none.
fn record(rng: &mut StdRng) -> Record {
    let (track, first) = (track(rng), SampleOffset(number(rng)));
    match rng.random_range(0..7) {
        0 => Record::Head(Box::new(Head {
            begin: begin(rng),
            number: number(rng),
            ends: PerTrack { near: first, far: SampleOffset(number(rng)) },
            decided: Decided { has_consent: rng.random(), is_paused: rng.random() },
            runs: rng.random(),
            boot_ms: number(rng),
        })),
        1 => {
            let pcm = Pcm((0..rng.random_range(1..2_000)).map(|_| rng.random()).collect());
            Record::Chunk(Chunk { track, first, pcm })
        }
        2 => {
            let span = SampleSpan::new(first, SampleOffset(first.0.saturating_add(number(rng) / 2)));
            let gap = span.filter(|span| !span.is_empty()).map(|span| Gap { track, span, reason: GapReason::Paused });
            gap.map_or(Record::Settled(PerTrack::default()), Record::Gap)
        }
        3 => Record::HangUp(Ended {
            ends: PerTrack { near: first, far: SampleOffset(number(rng)) },
            reason: HangUpReason::Person,
            boot: "boot".into(),
            boot_ms: number(rng),
            utc_ms: number(rng).cast_signed(),
        }),
        4 => Record::Settled(PerTrack { near: first, far: SampleOffset(number(rng)) }),
        5 => Record::Taken(Taken { decision: Decision::Pause, at: first, boot_ms: number(rng), utc_ms: 0 }),
        _ => {
            let samples = rng.random_range(1..2_000_u32);
            let bytes = (0..SealedChunk::sealed_bytes(samples as usize)).map(|_| rng.random()).collect();
            let (key, enc) = (KeyId::from_bytes(rng.random()), rng.random());
            Record::Sealed(SealedChunk {
                track,
                first,
                samples,
                key,
                run: rng.random(),
                enc,
                number: number(rng),
                bytes,
            })
        }
    }
}

/// Changes some bytes, or how many there are.
fn change(bytes: &mut Vec<u8>, rng: &mut StdRng) {
    for _ in 0..rng.random_range(1..4) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.random_range(0..bytes.len());
        match rng.random_range(0..5) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = rng.random(),
            2 => bytes.truncate(at),
            3 => {
                let piece: Vec<u8> = bytes[at..].iter().copied().take(rng.random_range(1..20)).collect();
                let to = rng.random_range(0..=bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => {
                let run = bytes.len().min(at + 8);
                bytes[at..run].fill(if rng.random() { 0xff } else { 0 });
            }
        }
    }
}

/// A frame whose sum is right, whatever its body says.
fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut sum = crc32fast::Hasher::new();
    sum.update(&length);
    sum.update(body);
    [&[0xD5, 0x5A][..], &length, &sum.finalize().to_le_bytes(), body].concat()
}

/// Bytes as a file of the spool might have them.
fn bytes(rng: &mut StdRng) -> Vec<u8> {
    let mut all = Vec::new();
    for _ in 0..rng.random_range(1..6) {
        let mut one = Vec::new();
        encode(&record(rng), &mut one);
        match rng.random_range(0..4) {
            0 => {}
            1 => change(&mut one, rng),
            _ => {
                let mut body = one.split_off(FRAME_HEAD);
                change(&mut body, rng);
                one = frame(&body);
            }
        }
        all.extend(one);
    }
    all
}

#[test]
fn no_bytes_make_the_spools_records_panic_and_what_is_read_is_written_the_same() {
    let mut cases = 0;
    for seed in seeds() {
        case("records", seed, |rng| {
            let bytes = bytes(rng);
            let mut at = 0;
            while at < bytes.len() {
                let rest = &bytes[at..];
                at += match decode(rest) {
                    Found::Whole(record, length) => {
                        assert!((FRAME_HEAD + 1..=FRAME_HEAD + MAX_BODY).contains(&length) && length <= rest.len());
                        let mut again = Vec::new();
                        encode(&record, &mut again);
                        assert_eq!(decode(&again), Found::Whole(record.clone(), again.len()), "{record:?}");
                        // Whoever reads it asks where it lies.
                        match &record {
                            Record::Chunk(chunk) => assert!(!chunk.span().is_empty()),
                            Record::Sealed(chunk) => assert!(!chunk.span().is_empty()),
                            Record::Gap(gap) => assert!(!gap.span.is_empty()),
                            _ => {}
                        }
                        length
                    }
                    Found::Cut | Found::Damaged => {
                        let next = to_next_mark(rest);
                        assert!((1..=rest.len()).contains(&next), "it goes on");
                        next
                    }
                };
            }
        });
        cases += 1;
    }
    tell("records", cases);
}

/// A call of a second on both tracks, and the files it consists of.
fn call(folder: &Path, rng: &mut StdRng) -> (PathBuf, Vec<PathBuf>) {
    let spool = Spool::open(folder.join("spool")).expect("a new folder");
    let mut begin = begin(rng);
    begin.mode = Mode::Notice;
    begin.boot_ms %= 1 << 40;
    let call = spool.begin_with_segments_of(begin, 8_000).expect("it begins");
    for at in 0..10_i16 {
        for track in Track::BOTH {
            let chunk = Chunk {
                track,
                first: SampleOffset(u64::from(at.unsigned_abs()) * 1_600),
                pcm: Pcm(vec![at + 1; 1_600]),
            };
            call.append(chunk, 0).expect("it is kept");
        }
    }
    call.sync().expect("it is durable");
    let folder = folder.join("spool").join(call.call().to_string());
    let files = std::fs::read_dir(&folder).expect("it is there").map(|entry| entry.expect("it is there").path());
    let mut files: Vec<_> = files.filter(|path| path.is_file()).collect();
    files.sort();
    (folder, files)
}

/// Reads it as the next start does; each track is one row without hole or overlap.
fn read(folder: &Path) {
    let Ok(Some(left)) = CallSpool::open(folder) else { return };
    let mut reader = left.spool.read_from(PerTrack::default());
    let mut next = PerTrack { near: None, far: None };
    for _ in 0..10_000 {
        let Ok(items) = reader.read() else { return };
        if items.is_empty() {
            return;
        }
        for item in items {
            if let Some((track, span)) = item.place() {
                let expected: &mut Option<SampleOffset> = &mut next[track];
                // A sealed chunk cannot be cut: it may begin before, and the server drops what it has (T3 in `timeline`).
                let is_sealed = matches!(item, Item::Sealed(_));
                let fits = |expected| {
                    span.start() == expected || is_sealed && span.start() < expected && expected < span.end()
                };
                assert!(expected.is_none_or(fits), "{track}: {span:?} at {expected:?}");
                *expected = Some(span.end());
            }
        }
    }
    panic!("it never ends");
}

#[test]
fn no_file_makes_the_next_start_panic_or_read_a_track_twice() {
    let mut cases = 0;
    for seed in seeds() {
        case("spool", seed, |rng| {
            let folder = tempfile::tempdir().expect("there is room");
            let (call, files) = call(folder.path(), rng);
            let file = &files[rng.random_range(0..files.len())];
            let mut whole = std::fs::read(file).expect("it is there");
            match rng.random_range(0..3) {
                // Records that nobody wrote, behind those that somebody did.
                0 => whole.extend(bytes(rng)),
                1 => whole = bytes(rng),
                _ => {
                    let (at, foreign) = (rng.random_range(0..=whole.len()), bytes(rng));
                    whole.splice(at..at, foreign);
                }
            }
            std::fs::write(file, whole).expect("there is room");
            read(&call);
        });
        cases += 1;
    }
    tell("spool", cases);
}

/// A request as some program, or some attacker, may send it.
fn request(rng: &mut StdRng, token: &str, port: u16) -> (Vec<u8>, bool) {
    let pick = |rng: &mut StdRng, from: &[&str]| from[rng.random_range(0..from.len())].to_owned();
    let method = pick(rng, &["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "CONNECT", "get"]);
    let call = "01990000-0000-7000-8000-000000000000";
    let path = pick(
        rng,
        &[
            "/v1/calls",
            "/v1/calls/current/hang-up",
            "/v1/calls/current/pause",
            "/v1/calls/current/toggle-pause",
            "/v1/calls/current/consent",
            "/v1/calls/current/discard",
            &format!("/v1/calls/{call}/discard"),
            &format!("/v1/calls/{call}/give-up"),
            "/v1/status",
            "/v1/openapi.json",
            "/metrics",
            "/v1/../v1/status",
            "//v1/status",
            "/v1/calls/%00/discard",
            "*",
        ],
    );
    let shows_token = rng.random_range(0..3) > 0;
    let shown = if shows_token { token.to_owned() } else { pick(rng, &["", "0", &token[1..], &token.to_uppercase()]) };
    let host = match rng.random_range(0..4) {
        0 => pick(rng, &["evil.example", "", "127.0.0.1.evil.example", "[::1", "127.0.0.1:99999", "localhost@evil"]),
        _ => format!("127.0.0.1:{port}"),
    };
    let body = pick(
        rng,
        &[
            "",
            "{}",
            "{\"given\":true}",
            "{\"replace\":true}",
            "{\"wav\":\"/nowhere\"}",
            "[[[[",
            "\u{0}",
            "{\"case_id\":1e999}",
        ],
    );
    let is_own = host == format!("127.0.0.1:{port}");
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {shown}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut bytes = text.into_bytes();
    let is_changed = rng.random_range(0..3) == 0;
    if is_changed {
        change(&mut bytes, rng);
    }
    (bytes, shows_token && is_own || is_changed)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_makes_the_control_port_panic_or_lets_a_stranger_in() {
    let folder = tempfile::tempdir().unwrap();
    let agent = Running::start(config(folder.path(), "http://127.0.0.1:9", "credit"), &Clock::system()).await;
    let token = std::fs::read_to_string(folder.path().join("agent/control-token")).unwrap();
    let mut cases = 0;
    for seed in seeds() {
        let (bytes, may_be_let_in) = request(&mut StdRng::seed_from_u64(seed), &token, agent.address.port());
        let mut stream = TcpStream::connect(agent.address).await.expect("it listens");
        let mut answer = Vec::new();
        let asking = async {
            stream.write_all(&bytes).await?;
            stream.shutdown().await?;
            stream.read_to_end(&mut answer).await
        };
        let asked = tokio::time::timeout(Duration::from_secs(10), asking).await;
        assert!(asked.is_ok(), "it hangs: REFERENT_FUZZ_SEED={seed}");
        let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
        let status: u16 = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        assert!(status != 500, "REFERENT_FUZZ_SEED={seed}: {line}");
        let said = String::from_utf8_lossy(&bytes);
        let is_open = said.contains(" /metrics ") || said.contains(" /v1/openapi.json ");
        assert!(may_be_let_in || is_open || !(200..300).contains(&status), "REFERENT_FUZZ_SEED={seed}: {line}");
        cases += 1;
    }
    assert_eq!(agent.control.status().await.unwrap()["spool"]["calls"], 0, "nothing began");
    agent.stop().await;
    tell("control port", cases);
}
