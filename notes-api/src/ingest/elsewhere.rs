//! The PCs that are there through another notes-api of the same database, so that a page is told of them whichever serves it.
//!
//! In: what changed of our own PCs, that another process wrote something, and every few seconds a look anyway. Out: rows for the
//! others through `store::presences`, and theirs to `live`.
//! Promised: a heartbeat that says nothing new writes nothing; many changes at once are one transaction; a process that is
//! gone takes its PCs along; a row that was lost is written again.
//! Not done here: no command goes this way (`orders`: the process with the stream finds it), and SQLite has one process.

use super::Door;
use crate::live::Known;
use crate::store::Stored;
use crate::store::presences::Change;
use crate::timer::GONE_AFTER_MS;
use referent_proto::{AgentId, AgentStateKind};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// However much changes, it is written and read no more often than this.
const PAUSE: Duration = Duration::from_millis(100);
/// And no less often.
const LOOK: Duration = Duration::from_secs(5);

/// What the others were told of our PCs.
type Told = BTreeMap<(String, AgentId), (Option<AgentStateKind>, bool)>;

/// Until shutdown.
pub(super) async fn keep(door: Door) {
    let live = door.store.live();
    let (mut own, mut others) = (live.own_changes(), live.others_changes());
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut told, mut is_failing) = (Told::new(), false);
    loop {
        let is_look = tokio::select! {
            Ok(()) = own.changed() => false,
            Ok(()) = others.changed() => false,
            _ = look.tick() => true,
            () = door.shutdown.cancelled() => break,
        };
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = door.shutdown.cancelled() => break,
        }
        // What came meanwhile is looked at now.
        own.mark_unchanged();
        others.mark_unchanged();
        let shared = share(&door, &mut told, is_look).await;
        if let Err(error) = &shared
            && !is_failing
        {
            tracing::warn!(%error, "the other notes-api are not told which PCs are here; tried again and again");
        }
        is_failing = shared.is_err();
    }
    if let Err(error) = door.store.forget_presences(Some(door.holder.clone()), 0).await {
        tracing::warn!(%error, "the other notes-api are not told that this one goes; they notice by its silence");
    }
}

async fn share(door: &Door, told: &mut Told, is_look: bool) -> Stored<()> {
    let (live, now_ms) = (door.store.live(), door.clock.now_ms());
    let alive_ms = now_ms - GONE_AFTER_MS;
    if is_look {
        door.store.forget_presences(None, alive_ms).await?;
    }
    let own = live.own_presences(now_ms);
    let (change, now) = compare(told, &own);
    if !(change.came.is_empty() && change.changed.is_empty() && change.left.is_empty()) {
        door.store.keep_presences(door.holder.clone(), change).await?;
    }
    *told = now;
    let rows = door.store.presences(alive_ms).await?;
    // A row of ours that is gone, because this process was slow to say that it is alive, is written again at the next look.
    told.retain(|(identity, agent), _| {
        rows.iter().any(|row| row.known.identity == *identity && row.known.agent == *agent)
    });
    let others = rows.into_iter().filter(|row| row.holder != door.holder).map(|row| (row.holder, row.known));
    live.others_are(others.collect(), now_ms);
    Ok(())
}

/// What the others do not know yet, and what they know when it is written.
fn compare(told: &Told, own: &[Known]) -> (Change, Told) {
    let (mut change, mut now) = (Change::default(), Told::new());
    for known in own {
        let (key, says) = ((known.identity.clone(), known.agent), (known.says.map(|says| says.kind), known.is_silent));
        match told.get(&key) {
            None => change.came.push(known.clone()),
            Some(before) if *before != says => change.changed.push(known.clone()),
            Some(_) => {}
        }
        now.insert(key, says);
    }
    change.left = told.keys().filter(|key| !now.contains_key(key)).cloned().collect();
    (change, now)
}
