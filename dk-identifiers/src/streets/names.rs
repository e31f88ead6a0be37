//! Where the name of a street begins and ends.
//!
//! In: tokens and the place of one. Out: the [`Street`] that ends with that word.

use super::numbers;
use crate::ear::one_slip;
use crate::lists;
use crate::tokens::{Made, Tokens};

pub(super) struct Street {
    pub(super) from: usize,
    pub(super) to: usize,
    /// It is a street even without a number.
    pub(super) certain: bool,
}

/// Ends that only streets have; a number is not needed where the word stands as a street does.
const STREETS: [&str; 30] = [
    "vej",
    "vejen",
    "gade",
    "gaden",
    "allé",
    "alléen",
    "alleen",
    "stræde",
    "strædet",
    "vænge",
    "vænget",
    "boulevard",
    "boulevarden",
    "plads",
    "pladsen",
    "torv",
    "torvet",
    "parken",
    "stien",
    "toften",
    "bakken",
    "vangen",
    "krogen",
    "løkken",
    "svinget",
    "kæret",
    "engen",
    "boulevarder",
    "esplanaden",
    "promenaden",
];
/// Ends that other words have too: only with a number behind.
const PERHAPS: [&str; 62] = [
    "alle",
    "park",
    "have",
    "haven",
    "bakke",
    "lund",
    "lunden",
    "skov",
    "skoven",
    "toft",
    "ager",
    "ageren",
    "sti",
    "vang",
    "eng",
    "mose",
    "mosen",
    "krog",
    "kaj",
    "kajen",
    "brygge",
    "bryggen",
    "gård",
    "gården",
    "høj",
    "højen",
    "dal",
    "dalen",
    "bro",
    "broen",
    "havn",
    "havnen",
    "husene",
    "ringen",
    "ring",
    "buen",
    "bue",
    "banken",
    "diget",
    "gyde",
    "gyden",
    "ledet",
    "leddet",
    "kvarteret",
    "kilen",
    "bjerg",
    "bjerget",
    "centret",
    "marken",
    "mark",
    "passage",
    "passagen",
    "kanten",
    "stedet",
    "bækken",
    "åsen",
    "stykket",
    "hegnet",
    "hegn",
    "lyst",
    "løbet",
    "husvej",
];
/// Everyday words that end like streets.
const NOT_STREETS: [&str; 62] = [
    "vej",
    "vejen",
    "gade",
    "gaden",
    "plads",
    "pladsen",
    "alle",
    "forvejen",
    "undervejs",
    "omvej",
    "omvejen",
    "genvej",
    "genvejen",
    "udvej",
    "udveje",
    "motorvej",
    "motorvejen",
    "hovedvej",
    "hovedvejen",
    "landevej",
    "landevejen",
    "gågade",
    "gågaden",
    "hovedgaden",
    "sidevej",
    "legeplads",
    "legepladsen",
    "byggeplads",
    "byggepladsen",
    "arbejdsplads",
    "arbejdspladsen",
    "parkeringsplads",
    "parkeringspladsen",
    "campingplads",
    "campingpladsen",
    "praktikplads",
    "praktikpladsen",
    "studieplads",
    "studiepladsen",
    "elevplads",
    "lærepladsen",
    "læreplads",
    "børnehaveplads",
    "vuggestueplads",
    "plejehjemsplads",
    "kolonihave",
    "kolonihaven",
    "børnehave",
    "børnehaven",
    "have",
    "haven",
    "forhaven",
    "baghaven",
    "danmark",
    "adgangsvej",
    "halvvejs",
    "cykelsti",
    "cykelstien",
    "trafikvej",
    "vinterhave",
    "standplads",
    "ståplads",
];
/// Words that streets of several words begin with.
const BEFORE: [&str; 42] = [
    "gammel",
    "gl",
    "store",
    "lille",
    "nørre",
    "nordre",
    "ndr",
    "søndre",
    "sdr",
    "sønder",
    "vester",
    "øster",
    "østre",
    "vestre",
    "ny",
    "nye",
    "gamle",
    "sankt",
    "skt",
    "st",
    "kong",
    "dronning",
    "prins",
    "prinsesse",
    "øvre",
    "nedre",
    "indre",
    "ydre",
    "ved",
    "hans",
    "peter",
    "peder",
    "jens",
    "h",
    "c",
    "hc",
    "n",
    "j",
    "p",
    "frederik",
    "niels",
    "christian",
];
/// Streets that are no compound.
const ALONE: [&str; 24] = [
    "vej",
    "gade",
    "allé",
    "alle",
    "plads",
    "boulevard",
    "stræde",
    "torv",
    "vænge",
    "park",
    "have",
    "kaj",
    "brygge",
    "plan",
    "sti",
    "ringvej",
    "alleen",
    "toft",
    "vang",
    "ale",
    "allæ",
    "allè",
    "gate",
    "wej",
];

pub(super) fn street(tokens: &Tokens<'_>, at: usize, free: usize) -> Option<Street> {
    let token = tokens.get(at).filter(|token| token.made == Made::Word)?;
    let word = token.folded.as_str();
    let length = word.chars().count();
    let number = crate::digits::heard(word).is_some_and(|heard| heard.sure == crate::digits::Sure::Quite);
    let name = lists::is_family(word) || lists::is_given(word);
    if length < 3 || number || name && numbers::house(tokens, at + 1).is_none() {
        return None;
    }
    let numbered = numbers::house(tokens, at + 1).is_some();
    if ALONE.contains(&word) {
        let from = over_several(tokens, at, free);
        return (from < at && (numbered || tokens.stands_out(at) && tokens.capital(from))).then_some(Street {
            from,
            to: at + 1,
            certain: numbered,
        });
    }
    if NOT_STREETS.contains(&word) {
        // "Torvet 5", "Havnen 3" are streets where somebody lives.
        let lives = numbered && tokens.stands_out(at);
        return lives.then_some(Street { from: at, to: at + 1, certain: false });
    }
    let ends = |with: &[&str], stem: usize| {
        with.iter().any(|end| {
            word.strip_suffix(end).is_some_and(|rest| rest.chars().count() >= stem)
                || length > end.chars().count() + 3 && end.chars().count() > 4 && near_end(word, end)
        })
    };
    let square = matches!(
        word,
        "torvet" | "strandvejen" | "havnen" | "stranden" | "esplanaden" | "kajen" | "bakken" | "engen" | "marken"
    );
    let before = tokens.word_before(at);
    let lived = lived_at(tokens, at);
    let strong = ends(&STREETS, 1);
    let common = lists::is_common(word) && !strong;
    if strong {
        let placed = matches!(before, "på" | "ad" | "fra" | "til" | "i" | "for" | "om" | "ved") || lived;
        let certain = (tokens.stands_out(at) || placed) && !lists::is_common(word);
        if numbered || certain {
            let from = over_several(tokens, at, free);
            return Some(Street { from, to: at + 1, certain });
        }
        return None;
    }
    if !numbered {
        return None;
    }
    let coded = numbers::house(tokens, at + 1).is_some_and(|to| {
        numbers::floor(tokens, to) > to
            || numbers::has_letter(tokens, to)
            || numbers::post_code_and_town(tokens, to).is_some()
    });
    let ends_here = numbers::house(tokens, at + 1)
        .is_some_and(|to| !tokens.same_turn(at, to) || !tokens.mark(to).is_empty() || goes_on(tokens.word(to)));
    let placed =
        lived || matches!(before, "på" | "fra" | "til" | "ved" | "står" | "vi" | "plejehjem" | "plejehjemmet" | "er");
    if square || ends(&PERHAPS, 3) || is_misheard(word) {
        if placed || coded || tokens.stands_out(at) {
            return Some(Street { from: over_several(tokens, at, free), to: at + 1, certain: false });
        }
        return None;
    }
    // A name that says nothing: by its place alone.
    let named = tokens.stands_out(at) && !lists::is_organisation(word) && dates_not(word);
    let uncommon = !common && dates_not(word) && !lists::is_organisation(word) && !counted(word);
    let person = lists::is_given(word) && !coded;
    if !person && (named || uncommon && (lived || coded || placed && ends_here)) {
        return Some(Street { from: over_capitals(tokens, at, free), to: at + 1, certain: false });
    }
    None
}

/// "På Ved Stranden 5": the "ved" is part of the name behind another preposition.
fn after_ved(tokens: &Tokens<'_>, ved: usize) -> bool {
    matches!(tokens.word_before(ved), "på" | "til" | "fra" | "er" | "stadig" | "plejehjem" | "vi" | "står")
}

/// Words before a number that counts on: "side 3", "nummer 12".
fn counted(word: &str) -> bool {
    crate::cues::topic_of(word).is_some()
        || matches!(
            word,
            "bilag"
                | "punkt"
                | "side"
                | "paragraf"
                | "fase"
                | "klasse"
                | "uge"
                | "trin"
                | "linje"
                | "bus"
                | "kapitel"
                | "version"
                | "nummer"
                | "windows"
        )
}

/// Words that a sentence goes on with behind an address.
fn goes_on(word: &str) -> bool {
    matches!(
        word,
        "i" | "er"
            | "ær"
            | "var"
            | "passer"
            | "og"
            | "som"
            | "hvor"
            | "men"
            | "for"
            | "den"
            | "om"
            | "med"
            | "kan"
            | "det"
            | "de"
            | "jeg"
            | "hvis"
            | "så"
            | "fordi"
    )
}

/// A month before a number is a date.
fn dates_not(word: &str) -> bool {
    crate::dates::month_named(word).is_none()
        && crate::dates::ordinal(word).is_none()
        && crate::digits::spelled(word).is_none()
}

/// The end of a word, one slip away from the end of streets.
fn near_end(word: &str, end: &str) -> bool {
    let count = word.chars().count() - end.chars().count();
    let tail: String = word.chars().skip(count).collect();
    !word.ends_with("sen") && tail != *end && tail.chars().next() == end.chars().next() && one_slip(&tail, end)
}

/// "rosenvj", "bakkeveej", "nørregde": a street's short end with a letter lost, added or changed.
fn is_misheard(word: &str) -> bool {
    let letters = word.chars().count();
    if letters < 6 || lists::is_common(word) {
        return false;
    }
    (2..=6).filter(|count| letters > count + 2).any(|count| {
        let tail: String = word.chars().skip(letters - count).collect();
        ["vej", "vejen", "gade", "gaden", "allé"]
            .iter()
            .any(|end| tail.chars().next() == end.chars().next() && one_slip(&tail, end))
    })
}

/// Whether the words before say that somebody lives there.
fn lived_at(tokens: &Tokens<'_>, at: usize) -> bool {
    let mut place = at;
    let mut preposition = false;
    for step in 0..6 {
        let Some(before) = tokens.before(place) else {
            // "Hvad er din adresse?" — "Det er Strandkanten 5."
            let turn = tokens.turn(at);
            return turn > 0
                && tokens
                    .of_turn(turn - 1)
                    .any(|asked| tokens.word(asked).starts_with("adress") || matches!(tokens.word(asked), "bor"));
        };
        let word = tokens.word(before);
        if matches!(
            word,
            "bor"
                | "boede"
                | "bo"
                | "boende"
                | "boet"
                | "flyttet"
                | "flytter"
                | "flyttede"
                | "adresse"
                | "adressen"
                | "adresser"
                | "bopæl"
        ) || word.starts_with("adress")
            || word.starts_with("adres")
        {
            return true;
        }
        preposition |=
            matches!(word, "på" | "til" | "fra" | "i" | "er" | "stadig" | "nu" | "står" | "det" | "ja" | "ær" | "de");
        if step > 0 && !preposition {
            return false;
        }
        place = before;
    }
    false
}

/// Streets of several words: "Gammel Kongevej", "H.C. Andersens Boulevard", "Peter Bangs Vej".
fn over_several(tokens: &Tokens<'_>, at: usize, free: usize) -> usize {
    let alone = ALONE.contains(&tokens.word(at));
    let mut from = at;
    while from > free && at - from < 8 && tokens.same_turn(from - 1, at) {
        let word = tokens.word(from - 1);
        let initial = tokens.mark(from - 1) == "."
            && from >= 2
            && tokens.word(from - 2).chars().count() <= 3
            && BEFORE.contains(&tokens.word(from - 2));
        let belongs = tokens.stands_out(from - 1)
            || tokens.capital(from - 1) && !lists::is_common(word)
            || BEFORE.contains(&word)
                && (word != "ved" || tokens.capital(from - 1) || after_ved(tokens, from - 1))
                && (word.len() > 1 || from < at)
            || tokens.mark(from - 1) == "-" && tokens.glued(from - 1)
            || alone && at - from <= 1 && word.chars().count() > 2 && !lists::is_common(word)
            || alone && from == at && word.ends_with('s') && word.chars().count() > 4;
        if !(belongs || initial)
            || crate::digits::spelled(word).is_some()
            || matches!(word, "i" | "på" | "de" | "den" | "det")
        {
            break;
        }
        from -= 1;
    }
    // A mark at the beginning is none of it.
    while from < at && tokens.word(from).is_empty() {
        from += 1;
    }
    from
}

/// "Bredkær Tværløb": words with capitals right before.
fn over_capitals(tokens: &Tokens<'_>, at: usize, free: usize) -> usize {
    let mut from = at;
    while from > free && at - from < 3 && tokens.same_turn(from - 1, at) {
        let word = tokens.word(from - 1);
        let belongs = tokens.stands_out(from - 1) && !lists::is_organisation(word)
            || tokens.capital(from - 1) && tokens.stands_out(at) && !lists::is_common(word)
            || !word.is_empty() && word.chars().count() > 3 && !tokens.capital(at) && !lists::is_common(word);
        if !belongs {
            break;
        }
        from -= 1;
    }
    from
}
