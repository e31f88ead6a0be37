//! A disk as a power cut sees it: beside what every program reads there is what would be left.
//!
//! In: writes, new names, renames, deletions, and which of them were synced. Out: at a cut, what was synced, and of the
//! rest any part: nothing, a beginning that breaks off at any byte, or any sectors and names in any order. A file's sync
//! makes its bytes and its length durable and not its name; that takes the sync of its folder. A rename is there or not.
//! After a sync that failed the bytes are clean and gone: programs still read them, and no later sync writes them.
//!
//! Not done here: no kernel; `power` mounts it.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};

/// What a disk writes at once.
const SECTOR: usize = 512;
pub(crate) const ROOT: u64 = 1;

#[derive(Debug, Clone)]
pub(crate) struct Image {
    nodes: HashMap<u64, Node>,
    next: u64,
    /// Counts changes, so that a sync knows which of them came before it.
    changes: u64,
    /// What chance is made of; another one each time.
    seed: u64,
}

#[derive(Debug, Clone)]
pub(crate) enum Node {
    File(File),
    Folder(Folder),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    pub(crate) now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<(u64, Change)>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Folder {
    pub(crate) now: BTreeMap<OsString, u64>,
    durable: BTreeMap<OsString, u64>,
    unsynced: Vec<(u64, Move)>,
}

#[derive(Debug, Clone)]
enum Move {
    Put(OsString, u64),
    Remove(OsString),
    Rename(OsString, OsString, u64),
}

/// What of the unsynced a cut leaves.
#[derive(Debug, Clone, Copy)]
enum Leaves {
    Nothing,
    /// In order, up to a place within.
    Beginning,
    Anything,
}

impl Image {
    pub(crate) fn new(seed: u64) -> Self {
        let nodes = HashMap::from([(ROOT, Node::Folder(Folder::default()))]);
        Self { nodes, next: ROOT + 1, changes: 0, seed }
    }

    pub(crate) fn node(&self, id: u64) -> Option<&Node> {
        self.nodes.get(&id)
    }

    pub(crate) fn folder(&self, id: u64) -> Option<&Folder> {
        if let Some(Node::Folder(folder)) = self.nodes.get(&id) { Some(folder) } else { None }
    }

    pub(crate) fn file(&self, id: u64) -> Option<&File> {
        if let Some(Node::File(file)) = self.nodes.get(&id) { Some(file) } else { None }
    }

    pub(crate) fn find(&self, folder: u64, name: &OsStr) -> Option<u64> {
        self.folder(folder)?.now.get(name).copied()
    }

    pub(crate) fn make(&mut self, folder: u64, name: &OsStr, node: Node) -> u64 {
        let id = self.next;
        self.next += 1;
        self.nodes.insert(id, node);
        self.moves(folder, Move::Put(name.to_owned(), id));
        id
    }

    pub(crate) fn remove(&mut self, folder: u64, name: &OsStr) {
        self.moves(folder, Move::Remove(name.to_owned()));
    }

    /// Within a folder.
    pub(crate) fn rename(&mut self, folder: u64, from: &OsStr, to: &OsStr) {
        let Some(id) = self.find(folder, from) else { return };
        self.moves(folder, Move::Rename(from.to_owned(), to.to_owned(), id));
    }

    pub(crate) fn write(&mut self, id: u64, at: usize, bytes: &[u8]) {
        self.change(id, Change::Write(at, bytes.to_vec()));
    }

    pub(crate) fn resize(&mut self, id: u64, length: usize) {
        self.change(id, Change::Resize(length));
    }

    /// All changes until now are before it: what a sync that begins now has to write.
    pub(crate) fn mark(&self) -> u64 {
        self.changes
    }

    /// A sync that began at this mark went well.
    pub(crate) fn sync(&mut self, id: u64, mark: u64) {
        match self.nodes.get_mut(&id) {
            Some(Node::File(file)) => {
                for (_, change) in file.unsynced.extract_if(.., |(at, _)| *at <= mark) {
                    change.apply(&mut file.durable);
                }
            }
            Some(Node::Folder(folder)) => {
                for (_, change) in folder.unsynced.extract_if(.., |(at, _)| *at <= mark) {
                    change.apply(&mut folder.durable);
                }
            }
            None => {}
        }
    }

    /// A file's sync failed: what it should have written is forgotten, whether it was written or not.
    pub(crate) fn fail(&mut self, id: u64, mark: u64) {
        let mut chance = self.chance();
        let Some(Node::File(file)) = self.nodes.get_mut(&id) else { return };
        for (_, change) in file.unsynced.extract_if(.., |(at, _)| *at <= mark) {
            change.apply_some(&mut file.durable, &mut chance);
        }
    }

    /// The power goes, and comes back.
    pub(crate) fn cut(&mut self) {
        let mut chance = self.chance();
        let leaves = [Leaves::Nothing, Leaves::Beginning, Leaves::Anything][chance.random_range(0..3)];
        // In order of their numbers, so that a seed says what is left.
        let mut ids: Vec<u64> = self.nodes.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            match self.nodes.get_mut(&id) {
                Some(Node::File(file)) => file.cut(leaves, &mut chance),
                Some(Node::Folder(folder)) => folder.cut(leaves, &mut chance),
                None => {}
            }
        }
        let mut reached = HashSet::new();
        let mut left = vec![ROOT];
        while let Some(id) = left.pop() {
            reached.insert(id);
            left.extend(self.folder(id).into_iter().flat_map(|folder| folder.now.values().copied()));
        }
        self.nodes.retain(|id, _| reached.contains(id));
    }

    fn chance(&mut self) -> StdRng {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        StdRng::seed_from_u64(self.seed)
    }

    fn change(&mut self, id: u64, change: Change) {
        self.changes += 1;
        if let Some(Node::File(file)) = self.nodes.get_mut(&id) {
            change.apply(&mut file.now);
            file.unsynced.push((self.changes, change));
        }
    }

    fn moves(&mut self, id: u64, change: Move) {
        self.changes += 1;
        if let Some(Node::Folder(folder)) = self.nodes.get_mut(&id) {
            change.apply(&mut folder.now);
            folder.unsynced.push((self.changes, change));
        }
    }
}

impl File {
    fn cut(&mut self, leaves: Leaves, luck: &mut StdRng) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let whole = match leaves {
            Leaves::Nothing => 0,
            Leaves::Beginning => luck.random_range(0..=unsynced.len()),
            Leaves::Anything => unsynced.len(),
        };
        for (number, (_, change)) in unsynced.into_iter().enumerate() {
            match (leaves, change) {
                (Leaves::Beginning, change) if number < whole => change.apply(&mut self.durable),
                (Leaves::Beginning, Change::Write(at, bytes)) if number == whole => {
                    let torn = luck.random_range(0..=bytes.len());
                    Change::Write(at, bytes[..torn].to_vec()).apply(&mut self.durable);
                }
                (Leaves::Anything, change) => change.apply_some(&mut self.durable, luck),
                _ => {}
            }
        }
        self.now.clone_from(&self.durable);
    }
}

impl Folder {
    fn cut(&mut self, leaves: Leaves, luck: &mut StdRng) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let whole = match leaves {
            Leaves::Nothing => 0,
            Leaves::Beginning => luck.random_range(0..=unsynced.len()),
            Leaves::Anything => unsynced.len(),
        };
        for (_, change) in unsynced.into_iter().take(whole) {
            if matches!(leaves, Leaves::Beginning) || luck.random() {
                change.apply(&mut self.durable);
            }
        }
        self.now.clone_from(&self.durable);
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Resize(length) => bytes.resize(*length, 0),
            Self::Write(at, new) => {
                let end = at + new.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(new);
            }
        }
    }

    /// Sector by sector, and the length alone.
    fn apply_some(&self, bytes: &mut Vec<u8>, chance: &mut StdRng) {
        let Self::Write(at, new) = self else {
            if chance.random() {
                self.apply(bytes);
            }
            return;
        };
        let end = at + new.len();
        if chance.random_bool(0.3) && bytes.len() < end {
            bytes.resize(end, 0);
        }
        let mut from = *at;
        while from < end {
            let to = (from / SECTOR * SECTOR + SECTOR).min(end);
            if chance.random() {
                Self::Write(from, new[from - at..to - at].to_vec()).apply(bytes);
            }
            from = to;
        }
    }
}

impl Move {
    fn apply(&self, names: &mut BTreeMap<OsString, u64>) {
        match self {
            Self::Put(name, id) => {
                names.insert(name.clone(), *id);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
            Self::Rename(from, to, id) => {
                names.remove(from);
                names.insert(to.clone(), *id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> (Image, u64) {
        let mut image = Image::new(1);
        let file = image.make(ROOT, OsStr::new("a"), Node::File(File::default()));
        image.write(file, 0, &[7; 2_000]);
        (image, file)
    }

    fn bytes(image: &Image, file: u64) -> Vec<u8> {
        image.file(file).map(|file| file.now.clone()).unwrap_or_default()
    }

    #[test]
    fn what_was_synced_is_left_and_what_is_left_of_the_rest_was_written() {
        for seed in 0..200 {
            let (mut image, file) = written();
            image.seed = seed;
            let mark = image.mark();
            image.write(file, 2_000, &[8; 2_000]);
            image.sync(file, mark);
            image.sync(ROOT, mark);
            image.cut();
            let left = bytes(&image, file);
            assert_eq!(left[..2_000], [7; 2_000]);
            assert!(left[2_000..].iter().all(|byte| [0, 8].contains(byte)));
        }
    }

    #[test]
    fn a_file_without_a_synced_name_may_be_gone() {
        let gone = (0..50).filter(|seed| {
            let (mut image, file) = written();
            image.seed = *seed;
            image.sync(file, image.mark());
            image.cut();
            image.find(ROOT, OsStr::new("a")).is_none()
        });
        assert!((10..50).contains(&gone.count()));
    }

    #[test]
    fn a_sync_after_one_that_failed_writes_nothing_of_what_it_lost() {
        let lost = (0..50).filter(|seed| {
            let (mut image, file) = written();
            image.seed = *seed;
            image.sync(ROOT, image.mark());
            image.fail(file, image.mark());
            assert_eq!(bytes(&image, file), [7; 2_000], "it is still read");
            image.sync(file, image.mark());
            image.cut();
            bytes(&image, file) != [7; 2_000]
        });
        assert!(lost.count() > 25);
    }
}
