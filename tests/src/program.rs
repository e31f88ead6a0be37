//! One real process: started, known to be ready, killed, or asked to stop.
//!
//! In: a binary's name and its configuration. Out: the addresses that its ready line names. What it writes to stderr is
//! kept in a file beside the configuration, and the end of it stands in every error.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long a program may take until it is ready: it opens a database, or loads a model and hears something with it,
/// which takes the larger ones some tens of seconds.
const READY_WITHIN: Duration = Duration::from_mins(2);
/// How long it may take to stop when asked.
const STOPS_WITHIN: Duration = Duration::from_secs(15);

/// What a program says of itself on its first line.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Ready {
    /// Its HTTP address.
    pub http: Option<String>,
    /// Its gRPC address.
    pub grpc: Option<String>,
    /// The one-time token for a browser.
    pub token: Option<String>,
}

/// A running program.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Its first line.
    pub ready: Ready,
    log: PathBuf,
}

impl Program {
    /// Starts `binary`, a name of this build or a path, and waits until it is ready. The error of a program that ends first
    /// is its own last sentence.
    pub async fn start(binary: &Path, arguments: &[&str], log: &Path) -> Result<Self> {
        let path = binaries()?.join(binary);
        let stderr = File::options().create(true).append(true).open(log)?;
        let mut child = Command::new(&path)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .process_group(0) // Ctrl-C at the terminal is ours to pass on, in order.
            .spawn()
            .with_context(|| format!("{} cannot be started; `cargo build --workspace --bins` first", path.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let first = tokio::time::timeout(READY_WITHIN, lines.next_line()).await;
        let Ok(Ok(Some(line))) = first else {
            bail!("{} did not become ready: {}", path.display(), last_sentence(log));
        };
        let ready = serde_json::from_str(&line).with_context(|| format!("ready line of {}: {line}", path.display()))?;
        Ok(Self { child, ready, log: log.to_owned() })
    }

    /// Process id.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// kill -9, and waits until it is gone.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("killing")
    }

    /// Asks it to stop as a service manager does, and waits for its end.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(pid) = self.child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed())) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        let status = tokio::time::timeout(STOPS_WITHIN, self.child.wait())
            .await
            .with_context(|| format!("it did not stop within {STOPS_WITHIN:?}: {}", last_sentence(&self.log)))??;
        if !status.success() {
            bail!("it ended with {status}: {}", last_sentence(&self.log));
        }
        Ok(())
    }

    /// Stops it where it stands, with what it has started: as a machine that is suspended.
    pub fn freeze(&self) -> Result<()> {
        self.signal_group(rustix::process::Signal::STOP)
    }

    /// Lets it go on.
    pub fn wake(&self) -> Result<()> {
        self.signal_group(rustix::process::Signal::CONT)
    }

    fn signal_group(&self, signal: rustix::process::Signal) -> Result<()> {
        let own = self.pid().context("the process has ended")?;
        for pid in children_of(own)?.into_iter().chain([own]) {
            let pid = rustix::process::Pid::from_raw(pid.cast_signed()).context("a process has a number")?;
            rustix::process::kill_process(pid, signal)?;
        }
        Ok(())
    }

    /// The processes that it has started itself.
    pub fn children(&self) -> Result<Vec<u32>> {
        children_of(self.pid().context("the process has ended")?)
    }

    /// CPU seconds that it and the processes it has started have used so far, and their resident memory in MiB, as the
    /// kernel counts them.
    pub fn usage(&self) -> Result<Usage> {
        let pid = self.pid().context("the process has ended")?;
        let mut sum = usage_of(pid)?;
        for child in children_of(pid)? {
            let Usage { cpu_s, rss_mib } = usage_of(child)?;
            sum = Usage { cpu_s: sum.cpu_s + cpu_s, rss_mib: sum.rss_mib + rss_mib };
        }
        Ok(sum)
    }
}

fn children_of(pid: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may have ended meanwhile; it has no children then.
        let listed = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        children.extend(listed.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    Ok(children)
}

fn usage_of(pid: u32) -> Result<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold blanks; the fields are counted from its end: 14 and 15 are utime and stime.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    let ticks: u32 =
        fields.get(11).context("utime")?.parse::<u32>()? + fields.get(12).context("stime")?.parse::<u32>()?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let rss_kib: u32 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .context("VmRSS")?
        .parse()?;
    // Linux counts in hundredths of a second on every machine this runs on (USER_HZ).
    Ok(Usage { cpu_s: f64::from(ticks) / 100.0, rss_mib: f64::from(rss_kib) / 1024.0 })
}

/// What a process has used.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// CPU seconds since its start.
    pub cpu_s: f64,
    /// Resident memory now, MiB.
    pub rss_mib: f64,
}

/// The folder of the three programs: beside this program, or one above it for a test.
pub fn binaries() -> Result<PathBuf> {
    let me = std::env::current_exe()?;
    let here = me.parent().context("this program lies in a folder")?;
    Ok(if here.ends_with("deps") {
        here.parent().context("deps lies in a folder")?.to_owned()
    } else {
        here.to_owned()
    })
}

/// The last line of a log that is not a tracing line of an earlier moment.
fn last_sentence(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it wrote nothing").to_owned()
}
