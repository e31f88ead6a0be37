//! Finds names of people, and places smaller than a municipality.
//!
//! In: tokens that belong to nothing else. Out: [`Found`] names, without the -s of a genitive.
//!
//! Three things make a name: the lists, where it stands ("jeg hedder …", "min mand …", "du taler med …"), and a capital
//! in the middle of a sentence, where Danish writes only names. A name that is an everyday word as well ("Bo", "Maj")
//! needs the second or the third. Recognisers that write no capitals leave the first two.
//!
//! Not done here: who is who ([`crate::pseudonyms`]).

mod context;
mod places;

use crate::dates;
use crate::digits;
use crate::ear::one_slip;
use crate::find::{Found, Taken};
use crate::lists;
use crate::tokens::{Made, Tokens};
use crate::{Confidence, Kind};
use context::Introduced;

/// Words a name may have.
const MOST_WORDS: usize = 6;

pub(crate) fn find(tokens: &Tokens<'_>, taken: &Taken, known: &[String]) -> Vec<Found> {
    let cased: Vec<bool> = (0..tokens.turns()).map(|turn| tokens.of_turn(turn).any(|at| tokens.capital(at))).collect();
    let text = Text { tokens, taken, cased, known };
    let mut all = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let found = if taken.is(at) { None } else { text.person(at).or_else(|| places::find(tokens, at)) };
        match found {
            Some(found) => {
                at = found.runs.last().map_or(at + 1, |(_, to)| *to).max(at + 1);
                all.push(found);
            }
            None => at += 1,
        }
    }
    all
}

/// Bytes of the genitive at the end of token `at`, if it is a known name with one.
pub(crate) fn genitive(tokens: &Tokens<'_>, at: usize) -> usize {
    let word = tokens.word(at);
    usize::from(word.strip_suffix('s').is_some_and(|name| {
        !lists::is_given(word) && !lists::is_family(word) && (lists::is_given(name) || lists::is_family(name))
    }))
}

/// How much a word looks like a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Look {
    /// On a list, and nothing else.
    Known,
    /// On a list, and an everyday word.
    Ambiguous,
    /// One slip away from a name of the lists.
    Near,
    /// No word we know.
    Unknown,
    /// An everyday word, an authority, a number.
    Other,
}

struct Text<'a, 't> {
    tokens: &'a Tokens<'t>,
    taken: &'a Taken,
    /// Whether a turn has capitals at all.
    cased: Vec<bool>,
    /// Words of names that the call or the case has named already.
    known: &'a [String],
}

impl Text<'_, '_> {
    fn look(&self, at: usize) -> Look {
        let Some(token) = self.tokens.get(at).filter(|token| token.made == Made::Word && !self.taken.is(at)) else {
            return Look::Other;
        };
        let word = token.folded.as_str();
        let base = word.strip_suffix('s').filter(|base| base.len() > 1);
        let named = |word: &str| self.known.iter().any(|known| known == word);
        let misheard = |word: &str| {
            word.chars().count() >= 4
                && self.known.iter().any(|known| known.chars().count() >= 4 && one_slip(known, word))
        };
        let listed = |word: &str| lists::is_given(word) || lists::is_family(word) || named(word);
        let everyday = lists::is_common(word) || dates::month_named(word).is_some();
        if named(word) && (token.capital || !everyday) || !everyday && misheard(word) {
            return Look::Known;
        }
        if lists::is_ambiguous(word) || base.is_some_and(|base| lists::is_ambiguous(base) && !listed(word)) {
            return Look::Ambiguous;
        }
        if listed(word) || base.is_some_and(|base| listed(base) && !lists::is_common(word)) {
            return Look::Known;
        }
        if word.chars().count() < 2
            || crate::cues::topic_of(word).is_some()
            || lists::is_common(word)
            || lists::is_organisation(word)
            || lists::is_large_place(word)
            || digits::spelled(word).is_some()
        {
            return Look::Other;
        }
        let small_town = lists::is_town(word) && token.capital;
        if small_town || base.is_some_and(lists::is_common) {
            return Look::Other;
        }
        let near = |word: &str| lists::is_near_given(word) || lists::is_near_family(word);
        if near(word) || base.is_some_and(near) { Look::Near } else { Look::Unknown }
    }

    /// The name that begins at `at`.
    fn person(&self, at: usize) -> Option<Found> {
        let tokens = self.tokens;
        let look = self.look(at);
        if look == Look::Other {
            return self.initial(at);
        }
        let introduced = self.introduced(at);
        let stands_out = tokens.stands_out(at) && !self.is_acronym(at);
        let next_at = self.next_name(at);
        let next = next_at.map_or(Look::Other, |next| self.look(next));
        let next_capital = next_at.is_some_and(|next| tokens.stands_out(next) && !self.is_acronym(next));
        let signs = tokens
            .after(at)
            .is_some_and(|next| tokens.word(next) == "her" && tokens.get(at).is_some_and(|token| token.opens));
        let lower = !self.is_cased(at);
        let length = tokens.word(at).chars().count();
        let is_name = match look {
            Look::Known => true,
            Look::Ambiguous => {
                introduced == Introduced::Firmly && (!self.is_cased(at) || tokens.capital(at))
                    || stands_out && !places::follows_preposition(tokens, at)
                    || (matches!(next, Look::Known | Look::Near) && (tokens.capital(at) || lower)
                        || next == Look::Ambiguous && next_capital && tokens.capital(at))
                        && lists::is_given(tokens.word(at))
                    || signs && tokens.capital(at)
                    || introduced == Introduced::Loosely && tokens.capital(at)
                    || (tokens.capital(at) || lower && lists::is_given(tokens.word(at).trim_end_matches('s')))
                        && self.owns(at)
                    || tokens.capital(at)
                        && lists::is_given(tokens.word(at))
                        && tokens.word(at + 1) == "og"
                        && self.acts(at)
                    || lower && lists::is_given(tokens.word(at)) && self.greeted(at) && self.ends_here(at)
            }
            Look::Near if tokens.capital(at) && self.acts(at) => true,
            Look::Near
                if lower
                    && (introduced != Introduced::No
                        || matches!(next, Look::Known | Look::Near)
                        || length >= 6
                        || signs) =>
            {
                true
            }
            Look::Near | Look::Unknown => {
                let known_next = next == Look::Known && (next_capital || lower);
                introduced == Introduced::Firmly && length >= 3
                    || introduced == Introduced::Loosely && tokens.capital(at)
                    || stands_out && !places::follows_preposition(tokens, at)
                    || tokens.capital(at) && (next_capital && next != Look::Other)
                    || known_next && length >= 3
                    || signs
                    || self.owns(at) && length >= 4 && (tokens.capital(at) || lower)
                    || lower && introduced == Introduced::Loosely && length >= 3 && self.ends_here(at)
                    || lower
                        && (3..13).contains(&length)
                        && matches!(next, Look::Unknown | Look::Near)
                        && !places::follows_preposition(tokens, at)
            }
            Look::Other => false,
        };
        if !is_name || places::is_place_here(tokens, at) {
            return None;
        }
        let to = self.end(at, introduced, look);
        let confidence = match (look, introduced) {
            (Look::Known, _) => Confidence::Sure,
            (_, Introduced::Firmly) | (Look::Near, _) => Confidence::Likely,
            _ => Confidence::Possible,
        };
        Some(Found::new(Kind::Person, at, to, self.spelled(at, to), confidence))
    }

    fn is_cased(&self, at: usize) -> bool {
        self.cased.get(self.tokens.turn(at)).copied().unwrap_or(false)
    }

    /// "ATP", "SMS".
    fn is_acronym(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.text.chars().count() > 1 && token.text.chars().all(char::is_uppercase))
    }

    /// Whether nothing but a space, a hyphen or the point of an initial stands between two words.
    fn joins(&self, at: usize, next: usize) -> bool {
        let tokens = self.tokens;
        tokens.same_turn(at, next)
            && match next - at {
                1 => true,
                2 => {
                    let mark = tokens.mark(at + 1);
                    mark == "-" && tokens.glued(at + 1) && tokens.glued(next)
                        || mark == "." && tokens.word(at).chars().count() == 1
                }
                _ => false,
            }
    }

    /// Behind the last word of the name that begins at `at`.
    fn end(&self, at: usize, introduced: Introduced, look: Look) -> usize {
        let tokens = self.tokens;
        let (mut last, mut words) = (at, 1);
        let lower = !self.is_cased(at);
        while words < MOST_WORDS {
            let Some(next) = tokens.after(last).filter(|next| self.joins(last, *next) && !self.taken.is(*next)) else {
                break;
            };
            // A genitive ends a name: "Mettes Jensen" are two.
            if genitive(tokens, last) > 0 {
                break;
            }
            let word = tokens.word(next);
            let capital = tokens.capital(next);
            let hyphened = next == last + 2 && tokens.mark(last + 1) == "-";
            let follows = |looks: &[Look]| {
                tokens.after(next).is_some_and(|after| self.joins(next, after) && looks.contains(&self.look(after)))
            };
            let pointed = tokens.mark(next + 1) == "." && tokens.glued(next + 1);
            let single = word.chars().count() == 1;
            let initial = single
                && (capital && (word != "i" || pointed || follows(&[Look::Known, Look::Near]))
                    || pointed && follows(&[Look::Known, Look::Ambiguous, Look::Near]));
            let spelled_initial = lower
                && single
                && !matches!(word, "i" | "å" | "ø")
                && follows(&[Look::Known, Look::Near, Look::Ambiguous]);
            let particle = matches!(
                word,
                "el" | "al"
                    | "abu"
                    | "bin"
                    | "ben"
                    | "van"
                    | "von"
                    | "de"
                    | "da"
                    | "del"
                    | "af"
                    | "la"
                    | "le"
                    | "ibn"
                    | "din"
                    | "ud"
                    | "ul"
            ) && tokens.after(next).is_some_and(|after| {
                self.joins(next, after)
                    && (tokens.stands_out(after)
                        || lower
                            && matches!(self.look(after), Look::Known | Look::Near | Look::Unknown)
                            && !matches!(word, "de" | "af" | "din" | "ud" | "da"))
            });
            let belongs = match self.look(next) {
                Look::Known => capital || lower || hyphened,
                Look::Ambiguous => capital || hyphened || lower && lists::is_family(word) && !never_a_family(word),
                Look::Near => capital || lower || introduced == Introduced::Firmly,
                Look::Unknown => {
                    capital && !self.is_acronym(next)
                        || hyphened
                        || lower
                            && word.chars().count() >= 3
                            && (introduced == Introduced::Firmly
                                || matches!(look, Look::Known | Look::Near | Look::Unknown)
                                    && words == 1
                                    && word.chars().count() >= 4)
                }
                Look::Other => {
                    hyphened && capital
                        || capital && lists::is_large_place(word) && words >= 1 && lists::is_family(word)
                }
            };
            if !(belongs || initial || particle || spelled_initial) {
                break;
            }
            last = next;
            words += 1;
        }
        // An initial or a particle alone at the end belongs to what follows.
        last + 1
    }

    /// The next word of a name, over initials.
    fn next_name(&self, at: usize) -> Option<usize> {
        let tokens = self.tokens;
        let mut last = at;
        for _ in 0..3 {
            let next = tokens.after(last).filter(|next| self.joins(last, *next))?;
            if tokens.word(next).chars().count() > 1 || !(tokens.capital(next) || tokens.mark(next + 1) == ".") {
                return Some(next);
            }
            last = next;
        }
        None
    }

    /// "J. Friis", "K Sørensen": a name that begins with an initial.
    fn initial(&self, at: usize) -> Option<Found> {
        let tokens = self.tokens;
        let token = tokens.get(at).filter(|token| token.made == Made::Word && token.folded.chars().count() == 1)?;
        let pointed = tokens.mark(at + 1) == "." && tokens.glued(at + 1);
        let next = tokens.after(at).filter(|next| self.joins(at, *next))?;
        let look = self.look(next);
        let named = matches!(look, Look::Known | Look::Near)
            || matches!(look, Look::Ambiguous | Look::Unknown) && tokens.capital(next);
        let begins = token.capital && (pointed || token.folded != "i")
            || !self.is_cased(at) && (pointed || self.introduced(at) == Introduced::Firmly);
        if !begins || !named || self.taken.is(next) {
            return None;
        }
        let to = self.end(at, Introduced::No, look);
        Some(Found::new(Kind::Person, at, to, self.spelled(at, to), Confidence::Likely))
    }

    /// The name with the capitals that names have, without the genitive.
    fn spelled(&self, from: usize, to: usize) -> String {
        let mut text = String::new();
        for at in from..to {
            let Some(token) = self.tokens.get(at) else { continue };
            if !text.is_empty() && !token.glued {
                text.push(' ');
            }
            let particle =
                matches!(&*token.folded, "el" | "al" | "bin" | "van" | "von" | "de" | "da" | "af" | "la" | "ibn");
            let cut = if at + 1 == to { genitive(self.tokens, at) } else { 0 };
            let word = &token.text[..token.text.len() - cut];
            if particle {
                text.push_str(word);
            } else {
                let mut chars = word.chars();
                text.extend(chars.next().into_iter().flat_map(char::to_uppercase));
                text.push_str(chars.as_str());
            }
        }
        text
    }
}

/// Family names that, in small letters, are other words behind a given name: "mette kan", "peter i sund".
fn never_a_family(word: &str) -> bool {
    matches!(
        word,
        "can"
            | "have"
            | "far"
            | "mor"
            | "god"
            | "le"
            | "li"
            | "bro"
            | "strand"
            | "mark"
            | "sommer"
            | "sund"
            | "kold"
            | "stærk"
            | "stage"
            | "stilling"
            | "green"
            | "hall"
            | "sand"
            | "rask"
            | "hvid"
            | "ung"
            | "glad"
            | "gade"
            | "vind"
            | "bonde"
            | "oz"
            | "kolding"
            | "viborg"
            | "thisted"
            | "tønder"
            | "nyborg"
            | "svart"
    )
}
