//! Where a program's key, certificate and authorities lie.
//!
//! In: a folder that `enrol` fills, or three files from an authority elsewhere. Out: their bytes. A folder holds
//! `identity.pem` (the key and its certificate in one file, so that the two always belong together), `authorities.pem` and
//! `server` (where to renew).
//! Promised: a key that everybody may read is refused; on Windows, where the key is made for its user, one that anybody else may.

use crate::private;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder that `enrol` fills and that is renewed.
    Folder(PathBuf),
    /// Files that somebody else keeps fresh.
    Files {
        /// PEM, the holder's first.
        certificate: PathBuf,
        /// PEM.
        key: PathBuf,
        /// PEM, whom to trust.
        authorities: PathBuf,
    },
}

/// The files cannot be used. Tell who runs the program.
#[derive(Debug, thiserror::Error)]
pub enum BadFiles {
    /// Nobody has enrolled this program.
    #[error("there is no certificate in {}; enrol this program first", .0.display())]
    NotEnrolled(PathBuf),
    /// The system does not give it.
    #[error("{} cannot be read ({error}); correct the path, or its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Whoever can read it can be who it says.
    #[error("{} is a private key that everybody on this machine may read; {}", .0.display(), private::HOW_TO_CLOSE)]
    OpenToAll(PathBuf),
    /// It is not PEM, or not of what is asked for.
    #[error("{} holds no {what} in PEM; put it there again", path.display())]
    NotThere {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// What is in them does not fit.
    #[error("the certificate in {} cannot be used: {why}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// What is in the files.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) authorities: Vec<CertificateDer<'static>>,
}

impl Place {
    /// The file with the certificate.
    pub fn certificate(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join("identity.pem"),
            Self::Files { certificate, .. } => certificate.clone(),
        }
    }

    fn key(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join("identity.pem"),
            Self::Files { key, .. } => key.clone(),
        }
    }

    fn authorities(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join("authorities.pem"),
            Self::Files { authorities, .. } => authorities.clone(),
        }
    }

    /// Where to renew, if it is for the program to do so.
    pub fn server(&self) -> Option<String> {
        match self {
            Self::Folder(folder) => {
                std::fs::read_to_string(folder.join("server")).ok().map(|server| server.trim().to_owned())
            }
            Self::Files { .. } => None,
        }
    }

    /// When they were written last; another answer means other files.
    pub fn written(&self) -> Vec<Option<SystemTime>> {
        let written = |path: PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        vec![written(self.certificate()), written(self.key()), written(self.authorities())]
    }

    pub(crate) fn read(&self) -> Result<Read, BadFiles> {
        if let Self::Folder(folder) = self
            && !self.certificate().exists()
        {
            return Err(BadFiles::NotEnrolled(folder.clone()));
        }
        let key_file = self.key();
        let key = slurp(&key_file)?;
        if private::others_may_read(&key_file).unwrap_or(false) {
            return Err(BadFiles::OpenToAll(key_file));
        }
        let key = PrivateKeyDer::from_pem_slice(&key)
            .map_err(|_| BadFiles::NotThere { path: key_file, what: "private key" })?;
        Ok(Read { key, chain: certificates(&self.certificate())?, authorities: certificates(&self.authorities())? })
    }
}

fn slurp(path: &Path) -> Result<Vec<u8>, BadFiles> {
    std::fs::read(path).map_err(|error| BadFiles::Unreadable { path: path.to_owned(), error })
}

/// Every certificate in a file; at least one.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BadFiles> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&slurp(path)?).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(BadFiles::NotThere { path: path.to_owned(), what: "certificate" }),
    }
}

/// Certificates as PEM.
pub fn pem<'a>(certificates: impl IntoIterator<Item = &'a CertificateDer<'static>>) -> String {
    certificates.into_iter().map(|der| ::pem::encode(&::pem::Pem::new("CERTIFICATE", der.to_vec()))).collect()
}

/// Puts what was issued into a folder: last the file that says that all of it is there.
pub(crate) fn keep(
    folder: &Path,
    key_pem: &str,
    certificate: &CertificateDer<'static>,
    authorities: &[CertificateDer<'static>],
    server: &str,
) -> io::Result<()> {
    private::write(&folder.join("server"), format!("{server}\n").as_bytes())?;
    private::write(&folder.join("authorities.pem"), pem(authorities).as_bytes())?;
    private::write(&folder.join("identity.pem"), format!("{key_pem}{}", pem([certificate])).as_bytes())
}
