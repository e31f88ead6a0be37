//! Keeps every chunk of a call on disk until the other end has settled it.
//!
//! In: chunks and gaps from `feed`, in order within a track. Out: the same to `send`, from any offset still held.
//! A call is a folder of segment files of about 30 s; a segment is a head and then frames (`record`).
//!
//! Promises:
//!   S1  A chunk that `append` returned `Ok` for survives a crash of this process.
//!   S2  Offsets of a track only grow; a hole is written down as a `Gap`, never closed up.
//!   S3  Nothing at or after `settled`, nor in the 2 s before it, is deleted; `release` is the only code that deletes.
//!   S4  A torn last record is cut off on open and reported as a `Gap`.
//!   S5  After a start, new sound begins at least one second beyond the spool's end, with a `Gap` between.
//!   S6  What a person decided about the recording stands at the head of every segment begun since.
//!   S7  A call to which the citizen objects is a folder without sound, until the server knows of it too.
//!   S8  With a key to seal for, no sound is on the disk that this PC could read (docs/decisions/0017).
//!   S9  What a reader was given survives a power cut, and a sync that failed makes nothing durable (`sync`).
//!
//! Not done here: no network, no compression, no clock, no knowledge of what is said.

pub mod record;
pub mod recover;
pub mod read;
mod folder;
mod given_up;
mod head_file;
mod sync;
mod release;

use crate::permit::Decided;
use record::{Begin, Ended, Head, Record, Taken};
use recover::{Recovered, Segment, segment_path};
use referent_proto::ids::PerTrack;
use referent_proto::{CallId, Chunk, Gap, GapReason, KeyId, SAMPLE_RATE, SampleOffset, SampleSpan, Track};
use referent_seal::{CannotSeal, PublicKey, Sealer};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sync::Unsynced;
use tokio::sync::watch;

pub use folder::{Left, Spool};
pub use read::{Item, Reader};

/// How much call time a segment holds.
const SEGMENT_SAMPLES: u64 = 30 * SAMPLE_RATE;
/// What is kept before settled: a worker that takes over warms up on it.
pub const LEAD_IN: u64 = 2 * SAMPLE_RATE;
/// How far beyond the spool's end new sound begins after a start (S5).
pub const AFTER_START: u64 = SAMPLE_RATE;

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The disk is full. Tell the user; what comes meanwhile is lost and becomes a gap; try again with the next chunk.
    #[error("the disk is full")]
    Full,
    /// The disk fails. Tell the user; try again with the next chunk.
    #[error("the spool cannot be written: {0}")]
    Disk(#[source] io::Error),
    /// The offsets were given already (S2), or lie too near to the end of the last run (S5). A fault of the caller.
    #[error("{track} has reached {end}, and {first} is too early")]
    TooEarly {
        /// Which track.
        track: Track,
        /// Where new sound may begin.
        end: SampleOffset,
        /// Where it began.
        first: SampleOffset,
    },
    /// The sound cannot be sealed, and unsealed it is not kept. Tell the user; try again with the next chunk.
    #[error(transparent)]
    Seal(#[from] CannotSeal),
    /// The call has ended. Give up.
    #[error("the call has ended")]
    Ended,
}

impl From<io::Error> for SpoolError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull { Self::Full } else { Self::Disk(error) }
    }
}

/// The spool of one call. Clones are the same spool.
#[derive(Debug, Clone)]
pub struct CallSpool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    call: Begin,
    segment_samples: u64,
    /// Whose key new sound is sealed for; `None`: it is not sealed.
    seal_for: Option<PublicKey>,
    state: Mutex<State>,
    /// Held while something is made durable.
    syncing: Mutex<()>,
    /// Counts `sync`s that made something durable.
    durable: watch::Sender<u64>,
    settled: watch::Sender<PerTrack<SampleOffset>>,
}

#[derive(Debug)]
struct State {
    begin: Begin,
    segments: Vec<Segment>,
    writer: Option<Arc<File>>,
    /// What no `sync` has covered.
    unsynced: Unsynced,
    ends: PerTrack<SampleOffset>,
    /// New sound may not begin before this (S5); gaps may.
    earliest: PerTrack<SampleOffset>,
    ended: Option<Ended>,
    decided: Decided,
    /// Of this run of the agent, once it has sealed something.
    sealer: Option<Sealer>,
    /// How many runs have sealed sound of the call.
    runs: u32,
    /// Keys that are no more, and whose sound has been given up.
    given_up: Vec<KeyId>,
    marked: PerTrack<SampleOffset>,
    erased: bool,
    discarded: bool,
}

/// What a reader may know of a segment.
#[derive(Debug)]
pub struct SegmentView {
    number: u64,
    path: PathBuf,
    start: PerTrack<SampleOffset>,
    durable: u64,
    is_closed: bool,
}

impl CallSpool {
    fn of(folder: PathBuf, state: State, segment_samples: u64, seal_for: Option<PublicKey>) -> Self {
        let settled = watch::Sender::new(state.marked);
        let call = state.begin.clone();
        let state = Mutex::new(state);
        let durable = watch::Sender::new(0);
        let syncing = Mutex::default();
        Self { shared: Arc::new(Shared { folder, call, segment_samples, seal_for, state, syncing, durable, settled }) }
    }

    fn reopen(folder: PathBuf, found: Recovered, seal_for: Option<PublicKey>) -> Left {
        let mut state = State::new(found.begin);
        state.given_up = given_up::read(&folder);
        state.segments = found.segments;
        state.ends = found.ends;
        state.unsynced = Unsynced::beyond(found.ends);
        state.earliest = after_start(found.ends, &state.begin.tracks);
        state.marked = found.settled;
        state.ended = found.ended;
        state.decided = found.decided;
        state.runs = found.runs;
        let spool = Self::of(folder, state, SEGMENT_SAMPLES, seal_for);
        Left { spool, last_head_ms: found.last_head_ms, torn: found.torn }
    }

    /// A call to which the citizen objected, and of which the server may not know.
    fn reopen_discarded(folder: PathBuf, begin: Begin) -> Left {
        let state = State { erased: true, discarded: true, ..State::new(begin) };
        Left { spool: Self::of(folder, state, SEGMENT_SAMPLES, None), last_head_ms: 0, torn: false }
    }

    /// Opens one call's folder, to which nothing is sealed any more; `None` when it names no call.
    pub fn open(folder: &Path) -> io::Result<Option<Left>> {
        Ok(recover::recover(folder)?.map(|found| Self::reopen(folder.to_owned(), found, None)))
    }

    /// What the call is.
    pub fn begin(&self) -> &Begin {
        &self.shared.call
    }

    /// Its id.
    pub fn call(&self) -> CallId {
        self.shared.call.call
    }

    /// Where each track ends.
    pub fn ends(&self) -> PerTrack<SampleOffset> {
        self.state().ends
    }

    /// Where new sound of a track may begin (S5).
    pub fn earliest(&self, track: Track) -> SampleOffset {
        let state = self.state();
        state.earliest[track].max(state.ends[track])
    }

    /// The end, once it was written.
    pub fn ended(&self) -> Option<Ended> {
        self.state().ended.clone()
    }

    /// What stands decided about its recording.
    pub fn decided(&self) -> Decided {
        self.state().decided
    }

    /// Writes down what a person decided. Durable when this returns.
    pub fn decide(&self, taken: Taken) -> Result<(), SpoolError> {
        {
            let mut state = self.state();
            let (decision, boot_ms) = (taken.decision, taken.boot_ms);
            state.write(&self.shared, &Record::Taken(taken), boot_ms)?;
            state.decided = state.decided.and(decision);
        }
        self.sync()
    }

    /// Everything of it was deleted.
    pub fn is_erased(&self) -> bool {
        self.state().erased
    }

    /// The citizen objects: there is no sound of it, and the server has to be told.
    pub fn is_discarded(&self) -> bool {
        self.state().discarded
    }

    /// What the other end has made safe.
    pub fn settled(&self) -> watch::Receiver<PerTrack<SampleOffset>> {
        self.shared.settled.subscribe()
    }

    /// Changes when more has become durable.
    pub fn durable(&self) -> watch::Receiver<u64> {
        self.shared.durable.subscribe()
    }

    /// Writes a chunk. A hole before it is written down as a gap (S2).
    pub fn append(&self, chunk: Chunk, boot_ms: u64) -> Result<(), SpoolError> {
        let span = chunk.span();
        let mut state = self.state();
        let earliest = state.earliest[chunk.track].max(state.ends[chunk.track]);
        if span.start() < earliest {
            return Err(SpoolError::TooEarly { track: chunk.track, end: earliest, first: span.start() });
        }
        let hole = SampleSpan::new(state.ends[chunk.track], span.start()).filter(|hole| !hole.is_empty());
        if let Some(span) = hole {
            let gap = Gap { track: chunk.track, span, reason: GapReason::Overrun };
            state.write(&self.shared, &Record::Gap(gap), boot_ms)?;
            state.ends[chunk.track] = span.end();
        }
        let track = chunk.track;
        let record = state.record_of(&self.shared, chunk)?;
        state.write(&self.shared, &record, boot_ms)?;
        state.ends[track] = span.end();
        Ok(())
    }

    /// Writes down that sound is missing from the track's end to `end`; nothing if the track is there already.
    pub fn append_gap(
        &self,
        track: Track,
        end: SampleOffset,
        reason: GapReason,
        boot_ms: u64,
    ) -> Result<(), SpoolError> {
        let mut state = self.state();
        let Some(span) = SampleSpan::new(state.ends[track], end).filter(|span| !span.is_empty()) else { return Ok(()) };
        state.write(&self.shared, &Record::Gap(Gap { track, span, reason }), boot_ms)?;
        state.ends[track] = end;
        Ok(())
    }

    /// Ends the call where its tracks are. Durable when this returns; a second time changes nothing.
    pub fn hang_up(&self, end: impl FnOnce(PerTrack<SampleOffset>) -> Ended) -> Result<Ended, SpoolError> {
        let ended = {
            let mut state = self.state();
            if let Some(ended) = &state.ended {
                ended.clone() // Perhaps written by a try that could not make it durable.
            } else {
                let ended = end(state.ends);
                state.write(&self.shared, &Record::HangUp(ended.clone()), ended.boot_ms)?;
                state.ended = Some(ended.clone());
                ended
            }
        };
        self.sync()?;
        Ok(ended)
    }

    /// Reads from these offsets on; the nearest still held if they are gone.
    pub fn read_from(&self, from: PerTrack<SampleOffset>) -> Reader {
        Reader::new(self.clone(), from)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn segment(&self, number: u64) -> Option<SegmentView> {
        self.state().view(|segment| segment.number == number)
    }

    fn segment_after(&self, number: u64) -> Option<SegmentView> {
        self.state().view(|segment| segment.number > number)
    }

    /// The last segment that begins at or before these offsets, else the oldest.
    fn segment_holding(&self, from: PerTrack<SampleOffset>) -> Option<SegmentView> {
        let state = self.state();
        let holds =
            |start: PerTrack<SampleOffset>| state.begin.tracks.iter().all(|track| start[*track] <= from[*track]);
        let number = state.segments.iter().rev().find(|segment| holds(segment.start)).map(|segment| segment.number);
        match number {
            Some(number) => state.view(|segment| segment.number == number),
            None => state.view(|_| true),
        }
    }
}

impl State {
    fn new(begin: Begin) -> Self {
        Self {
            begin,
            segments: Vec::new(),
            writer: None,
            unsynced: Unsynced::default(),
            ends: PerTrack::default(),
            earliest: PerTrack::default(),
            ended: None,
            decided: Decided::default(),
            sealer: None,
            runs: 0,
            given_up: Vec::new(),
            marked: PerTrack::default(),
            erased: false,
            discarded: false,
        }
    }

    fn view(&self, wanted: impl Fn(&Segment) -> bool) -> Option<SegmentView> {
        let at = self.segments.iter().position(wanted)?;
        let segment = &self.segments[at];
        Some(SegmentView {
            number: segment.number,
            path: segment.path.clone(),
            start: segment.start,
            durable: segment.durable,
            // Not before its last record is durable: a reader that went on earlier would take the rest for damage.
            is_closed: at + 1 < self.segments.len() && segment.durable == segment.len,
        })
    }

    /// The chunk as it goes to the disk (S8). The first one that is sealed begins the run.
    fn record_of(&mut self, shared: &Shared, chunk: Chunk) -> Result<Record, CannotSeal> {
        let Some(server) = &shared.seal_for else { return Ok(Record::Chunk(chunk)) };
        let sealer = match &mut self.sealer {
            Some(sealer) => sealer,
            none => {
                let sealer = Sealer::new(server, self.begin.call, self.runs)?;
                self.runs = self.runs.saturating_add(1);
                none.insert(sealer)
            }
        };
        Ok(Record::Sealed(sealer.seal(&chunk)?))
    }

    fn write(&mut self, shared: &Shared, record: &Record, boot_ms: u64) -> Result<(), SpoolError> {
        if self.ended.is_some() || self.erased {
            return Err(SpoolError::Ended);
        }
        self.unsynced.may_grow()?;
        if self.unsynced.is_lost {
            self.write_again(&shared.folder)?;
        }
        let is_full = self.segments.last().is_some_and(|segment| {
            let held = |track: &Track| self.ends[*track].0.saturating_sub(segment.start[*track].0);
            self.begin.tracks.iter().map(held).max().unwrap_or(0) >= shared.segment_samples
        });
        if self.writer.is_none() || is_full {
            self.roll(&shared.folder, self.ends, boot_ms)?;
        }
        Ok(self.write_into_open_segment(record)?)
    }

    /// Begins a new segment, at these offsets.
    fn roll(&mut self, folder: &Path, ends: PerTrack<SampleOffset>, boot_ms: u64) -> io::Result<()> {
        let number = self.segments.last().map_or(0, |segment| segment.number + 1);
        let path = segment_path(folder, number);
        // Not `create_new`: a start that failed on a full disk may have left an empty file of this number.
        let file = Arc::new(OpenOptions::new().create(true).write(true).truncate(true).open(&path)?);
        let (begin, decided, runs) = (self.begin.clone(), self.decided, self.runs);
        let head = Head { begin, number, ends, decided, runs, boot_ms };
        let mut bytes = Vec::new();
        record::encode(&Record::Head(Box::new(head)), &mut bytes);
        (&*file).write_all(&bytes)?;
        self.segments.push(Segment { number, path, start: ends, len: bytes.len() as u64, durable: 0 });
        self.writer = Some(Arc::clone(&file));
        self.unsynced.begins(number, file, boot_ms);
        Ok(())
    }

    fn write_into_open_segment(&mut self, record: &Record) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(4096);
        record::encode(record, &mut bytes);
        self.write_bytes(&bytes)?;
        self.unsynced.keep(&bytes);
        Ok(())
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (Some(file), Some(segment)) = (self.writer.clone(), self.segments.last_mut()) else { return Ok(()) };
        if let Err(error) = (&*file).write_all(bytes) {
            // Half a frame in the middle would cost the reader a search; take it back, and try anew with the next one.
            self.writer = None;
            file.set_len(segment.len)?;
            return Err(error);
        }
        segment.len += bytes.len() as u64;
        self.unsynced.holds(segment.number, file);
        Ok(())
    }
}

/// Where new sound may begin after a start (S5).
fn after_start(ends: PerTrack<SampleOffset>, tracks: &[Track]) -> PerTrack<SampleOffset> {
    let mut earliest = ends;
    for track in tracks {
        earliest[*track] = ends[*track] + AFTER_START;
    }
    earliest
}
