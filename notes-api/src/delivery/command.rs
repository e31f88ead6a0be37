//! `referent-notes-api deliveries …`: what administrators do without a browser, on the database that a running notes-api may
//! have open as well.
//!
//! In: arguments, the configuration. Out: lines on stdout.

use super::Secret;
use crate::clock::{Chance, Clock};
use crate::config::Config;
use crate::live::Live;
use crate::shown::outbox::{DeliveryState, DestinationView};
use crate::store::audit::CONSOLE;
use crate::store::outbox::{Filter, Replayed};
use crate::store::{Store, word};
use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Deliveries that are listed at once.
const LISTED: i64 = 200;

/// What is asked.
#[derive(Debug, Subcommand)]
pub enum Deliveries {
    /// Makes a secret that deliveries are signed with; the receiver gets the same line.
    Secret {
        /// Where it is written; a file that is there is left alone.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// How every destination stands. Fails if one is disabled or deliveries were given up.
    Status,
    /// The newest deliveries.
    List {
        /// Only those in this state.
        #[arg(long)]
        state: Option<State>,
        /// Only those to this destination.
        #[arg(long)]
        destination: Option<String>,
    },
    /// Sends a delivery once more, under the same id.
    Replay {
        /// The webhook-id.
        id: String,
    },
    /// Sends to a destination again.
    Enable {
        /// Its name in the configuration.
        name: String,
    },
    /// Sends nothing more to a destination; what is saved meanwhile waits.
    Disable {
        /// Its name in the configuration.
        name: String,
    },
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum State {
    /// To be sent.
    Waiting,
    /// Under way.
    Sending,
    /// The receiver has it.
    Delivered,
    /// Given up.
    Dead,
    /// Its note was erased.
    Withdrawn,
}

impl From<State> for DeliveryState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Sending => Self::Sending,
            State::Delivered => Self::Delivered,
            State::Dead => Self::Dead,
            State::Withdrawn => Self::Withdrawn,
        }
    }
}

/// Does it; gives what to say.
///
/// # Errors
/// If it cannot be done, and for `status` if somebody has to look.
pub async fn act(command: Deliveries, config: &Config, clock: &Clock, chance: &Chance) -> anyhow::Result<String> {
    if let Deliveries::Secret { out } = command {
        return make_secret(&out, chance);
    }
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let store = Store::open(&config.database, Arc::new(Live::default()), &tracker, &stop).await?;
    let said = with(&store, command, clock.now_ms()).await;
    stop.cancel();
    store.close().await;
    tracker.close();
    tracker.wait().await;
    said
}

async fn with(store: &Store, command: Deliveries, now_ms: i64) -> anyhow::Result<String> {
    let by = CONSOLE.to_owned();
    let named =
        |found: Option<DestinationView>| found.context("there is no such destination; `deliveries status` lists all");
    match command {
        Deliveries::Secret { .. } => unreachable!("done before the database is opened"),
        Deliveries::Status => status(store, now_ms).await,
        Deliveries::List { state, destination } => {
            let filter = Filter { state: state.map(Into::into), destination, after: None };
            list(store, filter).await
        }
        Deliveries::Replay { id } => match store.replay_delivery(id, by, now_ms).await? {
            Some(Replayed::Waits(_)) => Ok("It is sent once more, under the same id.".to_owned()),
            Some(Replayed::Busy) => bail!("it is under way; look again in a minute"),
            Some(Replayed::Withdrawn) => bail!("its note was erased; there is nothing to send"),
            None => bail!("there is no such delivery; `deliveries list` shows the newest"),
        },
        Deliveries::Enable { name } => {
            named(store.enable_destination(name, by, now_ms).await?)?;
            Ok("It is sent to again, what waited first.".to_owned())
        }
        Deliveries::Disable { name } => {
            named(store.disable_destination(name, by, now_ms).await?)?;
            Ok("Nothing more is sent to it; what is saved meanwhile waits.".to_owned())
        }
    }
}

fn make_secret(out: &Path, chance: &Chance) -> anyhow::Result<String> {
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .and_then(|mut file| writeln!(file, "{}", Secret::text_of(&chance.bytes())));
    written.with_context(|| format!("--out {} cannot be written; name a file that is not there yet", out.display()))?;
    Ok(format!(
        "The secret is made. Bring the line in {} to the receiver by a way that nobody else reads.",
        out.display()
    ))
}

async fn status(store: &Store, now_ms: i64) -> anyhow::Result<String> {
    let all = store.destinations().await?;
    let mut said = String::new();
    let mut troubles = 0;
    for one in all {
        let state = match (one.configured, one.enabled) {
            (false, _) => "no longer in the configuration",
            (true, false) => "disabled",
            (true, true) if one.failures > 0 => "failing",
            (true, true) => "enabled",
        };
        troubles += i64::from(one.configured && (!one.enabled || one.dead > 0));
        let oldest_s = one.oldest_ms.map_or(0, |oldest_ms| (now_ms - oldest_ms).max(0) / 1000);
        let why = one.disabled_why.map(|why| format!(" ({})", word(&why))).unwrap_or_default();
        writeln!(
            said,
            "{}: {state}{why}, {} waiting, the oldest for {oldest_s} s, {} given up",
            one.name, one.waiting, one.dead
        )?;
    }
    if troubles > 0 {
        bail!("{troubles} destinations need somebody (`enable`, `list --state dead`, `replay`):\n{}", said.trim_end());
    }
    Ok(if said.is_empty() { "there is no destination".to_owned() } else { said.trim_end().to_owned() })
}

async fn list(store: &Store, filter: Filter) -> anyhow::Result<String> {
    let found = store.deliveries(filter, LISTED).await?;
    let mut said = String::new();
    for one in found.deliveries {
        let at = jiff::Timestamp::from_millisecond(one.occurred_ms)?;
        let outcome = one.last_outcome.map(|outcome| word(&outcome)).unwrap_or_default();
        let status = one.last_status.map(|status| format!(" {status}")).unwrap_or_default();
        writeln!(
            said,
            "{at:.0}  {}  {}  {}  {} of note {} version {}, {} attempts{}{outcome}{status}",
            one.id,
            one.destination,
            word(&one.state),
            word(&one.event),
            one.note,
            one.version,
            one.attempts,
            if outcome.is_empty() { "" } else { ", the last: " },
        )?;
    }
    Ok(if said.is_empty() { "none".to_owned() } else { said.trim_end().to_owned() })
}
