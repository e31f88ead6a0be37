//! A mounted disk whose power can be cut: `image` under a real mount point, for real programs.
//!
//! In: the kernel's requests, by FUSE. Out: the disk as programs see it, and after `cut` what an unlucky moment left of it.
//! A sync takes as long as it is told, and of the next ones as many fail as it is told. Needs root and `/dev/fuse`.

use crate::image::{File, Folder, Image, Node};
use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The kernel may believe this long what it was told: nobody else changes it.
const TTL: Duration = Duration::from_secs(1);

/// The disk, mounted.
pub(crate) struct Power {
    disk: Disk,
    at: PathBuf,
    session: Option<BackgroundSession>,
    /// What it was when the power went.
    gone: Option<Image>,
}

#[derive(Debug, Clone)]
struct Disk {
    image: Arc<Mutex<Image>>,
    faults: Arc<Faults>,
}

#[derive(Debug, Default)]
struct Faults {
    sync_takes_ms: AtomicU64,
    failing_syncs: AtomicU64,
    failed_syncs: AtomicU64,
}

impl Power {
    /// `None` where nobody may mount one.
    pub(crate) fn on(at: &Path, seed: u64) -> Option<Self> {
        std::fs::create_dir_all(at).expect("it works here");
        let disk = Disk { image: Arc::new(Mutex::new(Image::new(seed))), faults: Arc::default() };
        let session = disk.mount(at);
        let is_mounted = session.is_ok();
        assert!(is_mounted || std::env::var_os("CI").is_none(), "CI can mount a disk: {:?}", session.err());
        Some(Self { disk, at: at.to_owned(), session: Some(session.ok()?), gone: None })
    }

    /// The power goes now. Programs are not told; nothing that they do from now on counts.
    pub(crate) fn goes(&mut self) {
        self.gone = Some(self.disk.lock().clone());
    }

    /// The power comes back; if it had not gone, it goes now. Nobody may have a file open.
    pub(crate) fn cut(&mut self) {
        if let Some(session) = self.session.take() {
            session.umount_and_join().expect("nobody has a file open");
        }
        if let Some(gone) = self.gone.take() {
            *self.disk.lock() = gone;
        }
        self.disk.lock().cut();
        self.session = Some(self.disk.mount(&self.at).expect("it was mounted before"));
    }

    /// Every sync takes so long from now on.
    pub(crate) fn sync_takes(&self, duration: Duration) {
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.disk.faults.sync_takes_ms.store(ms, Ordering::SeqCst);
    }

    /// So many of the next syncs of files fail, and what they should have written is lost.
    pub(crate) fn syncs_fail(&self, how_many: u64) {
        self.disk.faults.failing_syncs.store(how_many, Ordering::SeqCst);
    }

    /// How many have failed.
    pub(crate) fn failed_syncs(&self) -> u64 {
        self.disk.faults.failed_syncs.load(Ordering::SeqCst)
    }
}

impl Disk {
    fn mount(&self, at: &Path) -> std::io::Result<BackgroundSession> {
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("referent-test".into()), MountOption::RW];
        fuser::spawn_mount(self.clone(), at, &config)
    }

    fn lock(&self) -> MutexGuard<'_, Image> {
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attributes(&self, id: u64) -> Option<FileAttr> {
        let (kind, size, perm) = match self.lock().node(id)? {
            Node::File(file) => (FileType::RegularFile, file.now.len() as u64, 0o600),
            Node::Folder(_) => (FileType::Directory, 0, 0o700),
        };
        let time = UNIX_EPOCH;
        Some(FileAttr {
            ino: INodeNo(id),
            size,
            blocks: size.div_ceil(512),
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind,
            perm,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }

    fn enter(&self, id: Option<u64>, reply: ReplyEntry) {
        match id.and_then(|id| self.attributes(id)) {
            Some(attributes) => reply.entry(&TTL, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn sync(&self, id: INodeNo, is_file: bool, reply: ReplyEmpty) {
        let (disk, mark) = (self.clone(), self.lock().mark());
        let takes = Duration::from_millis(self.faults.sync_takes_ms.load(Ordering::SeqCst));
        let finish = move || {
            let failing = &disk.faults.failing_syncs;
            let fails = is_file && failing.try_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
            if fails {
                disk.faults.failed_syncs.fetch_add(1, Ordering::SeqCst);
                disk.lock().fail(id.0, mark);
                reply.error(Errno::EIO);
            } else {
                disk.lock().sync(id.0, mark);
                reply.ok();
            }
        };
        if takes.is_zero() {
            return finish();
        }
        std::thread::spawn(move || {
            wait(takes);
            finish();
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "that a sync takes its time is what is tried")]
fn wait(duration: Duration) {
    std::thread::sleep(duration);
}

impl Filesystem for Disk {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.lock().find(parent.0, name);
        self.enter(found, reply);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(ino.0) {
            Some(attributes) => reply.attr(&TTL, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        _mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        handle: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        if let Some(size) = size {
            self.lock().resize(ino.0, usize::try_from(size).unwrap_or(usize::MAX));
        }
        self.getattr(request, ino, handle, reply);
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        let id = self.lock().make(parent.0, name, Node::Folder(Folder::default()));
        self.enter(Some(id), reply);
    }

    fn create(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, _: i32, reply: ReplyCreate) {
        let id = self.lock().make(parent.0, name, Node::File(File::default()));
        match self.attributes(id) {
            Some(attributes) => {
                reply.created(&TTL, &attributes, Generation(0), FileHandle(0), FopenFlags::empty());
            }
            None => reply.error(Errno::EIO),
        }
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.lock().remove(parent.0, name);
        reply.ok();
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let mut image = self.lock();
        let folder = image.find(parent.0, name);
        let is_empty = folder.and_then(|id| image.folder(id)).is_some_and(|folder| folder.now.is_empty());
        if is_empty {
            image.remove(parent.0, name);
            reply.ok();
        } else {
            reply.error(Errno::ENOTEMPTY);
        }
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        to: INodeNo,
        new_name: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if parent != to {
            return reply.error(Errno::EXDEV);
        }
        self.lock().rename(parent.0, name, new_name);
        reply.ok();
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let image = self.lock();
        let Some(file) = image.file(ino.0) else { return reply.error(Errno::ENOENT) };
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(file.now.len());
        let to = from.saturating_add(size as usize).min(file.now.len());
        reply.data(&file.now[from..to]);
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        self.lock().write(ino.0, usize::try_from(offset).unwrap_or(usize::MAX), data);
        reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX));
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.sync(ino, true, reply);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.sync(ino, false, reply);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let image = self.lock();
        let Some(folder) = image.folder(ino.0) else { return reply.error(Errno::ENOTDIR) };
        let own = [(OsString::from("."), ino.0), (OsString::from(".."), ino.0)];
        let names = own.into_iter().chain(folder.now.iter().map(|(name, id)| (name.clone(), *id)));
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        for (number, (name, id)) in names.enumerate().skip(from) {
            let is_file = image.file(id).is_some();
            let kind = if is_file { FileType::RegularFile } else { FileType::Directory };
            if reply.add(INodeNo(id), number as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let blocks = 1 << 20;
        reply.statfs(blocks, blocks, blocks, blocks, blocks, 4096, 255, 4096);
    }
}
