//! A record that was cut off at any byte, and a byte that the disk turned over anywhere: what was whole before and after
//! is still there, what was not is a gap, and nothing is made up (S1, S4, S5). The same for sound that is sealed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use referent_agent::spool::record::{Begin, Ended, Source};
use referent_agent::spool::{AFTER_START, CallSpool, Item, Spool};
use referent_proto::ids::PerTrack;
use referent_proto::{
    CallId, Chunk, Direction, GapReason, HangUpReason, Mode, Pcm, SampleOffset, SealedChunk, Started, Track,
};
use referent_seal::open::PrivateKey;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const CHUNK: u64 = 20;
/// Bytes of a chunk's record: the frame's head, the chunk's own, its samples.
const RECORD: usize = 10 + 10 + 40;
/// Of a sealed one, which has a longer head, and a tag behind its samples.
const SEALED: usize = 10 + 66 + 40 + 16;

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().expect("the system has chance"));

fn begin() -> Begin {
    Begin {
        call: CallId::new(1, [1; 10]),
        continues: None,
        external_id: None,
        case_id: None,
        area: None,
        mode: Mode::Notice,
        legal_basis: None,
        direction: Direction::Incoming,
        started: Started { utc_ms: 1, utc_offset_s: 0 },
        tracks: vec![Track::Near],
        source: Source::Devices,
        boot: "boot".into(),
        boot_ms: 1,
    }
}

/// So many chunks whose samples are their offsets; the call's folder and its only segment.
fn written(folder: &Path, chunks: u64, is_sealed: bool) -> (PathBuf, PathBuf) {
    let all = Spool::open(folder.to_owned()).expect("the disk works");
    let all = all.sealing_for(is_sealed.then(|| KEY.public().clone()));
    let spool = all.begin(begin()).expect("the disk works");
    for number in 0..chunks {
        spool.append(chunk(number), 1).expect("the disk works");
    }
    spool.sync().expect("the disk works");
    let call = folder.join(begin().call.to_string());
    (call.clone(), call.join("00000000.segment"))
}

fn chunk(number: u64) -> Chunk {
    let first = number * CHUNK;
    let pcm = (first..first + CHUNK).map(|offset| i16::try_from(offset).expect("the disk works")).collect();
    Chunk { track: Track::Near, first: SampleOffset(first), pcm: Pcm(pcm) }
}

fn read_all(spool: &CallSpool) -> Vec<Item> {
    let mut reader = spool.read_from(PerTrack::default());
    let mut all = Vec::new();
    loop {
        let items = reader.read().expect("the disk works");
        if items.is_empty() {
            return all;
        }
        all.extend(items);
    }
}

/// Sound lies under its own offsets, and sound and gaps have neither hole nor overlap; gives gaps and end.
fn check(items: &[Item]) -> (Vec<(u64, u64, GapReason)>, u64) {
    let (mut at, mut gaps) = (0, Vec::new());
    for item in items {
        let Some((_, span)) = item.place() else { continue };
        assert_eq!(span.start().0, at);
        at = span.end().0;
        let opened = |sealed: &SealedChunk| {
            let run = KEY.run(begin().call, sealed.run, &sealed.enc).expect("it opens alone");
            Item::Chunk(run.open(sealed.clone()).expect("it opens alone"))
        };
        let item = if let Item::Sealed(sealed) = item { &opened(sealed) } else { item };
        match item {
            Item::Chunk(chunk) => {
                assert!(
                    (chunk.first.0..).zip(&chunk.pcm.0).all(|(offset, sample)| u64::try_from(*sample) == Ok(offset))
                );
            }
            Item::Gap(gap) => gaps.push((span.start().0, span.end().0, gap.reason)),
            Item::Sealed(_) | Item::HangUp(_) => {}
        }
    }
    (gaps, at)
}

#[test]
fn a_tail_that_is_torn_at_any_byte_is_cut_off_and_becomes_a_gap() {
    torn_at_any_byte(false, RECORD);
}

#[test]
fn a_sealed_tail_that_is_torn_at_any_byte_is_cut_off_and_what_is_before_it_opens() {
    torn_at_any_byte(true, SEALED);
}

fn torn_at_any_byte(is_sealed: bool, record: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (call, segment) = written(folder.path(), 4, is_sealed);
    let whole = std::fs::read(&segment).unwrap();
    let first_chunk = whole.len() - 4 * record;
    for cut in first_chunk..=whole.len() {
        std::fs::write(&segment, &whole[..cut]).unwrap();
        let left = CallSpool::open(&call).unwrap().unwrap();
        let chunks = ((cut - first_chunk) / record) as u64;
        let is_torn = !(cut - first_chunk).is_multiple_of(record);
        assert_eq!(left.torn, is_torn, "cut at {cut}");
        assert_eq!(left.spool.ends().near.0, chunks * CHUNK, "cut at {cut}");
        let is_cut_off = std::fs::metadata(&segment).unwrap().len() == (first_chunk as u64) + chunks * record as u64;
        assert!(is_cut_off, "cut at {cut}");

        // The agent goes on: new sound a second beyond, the hole a gap.
        let first = left.spool.earliest(Track::Near);
        assert_eq!(first.0, chunks * CHUNK + AFTER_START);
        left.spool.append_gap(Track::Near, first, GapReason::AgentDown, 2).unwrap();
        let pcm = Pcm(vec![i16::try_from(first.0).unwrap()]);
        left.spool.append(Chunk { track: Track::Near, first, pcm }, 2).unwrap();
        left.spool.sync().unwrap();
        let (gaps, end) = check(&read_all(&left.spool));
        assert_eq!(gaps, [(chunks * CHUNK, first.0, GapReason::AgentDown)], "cut at {cut}");
        assert_eq!(end, first.0 + 1);

        // And the next start finds it so.
        let again = CallSpool::open(&call).unwrap().unwrap();
        assert!(!again.torn);
        assert_eq!(check(&read_all(&again.spool)).0.len(), 1);
        std::fs::remove_file(call.join("00000001.segment")).unwrap();
    }
}

#[test]
fn a_head_that_is_torn_is_not_the_only_one_and_without_any_the_folder_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (call, segment) = written(folder.path(), 0, false);
    let whole = std::fs::read(&segment).unwrap();
    for cut in (1..whole.len()).rev() {
        std::fs::write(&segment, &whole[..cut]).unwrap();
        let left = CallSpool::open(&call).unwrap().expect("the call's own file says whose it is");
        assert_eq!((left.spool.call(), left.spool.ends().near.0), (begin().call, 0), "cut at {cut}");
    }
    std::fs::remove_file(call.join("call")).unwrap();
    for cut in (0..whole.len()).rev() {
        std::fs::write(&segment, &whole[..cut]).unwrap();
        assert!(CallSpool::open(&call).unwrap().is_none(), "cut at {cut}");
        assert!(Spool::open(folder.path().to_owned()).unwrap().left().unwrap().is_empty());
        assert_eq!(segment.exists(), cut > 0, "a folder without a byte is what a crash at the beginning leaves");
    }
}

#[test]
fn a_byte_turned_over_anywhere_costs_its_own_record_and_no_other() {
    turned_over_anywhere(false, RECORD);
}

#[test]
fn a_byte_of_sealed_sound_turned_over_anywhere_costs_its_own_record_and_no_other() {
    turned_over_anywhere(true, SEALED);
}

fn turned_over_anywhere(is_sealed: bool, record: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (call, segment) = written(folder.path(), 6, is_sealed);
    {
        let spool = CallSpool::open(&call).unwrap().unwrap().spool;
        let end = |ends| Ended { ends, reason: HangUpReason::Person, boot: "boot".into(), boot_ms: 2, utc_ms: 2 };
        spool.hang_up(end).unwrap();
    }
    let whole = std::fs::read(&segment).unwrap();
    let end = 6 * CHUNK;
    let head = whole.len() - 6 * record;
    for at in head..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        std::fs::write(&segment, &bytes).unwrap();
        let left = CallSpool::open(&call).unwrap().unwrap();
        let items = read_all(&left.spool);
        let (gaps, reached) = check(&items);
        assert_eq!(reached, end, "byte {at}: the hang-up tells how far the call went");
        let number = ((at - head) / record) as u64;
        assert_eq!(gaps, [(number * CHUNK, (number + 1) * CHUNK, GapReason::Damaged)], "byte {at}");
        assert!(matches!(items.last(), Some(Item::HangUp(_))));
        std::fs::write(&segment, &whole).unwrap();
    }
}
