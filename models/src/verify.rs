//! The check itself: size first, because it is free, then SHA-256 over the whole file, a block at a time.
//!
//! In: a path and what it must hold. Out: a `ModelPath`, or an error that tells a person what to do.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::Digest;

use crate::manifest::{Kind, Model};

/// The path of a model whose sum was right. There is no other way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPath {
    path: PathBuf,
    name: String,
    kind: Option<Kind>,
    sha256: Sha256,
}

impl ModelPath {
    pub fn as_path(&self) -> &Path {
        &self.path
    }

    /// The name in the manifest, or the file name of a model that is not listed there: for the log and for a draft's
    /// origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `None` for a file that is not listed: then only the loader can tell.
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }
}

impl AsRef<Path> for ModelPath {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// Why a model may not be loaded. All of them are for a person to mend; none is worth trying again by itself.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Set `models_dir`.
    #[error("there is no folder of models at {}; set models_dir to the folder that holds them", dir.display())]
    NoFolder { dir: PathBuf },
    /// Correct the name.
    #[error("no model is called \"{name}\"; the known ones are {known}, and a model of your own is given by its path")]
    Unknown { name: String, known: String },
    /// Fetch it.
    #[error("the model {name} is not at {}; get it with: {how_to_get}", path.display())]
    Missing { name: String, path: PathBuf, how_to_get: String },
    /// Correct the path.
    #[error("there is no model file at {}", path.display())]
    NoSuchFile { path: PathBuf },
    /// The download was cut off, or it is another file: fetch it anew.
    #[error(
        "{} has {found} bytes where the model {name} has {expected}; it is not whole, or not that model: get it anew \
         with: {how_to_get}",
        path.display()
    )]
    WrongSize { name: String, path: PathBuf, expected: u64, found: u64, how_to_get: String },
    /// Not the bytes that were published: fetch it anew, and if it is the same again, ask why.
    #[error(
        "{} has the SHA-256 {found}, where {expected} is expected; it is not loaded: {remedy}", path.display()
    )]
    WrongSum { path: PathBuf, expected: Sha256, found: Sha256, remedy: String },
    /// The administrator vouches for a file of their own by writing its sum down.
    #[error(
        "{} is not in the manifest, and no sum lies beside it; if you trust the file, vouch for it with: \
         sha256sum '{}' > '{}'", path.display(), path.display(), sum.display()
    )]
    NoSum { path: PathBuf, sum: PathBuf },
    /// The file of the sum is no such file.
    #[error("{} does not begin with a SHA-256 of 64 hexadecimal digits; write it anew with sha256sum", sum.display())]
    BadSum { sum: PathBuf },
    /// Look at rights and disk.
    #[error("{} could not be read: {source}; check its rights and the disk", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
}

pub(crate) fn against_manifest(model: &Model, path: PathBuf, how_to_get: String) -> Result<ModelPath, ModelError> {
    let name = model.name.clone();
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ModelError::Missing { name, path, how_to_get });
        }
        Err(source) => return Err(ModelError::Unreadable { path, source }),
    };
    let found = file.metadata().map_err(|source| ModelError::Unreadable { path: path.clone(), source })?.len();
    if found != model.bytes {
        return Err(ModelError::WrongSize { name, path, expected: model.bytes, found, how_to_get });
    }
    let remedy = format!("get it anew with: {how_to_get}");
    compare(&mut file, &path, model.sha256, remedy)?;
    Ok(ModelPath { path, name, kind: Some(model.kind), sha256: model.sha256 })
}

/// Whether the file is the right one; `None` where there is none.
#[cfg(feature = "fetch")]
pub(crate) fn is_right(path: &Path, bytes: u64, sha256: Sha256) -> io::Result<Option<bool>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(file.metadata()?.len() == bytes && Sha256::of(&mut file)? == sha256))
}

pub(crate) fn against_sum_beside_it(path: &Path) -> Result<ModelPath, ModelError> {
    let unreadable = |source| ModelError::Unreadable { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ModelError::NoSuchFile { path: path.to_owned() });
        }
        Err(error) => return Err(unreadable(error)),
    };
    let expected = sum_beside(path)?;
    let remedy = format!("if you changed it and trust it, write the sum anew with: {}", sha256sum(path));
    compare(&mut file, path, expected, remedy)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(ModelPath { path: path.to_owned(), name, kind: None, sha256: expected })
}

fn sum_beside(path: &Path) -> Result<Sha256, ModelError> {
    let sum = sum_path(path);
    let text = match std::fs::read_to_string(&sum) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ModelError::NoSum { path: path.to_owned(), sum });
        }
        Err(source) => return Err(ModelError::Unreadable { path: sum, source }),
    };
    // sha256sum writes `<sum>  <file>`; only the sum counts, since the file may have been moved together with it.
    text.split_whitespace()
        .next()
        .and_then(|first| Sha256::try_from(first.to_owned()).ok())
        .ok_or(ModelError::BadSum { sum })
}

fn compare(file: &mut File, path: &Path, expected: Sha256, remedy: String) -> Result<(), ModelError> {
    let found = Sha256::of(file).map_err(|source| ModelError::Unreadable { path: path.to_owned(), source })?;
    if found == expected {
        return Ok(());
    }
    Err(ModelError::WrongSum { path: path.to_owned(), expected, found, remedy })
}

fn sum_path(path: &Path) -> PathBuf {
    let mut sum = path.as_os_str().to_owned();
    sum.push(".sha256");
    PathBuf::from(sum)
}

fn sha256sum(path: &Path) -> String {
    format!("sha256sum '{}' > '{}'", path.display(), sum_path(path).display())
}

/// A SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    pub(crate) fn finished(hasher: sha2::Sha256) -> Self {
        Self(hasher.finalize().into())
    }

    /// Reads to the end, 64 KiB at a time: a model can be larger than the memory.
    fn of(reader: &mut impl Read) -> io::Result<Self> {
        let mut hasher = sha2::Sha256::new();
        let mut block = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut block) {
                Ok(0) => return Ok(Self::finished(hasher)),
                Ok(n) => hasher.update(&block[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("a SHA-256 is 64 hexadecimal digits")]
pub struct BadSha256;

impl TryFrom<String> for Sha256 {
    type Error = BadSha256;

    fn try_from(text: String) -> Result<Self, BadSha256> {
        let digits: Vec<u8> = text
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
            .collect::<Option<_>>()
            .ok_or(BadSha256)?;
        let digits: [u8; 64] = digits.try_into().map_err(|_| BadSha256)?;
        Ok(Self(std::array::from_fn(|i| digits[2 * i] << 4 | digits[2 * i + 1])))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}
