//! The spool against a model of it: whatever is appended, settled, synced, crashed and read, the promises S1 to S5 hold.
//!
//! They hold for sound that is sealed, too: the test opens it with the server's key, as the agent itself cannot.
//!
//! The model is two rows of samples. A crash of the process keeps what was written; a power cut keeps what was synced,
//! which is imitated by cutting the files back to what they were at the last `sync`.

use proptest::prelude::*;
use referent_agent::spool::record::{Begin, Ended, Source};
use referent_agent::spool::{AFTER_START, CallSpool, Item, LEAD_IN, Spool, SpoolError};
use referent_proto::ids::PerTrack;
use referent_proto::{
    CallId, Chunk, Direction, Gap, GapReason, HangUpReason, Mode, Pcm, SampleOffset, SampleSpan, Settled, Started,
    Track,
};
use referent_seal::open::PrivateKey;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The server's key.
static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().expect("the system has chance"));

/// Segments of 2 s, so that a short history crosses many.
const SEGMENT: u64 = 32_000;

#[derive(Debug, Clone)]
enum Step {
    /// Sound, after a hole of so many samples.
    Chunk {
        track: Track,
        hole: u64,
        samples: u16,
    },
    /// Known to be missing.
    Gap {
        track: Track,
        samples: u64,
    },
    /// Offsets that were given already.
    TooEarly {
        track: Track,
    },
    Sync,
    Settle {
        track: Track,
        share: f64,
    },
    /// Read everything from a place still held.
    Read {
        share: f64,
    },
    /// The process dies; what was written stays.
    Crash,
    /// The PC loses its power; what was synced stays.
    PowerCut,
    HangUp,
}

fn track() -> impl Strategy<Value = Track> {
    prop_oneof![Just(Track::Near), Just(Track::Far)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (track(), prop_oneof![4 => Just(0u64), 1 => 1u64..5_000], 1u16..4_000)
            .prop_map(|(track, hole, samples)| Step::Chunk { track, hole, samples }),
        2 => (track(), 1u64..40_000).prop_map(|(track, samples)| Step::Gap { track, samples }),
        1 => track().prop_map(|track| Step::TooEarly { track }),
        4 => Just(Step::Sync),
        3 => (track(), 0.0..1.0).prop_map(|(track, share)| Step::Settle { track, share }),
        3 => (0.0..1.0).prop_map(|share| Step::Read { share }),
        1 => Just(Step::Crash),
        1 => Just(Step::PowerCut),
        1 => Just(Step::HangUp),
    ]
}

/// What stands at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Sound(i16),
    Missing(GapReason),
}

#[derive(Debug, Default)]
struct Row {
    cells: BTreeMap<u64, Cell>,
    end: u64,
    durable: u64,
    settled: u64,
    /// Sound may not begin before this.
    earliest: u64,
}

struct Model {
    rows: PerTrack<Row>,
    ended: bool,
    is_end_durable: bool,
    next_sample: u64,
    /// The files at the last `sync`, and how long they were.
    on_disk: BTreeMap<PathBuf, u64>,
}

impl Model {
    fn put(&mut self, track: Track, samples: u64, cell: impl Fn(u64) -> Cell) {
        let row = &mut self.rows[track];
        for at in 0..samples {
            row.cells.insert(row.end + at, cell(at));
        }
        row.end += samples;
    }

    fn sync(&mut self, folder: &Path) {
        for track in Track::BOTH {
            self.rows[track].durable = self.rows[track].end;
        }
        self.is_end_durable = self.ended;
        self.on_disk = files(folder);
    }

    /// What was not synced is gone, from the files and from the rows.
    fn cut_power(&mut self, folder: &Path) {
        for path in files(folder).keys() {
            match self.on_disk.get(path) {
                Some(length) => {
                    let file = File::options().write(true).open(path).expect("the disk works");
                    file.set_len(*length).expect("the disk works");
                }
                None => std::fs::remove_file(path).expect("the disk works"),
            }
        }
        for track in Track::BOTH {
            let row = &mut self.rows[track];
            row.cells.split_off(&row.durable);
            row.end = row.durable;
        }
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, u64> {
    let entries = std::fs::read_dir(folder).expect("the disk works").map(|entry| entry.expect("the disk works"));
    entries.map(|entry| (entry.path(), entry.metadata().expect("the disk works").len())).collect()
}

fn begin() -> Begin {
    Begin {
        call: CallId::new(1, [1; 10]),
        continues: None,
        external_id: None,
        case_id: Some("2026-1".into()),
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

/// Samples that tell one place from another.
fn sample(number: u64) -> i16 {
    let [low, high, ..] = number.to_le_bytes();
    i16::from_le_bytes([low, high])
}

fn ended(ends: PerTrack<SampleOffset>) -> Ended {
    Ended { ends, reason: HangUpReason::Person, boot: "boot".into(), boot_ms: 2, utc_ms: 2 }
}

fn apply(
    step: &Step,
    all: &Spool,
    spool: &mut CallSpool,
    model: &mut Model,
    folder: &Path,
) -> Result<(), TestCaseError> {
    match step {
        Step::Chunk { track, hole, samples } => {
            let row = &model.rows[*track];
            let first = row.end.max(row.earliest) + hole;
            let base = model.next_sample;
            let pcm: Vec<i16> = (0..u64::from(*samples)).map(|at| sample(base + at)).collect();
            let chunk = Chunk { track: *track, first: SampleOffset(first), pcm: Pcm(pcm) };
            match spool.append(chunk, 1) {
                Err(SpoolError::Ended) if model.ended => {}
                result => {
                    prop_assert!(result.is_ok() && !model.ended, "{result:?}");
                    let missing = first - model.rows[*track].end;
                    model.put(*track, missing, |_| Cell::Missing(GapReason::Overrun));
                    model.put(*track, u64::from(*samples), |at| Cell::Sound(sample(base + at)));
                    model.next_sample = base + u64::from(*samples);
                }
            }
        }
        Step::Gap { track, samples } => {
            let end = SampleOffset(model.rows[*track].end + samples);
            match spool.append_gap(*track, end, GapReason::Paused, 1) {
                Err(SpoolError::Ended) if model.ended => {}
                result => {
                    prop_assert!(result.is_ok() && !model.ended, "{result:?}");
                    model.put(*track, *samples, |_| Cell::Missing(GapReason::Paused));
                }
            }
        }
        Step::TooEarly { track } => {
            let row = &model.rows[*track];
            let Some(first) = row.end.max(row.earliest).checked_sub(1) else { return Ok(()) };
            let chunk = Chunk { track: *track, first: SampleOffset(first), pcm: Pcm(vec![1; 10]) };
            prop_assert!(spool.append(chunk, 1).is_err(), "S2: an offset was taken twice");
        }
        Step::Sync => {
            spool.sync().expect("the disk works");
            model.sync(folder);
        }
        Step::Settle { track, share } => {
            let row = &mut model.rows[*track];
            let offset = part(row.durable, *share);
            row.settled = row.settled.max(offset);
            spool.release(Settled { track: *track, offset: SampleOffset(offset) }).expect("the disk works");
        }
        Step::Read { share } => check_read(spool, model, *share)?,
        Step::Crash | Step::PowerCut => {
            if matches!(step, Step::PowerCut) {
                model.cut_power(folder);
            }
            *spool = all.left().expect("the disk works").pop().expect("the disk works").spool;
            model.sync(folder);
            for track in Track::BOTH {
                let row = &mut model.rows[track];
                prop_assert_eq!(spool.ends()[track].0, row.end, "S1");
                row.earliest = row.end + AFTER_START;
                prop_assert!(model.ended || spool.earliest(track).0 == model.rows[track].earliest, "S5");
            }
            prop_assert_eq!(spool.ended().is_some(), model.ended, "S1");
        }
        Step::HangUp => {
            let end = spool.hang_up(ended).expect("the disk works");
            for track in Track::BOTH {
                prop_assert_eq!(end.ends[track].0, model.rows[track].end);
            }
            if !model.ended {
                model.ended = true;
                model.sync(folder);
            }
        }
    }
    Ok(())
}

/// A reader from any place within what must be held gives exactly what is durable from there on.
fn check_read(spool: &CallSpool, model: &Model, share: f64) -> Result<(), TestCaseError> {
    let from = |row: &Row| {
        let oldest = row.settled.saturating_sub(LEAD_IN);
        oldest + part(row.end - oldest, share)
    };
    let from = PerTrack { near: SampleOffset(from(&model.rows.near)), far: SampleOffset(from(&model.rows.far)) };
    let mut reader = spool.read_from(from);
    let mut at = from;
    let mut is_hung_up = false;
    loop {
        let items = reader.read().expect("the disk works");
        if items.is_empty() {
            break;
        }
        for item in items {
            prop_assert!(!is_hung_up, "nothing follows the hang-up");
            let item = match item {
                Item::Sealed(sealed) => {
                    let track = sealed.track;
                    let opened = KEY.run(begin().call, sealed.run, &sealed.enc).and_then(|run| run.open(sealed));
                    let Chunk { first, pcm: Pcm(mut pcm), .. } = opened.expect("it opens alone");
                    // What cannot be cut may begin before the place that was asked for, and nowhere else.
                    let before = if at[track] == from[track] { at[track].0.saturating_sub(first.0) } else { 0 };
                    pcm.drain(..usize::try_from(before).expect("a part of a chunk"));
                    Item::Chunk(Chunk { track, first: first + before, pcm: Pcm(pcm) })
                }
                item => item,
            };
            match &item {
                Item::Chunk(chunk) => {
                    prop_assert_eq!(chunk.first, at[chunk.track], "S2: {} has a hole or an overlap", chunk.track);
                    for (offset, sample) in (chunk.first.0..).zip(&chunk.pcm.0) {
                        let cell = model.rows[chunk.track].cells.get(&offset);
                        prop_assert_eq!(cell, Some(&Cell::Sound(*sample)));
                    }
                    at[chunk.track] = chunk.span().end();
                }
                Item::Gap(Gap { track, span, reason }) => {
                    prop_assert_eq!(span.start(), at[*track], "S2: {} has a hole or an overlap", track);
                    for offset in [span.start().0, span.end().0 - 1] {
                        prop_assert_eq!(model.rows[*track].cells.get(&offset), Some(&Cell::Missing(*reason)));
                    }
                    at[*track] = span.end();
                }
                Item::Sealed(_) => prop_assert!(false, "it was opened"),
                Item::HangUp(end) => {
                    is_hung_up = true;
                    prop_assert_eq!(end.ends, at);
                }
            }
        }
    }
    for track in Track::BOTH {
        let durable = model.rows[track].durable.max(from[track].0);
        prop_assert_eq!(at[track].0, durable, "S3: {} was not held, or more than durable was given", track);
    }
    prop_assert_eq!(is_hung_up, model.is_end_durable);
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place somewhere in a row"
)]
fn part(whole: u64, share: f64) -> u64 {
    (whole as f64 * share) as u64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_spool_keeps_its_promises(is_sealed in any::<bool>(), steps in prop::collection::vec(step(), 1..80)) {
        let folder = tempfile::tempdir().unwrap();
        let all = Spool::open(folder.path().to_owned()).unwrap();
        let all = all.sealing_for(is_sealed.then(|| KEY.public().clone()));
        let mut spool = all.begin_with_segments_of(begin(), SEGMENT).unwrap();
        let call = folder.path().join(begin().call.to_string());
        let rows = PerTrack::default();
        let mut model = Model { rows, ended: false, is_end_durable: false, next_sample: 0, on_disk: files(&call) };
        for step in &steps {
            apply(step, &all, &mut spool, &mut model, &call)?;
        }
        spool.sync().unwrap();
        model.sync(&call);
        check_read(&spool, &model, 0.0)?;
        prop_assert_eq!(all.left().unwrap().len(), 1);
        spool.release_all().unwrap();
        prop_assert_eq!(all.usage(), (0, 0));
    }
}

#[test]
fn what_lay_before_the_oldest_segment_is_said_to_be_lost_by_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let all = Spool::open(folder.path().to_owned()).unwrap();
    let spool = all.begin_with_segments_of(begin(), SEGMENT).unwrap();
    for number in 0..100 {
        for track in Track::BOTH {
            let first = SampleOffset(number * 1600);
            spool.append(Chunk { track, first, pcm: Pcm(vec![1; 1600]) }, 1).unwrap();
        }
    }
    spool.sync().unwrap();
    for track in Track::BOTH {
        spool.release(Settled { track, offset: SampleOffset(100_000) }).unwrap();
    }
    // The database was set back to an earlier day: the other end asks for what is long gone.
    let items = spool.read_from(PerTrack { near: SampleOffset(16_000), far: SampleOffset::ZERO }).read().unwrap();
    let oldest = SampleOffset(62_400);
    let lost = |track, start| {
        Item::Gap(Gap { track, span: SampleSpan::new(start, oldest).unwrap(), reason: GapReason::ServerLost })
    };
    assert_eq!(items[..2], [lost(Track::Near, SampleOffset(16_000)), lost(Track::Far, SampleOffset::ZERO)]);
    assert_eq!(items[2].place().unwrap().1.start(), oldest);
}

#[test]
fn what_is_settled_and_released_while_it_is_read_is_no_hole() {
    let folder = tempfile::tempdir().unwrap();
    let all = Spool::open(folder.path().to_owned()).unwrap();
    let spool = all.begin_with_segments_of(begin(), 5 * SEGMENT).unwrap();
    // More than one look of the reader takes in: it stands in the middle of the first segment when that is released.
    for number in 0..300 {
        for track in Track::BOTH {
            let first = SampleOffset(number * 1600);
            spool.append(Chunk { track, first, pcm: Pcm(vec![1; 1600]) }, 1).unwrap();
        }
    }
    spool.sync().unwrap();
    let mut reader = spool.read_from(PerTrack::default());
    let begun = reader.read().unwrap();
    let read = |items: &[Item]| items.iter().filter_map(|item| item.place().map(|(_, span)| span.end())).max().unwrap();
    assert!(read(&begun) < SampleOffset(5 * SEGMENT), "the first segment is not read to its end");
    for track in Track::BOTH {
        // What the connection before had sent was settled after this one had asked from where.
        spool.release(Settled { track, offset: SampleOffset(400_000) }).unwrap();
    }
    let mut rest = Vec::new();
    loop {
        let items = reader.read().unwrap();
        if items.is_empty() {
            break;
        }
        rest.extend(items);
    }
    assert!(rest.iter().all(|item| matches!(item, Item::Chunk(_))), "what is settled is said to be missing");
    assert_eq!(read(&rest), SampleOffset(300 * 1600));
}
