//! Text as guards compare it: words with their place, and stems that survive grammar and a recogniser's spelling.
//!
//! Pure and total. A stem is no dictionary form: it is what two forms of one word have in common ("flyttede", "flytter",
//! "flyttet" give "flyt"), good enough to ask whether two texts are about the same thing, never shown to anybody.
//!
//! Not done here: no grammar, no meaning.

use crate::lexicon::Lexicon;
use std::ops::Range;

/// One word of a text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Bytes of the text.
    pub(crate) span: Range<usize>,
    /// In small letters.
    pub(crate) lower: String,
    /// What its forms have in common.
    pub(crate) stem: String,
    /// Begins with a capital.
    pub(crate) is_capital: bool,
    /// Begins a sentence, or stands behind a colon or an opening mark, where a capital says nothing.
    pub(crate) is_first: bool,
    /// A comma, full stop or the like stands before it, or a word that joins clauses.
    pub(crate) begins_clause: bool,
}

impl Word {
    /// Whether it says what a sentence is about.
    pub(crate) fn is_content(&self, lexicon: &Lexicon) -> bool {
        let has_letters = self.lower.chars().any(char::is_alphabetic);
        has_letters && self.lower.chars().count() > 1 && !lexicon.function_words.contains(&self.lower)
    }
}

/// The words of a text, in order. Digits with their separators are one word.
pub(crate) fn words(text: &str, lexicon: &Lexicon) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let (mut first, mut clause) = (true, true);
    let mut at = 0;
    // A recogniser may leave out every mark; then a subject and its verb begin a clause.
    let is_bare = !text.trim_end_matches(['.', '?', '!']).contains(['.', ',', '?', '!', ';', ':']);
    while let Some(start) = text[at..].find(|c: char| c.is_alphanumeric()).map(|found| at + found) {
        for mark in text[at..start].chars() {
            match mark {
                '.' | '!' | '?' | ':' | '»' | '"' | '“' | '\n' | '…' => (first, clause) = (true, true),
                ',' | ';' | '–' | '(' | ')' => clause = true,
                _ => {}
            }
        }
        let end = end_of_word(text, start);
        let written = &text[start..end];
        let mut lower = written.to_lowercase();
        if let Some(not) = lexicon.negation.misheard(&lower, &lexicon.function_words) {
            not.clone_into(&mut lower);
        }
        let before = words.last().map(|before| before.lower.as_str());
        if lexicon.joins.contains(&lower) {
            clause = true;
        } else if is_bare
            && lexicon.finite.contains(&lower)
            && before.is_some_and(|before| lexicon.subjects.contains(before))
            && let Some(subject) = words.last_mut()
        {
            subject.begins_clause = true;
        }
        let stem = stem(&lower, lexicon);
        let is_capital = written.starts_with(char::is_uppercase);
        words.push(Word { span: start..end, lower, stem, is_capital, is_first: first, begins_clause: clause });
        (first, clause) = (false, false);
        at = end;
    }
    words
}

/// Letters and digits, and between two of them a hyphen, an apostrophe, or between digits a separator.
fn end_of_word(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut letters = text[start..].char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter.is_alphanumeric() {
            end = start + at + letter.len_utf8();
            continue;
        }
        let before = text[start..start + at].chars().next_back();
        let behind = letters.peek().map(|(_, next)| *next);
        let (Some(before), Some(behind)) = (before, behind) else { break };
        let joins = match letter {
            '-' | '\u{2019}' | '\'' => before.is_alphanumeric() && behind.is_alphanumeric(),
            '.' | ',' | ':' | '/' => before.is_ascii_digit() && behind.is_ascii_digit(),
            _ => false,
        };
        if !joins {
            break;
        }
    }
    end
}

/// Never shorter than this.
const SHORTEST_STEM: usize = 3;

/// What the forms of a word have in common.
pub(crate) fn stem(lower: &str, lexicon: &Lexicon) -> String {
    if let Some(stem) = lexicon.irregular.get(lower) {
        return stem.clone();
    }
    let mut stem = lower;
    let letters = lower.chars().count();
    for ending in &lexicon.endings {
        if let Some(rest) = stem.strip_suffix(ending.as_str())
            && letters - ending.chars().count() >= SHORTEST_STEM
        {
            stem = rest;
            break;
        }
    }
    let mut stem = stem.to_owned();
    let mut back = stem.chars().rev();
    if let (Some(last), Some(before)) = (back.next(), back.next())
        && last == before
        && stem.chars().count() > SHORTEST_STEM
    {
        stem.pop();
    }
    stem
}

/// Letters that two stems must have in common at the beginning to be about the same thing.
const COMMON: usize = 5;

/// Whether two stems are about the same thing: equal, one the beginning of the other, or one a part of a compound.
pub(crate) fn akin(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let letters = short.chars().count();
    if letters >= COMMON && long.contains(short) {
        return true;
    }
    let common = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    common >= COMMON && common * 4 >= letters * 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use referent_itn::Language;

    #[test]
    fn words_know_their_place() {
        let lexicon = Lexicon::of(Language::Danish);
        let text = "Borgeren: »Jeg fik 12.500 kr., men d. 3.5.2026 kom Mette-Marie ikke.«";
        let found: Vec<&str> = words(text, lexicon).iter().map(|word| &text[word.span.clone()]).collect();
        assert_eq!(
            found,
            ["Borgeren", "Jeg", "fik", "12.500", "kr", "men", "d", "3.5.2026", "kom", "Mette-Marie", "ikke"]
        );
        let words = words(text, lexicon);
        assert!(words[1].is_first && !words[9].is_first && words[9].is_capital);
        assert!(words[5].begins_clause && !words[6].begins_clause);
    }

    #[test]
    fn forms_of_a_word_are_akin() {
        let check = |language, one: &str, other: &str, expected: bool| {
            let lexicon = Lexicon::of(language);
            let stems = (stem(one, lexicon), stem(other, lexicon));
            assert_eq!(akin(&stems.0, &stems.1), expected, "{one} {other}: {stems:?}");
        };
        for (one, other) in [
            ("flyttede", "flytter"),
            ("flyttet", "flytte"),
            ("boligstøtten", "boligstøtte"),
            ("barselsdagpenge", "dagpengene"),
            ("folkepension", "pension"),
            ("fik", "får"),
            ("brevet", "brev"),
            ("ansøgning", "ansøgningen"),
            ("lejekontrakten", "lejekontrakt"),
        ] {
            check(Language::Danish, one, other, true);
        }
        for (one, other) in [("boligen", "pensionen"), ("mand", "mandag"), ("ringer", "ringe"), ("moder", "møde")] {
            check(Language::Danish, one, other, one == "ringer");
        }
        check(Language::English, "moved", "moving", true);
        check(Language::English, "letters", "letter", true);
        check(Language::English, "rent", "pension", false);
    }
}
