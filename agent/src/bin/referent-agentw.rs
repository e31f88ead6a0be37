//! `referent-agentw`: keeps the agent and its tray running in a Windows session, without a console window.
//!
//! It does there what systemd does on Linux (`packaging/systemd`): the installer lets Windows start it at log-on.
//!
//! Promises:
//!   K1  A program that ends with an error is started again: after a second, then after twice as long each time, a minute at
//!       most; one that lived for a minute begins at a second again. One that ends without an error was told to, and stays
//!       ended.
//!   K2  What the two say is in `log` beside the configuration, at most 10 MB of each.
//!   K3  When it dies itself, nothing stops: both go on, and are only not started again. A second one ends at once.

#![cfg_attr(windows, windows_subsystem = "windows")]

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long is waited before a program is started again.
#[derive(Clone, Copy)]
struct Pauses {
    first: Duration,
    /// And for how long a program has to live to begin at the first again.
    longest: Duration,
}

#[cfg(windows)]
const PAUSES: Pauses = Pauses { first: Duration::from_secs(1), longest: Duration::from_mins(1) };
/// A log of this size becomes the older one, and the older one goes.
const LOG_BYTES: u64 = 5_000_000;

#[cfg(not(windows))]
fn main() -> std::process::ExitCode {
    let text = "referent-agentw is for Windows; here systemd keeps the agent running: systemctl --user enable --now referent-agent";
    writeln!(io::stderr(), "{text}").ok();
    std::process::ExitCode::FAILURE
}

#[cfg(windows)]
fn main() -> anyhow::Result<()> {
    use anyhow::Context as _;
    let own = std::env::current_exe().context("this program does not know where it is")?;
    let programs = own.parent().context("this program is in no folder")?;
    let configuration = referent_agent::system::usual_place();
    let log = configuration.parent().context("the configuration is in no folder")?.join("log");
    std::fs::create_dir_all(&log)?;
    let lock = File::create(log.join("lock"))?;
    if lock.try_lock().is_err() {
        return Ok(()); // K3: another one does it.
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (agent_log, tray_log) = (log.join("agent"), log.join("tray"));
    let agent = keep(programs.join("referent-agent.exe"), &["run"], &agent_log, PAUSES);
    let tray = keep(programs.join("referent-tray.exe"), &[], &tray_log, PAUSES);
    runtime.block_on(async { tokio::join!(agent, tray) });
    Ok(())
}

/// Starts a program, writes down what it says, and starts it again (K1).
#[cfg_attr(not(any(windows, test)), expect(dead_code, reason = "systemd does it here"))]
async fn keep(program: PathBuf, arguments: &[&str], log: &Path, pauses: Pauses) {
    let mut pause = pauses.first;
    loop {
        let began = tokio::time::Instant::now();
        match run(&program, arguments, log).await {
            Ok(status) if status.success() => return,
            Ok(status) => note(log, &format!("{} ended with {status}", program.display())),
            Err(error) => note(log, &format!("{} cannot be run: {error}", program.display())),
        }
        if began.elapsed() >= pauses.longest {
            pause = pauses.first;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(pauses.longest);
    }
}

async fn run(program: &Path, arguments: &[&str], log: &Path) -> io::Result<std::process::ExitStatus> {
    use std::process::Stdio;
    use tokio::io::AsyncReadExt as _;
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    #[cfg(windows)]
    command.creation_flags(0x0800_0000); // CREATE_NO_WINDOW, of CreateProcessW
    let mut child = command.spawn()?;
    if let Some(mut said) = child.stderr.take() {
        let mut bytes = vec![0; 16_384];
        loop {
            match said.read(&mut bytes).await? {
                0 => break,
                // A full disk must not stop a program that has something to say.
                count => drop(append(log, &bytes[..count])),
            }
        }
    }
    child.wait().await
}

fn note(log: &Path, text: &str) {
    append(log, format!("{text}\n").as_bytes()).ok();
}

/// K2.
fn append(log: &Path, bytes: &[u8]) -> io::Result<()> {
    let (newer, older) = (log.with_extension("log"), log.with_extension("log.1"));
    let mut file = OpenOptions::new().create(true).append(true).open(&newer)?;
    if file.metadata()?.len() >= LOG_BYTES {
        drop(file);
        std::fs::rename(&newer, older)?;
        file = File::create(&newer)?;
    }
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_takes_ten_megabytes_at_most_and_loses_the_oldest() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("agent");
        for number in 0..13_u8 {
            append(&log, &vec![number; 1_000_000]).unwrap();
        }
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        let (newer, older) = (read("agent.log"), read("agent.log.1"));
        assert_eq!((older.len(), older.first()), (5_000_000, Some(&5)));
        assert_eq!((newer.len(), newer.first(), newer.last()), (3_000_000, Some(&10), Some(&12)));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_a_program_says_is_written_down_and_how_it_ended_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("agent");
        let status = run(Path::new("/bin/sh"), &["-c", "echo heard >&2; exit 3"], &log).await.unwrap();
        assert_eq!(status.code(), Some(3));
        assert_eq!(std::fs::read_to_string(folder.path().join("agent.log")).unwrap(), "heard\n");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_fails_is_started_again_ever_later_and_what_was_told_to_end_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (log, count) = (folder.path().join("agent"), folder.path().join("count"));
        // Fails eight times: 10 + 20 + 40 + 80 + 160 + 320 + 600 + 600 ms.
        let pauses = Pauses { first: Duration::from_millis(10), longest: Duration::from_millis(600) };
        let script = format!("echo >> {0}; test $(wc -l < {0}) -gt 8", count.display());
        let began = tokio::time::Instant::now();
        keep("/bin/sh".into(), &["-c", &script], &log, pauses).await;
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(1_830), "{took:?}");
        let said = std::fs::read_to_string(folder.path().join("agent.log")).unwrap();
        assert_eq!(said.matches("ended with").count(), 8, "{said}");
    }
}
