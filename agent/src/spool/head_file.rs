//! A call's head in a file of its own, beside the segments, which have it too.
//!
//! `call` is there from the beginning: when the head of every segment is damaged, it still says whose sound the rest is.
//! `discarded` says that a citizen objected, and the server has to be told: it has no case and no telephony's id, and is
//! durable before the first segment is deleted. A power cut leaves either the call or the objection, never neither.

use super::record::{Begin, Found, Head, Record, decode, encode};
use crate::permit::Decided;
use crate::system;
use referent_proto::ids::PerTrack;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Which file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Name {
    Call,
    Discarded,
}

impl Name {
    fn text(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Discarded => "discarded",
        }
    }
}

/// Writes it, durably.
pub(super) fn write(folder: &Path, name: Name, begin: Begin) -> io::Result<()> {
    let boot_ms = begin.boot_ms;
    let head = Head { begin, number: 0, ends: PerTrack::default(), decided: Decided::default(), runs: 0, boot_ms };
    let mut bytes = Vec::new();
    encode(&Record::Head(Box::new(head)), &mut bytes);
    // Under another name until it is whole, so that half of it is never found.
    let part = folder.join(format!("{}.part", name.text()));
    let mut file = File::create(&part)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(part, folder.join(name.text()))?;
    system::sync_folder(folder)
}

/// What it says, if it is there.
pub(super) fn read(folder: &Path, name: Name) -> io::Result<Option<Begin>> {
    match std::fs::read(folder.join(name.text())) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(bytes) => match decode(&bytes) {
            Found::Whole(Record::Head(head), _) => Ok(Some(head.begin)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, format!("the file `{}` is damaged", name.text()))),
        },
    }
}

/// Deletes every segment, and the head that names the case.
pub(super) fn delete_sound(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_none_or(|name| name != Name::Discarded.text()) {
            std::fs::remove_file(path)?;
        }
    }
    system::sync_folder(folder)
}
