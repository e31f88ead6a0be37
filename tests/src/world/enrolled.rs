//! A world whose programs have shown each other who they are: enrolled by their own commands, as people do it.

use super::{Part, World};
use anyhow::{Context as _, Result};

impl World {
    /// What a program says that ends by itself; its last sentence is the error.
    pub(super) async fn command_of(&self, program: &str, config: &str, arguments: &[&str]) -> Result<String> {
        let mut command = tokio::process::Command::new(crate::program::binaries()?.join(program));
        command.args(arguments).arg("--config").arg(self.made_of.folder.join(format!("{config}.toml")));
        let output = command.output().await.with_context(|| program.to_owned())?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        anyhow::ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(said)
    }

    /// Makes a code on the server and brings it to the program, as people do.
    pub async fn enrol(&self, part: Part, subject: &str) -> Result<()> {
        let (kind, program, config) = match part {
            Part::Pipeline => ("pipeline", "referent-pipeline", "pipeline"),
            Part::Agent => ("caseworker", "referent-agent", "agent"),
            Part::NotesApi => anyhow::bail!("notes-api gives itself its certificate"),
        };
        let mut asks = vec!["enrol", "--subject", subject, "--kind", kind];
        if part == Part::Pipeline {
            asks.extend(["--name", "127.0.0.1"]);
        }
        let code = self.command_of("referent-notes-api", "notes-api", &asks).await?;
        let server = format!("https://127.0.0.1:{}", self.ports.notes_enrol);
        self.command_of(program, config, &["enrol", "--server", &server, "--code", &code]).await.map(drop)
    }

    /// Whoever runs the server refuses somebody from now on.
    pub async fn revoke(&self, subject: &str) -> Result<String> {
        self.command_of("referent-notes-api", "notes-api", &["revoke", "--subject", subject]).await
    }
}
