//! Asks every finder in turn and lets each have what the ones before it left.
//!
//! In: turns. Out: [`Identifier`]s in the order they were said, none over another.

use crate::tokens::Tokens;
use crate::{Confidence, Identifier, Kind, Speaker, Turn, dictation, mail, numbers, people, plates, streets};

/// What a finder found, in tokens.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    /// From each token up to, not with, the other.
    pub(crate) runs: Vec<(usize, usize)>,
    pub(crate) value: String,
    pub(crate) understood: bool,
    pub(crate) confidence: Confidence,
}

impl Found {
    pub(crate) fn new(kind: Kind, from: usize, to: usize, value: String, confidence: Confidence) -> Self {
        Self { kind, runs: vec![(from, to)], value, understood: true, confidence }
    }
}

/// Which tokens belong to something already.
pub(crate) struct Taken(Vec<bool>);

impl Taken {
    pub(crate) fn is(&self, at: usize) -> bool {
        self.0.get(at).copied().unwrap_or(true)
    }

    pub(crate) fn any(&self, from: usize, to: usize) -> bool {
        (from..to).any(|at| self.is(at))
    }

    fn take(&mut self, found: &Found) {
        for (from, to) in &found.runs {
            for at in *from..*to {
                if let Some(taken) = self.0.get_mut(at) {
                    *taken = true;
                }
            }
        }
    }
}

/// What is known before the turns are read.
#[derive(Default)]
pub(crate) struct Known {
    /// Numbers, as they are written in a note.
    pub(crate) numbers: Vec<(Kind, String)>,
    /// Words of names, folded.
    pub(crate) names: Vec<String>,
}

/// Finds what identifies people in the turns of a call.
pub fn find(turns: &[Turn<'_>]) -> Vec<Identifier> {
    find_knowing(turns, &Known::default())
}

/// The same, where numbers and names are known already.
pub(crate) fn find_knowing(turns: &[Turn<'_>], known: &Known) -> Vec<Identifier> {
    let tokens = Tokens::cut(turns);
    let mut taken = Taken(vec![false; tokens.len()]);
    let mut all: Vec<Found> = Vec::new();
    let mut keep = |found: Vec<Found>, taken: &mut Taken| {
        for one in found {
            if one.runs.iter().all(|(from, to)| !taken.any(*from, *to)) {
                taken.take(&one);
                all.push(one);
            }
        }
    };
    keep(mail::find(&tokens), &mut taken);
    keep(plates::find(&tokens), &mut taken);
    keep(streets::find(&tokens, &taken), &mut taken);
    let dictations = dictation::find(turns, &tokens, &taken);
    keep(numbers::find(&tokens, &dictations, &known.numbers), &mut taken);
    keep(people::find(&tokens, &taken, &known.names), &mut taken);

    let mut identifiers: Vec<Identifier> = all.into_iter().map(|found| placed(&tokens, found)).collect();
    identifiers.sort_by_key(|identifier| identifier.passages.first().copied());
    identifiers
}

/// Finds what identifies people in one text.
pub fn find_in_text(text: &str) -> Vec<Identifier> {
    find(&[Turn { speaker: Speaker::Citizen, text }])
}

fn placed(tokens: &Tokens<'_>, found: Found) -> Identifier {
    let mut passages: Vec<_> = found.runs.iter().flat_map(|(from, to)| tokens.passages(*from, *to)).collect();
    if found.kind == Kind::Person
        && let Some(place) = passages.last_mut()
    {
        let (_, to) = found.runs.last().copied().unwrap_or_default();
        place.end -= people::genitive(tokens, to.saturating_sub(1));
    }
    Identifier {
        kind: found.kind,
        passages,
        value: found.value,
        understood: found.understood,
        confidence: found.confidence,
    }
}
