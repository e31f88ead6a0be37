//! Codes, certificates and revocations: who may be whom.
//!
//! A code is spent and its certificate written down in one transaction, so that of two who bring the same code one gets a
//! certificate. On PostgreSQL everything that changes here takes one lock first, so that no renewal slips past a revocation.

use super::audit::{Act, CONSOLE, Deed, tell};
use super::{Conn, Store, Stored, Tx, from_json, json};
use referent_identity::who::{NoIdentity, Role, Subject};

/// One transaction at a time changes who may be whom. SQLite's one writer is the lock there.
const LOCK: i64 = 7_301_020;
/// Codes that are over are forgotten after this time.
const FORGET_CODES_MS: i64 = 24 * 3_600_000;

/// What a code, or a certificate, makes of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What they may do.
    pub role: Role,
    /// Who they are.
    pub subject: Subject,
    /// What their server is called, where they are one: DNS names and addresses.
    pub names: Vec<String>,
}

/// A certificate that is being issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCertificate {
    /// Its serial number, hex.
    pub serial: String,
    /// Until when it holds.
    pub expires_ms: i64,
    /// The authorities that are handed out with it, the one that signs it first (`ca::rollover`).
    pub authorities: String,
}

/// What became of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spent {
    /// It was good, and is void now; the certificate is written down.
    Grant(Grant),
    /// There is no such code.
    Wrong,
    /// Somebody was before.
    Used,
    /// It was not brought in time.
    Expired,
}

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has anything against it.
    Good,
    /// It is revoked, or all of its holder's are.
    Revoked,
    /// This authority has never issued it to this holder.
    Unknown,
}

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// As the certificate says.
    pub role: Role,
    /// As the certificate says.
    pub subject: String,
    /// As the certificate says, hex.
    pub serial: String,
}

/// Whose certificates are revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoke {
    /// All that somebody has, and their codes.
    Holder(Role, Subject),
    /// One.
    Serial(String),
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whose.
    pub role: String,
    /// Whose.
    pub subject: String,
    /// Which, hex.
    pub serial: String,
    /// When it was issued.
    pub issued_ms: i64,
    /// Until when it holds.
    pub expires_ms: i64,
    /// It is refused.
    pub is_revoked: bool,
    /// The authorities that were handed out with it, the one that signed it first; empty where nobody wrote that down.
    pub authorities: String,
}

async fn lock(tx: &mut Tx) -> Stored<()> {
    if matches!(tx.conn, Conn::Postgres(_)) {
        run!(tx, "SELECT pg_advisory_xact_lock($1)", LOCK)?;
    }
    Ok(())
}

fn grant(role: &str, subject: &str, names: &str) -> Stored<Grant> {
    let corrupt = |_: NoIdentity| super::StoreError::Corrupt { column: "enrolment_codes.subject" };
    Ok(Grant {
        role: role.parse().map_err(corrupt)?,
        subject: subject.parse().map_err(corrupt)?,
        names: from_json("enrolment_codes.names", names)?,
    })
}

async fn standing(tx: &mut Tx, shown: &Shown, is_issued_here: bool) -> Stored<Standing> {
    let (role, subject, serial) = (shown.role.name(), shown.subject.as_str(), shown.serial.as_str());
    let revoked = row!(
        tx,
        (i64,),
        "SELECT revoked_ms FROM revocations WHERE serial = $3 OR (role = $1 AND subject = $2 AND serial = '') LIMIT 1",
        role,
        subject,
        serial
    )?;
    if revoked.is_some() {
        return Ok(Standing::Revoked);
    }
    if !is_issued_here {
        return Ok(Standing::Good);
    }
    let known = row!(
        tx,
        (i64,),
        "SELECT issued_ms FROM certificates WHERE serial = $3 AND role = $1 AND subject = $2",
        role,
        subject,
        serial
    )?;
    Ok(if known.is_some() { Standing::Good } else { Standing::Unknown })
}

async fn write_down(tx: &mut Tx, grant: &Grant, new: &NewCertificate, renews: Option<&str>, now_ms: i64) -> Stored<()> {
    run!(
        tx,
        "INSERT INTO certificates (serial, role, subject, names, issued_ms, expires_ms, renews, authorities) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.serial.as_str(),
        grant.role.name(),
        grant.subject.as_str(),
        json(&grant.names),
        now_ms,
        new.expires_ms,
        renews,
        new.authorities.as_str()
    )
    .map(drop)
}

async fn keep(tx: &mut Tx, hash: &str, grant: &Grant, by: &str, (now_ms, expires_ms): (i64, i64)) -> Stored<()> {
    run!(
        tx,
        "INSERT INTO enrolment_codes (code, role, subject, names, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)",
        hash,
        grant.role.name(),
        grant.subject.as_str(),
        json(&grant.names),
        now_ms,
        expires_ms
    )?;
    let about = format!("{}/{}", grant.role.name(), grant.subject.as_str());
    tell(tx, &Deed::with(by, Act::EnrolmentGranted, about), now_ms).await
}

impl Store {
    /// Whoever brings the code with this hash before `expires_ms` is given this. Somebody whose certificates were all
    /// revoked may have new ones from now on; the revoked ones stay so.
    pub async fn keep_code(&self, hash: String, grant: Grant, now_ms: i64, expires_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                lock(tx).await?;
                run!(tx, "DELETE FROM enrolment_codes WHERE expires_ms < $1", now_ms - FORGET_CODES_MS)?;
                run!(
                    tx,
                    "DELETE FROM revocations WHERE role = $1 AND subject = $2 AND serial = ''",
                    grant.role.name(),
                    grant.subject.as_str()
                )?;
                keep(tx, &hash, &grant, CONSOLE, (now_ms, expires_ms)).await
            })
        })
        .await
    }

    /// The same for somebody's own PC, as they ask for it themselves. False where their certificates were all revoked: what
    /// an administrator took from them they do not give themselves anew.
    pub async fn keep_own_code(&self, hash: String, subject: Subject, now_ms: i64, expires_ms: i64) -> Stored<bool> {
        self.write(move |tx| {
            Box::pin(async move {
                lock(tx).await?;
                let role = Role::Caseworker;
                let revoked = row!(
                    tx,
                    (i64,),
                    "SELECT revoked_ms FROM revocations WHERE role = $1 AND subject = $2 AND serial = ''",
                    role.name(),
                    subject.as_str()
                )?;
                if revoked.is_some() {
                    return Ok(false);
                }
                let by = subject.to_string();
                let grant = Grant { role, subject, names: Vec::new() };
                keep(tx, &hash, &grant, &by, (now_ms, expires_ms)).await.map(|()| true)
            })
        })
        .await
    }

    /// Spends the code with this hash, and writes down the certificate that is issued for it.
    pub async fn spend_code(&self, hash: String, new: NewCertificate, now_ms: i64) -> Stored<Spent> {
        self.write(move |tx| {
            Box::pin(async move {
                lock(tx).await?;
                let found = row!(
                    tx,
                    (String, String, String, i64, Option<i64>),
                    "SELECT role, subject, names, expires_ms, used_ms FROM enrolment_codes WHERE code = $1",
                    hash.as_str()
                )?;
                let Some((role, subject, names, expires_ms, used_ms)) = found else { return Ok(Spent::Wrong) };
                if used_ms.is_some() {
                    return Ok(Spent::Used);
                }
                if now_ms >= expires_ms {
                    return Ok(Spent::Expired);
                }
                let grant = grant(&role, &subject, &names)?;
                run!(tx, "UPDATE enrolment_codes SET used_ms = $2 WHERE code = $1", hash.as_str(), now_ms)?;
                write_down(tx, &grant, &new, None, now_ms).await?;
                Ok(Spent::Grant(grant))
            })
        })
        .await
    }

    /// Writes down the certificate that takes the place of the one that is shown, if that one stands.
    pub async fn renew_certificate(
        &self,
        shown: Shown,
        new: NewCertificate,
        now_ms: i64,
    ) -> Stored<Result<Grant, Standing>> {
        self.write(move |tx| {
            Box::pin(async move {
                lock(tx).await?;
                match standing(tx, &shown, true).await? {
                    Standing::Good => {}
                    bad => return Ok(Err(bad)),
                }
                let names =
                    row!(tx, (String,), "SELECT names FROM certificates WHERE serial = $1", shown.serial.as_str())?;
                let names = names.map_or_else(|| "[]".to_owned(), |(names,)| names);
                let grant = grant(shown.role.name(), &shown.subject, &names)?;
                write_down(tx, &grant, &new, Some(&shown.serial), now_ms).await?;
                Ok(Ok(grant))
            })
        })
        .await
    }

    /// How a certificate stands; one of an authority elsewhere is never unknown.
    pub async fn standing(&self, shown: Shown, is_issued_here: bool) -> Stored<Standing> {
        self.read(move |tx| Box::pin(async move { standing(tx, &shown, is_issued_here).await })).await
    }

    /// From now on these are refused. Gives how many certificates that are written down here it concerns.
    pub async fn revoke(&self, what: Revoke, now_ms: i64) -> Stored<u64> {
        self.write(move |tx| Box::pin(revoke_in(tx, what, now_ms))).await
    }

    /// Certificates that were issued here and whose time is not over, by holder; of one holder, or all.
    pub async fn certificates(&self, subject: Option<String>, now_ms: i64) -> Stored<Vec<Listed>> {
        self.read(move |tx| {
            Box::pin(async move {
                let found = rows!(
                    tx,
                    (String, String, String, i64, i64, String, i64),
                    "SELECT c.role, c.subject, c.serial, c.issued_ms, c.expires_ms, c.authorities, \
                     (SELECT COUNT(*) FROM revocations r WHERE r.serial = c.serial \
                      OR (r.role = c.role AND r.subject = c.subject AND r.serial = '')) \
                     FROM certificates c WHERE c.expires_ms > $1 AND ($2 = '' OR c.subject = $2) \
                     ORDER BY c.role, c.subject, c.issued_ms, c.serial",
                    now_ms,
                    subject.as_deref().unwrap_or_default()
                )?;
                let listed =
                    found.into_iter().map(|(role, subject, serial, issued_ms, expires_ms, authorities, revoked)| {
                        Listed { role, subject, serial, issued_ms, expires_ms, is_revoked: revoked > 0, authorities }
                    });
                Ok(listed.collect())
            })
        })
        .await
    }
}

async fn revoke_in(tx: &mut Tx, what: Revoke, now_ms: i64) -> Stored<u64> {
    lock(tx).await?;
    match what {
        Revoke::Serial(serial) => {
            let known = row!(
                tx,
                (String, String),
                "SELECT role, subject FROM certificates WHERE serial = $1",
                serial.as_str()
            )?;
            let count = u64::from(known.is_some());
            let (role, subject) = known.unwrap_or_default();
            revoked(tx, &role, &subject, &serial, now_ms).await?;
            let about = format!("certificate/{serial}");
            tell(tx, &Deed::with(CONSOLE, Act::CertificatesRevoked, about), now_ms).await?;
            Ok(count)
        }
        Revoke::Holder(role, subject) => {
            let (role, subject) = (role.name(), subject.as_str());
            let serials = rows!(
                tx,
                (String,),
                "SELECT serial FROM certificates WHERE role = $1 AND subject = $2",
                role,
                subject
            )?;
            for (serial,) in &serials {
                revoked(tx, role, subject, serial, now_ms).await?;
            }
            revoked(tx, role, subject, "", now_ms).await?;
            run!(
                tx,
                "DELETE FROM enrolment_codes WHERE role = $1 AND subject = $2 AND used_ms IS NULL",
                role,
                subject
            )?;
            let about = format!("{role}/{subject}");
            tell(tx, &Deed::with(CONSOLE, Act::CertificatesRevoked, about), now_ms).await?;
            Ok(serials.len() as u64)
        }
    }
}

async fn revoked(tx: &mut Tx, role: &str, subject: &str, serial: &str, now_ms: i64) -> Stored<()> {
    run!(
        tx,
        "INSERT INTO revocations (role, subject, serial, revoked_ms) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (role, subject, serial) DO NOTHING",
        role,
        subject,
        serial,
        now_ms
    )
    .map(drop)
}
