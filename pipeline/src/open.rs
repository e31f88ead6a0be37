//! Opens what agents have sealed, in memory, with the private keys that are mounted (docs/decisions/0017).
//!
//! In: a folder of `*.key` files, each one private key in base64; sealed chunks of a call. Out: the chunks; a gap where one
//! is not what was sealed; [`KeyGone`] where there is no key for it.
//!
//! Promised: a key that everybody on the machine may read is refused; a key that comes into the folder is found when sound
//! is sealed for it, and one that goes out of it is forgotten then, without a restart; what does not open is counted and
//! logged, and never dropped in silence. Which key a file has is read off the key and not off its name.
//! Not done here: nothing is written, and no key is made (`referent-pipeline seal-key`).

use referent_proto::{CallId, Chunk, Gap, GapReason, KeyId, SealedChunk};
use referent_seal::NotAKey;
use referent_seal::open::{DoesNotOpen, PrivateKey, Run};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Runs of a call that are remembered: a call has one, and one more for each start of its agent.
const RUNS: usize = 4;
/// The folder is not read again sooner, whatever agents ask for.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// No key is here for the sound of a call. Tell the agent to keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no private key {0} in seal_keys; mount it, or let an administrator give the call's sound up")]
pub struct KeyGone(pub KeyId);

/// The keys cannot be used; do what the sentence says.
#[derive(Debug, thiserror::Error)]
pub enum BadKeys {
    /// Mount it.
    #[error("seal_keys = \"{folder}\" cannot be read ({error}); mount the folder of private keys there", folder = folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Fill it.
    #[error("seal_keys = \"{folder}\" holds no *.key file; make one with `referent-pipeline seal-key new --dir {folder}`, or remove seal_keys", folder = .0.display())]
    Empty(PathBuf),
    /// Let it be read.
    #[error("seal_keys: {file} cannot be read ({error}); let this user read it", file = file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Close it.
    #[error("seal_keys: {file} may be read by everybody on this machine; close it with `chmod 600 {file}`", file = .0.display())]
    Open(PathBuf),
    /// Put the right file there.
    #[error("seal_keys: {file}: {error}", file = file.display())]
    NotAKey {
        /// Which.
        file: PathBuf,
        /// Why.
        error: NotAKey,
    },
}

type Held = BTreeMap<KeyId, Arc<PrivateKey>>;

/// The private keys of this worker.
#[derive(Debug)]
pub struct Keys {
    folder: Option<PathBuf>,
    held: Mutex<(Held, Instant)>,
}

impl Keys {
    /// Reads the folder; without one, no sealed sound is opened. Blocks on the disk.
    pub fn load(folder: Option<&Path>) -> Result<Self, BadKeys> {
        let held = folder.map_or_else(|| Ok(Held::new()), read)?;
        for key in held.keys() {
            tracing::info!(%key, "sound that is sealed for this key is opened");
        }
        Ok(Self { folder: folder.map(Path::to_owned), held: Mutex::new((held, Instant::now())) })
    }

    /// The key of this id. One that is not known is looked for in the folder: some small files, at most once a second.
    fn get(&self, id: KeyId) -> Option<Arc<PrivateKey>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (keys, read_at) = &mut *held;
        if let (None, Some(folder)) = (keys.get(&id), &self.folder)
            && read_at.elapsed() >= AGAIN_AFTER
        {
            *read_at = Instant::now();
            match read(folder) {
                Ok(now) => *keys = now,
                Err(error) => tracing::error!(%error, "the keys are as they were"),
            }
        }
        keys.get(&id).cloned()
    }
}

fn read(folder: &Path) -> Result<Held, BadKeys> {
    let unreadable = |error| BadKeys::Folder { folder: folder.to_owned(), error };
    let mut held = Held::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == "key") {
            let key = read_key(&file)?;
            held.insert(key.id(), Arc::new(key));
        }
    }
    if held.is_empty() { Err(BadKeys::Empty(folder.to_owned())) } else { Ok(held) }
}

fn read_key(file: &Path) -> Result<PrivateKey, BadKeys> {
    let unreadable = |error| BadKeys::File { file: file.to_owned(), error };
    // Of what a link points to, as mounted secrets are.
    if std::fs::metadata(file).map_err(unreadable)?.permissions().mode() & 0o007 != 0 {
        return Err(BadKeys::Open(file.to_owned()));
    }
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(unreadable)?);
    PrivateKey::from_text(&text).map_err(|error| BadKeys::NotAKey { file: file.to_owned(), error })
}

/// What a sealed chunk is.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// The sound that was sealed.
    Sound(Chunk),
    /// Not what was sealed.
    Damaged(Gap),
}

/// Opens the chunks of one call.
#[derive(Debug)]
pub struct Opener {
    call: CallId,
    /// The newest last.
    runs: VecDeque<(Which, Run)>,
}

/// Whose key, and which run's.
type Which = (KeyId, u32, [u8; SealedChunk::ENC_BYTES]);

impl Opener {
    /// For this call.
    pub fn new(call: CallId) -> Self {
        Self { call, runs: VecDeque::new() }
    }

    /// Opens a chunk. Costs some hundredths of a millisecond, and a tenth of one where a run begins.
    pub fn open(&mut self, sealed: SealedChunk, keys: &Keys) -> Result<Opened, KeyGone> {
        let (track, span, number) = (sealed.track, sealed.span(), sealed.number);
        let opened = match self.run_of(&sealed, keys)? {
            Ok(run) => run.open(sealed),
            Err(error) => Err(error),
        };
        let outcome = if opened.is_ok() { "opened" } else { "damaged" };
        metrics::counter!("referent_sealed_chunks_total", "outcome" => outcome).increment(1);
        Ok(opened.map_or_else(
            |error| {
                tracing::error!(%track, from = %span.start(), to = %span.end(), number, %error, "a gap `damaged` stands for it");
                Opened::Damaged(Gap { track, span, reason: GapReason::Damaged })
            },
            Opened::Sound,
        ))
    }

    fn run_of(&mut self, sealed: &SealedChunk, keys: &Keys) -> Result<Result<&Run, DoesNotOpen>, KeyGone> {
        let which = (sealed.key, sealed.run, sealed.enc);
        let known = self.runs.iter().position(|(known, _)| *known == which);
        if let Some(at) = known {
            return Ok(Ok(&self.runs[at].1));
        }
        let key = keys.get(sealed.key).ok_or(KeyGone(sealed.key))?;
        let run = match key.run(self.call, sealed.run, &sealed.enc) {
            Ok(run) => run,
            Err(error) => return Ok(Err(error)),
        };
        if self.runs.len() == RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back((which, run));
        Ok(Ok(&self.runs[self.runs.len() - 1].1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use referent_proto::{Pcm, SampleOffset, SampleSpan, Track};
    use referent_seal::Sealer;
    use std::fs::Permissions;

    fn call() -> CallId {
        CallId::from_bytes(&[3; 16]).unwrap()
    }

    fn put(folder: &Path, key: &PrivateKey, mode: u32) -> PathBuf {
        let file = folder.join(format!("{}.key", key.id()));
        std::fs::write(&file, format!("{}\n", *key.reveal())).unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        file
    }

    fn chunk(number: u64) -> Chunk {
        Chunk { track: Track::Far, first: SampleOffset(number * 1600), pcm: Pcm(vec![5; 1600]) }
    }

    /// So long ago that the folder is read again.
    fn a_second_passes(keys: &Keys) {
        keys.held.lock().unwrap().1 -= AGAIN_AFTER;
    }

    #[test]
    fn keys_that_cannot_be_used_are_one_sentence() {
        #[track_caller]
        fn refused(folder: &Path, says: &str) {
            let error = Keys::load(Some(folder)).expect_err("refused").to_string();
            assert!(error.contains(says) && !error.contains('\n'), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(Keys::load(None).is_ok());
        refused(&folder.path().join("nowhere"), "cannot be read");
        refused(folder.path(), "seal-key new --dir");
        std::fs::write(folder.path().join("README"), "no key, and not looked at").unwrap();
        let key = PrivateKey::generate().unwrap();
        for open in [0o644, 0o604, 0o602] {
            let file = put(folder.path(), &key, open);
            refused(folder.path(), &format!("chmod 600 {}", file.display()));
        }
        let file = put(folder.path(), &key, 0o640);
        assert!(Keys::load(Some(folder.path())).is_ok(), "a group may read it: so secrets are mounted");
        std::fs::write(&file, "AAAA").unwrap();
        refused(folder.path(), "is not a key");
    }

    #[test]
    fn an_old_call_opens_with_the_old_key_and_a_new_one_with_the_new() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
        put(folder.path(), &old, 0o600);
        let keys = Keys::load(Some(folder.path())).unwrap();
        let mut opener = Opener::new(call());
        let mut before = Sealer::new(old.public(), call(), 0).unwrap();
        let mut after = Sealer::new(new.public(), call(), 1).unwrap();
        assert_eq!(opener.open(before.seal(&chunk(0)).unwrap(), &keys), Ok(Opened::Sound(chunk(0))));
        let sealed = after.seal(&chunk(1)).unwrap();
        assert_eq!(opener.open(sealed.clone(), &keys), Err(KeyGone(new.id())));
        // The new key is mounted beside the old one, and found without a restart.
        put(folder.path(), &new, 0o600);
        assert_eq!(opener.open(sealed.clone(), &keys), Err(KeyGone(new.id())), "not at every question");
        a_second_passes(&keys);
        assert_eq!(opener.open(sealed, &keys), Ok(Opened::Sound(chunk(1))));
        assert_eq!(opener.open(before.seal(&chunk(2)).unwrap(), &keys), Ok(Opened::Sound(chunk(2))));
        // The old one is taken away: what is sealed for it is kept by its agent, and opens when it comes back.
        let file = folder.path().join(format!("{}.key", old.id()));
        std::fs::remove_file(&file).unwrap();
        a_second_passes(&keys);
        let nobodys = PrivateKey::generate().unwrap();
        assert_eq!(keys.get(nobodys.id()).map(|key| key.id()), None);
        let sealed = before.seal(&chunk(3)).unwrap();
        assert_eq!(Opener::new(call()).open(sealed.clone(), &keys), Err(KeyGone(old.id())));
        put(folder.path(), &old, 0o600);
        a_second_passes(&keys);
        assert_eq!(Opener::new(call()).open(sealed, &keys), Ok(Opened::Sound(chunk(3))));
    }

    #[test]
    fn what_does_not_open_is_a_gap_of_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let key = PrivateKey::generate().unwrap();
        put(folder.path(), &key, 0o600);
        let keys = Keys::load(Some(folder.path())).unwrap();
        let mut opener = Opener::new(call());
        let mut sealer = Sealer::new(key.public(), call(), 0).unwrap();
        let span = SampleSpan::of(SampleOffset(1600), 1600);
        let gap = Ok(Opened::Damaged(Gap { track: Track::Far, span, reason: GapReason::Damaged }));
        let good = sealer.seal(&chunk(1)).unwrap();
        let mut flipped = good.clone();
        flipped.bytes[100] ^= 1;
        assert_eq!(opener.open(flipped, &keys), gap);
        assert_eq!(opener.open(SealedChunk { bytes: Vec::new(), ..good.clone() }, &keys), gap);
        assert_eq!(opener.open(SealedChunk { enc: [0; 32], ..good.clone() }, &keys), gap, "no key agrees with it");
        assert_eq!(Opener::new(CallId::from_bytes(&[4; 16]).unwrap()).open(good.clone(), &keys), gap, "another call's");
        // Runs that nobody sealed cost their own record only.
        for number in 0..20 {
            assert_eq!(opener.open(SealedChunk { enc: [number + 1; 32], ..good.clone() }, &keys), gap);
        }
        assert!(opener.runs.len() <= RUNS);
        assert_eq!(opener.open(good, &keys), Ok(Opened::Sound(chunk(1))));
    }
}
