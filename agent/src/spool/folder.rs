//! The folder of all calls: begins one, and finds those that an earlier run left.

use super::record::Begin;
use super::{CallSpool, SEGMENT_SAMPLES, SpoolError, State, head_file, recover};
use crate::system;
use referent_proto::ids::PerTrack;
use referent_seal::PublicKey;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of all calls.
#[derive(Debug, Clone)]
pub struct Spool {
    root: PathBuf,
    seal_for: Option<PublicKey>,
}

/// A call that was found on start.
#[derive(Debug)]
pub struct Left {
    /// Its spool, opened.
    pub spool: CallSpool,
    /// The boot clock when its last segment began.
    pub last_head_ms: u64,
    /// Its last record was torn and cut off (S4).
    pub torn: bool,
}

impl Spool {
    /// The spool in this folder, made if it is not there.
    pub fn open(root: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&root)?;
        system::keep_names(&root);
        Ok(Self { root, seal_for: None })
    }

    /// Seals new sound for this key, if there is one (S8); what lies in the spool already stays as it is.
    #[must_use]
    pub fn sealing_for(self, server: Option<PublicKey>) -> Self {
        Self { seal_for: server, ..self }
    }

    /// Begins a call: durable when this returns.
    pub fn begin(&self, begin: Begin) -> Result<CallSpool, SpoolError> {
        self.begin_with_segments_of(begin, SEGMENT_SAMPLES)
    }

    /// As `begin`, with segments of another length: so that tests cross many of them.
    pub fn begin_with_segments_of(&self, begin: Begin, samples: u64) -> Result<CallSpool, SpoolError> {
        let folder = self.root.join(begin.call.to_string());
        std::fs::create_dir(&folder)?;
        let result = self.write_head(&folder, begin, samples);
        if result.is_err() {
            // Nobody was told its id; what could be written of it would only be counted.
            erase(&folder).ok();
        }
        result
    }

    fn write_head(&self, folder: &Path, begin: Begin, samples: u64) -> Result<CallSpool, SpoolError> {
        let boot_ms = begin.boot_ms;
        head_file::write(folder, head_file::Name::Call, begin.clone())?;
        let spool = CallSpool::of(folder.to_owned(), State::new(begin), samples, self.seal_for.clone());
        spool.state().roll(&spool.shared.folder, PerTrack::default(), boot_ms)?;
        spool.sync()?;
        system::sync_folder(&self.root)?;
        Ok(spool)
    }

    /// Every call that an earlier run left, oldest first. A folder that cannot be read is logged and left as it is.
    pub fn left(&self) -> io::Result<Vec<Left>> {
        let mut calls = Vec::new();
        for entry in std::fs::read_dir(&self.root)? {
            let folder = entry?.path();
            if !folder.is_dir() {
                continue;
            }
            if folder.extension().is_some_and(|extension| extension == ERASED) {
                std::fs::remove_dir_all(&folder)?;
                continue;
            }
            match head_file::read(&folder, head_file::Name::Discarded) {
                Ok(None) => {}
                Ok(Some(begin)) => {
                    head_file::delete_sound(&folder)?;
                    calls.push(CallSpool::reopen_discarded(folder, begin));
                    continue;
                }
                Err(error) => {
                    // Whatever it said, it stood there because a citizen objected: the sound goes all the same.
                    tracing::error!(folder = %folder.display(), %error, "a call was discarded, and the server cannot be told");
                    head_file::delete_sound(&folder)?;
                    continue;
                }
            }
            match recover::recover(&folder) {
                Ok(Some(found)) => calls.push(CallSpool::reopen(folder, found, self.seal_for.clone())),
                // A crash while the call began: nobody was told its id, and there is no sound.
                Ok(None) if is_without_sound(&folder) => std::fs::remove_dir_all(&folder)?,
                Ok(None) => {
                    tracing::error!(folder = %folder.display(), "this spool names no call; it is left as it is");
                }
                Err(error) => tracing::error!(folder = %folder.display(), %error, "this spool cannot be read"),
            }
        }
        calls.sort_by_key(|left| left.spool.begin().call);
        Ok(calls)
    }

    /// Calls and bytes in it.
    pub fn usage(&self) -> (u64, u64) {
        let folders = std::fs::read_dir(&self.root).into_iter().flatten().flatten().map(|entry| entry.path());
        folders.filter(|path| path.is_dir()).fold((0, 0), |(calls, bytes), folder| (calls + 1, bytes + size(&folder)))
    }
}

/// The name of a folder of which nothing may come back, whatever a power cut leaves of its files: the rest of a call would
/// look like one that goes on.
const ERASED: &str = "erased";

/// Deletes a call's folder for good.
pub(super) fn erase(folder: &Path) -> io::Result<()> {
    let erased = folder.with_extension(ERASED);
    match std::fs::rename(folder, &erased) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        result => result?,
    }
    let kept = folder.parent().map_or(Ok(()), system::sync_folder);
    std::fs::remove_dir_all(&erased).and(kept)
}

/// No segment has a byte.
fn is_without_sound(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let segments = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "segment"));
    segments.into_iter().all(|file| file.metadata().is_ok_and(|file| file.len() == 0))
}

fn size(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|entry| entry.metadata().ok()).map(|data| data.len()).sum()
}
