//! Two network namespaces, joined by a wire of our own that loses packets: in one the servers, in the other the agent.
//!
//! In: a [`Trouble`]. Out: as in [`super::through`]. The wire is two TUN cards and two threads that carry packets from one
//! to the other, or drop them by a seed: this is what netem does, where a kernel has it.
//!
//! [`play`] has to run in a namespace of its own, which [`in_a_space`] sees to: it starts `referent-bench spaces` there, so
//! that nothing of the machine's own network is touched. Needs root and `/dev/net/tun`.

use super::{Through, goes_on, settled_ms, tun};
use crate::balancer::Balancer;
use crate::disturbed::{Finished, Sound, finish};
use crate::program::binaries;
use crate::world::{Recogniser, World};
use anyhow::{Context as _, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// So far into the call it happens.
const AFTER: Duration = Duration::from_secs(8);
/// So long packets are lost.
const LASTS: Duration = Duration::from_secs(10);
/// Of a thousand packets, in each direction.
const LOST_PERMILLE: u32 = 300;
/// The longest packet of a card.
const PACKET: usize = 65_536;
/// Addresses that are nobody's, and that the programs take without certificates: in these namespaces, only 127.0.0.1 is
/// the machine itself.
const SERVERS: &str = "127.77.0.1";
const AGENT: &str = "127.77.0.2";
const AGENT_LATER: &str = "127.77.0.3";

/// What happens on the wire in mid-call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Trouble {
    /// Nothing.
    None,
    /// Three packets of ten are lost, in both directions, for ten seconds.
    Loss,
    /// The agent's PC has another address from now on.
    Address,
}

impl Trouble {
    /// Its name in a row of figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Loss => "loss",
            Self::Address => "address",
        }
    }
}

/// What `referent-bench spaces` prints.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    resumed_s: f64,
    call: Value,
    left_in_spool: usize,
    /// Packets that were carried and that were lost.
    pub packets: (u64, u64),
}

/// Plays the call in namespaces of its own; `None` where nobody may make them.
pub fn in_a_space(
    folder: &Path,
    recogniser: Recogniser,
    sound: &Sound,
    trouble: Trouble,
) -> Result<Option<(Through, Row)>> {
    let may = Command::new("unshare").args(["--net", "true"]).output().is_ok_and(|output| output.status.success());
    if !may || File::open("/dev/net/tun").is_err() {
        ensure!(std::env::var_os("CI").is_none(), "CI can make namespaces and has /dev/net/tun");
        return Ok(None);
    }
    std::fs::create_dir_all(folder)?;
    let hears = if recogniser == Recogniser::Whisper { "whisper" } else { "scripted" };
    let output = Command::new("unshare")
        .args(["--net", "--"])
        .arg(binaries()?.join("referent-bench"))
        .args(["spaces", trouble.name(), "--hears", hears, "--seconds", &sound.length.as_secs().to_string(), "--wav"])
        .arg(&sound.wav)
        .arg("--folder")
        .arg(folder)
        .stdin(Stdio::null())
        .output()?;
    let row: Row = serde_json::from_str(&said(&output)?)?;
    let said = serde_json::from_value(row.call["utterances"].clone())?;
    let finished = Finished { call: row.call.clone(), said, left_in_spool: row.left_in_spool };
    Ok(Some((Through { finished, resumed: Duration::from_secs_f64(row.resumed_s) }, row)))
}

/// Plays the call, with the servers in this namespace and the agent in another; prints a [`Row`].
pub async fn play(folder: &Path, recogniser: Recogniser, sound: &Sound, trouble: Trouble) -> Result<()> {
    let space = Space::joined().await?;
    let mut world = World::builder(folder).recogniser(recogniser).balanced().start().await?;
    let balancer = Balancer::start_at(&format!("{SERVERS}:0"), vec![world.pipeline_grpc()]).await?;
    world.start_agent_behind_in(&balancer.address(), &space.inside()).await?;
    let caseworker = world.caseworker().await?;
    let config = world.agent_config();
    space.agent(&["start", "--wav", &sound.wav.display().to_string()], &config)?;
    let status: Value = serde_json::from_str(&space.agent(&["status", "--json"], &config)?)?;
    let id = status["call"]["id"].as_str().context("a call goes on")?.to_owned();
    tokio::time::sleep(AFTER).await; // The moment is the thing waited for.
    match trouble {
        Trouble::None => {}
        Trouble::Loss => {
            space.wire.permille.store(LOST_PERMILLE, Ordering::SeqCst);
            tokio::time::sleep(LASTS).await; // That it lasts is what is tried.
            space.wire.permille.store(0, Ordering::SeqCst);
        }
        Trouble::Address => {
            space.ip(&["addr", "del", &format!("{AGENT}/24"), "dev", "agent0"])?;
            space.ip(&["addr", "add", &format!("{AGENT_LATER}/24"), "dev", "agent0"])?;
        }
    }
    let resumed = goes_on(async || settled_ms(&serde_json::from_str(&space.agent(&["status", "--json"], &config)?)?));
    let resumed = resumed.await.with_context(|| format!("{trouble:?}; logs in {}", folder.display()))?;
    let Finished { call, left_in_spool, .. } = finish(world, &caseworker, &id, sound).await?;
    let packets = (space.wire.carried.load(Ordering::SeqCst), space.wire.lost.load(Ordering::SeqCst));
    let row = Row { resumed_s: resumed.as_secs_f64(), call, left_in_spool, packets };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&row)?)?;
    Ok(())
}

/// The agent's namespace, and the wire to it.
struct Space {
    /// Keeps the namespace.
    keeper: Child,
    wire: Arc<Wire>,
}

#[derive(Debug, Default)]
struct Wire {
    permille: AtomicU32,
    carried: AtomicU64,
    lost: AtomicU64,
}

impl Space {
    async fn joined() -> Result<Self> {
        let (here, there) = (tun::card("servers0")?, tun::card("agent0")?);
        let mut keeper = Command::new("unshare");
        let keeper = keeper.args(["--net", "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let keeper = keeper.spawn().context("unshare")?;
        let space = Self { keeper, wire: Arc::default() };
        space.is_there().await?;
        run("ip", &["link", "set", "agent0", "netns", &space.keeper.id().to_string()])?;
        run("sh", &["-ec", &set_up("servers0", SERVERS)])?;
        space.run("sh", &["-ec", &set_up("agent0", AGENT)])?;
        space.wire.join(&here, &there, 1)?;
        space.wire.join(&there, &here, 2)?;
        Ok(space)
    }

    /// Waits until the keeper is in its own namespace.
    async fn is_there(&self) -> Result<()> {
        let own = std::fs::read_link("/proc/self/ns/net")?;
        let looking = async {
            let mut tick = tokio::time::interval(Duration::from_millis(10));
            loop {
                tick.tick().await;
                let of_keeper = std::fs::read_link(format!("/proc/{}/ns/net", self.keeper.id()));
                if of_keeper.is_ok_and(|space| space != own) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), looking).await.context("no namespace for the agent")
    }

    /// What stands before a command that runs there.
    fn inside(&self) -> Vec<String> {
        // By its whole path: `Program` takes a bare name for one of this build.
        ["/usr/bin/env", "nsenter", "-t", &self.keeper.id().to_string(), "-n", "--"].map(str::to_owned).to_vec()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let inside = self.inside();
        let all: Vec<&str> =
            inside[1..].iter().map(String::as_str).chain([program]).chain(arguments.iter().copied()).collect();
        run(&inside[0], &all)
    }

    fn ip(&self, arguments: &[&str]) -> Result<String> {
        self.run("ip", arguments)
    }

    /// The agent's command line, there.
    fn agent(&self, arguments: &[&str], config: &Path) -> Result<String> {
        let program: PathBuf = binaries()?.join("referent-agent");
        let config = config.display().to_string();
        let all = [arguments, &["--config", &config]].concat();
        self.run(&program.display().to_string(), &all)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        drop(self.keeper.kill());
        drop(self.keeper.wait());
    }
}

impl Wire {
    /// Carries from one card to the other, on a thread of its own, as long as the program runs.
    fn join(self: &Arc<Self>, from: &File, to: &File, seed: u64) -> Result<()> {
        let (mut from, mut to, wire) = (from.try_clone()?, to.try_clone()?, Arc::clone(self));
        let mut chance = StdRng::seed_from_u64(seed);
        std::thread::Builder::new().name(format!("wire-{seed}")).spawn(move || {
            let mut packet = vec![0; PACKET];
            loop {
                let Ok(length) = from.read(&mut packet) else { return };
                if chance.random_range(0..1000) < wire.permille.load(Ordering::SeqCst) {
                    wire.lost.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                wire.carried.fetch_add(1, Ordering::SeqCst);
                // A card that is down takes none: lost, as on any network.
                drop(to.write(&packet[..length]));
            }
        })?;
        Ok(())
    }
}

/// What a namespace needs: itself, and a card through which addresses of this network are reached.
fn set_up(card: &str, address: &str) -> String {
    format!(
        "ip link set lo up
         ip addr del 127.0.0.1/8 dev lo
         ip addr add 127.0.0.1/32 dev lo
         echo 1 > /proc/sys/net/ipv4/conf/{card}/route_localnet
         ip addr add {address}/24 dev {card}
         ip link set {card} up"
    )
}

fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| program.to_owned())?;
    said(&output).with_context(|| format!("{program} {}", arguments.join(" ")))
}

fn said(output: &Output) -> Result<String> {
    ensure!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
