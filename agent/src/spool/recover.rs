//! What a call's folder still says after a crash, a power cut or a bad disk.
//!
//! In: a folder. Out: the call, its segments with the length that is whole, where each track ends, and whether a record
//! at the end was torn. A torn tail is cut off the file. A damaged record in the middle is passed over: whoever reads
//! sees the hole it leaves between its neighbours and reports it as `Gap{damaged}`.
//!
//! What a segment has beyond the beginning of the next was written again there (`sync`), and is cut off.
//!
//! A segment whose head is gone is still read; it begins where the one before it ended. What a segment's head says of its
//! number counts, not the name of its file. Where no segment has a head, the call's own file has it; a folder in which
//! none can be read names no call: it is left as it is, and an administrator is told.

use super::head_file;
use super::record::{Begin, Ended, Found, Record, decode, to_next_mark};
use crate::permit::Decided;
use crate::system;
use referent_proto::SampleOffset;
use referent_proto::ids::PerTrack;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

/// A segment file.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its number; numbers only grow.
    pub number: u64,
    /// Where it lies.
    pub path: PathBuf,
    /// Where each track stood when it began.
    pub start: PerTrack<SampleOffset>,
    /// Bytes written.
    pub len: u64,
    /// Bytes that a power cut would leave.
    pub durable: u64,
}

/// What a folder said.
#[derive(Debug)]
pub struct Recovered {
    /// The call.
    pub begin: Begin,
    /// Its segments, oldest first; never empty.
    pub segments: Vec<Segment>,
    /// Where each track ends.
    pub ends: PerTrack<SampleOffset>,
    /// The last settled mark.
    pub settled: PerTrack<SampleOffset>,
    /// The end of the call, if it was written.
    pub ended: Option<Ended>,
    /// What stands decided about its recording.
    pub decided: Decided,
    /// How many runs have sealed its sound.
    pub runs: u32,
    /// The boot clock when the last segment began.
    pub last_head_ms: u64,
    /// A record at the end was torn and has been cut off.
    pub torn: bool,
}

/// Reads a call's folder. `None` when no segment in it tells which call it is.
pub fn recover(folder: &Path) -> io::Result<Option<Recovered>> {
    let files = in_order(segment_files(folder)?)?;
    let mut begin = None;
    let mut last_head_ms = 0;
    let mut segments = Vec::new();
    let mut ends = PerTrack::default();
    let mut settled = PerTrack::default();
    let mut decided = Decided::default();
    let mut runs = 0;
    let mut ended = None;
    let mut torn = false;
    let newest = files.last().map(|(number, _)| *number);
    for (number, path) in files {
        let bytes = std::fs::read(&path)?; // 2 MB; read once more, so that not all of a call is held at once
        let is_newest = Some(number) == newest;
        let mut start = ends;
        let mut whole = 0;
        for (record, at_end) in records(&bytes) {
            whole = at_end;
            match record {
                Record::Head(head) => {
                    if head.ends != latest(ends, head.ends) {
                        written_again(&mut segments, head.ends)?;
                        (ends, ended) = (PerTrack::default(), None);
                    }
                    ends = latest(ends, head.ends);
                    start = ends;
                    last_head_ms = head.boot_ms;
                    decided = head.decided;
                    runs = runs.max(head.runs);
                    begin.get_or_insert(head.begin);
                }
                Record::Chunk(chunk) => ends[chunk.track] = ends[chunk.track].max(chunk.span().end()),
                Record::Gap(gap) => ends[gap.track] = ends[gap.track].max(gap.span.end()),
                Record::HangUp(end) => {
                    ends = latest(ends, end.ends);
                    ended = Some(end);
                }
                Record::Settled(mark) => settled = latest(settled, mark),
                Record::Taken(taken) => decided = decided.and(taken.decision),
                Record::Sealed(chunk) => {
                    ends[chunk.track] = ends[chunk.track].max(chunk.span().end());
                    runs = runs.max(chunk.run.saturating_add(1));
                }
            }
        }
        let mut len = bytes.len() as u64;
        if is_newest && whole < bytes.len() {
            torn = true;
            len = whole as u64;
        }
        segments.push(Segment { number, path, start, len, durable: len });
    }
    if segments.is_empty() {
        return Ok(None);
    }
    let begin = begin.or_else(|| head_file::read(folder, head_file::Name::Call).ok().flatten());
    let Some(begin) = begin else { return Ok(None) };
    for segment in &segments {
        // A crash of the process leaves what was written, but perhaps not yet on disk; readers get what is durable.
        let file = OpenOptions::new().write(true).open(&segment.path)?;
        if file.metadata()?.len() > segment.len {
            file.set_len(segment.len)?;
        }
        file.sync_data()?;
    }
    system::sync_folder(folder)?;
    Ok(Some(Recovered { begin, segments, ends, settled, ended, decided, runs, last_head_ms, torn }))
}

/// A later segment begins at these offsets: what the earlier ones have beyond was written again there, because a sync had
/// failed, and what the disk has of it may have holes.
fn written_again(segments: &mut [Segment], from: PerTrack<SampleOffset>) -> io::Result<()> {
    for segment in segments.iter_mut().rev() {
        let bytes = std::fs::read(&segment.path)?;
        let mut whole = 0;
        for (record, at_end) in records(&bytes) {
            let is_beyond = match &record {
                Record::Chunk(chunk) => chunk.span().end() > from[chunk.track],
                Record::Sealed(chunk) => chunk.span().end() > from[chunk.track],
                Record::Gap(gap) => gap.span.end() > from[gap.track],
                Record::HangUp(_) => true,
                Record::Head(_) | Record::Settled(_) | Record::Taken(_) => false,
            };
            if is_beyond {
                segment.len = whole as u64;
                segment.durable = segment.len;
                break;
            }
            whole = at_end;
        }
        if latest(segment.start, from) == from {
            break; // It begins before: none of the earlier ones reaches so far.
        }
    }
    Ok(())
}

/// The file of a segment.
pub fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.segment"))
}

/// The later of two places, track by track.
pub fn latest(a: PerTrack<SampleOffset>, b: PerTrack<SampleOffset>) -> PerTrack<SampleOffset> {
    PerTrack { near: a.near.max(b.near), far: a.far.max(b.far) }
}

/// Whole records in order, each with the place where it ends.
fn records(bytes: &[u8]) -> impl Iterator<Item = (Record, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            match decode(&bytes[at..]) {
                Found::Whole(record, length) => {
                    at += length;
                    return Some((record, at));
                }
                Found::Cut | Found::Damaged => at += to_next_mark(&bytes[at..]),
            }
        }
        None
    })
}

/// By the number that the head says; by the name where the head is damaged. Two that say the same keep their names.
fn in_order(files: Vec<(u64, PathBuf)>) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut said: Vec<(u64, u64, PathBuf)> = Vec::new();
    for (name, path) in files {
        let bytes = std::fs::read(&path)?;
        let number = match decode(&bytes) {
            Found::Whole(Record::Head(head), _) => head.number,
            _ => name,
        };
        said.push((number, name, path));
    }
    said.sort_unstable();
    let mut ordered: Vec<(u64, PathBuf)> = Vec::new();
    for (number, _, path) in said {
        // Numbers only grow: whoever reads goes from one to the next.
        let number = ordered.last().map_or(number, |(before, _)| number.max(before + 1));
        ordered.push((number, path));
    }
    Ok(ordered)
}

fn segment_files(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(number) = name.strip_suffix(".segment").and_then(|number| number.parse().ok()) {
            files.push((number, path));
        }
    }
    Ok(files)
}
