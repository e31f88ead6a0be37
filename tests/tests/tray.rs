//! The tray: a second after anything changes it shows it, it never shows an old state, its crash stops nothing, and what is
//! clicked happens.
//!
//! Devices are PulseAudio's null sinks; where that is not installed those changes are left out, but not in CI.
//! Prints a line of JSON: how long each kind of change took at most until the tray showed it (`make bench-truth`).

#[cfg(test)]
#[path = "../../agent/tests/support/disk.rs"]
mod disk;
#[cfg(test)]
#[path = "../../agent/tests/support/sound_server.rs"]
mod sound_server;

use anyhow::{Context as _, Result};
use disk::Disk;
use referent_agent::control::BeginBody;
use referent_agent::control::client::Agent;
use referent_agent::status::{KINDS, NO_CONTACT, reason};
use referent_proto::AgentStateKind;
use referent_tests::desktop::{Desktop, Item, Shown};
use referent_tests::world::Pace;
use referent_tests::{Part, Recogniser, World};
use serde_json::{Value, json};
use sound_server::{SoundServer, TWO_SINKS, is_skipped};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, interval, timeout};

/// T1 of the tray.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);

/// Three programs, a desktop, and a tray in it.
struct Office {
    world: World,
    desktop: Desktop,
    tray: tokio::process::Child,
    item: Item,
    folder: PathBuf,
}

impl Office {
    async fn open(folder: &Path) -> Result<Self> {
        let builder = World::builder(folder).recogniser(Recogniser::Scripted).pace(Pace::RealTime);
        let world = builder.start().await?;
        let mut desktop = Desktop::start(folder).await?;
        let (tray, item) = desktop.referent_tray(&folder.join("agent.toml"), &folder.join("tray.log")).await?;
        Ok(Self { world, desktop, tray, item, folder: folder.to_owned() })
    }

    /// One whose agent hears the devices of this sound server.
    async fn open_with_devices(folder: &Path, pulse: &SoundServer) -> Result<Self> {
        let builder = World::builder(folder).recogniser(Recogniser::Scripted).without_agent();
        let mut world = builder.start().await?;
        let configuration = world.agent_config();
        let text = std::fs::read_to_string(&configuration)?;
        let files = text.find("[sound]").context("it has sound")?;
        std::fs::write(&configuration, format!("{}[sound]\nkind = \"devices\"\n", &text[..files]))?;
        let pipeline = world.pipeline_grpc();
        world.start_agent_behind_in(&pipeline, &pulse.before()).await?;
        let mut desktop = Desktop::start(folder).await?;
        let (tray, item) = desktop.referent_tray(&configuration, &folder.join("tray.log")).await?;
        Ok(Self { world, desktop, tray, item, folder: folder.to_owned() })
    }

    fn agent(&self) -> Result<Agent> {
        Ok(Agent::of(&self.world.agent_state())?)
    }

    async fn call_begins(&self) -> Result<String> {
        self.world.begin_call(&long_call(&self.folder)?).await
    }

    /// Waits until the agent itself says so; gives when it did.
    async fn agent_says(&self, state: AgentStateKind) -> Result<Instant> {
        let (agent, state) = (self.agent()?, serde_json::to_value(state)?);
        let asking = async {
            let mut tick = interval(Duration::from_millis(10));
            loop {
                tick.tick().await;
                if agent.status().await?["state"] == state {
                    return Ok(Instant::now());
                }
            }
        };
        timeout(Duration::from_secs(20), asking).await.with_context(|| format!("the agent never said {state}"))?
    }

    /// Waits until the tray shows this; gives when it did.
    async fn tray_shows(&mut self, state: AgentStateKind) -> Result<Instant> {
        self.item.until(reason(state).en, |shown| shown.tip.starts_with(reason(state).da)).await
    }

    async fn tray_knows_nothing(&mut self) -> Result<Instant> {
        // Tip, title and status come one after the other.
        let is_unknown = |Shown { title, status, tip, .. }: &Shown| {
            tip.starts_with(NO_CONTACT.da) && title == "Referent: Ukendt, om der optages" && status == "NeedsAttention"
        };
        self.item.until("nothing known", is_unknown).await
    }

    async fn close(mut self) -> Result<()> {
        self.tray.kill().await?;
        self.world.stop().await
    }
}

/// Two minutes of a tone on both tracks.
fn long_call(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("long.wav");
    if path.exists() {
        return Ok(path);
    }
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec)?;
    for at in 0..2 * 60 * 16_000 {
        for _ in 0..2 {
            writer.write_sample(if at % 40 < 20 { 6_000_i16 } else { -6_000 })?;
        }
    }
    writer.finalize()?;
    Ok(path)
}

/// How long changes took to be shown, the longest of each kind.
#[derive(Default)]
struct Lags(BTreeMap<&'static str, (Duration, u32)>);

impl Lags {
    fn add(&mut self, kind: &'static str, changed: Instant, shown: Instant) {
        let lag = shown.saturating_duration_since(changed);
        assert!(lag <= SHOWN_WITHIN, "{kind}: {lag:?}");
        let (most, count) = self.0.entry(kind).or_default();
        (*most, *count) = ((*most).max(lag), *count + 1);
    }

    fn row(&self) -> Value {
        let kinds: BTreeMap<_, _> = self
            .0
            .iter()
            .map(|(kind, (most, count))| (*kind, json!({ "s": most.as_secs_f64(), "n": count })))
            .collect();
        let most = self.0.values().map(|(most, _)| *most).max().unwrap_or_default();
        let changes: u32 = self.0.values().map(|(_, count)| count).sum();
        json!({ "tray_s_max": most.as_secs_f64(), "tray_changes": changes, "tray_kinds": kinds })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agent_does_is_in_the_tray_within_a_second_and_never_longer() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let rounds = if std::env::var_os("RUN_SLOW_TESTS").is_some() { 30 } else { 3 };
    let disk = Disk::mounted(folder.path());
    let mut office = Office::open(folder.path()).await?;
    let mut lags = Lags::default();
    office.tray_shows(AgentStateKind::Idle).await?;
    for round in 0..rounds {
        let began = Instant::now();
        office.call_begins().await?;
        let listening = office.agent_says(AgentStateKind::Listening).await?;
        lags.add("listening", listening, office.tray_shows(AgentStateKind::Listening).await?);
        assert!(began.elapsed() < Duration::from_secs(5), "it began");
        assert_eq!(office.item.shown().title, "Referent: Der optages");
        for _ in 0..3 {
            let at = Instant::now();
            office.agent()?.pause().await?;
            lags.add("pause", at, office.tray_shows(AgentStateKind::Paused).await?);
            office.agent()?.resume().await?;
            let at = office.agent_says(AgentStateKind::Listening).await?;
            lags.add("resume", at, office.tray_shows(AgentStateKind::Listening).await?);
        }
        if let Some(disk) = &disk {
            disk.fill(0);
            let at = office.agent_says(AgentStateKind::DiskFull).await?;
            lags.add("disk full", at, office.tray_shows(AgentStateKind::DiskFull).await?);
            assert_eq!(office.item.shown().status, "NeedsAttention");
            disk.make_room();
            let at = office.agent_says(AgentStateKind::Listening).await?;
            lags.add("room again", at, office.tray_shows(AgentStateKind::Listening).await?);
        }
        // It hangs: what it said last is not shown any longer.
        let (at, agent) = (Instant::now(), office.world.agent.as_ref().context("it runs")?);
        agent.freeze()?;
        lags.add("agent frozen", at, office.tray_knows_nothing().await?);
        office.world.agent.as_ref().context("it runs")?.wake()?;
        let at = office.agent_says(AgentStateKind::Listening).await?;
        lags.add("agent woken", at, office.tray_shows(AgentStateKind::Listening).await?);
        // It dies, and another goes on with the call.
        let at = Instant::now();
        office.world.kill(Part::Agent).await?;
        lags.add("agent killed", at, office.tray_knows_nothing().await?);
        office.world.start(Part::Agent).await?;
        let at = office.agent_says(AgentStateKind::Listening).await?;
        lags.add("agent started", at, office.tray_shows(AgentStateKind::Listening).await?);
        let at = Instant::now();
        office.agent()?.stop().await?;
        lags.add("hang-up", at, office.tray_shows(AgentStateKind::Idle).await?);
        writeln!(std::io::stderr(), "round {round}: {}", lags.row())?;
    }
    office.close().await?;
    if !is_skipped() {
        a_device_goes_away(&folder.path().join("devices"), rounds, &mut lags).await?;
    }
    writeln!(std::io::stdout(), "\n{}", lags.row())?;
    Ok(())
}

/// The one microphone goes away in mid-call, and comes back.
async fn a_device_goes_away(folder: &Path, rounds: u32, lags: &mut Lags) -> Result<()> {
    std::fs::create_dir(folder)?;
    let pulse = SoundServer::start(folder, &TWO_SINKS).await;
    let mut office = Office::open_with_devices(folder, &pulse).await?;
    office.tray_shows(AgentStateKind::Idle).await?;
    for round in 0..rounds {
        office.agent()?.start(&BeginBody::default()).await?;
        office.tray_shows(AgentStateKind::Listening).await?;
        let at = Instant::now();
        pulse.pactl(&["unload-module", "module-remap-source"]).await;
        lags.add("microphone gone", at, office.tray_shows(AgentStateKind::NoSoundNear).await?);
        assert_eq!(office.item.shown().status, "NeedsAttention");
        pulse.load("module-remap-source source_name=mic master=micsrc.monitor").await;
        let at = office.agent_says(AgentStateKind::Listening).await?;
        lags.add("microphone again", at, office.tray_shows(AgentStateKind::Listening).await?);
        office.agent()?.stop().await?;
        office.tray_shows(AgentStateKind::Idle).await?;
        writeln!(std::io::stderr(), "round {round} with devices: {}", lags.row())?;
    }
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tray_that_is_killed_stops_nothing_and_one_without_a_desktop_ends() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut office = Office::open(folder.path()).await?;
    office.call_begins().await?;
    office.tray_shows(AgentStateKind::Listening).await?;
    let recorded = async |office: &Office| -> Result<u64> {
        let status = office.agent()?.status().await?;
        assert_eq!(status["state"], "listening");
        status["call"]["recorded_ms"]["near"].as_u64().context("a number")
    };
    let before = recorded(&office).await?;
    office.tray.kill().await?; // kill -9
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(recorded(&office).await? >= before + 1000, "the call goes on");
    let (configuration, log) = (folder.path().join("agent.toml"), folder.path().join("tray.log"));
    (office.tray, office.item) = office.desktop.referent_tray(&configuration, &log).await?;
    office.tray_shows(AgentStateKind::Listening).await?;
    office.desktop.end().await?;
    let ended = timeout(Duration::from_secs(10), office.tray.wait()).await.context("it goes with its desktop")??;
    assert!(!ended.success());
    let said = std::fs::read_to_string(&log)?;
    assert!(said.contains("the session bus is gone"), "{said}");
    assert!(recorded(&office).await? > before + 1000, "the call goes on");
    // Without any desktop it says in one sentence what is missing.
    let mut alone = tokio::process::Command::new(referent_tests::program::binaries()?.join("referent-tray"));
    alone.arg("--config").arg(&configuration).env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all");
    let output = timeout(Duration::from_secs(10), alone.kill_on_drop(true).output()).await??;
    let said = String::from_utf8(output.stderr)?;
    assert!(!output.status.success() && said.contains("DBUS_SESSION_BUS_ADDRESS"), "{said}");
    office.world.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_clicked_happens_and_one_click_erases_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut office = Office::open(folder.path()).await?;
    office.world.kill(Part::Agent).await?;
    office.tray_knows_nothing().await?; // Else what it showed before passes for what it shows then.
    let configuration = folder.path().join("agent.toml");
    let text = std::fs::read_to_string(&configuration)?;
    anyhow::ensure!(text.contains("mode = \"notice\""), "{text}");
    std::fs::write(&configuration, text.replace("mode = \"notice\"", "mode = \"consent\""))?;
    office.world.start(Part::Agent).await?;
    office.tray_shows(AgentStateKind::Idle).await?;
    assert_eq!(offered(&office.item).await?, Vec::<String>::new());

    let call = office.call_begins().await?;
    office.tray_shows(AgentStateKind::AwaitingConsent).await?;
    assert!(office.item.shown().tip.contains("Borgeren har sagt ja"), "{}", office.item.shown().tip);
    office.item.click("Borgeren har sagt ja").await?;
    office.tray_shows(AgentStateKind::Listening).await?;
    office.item.click("Pause").await?;
    office.tray_shows(AgentStateKind::Paused).await?;
    office.item.click("Fortsæt").await?;
    office.tray_shows(AgentStateKind::Listening).await?;
    let (objects, erases) = ("Borgeren siger nej: slet samtalen …", "Klik her for at slette alt fra samtalen");
    assert_eq!(offered(&office.item).await?, ["Pause", "Samtalen er slut", objects]);

    // A double click on the first is no second click.
    let opened = office.item.menu().await?;
    let first = opened.iter().find(|line| line.label == objects).context("it is there")?;
    office.item.click_again(first).await?;
    office.item.click_again(first).await?;
    let is_armed = async {
        let mut tick = interval(Duration::from_millis(20));
        while !offered(&office.item).await?.iter().any(|label| label == erases) {
            tick.tick().await;
        }
        anyhow::Ok(())
    };
    timeout(Duration::from_secs(5), is_armed).await??;
    assert_eq!(office.agent()?.status().await?["call"]["id"], call.as_str(), "nothing is erased yet");
    office.item.click(erases).await?;
    office.tray_shows(AgentStateKind::Idle).await?;
    let is_gone = async {
        let mut tick = interval(Duration::from_millis(50));
        while office.agent()?.status().await?["spool"]["calls"] != 0 {
            tick.tick().await;
        }
        anyhow::Ok(())
    };
    timeout(Duration::from_secs(20), is_gone).await??;

    let next = office.call_begins().await?;
    assert_ne!(next, call);
    office.tray_shows(AgentStateKind::AwaitingConsent).await?;
    assert!(!offered(&office.item).await?.iter().any(|label| label == erases), "the next call is not half erased");
    office.item.click("Samtalen er slut").await?;
    office.tray_shows(AgentStateKind::Idle).await?;
    office.close().await
}

/// What can be clicked.
async fn offered(item: &Item) -> Result<Vec<String>> {
    let mut tick = interval(Duration::from_millis(10));
    let begin = Instant::now();
    loop {
        tick.tick().await;
        let menu = item.menu().await?;
        let told: Vec<_> = menu.iter().filter(|line| !line.is_enabled).map(|line| line.label.as_str()).collect();
        // What the state is stands in the menu too, for trays that show no tool tips. Title and tip come one after the other.
        let shown = item.shown();
        if told.len() >= 2 && shown.title.ends_with(told[0]) && shown.tip.starts_with(told[1]) {
            return Ok(menu.into_iter().filter(|line| line.is_enabled).map(|line| line.label).collect());
        }
        assert!(begin.elapsed() < Duration::from_secs(1), "{told:?} {shown:?}");
    }
}

#[test]
fn no_state_reads_like_another() {
    let reasons: std::collections::BTreeSet<_> = KINDS.into_iter().map(|kind| reason(kind).da).collect();
    assert_eq!(reasons.len(), KINDS.len());
}
