//! Holds each sentence of a draft against what was said in the call.
//!
//! In: a [`Call`], read once, and lines of a draft with the turns each one cites. Out: [`Flag`]s (a doubt: about which
//! words, what the call says instead, and why), [`Confirm`] marks, and what the draft may be missing.
//!
//! ```text
//! turns ─▶ Call::of ─┬─▶ check(line) ─▶ values · names · speaker · negation · modality · injected · support
//!                    └─▶ missing(lines)
//! ```
//!
//! Promises:
//!   G1  Pure: the same call and line give the same flags, in the order of the text.
//!   G2  Total: any text, any evidence (wrong turns are as good as none) gives flags and never a panic.
//!   G3  A flag never changes a sentence and never stops it from being saved.
//!   G4  Confirmations and missing facts are no flags; they are counted apart.
//!
//! Not done here: nothing is repaired, nothing is asked of a model. A sentence without a flag is not thereby true: what no
//! rule here can see (a wrong cause, a wrong person behind "he") a caseworker has to see.

mod cues;
mod lexicon;
mod words;
mod call;
mod clause;
mod values;
mod names;
mod speaker;
mod negation;
mod modality;
mod injected;
mod support;
mod confirm;
mod missing;
mod uncertain;
pub mod eval;

pub use call::{About, Call, Speaker, Turn};
pub use cues::{BadCues, Cues};
pub use missing::{MOST as MOST_MISSING, Missing, MustNote};
pub use referent_itn::Language;
pub use referent_proto::draft::{Confirm, FlagKind as Kind, FlagReason as Reason};
pub use uncertain::{BUDGET, SURE, uncertain};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// Grows with each change of what is flagged; stored with every draft.
pub const VERSION: &str = "2";

/// A sentence of a draft, as the guards see it. Its `Debug` prints a length, as do those of all that rests on speech here.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// The sentence.
    pub text: &'a str,
    /// The turns it cites, as indices into the call's.
    pub evidence: &'a [usize],
}

/// A doubt about some words of a sentence.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// What is doubted.
    pub kind: Kind,
    /// Why.
    pub reason: Reason,
    /// The words it is about, in bytes of the sentence.
    pub span: Range<usize>,
    /// What the call says instead, in its own words; empty if nothing does.
    pub said: String,
    /// The turns that say so; empty if none does.
    pub evidence: Vec<usize>,
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("text", &Hidden(self.text)).field("evidence", &self.evidence).finish()
    }
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, reason, span, said, evidence } = self;
        f.debug_struct("Flag")
            .field("kind", kind)
            .field("reason", reason)
            .field("span", span)
            .field("said", &Hidden(said))
            .field("evidence", evidence)
            .finish()
    }
}

/// Speech in a log: how long it is.
struct Hidden<'a>(&'a str);

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} characters", self.0.chars().count())
    }
}

/// What the guards say of one sentence.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Checked {
    /// Doubts, in the order of the text.
    pub flags: Vec<Flag>,
    /// Whether it is to be confirmed.
    pub confirm: Option<Confirm>,
}

impl Call {
    /// Holds a sentence against the call.
    pub fn check(&self, line: &Line<'_>) -> Checked {
        let claim = call::Claim::of(self, line);
        let mut flags = Vec::new();
        injected::check(self, &claim, &mut flags);
        if claim.cited.is_empty() {
            flags.push(claim.whole(Kind::Unsupported, Reason::NoEvidence));
        } else {
            speaker::check(self, &claim, &mut flags);
            negation::check(self, &claim, &mut flags);
            modality::check(self, &claim, &mut flags);
            support::check(self, &claim, &mut flags);
        }
        values::check(self, &claim, &mut flags);
        names::check(self, &claim, &mut flags);
        flags.sort_by_key(|flag| (flag.span.start, flag.span.end, flag.kind));
        flags.dedup_by(|one, other| one.kind == other.kind && one.span == other.span);
        Checked { flags, confirm: confirm::of(self, &claim) }
    }

    /// What was said that may have to be noted and is in none of these lines.
    pub fn missing(&self, lines: &[Line<'_>], must: &[MustNote]) -> Vec<Missing> {
        missing::of(self, lines, must)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a log or a failed assertion would show.
    fn check(shown: &impl fmt::Debug) {
        let shown = format!("{shown:?}");
        assert!(!shown.contains("Kolding"), "{shown}");
        assert!(shown.contains("characters"), "{shown}");
    }

    #[test]
    fn what_was_said_is_not_printed() {
        let said = "Jeg bor i Kolding.";
        let turn = Turn { speaker: Speaker::Citizen, text: said };
        let line = Line { text: "Borgeren bor i Kolding.", evidence: &[0] };
        let (span, said) = (0..3, said.to_owned());
        let missing = Missing { fact: None, kind: Kind::Name, said: said.clone(), turn: 0 };
        let flag = Flag { kind: Kind::Name, reason: Reason::OtherValue, span, said, evidence: vec![0] };
        check(&turn);
        check(&line);
        check(&missing);
        check(&Checked { flags: vec![flag], confirm: None });
    }
}
