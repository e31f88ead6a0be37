//! A PulseAudio of our own, so that sound can be played to a program and heard from it without a sound card.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// Samples a second of its sinks.
pub(crate) const RATE: u32 = 48_000;
/// Within this somebody records from a source that came.
const RECORDED_WITHIN: Duration = Duration::from_secs(2);

/// Two null sinks: `callout` is what the PC plays, the monitor of `micsrc` is the microphone, `mic`.
pub(crate) struct Pulse {
    _daemon: Child,
    folder: PathBuf,
}

impl Pulse {
    pub(crate) async fn start(folder: &Path) -> Self {
        let folder = folder.join("pulse");
        std::fs::DirBuilder::new().mode(0o700).create(&folder).expect("it works here");
        let script = folder.join("sinks.pa");
        let sinks = format!(
            "load-module module-native-protocol-unix auth-anonymous=1 socket={}/sock\n\
             load-module module-null-sink sink_name=callout format=s16le rate={RATE} channels=2\n\
             load-module module-null-sink sink_name=micsrc format=s16le rate={RATE} channels=1\n\
             load-module module-remap-source source_name=mic master=micsrc.monitor\n\
             set-default-sink callout\nset-default-source mic\n",
            folder.display()
        );
        std::fs::write(&script, sinks).expect("it works here");
        let mut daemon = Command::new("pulseaudio");
        daemon.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-F"]).arg(&script);
        let daemon = Self::at_home(daemon, &folder).stderr(Stdio::null()).spawn();
        let pulse = Self { _daemon: daemon.expect("pulseaudio starts; `make setup` installs it"), folder };
        let answers = async {
            let mut tick = tokio::time::interval(Duration::from_millis(50));
            loop {
                tick.tick().await;
                let mut info = pulse.command("pactl");
                let info = info.args(["list", "short", "sources"]).stdout(Stdio::piped()).stderr(Stdio::null());
                if info.output().await.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("\tmic\t")) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(15), answers).await.expect("pulseaudio answers");
        pulse
    }

    /// A program that speaks to this PulseAudio and no other.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Self::at_home(Command::new(program), &self.folder);
        command.env("PULSE_SERVER", format!("unix:{}/sock", self.folder.display()));
        command
    }

    pub(crate) async fn pactl(&self, arguments: &[&str]) -> String {
        let output = self.command("pactl").args(arguments).output().await.expect("it works here");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Loads a module; gives its number.
    pub(crate) async fn load(&self, module: &str) -> String {
        let words: Vec<&str> = std::iter::once("load-module").chain(module.split(' ')).collect();
        self.pactl(&words).await
    }

    /// Somebody records from this source; after how long.
    pub(crate) async fn until_recorded(&self, source: &str) -> Duration {
        let begin = Instant::now();
        let is_recorded = async {
            loop {
                let sources = self.pactl(&["list", "short", "sources"]).await;
                let is_it = |line: &&str| line.split('\t').nth(1) == Some(source);
                let number = sources.lines().find(is_it).and_then(|line| line.split('\t').next()).map(str::to_owned);
                let recorders = self.pactl(&["list", "short", "source-outputs"]).await;
                if recorders.lines().any(|line| line.split('\t').nth(1) == number.as_deref()) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(RECORDED_WITHIN, is_recorded).await.is_ok(), "nobody records from {source}");
        begin.elapsed()
    }

    /// How many record from a source.
    pub(crate) async fn recorders(&self) -> usize {
        let output = self.command("pactl").args(["list", "short", "source-outputs"]).output().await;
        String::from_utf8_lossy(&output.expect("it works here").stdout).lines().count()
    }

    pub(crate) async fn until_recorders(&self, expected: usize) {
        let waiting = async {
            while self.recorders().await != expected {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(5), waiting).await;
        assert!(waited.is_ok(), "{expected} recorders, and there are {}", self.recorders().await);
    }

    pub(crate) fn play(&self, sink: &str, wav: &Path) -> Child {
        // Two seconds are handed over in advance, so that a busy machine plays without a break.
        let mut player = self.command("paplay");
        player.arg("--latency-msec=2000").arg(format!("--device={sink}")).arg(wav).spawn().expect("it works here")
    }

    fn at_home(mut command: Command, folder: &Path) -> Command {
        command.env("XDG_RUNTIME_DIR", folder).env("HOME", folder).stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

/// Whether this program is there.
pub(crate) fn is_installed(program: &str) -> bool {
    let version = std::process::Command::new(program).arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}
