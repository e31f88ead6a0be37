//! A PulseAudio of the test's own, with nothing in it but what the test puts there: sound can be played to a program and heard
//! from it without a sound card.

#![expect(dead_code, reason = "each test program uses a part of it")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::Instant;

/// Samples a second of the two sinks.
pub(crate) const RATE: u32 = 48_000;
/// What the PC plays, and the microphone: the monitor of a sink that a test plays into, under a name of its own.
pub(crate) const TWO_SINKS: [&str; 5] = [
    "load-module module-null-sink sink_name=callout format=s16le rate=48000 channels=2",
    "load-module module-null-sink sink_name=micsrc format=s16le rate=48000 channels=1",
    "load-module module-remap-source source_name=mic master=micsrc.monitor",
    "set-default-sink callout",
    "set-default-source mic",
];
/// Within this somebody records from a source that came.
const RECORDED_WITHIN: Duration = Duration::from_secs(2);

pub(crate) struct SoundServer {
    folder: PathBuf,
    /// Killed when this is dropped.
    daemon: Option<Child>,
}

impl SoundServer {
    /// One that is not there.
    pub(crate) fn away(folder: &Path) -> Self {
        let folder = folder.join("pulse");
        std::fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
        Self { folder, daemon: None }
    }

    /// One that has run these lines of its own language; answers when this returns.
    pub(crate) async fn start(folder: &Path, script_of: &[&str]) -> Self {
        let mut server = Self::away(folder);
        let script = server.folder.join("modules.pa");
        let mut lines =
            format!("load-module module-native-protocol-unix auth-anonymous=1 socket={}\n", server.socket().display());
        for line in script_of {
            writeln!(lines, "{line}").unwrap();
        }
        std::fs::write(&script, lines).unwrap();
        let mut daemon = server.command("pulseaudio");
        daemon.env_remove("PULSE_SERVER");
        daemon.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-F"]).arg(&script);
        let daemon = daemon.stderr(Stdio::null()).spawn().expect("pulseaudio starts; `make setup-test` installs it");
        server.daemon = Some(daemon);
        let answers = async {
            let mut tick = tokio::time::interval(Duration::from_millis(50));
            loop {
                tick.tick().await;
                let mut info = server.command("pactl");
                let info = info.arg("info").stdout(Stdio::null()).stderr(Stdio::null());
                if info.status().await.is_ok_and(|status| status.success()) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(15), answers).await.expect("pulseaudio answers");
        server
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("sock")
    }

    /// What a program has to have in its environment to speak to this one, as a variable and its value.
    pub(crate) fn variable(&self) -> String {
        format!("PULSE_SERVER=unix:{}", self.socket().display())
    }

    /// Words to put before a command that shall speak to this one and no other: its cookie is at home.
    pub(crate) fn before(&self) -> Vec<String> {
        let home = self.folder.display();
        vec!["/usr/bin/env".to_owned(), format!("HOME={home}"), format!("XDG_RUNTIME_DIR={home}"), self.variable()]
    }

    /// What happens in it, from now on.
    pub(crate) async fn watched(&self) -> Watched {
        let mut subscription = self.command("pactl");
        let mut child = subscription.arg("subscribe").stdout(Stdio::piped()).spawn().unwrap();
        let mut watched =
            Watched { events: BufReader::new(child.stdout.take().unwrap()).lines(), _child: child, marks: 0 };
        // It may not be listening yet, so the mark is made until it is seen.
        while tokio::time::timeout(Duration::from_millis(200), watched.recordings(self)).await.is_err() {}
        watched
    }

    /// A program that speaks to this one and no other.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("XDG_RUNTIME_DIR", &self.folder).env("HOME", &self.folder);
        command.env("PULSE_SERVER", format!("unix:{}", self.socket().display()));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    pub(crate) async fn pactl(&self, arguments: &[&str]) -> String {
        let output = self.command("pactl").args(arguments).output().await.unwrap();
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
        self.pactl(&["list", "short", "source-outputs"]).await.lines().count()
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
        player.arg("--latency-msec=2000").arg(format!("--device={sink}")).arg(wav).spawn().unwrap()
    }
}

/// The events of a sound server.
pub(crate) struct Watched {
    events: Lines<BufReader<ChildStdout>>,
    _child: Child,
    marks: u32,
}

impl Watched {
    /// How many have begun to record since it was last asked.
    pub(crate) async fn recordings(&mut self, server: &SoundServer) -> usize {
        self.marks += 1;
        let volume = format!("{}%", 50 + self.marks % 40);
        server.pactl(&["set-sink-volume", "callout", &volume]).await;
        let mut begun = 0;
        loop {
            let event = self.events.next_line().await.unwrap().expect("it goes on");
            if event.contains("'change' on sink #") {
                return begun;
            }
            begun += usize::from(event.contains("'new' on source-output"));
        }
    }
}

/// True, and said, where there is none to start.
pub(crate) fn is_skipped() -> bool {
    let version = std::process::Command::new("pulseaudio").arg("--version").stdout(Stdio::null()).status();
    let is_installed = version.is_ok_and(|status| status.success());
    let is_skipped = std::env::var_os("CI").is_none() && !is_installed;
    if is_skipped {
        drop(writeln!(std::io::stdout(), "skipped: pulseaudio is not installed"));
    }
    is_skipped
}
