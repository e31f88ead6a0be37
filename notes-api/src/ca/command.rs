//! `referent-notes-api ca … | enrol | revoke | certificates`: what whoever runs the server does about identities.
//!
//! In: arguments, the configuration, the database that a running notes-api may have open as well. Out: lines on stdout; a
//! code is shown there once, and nowhere else.

use super::rollover::{self, Issued};
use super::{Authority, DAY_MS};
use crate::clock::{Chance, Clock};
use crate::config::Config;
use crate::config::tls::TlsConfig;
use crate::live::Live;
use crate::store::Store;
use crate::store::identity::{Grant, Revoke};
use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use referent_identity::code::GOOD_FOR_MS;
use referent_identity::{Code, Role, Subject};
use rustls::pki_types::ServerName;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What is asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The authority that signs certificates.
    #[command(subcommand)]
    Ca(Ca),
    /// Makes a one-time code, good for 15 minutes, by which a PC or a pipeline comes by its certificate.
    Enrol(Enrol),
    /// Refuses certificates from now on: all of one holder, or one.
    Revoke(Revoked),
    /// Lists certificates that were issued here and whose time is not over.
    Certificates {
        /// Of this holder only.
        #[arg(long, value_name = "NAME")]
        subject: Option<String>,
    },
}

/// About the authority.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Ca {
    /// Makes its key and certificate in the folder that `tls.ca` names.
    Init,
    /// Begins to replace it: makes another one beside it, which everybody is told to trust.
    Next,
    /// The other one signs from now on, if everybody trusts it.
    Turn(Hurry),
    /// The one that signed before is trusted no more, if nobody has a certificate of it.
    Drop(Hurry),
}

/// Whether to wait.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Hurry {
    /// Wait for nobody: whoever is not ready has to enrol again. For a key that was stolen.
    #[arg(long)]
    now: bool,
}

/// For whom a code is.
#[derive(Debug, Args)]
pub struct Enrol {
    /// Who they are: what calls and notes will say. 1 to 64 of A-Z a-z 0-9 . _ @ + -
    #[arg(long, value_name = "NAME")]
    subject: Subject,
    /// What they are.
    #[arg(long, default_value = "caseworker")]
    kind: Kind,
    /// What PCs call it, for a pipeline: a DNS name or an address; may be given more than once.
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
}

/// Whose certificates are refused.
#[derive(Debug, Args)]
pub struct Revoked {
    /// Everything that they have.
    #[arg(long, value_name = "NAME", required_unless_present = "serial", conflicts_with = "serial")]
    subject: Option<Subject>,
    /// What they are.
    #[arg(long, default_value = "caseworker")]
    kind: Kind,
    /// One certificate, by its serial number in hex.
    #[arg(long, value_name = "HEX")]
    serial: Option<String>,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// An agent on a caseworker's PC.
    Caseworker,
    /// A worker.
    Pipeline,
}

impl From<Kind> for Role {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Caseworker => Self::Caseworker,
            Kind::Pipeline => Self::Pipeline,
        }
    }
}

/// Does it; gives what to say.
pub async fn act(command: Command, config: &Config, clock: &Clock, chance: &Chance) -> anyhow::Result<String> {
    if let Command::Ca(Ca::Init) = command {
        let authority = Authority::init(&folder(config)?, clock.now_ms())?;
        let fingerprint = referent_identity::hex(&<sha2::Sha256 as sha2::Digest>::digest(authority.certificate()));
        return Ok(format!(
            "The authority is made. Keep a copy of the folder where you keep the secrets that you cannot lose.\n\
             SHA-256 of ca.pem: {fingerprint}"
        ));
    }
    if let Command::Ca(Ca::Next) = command {
        rollover::next(&folder(config)?, clock.now_ms())?;
        return Ok(
            "The next authority is made. Copy the folder, and start each notes-api anew: from then on everybody who \
                   renews trusts both. Then, when half of `tls.certificate_days` and more have gone by: `ca turn`."
                .to_owned(),
        );
    }
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let store = Store::open(&config.database, Arc::new(Live::default()), &tracker, &stop).await?;
    let said = with_store(command, config, &store, clock, chance).await;
    stop.cancel();
    store.close().await;
    tracker.close();
    tracker.wait().await;
    said
}

fn folder(config: &Config) -> anyhow::Result<PathBuf> {
    match &config.tls {
        Some(TlsConfig::Authority { folder, .. }) => Ok(folder.clone()),
        Some(TlsConfig::Files { .. }) => {
            bail!("config: tls names files of an authority elsewhere; certificates are made there")
        }
        None => bail!("config: there is no [tls]; add it with ca and names (docs/operating.md, \"Who is who\")"),
    }
}

async fn with_store(
    command: Command,
    config: &Config,
    store: &Store,
    clock: &Clock,
    chance: &Chance,
) -> anyhow::Result<String> {
    let now_ms = clock.now_ms();
    match command {
        Command::Ca(Ca::Init | Ca::Next) => unreachable!("done before the database is opened"),
        Command::Ca(Ca::Turn(hurry)) => {
            let listed = store.certificates(None, now_ms).await?;
            rollover::turn(&folder(config)?, &Issued { listed: &listed, now_ms, in_a_hurry: hurry.now })?;
            Ok("The next authority signs from each notes-api's next start on: copy the folder, and start each anew now. Then, \
                when everybody has renewed: `ca drop`."
                .to_owned())
        }
        Command::Ca(Ca::Drop(hurry)) => {
            let listed = store.certificates(None, now_ms).await?;
            rollover::drop_former(&folder(config)?, &Issued { listed: &listed, now_ms, in_a_hurry: hurry.now })?;
            Ok("The former authority is not trusted from each notes-api's next start on: start each anew now."
                .to_owned())
        }
        Command::Enrol(Enrol { subject, kind, name }) => {
            let pin = Authority::open(&folder(config)?)?.pin();
            check_names(kind, &name)?;
            let code = Code::new(chance.bytes(), pin);
            let grant = Grant { role: kind.into(), subject, names: name };
            store.keep_code(code.hash(), grant, now_ms, now_ms + GOOD_FOR_MS).await?;
            Ok(code.reveal())
        }
        Command::Revoke(Revoked { subject, kind, serial }) => {
            let (what, whose) = match (subject, serial) {
                (_, Some(serial)) => {
                    let serial = serial.to_ascii_lowercase().replace(':', "");
                    ensure!(
                        !serial.is_empty() && serial.bytes().all(|byte| byte.is_ascii_hexdigit()),
                        "--serial takes hex digits; `referent-notes-api certificates` lists them"
                    );
                    (Revoke::Serial(serial.clone()), serial)
                }
                (Some(subject), None) => (Revoke::Holder(kind.into(), subject.clone()), subject.to_string()),
                (None, None) => bail!("name somebody with --subject, or a certificate with --serial"),
            };
            let count = store.revoke(what, now_ms).await?;
            Ok(format!("{whose}: {count} certificate(s) that were issued here are refused from now on"))
        }
        Command::Certificates { subject } => {
            let listed = store.certificates(subject, now_ms).await?;
            let lines: Vec<String> = listed
                .iter()
                .map(|line| {
                    let days = (line.expires_ms - now_ms) / DAY_MS;
                    let state = if line.is_revoked { "revoked" } else { "holds" };
                    format!("{} {} {} {state}, {days} days left", line.role, line.subject, line.serial)
                })
                .collect();
            Ok(if lines.is_empty() { "none".to_owned() } else { lines.join("\n") })
        }
    }
}

fn check_names(kind: Kind, names: &[String]) -> anyhow::Result<()> {
    match kind {
        Kind::Caseworker => ensure!(names.is_empty(), "--name is for --kind pipeline: nobody connects to a PC"),
        Kind::Pipeline => {
            ensure!(
                !names.is_empty(),
                "a pipeline needs --name: what PCs call it, as in their `pipeline = \"https://…\"`"
            );
        }
    }
    for name in names {
        ServerName::try_from(name.as_str())
            .with_context(|| format!("--name {name} is neither a DNS name nor an address"))?;
    }
    Ok(())
}
