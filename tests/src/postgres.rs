//! A PostgreSQL of our own: a private cluster in a temporary folder, on a free port of loopback, gone when dropped.
//!
//! Out: a URL. It needs Debian's package `postgresql`; where that is missing the story says so and is skipped, but not in
//! CI, which installs it.

use anyhow::{Context as _, Result, bail};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running server.
#[derive(Debug)]
pub struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    /// Starts one; `None` where PostgreSQL is not installed and `CI` is not set.
    #[expect(clippy::disallowed_methods, reason = "a test helper has no config.rs")]
    pub fn start() -> Result<Option<Self>> {
        let Some(programs) = programs() else {
            if std::env::var("CI").is_ok() {
                bail!("PostgreSQL is not installed: apt-get install postgresql");
            }
            tracing::warn!("skipped: PostgreSQL is not installed (apt-get install postgresql)");
            return Ok(None);
        };
        let folder = tempfile::Builder::new().prefix("referent-pg-").tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self { folder, programs, port };
        if rustix::process::getuid().is_root() {
            run(Command::new("chown").arg("postgres").arg(cluster.folder.path()))?;
        }
        let data = cluster.data();
        run(cluster
            .as_postgres("initdb")
            .args(["-A", "trust", "-U", "referent", "--no-sync", "-E", "UTF8"])
            .arg("-D")
            .arg(&data))?;
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={}",
            cluster.folder.path().display()
        );
        let log = cluster.folder.path().join("log");
        run(cluster
            .as_postgres("pg_ctl")
            .args(["start", "-w", "-t", "30", "-o", &options])
            .arg("-l")
            .arg(&log)
            .arg("-D")
            .arg(&data))?;
        Ok(Some(cluster))
    }

    /// Where to connect.
    pub fn url(&self) -> String {
        format!("postgres://referent@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// PostgreSQL refuses to run as root; its package brings a user for it.
    fn as_postgres(&self, program: &str) -> Command {
        let path = self.programs.join(program);
        let mut command = if rustix::process::getuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.data();
        // What cannot be stopped now is a stray process of a test run; the folder goes all the same.
        drop(self.as_postgres("pg_ctl").args(["stop", "-m", "immediate"]).arg("-D").arg(data).status());
    }
}

fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| Path::new(&bin.join("initdb")).exists())
        .collect();
    versions.sort();
    versions.pop()
}

fn run(command: &mut Command) -> Result<()> {
    // pg_ctl leaves a server that inherits stderr: a pipe would never close, so only the status is awaited.
    let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
    let status = child.wait()?;
    anyhow::ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
