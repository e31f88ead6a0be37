//! `referent-pipeline enrol`: comes by the certificate of docs/decisions/0023.
//!
//! In: the configuration, notes-api's address for enrolment, a one-time code. Out: the folder `tls.identity`, with a key
//! that was made here.

use crate::models_command::say;
use anyhow::{Context as _, bail};
use referent_identity::{Code, Now, Place, enrol};
use referent_pipeline::config::Config;
use std::io::BufRead as _;
use std::path::Path;

/// Enrols, and says as whom.
pub(crate) fn act(file: &Path, server: &str, code: Option<&str>) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    let folder = match config.tls {
        Some(Place::Folder(folder)) => folder,
        Some(Place::Files { .. }) => {
            bail!("{}: tls names files of an authority elsewhere; certificates are made there", file.display())
        }
        None => bail!("{}: there is no [tls]; add it with identity = \"a folder\"", file.display()),
    };
    let code: Code = code.map(str::to_owned).map_or_else(asked_for, Ok)?.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("while starting")?;
    let peer = runtime.block_on(enrol::enrol(server, &code, &folder, &Now::system()))?;
    say(&format!("Enrolled as {}; the key and the certificate are in {}.", peer.subject, folder.display()))
}

fn asked_for() -> anyhow::Result<String> {
    say("The code:")?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("the code cannot be read")?;
    Ok(line)
}
