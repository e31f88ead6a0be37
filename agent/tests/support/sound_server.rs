//! A PulseAudio of the test's own, with nothing in it but what the test puts there.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

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
        let (script, socket) = (server.folder.join("modules.pa"), server.folder.join("sock"));
        let mut lines =
            format!("load-module module-native-protocol-unix auth-anonymous=1 socket={}\n", socket.display());
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
        command.env("PULSE_SERVER", format!("unix:{}/sock", self.folder.display()));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
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
        assert!(
            server.command("pactl").args(["set-sink-volume", "callout", &volume]).status().await.unwrap().success()
        );
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
