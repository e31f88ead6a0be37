//! The file that is not whole yet: `FILE.part`, beside the one that it will be.
//!
//! In: bytes, in order. Out: the file in its place, durable. The lock that lets only one fetch write is on the part
//! itself, so nothing is left behind that somebody must clear away; the system lifts it when a process dies.
//!
//! Not done here: what the bytes should be is known elsewhere. A lock is advice: a program that does not ask for it can
//! write all the same, which the sum at every load would show.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sha2::Digest as _;
use tokio::time::Instant;

use super::{Event, FetchError, Patience};
use crate::verify::Sha256;

/// The part, locked.
pub(super) struct Part {
    file: File,
    path: PathBuf,
    whole: PathBuf,
    hasher: sha2::Sha256,
    len: u64,
    pieces: u32,
}

/// Who may write.
pub(super) enum Turn {
    /// This fetch.
    Ours(Part),
    /// Another was at work and has ended: look again at what is there.
    Over,
}

/// Where a file lies.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

impl Part {
    /// Waits until no other fetch writes this part.
    pub(super) async fn take(
        whole: &Path,
        patience: &Patience,
        tell: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<Turn, FetchError> {
        let mut name = whole.file_name().unwrap_or(OsStr::new("model")).to_owned();
        name.push(".part");
        let path = whole.with_file_name(name);
        let failed = |source| FetchError::Disk { path: path.clone(), source };
        // What is there is what an earlier fetch brought, and is kept.
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(failed)?;
        let begun = Instant::now();
        let mut waited = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() >= patience.other => {
                    return Err(FetchError::Busy { path: whole.to_owned(), waited: patience.other });
                }
                Err(TryLockError::WouldBlock) => {
                    if !waited {
                        tell(Event::Waiting);
                    }
                    waited = true;
                    tokio::time::sleep(patience.look).await;
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        // The other one may have renamed or removed what we hold. Then nobody would find what we write into it.
        if !is_at(&file, &path).map_err(failed)? {
            return Ok(Turn::Over);
        }
        Ok(Turn::Ours(Self { file, path, whole: whole.to_owned(), hasher: sha2::Sha256::new(), len: 0, pieces: 0 }))
    }

    /// Bytes that are there and summed.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Answers, of this fetch and of earlier ones together as one, of which the bytes are put together.
    pub(super) fn pieces(&self) -> u32 {
        self.pieces
    }

    /// The next bytes are of another answer.
    pub(super) fn begin_piece(&mut self) {
        self.pieces = self.pieces.saturating_add(1);
    }

    /// Of the bytes that are there.
    pub(super) fn sum(&self) -> Sha256 {
        Sha256::finished(self.hasher.clone())
    }

    /// Goes once through what an earlier fetch left. What is longer than the model cannot be a part of it.
    pub(super) fn sum_what_is_there(&mut self, at_most: u64) -> Result<(), FetchError> {
        let read = |part: &mut Self| {
            part.file.seek(SeekFrom::Start(0))?;
            let mut block = vec![0; 64 * 1024];
            loop {
                match part.file.read(&mut block) {
                    Ok(0) => return Ok(()),
                    Ok(n) => {
                        part.hasher.update(&block[..n]);
                        part.len = part.len.saturating_add(n as u64);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        };
        self.restart_sum();
        read(self).map_err(|source| self.failed(source))?;
        self.pieces = u32::from(self.len > 0);
        if self.len > at_most { self.restart() } else { Ok(()) }
    }

    /// Adds bytes to the end.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.file.write_all(bytes).map_err(|source| self.failed(source))?;
        self.hasher.update(bytes);
        self.len = self.len.saturating_add(bytes.len() as u64);
        Ok(())
    }

    /// Forgets what is there.
    pub(super) fn restart(&mut self) -> Result<(), FetchError> {
        self.restart_sum();
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map(drop).map_err(|source| self.failed(source))
    }

    /// Makes the bytes durable, then gives them the name of the whole file, then makes the name durable.
    pub(super) fn seal(self) -> Result<(), FetchError> {
        let sealed = self
            .file
            .sync_all()
            .and_then(|()| fs::rename(&self.path, &self.whole))
            .and_then(|()| File::open(folder_of(&self.whole))?.sync_all());
        sealed.map_err(|source| FetchError::Disk { path: self.whole.clone(), source })
    }

    /// Keeps what came for the next fetch; of nothing, nothing is kept.
    pub(super) fn leave(self) -> Result<(), FetchError> {
        if self.len > 0 { Ok(()) } else { fs::remove_file(&self.path).map_err(|source| self.failed(source)) }
    }

    fn restart_sum(&mut self) {
        self.hasher = sha2::Sha256::new();
        self.len = 0;
        self.pieces = 0;
    }

    fn failed(&self, source: io::Error) -> FetchError {
        FetchError::Disk { path: self.path.clone(), source }
    }
}

/// Whether the open file is the one that has this path now.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
