//! The tray's one loop: what is known is shown, what is clicked is asked of the agent.
//!
//! In: the configuration, as the agent reads it. Out: an item in the tray, until it is told to stop.
//! Promised: T1 to T4 of the crate. A deed runs beside the loop, so that an agent whose disk is slow does not keep the
//! state from being shown.

use crate::follow::{Known, follow};
use crate::item::{Click, Item};
use crate::view::{Action, View};
use anyhow::Context as _;
use referent_agent::control::client::{Agent, CommandError};
use referent_agent::doctor::Language;
use referent_proto::CallId;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Clicks that wait; more are not meant.
const CLICKS: usize = 8;
/// For so long the second click erases, and for so long a failure is shown.
const PASSES_AFTER: Duration = Duration::from_secs(10);
/// What opens a page in the user's browser.
#[cfg(not(windows))]
const OPENS: &[&str] = &["xdg-open"];
/// What opens a page in the user's browser.
#[cfg(windows)]
const OPENS: &[&str] = &["rundll32.exe", "url.dll,FileProtocolHandler"];

/// What a tray needs.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The agent's folder.
    pub state_dir: PathBuf,
    /// The address of the page.
    pub pane: Option<String>,
    /// In which language.
    pub language: Language,
}

/// Shows the agent's state until `shutdown`; `on_ready` is told when the item is there.
pub async fn run(setting: Setting, shutdown: CancellationToken, on_ready: impl FnOnce()) -> anyhow::Result<()> {
    let (clicks, mut clicked) = mpsc::channel(CLICKS);
    let (outcomes, mut outcome) = mpsc::channel(CLICKS);
    let mut view = View::new(setting.language, setting.pane.is_some());
    let mut item = Item::place(view.clone(), clicks).await?;
    let mut shown = view.clone();
    on_ready();
    let (know, mut known) = watch::channel(Known::Nothing);
    let tracker = TaskTracker::new();
    let following = tracker.spawn({
        let state_dir = setting.state_dir.clone();
        shutdown.clone().run_until_cancelled_owned(async move { follow(&state_dir, know).await })
    });
    let mut passes: Option<Instant> = None;
    loop {
        let passing = async {
            match passes {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => break,
            error = item.gone() => return Err(error),
            changed = known.changed() => {
                changed.context("the state is followed no more")?;
                view.known = known.borrow_and_update().clone();
            }
            Some(click) = clicked.recv() => {
                tracing::info!(action = ?click.action, "clicked");
                (view.armed, view.has_failed) = (None, false);
                passes = None;
                if click.action == Action::Object {
                    (view.armed, passes) = (click.seen.call(), Some(Instant::now() + PASSES_AFTER));
                } else {
                    let (setting, outcomes) = (setting.clone(), outcomes.clone());
                    tracker.spawn(async move {
                        let result = act(&click, &setting).await;
                        if let Err(error) = &result {
                            tracing::warn!(action = ?click.action, %error, "it did not work");
                        }
                        // Whoever clicked so often sees the last outcome, or the state.
                        outcomes.try_send(result.is_ok()).ok();
                    });
                }
            }
            Some(is_done) = outcome.recv() => {
                view.has_failed = !is_done;
                passes = view.has_failed.then(|| Instant::now() + PASSES_AFTER);
            }
            () = passing => {
                (view.armed, view.has_failed, passes) = (None, false, None);
            }
        }
        if view != shown {
            item.show(&view).await?;
            shown.clone_from(&view);
        }
    }
    item.take_down().await;
    following.await.ok();
    Ok(())
}

async fn act(Click { action, seen }: &Click, setting: &Setting) -> anyhow::Result<()> {
    if *action == Action::OpenPane {
        return open(setting.pane.as_deref().context("no pane is configured")?).await;
    }
    ask(*action, seen.armed, &setting.state_dir).await?;
    Ok(())
}

async fn ask(action: Action, armed: Option<CallId>, state_dir: &Path) -> Result<(), CommandError> {
    let agent = Agent::of(state_dir)?;
    let asked = match action {
        Action::Agreed => agent.consent(true).await,
        Action::Pause => agent.pause().await,
        Action::Resume => agent.resume().await,
        Action::HangUp => agent.stop().await,
        // By its id: a call that began between the two clicks is another one.
        Action::Erase => match armed {
            Some(call) => agent.discard(Some(call)).await,
            None => return Ok(()),
        },
        Action::Object | Action::OpenPane => return Ok(()),
    };
    asked.map(drop)
}

async fn open(page: &str) -> anyhow::Result<()> {
    let (program, before) = OPENS.split_first().context("nothing opens pages here")?;
    let mut command = tokio::process::Command::new(program);
    command.args(before).arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().await.with_context(|| format!("{program} cannot be started"))?;
    anyhow::ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}
