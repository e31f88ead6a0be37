//! A spool that its own PC cannot read (S8): whatever dies and whenever, what is whole opens with the server's key, and no
//! key ever sealed two records under one nonce.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use proptest::prelude::*;
use referent_agent::spool::record::{Begin, Found, Record, Source, decode, encode, to_next_mark};
use referent_agent::spool::{CallSpool, Item, Spool};
use referent_proto::ids::PerTrack;
use referent_proto::{
    CallId, Chunk, Direction, Gap, GapReason, KeyId, Mode, Pcm, SampleOffset, SampleSpan, SealedChunk, Settled,
    Started, Track,
};
use referent_seal::open::PrivateKey;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Segments of a second, so that a short history crosses many.
const SEGMENT: u64 = 16_000;

static KEY: LazyLock<PrivateKey> = LazyLock::new(key);

fn key() -> PrivateKey {
    PrivateKey::generate().expect("the system has chance")
}

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
        tracks: Track::BOTH.to_vec(),
        source: Source::Devices,
        boot: "boot".into(),
        boot_ms: 1,
    }
}

fn open(key: &PrivateKey, sealed: SealedChunk) -> Chunk {
    let run = key.run(begin().call, sealed.run, &sealed.enc).expect("it opens alone");
    run.open(sealed).expect("it opens alone")
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

fn segments(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the disk works").map(|entry| entry.expect("the disk works").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "segment")).collect();
    files.sort_unstable();
    files
}

fn records(bytes: &[u8]) -> Vec<Record> {
    let (mut all, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match decode(&bytes[at..]) {
            Found::Whole(record, length) => {
                all.push(record);
                at += length;
            }
            Found::Cut | Found::Damaged => at += to_next_mark(&bytes[at..]),
        }
    }
    all
}

#[derive(Debug, Clone)]
enum Step {
    Append(Track, usize),
    Sync,
    /// The process dies; what was written stays, but for so much of what was not synced.
    Die(f64),
    Settle(f64),
}

fn step() -> impl Strategy<Value = Step> {
    let track = prop_oneof![Just(Track::Near), Just(Track::Far)];
    prop_oneof![
        10 => (track, 1usize..2_000).prop_map(|(track, samples)| Step::Append(track, samples)),
        3 => Just(Step::Sync),
        2 => (0.0..=1.0).prop_map(Step::Die),
        1 => (0.0..=1.0).prop_map(Step::Settle),
    ]
}

/// What was ever sealed, by what may come only once, whatever became of it.
#[derive(Default)]
struct Ever(HashMap<([u8; 32], Track, u64), SealedChunk>);

impl Ever {
    fn look(&mut self, folder: &Path) -> Result<(), TestCaseError> {
        for file in segments(folder) {
            for record in records(&std::fs::read(file).expect("the disk works")) {
                let Record::Sealed(chunk) = record else {
                    prop_assert!(!matches!(record, Record::Chunk(_)), "S8: sound that anybody can read");
                    continue;
                };
                let before = self.0.insert((chunk.enc, chunk.track, chunk.number), chunk.clone());
                prop_assert!(before.is_none_or(|before| before == chunk), "a nonce came twice: {:?}", chunk);
            }
        }
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a part")]
fn part(whole: u64, share: f64) -> u64 {
    (whole as f64 * share) as u64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn killed_at_any_write_it_keeps_what_opens_and_no_nonce_comes_twice(steps in prop::collection::vec(step(), 1..60)) {
        let root = tempfile::tempdir().unwrap();
        let all = Spool::open(root.path().to_owned()).unwrap().sealing_for(Some(KEY.public().clone()));
        let mut spool = all.begin_with_segments_of(begin(), SEGMENT).unwrap();
        let folder = root.path().join(begin().call.to_string());
        let (mut ever, mut said, mut next) = (Ever::default(), BTreeMap::new(), 0u32);
        let mut durable = PerTrack::default();
        let mut on_disk: HashMap<PathBuf, u64> = HashMap::new();
        let lengths = |folder: &Path| -> HashMap<PathBuf, u64> {
            segments(folder).into_iter().map(|file| { let len = file.metadata().unwrap().len(); (file, len) }).collect()
        };
        for step in steps {
            match step {
                Step::Append(track, samples) => {
                    let first = spool.earliest(track);
                    let pcm: Vec<i16> = (0..samples).map(|_| { next += 1; (next.wrapping_mul(0x9E37_79B9) >> 16) as i16 }).collect();
                    for (offset, sample) in (first.0..).zip(&pcm) {
                        said.insert((track, offset), *sample);
                    }
                    spool.append(Chunk { track, first, pcm: Pcm(pcm) }, 1).unwrap();
                }
                Step::Sync => {
                    spool.sync().unwrap();
                    durable = spool.ends();
                    on_disk = lengths(&folder);
                }
                Step::Settle(share) => for track in Track::BOTH {
                    ever.look(&folder)?;
                    let offset = SampleOffset(part(durable[track].0, share));
                    spool.release(Settled { track, offset }).unwrap();
                },
                Step::Die(share) => {
                    ever.look(&folder)?;
                    for (file, length) in lengths(&folder) {
                        let synced = on_disk.get(&file).copied().unwrap_or(0).min(length);
                        let kept = synced + part(length - synced, share);
                        std::fs::File::options().write(true).open(file).unwrap().set_len(kept).unwrap();
                    }
                    let Some(left) = all.left().unwrap().pop() else { return Ok(()) };
                    spool = left.spool;
                    for track in Track::BOTH {
                        prop_assert!(spool.ends()[track] >= durable[track], "what was durable is gone");
                    }
                    durable = spool.ends();
                    on_disk = lengths(&folder);
                }
            }
        }
        spool.sync().unwrap();
        ever.look(&folder)?;
        for item in read_all(&spool) {
            if let Item::Sealed(sealed) = item {
                let chunk = open(&KEY, sealed);
                for (offset, sample) in (chunk.first.0..).zip(&chunk.pcm.0) {
                    prop_assert_eq!(said.get(&(chunk.track, offset)), Some(sample));
                }
            }
        }
        // A run is one key, and every start that sealed something is a run of its own.
        let mut runs: HashMap<[u8; 32], u32> = HashMap::new();
        for ((enc, ..), chunk) in &ever.0 {
            prop_assert_eq!(*runs.entry(*enc).or_insert(chunk.run), chunk.run);
        }
    }
}

/// Chunks of 100 ms in one segment.
fn append(spool: &CallSpool, chunks: std::ops::Range<u64>) {
    for number in chunks {
        let first = SampleOffset(number * 1600).max(spool.earliest(Track::Near));
        let chunk = Chunk { track: Track::Near, first, pcm: Pcm(vec![i16::try_from(number).unwrap(); 1600]) };
        spool.append(chunk, 1).unwrap();
    }
    spool.sync().unwrap();
}

#[test]
fn each_start_seals_with_a_key_of_its_own_and_an_old_call_keeps_its_old_one() {
    let root = tempfile::tempdir().unwrap();
    let (old, new) = (key(), key());
    let spool_for =
        |key: &PrivateKey| Spool::open(root.path().to_owned()).unwrap().sealing_for(Some(key.public().clone()));
    append(&spool_for(&old).begin(begin()).unwrap(), 0..3);
    append(&spool_for(&old).left().unwrap().pop().unwrap().spool, 3..6);
    append(&spool_for(&new).left().unwrap().pop().unwrap().spool, 6..9);
    // And one that was told no key any more, as one before there were keys.
    append(&Spool::open(root.path().to_owned()).unwrap().left().unwrap().pop().unwrap().spool, 9..12);
    let items = read_all(&spool_for(&new).left().unwrap().pop().unwrap().spool);
    let sealed: Vec<_> =
        items.iter().filter_map(|item| if let Item::Sealed(chunk) = item { Some(chunk) } else { None }).collect();
    let whose: Vec<(KeyId, u32, u64)> = sealed.iter().map(|chunk| (chunk.key, chunk.run, chunk.number)).collect();
    let expected = [(old.id(), 0), (old.id(), 1), (new.id(), 2)];
    assert_eq!(
        whose,
        expected.iter().flat_map(|&(key, run)| (0..3).map(move |number| (key, run, number))).collect::<Vec<_>>()
    );
    for chunk in &sealed {
        let (key, other) = if chunk.key == old.id() { (&old, &new) } else { (&new, &old) };
        assert_eq!(open(key, SealedChunk::clone(chunk)).span(), chunk.span());
        let with_other =
            other.run(begin().call, chunk.run, &chunk.enc).and_then(|run| run.open(SealedChunk::clone(chunk)));
        assert!(with_other.is_err());
    }
    let plain = items.iter().filter(|item| matches!(item, Item::Chunk(_))).count();
    assert_eq!(plain, 3, "what is not sealed is still read");
}

#[test]
fn a_number_whose_record_was_not_written_is_not_used_again() {
    let root = tempfile::tempdir().unwrap();
    let all = Spool::open(root.path().to_owned()).unwrap().sealing_for(Some(KEY.public().clone()));
    // A segment holds one chunk, so that each needs a file of its own.
    let spool = all.begin_with_segments_of(begin(), 1600).unwrap();
    append(&spool, 0..1);
    let (folder, away) = (root.path().join(begin().call.to_string()), root.path().join("away"));
    std::fs::rename(&folder, &away).unwrap();
    let lost = Chunk { track: Track::Near, first: SampleOffset(1600), pcm: Pcm(vec![9; 1600]) };
    for _ in 0..3 {
        assert!(spool.append(lost.clone(), 1).is_err(), "there is no folder to write into");
    }
    std::fs::rename(&away, &folder).unwrap();
    append(&spool, 2..3);
    let number = |item: &Item| if let Item::Sealed(chunk) = item { Some(chunk.number) } else { None };
    // What was sealed and not written may all the same lie on the disk in part.
    assert_eq!(read_all(&spool).iter().filter_map(number).collect::<Vec<_>>(), [0, 4]);
}

#[test]
fn what_is_given_up_becomes_a_gap_and_nothing_else_does() {
    let root = tempfile::tempdir().unwrap();
    let (gone, here) = (key(), key());
    let all = |key: &PrivateKey| Spool::open(root.path().to_owned()).unwrap().sealing_for(Some(key.public().clone()));
    append(&all(&gone).begin(begin()).unwrap(), 0..3);
    append(&all(&here).left().unwrap().pop().unwrap().spool, 3..6);
    let spool = all(&here).left().unwrap().pop().unwrap().spool;
    let before = read_all(&spool);
    let bytes = |root: &Path| {
        segments(&root.join(begin().call.to_string()))
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect::<Vec<_>>()
    };
    let on_disk = bytes(root.path());
    for _ in 0..2 {
        spool.give_up(gone.id()).unwrap();
    }
    let after = read_all(&spool);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        match before {
            Item::Sealed(chunk) if chunk.key == gone.id() => {
                let gap = Gap { track: chunk.track, span: chunk.span(), reason: GapReason::KeyGone };
                assert_eq!(after, &Item::Gap(gap));
            }
            other => assert_eq!(after, other),
        }
    }
    assert_eq!(bytes(root.path()), on_disk, "nothing is deleted before it is settled");
    let again = all(&here).left().unwrap().pop().unwrap().spool;
    assert_eq!(read_all(&again), after, "a restart knows of it");
    // A line that the disk has damaged gives up nothing.
    std::fs::write(root.path().join(begin().call.to_string()).join("given-up"), b"0123\n\xff\n").unwrap();
    assert_eq!(read_all(&all(&here).left().unwrap().pop().unwrap().spool), before);
    again.release_all().unwrap();
    assert_eq!(all(&here).usage(), (0, 0));
}

#[test]
fn a_sealed_record_that_cannot_be_is_damage() {
    let mut sealer = referent_seal::Sealer::new(KEY.public(), begin().call, 0).unwrap();
    let chunk = Chunk { track: Track::Far, first: SampleOffset(7), pcm: Pcm(vec![1; 100]) };
    let good = sealer.seal(&chunk).unwrap();
    let whole = |chunk: &SealedChunk| {
        let mut bytes = Vec::new();
        encode(&Record::Sealed(chunk.clone()), &mut bytes);
        decode(&bytes)
    };
    let Found::Whole(Record::Sealed(again), _) = whole(&good) else { panic!("it is a record") };
    assert_eq!((again.span(), &again), (SampleSpan::of(SampleOffset(7), 100), &good));
    let mut long = good.clone();
    long.bytes.push(0);
    for wrong in [
        SealedChunk { samples: 0, bytes: vec![0; 16], ..good.clone() },
        SealedChunk { samples: 16_001, bytes: vec![0; 32_018], ..good.clone() },
        SealedChunk { samples: u32::MAX, ..good.clone() },
        SealedChunk { first: SampleOffset(u64::MAX - 3), ..good.clone() },
        SealedChunk { bytes: Vec::new(), ..good.clone() },
        long,
    ] {
        assert_eq!(whole(&wrong), Found::Damaged, "{wrong:?}");
    }
}
