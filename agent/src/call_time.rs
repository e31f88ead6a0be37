//! Where a device's samples lie in call time (pure).
//!
//! In: what a ring held, when, and what the callback says of itself. Out: chunks and gaps of one track. The first callback
//! anchors the device; from there on its own sample count is the clock, so that no jitter of ours moves a word. Only when
//! it stood still, and lags more than 200 ms behind boot time, is it anchored anew, with a gap between.
//!
//! Promised: offsets only grow; whatever is not sound is a gap with a reason; a device that gives nothing does not hold
//! the track back by more than 3 s. Not done here: no clock, no device, no disk.

use crate::resample::{ImpossibleRate, Run};
use referent_proto::{Chunk, GapReason, SampleOffset, Track};

/// A device that was quiet for longer than this may have stood still.
const STALL_US: u64 = 200_000;
/// After this long without sound, the run is over.
const LOST_US: u64 = 1_000_000;
/// A track without sound is filled with gaps when it lies further back than this, up to a second ago.
const FILL_AFTER: u64 = 3 * 16_000;
const FILL_UP_TO: u64 = 16_000;

/// A piece of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Sound.
    Chunk(Chunk),
    /// Nothing from the track's end up to here.
    GapUpTo(Track, SampleOffset, GapReason),
}

/// What a look at the ring gave. Times are microseconds of call time.
#[derive(Debug, Clone, Copy)]
pub struct Poured<'a> {
    /// When.
    pub now_us: u64,
    /// When the first sample since the device was opened was heard.
    pub first_us: Option<u64>,
    /// Frames that did not fit into the ring, after `mono`.
    pub dropped: u64,
    /// The sound.
    pub mono: &'a [f32],
}

/// One device on one track.
#[derive(Debug)]
pub struct DeviceTrack {
    track: Track,
    rate: u32,
    run: Option<Anchored>,
    end: SampleOffset,
    /// Where the next run begins, if that is known better than by the clock.
    resume_us: Option<u64>,
    is_first_run: bool,
    last_sound_us: u64,
    missing: GapReason,
}

#[derive(Debug)]
struct Anchored {
    run: Run,
    anchor_us: u64,
    frames: u64,
}

impl DeviceTrack {
    /// A track whose sound may begin at `earliest`; what is missing before it has this reason.
    pub fn new(track: Track, rate: u32, earliest: SampleOffset, missing: GapReason) -> Self {
        Self { track, rate, run: None, end: earliest, resume_us: None, is_first_run: true, last_sound_us: 0, missing }
    }

    /// The device was opened again, perhaps another one.
    pub fn reopened(&mut self, rate: u32) {
        self.rate = rate;
        self.is_first_run = true;
        self.resume_us = None;
    }

    /// The device went away: ends the run.
    pub fn lost(&mut self) -> Vec<Piece> {
        self.break_off(GapReason::DeviceLost)
    }

    /// The PC slept: ends the run.
    pub fn slept(&mut self) -> Vec<Piece> {
        self.break_off(GapReason::Asleep)
    }

    /// Why there is no sound, while there is none.
    pub fn missing(&self) -> GapReason {
        self.missing
    }

    /// Takes what the ring held.
    pub fn accept(&mut self, poured: Poured<'_>) -> Result<Vec<Piece>, ImpossibleRate> {
        let mut pieces = Vec::new();
        let frames = poured.mono.len() as u64;
        let quiet_us = poured.now_us.saturating_sub(self.last_sound_us);
        if frames == 0 {
            if quiet_us > LOST_US && self.run.is_some() {
                pieces.extend(self.break_off(GapReason::DeviceLost));
            }
        } else {
            if quiet_us > STALL_US && self.lag_us(poured.now_us, frames) > STALL_US {
                pieces.extend(self.break_off(GapReason::DeviceLost));
            }
            self.last_sound_us = poured.now_us;
            self.pour(poured, &mut pieces)?;
        }
        if poured.dropped > 0 {
            let resume = self.run.as_ref().map(|run| run.end_us(self.rate) + self.us(poured.dropped));
            pieces.extend(self.break_off(GapReason::Overrun));
            self.resume_us = resume;
        }
        pieces.extend(self.fill(poured.now_us));
        Ok(pieces)
    }

    /// Ends the track: what is left of the run.
    pub fn finish(mut self) -> Vec<Piece> {
        let missing = self.missing;
        self.break_off(missing)
    }

    fn pour(&mut self, poured: Poured<'_>, pieces: &mut Vec<Piece>) -> Result<(), ImpossibleRate> {
        let mut mono = poured.mono;
        if self.run.is_none() {
            let guess = poured.now_us.saturating_sub(self.us(mono.len() as u64));
            let first = poured.first_us.filter(|_| self.is_first_run);
            let mut anchor_us = self.resume_us.take().or(first).unwrap_or(guess);
            self.is_first_run = false;
            let earliest_us = self.end.0 * 1000 / 16;
            if anchor_us < earliest_us {
                // Too early for the track (S5): that much of the sound is not kept.
                let early = (earliest_us - anchor_us) * u64::from(self.rate) / 1_000_000 + 1;
                let skipped = usize::try_from(early).unwrap_or(usize::MAX).min(mono.len());
                mono = &mono[skipped..];
                anchor_us += self.us(skipped as u64);
                if mono.is_empty() {
                    self.resume_us = Some(anchor_us);
                    return Ok(());
                }
            }
            let start = SampleOffset((anchor_us * 16 + 500) / 1000).max(self.end);
            pieces.push(Piece::GapUpTo(self.track, start, self.missing));
            self.run = Some(Anchored { run: Run::begin(self.track, self.rate, start)?, anchor_us, frames: 0 });
            self.end = start;
        }
        if let Some(anchored) = &mut self.run {
            anchored.frames += mono.len() as u64;
            pieces.extend(anchored.run.push(mono).into_iter().map(Piece::Chunk));
            self.end = anchored.run.next_offset();
        }
        Ok(())
    }

    fn break_off(&mut self, reason: GapReason) -> Vec<Piece> {
        let Some(anchored) = self.run.take() else { return Vec::new() };
        self.missing = reason;
        let chunks = anchored.run.finish();
        if let Some(last) = chunks.last() {
            self.end = last.span().end();
        }
        chunks.into_iter().map(Piece::Chunk).collect()
    }

    fn fill(&mut self, now_us: u64) -> Option<Piece> {
        let now = SampleOffset(now_us * 16 / 1000);
        if self.run.is_some() || now.0 < self.end.0 + FILL_AFTER {
            return None;
        }
        self.end = now.back(FILL_UP_TO);
        Some(Piece::GapUpTo(self.track, self.end, self.missing))
    }

    fn lag_us(&self, now_us: u64, more_frames: u64) -> u64 {
        let Some(run) = &self.run else { return 0 };
        now_us.saturating_sub(run.end_us(self.rate) + self.us(more_frames))
    }

    fn us(&self, frames: u64) -> u64 {
        frames * 1_000_000 / u64::from(self.rate)
    }
}

impl Anchored {
    fn end_us(&self, rate: u32) -> u64 {
        self.anchor_us + self.frames * 1_000_000 / u64::from(rate)
    }
}
