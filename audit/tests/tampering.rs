//! Chains are tampered with at random, a thousand times, by whoever owns the database: each time that is found, and where.
//!
//! Prints one line of JSON with what was tried and found.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use referent_audit::{Chain, ChainId, Checkpoint, Entry, Finding, Link, SigningKey, Verifier};
use std::io::Write as _;
use uuid::Uuid;

const TAMPERINGS: usize = 1_000;
/// A checkpoint each so many links.
const EVERY: u64 = 16;

struct Story {
    links: Vec<Link>,
    kept: Vec<Checkpoint>,
    key: SigningKey,
    chain: ChainId,
}

impl Story {
    fn random(chance: &mut StdRng) -> Self {
        let (key, _) = SigningKey::generate().expect("the system has chance");
        let id = ChainId(Uuid::from_u128(chance.random()));
        let mut chain = Chain::new(id);
        let (mut links, mut kept) = (Vec::new(), vec![Checkpoint::sign(&chain, 0, &key)]);
        for _ in 0..chance.random_range(20..120) {
            links.push(chain.append(entry(chance)).expect("short"));
            if chain.number().is_multiple_of(EVERY) {
                kept.push(Checkpoint::sign(&chain, 0, &key));
            }
        }
        kept.push(Checkpoint::sign(&chain, 0, &key));
        Self { links, kept, key, chain: id }
    }

    fn findings(&self) -> Vec<Finding> {
        let mut verifier = Verifier::new(self.chain, &self.kept, &[self.key.public()]);
        for link in &self.links {
            verifier.read(link);
        }
        verifier.finish()
    }

    /// Everything from this place on is written anew, as the real program would.
    fn write_anew(&mut self, from: usize) {
        let mut chain = match from.checked_sub(1).map(|before| &self.links[before]) {
            Some(before) => Chain::ending(self.chain, before.number, before.hash),
            None => Chain::new(self.chain),
        };
        for link in &mut self.links[from..] {
            *link = chain.append(link.entry.clone()).expect("short");
        }
    }
}

fn entry(chance: &mut StdRng) -> Entry {
    let what = ["transcript_read", "draft_read", "note_saved", "call_erased"];
    Entry {
        at_ms: chance.random_range(1_795_000_000_000..1_796_000_000_000),
        who: format!("caseworker/{}", chance.random_range(0..9)),
        what: what[chance.random_range(0..what.len())].to_owned(),
        about: format!("call/{}", Uuid::from_u128(chance.random())),
    }
}

/// Another entry, in one of its fields.
fn alter(entry: &mut Entry, chance: &mut StdRng) {
    match chance.random_range(0..4) {
        0 => entry.at_ms += chance.random_range(1..1_000_000),
        1 => entry.who.push('x'),
        2 => entry.what.push('x'),
        _ => entry.about = format!("call/{}", Uuid::from_u128(chance.random())),
    }
}

#[test]
fn what_nobody_touched_fits() {
    let mut chance = StdRng::seed_from_u64(1);
    for _ in 0..50 {
        assert_eq!(Story::random(&mut chance).findings(), []);
    }
}

#[test]
fn each_tampering_is_found_and_located() {
    let mut chance = StdRng::seed_from_u64(2);
    let mut found = 0;
    for round in 0..TAMPERINGS {
        let mut story = Story::random(&mut chance);
        let at = chance.random_range(0..story.links.len() - 1);
        let number = at as u64 + 1;
        let kind = round % 8;
        match kind {
            // One field of an entry.
            0 => alter(&mut story.links[at].entry, &mut chance),
            // An entry, and its own hash.
            1 => {
                alter(&mut story.links[at].entry, &mut chance);
                let before = at.checked_sub(1).map(|before| story.links[before].hash);
                let mut chain =
                    before.map_or(Chain::new(story.chain), |hash| Chain::ending(story.chain, at as u64, hash));
                story.links[at] = chain.append(story.links[at].entry.clone()).expect("short");
            }
            // An entry taken out; the numbers stay.
            2 => drop(story.links.remove(at)),
            // Two entries in each other's place, with their numbers put right.
            3 => {
                let (first, second) = (story.links[at].entry.clone(), story.links[at + 1].entry.clone());
                (story.links[at].entry, story.links[at + 1].entry) = (second, first);
            }
            // One put in, and everything behind it written anew.
            4 => {
                let extra = Link { entry: entry(&mut chance), ..story.links[at].clone() };
                story.links.insert(at, extra);
                story.write_anew(at);
            }
            // One altered, and everything behind it written anew.
            5 => {
                alter(&mut story.links[at].entry, &mut chance);
                story.write_anew(at);
            }
            // The end cut off.
            6 => story.links.truncate(at),
            // A checkpoint made to fit, by another key.
            _ => {
                alter(&mut story.links[at].entry, &mut chance);
                story.write_anew(at);
                let (other, _) = SigningKey::generate().expect("the system has chance");
                for kept in story.kept.iter_mut().filter(|kept| kept.number >= number) {
                    let link = &story.links[usize::try_from(kept.number).expect("small") - 1];
                    *kept = Checkpoint::sign(&Chain::ending(story.chain, link.number, link.hash), 0, &other);
                }
            }
        }
        let near = |finding: &Finding| match *finding {
            Finding::Altered { number: at } => at == number || at == number + 1,
            Finding::Missing { from, to } => (from..=to).contains(&number),
            Finding::OutOfPlace { number: at } => at == number,
            Finding::WrittenAnew { after, up_to } => after < number && number <= up_to && up_to - after <= EVERY,
            Finding::CutOff { last, .. } => last + 1 == number,
            Finding::NotBelieved { number: at } => at >= number,
        };
        let findings = story.findings();
        let is_located = findings.first().is_some_and(near);
        assert!(is_located, "kind {kind} at {number} of {}: {findings:?}", story.links.len());
        found += usize::from(is_located);
    }
    let row = serde_json::json!({ "tamperings": TAMPERINGS, "found": found });
    writeln!(std::io::stdout(), "\n{row}").expect("it works here");
}

#[test]
fn without_a_checkpoint_the_end_can_be_cut_off_unseen() {
    // A3: this is what checkpoints are for, and how the operator's page says it.
    let mut story = Story::random(&mut StdRng::seed_from_u64(3));
    story.kept.truncate(1);
    story.links.truncate(10);
    assert_eq!(story.findings(), []);
}
