//! Puts placeholders in the place of what identifies people, and puts the originals back into a draft.
//!
//! In: the turns of a growing call. Out: the same turns with "[PERSON-1]" and "[CPR-1]" in them, for a model that must
//! not know; then, for its draft, the [`Restored`] text.
//!
//! ```text
//! turns -> find (a window around each turn) -> table -> redacted turns -> verify -> model
//! draft <- restore <- table                                                  └─> Doubtful: nothing is sent
//! ```
//!
//! Promises:
//!   P1  What was handed out is final: a call that grows extends the redacted turns and never rewrites one.
//!   P2  The same call gives the same redacted turns however it grew, as long as two turns were held back: a turn is
//!       decided by the turns before it and the [`AHEAD`] turns behind it.
//!   P3  One person, one number, one address has one placeholder in a call.
//!   P4  It fails closed: where a second, broader look still finds what may be an identifier, there is an error and no
//!       text, now and for the rest of the call.
//!   P5  Every placeholder of the table is put back, however the model spelled it; others are reported.
//!
//! Not done here: which mode an area has, and sending anything. The table holds the originals: it must not outlive the
//! draft, and is not shown by `Debug`.

mod table;
mod restore;
mod verify;

use crate::find::{Known, find_knowing};
use crate::{Identifier, Kind, Passage, Turn};
use table::Table;
use thiserror::Error;

pub use restore::Restored;
pub use verify::Doubt;

/// Turns behind a turn that decide it: a number may be split by the other party's "ja".
pub const AHEAD: usize = 2;
/// Turns before a turn that decide it.
const BEHIND: usize = 6;

/// What an authority wants hidden from the model of an area.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Nothing: the model is in the house.
    None,
    /// Numbers, e-mail addresses, plates, accounts, birth dates.
    Identifiers,
    /// Names, addresses and small passages as well.
    #[default]
    Full,
}

/// Nothing may be sent: something was left, or may have been.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("turn {turn} may still identify somebody: {doubt}")]
pub struct Doubtful {
    /// The turn that was looked at, from 0.
    pub turn: usize,
    /// What was seen. It quotes nothing.
    pub doubt: Doubt,
}

/// The placeholders of one call.
pub struct Pseudonyms {
    mode: Mode,
    cases: bool,
    table: Table,
    done: Vec<String>,
    /// What was hidden where, in the turns that are done.
    hidden: Vec<(Passage, usize)>,
    doubtful: Option<Doubtful>,
}

impl Pseudonyms {
    /// For a call of an area with this mode.
    pub fn new(mode: Mode) -> Self {
        Self { mode, cases: false, table: Table::default(), done: Vec::new(), hidden: Vec::new(), doubtful: None }
    }

    /// Hides case numbers as well.
    #[must_use]
    pub fn hiding_cases(mut self) -> Self {
        self.cases = true;
        self
    }

    /// Makes known what came with the call: the citizen's name, CPR number, address.
    pub fn know(&mut self, kind: Kind, value: &str) {
        if self.hides(kind) && !value.trim().is_empty() {
            self.table.seed(kind, value.trim());
        }
    }

    /// The first `ready` turns, redacted. `turns` are all that are known: those behind `ready` are only looked at, so
    /// that what is split over turns is seen. Turns that were handed out before are not looked at again.
    pub fn redact(&mut self, turns: &[Turn<'_>], ready: usize) -> Result<&[String], Doubtful> {
        if let Some(doubtful) = self.doubtful {
            return Err(doubtful);
        }
        for turn in self.done.len()..ready.min(turns.len()) {
            if self.mode == Mode::None {
                self.done.push(turns[turn].text.to_owned());
                continue;
            }
            let (text, left) = self.redact_one(turns, turn);
            if let Some(doubt) = verify::doubt(&left, &self.table) {
                self.done.clear();
                let doubtful = Doubtful { turn, doubt };
                self.doubtful = Some(doubtful);
                return Err(doubtful);
            }
            self.done.push(text);
        }
        Ok(&self.done[..ready.min(self.done.len())])
    }

    /// The draft with the originals in it.
    pub fn restore(&self, draft: &str) -> Restored {
        restore::restore(&self.table, draft)
    }

    fn hides(&self, kind: Kind) -> bool {
        match kind {
            Kind::Case => self.cases && self.mode != Mode::None,
            Kind::Address | Kind::Person | Kind::Location => self.mode == Mode::Full,
            _ => self.mode != Mode::None,
        }
    }

    /// A turn with its placeholders; and what is left of it besides them and what the area does not hide.
    fn redact_one(&mut self, turns: &[Turn<'_>], turn: usize) -> (String, String) {
        let from = turn.saturating_sub(BEHIND);
        let window = &turns[from..turns.len().min(turn + AHEAD + 1)];
        let known = Known { numbers: self.table.numbers(), names: self.table.names() };
        let mut here: Vec<(Passage, usize)> = Vec::new();
        let mut shown: Vec<Passage> = Vec::new();
        for mut identifier in find_knowing(window, &known) {
            for passage in &mut identifier.passages {
                passage.turn += from;
            }
            let mut passages = identifier.passages.iter().filter(|passage| passage.turn == turn).copied().peekable();
            if passages.peek().is_none() {
                continue;
            }
            if !self.hides(identifier.kind) {
                shown.extend(passages);
                continue;
            }
            let passages: Vec<Passage> = passages.collect();
            let entry = self.entry(&identifier, turn);
            here.extend(passages.into_iter().map(|passage| (passage, entry)));
        }
        here.sort_unstable();
        let text = self.rendered(turns[turn].text, &here);
        shown.extend(here.iter().map(|(passage, _)| *passage));
        shown.sort_unstable();
        self.hidden.extend(here);
        (text, without(turns[turn].text, &shown))
    }

    /// The entry of what was found; the one it has already, if part of it lies in an earlier turn.
    fn entry(&mut self, identifier: &Identifier, turn: usize) -> usize {
        let before = identifier.passages.iter().filter(|passage| passage.turn < turn);
        let begun = before.into_iter().find_map(|passage| {
            let over =
                |known: &Passage| known.turn == passage.turn && known.start < passage.end && passage.start < known.end;
            let lately = self.hidden.iter().rev().take_while(|(known, _)| known.turn + BEHIND >= turn);
            lately.into_iter().find(|(known, _)| over(known)).map(|(_, entry)| *entry)
        });
        match begun {
            Some(entry) => self.table.complete(entry, identifier),
            None => self.table.enter(identifier),
        }
    }

    fn rendered(&self, text: &str, hidden: &[(Passage, usize)]) -> String {
        // What looks like a placeholder must be one of ours.
        let plain = restore::defused;
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (passage, entry) in hidden {
            out.push_str(&plain(text.get(at..passage.start).unwrap_or_default()));
            out.push_str(&self.table.placeholder(*entry));
            at = passage.end;
        }
        out.push_str(&plain(text.get(at..).unwrap_or_default()));
        out
    }
}

/// A text with a full stop in the place of each of these.
fn without(text: &str, passages: &[Passage]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for passage in passages {
        out.push_str(text.get(at..passage.start).unwrap_or_default());
        out.push_str(" . ");
        at = passage.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;
