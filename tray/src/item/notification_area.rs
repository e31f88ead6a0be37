//! Windows: an icon in the notification area, and its menu.
//!
//! Windows wants a thread that takes its messages for as long as the icon is there, also while the menu is open; the
//! thread `tray` does nothing else. When Explorer is started again, the library puts the icon back.

use super::{Click, TAKEN_WITHIN, lines, title};
use crate::icon::{Picture, pictures};
use crate::view::{Action, View};
use anyhow::{Context as _, anyhow, bail};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tray_icon::menu::{Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tray_icon::{Icon, TrayIcon, TrayIconBuilder};
use winit::application::ApplicationHandler;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, EventLoop, EventLoopProxy};
use winit::platform::windows::EventLoopBuilderExtWindows as _;
use winit::window::WindowId;

/// What a tooltip may hold, in UTF-16 units (`NOTIFYICONDATAW.szTip`, less its end).
const TOOLTIP: usize = 127;

/// An item that is there.
#[derive(Debug)]
pub struct Item {
    orders: EventLoopProxy<Order>,
    ended: oneshot::Receiver<anyhow::Error>,
}

/// What the thread is told.
#[derive(Debug)]
enum Order {
    Show(Box<View>, oneshot::Sender<anyhow::Result<()>>),
    TakeDown,
}

impl Item {
    /// Puts it there.
    pub async fn place(view: View, clicks: mpsc::Sender<Click>) -> anyhow::Result<Self> {
        let (placed, is_placed) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("tray".into());
        thread.spawn(move || serve(view, clicks, placed, end)).context("while starting the thread of the icon")?;
        let orders = is_placed.await.context("the thread of the icon is gone")??;
        Ok(Self { orders, ended })
    }

    /// Shows a view, or says that it is not shown (T2).
    pub async fn show(&self, view: &View) -> anyhow::Result<()> {
        let (done, is_done) = oneshot::channel();
        self.orders.send_event(Order::Show(Box::new(view.clone()), done)).map_err(|_| anyhow!(GONE))?;
        match timeout(TAKEN_WITHIN, is_done).await {
            Ok(shown) => shown.context(GONE)?,
            Err(_) => bail!("the desktop takes nothing for {TAKEN_WITHIN:?}; what it shows would be old"),
        }
    }

    /// Waits until the desktop is gone, and says so.
    pub async fn gone(&mut self) -> anyhow::Error {
        (&mut self.ended).await.unwrap_or_else(|_| anyhow!(GONE))
    }

    /// Takes it down.
    pub async fn take_down(mut self) {
        if self.orders.send_event(Order::TakeDown).is_ok() {
            timeout(TAKEN_WITHIN, self.gone()).await.ok();
        }
    }
}

const GONE: &str = "the desktop takes no icon any more, so nothing can be shown";

/// The thread, from beginning to end.
fn serve(
    view: View,
    clicks: mpsc::Sender<Click>,
    placed: oneshot::Sender<anyhow::Result<EventLoopProxy<Order>>>,
    end: oneshot::Sender<anyhow::Error>,
) {
    let mut builder = EventLoop::<Order>::with_user_event();
    let made = builder
        .with_any_thread(true)
        .build()
        .context("while asking for messages")
        .and_then(|messages| Ok((messages, Shown::new(view, clicks)?)));
    match made {
        Err(error) => drop(placed.send(Err(error))),
        Ok((messages, mut shown)) => {
            drop(placed.send(Ok(messages.create_proxy())));
            let ran = messages.run_app(&mut shown);
            drop(end.send(ran.map_or_else(|error| anyhow!(error).context(GONE), |()| anyhow!(GONE))));
        }
    }
}

/// The icon and its menu, on their thread.
struct Shown {
    icon: TrayIcon,
    told: [MenuItem; 4],
    actions: [MenuItem; Action::ALL.len()],
    /// What a click is read against; the library calls back from where it likes.
    seen: Arc<Mutex<View>>,
}

impl Shown {
    fn new(view: View, clicks: mpsc::Sender<Click>) -> anyhow::Result<Self> {
        let told: [MenuItem; 4] = std::array::from_fn(|_| MenuItem::new("", false, None));
        let actions = Action::ALL.map(|action| MenuItem::with_id(format!("{action:?}"), "", false, None));
        let menu = Menu::new();
        for line in &told {
            menu.append(line)?;
        }
        menu.append(&PredefinedMenuItem::separator())?;
        for action in &actions {
            menu.append(action)?;
        }
        // A click on the icon opens the menu: nothing happens by a click that was meant for its neighbour.
        let icon = TrayIconBuilder::new().with_menu(Box::new(menu)).with_menu_on_left_click(true).build()?;
        let seen = Arc::new(Mutex::new(view.clone()));
        let clicked = Arc::clone(&seen);
        MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
            let seen = clicked.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let action = Action::ALL.into_iter().find(|action| event.id == format!("{action:?}").as_str());
            if let Some(action) = action.filter(|action| seen.offers(*action)) {
                clicks.try_send(Click { action, seen }).ok();
            }
        }));
        let shown = Self { icon, told, actions, seen };
        shown.show(view)?;
        Ok(shown)
    }

    /// Always the same lines in the same places; those that make no sense now are empty or grey.
    fn show(&self, view: View) -> anyhow::Result<()> {
        let picture = pictures(view.kind()).last().context("there is no picture")?;
        self.icon.set_icon(Some(icon(picture)?))?;
        let mut tooltip = title(&view);
        for line in lines(&view) {
            tooltip.push('\n');
            tooltip.push_str(line);
        }
        self.icon.set_tooltip(Some(cut(&tooltip)))?;
        let texts = [Some(view.title()), Some(view.reason()), view.next_step(), view.failure()];
        for (line, text) in self.told.iter().zip(texts) {
            line.set_text(without_keys(text.unwrap_or_default()));
        }
        for (line, action) in self.actions.iter().zip(Action::ALL) {
            line.set_text(without_keys(view.label(action)));
            line.set_enabled(view.offers(action));
        }
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = view;
        Ok(())
    }
}

impl ApplicationHandler<Order> for Shown {
    fn resumed(&mut self, _: &ActiveEventLoop) {}

    fn window_event(&mut self, _: &ActiveEventLoop, _: WindowId, _: WindowEvent) {}

    fn user_event(&mut self, messages: &ActiveEventLoop, order: Order) {
        match order {
            Order::Show(view, done) => drop(done.send(self.show(*view))),
            Order::TakeDown => messages.exit(),
        }
    }
}

fn icon(picture: Picture) -> anyhow::Result<Icon> {
    Ok(Icon::from_rgba(picture.rgba, picture.size.into(), picture.size.into())?)
}

/// Windows reads `&` as the mark of a key.
fn without_keys(text: &str) -> String {
    text.replace('&', "&&")
}

/// As much of it as a tooltip may hold, with a mark that more is in the menu.
fn cut(text: &str) -> String {
    if text.encode_utf16().count() <= TOOLTIP {
        return text.to_owned();
    }
    let mut left = TOOLTIP - 1;
    let kept = text.chars().take_while(|letter| {
        left = left.saturating_sub(letter.len_utf16());
        left > 0
    });
    kept.chain(['…']).collect()
}
