//! Who read and changed what, in chains that show whether somebody altered them (crate `referent-audit`).
//!
//! ```text
//! api, ca, ingest ─▶ store::audit ─▶ the database ─▶ Checkpoints ─▶ a file, the log: both are kept elsewhere
//!                                        └──────────▶ `audit verify`, `audit of` ◀──┘
//! ```
//!
//! In: what stands in the database, and a key. Out: signed checkpoints, and on the command line what does not fit. What is
//! written when, and that nothing is answered before it is durable, is `store::audit`'s and of those who call it.

pub mod command;

use crate::clock::Clock;
use crate::config::AuditConfig;
use crate::store::{Store, Stored};
use anyhow::Context as _;
use referent_audit::{Chain, Checkpoint, SigningKey};
use std::path::Path;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;

/// Signs how the chains of this process stand: every so often, and once more when nobody writes any more.
pub struct Checkpoints {
    store: Store,
    clock: Clock,
    key: SigningKey,
    file: File,
    every: Duration,
    /// What was signed last.
    signed: Vec<Chain>,
}

impl Checkpoints {
    /// As the configuration says.
    ///
    /// # Errors
    /// If the key cannot be read, or the file cannot be written: one sentence with the remedy.
    pub async fn open(config: &AuditConfig, store: &Store, clock: &Clock) -> anyhow::Result<Self> {
        let file = File::options().append(true).create(true).open(&config.checkpoints).await.with_context(|| {
            format!(
                "config: audit.checkpoints = \"{}\" cannot be written; name a file in a folder that is there",
                config.checkpoints.display()
            )
        })?;
        let every = Duration::from_secs(config.every_s.into());
        Ok(Self {
            store: store.clone(),
            clock: clock.clone(),
            key: read_key(&config.key)?,
            file,
            every,
            signed: Vec::new(),
        })
    }

    /// Until shutdown. Gives itself back, for the last checkpoint.
    pub async fn keep(mut self, shutdown: CancellationToken) -> Self {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.every) => self.take().await,
                () = shutdown.cancelled() => return self,
            }
        }
    }

    /// Signs what has grown. What could not be written is tried again at the next time.
    pub async fn take(&mut self) {
        if let Err(error) = self.sign().await {
            tracing::warn!(error = format!("{error:#}"), "no checkpoint of the audit was taken");
        }
    }

    async fn sign(&mut self) -> anyhow::Result<()> {
        for chain in self.news().await? {
            let checkpoint = Checkpoint::sign(&chain, self.clock.now_ms(), &self.key);
            let line = format!("{checkpoint}\n");
            self.write(&line).await.context("the file of checkpoints cannot be written")?;
            // In the log as well, which many keep elsewhere already. It has no content.
            tracing::info!(%checkpoint, "checkpoint");
            self.signed.retain(|signed| signed.id() != chain.id());
            self.signed.push(chain);
        }
        Ok(())
    }

    async fn write(&mut self, line: &str) -> std::io::Result<()> {
        self.file.write_all(line.as_bytes()).await?;
        self.file.flush().await?;
        self.file.sync_data().await
    }

    /// The chains that have grown.
    async fn news(&self) -> Stored<Vec<Chain>> {
        let mut chains = self.store.own_chains().await?;
        chains.retain(|chain| !self.signed.contains(chain));
        Ok(chains)
    }
}

fn read_key(file: &Path) -> anyhow::Result<SigningKey> {
    let text = std::fs::read_to_string(file).with_context(|| {
        format!(
            "config: audit.key = \"{}\" cannot be read; make one with `referent-notes-api audit key --out FILE`",
            file.display()
        )
    })?;
    SigningKey::read(&text).with_context(|| format!("config: audit.key = \"{}\"", file.display()))
}
