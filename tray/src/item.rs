//! The item in the desktop's tray: an icon, what it says, and a menu.
//!
//! In: views. Out: clicks into a queue of eight; what does not fit is dropped, because it was clicked nine times before
//! anything happened. Each system has its own: `sni` is Linux's (`StatusNotifierItem`, over D-Bus), `notification_area`
//! Windows's. Both are an [`Item`]: placed once, shown a view at a time, and taken down.
//! Not done here: no decision, and no state of its own but the view that is shown.

#[cfg(target_os = "linux")]
mod sni;
#[cfg(windows)]
mod notification_area;

#[cfg(windows)]
pub use notification_area::Item;
#[cfg(target_os = "linux")]
pub use sni::Item;

use crate::view::{Action, View};
use std::time::Duration;

/// The desktop takes a new state so fast, or it is shown no longer (T2).
const TAKEN_WITHIN: Duration = Duration::from_secs(5);

/// A click, and what was shown when it was made.
#[derive(Debug)]
pub struct Click {
    /// On what.
    pub action: Action,
    /// The view that the person saw.
    pub seen: View,
}

/// The icon's name, where the desktop lists it.
fn title(view: &View) -> String {
    format!("Referent: {}", view.title())
}

/// What is said below it, a line each.
fn lines(view: &View) -> impl Iterator<Item = &str> {
    [Some(view.reason()), view.next_step(), view.failure()].into_iter().flatten()
}
