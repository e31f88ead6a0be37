//! Everything that somebody may try who is not who they say, at every door; and what became of it.
//!
//! In: the two servers ([`Secured`]), with certificates and a clock that is turned by hand. Out: a [`Tried`] for each case: was
//! it let in, and under which name was it refused. An honest agent, worker and newcomer are tried beside them at every door:
//! a door that lets nobody in would be no achievement.

mod knock;
mod doors;
mod newcomers;
mod impostors;

use crate::secured::{Secured, refusals};
use anyhow::{Result, ensure};
use std::path::Path;
use std::time::Duration;

/// How long a server may take to count what it has refused.
const COUNTED_WITHIN: Duration = Duration::from_secs(2);

/// What somebody came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// They were let in.
    LetIn,
    /// They were refused, and were told this.
    Refused(String),
}

/// One case.
#[derive(Debug, Clone)]
pub struct Tried {
    /// What was tried, and where.
    pub name: String,
    /// Under which name it has to be refused; `None`: it is honest, and has to be let in.
    pub reason: Option<&'static str>,
    /// What became of it.
    pub answer: Answer,
    /// Refusals that the servers counted meanwhile.
    pub counted: Vec<String>,
}

impl Tried {
    /// It was refused under its name, or let in where it is honest.
    pub fn is_right(&self) -> bool {
        match (&self.answer, self.reason) {
            (Answer::LetIn, None) => true,
            (Answer::Refused(said), Some(reason)) => {
                said.contains(reason) || self.counted.iter().any(|counted| counted == reason)
            }
            _ => false,
        }
    }

    /// It was let in, and should not have been.
    pub fn is_let_in(&self) -> bool {
        self.reason.is_some() && self.answer == Answer::LetIn
    }
}

/// Tries everything, in this folder.
pub async fn try_everything(folder: &Path) -> Result<Vec<Tried>> {
    refusals(); // From here on they are counted.
    let secured = Secured::start(folder).await?;
    let mut tries = Tries { tried: Vec::new(), secured };
    tries.at_the_doors().await?;
    tries.by_newcomers().await?;
    tries.by_impostors_of_servers().await?;
    ensure!(tries.tried.iter().any(|tried| tried.reason.is_none()), "honest ones are tried as well");
    Ok(tries.tried)
}

/// What is being tried.
struct Tries {
    secured: Secured,
    tried: Vec<Tried>,
}

impl Tries {
    /// Notes what became of one case; what the servers counted since `before` belongs to it. They may count a moment after
    /// the visitor has read why it was refused.
    async fn push(&mut self, name: String, reason: Option<&'static str>, answer: Answer, before: &[(String, u64)]) {
        let was = |reason: &str| before.iter().find(|(name, _)| name == reason).map_or(0, |(_, count)| *count);
        let counted =
            || refusals().into_iter().filter(|(name, count)| *count > was(name)).map(|(name, _)| name).collect();
        let mut tried = Tried { name, reason, answer, counted: counted() };
        let counting = async {
            let mut tick = tokio::time::interval(Duration::from_millis(10));
            while !tried.is_right() && !tried.is_let_in() {
                tick.tick().await;
                tried.counted = counted();
            }
        };
        drop(tokio::time::timeout(COUNTED_WITHIN, counting).await);
        self.tried.push(tried);
    }
}
