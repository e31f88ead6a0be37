//! The one who writes into the spool, and remembers what could not be written: it becomes a gap.

use crate::call::Call;
use crate::call_time::Piece;
use crate::spool::SpoolError;
use referent_proto::ids::PerTrack;
use referent_proto::{GapReason, SampleOffset, Track};

/// The call was erased under the writer's hands.
#[derive(Debug)]
pub(super) struct Erased;

/// Writes pieces into the spool, and remembers what could not be written.
pub(super) struct Writer<'a> {
    call: &'a Call,
    is_failing: PerTrack<bool>,
}

impl<'a> Writer<'a> {
    /// Writes this call.
    pub(super) fn new(call: &'a Call) -> Self {
        Self { call, is_failing: PerTrack::default() }
    }

    /// The call that is written.
    pub(super) fn call(&self) -> &'a Call {
        self.call
    }

    /// Writes the piece. `Err` only when the call was discarded.
    pub(super) fn write(&mut self, piece: Piece) -> Result<(), Erased> {
        let (spool, boot_ms) = (self.call.spool(), self.call.clock().boot_ms());
        let (track, written) = match piece {
            Piece::GapUpTo(track, end, reason) => (track, self.write_gap(track, end, reason)),
            Piece::Chunk(chunk) => {
                let (track, first) = (chunk.track, chunk.first);
                let hole =
                    if self.is_failing[track] { self.write_gap(track, first, GapReason::DiskFull) } else { Ok(()) };
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
                    tracing::error!(%error, "nothing is being recorded; free space on the disk of state_dir");
                }
            }
        }
        Ok(())
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

fn count_gap(track: Track, reason: GapReason, samples: u64) {
    let reason = serde_json::to_value(reason).ok().and_then(|reason| reason.as_str().map(str::to_owned));
    let reason = reason.unwrap_or_default();
    metrics::counter!("referent_agent_gap_samples_total", "track" => track.name(), "reason" => reason)
        .increment(samples);
}
