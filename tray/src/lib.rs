//! Shows in the desktop's tray what the agent does, and takes clicks to it.
//!
//! ```text
//! agent ── events ──▶ follow ──▶ view ──▶ item ──▶ the desktop's tray
//!   ▲                                      │
//!   └────────── deeds ◀──── run ◀──────────┘ clicks
//! ```
//!
//! A process of its own: when it crashes, nothing stops; when the agent does, it says so.
//!
//! Promises:
//!   T1  What is shown was told by the agent less than a second ago. Otherwise it is shown that nothing is known, never the
//!       last state.
//!   T2  A state that the desktop does not take in time is taken down with the program: rather no icon than an old one.
//!   T3  Nothing is erased by one click.
//!   T4  The tray decides nothing: every click is a wish that the agent grants or not, and what is shown comes from the agent.
//!
//! Not done here: no state is made up and no word of one is written: both come from the agent (`referent_agent::status`). No
//! tray on macOS yet (docs/decisions/0024).

pub mod follow;
pub mod words;
pub mod view;
pub mod icon;
#[cfg(any(target_os = "linux", windows))]
pub mod item;
#[cfg(any(target_os = "linux", windows))]
pub mod run;
