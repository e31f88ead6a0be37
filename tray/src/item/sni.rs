//! Linux: a `StatusNotifierItem` and its menu, over the session's D-Bus.

use super::{Click, TAKEN_WITHIN, lines, title};
use crate::icon::{Picture, pictures};
use crate::view::{Action, Kind, View};
use anyhow::{Context as _, bail};
use futures_util::StreamExt as _;
use ksni::menu::{MenuItem, StandardItem};
use ksni::{Category, Handle, Icon, Status, ToolTip, Tray, TrayMethods as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// An item that is there.
pub struct Item {
    handle: Handle<Shown>,
    bus: zbus::MessageStream,
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Item(StatusNotifierItem)")
    }
}

impl Item {
    /// Puts it there. The desktop may come after us, or be restarted: the item is there when it is.
    pub async fn place(view: View, clicks: mpsc::Sender<Click>) -> anyhow::Result<Self> {
        let handle = Shown { view, clicks }.assume_sni_available(true).spawn().await.context(
            "there is no session bus (DBUS_SESSION_BUS_ADDRESS); start the tray within the desktop's session",
        )?;
        // Its own library does not say when the bus goes, so there is a second connection, which does nothing but end.
        let bus = zbus::Connection::session().await.context("while connecting to the session bus")?;
        Ok(Self { handle, bus: zbus::MessageStream::from(&bus) })
    }

    /// Shows a view, or says that it is not shown (T2).
    pub async fn show(&self, view: &View) -> anyhow::Result<()> {
        match timeout(TAKEN_WITHIN, self.handle.update(|shown| shown.view = view.clone())).await {
            Ok(Some(())) => Ok(()),
            Ok(None) => bail!(GONE),
            Err(_) => bail!("the session bus takes nothing for {TAKEN_WITHIN:?}; what it shows would be old"),
        }
    }

    /// Waits until the desktop is gone, and says so.
    pub async fn gone(&mut self) -> anyhow::Error {
        while let Some(Ok(_)) = self.bus.next().await {}
        anyhow::anyhow!(GONE)
    }

    /// Takes it down.
    pub async fn take_down(self) {
        self.handle.shutdown().await;
    }
}

const GONE: &str = "the session bus is gone, so nothing can be shown any more";

struct Shown {
    view: View,
    clicks: mpsc::Sender<Click>,
}

impl Tray for Shown {
    /// A click on the icon opens the menu: nothing happens by a click that was meant for its neighbour.
    const MENU_ON_ACTIVATE: bool = true;

    fn id(&self) -> String {
        "referent".into()
    }

    fn category(&self) -> Category {
        Category::Communications
    }

    fn title(&self) -> String {
        title(&self.view)
    }

    fn status(&self) -> Status {
        match self.view.kind() {
            Kind::Recording | Kind::NotRecording => Status::Active,
            Kind::Trouble | Kind::Unknown => Status::NeedsAttention,
        }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        pictures(self.view.kind()).map(icon).collect()
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        self.icon_pixmap()
    }

    fn tool_tip(&self) -> ToolTip {
        let description = lines(&self.view).collect::<Vec<_>>().join("\n");
        ToolTip { title: self.title(), description, ..ToolTip::default() }
    }

    /// Always the same lines in the same places; those that make no sense now are not visible.
    fn menu(&self) -> Vec<MenuItem<Self>> {
        let view = &self.view;
        let mut menu = vec![
            told(view.title(), true),
            told(view.reason(), true),
            told(view.next_step().unwrap_or_default(), view.next_step().is_some()),
            told(view.failure().unwrap_or_default(), view.failure().is_some()),
            MenuItem::Separator,
        ];
        menu.extend(Action::ALL.into_iter().map(|action| {
            let activate = move |shown: &mut Self| {
                if shown.view.offers(action) {
                    let click = Click { action, seen: shown.view.clone() };
                    shown.clicks.try_send(click).ok();
                }
            };
            let visible = view.offers(action);
            let label = view.label(action).into();
            StandardItem { label, visible, enabled: visible, activate: Box::new(activate), ..StandardItem::default() }
                .into()
        }));
        menu
    }
}

/// A line that only tells.
fn told(text: &str, visible: bool) -> MenuItem<Shown> {
    StandardItem { label: text.replace('_', "__"), enabled: false, visible, ..StandardItem::default() }.into()
}

/// Its bytes are ARGB.
fn icon(picture: Picture) -> Icon {
    let mut data = picture.rgba;
    for pixel in data.chunks_exact_mut(4) {
        pixel.rotate_right(1);
    }
    Icon { width: picture.size.into(), height: picture.size.into(), data }
}
