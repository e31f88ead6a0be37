//! The item in the desktop's tray (`StatusNotifierItem` and its menu, over D-Bus).
//!
//! In: a view. Out: the item's properties, and clicks into a queue of eight; what does not fit is dropped, because it was
//! clicked nine times before anything happened.
//! Not done here: no decision, and no state of its own but the view that is shown.

use crate::icon::icons;
use crate::view::{Action, Kind, View};
use ksni::menu::{MenuItem, StandardItem};
use ksni::{Category, Icon, Status, ToolTip, Tray};
use tokio::sync::mpsc;

/// A click, and what was shown when it was made.
#[derive(Debug)]
pub struct Click {
    /// On what.
    pub action: Action,
    /// The view that the person saw.
    pub seen: View,
}

/// The item.
#[derive(Debug)]
pub struct Item {
    /// What it shows.
    pub view: View,
    /// Where clicks go.
    pub clicks: mpsc::Sender<Click>,
}

impl Tray for Item {
    /// A click on the icon opens the menu: nothing happens by a click that was meant for its neighbour.
    const MENU_ON_ACTIVATE: bool = true;

    fn id(&self) -> String {
        "referent".into()
    }

    fn category(&self) -> Category {
        Category::Communications
    }

    fn title(&self) -> String {
        format!("Referent: {}", self.view.title())
    }

    fn status(&self) -> Status {
        match self.view.kind() {
            Kind::Recording | Kind::NotRecording => Status::Active,
            Kind::Trouble | Kind::Unknown => Status::NeedsAttention,
        }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        icons(self.view.kind())
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        icons(self.view.kind())
    }

    fn tool_tip(&self) -> ToolTip {
        let lines = [Some(self.view.reason()), self.view.next_step(), self.view.failure()];
        let description = lines.into_iter().flatten().collect::<Vec<_>>().join("\n");
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
            let activate = move |item: &mut Self| {
                if item.view.offers(action) {
                    let click = Click { action, seen: item.view.clone() };
                    item.clicks.try_send(click).ok();
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
fn told(text: &str, visible: bool) -> MenuItem<Item> {
    StandardItem { label: text.replace('_', "__"), enabled: false, visible, ..StandardItem::default() }.into()
}
