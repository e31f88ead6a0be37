//! Makes durable what was written.
//!
//! In: files with bytes that a power cut would take. Out: the same bytes on the disk, and readers that may have them.
//!
//! Promised: a reader gets only what is durable, so what was sent is never ahead of the disk; when `sync` returns well,
//! everything that was written before it was called is durable, whoever else was syncing meanwhile. A sync that failed has
//! made nothing durable: the system may have dropped the bytes and forgotten them, so that the next sync of the same file
//! succeeds without them. Everything since the last good sync is therefore kept in memory too, and written again, into a
//! new file. Where a file goes on beyond the beginning of the next, that part was written again there, and counts no more
//! (`recover`).

use super::{CallSpool, SpoolError, State};
use crate::system;
use referent_proto::SampleOffset;
use referent_proto::ids::PerTrack;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};

/// Bytes that may wait for the disk: a minute of a call. A disk that takes nothing for so long is broken.
const MAX_UNSYNCED: usize = 4 * 1024 * 1024;

/// What a power cut would take.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    /// Files with bytes that no sync has covered.
    files: Vec<(u64, Arc<File>)>,
    /// The records in them, but for heads.
    bytes: Vec<u8>,
    /// Where each track stood at the last good sync.
    durable_ends: PerTrack<SampleOffset>,
    /// A file among them has a name that is not on the disk.
    is_named_anew: bool,
    /// A sync failed, and `bytes` have not been written again.
    pub(super) is_lost: bool,
    /// The boot clock when the last file began, milliseconds.
    boot_ms: u64,
}

impl Unsynced {
    /// Nothing, where everything up to here is durable.
    pub(super) fn beyond(durable_ends: PerTrack<SampleOffset>) -> Self {
        Self { durable_ends, ..Self::default() }
    }

    /// A new file.
    pub(super) fn begins(&mut self, number: u64, file: Arc<File>, boot_ms: u64) {
        self.files.push((number, file));
        self.is_named_anew = true;
        self.boot_ms = boot_ms;
    }

    /// The file has more bytes.
    pub(super) fn holds(&mut self, number: u64, file: Arc<File>) {
        if !self.files.iter().any(|(known, _)| *known == number) {
            self.files.push((number, file));
        }
    }

    /// A record was written.
    pub(super) fn keep(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
    }

    /// Nobody needs this file any more.
    pub(super) fn forget(&mut self, number: u64) {
        self.files.retain(|(known, _)| *known != number);
    }

    /// One more record may wait for the disk.
    pub(super) fn may_grow(&self) -> io::Result<()> {
        if self.bytes.len() < MAX_UNSYNCED {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "the disk has kept nothing for a minute"))
    }
}

/// What one sync covers.
struct Covered {
    files: Vec<(u64, Arc<File>)>,
    /// Each segment with its length.
    lengths: Vec<(u64, u64)>,
    bytes: usize,
    ends: PerTrack<SampleOffset>,
    is_named_anew: bool,
}

impl CallSpool {
    /// Makes durable what was written, and shows it to readers. Blocks on the disk, without holding up `append`.
    pub fn sync(&self) -> Result<(), SpoolError> {
        // Else whoever comes second would find nothing to do while the first is still at it.
        let _turn = self.shared.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        // What was written again after a failure is tried once more at once: a person may be waiting for it.
        self.sync_once().or_else(|_| self.sync_once())
    }

    fn sync_once(&self) -> Result<(), SpoolError> {
        let covered = {
            let mut state = self.state();
            if state.unsynced.is_lost {
                state.write_again(&self.shared.folder)?;
            }
            state.cover()
        };
        if covered.files.is_empty() {
            return Ok(());
        }
        let result = self.sync_files(&covered);
        let mut state = self.state();
        if state.erased {
            return Ok(()); // Somebody discarded the call meanwhile.
        }
        if let Err(error) = result {
            state.unsynced.is_lost = true;
            state.write_again(&self.shared.folder)?;
            return Err(error.into());
        }
        state.is_durable(covered);
        drop(state);
        self.shared.durable.send_modify(|count| *count += 1);
        Ok(())
    }

    fn sync_files(&self, covered: &Covered) -> io::Result<()> {
        for (_, file) in &covered.files {
            file.sync_data()?;
        }
        // A new file has a name only once the folder is on disk too.
        if covered.is_named_anew {
            system::sync_folder(&self.shared.folder)?;
        }
        Ok(())
    }
}

impl State {
    fn cover(&mut self) -> Covered {
        Covered {
            files: std::mem::take(&mut self.unsynced.files),
            lengths: self.segments.iter().map(|segment| (segment.number, segment.len)).collect(),
            bytes: self.unsynced.bytes.len(),
            ends: self.ends,
            is_named_anew: std::mem::take(&mut self.unsynced.is_named_anew),
        }
    }

    fn is_durable(&mut self, covered: Covered) {
        for (number, length) in covered.lengths {
            if let Some(segment) = self.segments.iter_mut().find(|segment| segment.number == number) {
                segment.durable = segment.durable.max(length);
            }
        }
        self.unsynced.bytes.drain(..covered.bytes);
        self.unsynced.durable_ends = covered.ends;
    }

    /// Writes everything since the last good sync into a new file, beside the ones that failed.
    pub(super) fn write_again(&mut self, folder: &Path) -> io::Result<()> {
        self.writer = None;
        self.unsynced.files.clear();
        self.segments.retain(|segment| {
            if segment.durable == 0 {
                // There is no more of it than its name, if that. One that cannot be deleted is written over.
                std::fs::remove_file(&segment.path).ok();
            }
            segment.durable > 0
        });
        if let Some(last) = self.segments.last_mut() {
            last.len = last.durable;
        }
        let (ends, boot_ms) = (self.unsynced.durable_ends, self.unsynced.boot_ms);
        self.roll(folder, ends, boot_ms)?;
        let bytes = std::mem::take(&mut self.unsynced.bytes);
        let written = self.write_bytes(&bytes);
        self.unsynced.bytes = bytes;
        written?;
        self.unsynced.is_lost = false;
        tracing::warn!(bytes = self.unsynced.bytes.len(), "the disk lost what it was given; it is written again");
        Ok(())
    }
}
