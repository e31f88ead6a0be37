//! Where a device's samples lie in call time (pure).
//!
//! In: what a ring held, when, and what the callback says of itself. Out: chunks and gaps of one track. The first callback
//! anchors the device; from there on its own sample count is the clock, so that no jitter of ours moves a word. When
//! nothing came for a while, what comes next is held back for three seconds at most: a busy PC catches up in that time, and
//! the run goes on; a device that stood still does not, and is anchored anew, with a gap between.
//!
//! A device's clock is not the PC's: what it runs away by is measured (`drift`) and the run made longer or shorter, so that
//! the two tracks stay together for hours.
//!
//! Promised: offsets only grow; whatever is not sound is a gap with a reason; a device that gives nothing does not hold
//! the track back by more than 3 s. Not done here: no clock, no device, no disk.

use crate::drift::Drift;
use crate::resample::{ImpossibleRate, Run};
use referent_proto::{Chunk, GapReason, SampleOffset, Track};

/// A device that was quiet for longer than this may have stood still; one that lags by more than this has.
const STALL_US: u64 = 200_000;
/// How long a device may take to catch up after it was quiet.
const CATCH_UP_US: u64 = 3_000_000;
/// After this long without sound, the run is over. A device that goes away is known by then without it.
const LOST_US: u64 = 2_500_000;
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
    /// When the device handed over the newest sample.
    pub newest_us: Option<u64>,
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
    /// When the ring was last looked at.
    looked_us: u64,
    /// For so long since the last sound nobody looked.
    unseen_us: u64,
    /// How far the run lay behind boot time when it was last poured in peace.
    usual_lag_us: u64,
    doubt: Option<Doubt>,
    missing: GapReason,
}

/// Sound after a silence of the device: it is not known yet whether the run goes on.
#[derive(Debug)]
struct Doubt {
    since_us: u64,
    held: Vec<f32>,
}

#[derive(Debug)]
struct Anchored {
    run: Run,
    anchor_us: u64,
    frames: u64,
    drift: Drift,
}

impl DeviceTrack {
    /// A track whose sound may begin at `earliest`; what is missing before it has this reason.
    pub fn new(track: Track, rate: u32, earliest: SampleOffset, missing: GapReason) -> Self {
        Self {
            track,
            rate,
            run: None,
            end: earliest,
            resume_us: None,
            is_first_run: true,
            last_sound_us: 0,
            looked_us: 0,
            unseen_us: 0,
            usual_lag_us: 0,
            doubt: None,
            missing,
        }
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

    /// Nothing may be recorded: ends the run.
    pub fn withheld(&mut self, why: GapReason) -> Vec<Piece> {
        let pieces = self.break_off(why);
        self.missing = why;
        pieces
    }

    /// The track has come to here without sound of this device.
    pub fn not_before(&mut self, offset: SampleOffset) {
        if self.run.is_none() {
            self.end = self.end.max(offset);
        }
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
        let between_us = poured.now_us.saturating_sub(std::mem::replace(&mut self.looked_us, poured.now_us));
        if frames == 0 {
            // A PC that was too busy to look: what the device has heard meanwhile is on its way.
            self.unseen_us += if between_us > STALL_US { between_us } else { 0 };
            if quiet_us > LOST_US + self.unseen_us && self.run.is_some() {
                pieces.extend(self.break_off(GapReason::DeviceLost));
            }
        } else {
            self.last_sound_us = poured.now_us;
            self.unseen_us = 0;
            self.pour_or_hold(poured, quiet_us, &mut pieces)?;
        }
        if poured.dropped > 0 {
            let resume = self.run.as_ref().map(|run| run.end_us(self.rate) + self.us(poured.dropped));
            pieces.extend(self.break_off(GapReason::Overrun));
            self.resume_us = resume;
            self.doubt = None;
        }
        pieces.extend(self.fill(poured.now_us));
        Ok(pieces)
    }

    /// Ends the track: what is left of the run.
    pub fn finish(mut self) -> Vec<Piece> {
        let missing = self.missing;
        self.break_off(missing)
    }

    /// After a silence, waits until it is known whether anything is missing.
    fn pour_or_hold(
        &mut self,
        poured: Poured<'_>,
        quiet_us: u64,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), ImpossibleRate> {
        if self.doubt.is_none() && quiet_us > STALL_US && self.run.is_some() {
            self.doubt = Some(Doubt { since_us: poured.now_us, held: Vec::new() });
        }
        let Some(mut doubt) = self.doubt.take() else { return self.pour(poured, pieces) };
        doubt.held.extend_from_slice(poured.mono);
        let lag_us = self.lag_us(poured.now_us, doubt.held.len() as u64);
        if lag_us > self.usual_lag_us + STALL_US {
            if poured.now_us < doubt.since_us + CATCH_UP_US && poured.dropped == 0 {
                self.doubt = Some(doubt);
                return Ok(());
            }
            pieces.extend(self.break_off(GapReason::DeviceLost));
        }
        self.pour(Poured { mono: &doubt.held, ..poured }, pieces)
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
            self.run = Some(Anchored {
                run: Run::begin(self.track, self.rate, start)?,
                anchor_us,
                frames: 0,
                drift: Drift::default(),
            });
            self.end = start;
        }
        if let Some(anchored) = &mut self.run {
            anchored.frames += mono.len() as u64;
            anchored.keep_time(poured.newest_us.unwrap_or(poured.now_us), self.rate);
            pieces.extend(anchored.run.push(mono).into_iter().map(Piece::Chunk));
            self.end = anchored.run.next_offset();
        }
        self.usual_lag_us = self.lag_us(poured.now_us, 0);
        Ok(())
    }

    fn break_off(&mut self, reason: GapReason) -> Vec<Piece> {
        let Some(mut anchored) = self.run.take() else { return Vec::new() };
        self.missing = reason;
        let mut chunks = Vec::new();
        if let Some(doubt) = self.doubt.take() {
            // Nobody will know any more; it is kept where it would be if nothing were missing.
            chunks = anchored.run.push(&doubt.held);
        }
        chunks.extend(anchored.run.finish());
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
        let pushed_us = self.anchor_us + self.frames * 1_000_000 / u64::from(rate);
        pushed_us.saturating_add_signed(self.run.stretched() * 1000 / 16)
    }

    /// Has the run made longer or shorter when the device's clock has run away from the PC's.
    fn keep_time(&mut self, newest_us: u64, rate: u32) {
        let lag_us =
            i64::try_from(newest_us).unwrap_or(i64::MAX) - i64::try_from(self.end_us(rate)).unwrap_or(i64::MAX);
        if let Some(behind_us) = self.drift.look(newest_us, lag_us) {
            self.run.stretch(behind_us * 16 / 1000);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TICK_US: u64 = 100_000;

    /// What came out, in order: sound and gaps with their lengths in milliseconds.
    #[derive(Debug, PartialEq, Eq, Clone, Copy)]
    enum Came {
        Sound(u64),
        Gap(u64, GapReason),
    }

    /// A device of 16 kHz, so that every frame is a sample.
    struct Bench {
        timeline: DeviceTrack,
        now_us: u64,
        first_us: Option<u64>,
        end: SampleOffset,
        came: Vec<Came>,
    }

    impl Bench {
        fn new(earliest_ms: u64) -> Self {
            let earliest = SampleOffset::from_millis(earliest_ms);
            let timeline = DeviceTrack::new(Track::Near, 16_000, earliest, GapReason::NotStarted);
            Self { timeline, now_us: 0, first_us: None, end: SampleOffset::ZERO, came: Vec::new() }
        }

        /// A tick later the ring held so many milliseconds.
        fn tick(&mut self, held_ms: u64, dropped_ms: u64) {
            self.now_us += TICK_US;
            if held_ms > 0 {
                self.first_us.get_or_insert(self.now_us.saturating_sub(held_ms * 1000));
            }
            let mono = vec![0.25; usize::try_from(held_ms * 16).unwrap()];
            let poured = Poured {
                now_us: self.now_us,
                first_us: self.first_us,
                newest_us: None,
                dropped: dropped_ms * 16,
                mono: &mono,
            };
            let pieces = self.timeline.accept(poured).unwrap();
            for piece in pieces {
                self.take(piece);
            }
        }

        fn take(&mut self, piece: Piece) {
            let (from, is_sound, reason) = (
                self.end,
                matches!(piece, Piece::Chunk(_)),
                match piece {
                    Piece::GapUpTo(_, _, reason) => Some(reason),
                    Piece::Chunk(_) => None,
                },
            );
            match piece {
                Piece::Chunk(chunk) => {
                    assert_eq!(chunk.first, self.end, "sound follows what was before");
                    self.end = chunk.span().end();
                }
                Piece::GapUpTo(_, end, _) => {
                    assert!(end >= self.end, "offsets only grow");
                    self.end = end;
                }
            }
            let ms = (self.end - from) / 16;
            match (self.came.last_mut(), reason) {
                (Some(Came::Sound(before)), None) if is_sound => *before += ms,
                (_, None) => self.came.push(Came::Sound(ms)),
                (Some(Came::Gap(before, same)), Some(reason)) if *same == reason => *before += ms,
                (_, Some(_)) if ms == 0 => {}
                (_, Some(reason)) => self.came.push(Came::Gap(ms, reason)),
            }
        }

        fn finish(mut self) -> Vec<Came> {
            let pieces = std::mem::replace(
                &mut self.timeline,
                DeviceTrack::new(Track::Near, 16_000, SampleOffset::ZERO, GapReason::Other),
            )
            .finish();
            for piece in pieces {
                self.take(piece);
            }
            self.came
        }
    }

    #[track_caller]
    fn check(earliest_ms: u64, ticks: &[(u64, u64)], expected: &[Came]) {
        let mut bench = Bench::new(earliest_ms);
        for (held_ms, dropped_ms) in ticks {
            bench.tick(*held_ms, *dropped_ms);
        }
        assert_eq!(bench.finish(), expected);
    }

    #[test]
    fn what_is_missing_is_a_gap_and_what_is_late_is_not() {
        use Came::{Gap, Sound};
        use GapReason::{DeviceLost, NotStarted, Overrun};
        let steady = [(100, 0); 10];
        check(0, &steady, &[Sound(1000)]);
        check(0, &[&[(0, 0); 5][..], &steady].concat(), &[Gap(500, NotStarted), Sound(1000)]);
        // A restart: new sound may not begin before the first second, so 400 ms of it are not kept.
        check(500, &steady, &[Gap(500, NotStarted), Sound(500)]);
        // The PC was busy: 400 ms late, and all there.
        check(0, &[&steady[..], &[(0, 0); 4], &[(500, 0)], &steady].concat(), &[Sound(2500)]);
        check(0, &[&steady[..], &[(0, 0); 4], &[(100, 0), (200, 0), (300, 0)], &steady].concat(), &[Sound(2600)]);
        // The device stood still: 400 ms are missing, and the sound after them lies where it was heard.
        check(
            0,
            &[&steady[..], &[(0, 0); 4], &[(100, 0); 40]].concat(),
            &[Sound(1000), Gap(400, DeviceLost), Sound(4000)],
        );
        // Away for longer: the gap grows meanwhile.
        check(0, &[&steady[..], &[(0, 0); 60], &steady].concat(), &[Sound(1000), Gap(6000, DeviceLost), Sound(1000)]);
        // Never there: filled up to a second ago.
        check(0, &[(0, 0); 50], &[Gap(4000, NotStarted)]);
        // The ring ran over after 100 ms: what was lost is known to the sample.
        check(
            0,
            &[&steady[..], &[(100, 300), (0, 0), (0, 0)], &steady].concat(),
            &[Sound(1100), Gap(300, Overrun), Sound(1000)],
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn whatever_a_device_does_offsets_only_grow_and_its_sound_is_kept(
            ticks in prop::collection::vec((prop_oneof![Just(0u64), Just(100), 0u64..700], prop_oneof![9 => Just(0u64), 1 => 1u64..500]), 1..80)
        ) {
            let mut bench = Bench::new(0);
            for (held_ms, dropped_ms) in &ticks {
                bench.tick(*held_ms, *dropped_ms);
            }
            let came = bench.finish();
            let sound: u64 = came.iter().map(|came| if let Came::Sound(ms) = came { *ms } else { 0 }).sum();
            let given: u64 = ticks.iter().map(|(held_ms, _)| held_ms).sum();
            prop_assert!(sound <= given);
        }
    }
}
