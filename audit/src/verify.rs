//! Holds stored links against each other and against what was kept elsewhere.
//!
//! In: the links of one chain in the order of their numbers, however many, and the checkpoints that were kept. Out: what does
//! not fit, with the place. One link is held at a time, so a chain of years is read in a stream.

use crate::chain::{ChainId, Hash, Link, zero};
use crate::checkpoint::{Checkpoint, PublicKey};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The link is not what was put behind the one before it: one of the two was altered.
    Altered {
        /// The later of the two.
        number: u64,
    },
    /// Links are not there.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A number stands twice, or behind a later one.
    OutOfPlace {
        /// The number.
        number: u64,
    },
    /// The links fit each other, and not what was kept: everything behind some place in between was written anew.
    WrittenAnew {
        /// Up to here all fits what was kept.
        after: u64,
        /// Here it does not.
        up_to: u64,
    },
    /// What was kept tells of later links than there are: the end was cut off.
    CutOff {
        /// The last link that there is.
        last: u64,
        /// The last that there was.
        kept: u64,
    },
    /// A checkpoint that its key did not sign, or that is of a key nobody named, or of another chain: it proves nothing.
    NotBelieved {
        /// The number of links that it speaks of.
        number: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { number } => write!(f, "entry {number}, or the one before it, was altered"),
            Self::Missing { from, to } if from == to => write!(f, "entry {from} is missing"),
            Self::Missing { from, to } => write!(f, "entries {from} to {to} are missing"),
            Self::OutOfPlace { number } => write!(f, "entry {number} stands twice or out of its place"),
            Self::WrittenAnew { after, up_to } => {
                write!(f, "behind entry {after}, and not behind entry {up_to}, somebody began to write the chain anew")
            }
            Self::CutOff { last, kept } => {
                write!(f, "the chain ends at entry {last}, and had {kept}: its end was cut off")
            }
            Self::NotBelieved { number } => {
                write!(
                    f,
                    "the checkpoint at entry {number} is not signed by a key that was named, or is of another chain"
                )
            }
        }
    }
}

/// Reads one chain.
#[derive(Debug)]
pub struct Verifier {
    chain: ChainId,
    /// What was kept, by the number of links.
    kept: BTreeMap<u64, BTreeSet<[u8; 32]>>,
    last: u64,
    hash: Hash,
    /// The last place that fits what was kept.
    fits: u64,
    findings: Vec<Finding>,
}

impl Verifier {
    /// Holds the chain against these checkpoints, of which those of these keys are believed.
    pub fn new(chain: ChainId, kept: &[Checkpoint], keys: &[PublicKey]) -> Self {
        let mut verifier =
            Self { chain, kept: BTreeMap::new(), last: 0, hash: zero(chain), fits: 0, findings: Vec::new() };
        for checkpoint in kept {
            if checkpoint.chain == chain && keys.contains(&checkpoint.key) && checkpoint.is_signed() {
                verifier.kept.entry(checkpoint.number).or_default().insert(checkpoint.hash.0);
            } else {
                verifier.findings.push(Finding::NotBelieved { number: checkpoint.number });
            }
        }
        verifier.holds_against_kept();
        verifier
    }

    /// The next link that is stored.
    pub fn read(&mut self, link: &Link) {
        if link.number <= self.last {
            self.findings.push(Finding::OutOfPlace { number: link.number });
            return;
        }
        if link.number > self.last + 1 {
            self.findings.push(Finding::Missing { from: self.last + 1, to: link.number - 1 });
        } else if !link.follows(self.chain, self.hash) {
            self.findings.push(Finding::Altered { number: link.number });
        }
        // From here on it is believed, so that what is altered further on is found as well.
        (self.last, self.hash) = (link.number, link.hash);
        self.holds_against_kept();
    }

    /// What does not fit, in the order in which it was found.
    pub fn finish(self) -> Vec<Finding> {
        self.finish_at(0)
    }

    /// The same, where the store itself tells of so many links. Nobody signed that; it shows what was cut off clumsily.
    pub fn finish_at(mut self, told: u64) -> Vec<Finding> {
        let kept = self.kept.keys().next_back().copied().unwrap_or_default().max(told);
        if kept > self.last {
            self.findings.push(Finding::CutOff { last: self.last, kept });
        }
        self.findings
    }

    fn holds_against_kept(&mut self) {
        let Some(hashes) = self.kept.get(&self.last) else { return };
        if hashes.len() == 1 && hashes.contains(&self.hash.0) {
            self.fits = self.last;
        } else {
            self.findings.push(Finding::WrittenAnew { after: self.fits, up_to: self.last });
        }
    }
}
