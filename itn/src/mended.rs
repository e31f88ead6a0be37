//! Guesses what a recogniser garbled: number words, months and weekdays that are wrong by a letter, an ending or a blank.
//!
//! In: a text as it was heard. Out: the text with "fjorter tusind" as "fjorten tusind" and "aprel" as "april", or nothing if
//! there is nothing to mend. It is a second reading for whoever asks whether a value *may* have been said; the first stays
//! what was heard.
//!
//! Promises:
//!   N3  A word that is a number word, a month or a weekday stays, and so does one that is near to two of them.
//!   N4  No word is put in: what was not heard at all is not guessed.
//!
//! Short words sound like many others. They are mended only beside a number or a word that leads to one.
//!
//! Not done here: nothing but numbers and dates is mended, and no digits are.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::Language;
use crate::cardinals::{da, en};
use crate::months;
use crate::sound::Sound;
use crate::tokens::Atom::{self, And, Article, NthScale, NthTen, NthUnit, Stump};

static DANISH: LazyLock<Known> = LazyLock::new(|| Known::of(Language::Danish));
static ENGLISH: LazyLock<Known> = LazyLock::new(|| Known::of(Language::English));

/// Of a word's sounds so much may be heard otherwise.
const TOLERANCE: f64 = 0.2;
/// And never more than this.
const MOST: f64 = 1.5;
/// So much nearer than any other word the right one has to be.
const MARGIN: f64 = 0.5;
/// Letters from which a word is mended wherever it stands.
const LONG: usize = 6;
/// Bytes of the longest word that is mended.
const LONGEST: usize = 32;
/// Letters that a word keeps where its ending is heard wrong, and how many an ending has.
const KEPT: usize = 4;
const ENDING: usize = 2;

/// The words that numbers and dates are made of.
struct Known {
    language: Language,
    words: Vec<KnownWord>,
    written: HashSet<String>,
    small: HashSet<&'static str>,
    leads: HashSet<&'static str>,
    counted: HashSet<&'static str>,
}

struct KnownWord {
    text: String,
    letters: Vec<char>,
    sound: Sound,
    meaning: Meaning,
}

/// Two spellings of one number are one word.
#[derive(Clone, PartialEq, Eq)]
enum Meaning {
    Number(Vec<Atom>),
    Calendar(String),
}

/// Words that join, fill and point. They are never mended: each is near to some number word.
const SMALL_DANISH: &str = "og det er så at jeg du der på en et for af som var men om nu her jo da med til vi den de han hun i \
     har kan skal vil må ikke ja nej hvad hvis når kun mere end min din sin dag dage få får fik før efter fra frem hos ved \
     under over ind ud op ned eller også bare helt lige ret set sig mig dig os dem tak kom går gik tog tre to fri først";
const SMALL_ENGLISH: &str = "and the a an is it i you he she we they of to in on at for from by with so but that this was are \
     be have has had not no yes do did can will my your his her our their there here then than if or as up out off too very \
     just now get got go one two for four teen ate won tree free thing think third";
/// Before or behind a number.
const LEADS_DANISH: &str = "den de dem d nummer nr klokken kl komma cirka omkring mindst højst";
const LEADS_ENGLISH: &str = "the of number nr point about past o'clock";
/// What a number behind which they stand counts.
const COUNTED_DANISH: &str = "kroner krone kr øre procent pct dage uger måneder år timer minutter gange kvadratmeter";
const COUNTED_ENGLISH: &str = "kroner krone percent days weeks months years hours minutes times";

impl Known {
    fn of(language: Language) -> Self {
        let mut written: Vec<String> = match language {
            Language::Danish => da::words().map(str::to_owned).chain(compounds()).collect(),
            Language::English => en::words().map(str::to_owned).collect(),
        };
        // Few say "femti" or "een", and much is near to them.
        let is_rare = |word: &str| {
            language == Language::Danish && (word.len() > 2 && word.ends_with("ti") || matches!(word, "een" | "eet"))
        };
        written.retain(|word| {
            !is_rare(word) && !matches!(atoms(word, language)[..], [] | [And | Article | Stump(_) | NthScale(_)])
        });
        let numbers = written.into_iter().map(|text| {
            let meaning = Meaning::Number(atoms(&text, language));
            (text, meaning)
        });
        let calendar = months::months(language).into_iter().map(|names| names[0]).chain(months::weekdays(language));
        let calendar = calendar.map(|name| (name.to_owned(), Meaning::Calendar(name.to_owned())));
        let words: Vec<KnownWord> = numbers
            .chain(calendar)
            .map(|(text, meaning)| KnownWord {
                letters: text.chars().collect(),
                sound: Sound::of(&text),
                meaning,
                text,
            })
            .collect();
        let [small, leads, counted] = match language {
            Language::Danish => [SMALL_DANISH, LEADS_DANISH, COUNTED_DANISH],
            Language::English => [SMALL_ENGLISH, LEADS_ENGLISH, COUNTED_ENGLISH],
        }
        .map(|words| words.split_whitespace().collect());
        Self { language, written: words.iter().map(|word| word.text.clone()).collect(), words, small, leads, counted }
    }

    /// Whether nothing has to be mended in it.
    fn is_right(&self, word: &str) -> bool {
        let is_weekday = |day: &str| word.strip_prefix(day).is_some_and(|end| matches!(end, "s" | "e" | "en" | "ene"));
        self.is_written(word)
            || months::weekdays(self.language).into_iter().any(is_weekday)
            || self.small.contains(word)
            || self.leads.contains(word)
            || self.counted.contains(word)
            || months::named(word, self.language).is_some()
    }

    fn is_written(&self, word: &str) -> bool {
        self.written.contains(word) || !atoms(word, self.language).is_empty()
    }

    /// Whether numbers stand beside it.
    fn leads(&self, word: &str) -> bool {
        self.leads.contains(word) || self.counted.contains(word) || self.is_written(word) || self.is_month(word)
    }

    /// The one word that this may have been, between these two.
    fn nearest(&self, word: &str, before: Option<&str>, behind: Option<&str>) -> Option<&KnownWord> {
        let letters: Vec<char> = word.chars().collect();
        let beside_a_number = [before, behind].iter().flatten().any(|word| self.leads(word));
        if letters.len() < LONG - 1 && !beside_a_number {
            return None;
        }
        let sound = Sound::of(word);
        let counts = behind.is_some_and(|behind| self.counted.contains(behind) || is_multiplier(behind));
        let of_a_month = !counts && (before == Some("den") || behind.is_some_and(|behind| self.is_month(behind)));
        let fits = |known: &&KnownWord| {
            known.letters.len().abs_diff(letters.len()) <= ENDING
                && (known.letters.len() > 2 || letters.len() == 2)
                && known.sound.begins_like(&sound)
                && (if counts { known.is_cardinal() } else { !(of_a_month && known.is_cardinal()) })
        };
        let mut near: Vec<(f64, &KnownWord)> =
            self.words.iter().filter(fits).map(|known| (known.distance(&letters, &sound), known)).collect();
        near.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (distance, best) = *near.first()?;
        let is_alone = near.iter().all(|(other, known)| known.meaning == best.meaning || *other >= distance + MARGIN);
        let is_close = distance <= MARGIN && matches!(best.meaning, Meaning::Calendar(_));
        let may_stand_anywhere =
            !best.is_nth() && letters.len() >= LONG - 1 && (best.letters.len() >= LONG || is_close);
        #[expect(clippy::cast_precision_loss, reason = "words have few letters")]
        let allowed = (best.sound.len().max(sound.len()) as f64 * TOLERANCE).clamp(MARGIN, MOST);
        (distance <= allowed && is_alone && (may_stand_anywhere || beside_a_number)).then_some(best)
    }

    fn is_month(&self, word: &str) -> bool {
        months::named(word, self.language).is_some()
    }

    /// Third, twentieth: what a month may follow.
    fn is_nth(&self, word: &str) -> bool {
        matches!(atoms(word, self.language)[..], [.., NthUnit(_) | NthTen(_)])
    }

    /// "I tag" is "i dag".
    fn day(&self, word: &str) -> Option<&'static str> {
        const DAYS: [&str; 5] = ["dag", "år", "morgen", "aften", "går"];
        let sound = Sound::of(word);
        let near = |day: &&str| Sound::of(day).distance(&sound) <= MARGIN && Sound::of(day).begins_like(&sound);
        let mut days = DAYS.into_iter().filter(near).filter(|_| self.language == Language::Danish);
        days.next().filter(|_| days.next().is_none())
    }
}

impl KnownWord {
    /// How far what was heard is from it; another ending is as much as another letter.
    fn distance(&self, letters: &[char], sound: &Sound) -> f64 {
        let kept = self.letters.iter().zip(letters).take_while(|(one, other)| one == other).count();
        let least = if matches!(self.meaning, Meaning::Calendar(_)) { KEPT + 1 } else { KEPT };
        let other_ending = kept >= least && self.letters.len() - kept <= ENDING && letters.len() - kept <= ENDING;
        let heard = self.sound.distance(sound);
        if other_ending { heard.min(1.0) } else { heard }
    }

    /// How many, not which: no day and no name.
    fn is_cardinal(&self) -> bool {
        matches!(&self.meaning, Meaning::Number(atoms) if !matches!(atoms[..], [.., NthUnit(_) | NthTen(_)]))
    }

    /// Short ones are other words' neighbours: "fjerne", "tænde".
    fn is_nth(&self) -> bool {
        matches!(&self.meaning, Meaning::Number(atoms) if matches!(atoms[..], [NthUnit(_) | NthTen(_)]))
    }
}

fn atoms(word: &str, language: Language) -> Vec<Atom> {
    let mut atoms = Vec::new();
    match language {
        Language::Danish => da::atoms(word, &mut atoms),
        Language::English => en::atoms(word, &mut atoms),
    }
    atoms
}

/// "Enogtyve" to "nioghalvfems", and the days of a month.
fn compounds() -> impl Iterator<Item = String> {
    const UNITS: [&str; 9] = ["en", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni"];
    const TENS: [&str; 10] =
        ["tyve", "tredive", "fyrre", "halvtreds", "tres", "halvfjerds", "firs", "halvfems", "tyvende", "tredivte"];
    UNITS.iter().flat_map(|unit| TENS.iter().map(move |ten| format!("{unit}og{ten}")))
}

/// A word of the text, and what stands before it.
struct Piece {
    gap: String,
    word: String,
    lower: String,
    is_written: bool,
    is_right: bool,
}

impl Piece {
    /// Only a blank or a hyphen parts it from the one before.
    fn follows(&self) -> bool {
        matches!(&*self.gap, " " | "-")
    }

    fn of(gap: &str, word: &str, known: &Known) -> Self {
        let lower = word.to_lowercase();
        let is_written = known.is_written(&lower);
        let is_right = is_written || lower.len() > LONGEST || known.is_right(&lower);
        Self { gap: gap.to_owned(), word: word.to_owned(), lower, is_written, is_right }
    }

    fn becomes(&mut self, word: &str, known: &Known) {
        *self = Self::of(&self.gap, word, known);
    }
}

/// The text with what was garbled mended; `None` if nothing was.
pub fn mended(text: &str, language: Language) -> Option<String> {
    let known: &Known = match language {
        Language::Danish => &DANISH,
        Language::English => &ENGLISH,
    };
    let (pieces, end) = pieces(text, known);
    let mut pieces = part(join(pieces, known), known);
    hear(&mut pieces, known);
    let pieces = drop_between(pieces, known);
    let mut mended: String = pieces.iter().flat_map(|piece| [&*piece.gap, &*piece.word]).collect();
    mended.push_str(end);
    (mended != text).then_some(mended)
}

fn pieces<'t>(text: &'t str, known: &Known) -> (Vec<Piece>, &'t str) {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphabetic) {
        let end = rest[start..].find(|c: char| !c.is_alphabetic() && c != '\'').map_or(rest.len(), |at| start + at);
        pieces.push(Piece::of(&rest[..start], &rest[start..end], known));
        rest = &rest[end..];
    }
    (pieces, rest)
}

/// "att ende" is one word.
fn join(pieces: Vec<Piece>, known: &Known) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let whole = joined
            .last()
            .filter(|last| piece.gap == " " && !(last.is_right && piece.is_right))
            .map(|last| [&*last.lower, &*piece.lower].concat());
        let whole = whole.filter(|whole| whole.chars().count() >= LONG - 1 && known.written.contains(whole));
        match (joined.last_mut(), whole) {
            (Some(last), Some(whole)) => last.becomes(&whole, known),
            _ => joined.push(piece),
        }
    }
    joined
}

/// "påelleve" is two.
fn part(pieces: Vec<Piece>, known: &Known) -> Vec<Piece> {
    let mut parted = Vec::with_capacity(pieces.len());
    let mut rest = pieces.into_iter().peekable();
    while let Some(mut piece) = rest.next() {
        let behind = rest.peek().filter(|next| next.follows()).map(|next| &*next.lower);
        let halves = if piece.is_right { None } else { halves(&piece.lower, behind, known) };
        if let Some((left, right)) = halves {
            piece.becomes(&left, known);
            parted.push(piece);
            piece = Piece::of(" ", &right, known);
        }
        parted.push(piece);
    }
    parted
}

fn halves(word: &str, behind: Option<&str>, known: &Known) -> Option<(String, String)> {
    let halves = word.char_indices().skip(1).find_map(|(at, _)| {
        let (left, right) = word.split_at(at);
        let letters = right.chars().count();
        let right = if known.written.contains(right) {
            right
        } else if known.written.contains(left) && letters >= LONG - 1 {
            &*known.nearest(right, Some(left), behind)?.text
        } else {
            return None;
        };
        let is_word = known.small.contains(left) || known.written.contains(left);
        let is_two = letters >= LONG || is_word && (letters > 2 || behind.is_some_and(is_multiplier));
        is_two.then(|| (left.to_owned(), right.to_owned()))
    });
    halves.filter(|_| known.nearest(word, None, None).is_none())
}

/// "fjorter" is "fjorten".
fn hear(pieces: &mut [Piece], known: &Known) {
    for at in 0..pieces.len() {
        let lower = &pieces[at].lower;
        let letters = lower.chars().count();
        if letters < 2 || pieces[at].is_right {
            continue;
        }
        let before = at.checked_sub(1).filter(|_| pieces[at].follows()).map(|before| &*pieces[before].lower);
        let behind = pieces.get(at + 1).filter(|next| next.follows()).map(|next| &*next.lower);
        let is_between = [before, behind].iter().all(|word| word.is_some_and(|word| known.is_written(word)));
        let and =
            known.language == Language::Danish && letters <= 4 && (lower.starts_with("og") || lower.starts_with("åg"));
        let heard = if is_between && and {
            Some("og")
        } else if let Some(day) = Some(lower).filter(|_| before == Some("i")).and_then(|word| known.day(word)) {
            Some(day)
        } else if letters > 2 || behind.is_some_and(is_multiplier) {
            known.nearest(lower, before, behind).map(|word| &*word.text)
        } else {
            None
        };
        if let Some(heard) = heard {
            pieces[at].becomes(heard, known);
        }
    }
}

/// "tretten du tusind", "den femtende nu oktober": a small word within a number or a date was put in.
fn drop_between(pieces: Vec<Piece>, known: &Known) -> Vec<Piece> {
    const STAY: [&str; 11] = ["og", "eller", "til", "en", "et", "and", "or", "to", "a", "i", "of"];
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut rest = pieces.into_iter().peekable();
    while let Some(here) = rest.next() {
        let is_put_in = kept.last().zip(rest.peek()).is_some_and(|(left, right)| {
            here.follows()
                && right.follows()
                && known.small.contains(&*here.lower)
                && !here.is_written
                && !STAY.contains(&&*here.lower)
                && (within_number(left, right) || known.is_nth(&left.lower) && known.is_month(&right.lower))
        });
        if !is_put_in {
            kept.push(here);
        }
    }
    kept
}

fn within_number(left: &Piece, right: &Piece) -> bool {
    left.is_written && right.is_written && (is_multiplier(&left.lower) || is_multiplier(&right.lower))
}

/// A number is made larger by it.
fn is_multiplier(word: &str) -> bool {
    ["hundrede", "hundred", "tusind", "tusinde", "thousand", "million", "millioner"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_to_one_word_only_is_that_word() {
        let check = |text: &str, expected: &str| {
            assert_eq!(mended(text, Language::Danish).as_deref(), Some(expected), "{text}");
        };
        check("Den er fjorter tusind to hundrede.", "Den er fjorten tusind to hundrede.");
        check("otte tusind, niogdyvende aprel", "otte tusind, niogtyvende april");
        check("sekstusend ni hundredæ kroner", "seks tusind ni hundrede kroner");
        check("den att ende august", "den attende august");
        check("hun er påelleve", "hun er på elleve");
        check("tretten du tusind", "tretten tusind");
        check("fæm dage", "fem dage");
        check("den enogtredivne marts", "den enogtredivte marts");
        check("enogtredivne tusind", "enogtredive tusind");
        check("den femtende nu oktobeen", "den femtende oktober");
        check("Jeg ringer i tag.", "Jeg ringer i dag.");
        check("lukkede i mards", "lukkede i marts");
        check("ott tusind", "otte tusind");
    }

    #[test]
    fn what_is_right_or_near_to_two_words_stays() {
        let check = |text: &str| assert_eq!(mended(text, Language::Danish), None, "{text}");
        for text in [
            "Huslejen er otte tusind fire hundrede og femogtyve kroner fra den første maj.",
            "Min mand fjerner ferien og tænder lyset om mandagen.",
            "fer kroner",
            "fem, der tusind andre har",
            "mellem fem og seks tusind",
            "",
        ] {
            check(text);
        }
    }

    #[test]
    fn english_is_mended_by_its_own_words() {
        let check = |text: &str, expected: &str| {
            assert_eq!(mended(text, Language::English).as_deref(), Some(expected), "{text}");
        };
        check("eighty-foor, sixteen", "eighty-four, sixteen");
        check("the ferst of Fepruary", "the first of february");
        check("twothousand kroner", "two thousand kroner");
        assert_eq!(mended("I was there from four to five for a thousand kroner.", Language::English), None);
    }
}
