//! Sound whose key is no more, and that an administrator has given up.
//!
//! The file `given-up` beside the segments names the keys, one a line. What is sealed for them is read as `Gap{key_gone}`
//! from then on, and stays on the disk until that gap is settled: `release` deletes it, as all else (S3). The file is
//! whole or not there, and durable before anything follows from it.

use super::CallSpool;
use crate::system;
use referent_proto::KeyId;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

const NAME: &str = "given-up";

impl CallSpool {
    /// Gives up what is sealed for this key. Durable when this returns; a second time does nothing.
    pub fn give_up(&self, key: KeyId) -> io::Result<()> {
        let mut state = self.state();
        if state.erased || state.given_up.contains(&key) {
            return Ok(());
        }
        let keys = [state.given_up.as_slice(), &[key]].concat();
        write(&self.shared.folder, &keys)?;
        state.given_up = keys;
        Ok(())
    }

    /// What is sealed for this key has been given up.
    pub fn is_given_up(&self, key: KeyId) -> bool {
        self.state().given_up.contains(&key)
    }
}

/// The keys in the file, if it is there. What cannot be read of it gives up nothing: the server is asked again.
pub(super) fn read(folder: &Path) -> Vec<KeyId> {
    let text = std::fs::read(folder.join(NAME)).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().filter_map(|line| line.parse().ok()).collect()
}

fn write(folder: &Path, keys: &[KeyId]) -> io::Result<()> {
    let part = folder.join(format!("{NAME}.part"));
    let mut file = File::create(&part)?;
    for key in keys {
        writeln!(file, "{key}")?;
    }
    file.sync_all()?;
    std::fs::rename(part, folder.join(NAME))?;
    system::sync_folder(folder)
}
