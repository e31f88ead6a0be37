//! One device on one track: opened, drained, opened again when it goes away.

use super::StartAt;
use super::writer::{Erased, Writer};
use crate::call::Call;
use crate::call_time::{DeviceTrack, Piece, Poured};
use crate::capture::{CaptureError, Pick, Tap};
use referent_proto::{GapReason, SAMPLE_RATE, SampleOffset, Track};
use std::thread::JoinHandle;

/// How long a device that did not open is left alone.
const REOPEN_AFTER_US: u64 = 2_000_000;

/// A device on a track; opened again when it goes away.
pub(super) struct Device {
    track: Track,
    pick: Option<Pick>,
    opening: Option<JoinHandle<Result<Tap, CaptureError>>>,
    tap: Option<Tap>,
    timeline: DeviceTrack,
    open_at_us: u64,
    has_been_open: bool,
}

impl Device {
    pub(super) fn new(call: &Call, track: Track, pick: Option<Pick>, at: StartAt) -> Self {
        let missing = match (at, &pick) {
            (_, None) => GapReason::NoSource,
            (StartAt::LeftOff, _) => GapReason::AgentDown,
            (StartAt::Beginning, _) => GapReason::NotStarted,
        };
        // The rate of a device is known once it is open; nothing is poured before.
        let timeline = DeviceTrack::new(track, 48_000, call.spool().earliest(track), missing);
        Self { track, pick, opening: None, tap: None, timeline, open_at_us: 0, has_been_open: false }
    }

    pub(super) fn pour(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        if self.tap.as_ref().is_some_and(Tap::is_broken) {
            tracing::warn!(track = %self.track, "the sound device went away");
            self.let_go(writer)?;
        }
        if self.tap.is_none() {
            call_end(writer.call(), self.track, &mut self.timeline);
        }
        // The old one goes on until the better one is open.
        if self.tap.as_ref().is_none_or(Tap::has_better) {
            self.open(writer)?;
        }
        writer.call().set_muted(self.track, self.tap.as_ref().is_some_and(Tap::is_muted));
        writer.call().set_gone(self.track, self.tap.is_none() && self.has_been_open);
        self.drain(writer)
    }

    /// Writes what was heard since the last time.
    fn drain(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        let call = writer.call();
        let drained = self.tap.as_mut().map(Tap::drain).unwrap_or_default();
        if drained.dropped > 0 {
            tracing::warn!(track = %self.track, frames = drained.dropped, "the PC was too busy to take all sound");
            metrics::counter!("referent_agent_dropped_frames_total", "track" => self.track.name())
                .increment(drained.dropped);
        }
        let poured = Poured {
            now_us: call.now_us(),
            first_us: drained.first_us.map(|boot_us| call.call_time_us(boot_us)),
            newest_us: drained.newest_us.map(|boot_us| call.call_time_us(boot_us)),
            dropped: drained.dropped,
            mono: &drained.mono,
        };
        match self.timeline.accept(poured) {
            Ok(pieces) => pieces.into_iter().try_for_each(|piece| writer.write(piece)),
            Err(error) => {
                call.set_problem(self.track, Some(error.to_string()));
                self.tap = None;
                Ok(())
            }
        }
    }

    /// The device is not used any more: what it has heard is written.
    fn let_go(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        self.drain(writer)?;
        self.tap = None;
        self.timeline.lost().into_iter().try_for_each(|piece| writer.write(piece))
    }

    /// Nothing may be recorded: what was heard until now is written, as far as it may be, and the device is let go of.
    pub(super) fn close(&mut self, why: GapReason, writer: &mut Writer<'_>) -> Result<(), Erased> {
        if self.tap.is_some() {
            self.drain(writer)?;
            self.tap = None;
            tracing::info!(track = %self.track, ?why, "the sound device is closed");
        }
        self.opening = None; // A device that opens now is dropped by the thread that opened it.
        self.open_at_us = 0;
        self.timeline.withheld(why).into_iter().try_for_each(|piece| writer.write(piece))?;
        call_end(writer.call(), self.track, &mut self.timeline);
        Ok(())
    }

    /// The PC slept.
    pub(super) fn slept(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        self.timeline.slept().into_iter().try_for_each(|piece| writer.write(piece))
    }

    /// Takes a tap that has opened; begins to open one when it is time to.
    fn open(&mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        let call = writer.call();
        let now_us = call.clock().boot_us();
        if self.opening.as_ref().is_some_and(JoinHandle::is_finished) {
            match self.opening.take().map(JoinHandle::join) {
                Some(Ok(Ok(tap))) => self.opened(writer, tap)?,
                Some(Ok(Err(error))) => self.not_opened(call, error.to_string(), now_us),
                Some(Err(_)) => self.not_opened(call, "the sound system broke down".into(), now_us),
                None => {}
            }
        } else if let (None, Some(pick), true) = (&self.opening, &self.pick, now_us >= self.open_at_us) {
            // On a thread of its own: a device may take seconds, and the other one's ring must not run over meanwhile.
            let (track, pick, clock) = (self.track, pick.clone(), call.clock().clone());
            let opening = std::thread::Builder::new().name(format!("open-{track}"));
            match opening.spawn(move || Tap::open(track, &pick, &clock)) {
                Ok(opening) => self.opening = Some(opening),
                Err(error) => self.not_opened(call, error.to_string(), now_us),
            }
        }
        Ok(())
    }

    fn opened(&mut self, writer: &mut Writer<'_>, tap: Tap) -> Result<(), Erased> {
        tracing::info!(track = %self.track, device = tap.name(), rate = tap.rate(), "the sound device is open");
        if self.tap.is_some() {
            self.let_go(writer)?;
        }
        let stands_in = match &self.pick {
            Some(Pick::Named(part)) if tap.stands_in() => {
                Some(format!("no sound device fits {part:?}; {} stands in for it", tap.name()))
            }
            _ => None,
        };
        if let Some(problem) = &stands_in {
            tracing::warn!(track = %self.track, %problem);
        }
        writer.call().set_problem(self.track, stands_in);
        self.timeline.reopened(tap.rate());
        self.tap = Some(tap);
        self.has_been_open = true;
        Ok(())
    }

    fn not_opened(&mut self, call: &Call, problem: String, now_us: u64) {
        self.open_at_us = now_us + REOPEN_AFTER_US;
        if self.tap.is_some() {
            tracing::warn!(track = %self.track, %problem, "the better sound device does not open");
            return; // The old one goes on: what is shown of it stays true.
        }
        if call.problem(self.track).as_deref() != Some(&problem) {
            tracing::warn!(track = %self.track, %problem, "no sound");
        }
        call.set_problem(self.track, Some(problem));
        if !self.has_been_open && self.timeline.missing() == GapReason::NotStarted {
            let earliest = call.spool().earliest(self.track);
            self.timeline = DeviceTrack::new(self.track, 48_000, earliest, GapReason::NoSource);
        }
    }

    pub(super) fn finish(mut self, writer: &mut Writer<'_>) -> Result<(), Erased> {
        if let Some(reason) = writer.call().withheld() {
            self.close(reason, writer)?;
        }
        let missing = self.timeline.missing();
        self.timeline.finish().into_iter().try_for_each(|piece| writer.write(piece))?;
        // A track that had no sound at the end still ends with the call.
        let now = SampleOffset(writer.call().now_us() * 16 / 1000);
        if now.0 > writer.call().spool().ends()[self.track].0 + SAMPLE_RATE {
            writer.write(Piece::GapUpTo(self.track, now, missing))?;
        }
        Ok(())
    }
}

/// What was written down while there was no device counts: sound goes on behind it.
fn call_end(call: &Call, track: Track, timeline: &mut DeviceTrack) {
    timeline.not_before(call.spool().earliest(track));
}
