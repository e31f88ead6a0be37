//! One authority takes the place of another, and nobody is locked out.
//!
//! ```text
//!             signs     is trusted too    the step waits until every certificate that holds
//! `ca init`   first
//! `ca next`   first     second
//! `ca turn`   second    first             was handed out with the second
//! `ca drop`   second                      is signed by the second
//! ```
//!
//! In: the authority's folder, and which certificates were issued. Out: the folder, a step further; a notes-api takes it up
//! when it starts. In the folder `ca.*` is who signs, `next.*` who will, and `former.pem` who did.
//! Promised: a step that would shut somebody out is not taken; one that broke off is finished by the same command.
//! Not done here: nobody is told to renew; everybody does so at half of a certificate's life.

use super::authority::{self, CERTIFICATE, KEY, NoAuthority};
use super::{Authority, DAY_MS};
use crate::store::identity::Listed;
use referent_identity::{files, private};
use rustls::pki_types::CertificateDer;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

const NEXT_KEY: &str = "next.key";
const NEXT: &str = "next.pem";
const FORMER: &str = "former.pem";
/// Names in a sentence.
const NAMED: usize = 8;

/// Why a step is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotYet {
    /// Mend what it says.
    #[error(transparent)]
    Authority(#[from] NoAuthority),
    /// Finish the replacement that was begun.
    #[error("{} is there: an authority is being replaced already; finish that first with `ca turn` and `ca drop`", .0.display())]
    Begun(PathBuf),
    /// Take the step before it.
    #[error("there is no {}: {before} first", file.display())]
    NothingToDo {
        /// What is missing.
        file: PathBuf,
        /// Which step comes before.
        before: &'static str,
    },
    /// Wait, or have those enrol again.
    #[error(
        "{count} certificate(s) would be shut out, of {names}; they renew by themselves, and the last is over in {days} day(s). Try again then, or give --now, and they enrol again"
    )]
    TooEarly {
        /// How many.
        count: usize,
        /// Whose.
        names: String,
        /// When the last of them is over at the latest.
        days: i64,
    },
}

/// What certificates are issued with, for [`Listed::authorities`].
pub(super) fn names(authorities: &[CertificateDer<'_>]) -> String {
    authorities.iter().map(authority::name_of).collect::<Vec<_>>().join(" ")
}

/// Whom to trust beside the one that signs.
pub(super) fn others(folder: &Path) -> Result<Vec<CertificateDer<'static>>, NoAuthority> {
    let mut others = Vec::new();
    for name in [NEXT, FORMER] {
        if folder.join(name).exists() {
            others.push(certificate(&folder.join(name))?);
        }
    }
    Ok(others)
}

/// Makes the authority that will sign; from the next start on it is trusted, and handed out with every certificate.
pub fn next(folder: &Path, now_ms: i64) -> Result<(), NotYet> {
    Authority::open(folder)?;
    if let Some(begun) = [NEXT, FORMER].map(|name| folder.join(name)).into_iter().find(|file| file.exists()) {
        return Err(NotYet::Begun(begun));
    }
    // A key alone is of a step that broke off.
    remove(&folder.join(NEXT_KEY))?;
    Ok(authority::make(&folder.join(NEXT_KEY), &folder.join(NEXT), now_ms)?)
}

/// From the next start on the other one signs. The key of the one that did is gone then.
pub fn turn(folder: &Path, issued: &Issued<'_>) -> Result<(), NotYet> {
    let [key, file, next_key, next, former] = [KEY, CERTIFICATE, NEXT_KEY, NEXT, FORMER].map(|name| folder.join(name));
    if !next.exists() {
        return Err(NotYet::NothingToDo { file: next, before: "make one with `ca next`" });
    }
    let name = authority::name_of(&certificate(&next)?);
    issued.all(|authorities| authorities.split(' ').any(|known| known == name))?;
    // The key goes last but one: with it a step that broke off is told from one that was not begun.
    if next_key.exists() {
        let signs = std::fs::read(&file).map_err(|error| disk(&file, error))?;
        private::write(&former, &signs).map_err(|error| disk(&former, error))?;
        std::fs::rename(&next_key, &key).map_err(|error| disk(&key, error))?;
    }
    std::fs::rename(&next, &file).map_err(|error| disk(&file, error))?;
    Authority::open(folder)?;
    Ok(())
}

/// From the next start on the one that signed before is not trusted.
pub fn drop_former(folder: &Path, issued: &Issued<'_>) -> Result<(), NotYet> {
    let former = folder.join(FORMER);
    if !former.exists() {
        return Err(NotYet::NothingToDo { file: former, before: "there is none to drop; `ca next` and `ca turn`" });
    }
    let name = authority::name_of(Authority::open(folder)?.certificate());
    issued.all(|authorities| authorities.split(' ').next() == Some(&name))?;
    Ok(remove(&former)?)
}

/// Certificates that were issued and whose time is not over.
#[derive(Debug)]
pub struct Issued<'a> {
    /// Each.
    pub listed: &'a [Listed],
    /// What time it is.
    pub now_ms: i64,
    /// Nobody is waited for.
    pub in_a_hurry: bool,
}

impl Issued<'_> {
    /// All that hold are so, or nobody cares.
    fn all(&self, is_so: impl Fn(&str) -> bool) -> Result<(), NotYet> {
        let left: Vec<&Listed> =
            self.listed.iter().filter(|listed| !listed.is_revoked && !is_so(&listed.authorities)).collect();
        let Some(last_ms) = left.iter().map(|listed| listed.expires_ms).max().filter(|_| !self.in_a_hurry) else {
            return Ok(());
        };
        let whose: BTreeSet<&str> = left.iter().map(|listed| listed.subject.as_str()).collect();
        let mut names: Vec<&str> = whose.iter().copied().take(NAMED).collect();
        if whose.len() > NAMED {
            names.push("…");
        }
        let days = (last_ms - self.now_ms).div_euclid(DAY_MS) + 1;
        Err(NotYet::TooEarly { count: left.len(), names: names.join(", "), days })
    }
}

fn certificate(path: &Path) -> Result<CertificateDer<'static>, NoAuthority> {
    let unusable = |why: String| NoAuthority::Unusable { path: path.to_owned(), why };
    let found = files::certificates(path).map_err(|error| unusable(error.to_string()))?;
    found.into_iter().next().ok_or_else(|| unusable("it is empty".to_owned()))
}

fn disk(path: &Path, error: io::Error) -> NoAuthority {
    NoAuthority::Disk { path: path.to_owned(), error }
}

fn remove(path: &Path) -> Result<(), NoAuthority> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk(path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_772_452_800_000;
    const NOBODY: Issued<'static> = Issued { listed: &[], now_ms: NOON, in_a_hurry: false };

    fn listed(subject: &str, authorities: &str, days: i64) -> Listed {
        Listed {
            role: "caseworker".into(),
            subject: subject.into(),
            serial: "01".into(),
            issued_ms: NOON,
            expires_ms: NOON + days * DAY_MS,
            is_revoked: false,
            authorities: authorities.into(),
        }
    }

    #[test]
    fn whoever_would_be_shut_out_is_waited_for_unless_there_is_no_time() {
        let all = [listed("anna", "a b", 9), listed("bo", "a", 3), listed("carl", "", 5), listed("bo", "a", 4)];
        let issued = |in_a_hurry| Issued { listed: &all, now_ms: NOON, in_a_hurry };
        let knows_b = |authorities: &str| authorities.split(' ').any(|known| known == "b");
        let refused = issued(false).all(knows_b).unwrap_err().to_string();
        assert!(refused.starts_with("3 certificate(s) would be shut out, of bo, carl;"), "{refused}");
        assert!(refused.contains("in 6 day(s)"), "{refused}");
        assert!(issued(true).all(knows_b).is_ok());
        assert!(issued(false).all(|_| true).is_ok());
        let revoked = [Listed { is_revoked: true, ..listed("bo", "a", 3) }];
        assert!(Issued { listed: &revoked, ..NOBODY }.all(knows_b).is_ok());
    }

    #[test]
    fn each_step_comes_after_the_one_before_and_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert!(matches!(next(folder, NOON), Err(NotYet::Authority(NoAuthority::IsNotThere(_)))));
        let first = Authority::init(folder, NOON).unwrap();
        assert!(matches!(turn(folder, &NOBODY), Err(NotYet::NothingToDo { .. })));
        assert!(matches!(drop_former(folder, &NOBODY), Err(NotYet::NothingToDo { .. })));
        next(folder, NOON).unwrap();
        assert!(matches!(next(folder, NOON), Err(NotYet::Begun(_))));
        let between = Authority::open(folder).unwrap();
        assert_eq!((between.certificate(), between.trusted().len()), (first.certificate(), 2));
        turn(folder, &NOBODY).unwrap();
        assert!(matches!(turn(folder, &NOBODY), Err(NotYet::NothingToDo { .. })));
        let second = Authority::open(folder).unwrap();
        assert_eq!(second.trusted(), [between.trusted()[1].clone(), first.certificate().clone()]);
        assert!(matches!(next(folder, NOON), Err(NotYet::Begun(_))));
        drop_former(folder, &NOBODY).unwrap();
        assert_eq!(Authority::open(folder).unwrap().trusted(), [second.certificate().clone()]);
        next(folder, NOON).unwrap();
    }

    #[test]
    fn a_turn_that_broke_off_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let first = Authority::init(folder, NOON).unwrap();
        next(folder, NOON).unwrap();
        // As after the power went between its two names.
        private::write(&folder.join(FORMER), &std::fs::read(folder.join(CERTIFICATE)).unwrap()).unwrap();
        std::fs::rename(folder.join(NEXT_KEY), folder.join(KEY)).unwrap();
        assert!(Authority::open(folder).is_err());
        turn(folder, &NOBODY).unwrap();
        assert_eq!(Authority::open(folder).unwrap().trusted()[1..], [first.certificate().clone()]);
    }
}
