//! A file in the place of the devices, paced by the clock or by credit.
//!
//! Promised: paced by credit it runs no further ahead than that, or 10 s where there is none yet. It begins where the
//! call begins; when an earlier run left it, where the clock is now, at least a second beyond the spool's end, after a gap.

use super::StartAt;
use super::sound::{Next, TICK};
use super::writer::{Erased, Writer};
use crate::call::Call;
use crate::call_time::Piece;
use crate::resample::{ImpossibleRate, Run};
use crate::spool::record::Pace;
use crate::wav::{Wav, WavError};
use referent_proto::ids::PerTrack;
use referent_proto::{GapReason, SAMPLE_RATE, SampleOffset, Track};
use std::path::Path;
use std::time::Duration;

/// How long a file that has no credit waits before it looks again.
const NO_CREDIT: Duration = Duration::from_millis(20);
/// How far a file runs ahead while nobody has given credit.
const AHEAD_WITHOUT_CREDIT: u64 = 10 * SAMPLE_RATE;
/// How much of a file is read, written and made durable in one go when it is played as fast as it is taken.
const STRIDE: u64 = 4 * SAMPLE_RATE;

/// A file in the place of the devices.
pub(super) struct Player {
    wav: Wav,
    pace: Pace,
    start: SampleOffset,
    frames_read: u64,
    runs: Option<PerTrack<Run>>,
    is_left_off: bool,
}

/// The file cannot be played.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPlayer {
    #[error(transparent)]
    Wav(#[from] WavError),
    #[error(transparent)]
    Rate(#[from] ImpossibleRate),
}

impl Player {
    pub(super) fn open(call: &Call, path: &Path, pace: Pace, at: StartAt) -> Result<Self, NoPlayer> {
        let mut wav = Wav::open(path)?;
        let start = match at {
            StartAt::Beginning => SampleOffset::ZERO,
            StartAt::LeftOff => {
                let earliest = Track::BOTH.map(|track| call.spool().earliest(track)).into_iter().max();
                let wall = if pace == Pace::RealTime { call.now_us() * 16 / 1000 } else { 0 };
                earliest.unwrap_or_default().max(SampleOffset(wall)).min(wav.end())
            }
        };
        wav.seek(start)?;
        let run = |track| Run::begin(track, wav.rate(), start);
        let runs = Some(PerTrack { near: run(Track::Near)?, far: run(Track::Far)? });
        Ok(Self { wav, pace, start, frames_read: 0, runs, is_left_off: at == StartAt::LeftOff })
    }

    /// How fast it is played.
    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    pub(super) fn pour(&mut self, writer: &mut Writer<'_>) -> Result<Next, Erased> {
        if std::mem::take(&mut self.is_left_off) {
            for track in Track::BOTH {
                writer.write(Piece::GapUpTo(track, self.start, GapReason::AgentDown))?;
            }
        }
        let now = SampleOffset(writer.call().now_us() * 16 / 1000);
        let position = self.start + self.frames_read * SAMPLE_RATE / u64::from(self.wav.rate());
        let (until, wait) = match self.pace {
            Pace::RealTime => (now, TICK),
            Pace::Credit => {
                let limit = writer.call().granted().max(self.start + AHEAD_WITHOUT_CREDIT);
                if limit <= position {
                    writer.call().waits_for_credit();
                    (position, NO_CREDIT)
                } else {
                    (limit.min(position + STRIDE), Duration::ZERO)
                }
            }
        };
        let more = self.read_until(until, writer)?;
        if self.pace == Pace::Credit {
            super::sync(writer.call());
        }
        Ok(if more { Next::After(wait) } else { Next::End })
    }

    /// Reads and writes up to this offset; false at the end of the file.
    fn read_until(&mut self, until: SampleOffset, writer: &mut Writer<'_>) -> Result<bool, Erased> {
        let target = until.0.saturating_sub(self.start.0) * u64::from(self.wav.rate()) / SAMPLE_RATE;
        let wanted = u32::try_from(target.saturating_sub(self.frames_read)).unwrap_or(u32::MAX);
        let (near, far) = match self.wav.read(wanted) {
            Ok(frames) => frames,
            Err(error) => {
                tracing::error!(%error, "the file broke off; the call ends here");
                return Ok(false);
            }
        };
        self.frames_read += near.len() as u64;
        let Some(runs) = &mut self.runs else { return Ok(false) };
        // Both tracks side by side, so that neither lies far behind in the spool.
        let (near_chunks, far_chunks) = (runs.near.push(&near), runs.far.push(&far));
        let mut far_chunks = far_chunks.into_iter();
        for chunk in near_chunks {
            writer.write(Piece::Chunk(chunk))?;
            far_chunks.next().map_or(Ok(()), |chunk| writer.write(Piece::Chunk(chunk)))?;
        }
        far_chunks.try_for_each(|chunk| writer.write(Piece::Chunk(chunk)))?;
        Ok(near.len() == wanted as usize)
    }

    pub(super) fn finish(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        let Some(PerTrack { near, far }) = self.runs.take() else { return Ok(()) };
        near.finish().into_iter().chain(far.finish()).try_for_each(|chunk| writer.write(Piece::Chunk(chunk)))?;
        let played = self.start + self.frames_read * SAMPLE_RATE / u64::from(self.wav.rate());
        writer.call().withheld().map_or(Ok(()), |reason| writer.withhold_at_once(played, reason))
    }
}
