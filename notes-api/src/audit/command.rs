//! `referent-notes-api audit …`: makes the key, holds the chains against what was kept, and tells who did what to a call.
//!
//! In: arguments, the configuration, the database that a running notes-api may have open as well. Out: lines on stdout.

use super::read_key;
use crate::config::Config;
use crate::live::Live;
use crate::store::Store;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use referent_audit::{ChainId, Checkpoint, PublicKey, SigningKey, Verifier};
use referent_proto::CallId;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What is asked.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Makes the key that signs checkpoints, and tells its public half, which is kept elsewhere.
    Key {
        /// Where it is written; a file that is there is left alone.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Holds every chain against itself and against the checkpoints that were kept. Says what does not fit, and fails then.
    Verify {
        /// The file of checkpoints; the one of the configuration unless given. Give the copy that was kept elsewhere.
        #[arg(long, value_name = "FILE")]
        checkpoints: Option<PathBuf>,
        /// A public key that is believed; may be given more than once. The one of the configuration unless given.
        #[arg(long, value_name = "KEY")]
        key: Vec<PublicKey>,
    },
    /// Who read or changed a call, and when.
    Of {
        /// Its id.
        call: CallId,
    },
}

/// Does it; gives what to say.
///
/// # Errors
/// If it cannot be done, and for `verify` if something does not fit.
pub async fn act(command: Audit, config: &Config) -> anyhow::Result<String> {
    if let Audit::Key { out } = command {
        return make_key(&out);
    }
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let store = Store::open(&config.database, Arc::new(Live::default()), &tracker, &stop).await?;
    let said = match command {
        Audit::Key { .. } => unreachable!("done before the database is opened"),
        Audit::Verify { checkpoints, key } => verify(&store, config, checkpoints, key).await,
        Audit::Of { call } => of(&store, call).await,
    };
    stop.cancel();
    store.close().await;
    tracker.close();
    tracker.wait().await;
    said
}

fn make_key(out: &Path) -> anyhow::Result<String> {
    let (key, text) = SigningKey::generate()?;
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .and_then(|mut file| writeln!(file, "{}", text.as_str()));
    written.with_context(|| format!("--out {} cannot be written; name a file that is not there yet", out.display()))?;
    Ok(format!(
        "The key is made. Keep its public half where you keep checkpoints, apart from this machine:\n{}",
        key.public()
    ))
}

async fn verify(
    store: &Store,
    config: &Config,
    checkpoints: Option<PathBuf>,
    mut keys: Vec<PublicKey>,
) -> anyhow::Result<String> {
    let own = config.audit.as_ref();
    if let (true, Some(own)) = (keys.is_empty(), own) {
        keys.push(read_key(&own.key)?.public());
    }
    let kept = match checkpoints.or_else(|| own.map(|own| own.checkpoints.clone())) {
        Some(file) => read_checkpoints(&file)?,
        None => Vec::new(),
    };
    let stored = store.chains().await?;
    // A chain that was taken out whole is known from its checkpoints alone.
    let known: BTreeSet<ChainId> = stored.iter().map(|(chain, _)| *chain).collect();
    let gone: BTreeSet<ChainId> = kept.iter().map(|it| it.chain).filter(|chain| !known.contains(chain)).collect();
    let (mut said, mut findings) = (String::new(), 0);
    let all = stored.into_iter().chain(gone.into_iter().map(|chain| (chain, 0)));
    for (chain, links) in all {
        let kept: Vec<Checkpoint> = kept.iter().filter(|it| it.chain == chain).cloned().collect();
        let mut verifier = Verifier::new(chain, &kept, &keys);
        let mut last = 0;
        loop {
            let page = store.links_after(chain, last).await?;
            let Some(end) = page.last() else { break };
            last = end.number;
            for link in &page {
                verifier.read(link);
            }
        }
        let found = verifier.finish_at(links);
        let against = format!("{last} entries, held against {} checkpoints", kept.len());
        match found.as_slice() {
            [] => writeln!(said, "{chain}: {against}: whole")?,
            found => {
                findings += found.len();
                for finding in found {
                    writeln!(said, "{chain}: {against}: {finding}")?;
                }
            }
        }
    }
    if kept.is_empty() {
        said.push_str(
            "There is no checkpoint to hold them against: an end that was cut off, or written anew, is not seen.\n",
        );
    }
    if findings > 0 {
        bail!("{findings} things do not fit:\n{}", said.trim_end());
    }
    Ok(if said.is_empty() { "nothing was read or changed yet".to_owned() } else { said.trim_end().to_owned() })
}

fn read_checkpoints(file: &Path) -> anyhow::Result<Vec<Checkpoint>> {
    let text = std::fs::read_to_string(file).with_context(|| {
        format!("the checkpoints in {} cannot be read; give their file with --checkpoints", file.display())
    })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            Checkpoint::read(line).with_context(|| format!("{}, line {}", file.display(), number + 1))
        })
        .collect()
}

async fn of(store: &Store, call: CallId) -> anyhow::Result<String> {
    let deeds = store.deeds(format!("call/{call}")).await?;
    let mut said = String::new();
    for (chain, link) in deeds {
        let at = time::OffsetDateTime::from_unix_timestamp(link.entry.at_ms.div_euclid(1000))?;
        let (date, clock) = (at.date(), at.time());
        writeln!(said, "{date} {clock} UTC  {}  {}  {chain} {}", link.entry.who, link.entry.what, link.number)?;
    }
    Ok(if said.is_empty() { "nobody".to_owned() } else { said.trim_end().to_owned() })
}
