//! The companion on the caseworker's PC: captures a call, keeps it safe, sends it.
//!
//! ```text
//! capture ─┐                               the one durable copy
//!          ├─▶ call_time ─▶ resample ─▶ feed ─▶ spool ─▶ send ─▶ pipeline
//! wav ─────┘                                      ▲        │
//!                                                 └────────┴─ settled, credit, commands
//! ```
//!
//! The modules stand in the order of the data. `permit` knows what of it may be kept; `feed`'s writer lets nothing else by.
//! `desk` holds the call that goes on and those that wait in the spool; `presence` tells the server of it, also between calls;
//! `control` is how the command line reaches it. `policy` is what the machine decides above its user's file; `doctor`
//! looks whether all that a call needs is there.

pub mod config;
pub mod policy;
pub mod state_dir;
pub mod system;
pub mod clock;
pub mod permit;
pub mod call;
pub mod capture;
pub mod wav;
pub mod call_time;
pub mod drift;
pub mod resample;
pub mod feed;
pub mod forgotten;
pub mod spool;
pub mod backoff;
pub mod identity;
pub mod send;
pub mod status;
pub mod desk;
mod presence;
pub mod control;
pub mod link;
pub mod metrics;
pub mod doctor;

use anyhow::Context as _;
use clock::Clock;
use config::Config;
use desk::Desk;
use identity::now_of;
use rand::rngs::StdRng;
use rand::{Rng, RngExt as _, SeedableRng as _};
use referent_identity::{Credentials, renew};
use referent_proto::AgentId;
use send::{Limits, Line};
use spool::Spool;
use state_dir::{StateDir, Token};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What an agent is run with, beside its configuration.
#[derive(Debug)]
pub struct Surroundings<R> {
    /// Where times come from.
    pub clock: Clock,
    /// Where ids, the token and the backoff's chance come from.
    pub chance: R,
    /// How long is waited for what.
    pub limits: Limits,
    /// Ends the agent.
    pub shutdown: CancellationToken,
}

/// Runs the agent until `shutdown`; `on_ready` is told the address of the control port.
pub async fn run<R: Rng>(
    config: Config,
    mut surroundings: Surroundings<R>,
    on_ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let metrics = metrics::recorder();
    let state_dir = StateDir::take(&config.state_dir)?;
    let listener = TcpListener::bind(config.http)
        .await
        .with_context(|| format!("http = \"{}\" cannot be listened on; choose another port, or 0", config.http))?;
    let http = listener.local_addr().context("while asking for the port")?;
    let Surroundings { clock, limits, shutdown, .. } = &surroundings;
    let (clock, limits, shutdown) = (clock.clone(), *limits, shutdown.clone());
    let mut chance = || StdRng::from_rng(&mut surroundings.chance);
    let tls = config.tls.clone().map(|place| Credentials::expecting(place, now_of(&clock)));
    if let Some(Err(error)) = tls.as_ref().map(|tls| tls.reload()) {
        tracing::error!(%error, "calls are recorded and kept on this PC until then");
    }
    let line = Line::new(&config.pipeline, tls.clone(), limits, chance())
        .with_context(|| format!("pipeline = \"{}\" is no address", config.pipeline))?;
    let token = Token::new(&mut chance());
    let spool_dir = state_dir.spool();
    let spool = Spool::open(spool_dir.clone()).with_context(|| format!("{} cannot be opened", spool_dir.display()))?;
    match &config.seal {
        Some(server) => tracing::info!(key = %server.id(), "sound is sealed for the server's key"),
        None if config.leaves_this_machine() => tracing::warn!(
            "sound lies unsealed on this PC, and the pipeline is on another machine; add [seal] with the server's public key"
        ),
        None => {}
    }
    let spool = spool.sealing_for(config.seal.clone());
    let renewal = chance();
    let (line, started_ms) = (Arc::new(line), u64::try_from(clock.wall().utc_ms).unwrap_or(0));
    let desk = Desk::open(config, clock, spool, Arc::clone(&line), chance())
        .with_context(|| format!("{} cannot be read", spool_dir.display()))?;
    let agent = AgentId::new(started_ms, chance().random());
    state_dir.publish(http, &token)?;
    let router = control::router(desk.clone(), token, metrics, shutdown.clone());
    on_ready(http);
    let server = axum::serve(listener, router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let keeping = async {
        if let Some(tls) = tls {
            renew::keep_fresh(tls, renewal, limits.certificate, shutdown.clone()).await;
        }
    };
    let being_there = presence::keep(desk.clone(), line, agent, shutdown.clone());
    let (ended, (), ()) = tokio::join!(server.into_future(), keeping, being_there);
    ended.context("while serving the control port")?;
    desk.close().await;
    Ok(())
}
