//! A desktop of a test's own: a session bus, and a tray that shows what a `StatusNotifierItem` tells it.
//!
//! In: a folder. Out: the tray's program, started in this session; what its item shows, followed as a real tray follows it,
//! by the item's signals and nothing else; and clicks on its menu.
//! Not done here: no pixels on a screen, no second item, none that registers by a path in place of a name.

use crate::program::binaries;
use anyhow::{Context as _, Result, ensure};
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use zbus::proxy::{CacheProperties, Proxy};
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Connection, MessageStream, interface};

/// A bus, and an item on it, may take so long to come up on a busy machine.
const UP_WITHIN: Duration = Duration::from_secs(20);
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

/// A session, with nothing in it but a tray.
#[derive(Debug)]
pub struct Desktop {
    address: String,
    tray: Connection,
    items: watch::Receiver<Option<String>>,
    /// Killed when this is dropped.
    daemon: Child,
}

/// What the item shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What it comes down to.
    pub title: String,
    /// `Active` or `NeedsAttention`.
    pub status: String,
    /// Its tool tip, below the title.
    pub tip: String,
    /// The larger icon, ARGB.
    pub icon: Vec<u8>,
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    id: i32,
    /// What it says.
    pub label: String,
    /// It can be clicked.
    pub is_enabled: bool,
}

struct Watcher(watch::Sender<Option<String>>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, name: &str) {
        self.0.send_replace(Some(name.to_owned()));
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        !self.0.is_closed()
    }
}

impl Desktop {
    /// One with a tray.
    pub async fn start(folder: &Path) -> Result<Self> {
        let (configuration, socket) = (folder.join("bus.conf"), folder.join("bus"));
        let text = format!(
            "<busconfig><type>session</type><listen>unix:path={}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>\
             <allow own=\"*\"/></policy></busconfig>",
            socket.display()
        );
        std::fs::write(&configuration, text)?;
        let mut daemon = Command::new("dbus-daemon");
        daemon.arg("--config-file").arg(&configuration).args(["--nofork", "--nopidfile", "--print-address=1"]);
        daemon.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut daemon = daemon.spawn().context("dbus-daemon cannot be started; `make setup-test` installs it")?;
        let mut lines = BufReader::new(daemon.stdout.take().context("stdout is piped")?).lines();
        let address = timeout(UP_WITHIN, lines.next_line()).await??.context("dbus-daemon says its address")?;
        let (items, registered) = watch::channel(None);
        let tray = zbus::connection::Builder::address(address.as_str())?
            .serve_at("/StatusNotifierWatcher", Watcher(items))?
            .name("org.kde.StatusNotifierWatcher")?
            .build();
        let tray = timeout(UP_WITHIN, tray).await.context("the bus does not answer")??;
        Ok(Self { address, tray, items: registered, daemon })
    }

    /// A program in this session, killed when it is dropped.
    pub fn command(&self, program: &str) -> Result<Command> {
        let mut command = Command::new(binaries()?.join(program));
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address).stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    /// Referent's tray, with the agent's configuration; its item is there when this returns.
    pub async fn referent_tray(&mut self, configuration: &Path, log: &Path) -> Result<(Child, Item)> {
        let mut command = self.command("referent-tray")?;
        command.arg("--config").arg(configuration).stderr(std::fs::File::create(log)?);
        self.items.borrow_and_update();
        let program = command.spawn().context("referent-tray is not built; `make programs`")?;
        timeout(UP_WITHIN, self.items.changed()).await.context("no item came")??;
        let name = self.items.borrow().clone().context("it has a name")?;
        Ok((program, Item::follow(&self.tray, name).await?))
    }

    /// The session ends.
    pub async fn end(&mut self) -> Result<()> {
        self.daemon.kill().await.context("killing the bus")
    }
}

/// The item, as the tray knows it.
#[derive(Debug)]
pub struct Item {
    bus: Connection,
    name: String,
    shown: watch::Receiver<(Shown, Instant)>,
    _following: AbortOnDropHandle<()>,
}

impl Item {
    async fn follow(bus: &Connection, name: String) -> Result<Self> {
        let rule = zbus::MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(name.clone())?;
        let rule = rule.interface(ITEM)?.build();
        let mut signals = MessageStream::for_match_rule(rule, bus, None).await?;
        let item = proxy(bus, &name, "/StatusNotifierItem", ITEM).await?;
        let (newest, shown) = watch::channel((read(&item).await?, Instant::now()));
        let following = TaskTracker::new().spawn(async move {
            while let Some(Ok(_)) = signals.next().await {
                let Ok(now) = read(&item).await else { return };
                newest.send_if_modified(|before| {
                    let is_new = before.0 != now;
                    if is_new {
                        *before = (now, Instant::now());
                    }
                    is_new
                });
            }
        });
        Ok(Self { bus: bus.clone(), name, shown, _following: AbortOnDropHandle::new(following) })
    }

    /// What it shows now.
    pub fn shown(&self) -> Shown {
        self.shown.borrow().0.clone()
    }

    /// Waits until what it shows fits; gives when that came.
    pub async fn until(&mut self, what: &str, fits: impl Fn(&Shown) -> bool) -> Result<Instant> {
        if let Ok(found) = timeout(UP_WITHIN, self.shown.wait_for(|(shown, _)| fits(shown))).await {
            return Ok(found?.1);
        }
        anyhow::bail!("never {what}: {:?}", self.shown().tip)
    }

    /// The lines of the menu that are visible, as they are when it is opened.
    pub async fn menu(&self) -> Result<Vec<Line>> {
        type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
        let menu = proxy(&self.bus, &self.name, "/MenuBar", MENU).await?;
        let (_, (_, _, children)): (u32, Node) = menu.call("GetLayout", &(0, -1, Vec::<String>::new())).await?;
        let mut lines = Vec::new();
        for child in children {
            let (id, properties, _) = Node::try_from(child)?;
            let flag = |name: &str| properties.get(name).is_none_or(|value| bool::try_from(&**value).unwrap_or(true));
            let label = properties.get("label").and_then(|value| <&str>::try_from(&**value).ok());
            if let (true, Some(label)) = (flag("visible"), label) {
                lines.push(Line { id, label: label.to_owned(), is_enabled: flag("enabled") });
            }
        }
        Ok(lines)
    }

    /// Opens the menu and clicks the line that says this.
    pub async fn click(&self, label: &str) -> Result<()> {
        let menu = self.menu().await?;
        let line = menu.iter().find(|line| line.label == label).with_context(|| format!("{label:?} in {menu:?}"))?;
        ensure!(line.is_enabled, "{label:?} cannot be clicked");
        self.click_again(line).await
    }

    /// Clicks a line of a menu that was opened before.
    pub async fn click_again(&self, line: &Line) -> Result<()> {
        let menu = proxy(&self.bus, &self.name, "/MenuBar", MENU).await?;
        menu.call_method("Event", &(line.id, "clicked", Value::I32(0), 0_u32)).await?;
        Ok(())
    }
}

async fn proxy(bus: &Connection, name: &str, path: &str, interface: &str) -> Result<Proxy<'static>> {
    let proxy = zbus::proxy::Builder::<Proxy<'static>>::new(bus).destination(name.to_owned())?;
    let proxy = proxy.path(path.to_owned())?.interface(interface.to_owned())?;
    Ok(proxy.cache_properties(CacheProperties::No).build().await?)
}

async fn read(item: &Proxy<'static>) -> Result<Shown> {
    type Icons = Vec<(i32, i32, Vec<u8>)>;
    let icons: Icons = item.get_property("IconPixmap").await?;
    let (_, _, _, tip): (String, Icons, String, String) = item.get_property("ToolTip").await?;
    Ok(Shown {
        title: item.get_property("Title").await?,
        status: item.get_property("Status").await?,
        tip,
        icon: icons.into_iter().next_back().context("there is an icon")?.2,
    })
}
