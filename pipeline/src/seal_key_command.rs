//! `referent-pipeline seal-key`: makes the keys of docs/decisions/0017.
//!
//! In: the folder that is mounted as `seal_keys`. Out: a file in it that only its owner may read, and on stdout what the
//! agents' configuration needs. The private key is shown nowhere.

use crate::models_command::say;
use anyhow::Context as _;
use clap::Subcommand;
use referent_seal::open::PrivateKey;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum SealKey {
    /// Makes a key: the private half in a file, the public half for the agents.
    New {
        /// The folder that `seal_keys` of the workers' configuration names.
        #[arg(long, value_name = "FOLDER")]
        dir: PathBuf,
    },
}

/// Does what is asked, and says it on stdout.
pub(crate) fn act(command: &SealKey) -> anyhow::Result<()> {
    let SealKey::New { dir } = command;
    let key = PrivateKey::generate()?;
    let file = dir.join(format!("{}.key", key.id()));
    write(dir, &file, &key).with_context(|| format!("{} cannot be written", file.display()))?;
    say(&format!(
        "# The private key is {}; mount it for every worker, then give the agents:\n[seal]\nkey_id = \"{}\"\npublic_key = \"{}\"",
        file.display(),
        key.id(),
        key.public().to_text()
    ))
}

fn write(dir: &Path, file: &Path, key: &PrivateKey) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mut out = OpenOptions::new().create_new(true).write(true).mode(0o600).open(file)?;
    writeln!(out, "{}", *key.reveal())?;
    out.sync_all()?;
    File::open(dir)?.sync_all()
}
