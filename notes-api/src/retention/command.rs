//! `referent-notes-api hold | release | erase | export | kept`: the same as over HTTP, for whoever may open the database.
//!
//! In: arguments, the configuration, the database that a running notes-api may have open as well. Out: JSON or a sentence.

use crate::clock::{Chance, Clock};
use crate::config::Config;
use crate::live::Live;
use crate::store::Store;
use crate::store::audit::{Act, CONSOLE, Deed};
use crate::store::retention::Erasing;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use referent_proto::{CallId, CommandId};
use serde::Serialize;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Characters of a reason.
pub const LONGEST_REASON: usize = 200;

/// What is asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Puts a legal hold on a call: nothing of it is erased until the hold is released.
    Hold {
        /// Its id.
        #[arg(long)]
        call: CallId,
        /// Why, without what was said and without names; it is kept for good.
        #[arg(long)]
        reason: String,
    },
    /// Takes a legal hold off a call. What is due is erased with the next sweep.
    Release {
        /// Its id.
        #[arg(long)]
        call: CallId,
        /// Which hold of the call, as `hold` and `kept` say.
        #[arg(long)]
        hold: i64,
        /// Why, without what was said and without names; it is kept for good.
        #[arg(long)]
        reason: String,
    },
    /// Erases a call with its note. What stays is the receipt, the audit, and numbers without content.
    Erase {
        /// Its id.
        #[arg(long)]
        call: CallId,
        /// Why, without what was said and without names; it is kept for good.
        #[arg(long)]
        reason: String,
    },
    /// All that is known of a call, as JSON, for somebody's right of access.
    Export {
        /// Its id.
        #[arg(long)]
        call: CallId,
    },
    /// What is kept of a call and until when, its holds, and what was erased, as JSON.
    Kept {
        /// Its id.
        #[arg(long)]
        call: CallId,
    },
}

/// Does it; gives what to say.
///
/// # Errors
/// If it cannot be done: one sentence with what to do.
pub async fn act(command: Command, config: &Config, clock: &Clock, chance: &Chance) -> anyhow::Result<String> {
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let store = Store::open(&config.database, Arc::new(Live::default()), &tracker, &stop).await?;
    let said = done(command, &store, config, clock.now_ms(), chance).await;
    stop.cancel();
    store.close().await;
    tracker.close();
    tracker.wait().await;
    said
}

async fn done(
    command: Command,
    store: &Store,
    config: &Config,
    now_ms: i64,
    chance: &Chance,
) -> anyhow::Result<String> {
    let (by, days) = (CONSOLE.to_owned(), config.retention.unsaved_edit_days);
    let backup_days = config.retention.backup_days;
    match command {
        Command::Hold { call, reason } => {
            let hold = store.set_hold(call, checked(&reason)?, by, now_ms).await?.with_context(|| nobody(call))?;
            Ok(format!("hold {} is on call {call}: nothing of it is erased", hold.number))
        }
        Command::Release { call, hold, reason } => {
            let released = store.release_hold(call, hold, checked(&reason)?, by, now_ms).await?;
            released
                .with_context(|| format!("call {call} has no hold {hold}; `kept --call {call}` lists its holds"))?;
            Ok(format!("hold {hold} of call {call} is released"))
        }
        Command::Erase { call, reason } => {
            let command = CommandId::new(u64::try_from(now_ms).unwrap_or_default(), chance.bytes());
            match store.erase(call, command, checked(&reason)?, by, now_ms).await? {
                Erasing::Done(receipts) => Ok(pretty(&receipts)),
                Erasing::Held => bail!("a hold is on call {call}, so it is not erased; release that first"),
                Erasing::Live => bail!("call {call} goes on; wait for its end, or discard it if the citizen objects"),
                Erasing::Unknown => bail!(nobody(call)),
            }
        }
        Command::Export { call } => {
            let mut export = store.export(call, now_ms, days).await?.with_context(|| nobody(call))?;
            export.retention.backup_days = backup_days;
            store.tell(Deed::with_call(CONSOLE, Act::CallExported, call), now_ms).await?;
            Ok(pretty(&export))
        }
        Command::Kept { call } => {
            let mut kept = store.retention(call, now_ms, days).await?.with_context(|| nobody(call))?;
            kept.backup_days = backup_days;
            Ok(pretty(&kept))
        }
    }
}

fn nobody(call: CallId) -> String {
    format!("there is no call {call}")
}

fn pretty<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).expect("our own types have string keys and no failing serializer")
}

/// A reason as it may be kept.
///
/// # Errors
/// If it is empty or too long.
pub fn checked(reason: &str) -> anyhow::Result<String> {
    let reason = reason.replace('\0', "").trim().to_owned();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        bail!("the reason is empty or longer than {LONGEST_REASON} characters; write a short one, without names");
    }
    Ok(reason)
}
