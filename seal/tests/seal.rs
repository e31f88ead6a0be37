//! What is sealed opens alone and in any order, as what it was and as nothing else (E1); no nonce comes twice (E2).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use proptest::prelude::*;
use referent_proto::{CallId, Chunk, KeyId, Pcm, SampleOffset, SealedChunk, Track};
use referent_seal::open::{DoesNotOpen, PrivateKey};
use referent_seal::{PublicKey, Sealer};
use std::collections::HashSet;
use std::time::Instant;

const CALL: [u8; 16] = [7; 16];

fn call() -> CallId {
    CallId::from_bytes(&CALL).unwrap()
}

/// A second call.
fn another() -> CallId {
    CallId::from_bytes(&[8; 16]).unwrap()
}

fn chunk(track: Track, number: u64, samples: usize) -> Chunk {
    let pcm = (0..samples).map(|at| i16::try_from((at as u64 * 31 + number * 7) % 30_000).unwrap()).collect();
    Chunk { track, first: SampleOffset(number * 1600), pcm: Pcm(pcm) }
}

/// Both tracks, so many chunks each.
fn sealed(sealer: &mut Sealer, chunks: u64) -> Vec<(Chunk, SealedChunk)> {
    let all = (0..chunks).flat_map(|number| Track::BOTH.map(|track| chunk(track, number, 1600)));
    all.map(|chunk| (chunk.clone(), sealer.seal(&chunk).unwrap())).collect()
}

fn open(key: &PrivateKey, call: CallId, chunk: SealedChunk) -> Result<Chunk, DoesNotOpen> {
    key.run(call, chunk.run, &chunk.enc)?.open(chunk)
}

#[test]
fn any_record_opens_alone_and_in_any_order() {
    let key = PrivateKey::generate().unwrap();
    let mut sealer = Sealer::new(key.public(), call(), 3).unwrap();
    let all = sealed(&mut sealer, 20);
    for (chunk, sealed) in all.iter().rev() {
        assert_eq!((sealed.key, sealed.run, sealed.span()), (key.id(), 3, chunk.span()));
        assert_eq!(sealed.bytes.len(), SealedChunk::sealed_bytes(chunk.pcm.0.len()));
        assert_eq!(open(&key, call(), sealed.clone()).as_ref(), Ok(chunk), "{sealed:?}");
    }
}

#[test]
fn a_key_comes_through_its_text_and_names_itself() {
    let key = PrivateKey::generate().unwrap();
    let again = PrivateKey::from_text(&format!("{}\n", *key.reveal())).unwrap();
    let public = PublicKey::from_text(&key.public().to_text()).unwrap();
    assert_eq!((again.id(), &public), (key.id(), key.public()));
    assert_eq!(key.id().to_string().parse::<KeyId>(), Ok(key.id()));
    assert!(format!("{key:?}").starts_with("PrivateKey(") && !format!("{key:?}").contains(key.reveal().as_str()));
    let mut sealer = Sealer::new(&public, call(), 0).unwrap();
    let (chunk, record) = sealed(&mut sealer, 1).remove(0);
    assert_eq!(open(&again, call(), record), Ok(chunk));
    for wrong in ["", "abc", "not base64 at all!", "AAAA", &"A".repeat(88)] {
        assert!(PublicKey::from_text(wrong).is_err() && PrivateKey::from_text(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_key_that_nothing_can_be_sealed_for_is_an_error_and_no_panic() {
    // The identity: whatever is agreed on with it is zero, and known to everybody.
    let zero = PublicKey::from_text(&format!("{}=", "A".repeat(43))).unwrap();
    assert!(Sealer::new(&zero, call(), 0).is_err());
    let key = PrivateKey::generate().unwrap();
    assert!(key.run(call(), 0, &[0; 32]).is_err());
}

#[test]
fn another_key_call_or_run_does_not_open() {
    let (key, other) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    let mut sealer = Sealer::new(key.public(), call(), 1).unwrap();
    let (_, record) = sealed(&mut sealer, 1).remove(0);
    assert!(open(&key, call(), record.clone()).is_ok());
    assert_eq!(open(&other, call(), record.clone()), Err(DoesNotOpen));
    // A thief who says that it was sealed for his key has no more of it.
    assert_eq!(open(&other, call(), SealedChunk { key: other.id(), ..record.clone() }), Err(DoesNotOpen));
    assert_eq!(open(&key, another(), record.clone()), Err(DoesNotOpen), "of another call");
    assert_eq!(open(&key, call(), SealedChunk { run: 2, ..record.clone() }), Err(DoesNotOpen), "of another run");
    let mut later = Sealer::new(key.public(), call(), 1).unwrap();
    let (_, foreign) = sealed(&mut later, 1).remove(0);
    assert_ne!(foreign.enc, record.enc, "the same run number twice is two keys all the same");
    assert_ne!(foreign.bytes, record.bytes);
    assert_eq!(open(&key, call(), SealedChunk { enc: foreign.enc, ..record }), Err(DoesNotOpen), "moved between runs");
}

/// A change that somebody who has the disk could make.
#[derive(Debug, Clone)]
enum Change {
    Flip(usize, u8),
    Cut(usize),
    Longer(u8),
    Track,
    First(u64),
    Samples(u32),
    Number(u64),
    Run(u32),
    Key(u8),
    Enc(usize, u8),
    /// The bytes of another record under this one's header.
    Bytes,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<usize>(), 0u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        2 => any::<usize>().prop_map(Change::Cut),
        1 => any::<u8>().prop_map(Change::Longer),
        1 => Just(Change::Track),
        1 => (0u64..1 << 40).prop_map(Change::First),
        1 => (0u32..16_000).prop_map(Change::Samples),
        1 => any::<u64>().prop_map(Change::Number),
        1 => any::<u32>().prop_map(Change::Run),
        1 => (0u8..64).prop_map(Change::Key),
        1 => (0usize..32, 0u8..8).prop_map(|(at, bit)| Change::Enc(at, bit)),
        1 => Just(Change::Bytes),
    ]
}

fn changed(record: &SealedChunk, other: &SealedChunk, change: &Change) -> SealedChunk {
    let mut record = record.clone();
    let length = record.bytes.len();
    match *change {
        Change::Flip(at, bit) => record.bytes[at % length] ^= 1 << bit,
        Change::Cut(at) => record.bytes.truncate(at % length),
        Change::Longer(byte) => record.bytes.push(byte),
        Change::Track => record.track = if record.track == Track::Near { Track::Far } else { Track::Near },
        Change::First(first) => record.first = SampleOffset(first),
        Change::Samples(samples) => record.samples = samples,
        Change::Number(number) => record.number = number,
        Change::Run(run) => record.run = run,
        Change::Key(bit) => {
            record.key = KeyId::from_bytes((u64::from_be_bytes(record.key.bytes()) ^ (1 << bit)).to_be_bytes());
        }
        Change::Enc(at, bit) => record.enc[at] ^= 1 << bit,
        Change::Bytes => record.bytes.clone_from(&other.bytes),
    }
    record
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_swapped_moved_cut_or_flipped_does_not_open(
        change in change(), which in 0usize..8, other in 0usize..8, samples in 1usize..2000
    ) {
        let key = PrivateKey::generate().unwrap();
        let mut sealer = Sealer::new(key.public(), call(), 1).unwrap();
        let all: Vec<_> = (0..8).map(|number| {
            let track = if number % 3 == 0 { Track::Far } else { Track::Near };
            sealer.seal(&chunk(track, number, samples)).unwrap()
        }).collect();
        let record = changed(&all[which], &all[other], &change);
        let opened = open(&key, call(), record.clone());
        if record == all[which] {
            prop_assert!(opened.is_ok(), "nothing was changed");
        } else {
            prop_assert_eq!(opened, Err(DoesNotOpen), "{:?}", change);
        }
    }
}

#[test]
fn no_nonce_comes_twice_under_one_key() {
    let key = PrivateKey::generate().unwrap();
    let mut seen = HashSet::new();
    for run in [0, 0, 1, 2] {
        let mut sealer = Sealer::new(key.public(), call(), run).unwrap();
        for (_, record) in sealed(&mut sealer, 50) {
            assert!(seen.insert((record.enc, record.track, record.number)), "{record:?}");
        }
    }
    // The same sound twice is not the same bytes: nobody learns that nothing was said.
    let mut sealer = Sealer::new(key.public(), call(), 0).unwrap();
    let silence = Chunk { track: Track::Near, first: SampleOffset(0), pcm: Pcm(vec![0; 1600]) };
    let (one, two) = (sealer.seal(&silence).unwrap(), sealer.seal(&silence).unwrap());
    assert_ne!(one.bytes[..3200], two.bytes[..3200]);
}

#[test]
fn what_sealing_and_opening_cost() {
    const TIMES: u32 = 2_000;
    let key = PrivateKey::generate().unwrap();
    let begin = Instant::now();
    let mut sealer = Sealer::new(key.public(), call(), 0).unwrap();
    let setup = begin.elapsed();
    let chunks: Vec<Chunk> = (0..u64::from(TIMES)).map(|number| chunk(Track::Near, number, 1600)).collect();
    let begin = Instant::now();
    let records: Vec<SealedChunk> = chunks.iter().map(|chunk| sealer.seal(chunk).unwrap()).collect();
    let sealing = begin.elapsed() / TIMES;
    let begin = Instant::now();
    let run = key.run(call(), 0, &records[0].enc).unwrap();
    let receiving = begin.elapsed();
    let begin = Instant::now();
    let opened: Vec<Chunk> = records.into_iter().map(|record| run.open(record).unwrap()).collect();
    let opening = begin.elapsed() / TIMES;
    assert_eq!(opened, chunks);
    let told = format!(
        "a record of 100 ms: sealed in {sealing:?}, opened in {opening:?}; a run: begun in {setup:?}, received in {receiving:?}\n"
    );
    std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
    assert!(sealing.as_millis() < 10 && opening.as_millis() < 10, "a tenth of the time there is: {told}");
}
