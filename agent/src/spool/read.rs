//! A call's records from any place still held, in the order they were written.
//!
//! In: where to begin on each track. Out: sound and gaps, each track without hole or overlap from there on, then the
//! hang-up. A sealed chunk cannot be cut: the first of a track may begin before that place, and what of it the other end has
//! already, it drops (T3 in `timeline`). What was given up becomes `Gap{key_gone}`. A hole that damage left becomes
//! `Gap{damaged}`; what lay before the oldest segment, `Gap{server_lost}`; what is settled and released while it is being
//! read is passed over. Only what a power cut would leave is given out, so that what the other end has seen can never be
//! recorded anew under the same offsets.

use super::record::{Ended, Found, MAX_BODY, Record, decode, to_next_mark};
use super::{CallSpool, SegmentView};
use referent_proto::ids::PerTrack;
use referent_proto::{Chunk, Gap, GapReason, Pcm, SampleOffset, SampleSpan, SealedChunk, Track};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// Bytes looked at in one go: twice the longest record.
const WINDOW: usize = 2 * MAX_BODY;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Sound.
    Chunk(Chunk),
    /// Sound that only the server can read.
    Sealed(SealedChunk),
    /// Missing sound.
    Gap(Gap),
    /// The end; nothing follows.
    HangUp(Ended),
}

impl Item {
    /// The track and stretch of sound or gap.
    pub fn place(&self) -> Option<(Track, SampleSpan)> {
        match self {
            Self::Chunk(chunk) => Some((chunk.track, chunk.span())),
            Self::Sealed(chunk) => Some((chunk.track, chunk.span())),
            Self::Gap(gap) => Some((gap.track, gap.span)),
            Self::HangUp(_) => None,
        }
    }
}

/// A place in a call's log.
#[derive(Debug)]
pub struct Reader {
    spool: CallSpool,
    segment: Option<u64>,
    file: Option<File>,
    at: u64,
    /// The next offset to give out on each track.
    expected: PerTrack<SampleOffset>,
    ready: VecDeque<Item>,
}

impl Reader {
    pub(super) fn new(spool: CallSpool, from: PerTrack<SampleOffset>) -> Self {
        Self { spool, segment: None, file: None, at: 0, expected: from, ready: VecDeque::new() }
    }

    /// The next items, some 256 kB of them at most; none when everything durable has been given out. Blocks on the disk.
    pub fn read(&mut self) -> io::Result<Vec<Item>> {
        while self.ready.is_empty() {
            let Some(view) = self.current()? else { break };
            if self.at < view.durable {
                self.read_window(view.durable)?;
            } else if view.is_closed {
                self.enter(self.spool.segment_after(view.number))?;
            } else {
                break;
            }
        }
        Ok(self.ready.drain(..).collect())
    }

    fn current(&mut self) -> io::Result<Option<SegmentView>> {
        if let Some(number) = self.segment {
            if let Some(view) = self.spool.segment(number) {
                return Ok(Some(view));
            }
            // Everything in it was settled while it was being read, and it was released: that is no hole.
            let after = self.spool.segment_after(number);
            if let Some(view) = &after {
                let settled = *self.spool.settled().borrow();
                for track in Track::BOTH {
                    let settled = settled[track].min(view.start[track]);
                    self.expected[track] = self.expected[track].max(settled);
                }
            }
            self.enter(after)?;
            return Ok(self.segment.and_then(|number| self.spool.segment(number)));
        }
        let first = self.spool.segment_holding(self.expected);
        if let Some(view) = &first {
            // Sound before the oldest segment is gone; the other end asks for it only if its database went back in time.
            for track in Track::BOTH {
                self.report_hole(track, view.start[track], GapReason::ServerLost);
            }
        }
        self.enter(first)?;
        Ok(self.segment.and_then(|number| self.spool.segment(number)))
    }

    fn enter(&mut self, view: Option<SegmentView>) -> io::Result<()> {
        let Some(view) = view else { return Ok(()) };
        self.file = Some(File::open(&view.path)?);
        self.segment = Some(view.number);
        self.at = 0;
        self.report_holes_before(view.start);
        Ok(())
    }

    fn read_window(&mut self, durable: u64) -> io::Result<()> {
        let length = usize::try_from(durable - self.at).unwrap_or(WINDOW).min(WINDOW);
        let at_durable_end = self.at + length as u64 == durable;
        let mut bytes = vec![0; length];
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(self.at))?;
            file.read_exact(&mut bytes)?;
        }
        let mut at = 0;
        while at < bytes.len() {
            match decode(&bytes[at..]) {
                Found::Whole(record, taken) => {
                    at += taken;
                    self.take(record);
                }
                Found::Cut if !at_durable_end && at > 0 => break,
                Found::Cut | Found::Damaged => at += to_next_mark(&bytes[at..]),
            }
        }
        self.at += at as u64;
        Ok(())
    }

    fn take(&mut self, record: Record) {
        match record {
            Record::Chunk(chunk) => self.take_chunk(chunk),
            Record::Sealed(chunk) => self.take_sealed(chunk),
            Record::Gap(gap) => self.take_gap(gap),
            Record::HangUp(ended) => {
                self.report_holes_before(ended.ends);
                self.ready.push_back(Item::HangUp(ended));
            }
            Record::Head(_) | Record::Settled(_) | Record::Taken(_) => {}
        }
    }

    fn take_chunk(&mut self, chunk: Chunk) {
        let Some(rest) = self.advance(chunk.track, chunk.span()) else { return };
        let seen = usize::try_from(rest.start() - chunk.first).unwrap_or(usize::MAX);
        let pcm = if seen == 0 { chunk.pcm } else { Pcm(chunk.pcm.0[seen..].to_vec()) };
        self.ready.push_back(Item::Chunk(Chunk { track: chunk.track, first: rest.start(), pcm }));
    }

    fn take_sealed(&mut self, chunk: SealedChunk) {
        let Some(span) = self.advance(chunk.track, chunk.span()) else { return };
        let item = if self.spool.is_given_up(chunk.key) {
            Item::Gap(Gap { track: chunk.track, span, reason: GapReason::KeyGone })
        } else {
            Item::Sealed(chunk)
        };
        self.ready.push_back(item);
    }

    fn take_gap(&mut self, gap: Gap) {
        if let Some(span) = self.advance(gap.track, gap.span) {
            self.ready.push_back(Item::Gap(Gap { span, ..gap }));
        }
    }

    /// What of the span is still to be given out; a hole before it is reported first.
    fn advance(&mut self, track: Track, span: SampleSpan) -> Option<SampleSpan> {
        self.report_hole(track, span.start(), GapReason::Damaged);
        let start = span.start().max(self.expected[track]);
        let rest = SampleSpan::new(start, span.end()).filter(|rest| !rest.is_empty())?;
        self.expected[track] = rest.end();
        Some(rest)
    }

    fn report_holes_before(&mut self, start: PerTrack<SampleOffset>) {
        for track in Track::BOTH {
            self.report_hole(track, start[track], GapReason::Damaged);
        }
    }

    fn report_hole(&mut self, track: Track, before: SampleOffset, reason: GapReason) {
        let hole = SampleSpan::new(self.expected[track], before).filter(|hole| !hole.is_empty());
        if let Some(span) = hole {
            self.expected[track] = before;
            self.ready.push_back(Item::Gap(Gap { track, span, reason }));
        }
    }
}
