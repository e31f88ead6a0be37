//! The agent on Windows: installed from its MSI under Wine, kept running as at log-on, it hears a call by WASAPI
//! microphone and loopback, and the call becomes a note; then it is killed, looked at by `doctor`, and removed again.
//!
//! `REFERENT_WINDOWS` names a system with Wine and the MSI in it, which `make windows` prepares; without it this is skipped.
//! The notes-api, the pipeline and PulseAudio run outside of it; both see the same /tmp and the same loopback.

#[cfg(test)]
#[path = "../../agent/tests/support/sound_server.rs"]
mod sound_server;

use anyhow::{Context as _, Result, ensure};
use referent_proto::Track;
use referent_tests::word_errors::WordErrors;
use referent_tests::{SampleCall, World};
use serde_json::Value;
use sound_server::{SoundServer, TWO_SINKS};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

const PATIENCE: Duration = Duration::from_mins(2);
const AGENT: &str = r"C:\Program Files\Referent\referent-agent.exe";
const KEEPER: &str = r"C:\Program Files\Referent\referent-agentw.exe";
const RUN: &str = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run";

#[tokio::test(flavor = "multi_thread")]
async fn a_call_on_windows_becomes_a_note() -> Result<()> {
    let Some(root) = std::env::var_os("REFERENT_WINDOWS").map(PathBuf::from) else {
        say("skipped: make windows prepares what this needs, and runs it");
        return Ok(());
    };
    let folder = tempfile::Builder::new().prefix("referent-windows-").tempdir_in("/tmp")?;
    let sound = SoundServer::start(folder.path(), &TWO_SINKS).await;
    let world = World::builder(folder.path()).without_agent().start().await?;
    let caseworker = world.caseworker().await?;
    let windows = Windows::boot(&root, folder.path(), &sound).await?;

    let policy = folder.path().join("policy.toml");
    std::fs::write(
        &policy,
        format!(
            "http = \"127.0.0.1:0\"\npipeline = \"http://{}\"\nmode = \"notice\"\narea = \"standard\"\n\n[sound]\nkind = \"devices\"\n",
            world.pipeline_grpc()
        ),
    )?;
    let policy = as_windows_has_it(&policy);
    windows.say_yes("msiexec", &["/i", r"Z:\msi\referent-agent.msi", "/qn", &format!("POLICY={policy}")]).await?;
    let autostart = windows.say_yes("reg", &["query", RUN, "/v", "Referent"]).await?;
    ensure!(autostart.contains("referent-agentw.exe"), "{autostart}");
    let checked = windows.say_yes(AGENT, &["config", "check"]).await?;
    ensure!(checked.contains("policy, line 2") && checked.contains(r"Referent\state"), "{checked}");

    let mut keeper = windows.command(KEEPER, &[]).spawn()?;
    windows.until_it_answers().await?;
    let call = windows.say_yes(AGENT, &["start", "--case", "2026-114823"]).await?.trim().to_owned();
    windows
        .until("both tracks flow", |status| {
            ["near", "far"].iter().all(|track| status["call"]["recorded_ms"][track].as_u64() > Some(1_000))
                && status["state"] == "listening"
        })
        .await?;

    let sample = SampleCall::all()?.into_iter().min_by(|a, b| a.duration_s.total_cmp(&b.duration_s)).unwrap();
    let [near, far] = one_file_each(&sample.wav, folder.path())?;
    let mut players = [sound.play("micsrc", &near), sound.play("callout", &far)];
    for player in &mut players {
        ensure!(player.wait().await?.success(), "the call is played");
    }
    windows.say_yes(AGENT, &["stop"]).await?;
    let heard = caseworker.wait_for_draft(&call, PATIENCE).await?;
    let errors: WordErrors =
        Track::BOTH.map(|track| WordErrors::between(&sample.text_of(track), &text_of(&heard, track))).into_iter().sum();
    say(&format!("{}: {:.0} s, {:.1} % of its words wrong", sample.name, sample.duration_s, errors.percent()));
    ensure!(errors.percent() <= 15.0, "{:.1} % of the words are wrong: {heard}", errors.percent());
    let note = caseworker.save_draft(&heard).await?;
    ensure!(note["version"] == 1, "{note}");

    let tray = windows.say_yes("tasklist", &[]).await?;
    ensure!(tray.contains("referent-tray.exe"), "{tray}\n{}", windows.log("tray"));
    windows.picture(folder.path(), &root).await;

    // Killed, and there again.
    windows.say_yes("taskkill", &["/f", "/im", "referent-agent.exe"]).await?;
    std::fs::remove_file(windows.state().join("control-port"))?;
    windows.until_it_answers().await?;

    // Somebody has to speak, or the microphone has nothing to give.
    let mut speaks = sound.play("micsrc", &near);
    let doctor = windows.run(AGENT, &["doctor", "--json"]).await?;
    speaks.kill().await?;
    let diagnosis: Value = serde_json::from_slice(&doctor.stdout).context("doctor gives JSON")?;
    for finding in diagnosis["findings"].as_array().into_iter().flatten() {
        say(&format!("{} {}: {}", finding["outcome"], finding["check"], finding["seen"]["en"]));
        ensure!(finding["outcome"] != "fault", "{finding}");
    }

    keeper.kill().await?;
    windows.run("taskkill", &["/f", "/im", "referent-agentw.exe"]).await?;
    windows.run("taskkill", &["/f", "/im", "referent-agent.exe"]).await?;
    windows.run("taskkill", &["/f", "/im", "referent-tray.exe"]).await?;
    windows.say_yes("msiexec", &["/x", r"Z:\msi\referent-agent.msi", "/qn"]).await?;
    ensure!(!windows.file("Program Files/Referent/referent-agent.exe").exists(), "what is removed is gone");
    ensure!(windows.state().exists(), "and what is the user's stays");
    world.stop().await
}

/// A Wine of its own in the prepared system.
struct Windows {
    root: PathBuf,
    prefix: PathBuf,
    sound: String,
    /// A screen, for the tray; killed when this is dropped.
    _screen: Child,
}

impl Windows {
    async fn boot(root: &Path, folder: &Path, sound: &SoundServer) -> Result<Self> {
        let mut screen = Command::new("chroot");
        screen.arg(root).args(["Xvfb", ":77", "-screen", "0", "800x600x24", "-nolisten", "tcp"]);
        let screen = screen.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
        let (prefix, sound) = (folder.join("wine"), sound.variable());
        std::fs::create_dir(&prefix)?;
        let windows = Self { root: root.to_owned(), prefix, sound, _screen: screen };
        windows.say_yes("wineboot", &["--init"]).await?;
        Ok(windows)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command.arg(&self.root).args([
            "/usr/bin/env",
            "-i",
            "-C",
            "/",
            "PATH=/usr/bin:/bin",
            "HOME=/build",
            "DISPLAY=:77",
        ]);
        command.args(["WINEDEBUG=-all", "XDG_RUNTIME_DIR=/tmp", "WINEDLLOVERRIDES=mscoree,mshtml="]);
        command.arg(format!("WINEPREFIX={}", self.prefix.display()));
        command.arg(&self.sound);
        command.arg("wine").arg(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn run(&self, program: &str, arguments: &[&str]) -> Result<Output> {
        let output = self.command(program, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        tokio::time::timeout(PATIENCE, output).await.with_context(|| format!("{program} does not end"))?.context("wine")
    }

    async fn say_yes(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let output = self.run(program, arguments).await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {arguments:?} ended with {}: {said}{complained}", output.status);
        Ok(said)
    }

    /// A file of its drive C.
    fn file(&self, path: &str) -> PathBuf {
        self.prefix.join("drive_c").join(path)
    }

    /// The agent's part of the user's own folder; Wine names its one user as the system does.
    fn local(&self) -> PathBuf {
        let users = std::fs::read_dir(self.file("users")).into_iter().flatten().flatten().map(|user| user.path());
        let own = users.into_iter().find(|user| !user.ends_with("Public"));
        own.unwrap_or_default().join("AppData/Local/Referent")
    }

    /// Where the user's agent keeps everything.
    fn state(&self) -> PathBuf {
        self.local().join("state")
    }

    fn log(&self, name: &str) -> String {
        let path = self.local().join(format!("log/{name}.log"));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    async fn status(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.say_yes(AGENT, &["status", "--json"]).await?)?)
    }

    async fn until_it_answers(&self) -> Result<()> {
        let answers = async {
            while !self.state().join("control-port").exists() || self.status().await.is_err() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let answered = tokio::time::timeout(Duration::from_mins(1), answers).await;
        answered.with_context(|| format!("the agent does not answer: {}", self.log("agent")))
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<()> {
        let mut last = Value::Null;
        for _ in 0..100 {
            last = self.status().await?;
            if is_so(&last) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        anyhow::bail!("not within time: {what}: {last}\n{}", self.log("agent"))
    }

    /// The screen, for whoever wants to see the tray: `REFERENT_WINDOWS_PICTURE` says where to.
    async fn picture(&self, folder: &Path, root: &Path) {
        let Some(wanted) = std::env::var_os("REFERENT_WINDOWS_PICTURE") else { return };
        let raw = folder.join("screen.xwd");
        let mut taken = Command::new("chroot");
        taken.arg(root).args(["xwd", "-root", "-silent", "-display", ":77", "-out"]).arg(&raw);
        if taken.status().await.is_ok_and(|status| status.success()) {
            drop(std::fs::copy(&raw, wanted));
        }
    }
}

impl Drop for Windows {
    /// Wine's programs outlive whoever started them.
    fn drop(&mut self) {
        let mut end = std::process::Command::new("chroot");
        end.arg(&self.root).arg("/usr/bin/env").arg(format!("WINEPREFIX={}", self.prefix.display()));
        drop(end.args(["wineserver", "-k"]).status());
    }
}

/// Its two channels, each in a file of its own.
fn one_file_each(wav: &Path, folder: &Path) -> Result<[PathBuf; 2]> {
    let mut reader = hound::WavReader::open(wav)?;
    let spec = hound::WavSpec { channels: 1, ..reader.spec() };
    let paths = ["near.wav", "far.wav"].map(|name| folder.join(name));
    let mut writers = [hound::WavWriter::create(&paths[0], spec)?, hound::WavWriter::create(&paths[1], spec)?];
    for (at, sample) in reader.samples::<i16>().enumerate() {
        writers[at % 2].write_sample(sample?)?;
    }
    for writer in writers {
        writer.finalize()?;
    }
    Ok(paths)
}

fn text_of(call: &Value, track: Track) -> String {
    let said = call["utterances"].as_array().into_iter().flatten();
    let texts: Vec<&str> =
        said.filter(|said| said["track"] == track.name()).filter_map(|said| said["text"].as_str()).collect();
    texts.join(" ")
}

fn as_windows_has_it(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', r"\")
}

fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}
