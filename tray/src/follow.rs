//! Hears what the agent tells of itself, and knows when it hears nothing.
//!
//! In: the agent's folder. Out: the newest state, or that nothing is known.
//! Promised: nothing is known a moment after the agent is gone, and at most [`COUNTS_FOR`] after it fell silent (T1).
//! Not done here: no words, no screen.

use referent_agent::control::client::{Agent, CommandError, Told, Watching};
use referent_agent::control::events::COUNTS_FOR;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;

/// After so long an agent that is not there is looked for again.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// What is known of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it is not there, or silent, or says what this program does not understand.
    Nothing,
    /// It told this just now.
    Told(Told),
}

/// Follows the agent of this folder, over all its restarts; ends only by being dropped.
pub async fn follow(state_dir: &Path, known: watch::Sender<Known>) {
    let mut is_said = false;
    loop {
        match watch_in_time(state_dir).await {
            Ok(mut watching) => {
                is_said = false;
                while let Some(told) = watching.next().await {
                    let told = Known::Told(told);
                    known.send_if_modified(|known| std::mem::replace(known, told.clone()) != told);
                }
                tracing::warn!("the agent is silent");
            }
            // Once, and not four times a second.
            Err(error) if !is_said => {
                is_said = true;
                tracing::warn!(
                    error = error.map_or_else(|| "no answer in time".into(), |error| error.to_string()),
                    "no contact"
                );
            }
            Err(_) => {}
        }
        known.send_replace(Known::Nothing);
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// The files are read anew each time: the agent has another port and another token after each start.
async fn watch_in_time(state_dir: &Path) -> Result<Watching, Option<CommandError>> {
    let watching = async { Agent::of(state_dir)?.watch().await };
    tokio::time::timeout(COUNTS_FOR, watching).await.map_err(|_| None)?.map_err(Some)
}
