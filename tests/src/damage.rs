//! One call's spool, damaged on the disk in ways that disks and people find; and what the next start still gives out.
//!
//! In: a seed. Out: whether it started, how much of what was not touched is missing, whether anything was made up. The spool
//! is the agent's own. Before the damage every record is found where it lies, so that it is known which bytes belong to
//! which sound; afterwards a record is untouched if none of its bytes was.
//!
//! Every second call is sealed (docs/decisions/0017), and opened here as the server would.
//!
//! One kind of damage a call: bits turned over, a stretch of zeros, a file cut short, a file gone, two files that changed
//! names, rubbish behind the end.

use anyhow::{Context as _, Result};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_agent::spool::record::{Begin, Found, Record, Source, decode, to_next_mark};
use referent_agent::spool::{CallSpool, Item, Spool};
use referent_proto::ids::PerTrack;
use referent_proto::{
    CallId, Chunk, Direction, GapReason, Mode, Pcm, SAMPLE_RATE, SampleOffset, Settled, Started, Track,
};
use referent_seal::open::PrivateKey;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Samples of a chunk: short, so that a call has many records.
const CHUNK: u64 = 160;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Which damage.
    pub kind: &'static str,
    /// Samples whose record nothing had touched, and that were not given out.
    pub untouched_lost: u64,
    /// Samples that are not what was recorded.
    pub made_up: u64,
    /// Stretches that neither sound nor a gap accounts for.
    pub unaccounted: u64,
}

/// Where a chunk lies.
struct Place {
    file: usize,
    bytes: Range<usize>,
    track: Track,
    first: u64,
}

/// Damages one call in this folder and reads it again.
pub fn damage(seed: u64, folder: &Path) -> Result<Finding> {
    let mut chance = StdRng::seed_from_u64(seed);
    let call = CallId::new(seed, [9; 10]);
    let root = folder.join(seed.to_string());
    let key = PrivateKey::generate()?;
    written(&root, call, (seed % 2 == 1).then_some(&key), &mut chance)?;
    let of_call = root.join(call.to_string());
    let files = segments(&of_call)?;
    let mut bytes = files.iter().map(std::fs::read).collect::<std::io::Result<Vec<_>>>()?;
    let places = places(&bytes);
    let (kind, touched) = hurt(&mut chance, &files, &mut bytes)?;
    let left = Spool::open(root.clone())?.left()?.pop();
    let found = match left {
        Some(left) => judge(kind, &left.spool, &key, &places, &touched)?,
        // No head is whole: only then may the call be without a name.
        None => Finding { kind, untouched_lost: lost(&places, &touched, &BTreeSet::new()), made_up: 0, unaccounted: 0 },
    };
    std::fs::remove_dir_all(&root)?;
    Ok(found)
}

/// A call of some seconds in segments of one, with gaps, perhaps with a settled mark.
fn written(root: &Path, call: CallId, seal_for: Option<&PrivateKey>, chance: &mut StdRng) -> Result<()> {
    let begin = Begin {
        call,
        continues: None,
        external_id: None,
        case_id: Some("2026-7".into()),
        area: None,
        mode: Mode::Notice,
        legal_basis: None,
        direction: Direction::Unknown,
        started: Started { utc_ms: 1, utc_offset_s: 0 },
        tracks: Track::BOTH.to_vec(),
        source: Source::Devices,
        boot: "a boot".into(),
        boot_ms: 1,
    };
    let spool = Spool::open(root.to_owned())?.sealing_for(seal_for.map(|key| key.public().clone()));
    let spool = spool.begin_with_segments_of(begin, SAMPLE_RATE)?;
    let mut at = 0;
    for _ in 0..chance.random_range(20..300) {
        if chance.random_bool(0.03) {
            at += CHUNK * chance.random_range(1..20);
            for track in Track::BOTH {
                spool.append_gap(track, SampleOffset(at), GapReason::DeviceLost, 1)?;
            }
        }
        for track in Track::BOTH {
            spool.append(chunk(track, at), 1)?;
        }
        at += CHUNK;
    }
    spool.sync()?;
    if chance.random_bool(0.3) {
        for track in Track::BOTH {
            spool.release(Settled { track, offset: SampleOffset(at / 2) })?;
        }
    }
    Ok(())
}

/// Sound that says where it belongs.
fn sample(track: Track, offset: u64) -> i16 {
    let seed = (offset * 2 + u64::from(track == Track::Far)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    i16::from_le_bytes([seed.to_le_bytes()[6], seed.to_le_bytes()[7]])
}

fn chunk(track: Track, first: u64) -> Chunk {
    Chunk { track, first: SampleOffset(first), pcm: Pcm((first..first + CHUNK).map(|at| sample(track, at)).collect()) }
}

fn segments(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "segment"));
    files.sort_unstable();
    Ok(files)
}

fn places(bytes: &[Vec<u8>]) -> Vec<Place> {
    let mut places = Vec::new();
    for (file, bytes) in bytes.iter().enumerate() {
        let mut at = 0;
        while at < bytes.len() {
            match decode(&bytes[at..]) {
                Found::Whole(record, length) => {
                    let sound = match record {
                        Record::Chunk(chunk) => Some((chunk.track, chunk.first)),
                        Record::Sealed(chunk) => Some((chunk.track, chunk.first)),
                        _ => None,
                    };
                    let place =
                        sound.map(|(track, first)| Place { file, bytes: at..at + length, track, first: first.0 });
                    places.extend(place);
                    at += length;
                }
                Found::Cut | Found::Damaged => at += to_next_mark(&bytes[at..]),
            }
        }
    }
    places
}

/// Which bytes of which file are not what they were.
type Touched = Vec<(usize, Range<usize>)>;

fn hurt(chance: &mut StdRng, files: &[PathBuf], bytes: &mut [Vec<u8>]) -> Result<(&'static str, Touched)> {
    let which = chance.random_range(0..files.len());
    let length = bytes[which].len();
    let (kind, touched) = match chance.random_range(0..6) {
        0 => {
            let mut touched = Touched::new();
            for _ in 0..chance.random_range(1..12) {
                let (file, bit) = (chance.random_range(0..files.len()), chance.random_range(0..8));
                let at = chance.random_range(0..bytes[file].len());
                bytes[file][at] ^= 1 << bit;
                touched.push((file, at..at + 1));
            }
            ("bits", touched)
        }
        1 => {
            let from = chance.random_range(0..length);
            let to = (from + chance.random_range(1..5_000)).min(length);
            bytes[which][from..to].fill(0);
            ("zeros", vec![(which, from..to)])
        }
        2 => {
            let at = chance.random_range(0..length);
            bytes[which].truncate(at);
            ("cut", vec![(which, at..length)])
        }
        3 => {
            std::fs::remove_file(&files[which])?;
            bytes[which].clear();
            return Ok(("gone", vec![(which, 0..length)]));
        }
        4 => {
            let other = chance.random_range(0..files.len());
            bytes.swap(which, other);
            // What a file holds has moved, but no byte of a record was touched.
            ("names", Touched::new())
        }
        _ => {
            let more = chance.random_range(1..3_000);
            bytes[which].extend((0..more).map(|_| chance.random::<u8>()));
            ("rubbish", Touched::new())
        }
    };
    for (file, bytes) in files.iter().zip(&*bytes) {
        std::fs::write(file, bytes)?;
    }
    Ok((kind, touched))
}

fn judge(
    kind: &'static str,
    spool: &CallSpool,
    key: &PrivateKey,
    places: &[Place],
    touched: &Touched,
) -> Result<Finding> {
    let (mut came, mut made_up, mut unaccounted) = (BTreeSet::new(), 0, 0);
    let mut at: PerTrack<Option<SampleOffset>> = PerTrack::default();
    let mut reader = spool.read_from(PerTrack::default());
    loop {
        let items = reader.read().context("the spool is read whatever happened to it")?;
        if items.is_empty() {
            break;
        }
        for item in items {
            if let Some((track, span)) = item.place() {
                unaccounted += u64::from(at[track].unwrap_or_default() != span.start());
                at[track] = Some(span.end());
            }
            let chunk = match item {
                Item::Chunk(chunk) => chunk,
                Item::Sealed(sealed) => {
                    let run = key.run(spool.call(), sealed.run, &sealed.enc);
                    run.and_then(|run| run.open(sealed)).context("what the reader gives out opens")?
                }
                Item::Gap(_) | Item::HangUp(_) => continue,
            };
            for (offset, value) in (chunk.first.0..).zip(&chunk.pcm.0) {
                made_up += u64::from(*value != sample(chunk.track, offset));
                came.insert((chunk.track.name(), offset));
            }
        }
    }
    Ok(Finding { kind, untouched_lost: lost(places, touched, &came), made_up, unaccounted })
}

/// Samples of untouched records that did not come.
fn lost(places: &[Place], touched: &Touched, came: &BTreeSet<(&str, u64)>) -> u64 {
    let is_touched = |place: &Place| {
        touched
            .iter()
            .any(|(file, range)| *file == place.file && range.start < place.bytes.end && place.bytes.start < range.end)
    };
    let untouched = places.iter().filter(|place| !is_touched(place));
    untouched
        .map(|place| {
            let missing = (place.first..place.first + CHUNK).filter(|at| !came.contains(&(place.track.name(), *at)));
            missing.count() as u64
        })
        .sum()
}
