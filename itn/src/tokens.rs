//! Cuts a text into words, digits and marks, and each word into the parts of numbers it is made of.
//!
//! In: a text and its language. Out: [`Tokens`], of which everything else asks by index; beyond the end there is
//! nothing, so that no question can fail.
//!
//! Words are folded once: lower case, "é" as "e", and in Danish the older "aa" as "å". A word that is a number, or part
//! of one, has [`Atom`]s: "femogtyve" is five, and, twenty. Any other word has none. What only fills a pause ("øh") is
//! no token, with the commas around it: "den, øh, tredje" is "den tredje".
//!
//! Not done here: what the atoms mean together.

use std::ops::Range;

use crate::Language;
use crate::cardinals::{self, Cardinal, da, en};

/// What a token is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Letters; an apostrophe between letters is one.
    Word,
    /// Digits from 0 to 9.
    Digits,
    /// One other character.
    Mark,
}

/// The smallest part of a number in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Atom {
    /// Nul.
    Zero,
    /// 1 to 9.
    Unit(u8),
    /// 10 to 19.
    Teen(u8),
    /// 20, 30, … 90.
    Ten(u8),
    /// What follows "halv" where a recogniser split "halvtreds": 50, 70 or 90.
    Stump(u8),
    /// "halv".
    Half,
    /// 100.
    Hundred,
    /// A thousand and more.
    Scale(u64),
    /// "og".
    And,
    /// "a", before hundred and larger.
    Article,
    /// First to nineteenth.
    NthUnit(u8),
    /// Twentieth, thirtieth, … ninetieth.
    NthTen(u8),
    /// Hundredth and larger.
    NthScale(u64),
}

#[derive(Clone)]
struct Token {
    span: Range<usize>,
    folded: Range<usize>,
    atoms: Range<usize>,
    kind: Kind,
    glued: bool,
    accented: bool,
}

/// A text, cut. It is speech, so it does not print.
#[derive(Clone)]
pub struct Tokens<'t> {
    text: &'t str,
    language: Language,
    folded: String,
    all: Vec<Token>,
    atoms: Vec<Atom>,
    /// What whole number begins at each token: all readers ask, and it is read once.
    cardinals: Vec<Option<Cardinal>>,
}

impl<'t> Tokens<'t> {
    /// Cuts `text`.
    pub fn new(text: &'t str, language: Language) -> Self {
        let mut cut = Self {
            text,
            language,
            folded: String::with_capacity(text.len()),
            all: Vec::with_capacity(text.len() / 5),
            atoms: Vec::new(),
            cardinals: Vec::new(),
        };
        let mut rest = text.char_indices().peekable();
        let (mut end, mut filled) = (0, false);
        while let Some((start, first)) = rest.next() {
            if first.is_whitespace() {
                continue;
            }
            let glued = start == end && !cut.all.is_empty();
            let kind = match first {
                _ if first.is_ascii_digit() => Kind::Digits,
                _ if first.is_alphabetic() => Kind::Word,
                _ => Kind::Mark,
            };
            let folded = cut.folded.len();
            let mut accented = cut.fold(first, kind, folded);
            end = start + first.len_utf8();
            while let Some((at, next)) = rest.peek().copied() {
                let joins = match kind {
                    Kind::Digits => next.is_ascii_digit(),
                    Kind::Word => {
                        next.is_alphabetic()
                            || is_apostrophe(next) && text[at + next.len_utf8()..].starts_with(char::is_alphabetic)
                    }
                    Kind::Mark => false,
                };
                if !joins {
                    break;
                }
                accented |= cut.fold(next, kind, folded);
                end = at + next.len_utf8();
                rest.next();
            }
            if kind == Kind::Word && cut.is_filler(folded) {
                cut.folded.truncate(folded);
                filled = cut.part_with_comma();
                continue;
            }
            if std::mem::take(&mut filled) && first == ',' {
                continue;
            }
            let folded = folded..cut.folded.len();
            let atoms = cut.atoms.len();
            if kind == Kind::Word {
                match language {
                    Language::Danish => da::atoms(&cut.folded[folded.clone()], &mut cut.atoms),
                    Language::English => en::atoms(&cut.folded[folded.clone()], &mut cut.atoms),
                }
            }
            let atoms = atoms..cut.atoms.len();
            cut.all.push(Token { span: start..end, folded, atoms, kind, glued, accented });
        }
        cut.cardinals = (0..cut.len()).map(|at| cardinals::parsed(&cut, at)).collect();
        cut
    }

    /// Whether the word at the end of `folded` only fills a pause.
    fn is_filler(&self, from: usize) -> bool {
        let word = &self.folded[from..];
        match self.language {
            Language::Danish => matches!(word, "øh" | "øhm" | "øhh" | "øøh" | "æh" | "eh" | "ehm" | "hm" | "hmm"),
            Language::English => matches!(word, "uh" | "uhm" | "um" | "umm" | "erm" | "hm" | "hmm"),
        }
    }

    /// A comma before a filler goes with it, and then the one behind it does.
    fn part_with_comma(&mut self) -> bool {
        let comma = self.all.len().checked_sub(1).is_some_and(|last| self.mark(last) == Some(','));
        if comma {
            self.all.pop();
        }
        comma
    }

    /// Writes `c` folded; says whether it had an accent. The token begins at `from`: "fra august" has no å.
    fn fold(&mut self, c: char, kind: Kind, from: usize) -> bool {
        if kind != Kind::Word {
            return false;
        }
        let mut accented = false;
        for c in c.to_lowercase() {
            match c {
                'é' | 'è' => {
                    self.folded.push('e');
                    accented = true;
                }
                'a' if self.language == Language::Danish && self.folded[from..].ends_with('a') => {
                    self.folded.pop();
                    self.folded.push('å');
                }
                '’' => self.folded.push('\''),
                c => self.folded.push(c),
            }
        }
        accented
    }

    /// The text that was cut.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Its language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What token `at` is.
    pub fn kind(&self, at: usize) -> Option<Kind> {
        self.all.get(at).map(|token| token.kind)
    }

    /// Token `at` as a folded word; empty if it is none.
    pub fn word(&self, at: usize) -> &str {
        self.all.get(at).map_or("", |token| &self.folded[token.folded.clone()])
    }

    /// Token `at` as digits; empty if it is none.
    pub fn digits(&self, at: usize) -> &'t str {
        match self.all.get(at) {
            Some(token) if token.kind == Kind::Digits => &self.text[token.span.clone()],
            _ => "",
        }
    }

    /// Token `at` as a mark.
    pub fn mark(&self, at: usize) -> Option<char> {
        match self.all.get(at) {
            Some(token) if token.kind == Kind::Mark => self.text[token.span.clone()].chars().next(),
            _ => None,
        }
    }

    /// Whether token `at` stands right behind the one before.
    pub fn glued(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|token| token.glued)
    }

    /// Whether token `at` is a word right behind the token before, as in "20k".
    pub fn glued_word(&self, at: usize) -> bool {
        self.glued(at) && self.kind(at) == Some(Kind::Word)
    }

    /// Whether token `at` carries an accent, as "én" does.
    pub fn accented(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|token| token.accented)
    }

    /// Whether token `at` begins with a capital.
    pub fn capital(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|token| self.text[token.span.clone()].starts_with(char::is_uppercase))
    }

    /// The parts of a number that token `at` is made of.
    pub fn atoms(&self, at: usize) -> &[Atom] {
        self.all.get(at).map_or(&[], |token| &self.atoms[token.atoms.clone()])
    }

    /// The whole number in words that begins at token `at`.
    pub(crate) fn cardinal(&self, at: usize) -> Option<Cardinal> {
        self.cardinals.get(at).copied().flatten()
    }

    /// Where the tokens from `from` up to, not with, `to` stand in the text.
    pub fn span(&self, from: usize, to: usize) -> Range<usize> {
        let start = self.all.get(from).map_or(self.text.len(), |token| token.span.start);
        let end = to.checked_sub(1).and_then(|last| self.all.get(last)).map_or(start, |token| token.span.end);
        start..end.max(start)
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let tokens = Tokens::new(text, Language::Danish);
        let shown: Vec<String> = (0..tokens.len())
            .map(|at| {
                let glue = if tokens.glued(at) { "+" } else { "" };
                match tokens.kind(at) {
                    Some(Kind::Word) => format!("{glue}{}{:?}", tokens.word(at), tokens.atoms(at)).replace("[]", ""),
                    _ => format!("{glue}{}", &text[tokens.span(at, at + 1)]),
                }
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn words_digits_and_marks_are_told_apart() {
        check("Kl. 14.30!", &["kl", "+.", "14", "+.", "+30", "+!"]);
        check("Én Aabenraa 8-tiden", &["en[Unit(1)]", "åbenrå", "8", "+-", "+tiden"]);
        check("  o'clock 1960'erne ", &["o'clock", "1960", "+'", "+erne"]);
        check("fra august", &["fra", "august"]);
        check("den, øh, tredje", &["den", "tredje[NthUnit(3)]"]);
        check("", &[]);
    }

    #[test]
    fn only_whole_words_are_parts_of_numbers() {
        check("femogtyve", &["femogtyve[Unit(5), And, Ten(20)]"]);
        check("femog tyve", &["femog[Unit(5), And]", "tyve[Ten(20)]"]);
        for word in ["enig", "toget", "firma", "femmeren", "tresserne", "entre", "tien", "hundredet", "tusindvis"] {
            check(word, &[word]);
        }
    }

    #[test]
    fn beyond_the_end_there_is_nothing() {
        let tokens = Tokens::new("fem", Language::Danish);
        assert_eq!((tokens.word(1), tokens.digits(9), tokens.mark(9), tokens.span(7, 9)), ("", "", None, 3..3));
    }
}
