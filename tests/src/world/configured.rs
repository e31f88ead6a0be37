//! The configuration of each program of a world, and the ports that they find each other by.

use super::{Database, Pace, Recogniser, World, models_dir};
use anyhow::{Context as _, Result};
use std::net::TcpListener;

#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) notes_http: u16,
    pub(super) notes_grpc: u16,
    pub(super) notes_enrol: u16,
    pub(super) pipeline_http: u16,
    pub(super) pipeline_grpc: u16,
    pub(super) agent_http: u16,
}

impl Ports {
    /// Ports that nobody listens on; the page's own, if it is not 0.
    pub(super) fn free(notes_http: u16) -> Result<Self> {
        Ok(Self {
            notes_http: if notes_http == 0 { free_port()? } else { notes_http },
            notes_grpc: free_port()?,
            notes_enrol: free_port()?,
            pipeline_http: free_port()?,
            pipeline_grpc: free_port()?,
            agent_http: free_port()?,
        })
    }
}

impl World {
    pub(super) fn write_configurations(&self) -> Result<()> {
        let folder = &self.made_of.folder;
        let Ports { notes_http, notes_grpc, notes_enrol, pipeline_http, pipeline_grpc, agent_http } = self.ports;
        let database = match &self.made_of.database {
            Database::Sqlite => format!("sqlite://{}", self.database_file().display()),
            Database::Postgres(url) => url.clone(),
        };
        let recogniser = match self.made_of.recogniser {
            Recogniser::Whisper => {
                format!("kind = \"whisper\"\nmodel = \"demo-da\"\nmodels_dir = \"{}\"", models_dir().display())
            }
            Recogniser::Scripted => "kind = \"scripted\"".into(),
        };
        let recogniser = self.made_of.recogniser_table.as_ref().unwrap_or(&recogniser);
        let pace = match self.made_of.pace {
            Pace::RealTime => "real_time",
            Pace::Credit => "credit",
        };
        let (drafter, telemetry) = (&self.made_of.drafter, &self.made_of.telemetry);
        let (mut seal, mut seal_keys) = (String::new(), String::new());
        if self.made_of.seals {
            seal = self.new_seal_key()?;
            seal_keys = format!("seal_keys = \"{}\"\n", self.seal_keys().display());
        }
        let (scheme, [tls_notes, tls_pipeline]) = if self.made_of.secures {
            let ca = folder.join("ca").display().to_string();
            let names = format!("names = [\"127.0.0.1\"]\nenrol = \"127.0.0.1:{notes_enrol}\"");
            let identity = folder.join("pipeline-identity").display().to_string();
            ("https", [format!("\n[tls]\nca = \"{ca}\"\n{names}\n"), format!("\n[tls]\nidentity = \"{identity}\"\n")])
        } else {
            ("http", [String::new(), String::new()])
        };
        let write = |name: &str, text: String| std::fs::write(folder.join(name), text).context(name.to_owned());
        write(
            "notes-api.toml",
            format!(
                "log = \"info\"\nhttp = \"127.0.0.1:{notes_http}\"\ngrpc = \"127.0.0.1:{notes_grpc}\"\ndatabase = \"{database}\"\n\n{telemetry}{tls_notes}"
            ),
        )?;
        write(
            "pipeline.toml",
            format!(
                "log = \"info\"\nhttp = \"127.0.0.1:{pipeline_http}\"\ngrpc = \"127.0.0.1:{pipeline_grpc}\"\nnotes_api = \"{scheme}://127.0.0.1:{notes_grpc}\"\nlanguage = \"da\"\n{seal_keys}\n[recogniser]\n{recogniser}\n\n[drafter]\n{drafter}\n\n{telemetry}{tls_pipeline}"
            ),
        )?;
        write(
            "agent.toml",
            format!(
                "log = \"info\"\nstate_dir = \"{}\"\nhttp = \"127.0.0.1:{agent_http}\"\npipeline = \"{scheme}://127.0.0.1:{pipeline_grpc}\"\nmode = \"notice\"\narea = \"standard\"\n\n[sound]\nkind = \"wav\"\npace = \"{pace}\"\n\n{seal}{telemetry}",
                folder.join("agent").display()
            ),
        )
    }
}

/// A port that nobody listens on now. Kept from being given twice by this process; a stranger may still take it, and then
/// the program's own sentence says so.
fn free_port() -> Result<u16> {
    use std::collections::HashSet;
    use std::sync::{Mutex, PoisonError};
    static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
    loop {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        if given.get_or_insert_default().insert(port) {
            return Ok(port);
        }
    }
}
