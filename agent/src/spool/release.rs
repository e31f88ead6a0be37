//! The only code that deletes sound: what is settled, what is complete, and what a citizen objects to.

use super::record::{Begin, Record};
use super::recover::latest;
use super::sync::Unsynced;
use super::{CallSpool, LEAD_IN, State, folder, head_file};
use referent_proto::ids::PerTrack;
use referent_proto::{SampleOffset, Settled, Track};
use std::io;

impl CallSpool {
    /// The other end has made a track safe up to here: deletes whole segments that lie 2 s and more before (S3).
    /// Gives how many were deleted.
    pub fn release(&self, settled: Settled) -> io::Result<usize> {
        self.shared.settled.send_if_modified(|all| {
            let moved = settled.offset > all[settled.track];
            all[settled.track] = all[settled.track].max(settled.offset);
            moved
        });
        let settled = *self.shared.settled.borrow();
        let mut state = self.state();
        let mut deleted = 0;
        // The next one must be on disk, or a power cut would leave nothing that names the call.
        let may_go = |state: &State| {
            let next = state.segments.get(1).filter(|next| next.durable > 0);
            next.is_some_and(|next| is_before(next.start, settled, &state.begin.tracks))
        };
        while may_go(&state) {
            let oldest = state.segments.remove(0);
            state.unsynced.forget(oldest.number);
            std::fs::remove_file(&oldest.path)?;
            deleted += 1;
        }
        if deleted > 0 {
            state.marked = latest(state.marked, settled);
            let mark = Record::Settled(state.marked);
            if let Err(error) = state.write_into_open_segment(&mark) {
                tracing::warn!(%error, "the settled mark was not written; the next start asks the server");
            }
        }
        Ok(deleted)
    }

    /// The call is complete, or was discarded: everything of it is deleted, for good when this returns.
    pub fn release_all(&self) -> io::Result<()> {
        let mut state = self.state();
        state.erased = true;
        state.segments.clear();
        state.unsynced = Unsynced::default();
        state.writer = None;
        folder::erase(&self.shared.folder)
    }

    /// The citizen objects: every sound of the call is deleted, and what names its case. What stays is that the server has
    /// to be told, until [`CallSpool::release_all`]. Durable when this returns.
    pub fn discard(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.erased {
            return Ok(());
        }
        let without_case = Begin { case_id: None, external_id: None, ..state.begin.clone() };
        head_file::write(&self.shared.folder, head_file::Name::Discarded, without_case)?;
        state.erased = true;
        state.discarded = true;
        state.segments.clear();
        state.unsynced = Unsynced::default();
        state.writer = None;
        drop(state);
        head_file::delete_sound(&self.shared.folder)?;
        self.shared.durable.send_modify(|count| *count += 1);
        Ok(())
    }
}

fn is_before(start: PerTrack<SampleOffset>, settled: PerTrack<SampleOffset>, tracks: &[Track]) -> bool {
    tracks.iter().all(|track| start[*track] <= settled[*track].back(LEAD_IN))
}
