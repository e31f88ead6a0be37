//! Cuts the turns of a call into words, digits and marks, in one row over all turns.
//!
//! In: turns. Out: [`Tokens`], of which everything else asks by index; beyond either end there is nothing, so that no
//! question can fail. Words are folded to lower case once. A word that a recogniser made of two ("niendenul") is cut
//! where the second begins.
//!
//! Not done here: what a token means.

use crate::{Passage, Turn};

/// What a token is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Made {
    /// Letters.
    Word,
    /// Digits from 0 to 9.
    Digits,
    /// One other character.
    Mark,
}

/// One token and its place.
pub(crate) struct Token<'t> {
    pub(crate) turn: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: &'t str,
    pub(crate) folded: String,
    pub(crate) made: Made,
    /// Stands right behind the token before.
    pub(crate) glued: bool,
    /// Begins with a capital.
    pub(crate) capital: bool,
    /// Begins a turn or a sentence, where a capital means nothing.
    pub(crate) opens: bool,
}

/// All tokens of the turns, in order.
pub(crate) struct Tokens<'t> {
    all: Vec<Token<'t>>,
    /// Where each turn begins, and one more.
    turns: Vec<usize>,
}

/// Marks over which two words are neighbours.
const MOST_MARKS: usize = 6;

/// A mark after which a sentence begins; not after these words, which are written with a point.
const SHORT: [&str; 14] = ["hr", "fr", "kl", "nr", "tlf", "reg", "sankt", "skt", "gl", "ndr", "sdr", "st", "dr", "ca"];

impl<'t> Tokens<'t> {
    pub(crate) fn cut(turns: &[Turn<'t>]) -> Self {
        let mut tokens = Self { all: Vec::new(), turns: vec![0] };
        for (turn, said) in turns.iter().enumerate() {
            tokens.cut_turn(turn, said.text);
            tokens.turns.push(tokens.all.len());
        }
        tokens
    }

    fn cut_turn(&mut self, turn: usize, text: &'t str) {
        let first = self.all.len();
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            if c.is_whitespace() {
                continue;
            }
            let made = made_of(c);
            let mut end = start + c.len_utf8();
            while let Some((at, next)) = chars.peek().copied() {
                if made == Made::Mark || made_of(next) != made {
                    break;
                }
                end = at + next.len_utf8();
                chars.next();
            }
            let piece = &text[start..end];
            let before = self.all[first..].last();
            let opens = match before {
                None => true,
                Some(mark) if mark.made == Made::Mark => match mark.text {
                    "?" | "!" | ":" | "…" => true,
                    "." => {
                        let word = self.all[first..].iter().rev().nth(1);
                        word.is_none_or(|word| {
                            word.made == Made::Word
                                && word.folded.chars().count() > 1
                                && !SHORT.contains(&&*word.folded)
                        })
                    }
                    "\"" | "»" | "“" | "-" | "–" => mark.opens,
                    _ => false,
                },
                Some(_) => false,
            };
            let glued = before.is_some_and(|before| before.end == start);
            let folded = if made == Made::Word { piece.to_lowercase() } else { String::new() };
            let capital = made == Made::Word && c.is_uppercase();
            // Lower case may be longer than what it was; then the places of its letters are not those of the text.
            match crate::digits::run_on(&folded).filter(|_| folded.len() == piece.len()) {
                Some(cut) => {
                    let middle = start + cut;
                    let first = Token {
                        turn,
                        start,
                        end: middle,
                        text: &piece[..cut],
                        folded: folded[..cut].to_owned(),
                        made,
                        glued,
                        capital,
                        opens,
                    };
                    let rest = Token {
                        start: middle,
                        end,
                        text: &piece[cut..],
                        folded: folded[cut..].to_owned(),
                        glued: true,
                        capital: false,
                        opens: false,
                        ..first
                    };
                    self.all.push(first);
                    self.all.push(rest);
                }
                None => self.all.push(Token { turn, start, end, text: piece, folded, made, glued, capital, opens }),
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Token<'t>> {
        self.all.get(at)
    }

    /// The tokens of a turn.
    pub(crate) fn of_turn(&self, turn: usize) -> std::ops::Range<usize> {
        let start = self.turns.get(turn).copied().unwrap_or(self.all.len());
        start..self.turns.get(turn + 1).copied().unwrap_or(self.all.len())
    }

    /// How many turns there are.
    pub(crate) fn turns(&self) -> usize {
        self.turns.len() - 1
    }

    /// Which turn token `at` belongs to; the last one beyond the end.
    pub(crate) fn turn(&self, at: usize) -> usize {
        self.all.get(at).map_or(self.turns().saturating_sub(1), |token| token.turn)
    }

    /// Token `at` as a folded word; empty if it is none.
    pub(crate) fn word(&self, at: usize) -> &str {
        self.all.get(at).map_or("", |token| &token.folded)
    }

    /// The word before `at`, within its turn, over marks; empty if there is none.
    pub(crate) fn word_before(&self, at: usize) -> &str {
        self.before(at).map_or("", |before| self.word(before))
    }

    /// The place of the word or digits before `at`, within its turn, over marks.
    pub(crate) fn before(&self, at: usize) -> Option<usize> {
        let turn = self.all.get(at)?.turn;
        let mut place = at;
        while place > 0 && at - place <= MOST_MARKS {
            place -= 1;
            let token = &self.all[place];
            if token.turn != turn {
                return None;
            }
            if token.made != Made::Mark {
                return Some(place);
            }
        }
        None
    }

    /// The place of the word or digits behind `at`, within its turn, over marks.
    pub(crate) fn after(&self, at: usize) -> Option<usize> {
        let turn = self.all.get(at)?.turn;
        (at + 1..self.all.len())
            .take_while(|place| self.all[*place].turn == turn && place - at <= MOST_MARKS + 1)
            .find(|place| self.all[*place].made != Made::Mark)
    }

    /// Token `at` as digits; empty if it is none.
    pub(crate) fn digits(&self, at: usize) -> &'t str {
        match self.all.get(at) {
            Some(token) if token.made == Made::Digits => token.text,
            _ => "",
        }
    }

    /// Token `at` as a mark; empty if it is none.
    pub(crate) fn mark(&self, at: usize) -> &'t str {
        match self.all.get(at) {
            Some(token) if token.made == Made::Mark => token.text,
            _ => "",
        }
    }

    pub(crate) fn glued(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|token| token.glued)
    }

    pub(crate) fn capital(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|token| token.capital)
    }

    /// A capital in the middle of a sentence.
    pub(crate) fn stands_out(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|token| token.capital && !token.opens)
    }

    /// Whether `at` and `next` belong to one turn.
    pub(crate) fn same_turn(&self, at: usize, next: usize) -> bool {
        matches!((self.all.get(at), self.all.get(next)), (Some(a), Some(b)) if a.turn == b.turn)
    }

    /// The tokens from `from` up to, not with, `to` as a text.
    pub(crate) fn text(&self, from: usize, to: usize) -> String {
        let mut text = String::new();
        for token in self.all.iter().take(to).skip(from) {
            if !text.is_empty() && !token.glued {
                text.push(' ');
            }
            text.push_str(token.text);
        }
        text
    }

    /// Where the tokens from `from` up to, not with, `to` stand: one place for each turn they lie in.
    pub(crate) fn passages(&self, from: usize, to: usize) -> Vec<Passage> {
        let mut passages: Vec<Passage> = Vec::new();
        for token in self.all.iter().take(to).skip(from) {
            match passages.last_mut() {
                Some(place) if place.turn == token.turn => place.end = token.end,
                _ => passages.push(Passage { turn: token.turn, start: token.start, end: token.end }),
            }
        }
        passages
    }
}

fn made_of(c: char) -> Made {
    if c.is_ascii_digit() {
        Made::Digits
    } else if c.is_alphabetic() || is_combining(c) {
        Made::Word
    } else {
        Made::Mark
    }
}

/// Accents that stand behind their letter.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}
