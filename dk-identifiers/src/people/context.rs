//! What the words around a word say about its being a name.
//!
//! In: the place of a word. Out: whether the talk introduces it, greets it, lets it own or do something.

use super::Text;

/// How the talk before a word introduces it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Introduced {
    /// A name must follow: "jeg hedder".
    Firmly,
    /// A name may follow: "tak,", "det er".
    Loosely,
    No,
}

impl Text<'_, '_> {
    /// How the talk before `at` introduces it.
    pub(super) fn introduced(&self, at: usize) -> Introduced {
        let tokens = self.tokens;
        let Some(first) = tokens.before(at) else { return self.asked(at) };
        let word = |place: Option<usize>| place.map_or("", |place| tokens.word(place));
        let second = tokens.before(first);
        let third = second.and_then(|second| tokens.before(second));
        let (a, b, c) = (tokens.word(first), word(second), word(third));
        // A sentence that ended between is another matter; a comma or a colon is not.
        let ended = (first + 1..at).any(|mark| matches!(tokens.mark(mark), "." | "?" | "!" | ";"))
            && !matches!(a, "hr" | "fr" | "dr" | "frk");
        if ended {
            return Introduced::No;
        }
        let name = |word: &str| {
            matches!(word, "navn" | "navnet" | "fornavn" | "efternavn" | "fornavnet" | "efternavnet" | "navm" | "naven")
        };
        let speaks = |word: &str| {
            matches!(
                word,
                "taler"
                    | "talte"
                    | "tale"
                    | "talt"
                    | "snakker"
                    | "snakkede"
                    | "snakket"
                    | "snakke"
                    | "gift"
                    | "forlovet"
                    | "skilt"
            ) || word.starts_with("tal")
                || word.starts_with("snak")
                || word.starts_with("tål")
        };
        let firmly = matches!(
            a,
            "hedder"
                | "hed"
                | "hedde"
                | "hr"
                | "fru"
                | "frk"
                | "frøken"
                | "herr"
                | "hederr"
                | "heder"
                | "hedter"
                | "kaldes"
                | "hilsen"
                | "heddr"
                | "hætter"
                | "heter"
                | "hædder"
        ) || name(a)
            || matches!(a, "er" | "ær" | "var") && name(b)
            || a == "med" && (speaks(b) || speaks(c))
            || a == "af" && matches!(b, "underskrevet" | "under" | "vegne")
            || is_relation(a)
                && matches!(
                    b,
                    "min" | "mit" | "din" | "hans" | "hendes" | "vores" | "deres" | "jeres" | "mine" | "sin"
                )
            || matches!(a, "hedder" | "hed")
            || a == "om" && b == "dig" && c == "stiller"
            || a == "dig" && matches!(b, "giver" | "stiller")
            || matches!(a, "og" | "å") && third.is_some() && self.listed_before(first);
        if firmly {
            return Introduced::Firmly;
        }
        let greets = matches!(
            a,
            "hej"
                | "tak"
                | "goddag"
                | "godmorgen"
                | "farvel"
                | "velkommen"
                | "hejsa"
                | "godaften"
                | "dav"
                | "davs"
                | "hils"
                | "kontakt"
                | "kontakte"
                | "spørg"
                | "kære"
                | "undskyld"
        ) || a == "dag" && matches!(b, "god" | "go")
            || a == "have" && b == "du"
            || a == "efter" && b.starts_with("sp")
            || matches!(a, "det" | "de") && b == "er" && self.ends_here(at);
        let shown = matches!(
            a,
            "er" | "ær" | "med" | "af" | "for" | "hos" | "til" | "fra" | "og" | "at" | "både" | "var" | "ved"
        ) || is_relation(a)
            || matches!(a, "naboen" | "lægen" | "sagsbehandleren" | "rådgiveren");
        if greets || shown { Introduced::Loosely } else { Introduced::No }
    }

    /// "Hvem taler jeg med?": the turn that follows begins with a name.
    pub(super) fn asked(&self, at: usize) -> Introduced {
        let tokens = self.tokens;
        let turn = tokens.turn(at);
        if turn == 0 {
            return Introduced::No;
        }
        let before = tokens.of_turn(turn - 1);
        let asks = before.clone().any(|at| matches!(tokens.word(at), "hvem" | "navn" | "navnet" | "hedder" | "navne"));
        if asks && before.len() < 20 { Introduced::Firmly } else { Introduced::No }
    }

    /// "… hedder Mette og Signe": what stands before the "og" was introduced itself.
    pub(super) fn listed_before(&self, and: usize) -> bool {
        let tokens = self.tokens;
        let Some(name) = tokens.before(and) else { return false };
        let Some(verb) = tokens.before(name) else { return false };
        matches!(tokens.word(verb), "hedder" | "hed")
    }

    /// "Kims mor": a genitive before somebody or something that one has.
    pub(super) fn owns(&self, at: usize) -> bool {
        let tokens = self.tokens;
        let mark = usize::from(matches!(tokens.mark(at + 1), "'" | "’"));
        let tail = usize::from(mark == 1 && tokens.word(at + 2) == "s" && tokens.glued(at + 2));
        let owned = tokens.word(at + 1 + mark + tail);
        (tokens.word(at).ends_with('s') || mark == 1)
            && tokens.same_turn(at, at + 1 + mark + tail)
            && (is_relation(owned)
                || matches!(
                    owned,
                    "bil"
                        | "brev"
                        | "lejlighed"
                        | "konto"
                        | "pension"
                        | "adresse"
                        | "hus"
                        | "telefon"
                        | "navn"
                        | "sag"
                        | "læke"
                        | "løn"
                        | "skole"
                        | "børn"
                        | "forældre"
                        | "mail"
                        | "nummer"
                        | "papirer"
                ))
    }

    /// "Hansen har ringet": a word at the beginning and what people do.
    pub(super) fn acts(&self, at: usize) -> bool {
        matches!(
            self.tokens.word(at + 1),
            "har"
                | "er"
                | "siger"
                | "ringer"
                | "ringede"
                | "skal"
                | "vil"
                | "kom"
                | "bor"
                | "var"
                | "sagde"
                | "kan"
                | "skriver"
        ) || self.tokens.word(at + 1) == "og"
            && matches!(self.tokens.word(at + 2), "jeg" | "min" | "mit" | "vi" | "hans" | "hendes")
    }

    /// "Tak, …", "farvel …".
    pub(super) fn greeted(&self, at: usize) -> bool {
        let before = self.tokens.before(at);
        let second = before.and_then(|before| self.tokens.before(before)).map_or("", |second| self.tokens.word(second));
        let said = matches!(
            (second, self.tokens.word_before(at)),
            ("du", "have")
                | ("tales" | "høres", "ved")
                | ("er", "det" | "de")
                | ("det" | "de", "er" | "ær")
                | (_, "dag")
        ) || self.tokens.word_before(at) == "efter" && second.starts_with("sp");
        said || matches!(
            self.tokens.word_before(at),
            "hej" | "tak" | "goddag" | "godmorgen" | "farvel" | "velkommen" | "hejsa" | "hils" | "fårvel"
        )
    }

    /// Whether a sentence ends behind a word, or goes on as it does behind a name.
    pub(super) fn ends_here(&self, at: usize) -> bool {
        let tokens = self.tokens;
        !tokens.same_turn(at, at + 1)
            || matches!(tokens.mark(at + 1), "." | "," | "!" | "?")
            || matches!(tokens.word(at + 1), "fra" | "her" | "hvad" | "jeg" | "igen" | "og" | "som" | "der")
    }
}

/// Whom one has: "min mand", "hans mor".
fn is_relation(word: &str) -> bool {
    matches!(
        word,
        "mand"
            | "kone"
            | "kæreste"
            | "søn"
            | "datter"
            | "far"
            | "mor"
            | "bror"
            | "søster"
            | "barn"
            | "bedstefar"
            | "bedstemor"
            | "farfar"
            | "farmor"
            | "morfar"
            | "mormor"
            | "onkel"
            | "tante"
            | "fætter"
            | "kusine"
            | "nevø"
            | "niece"
            | "svigermor"
            | "svigerfar"
            | "svigersøn"
            | "svigerdatter"
            | "samlever"
            | "ægtefælle"
            | "eksmand"
            | "ekskone"
            | "nabo"
            | "ven"
            | "veninde"
            | "kollega"
            | "chef"
            | "læge"
            | "sagsbehandler"
            | "rådgiver"
            | "udlejer"
            | "advokat"
            | "værge"
            | "bisidder"
            | "tolk"
            | "datters"
            | "søns"
            | "mands"
            | "kones"
            | "dreng"
            | "pige"
            | "papfar"
            | "papmor"
            | "plejefar"
            | "plejemor"
            | "tvillingebror"
            | "vicevært"
            | "psykolog"
            | "hjemmehjælper"
    )
}
