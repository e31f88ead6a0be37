//! Windows: an icon in the notification area, and its menu.
//!
//! Windows wants a thread that takes its messages for as long as the icon is there, also while the menu is open; the
//! thread `tray` does nothing else, and sleeps where there is none. When Explorer is started again, the library puts the icon back.

use super::{Click, TAKEN_WITHIN, lines, title};
use crate::icon::{Picture, pictures};
use crate::view::{Action, View};
use anyhow::{Context as _, anyhow, bail, ensure};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tray_icon::menu::{Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tray_icon::{Icon, TrayIcon, TrayIconBuilder};
use window::Bell;

/// What a tooltip may hold, in UTF-16 units (`NOTIFYICONDATAW.szTip`, less its end).
const TOOLTIP: usize = 127;

/// An item that is there.
#[derive(Debug)]
pub struct Item {
    orders: SyncSender<Order>,
    bell: Bell,
    ended: oneshot::Receiver<anyhow::Error>,
}

/// Orders that wait: whoever gives one waits until it is carried out.
const ORDERS: usize = 8;

/// What the thread is told.
#[derive(Debug)]
enum Order {
    Show(Box<View>, oneshot::Sender<anyhow::Result<()>>),
    TakeDown,
}

impl Item {
    /// Puts it there.
    pub async fn place(view: View, clicks: mpsc::Sender<Click>) -> anyhow::Result<Self> {
        let (orders, ordered) = sync_channel(ORDERS);
        let (placed, is_placed) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("tray".into());
        thread
            .spawn(move || serve(view, clicks, ordered, placed, end))
            .context("while starting the thread of the icon")?;
        let bell = is_placed.await.context("the thread of the icon is gone")??;
        Ok(Self { orders, bell, ended })
    }

    /// Shows a view, or says that it is not shown (T2).
    pub async fn show(&self, view: &View) -> anyhow::Result<()> {
        let (done, is_done) = oneshot::channel();
        ensure!(self.order(Order::Show(Box::new(view.clone()), done)), GONE);
        match timeout(TAKEN_WITHIN, is_done).await {
            Ok(shown) => shown.context(GONE)?,
            Err(_) => bail!("the desktop takes nothing for {TAKEN_WITHIN:?}; what it shows would be old"),
        }
    }

    /// Whether the thread will hear it.
    fn order(&self, order: Order) -> bool {
        self.orders.try_send(order).is_ok() && self.bell.ring()
    }

    /// Waits until the desktop is gone, and says so.
    pub async fn gone(&mut self) -> anyhow::Error {
        (&mut self.ended).await.unwrap_or_else(|_| anyhow!(GONE))
    }

    /// Takes it down.
    pub async fn take_down(mut self) {
        if self.order(Order::TakeDown) {
            timeout(TAKEN_WITHIN, self.gone()).await.ok();
        }
    }
}

const GONE: &str = "the desktop takes no icon any more, so nothing can be shown";

/// The thread, from beginning to end.
fn serve(
    view: View,
    clicks: mpsc::Sender<Click>,
    orders: Receiver<Order>,
    placed: oneshot::Sender<anyhow::Result<Bell>>,
    end: oneshot::Sender<anyhow::Error>,
) {
    let made = Bell::hang().and_then(|bell| Ok((bell, Shown::new(view, clicks)?)));
    match made {
        Err(error) => drop(placed.send(Err(error))),
        Ok((bell, shown)) => {
            drop(placed.send(Ok(bell)));
            window::serve(move || orders.try_iter().all(|order| shown.goes_on_after(order)));
            drop(end.send(anyhow!(GONE)));
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

    fn goes_on_after(&self, order: Order) -> bool {
        match order {
            Order::Show(view, done) => {
                drop(done.send(self.show(*view)));
                true
            }
            Order::TakeDown => false,
        }
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

/// A window that nobody sees, on which other threads ring. What is sent to a window is heard even while a menu is open; what is
/// sent to a thread is lost then.
#[expect(unsafe_code, reason = "the standard library knows no windows; each call says why it is sound")]
mod window {
    use anyhow::ensure;
    use std::cell::RefCell;
    use std::ptr::{null, null_mut};
    use windows_sys::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
    use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
    use windows_sys::Win32::UI::WindowsAndMessaging::{
        CreateWindowExW, DefWindowProcW, DispatchMessageW, GetMessageW, HWND_MESSAGE, MSG, PostMessageW,
        PostQuitMessage, RegisterClassW, TranslateMessage, WM_APP, WNDCLASSW,
    };
    use windows_sys::w;

    thread_local! {
        static HEARS: RefCell<Option<Box<dyn FnMut() -> bool>>> = const { RefCell::new(None) };
    }

    /// What other threads ring.
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Bell(usize);

    impl Bell {
        /// On this thread.
        pub(super) fn hang() -> anyhow::Result<Self> {
            let name = w!("ReferentTray");
            // SAFETY: it asks for the program itself.
            let program = unsafe { GetModuleHandleW(null()) };
            let class =
                WNDCLASSW { lpfnWndProc: Some(hear), hInstance: program, lpszClassName: name, ..WNDCLASSW::default() };
            // SAFETY: `class` lives until the call returns, its name for ever, and `hear` is what a window procedure is.
            unsafe { RegisterClassW(&raw const class) };
            // SAFETY: the class is there, or null comes back; a window for messages alone has no parent, menu or data.
            let window =
                unsafe { CreateWindowExW(0, name, null(), 0, 0, 0, 0, 0, HWND_MESSAGE, null_mut(), program, null()) };
            ensure!(!window.is_null(), "Windows gives no window for messages: {}", std::io::Error::last_os_error());
            Ok(Self(window.expose_provenance()))
        }

        /// False when nobody is there to hear it.
        pub(super) fn ring(self) -> bool {
            let window: HWND = std::ptr::with_exposed_provenance_mut(self.0);
            // SAFETY: the handle is Windows's own and is checked by it; the message carries nothing.
            unsafe { PostMessageW(window, WM_APP, 0, 0) != 0 }
        }
    }

    /// Takes this thread's messages until a ring is answered with false.
    pub(super) fn serve(hears: impl FnMut() -> bool + 'static) {
        HEARS.set(Some(Box::new(hears)));
        let mut message = MSG::default();
        // SAFETY: it writes one message where it is told; below, what it wrote is read.
        while unsafe { GetMessageW(&raw mut message, null_mut(), 0, 0) } > 0 {
            // SAFETY: as above.
            unsafe {
                TranslateMessage(&raw const message);
                DispatchMessageW(&raw const message);
            }
        }
        HEARS.set(None);
    }

    unsafe extern "system" fn hear(window: HWND, message: u32, w: WPARAM, l: LPARAM) -> LRESULT {
        if message != WM_APP {
            // SAFETY: what came is passed on as it came.
            return unsafe { DefWindowProcW(window, message, w, l) };
        }
        let goes_on = HEARS.with(|hears| match hears.try_borrow_mut() {
            Ok(mut hears) => hears.as_mut().is_none_or(|hears| hears()),
            Err(_) => true, // Heard already: whoever is at it takes all that waits.
        });
        if !goes_on {
            // SAFETY: it ends the loop of this thread.
            unsafe { PostQuitMessage(0) };
        }
        0
    }
}
