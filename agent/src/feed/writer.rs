//! The one who writes into the spool. No sound gets past it that may not be recorded (`permit`, M1), and what could not be
//! written is remembered: it becomes a gap.

use crate::call::Call;
use crate::call_time::Piece;
use crate::spool::SpoolError;
use referent_proto::ids::PerTrack;
use referent_proto::{Chunk, GapReason, Pcm, SAMPLE_RATE, SampleOffset, SampleSpan, Track};

/// How often a gap is written down while nothing may be recorded.
const WITHHELD_EVERY: u64 = 5 * SAMPLE_RATE;

/// The call was erased under the writer's hands: stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call was erased")]
pub struct Erased;

/// Writes pieces into the spool, and remembers what could not be written.
#[derive(Debug)]
pub struct Writer<'a> {
    call: &'a Call,
    is_failing: PerTrack<bool>,
}

impl<'a> Writer<'a> {
    /// Writes this call.
    pub fn new(call: &'a Call) -> Self {
        Self { call, is_failing: PerTrack::default() }
    }

    /// The call that is written.
    pub fn call(&self) -> &'a Call {
        self.call
    }

    /// Writes the piece. `Err` only when the call was discarded.
    pub fn write(&mut self, piece: Piece) -> Result<(), Erased> {
        let (spool, boot_ms) = (self.call.spool(), self.call.clock().boot_ms());
        let (track, written) = match piece {
            Piece::GapUpTo(track, end, reason) => (track, self.write_gap(track, end, reason)),
            Piece::Chunk(chunk) => {
                let (track, end) = (chunk.track, chunk.span().end());
                let (kept, nothing_before) = self.call.kept(chunk.span());
                let Some(kept) = kept else {
                    let is_due = end.0 >= spool.ends()[track].0 + WITHHELD_EVERY;
                    return match nothing_before.filter(|_| is_due) {
                        Some((before, reason)) => self.write(Piece::GapUpTo(track, end.min(before), reason)),
                        None => Ok(()),
                    };
                };
                let withheld = nothing_before
                    .map_or(Ok(()), |(before, reason)| self.write_gap(track, before.min(kept.start()), reason));
                let is_failing = self.is_failing[track];
                let hole = withheld.and_then(|()| {
                    if is_failing { self.write_gap(track, kept.start(), GapReason::DiskFull) } else { Ok(()) }
                });
                let chunk = part(chunk, kept);
                let peak = chunk.pcm.0.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
                let written = hole.and_then(|()| spool.append(chunk, boot_ms));
                if written.is_ok() {
                    self.call.heard(track, peak);
                }
                (track, written)
            }
        };
        match written {
            Ok(()) => {
                self.is_failing[track] = false;
                self.call.set_write_failing(self.is_failing.near || self.is_failing.far);
            }
            Err(SpoolError::Ended) => return Err(Erased),
            Err(error @ SpoolError::TooEarly { .. }) => tracing::error!(%error, "sound was not kept"),
            Err(error) => {
                self.is_failing[track] = true;
                metrics::counter!("referent_agent_write_failures_total").increment(1);
                if self.call.set_write_failing(true) {
                    let remedy = match error {
                        SpoolError::Seal(_) => "see docs/operating.md for [seal]",
                        _ => "free space on the disk of state_dir",
                    };
                    tracing::error!(%error, remedy, "nothing is being recorded");
                }
            }
        }
        Ok(())
    }

    /// Nothing may be recorded: every track lacks its sound up to here. Written down every 5 s.
    pub fn withhold(&mut self, end: SampleOffset, reason: GapReason) -> Result<(), Erased> {
        self.withhold_if_longer(WITHHELD_EVERY, end, reason)
    }

    /// The same, written down now.
    pub fn withhold_at_once(&mut self, end: SampleOffset, reason: GapReason) -> Result<(), Erased> {
        self.withhold_if_longer(0, end, reason)
    }

    fn withhold_if_longer(&mut self, least: u64, end: SampleOffset, reason: GapReason) -> Result<(), Erased> {
        let spool = self.call.spool();
        let ends = spool.ends();
        let due = spool.begin().tracks.iter().filter(|track| end.0 >= ends[**track].0 + least);
        due.copied().try_for_each(|track| self.write(Piece::GapUpTo(track, end, reason)))
    }

    fn write_gap(&self, track: Track, end: SampleOffset, reason: GapReason) -> Result<(), SpoolError> {
        let before = self.call.spool().ends()[track];
        self.call.spool().append_gap(track, end, reason, self.call.clock().boot_ms())?;
        if end > before {
            tracing::info!(%track, from = %before, to = %end, ?reason, "no sound");
            count_gap(track, reason, end - before);
        }
        Ok(())
    }
}

/// The part of a chunk that may be kept.
fn part(chunk: Chunk, kept: SampleSpan) -> Chunk {
    let at = |offset: SampleOffset| usize::try_from(offset - chunk.first).unwrap_or(usize::MAX);
    if kept == chunk.span() {
        return chunk;
    }
    Chunk { track: chunk.track, first: kept.start(), pcm: Pcm(chunk.pcm.0[at(kept.start())..at(kept.end())].to_vec()) }
}

fn count_gap(track: Track, reason: GapReason, samples: u64) {
    let reason = serde_json::to_value(reason).ok().and_then(|reason| reason.as_str().map(str::to_owned));
    let reason = reason.unwrap_or_default();
    metrics::counter!("referent_agent_gap_samples_total", "track" => track.name(), "reason" => reason)
        .increment(samples);
}
