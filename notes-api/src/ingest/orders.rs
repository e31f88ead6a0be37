//! What agents have to hear over their presence, because no worker has the call: looked for once for all of them.
//!
//! In: that some call has changed, that an agent came, and every few seconds a look anyway, because a worker that leaves a call
//! says so to nobody here. Out: the commands, to `live`, where each presence finds those of its caseworker.
//! Not done here: nothing is sent (`presence`), and nothing is looked for while no agent is there.

use super::Door;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// However much changes, it is looked no more often than this.
const PAUSE: Duration = Duration::from_millis(500);
/// And no less often.
const LOOK: Duration = Duration::from_secs(5);
/// Commands that are looked at together, the newest. Those that nobody will ever do lie behind them.
const MOST: i64 = 512;
/// For so long a discard is left to the call's own stream, which may still be there when the call's row says that it is not.
const DISCARD_LEFT_MS: i64 = 2_000;

/// Until shutdown.
pub(super) async fn keep(door: Door) {
    let live = door.store.live();
    let (mut changes, mut presences) = (live.list(), live.presence_changes(None));
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked = Instant::now();
    loop {
        tokio::select! {
            heard = changes.recv() => match heard {
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            _ = presences.next() => {}
            _ = look.tick() => {}
            () = door.shutdown.cancelled() => return,
        }
        if live.is_nobody_there() {
            continue;
        }
        tokio::select! {
            () = sleep_until(looked + PAUSE) => {}
            () = door.shutdown.cancelled() => return,
        }
        looked = Instant::now();
        changes = changes.resubscribe(); // What came meanwhile is looked at now.
        match door.store.commands_without_a_worker(door.clock.now_ms() - DISCARD_LEFT_MS, MOST).await {
            Ok(orders) => live.ordered(orders),
            // The next look makes up for this one.
            Err(error) => tracing::error!(%error, "commands could not be looked for"),
        }
    }
}
