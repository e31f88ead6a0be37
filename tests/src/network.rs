//! A call over a network that does what networks do, against the same call undisturbed; and how soon it goes on afterwards.
//!
//! In: a fault, sound, what hears. Out: the finished call, and the time from the moment at which the network was whole again
//! until the agent heard of more settled sound. A connection that died without a word counts as healed at once: a new one
//! would be carried. The same [`Fault`]s make the stories and `make bench-network`.

pub mod spaces;
mod tun;

use crate::balancer::{Balancer, Weather};
use crate::disturbed::{Finished, Sound, finish};
use crate::world::{Recogniser, World};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// So far into the call it happens. Quiet is settled at the tenth second: an agent that is back by then hears of it.
const AFTER: Duration = Duration::from_secs(8);
/// Nothing is settled for so long: it does not go on at all.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked what is settled.
const LOOK: Duration = Duration::from_millis(20);

/// What happens to the network in mid-call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Everything takes so much longer, in both directions, for some time.
    Delay(Duration, Duration),
    /// Nothing moves for so long.
    Stall(Duration),
    /// The connection carries nothing any more, and stays open on both sides.
    HalfOpen,
    /// The connection is reset.
    Reset,
    /// Nobody is reached for so long, and what was connected is no more.
    Outage(Duration),
}

impl Fault {
    /// Every kind; the outage lasts so long.
    pub fn all(outage: Duration) -> [Self; 5] {
        let delay = Duration::from_secs(2);
        [
            Self::Delay(delay, Duration::from_secs(12)),
            Self::Stall(Duration::from_secs(6)),
            Self::HalfOpen,
            Self::Reset,
            Self::Outage(outage),
        ]
    }

    /// Its name in a row of figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delay(..) => "delay",
            Self::Stall(_) => "stall",
            Self::HalfOpen => "half_open",
            Self::Reset => "reset",
            Self::Outage(_) => "outage",
        }
    }

    /// Happens, and is over when this returns.
    async fn happen(self, balancer: &Balancer) {
        let (weather, lasts) = match self {
            Self::HalfOpen => return balancer.cut(),
            Self::Reset => return balancer.reset(),
            Self::Delay(late, lasts) => (Weather::Delayed(late), lasts),
            Self::Stall(lasts) => (Weather::Stalled, lasts),
            Self::Outage(lasts) => {
                balancer.cut();
                (Weather::Out, lasts)
            }
        };
        balancer.weather(weather);
        tokio::time::sleep(lasts).await; // That it lasts is what is tried.
        balancer.weather(Weather::Clear);
    }
}

/// A call that got through.
#[derive(Debug)]
pub struct Through {
    /// As it ended.
    pub finished: Finished,
    /// From the whole network to more settled sound.
    pub resumed: Duration,
}

/// Plays the call in a world of its own, over this network.
pub async fn through(folder: &Path, recogniser: Recogniser, sound: &Sound, fault: Fault) -> Result<Through> {
    let mut world = World::builder(folder).recogniser(recogniser).balanced().start().await?;
    let balancer = Balancer::start(vec![world.pipeline_grpc()]).await?;
    world.start_agent_behind(&balancer.address()).await?;
    let caseworker = world.caseworker().await?;
    let id = world.begin_call(&sound.wav).await?;
    tokio::time::sleep(AFTER).await; // The moment is the thing waited for.
    fault.happen(&balancer).await;
    let resumed = goes_on(async || settled_ms(&world.agent_status().await?)).await;
    let resumed = resumed.with_context(|| format!("{fault:?}; logs in {}", folder.display()))?;
    let finished = finish(world, &caseworker, &id, sound).await.with_context(|| format!("{fault:?}"))?;
    Ok(Through { finished, resumed })
}

/// Waits until more is settled than now; gives how long that took.
pub(crate) async fn goes_on(settled: impl AsyncFn() -> Result<u64>) -> Result<Duration> {
    let begin = Instant::now();
    let before = settled().await?;
    let waiting = async {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tick.tick().await;
            if settled().await? > before {
                return anyhow::Ok(begin.elapsed());
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.context("nothing more is settled")?
}

/// What of its calls is settled, says the agent: milliseconds, both tracks together. A call that is complete has left it.
pub(crate) fn settled_ms(status: &Value) -> Result<u64> {
    let waiting = status["spool"]["waiting"].as_array().context("waiting")?;
    if waiting.is_empty() {
        return Ok(u64::MAX);
    }
    let of_track = |call: &Value, track: &str| call["settled_ms"][track].as_u64().unwrap_or(0);
    Ok(waiting.iter().map(|call| of_track(call, "near") + of_track(call, "far")).sum())
}
