//! Keeps what is held fresh: takes up files that were written anew, and renews a certificate at half of its life.
//!
//! In: credentials, time, chance. Out: other credentials in force. When exactly is chosen by chance within a tenth of the
//! life after its half, so that a thousand PCs that were enrolled on one morning do not come on one morning.
//! Promised: a try that failed is followed by the next a minute later, then two, at last an hour, for as long as the
//! certificate holds; one that has run out is not renewed, and whoever runs the program is told to enrol it.

use crate::credentials::Credentials;
use crate::enrol::renew;
use crate::who::{Peer, Validity};
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked.
pub const LOOK_EVERY: Duration = Duration::from_secs(30);
const FIRST_WAIT_MS: i64 = 60_000;
const LAST_WAIT_MS: i64 = 3_600_000;

/// What is to be done about a certificate at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Renew it.
    Renewal,
    /// Too late.
    Over,
}

/// What is to be done now; `chance` in 0 to 1 says how late in the tenth after half of its life.
pub fn due(peer: &Peer, chance: f64, now_ms: i64) -> Due {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a life is far below 2^52 ms")]
    let late_ms = ((peer.not_after_ms - peer.not_before_ms) as f64 / 10.0 * chance.clamp(0.0, 1.0)) as i64;
    match peer.holds_at(now_ms) {
        Validity::Expired => Due::Over,
        Validity::Holds if now_ms >= peer.half_life_ms() + late_ms => Due::Renewal,
        Validity::Holds | Validity::NotYet => Due::Nothing,
    }
}

/// Looks every now and then until `shutdown`.
pub async fn keep_fresh(
    credentials: Arc<Credentials>,
    mut chance: StdRng,
    every: Duration,
    shutdown: CancellationToken,
) {
    let mut keeper = Keeper::default();
    let looking = async {
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            keeper.look(&credentials, &mut chance).await;
        }
    };
    shutdown.run_until_cancelled(looking).await;
}

/// What is remembered from look to look.
#[derive(Debug, Default)]
pub struct Keeper {
    /// Of which certificate, and how late it is renewed.
    chosen: Option<(String, f64)>,
    failures: u32,
    not_before_ms: i64,
    said_over: Option<String>,
}

impl Keeper {
    /// One look.
    pub async fn look(&mut self, credentials: &Arc<Credentials>, chance: &mut StdRng) {
        match credentials.reload() {
            Ok(true) => {
                *self = Self::default();
                credentials.is_troubled(None);
                if let Some(holding) = credentials.current() {
                    tracing::info!(serial = holding.peer.serial, "a certificate is taken up");
                }
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "the certificate cannot be taken up; it is looked at again when it was written");
            }
        }
        let (Some(holding), Some(_)) = (credentials.current(), credentials.server()) else { return };
        let (peer, now_ms) = (&holding.peer, credentials.now().ms());
        let late = match &self.chosen {
            Some((serial, late)) if *serial == peer.serial => *late,
            _ => {
                let late = chance.random();
                self.chosen = Some((peer.serial.clone(), late));
                late
            }
        };
        match due(peer, late, now_ms) {
            Due::Nothing => {}
            Due::Over => {
                if self.said_over.as_ref() != Some(&peer.serial) {
                    self.said_over = Some(peer.serial.clone());
                    tracing::error!(serial = peer.serial, "the certificate has run out; enrol this program again");
                }
            }
            Due::Renewal if now_ms < self.not_before_ms => {}
            Due::Renewal => match renew(credentials).await {
                Ok(peer) => {
                    *self = Self::default();
                    credentials.is_troubled(None);
                    metrics::counter!("referent_certificates_renewed_total").increment(1);
                    tracing::info!(serial = peer.serial, "the certificate is renewed, with a new key");
                }
                Err(error) => {
                    let wait_ms = (FIRST_WAIT_MS << self.failures.min(6)).min(LAST_WAIT_MS);
                    self.failures = self.failures.saturating_add(1);
                    self.not_before_ms = now_ms + wait_ms;
                    credentials.is_troubled(Some(error.to_string()));
                    metrics::counter!("referent_certificate_renewals_failed_total").increment(1);
                    tracing::warn!(%error, wait_s = wait_ms / 1000, "the certificate is not renewed; it is tried again");
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::who::Role;

    #[test]
    fn a_certificate_is_renewed_between_a_half_and_three_fifths_of_its_life() {
        let peer = Peer {
            role: Role::Caseworker,
            subject: "anna".parse().unwrap(),
            serial: "01".into(),
            not_before_ms: 0,
            not_after_ms: 1_000,
            key: [0; 32],
        };
        let check = |chance, now_ms, expected| assert_eq!(due(&peer, chance, now_ms), expected, "{chance} {now_ms}");
        check(0.0, 499, Due::Nothing);
        check(0.0, 500, Due::Renewal);
        check(1.0, 599, Due::Nothing);
        check(1.0, 600, Due::Renewal);
        check(0.5, 1_000, Due::Renewal);
        check(0.5, 1_001, Due::Over);
        check(0.5, -1, Due::Nothing);
    }
}
